#include "server/ledger-private.h"

#define SELECT "SELECT id, number, licence, stamp, awaits, asked, ends, sealed FROM leases"

static CantigaBuffer *
plain_of_lease (const CantigaLease *lease)
{
  CantigaBuffer *plain = cantiga_buffer_new ();

  cantiga_buffer_add_field_u64 (plain, (guint64)lease->granted.number);
  cantiga_buffer_add_field (plain, lease->licence.bytes, sizeof lease->licence.bytes);
  cantiga_buffer_add_field (plain, lease->granted.stamp.bytes, sizeof lease->granted.stamp.bytes);
  cantiga_buffer_add_field_u8 (plain, (guint8)lease->awaits);
  cantiga_buffer_add_field_u64 (plain, (guint64)lease->granted.at);
  cantiga_buffer_add_field_u64 (plain, (guint64)lease->ends);
  return plain;
}

/* ---- store ---- */

static GBytes *
seal_lease (CantigaLedger *ledger, const CantigaLease *lease, GError **error)
{
  g_autoptr (CantigaBuffer) text = cantiga_buffer_new ();
  g_autoptr (CantigaBuffer) plain = plain_of_lease (lease);
  const CantigaEvent *granted = &lease->granted;

  cantiga_buffer_add (text, granted->play.bytes, sizeof granted->play.bytes);
  cantiga_buffer_add (text, granted->listener.bytes, sizeof granted->listener.bytes);
  cantiga_buffer_add (text, granted->title.bytes, sizeof granted->title.bytes);
  cantiga_buffer_add_u32 (text, granted->plays);
  cantiga_buffer_add_u32 (text, granted->plays_left);
  cantiga_buffer_add_u64 (text, (guint64)lease->expires);
  cantiga_buffer_add (text, granted->player, sizeof granted->player);
  return cantiga_ledger_seal_row (ledger, CANTIGA_TABLE_LEASES, &granted->key, plain, cantiga_buffer_bytes (text), cantiga_buffer_length (text),
                                  error);
}

gboolean
cantiga_ledger_find_lease_holder (CantigaLedger *ledger, const CantigaId *listener, CantigaId *ret_holder, GError **error)
{
  return cantiga_ledger_find_by_ids (ledger, CANTIGA_TABLE_LEASES, listener, NULL, ret_holder, error);
}

gboolean
cantiga_ledger_store_lease_of (CantigaLedger *ledger, const CantigaLease *lease, const CantigaId *holder, GError **error)
{
  g_autoptr (GBytes) sealed = seal_lease (ledger, lease, error);
  g_autoptr (CantigaStatement) statement = NULL;

  if (sealed == NULL)
    return FALSE;
  statement = cantiga_sql_prepare (ledger->sql,
                                   "INSERT INTO leases (id, number, licence, stamp, awaits, asked, ends, sealed, holder)"
                                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (number) DO UPDATE SET awaits = excluded.awaits,"
                                   " sealed = excluded.sealed, holder = excluded.holder",
                                   error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, &lease->granted.key);
  cantiga_statement_bind_int (statement, 2, lease->granted.number);
  cantiga_statement_bind_id (statement, 3, &lease->licence);
  cantiga_statement_bind_id (statement, 4, &lease->granted.stamp);
  cantiga_statement_bind_int (statement, 5, lease->awaits);
  cantiga_statement_bind_int (statement, 6, lease->granted.at);
  cantiga_statement_bind_int (statement, 7, lease->ends);
  cantiga_statement_bind_bytes (statement, 8, sealed);
  cantiga_statement_bind_id (statement, 9, holder);
  return cantiga_statement_gather (statement, error);
}

gboolean
cantiga_ledger_store_lease (CantigaLedger *ledger, const CantigaLease *lease, GError **error)
{
  CantigaId holder;

  return cantiga_ledger_find_lease_holder (ledger, &lease->granted.listener, &holder, error)
         && cantiga_ledger_store_lease_of (ledger, lease, &holder, error);
}

/* ---- load ---- */

static gboolean
read_text (GBytes *text, CantigaLease *lease, GError **error)
{
  const gsize id = CANTIGA_ID_LENGTH;
  CantigaCursor cursor = cantiga_cursor (g_bytes_get_data (text, NULL), g_bytes_get_size (text));
  const guint8 *ids = cantiga_cursor_take (&cursor, 3 * id);
  const guint8 *player;

  lease->granted.plays = cantiga_cursor_take_u32 (&cursor);
  lease->granted.plays_left = cantiga_cursor_take_u32 (&cursor);
  lease->expires = (gint64)cantiga_cursor_take_u64 (&cursor);
  player = cantiga_cursor_take (&cursor, sizeof lease->granted.player);
  if (cursor.failed)
    return cantiga_ledger_fail_damaged (CANTIGA_TABLE_LEASES, error);
  memcpy (lease->granted.play.bytes, ids, id);
  memcpy (lease->granted.listener.bytes, ids + id, id);
  memcpy (lease->granted.title.bytes, ids + 2 * id, id);
  memcpy (lease->granted.player, player, sizeof lease->granted.player);
  return TRUE;
}

