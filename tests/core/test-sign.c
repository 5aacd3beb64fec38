#include "core/sign.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/kdf.h"

/* lp("abc"): what a message of one field is. */
static const guint8 message[] = { 0, 0, 0, 3, 'a', 'b', 'c' };

static GBytes *
bytes_of_hex (const char *hex)
{
  long length = 0;
  unsigned char *bytes = OPENSSL_hexstr2buf (hex, &length);
  GBytes *copy = g_bytes_new (bytes, (gsize)length);

  g_assert_nonnull (bytes);
  OPENSSL_free (bytes);
  return copy;
}

static EVP_PKEY *
public_key_of_hex (const char *hex)
{
  g_autoptr (GBytes) der = bytes_of_hex (hex);
  const unsigned char *at = g_bytes_get_data (der, NULL);
  EVP_PKEY *key = d2i_PUBKEY (NULL, &at, (long)g_bytes_get_size (der));

  g_assert_nonnull (key);
  return key;
}

static EVP_PKEY *
key_new (CantigaAuth auth)
{
  g_autoptr (GError) error = NULL;
  EVP_PKEY *key = cantiga_key_pair_new (auth, &error);

  g_assert_no_error (error);
  return key;
}

/* One of each kind, made once: RSA keys take their time. */
static EVP_PKEY *
ref_key (CantigaAuth auth)
{
  static EVP_PKEY *keys[CANTIGA_N_AUTHS];

  if (keys[auth] == NULL)
    keys[auth] = key_new (auth);
  g_assert_cmpint (EVP_PKEY_up_ref (keys[auth]), ==, 1);
  return keys[auth];
}

static EVP_PKEY *
p384_new (void)
{
  EVP_PKEY *key = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "P-384");

  g_assert_nonnull (key);
  return key;
}

static GBytes *
sign (EVP_PKEY *key)
{
  g_autoptr (GError) error = NULL;
  GBytes *signature = cantiga_sign (key, CANTIGA_LABEL_MANIFEST, message, sizeof message, &error);

  g_assert_no_error (error);
  return signature;
}

static void
assert_refused (EVP_PKEY *key, const char *label, const guint8 *bytes, gsize length, GBytes *signature)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (cantiga_verify (key, label, bytes, length, signature, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_SIGNATURE_REFUSED);
  g_assert_cmpuint (ERR_peek_error (), ==, 0);
}

/* What cantiga_sign() signs, signed as the test says instead. */
static GBytes *
sign_otherwise (EVP_PKEY *key, const char *digest, int padding, int salt_length)
{
  g_autoptr (CantigaBuffer) buffer = cantiga_buffer_new ();
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  EVP_PKEY_CTX *key_context = NULL;
  gsize length = 1024;
  guint8 signature[1024];

  cantiga_buffer_add_field_text (buffer, CANTIGA_LABEL_MANIFEST);
  cantiga_buffer_add (buffer, message, sizeof message);
  g_assert_cmpint (EVP_DigestSignInit_ex (context, &key_context, digest, NULL, NULL, key, NULL), ==, 1);
  if (padding != 0)
    g_assert_cmpint (EVP_PKEY_CTX_set_rsa_padding (key_context, padding), ==, 1);
  if (salt_length != 0)
    g_assert_cmpint (EVP_PKEY_CTX_set_rsa_pss_saltlen (key_context, salt_length), ==, 1);
  g_assert_cmpint (EVP_DigestSign (context, signature, &length, cantiga_buffer_bytes (buffer), cantiga_buffer_length (buffer)), ==, 1);
  EVP_MD_CTX_free (context);
  return g_bytes_new (signature, length);
}

/* docs/protocol.md 2.2: the kind of key in both leaf certificates, and how it signs. */
static void
test_round_trip (void)
{
  for (guint auth = 0; auth <= CANTIGA_N_AUTHS; auth++)
    {
      g_autoptr (EVP_PKEY) key = auth < CANTIGA_N_AUTHS ? ref_key (auth) : p384_new ();
      g_autoptr (GBytes) signature = sign (key);
      g_autoptr (GError) error = NULL;

      g_assert_true (cantiga_verify (key, CANTIGA_LABEL_MANIFEST, message, sizeof message, signature, &error));
      g_assert_no_error (error);
    }
}

