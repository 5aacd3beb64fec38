/* PostgreSQL, where several servers share one ledger. */
#include "server/sql-private.h"

#ifdef CANTIGA_HAVE_POSTGRESQL

#include <libpq-fe.h>
#include <string.h>

#define PARAMETERS_MAX 12
#define NUMBER_LENGTH 8
/* How much may be sent before its answers are taken in: both sides' buffers have room for that. */
#define LATER_MAX 128

typedef struct
{
  CantigaSql base;
  PGconn *connection;
  GHashTable *statements; /* text → Statement, owned */
  guint connections;      /* made so far: what was prepared in an older one is prepared again */
  guint names;

  guint later;           /* sent, and not answered yet; the connection is in pipeline mode then */
  gboolean is_foreseeing;
  GPtrArray *questions;  /* GBytes: what was sent meanwhile, in order */
  GHashTable *foreseen;  /* GBytes of a question → PGresult */
} Postgresql;

typedef struct
{
  CantigaStatement base;
  char *text;       /* with $1 for ?1 */
  char name[24];
  guint prepared;   /* in which connection; 0: in none */
  guint parameters; /* how many it has */
  gconstpointer values[PARAMETERS_MAX];
  int lengths[PARAMETERS_MAX];
  guint8 numbers[PARAMETERS_MAX][NUMBER_LENGTH];
  PGresult *result;
  int row;
} Statement;

static Postgresql *
postgresql_of (CantigaSql *sql)
{
  return (Postgresql *)sql;
}

static Statement *
statement_of (CantigaStatement *statement)
{
  return (Statement *)statement;
}

/* ---- failures ---- */

static char *
dup_reason (const char *text)
{
  char *reason = g_strstrip (g_strdup (text != NULL && *text != '\0' ? text : "no reason given"));

  return g_strdelimit (reason, "\n\r\t", ' ');
}

/* What passes by itself is “busy”: the connection was lost, or two servers were in each other's way. */
static gboolean
is_passing (Postgresql *sql, const char *state)
{
  static const char *const classes[] = { "08", "40", "53", "55", "57", NULL };

  if (PQstatus (sql->connection) != CONNECTION_OK)
    return TRUE;
  for (guint i = 0; state != NULL && classes[i] != NULL; i++)
    if (g_str_has_prefix (state, classes[i]))
      return TRUE;
  return FALSE;
}

static gboolean
fail_result (Postgresql *sql, const PGresult *result, GError **error)
{
  const char *state = result != NULL ? PQresultErrorField (result, PG_DIAG_SQLSTATE) : NULL;
  g_autofree char *reason = dup_reason (result != NULL ? PQresultErrorMessage (result) : PQerrorMessage (sql->connection));

  if (is_passing (sql, state))
    return cantiga_fail (error, CANTIGA_ERROR_BUSY);
  if (state != NULL && g_str_has_prefix (state, "XX"))
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The ledger is damaged (%s): restore it from a backup.", reason);
  return cantiga_fail_with (error, CANTIGA_ERROR_INTERNAL, "The ledger failed: %s.", reason);
}

