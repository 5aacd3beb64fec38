/* The whole ledger, written anew under another master key (docs/protocol.md 13.6). */
#include "server/ledger-private.h"

#include <glib/gstdio.h>

/* The same events with the same numbers, in a chain of their own: a link is of what is sealed. */
static gboolean
copy_event (const CantigaEvent *event, gpointer to, GError **error)
{
  CantigaEvent copy = *event;
  CantigaId licence;

  if (!cantiga_ledger_append_event (to, &copy, error))
    return FALSE;
  return event->kind != CANTIGA_EVENT_GRANTED
         || (cantiga_ledger_find_by_ids (to, CANTIGA_TABLE_LICENCES, &event->listener, &event->title, &licence, error)
             && cantiga_ledger_index_play (to, &licence, copy.number, error));
}

static gboolean
copy_licences (CantigaLedger *from, CantigaLedger *to, GError **error)
{
  g_autoptr (GArray) entries = cantiga_ledger_load_licences (from, NULL, error);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    if (!cantiga_ledger_store_licence (to, &g_array_index (entries, CantigaLicenceEntry, i), error))
      return FALSE;
  return entries != NULL;
}

static gboolean
copy_leases (CantigaLedger *from, CantigaLedger *to, GError **error)
{
  g_autoptr (GArray) leases = cantiga_ledger_load_leases (from, error);

  for (guint i = 0; leases != NULL && i < leases->len; i++)
    if (!cantiga_ledger_store_lease (to, &g_array_index (leases, CantigaLease, i), error))
      return FALSE;
  return leases != NULL;
}

static gboolean
has_rows (CantigaLedger *ledger, const char *text, gboolean *has, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, text, error);
  CantigaStep step = statement != NULL ? cantiga_statement_step (statement, error) : CANTIGA_STEP_FAILED;

  *has = *has || step == CANTIGA_STEP_ROW;
  return step != CANTIGA_STEP_FAILED;
}

static gboolean
check_empty (CantigaLedger *ledger, GError **error)
{
  gboolean has = FALSE;

  return has_rows (ledger, "SELECT number FROM plays LIMIT 1", &has, error) && has_rows (ledger, "SELECT id FROM titles LIMIT 1", &has, error)
         && has_rows (ledger, "SELECT id FROM players LIMIT 1", &has, error) && has_rows (ledger, "SELECT id FROM cards LIMIT 1", &has, error)
         && (!has || cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "There is a ledger already: nothing was changed."));
}

/* One side waits while the other is at its longest. */
static gboolean
be_patient (CantigaLedger *ledger, GError **error)
{
  return !cantiga_sql_is_far (ledger->sql) || cantiga_sql_exec (ledger->sql, "SET LOCAL idle_in_transaction_session_timeout = '10min'", error);
}

/* Plays before the leases that refer to them. */
gboolean
cantiga_ledger_copy_rows (CantigaLedger *from, CantigaLedger *to, GError **error)
{
  return be_patient (from, error) && be_patient (to, error) && cantiga_ledger_set_id_key (to, from->id_key, error) && cantiga_ledger_store_id_key (to, error)
         && cantiga_ledger_copy_titles (from, to, error) && cantiga_ledger_copy_cards (from, to, error)
         && cantiga_ledger_copy_players (from, to, error) && cantiga_ledger_copy_invitations (from, to, error)
         && cantiga_ledger_copy_rules (from, to, error) && cantiga_ledger_copy_followed (from, to, error) && cantiga_ledger_copy_crl (from, to, error)
         && cantiga_ledger_each_event (from, copy_event, to, error) && copy_licences (from, to, error) && copy_leases (from, to, error);
}

static gboolean
copy_all (CantigaLedger *from, CantigaLedger *to, GError **error)
{
  g_autoptr (CantigaTransaction) reading = cantiga_ledger_read (from, error);
  g_autoptr (CantigaTransaction) writing = reading != NULL ? cantiga_ledger_write (to, error) : NULL;

  return writing != NULL && check_empty (to, error) && cantiga_ledger_copy_rows (from, to, error) && cantiga_transaction_commit (writing, error);
}

gboolean
cantiga_ledger_copy (CantigaLedger *ledger, const char *path, CantigaSecret *master, GError **error)
{
  g_autofree char *log = g_strconcat (path, "-wal", NULL);
  CantigaLedger *copy = cantiga_ledger_open (path, master, error);
  gboolean copied = copy != NULL && copy_all (ledger, copy, error);

  cantiga_ledger_free (copy);
  /* The last one who closes a database takes its log in: what is left is one file, which can be moved. */
  if (copied && !cantiga_sql_is_url (path) && g_file_test (log, G_FILE_TEST_EXISTS))
    return cantiga_fail_with (error, CANTIGA_ERROR_BUSY, "Another program has opened %s: let it be the only one.", path);
  return copied;
}