static gboolean
read_lease (CantigaLedger *ledger, CantigaStatement *statement, CantigaLease *ret_lease, GError **error)
{
  CantigaLease lease = { .granted = { .kind = CANTIGA_EVENT_GRANTED } };
  g_autoptr (CantigaBuffer) plain = NULL;
  g_autoptr (GBytes) text = NULL;

  if (!cantiga_statement_get_id (statement, 0, &lease.granted.key, error) || !cantiga_statement_get_id (statement, 2, &lease.licence, error)
      || !cantiga_statement_get_id (statement, 3, &lease.granted.stamp, error))
    return FALSE;
  lease.granted.number = cantiga_statement_get_int (statement, 1);
  lease.awaits = (CantigaLeaseAwaits)cantiga_statement_get_int (statement, 4);
  lease.granted.at = cantiga_statement_get_int (statement, 5);
  lease.ends = cantiga_statement_get_int (statement, 6);
  plain = plain_of_lease (&lease);
  text = cantiga_ledger_open_row (ledger, CANTIGA_TABLE_LEASES, &lease.granted.key, plain, statement, 7, error);
  if (text == NULL || !read_text (text, &lease, error))
    return FALSE;
  *ret_lease = lease;
  return TRUE;
}

gboolean
cantiga_ledger_load_lease (CantigaLedger *ledger, const CantigaId *key, gboolean *ret_there, CantigaLease *ret_lease, GError **error)
{
  g_autoptr (CantigaStatement) statement
      = cantiga_sql_prepare (ledger->sql, SELECT " WHERE number = (SELECT min (number) FROM plays WHERE play = ?1)", error);
  CantigaStep step;

  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, key);
  step = cantiga_statement_step (statement, error);
  *ret_there = step == CANTIGA_STEP_ROW;
  if (step != CANTIGA_STEP_ROW)
    return step == CANTIGA_STEP_DONE;
  /* Somebody may have written the play's key to a row of another play. */
  return read_lease (ledger, statement, ret_lease, error)
         && (cantiga_id_equal (&ret_lease->granted.key, key) || cantiga_ledger_fail_damaged (CANTIGA_TABLE_LEASES, error));
}

static GArray *
read_leases (CantigaLedger *ledger, CantigaStatement *statement, GError **error)
{
  g_autoptr (GArray) leases = g_array_new (FALSE, FALSE, sizeof (CantigaLease));
  CantigaStep step;

  while ((step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      CantigaLease lease;

      if (!read_lease (ledger, statement, &lease, error))
        return NULL;
      g_array_append_val (leases, lease);
    }
  return step == CANTIGA_STEP_DONE ? g_steal_pointer (&leases) : NULL;
}

GArray *
cantiga_ledger_load_leases (CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, SELECT, error);

  return statement != NULL ? read_leases (ledger, statement, error) : NULL;
}

GArray *
cantiga_ledger_load_leases_of (CantigaLedger *ledger, const CantigaLicenceEntry *licence, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, SELECT " WHERE licence = ?1 AND holder = ?2", error);
  CantigaId holder;

  if (statement == NULL || !cantiga_ledger_find_lease_holder (ledger, &licence->listener, &holder, error))
    return NULL;
  cantiga_statement_bind_id (statement, 1, &licence->id);
  cantiga_statement_bind_id (statement, 2, &holder);
  return read_leases (ledger, statement, error);
}

GArray *
cantiga_ledger_load_leases_unstarted_of (CantigaLedger *ledger, const CantigaId *licence, gint64 asked, GError **error)
{
  g_autoptr (CantigaStatement) statement
      = cantiga_sql_prepare (ledger->sql, SELECT " WHERE licence = ?1 AND awaits = ?2 AND asked <= ?3", error);

  if (statement == NULL)
    return NULL;
  cantiga_statement_bind_id (statement, 1, licence);
  cantiga_statement_bind_int (statement, 2, CANTIGA_LEASE_AWAITS_START);
  cantiga_statement_bind_int (statement, 3, asked);
  return read_leases (ledger, statement, error);
}

