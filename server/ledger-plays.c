#include "server/ledger-private.h"

/* One request for a play, and what came of it. A refusal can change the ledger as well (a spent licence is deleted): it is committed, then told. */
typedef struct
{
  CantigaLedger *ledger;
  const CantigaPolicy *policy;
  const CantigaId *listener, *title, *play;
  const char *player;
  double duration;
  gboolean refused;
  gint64 now;
  CantigaId key;             /* of the play */
  CantigaLicenceEntry fresh; /* the licence as it would be made, before a stamp is drawn for it; its id is that of the one that is there, too */
  CantigaId licence_holder, lease_holder;

  CantigaPlay granted;
  gboolean deleted;
  GError *refusal;
} Asking;

static gboolean
find_play (CantigaLedger *ledger, const CantigaId *listener, const CantigaId *play, CantigaId *ret_key, GError **error)
{
  return cantiga_ledger_find_by_ids (ledger, CANTIGA_TABLE_PLAYS, listener, play, ret_key, error);
}

/* Why a play of which there were events goes on no more. */
static gboolean
fail_over (const CantigaEvent *last, GError **error)
{
  return cantiga_fail (error, last->kind == CANTIGA_EVENT_REVOKED ? CANTIGA_ERROR_LICENCE_REFUSED : CANTIGA_ERROR_PLAY_OVER);
}

static void
tell_lease (const CantigaLease *lease, CantigaPlay *ret_play)
{
  ret_play->play = lease->granted.play;
  ret_play->listener = lease->granted.listener;
  ret_play->title = lease->granted.title;
  ret_play->plays_left = lease->granted.plays_left;
  ret_play->expires = lease->expires;
  ret_play->asked = lease->granted.at;
  ret_play->ends = lease->ends;
}

static gboolean
close_past (CantigaLedger *ledger, const CantigaLease *lease, gint64 now, GError **error)
{
  CantigaEventKind kind = lease->awaits == CANTIGA_LEASE_AWAITS_START ? CANTIGA_EVENT_GIVEN_BACK : CANTIGA_EVENT_CLOSED;

  return cantiga_ledger_close_lease (ledger, lease, kind, now, error);
}

static gboolean
give_back_of (CantigaLedger *ledger, const CantigaId *licence, gint64 now, GError **error)
{
  g_autoptr (GArray) leases = cantiga_ledger_load_leases_unstarted_of (ledger, licence, now - CANTIGA_PLAY_GIVEN_BACK_AFTER, error);

  if (leases == NULL)
    return FALSE;
  for (guint i = 0; i < leases->len; i++)
    if (!cantiga_ledger_close_lease (ledger, &g_array_index (leases, CantigaLease, i), CANTIGA_EVENT_GIVEN_BACK, now, error))
      return FALSE;
  return TRUE;
}

/* The licence, after docs/protocol.md 9.3: "A play that never got its first chunk within a minute is given back." Whether there is such a play is asked with the licence. */
static gboolean
load_licence (Asking *asking, gboolean *ret_there, CantigaLicenceEntry *ret_entry, GError **error)
{
  const CantigaId *id = &asking->fresh.id;
  gboolean due;

  if (!cantiga_ledger_load_licence_due (asking->ledger, id, asking->now - CANTIGA_PLAY_GIVEN_BACK_AFTER, ret_there, ret_entry, &due, error))
    return FALSE;
  if (!due)
    return TRUE;
  return give_back_of (asking->ledger, id, asking->now, error) && cantiga_ledger_load_licence (asking->ledger, id, ret_there, ret_entry, error);
}

/* ---- grant ---- */

/* docs/protocol.md 9: "the same play asked again … costs nothing". */
static gboolean
grant_again (Asking *asking, const CantigaLease *lease, GError **error)
{
  if (!cantiga_id_equal (&lease->granted.title, asking->title))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "This play is of another title: a new play has a new identifier.");
  if (lease->ends > asking->now)
    {
      tell_lease (lease, &asking->granted);
      return TRUE;
    }
  cantiga_fail (&asking->refusal, CANTIGA_ERROR_PLAY_OVER);
  return close_past (asking->ledger, lease, asking->now, error);
}

