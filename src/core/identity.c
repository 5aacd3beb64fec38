#include "core/handshake.h"

#include <openssl/err.h>

#include "core/error.h"

static gpointer
ref_bytes (gconstpointer bytes, gpointer unused)
{
  return g_bytes_ref ((GBytes *)bytes);
}

static gboolean
belong_together (EVP_PKEY *key, GPtrArray *certificates, GError **error)
{
  g_autoptr (X509) leaf = NULL;
  EVP_PKEY *public = NULL; /* the leaf's */

  if (certificates->len == 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CERTIFICATE_REFUSED, "The key has no certificate.");
  leaf = cantiga_certificate_decode (certificates->pdata[0], error);
  if (leaf == NULL)
    return FALSE;
  public = X509_get0_pubkey (leaf);
  if (public == NULL || EVP_PKEY_eq (public, key) != 1)
    {
      ERR_clear_error ();
      return cantiga_fail_with (error, CANTIGA_ERROR_CERTIFICATE_REFUSED, "The key and its certificate do not belong together.");
    }
  return TRUE;
}

CantigaIdentity *
cantiga_identity_new (EVP_PKEY *key, GPtrArray *certificates, GError **error)
{
  CantigaIdentity *identity;
  CantigaAuth auth;

  if (!cantiga_key_pair_get_auth (key, &auth, error) || !belong_together (key, certificates, error))
    return NULL;
  if (EVP_PKEY_up_ref (key) != 1)
    {
      cantiga_fail_crypto (error, "taking a key");
      return NULL;
    }
  identity = g_new0 (CantigaIdentity, 1);
  g_atomic_ref_count_init (&identity->refs);
  identity->auth = auth;
  identity->key = key;
  identity->certificates = g_ptr_array_copy (certificates, (GCopyFunc)ref_bytes, NULL);
  g_ptr_array_set_free_func (identity->certificates, (GDestroyNotify)g_bytes_unref);
  return identity;
}

CantigaIdentity *
cantiga_identity_ref (CantigaIdentity *identity)
{
  g_atomic_ref_count_inc (&identity->refs);
  return identity;
}

void
cantiga_identity_unref (CantigaIdentity *identity)
{
  if (identity == NULL || !g_atomic_ref_count_dec (&identity->refs))
    return;
  EVP_PKEY_free (identity->key);
  g_ptr_array_unref (identity->certificates);
  g_free (identity);
}
