#include "server/ledger-private.h"

#define COLUMNS "id, stamp, plays, plays_left, made, expires, sealed"

gboolean
cantiga_ledger_find_licence (CantigaLedger *ledger, const CantigaId *listener, const CantigaId *title, CantigaLicenceEntry *ret_entry, GError **error)
{
  *ret_entry = (CantigaLicenceEntry){ .listener = *listener, .title = *title };
  return cantiga_ledger_find_by_ids (ledger, CANTIGA_TABLE_LICENCES, listener, title, &ret_entry->id, error);
}

gboolean
cantiga_ledger_init_licence (CantigaLedger *ledger, const CantigaId *listener, const CantigaId *title, CantigaLicenceEntry *ret_entry, GError **error)
{
  if (!cantiga_ledger_find_licence (ledger, listener, title, ret_entry, error))
    return FALSE;
  cantiga_id_new_random (&ret_entry->stamp);
  return TRUE;
}

/* The counts stand in clear, for the database to check them, and are bound to what is sealed: changing one is seen. */
static CantigaBuffer *
plain_of_licence (const CantigaLicenceEntry *entry)
{
  CantigaBuffer *plain = cantiga_buffer_new ();

  cantiga_buffer_add_field (plain, entry->stamp.bytes, sizeof entry->stamp.bytes);
  cantiga_buffer_add_field_u32 (plain, entry->plays);
  cantiga_buffer_add_field_u32 (plain, entry->licence.plays_left);
  cantiga_buffer_add_field_u64 (plain, (guint64)entry->licence.made);
  cantiga_buffer_add_field_u64 (plain, (guint64)entry->licence.expires);
  return plain;
}

static gboolean
read_licence (CantigaLedger *ledger, CantigaStatement *statement, CantigaLicenceEntry *ret_entry, GError **error)
{
  CantigaLicenceEntry entry;
  g_autoptr (CantigaBuffer) plain = NULL;
  g_autoptr (GBytes) text = NULL;
  const guint8 *ids;
  gsize length;

  if (!cantiga_statement_get_id (statement, 0, &entry.id, error) || !cantiga_statement_get_id (statement, 1, &entry.stamp, error))
    return FALSE;
  entry.plays = (guint)cantiga_statement_get_int (statement, 2);
  entry.licence.plays_left = (guint)cantiga_statement_get_int (statement, 3);
  entry.licence.made = cantiga_statement_get_int (statement, 4);
  entry.licence.expires = cantiga_statement_get_int (statement, 5);
  plain = plain_of_licence (&entry);
  text = cantiga_ledger_open_row (ledger, CANTIGA_TABLE_LICENCES, &entry.id, plain, statement, 6, error);
  if (text == NULL)
    return FALSE;
  ids = g_bytes_get_data (text, &length);
  if (length != 2 * CANTIGA_ID_LENGTH)
    return cantiga_ledger_fail_damaged (CANTIGA_TABLE_LICENCES, error);
  memcpy (entry.listener.bytes, ids, CANTIGA_ID_LENGTH);
  memcpy (entry.title.bytes, ids + CANTIGA_ID_LENGTH, CANTIGA_ID_LENGTH);
  *ret_entry = entry;
  return TRUE;
}

/* text: a SELECT of COLUMNS, a literal; id: its parameter. */
static gboolean
load_one (CantigaLedger *ledger, const char *text, const CantigaId *id, gboolean *ret_there, CantigaLicenceEntry *ret_entry, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, text, error);
  CantigaStep step;

  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, id);
  step = cantiga_statement_step (statement, error);
  *ret_there = step == CANTIGA_STEP_ROW;
  return step == CANTIGA_STEP_ROW ? read_licence (ledger, statement, ret_entry, error) : step == CANTIGA_STEP_DONE;
}

gboolean
cantiga_ledger_load_licence (CantigaLedger *ledger, const CantigaId *id, gboolean *ret_there, CantigaLicenceEntry *ret_entry, GError **error)
{
  return load_one (ledger, "SELECT " COLUMNS " FROM licences WHERE id = ?1", id, ret_there, ret_entry, error);
}

gboolean
cantiga_ledger_load_licence_of_play (CantigaLedger *ledger, const CantigaId *key, gboolean *ret_there, CantigaLicenceEntry *ret_entry, GError **error)
{
  return load_one (ledger,
                   "SELECT " COLUMNS " FROM licences"
                   " WHERE id = (SELECT licence FROM leases WHERE number = (SELECT min (number) FROM plays WHERE play = ?1))",
                   key, ret_there, ret_entry, error);
}

