#include "server/sql-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_NAP_MICROSECONDS 1000
#define BUSY_NAPS_MAX 10000

typedef struct
{
  CantigaSql base;
  sqlite3 *connection;
  GHashTable *statements; /* text, a literal, found by where it is → Statement, owned */
  sqlite3_stmt *rollback; /* compiled beforehand: when there is no memory it cannot be any more */
  sqlite3_stmt *commit;   /* as it is run so often */

  gboolean ahead; /* commits are not flushed */
  char *log_path; /* of the file that commits are written to (-wal): SQLite keeps the same one as long as the connection lasts */
  int log;        /* a descriptor of it, for who flushes; -1: none yet */
  gint unflushed; /* atomic: a flush failed, and what was written since stands on sand */
} Sqlite;

typedef struct
{
  CantigaStatement base;
  sqlite3_stmt *compiled;
  int bound; /* the first failure of a bind, told by the next step */
} Statement;

static sqlite3 *
connection_of (CantigaSql *sql)
{
  return ((Sqlite *)sql)->connection;
}

static sqlite3_stmt *
compiled_of (CantigaStatement *statement)
{
  return ((Statement *)statement)->compiled;
}

static gboolean
fail_for (int code, const char *reason, GError **error)
{
  switch (code & 0xff)
    {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return cantiga_fail (error, CANTIGA_ERROR_BUSY);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The ledger is damaged (%s): restore it from a backup.", reason);
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return cantiga_fail_with (error, CANTIGA_ERROR_INTERNAL, "The ledger cannot be written or read (%s): look at its disk.", reason);
    default:
      return cantiga_fail_with (error, CANTIGA_ERROR_INTERNAL, "The ledger failed: %s.", reason);
    }
}

static gboolean
fail_sqlite (CantigaSql *sql, int code, GError **error)
{
  return fail_for (code, connection_of (sql) != NULL ? sqlite3_errmsg (connection_of (sql)) : sqlite3_errstr (code), error);
}

/* ---- the file ---- */

/* SQLite gives the files beside it (-wal, -shm) the mode of this one. The file appears under its name only when its descriptor is closed: closing one
 * later would drop the locks that other connections of this process have on it. */
