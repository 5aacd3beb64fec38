#include "server/sql.h"

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

gboolean
cantiga_sql_begin_reading (CantigaSql *sql, GError **error)
{
  g_assert (!cantiga_sql_in_transaction (sql));
  return cantiga_sql_exec (sql, "BEGIN", error);
}

gboolean
cantiga_sql_begin_writing (CantigaSql *sql, GError **error)
{
  g_assert (!cantiga_sql_in_transaction (sql));
  return cantiga_sql_exec (sql, "BEGIN IMMEDIATE", error);
}

gboolean
cantiga_sql_commit (CantigaSql *sql, GError **error)
{
  return cantiga_sql_exec (sql, "COMMIT", error);
}

void
cantiga_sql_rollback (CantigaSql *sql)
{
  /* A failed write may have ended the transaction already. */
  if (cantiga_sql_in_transaction (sql) && !cantiga_sql_exec (sql, "ROLLBACK", NULL))
    g_assert (!cantiga_sql_in_transaction (sql));
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
