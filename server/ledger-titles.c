#include "server/ledger-private.h"

#define COVER_MAX 128

CantigaTitle *
cantiga_title_new (void)
{
  return g_new0 (CantigaTitle, 1);
}

void
cantiga_title_free (CantigaTitle *title)
{
  if (title == NULL)
    return;
  g_free (title->cover);
  cantiga_metadata_free (title->metadata);
  g_free (title);
}

/* ---- rows ---- */

/* Beginning with this, a row is fields one after the other: a catalogue of many titles is read whole when a server starts. Rows from before begin with a
 * brace: they are JSON. */
#define ROW_VERSION 1

static CantigaBuffer *
encode_title (const CantigaTitle *title)
{
  const CantigaMetadata *metadata = title->metadata;
  const char *const texts[] = { metadata->name, metadata->artist, metadata->album, metadata->type, metadata->cover_type, title->cover != NULL ? title->cover : "" };
  CantigaBuffer *buffer = cantiga_buffer_new ();
  guint64 duration;

  memcpy (&duration, &metadata->duration, sizeof duration);
  cantiga_buffer_add_u8 (buffer, ROW_VERSION);
  cantiga_buffer_add_u64 (buffer, title->size);
  cantiga_buffer_add_u64 (buffer, title->chunks);
  cantiga_buffer_add_u64 (buffer, (guint64)title->added);
  cantiga_buffer_add_u32 (buffer, metadata->track);
  cantiga_buffer_add_u32 (buffer, metadata->year);
  cantiga_buffer_add_u64 (buffer, duration);
  cantiga_buffer_add_u8 (buffer, metadata->exportable ? 1 : 0);
  cantiga_buffer_add (buffer, metadata->root, sizeof metadata->root);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    cantiga_buffer_add_field_text (buffer, texts[i]);
  if (metadata->signature != NULL)
    cantiga_buffer_add_field_bytes (buffer, metadata->signature);
  return buffer;
}

static char *
take_text (CantigaCursor *cursor)
{
  gsize length = cantiga_cursor_take_u32 (cursor);
  const guint8 *bytes = cantiga_cursor_take (cursor, length);

  return g_strndup (bytes != NULL ? (const char *)bytes : "", bytes != NULL ? length : 0);
}

static void
take_texts (CantigaCursor *cursor, CantigaTitle *title)
{
  CantigaMetadata *metadata = title->metadata;
  char **const texts[] = { &metadata->name, &metadata->artist, &metadata->album, &metadata->type, &metadata->cover_type, &title->cover };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_free (*texts[i]);
      *texts[i] = take_text (cursor);
    }
  if (*title->cover == '\0')
    g_clear_pointer (&title->cover, g_free);
}

static gboolean
read_fields (CantigaCursor *cursor, CantigaTitle *title)
{
  CantigaMetadata *metadata = title->metadata = cantiga_metadata_new ();
  const guint8 *root, *signature;
  guint64 duration;
  gsize length;

  title->size = cantiga_cursor_take_u64 (cursor);
  title->chunks = cantiga_cursor_take_u64 (cursor);
  title->added = (gint64)cantiga_cursor_take_u64 (cursor);
  metadata->track = cantiga_cursor_take_u32 (cursor);
  metadata->year = cantiga_cursor_take_u32 (cursor);
  duration = cantiga_cursor_take_u64 (cursor);
  memcpy (&metadata->duration, &duration, sizeof duration);
  metadata->exportable = cantiga_cursor_take_u8 (cursor) != 0;
  if ((root = cantiga_cursor_take (cursor, sizeof metadata->root)) != NULL)
    memcpy (metadata->root, root, sizeof metadata->root);
  take_texts (cursor, title);
  if (cursor->failed || cursor->at == cursor->length)
    return !cursor->failed;
  length = cantiga_cursor_take_u32 (cursor);
  signature = cantiga_cursor_take (cursor, length);
  metadata->signature = signature != NULL ? g_bytes_new (signature, length) : NULL;
  return !cursor->failed;
}

static gboolean
decode_title (JsonObject *object, CantigaTitle *title, GError **error)
{
  gint64 size, chunks;
  const char *cover = NULL;
  JsonObject *metadata;

  if (!cantiga_json_get_int (object, "size", 0, G_MAXINT64, &size, error) || !cantiga_json_get_int (object, "chunks", 0, G_MAXINT64, &chunks, error)
      || !cantiga_json_get_int (object, "added", G_MININT64, G_MAXINT64, &title->added, error)
      || (cantiga_json_has (object, "cover") && !cantiga_json_get_text (object, "cover", COVER_MAX, &cover, error))
      || (metadata = cantiga_json_get_object (object, "metadata", error)) == NULL
      || (title->metadata = cantiga_metadata_decode (metadata, error)) == NULL)
    return FALSE;
  title->size = (guint64)size;
  title->chunks = (guint64)chunks;
  title->cover = g_strdup (cover);
  return TRUE;
}

static CantigaTitle *
read_title (CantigaLedger *ledger, CantigaStatement *statement, GError **error)
{
  g_autoptr (CantigaTitle) title = cantiga_title_new ();
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GBytes) text = NULL;
  CantigaCursor cursor;

  if (!cantiga_statement_get_id (statement, 0, &title->id, error)
      || (text = cantiga_ledger_open_row (ledger, CANTIGA_TABLE_TITLES, &title->id, NULL, statement, 1, error)) == NULL)
    return NULL;
  cursor = cantiga_cursor (g_bytes_get_data (text, NULL), g_bytes_get_size (text));
  if (cantiga_cursor_take_u8 (&cursor) == ROW_VERSION)
    {
      if (read_fields (&cursor, title))
        return g_steal_pointer (&title);
      cantiga_ledger_fail_damaged (CANTIGA_TABLE_TITLES, error);
      return NULL;
    }
  object = cantiga_json_parse (g_bytes_get_data (text, NULL), g_bytes_get_size (text), error);
  return object != NULL && decode_title (object, title, error) ? g_steal_pointer (&title) : NULL;
}