static gboolean
is_good (const PGresult *result)
{
  ExecStatusType status = PQresultStatus (result);

  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

/* ---- what was sent ahead (libpq's pipeline mode) ---- */

static gboolean
send_failed (Postgresql *sql, GError **error)
{
  return fail_result (sql, NULL, error);
}

static gboolean
enter_pipeline (Postgresql *sql, GError **error)
{
  return PQpipelineStatus (sql->connection) == PQ_PIPELINE_ON || PQenterPipelineMode (sql->connection) == 1 || send_failed (sql, error);
}

/* The answer to one thing that was sent; NULL if the connection is lost. */
static PGresult *
take_result (Postgresql *sql)
{
  PGresult *result = PQgetResult (sql->connection);
  PGresult *end = result != NULL ? PQgetResult (sql->connection) : NULL;

  PQclear (end);
  return result;
}

typedef void (*TakeAnswer) (Postgresql *sql, guint at, PGresult *result, gpointer user_data);

/* Takes in the answers to everything that was sent; take (may be NULL) gets each that is well, to keep or clear. The first failure is told. */
static gboolean
settle (Postgresql *sql, TakeAnswer take, gpointer user_data, GError **error)
{
  g_autoptr (GError) failure = NULL;
  guint n = sql->later;

  sql->later = 0;
  /* Answers that nobody takes are asked for again when they are needed. */
  if (take == NULL)
    g_ptr_array_set_size (sql->questions, 0);
  if (PQpipelineStatus (sql->connection) == PQ_PIPELINE_OFF)
    return TRUE;
  if (PQpipelineSync (sql->connection) != 1)
    return send_failed (sql, error);
  for (guint i = 0; i < n; i++)
    {
      PGresult *result = take_result (sql);
      gboolean good = is_good (result);

      if (!good && failure == NULL)
        fail_result (sql, result, &failure);
      if (good && take != NULL)
        take (sql, i, result, user_data);
      else
        PQclear (result);
    }
  PQclear (PQgetResult (sql->connection)); /* of the sync */
  (void)PQexitPipelineMode (sql->connection);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
count_later (Postgresql *sql, gboolean sent, GError **error)
{
  if (!sent)
    return send_failed (sql, error);
  sql->later++;
  return sql->later < LATER_MAX || sql->is_foreseeing || settle (sql, NULL, NULL, error);
}

static void
keep_last (Postgresql *sql, guint at, PGresult *result, gpointer ret_last)
{
  PGresult **last = ret_last;

  PQclear (*last);
  *last = result;
}

static void
forget_foreseen (Postgresql *sql)
{
  g_hash_table_remove_all (sql->foreseen);
}

/* ---- connection ---- */

static void
note_cb (void *unused, const char *message)
{
  /* Notices (“already exists”) are nobody's business. */
}

static gboolean
configure (Postgresql *sql, GError **error)
{
  g_autofree char *reason = NULL;

  if (PQstatus (sql->connection) != CONNECTION_OK)
    {
      reason = dup_reason (PQerrorMessage (sql->connection));
      return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "The ledger's database cannot be reached: %s.", reason);
    }
  sql->connections++;
  PQsetNoticeProcessor (sql->connection, note_cb, NULL);
  return sql->base.backend->exec (&sql->base,
                                  "SET synchronous_commit = on; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s';"
                                  "SET client_min_messages = warning",
                                  error);
}

static gboolean
postgresql_connect (CantigaSql *base, GError **error)
{
  Postgresql *sql = postgresql_of (base);
  g_autoptr (GError) failure = NULL;

  if (PQstatus (sql->connection) == CONNECTION_OK)
    return TRUE;
  sql->later = 0;
  forget_foreseen (sql);
  PQreset (sql->connection);
  /* A server that runs is not configured wrongly: its database is away, and comes back. */
  return configure (sql, &failure) || cantiga_fail (error, CANTIGA_ERROR_BUSY);
}

static void
statement_free (gpointer pointer)
{
  Statement *statement = pointer;

  g_assert (!statement->base.borrowed);
  PQclear (statement->result);
  g_free (statement->text);
  g_free (statement);
}

static void
postgresql_free (CantigaSql *base)
{
  Postgresql *sql = postgresql_of (base);

  g_hash_table_unref (sql->statements);
  g_hash_table_unref (sql->foreseen);
  g_ptr_array_unref (sql->questions);
  PQfinish (sql->connection);
  g_free (sql);
}

static gboolean
postgresql_exec (CantigaSql *base, const char *text, GError **error)
{
  Postgresql *sql = postgresql_of (base);
  g_autoptr (GError) failure = NULL;
  PGresult *result;
  gboolean good;

  forget_foreseen (sql);
  /* What was sent before it may have failed: then there is only the way back. */
  if (!settle (sql, NULL, NULL, &failure) && !g_str_equal (text, "ROLLBACK"))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  result = PQexec (sql->connection, text);
  good = is_good (result) || fail_result (sql, result, error);
  PQclear (result);
  return good;
}

static gboolean
exec_later (Postgresql *sql, const char *text, GError **error)
{
  return enter_pipeline (sql, error) && count_later (sql, PQsendQueryParams (sql->connection, text, 0, NULL, NULL, NULL, NULL, 1) == 1, error);
}

/* With what was sent before it. */
static gboolean
postgresql_commit (CantigaSql *base, GError **error)
{
  Postgresql *sql = postgresql_of (base);

  forget_foreseen (sql);
  if (sql->later == 0)
    return postgresql_exec (base, "COMMIT", error);
  return exec_later (sql, "COMMIT", error) && settle (sql, NULL, NULL, error);
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
  PGTransactionStatusType status = PQtransactionStatus (postgresql_of (base)->connection);

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
  g_assert (*ret_parameters <= PARAMETERS_MAX);
  return translated;
}

static gboolean
prepare_in_connection (Postgresql *sql, Statement *statement, GError **error)
{
  PGresult *result;
  gboolean good;

  if (statement->prepared == sql->connections)
    return TRUE;
  if (!settle (sql, NULL, NULL, error))
    return FALSE;
  g_snprintf (statement->name, sizeof statement->name, "s%u", ++sql->names);
  result = PQprepare (sql->connection, statement->name, statement->text, 0, NULL);
  good = is_good (result) || fail_result (sql, result, error);
  PQclear (result);
  if (good)
    statement->prepared = sql->connections;
  return good;
}

static CantigaStatement *
postgresql_prepare (CantigaSql *base, const char *text, GError **error)
{
  Postgresql *sql = postgresql_of (base);
  Statement *statement = g_hash_table_lookup (sql->statements, text);

  if (statement == NULL)
    {
      statement = g_new0 (Statement, 1);
      statement->base.sql = base;
      statement->text = translate (text, &statement->parameters);
      g_hash_table_insert (sql->statements, (gpointer)text, statement);
    }
  g_assert (!statement->base.borrowed);
  return prepare_in_connection (sql, statement, error) ? &statement->base : NULL;
}

static void
postgresql_release (CantigaStatement *base)
{
  Statement *statement = statement_of (base);

  g_clear_pointer (&statement->result, PQclear);
  memset (statement->values, 0, sizeof statement->values);
}

static void
postgresql_bind_int (CantigaStatement *base, guint at, gint64 value)
{
  Statement *statement = statement_of (base);
  guint64 network = GUINT64_TO_BE ((guint64)value);

  g_assert (at >= 1 && at <= PARAMETERS_MAX);
  memcpy (statement->numbers[at - 1], &network, NUMBER_LENGTH);
  statement->values[at - 1] = statement->numbers[at - 1];
  statement->lengths[at - 1] = NUMBER_LENGTH;
}

static void
postgresql_bind_blob (CantigaStatement *base, guint at, gconstpointer bytes, gsize length)
{
  Statement *statement = statement_of (base);

  g_assert (at >= 1 && at <= PARAMETERS_MAX && length <= G_MAXINT);
  statement->values[at - 1] = bytes;
  statement->lengths[at - 1] = (int)length;
}

static const int binary[PARAMETERS_MAX] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

static gboolean
send_later (Statement *statement, GError **error)
{
  Postgresql *sql = postgresql_of (statement->base.sql);

  return enter_pipeline (sql, error)
         && count_later (sql,
                         PQsendQueryPrepared (sql->connection, statement->name, (int)statement->parameters, (const char *const *)statement->values,
                                              statement->lengths, binary, 1)
                             == 1,
                         error);
}

static gboolean
postgresql_run_later (CantigaStatement *statement, GError **error)
{
  return send_later (statement_of (statement), error);
}

/* What tells a question from others: the statement and what is bound to it. */
static GBytes *
question_of (const Statement *statement)
{
  GByteArray *bytes = g_byte_array_new ();

  g_byte_array_append (bytes, (const guint8 *)&statement, sizeof statement);
  for (guint i = 0; i < statement->parameters; i++)
    {
      g_byte_array_append (bytes, (const guint8 *)&statement->lengths[i], sizeof statement->lengths[i]);
      if (statement->values[i] != NULL)
        g_byte_array_append (bytes, statement->values[i], (guint)statement->lengths[i]);
    }
  return g_byte_array_free_to_bytes (bytes);
}

static PGresult *
take_foreseen (Statement *statement)
{
  Postgresql *sql = postgresql_of (statement->base.sql);
  g_autoptr (GBytes) question = NULL;
  gpointer key = NULL, result = NULL;

  if (g_hash_table_size (sql->foreseen) == 0)
    return NULL;
  question = question_of (statement);
  if (g_hash_table_steal_extended (sql->foreseen, question, &key, &result))
    g_bytes_unref (key);
  return result;
}

static gboolean
ask_ahead (Statement *statement, GError **error)
{
  Postgresql *sql = postgresql_of (statement->base.sql);

  g_ptr_array_add (sql->questions, question_of (statement));
  return send_later (statement, error);
}

/* All rows come at once: what is asked while they are gone through is asked of the same connection. */
static gboolean
run_query (Statement *statement, GError **error)
{
  Postgresql *sql = postgresql_of (statement->base.sql);

  statement->row = -1;
  statement->result = take_foreseen (statement);
  if (statement->result != NULL)
    return TRUE;
  /* With what was sent before it. */
  if (sql->later > 0 && sql->later < LATER_MAX - 1)
    return send_later (statement, error) && settle (sql, keep_last, &statement->result, error);
  if (!settle (sql, NULL, NULL, error))
    return FALSE;
  statement->result = PQexecPrepared (sql->connection, statement->name, (int)statement->parameters, (const char *const *)statement->values,
                                      statement->lengths, binary, 1);
  return is_good (statement->result) || fail_result (sql, statement->result, error);
}

static CantigaStep
postgresql_step (CantigaStatement *base, GError **error)
{
  Statement *statement = statement_of (base);

  if (postgresql_of (base->sql)->is_foreseeing)
    return ask_ahead (statement, error) ? CANTIGA_STEP_DONE : CANTIGA_STEP_FAILED;
  if (statement->result == NULL && !run_query (statement, error))
    return CANTIGA_STEP_FAILED;
  return ++statement->row < PQntuples (statement->result) ? CANTIGA_STEP_ROW : CANTIGA_STEP_DONE;
}

/* ---- what is going to be asked ---- */

static void
postgresql_foresee (CantigaSql *base)
{
  Postgresql *sql = postgresql_of (base);

  g_ptr_array_set_size (sql->questions, 0);
  sql->is_foreseeing = TRUE;
}

static void
keep_foreseen (Postgresql *sql, guint at, PGresult *result, gpointer first)
{
  guint before = GPOINTER_TO_UINT (first);

  if (at >= before && at - before < sql->questions->len)
    g_hash_table_replace (sql->foreseen, g_bytes_ref (sql->questions->pdata[at - before]), result);
  else
    PQclear (result);
}

static gboolean
postgresql_foreseen (CantigaSql *base, GError **error)
{
  Postgresql *sql = postgresql_of (base);
  guint before = sql->later - MIN (sql->later, sql->questions->len);

  sql->is_foreseeing = FALSE;
  return settle (sql, keep_foreseen, GUINT_TO_POINTER (before), error);
}

static guint
postgresql_get_changed (CantigaStatement *base)
{
  return (guint)g_ascii_strtoull (PQcmdTuples (statement_of (base)->result), NULL, 10);
}

static gint64
postgresql_get_int (CantigaStatement *base, guint column)
{
  Statement *statement = statement_of (base);
  const char *bytes = PQgetvalue (statement->result, statement->row, (int)column);
  gint64 number;
  gint32 short_number;

  switch (PQgetlength (statement->result, statement->row, (int)column))
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
  Statement *statement = statement_of (base);

  *ret_length = (gsize)PQgetlength (statement->result, statement->row, (int)column);
  return PQgetisnull (statement->result, statement->row, (int)column) ? NULL : PQgetvalue (statement->result, statement->row, (int)column);
}

/* ---- what is kept about the ledger ---- */

/* Asked for without failing, so that a transaction around it goes on. */
static gboolean
postgresql_get_version (CantigaSql *base, guint *ret_version, GError **error)
{
  Postgresql *sql = postgresql_of (base);
  PGresult *result = PQexec (sql->connection, "SELECT 1 FROM pg_class WHERE relname = 'ledger_version' AND pg_table_is_visible (oid)");
  gboolean good = is_good (result) || fail_result (sql, result, error);
  gboolean there = good && PQntuples (result) == 1;

  PQclear (result);
  *ret_version = 0;
  if (!there)
    return good;
  result = PQexec (sql->connection, "SELECT value FROM ledger_version");
  good = is_good (result) || fail_result (sql, result, error);
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

static const CantigaSqlBackend backend = {
  .begin_reading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
  .begin_writing = "BEGIN; " LOCK,
  .free = postgresql_free,
  .check = postgresql_check,
  .exec = postgresql_exec,
  .in_transaction = postgresql_in_transaction,
  .rollback = postgresql_rollback,
  .prepare = postgresql_prepare,
  .get_version = postgresql_get_version,
  .set_version = postgresql_set_version,
  .commit = postgresql_commit,
  .run_later = postgresql_run_later,
  .foresee = postgresql_foresee,
  .foreseen = postgresql_foreseen,
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
cantiga_sql_open_postgresql (const char *url, GError **error)
{
  Postgresql *sql = g_new0 (Postgresql, 1);

  sql->base.backend = &backend;
  sql->base.kind = CANTIGA_SQL_POSTGRESQL;
  sql->statements = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, statement_free);
  sql->questions = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  sql->foreseen = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, (GDestroyNotify)PQclear);
  sql->connection = PQconnectdb (url);
  if (configure (sql, error))
    return &sql->base;
  postgresql_free (&sql->base);
  return NULL;
}

#else

CantigaSql *
cantiga_sql_open_postgresql (const char *url, GError **error)
{
  cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "This program was built without PostgreSQL: keep the ledger in the state, or build it with -Dpostgresql=enabled.");
  return NULL;
}

#endif
