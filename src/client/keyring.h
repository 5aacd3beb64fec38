/* Where the passphrase of the private keys is kept: one file a backend, no #ifdef in callers (docs/protocol.md 13.4). Thread: main; the work is done
 * in GTask's pool. */
#pragma once

#include <gio/gio.h>

#include "core/secret.h"

G_BEGIN_DECLS

/* What a backend gives. folder is the state folder. */
typedef struct
{
  const char *name;
  void (*load_async) (const char *folder, gboolean make, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  CantigaSecret *(*load_finish) (GAsyncResult *result, GError **error);
} CantigaKeyring;

/* The file `passphrase` (0600) in the state folder. */
extern const CantigaKeyring cantiga_keyring_file;

/* The passphrase of folder's keys. make: draw one if there is none; without it that is CANTIGA_ERROR_CONFIGURATION, so that keys sealed under a lost
 * passphrase are never passed over in silence. */
void cantiga_keyring_load_async (const CantigaKeyring *keyring, const char *folder, gboolean make, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data);
CantigaSecret *cantiga_keyring_load_finish (const CantigaKeyring *keyring, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
