/* Licences as their listeners see and change them. */
#include "tests/server/plays-fixture.h"

static const CantigaPolicy new_session = { 1, WEEK, CANTIGA_RENEWAL_NEW_SESSION, 0 };
static const CantigaPolicy manual = { 2, WEEK, CANTIGA_RENEWAL_MANUAL, 0 };

static void
grant (Fixture *fixture, const CantigaPolicy *policy, guint8 play, gint64 now)
{
  g_autoptr (GError) error = NULL;
  CantigaId id = id_of (play);
  Outcome outcome;

  g_assert_true (ask (fixture->ledger, policy, 1, 2, &id, FALSE, now, &outcome, &error));
  g_assert_no_error (error);
}

static void
step (Fixture *fixture, guint8 play, gint64 now,
      gboolean (*what) (CantigaLedger *, const CantigaId *, const CantigaId *, gint64, GError **))
{
  g_autoptr (GError) error = NULL;
  CantigaId listener = id_of (1), id = id_of (play);

  g_assert_true (what (fixture->ledger, &listener, &id, now, &error));
  g_assert_no_error (error);
}

static gboolean
renew (Fixture *fixture, const CantigaPolicy *policy, gboolean used_here, CantigaLicenceRow *row, GError **error)
{
  CantigaId listener = id_of (1), title = id_of (2);

  return cantiga_ledger_renew_licence (fixture->ledger, policy, &listener, &title, used_here, NOW + 100, row, error);
}

static gboolean
give_back (Fixture *fixture, const CantigaPolicy *policy, gboolean *ret_deleted, CantigaLicenceRow *row, GError **error)
{
  CantigaId listener = id_of (1), title = id_of (2);

  return cantiga_ledger_return_licence (fixture->ledger, policy, &listener, &title, NOW + 100, ret_deleted, row, error);
}

static void
assert_last_event (Fixture *fixture, const char *event)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = cantiga_ledger_list_plays (fixture->ledger, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (((const CantigaPlayRow *)rows->pdata[rows->len - 1])->event, ==, event);
}

static GArray *
heard (Fixture *fixture, guint limit)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = licences (fixture->ledger);
  GArray *plays;

  g_assert_cmpuint (rows->len, ==, 1);
  plays = cantiga_ledger_list_heard (fixture->ledger, &((const CantigaLicenceRow *)rows->pdata[0])->id, limit, &error);
  g_assert_no_error (error);
  return plays;
}

static void
assert_heard (GArray *plays, guint i, guint8 play, const char *state, gint64 at, gint64 until)
{
  const CantigaHeard *row = &g_array_index (plays, CantigaHeard, i);
  CantigaId id = id_of (play);

  g_assert_true (cantiga_id_equal (&row->play, &id));
  g_assert_cmpstr (row->state, ==, state);
  g_assert_cmpint (row->at, ==, at);
  g_assert_cmpint (row->until, ==, until);
  g_assert_cmpstr (row->player, ==, PLAYER);
}

/* ---- history ---- */

static void
test_history (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GArray) plays = NULL;
  g_autoptr (GArray) last = NULL;

  grant (fixture, &three, 10, NOW);
  step (fixture, 10, NOW + 1, cantiga_ledger_start_play);
  step (fixture, 10, NOW + 180, cantiga_ledger_end_play);
  grant (fixture, &three, 11, NOW + 200);
  step (fixture, 11, NOW + 201, cantiga_ledger_end_play);
  grant (fixture, &three, 12, NOW + 300);
  step (fixture, 12, NOW + 301, cantiga_ledger_start_play);
  plays = heard (fixture, 10);
  g_assert_cmpuint (plays->len, ==, 3);
  assert_heard (plays, 0, 12, "playing", NOW + 300, 0);
  assert_heard (plays, 1, 11, "given-back", NOW + 200, NOW + 201);
  assert_heard (plays, 2, 10, "heard", NOW, NOW + 180);
  last = heard (fixture, 1);
  g_assert_cmpuint (last->len, ==, 1);
  assert_heard (last, 0, 12, "playing", NOW + 300, 0);
  assert_whole (fixture->ledger);
}

