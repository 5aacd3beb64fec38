#include "server/ledger-private.h"

static const char *const event_names[CANTIGA_N_EVENTS] = {
  [CANTIGA_EVENT_GRANTED] = "granted",       [CANTIGA_EVENT_STARTED] = "started", [CANTIGA_EVENT_ENDED] = "ended",
  [CANTIGA_EVENT_GIVEN_BACK] = "given-back", [CANTIGA_EVENT_CLOSED] = "closed",   [CANTIGA_EVENT_REVOKED] = "revoked",
  [CANTIGA_EVENT_RENEWED] = "renewed",       [CANTIGA_EVENT_RETURNED] = "returned", [CANTIGA_EVENT_LOWERED] = "lowered",
  [CANTIGA_EVENT_RESTORED] = "restored",
};

static const CantigaId head_id = { { 0 } };

/* ---- the head ---- */

static gboolean
load_head (CantigaLedger *ledger, gboolean *ret_there, CantigaHead *ret_head, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT sealed FROM head", error);
  g_autoptr (GBytes) text = NULL;
  CantigaStep step = statement != NULL ? cantiga_statement_step (statement, error) : CANTIGA_STEP_FAILED;
  CantigaCursor cursor;
  const guint8 *chain;

  *ret_there = step == CANTIGA_STEP_ROW;
  if (step != CANTIGA_STEP_ROW)
    return step == CANTIGA_STEP_DONE;
  text = cantiga_ledger_open_row (ledger, CANTIGA_TABLE_HEAD, &head_id, NULL, statement, 0, error);
  if (text == NULL)
    return FALSE;
  cursor = cantiga_cursor (g_bytes_get_data (text, NULL), g_bytes_get_size (text));
  ret_head->number = (gint64)cantiga_cursor_take_u64 (&cursor);
  chain = cantiga_cursor_take (&cursor, sizeof ret_head->chain);
  if (chain == NULL)
    return cantiga_ledger_fail_damaged (CANTIGA_TABLE_HEAD, error);
  memcpy (ret_head->chain, chain, sizeof ret_head->chain);
  return TRUE;
}

static gboolean
store_head (CantigaLedger *ledger, const CantigaHead *head, GError **error)
{
  g_autoptr (CantigaBuffer) text = cantiga_buffer_new ();
  g_autoptr (GBytes) sealed = NULL;
  g_autoptr (CantigaStatement) statement = NULL;

  cantiga_buffer_add_u64 (text, (guint64)head->number);
  cantiga_buffer_add (text, head->chain, sizeof head->chain);
  sealed = cantiga_ledger_seal_row (ledger, CANTIGA_TABLE_HEAD, &head_id, NULL, cantiga_buffer_bytes (text), cantiga_buffer_length (text), error);
  if (sealed == NULL)
    return FALSE;
  statement = cantiga_sql_prepare (ledger->sql, "INSERT INTO head VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET sealed = excluded.sealed", error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_bytes (statement, 1, sealed);
  return cantiga_statement_run (statement, NULL, error);
}

gboolean
cantiga_ledger_settle_head (CantigaLedger *ledger, GError **error)
{
  gboolean owes = ledger->owes_head;

  ledger->owes_head = FALSE;
  return !owes || store_head (ledger, &ledger->head, error);
}

static gboolean
take_head (CantigaLedger *ledger, CantigaHead *ret_head, GError **error)
{
  gboolean there;

  if (ledger->knows_head)
    {
      *ret_head = ledger->head;
      return TRUE;
    }
  return load_head (ledger, &there, ret_head, error) && (there || cantiga_ledger_fail_damaged (CANTIGA_TABLE_HEAD, error));
}

gboolean
cantiga_ledger_last_number (CantigaLedger *ledger, gint64 *ret_number, GError **error)
{
  CantigaHead head;

  if (!take_head (ledger, &head, error))
    return FALSE;
  *ret_number = head.number;
  return TRUE;
}

static gboolean
make_head (CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  CantigaHead head = { 0 };
  gboolean there;

  /* Looked for again: another program may have been faster. */
  return transaction != NULL && load_head (ledger, &there, &head, error) && (there || store_head (ledger, &head, error))
         && cantiga_transaction_commit (transaction, error);
}

static gboolean
look_for_head (CantigaLedger *ledger, gboolean *ret_there, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);
  CantigaHead head;

  return transaction != NULL && load_head (ledger, ret_there, &head, error);
}

