/* What a backend of the keyring is, and the marker that says which one holds a state's passphrase. Inner to src/client: one file a backend, no #ifdef
 * in callers. */
#pragma once

#include "client/keyring.h"
#include "core/wire.h"

G_BEGIN_DECLS

/* item names a passphrase within the backend, and is never used for a second one. */
typedef struct
{
  const char *name; /* in the marker */

  /* Whether anybody is there to keep something, found out without asking a person. CANTIGA_ERROR_KEYRING_ABSENT. */
  void (*probe_async) (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*probe_finish) (GAsyncResult *result, GError **error);
  /* Before the marker names it; done only when it can be read back. NULL: there is place() instead. */
  void (*store_async) (const char *folder, const CantigaId *item, CantigaSecret *passphrase, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data);
  gboolean (*store_finish) (GAsyncResult *result, GError **error);
  /* Puts it into the folder, together with the marker: synchronous, in the pool, under the folder's lock. */
  gboolean (*place) (const char *folder, CantigaSecret *passphrase, GError **error);
  /* ask: a person may be asked to unlock it. Never NULL without an error. */
  void (*lookup_async) (const char *folder, const CantigaId *item, gboolean ask, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data);
  CantigaSecret *(*lookup_finish) (GAsyncResult *result, GError **error);
  /* Takes passphrase out, if that is what is there. */
  void (*clear_async) (const char *folder, const CantigaId *item, CantigaSecret *passphrase, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data);
  gboolean (*clear_finish) (GAsyncResult *result, GError **error);
} CantigaKeyringBackend;

extern const CantigaKeyringBackend cantiga_keyring_file;   /* keyring-file.c */
extern const CantigaKeyringBackend cantiga_keyring_secret; /* keyring-secret.c */

/* The file in the state folder. */
#define CANTIGA_KEYRING_PASSPHRASE_FILE "passphrase"

/* keyring.json. backend NULL: there is none. */
typedef struct
{
  const CantigaKeyringBackend *backend;
  CantigaId item;
} CantigaMarker;

gboolean cantiga_marker_equal (const CantigaMarker *a, const CantigaMarker *b);
/* Synchronous: in the pool, or where a lock is held already. CANTIGA_ERROR_DAMAGED. */
gboolean cantiga_marker_read (const char *folder, CantigaMarker *ret_marker, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, and where a passphrase's file stands without a marker (as older versions left it), makes one. */
gboolean cantiga_marker_settle (const char *folder, CantigaMarker *ret_marker, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Puts fresh in the place of former, and passphrase beside it if it belongs there. ret_done: FALSE if another program was quicker, and nothing was
 * changed. */
gboolean cantiga_marker_replace (const char *folder, const CantigaMarker *former, const CantigaMarker *fresh, CantigaSecret *passphrase,
                                 gboolean *ret_done, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