/* The private key of RFC 8032 7.1, TEST 1, over lp("cantiga/1 manifest") || lp("abc"); the signature is another library's (python3-cryptography). */
static void
test_ed25519_vector (void)
{
  g_autoptr (GBytes) private = bytes_of_hex ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  g_autoptr (GBytes) expected = bytes_of_hex (
      "670841d1632fcb3e58603d693777ea2bf1494c36538b34b0f0469626faa55be8e88e1ea53192030b733834fb7b4cd76c0a669f431481c163a6b5b7396de88208");
  g_autoptr (EVP_PKEY) key = EVP_PKEY_new_raw_private_key_ex (NULL, "ED25519", NULL, g_bytes_get_data (private, NULL), 32);
  g_autoptr (GBytes) signature = sign (key);

  g_assert_true (g_bytes_equal (signature, expected));
}

static void
assert_verifies_vector (const char *key_hex, const char *signature_hex)
{
  g_autoptr (EVP_PKEY) key = public_key_of_hex (key_hex);
  g_autoptr (GBytes) signature = bytes_of_hex (signature_hex);
  g_autoptr (GError) error = NULL;

  g_assert_true (cantiga_verify (key, CANTIGA_LABEL_MANIFEST, message, sizeof message, signature, &error));
  g_assert_no_error (error);
}

/* Made by another library (python3-cryptography) with SHA-256. */
static void
test_p256_vector (void)
{
  assert_verifies_vector ("3059301306072a8648ce3d020106082a8648ce3d03010703420004f9ebe464147cc102d92324d099d927c1a50e42d57a08a116ffec0a29819d8c65"
                          "70baf7d12888902a6a0c1d67add103123c859ab69bf8e9431c9384930d4b7eee",
                          "3045022100c5afc4f0a1b370219373ea5d3470d22702f0c1bf01124b3c54eb1d07e848de7002206d2bcd7459d5c98901c24d0d42131d560dc31e"
                          "adb7c8abffc4cb9d6f453c920e");
}

/* The same with SHA-384. */
static void
test_p384_vector (void)
{
  assert_verifies_vector ("3076301006072a8648ce3d020106052b8104002203620004bfd152465458e5b9f1a903eafef03095ebfd52c5f9ea97be74de9194355fcfb40ec09731"
                          "5adf6afdefba21f44b625b4817058eff9a1ad175a4675e9c730cb028ec76aec544f7a56d58164d8cfc0402b489c4e74c918dc3a77f5c219d31b8e245",
                          "30650230602fa9a4ad3c434136981c14d09153aef5ff51bd5c8f676be65721bc5ad640fefbec5feea9714e5a671c94eb5c03c80b02310092da22"
                          "9147ea0d59877a23f9c06441683ff9cabad5c4344945a831d0514fe9efa1af7d80b48b05eda9e4e96b6b7e56fa");
}

static void
test_changed_signature (void)
{
  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      g_autoptr (EVP_PKEY) key = ref_key (auth);
      g_autoptr (GBytes) signature = sign (key);
      gsize length = 0;
      g_autofree guint8 *changed = g_bytes_unref_to_data (g_steal_pointer (&signature), &length);
      g_autoptr (GBytes) cut = g_bytes_new (changed, length - 1);
      g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);

      changed[length - 1] ^= 1;
      signature = g_bytes_new (changed, length);
      assert_refused (key, CANTIGA_LABEL_MANIFEST, message, sizeof message, signature);
      assert_refused (key, CANTIGA_LABEL_MANIFEST, message, sizeof message, cut);
      assert_refused (key, CANTIGA_LABEL_MANIFEST, message, sizeof message, empty);
    }
}

