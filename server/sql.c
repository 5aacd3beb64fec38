#include "server/sql.h"

#include "server/sql-private.h"

CantigaSql *
cantiga_sql_open (const char *place, GError **error)
{
  return cantiga_sql_is_url (place) ? cantiga_sql_open_postgresql (place, CANTIGA_SQL_SHARED, error) : cantiga_sql_open_sqlite (place, error);
}

CantigaSql *
cantiga_sql_open_beside (const char *url, GError **error)
{
  return cantiga_sql_open_postgresql (url, CANTIGA_SQL_BESIDE, error);
}

gboolean
cantiga_sql_lock_alone (CantigaSql *sql, GError **error)
{
  return sql->backend->lock_alone (sql, error);
}

guint
cantiga_sql_count_connections (CantigaSql *sql)
{
  return sql->connections;
}

gboolean
cantiga_sql_is_url (const char *place)
{
  return g_str_has_prefix (place, "postgresql://") || g_str_has_prefix (place, "postgres://");
}

CantigaSqlKind
cantiga_sql_get_kind (CantigaSql *sql)
{
  return sql->kind;
}

void
cantiga_sql_free (CantigaSql *sql)
{
  if (sql != NULL)
    sql->backend->free (sql);
}

gboolean
cantiga_sql_check (CantigaSql *sql, GError **error)
{
  return sql->backend->check (sql, error);
}

gboolean
cantiga_sql_exec (CantigaSql *sql, const char *text, GError **error)
{
  sql->written++;
  return sql->backend->exec (sql, text, error);
}

guint
cantiga_sql_count_written (CantigaSql *sql)
{
  return sql->written;
}

gboolean
cantiga_sql_is_far (CantigaSql *sql)
{
  return sql->backend->foresee != NULL;
}

void
cantiga_sql_foresee (CantigaSql *sql)
{
  sql->backend->foresee (sql);
}

gboolean
cantiga_sql_foreseen (CantigaSql *sql, GError **error)
{
  return sql->backend->foreseen (sql, error);
}

gboolean
cantiga_sql_in_transaction (CantigaSql *sql)
{
  return sql->backend->in_transaction (sql);
}

gboolean
cantiga_sql_get_version (CantigaSql *sql, guint *ret_version, GError **error)
{
  return sql->backend->get_version (sql, ret_version, error);
}

gboolean
cantiga_sql_set_version (CantigaSql *sql, guint version, GError **error)
{
  return sql->backend->set_version (sql, version, error);
}

/* ---- statements ---- */

CantigaStatement *
cantiga_sql_prepare (CantigaSql *sql, const char *text, GError **error)
{
  CantigaStatement *statement = sql->backend->prepare (sql, text, error);

  if (statement == NULL)
    return NULL;
  g_assert (!statement->borrowed);
  statement->borrowed = TRUE;
  return statement;
}

void
cantiga_statement_release (CantigaStatement *statement)
{
  statement->sql->backend->release (statement);
  statement->borrowed = FALSE;
}

void
cantiga_statement_bind_int (CantigaStatement *statement, guint at, gint64 value)
{
  statement->sql->backend->bind_int (statement, at, value);
}

void
cantiga_statement_bind_blob (CantigaStatement *statement, guint at, gconstpointer bytes, gsize length)
{
  statement->sql->backend->bind_blob (statement, at, bytes, length);
}

CantigaStep
cantiga_statement_step (CantigaStatement *statement, GError **error)
{
  return statement->sql->backend->step (statement, error);
}

gboolean
cantiga_statement_run (CantigaStatement *statement, guint *ret_changed, GError **error)
{
  const CantigaSqlBackend *backend = statement->sql->backend;
  CantigaStep step;

  statement->sql->written++;
  if (ret_changed == NULL && backend->run_later != NULL && cantiga_sql_in_transaction (statement->sql))
    return backend->run_later (statement, error);
  step = cantiga_statement_step (statement, error);
  g_assert (step != CANTIGA_STEP_ROW);
  if (step == CANTIGA_STEP_FAILED)
    return FALSE;
  if (ret_changed != NULL)
    *ret_changed = statement->sql->backend->get_changed (statement);
  return TRUE;
}

gboolean
cantiga_statement_gather (CantigaStatement *statement, GError **error)
{
  const CantigaSqlBackend *backend = statement->sql->backend;

  if (backend->gather == NULL || !cantiga_sql_in_transaction (statement->sql))
    return cantiga_statement_run (statement, NULL, error);
  statement->sql->written++;
  return backend->gather (statement, error);
}

gint64
cantiga_statement_get_int (CantigaStatement *statement, guint column)
{
  return statement->sql->backend->get_int (statement, column);
}

gconstpointer
cantiga_statement_get_blob (CantigaStatement *statement, guint column, gsize *ret_length)
{
  return statement->sql->backend->get_blob (statement, column, ret_length);
}

