/* The ledger that several servers share, sealed anew in its place under another master key (docs/protocol.md 13.6). */
#include "server/ledger-private.h"

/* What holds bytes is sealed or named by the key: the database itself tells which tables these are, and a new one is not forgotten here. Those that refer to others come first. */
#define EACH_TABLE                                                                                                                                   \
  "FOR name, refers IN SELECT t.oid::regclass::text, EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = t.oid AND c.contype = 'f') FROM pg_class t"  \
  " WHERE t.relnamespace = current_schema ()::regnamespace AND t.relkind = 'r'"                                                                      \
  " AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum > 0 AND a.atttypid = 'bytea'::regtype) ORDER BY 2 DESC, 1 LOOP"

/* What no database would let anybody do to plays: all rows go, to come again. How many they were is kept until the transaction's end. */
#define EMPTY                                                                                                                                        \
  "ALTER TABLE plays DISABLE TRIGGER USER;"                                                                                                          \
  "DO $$ DECLARE name text; refers boolean; n bigint; BEGIN " EACH_TABLE                                                                            \
  " EXECUTE 'DELETE FROM ' || name; GET DIAGNOSTICS n = ROW_COUNT;"                                                                                  \
  " PERFORM set_config ('cantiga.rows_of_' || replace (name, '.', '_'), n::text, TRUE); END LOOP; END $$;"                                          \
  "ALTER TABLE plays ENABLE TRIGGER USER"

/* A table that somebody forgot to copy would be lost. (The key of identifiers has a row of its own from the first time on.) */
#define COMPARE                                                                                                                                      \
  "DO $$ DECLARE name text; refers boolean; n bigint; BEGIN " EACH_TABLE                                                                            \
  " EXECUTE 'SELECT count (*) FROM ' || name INTO n;"                                                                                                \
  " IF n < current_setting ('cantiga.rows_of_' || replace (name, '.', '_'))::bigint THEN"                                                          \
  " RAISE EXCEPTION 'not all rows of % were sealed anew', name; END IF; END LOOP; END $$"

/* The id key's row is there after any change of the key, and is never twice the same: it is sealed. ret_mark: NULL if there is no such row. */
static gboolean
load_mark (CantigaSql *sql, char **ret_mark, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (sql, "SELECT sealed FROM ids", error);
  CantigaStep step = statement != NULL ? cantiga_statement_step (statement, error) : CANTIGA_STEP_FAILED;
  gconstpointer sealed;
  gsize length;

  *ret_mark = NULL;
  if (step != CANTIGA_STEP_ROW)
    return step == CANTIGA_STEP_DONE;
  sealed = cantiga_statement_get_blob (statement, 0, &length);
  *ret_mark = g_compute_checksum_for_data (G_CHECKSUM_SHA256, sealed, length);
  return TRUE;
}

static gboolean
rewrite (CantigaLedger *from, CantigaLedger *to, CantigaLedgerReady ready, gpointer user_data, GError **error)
{
  g_autoptr (CantigaTransaction) reading = cantiga_ledger_read (from, error);
  g_autoptr (CantigaTransaction) writing = reading != NULL ? cantiga_ledger_write (to, error) : NULL;
  g_autofree char *mark = NULL;

  if (writing == NULL || !cantiga_sql_exec (to->sql, EMPTY, error))
    return FALSE;
  cantiga_ledger_begin_head (to);
  return cantiga_ledger_copy_rows (from, to, error) && cantiga_ledger_settle_head (to, error) && cantiga_sql_exec (to->sql, COMPARE, error)
         && load_mark (to->sql, &mark, error) && ready (mark, user_data, error) && cantiga_transaction_commit (writing, error);
}

gboolean
cantiga_ledger_rekey (CantigaLedger *ledger, const char *url, CantigaSecret *master, CantigaLedgerReady ready, gpointer user_data, GError **error)
{
  g_autoptr (CantigaLedger) again = NULL;

  if (!cantiga_sql_lock_alone (ledger->sql, error))
    return FALSE;
  again = cantiga_ledger_new (cantiga_sql_open_beside (url, error), master, error);
  return again != NULL && rewrite (ledger, again, ready, user_data, error);
}

gboolean
cantiga_ledger_has_mark (const char *url, const char *mark, gboolean *ret_has, GError **error)
{
  g_autoptr (CantigaSql) sql = cantiga_sql_open (url, error);
  g_autofree char *found = NULL;

  /* As a writer: whoever was killed while its commit was on the way is waited for. */
  if (sql == NULL || !cantiga_sql_begin_writing (sql, error) || !load_mark (sql, &found, error))
    return FALSE;
  cantiga_sql_rollback (sql);
  *ret_has = g_strcmp0 (found, mark) == 0;
  return TRUE;
}