static gboolean
record_grant (Asking *asking, const CantigaLicenceEntry *entry, GError **error)
{
  CantigaLease lease = {
    .awaits = CANTIGA_LEASE_AWAITS_START,
    .licence = entry->id,
    .expires = entry->licence.expires,
    .ends = cantiga_play_window_end (asking->now, asking->duration),
    .granted = {
      .kind = CANTIGA_EVENT_GRANTED,
      .at = asking->now,
      .key = asking->key,
      .play = *asking->play,
      .listener = *asking->listener,
      .title = *asking->title,
      .stamp = entry->stamp,
      .plays = entry->plays,
      .plays_left = entry->licence.plays_left,
    },
  };

  if (g_strlcpy (lease.granted.player, asking->player, sizeof lease.granted.player) >= sizeof lease.granted.player)
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The player's identity is not a UUID.");
  tell_lease (&lease, &asking->granted);
  return cantiga_ledger_append_event (asking->ledger, &lease.granted, error)
         && cantiga_ledger_index_play (asking->ledger, &entry->id, lease.granted.number, error)
         && cantiga_ledger_store_lease_of (asking->ledger, &lease, &asking->lease_holder, error);
}

/* The refusal names the player, for the listener to know where. */
static gboolean
refuse_elsewhere (Asking *asking, const CantigaLease *other, GError **error)
{
  g_autofree char *name = NULL;

  if (!cantiga_ledger_load_player_name (asking->ledger, other->granted.player, &name, error))
    return FALSE;
  cantiga_fail_with (&asking->refusal, CANTIGA_ERROR_TOO_MANY_PLAYS, "You are listening on “%s” already: end that first.",
                     name != NULL ? name : other->granted.player);
  return TRUE;
}

/* docs/protocol.md 9.9. Refused if the listener hears at as many players as may be; a play of the player that asks may be on its way out. */
static gboolean
check_at_once (Asking *asking, gboolean *ret_granted, GError **error)
{
  g_autoptr (GArray) leases = NULL;
  guint own = 0, others = 0;
  const CantigaLease *other = NULL;

  *ret_granted = TRUE;
  if (asking->policy->at_once == 0)
    return TRUE;
  leases = cantiga_ledger_load_leases_held (asking->ledger, asking->listener, asking->now, error);
  if (leases == NULL)
    return FALSE;
  for (guint i = 0; i < leases->len; i++)
    {
      const CantigaLease *lease = &g_array_index (leases, CantigaLease, i);

      if (g_str_equal (lease->granted.player, asking->player))
        own++;
      else
        others++;
      if (other == NULL || !g_str_equal (lease->granted.player, asking->player))
        other = lease;
    }
  if (others + (own > 1 ? own - 1 : 0) < asking->policy->at_once)
    return TRUE;
  *ret_granted = FALSE;
  return refuse_elsewhere (asking, other, error);
}

/* Its licence's time is drawn for each new licence. */
static CantigaPolicy
draw_policy (const CantigaPolicy *policy)
{
  CantigaPolicy drawn = *policy;

  drawn.validity = cantiga_policy_draw_validity (policy);
  return drawn;
}

