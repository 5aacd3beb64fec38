#include "server/ledger-private.h"

/* What the events say about one play. */
typedef struct
{
  gint64 number;          /* of its grant */
  CantigaEventKind state; /* of its last event */
  CantigaId stamp;
} Play;

/* What the events say, gathered in one pass; the rows of the current state are then held against it. */
typedef struct
{
  CantigaLedger *ledger;
  GHashTable *plays; /* key of the play → Play */
  GHashTable *taken; /* stamp of a licence → how many of its plays are taken */
} Gathered;

static void
gathered_clear (Gathered *gathered)
{
  g_clear_pointer (&gathered->plays, g_hash_table_unref);
  g_clear_pointer (&gathered->taken, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Gathered, gathered_clear)

static gboolean
fail_at_event (const CantigaEvent *event, const char *what, GError **error)
{
  return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED,
                            "Row %" G_GINT64_FORMAT " of the ledger's plays is wrong: %s. Restore the ledger from a backup.", event->number, what);
}

/* ---- events ---- */

static gint
get_taken (Gathered *gathered, const CantigaId *stamp)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (gathered->taken, stamp));
}

static void
add_taken (Gathered *gathered, const CantigaId *stamp, gint n)
{
  g_hash_table_insert (gathered->taken, g_memdup2 (stamp, sizeof *stamp), GINT_TO_POINTER (get_taken (gathered, stamp) + n));
}

/* docs/protocol.md 9.5: "no play counted twice". */
static gboolean
gather_grant (Gathered *gathered, const CantigaEvent *event, GError **error)
{
  Play *play;

  if (g_hash_table_contains (gathered->plays, &event->key))
    return fail_at_event (event, "its play was granted before", error);
  play = g_new0 (Play, 1);
  play->number = event->number;
  play->state = CANTIGA_EVENT_GRANTED;
  play->stamp = event->stamp;
  g_hash_table_insert (gathered->plays, g_memdup2 (&event->key, sizeof event->key), play);
  add_taken (gathered, &event->stamp, 1);
  if (event->plays_left != event->plays - (guint)get_taken (gathered, &event->stamp))
    return fail_at_event (event, "its count does not follow from the plays before", error);
  return cantiga_ledger_verify_heard (gathered->ledger, event, error);
}

static gboolean
is_open (CantigaEventKind state)
{
  return state == CANTIGA_EVENT_GRANTED || state == CANTIGA_EVENT_STARTED;
}

static gboolean
gather_event (const CantigaEvent *event, gpointer user_data, GError **error)
{
  static const CantigaId no_play = { { 0 } };
  Gathered *gathered = user_data;
  Play *play = g_hash_table_lookup (gathered->plays, &event->key);
  CantigaId key;

  /* Its plays that are gone, for all that is known, were taken. */
  if (event->kind == CANTIGA_EVENT_LOWERED)
    add_taken (gathered, &event->stamp, (gint)(event->plays - event->plays_left) - get_taken (gathered, &event->stamp));
  /* What became of a licence or of the ledger, not of one of its plays. */
  if (event->kind >= CANTIGA_EVENT_REVOKED && cantiga_id_equal (&event->key, &no_play))
    return TRUE;
  if (!cantiga_ledger_find_by_ids (gathered->ledger, CANTIGA_TABLE_PLAYS, &event->listener, &event->play, &key, error))
    return FALSE;
  if (!cantiga_id_equal (&key, &event->key))
    return fail_at_event (event, "it is of another play than it says", error);
  if (event->kind == CANTIGA_EVENT_GRANTED)
    return gather_grant (gathered, event, error);
  if (play == NULL || !is_open (play->state) || (event->kind == CANTIGA_EVENT_STARTED && play->state == CANTIGA_EVENT_STARTED)
      || !cantiga_id_equal (&play->stamp, &event->stamp))
    return fail_at_event (event, "it does not follow from what its play was before", error);
  play->state = event->kind;
  if (event->kind == CANTIGA_EVENT_GIVEN_BACK)
    add_taken (gathered, &event->stamp, -1);
  return TRUE;
}