static gboolean
fail_key (GError *failure, GError **error)
{
  if (g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION,
                              "The ledger does not open with this master key: give the key that it was made with, or restore both from one backup.");
  g_propagate_error (error, g_error_copy (failure));
  return FALSE;
}

gboolean
cantiga_ledger_open_head (CantigaLedger *ledger, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gboolean there;

  if (look_for_head (ledger, &there, &failure))
    return there || make_head (ledger, error);
  return fail_key (failure, error);
}

gboolean
cantiga_ledger_check_key (CantigaLedger *ledger, GError **error)
{
  g_autoptr (GError) failure = NULL;
  CantigaHead head;
  gboolean there;

  return load_head (ledger, &there, &head, &failure) || fail_key (failure, error);
}

void
cantiga_ledger_begin_head (CantigaLedger *ledger)
{
  ledger->head = (CantigaHead){ 0 };
  ledger->knows_head = ledger->owes_head = TRUE;
}

/* ---- one event ---- */

static CantigaBuffer *
plain_of_event (gint64 number)
{
  CantigaBuffer *plain = cantiga_buffer_new ();

  cantiga_buffer_add_field_u64 (plain, (guint64)number);
  return plain;
}

static GBytes *
seal_event (CantigaLedger *ledger, const CantigaEvent *event, GError **error)
{
  g_autoptr (CantigaBuffer) text = cantiga_buffer_new ();
  g_autoptr (CantigaBuffer) plain = plain_of_event (event->number);

  cantiga_buffer_add_u8 (text, (guint8)event->kind);
  cantiga_buffer_add_u64 (text, (guint64)event->at);
  cantiga_buffer_add (text, event->play.bytes, sizeof event->play.bytes);
  cantiga_buffer_add (text, event->listener.bytes, sizeof event->listener.bytes);
  cantiga_buffer_add (text, event->title.bytes, sizeof event->title.bytes);
  cantiga_buffer_add (text, event->stamp.bytes, sizeof event->stamp.bytes);
  cantiga_buffer_add_u32 (text, event->plays);
  cantiga_buffer_add_u32 (text, event->plays_left);
  cantiga_buffer_add (text, event->player, sizeof event->player);
  return cantiga_ledger_seal_row (ledger, CANTIGA_TABLE_PLAYS, &event->key, plain, cantiga_buffer_bytes (text), cantiga_buffer_length (text), error);
}

static void
take_bytes (CantigaCursor *cursor, gpointer to, gsize length)
{
  const guint8 *bytes = cantiga_cursor_take (cursor, length);

  if (bytes != NULL)
    memcpy (to, bytes, length);
}

static gboolean
read_event (GBytes *text, CantigaEvent *event)
{
  CantigaCursor cursor = cantiga_cursor (g_bytes_get_data (text, NULL), g_bytes_get_size (text));

  event->kind = (CantigaEventKind)cantiga_cursor_take_u8 (&cursor);
  event->at = (gint64)cantiga_cursor_take_u64 (&cursor);
  take_bytes (&cursor, event->play.bytes, sizeof event->play.bytes);
  take_bytes (&cursor, event->listener.bytes, sizeof event->listener.bytes);
  take_bytes (&cursor, event->title.bytes, sizeof event->title.bytes);
  take_bytes (&cursor, event->stamp.bytes, sizeof event->stamp.bytes);
  event->plays = cantiga_cursor_take_u32 (&cursor);
  event->plays_left = cantiga_cursor_take_u32 (&cursor);
  take_bytes (&cursor, event->player, sizeof event->player);
  event->player[CANTIGA_UUID_LENGTH] = '\0';
  return !cursor.failed && event->kind >= CANTIGA_EVENT_GRANTED && event->kind < CANTIGA_N_EVENTS;
}

