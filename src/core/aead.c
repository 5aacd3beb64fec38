#include "core/aead.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "core/error.h"
#include "core/kdf.h"

#define AEAD_TAG_LENGTH 16
#define GCM_NONCE_LENGTH 12
/* OpenSSL counts in int; nothing of ours comes near it. */
#define TEXT_MAX (1u << 30)
/* 2^20 blocks of 8 bytes (docs/protocol.md 2.4). */
#define EDE_TEXT_MAX (8u * 1024 * 1024)

static const char *const cipher_names[] = {
  [CANTIGA_CIPHER_AES256_GCM] = "AES-256-GCM", [CANTIGA_CIPHER_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
  [CANTIGA_CIPHER_AES128_GCM] = "AES-128-GCM", [CANTIGA_CIPHER_AES256_CBC] = "AES-256-CBC",
  [CANTIGA_CIPHER_AES128_CBC] = "AES-128-CBC", [CANTIGA_CIPHER_EDE_CBC] = "DES-EDE3-CBC",
};

static gpointer
fetch_ciphers (gpointer unused)
{
  static EVP_CIPHER *fetched[G_N_ELEMENTS (cipher_names)];

  for (guint cipher = 0; cipher < G_N_ELEMENTS (cipher_names); cipher++)
    if ((fetched[cipher] = EVP_CIPHER_fetch (NULL, cipher_names[cipher], NULL)) == NULL)
      g_error ("OpenSSL offers no %s", cipher_names[cipher]);
  return fetched;
}

static const EVP_CIPHER *
get_cipher (CantigaCipher cipher)
{
  static GOnce once = G_ONCE_INIT;
  EVP_CIPHER **fetched = g_once (&once, fetch_ciphers, NULL);

  return fetched[cipher];
}

static GPrivate context_of_thread = G_PRIVATE_INIT ((GDestroyNotify)EVP_CIPHER_CTX_free);

/* The thread's context; whoever takes it gives it back with EVP_CIPHER_CTX_reset(), which wipes the key out of it. */
static EVP_CIPHER_CTX *
take_context (void)
{
  EVP_CIPHER_CTX *context = g_private_get (&context_of_thread);

  if (context == NULL)
    {
      if ((context = EVP_CIPHER_CTX_new ()) == NULL)
        g_error ("No memory for a cipher's context");
      g_private_set (&context_of_thread, context);
    }
  return context;
}

/* What one run of a cipher works on; borrowed. */
typedef struct
{
  CantigaCipher cipher;
  const CantigaKey *key;
  const guint8 *iv;
  CantigaSpan ad;
  CantigaSpan in;
  guint8 *out;
} Run;

static gboolean
start (EVP_CIPHER_CTX *context, const Run *run, gboolean encrypting)
{
  int length;

  g_assert (run->key->length == cantiga_cipher_get_key_length (run->cipher));
  return EVP_CipherInit_ex2 (context, get_cipher (run->cipher), run->key->bytes, run->iv, encrypting, NULL) == 1
         && (run->ad.length == 0 || EVP_CipherUpdate (context, NULL, &length, run->ad.bytes, (int)run->ad.length) == 1);
}

static gboolean
update (EVP_CIPHER_CTX *context, const Run *run, gsize *length)
{
  int written = 0;

  if (run->in.length > 0 && EVP_CipherUpdate (context, run->out, &written, run->in.bytes, (int)run->in.length) != 1)
    return FALSE;
  *length = (gsize)written;
  return TRUE;
}

/* The last block goes through memory of its own: for an AEAD there is none, and out may have no room (or be NULL). */
static gboolean
finish (EVP_CIPHER_CTX *context, const Run *run, gsize *length)
{
  guint8 last[EVP_MAX_BLOCK_LENGTH];
  int written = 0;
  gboolean finished = EVP_CipherFinal_ex (context, last, &written) == 1;

  if (finished && written > 0)
    memcpy (run->out + *length, last, (gsize)written);
  *length += finished ? (gsize)written : 0;
  cantiga_wipe (last, sizeof last);
  return finished;
}

/* tag is NULL for CBC, whose tag is an HMAC. */
static gboolean
encrypt (const Run *run, guint8 *tag, GError **error)
{
  EVP_CIPHER_CTX *context = take_context ();
  gsize length = 0;
  gboolean made = start (context, run, TRUE) && update (context, run, &length) && finish (context, run, &length)
                  && (tag == NULL || EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_LENGTH, tag) == 1);

  EVP_CIPHER_CTX_reset (context);
  return made || cantiga_fail_crypto (error, "sealing");
}

