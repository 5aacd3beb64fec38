/* PostgreSQL, where several servers share one ledger. */
#include "server/sql-postgresql-private.h"

#ifdef CANTIGA_HAVE_POSTGRESQL

/* ---- failures ---- */

static char *
dup_reason (const char *text)
{
  char *reason = g_strstrip (g_strdup (text != NULL && *text != '\0' ? text : "no reason given"));

  return g_strdelimit (reason, "\n\r\t", ' ');
}

/* What passes by itself is “busy”: the connection was lost, or two servers were in each other's way. */
static gboolean
is_passing (CantigaPostgresql *sql, const char *state)
{
  static const char *const classes[] = { "08", "40", "53", "55", "57", NULL };

  if (PQstatus (sql->connection) != CONNECTION_OK)
    return TRUE;
  for (guint i = 0; classes[i] != NULL; i++)
    if (g_str_has_prefix (state, classes[i]))
      return TRUE;
  return FALSE;
}

gboolean
cantiga_postgresql_fail (CantigaPostgresql *sql, const PGresult *result, GError **error)
{
  const char *state = result != NULL ? PQresultErrorField (result, PG_DIAG_SQLSTATE) : NULL;
  g_autofree char *reason = dup_reason (result != NULL ? PQresultErrorMessage (result) : PQerrorMessage (sql->connection));

  /* The database always names a state. What has none libpq says, of the connection, which may not look lost yet: another one is made. */
  if (state == NULL)
    sql->is_configured = FALSE;
  if (state == NULL || is_passing (sql, state))
    return cantiga_fail (error, CANTIGA_ERROR_BUSY);
  if (g_str_has_prefix (state, "XX"))
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The ledger is damaged (%s): restore it from a backup.", reason);
  return cantiga_fail_with (error, CANTIGA_ERROR_INTERNAL, "The ledger failed: %s.", reason);
}

gboolean
cantiga_postgresql_is_good (const PGresult *result)
{
  ExecStatusType status = PQresultStatus (result);

  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

/* ---- connection ---- */

static void
note_cb (void *unused, const char *message)
{
  /* Notices (“already exists”) are nobody's business. */
}

/* Every connection says that it is there, so that one can be told to be alone, whichever machine the others are on: a lock of the session, which goes with it. */
#define PRESENCE "(22684, (SELECT oid::int4 FROM pg_namespace WHERE nspname = current_schema ()))"

static const char *const presences[] = {
  [CANTIGA_SQL_BESIDE] = "SELECT 1",
  [CANTIGA_SQL_SHARED] = "SELECT pg_advisory_lock_shared " PRESENCE,
};

static gboolean
configure (CantigaPostgresql *sql, GError **error)
{
  static const char settings[] = "SET synchronous_commit = on; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s';"
                                 "SET client_min_messages = warning";
  g_autoptr (GError) failure = NULL;
  g_autofree char *reason = NULL;

  if (PQstatus (sql->connection) != CONNECTION_OK)
    {
      reason = dup_reason (PQerrorMessage (sql->connection));
      return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "The ledger's database cannot be reached: %s.", reason);
    }
  sql->base.connections++;
  PQsetNoticeProcessor (sql->connection, note_cb, NULL);
  if (!sql->base.backend->exec (&sql->base, settings, error))
    return FALSE;
  sql->is_configured = sql->base.backend->exec (&sql->base, presences[sql->presence], &failure);
  if (g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_BUSY))
    return cantiga_fail_with (error, CANTIGA_ERROR_BUSY, "The master key of this ledger is being changed: wait until that is done.");
  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  return sql->is_configured;
}

static gboolean
postgresql_connect (CantigaSql *base, GError **error)
{
  CantigaPostgresql *sql = cantiga_postgresql_of (base);
  g_autoptr (GError) failure = NULL;

  if (PQstatus (sql->connection) == CONNECTION_OK && sql->is_configured)
    return TRUE;
  sql->is_configured = FALSE;
  sql->later = 0;
  cantiga_postgresql_forget_foreseen (sql);
  cantiga_postgresql_forget_gathered (sql);
  PQreset (sql->connection);
  /* A server that runs is not configured wrongly: its database is away, and comes back. */
  return configure (sql, &failure) || cantiga_fail (error, CANTIGA_ERROR_BUSY);
}

static void
statement_free (gpointer pointer)
{
  CantigaPostgresqlStatement *statement = pointer;

  g_assert (!statement->base.borrowed);
  cantiga_postgresql_many_free (statement->many);
  cantiga_postgresql_many_free (statement->all);
  g_free (statement->text);
  g_free (statement);
}