/* The next link: SHA-256 over the link before and every column of the row. */
static void
link_event (const CantigaEvent *event, gconstpointer sealed, gsize length, guint8 chain[CANTIGA_HASH_LENGTH])
{
  g_autoptr (CantigaBuffer) fields = cantiga_buffer_new ();

  cantiga_buffer_add_field_text (fields, CANTIGA_LABEL_LEDGER_CHAIN);
  cantiga_buffer_add_field (fields, chain, CANTIGA_HASH_LENGTH);
  cantiga_buffer_add_field_u64 (fields, (guint64)event->number);
  cantiga_buffer_add_field (fields, event->key.bytes, sizeof event->key.bytes);
  cantiga_buffer_add_field (fields, sealed, length);
  cantiga_sha256 (cantiga_buffer_bytes (fields), cantiga_buffer_length (fields), chain);
}

static gboolean
insert_event (CantigaLedger *ledger, const CantigaEvent *event, GBytes *sealed, const CantigaHead *head, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "INSERT INTO plays VALUES (?1, ?2, ?3, ?4)", error);

  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_int (statement, 1, event->number);
  cantiga_statement_bind_id (statement, 2, &event->key);
  cantiga_statement_bind_bytes (statement, 3, sealed);
  cantiga_statement_bind_blob (statement, 4, head->chain, sizeof head->chain);
  return cantiga_statement_gather (statement, error);
}

gboolean
cantiga_ledger_append_event (CantigaLedger *ledger, CantigaEvent *event, GError **error)
{
  g_autoptr (GBytes) sealed = NULL;
  CantigaHead head;

  if (!take_head (ledger, &head, error))
    return FALSE;
  event->number = ++head.number;
  sealed = seal_event (ledger, event, error);
  if (sealed == NULL)
    return FALSE;
  link_event (event, g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed), head.chain);
  if (!insert_event (ledger, event, sealed, &head, error))
    return FALSE;
  ledger->head = head;
  ledger->knows_head = ledger->owes_head = TRUE;
  return TRUE;
}

static gboolean
open_event (CantigaLedger *ledger, CantigaStatement *statement, CantigaEvent *ret_event, GError **error)
{
  g_autoptr (CantigaBuffer) plain = NULL;
  g_autoptr (GBytes) text = NULL;
  g_autoptr (GError) failure = NULL;

  ret_event->number = cantiga_statement_get_int (statement, 0);
  plain = plain_of_event (ret_event->number);
  if (cantiga_statement_get_id (statement, 1, &ret_event->key, NULL))
    text = cantiga_ledger_open_row (ledger, CANTIGA_TABLE_PLAYS, &ret_event->key, plain, statement, 2, &failure);
  if (failure != NULL && !g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (text == NULL || !read_event (text, ret_event))
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED,
                              "Row %" G_GINT64_FORMAT " of the ledger's plays is not what was written: restore the ledger from a backup.",
                              ret_event->number);
  return TRUE;
}

gboolean
cantiga_ledger_last_event (CantigaLedger *ledger, const CantigaId *key, gboolean *ret_there, CantigaEvent *ret_event, GError **error)
{
  g_autoptr (CantigaStatement) statement
      = cantiga_sql_prepare (ledger->sql, "SELECT number, play, sealed FROM plays WHERE play = ?1 ORDER BY number DESC LIMIT 1", error);
  CantigaStep step;

  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, key);
  step = cantiga_statement_step (statement, error);
  *ret_there = step == CANTIGA_STEP_ROW;
  return step == CANTIGA_STEP_ROW ? open_event (ledger, statement, ret_event, error) : step == CANTIGA_STEP_DONE;
}