gboolean
cantiga_ledger_load_licence_due (CantigaLedger *ledger, const CantigaId *id, gint64 asked, gboolean *ret_there, CantigaLicenceEntry *ret_entry,
                                 gboolean *ret_due, GError **error)
{
  g_autoptr (CantigaStatement) statement
      = cantiga_sql_prepare (ledger->sql,
                             "SELECT " COLUMNS ", (SELECT count (*) FROM leases WHERE licence = ?1 AND awaits = ?2 AND asked <= ?3)"
                             " FROM (SELECT 1) AS one LEFT JOIN licences ON id = ?1",
                             error);
  CantigaStep step;
  gsize length;

  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, id);
  cantiga_statement_bind_int (statement, 2, CANTIGA_LEASE_AWAITS_START);
  cantiga_statement_bind_int (statement, 3, asked);
  step = cantiga_statement_step (statement, error);
  *ret_due = step == CANTIGA_STEP_ROW && cantiga_statement_get_int (statement, 7) > 0;
  *ret_there = step == CANTIGA_STEP_ROW && cantiga_statement_get_blob (statement, 0, &length) != NULL;
  return *ret_there ? read_licence (ledger, statement, ret_entry, error) : step != CANTIGA_STEP_FAILED;
}

static GBytes *
seal_licence (CantigaLedger *ledger, const CantigaLicenceEntry *entry, GError **error)
{
  g_autoptr (CantigaBuffer) plain = plain_of_licence (entry);
  guint8 ids[2 * CANTIGA_ID_LENGTH];

  memcpy (ids, entry->listener.bytes, CANTIGA_ID_LENGTH);
  memcpy (ids + CANTIGA_ID_LENGTH, entry->title.bytes, CANTIGA_ID_LENGTH);
  return cantiga_ledger_seal_row (ledger, CANTIGA_TABLE_LICENCES, &entry->id, plain, ids, sizeof ids, error);
}

gboolean
cantiga_ledger_find_licence_holder (CantigaLedger *ledger, const CantigaId *listener, CantigaId *ret_holder, GError **error)
{
  return cantiga_ledger_find_by_ids (ledger, CANTIGA_TABLE_LICENCES, listener, NULL, ret_holder, error);
}

gboolean
cantiga_ledger_store_licence_of (CantigaLedger *ledger, const CantigaLicenceEntry *entry, const CantigaId *holder, GError **error)
{
  g_autoptr (GBytes) sealed = seal_licence (ledger, entry, error);
  g_autoptr (CantigaStatement) statement = NULL;

  if (sealed == NULL)
    return FALSE;
  statement = cantiga_sql_prepare (ledger->sql,
                                   "INSERT INTO licences (holder, " COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET"
                                   " stamp = excluded.stamp, plays = excluded.plays, plays_left = excluded.plays_left, made = excluded.made,"
                                   " expires = excluded.expires, sealed = excluded.sealed",
                                   error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, holder);
  cantiga_statement_bind_id (statement, 2, &entry->id);
  cantiga_statement_bind_id (statement, 3, &entry->stamp);
  cantiga_statement_bind_int (statement, 4, entry->plays);
  cantiga_statement_bind_int (statement, 5, entry->licence.plays_left);
  cantiga_statement_bind_int (statement, 6, entry->licence.made);
  cantiga_statement_bind_int (statement, 7, entry->licence.expires);
  cantiga_statement_bind_bytes (statement, 8, sealed);
  return cantiga_statement_gather (statement, error);
}

gboolean
cantiga_ledger_store_licence (CantigaLedger *ledger, const CantigaLicenceEntry *entry, GError **error)
{
  CantigaId holder;

  return cantiga_ledger_find_licence_holder (ledger, &entry->listener, &holder, error)
         && cantiga_ledger_store_licence_of (ledger, entry, &holder, error);
}

gboolean
cantiga_ledger_delete_licence (CantigaLedger *ledger, const CantigaId *id, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "DELETE FROM licences WHERE id = ?1", error);

  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, id);
  return cantiga_statement_run (statement, NULL, error);
}

static CantigaStatement *
select_licences (CantigaLedger *ledger, const CantigaId *holder, GError **error)
{
  CantigaStatement *statement;

  if (holder == NULL)
    return cantiga_sql_prepare (ledger->sql, "SELECT " COLUMNS " FROM licences", error);
  statement = cantiga_sql_prepare (ledger->sql, "SELECT " COLUMNS " FROM licences WHERE holder = ?1", error);
  if (statement != NULL)
    cantiga_statement_bind_id (statement, 1, holder);
  return statement;
}

GArray *
cantiga_ledger_load_licences (CantigaLedger *ledger, const CantigaId *listener, GError **error)
{
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (CantigaLicenceEntry));
  g_autoptr (CantigaStatement) statement = NULL;
  CantigaStep step = CANTIGA_STEP_FAILED;
  CantigaId holder;

  if (listener != NULL && !cantiga_ledger_find_licence_holder (ledger, listener, &holder, error))
    return NULL;
  statement = select_licences (ledger, listener != NULL ? &holder : NULL, error);
  while (statement != NULL && (step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      CantigaLicenceEntry entry;

      if (!read_licence (ledger, statement, &entry, error))
        return NULL;
      g_array_append_val (entries, entry);
    }
  return step == CANTIGA_STEP_DONE ? g_steal_pointer (&entries) : NULL;
}
