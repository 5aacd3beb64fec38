#include "core/aead.h"

#include <string.h>

#include <openssl/evp.h>

#include "core/error.h"
#include "core/kdf.h"
#include "test-hex.h"

#define N_CIPHERS 6
#define AD "lp(label) and so on"
#define AD_LENGTH (sizeof AD - 1)
#define HEADER "\1\1\0\0\0\0\0\0\0\7"
#define HEADER_LENGTH 10

static const gsize lengths[] = { 0, 1, 7, 8, 9, 15, 16, 17, 255, 65536 };

/* Runs check for every cipher with every digest, under a random key. */
static void
for_every_cipher (void (*check) (const CantigaSuite *suite, const CantigaKey *key))
{
  for (guint digest = CANTIGA_DIGEST_SHA256; digest <= CANTIGA_DIGEST_SHA512; digest++)
    for (guint cipher = 0; cipher < N_CIPHERS; cipher++)
      {
        CantigaSuite suite = { CANTIGA_KEX_ECDH, CANTIGA_AUTH_ECDSA, cipher, digest };
        g_auto (CantigaKey) key = CANTIGA_KEY_INIT;

        key.length = cantiga_digest_get_length (digest);
        cantiga_random (key.bytes, key.length);
        check (&suite, &key);
      }
}

/* A text sealed with AD and HEADER. */
typedef struct
{
  guint8 text[65536];
  gsize text_length;
  guint8 sealed[65536 + 128];
  gsize sealed_length;
  guint8 opened[65536 + 128];
  gsize opened_length;
} Sealed;

static void
seal (Sealed *sealed, const CantigaSuite *suite, const CantigaKey *key, gsize length)
{
  g_autoptr (GError) error = NULL;

  cantiga_random (sealed->text, length);
  sealed->text_length = length;
  sealed->sealed_length = cantiga_aead_sealed_length (suite, length);
  g_assert_cmpuint (sealed->sealed_length, <=, sizeof sealed->sealed);
  g_assert_true (cantiga_aead_seal (suite, key, AD, AD_LENGTH, HEADER, HEADER_LENGTH, sealed->text, length, sealed->sealed, &error));
  g_assert_no_error (error);
}

