/* Files of the state folder: read by their owner alone, and whole or not there at all. */
#pragma once

#include "core/error.h"

G_BEGIN_DECLS

/* Whether nobody else can read a file or folder. CANTIGA_ERROR_CONFIGURATION with what to type. */
gboolean cantiga_private_check (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes a file (0600) beside its place, syncs it, and renames it (docs/protocol.md 13.3). */
gboolean cantiga_private_write (const char *path, gconstpointer bytes, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* All of it, whether or not the system interrupts it or does it in pieces; FALSE: errno says why (0: the file ends before). */
gboolean cantiga_write_all_at (int file, gconstpointer bytes, gsize length, goffset at) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_read_all_at (int file, gpointer bytes, gsize length, goffset at) G_GNUC_WARN_UNUSED_RESULT;
/* Makes names within a folder durable. */
gboolean cantiga_folder_sync (const char *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A new folder with what is in another, all of it, files 0600. */
gboolean cantiga_folder_copy (const char *from, const char *to, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Each takes the other's place, at one stroke where the file system can do that. */
gboolean cantiga_folder_exchange (const char *folder, const char *other, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes a folder and what is in it; no error if it is not there. */
gboolean cantiga_folder_remove (const char *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
