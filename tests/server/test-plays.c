#include "tests/server/plays-fixture.h"

/* One listener, one title. */
static guint
grant (Fixture *fixture, guint8 play, gint64 now)
{
  g_autoptr (GError) error = NULL;
  CantigaId id = id_of (play);
  Outcome outcome;
  gboolean granted = ask (fixture->ledger, &three, 1, 2, &id, FALSE, now, &outcome, &error);

  g_assert_no_error (error);
  g_assert_true (granted);
  g_assert_false (outcome.deleted);
  return outcome.play.plays_left;
}

static void
refuse (Fixture *fixture, const CantigaPolicy *policy, guint8 play, gboolean refused, gint64 now, gint code, gboolean deleted)
{
  g_autoptr (GError) error = NULL;
  CantigaId id = id_of (play);
  Outcome outcome;

  g_assert_false (ask (fixture->ledger, policy, 1, 2, &id, refused, now, &outcome, &error));
  g_assert_error (error, CANTIGA_ERROR, code);
  g_assert_cmpint (outcome.deleted, ==, deleted);
}

static void
start (Fixture *fixture, guint8 play, gint64 now)
{
  g_autoptr (GError) error = NULL;
  CantigaId listener = id_of (1), id = id_of (play);

  g_assert_true (cantiga_ledger_start_play (fixture->ledger, &listener, &id, now, &error));
  g_assert_no_error (error);
}

static gboolean
end (Fixture *fixture, guint8 play, gint64 now, GError **error)
{
  CantigaId listener = id_of (1), id = id_of (play);

  return cantiga_ledger_end_play (fixture->ledger, &listener, &id, now, error);
}

static guint
sweep (Fixture *fixture, gint64 now)
{
  g_autoptr (GError) error = NULL;
  guint given_back = 1000;

  g_assert_true (cantiga_ledger_sweep (fixture->ledger, now, &given_back, &error));
  g_assert_no_error (error);
  return given_back;
}

static char *
events (CantigaLedger *ledger)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = cantiga_ledger_list_plays (ledger, &error);
  GString *text = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < rows->len; i++)
    {
      const CantigaPlayRow *row = g_ptr_array_index (rows, i);

      g_assert_cmpint (row->number, ==, i + 1);
      g_string_append_printf (text, "%s%s %u", i == 0 ? "" : ", ", row->event, row->plays_left);
    }
  return g_string_free (text, FALSE);
}

static void
assert_events (Fixture *fixture, const char *expected)
{
  g_autofree char *text = events (fixture->ledger);

  g_assert_cmpstr (text, ==, expected);
  assert_whole (fixture->ledger);
}

/* ---- granting (docs/protocol.md 9.1, 9.2) ---- */

static void
test_three_plays (Fixture *fixture, gconstpointer unused)
{
  g_assert_cmpuint (grant (fixture, 10, NOW), ==, 2);
  g_assert_cmpuint (grant (fixture, 11, NOW + 1), ==, 1);
  g_assert_cmpuint (grant (fixture, 12, NOW + 2), ==, 0);
  g_assert_cmpint (plays_left (fixture->ledger), ==, 0);
  refuse (fixture, &three, 13, FALSE, NOW + 3, CANTIGA_ERROR_LICENCE_EXHAUSTED, TRUE);
  g_assert_cmpint (plays_left (fixture->ledger), ==, -1);
  assert_events (fixture, "granted 2, granted 1, granted 0");
}

static void
test_refused_in_this_session_renewed_in_the_next (Fixture *fixture, gconstpointer unused)
{
  for (guint8 i = 0; i < 3; i++)
    grant (fixture, 10 + i, NOW);
  refuse (fixture, &three, 13, FALSE, NOW, CANTIGA_ERROR_LICENCE_EXHAUSTED, TRUE);
  refuse (fixture, &three, 14, TRUE, NOW, CANTIGA_ERROR_LICENCE_REFUSED, FALSE);
  g_assert_cmpint (plays_left (fixture->ledger), ==, -1);
  g_assert_cmpuint (grant (fixture, 15, NOW), ==, 2);
  assert_whole (fixture->ledger);
}

static void
test_what_a_grant_says (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaId play = id_of (10);
  Outcome outcome;

  g_assert_true (ask (fixture->ledger, &three, 1, 2, &play, FALSE, NOW, &outcome, &error));
  g_assert_true (cantiga_id_equal (&outcome.play.play, &play));
  g_assert_cmpint (outcome.play.listener.bytes[0], ==, 1);
  g_assert_cmpint (outcome.play.title.bytes[0], ==, 2);
  g_assert_cmpint (outcome.play.expires, ==, NOW + WEEK);
  g_assert_cmpint (outcome.play.asked, ==, NOW);
  g_assert_cmpint (outcome.play.ends, ==, NOW + WINDOW);
}