/* Whatever was written to out before the tag turned out wrong is wiped. */
static gboolean
decrypt (const Run *run, const guint8 *tag, gsize *ret_length, GError **error)
{
  EVP_CIPHER_CTX *context = take_context ();
  gsize length = 0;
  gboolean ready
      = start (context, run, FALSE) && (tag == NULL || EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_LENGTH, (void *)tag) == 1);
  gboolean opened = ready && update (context, run, &length) && finish (context, run, &length);

  EVP_CIPHER_CTX_reset (context);
  if (opened)
    {
      *ret_length = length;
      return TRUE;
    }
  cantiga_wipe (run->out, run->in.length);
  if (!ready)
    return cantiga_fail_crypto (error, "opening");
  ERR_clear_error ();
  return cantiga_fail (error, CANTIGA_ERROR_FORGED);
}

static gboolean
check_length (CantigaCipher cipher, gsize text_length, gsize ad_length, GError **error)
{
  if (text_length > (cipher == CANTIGA_CIPHER_EDE_CBC ? EDE_TEXT_MAX : TEXT_MAX) || ad_length > TEXT_MAX)
    return cantiga_fail (error, CANTIGA_ERROR_TOO_LARGE);
  return TRUE;
}

/* Of a CBC cipher block and IV are of one length. PKCS#7 always adds something. */
static gsize
ciphertext_length (CantigaCipher cipher, gsize length)
{
  gsize block = cantiga_cipher_get_iv_length (cipher);

  return cantiga_cipher_is_aead (cipher) ? length : (length / block + 1) * block;
}

gsize
cantiga_aead_sealed_length (const CantigaSuite *suite, gsize length)
{
  return cantiga_cipher_get_iv_length (suite->cipher) + ciphertext_length (suite->cipher, length) + cantiga_suite_get_tag_length (suite);
}

gsize
cantiga_aead_text_bound (const CantigaSuite *suite, gsize sealed_length)
{
  gsize around = cantiga_cipher_get_iv_length (suite->cipher) + cantiga_suite_get_tag_length (suite);

  return sealed_length > around ? sealed_length - around : 0;
}

static gboolean
derive_cipher_key (const CantigaSuite *suite, const CantigaKey *key, CantigaKey *ret_key, GError **error)
{
  return cantiga_expand (suite->digest, key, CANTIGA_LABEL_CIPHER, NULL, cantiga_cipher_get_key_length (suite->cipher), ret_key, error);
}

/* "With CBC, tag = HMAC-D(mac key, lp(A) || header || IV || ciphertext)" (docs/protocol.md 5.3). sealed: IV || ciphertext. */
static gboolean
make_mac (const CantigaSuite *suite, const CantigaKey *key, CantigaSpan ad, CantigaSpan header, CantigaSpan sealed, guint8 *ret_mac, GError **error)
{
  g_auto (CantigaKey) mac_key = CANTIGA_KEY_INIT;
  guint8 ad_length[4];
  const CantigaSpan spans[] = { { ad_length, sizeof ad_length }, ad, header, sealed };

  cantiga_put_u32 (ad_length, (guint32)ad.length);
  return cantiga_expand (suite->digest, key, CANTIGA_LABEL_MAC, NULL, cantiga_digest_get_length (suite->digest), &mac_key, error)
         && cantiga_hmac_spans (suite->digest, &mac_key, spans, G_N_ELEMENTS (spans), ret_mac, error);
}

gboolean
cantiga_aead_seal (const CantigaSuite *suite, const CantigaKey *key, gconstpointer ad, gsize ad_length, gconstpointer header, gsize header_length,
                   gconstpointer text, gsize text_length, guint8 *sealed, GError **error)
{
  g_auto (CantigaKey) cipher_key = CANTIGA_KEY_INIT;
  gsize iv_length = cantiga_cipher_get_iv_length (suite->cipher);
  gsize until_tag = iv_length + ciphertext_length (suite->cipher, text_length);
  gboolean aead = cantiga_cipher_is_aead (suite->cipher);
  Run run = { suite->cipher, &cipher_key, sealed, { ad, aead ? ad_length : 0 }, { text, text_length }, sealed + iv_length };

  if (!check_length (suite->cipher, text_length, ad_length, error) || !derive_cipher_key (suite, key, &cipher_key, error))
    return FALSE;
  cantiga_random (sealed, iv_length);
  if (!encrypt (&run, aead ? sealed + until_tag : NULL, error))
    return FALSE;
  return aead
         || make_mac (suite, key, (CantigaSpan){ ad, ad_length }, (CantigaSpan){ header, header_length }, (CantigaSpan){ sealed, until_tag },
                      sealed + until_tag, error);
}

