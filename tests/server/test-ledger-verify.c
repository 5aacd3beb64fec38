#include "tests/server/ledger-fixture.h"

static void
fill (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) card = certificate_new ("one");
  g_autoptr (X509) other = certificate_new ("other");
  g_autoptr (CantigaTitle) first = title_new (1, "first");
  g_autoptr (CantigaTitle) second = title_new (2, "second");
  g_autoptr (CantigaInvitation) used = invite (fixture, FALSE);
  g_autoptr (CantigaInvitation) waiting = invite (fixture, FALSE);
  CantigaPolicy policy = CANTIGA_POLICY_DEFAULT;
  CantigaId listener;
  CantigaPlay granted;
  gboolean deleted;

  g_assert_true (cantiga_ledger_add_card (fixture->ledger, other, NOW, &listener, NULL, &error));
  g_assert_true (cantiga_ledger_add_card (fixture->ledger, card, NOW, &listener, NULL, &error));
  g_assert_true (cantiga_ledger_put_title (fixture->ledger, first, &error));
  g_assert_true (cantiga_ledger_put_title (fixture->ledger, second, &error));
  g_assert_true (use (fixture, used, request, NOW, &error));
  for (guint8 i = 0; i < 6; i++)
    {
      CantigaId play = id_of (100 + i);
      CantigaId title = id_of (1 + i % 2);

      g_assert_true (
          cantiga_ledger_grant_play (fixture->ledger, &policy, &listener, &title, &play, PLAYER, 180, FALSE, NOW, &granted, &deleted, &error));
      if (i < 4)
        g_assert_true (cantiga_ledger_start_play (fixture->ledger, &listener, &play, NOW, &error));
      if (i < 2)
        g_assert_true (cantiga_ledger_end_play (fixture->ledger, &listener, &play, NOW, &error));
    }
  g_assert_no_error (error);
  assert_whole (fixture->ledger);
}

#define UNLOCK "DROP TRIGGER plays_are_not_changed; DROP TRIGGER plays_are_not_deleted; DROP TRIGGER plays_are_appended;"
#define SWAP(table, column)                                                                                                                          \
  "CREATE TEMP TABLE t AS SELECT rowid AS r, " column " AS v FROM " table " ORDER BY rowid LIMIT 2;"                                                 \
  "UPDATE " table " SET " column                                                                                                                     \
  " = CASE rowid WHEN (SELECT min (r) FROM t) THEN (SELECT v FROM t ORDER BY r DESC) ELSE (SELECT v FROM t ORDER BY r) END"                          \
  " WHERE rowid IN (SELECT r FROM t)"

/* What is done, and what verify must say of it. The fixture's plays are: 1 to 3 and 4 to 6 granted, started, ended; 7, 8 and 9, 10 granted, started;
 * 11 and 12 granted. */
typedef struct
{
  const char *path;
  const char *text;
  const char *said;
} Tampering;

static const Tampering tamperings[] = {
  { "a-play-changed", UNLOCK "UPDATE plays SET sealed = zeroblob (length (sealed)) WHERE number = 3", "Row 3 of the ledger's plays" },
  { "a-play-s-key-changed", UNLOCK "UPDATE plays SET play = randomblob (16) WHERE number = 3", "Row 3 of the ledger's plays" },
  { "a-link-changed", UNLOCK "UPDATE plays SET chain = randomblob (32) WHERE number = 3", "breaks at row 3" },
  { "a-play-taken-out", UNLOCK "DELETE FROM plays WHERE number = 3", "Row 3 of the ledger's plays is missing" },
  { "plays-cut-off", UNLOCK "DELETE FROM leases WHERE number = 12; DELETE FROM heard WHERE number = 12; DELETE FROM plays WHERE number = 12", "cut off after row 11" },
  { "all-plays-taken-out", UNLOCK "DELETE FROM leases; DELETE FROM heard; DELETE FROM licences; DELETE FROM plays", "cut off after row 0" },
  { "plays-swapped", UNLOCK SWAP ("plays", "sealed"), "of the ledger's plays" },
  { "a-play-doubled", UNLOCK "INSERT INTO plays SELECT 13, play, sealed, chain FROM plays WHERE number = 12", "of the ledger's plays" },
  { "the-head-taken-out", "DELETE FROM head", "the ledger's head" },
  { "plays-left-raised", "UPDATE licences SET plays = 9, plays_left = 9", "the ledger's licences" },
  { "a-licence-s-end-moved", "UPDATE licences SET expires = expires + 1", "the ledger's licences" },
  { "a-licence-s-making-moved", "UPDATE licences SET made = made - 1", "the ledger's licences" },
  { "licences-swapped", SWAP ("licences", "sealed"), "the ledger's licences" },
  { "a-lease-taken-out", "DELETE FROM leases WHERE number = 11", "missing from the ledger's leases" },
  { "a-lease-unstarted", "UPDATE leases SET awaits = 0 WHERE number = 7", "the ledger's leases" },
  { "a-lease-prolonged", "UPDATE leases SET ends = ends + 1", "the ledger's leases" },
  { "titles-swapped", SWAP ("titles", "sealed"), "the ledger's titles" },
  { "cards-swapped", SWAP ("cards", "sealed"), "the ledger's cards" },
  { "a-player-changed", "UPDATE players SET sealed = randomblob (length (sealed))", "the ledger's players" },
  { "a-certificate-changed", "UPDATE certificates SET sealed = randomblob (length (sealed))", "the ledger's certificates" },
  { "an-invitation-prolonged", "UPDATE invitations SET expires = expires + 900", "the ledger's invitations" },
  { "an-invitation-s-secret-changed", "UPDATE invitations SET secret = randomblob (length (secret))", "the ledger's invitations" },
  { "a-row-cut-short", "UPDATE cards SET sealed = x'00'", "the ledger's cards" },
  { "the-generation-taken-out", "DELETE FROM generation", "no generation" },
};

