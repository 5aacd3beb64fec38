#include "core/sign.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "core/error.h"

#define RSA_BITS_NEW 3072
#define RSA_BITS_MIN 2048
/* The passphrases are 256 random bits, which no number of guesses finds: the iterations need not slow anyone down. */
#define PBKDF2_ITERATIONS 10000

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_SIG, X509_SIG_free)

EVP_PKEY *
cantiga_key_pair_new (CantigaAuth auth, GError **error)
{
  EVP_PKEY *key = NULL;

  switch (auth)
    {
    case CANTIGA_AUTH_RSA:
      key = EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t)RSA_BITS_NEW);
      break;
    case CANTIGA_AUTH_ECDSA:
      key = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "P-256");
      break;
    case CANTIGA_AUTH_EDDSA:
      key = EVP_PKEY_Q_keygen (NULL, NULL, "ED25519");
      break;
    }
  if (key == NULL)
    cantiga_fail_crypto (error, "making a key");
  return key;
}

int
cantiga_key_pair_get_curve (EVP_PKEY *key)
{
  static const int curves[] = { NID_X9_62_prime256v1, NID_secp384r1, NID_secp521r1 };
  char group[32];
  int spelt_out = 0;

  if (!EVP_PKEY_is_a (key, "EC") || EVP_PKEY_get_utf8_string_param (key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, NULL) != 1)
    return NID_undef;
  if (EVP_PKEY_get_int_param (key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &spelt_out) == 1 && spelt_out)
    return NID_undef;
  /* A key that was read goes by "prime256v1", one that was made by the name that it was made with. */
  for (guint i = 0; i < G_N_ELEMENTS (curves); i++)
    if (g_str_equal (group, OBJ_nid2sn (curves[i])) || EC_curve_nist2nid (group) == curves[i])
      return curves[i];
  return NID_undef;
}

static gboolean
is_curve_of_a_suite (EVP_PKEY *key)
{
  int curve = cantiga_key_pair_get_curve (key);

  return curve == NID_X9_62_prime256v1 || curve == NID_secp384r1;
}

gboolean
cantiga_key_pair_get_auth (EVP_PKEY *key, CantigaAuth *ret_auth, GError **error)
{
  if (EVP_PKEY_is_a (key, "RSA") && EVP_PKEY_get_bits (key) >= RSA_BITS_MIN)
    {
      *ret_auth = CANTIGA_AUTH_RSA;
      return TRUE;
    }
  if (is_curve_of_a_suite (key))
    {
      *ret_auth = CANTIGA_AUTH_ECDSA;
      return TRUE;
    }
  if (EVP_PKEY_is_a (key, "ED25519"))
    {
      *ret_auth = CANTIGA_AUTH_EDDSA;
      return TRUE;
    }
  return cantiga_fail_with (error, CANTIGA_ERROR_CERTIFICATE_REFUSED,
                            "The key is of no cipher suite: RSA of 2048 bits or more, ECDSA on P-256 or P-384, and Ed25519 are.");
}

static GBytes *
bytes_of_bio (BIO *bio)
{
  char *text = NULL;
  long length = BIO_get_mem_data (bio, &text);

  return length > 0 ? g_bytes_new (text, (gsize)length) : NULL;
}

GBytes *
cantiga_key_pair_encode (EVP_PKEY *key, CantigaSecret *passphrase, GError **error)
{
  g_autoptr (PKCS8_PRIV_KEY_INFO) plain = EVP_PKEY2PKCS8 (key);
  g_autoptr (X509_SIG) encrypted = NULL;
  g_autoptr (BIO) pem = BIO_new (BIO_s_mem ());
  GBytes *encoded = NULL;

  /* docs/protocol.md 13.4: PKCS#8 with PBES2. The PRF's name is what makes OpenSSL take PBES2. */
  if (plain != NULL)
    encrypted = PKCS8_encrypt (NID_hmacWithSHA256, EVP_aes_256_cbc (), (const char *)cantiga_secret_bytes (passphrase),
                               (int)cantiga_secret_length (passphrase), NULL, 0, PBKDF2_ITERATIONS, plain);
  if (encrypted != NULL && pem != NULL && PEM_write_bio_PKCS8 (pem, encrypted) == 1)
    encoded = bytes_of_bio (pem);
  if (encoded == NULL)
    cantiga_fail_crypto (error, "encrypting a private key");
  return encoded;
}

/* PEM has an older encryption of its own, for which OpenSSL would ask at the terminal. */
static int
no_passphrase_cb (char *passphrase, int size, int writing, void *unused)
{
  return -1;
}

static gboolean
is_pbes2 (const X509_SIG *encrypted)
{
  const X509_ALGOR *algorithm = NULL;
  const ASN1_OBJECT *name = NULL;

  X509_SIG_get0 (encrypted, &algorithm, NULL);
  X509_ALGOR_get0 (&name, NULL, NULL, algorithm);
  return OBJ_obj2nid (name) == NID_pbes2;
}

EVP_PKEY *
cantiga_key_pair_decode (GBytes *pem, CantigaSecret *passphrase, GError **error)
{
  gsize length;
  const void *text = g_bytes_get_data (pem, &length);
  g_autoptr (BIO) bio = length <= G_MAXINT ? BIO_new_mem_buf (text, (int)length) : NULL;
  g_autoptr (X509_SIG) encrypted = bio != NULL ? PEM_read_bio_PKCS8 (bio, NULL, no_passphrase_cb, NULL) : NULL;
  g_autoptr (PKCS8_PRIV_KEY_INFO) plain = NULL;
  EVP_PKEY *key = NULL;

  if (encrypted == NULL || !is_pbes2 (encrypted))
    {
      ERR_clear_error ();
      cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The private key's file does not hold an encrypted private key (PKCS#8 with PBES2).");
      return NULL;
    }
  plain = PKCS8_decrypt (encrypted, (const char *)cantiga_secret_bytes (passphrase), (int)cantiga_secret_length (passphrase));
  if (plain != NULL)
    key = EVP_PKCS82PKEY (plain);
  if (key == NULL)
    {
      ERR_clear_error ();
      cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The private key does not open: its passphrase is another one, or the file was damaged.");
    }
  return key;
}
