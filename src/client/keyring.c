#include "client/keyring.h"

void
cantiga_keyring_load_async (const CantigaKeyring *keyring, const char *folder, gboolean make, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_return_if_fail (keyring != NULL && folder != NULL);
  keyring->load_async (folder, make, cancellable, callback, user_data);
}

CantigaSecret *
cantiga_keyring_load_finish (const CantigaKeyring *keyring, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (keyring != NULL, NULL);
  return keyring->load_finish (result, error);
}