static GPtrArray *
load_titles (CantigaLedger *ledger, GError **error)
{
  g_autoptr (GPtrArray) titles = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_title_free);
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT id, sealed FROM titles", error);
  CantigaStep step = CANTIGA_STEP_FAILED;

  while (statement != NULL && (step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      CantigaTitle *title = read_title (ledger, statement, error);

      if (title == NULL)
        return NULL;
      g_ptr_array_add (titles, title);
    }
  return step == CANTIGA_STEP_DONE ? g_steal_pointer (&titles) : NULL;
}

/* ---- generation ---- */

static gboolean
load_generation (CantigaLedger *ledger, gint64 *ret_generation, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT value FROM generation", error);
  CantigaStep step = statement != NULL ? cantiga_statement_step (statement, error) : CANTIGA_STEP_FAILED;

  if (step == CANTIGA_STEP_DONE)
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The ledger has no generation: restore it from a backup.");
  if (step == CANTIGA_STEP_ROW)
    *ret_generation = cantiga_statement_get_int (statement, 0);
  return step == CANTIGA_STEP_ROW;
}

static gboolean
raise_generation (CantigaLedger *ledger, GError **error)
{
  return cantiga_sql_exec (ledger->sql, "UPDATE generation SET value = value + 1", error);
}

gboolean
cantiga_ledger_get_generation (CantigaLedger *ledger, gint64 *ret_generation, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);

  return transaction != NULL && load_generation (ledger, ret_generation, error);
}

/* ---- the ledger's titles ---- */

static gboolean
store_title (CantigaLedger *ledger, const CantigaTitle *title, GError **error)
{
  g_autoptr (CantigaBuffer) text = encode_title (title);
  g_autoptr (GBytes) sealed = cantiga_ledger_seal_row (ledger, CANTIGA_TABLE_TITLES, &title->id, NULL, cantiga_buffer_bytes (text), cantiga_buffer_length (text), error);
  g_autoptr (CantigaStatement) statement = NULL;

  if (sealed == NULL)
    return FALSE;
  statement = cantiga_sql_prepare (ledger->sql,
                                   "INSERT INTO titles (id, sealed) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed", error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, &title->id);
  cantiga_statement_bind_bytes (statement, 2, sealed);
  return cantiga_statement_run (statement, NULL, error);
}

static gboolean
put_cb (CantigaLedger *ledger, gpointer title, GError **error)
{
  return raise_generation (ledger, error) && store_title (ledger, title, error);
}

gboolean
cantiga_ledger_put_title (CantigaLedger *ledger, const CantigaTitle *title, GError **error)
{
  return cantiga_ledger_write_together (ledger, put_cb, (gpointer)title, error);
}

gboolean
cantiga_ledger_has_title (CantigaLedger *ledger, const CantigaId *id, gboolean *ret_has, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);
  g_autoptr (CantigaStatement) statement
      = transaction != NULL ? cantiga_sql_prepare (ledger->sql, "SELECT 1 FROM titles WHERE id = ?1", error) : NULL;
  CantigaStep step;

  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, id);
  step = cantiga_statement_step (statement, error);
  if (step == CANTIGA_STEP_FAILED)
    return FALSE;
  *ret_has = step == CANTIGA_STEP_ROW;
  return TRUE;
}

static gboolean
delete_title (CantigaLedger *ledger, const CantigaId *id, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "DELETE FROM titles WHERE id = ?1", error);
  guint changed;

  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, id);
  return cantiga_statement_run (statement, &changed, error) && (changed == 1 || cantiga_fail (error, CANTIGA_ERROR_TITLE_UNKNOWN));
}

gboolean
cantiga_ledger_remove_title (CantigaLedger *ledger, const CantigaId *id, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);

  return transaction != NULL && delete_title (ledger, id, error) && raise_generation (ledger, error)
         && cantiga_transaction_commit (transaction, error);
}

GPtrArray *
cantiga_ledger_list_titles (CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);

  return transaction != NULL ? load_titles (ledger, error) : NULL;
}

gboolean
cantiga_ledger_verify_titles (CantigaLedger *ledger, GError **error)
{
  g_autoptr (GPtrArray) titles = load_titles (ledger, error);
  gint64 generation;

  return titles != NULL && load_generation (ledger, &generation, error);
}

gboolean
cantiga_ledger_copy_titles (CantigaLedger *from, CantigaLedger *to, GError **error)
{
  g_autoptr (GPtrArray) titles = load_titles (from, error);
  g_autoptr (CantigaStatement) statement = NULL;
  gint64 generation;

  if (titles == NULL || !load_generation (from, &generation, error))
    return FALSE;
  statement = cantiga_sql_prepare (to->sql, "UPDATE generation SET value = ?1", error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_int (statement, 1, generation + 1);
  if (!cantiga_statement_run (statement, NULL, error))
    return FALSE;
  for (guint i = 0; i < titles->len; i++)
    if (!store_title (to, g_ptr_array_index (titles, i), error))
      return FALSE;
  return TRUE;
}
