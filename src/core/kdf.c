#include "core/kdf.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "core/error.h"

/* Fetched once and kept for the life of the program: fetching costs more than hashing a short text. */
typedef struct
{
  EVP_MD *digests[2]; /* by CantigaDigest */
  EVP_MAC *hmac;
  EVP_KDF *hkdf;
} Algorithms;

static const char *const digest_names[2] = { [CANTIGA_DIGEST_SHA256] = "SHA256", [CANTIGA_DIGEST_SHA512] = "SHA512" };

static gpointer
fetch_algorithms (gpointer unused)
{
  static Algorithms fetched;

  for (guint digest = 0; digest < G_N_ELEMENTS (digest_names); digest++)
    fetched.digests[digest] = EVP_MD_fetch (NULL, digest_names[digest], NULL);
  fetched.hmac = EVP_MAC_fetch (NULL, OSSL_MAC_NAME_HMAC, NULL);
  fetched.hkdf = EVP_KDF_fetch (NULL, OSSL_KDF_NAME_HKDF, NULL);
  if (fetched.digests[0] == NULL || fetched.digests[1] == NULL || fetched.hmac == NULL || fetched.hkdf == NULL)
    g_error ("OpenSSL offers no SHA-2, HMAC or HKDF");
  return &fetched;
}

static const Algorithms *
algorithms (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, fetch_algorithms, NULL);
}

static GPrivate kdf_context_of_thread = G_PRIVATE_INIT ((GDestroyNotify)EVP_KDF_CTX_free);

static EVP_KDF_CTX *
kdf_context (void)
{
  EVP_KDF_CTX *context = g_private_get (&kdf_context_of_thread);

  if (context == NULL)
    {
      context = EVP_KDF_CTX_new (algorithms ()->hkdf);
      g_private_set (&kdf_context_of_thread, context);
    }
  return context;
}

void
cantiga_sha256 (gconstpointer bytes, gsize length, guint8 ret_hash[CANTIGA_HASH_LENGTH])
{
  cantiga_digest (CANTIGA_DIGEST_SHA256, bytes, length, ret_hash);
}

void
cantiga_digest (CantigaDigest digest, gconstpointer bytes, gsize length, guint8 *ret_hash)
{
  if (EVP_Digest (bytes, length, ret_hash, NULL, algorithms ()->digests[digest], NULL) != 1)
    g_error ("OpenSSL failed hashing");
}

static gboolean
mac_spans (EVP_MAC_CTX *context, CantigaDigest digest, const CantigaKey *key, const CantigaSpan *spans, gsize n_spans, CantigaKey *mac)
{
  OSSL_PARAM params[] = {
    OSSL_PARAM_construct_utf8_string (OSSL_MAC_PARAM_DIGEST, (char *)digest_names[digest], 0),
    OSSL_PARAM_construct_end (),
  };

  if (context == NULL || EVP_MAC_init (context, key->bytes, key->length, params) != 1)
    return FALSE;
  for (gsize i = 0; i < n_spans; i++)
    if (EVP_MAC_update (context, spans[i].bytes, spans[i].length) != 1)
      return FALSE;
  return EVP_MAC_final (context, mac->bytes, &mac->length, sizeof mac->bytes) == 1 && mac->length == cantiga_digest_get_length (digest);
}

gboolean
cantiga_hmac_spans (CantigaDigest digest, const CantigaKey *key, const CantigaSpan *spans, gsize n_spans, guint8 *ret_mac, GError **error)
{
  g_auto (CantigaKey) mac = CANTIGA_KEY_INIT;
  /* Not kept: freeing it is the only way to have the key wiped out of it. */
  EVP_MAC_CTX *context = EVP_MAC_CTX_new (algorithms ()->hmac);
  gboolean made = mac_spans (context, digest, key, spans, n_spans, &mac);

  EVP_MAC_CTX_free (context);
  if (!made)
    return cantiga_fail_crypto (error, "making a MAC");
  memcpy (ret_mac, mac.bytes, mac.length);
  return TRUE;
}

gboolean
cantiga_hmac (CantigaDigest digest, const CantigaKey *key, gconstpointer bytes, gsize length, guint8 *ret_mac, GError **error)
{
  return cantiga_hmac_spans (digest, key, &(CantigaSpan){ bytes, length }, 1, ret_mac, error);
}

/* One HKDF-Extract or HKDF-Expand of the thread's context, which forgets its key afterwards. salt_or_info is named by name. */
static gboolean
derive (CantigaDigest digest, int mode, gconstpointer key, gsize key_length, const char *name, gconstpointer salt_or_info, gsize salt_or_info_length,
        gsize length, CantigaKey *ret_key, GError **error)
{
  g_auto (CantigaKey) derived = CANTIGA_KEY_INIT;
  EVP_KDF_CTX *context = kdf_context ();
  OSSL_PARAM params[] = {
    OSSL_PARAM_construct_utf8_string (OSSL_KDF_PARAM_DIGEST, (char *)digest_names[digest], 0),
    OSSL_PARAM_construct_int (OSSL_KDF_PARAM_MODE, &mode),
    OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_KEY, (void *)key, key_length),
    OSSL_PARAM_construct_octet_string (name, (void *)salt_or_info, salt_or_info_length),
    OSSL_PARAM_construct_end (),
  };

  if (context == NULL || EVP_KDF_derive (context, derived.bytes, length, params) != 1)
    {
      if (context != NULL)
        EVP_KDF_CTX_reset (context);
      return cantiga_fail_crypto (error, "deriving a key");
    }
  EVP_KDF_CTX_reset (context);
  cantiga_key_set (ret_key, derived.bytes, length);
  return TRUE;
}

gboolean
cantiga_hkdf_extract (CantigaDigest digest, gconstpointer salt, gsize salt_length, gconstpointer ikm, gsize ikm_length, CantigaKey *ret_key,
                      GError **error)
{
  return derive (digest, EVP_KDF_HKDF_MODE_EXTRACT_ONLY, ikm, ikm_length, OSSL_KDF_PARAM_SALT, salt, salt_length, cantiga_digest_get_length (digest),
                 ret_key, error);
}

gboolean
cantiga_expand (CantigaDigest digest, const CantigaKey *key, const char *label, const CantigaBuffer *context, gsize length, CantigaKey *ret_key,
                GError **error)
{
  g_autoptr (CantigaBuffer) info = cantiga_buffer_new ();

  g_assert (length > 0 && length <= CANTIGA_KEY_MAX);
  if (context != NULL && cantiga_buffer_failed (context))
    return cantiga_fail_with (error, CANTIGA_ERROR_CRYPTO, "The context of a key is too large.");
  cantiga_buffer_add_field_text (info, label);
  if (context != NULL)
    cantiga_buffer_add (info, cantiga_buffer_bytes (context), cantiga_buffer_length (context));
  return derive (digest, EVP_KDF_HKDF_MODE_EXPAND_ONLY, key->bytes, key->length, OSSL_KDF_PARAM_INFO, cantiga_buffer_bytes (info),
                 cantiga_buffer_length (info), length, ret_key, error);
}
