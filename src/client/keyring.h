/* Where the passphrase of the private keys is kept (docs/protocol.md 13.4, docs/adr/0006): the desktop's keyring, or a file of mode 0600 in the state
 * folder. A marker there, keyring.json, says which; without the marker no new passphrase is ever made where keys are sealed already. Thread: main;
 * files are read and written in GTask's pool, and the keyring is asked asynchronously, a locked one by its own window. */
#pragma once

#include <gio/gio.h>

#include "core/secret.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_KEYRING_AUTOMATIC,      /* $CANTIGA_KEYRING; else where it is; a new one in the keyring if there is one, else in a file */
  CANTIGA_KEYRING_FILE,           /* moved there if it is elsewhere */
  CANTIGA_KEYRING_SECRET_SERVICE, /* the same; in a Flatpak, what libsecret seals with the portal's secret */
} CantigaKeyringChoice;

/* "automatic", "file", "secret-service". CANTIGA_ERROR_USAGE. */
gboolean cantiga_keyring_choice_parse (const char *word, CantigaKeyringChoice *ret_choice, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The passphrase of folder's keys. make: draw one if none was ever drawn; without it that is CANTIGA_ERROR_CONFIGURATION.
 * CANTIGA_ERROR_KEYRING_ABSENT, _LOCKED, _LOST, each with what to do. */
void cantiga_keyring_load_async (const char *folder, CantigaKeyringChoice choice, gboolean make, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data);
/* ret_notice (may be NULL): what a person should be told once, or NULL; free with g_free(). */
CantigaSecret *cantiga_keyring_load_finish (GAsyncResult *result, char **ret_notice, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For who wants to know how things stand; asks nobody to unlock anything, and makes nothing. */
typedef struct
{
  CantigaKeyringChoice kept; /* where the passphrase is; AUTOMATIC: none was drawn yet */
  gboolean reachable;        /* whether there is a keyring here */
  GError *trouble;           /* why the passphrase cannot be had now, or NULL */
} CantigaKeyringStatus;

void cantiga_keyring_status_free (CantigaKeyringStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaKeyringStatus, cantiga_keyring_status_free)
void cantiga_keyring_ask_status_async (const char *folder, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
CantigaKeyringStatus *cantiga_keyring_ask_status_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
