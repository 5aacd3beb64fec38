/* The ledger of several servers, sealed anew in its place: in PostgreSQL alone. Which columns are sealed the database tells, so that one that is new is not forgotten, neither there nor here. */
#include "tests/server/plays-fixture.h"

/* Keyed by a key that stays; whatever else is bytes is made with the master key. */
#define EACH_SEALED_COLUMN                                                                                                                           \
  "FOR name, part IN SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema () AND data_type = 'bytea'"  \
  " AND column_name NOT IN ('id', 'player', 'holder', 'stamp', 'licence', 'play') LOOP"

#define REMEMBER                                                                                                                                     \
  "CREATE TABLE seen (name text, part text, value text);"                                                                                            \
  "DO $$ DECLARE name text; part text; n bigint; BEGIN " EACH_SEALED_COLUMN                                                                         \
  " EXECUTE format ('INSERT INTO seen SELECT %L, %L, encode (%I, ''hex'') FROM %I WHERE length (%I) > 0', name, part, part, name, part);"            \
  " GET DIAGNOSTICS n = ROW_COUNT;"                                                                                                                  \
  " IF n = 0 THEN RAISE EXCEPTION 'this test puts nothing into %.%', name, part; END IF; END LOOP; END $$"

#define COMPARE                                                                                                                                      \
  "DO $$ <<compare>> DECLARE name text; part text; old bigint; now bigint; BEGIN " EACH_SEALED_COLUMN                                                           \
  " EXECUTE format ('SELECT count (*) FROM %I t JOIN seen s ON s.value = encode (t.%I, ''hex'')', name, part) INTO old;"                             \
  " EXECUTE format ('SELECT count (*) FROM %I WHERE length (%I) > 0', name, part) INTO now;"                                                         \
  " IF old > 0 THEN RAISE EXCEPTION '%.% has % values of the old key', name, part, old; END IF;"                                                     \
  " IF now <> (SELECT count (*) FROM seen s WHERE s.name = compare.name AND s.part = compare.part)"                                                  \
  " THEN RAISE EXCEPTION '%.% has lost some', name, part; END IF; END LOOP; END $$"

static void
put_people (Fixture *fixture, CantigaId *ret_card)
{
  g_autoptr (CantigaInvitation) used = invite (fixture, FALSE);
  g_autoptr (X509) card = certificate_new ("ANA");
  g_autoptr (GError) error = NULL;

  g_assert_true (cantiga_ledger_add_card (fixture->ledger, card, NOW, ret_card, NULL, &error));
  g_assert_true (use (fixture, used, request, NOW, &error));
  g_assert_no_error (error);
}

static void
put_rules (Fixture *fixture, const CantigaId *card)
{
  g_autoptr (CantigaRule) rule = cantiga_rule_new ();
  CantigaFollowed followed = { .path = (char *)"/music/a.flac", .title = id_of (2), .size = 1, .changed = NOW };
  g_autoptr (GError) error = NULL;
  CantigaId id;
  gint64 number;

  rule->album = g_strdup ("Cancioneiro");
  rule->allowed = 0;
  g_assert_true (cantiga_ledger_put_rule (fixture->ledger, rule, &id, &error));
  g_assert_true (cantiga_ledger_add_member (fixture->ledger, "friends", card, &error));
  g_assert_true (cantiga_ledger_put_followed (fixture->ledger, &followed, &error));
  g_assert_true (cantiga_ledger_draw_crl_number (fixture->ledger, "a list", NOW, &number, &error));
  g_assert_no_error (error);
}

/* A row in each table. */
static void
fill (Fixture *fixture)
{
  const CantigaPolicy policy = { 3, 7 * 24 * 3600, CANTIGA_RENEWAL_MANUAL, 0 };
  g_autoptr (CantigaInvitation) open = invite (fixture, TRUE);
  g_autoptr (CantigaTitle) title = title_new (2, "Rosa das rosas");
  g_autoptr (GError) error = NULL;
  CantigaId card, play = id_of (10);
  Outcome outcome;

  put_people (fixture, &card);
  put_rules (fixture, &card);
  g_assert_true (cantiga_ledger_put_title (fixture->ledger, title, &error));
  g_assert_true (ask (fixture->ledger, &policy, 1, 2, &play, FALSE, NOW, &outcome, &error));
  g_assert_no_error (error);
}

static gboolean
ready_cb (const char *mark, gpointer unused, GError **error)
{
  return mark != NULL;
}

/* Under another master key; then another program opens it: what is in it now, and nothing that was kept. */
static void
rekey (Fixture *fixture)
{
  CantigaSecret *master = cantiga_secret_new_random (32);
  g_autoptr (GError) error = NULL;

  (void)!cantiga_ledger_rekey (fixture->ledger, fixture->path, master, ready_cb, NULL, &error);
  g_assert_no_error (error);
  cantiga_secret_free (fixture->master);
  fixture->master = master;
  reopen (fixture);
  assert_whole (fixture->ledger);
}

/* Twice: the key of identifiers is there from the first time on. */
static void
test_everything (Fixture *fixture, gconstpointer unused)
{
  fill (fixture);
  rekey (fixture);
  exec_at (fixture->path, REMEMBER);
  rekey (fixture);
  exec_at (fixture->path, COMPARE);
}

/* A table of a version to come, which nobody copies yet: rather nothing than without it. */
static void
test_forgotten (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaSecret) master = cantiga_secret_new_random (32);
  g_autoptr (GError) error = NULL;

  fill (fixture);
  exec_at (fixture->path, "CREATE TABLE notes (id BYTEA PRIMARY KEY, sealed BYTEA NOT NULL); INSERT INTO notes VALUES ('a', 'b')");
  g_assert_false (cantiga_ledger_rekey (fixture->ledger, fixture->path, master, ready_cb, NULL, &error));
  g_assert_nonnull (strstr (error->message, "not all rows of notes were sealed anew"));
  reopen (fixture);
  exec_at (fixture->path, "DO $$ BEGIN ASSERT (SELECT count (*) FROM notes) = 1; END $$");
  assert_whole (fixture->ledger);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/ledger-rekey/every-sealed-column-is-sealed-anew", Fixture, NULL, fixture_set_up, test_everything, fixture_tear_down);
  g_test_add ("/ledger-rekey/a-table-that-was-forgotten-is-not-lost", Fixture, NULL, fixture_set_up, test_forgotten, fixture_tear_down);
  return g_test_run ();
}