static gboolean
grant_new (Asking *asking, GError **error)
{
  CantigaLedger *ledger = asking->ledger;
  CantigaLicenceEntry entry;
  CantigaPolicy policy = draw_policy (asking->policy);
  CantigaLicence after;
  CantigaError refusal;
  gboolean there, granted;

  if (!check_at_once (asking, &granted, error))
    return FALSE;
  if (!granted)
    return TRUE;
  if (!load_licence (asking, &there, &entry, error))
    return FALSE;
  switch (cantiga_licence_decide (&policy, there ? &entry.licence : NULL, asking->refused, asking->now, &after, &refusal))
    {
    case CANTIGA_DECISION_MAKE:
      entry = asking->fresh;
      cantiga_id_new_random (&entry.stamp);
      entry.plays = after.plays_left + 1;
      break;
    case CANTIGA_DECISION_SPEND:
      break;
    case CANTIGA_DECISION_DELETE:
      asking->deleted = TRUE;
      cantiga_fail (&asking->refusal, refusal);
      return cantiga_ledger_delete_licence (ledger, &asking->fresh.id, error);
    case CANTIGA_DECISION_REFUSE:
    default:
      cantiga_fail (&asking->refusal, refusal);
      return TRUE;
    }
  entry.licence = after;
  return cantiga_ledger_store_licence_of (ledger, &entry, &asking->licence_holder, error) && record_grant (asking, &entry, error);
}

/* A play of which nothing is written, as nearly all are, has no lease. */
static gboolean
grant (Asking *asking, GError **error)
{
  CantigaLease lease;
  CantigaEvent last;
  gboolean there;

  if (!cantiga_ledger_last_event (asking->ledger, &asking->key, &there, &last, error))
    return FALSE;
  if (!there)
    return grant_new (asking, error);
  if (!cantiga_ledger_load_lease (asking->ledger, &asking->key, &there, &lease, error))
    return FALSE;
  return there ? grant_again (asking, &lease, error) : fail_over (&last, error);
}

/* The questions of grant() and grant_new(), as they come. */
static void
foresee_grant_cb (CantigaLedger *ledger, gpointer work_data)
{
  const Asking *asking = work_data;
  g_autoptr (GArray) held = NULL;
  CantigaLicenceEntry entry;
  CantigaEvent last;
  gboolean there, due;

  if (!cantiga_ledger_last_event (ledger, &asking->key, &there, &last, NULL))
    return;
  if (asking->policy->at_once > 0)
    held = cantiga_ledger_load_leases_held (ledger, asking->listener, asking->now, NULL);
  (void)!cantiga_ledger_load_licence_due (ledger, &asking->fresh.id, asking->now - CANTIGA_PLAY_GIVEN_BACK_AFTER, &there, &entry, &due, NULL);
}

static gboolean
grant_cb (CantigaLedger *ledger, gpointer work_data, GError **error)
{
  Asking *asking = work_data;

  asking->deleted = FALSE;
  g_clear_error (&asking->refusal);
  return grant (asking, error);
}

/* What needs no ledger is done here, while others write. */
static gboolean
prepare (Asking *asking, GError **error)
{
  return find_play (asking->ledger, asking->listener, asking->play, &asking->key, error)
         && cantiga_ledger_find_licence (asking->ledger, asking->listener, asking->title, &asking->fresh, error)
         && cantiga_ledger_find_licence_holder (asking->ledger, asking->listener, &asking->licence_holder, error)
         && cantiga_ledger_find_lease_holder (asking->ledger, asking->listener, &asking->lease_holder, error);
}

gboolean
cantiga_ledger_grant_play (CantigaLedger *ledger, const CantigaPolicy *policy, const CantigaId *listener, const CantigaId *title,
                           const CantigaId *play, const char *player, double duration, gboolean refused, gint64 now, CantigaPlay *ret_play,
                           gboolean *ret_deleted, GError **error)
{
  Asking asking = { .ledger = ledger,
                    .policy = policy,
                    .listener = listener,
                    .title = title,
                    .play = play,
                    .player = player,
                    .duration = duration,
                    .refused = refused,
                    .now = now };

  *ret_deleted = FALSE;
  if (!prepare (&asking, error))
    return FALSE;
  if (!cantiga_ledger_write_for (ledger, listener, foresee_grant_cb, grant_cb, &asking, error))
    {
      g_clear_error (&asking.refusal);
      return FALSE;
    }
  *ret_deleted = asking.deleted;
  if (asking.refusal != NULL)
    {
      g_propagate_error (error, asking.refusal);
      return FALSE;
    }
  *ret_play = asking.granted;
  return TRUE;
}

