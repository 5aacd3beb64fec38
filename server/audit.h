/* The audit log: who did what to this server (audit.log in the state folder). Appended to alone, by the server and cantigactl beside each other; each
 * entry is sealed, with the hash of the one before as its associated data, so that none can be changed, taken out or put in unseen. What the chain
 * cannot show is that entries at its end are missing: a hash that the keeper wrote down elsewhere can. Thread: any. */
#pragma once

#include "server/ledger.h"
#include "server/state.h"

G_BEGIN_DECLS

typedef struct _CantigaAudit CantigaAudit;

/* state is borrowed; the key comes of the ledger's id key, which a change of the master key leaves as it is. */
CantigaAudit *cantiga_audit_new (CantigaState *state, CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_audit_free (CantigaAudit *audit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaAudit, cantiga_audit_free)

/* Durable when it returns. of may be NULL; ret_hash (may be NULL): the entry's, in hexadecimal; free with g_free(). */
gboolean cantiga_audit_add (CantigaAudit *audit, const char *who, const char *what, const char *of, gint64 now, char **ret_hash,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct
{
  gint64 at;
  char *who;
  char *what;
  char *of;   /* may be empty */
  char *hash; /* hexadecimal */
} CantigaAuditEntry;
void cantiga_audit_entry_free (CantigaAuditEntry *entry);

/* All of them, in order, each checked (CantigaAuditEntry). CANTIGA_ERROR_DAMAGED with the first that does not follow from the one before. */
GPtrArray *cantiga_audit_list (CantigaAudit *audit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