static void
test_changed_message (void)
{
  g_autoptr (EVP_PKEY) key = ref_key (CANTIGA_AUTH_EDDSA);
  g_autoptr (GBytes) signature = sign (key);
  static const guint8 other[] = { 0, 0, 0, 3, 'a', 'b', 'd' };

  assert_refused (key, CANTIGA_LABEL_MANIFEST, other, sizeof other, signature);
  assert_refused (key, CANTIGA_LABEL_MANIFEST, message, sizeof message - 1, signature);
}

static void
test_other_label (void)
{
  g_autoptr (EVP_PKEY) key = ref_key (CANTIGA_AUTH_ECDSA);
  g_autoptr (GBytes) signature = sign (key);

  assert_refused (key, CANTIGA_LABEL_PLAYER_KEY_EXCHANGE, message, sizeof message, signature);
}

static void
test_other_key (void)
{
  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      g_autoptr (EVP_PKEY) key = ref_key (auth);
      g_autoptr (EVP_PKEY) other = key_new (auth);
      g_autoptr (GBytes) signature = sign (key);

      assert_refused (other, CANTIGA_LABEL_MANIFEST, message, sizeof message, signature);
    }
}

/* "PSS, SHA-256, MGF1 with SHA-256, salt of 32 bytes": nothing else that an RSA key can do. */
static void
test_rsa_otherwise (void)
{
  g_autoptr (EVP_PKEY) key = ref_key (CANTIGA_AUTH_RSA);
  g_autoptr (GBytes) as_it_should_be = sign_otherwise (key, "SHA256", RSA_PKCS1_PSS_PADDING, 32);
  g_autoptr (GBytes) salt = sign_otherwise (key, "SHA256", RSA_PKCS1_PSS_PADDING, 20);
  g_autoptr (GBytes) pkcs1 = sign_otherwise (key, "SHA256", RSA_PKCS1_PADDING, 0);
  g_autoptr (GBytes) digest = sign_otherwise (key, "SHA512", RSA_PKCS1_PSS_PADDING, 32);
  g_autoptr (GError) error = NULL;

  g_assert_true (cantiga_verify (key, CANTIGA_LABEL_MANIFEST, message, sizeof message, as_it_should_be, &error));
  assert_refused (key, CANTIGA_LABEL_MANIFEST, message, sizeof message, salt);
  assert_refused (key, CANTIGA_LABEL_MANIFEST, message, sizeof message, pkcs1);
  assert_refused (key, CANTIGA_LABEL_MANIFEST, message, sizeof message, digest);
}

static void
test_ecdsa_otherwise (void)
{
  g_autoptr (EVP_PKEY) key = p384_new ();
  g_autoptr (GBytes) digest = sign_otherwise (key, "SHA256", 0, 0);

  assert_refused (key, CANTIGA_LABEL_MANIFEST, message, sizeof message, digest);
}

static void
test_auth_of_key (void)
{
  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      g_autoptr (EVP_PKEY) key = ref_key (auth);
      g_autoptr (GError) error = NULL;
      CantigaAuth found = CANTIGA_N_AUTHS;

      g_assert_true (cantiga_key_pair_get_auth (key, &found, &error));
      g_assert_no_error (error);
      g_assert_cmpint (found, ==, auth);
    }
}