/* ---- current state ---- */

static gboolean
verify_licences (Gathered *gathered, GError **error)
{
  g_autoptr (GArray) entries = cantiga_ledger_load_licences (gathered->ledger, NULL, error);

  if (entries == NULL)
    return FALSE;
  for (guint i = 0; i < entries->len; i++)
    {
      const CantigaLicenceEntry *entry = &g_array_index (entries, CantigaLicenceEntry, i);
      char text[CANTIGA_ID_TEXT_LENGTH];
      CantigaId id;

      if (!cantiga_ledger_find_by_ids (gathered->ledger, CANTIGA_TABLE_LICENCES, &entry->listener, &entry->title, &id, error))
        return FALSE;
      if (!cantiga_id_equal (&id, &entry->id))
        return cantiga_ledger_fail_damaged (CANTIGA_TABLE_LICENCES, error);
      if (entry->licence.plays_left + (guint)get_taken (gathered, &entry->stamp) != entry->plays)
        return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED,
                                  "Licence %s does not agree with the ledger's plays: restore the ledger from a backup.",
                                  cantiga_id_format (&entry->id, text));
    }
  return TRUE;
}

static gboolean
lease_agrees (const CantigaLease *lease, const Play *play)
{
  CantigaEventKind state = lease->awaits == CANTIGA_LEASE_AWAITS_START ? CANTIGA_EVENT_GRANTED : CANTIGA_EVENT_STARTED;

  return play != NULL && play->state == state && play->number == lease->granted.number && cantiga_id_equal (&play->stamp, &lease->granted.stamp);
}

static guint
count_open (Gathered *gathered)
{
  GHashTableIter iter;
  gpointer play;
  guint n = 0;

  g_hash_table_iter_init (&iter, gathered->plays);
  while (g_hash_table_iter_next (&iter, NULL, &play))
    n += is_open (((const Play *)play)->state);
  return n;
}

static gboolean
verify_leases (Gathered *gathered, GError **error)
{
  g_autoptr (GArray) leases = cantiga_ledger_load_leases (gathered->ledger, error);

  if (leases == NULL)
    return FALSE;
  for (guint i = 0; i < leases->len; i++)
    {
      const CantigaLease *lease = &g_array_index (leases, CantigaLease, i);

      if (!lease_agrees (lease, g_hash_table_lookup (gathered->plays, &lease->granted.key)))
        return cantiga_ledger_fail_damaged (CANTIGA_TABLE_LEASES, error);
    }
  if (leases->len != count_open (gathered))
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED,
                              "Plays that are not over are missing from the ledger's leases: restore the ledger from a backup.");
  return TRUE;
}

gboolean
cantiga_ledger_check (CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);

  return transaction != NULL && cantiga_sql_check (ledger->sql, error);
}

gboolean
cantiga_ledger_verify (CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);
  g_auto (Gathered) gathered = { .ledger = ledger,
                                 .plays = g_hash_table_new_full (cantiga_id_hash, cantiga_id_equal_func, g_free, g_free),
                                 .taken = g_hash_table_new_full (cantiga_id_hash, cantiga_id_equal_func, g_free, NULL) };

  return transaction != NULL && cantiga_sql_check (ledger->sql, error) && cantiga_ledger_verify_titles (ledger, error)
         && cantiga_ledger_verify_cards (ledger, error) && cantiga_ledger_verify_players (ledger, error)
         && cantiga_ledger_verify_invitations (ledger, error) && cantiga_ledger_verify_rules (ledger, error)
         && cantiga_ledger_verify_followed (ledger, error) && cantiga_ledger_each_event (ledger, gather_event, &gathered, error)
         && cantiga_ledger_verify_n_heard (ledger, g_hash_table_size (gathered.plays), error) && verify_licences (&gathered, error) && verify_leases (&gathered, error);
}
