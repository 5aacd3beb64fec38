#include "server/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_NAP_MICROSECONDS 1000
#define BUSY_NAPS_MAX 10000

struct _CantigaSql
{
  sqlite3 *connection;
  GHashTable *statements; /* text → CantigaStatement, owned */
};

struct _CantigaStatement
{
  CantigaSql *sql;
  sqlite3_stmt *compiled;
  int bound; /* the first failure of a bind, told by the next step */
  gboolean borrowed;
};

static gboolean
fail_sqlite (CantigaSql *sql, int code, GError **error)
{
  const char *reason = sql->connection != NULL ? sqlite3_errmsg (sql->connection) : sqlite3_errstr (code);

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

/* ---- opening ---- */

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

  for (int naps = 0; (code = sqlite3_exec (sql->connection, "PRAGMA journal_mode = WAL", NULL, NULL, NULL)) != SQLITE_OK; naps++)
    if ((code & 0xff) != SQLITE_BUSY || !busy_cb (NULL, naps))
      return fail_sqlite (sql, code, error);
  return TRUE;
}

static gboolean
configure (CantigaSql *sql, GError **error)
{
  sqlite3_busy_handler (sql->connection, busy_cb, NULL);
  sqlite3_extended_result_codes (sql->connection, 1);
  sqlite3_db_config (sql->connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (sql->connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  if (!change_to_wal (sql, error))
    return FALSE;
  return cantiga_sql_exec (sql,
                           "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
                           "PRAGMA journal_size_limit = 8388608; PRAGMA cell_size_check = ON",
                           error);
}

static void
statement_free (gpointer pointer)
{
  CantigaStatement *statement = pointer;

  g_assert (!statement->borrowed);
  sqlite3_finalize (statement->compiled);
  g_free (statement);
}

CantigaSql *
cantiga_sql_open (const char *path, GError **error)
{
  g_autoptr (CantigaSql) sql = g_new0 (CantigaSql, 1);
  int opened;

  sql->statements = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, statement_free);
  if ((!g_file_test (path, G_FILE_TEST_EXISTS) && !make_file (path, error)) || !check_file (path, error))
    return NULL;
  opened = sqlite3_open_v2 (path, &sql->connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (opened != SQLITE_OK)
    {
      fail_sqlite (sql, opened, error);
      return NULL;
    }
  return configure (sql, error) ? g_steal_pointer (&sql) : NULL;
}

void
cantiga_sql_free (CantigaSql *sql)
{
  if (sql == NULL)
    return;
  g_hash_table_unref (sql->statements);
  sqlite3_close (sql->connection);
  g_free (sql);
}

gboolean
cantiga_sql_exec (CantigaSql *sql, const char *text, GError **error)
{
  int code = sqlite3_exec (sql->connection, text, NULL, NULL, NULL);

  return code == SQLITE_OK || fail_sqlite (sql, code, error);
}

gboolean
cantiga_sql_in_transaction (CantigaSql *sql)
{
  return sqlite3_get_autocommit (sql->connection) == 0;
}

/* ---- statements ---- */

static CantigaStatement *
compile (CantigaSql *sql, const char *text, GError **error)
{
  CantigaStatement *statement;
  sqlite3_stmt *compiled = NULL;
  int code = sqlite3_prepare_v3 (sql->connection, text, -1, SQLITE_PREPARE_PERSISTENT, &compiled, NULL);

  if (code != SQLITE_OK)
    {
      fail_sqlite (sql, code, error);
      return NULL;
    }
  statement = g_new0 (CantigaStatement, 1);
  statement->sql = sql;
  statement->compiled = compiled;
  g_hash_table_insert (sql->statements, (gpointer)text, statement);
  return statement;
}

CantigaStatement *
cantiga_sql_prepare (CantigaSql *sql, const char *text, GError **error)
{
  CantigaStatement *statement = g_hash_table_lookup (sql->statements, text);

  if (statement == NULL)
    statement = compile (sql, text, error);
  if (statement == NULL)
    return NULL;
  g_assert (!statement->borrowed);
  statement->borrowed = TRUE;
  return statement;
}

void
cantiga_statement_release (CantigaStatement *statement)
{
  /* The outcome of a statement was told by its step. */
  (void)sqlite3_reset (statement->compiled);
  (void)sqlite3_clear_bindings (statement->compiled);
  statement->bound = SQLITE_OK;
  statement->borrowed = FALSE;
}

static void
note_bound (CantigaStatement *statement, int code)
{
  if (statement->bound == SQLITE_OK)
    statement->bound = code;
}

void
cantiga_statement_bind_int (CantigaStatement *statement, guint at, gint64 value)
{
  note_bound (statement, sqlite3_bind_int64 (statement->compiled, (int)at, value));
}

void
cantiga_statement_bind_blob (CantigaStatement *statement, guint at, gconstpointer bytes, gsize length)
{
  note_bound (statement, sqlite3_bind_blob64 (statement->compiled, (int)at, bytes, length, SQLITE_STATIC));
}

CantigaStep
cantiga_statement_step (CantigaStatement *statement, GError **error)
{
  int code = statement->bound != SQLITE_OK ? statement->bound : sqlite3_step (statement->compiled);

  if (code == SQLITE_ROW)
    return CANTIGA_STEP_ROW;
  if (code == SQLITE_DONE)
    return CANTIGA_STEP_DONE;
  fail_sqlite (statement->sql, code, error);
  return CANTIGA_STEP_FAILED;
}

gboolean
cantiga_statement_run (CantigaStatement *statement, guint *ret_changed, GError **error)
{
  CantigaStep step = cantiga_statement_step (statement, error);

  g_assert (step != CANTIGA_STEP_ROW);
  if (step == CANTIGA_STEP_FAILED)
    return FALSE;
  if (ret_changed != NULL)
    *ret_changed = (guint)sqlite3_changes (statement->sql->connection);
  return TRUE;
}

gint64
cantiga_statement_get_int (CantigaStatement *statement, guint column)
{
  return sqlite3_column_int64 (statement->compiled, (int)column);
}

gconstpointer
cantiga_statement_get_blob (CantigaStatement *statement, guint column, gsize *ret_length)
{
  gconstpointer bytes = sqlite3_column_blob (statement->compiled, (int)column);

  *ret_length = (gsize)sqlite3_column_bytes (statement->compiled, (int)column);
  return bytes;
}

/* ---- what SQLite keeps about itself ---- */

gboolean
cantiga_sql_get_version (CantigaSql *sql, guint *ret_version, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (sql, "PRAGMA user_version", error);

  if (statement == NULL || cantiga_statement_step (statement, error) != CANTIGA_STEP_ROW)
    return FALSE;
  *ret_version = (guint)cantiga_statement_get_int (statement, 0);
  return TRUE;
}

gboolean
cantiga_sql_set_version (CantigaSql *sql, guint version, GError **error)
{
  g_autofree char *text = g_strdup_printf ("PRAGMA user_version = %u", version);

  return cantiga_sql_exec (sql, text, error);
}

gboolean
cantiga_sql_check (CantigaSql *sql, GError **error)
{
  g_autoptr (CantigaStatement) whole = cantiga_sql_prepare (sql, "PRAGMA integrity_check (1)", error);
  g_autoptr (CantigaStatement) references = NULL;
  CantigaStep step;

  if (whole == NULL || cantiga_statement_step (whole, error) != CANTIGA_STEP_ROW)
    return FALSE;
  if (g_strcmp0 ((const char *)sqlite3_column_text (whole->compiled, 0), "ok") != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The ledger is damaged (%s): restore it from a backup.",
                              (const char *)sqlite3_column_text (whole->compiled, 0));
  references = cantiga_sql_prepare (sql, "PRAGMA foreign_key_check", error);
  if (references == NULL)
    return FALSE;
  step = cantiga_statement_step (references, error);
  if (step == CANTIGA_STEP_ROW)
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The ledger is damaged (rows refer to others that are gone): restore it from a backup.");
  return step == CANTIGA_STEP_DONE;
}
