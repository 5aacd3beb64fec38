/* What the state folder looks like on the disk, and how it is changed crash-safe (see store.h). Synchronous: run in GTask's pool alone. Inner to
 * src/client. */
#pragma once

#include "client/paired.h"

G_BEGIN_DECLS

/* Makes folder (0700) if it is not there, and ends what a crash left half done. */
gboolean cantiga_folder_prepare (const char *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Waits for the lock that is held while the folder changes; closing the descriptor gives it back. -1 with an error. */
int cantiga_folder_lock (const char *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_folder_fsync (const char *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* CantigaPaired. ret_trouble: the first pairing that could not be read, or NULL; the others are there all the same. */
GPtrArray *cantiga_folder_read (const char *folder, GError **ret_trouble, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes a whole pairing beside the former one, then puts it in its place. */
gboolean cantiga_folder_keep (const char *folder, CantigaPaired *paired, GPtrArray *identities, CantigaSecret *passphrase,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* authority: NULL, or one that takes the place of the pairing's. All of it or nothing. */
gboolean cantiga_folder_renew (const char *folder, const char *server, X509 *authority, GPtrArray *identities, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* ret_authority: the one that is pinned with it. */
CantigaIdentity *cantiga_folder_load_identity (const char *folder, const char *server, CantigaAuth auth, CantigaSecret *passphrase,
                                               X509 **ret_authority, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Never lowers what stands there. name: what the person calls it from now on; NULL: as before. */
gboolean cantiga_folder_note (const char *folder, const char *server, gint64 crl_number, gint64 last_used, const char *name,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_folder_forget (const char *folder, const char *server, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