static void
assert_of_no_suite (EVP_PKEY *key)
{
  g_autoptr (GError) error = NULL;
  CantigaAuth auth = CANTIGA_N_AUTHS;

  g_assert_nonnull (key);
  g_assert_false (cantiga_key_pair_get_auth (key, &auth, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  g_assert_cmpint (auth, ==, CANTIGA_N_AUTHS);
  g_clear_error (&error);
  g_assert_null (cantiga_sign (key, CANTIGA_LABEL_MANIFEST, message, sizeof message, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

static void
test_keys_of_no_suite (void)
{
  g_autoptr (EVP_PKEY) short_rsa = EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t)1024);
  g_autoptr (EVP_PKEY) p521 = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "P-521");
  g_autoptr (EVP_PKEY) secp256k1 = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "secp256k1");
  g_autoptr (EVP_PKEY) x25519 = EVP_PKEY_Q_keygen (NULL, NULL, "X25519");
  g_autoptr (EVP_PKEY) ed448 = EVP_PKEY_Q_keygen (NULL, NULL, "ED448");

  assert_of_no_suite (short_rsa);
  assert_of_no_suite (p521);
  assert_of_no_suite (secp256k1);
  assert_of_no_suite (x25519);
  assert_of_no_suite (ed448);
}

static void
test_spelt_out_curve (void)
{
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (EVP_PKEY) read_back = NULL;
  unsigned char *der = NULL;
  const unsigned char *at;
  int length;

  g_assert_cmpint (EVP_PKEY_set_utf8_string_param (key, "encoding", "explicit"), ==, 1);
  length = i2d_PUBKEY (key, &der);
  g_assert_cmpint (length, >, 200);
  at = der;
  read_back = d2i_PUBKEY (NULL, &at, length);
  OPENSSL_free (der);
  assert_of_no_suite (read_back);
}

static GBytes *
encode (EVP_PKEY *key, const char *passphrase)
{
  g_autoptr (CantigaSecret) secret = cantiga_secret_new_copy ((const guint8 *)passphrase, strlen (passphrase));
  g_autoptr (GError) error = NULL;
  GBytes *pem = cantiga_key_pair_encode (key, secret, &error);

  g_assert_no_error (error);
  return pem;
}

static EVP_PKEY *
decode (GBytes *pem, const char *passphrase, GError **error)
{
  g_autoptr (CantigaSecret) secret = cantiga_secret_new_copy ((const guint8 *)passphrase, strlen (passphrase));

  return cantiga_key_pair_decode (pem, secret, error);
}

static void
test_encode_round_trip (void)
{
  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      g_autoptr (EVP_PKEY) key = ref_key (auth);
      g_autoptr (GBytes) pem = encode (key, "pass");
      g_autoptr (GError) error = NULL;
      g_autoptr (EVP_PKEY) read_back = decode (pem, "pass", &error);
      g_autoptr (GBytes) signature = NULL;

      g_assert_no_error (error);
      g_assert_cmpint (EVP_PKEY_eq (key, read_back), ==, 1);
      signature = sign (read_back);
      g_assert_true (cantiga_verify (key, CANTIGA_LABEL_MANIFEST, message, sizeof message, signature, &error));
    }
}

