/* A ledger that comes out of a backup: what was spent after the backup was made must not come back unseen (docs/protocol.md 9.5, docs/adr/0017). */
#include "server/ledger-private.h"

/* What the ledger that was in its place says of the time after the backup. */
typedef struct
{
  gint64 since;       /* the backup's last row */
  GHashTable *spent;  /* stamp of a licence → plays taken, less those given back */
  GHashTable *ended;  /* stamps of licences that were revoked or given back */
  guint all;          /* plays taken, less those given back, of all licences */
} After;

static void
after_clear (After *after)
{
  g_clear_pointer (&after->spent, g_hash_table_unref);
  g_clear_pointer (&after->ended, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (After, after_clear)

static gint
get_spent (const After *after, const CantigaId *stamp)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (after->spent, stamp));
}

static gboolean
note_event (const CantigaEvent *event, gpointer user_data, GError **error)
{
  static const CantigaId no_play = { { 0 } };
  After *after = user_data;
  gint n = event->kind == CANTIGA_EVENT_GRANTED ? 1 : event->kind == CANTIGA_EVENT_GIVEN_BACK ? -1 : 0;

  if (event->number <= after->since)
    return TRUE;
  if (n != 0)
    g_hash_table_insert (after->spent, g_memdup2 (&event->stamp, sizeof event->stamp), GINT_TO_POINTER (get_spent (after, &event->stamp) + n));
  if ((event->kind == CANTIGA_EVENT_REVOKED || event->kind == CANTIGA_EVENT_RETURNED) && cantiga_id_equal (&event->key, &no_play))
    g_hash_table_add (after->ended, g_memdup2 (&event->stamp, sizeof event->stamp));
  return TRUE;
}

static guint
count_all (const After *after)
{
  GHashTableIter iter;
  gpointer n;
  guint all = 0;

  g_hash_table_iter_init (&iter, after->spent);
  while (g_hash_table_iter_next (&iter, NULL, &n))
    all += (guint)MAX (GPOINTER_TO_INT (n), 0);
  return all;
}

/* ---- whether before is what the backup became ---- */

static gboolean
same_row (CantigaLedger *ledger, CantigaLedger *before, gint64 number)
{
  CantigaEvent ours, theirs;

  return cantiga_ledger_load_event (ledger, number, &ours, NULL) && cantiga_ledger_load_event (before, number, &theirs, NULL)
         && ours.kind == theirs.kind && ours.at == theirs.at && cantiga_id_equal (&ours.key, &theirs.key)
         && cantiga_id_equal (&ours.stamp, &theirs.stamp);
}

static gboolean
same_ids (CantigaLedger *ledger, CantigaLedger *before)
{
  return cantiga_secret_length (ledger->id_key) == cantiga_secret_length (before->id_key)
         && cantiga_bytes_equal (cantiga_secret_bytes (ledger->id_key), cantiga_secret_bytes (before->id_key), cantiga_secret_length (ledger->id_key));
}

/* FALSE: nothing can be learnt from it. */
static gboolean
learn (CantigaLedger *ledger, CantigaLedger *before, After *after)
{
  g_autoptr (CantigaTransaction) reading = NULL;

  if (before == NULL || !same_ids (ledger, before) || (reading = cantiga_ledger_read (before, NULL)) == NULL
      || !cantiga_ledger_last_number (ledger, &after->since, NULL) || (after->since > 0 && !same_row (ledger, before, after->since))
      || !cantiga_ledger_each_event (before, note_event, after, NULL))
    return FALSE;
  after->all = count_all (after);
  return TRUE;
}

/* ---- licences ---- */

static gboolean
lower (CantigaLedger *ledger, CantigaLicenceEntry *entry, guint left, gint64 now, GError **error)
{
  CantigaEvent event = {
    .kind = CANTIGA_EVENT_LOWERED,
    .at = now,
    .listener = entry->listener,
    .title = entry->title,
    .stamp = entry->stamp,
    .plays = entry->plays,
    .plays_left = left,
  };

  entry->licence.plays_left = left;
  return cantiga_ledger_store_licence (ledger, entry, error) && cantiga_ledger_append_event (ledger, &event, error);
}

/* What a licence may still have: known exactly, or else nothing. */
static guint
get_left (const After *after, gboolean known, const CantigaLicenceEntry *entry)
{
  guint spent = (guint)MAX (get_spent (after, &entry->stamp), 0);

  if (!known || g_hash_table_contains (after->ended, &entry->stamp))
    return 0;
  return entry->licence.plays_left - MIN (entry->licence.plays_left, spent);
}

static gboolean
lower_all (CantigaLedger *ledger, const After *after, gboolean keep_plays, gint64 now, CantigaRestored *restored, GError **error)
{
  g_autoptr (GArray) entries = cantiga_ledger_load_licences (ledger, NULL, error);
  guint taken = 0;

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      CantigaLicenceEntry *entry = &g_array_index (entries, CantigaLicenceEntry, i);
      guint left = get_left (after, restored->known, entry);
      guint down = entry->licence.plays_left - left;

      taken += restored->known ? MIN (down, (guint)MAX (get_spent (after, &entry->stamp), 0)) : 0;
      if (down == 0)
        continue;
      restored->plays += down;
      restored->licences++;
      if (!keep_plays && !lower (ledger, entry, left, now, error))
        return FALSE;
    }
  /* Of licences that were made after the backup nothing is left that could be lowered. */
  restored->may_return = restored->known ? after->all - taken : 0;
  if (keep_plays)
    {
      restored->may_return += restored->plays;
      restored->plays = restored->licences = 0;
    }
  return entries != NULL;
}