static void
test_licences_are_of_listener_and_title (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) of_first = NULL;
  CantigaId play = id_of (10), other = id_of (11), first = id_of (1);
  Outcome outcome;

  g_assert_cmpuint (grant (fixture, 9, NOW), ==, 2);
  g_assert_true (ask (fixture->ledger, &three, 1, 3, &play, FALSE, NOW, &outcome, &error));
  g_assert_cmpuint (outcome.play.plays_left, ==, 2);
  /* The same identifier drawn by another listener is another play. */
  g_assert_true (ask (fixture->ledger, &three, 7, 2, &play, FALSE, NOW, &outcome, &error));
  g_assert_cmpuint (outcome.play.plays_left, ==, 2);
  g_assert_true (ask (fixture->ledger, &three, 7, 3, &other, FALSE, NOW, &outcome, &error));
  of_first = cantiga_ledger_list_licences (fixture->ledger, &first, &error);
  g_assert_cmpuint (of_first->len, ==, 2);
  for (guint i = 0; i < of_first->len; i++)
    g_assert_cmpint (((const CantigaLicenceRow *)g_ptr_array_index (of_first, i))->listener.bytes[0], ==, 1);
  assert_whole (fixture->ledger);
}

/* ---- the same play again (9, 9.3) ---- */

static void
test_again_costs_nothing (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaId play = id_of (10);
  Outcome first, again;

  g_assert_true (ask (fixture->ledger, &three, 1, 2, &play, FALSE, NOW, &first, &error));
  grant (fixture, 11, NOW);
  start (fixture, 10, NOW);
  reopen (fixture);
  /* Even by a session that was refused: the play is paid for. */
  g_assert_true (ask (fixture->ledger, &three, 1, 2, &play, TRUE, NOW + WINDOW - 1, &again, &error));
  g_assert_cmpmem (&first.play, sizeof first.play, &again.play, sizeof again.play);
  g_assert_cmpint (plays_left (fixture->ledger), ==, 1);
  assert_events (fixture, "granted 2, granted 1, started 1");
}

static void
test_again_of_a_deleted_licence (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaId play = id_of (12);
  Outcome outcome;

  for (guint8 i = 0; i < 3; i++)
    grant (fixture, 10 + i, NOW);
  refuse (fixture, &three, 13, FALSE, NOW, CANTIGA_ERROR_LICENCE_EXHAUSTED, TRUE);
  g_assert_true (ask (fixture->ledger, &three, 1, 2, &play, FALSE, NOW + 1, &outcome, &error));
  g_assert_cmpuint (outcome.play.plays_left, ==, 0);
  assert_whole (fixture->ledger);
}