/* docs/protocol.md 13.4: private keys at rest are PKCS#8 with PBES2. */
static void
test_encode_is_pbes2 (void)
{
  g_autoptr (EVP_PKEY) key = ref_key (CANTIGA_AUTH_EDDSA);
  g_autoptr (GBytes) pem = encode (key, "pass");
  BIO *bio = BIO_new_mem_buf (g_bytes_get_data (pem, NULL), (int)g_bytes_get_size (pem));
  X509_SIG *encrypted = PEM_read_bio_PKCS8 (bio, NULL, NULL, NULL);
  const X509_ALGOR *algorithm = NULL;
  unsigned char *der = NULL;
  int length;
  /* pbkdf2 with hmacWithSHA256, 10,000 iterations; aes256-CBC */
  static const guint8 sha256[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09 };
  static const guint8 aes[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a };
  static const guint8 iterations[] = { 0x02, 0x02, 0x27, 0x10 };

  g_assert_true (g_str_has_prefix (g_bytes_get_data (pem, NULL), "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
  g_assert_nonnull (encrypted);
  X509_SIG_get0 (encrypted, &algorithm, NULL);
  length = i2d_X509_ALGOR (algorithm, &der);
  g_assert_nonnull (memmem (der, (gsize)length, sha256, sizeof sha256));
  g_assert_nonnull (memmem (der, (gsize)length, aes, sizeof aes));
  g_assert_nonnull (memmem (der, (gsize)length, iterations, sizeof iterations));
  OPENSSL_free (der);
  X509_SIG_free (encrypted);
  BIO_free (bio);
}

static void
test_other_passphrase (void)
{
  g_autoptr (EVP_PKEY) key = ref_key (CANTIGA_AUTH_ECDSA);
  g_autoptr (GBytes) pem = encode (key, "pass");
  g_autoptr (GError) error = NULL;

  g_assert_null (decode (pem, "Pass", &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED);
}

static GBytes *
bytes_of_pem (BIO *bio)
{
  char *text = NULL;
  long length = BIO_get_mem_data (bio, &text);

  g_assert_cmpint (length, >, 0);
  return g_bytes_new (text, (gsize)length);
}

static void
assert_not_decoded (GBytes *pem)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (decode (pem, "pass", &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED);
  g_assert_cmpuint (ERR_peek_error (), ==, 0);
}

static void
test_plain_key_refused (void)
{
  g_autoptr (EVP_PKEY) key = ref_key (CANTIGA_AUTH_ECDSA);
  g_autoptr (GBytes) pem = NULL;
  BIO *bio = BIO_new (BIO_s_mem ());

  g_assert_cmpint (PEM_write_bio_PKCS8PrivateKey (bio, key, NULL, NULL, 0, NULL, NULL), ==, 1);
  pem = bytes_of_pem (bio);
  assert_not_decoded (pem);
  BIO_free (bio);
}

/* PBES1 with 3DES: encrypted, but not as the specification says. */
static void
test_old_encryption_refused (void)
{
  g_autoptr (EVP_PKEY) key = ref_key (CANTIGA_AUTH_ECDSA);
  g_autoptr (GBytes) pem = NULL;
  BIO *bio = BIO_new (BIO_s_mem ());

  g_assert_cmpint (PEM_write_bio_PKCS8PrivateKey_nid (bio, key, NID_pbe_WithSHA1And3_Key_TripleDES_CBC, "pass", 4, NULL, NULL), ==, 1);
  pem = bytes_of_pem (bio);
  assert_not_decoded (pem);
  BIO_free (bio);
}

static void
test_not_a_key_refused (void)
{
  g_autoptr (GBytes) nothing = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) words = g_bytes_new_static ("not a key", 9);
  /* OpenSSL would ask at the terminal for the passphrase of such a thing. */
  static const char asking[]
      = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\nMAA=\n"
        "-----END ENCRYPTED PRIVATE KEY-----\n";
  g_autoptr (GBytes) asks = g_bytes_new_static (asking, strlen (asking));

  assert_not_decoded (nothing);
  assert_not_decoded (words);
  assert_not_decoded (asks);
}

static GBytes *
sign_as_card (EVP_PKEY *key, const char *digest, int padding)
{
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  EVP_PKEY_CTX *key_context = NULL;
  guint8 signature[1024];
  gsize length = sizeof signature;

  g_assert_nonnull (key);
  g_assert_cmpint (EVP_DigestSignInit_ex (context, &key_context, digest, NULL, NULL, key, NULL), ==, 1);
  if (padding != 0)
    g_assert_cmpint (EVP_PKEY_CTX_set_rsa_padding (key_context, padding), ==, 1);
  g_assert_cmpint (EVP_DigestSign (context, signature, &length, message, sizeof message), ==, 1);
  EVP_MD_CTX_free (context);
  return g_bytes_new (signature, length);
}

static void
assert_card (EVP_PKEY *key, const char *algorithm, const char *digest, int padding, gboolean accepted)
{
  g_autoptr (GBytes) signature = sign_as_card (key, digest, padding);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (cantiga_verify_card (key, algorithm, message, sizeof message, signature, &error), ==, accepted);
  if (accepted)
    g_assert_no_error (error);
  else
    g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD_PROOF);
}

/* docs/protocol.md 7: `rsa-pkcs1-sha256` or `ecdsa-sha256` (DER). */
static void
test_card_accepted (void)
{
  static const char *const curves[] = { "P-256", "P-384", "P-521" };
  g_autoptr (EVP_PKEY) rsa = EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t)2048);

  assert_card (rsa, "rsa-pkcs1-sha256", "SHA256", RSA_PKCS1_PADDING, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (curves); i++)
    {
      g_autoptr (EVP_PKEY) key = EVP_PKEY_Q_keygen (NULL, NULL, "EC", curves[i]);

      assert_card (key, "ecdsa-sha256", "SHA256", 0, TRUE);
    }
}