GArray *
cantiga_ledger_load_leases_held (CantigaLedger *ledger, const CantigaId *listener, gint64 now, GError **error)
{
  g_autoptr (CantigaStatement) statement
      = cantiga_sql_prepare (ledger->sql, SELECT " WHERE holder = ?1 AND ends > ?2 ORDER BY number", error);
  CantigaId holder;

  if (statement == NULL || !cantiga_ledger_find_lease_holder (ledger, listener, &holder, error))
    return NULL;
  cantiga_statement_bind_id (statement, 1, &holder);
  cantiga_statement_bind_int (statement, 2, now);
  return read_leases (ledger, statement, error);
}

static GArray *
load_unheld (CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, SELECT " WHERE holder IS NULL", error);

  return statement != NULL ? read_leases (ledger, statement, error) : NULL;
}

static gboolean
look_for_unheld (CantigaLedger *ledger, gboolean *ret_some, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);
  g_autoptr (GArray) leases = transaction != NULL ? load_unheld (ledger, error) : NULL;

  *ret_some = leases != NULL && leases->len > 0;
  return leases != NULL;
}

gboolean
cantiga_ledger_open_leases (CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = NULL;
  g_autoptr (GArray) leases = NULL;
  gboolean some;

  if (!look_for_unheld (ledger, &some, error))
    return FALSE;
  if (!some)
    return TRUE;
  transaction = cantiga_ledger_write (ledger, error);
  leases = transaction != NULL ? load_unheld (ledger, error) : NULL;
  for (guint i = 0; leases != NULL && i < leases->len; i++)
    if (!cantiga_ledger_store_lease (ledger, &g_array_index (leases, CantigaLease, i), error))
      return FALSE;
  return leases != NULL && cantiga_transaction_commit (transaction, error);
}

GArray *
cantiga_ledger_load_leases_unstarted (CantigaLedger *ledger, gint64 asked, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, SELECT " WHERE awaits = ?1 AND asked <= ?2", error);

  if (statement == NULL)
    return NULL;
  cantiga_statement_bind_int (statement, 1, CANTIGA_LEASE_AWAITS_START);
  cantiga_statement_bind_int (statement, 2, asked);
  return read_leases (ledger, statement, error);
}

GArray *
cantiga_ledger_load_leases_past (CantigaLedger *ledger, gint64 now, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, SELECT " WHERE ends <= ?1", error);

  if (statement == NULL)
    return NULL;
  cantiga_statement_bind_int (statement, 1, now);
  return read_leases (ledger, statement, error);
}

/* ---- what becomes of one ---- */

/* The plays that the lease's licence has left, after one more for a play given back. None if it was deleted or renewed meanwhile. */
static gboolean
settle_licence (CantigaLedger *ledger, const CantigaLease *lease, gboolean given_back, guint *ret_plays_left, GError **error)
{
  CantigaLicenceEntry entry;
  gboolean there;

  /* By the play, not by the licence: so it can be asked with the lease. */
  if (!cantiga_ledger_load_licence_of_play (ledger, &lease->granted.key, &there, &entry, error))
    return FALSE;
  *ret_plays_left = 0;
  if (!there || !cantiga_id_equal (&entry.stamp, &lease->granted.stamp))
    return TRUE;
  if (given_back && entry.licence.plays_left < entry.plays)
    {
      entry.licence.plays_left++;
      if (!cantiga_ledger_store_licence (ledger, &entry, error))
        return FALSE;
    }
  *ret_plays_left = entry.licence.plays_left;
  return TRUE;
}

gboolean
cantiga_ledger_append_lease_event (CantigaLedger *ledger, const CantigaLease *lease, CantigaEventKind kind, gint64 now, GError **error)
{
  CantigaEvent event = lease->granted;

  event.kind = kind;
  event.at = now;
  return settle_licence (ledger, lease, kind == CANTIGA_EVENT_GIVEN_BACK, &event.plays_left, error)
         && cantiga_ledger_append_event (ledger, &event, error);
}

gboolean
cantiga_ledger_close_lease (CantigaLedger *ledger, const CantigaLease *lease, CantigaEventKind kind, gint64 now, GError **error)
{
  g_autoptr (CantigaStatement) statement = NULL;

  if (!cantiga_ledger_append_lease_event (ledger, lease, kind, now, error))
    return FALSE;
  statement = cantiga_sql_prepare (ledger->sql, "DELETE FROM leases WHERE number = ?1", error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_int (statement, 1, lease->granted.number);
  return cantiga_statement_run (statement, NULL, error);
}