static void
assert_opens (Sealed *sealed, const CantigaSuite *suite, const CantigaKey *key)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (cantiga_aead_open (suite, key, AD, AD_LENGTH, HEADER, HEADER_LENGTH, sealed->sealed, sealed->sealed_length, sealed->opened,
                                    &sealed->opened_length, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (sealed->opened, sealed->opened_length, sealed->text, sealed->text_length);
}

static void
assert_forged (Sealed *sealed, const CantigaSuite *suite, const CantigaKey *key, const char *ad, const char *header)
{
  g_autoptr (GError) error = NULL;

  memset (sealed->opened, 0xee, sealed->text_length + 64);
  sealed->opened_length = G_MAXSIZE;
  g_assert_false (cantiga_aead_open (suite, key, ad, AD_LENGTH, header, HEADER_LENGTH, sealed->sealed, sealed->sealed_length, sealed->opened,
                                     &sealed->opened_length, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_FORGED);
  g_assert_cmpuint (sealed->opened_length, ==, G_MAXSIZE);
  /* Nothing of the text is left where it would have gone. */
  g_assert_true (sealed->text_length == 0 || sealed->opened[0] == 0xee || sealed->opened[0] == 0);
  g_assert_true (sealed->text_length < 8 || memcmp (sealed->opened, sealed->text, sealed->text_length) != 0);
}

static void
check_round_trip (const CantigaSuite *suite, const CantigaKey *key)
{
  g_autofree Sealed *sealed = g_new (Sealed, 1);

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      seal (sealed, suite, key, lengths[i]);
      g_assert_cmpuint (cantiga_aead_text_bound (suite, sealed->sealed_length), >=, lengths[i]);
      assert_opens (sealed, suite, key);
    }
}

static void
test_round_trip (void)
{
  for_every_cipher (check_round_trip);
}

static void
check_bounds (const CantigaSuite *suite, const CantigaKey *key)
{
  g_autofree Sealed *sealed = g_new (Sealed, 1);

  for (gsize length = 0; length < 40; length++)
    {
      gsize bound = cantiga_aead_text_bound (suite, cantiga_aead_sealed_length (suite, length));

      memset (sealed->sealed, 0xee, 200);
      seal (sealed, suite, key, length);
      g_assert_cmpuint (sealed->sealed[sealed->sealed_length], ==, 0xee);
      memset (sealed->opened, 0xee, 200);
      assert_opens (sealed, suite, key);
      for (gsize i = bound; i < 200; i++)
        g_assert_cmpuint (sealed->opened[i], ==, 0xee);
    }
}

static void
test_bounds (void)
{
  for_every_cipher (check_bounds);
}

static void
check_bits_of_sealed (const CantigaSuite *suite, const CantigaKey *key)
{
  g_autofree Sealed *sealed = g_new (Sealed, 1);

  seal (sealed, suite, key, 17);
  for (gsize bit = 0; bit < sealed->sealed_length * 8; bit++)
    {
      sealed->sealed[bit / 8] ^= (guint8)(1u << (bit % 8));
      assert_forged (sealed, suite, key, AD, HEADER);
      sealed->sealed[bit / 8] ^= (guint8)(1u << (bit % 8));
    }
  assert_opens (sealed, suite, key);
}

static void
test_bits_of_sealed (void)
{
  for_every_cipher (check_bits_of_sealed);
}

static void
check_bits_of_ad (const CantigaSuite *suite, const CantigaKey *key)
{
  g_autofree Sealed *sealed = g_new (Sealed, 1);

  seal (sealed, suite, key, 17);
  for (gsize bit = 0; bit < AD_LENGTH * 8; bit++)
    {
      char ad[] = AD;

      ad[bit / 8] ^= (char)(1u << (bit % 8));
      assert_forged (sealed, suite, key, ad, HEADER);
    }
}

static void
test_bits_of_ad (void)
{
  for_every_cipher (check_bits_of_ad);
}

/* With an AEAD kind and number are in A (docs/protocol.md 5.3), and the version is the channel's to look at. */
static void
check_bits_of_header (const CantigaSuite *suite, const CantigaKey *key)
{
  g_autofree Sealed *sealed = g_new (Sealed, 1);

  if (cantiga_cipher_is_aead (suite->cipher))
    return;
  seal (sealed, suite, key, 17);
  for (gsize bit = 0; bit < HEADER_LENGTH * 8; bit++)
    {
      char header[] = HEADER;

      header[bit / 8] ^= (char)(1u << (bit % 8));
      assert_forged (sealed, suite, key, AD, header);
    }
}

static void
test_bits_of_header (void)
{
  for_every_cipher (check_bits_of_header);
}

static void
check_lengths (const CantigaSuite *suite, const CantigaKey *key)
{
  g_autofree Sealed *sealed = g_new0 (Sealed, 1);
  gsize whole;

  seal (sealed, suite, key, 32);
  whole = sealed->sealed_length;
  for (sealed->sealed_length = 0; sealed->sealed_length < whole + 20; sealed->sealed_length++)
    if (sealed->sealed_length != whole)
      assert_forged (sealed, suite, key, AD, HEADER);
}

static void
test_lengths (void)
{
  for_every_cipher (check_lengths);
}

static void
check_wrong_key (const CantigaSuite *suite, const CantigaKey *key)
{
  g_autofree Sealed *sealed = g_new (Sealed, 1);
  g_auto (CantigaKey) wrong = *key;

  seal (sealed, suite, key, 255);
  wrong.bytes[wrong.length - 1] ^= 1;
  assert_forged (sealed, suite, &wrong, AD, HEADER);
  assert_opens (sealed, suite, key);
}

static void
test_wrong_key (void)
{
  for_every_cipher (check_wrong_key);
}

/* With CBC the tag is an HMAC that names the digest and not the cipher: between two of these ciphers the padding alone refuses, and one time in 256
 * it looks right. What comes out then is noise, and keys are never the same: the transcript that they come from has the suite in it. */
static void
assert_not_read (Sealed *sealed, const CantigaSuite *suite, const CantigaSuite *wrong, const CantigaKey *key)
{
  gboolean same_tag = suite->digest == wrong->digest && !cantiga_cipher_is_aead (suite->cipher) && !cantiga_cipher_is_aead (wrong->cipher);

  if (same_tag
      && cantiga_aead_open (wrong, key, AD, AD_LENGTH, HEADER, HEADER_LENGTH, sealed->sealed, sealed->sealed_length, sealed->opened,
                            &sealed->opened_length, NULL))
    g_assert_true (sealed->opened_length != sealed->text_length || memcmp (sealed->opened, sealed->text, sealed->text_length) != 0);
  if (!same_tag)
    assert_forged (sealed, wrong, key, AD, HEADER);
}

/* What one suite sealed is read under no other, though the key be the same: neither a cipher nor a digest can be swapped. */
static void
check_wrong_suite (const CantigaSuite *suite, const CantigaKey *key)
{
  g_autofree Sealed *sealed = g_new (Sealed, 1);

  seal (sealed, suite, key, 48);
  for (guint digest = CANTIGA_DIGEST_SHA256; digest <= CANTIGA_DIGEST_SHA512; digest++)
    for (guint cipher = 0; cipher < N_CIPHERS; cipher++)
      {
        CantigaSuite wrong = { suite->kex, suite->auth, cipher, digest };

        if (cipher != suite->cipher || digest != suite->digest)
          assert_not_read (sealed, suite, &wrong, key);
      }
}

static void
test_wrong_suite (void)
{
  for_every_cipher (check_wrong_suite);
}

static void
check_fresh_iv (const CantigaSuite *suite, const CantigaKey *key)
{
  guint8 first[128], second[128];
  g_autoptr (GError) error = NULL;

  g_assert_true (cantiga_aead_seal (suite, key, NULL, 0, NULL, 0, "text", 4, first, &error));
  g_assert_true (cantiga_aead_seal (suite, key, NULL, 0, NULL, 0, "text", 4, second, &error));
  g_assert_cmpint (memcmp (first, second, cantiga_cipher_get_iv_length (suite->cipher)), !=, 0);
}

/* "The IV is random and fresh" (docs/protocol.md 5.2). */
static void
test_fresh_iv (void)
{
  for_every_cipher (check_fresh_iv);
}

/* ---- a second way, checked with published vectors first ---- */

static const char *const evp_names[N_CIPHERS] = { "AES-256-GCM", "ChaCha20-Poly1305", "AES-128-GCM", "AES-256-CBC", "AES-128-CBC", "DES-EDE3-CBC" };

/* Returns the ciphertext's length; an AEAD's tag follows it. */
static gsize
encrypt_plainly (CantigaCipher cipher, const guint8 *key, const guint8 *iv, const void *ad, gsize ad_length, const void *text, gsize length,
                 guint8 *out)
{
  EVP_CIPHER *fetched = EVP_CIPHER_fetch (NULL, evp_names[cipher], NULL);
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new ();
  int n, total;

  g_assert_cmpint (EVP_EncryptInit_ex2 (context, fetched, key, iv, NULL), ==, 1);
  if (cantiga_cipher_is_aead (cipher))
    g_assert_cmpint (EVP_EncryptUpdate (context, NULL, &n, ad, (int)ad_length), ==, 1);
  g_assert_cmpint (EVP_EncryptUpdate (context, out, &total, text, (int)length), ==, 1);
  g_assert_cmpint (EVP_EncryptFinal_ex (context, out + total, &n), ==, 1);
  total += n;
  if (cantiga_cipher_is_aead (cipher))
    g_assert_cmpint (EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_GET_TAG, 16, out + total), ==, 1);
  EVP_CIPHER_CTX_free (context);
  EVP_CIPHER_free (fetched);
  return (gsize)total;
}

