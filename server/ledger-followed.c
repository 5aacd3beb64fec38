/* Which files a library that follows folders has taken (server/follow.h). */
#include "server/ledger-private.h"

#define PATH_MAX_BYTES 16384

void
cantiga_followed_free (CantigaFollowed *followed)
{
  if (followed == NULL)
    return;
  g_free (followed->path);
  g_free (followed);
}

/* Paths are bytes: they travel as Base64. */
static JsonObject *
encode_followed (const CantigaFollowed *followed)
{
  JsonObject *object = json_object_new ();

  cantiga_json_set_bytes (object, "path", followed->path, strlen (followed->path));
  cantiga_json_set_id (object, "title", &followed->title);
  json_object_set_int_member (object, "size", followed->size);
  json_object_set_int_member (object, "changed", followed->changed);
  json_object_set_boolean_member (object, "brought", followed->brought);
  return object;
}

static gboolean
decode_followed (JsonObject *object, CantigaFollowed *followed, GError **error)
{
  g_autoptr (GBytes) path = cantiga_json_get_bytes (object, "path", 1, PATH_MAX_BYTES, error);

  if (path == NULL || !cantiga_json_get_id (object, "title", &followed->title, error)
      || !cantiga_json_get_int (object, "size", G_MININT64, G_MAXINT64, &followed->size, error)
      || !cantiga_json_get_int (object, "changed", G_MININT64, G_MAXINT64, &followed->changed, error)
      || !cantiga_json_get_boolean (object, "brought", &followed->brought, error))
    return FALSE;
  followed->path = g_strndup (g_bytes_get_data (path, NULL), g_bytes_get_size (path));
  return TRUE;
}

static CantigaFollowed *
read_followed (CantigaLedger *ledger, CantigaStatement *statement, GError **error)
{
  g_autoptr (CantigaFollowed) followed = g_new0 (CantigaFollowed, 1);
  g_autoptr (JsonObject) object = NULL;
  CantigaId id, found;

  if (!cantiga_statement_get_id (statement, 0, &id, error))
    return NULL;
  object = cantiga_ledger_open_object (ledger, CANTIGA_TABLE_FOLLOWED, &id, NULL, statement, 1, error);
  if (object == NULL || !decode_followed (object, followed, error)
      || !cantiga_ledger_find_by_text (ledger, CANTIGA_TABLE_FOLLOWED, followed->path, &found, error))
    return NULL;
  if (!cantiga_id_equal (&found, &id))
    {
      cantiga_ledger_fail_damaged (CANTIGA_TABLE_FOLLOWED, error);
      return NULL;
    }
  return g_steal_pointer (&followed);
}

static GPtrArray *
load_followed (CantigaLedger *ledger, GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_followed_free);
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT id, sealed FROM followed", error);
  CantigaStep step = CANTIGA_STEP_FAILED;

  while (statement != NULL && (step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      CantigaFollowed *followed = read_followed (ledger, statement, error);

      if (followed == NULL)
        return NULL;
      g_ptr_array_add (rows, followed);
    }
  return step == CANTIGA_STEP_DONE ? g_steal_pointer (&rows) : NULL;
}

static gboolean
store_followed (CantigaLedger *ledger, const CantigaFollowed *followed, GError **error)
{
  g_autoptr (JsonObject) object = encode_followed (followed);
  g_autoptr (CantigaStatement) statement = NULL;
  g_autoptr (GBytes) sealed = NULL;
  CantigaId id;

  if (!cantiga_ledger_find_by_text (ledger, CANTIGA_TABLE_FOLLOWED, followed->path, &id, error)
      || (sealed = cantiga_ledger_seal_object (ledger, CANTIGA_TABLE_FOLLOWED, &id, NULL, object, error)) == NULL)
    return FALSE;
  statement = cantiga_sql_prepare (
      ledger->sql, "INSERT INTO followed (id, sealed) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed", error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, &id);
  cantiga_statement_bind_bytes (statement, 2, sealed);
  return cantiga_statement_run (statement, NULL, error);
}

GPtrArray *
cantiga_ledger_list_followed (CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);

  return transaction != NULL ? load_followed (ledger, error) : NULL;
}

gboolean
cantiga_ledger_put_followed (CantigaLedger *ledger, const CantigaFollowed *followed, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);

  return transaction != NULL && store_followed (ledger, followed, error) && cantiga_transaction_commit (transaction, error);
}

gboolean
cantiga_ledger_forget_followed (CantigaLedger *ledger, const char *path, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  g_autoptr (CantigaStatement) statement = NULL;
  CantigaId id;

  if (transaction == NULL || !cantiga_ledger_find_by_text (ledger, CANTIGA_TABLE_FOLLOWED, path, &id, error))
    return FALSE;
  statement = cantiga_sql_prepare (ledger->sql, "DELETE FROM followed WHERE id = ?1", error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, &id);
  return cantiga_statement_run (statement, NULL, error) && cantiga_transaction_commit (transaction, error);
}

gboolean
cantiga_ledger_verify_followed (CantigaLedger *ledger, GError **error)
{
  g_autoptr (GPtrArray) rows = load_followed (ledger, error);

  return rows != NULL;
}

gboolean
cantiga_ledger_copy_followed (CantigaLedger *from, CantigaLedger *to, GError **error)
{
  g_autoptr (GPtrArray) rows = load_followed (from, error);

  for (guint i = 0; rows != NULL && i < rows->len; i++)
    if (!store_followed (to, g_ptr_array_index (rows, i), error))
      return FALSE;
  return rows != NULL;
}
