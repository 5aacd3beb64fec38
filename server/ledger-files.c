/* Files that travel with a ledger in a backup: rows of one more table of its SQLite file. */
#include "server/ledger-private.h"

static gboolean
insert_file (CantigaSql *sql, const char *name, GBytes *bytes, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (sql, "INSERT INTO backup VALUES (?1, ?2)", error);
  gsize length = g_bytes_get_size (bytes);

  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_blob (statement, 1, name, strlen (name));
  /* A NULL pointer would be SQL's NULL. */
  cantiga_statement_bind_blob (statement, 2, length > 0 ? g_bytes_get_data (bytes, NULL) : "", length);
  return cantiga_statement_run (statement, NULL, error);
}

gboolean
cantiga_ledger_put_files (const char *path, GHashTable *files, GError **error)
{
  g_autoptr (CantigaSql) sql = cantiga_sql_open (path, error);
  GHashTableIter iter;
  gpointer name, bytes;

  if (sql == NULL || !cantiga_sql_begin_writing (sql, error)
      || !cantiga_sql_exec (sql, "CREATE TABLE backup (name BLOB NOT NULL PRIMARY KEY, bytes BLOB NOT NULL) STRICT", error))
    return FALSE;
  g_hash_table_iter_init (&iter, files);
  while (g_hash_table_iter_next (&iter, &name, &bytes))
    if (!insert_file (sql, name, bytes, error))
      return FALSE;
  return cantiga_sql_commit (sql, error);
}

static gboolean
load_files (CantigaSql *sql, GHashTable *files, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (sql, "SELECT name, bytes FROM backup", error);
  CantigaStep step = CANTIGA_STEP_FAILED;

  while (statement != NULL && (step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      gsize name_length, length;
      const char *name = cantiga_statement_get_blob (statement, 0, &name_length);
      gconstpointer bytes = cantiga_statement_get_blob (statement, 1, &length);

      g_hash_table_insert (files, g_strndup (name, name_length), g_bytes_new (bytes, length));
    }
  return step == CANTIGA_STEP_DONE;
}

GHashTable *
cantiga_ledger_take_files (const char *path, GError **error)
{
  g_autoptr (GHashTable) files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
  g_autoptr (CantigaSql) sql = cantiga_sql_open (path, error);

  if (sql == NULL || !load_files (sql, files, error) || !cantiga_sql_exec (sql, "DROP TABLE backup", error))
    return NULL;
  return g_steal_pointer (&files);
}