static void
postgresql_free (CantigaSql *base)
{
  CantigaPostgresql *sql = cantiga_postgresql_of (base);

  g_ptr_array_unref (sql->gathering);
  g_hash_table_unref (sql->statements);
  g_hash_table_unref (sql->foreseen);
  g_ptr_array_unref (sql->asked);
  PQfinish (sql->connection);
  g_free (sql);
}

static gboolean
postgresql_exec (CantigaSql *base, const char *text, GError **error)
{
  CantigaPostgresql *sql = cantiga_postgresql_of (base);
  g_autoptr (GError) failure = NULL;
  PGresult *result;
  gboolean good, back = g_str_equal (text, "ROLLBACK");

  cantiga_postgresql_forget_foreseen (sql);
  if (back)
    cantiga_postgresql_forget_gathered (sql);
  /* What was sent before it may have failed: then there is only the way back. */
  if ((!cantiga_postgresql_send_gathered (sql, &failure) || !cantiga_postgresql_settle (sql, NULL, NULL, &failure)) && !back)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  result = PQexec (sql->connection, text);
  good = cantiga_postgresql_is_good (result) || cantiga_postgresql_fail (sql, result, error);
  PQclear (result);
  return good;
}

/* With what was sent before it. */
static gboolean
postgresql_commit (CantigaSql *base, GError **error)
{
  CantigaPostgresql *sql = cantiga_postgresql_of (base);

  cantiga_postgresql_forget_foreseen (sql);
  if (!cantiga_postgresql_send_gathered (sql, error))
    return FALSE;
  if (sql->later == 0)
    return postgresql_exec (base, "COMMIT", error);
  return cantiga_postgresql_exec_later (sql, "COMMIT", error) && cantiga_postgresql_settle (sql, NULL, NULL, error);
}

static void
postgresql_rollback (CantigaSql *base)
{
  /* A connection that is lost takes its transaction with it. */
  (void)!postgresql_exec (base, "ROLLBACK", NULL);
}

