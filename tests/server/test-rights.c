/* What the keeper allows whom, and at how many players at once. */
#include "server/rights.h"

#include "tests/server/plays-fixture.h"

#define OTHER "0b0e0d52-9f0e-4d0c-8a57-2f4f5f1f3a11"

static char *
text_of (guint8 byte)
{
  CantigaId id = id_of (byte);
  char text[CANTIGA_ID_TEXT_LENGTH];

  return g_strdup (cantiga_id_format (&id, text));
}

/* title and card: bytes of id_of(); 0: none. */
static void
put (Fixture *fixture, guint8 title, const char *album, guint8 card, const char *group, int plays, const char *validity, int at_once, int allowed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaRule) rule = cantiga_rule_new ();

  rule->title = title != 0 ? text_of (title) : NULL;
  rule->card = card != 0 ? text_of (card) : NULL;
  rule->album = g_strdup (album);
  rule->group = g_strdup (group);
  rule->plays = plays;
  rule->validity = g_strdup (validity);
  rule->at_once = at_once;
  rule->allowed = allowed;
  g_assert_true (cantiga_ledger_put_rule (fixture->ledger, rule, &rule->id, &error));
  g_assert_no_error (error);
}

static void
join (Fixture *fixture, const char *group, guint8 card)
{
  g_autoptr (GError) error = NULL;
  CantigaId id = id_of (card);

  g_assert_true (cantiga_ledger_add_member (fixture->ledger, group, &id, &error));
  g_assert_no_error (error);
}

static CantigaRight
resolve (Fixture *fixture, CantigaRights *rights, guint8 listener, guint8 title, const char *album)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaRightsNow) now = cantiga_rights_get (rights, &error);
  CantigaId listener_id = id_of (listener), title_id = id_of (title);

  g_assert_no_error (error);
  return cantiga_rights_resolve (now, &three, &listener_id, &title_id, album);
}

static void
test_nearest_counts (Fixture *fixture, gconstpointer unused)
{
  CantigaRights *rights = cantiga_rights_new (fixture->ledger);
  static const struct
  {
    guint8 listener, title;
    const char *album;
    guint plays;
    gboolean allowed;
  } cases[] = {
    { 9, 9, "", 3, TRUE },        /* nobody spoke of it */
    { 9, 9, "Ensaios", 4, FALSE }, /* of the album, to all */
    { 9, 2, "Ensaios", 5, FALSE }, /* of the title, to all: plays; the album still says that it is denied */
    { 1, 9, "Ensaios", 6, TRUE }, /* of the album, to the group */
    { 1, 2, "Ensaios", 6, TRUE }, /* the group before the title to all */
    { 7, 9, "Ensaios", 8, TRUE }, /* in the group, and of the card itself */
    { 7, 9, "", 8, TRUE },
  };

  g_assert_cmpuint (resolve (fixture, rights, 9, 9, "Ensaios").policy.plays, ==, 3);
  put (fixture, 0, "Ensaios", 0, NULL, 4, NULL, -1, 0);
  put (fixture, 2, NULL, 0, NULL, 5, NULL, -1, -1);
  put (fixture, 0, "Ensaios", 0, "choir", 6, NULL, -1, 1);
  put (fixture, 0, NULL, 7, NULL, 8, NULL, -1, -1);
  join (fixture, "choir", 1);
  join (fixture, "choir", 7);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      CantigaRight right = resolve (fixture, rights, cases[i].listener, cases[i].title, cases[i].album);

      g_test_message ("case %u", i);
      g_assert_cmpuint (right.policy.plays, ==, cases[i].plays);
      g_assert_cmpint (right.allowed, ==, cases[i].allowed);
    }
  cantiga_rights_free (rights);
  assert_whole (fixture->ledger);
}