static void
test_another_title_is_malformed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaId play = id_of (10);
  Outcome outcome;

  grant (fixture, 10, NOW);
  g_assert_false (ask (fixture->ledger, &three, 1, 3, &play, FALSE, NOW, &outcome, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
}

static void
test_over_after_its_end (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  grant (fixture, 10, NOW);
  start (fixture, 10, NOW);
  g_assert_true (end (fixture, 10, NOW + 5, &error));
  refuse (fixture, &three, 10, FALSE, NOW + 6, CANTIGA_ERROR_PLAY_OVER, FALSE);
  g_assert_true (end (fixture, 10, NOW + 7, &error));
  g_assert_cmpint (plays_left (fixture->ledger), ==, 2);
  assert_events (fixture, "granted 2, started 2, ended 2");
}

static void
test_over_after_its_window (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaId listener = id_of (1), play = id_of (10);

  grant (fixture, 10, NOW);
  start (fixture, 10, NOW);
  g_assert_false (cantiga_ledger_start_play (fixture->ledger, &listener, &play, NOW + WINDOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_PLAY_OVER);
  refuse (fixture, &three, 10, FALSE, NOW + WINDOW, CANTIGA_ERROR_PLAY_OVER, FALSE);
  refuse (fixture, &three, 10, FALSE, NOW, CANTIGA_ERROR_PLAY_OVER, FALSE);
  assert_events (fixture, "granted 2, started 2, closed 2");
}

static void
test_unknown_plays (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaId listener = id_of (1), other = id_of (5), play = id_of (10);

  g_assert_false (end (fixture, 10, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (cantiga_ledger_start_play (fixture->ledger, &listener, &play, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_PLAY_OVER);
  g_clear_error (&error);
  grant (fixture, 10, NOW);
  g_assert_false (cantiga_ledger_end_play (fixture->ledger, &other, &play, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
}

/* ---- given back (9.3) ---- */

static void
test_given_back_after_a_minute (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaId listener = id_of (1), play = id_of (10);

  grant (fixture, 10, NOW);
  g_assert_cmpuint (sweep (fixture, NOW + 59), ==, 0);
  g_assert_cmpuint (sweep (fixture, NOW + 60), ==, 1);
  g_assert_cmpuint (sweep (fixture, NOW + 61), ==, 0);
  g_assert_cmpint (plays_left (fixture->ledger), ==, 3);
  g_assert_false (cantiga_ledger_start_play (fixture->ledger, &listener, &play, NOW + 61, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_PLAY_OVER);
  refuse (fixture, &three, 10, FALSE, NOW + 61, CANTIGA_ERROR_PLAY_OVER, FALSE);
  assert_events (fixture, "granted 2, given-back 3");
}

static void
test_not_given_back_when_started (Fixture *fixture, gconstpointer unused)
{
  grant (fixture, 10, NOW);
  start (fixture, 10, NOW + 59);
  start (fixture, 10, NOW + 59);
  g_assert_cmpuint (sweep (fixture, NOW + 60), ==, 0);
  g_assert_cmpuint (sweep (fixture, NOW + WINDOW), ==, 0);
  g_assert_cmpint (plays_left (fixture->ledger), ==, 2);
  assert_events (fixture, "granted 2, started 2, closed 2");
}

static void
test_given_back_when_ended_unheard (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  grant (fixture, 10, NOW);
  g_assert_true (end (fixture, 10, NOW + 1, &error));
  g_assert_cmpint (plays_left (fixture->ledger), ==, 3);
  assert_events (fixture, "granted 2, given-back 3");
}

static void
test_given_back_before_refusing (Fixture *fixture, gconstpointer unused)
{
  for (guint8 i = 0; i < 3; i++)
    grant (fixture, 10 + i, NOW);
  /* Nobody swept: the three are free again all the same. */
  g_assert_cmpuint (grant (fixture, 13, NOW + 60), ==, 2);
  assert_events (fixture, "granted 2, granted 1, granted 0, given-back 1, given-back 2, given-back 3, granted 2");
}

static void
test_not_given_back_to_a_renewed_licence (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaId listener = id_of (1), title = id_of (2);

  grant (fixture, 10, NOW);
  g_assert_true (cantiga_ledger_put_licence (fixture->ledger, &listener, &title, 5, WEEK, NOW, &error));
  g_assert_cmpint (plays_left (fixture->ledger), ==, 5);
  g_assert_cmpuint (sweep (fixture, NOW + 60), ==, 1);
  g_assert_cmpint (plays_left (fixture->ledger), ==, 5);
  assert_events (fixture, "granted 2, renewed 5, given-back 0");
}

static void
test_not_given_back_to_a_deleted_licence (Fixture *fixture, gconstpointer unused)
{
  for (guint8 i = 0; i < 3; i++)
    grant (fixture, 10 + i, NOW);
  refuse (fixture, &three, 13, FALSE, NOW, CANTIGA_ERROR_LICENCE_EXHAUSTED, TRUE);
  /* Made anew within the same second. */
  g_assert_cmpuint (grant (fixture, 14, NOW), ==, 2);
  start (fixture, 14, NOW);
  g_assert_cmpuint (sweep (fixture, NOW + 60), ==, 3);
  g_assert_cmpint (plays_left (fixture->ledger), ==, 2);
  assert_whole (fixture->ledger);
}

/* ---- the end of a licence (9.2) ---- */

static void
test_expires (Fixture *fixture, gconstpointer unused)
{
  grant (fixture, 10, NOW);
  start (fixture, 10, NOW);
  g_assert_cmpuint (grant (fixture, 11, NOW + WEEK - 1), ==, 1);
  start (fixture, 11, NOW + WEEK - 1);
  refuse (fixture, &three, 12, FALSE, NOW + WEEK, CANTIGA_ERROR_LICENCE_EXPIRED, TRUE);
  g_assert_cmpint (plays_left (fixture->ledger), ==, -1);
  assert_whole (fixture->ledger);
}

static void
test_spent_ones_stay (Fixture *fixture, gconstpointer renewal)
{
  const CantigaPolicy policy = { 1, WEEK, (CantigaRenewal)GPOINTER_TO_INT (renewal), 0 };
  g_autoptr (GError) error = NULL;
  CantigaId play = id_of (10);
  Outcome outcome;

  g_assert_true (ask (fixture->ledger, &policy, 1, 2, &play, FALSE, NOW, &outcome, &error));
  g_assert_cmpuint (outcome.play.plays_left, ==, 0);
  start (fixture, 10, NOW);
  refuse (fixture, &policy, 11, FALSE, NOW, CANTIGA_ERROR_LICENCE_EXHAUSTED, FALSE);
  refuse (fixture, &policy, 12, FALSE, NOW + 10 * WEEK, CANTIGA_ERROR_LICENCE_EXHAUSTED, FALSE);
  g_assert_cmpint (plays_left (fixture->ledger), ==, 0);
  assert_whole (fixture->ledger);
}

static void
test_renews_after_a_time (Fixture *fixture, gconstpointer unused)
{
  const CantigaPolicy policy = { 1, WEEK, CANTIGA_RENEWAL_AFTER, 3600 };
  g_autoptr (GError) error = NULL;
  CantigaId play = id_of (10), next = id_of (12);
  Outcome outcome;

  g_assert_true (ask (fixture->ledger, &policy, 1, 2, &play, FALSE, NOW, &outcome, &error));
  start (fixture, 10, NOW);
  refuse (fixture, &policy, 11, FALSE, NOW + 3599, CANTIGA_ERROR_LICENCE_EXHAUSTED, FALSE);
  g_assert_true (ask (fixture->ledger, &policy, 1, 2, &next, FALSE, NOW + 3600, &outcome, &error));
  g_assert_cmpint (outcome.play.expires, ==, NOW + 3600 + WEEK);
  assert_whole (fixture->ledger);
}

static void
test_the_keeper_gives_plays (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaId listener = id_of (1), title = id_of (2), play = id_of (10);
  Outcome outcome;

  g_assert_true (cantiga_ledger_put_licence (fixture->ledger, &listener, &title, 10, 3600, NOW, &error));
  g_assert_true (ask (fixture->ledger, &three, 1, 2, &play, FALSE, NOW, &outcome, &error));
  g_assert_cmpuint (outcome.play.plays_left, ==, 9);
  g_assert_cmpint (outcome.play.expires, ==, NOW + 3600);
  assert_whole (fixture->ledger);
}

/* ---- revoked (10.4) ---- */

static gboolean
check (Fixture *fixture, const CantigaId *listener, guint8 play, gint64 now, GError **error)
{
  CantigaId id = id_of (play);

  return cantiga_ledger_check_play (fixture->ledger, listener, &id, PLAYER, now, error);
}

static void
add_player (Fixture *fixture)
{
  static const guint8 hash[32] = { 1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) authority = certificate_new ("authority");
  g_autoptr (CantigaInvitation) invitation = cantiga_invitation_new ("http://box.example:22684", authority, &error);
  g_autoptr (GPtrArray) leaves = g_ptr_array_new ();
  g_autoptr (GBytes) answer = g_bytes_new_static ("answer", 6);

  g_assert_true (cantiga_ledger_add_invitation (fixture->ledger, invitation, "Sala", FALSE, NOW + 900, &error));
  g_assert_true (cantiga_ledger_use_invitation (fixture->ledger, &invitation->id, hash, PLAYER, leaves, answer, NOW, &error));
  g_assert_no_error (error);
}

/* A listener who is enrolled, with a player that is paired, and a play that goes on. */
static CantigaId
play_on (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) card = certificate_new ("card");
  CantigaId listener, title = id_of (2), play = id_of (10);
  Outcome outcome;

  add_player (fixture);
  g_assert_true (cantiga_ledger_add_card (fixture->ledger, card, NOW, &listener, NULL, &error));
  g_assert_true (cantiga_ledger_grant_play (fixture->ledger, &three, &listener, &title, &play, PLAYER, DURATION, FALSE, NOW, &outcome.play,
                                            &outcome.deleted, &error));
  g_assert_true (cantiga_ledger_start_play (fixture->ledger, &listener, &play, NOW, &error));
  g_assert_true (check (fixture, &listener, 10, NOW, &error));
  g_assert_no_error (error);
  return listener;
}

static void
test_a_revoked_licence_ends_its_plays (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = NULL;
  CantigaId listener = play_on (fixture);

  rows = licences (fixture->ledger);
  g_assert_true (cantiga_ledger_revoke_licence (fixture->ledger, &((CantigaLicenceRow *)g_ptr_array_index (rows, 0))->id, NOW, &error));
  g_assert_false (check (fixture, &listener, 10, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_LICENCE_REFUSED);
  g_clear_error (&error);
  g_assert_cmpint (plays_left (fixture->ledger), ==, -1);
  g_assert_false (cantiga_ledger_revoke_licence (fixture->ledger, &((CantigaLicenceRow *)g_ptr_array_index (rows, 0))->id, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
  assert_events (fixture, "granted 2, started 2, revoked 0, revoked 0");
}

static void
test_a_revoked_card_ends_its_plays (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaId listener = play_on (fixture);

  g_assert_true (cantiga_ledger_revoke_card (fixture->ledger, &listener, NOW, &error));
  g_assert_false (check (fixture, &listener, 10, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD_REVOKED);
}

static void
test_a_revoked_player_ends_its_plays (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaId listener = play_on (fixture);

  g_assert_true (cantiga_ledger_revoke_player (fixture->ledger, PLAYER, NOW, &error));
  g_assert_false (check (fixture, &listener, 10, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

static void
test_an_ended_play_does_not_go_on (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaId listener = play_on (fixture), play = id_of (10);

  g_assert_true (check (fixture, &listener, 10, NOW + WINDOW - 1, &error));
  g_assert_false (check (fixture, &listener, 10, NOW + WINDOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_PLAY_OVER);
  g_clear_error (&error);
  g_assert_true (cantiga_ledger_end_play (fixture->ledger, &listener, &play, NOW, &error));
  g_assert_false (check (fixture, &listener, 10, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_PLAY_OVER);
}

#define ADD(path, function) g_test_add ("/plays/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)
#define ADD_STAYING(path, renewal)                                                                                                                   \
  g_test_add ("/plays/" path, Fixture, GINT_TO_POINTER (renewal), fixture_set_up, test_spent_ones_stay, fixture_tear_down)

static void
add_granting (void)
{
  ADD ("a-licence-is-three-plays-and-then-deleted", test_three_plays);
  ADD ("refused-in-this-session-and-renewed-in-the-next", test_refused_in_this_session_renewed_in_the_next);
  ADD ("a-grant-says-when-it-ends", test_what_a_grant_says);
  ADD ("licences-are-of-listener-and-title", test_licences_are_of_listener_and_title);
  ADD ("the-same-play-again-costs-nothing", test_again_costs_nothing);
  ADD ("the-same-play-of-a-deleted-licence-goes-on", test_again_of_a_deleted_licence);
  ADD ("the-same-play-of-another-title-is-malformed", test_another_title_is_malformed);
  ADD ("over-after-its-end", test_over_after_its_end);
  ADD ("over-after-its-window", test_over_after_its_window);
  ADD ("unknown-ones-neither-start-nor-end", test_unknown_plays);
}

static void
add_giving_back (void)
{
  ADD ("given-back-after-a-minute", test_given_back_after_a_minute);
  ADD ("not-given-back-when-started", test_not_given_back_when_started);
  ADD ("given-back-when-ended-unheard", test_given_back_when_ended_unheard);
  ADD ("given-back-before-another-is-refused", test_given_back_before_refusing);
  ADD ("not-given-back-to-a-renewed-licence", test_not_given_back_to_a_renewed_licence);
  ADD ("not-given-back-to-a-deleted-licence", test_not_given_back_to_a_deleted_licence);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_granting ();
  add_giving_back ();
  ADD ("a-licence-expires", test_expires);
  ADD_STAYING ("a-spent-licence-stays-with-renewal-never", CANTIGA_RENEWAL_NEVER);
  ADD_STAYING ("a-spent-licence-stays-with-renewal-manual", CANTIGA_RENEWAL_MANUAL);
  ADD ("a-licence-renews-after-a-time", test_renews_after_a_time);
  ADD ("the-keeper-gives-plays", test_the_keeper_gives_plays);
  ADD ("a-revoked-licence-ends-its-plays", test_a_revoked_licence_ends_its_plays);
  ADD ("a-revoked-card-ends-its-plays", test_a_revoked_card_ends_its_plays);
  ADD ("a-revoked-player-ends-its-plays", test_a_revoked_player_ends_its_plays);
  ADD ("an-ended-play-does-not-go-on", test_an_ended_play_does_not_go_on);
  return g_test_run ();
}