static gboolean
make_file (const char *path, GError **error)
{
  g_autofree char *temporary = g_strdup_printf ("%s.XXXXXX", path);
  int descriptor = g_mkstemp_full (temporary, O_RDWR | O_CLOEXEC, 0600);
  int made;

  if (descriptor < 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be made: %s.", path, g_strerror (errno));
  close (descriptor);
  made = link (temporary, path) == 0 ? 0 : errno;
  g_unlink (temporary);
  if (made != 0 && made != EEXIST)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be made: %s.", path, g_strerror (made));
  return TRUE;
}

static gboolean
check_file (const char *path, GError **error)
{
  GStatBuf status;

  if (g_lstat (path, &status) != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be read: %s.", path, g_strerror (errno));
  if (!S_ISREG (status.st_mode))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s is not a file.", path);
  if ((status.st_mode & 077) != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "Others can read %s: type chmod 600 %s", path, path);
  return TRUE;
}

/* SQLite's own handler naps ever longer, so that one busy writer keeps another out for seconds. */
static int
busy_cb (void *unused, int naps)
{
  if (naps >= BUSY_NAPS_MAX)
    return 0;
  g_usleep (BUSY_NAP_MICROSECONDS);
  return 1;
}

/* Several programs that open a new file at once race for this change, and SQLite does not ask the handler where that could lock two of them up for
 * good. */
static gboolean
change_to_wal (CantigaSql *sql, GError **error)
{
  int code;

  for (int naps = 0; (code = sqlite3_exec (connection_of (sql), "PRAGMA journal_mode = WAL", NULL, NULL, NULL)) != SQLITE_OK; naps++)
    if ((code & 0xff) != SQLITE_BUSY || !busy_cb (NULL, naps))
      return fail_sqlite (sql, code, error);
  return TRUE;
}

static gboolean
configure (CantigaSql *sql, GError **error)
{
  int code;

  sqlite3_busy_handler (connection_of (sql), busy_cb, NULL);
  sqlite3_extended_result_codes (connection_of (sql), 1);
  sqlite3_db_config (connection_of (sql), SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (connection_of (sql), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  if (!change_to_wal (sql, error))
    return FALSE;
  code = sqlite3_prepare_v3 (connection_of (sql), "ROLLBACK", -1, SQLITE_PREPARE_PERSISTENT, &((Sqlite *)sql)->rollback, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_prepare_v3 (connection_of (sql), "COMMIT", -1, SQLITE_PREPARE_PERSISTENT, &((Sqlite *)sql)->commit, NULL);
  if (code != SQLITE_OK)
    return fail_sqlite (sql, code, error);
  return cantiga_sql_exec (sql,
                           "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
                           /* 32 MiB of the log are taken in at once: a page that many grants write to goes to its place once for all. The log keeps its
                            * length: to make it longer again costs the disk more than to write over it. */
                           "PRAGMA wal_autocheckpoint = 8000; PRAGMA journal_size_limit = 67108864; PRAGMA cell_size_check = ON",
                           error);
}

static void
statement_free (gpointer pointer)
{
  Statement *statement = pointer;

  g_assert (!statement->base.borrowed);
  sqlite3_finalize (statement->compiled);
  g_free (statement);
}

static gboolean
sqlite_exec (CantigaSql *sql, const char *text, GError **error)
{
  int code = sqlite3_exec (connection_of (sql), text, NULL, NULL, NULL);

  return code == SQLITE_OK || fail_sqlite (sql, code, error);
}

static gboolean
sqlite_commit (CantigaSql *sql, GError **error)
{
  sqlite3_stmt *commit = ((Sqlite *)sql)->commit;
  int code = sqlite3_step (commit);

  if (code != SQLITE_DONE)
    fail_sqlite (sql, code, error);
  (void)sqlite3_reset (commit);
  return code == SQLITE_DONE;
}

static void
sqlite_rollback (CantigaSql *sql)
{
  sqlite3_stmt *rollback = ((Sqlite *)sql)->rollback;

  (void)sqlite3_step (rollback);
  (void)sqlite3_reset (rollback);
}

static gboolean
sqlite_in_transaction (CantigaSql *sql)
{
  return sqlite3_get_autocommit (connection_of (sql)) == 0;
}

/* ---- what was committed ahead ---- */

static int
flush_log (Sqlite *sqlite)
{
  int flushed;

  if (sqlite->log < 0)
    sqlite->log = g_open (sqlite->log_path, O_RDWR | O_CLOEXEC, 0);
  if (sqlite->log < 0)
    return errno;
  do
    flushed = fdatasync (sqlite->log);
  while (flushed != 0 && errno == EINTR);
  return flushed == 0 ? 0 : errno;
}

/* SQLite itself takes locks of the two other files alone: a descriptor of this one can be closed without losing any. After a failure the kernel tells no second time that what it could not write is not on the disk: so nothing that comes after it in the
 * log is called durable. */
static gboolean
sqlite_flush (CantigaSql *sql, GError **error)
{
  Sqlite *sqlite = (Sqlite *)sql;
  int failed = g_atomic_int_get (&sqlite->unflushed) ? EIO : flush_log (sqlite);

  if (failed == 0)
    return TRUE;
  g_atomic_int_set (&sqlite->unflushed, TRUE);
  return fail_for (SQLITE_IOERR, g_strerror (failed), error);
}

/* All that the log holds is written to its place and is on the disk there, and the log begins anew. */
static gboolean
mend (CantigaSql *sql, GError **error)
{
  int code;

  if (!g_atomic_int_get (&((Sqlite *)sql)->unflushed))
    return TRUE;
  code = sqlite3_wal_checkpoint_v2 (connection_of (sql), NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  if (code != SQLITE_OK)
    return fail_sqlite (sql, code, error);
  g_atomic_int_set (&((Sqlite *)sql)->unflushed, FALSE);
  return TRUE;
}

static gboolean
sqlite_ready (CantigaSql *sql, gboolean ahead, GError **error)
{
  Sqlite *sqlite = (Sqlite *)sql;

  if (!mend (sql, error))
    return FALSE;
  if (ahead != sqlite->ahead && !sqlite_exec (sql, ahead ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", error))
    return FALSE;
  sqlite->ahead = ahead;
  return TRUE;
}

/* ---- statements ---- */

static Statement *
compile (CantigaSql *sql, const char *text, GError **error)
{
  Statement *statement;
  sqlite3_stmt *compiled = NULL;
  int code = sqlite3_prepare_v3 (connection_of (sql), text, -1, SQLITE_PREPARE_PERSISTENT, &compiled, NULL);

  if (code != SQLITE_OK)
    {
      fail_sqlite (sql, code, error);
      return NULL;
    }
  statement = g_new0 (Statement, 1);
  statement->base.sql = sql;
  statement->compiled = compiled;
  g_hash_table_insert (((Sqlite *)sql)->statements, (gpointer)text, statement);
  return statement;
}

static CantigaStatement *
sqlite_prepare (CantigaSql *sql, const char *text, GError **error)
{
  Statement *statement = g_hash_table_lookup (((Sqlite *)sql)->statements, text);

  if (statement == NULL)
    statement = compile (sql, text, error);
  g_assert (statement == NULL || g_str_equal (sqlite3_sql (statement->compiled), text));
  return statement != NULL ? &statement->base : NULL;
}

static void
sqlite_release (CantigaStatement *base)
{
  /* The outcome of a statement was told by its step. */
  (void)sqlite3_reset (compiled_of (base));
  (void)sqlite3_clear_bindings (compiled_of (base));
  ((Statement *)base)->bound = SQLITE_OK;
}

static void
note_bound (CantigaStatement *base, int code)
{
  Statement *statement = (Statement *)base;

  if (statement->bound == SQLITE_OK)
    statement->bound = code;
}

static void
sqlite_bind_int (CantigaStatement *statement, guint at, gint64 value)
{
  note_bound (statement, sqlite3_bind_int64 (compiled_of (statement), (int)at, value));
}

static void
sqlite_bind_blob (CantigaStatement *statement, guint at, gconstpointer bytes, gsize length)
{
  note_bound (statement, sqlite3_bind_blob64 (compiled_of (statement), (int)at, bytes, length, SQLITE_STATIC));
}

static CantigaStep
sqlite_step (CantigaStatement *statement, GError **error)
{
  int bound = ((Statement *)statement)->bound;
  int code = bound != SQLITE_OK ? bound : sqlite3_step (compiled_of (statement));

  if (code == SQLITE_ROW)
    return CANTIGA_STEP_ROW;
  if (code == SQLITE_DONE)
    return CANTIGA_STEP_DONE;
  fail_sqlite (statement->sql, code, error);
  return CANTIGA_STEP_FAILED;
}

static guint
sqlite_get_changed (CantigaStatement *statement)
{
  return (guint)sqlite3_changes (connection_of (statement->sql));
}

static gint64
sqlite_get_int (CantigaStatement *statement, guint column)
{
  return sqlite3_column_int64 (compiled_of (statement), (int)column);
}

static gconstpointer
sqlite_get_blob (CantigaStatement *statement, guint column, gsize *ret_length)
{
  gconstpointer bytes = sqlite3_column_blob (compiled_of (statement), (int)column);

  *ret_length = (gsize)sqlite3_column_bytes (compiled_of (statement), (int)column);
  return bytes;
}

/* ---- what SQLite keeps about itself ---- */

static gboolean
sqlite_get_version (CantigaSql *sql, guint *ret_version, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (sql, "PRAGMA user_version", error);

  if (statement == NULL || cantiga_statement_step (statement, error) != CANTIGA_STEP_ROW)
    return FALSE;
  *ret_version = (guint)cantiga_statement_get_int (statement, 0);
  return TRUE;
}

static gboolean
sqlite_set_version (CantigaSql *sql, guint version, GError **error)
{
  g_autofree char *text = g_strdup_printf ("PRAGMA user_version = %u", version);

  return cantiga_sql_exec (sql, text, error);
}

/* A page that could not be read for lack of memory, or because the disk failed, SQLite's check tells of like one that is damaged. */
#define UNREADABLE "error code="

static gboolean
fail_check (const char *found, GError **error)
{
  const char *told = found != NULL ? strstr (found, UNREADABLE) : NULL;
  int code = told != NULL ? (int)g_ascii_strtoull (told + strlen (UNREADABLE), NULL, 10) : SQLITE_CORRUPT;

  if (found == NULL)
    return fail_for (SQLITE_NOMEM, sqlite3_errstr (SQLITE_NOMEM), error);
  if ((code & 0xff) == SQLITE_NOMEM || (code & 0xff) == SQLITE_IOERR)
    return fail_for (code, sqlite3_errstr (code), error);
  return fail_for (SQLITE_CORRUPT, found, error);
}

static gboolean
sqlite_check (CantigaSql *sql, GError **error)
{
  g_autoptr (CantigaStatement) whole = cantiga_sql_prepare (sql, "PRAGMA integrity_check (1)", error);
  g_autoptr (CantigaStatement) references = NULL;
  CantigaStep step;

  if (whole == NULL || cantiga_statement_step (whole, error) != CANTIGA_STEP_ROW)
    return FALSE;
  if (g_strcmp0 ((const char *)sqlite3_column_text (compiled_of (whole), 0), "ok") != 0)
    return fail_check ((const char *)sqlite3_column_text (compiled_of (whole), 0), error);
  references = cantiga_sql_prepare (sql, "PRAGMA foreign_key_check", error);
  if (references == NULL)
    return FALSE;
  step = cantiga_statement_step (references, error);
  if (step == CANTIGA_STEP_ROW)
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The ledger is damaged (rows refer to others that are gone): restore it from a backup.");
  return step == CANTIGA_STEP_DONE;
}

/* ---- opening ---- */

static void
sqlite_free (CantigaSql *sql)
{
  Sqlite *sqlite = (Sqlite *)sql;

  g_hash_table_unref (sqlite->statements);
  sqlite3_finalize (sqlite->rollback);
  sqlite3_finalize (sqlite->commit);
  if (sqlite->log >= 0)
    close (sqlite->log);
  g_free (sqlite->log_path);
  sqlite3_close (sqlite->connection);
  g_free (sql);
}

static const CantigaSqlBackend backend = {
  .begin_reading = "BEGIN",
  .begin_writing = "BEGIN IMMEDIATE",
  .begin_writing_ahead = "BEGIN IMMEDIATE",
  .free = sqlite_free,
  .check = sqlite_check,
  .exec = sqlite_exec,
  .in_transaction = sqlite_in_transaction,
  .rollback = sqlite_rollback,
  .prepare = sqlite_prepare,
  .get_version = sqlite_get_version,
  .set_version = sqlite_set_version,
  .flush = sqlite_flush,
  .ready = sqlite_ready,
  .commit = sqlite_commit,
  .release = sqlite_release,
  .bind_int = sqlite_bind_int,
  .bind_blob = sqlite_bind_blob,
  .step = sqlite_step,
  .get_changed = sqlite_get_changed,
  .get_int = sqlite_get_int,
  .get_blob = sqlite_get_blob,
};

CantigaSql *
cantiga_sql_open_sqlite (const char *path, GError **error)
{
  Sqlite *sqlite = g_new0 (Sqlite, 1);
  g_autoptr (CantigaSql) sql = &sqlite->base;
  int opened;

  sql->backend = &backend;
  sql->kind = CANTIGA_SQL_SQLITE;
  sqlite->log = -1;
  sqlite->statements = g_hash_table_new_full (g_direct_hash, NULL, NULL, statement_free);
  if ((!g_file_test (path, G_FILE_TEST_EXISTS) && !make_file (path, error)) || !check_file (path, error))
    return NULL;
  opened = sqlite3_open_v2 (path, &sqlite->connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (opened != SQLITE_OK)
    {
      fail_sqlite (sql, opened, error);
      return NULL;
    }
  sqlite->log_path = g_strdup (sqlite3_filename_wal (sqlite3_db_filename (sqlite->connection, "main")));
  return configure (sql, error) ? g_steal_pointer (&sql) : NULL;
}
