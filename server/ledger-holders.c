/* Licences as their keeper and their listeners see and change them; the rows are ledger-licences.c's. */
#include "server/ledger-private.h"

static void
tell_licence (const CantigaLicenceEntry *entry, CantigaLicenceRow *ret_row)
{
  ret_row->id = entry->id;
  ret_row->listener = entry->listener;
  ret_row->title = entry->title;
  ret_row->plays = entry->plays;
  ret_row->licence = entry->licence;
}

GPtrArray *
cantiga_ledger_list_licences (CantigaLedger *ledger, const CantigaId *listener, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) entries = transaction != NULL ? cantiga_ledger_load_licences (ledger, listener, error) : NULL;

  if (entries == NULL)
    return NULL;
  for (guint i = 0; i < entries->len; i++)
    {
      CantigaLicenceRow *row = g_new0 (CantigaLicenceRow, 1);

      tell_licence (&g_array_index (entries, CantigaLicenceEntry, i), row);
      g_ptr_array_add (rows, row);
    }
  return g_steal_pointer (&rows);
}

/* What becomes of a licence leaves its trace among the plays: an event of no play. */
static gboolean
record (CantigaLedger *ledger, const CantigaLicenceEntry *entry, CantigaEventKind kind, gint64 now, GError **error)
{
  CantigaEvent event = {
    .kind = kind,
    .at = now,
    .listener = entry->listener,
    .title = entry->title,
    .stamp = entry->stamp,
    .plays = entry->plays,
    .plays_left = kind == CANTIGA_EVENT_RENEWED ? entry->licence.plays_left : 0,
  };

  return cantiga_ledger_append_event (ledger, &event, error);
}

/* ---- given, renewed ---- */

static gboolean
give_licence (CantigaLedger *ledger, const CantigaId *listener, const CantigaId *title, guint plays, gint64 validity, gint64 now,
              CantigaLicenceEntry *ret_entry, GError **error)
{
  if (!cantiga_ledger_init_licence (ledger, listener, title, ret_entry, error))
    return FALSE;
  ret_entry->plays = plays;
  ret_entry->licence.plays_left = plays;
  ret_entry->licence.made = now;
  ret_entry->licence.expires = now + validity;
  return cantiga_ledger_store_licence (ledger, ret_entry, error) && record (ledger, ret_entry, CANTIGA_EVENT_RENEWED, now, error);
}

gboolean
cantiga_ledger_put_licence (CantigaLedger *ledger, const CantigaId *listener, const CantigaId *title, guint plays, gint64 validity, gint64 now,
                            GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  CantigaLicenceEntry entry;

  return transaction != NULL && give_licence (ledger, listener, title, plays, validity, now, &entry, error)
         && cantiga_transaction_commit (transaction, error);
}

/* CANTIGA_ERROR_NOT_FOUND. */
static gboolean
take_licence (CantigaLedger *ledger, const CantigaId *listener, const CantigaId *title, CantigaLicenceEntry *ret_entry, GError **error)
{
  gboolean there;
  CantigaId id;

  if (!cantiga_ledger_find_by_ids (ledger, CANTIGA_TABLE_LICENCES, listener, title, &id, error)
      || !cantiga_ledger_load_licence (ledger, &id, &there, ret_entry, error))
    return FALSE;
  return there || cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "There is no licence for this title: hearing it makes one.");
}

gboolean
cantiga_ledger_renew_licence (CantigaLedger *ledger, const CantigaPolicy *policy, const CantigaId *listener, const CantigaId *title,
                              gboolean used_here, gint64 now, CantigaLicenceRow *ret_row, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  CantigaLicenceEntry entry;
  CantigaRenewable renewable;
  gint64 from;

  if (transaction == NULL || !take_licence (ledger, listener, title, &entry, error))
    return FALSE;
  renewable = cantiga_licence_get_renewable (policy, &entry.licence, used_here, now, &from);
  if (renewable != CANTIGA_RENEWABLE_NOW)
    return cantiga_renewable_fail (renewable, error);
  if (!give_licence (ledger, listener, title, MAX (policy->plays, 1), cantiga_policy_draw_validity (policy), now, &entry, error)
      || !cantiga_transaction_commit (transaction, error))
    return FALSE;
  tell_licence (&entry, ret_row);
  return TRUE;
}

/* ---- given back ---- */

/* It stays, with nothing left: deleted, the next request would make a new one. A stamp of its own, so that no play is given back to it. */
static gboolean
empty_licence (CantigaLedger *ledger, CantigaLicenceEntry *entry, GError **error)
{
  cantiga_id_new_random (&entry->stamp);
  entry->plays = 0;
  entry->licence.plays_left = 0;
  return cantiga_ledger_store_licence (ledger, entry, error);
}

gboolean
cantiga_ledger_return_licence (CantigaLedger *ledger, const CantigaPolicy *policy, const CantigaId *listener, const CantigaId *title, gint64 now,
                               gboolean *ret_deleted, CantigaLicenceRow *ret_row, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  gboolean deleted = policy->renewal == CANTIGA_RENEWAL_NEW_SESSION;
  CantigaLicenceEntry entry;

  if (transaction == NULL || !take_licence (ledger, listener, title, &entry, error)
      || !record (ledger, &entry, CANTIGA_EVENT_RETURNED, now, error)
      || !(deleted ? cantiga_ledger_delete_licence (ledger, &entry.id, error) : empty_licence (ledger, &entry, error))
      || !cantiga_transaction_commit (transaction, error))
    return FALSE;
  *ret_deleted = deleted;
  tell_licence (&entry, ret_row);
  return TRUE;
}

/* ---- revoked ---- */

static gboolean
revoke_leases (CantigaLedger *ledger, const CantigaLicenceEntry *licence, gint64 now, GError **error)
{
  g_autoptr (GArray) leases = cantiga_ledger_load_leases_of (ledger, licence, error);

  if (leases == NULL)
    return FALSE;
  for (guint i = 0; i < leases->len; i++)
    if (!cantiga_ledger_close_lease (ledger, &g_array_index (leases, CantigaLease, i), CANTIGA_EVENT_REVOKED, now, error))
      return FALSE;
  return TRUE;
}

gboolean
cantiga_ledger_revoke_licence (CantigaLedger *ledger, const CantigaId *id, gint64 now, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  CantigaLicenceEntry entry;
  gboolean there;

  if (transaction == NULL || !cantiga_ledger_load_licence (ledger, id, &there, &entry, error))
    return FALSE;
  if (!there)
    return cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "There is no such licence: licences list shows those that there are.");
  return cantiga_ledger_delete_licence (ledger, id, error) && record (ledger, &entry, CANTIGA_EVENT_REVOKED, now, error)
         && revoke_leases (ledger, &entry, now, error) && cantiga_transaction_commit (transaction, error);
}
