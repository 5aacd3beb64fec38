/* Backups: one sealed file (docs/adr/0017) with the ledger, the keys and certificates, the state's configuration and its audit log; not the master key, and
 * not the library, whose files are sealed as they are: copy them as you like. Thread: any. */
#pragma once

#include "server/ledger.h"
#include "server/pki.h"
#include "server/state.h"

G_BEGIN_DECLS

/* What a backup says of itself. */
typedef struct
{
  char *server;   /* UUID */
  char *name;     /* of the server */
  gint64 made;
  guint titles;
  guint64 plays;  /* rows of the plays */
} CantigaBackup;
void cantiga_backup_clear (CantigaBackup *backup);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CantigaBackup, cantiga_backup_clear)

/* Writes path (0600), whole or not at all, beside a server that goes on: one state of the ledger, every row checked as it is read. CANTIGA_ERROR_USAGE if there is such a file,
 * CANTIGA_ERROR_BUSY while another backup of this state is made. */
gboolean cantiga_backup_create (CantigaState *state, CantigaLedger *ledger, CantigaPki *pki, const char *path, gint64 now, CantigaBackup *ret_backup,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Opens everything in it, and follows the chain of its plays, in a folder that is removed again. CANTIGA_ERROR_DAMAGED, also for another master key's. */
gboolean cantiga_backup_verify (const char *path, CantigaSecret *master, CantigaBackup *ret_backup, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct
{
  CantigaBackup backup;
  CantigaRestored ledger;
  gboolean kept_keys;    /* keys and certificates in the state are the same server's: they stayed */
  gboolean wrote_master; /* the state has the master key of the backup now */
} CantigaBackupRestored;

/* With nobody else at the state, which may be damaged, or not there. master: the backup's, if it is not the state's, or NULL. keep_plays: see cantiga_ledger_restore(). What is replaced is set aside. */
gboolean cantiga_backup_restore (const char *folder, const char *path, CantigaSecret *master, gboolean keep_plays, gint64 now, CantigaBackupRestored *ret_restored,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