static void
test_card_refused (void)
{
  g_autoptr (EVP_PKEY) rsa = EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t)2048);
  g_autoptr (EVP_PKEY) short_rsa = EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t)1024);
  g_autoptr (EVP_PKEY) ec = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "P-256");
  g_autoptr (EVP_PKEY) other_curve = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "secp256k1");

  assert_card (rsa, "rsa-pkcs1-sha256", "SHA256", RSA_PKCS1_PSS_PADDING, FALSE);
  assert_card (rsa, "rsa-pkcs1-sha256", "SHA1", RSA_PKCS1_PADDING, FALSE);
  assert_card (rsa, "rsa-pkcs1-sha1", "SHA1", RSA_PKCS1_PADDING, FALSE);
  assert_card (rsa, "ecdsa-sha256", "SHA256", RSA_PKCS1_PADDING, FALSE);
  assert_card (short_rsa, "rsa-pkcs1-sha256", "SHA256", RSA_PKCS1_PADDING, FALSE);
  assert_card (ec, "ecdsa-sha256", "SHA384", 0, FALSE);
  assert_card (ec, "rsa-pkcs1-sha256", "SHA256", 0, FALSE);
  assert_card (ec, "", "SHA256", 0, FALSE);
  assert_card (other_curve, "ecdsa-sha256", "SHA256", 0, FALSE);
}

static void
test_card_other_message (void)
{
  g_autoptr (EVP_PKEY) key = ref_key (CANTIGA_AUTH_ECDSA);
  g_autoptr (GBytes) signature = sign_as_card (key, "SHA256", 0);
  g_autoptr (GError) error = NULL;

  g_assert_false (cantiga_verify_card (key, "ecdsa-sha256", message, sizeof message - 1, signature, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD_PROOF);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sign/verifies-what-it-signed", test_round_trip);
  g_test_add_func ("/sign/signs-with-ed25519-as-another-library-does", test_ed25519_vector);
  g_test_add_func ("/sign/verifies-another-library's-p-256-signature", test_p256_vector);
  g_test_add_func ("/sign/verifies-another-library's-p-384-signature", test_p384_vector);
  g_test_add_func ("/sign/refuses-a-changed-signature", test_changed_signature);
  g_test_add_func ("/sign/refuses-a-changed-message", test_changed_message);
  g_test_add_func ("/sign/refuses-another-label", test_other_label);
  g_test_add_func ("/sign/refuses-another-key", test_other_key);
  g_test_add_func ("/sign/refuses-rsa-other-than-pss-with-sha-256-and-32-bytes-of-salt", test_rsa_otherwise);
  g_test_add_func ("/sign/refuses-p-384-with-sha-256", test_ecdsa_otherwise);
  g_test_add_func ("/sign/knows-the-auth-of-a-key", test_auth_of_key);
  g_test_add_func ("/sign/refuses-keys-of-no-suite", test_keys_of_no_suite);
  g_test_add_func ("/sign/refuses-a-curve-spelt-out-in-numbers", test_spelt_out_curve);
  g_test_add_func ("/key-pair/decodes-what-it-encoded", test_encode_round_trip);
  g_test_add_func ("/key-pair/is-at-rest-as-pbes2", test_encode_is_pbes2);
  g_test_add_func ("/key-pair/refuses-another-passphrase", test_other_passphrase);
  g_test_add_func ("/key-pair/refuses-a-key-that-is-not-encrypted", test_plain_key_refused);
  g_test_add_func ("/key-pair/refuses-the-older-encryption", test_old_encryption_refused);
  g_test_add_func ("/key-pair/refuses-what-is-not-a-key", test_not_a_key_refused);
  g_test_add_func ("/card-signature/accepts-rsa-and-the-three-curves", test_card_accepted);
  g_test_add_func ("/card-signature/refuses-other-keys-and-algorithms", test_card_refused);
  g_test_add_func ("/card-signature/refuses-another-message", test_card_other_message);
  return g_test_run ();
}