/* ---- start, end ---- */

/* A lease whose window is not over. */
static gboolean
take_lease (CantigaLedger *ledger, const CantigaId *listener, const CantigaId *play, gint64 now, CantigaLease *ret_lease, GError **error)
{
  CantigaId key;
  CantigaEvent last;
  gboolean there;

  if (!find_play (ledger, listener, play, &key, error) || !cantiga_ledger_load_lease (ledger, &key, &there, ret_lease, error))
    return FALSE;
  if (there)
    return ret_lease->ends > now || cantiga_fail (error, CANTIGA_ERROR_PLAY_OVER);
  if (!cantiga_ledger_last_event (ledger, &key, &there, &last, error))
    return FALSE;
  return there ? fail_over (&last, error) : cantiga_fail (error, CANTIGA_ERROR_PLAY_OVER);
}

static gboolean
admit_player (CantigaLedger *ledger, const char *player, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (cantiga_ledger_admit_player (ledger, player, &failure))
    return TRUE;
  if (g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND))
    return cantiga_fail (error, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
admit (CantigaLedger *ledger, const CantigaId *listener, const char *player, GError **error)
{
  return cantiga_ledger_admit_card (ledger, listener, error) && admit_player (ledger, player, error);
}

gboolean
cantiga_ledger_check_session (CantigaLedger *ledger, const CantigaId *listener, const char *player, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);

  return transaction != NULL && admit (ledger, listener, player, error);
}

/* docs/protocol.md 10.4: "A grant dies with its session, its play's window, its licence's revocation." */
gboolean
cantiga_ledger_check_play (CantigaLedger *ledger, const CantigaId *listener, const CantigaId *play, const char *player, gint64 now, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);
  CantigaLease lease;

  return transaction != NULL && admit (ledger, listener, player, error) && take_lease (ledger, listener, play, now, &lease, error);
}

/* A play that starts or ends. */
typedef struct
{
  const CantigaId *listener, *play;
  gint64 now;
} Turn;

/* What start_cb() asks. */
static void
foresee_start_cb (CantigaLedger *ledger, gpointer work_data)
{
  const Turn *turn = work_data;
  CantigaLicenceEntry entry;
  CantigaLease lease;
  CantigaId key;
  gboolean there;

  if (find_play (ledger, turn->listener, turn->play, &key, NULL) && cantiga_ledger_load_lease (ledger, &key, &there, &lease, NULL))
    (void)!cantiga_ledger_load_licence_of_play (ledger, &key, &there, &entry, NULL);
}

static gboolean
start_cb (CantigaLedger *ledger, gpointer work_data, GError **error)
{
  const Turn *turn = work_data;
  CantigaLease lease;

  if (!take_lease (ledger, turn->listener, turn->play, turn->now, &lease, error))
    return FALSE;
  if (lease.awaits == CANTIGA_LEASE_AWAITS_END)
    return TRUE;
  lease.awaits = CANTIGA_LEASE_AWAITS_END;
  return cantiga_ledger_append_lease_event (ledger, &lease, CANTIGA_EVENT_STARTED, turn->now, error)
         && cantiga_ledger_store_lease (ledger, &lease, error);
}

gboolean
cantiga_ledger_start_play (CantigaLedger *ledger, const CantigaId *listener, const CantigaId *play, gint64 now, GError **error)
{
  Turn turn = { listener, play, now };

  return cantiga_ledger_write_for (ledger, listener, foresee_start_cb, start_cb, &turn, error);
}