/* Each was granted before the backup, and may have been heard since: none is given back. */
static gboolean
close_all (CantigaLedger *ledger, gint64 now, GError **error)
{
  g_autoptr (GArray) leases = cantiga_ledger_load_leases (ledger, error);

  for (guint i = 0; leases != NULL && i < leases->len; i++)
    if (!cantiga_ledger_close_lease (ledger, &g_array_index (leases, CantigaLease, i), CANTIGA_EVENT_CLOSED, now, error))
      return FALSE;
  return leases != NULL;
}

static gboolean
record (CantigaLedger *ledger, const CantigaRestored *restored, gint64 now, GError **error)
{
  CantigaEvent event = { .kind = CANTIGA_EVENT_RESTORED, .at = now, .plays = restored->licences, .plays_left = restored->may_return };

  return cantiga_ledger_append_event (ledger, &event, error);
}

/* ---- what was revoked meanwhile stays revoked ---- */

static gboolean
passes (gboolean done, GError *failure, GError **error)
{
  if (done || g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND))
    {
      g_clear_error (&failure);
      return TRUE;
    }
  g_propagate_error (error, failure);
  return FALSE;
}

static gboolean
revoke_again (CantigaLedger *ledger, CantigaLedger *before, GError **error)
{
  g_autoptr (GPtrArray) cards = cantiga_ledger_list_cards (before, error);
  g_autoptr (GPtrArray) players = cards != NULL ? cantiga_ledger_list_players (before, error) : NULL;

  if (players == NULL)
    return FALSE;
  for (guint i = 0; i < cards->len; i++)
    {
      const CantigaCardRow *card = g_ptr_array_index (cards, i);
      GError *failure = NULL;

      if (card->revoked != 0 && !passes (cantiga_ledger_revoke_card (ledger, &card->id, card->revoked, &failure), failure, error))
        return FALSE;
    }
  for (guint i = 0; i < players->len; i++)
    {
      const CantigaPlayerRow *player = g_ptr_array_index (players, i);
      GError *failure = NULL;

      if (player->revoked != 0 && !passes (cantiga_ledger_revoke_player (ledger, player->uuid, player->revoked, &failure), failure, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
cantiga_ledger_restore (CantigaLedger *ledger, CantigaLedger *before, gboolean keep_plays, gint64 now, CantigaRestored *ret_restored, GError **error)
{
  g_auto (After) after = { .spent = g_hash_table_new_full (cantiga_id_hash, cantiga_id_equal_func, g_free, NULL),
                           .ended = g_hash_table_new_full (cantiga_id_hash, cantiga_id_equal_func, g_free, NULL) };
  g_autoptr (CantigaTransaction) writing = cantiga_ledger_write (ledger, error);
  CantigaRestored restored = { 0 };

  if (writing == NULL)
    return FALSE;
  restored.known = learn (ledger, before, &after);
  if (!close_all (ledger, now, error) || !lower_all (ledger, &after, keep_plays, now, &restored, error)
      || !cantiga_ledger_forget_crl (ledger, error) || !record (ledger, &restored, now, error) || !cantiga_transaction_commit (writing, error))
    return FALSE;
  g_clear_pointer (&writing, cantiga_transaction_end);
  if (restored.known && !revoke_again (ledger, before, error))
    return FALSE;
  *ret_restored = restored;
  return TRUE;
}

/* ---- for the keeper ---- */

typedef struct
{
  gint64 at;
  guint may_return;
} Seen;

static gboolean
see_restored (const CantigaEvent *event, gpointer user_data, GError **error)
{
  Seen *seen = user_data;

  if (event->kind == CANTIGA_EVENT_RESTORED)
    {
      seen->at = event->at;
      seen->may_return += event->plays_left;
    }
  return TRUE;
}

gboolean
cantiga_ledger_get_restored (CantigaLedger *ledger, gint64 *ret_at, guint *ret_may_return, GError **error)
{
  g_autoptr (CantigaTransaction) reading = cantiga_ledger_read (ledger, error);
  Seen seen = { 0 };

  if (reading == NULL || !cantiga_ledger_each_event (ledger, see_restored, &seen, error))
    return FALSE;
  *ret_at = seen.at;
  *ret_may_return = seen.may_return;
  return TRUE;
}

gboolean
cantiga_ledger_count (CantigaLedger *ledger, guint *ret_titles, guint64 *ret_plays, GError **error)
{
  g_autoptr (CantigaTransaction) reading = cantiga_ledger_read (ledger, error);
  g_autoptr (CantigaStatement) statement = reading != NULL ? cantiga_sql_prepare (ledger->sql, "SELECT count (*) FROM titles", error) : NULL;
  gint64 number;

  if (statement == NULL || cantiga_statement_step (statement, error) != CANTIGA_STEP_ROW || !cantiga_ledger_last_number (ledger, &number, error))
    return FALSE;
  *ret_titles = (guint)cantiga_statement_get_int (statement, 0);
  *ret_plays = (guint64)number;
  return TRUE;
}