#define GCM_TEXT "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define CBC_TEXT "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"

/* expected: the ciphertext with an AEAD's tag; of CBC the whole blocks before the padding. */
static const struct
{
  CantigaCipher cipher;
  const char *key, *iv, *ad, *text, *expected;
} vectors[] = {
  /* The Galois/Counter Mode of Operation (McGrew, Viega; NIST), test cases 4, 13, 14, 16. */
  { CANTIGA_CIPHER_AES128_GCM, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", GCM_TEXT,
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
    "5bc94fbc3221a5db94fae95ae7121a47" },
  { CANTIGA_CIPHER_AES256_GCM, "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "", "",
    "530f8afbc74536b9a963b4f1c4cb738b" },
  { CANTIGA_CIPHER_AES256_GCM, "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
    "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919" },
  { CANTIGA_CIPHER_AES256_GCM, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
    "feedfacedeadbeeffeedfacedeadbeefabaddad2", GCM_TEXT,
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
    "76fc6ece0f4e1768cddf8853bb2d551b" },
  /* RFC 8439 2.8.2 */
  { CANTIGA_CIPHER_CHACHA20_POLY1305, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
    "50515253c0c1c2c3c4c5c6c7",
    "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756c64206f6666657220796f75206f"
    "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f756c642062652069742e",
    "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
    "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691" },
  /* NIST SP 800-38A F.2.1, F.2.5 */
  { CANTIGA_CIPHER_AES128_CBC, "2b7e151628aed2a6abf7158809cf4f3c", "000102030405060708090a0b0c0d0e0f", "", CBC_TEXT,
    "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2" },
  { CANTIGA_CIPHER_AES256_CBC, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "000102030405060708090a0b0c0d0e0f", "", CBC_TEXT,
    "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d" },
  /* RFC 3602 4, case 1 */
  { CANTIGA_CIPHER_AES128_CBC, "06a9214036b8a15b512e03d534120006", "3dafba429d9eb430b422da802c9fac41", "", "53696e676c6520626c6f636b206d7367",
    "e353779c1079aeb82708942dbe77181a" },
  /* NIST SP 800-67 B.1, its first block */
  { CANTIGA_CIPHER_EDE_CBC, "0123456789abcdef23456789abcdef01456789abcdef0123", "0000000000000000", "", "5468652071756663", "a826fd8ce53b855f" },
};