static gboolean
postgresql_in_transaction (CantigaSql *base)
{
  PGTransactionStatusType status = PQtransactionStatus (cantiga_postgresql_of (base)->connection);

  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

/* ---- statements ---- */

static char *
translate (const char *text, guint *ret_parameters)
{
  char *translated = g_strdup (text);

  *ret_parameters = 0;
  /* Of our own texts none has a question mark that is not a parameter's. */
  for (char *at = translated; (at = strchr (at, '?')) != NULL; at++)
    {
      *at = '$';
      *ret_parameters = MAX (*ret_parameters, (guint)g_ascii_strtoull (at + 1, NULL, 10));
    }
  g_assert (*ret_parameters <= CANTIGA_POSTGRESQL_PARAMETERS_MAX);
  return translated;
}

gboolean
cantiga_postgresql_prepare_in_connection (CantigaPostgresql *sql, char *name, gsize size, const char *text, guint *prepared, GError **error)
{
  PGresult *result;
  gboolean good;

  if (*prepared == sql->base.connections)
    return TRUE;
  if (!cantiga_postgresql_settle (sql, NULL, NULL, error))
    return FALSE;
  g_snprintf (name, size, "s%u", ++sql->names);
  result = PQprepare (sql->connection, name, text, 0, NULL);
  good = cantiga_postgresql_is_good (result) || cantiga_postgresql_fail (sql, result, error);
  PQclear (result);
  if (good)
    *prepared = sql->base.connections;
  return good;
}

static CantigaStatement *
postgresql_prepare (CantigaSql *base, const char *text, GError **error)
{
  CantigaPostgresql *sql = cantiga_postgresql_of (base);
  CantigaPostgresqlStatement *statement = g_hash_table_lookup (sql->statements, text);

  if (statement == NULL)
    {
      statement = g_new0 (CantigaPostgresqlStatement, 1);
      statement->base.sql = base;
      statement->text = translate (text, &statement->parameters);
      g_hash_table_insert (sql->statements, (gpointer)text, statement);
    }
  g_assert (!statement->base.borrowed);
  if (!cantiga_postgresql_prepare_in_connection (sql, statement->name, sizeof statement->name, statement->text, &statement->prepared, error))
    return NULL;
  return &statement->base;
}

static void
postgresql_release (CantigaStatement *base)
{
  CantigaPostgresqlStatement *statement = cantiga_postgresql_statement_of (base);

  if (statement->rows == NULL)
    PQclear (statement->result);
  g_clear_pointer (&statement->rows, cantiga_postgresql_rows_release);
  statement->result = NULL;
  memset (statement->values, 0, sizeof statement->values);
}

static void
postgresql_bind_int (CantigaStatement *base, guint at, gint64 value)
{
  CantigaPostgresqlStatement *statement = cantiga_postgresql_statement_of (base);
  guint64 network = GUINT64_TO_BE ((guint64)value);

  g_assert (at >= 1 && at <= CANTIGA_POSTGRESQL_PARAMETERS_MAX);
  memcpy (statement->numbers[at - 1], &network, CANTIGA_POSTGRESQL_NUMBER_LENGTH);
  statement->values[at - 1] = statement->numbers[at - 1];
  statement->lengths[at - 1] = CANTIGA_POSTGRESQL_NUMBER_LENGTH;
}

static void
postgresql_bind_blob (CantigaStatement *base, guint at, gconstpointer bytes, gsize length)
{
  CantigaPostgresqlStatement *statement = cantiga_postgresql_statement_of (base);

  g_assert (at >= 1 && at <= CANTIGA_POSTGRESQL_PARAMETERS_MAX && length <= G_MAXINT);
  statement->values[at - 1] = bytes;
  statement->lengths[at - 1] = (int)length;
}

/* All rows come at once: what is asked while they are gone through is asked of the same connection. */
static gboolean
run_query (CantigaPostgresqlStatement *statement, GError **error)
{
  CantigaPostgresql *sql = cantiga_postgresql_of (statement->base.sql);

  if (cantiga_postgresql_take_foreseen (statement))
    return TRUE;
  statement->row = -1;
  statement->column = 0;
  if (!cantiga_postgresql_send_gathered (sql, error))
    return FALSE;
  /* With what was sent before it. */
  if (sql->later > 0 && sql->later < CANTIGA_POSTGRESQL_LATER_MAX - 1)
    return cantiga_postgresql_send_later (statement, error) && cantiga_postgresql_settle (sql, cantiga_postgresql_keep_last, &statement->result, error);
  if (!cantiga_postgresql_settle (sql, NULL, NULL, error))
    return FALSE;
  statement->result = PQexecPrepared (sql->connection, statement->name, (int)statement->parameters, (const char *const *)statement->values,
                                      statement->lengths, cantiga_postgresql_binary, 1);
  return cantiga_postgresql_is_good (statement->result) || cantiga_postgresql_fail (sql, statement->result, error);
}

/* The same, and how many rows came. */
static gboolean
ask (CantigaPostgresqlStatement *statement, GError **error)
{
  if (!run_query (statement, error))
    return FALSE;
  if (statement->rows == NULL)
    statement->until = PQntuples (statement->result);
  return TRUE;
}

static CantigaStep
postgresql_step (CantigaStatement *base, GError **error)
{
  CantigaPostgresqlStatement *statement = cantiga_postgresql_statement_of (base);

  if (cantiga_postgresql_of (base->sql)->is_foreseeing)
    {
      cantiga_postgresql_ask_ahead (statement);
      return CANTIGA_STEP_DONE;
    }
  if (statement->result == NULL && !ask (statement, error))
    return CANTIGA_STEP_FAILED;
  return ++statement->row < statement->until ? CANTIGA_STEP_ROW : CANTIGA_STEP_DONE;
}

static guint
postgresql_get_changed (CantigaStatement *base)
{
  return (guint)g_ascii_strtoull (PQcmdTuples (cantiga_postgresql_statement_of (base)->result), NULL, 10);
}

static gint64
postgresql_get_int (CantigaStatement *base, guint column)
{
  CantigaPostgresqlStatement *statement = cantiga_postgresql_statement_of (base);
  const int at = (int)column + statement->column;
  const char *bytes = PQgetvalue (statement->result, statement->row, at);
  gint64 number;
  gint32 short_number;

  switch (PQgetlength (statement->result, statement->row, at))
    {
    case sizeof number:
      memcpy (&number, bytes, sizeof number);
      return (gint64)GUINT64_FROM_BE ((guint64)number);
    case sizeof short_number:
      memcpy (&short_number, bytes, sizeof short_number);
      return (gint32)GUINT32_FROM_BE ((guint32)short_number);
    default:
      return 0;
    }
}

static gconstpointer
postgresql_get_blob (CantigaStatement *base, guint column, gsize *ret_length)
{
  CantigaPostgresqlStatement *statement = cantiga_postgresql_statement_of (base);
  const int at = (int)column + statement->column;

  *ret_length = (gsize)PQgetlength (statement->result, statement->row, at);
  return PQgetisnull (statement->result, statement->row, at) ? NULL : PQgetvalue (statement->result, statement->row, at);
}

/* A connection that is closing at this moment is waited for. */
static gboolean
postgresql_lock_alone (CantigaSql *sql, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (sql->backend->exec (sql,
                          "SET lock_timeout = '2s'; SELECT pg_advisory_unlock_shared " PRESENCE "; SELECT pg_advisory_lock " PRESENCE
                          "; SET lock_timeout = '10s'",
                          &failure))
    return TRUE;
  if (g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_BUSY))
    return cantiga_fail_with (error, CANTIGA_ERROR_BUSY,
                              "A server, or another cantigactl, has this ledger open: stop it first, on every machine (systemctl stop cantiga-server).");
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* ---- what is kept about the ledger ---- */

/* Asked for without failing, so that a transaction around it goes on. */
static gboolean
postgresql_get_version (CantigaSql *base, guint *ret_version, GError **error)
{
  CantigaPostgresql *sql = cantiga_postgresql_of (base);
  PGresult *result = PQexec (sql->connection, "SELECT 1 FROM pg_class WHERE relname = 'ledger_version' AND pg_table_is_visible (oid)");
  gboolean good = cantiga_postgresql_is_good (result) || cantiga_postgresql_fail (sql, result, error);
  gboolean there = good && PQntuples (result) == 1;

  PQclear (result);
  *ret_version = 0;
  if (!there)
    return good;
  result = PQexec (sql->connection, "SELECT value FROM ledger_version");
  good = cantiga_postgresql_is_good (result) || cantiga_postgresql_fail (sql, result, error);
  if (good && PQntuples (result) == 1)
    *ret_version = (guint)g_ascii_strtoull (PQgetvalue (result, 0, 0), NULL, 10);
  PQclear (result);
  return good;
}

static gboolean
postgresql_set_version (CantigaSql *base, guint version, GError **error)
{
  g_autofree char *text
      = g_strdup_printf ("CREATE TABLE IF NOT EXISTS ledger_version (one INT PRIMARY KEY CHECK (one = 1), value INT NOT NULL);"
                         "INSERT INTO ledger_version VALUES (1, %u) ON CONFLICT (one) DO UPDATE SET value = excluded.value",
                         version);

  return postgresql_exec (base, text, error);
}

/* The database looks after itself: checksums of its pages, references, indexes. That it answers is what can be told here. */
static gboolean
postgresql_check (CantigaSql *base, GError **error)
{
  return postgresql_exec (base, "SELECT 1", error);
}

/* Writers come one after the other, whichever server they are of: each play's row is linked to the one before. The lock is let go when the transaction has
 * ended, and what comes next sees what it wrote. */
#define LOCK "SELECT pg_advisory_xact_lock (2268422684)"

/* A message in the log, whose commit waits for all of the log before it. */
static gboolean
postgresql_flush (CantigaSql *sql, GError **error)
{
  return postgresql_exec (sql, "SELECT pg_logical_emit_message (true, 'cantiga', '')", error);
}

static void
postgresql_look (CantigaSql *sql)
{
  (void)PQconsumeInput (cantiga_postgresql_of (sql)->connection);
}

static const CantigaSqlBackend backend = {
  .begin_reading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
  .begin_writing = "BEGIN; " LOCK,
  .begin_writing_ahead = "BEGIN; SET LOCAL synchronous_commit = off; " LOCK,
  .free = postgresql_free,
  .check = postgresql_check,
  .exec = postgresql_exec,
  .in_transaction = postgresql_in_transaction,
  .rollback = postgresql_rollback,
  .prepare = postgresql_prepare,
  .get_version = postgresql_get_version,
  .set_version = postgresql_set_version,
  .commit = postgresql_commit,
  .run_later = cantiga_postgresql_run_later,
  .gather = cantiga_postgresql_gather,
  .foresee = cantiga_postgresql_foresee,
  .foreseen = cantiga_postgresql_foreseen,
  .flush = postgresql_flush,
  .look = postgresql_look,
  .lock_alone = postgresql_lock_alone,
  .connect = postgresql_connect,
  .release = postgresql_release,
  .bind_int = postgresql_bind_int,
  .bind_blob = postgresql_bind_blob,
  .step = postgresql_step,
  .get_changed = postgresql_get_changed,
  .get_int = postgresql_get_int,
  .get_blob = postgresql_get_blob,
};

CantigaSql *
cantiga_sql_open_postgresql (const char *url, CantigaSqlPresence presence, GError **error)
{
  CantigaPostgresql *sql = g_new0 (CantigaPostgresql, 1);

  sql->base.backend = &backend;
  sql->base.kind = CANTIGA_SQL_POSTGRESQL;
  sql->presence = presence;
  sql->statements = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, statement_free);
  sql->gathering = g_ptr_array_new ();
  sql->asked = g_ptr_array_new ();
  sql->foreseen = cantiga_postgresql_foreseen_new ();
  sql->connection = PQconnectdb (url);
  if (configure (sql, error))
    return &sql->base;
  postgresql_free (&sql->base);
  return NULL;
}

#else

CantigaSql *
cantiga_sql_open_postgresql (const char *url, CantigaSqlPresence presence, GError **error)
{
  cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "This program was built without PostgreSQL: keep the ledger in the state, or build it with -Dpostgresql=enabled.");
  return NULL;
}

#endif