gboolean
cantiga_ledger_load_event (CantigaLedger *ledger, gint64 number, CantigaEvent *ret_event, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT number, play, sealed FROM plays WHERE number = ?1", error);
  CantigaStep step;

  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_int (statement, 1, number);
  step = cantiga_statement_step (statement, error);
  if (step == CANTIGA_STEP_ROW)
    return open_event (ledger, statement, ret_event, error);
  return step == CANTIGA_STEP_DONE ? cantiga_ledger_fail_damaged (CANTIGA_TABLE_PLAYS, error) : FALSE;
}

/* ---- all events ---- */

static gboolean
read_row (CantigaLedger *ledger, CantigaStatement *statement, CantigaHead *head, CantigaEvent *ret_event, GError **error)
{
  gconstpointer sealed, chain;
  gsize sealed_length, chain_length;

  if (cantiga_statement_get_int (statement, 0) != ++head->number)
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED,
                              "Row %" G_GINT64_FORMAT " of the ledger's plays is missing: restore the ledger from a backup.", head->number);
  if (!open_event (ledger, statement, ret_event, error))
    return FALSE;
  sealed = cantiga_statement_get_blob (statement, 2, &sealed_length);
  chain = cantiga_statement_get_blob (statement, 3, &chain_length);
  link_event (ret_event, sealed, sealed_length, head->chain);
  if (chain_length != sizeof head->chain || !cantiga_bytes_equal (chain, head->chain, sizeof head->chain))
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED,
                              "The chain of the ledger's plays breaks at row %" G_GINT64_FORMAT ": restore the ledger from a backup.",
                              ret_event->number);
  return TRUE;
}

static gboolean
check_head (CantigaLedger *ledger, const CantigaHead *reached, GError **error)
{
  CantigaHead head;

  if (!take_head (ledger, &head, error))
    return FALSE;
  if (head.number != reached->number || !cantiga_bytes_equal (head.chain, reached->chain, sizeof head.chain))
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED,
                              "The ledger's plays were cut off after row %" G_GINT64_FORMAT ": restore the ledger from a backup.", reached->number);
  return TRUE;
}

gboolean
cantiga_ledger_each_event (CantigaLedger *ledger, CantigaEventVisit visit, gpointer user_data, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT number, play, sealed, chain FROM plays ORDER BY number", error);
  CantigaStep step = CANTIGA_STEP_FAILED;
  CantigaHead reached = { 0 };

  while (statement != NULL && (step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      CantigaEvent event;

      if (!read_row (ledger, statement, &reached, &event, error) || !visit (&event, user_data, error))
        return FALSE;
    }
  return step == CANTIGA_STEP_DONE && check_head (ledger, &reached, error);
}

/* ---- for the keeper ---- */

void
cantiga_play_row_free (CantigaPlayRow *row)
{
  if (row == NULL)
    return;
  g_free (row->event);
  g_free (row->player);
  g_free (row);
}

static gboolean
list_event (const CantigaEvent *event, gpointer rows, GError **error)
{
  CantigaPlayRow *row = g_new0 (CantigaPlayRow, 1);

  row->number = event->number;
  row->event = g_strdup (event_names[event->kind]);
  row->at = event->at;
  row->play = event->play;
  row->listener = event->listener;
  row->title = event->title;
  row->player = g_strdup (event->player);
  row->plays_left = event->plays_left;
  g_ptr_array_add (rows, row);
  return TRUE;
}

GPtrArray *
cantiga_ledger_list_plays (CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_play_row_free);

  if (transaction == NULL || !cantiga_ledger_each_event (ledger, list_event, rows, error))
    return NULL;
  return g_steal_pointer (&rows);
}