static void
test_finds (Fixture *fixture, gconstpointer user_data)
{
  const Tampering *tampering = user_data;
  g_autoptr (GError) error = NULL;

  fill (fixture);
  tamper (fixture, tampering->text);
  g_assert_false (cantiga_ledger_verify (fixture->ledger, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, tampering->said));
}

/* Going back to an older row whose count was right then is found by the plays that were recorded since. */
static void
test_finds_an_older_licence (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaPolicy policy = CANTIGA_POLICY_DEFAULT;
  CantigaId listener = id_of (1), title = id_of (2), play = id_of (3), second = id_of (4);
  CantigaPlay granted;
  gboolean deleted;

  g_assert_true (cantiga_ledger_grant_play (fixture->ledger, &policy, &listener, &title, &play, PLAYER, 180, FALSE, NOW, &granted, &deleted, &error));
  tamper (fixture, "CREATE TABLE kept AS SELECT * FROM licences");
  g_assert_true (
      cantiga_ledger_grant_play (fixture->ledger, &policy, &listener, &title, &second, PLAYER, 180, FALSE, NOW, &granted, &deleted, &error));
  assert_whole (fixture->ledger);
  tamper (fixture, "DELETE FROM licences; INSERT INTO licences SELECT * FROM kept");
  g_assert_false (cantiga_ledger_verify (fixture->ledger, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED);
}

static void
test_plays_are_only_appended (Fixture *fixture, gconstpointer unused)
{
  static const char *const texts[]
      = { "UPDATE plays SET chain = x'00'", "DELETE FROM plays", "REPLACE INTO plays SELECT * FROM plays WHERE number = 1",
          "INSERT INTO plays SELECT -1, play, sealed, chain FROM plays WHERE number = 1" };
  g_autoptr (CantigaSql) sql = NULL;

  fill (fixture);
  sql = cantiga_sql_open (fixture->path, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *said = dialect (texts[i]);

      if (get_postgresql () != NULL && g_str_has_prefix (said, "REPLACE"))
        continue;
      g_assert_false (cantiga_sql_exec (sql, said, &error));
      g_assert_nonnull (strstr (error->message, "only ever appended"));
    }
  assert_whole (fixture->ledger);
}

static void
test_counts_never_go_below_zero (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSql) sql = NULL;

  fill (fixture);
  sql = cantiga_sql_open (fixture->path, NULL);
  g_assert_false (cantiga_sql_exec (sql, "UPDATE licences SET plays_left = -1", &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_INTERNAL);
}

#define ADD(path, function) g_test_add ("/ledger/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

static void
add_tamperings (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (tamperings); i++)
    {
      g_autofree char *path = g_strconcat ("/ledger/verify-finds-", tamperings[i].path, NULL);

      /* In PostgreSQL rows have no number of their own to swap them by. */
      if (get_postgresql () != NULL && strstr (tamperings[i].text, "rowid") != NULL)
        continue;

      g_test_add (path, Fixture, &tamperings[i], fixture_set_up, test_finds, fixture_tear_down);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("plays-are-only-ever-appended", test_plays_are_only_appended);
  ADD ("counts-never-go-below-zero", test_counts_never_go_below_zero);
  ADD ("verify-finds-an-older-licence", test_finds_an_older_licence);
  add_tamperings ();
  return g_test_run ();
}