/* "checked in constant time before anything else is looked at" (docs/protocol.md 5.1). */
static gboolean
check_mac (const CantigaSuite *suite, const CantigaKey *key, CantigaSpan ad, CantigaSpan header, CantigaSpan sealed, const guint8 *tag,
           GError **error)
{
  guint8 mac[CANTIGA_KEY_MAX];

  if (!make_mac (suite, key, ad, header, sealed, mac, error))
    return FALSE;
  return cantiga_bytes_equal (mac, tag, cantiga_suite_get_tag_length (suite)) || cantiga_fail (error, CANTIGA_ERROR_FORGED);
}

gboolean
cantiga_aead_open (const CantigaSuite *suite, const CantigaKey *key, gconstpointer ad, gsize ad_length, gconstpointer header, gsize header_length,
                   const guint8 *sealed, gsize sealed_length, guint8 *text, gsize *ret_text_length, GError **error)
{
  g_auto (CantigaKey) cipher_key = CANTIGA_KEY_INIT;
  gsize iv_length = cantiga_cipher_get_iv_length (suite->cipher);
  gsize bound = cantiga_aead_text_bound (suite, sealed_length);
  gboolean aead = cantiga_cipher_is_aead (suite->cipher);
  Run run = { suite->cipher, &cipher_key, sealed, { ad, aead ? ad_length : 0 }, { sealed + iv_length, bound }, text };
  const guint8 *tag = sealed + iv_length + bound;

  if (sealed_length < cantiga_aead_sealed_length (suite, 0))
    return cantiga_fail (error, CANTIGA_ERROR_FORGED);
  /* One block more: the padding of a text of the greatest length. */
  if (!check_length (suite->cipher, bound - (aead ? 0 : iv_length), ad_length, error))
    return FALSE;
  if (!aead
      && !check_mac (suite, key, (CantigaSpan){ ad, ad_length }, (CantigaSpan){ header, header_length }, (CantigaSpan){ sealed, iv_length + bound },
                     tag, error))
    return FALSE;
  return derive_cipher_key (suite, key, &cipher_key, error) && decrypt (&run, aead ? tag : NULL, ret_text_length, error);
}

gboolean
cantiga_gcm_seal (const CantigaKey *key, const guint8 nonce[12], gconstpointer ad, gsize ad_length, gconstpointer text, gsize length, guint8 *sealed,
                  GError **error)
{
  Run run = { CANTIGA_CIPHER_AES256_GCM, key, nonce, { ad, ad_length }, { text, length }, sealed };

  return check_length (run.cipher, length, ad_length, error) && encrypt (&run, sealed + length, error);
}

gboolean
cantiga_gcm_open (const CantigaKey *key, const guint8 nonce[12], gconstpointer ad, gsize ad_length, const guint8 *sealed, gsize sealed_length,
                  guint8 *text, GError **error)
{
  Run run = { CANTIGA_CIPHER_AES256_GCM, key, nonce, { ad, ad_length }, { sealed, sealed_length - AEAD_TAG_LENGTH }, text };
  gsize length;

  if (sealed_length < AEAD_TAG_LENGTH)
    return cantiga_fail (error, CANTIGA_ERROR_FORGED);
  return check_length (run.cipher, run.in.length, ad_length, error) && decrypt (&run, sealed + run.in.length, &length, error);
}

GBytes *
cantiga_gcm_seal_bytes (const CantigaKey *key, gconstpointer ad, gsize ad_length, gconstpointer text, gsize length, GError **error)
{
  g_autofree guint8 *sealed = NULL;

  if (!check_length (CANTIGA_CIPHER_AES256_GCM, length, ad_length, error))
    return NULL;
  sealed = g_malloc (GCM_NONCE_LENGTH + length + AEAD_TAG_LENGTH);
  cantiga_random (sealed, GCM_NONCE_LENGTH);
  if (!cantiga_gcm_seal (key, sealed, ad, ad_length, text, length, sealed + GCM_NONCE_LENGTH, error))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&sealed), GCM_NONCE_LENGTH + length + AEAD_TAG_LENGTH);
}

GBytes *
cantiga_gcm_open_bytes (const CantigaKey *key, gconstpointer ad, gsize ad_length, gconstpointer sealed, gsize length, GError **error)
{
  g_autofree guint8 *text = NULL;
  const guint8 *nonce = sealed;

  if (length < GCM_NONCE_LENGTH + AEAD_TAG_LENGTH)
    {
      cantiga_fail (error, CANTIGA_ERROR_FORGED);
      return NULL;
    }
  length -= GCM_NONCE_LENGTH;
  text = g_malloc (length);
  if (!cantiga_gcm_open (key, nonce, ad, ad_length, nonce + GCM_NONCE_LENGTH, length, text, error))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&text), length - AEAD_TAG_LENGTH);
}