static void
foresee_end_cb (CantigaLedger *ledger, gpointer work_data)
{
  const Turn *turn = work_data;
  CantigaEvent last;
  CantigaId key;
  gboolean known;

  foresee_start_cb (ledger, work_data);
  if (find_play (ledger, turn->listener, turn->play, &key, NULL))
    (void)!cantiga_ledger_last_event (ledger, &key, &known, &last, NULL);
}

static gboolean
end_cb (CantigaLedger *ledger, gpointer work_data, GError **error)
{
  const Turn *turn = work_data;
  CantigaId key;
  CantigaLease lease;
  CantigaEvent last;
  gboolean there, known;

  if (!find_play (ledger, turn->listener, turn->play, &key, error) || !cantiga_ledger_load_lease (ledger, &key, &there, &lease, error)
      || !cantiga_ledger_last_event (ledger, &key, &known, &last, error))
    return FALSE;
  if (!there)
    return known || cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "There is no such play.");
  /* A play that ends before its first chunk was never heard: it is given back at once. */
  return cantiga_ledger_close_lease (ledger, &lease, lease.awaits == CANTIGA_LEASE_AWAITS_START ? CANTIGA_EVENT_GIVEN_BACK : CANTIGA_EVENT_ENDED,
                                     turn->now, error);
}

gboolean
cantiga_ledger_end_play (CantigaLedger *ledger, const CantigaId *listener, const CantigaId *play, gint64 now, GError **error)
{
  Turn turn = { listener, play, now };

  return cantiga_ledger_write_for (ledger, listener, foresee_end_cb, end_cb, &turn, error);
}

/* ---- sweep ---- */

static gboolean
give_back_all (CantigaLedger *ledger, gint64 now, guint *ret_given_back, GError **error)
{
  g_autoptr (GArray) leases = cantiga_ledger_load_leases_unstarted (ledger, now - CANTIGA_PLAY_GIVEN_BACK_AFTER, error);

  if (leases == NULL)
    return FALSE;
  for (guint i = 0; i < leases->len; i++)
    if (!cantiga_ledger_close_lease (ledger, &g_array_index (leases, CantigaLease, i), CANTIGA_EVENT_GIVEN_BACK, now, error))
      return FALSE;
  *ret_given_back = leases->len;
  return TRUE;
}

static gboolean
close_all_past (CantigaLedger *ledger, gint64 now, GError **error)
{
  g_autoptr (GArray) leases = cantiga_ledger_load_leases_past (ledger, now, error);

  if (leases == NULL)
    return FALSE;
  for (guint i = 0; i < leases->len; i++)
    if (!close_past (ledger, &g_array_index (leases, CantigaLease, i), now, error))
      return FALSE;
  return TRUE;
}

gboolean
cantiga_ledger_sweep (CantigaLedger *ledger, gint64 now, guint *ret_given_back, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  guint given_back;

  if (transaction == NULL || !give_back_all (ledger, now, &given_back, error) || !close_all_past (ledger, now, error)
      || !cantiga_ledger_drop_invitations (ledger, now, error) || !cantiga_transaction_commit (transaction, error))
    return FALSE;
  *ret_given_back = given_back;
  return TRUE;
}

/* ---- what goes on ---- */

GArray *
cantiga_ledger_list_live (CantigaLedger *ledger, const CantigaId *listener, gint64 now, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);
  g_autoptr (GArray) leases = transaction != NULL ? cantiga_ledger_load_leases_held (ledger, listener, now, error) : NULL;
  g_autoptr (GArray) live = g_array_new (FALSE, TRUE, sizeof (CantigaLive));

  if (leases == NULL)
    return NULL;
  for (guint i = 0; i < leases->len; i++)
    {
      const CantigaLease *lease = &g_array_index (leases, CantigaLease, i);
      CantigaLive row = { .play = lease->granted.play, .title = lease->granted.title, .at = lease->granted.at, .ends = lease->ends };

      g_strlcpy (row.player, lease->granted.player, sizeof row.player);
      g_array_append_val (live, row);
    }
  return g_steal_pointer (&live);
}