static void
test_vectors (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      guint8 key[32], iv[16], ad[32], text[256], out[256];
      gsize ad_length = read_hex (vectors[i].ad, ad);
      gsize length = read_hex (vectors[i].text, text);

      g_assert_cmpuint (read_hex (vectors[i].key, key), ==, cantiga_cipher_get_key_length (vectors[i].cipher));
      g_assert_cmpuint (read_hex (vectors[i].iv, iv), ==, cantiga_cipher_get_iv_length (vectors[i].cipher));
      encrypt_plainly (vectors[i].cipher, key, iv, ad, ad_length, text, length, out);
      assert_hex (out, strlen (vectors[i].expected) / 2, vectors[i].expected);
    }
}

/* RFC 5869 2.3, its first block: HMAC (key, lp(label) || 0x01). */
static void
expand_plainly (CantigaDigest digest, const CantigaKey *key, const char *label, guint8 *out)
{
  g_autoptr (CantigaBuffer) info = cantiga_buffer_new ();
  g_autoptr (GError) error = NULL;

  cantiga_buffer_add_field_text (info, label);
  cantiga_buffer_add_u8 (info, 1);
  g_assert_true (cantiga_hmac (digest, key, cantiga_buffer_bytes (info), cantiga_buffer_length (info), out, &error));
}

/* "tag = HMAC-D(mac key, lp(A) || header || IV || ciphertext)" */
static void
mac_plainly (const CantigaSuite *suite, const CantigaKey *key, const guint8 *sealed, gsize until_tag, guint8 *tag)
{
  g_autoptr (CantigaBuffer) covered = cantiga_buffer_new ();
  g_auto (CantigaKey) mac_key = CANTIGA_KEY_INIT;
  g_autoptr (GError) error = NULL;

  expand_plainly (suite->digest, key, "cantiga/1 mac", mac_key.bytes);
  mac_key.length = cantiga_digest_get_length (suite->digest);
  cantiga_buffer_add_field (covered, AD, AD_LENGTH);
  cantiga_buffer_add (covered, HEADER, HEADER_LENGTH);
  cantiga_buffer_add (covered, sealed, until_tag);
  g_assert_true (cantiga_hmac (suite->digest, &mac_key, cantiga_buffer_bytes (covered), cantiga_buffer_length (covered), tag, &error));
}

