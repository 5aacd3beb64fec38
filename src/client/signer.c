#include "client/signer.h"

G_DEFINE_INTERFACE (CantigaSigner, cantiga_signer, G_TYPE_OBJECT)

static void
cantiga_signer_default_init (CantigaSignerInterface *iface)
{
}

CantigaProof *
cantiga_proof_new (GPtrArray *certificates, const char *algorithm, GBytes *signature)
{
  CantigaProof *proof = g_new0 (CantigaProof, 1);

  proof->certificates = g_ptr_array_ref (certificates);
  proof->algorithm = g_strdup (algorithm);
  proof->signature = g_bytes_ref (signature);
  return proof;
}

void
cantiga_proof_free (CantigaProof *proof)
{
  g_ptr_array_unref (proof->certificates);
  g_free (proof->algorithm);
  g_bytes_unref (proof->signature);
  g_free (proof);
}

void
cantiga_signer_sign_async (CantigaSigner *signer, GBytes *message, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CANTIGA_IS_SIGNER (signer));
  CANTIGA_SIGNER_GET_IFACE (signer)->sign_async (signer, message, cancellable, callback, user_data);
}

CantigaProof *
cantiga_signer_sign_finish (CantigaSigner *signer, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CANTIGA_IS_SIGNER (signer), NULL);
  return CANTIGA_SIGNER_GET_IFACE (signer)->sign_finish (signer, result, error);
}