void
cantiga_statement_bind_id (CantigaStatement *statement, guint at, const CantigaId *id)
{
  cantiga_statement_bind_blob (statement, at, id->bytes, sizeof id->bytes);
}

void
cantiga_statement_bind_bytes (CantigaStatement *statement, guint at, GBytes *bytes)
{
  gsize length;
  gconstpointer at_bytes = g_bytes_get_data (bytes, &length);

  cantiga_statement_bind_blob (statement, at, at_bytes, length);
}

gboolean
cantiga_statement_get_id (CantigaStatement *statement, guint column, CantigaId *ret_id, GError **error)
{
  gsize length;
  gconstpointer bytes = cantiga_statement_get_blob (statement, column, &length);

  if (length != sizeof ret_id->bytes)
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The ledger holds an identifier of a wrong length: restore it from a backup.");
  memcpy (ret_id->bytes, bytes, length);
  return TRUE;
}

/* ---- transactions ---- */

/* A connection that was lost meanwhile is noticed when it is used: once more, then, with a new one. */
static gboolean
begin (CantigaSql *sql, const char *text, GError **error)
{
  const CantigaSqlBackend *backend = sql->backend;
  g_autoptr (GError) failure = NULL;

  g_assert (!cantiga_sql_in_transaction (sql));
  if (backend->connect != NULL && !backend->connect (sql, error))
    return FALSE;
  if (backend->exec (sql, text, &failure))
    return TRUE;
  cantiga_sql_rollback (sql);
  if (backend->connect != NULL && g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_BUSY) && backend->connect (sql, NULL))
    {
      if (backend->exec (sql, text, error))
        return TRUE;
      cantiga_sql_rollback (sql);
      return FALSE;
    }
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

gboolean
cantiga_sql_begin_reading (CantigaSql *sql, GError **error)
{
  return begin (sql, sql->backend->begin_reading, error);
}

static gboolean
begin_writing (CantigaSql *sql, gboolean ahead, GError **error)
{
  const CantigaSqlBackend *backend = sql->backend;

  return (backend->ready == NULL || backend->ready (sql, ahead, error)) && begin (sql, ahead ? backend->begin_writing_ahead : backend->begin_writing, error);
}

gboolean
cantiga_sql_begin_writing (CantigaSql *sql, GError **error)
{
  return begin_writing (sql, FALSE, error);
}

gboolean
cantiga_sql_begin_writing_ahead (CantigaSql *sql, GError **error)
{
  return begin_writing (sql, TRUE, error);
}

gboolean
cantiga_sql_flush (CantigaSql *sql, GError **error)
{
  return sql->backend->flush (sql, error);
}

gboolean
cantiga_sql_connect (CantigaSql *sql, GError **error)
{
  sql->backend->look (sql);
  return sql->backend->connect (sql, error);
}

gboolean
cantiga_sql_commit (CantigaSql *sql, GError **error)
{
  return sql->backend->commit != NULL ? sql->backend->commit (sql, error) : cantiga_sql_exec (sql, "COMMIT", error);
}

void
cantiga_sql_rollback (CantigaSql *sql)
{
  /* A failed write may have ended the transaction already. */
  if (!cantiga_sql_in_transaction (sql))
    return;
  sql->backend->rollback (sql);
  /* Nothing more could be written, and what was begun would be taken for what comes next. The database takes it back when the program has ended. */
  if (cantiga_sql_in_transaction (sql))
    g_error ("The ledger cannot take back what was begun");
}

static gboolean
migrate_once (CantigaSql *sql, const char *const *migrations, guint n, gboolean *ret_more, GError **error)
{
  guint version;

  if (!cantiga_sql_get_version (sql, &version, error))
    return FALSE;
  if (version > n)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION,
                              "The ledger is of version %u, and this program knows versions up to %u: update Cantiga.", version, n);
  *ret_more = version < n;
  return version == n || (cantiga_sql_exec (sql, migrations[version], error) && cantiga_sql_set_version (sql, version + 1, error));
}

gboolean
cantiga_sql_migrate (CantigaSql *sql, const char *const *migrations, guint n, GError **error)
{
  guint version;
  gboolean more = TRUE;

  /* A database that is as it should be is not written to: several programs open it at the same time. */
  if (!cantiga_sql_get_version (sql, &version, error))
    return FALSE;
  if (version == n)
    return TRUE;
  while (more)
    {
      /* The version is read again inside: another program may have been faster. */
      if (!cantiga_sql_begin_writing (sql, error))
        return FALSE;
      if (!migrate_once (sql, migrations, n, &more, error) || !cantiga_sql_commit (sql, error))
        {
          cantiga_sql_rollback (sql);
          return FALSE;
        }
    }
  return TRUE;
}
