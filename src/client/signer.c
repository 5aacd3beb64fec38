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

void
cantiga_signer_confirm_async (CantigaSigner *signer, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (CANTIGA_IS_SIGNER (signer));
  if (CANTIGA_SIGNER_GET_IFACE (signer)->confirm_async != NULL)
    return CANTIGA_SIGNER_GET_IFACE (signer)->confirm_async (signer, cancellable, callback, user_data);
  task = g_task_new (signer, cancellable, callback, user_data);
  g_task_set_source_tag (task, cantiga_signer_confirm_async);
  g_task_return_boolean (task, TRUE);
}

gboolean
cantiga_signer_confirm_finish (CantigaSigner *signer, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CANTIGA_IS_SIGNER (signer), FALSE);
  if (!g_async_result_is_tagged (result, cantiga_signer_confirm_async))
    return CANTIGA_SIGNER_GET_IFACE (signer)->confirm_finish (signer, result, error);
  return g_task_propagate_boolean (G_TASK (result), error);
}
