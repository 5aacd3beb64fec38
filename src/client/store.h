/* The player's state folder: a folder a paired server, written crash-safe, 0700 (docs/protocol.md 13.4, 14). Thread: main; files are read and written
 * in GTask's pool.
 *
 *   <state>/keyring.json                        which keyring has the keys' passphrase (keyring.h)
 *   <state>/passphrase                          the passphrase, if that is the file in this folder
 *   <state>/card                                the certificate that was chosen among several (card-choice.h)
 *   <state>/<server's UUID>/server.json         name, url, server, crl number, last used
 *   <state>/<server's UUID>/authority.pem
 *   <state>/<server's UUID>/player-{rsa,ecdsa,eddsa}.{key,pem}
 */
#pragma once

#include "client/keyring.h"
#include "client/paired.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_STORE (cantiga_store_get_type ())
G_DECLARE_FINAL_TYPE (CantigaStore, cantiga_store, CANTIGA, STORE, GObject)

/* $XDG_STATE_HOME/cantiga or ~/.local/state/cantiga. Free with g_free(). */
char *cantiga_store_dup_default_path (void);
/* Makes the folder if need be, and reads what it holds. path: NULL for the default. CANTIGA_ERROR_CONFIGURATION. */
void cantiga_store_open_async (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
CantigaStore *cantiga_store_open_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

const char *cantiga_store_get_path (CantigaStore *store);
/* Where the keys' passphrase is to be kept: AUTOMATIC unless told. A passphrase that is elsewhere moves there when it is next needed. */
void cantiga_store_set_keyring (CantigaStore *store, CantigaKeyringChoice choice);
/* What a person should be told once of where the passphrase is kept now (transfer full), or NULL: also when it was taken already. */
char *cantiga_store_take_keyring_notice (CantigaStore *store);
/* CantigaPaired, the last used first; the store's own list, it follows. */
GListModel *cantiga_store_get_servers (CantigaStore *store);
/* By name, URL, host[:port] or UUID; NULL: the only one, or the last used. Borrowed. CANTIGA_ERROR_NOT_FOUND with what to do. */
CantigaPaired *cantiga_store_find (CantigaStore *store, const char *which, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes sure of what keeping a pairing needs of the keyring, so that no invitation is spent in vain. The errors are those of keyring.h. */
void cantiga_store_prepare_async (CantigaStore *store, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_store_prepare_finish (CantigaStore *store, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Keeps a pairing, with one CantigaIdentity a kind of key; replaces a former pairing with the same server whole. Returns the paired server (transfer
 * full). */
void cantiga_store_keep_async (CantigaStore *store, const char *name, const char *url, const char *server, X509 *authority, GPtrArray *identities,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
CantigaPaired *cantiga_store_keep_finish (CantigaStore *store, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Renewed certificates (14.6) of keys that are kept already. authority: NULL, or one to pin from now on (14.8). */
void cantiga_store_renew_async (CantigaStore *store, CantigaPaired *paired, X509 *authority, GPtrArray *identities, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_store_renew_finish (CantigaStore *store, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Key and certificates of one kind, as they stand on the disk; paired gets the authority that they are of. CANTIGA_ERROR_NOT_FOUND if the pairing has none of it. */
void cantiga_store_load_identity_async (CantigaStore *store, CantigaPaired *paired, CantigaAuth auth, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data);
CantigaIdentity *cantiga_store_load_identity_finish (CantigaStore *store, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A session was opened now, under a revocation list of this number. */
void cantiga_store_note_async (CantigaStore *store, CantigaPaired *paired, gint64 crl_number, gint64 now, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_store_note_finish (CantigaStore *store, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Another name on this side; not empty. */
void cantiga_store_rename_async (CantigaStore *store, CantigaPaired *paired, const char *name, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean cantiga_store_rename_finish (CantigaStore *store, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ends a pairing on this side: keys, certificates and all. */
void cantiga_store_forget_async (CantigaStore *store, CantigaPaired *paired, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean cantiga_store_forget_finish (CantigaStore *store, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* When everything that was begun is on the disk; before the program ends. */
void cantiga_store_flush_async (CantigaStore *store, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_store_flush_finish (CantigaStore *store, GAsyncResult *result, GError **error);

G_END_DECLS