static void
check_second_way (const CantigaSuite *suite, const CantigaKey *key)
{
  g_autofree Sealed *sealed = g_new (Sealed, 1);
  gsize iv_length = cantiga_cipher_get_iv_length (suite->cipher);
  gsize until_tag;
  guint8 cipher_key[64];

  seal (sealed, suite, key, 100);
  expand_plainly (suite->digest, key, "cantiga/1 cipher", cipher_key);
  memcpy (sealed->opened, sealed->sealed, iv_length);
  until_tag = iv_length + encrypt_plainly (suite->cipher, cipher_key, sealed->sealed, AD, AD_LENGTH, sealed->text, 100, sealed->opened + iv_length);
  if (!cantiga_cipher_is_aead (suite->cipher))
    mac_plainly (suite, key, sealed->opened, until_tag, sealed->opened + until_tag);
  g_assert_cmpmem (sealed->sealed, sealed->sealed_length, sealed->opened, until_tag + cantiga_suite_get_tag_length (suite));
}

static void
test_second_way (void)
{
  for_every_cipher (check_second_way);
}

/* ---- limits ---- */

/* "3DES stops at 2^20 blocks under one key: no text under it is longer than 8 MiB" (docs/protocol.md 2.4). */
static void
test_ede_limit (void)
{
  const CantigaSuite suite = { CANTIGA_KEX_DH, CANTIGA_AUTH_RSA, CANTIGA_CIPHER_EDE_CBC, CANTIGA_DIGEST_SHA256 };
  const gsize most = 8 * 1024 * 1024;
  gsize sealed_length = cantiga_aead_sealed_length (&suite, most);
  g_autofree guint8 *text = g_malloc0 (most + 8);
  g_autofree guint8 *sealed = g_malloc (sealed_length + 64);
  g_auto (CantigaKey) key = { { 1, 2, 3 }, 32 };
  g_autoptr (GError) error = NULL;
  gsize length = 0;

  g_assert_true (cantiga_aead_seal (&suite, &key, NULL, 0, NULL, 0, text, most, sealed, &error));
  g_assert_true (cantiga_aead_open (&suite, &key, NULL, 0, NULL, 0, sealed, sealed_length, text, &length, &error));
  g_assert_cmpuint (length, ==, most);
  g_assert_false (cantiga_aead_seal (&suite, &key, NULL, 0, NULL, 0, text, most + 1, sealed, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_assert_false (cantiga_aead_open (&suite, &key, NULL, 0, NULL, 0, sealed, sealed_length + 8, text, &length, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_TOO_LARGE);
}

/* Lengths are looked at before the text is. */
static void
test_too_large (void)
{
  const CantigaSuite suite = { CANTIGA_KEX_ECDH, CANTIGA_AUTH_ECDSA, CANTIGA_CIPHER_AES256_GCM, CANTIGA_DIGEST_SHA256 };
  g_auto (CantigaKey) key = { { 1, 2, 3 }, 32 };
  guint8 byte[1] = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (cantiga_aead_seal (&suite, &key, NULL, 0, NULL, 0, byte, (gsize)G_MAXINT + 1, byte, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_TOO_LARGE);
}

/* ---- at rest ---- */

static void
test_gcm_vector (void)
{
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;
  g_autoptr (GError) error = NULL;
  guint8 nonce[12], ad[20], text[60], sealed[76];
  gsize length = read_hex (vectors[3].text, text);

  key.length = read_hex (vectors[3].key, key.bytes);
  read_hex (vectors[3].iv, nonce);
  read_hex (vectors[3].ad, ad);
  g_assert_true (cantiga_gcm_seal (&key, nonce, ad, sizeof ad, text, length, sealed, &error));
  assert_hex (sealed, sizeof sealed, vectors[3].expected);
  g_assert_true (cantiga_gcm_open (&key, nonce, ad, sizeof ad, sealed, sizeof sealed, sealed, &error));
  g_assert_cmpmem (sealed, length, text, length);
}

static void
test_gcm_in_place (void)
{
  g_auto (CantigaKey) key = { { 7 }, 32 };
  const guint8 nonce[12] = { 1 };
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *chunk = g_malloc (262144 + 16);
  g_autofree guint8 *text = g_malloc (262144);

  cantiga_random (text, 262144);
  memcpy (chunk, text, 262144);
  g_assert_true (cantiga_gcm_seal (&key, nonce, "ad", 2, chunk, 262144, chunk, &error));
  g_assert_cmpint (memcmp (chunk, text, 262144), !=, 0);
  g_assert_true (cantiga_gcm_open (&key, nonce, "ad", 2, chunk, 262144 + 16, chunk, &error));
  g_assert_cmpmem (chunk, 262144, text, 262144);
}

static void
test_gcm_bytes (void)
{
  g_auto (CantigaKey) key = { { 7 }, 32 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) sealed = cantiga_gcm_seal_bytes (&key, "place", 5, "a row", 5, &error);
  g_autoptr (GBytes) opened = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (sealed), ==, 12 + 5 + 16);
  opened = cantiga_gcm_open_bytes (&key, "place", 5, g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed), &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (opened, NULL), g_bytes_get_size (opened), "a row", 5);
}

static void
test_gcm_bytes_empty (void)
{
  g_auto (CantigaKey) key = { { 7 }, 32 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) sealed = cantiga_gcm_seal_bytes (&key, NULL, 0, NULL, 0, &error);
  g_autoptr (GBytes) opened = cantiga_gcm_open_bytes (&key, NULL, 0, g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed), &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (opened), ==, 0);
}

static void
test_gcm_bytes_forged (void)
{
  g_auto (CantigaKey) key = { { 7 }, 32 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) sealed = cantiga_gcm_seal_bytes (&key, "place", 5, "a row", 5, &error);
  gsize length = g_bytes_get_size (sealed);
  guint8 copy[33];

  memcpy (copy, g_bytes_get_data (sealed, NULL), length);
  for (gsize bit = 0; bit < length * 8; bit++)
    {
      copy[bit / 8] ^= (guint8)(1u << (bit % 8));
      g_assert_null (cantiga_gcm_open_bytes (&key, "place", 5, copy, length, &error));
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_FORGED);
      g_clear_error (&error);
      copy[bit / 8] ^= (guint8)(1u << (bit % 8));
    }
  for (gsize cut = 0; cut < length; cut++)
    {
      g_assert_null (cantiga_gcm_open_bytes (&key, "place", 5, copy, cut, &error));
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_FORGED);
      g_clear_error (&error);
    }
  g_assert_null (cantiga_gcm_open_bytes (&key, "elsewhere", 9, copy, length, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_FORGED);
}