static void
test_rules_change_at_once (Fixture *fixture, gconstpointer unused)
{
  CantigaRights *rights = cantiga_rights_new (fixture->ledger);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rules = NULL;
  CantigaId card = id_of (1);

  put (fixture, 2, NULL, 0, "a", -1, NULL, -1, 1);
  put (fixture, 2, NULL, 0, "b", -1, NULL, -1, 0);
  join (fixture, "a", 1);
  g_assert_true (resolve (fixture, rights, 1, 2, "").allowed);
  /* In two groups: the one that denies counts, whatever its name. */
  join (fixture, "b", 1);
  g_assert_false (resolve (fixture, rights, 1, 2, "").allowed);
  put (fixture, 2, NULL, 0, "a", -1, NULL, -1, 0);
  put (fixture, 2, NULL, 0, "b", -1, NULL, -1, 1);
  g_assert_false (resolve (fixture, rights, 1, 2, "").allowed);
  g_assert_true (cantiga_ledger_remove_member (fixture->ledger, "a", &card, &error));
  g_assert_true (resolve (fixture, rights, 1, 2, "").allowed);
  g_assert_false (cantiga_ledger_remove_member (fixture->ledger, "a", &card, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
  g_clear_error (&error);
  rules = cantiga_ledger_list_rules (fixture->ledger, &error);
  g_assert_cmpuint (rules->len, ==, 2);
  for (guint i = 0; i < rules->len; i++)
    g_assert_true (cantiga_ledger_remove_rule (fixture->ledger, &((const CantigaRule *)rules->pdata[i])->id, &error));
  g_assert_no_error (error);
  g_assert_true (resolve (fixture, rights, 1, 2, "").allowed);
  cantiga_rights_free (rights);
}

/* The original's five to ten days. */
static void
test_validity_is_drawn (Fixture *fixture, gconstpointer unused)
{
  CantigaRights *rights = cantiga_rights_new (fixture->ledger);
  gint64 shortest = G_MAXINT64, longest = 0;
  CantigaRight right;

  put (fixture, 0, NULL, 0, NULL, -1, "5d to 10d", -1, -1);
  right = resolve (fixture, rights, 1, 2, "");
  for (guint8 play = 10; play < 60; play++)
    {
      g_autoptr (GError) error = NULL;
      CantigaId id = id_of (play);
      Outcome outcome;

      g_assert_true (ask (fixture->ledger, &right.policy, play, 2, &id, FALSE, NOW, &outcome, &error));
      g_assert_no_error (error);
      shortest = MIN (shortest, outcome.play.expires - NOW);
      longest = MAX (longest, outcome.play.expires - NOW);
    }
  g_assert_cmpint (shortest, >=, 5 * 24 * 3600);
  g_assert_cmpint (longest, <=, 10 * 24 * 3600);
  g_assert_cmpint (longest - shortest, >, 24 * 3600);
  cantiga_rights_free (rights);
}

/* ---- at once ---- */

static gboolean
ask_at (Fixture *fixture, const CantigaPolicy *policy, const char *player, guint8 play, gint64 now, GError **error)
{
  CantigaId listener = id_of (1), title = id_of (2), id = id_of (play);
  CantigaPlay granted;
  gboolean deleted;

  return cantiga_ledger_grant_play (fixture->ledger, policy, &listener, &title, &id, player, DURATION, FALSE, now, &granted, &deleted, error);
}

static void
test_at_once (Fixture *fixture, gconstpointer unused)
{
  const CantigaPolicy policy = { .plays = 9, .validity = WEEK, .at_once = 1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) live = NULL;
  CantigaId listener = id_of (1), first = id_of (10);

  g_assert_true (ask_at (fixture, &policy, PLAYER, 10, NOW, &error));
  /* The same play again, at another player: it is one play. */
  g_assert_true (ask_at (fixture, &policy, OTHER, 10, NOW, &error));
  g_assert_false (ask_at (fixture, &policy, OTHER, 11, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_TOO_MANY_PLAYS);
  g_assert_nonnull (strstr (error->message, PLAYER));
  g_clear_error (&error);
  /* The next title of the player that plays, but not a third. */
  g_assert_true (ask_at (fixture, &policy, PLAYER, 12, NOW, &error));
  g_assert_false (ask_at (fixture, &policy, PLAYER, 13, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_TOO_MANY_PLAYS);
  g_clear_error (&error);
  live = cantiga_ledger_list_live (fixture->ledger, &listener, NOW, &error);
  g_assert_cmpuint (live->len, ==, 2);
  g_assert_true (cantiga_id_equal (&g_array_index (live, CantigaLive, 0).play, &first));
  /* What was refused cost nothing. */
  g_assert_cmpint (plays_left (fixture->ledger), ==, 7);
  for (guint i = 0; i < live->len; i++)
    g_assert_true (cantiga_ledger_end_play (fixture->ledger, &listener, &g_array_index (live, CantigaLive, i).play, NOW, &error));
  g_assert_true (ask_at (fixture, &policy, OTHER, 14, NOW, &error));
  /* A window that is over holds nobody up. */
  g_assert_true (ask_at (fixture, &policy, PLAYER, 15, NOW + WINDOW, &error));
  g_assert_no_error (error);
  assert_whole (fixture->ledger);
}

static void
test_older_leases_are_found (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) live = NULL;
  CantigaId listener = id_of (1);

  g_assert_true (ask_at (fixture, &three, PLAYER, 10, NOW, &error));
  g_clear_pointer (&fixture->ledger, cantiga_ledger_free);
  tamper (fixture, "UPDATE leases SET holder = NULL");
  fixture->ledger = open_ledger (fixture);
  live = cantiga_ledger_list_live (fixture->ledger, &listener, NOW, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (live->len, ==, 1);
}

#define ADD(path, function) g_test_add ("/rights/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("the-nearest-rule-counts", test_nearest_counts);
  ADD ("rules-and-groups-change-at-once", test_rules_change_at_once);
  ADD ("validity-is-drawn-from-a-range", test_validity_is_drawn);
  ADD ("one-player-at-a-time", test_at_once);
  ADD ("leases-of-an-older-ledger-are-found", test_older_leases_are_found);
  return g_test_run ();
}