/* A ledger from before there was an index gets it when it is opened. */
static void
test_index_is_made (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) plays = NULL;

  grant (fixture, &three, 10, NOW);
  grant (fixture, &three, 11, NOW);
  g_clear_pointer (&fixture->ledger, cantiga_ledger_free);
  tamper (fixture, "DELETE FROM heard");
  fixture->ledger = open_ledger (fixture);
  plays = heard (fixture, 10);
  g_assert_cmpuint (plays->len, ==, 2);
  assert_whole (fixture->ledger);
  tamper (fixture, "DELETE FROM heard WHERE number = 2");
  g_assert_false (cantiga_ledger_verify (fixture->ledger, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED);
}

/* ---- renewed ---- */

static void
test_renewed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaLicenceRow row;

  g_assert_false (renew (fixture, &new_session, FALSE, &row, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
  g_clear_error (&error);
  grant (fixture, &new_session, 10, NOW);
  g_assert_false (renew (fixture, &new_session, TRUE, &row, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_RENEWAL_REFUSED);
  g_clear_error (&error);
  g_assert_true (renew (fixture, &new_session, FALSE, &row, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (row.licence.plays_left, ==, 1);
  g_assert_cmpint (row.licence.expires, ==, NOW + 100 + WEEK);
  assert_last_event (fixture, "renewed");
  /* With plays left there is nothing to renew: no second one is had by asking twice. */
  g_assert_false (renew (fixture, &new_session, FALSE, &row, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_RENEWAL_REFUSED);
  assert_whole (fixture->ledger);
}

/* ---- given back ---- */

static void
test_returned_and_deleted (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaLicenceRow row;
  gboolean deleted;

  g_assert_false (give_back (fixture, &three, &deleted, &row, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
  g_clear_error (&error);
  grant (fixture, &three, 10, NOW);
  step (fixture, 10, NOW + 1, cantiga_ledger_start_play);
  g_assert_true (give_back (fixture, &three, &deleted, &row, &error));
  g_assert_no_error (error);
  g_assert_true (deleted);
  assert_last_event (fixture, "returned");
  g_assert_cmpint (plays_left (fixture->ledger), ==, -1);
  /* What is being heard goes on. */
  step (fixture, 10, NOW + 180, cantiga_ledger_end_play);
  assert_whole (fixture->ledger);
}

/* Giving back is no way to a new licence. */
static void
test_returned_and_empty (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaLicenceRow row;
  CantigaId id = id_of (11);
  Outcome outcome;
  gboolean deleted;
  guint given_back;

  grant (fixture, &manual, 10, NOW);
  g_assert_true (give_back (fixture, &manual, &deleted, &row, &error));
  g_assert_no_error (error);
  g_assert_false (deleted);
  g_assert_cmpuint (row.plays, ==, 0);
  /* Nor does a play that was never heard come back to it. */
  g_assert_true (cantiga_ledger_sweep (fixture->ledger, NOW + 200, &given_back, &error));
  g_assert_cmpuint (given_back, ==, 1);
  g_assert_cmpint (plays_left (fixture->ledger), ==, 0);
  g_assert_false (ask (fixture->ledger, &manual, 1, 2, &id, FALSE, NOW + 300, &outcome, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_LICENCE_EXHAUSTED);
  assert_whole (fixture->ledger);
}

#define ADD(path, function) g_test_add ("/holders/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("a-licence-has-its-last-plays", test_history);
  ADD ("an-older-ledger-gets-its-index", test_index_is_made);
  ADD ("a-spent-licence-is-renewed-by-policy", test_renewed);
  ADD ("a-licence-given-back-is-gone-for-this-session", test_returned_and_deleted);
  ADD ("a-licence-given-back-makes-no-new-one", test_returned_and_empty);
  return g_test_run ();
}