static gpointer
seal_often (gpointer unused)
{
  for (guint i = 0; i < 20; i++)
    for_every_cipher (check_wrong_key);
  return NULL;
}

static void
test_threads (void)
{
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("seal", seal_often, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* First, while nothing has been fetched. */
  g_test_add_func ("/aead/threads-do-not-disturb-each-other", test_threads);
  g_test_add_func ("/aead/opens-what-it-sealed-at-every-length", test_round_trip);
  g_test_add_func ("/aead/writes-within-the-lengths-that-it-told", test_bounds);
  g_test_add_func ("/aead/refuses-any-changed-bit-of-iv-ciphertext-or-tag", test_bits_of_sealed);
  g_test_add_func ("/aead/refuses-any-changed-bit-of-associated-bytes", test_bits_of_ad);
  g_test_add_func ("/aead/cbc-refuses-any-changed-bit-of-the-header", test_bits_of_header);
  g_test_add_func ("/aead/refuses-any-other-length", test_lengths);
  g_test_add_func ("/aead/refuses-a-wrong-key", test_wrong_key);
  g_test_add_func ("/aead/refuses-a-wrong-suite", test_wrong_suite);
  g_test_add_func ("/aead/draws-a-fresh-iv", test_fresh_iv);
  g_test_add_func ("/aead/the-second-way-agrees-with-published-vectors", test_vectors);
  g_test_add_func ("/aead/seals-as-the-second-way-does", test_second_way);
  g_test_add_func ("/aead/3des-stops-at-8-mib", test_ede_limit);
  g_test_add_func ("/aead/refuses-what-openssl-cannot-count", test_too_large);
  g_test_add_func ("/aead/gcm-at-rest-agrees-with-a-published-vector", test_gcm_vector);
  g_test_add_func ("/aead/gcm-at-rest-works-in-place", test_gcm_in_place);
  g_test_add_func ("/aead/gcm-at-rest-opens-what-it-sealed", test_gcm_bytes);
  g_test_add_func ("/aead/gcm-at-rest-takes-an-empty-text", test_gcm_bytes_empty);
  g_test_add_func ("/aead/gcm-at-rest-refuses-what-was-changed-cut-or-moved", test_gcm_bytes_forged);
  return g_test_run ();
}
