#include "server/ledger-private.h"
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
  { "the-index-of-another-licence", "INSERT INTO heard (licence, number) SELECT l.id, 7 FROM licences l WHERE NOT EXISTS (SELECT 1 FROM heard h WHERE h.licence = l.id AND h.number = 7)", "index of plays has rows of no play" },
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
          "INSERT INTO plays SELECT -1, play, sealed, chain FROM plays WHERE number = 1",
          "INSERT INTO plays SELECT n, play, sealed, chain FROM plays, (SELECT -1 AS n UNION ALL SELECT 14) v WHERE number = 1" };
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

/* As leases and the index of plays stood before a grant wrote fewer rows of indexes. */
static const char *const before[] = {
  [CANTIGA_SQL_SQLITE]
  = "CREATE TABLE old (id BLOB NOT NULL PRIMARY KEY, number INTEGER NOT NULL UNIQUE REFERENCES plays (number), licence BLOB NOT NULL,"
    " stamp BLOB NOT NULL, awaits INTEGER NOT NULL, asked INTEGER NOT NULL, ends INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;"
    "ALTER TABLE old ADD COLUMN holder BLOB;"
    "INSERT INTO old SELECT id, number, licence, stamp, awaits, asked, ends, sealed, holder FROM leases; DROP TABLE leases;"
    "ALTER TABLE old RENAME TO leases; CREATE INDEX leases_by_licence ON leases (licence); CREATE INDEX leases_by_asking ON leases (awaits, asked);"
    "CREATE INDEX leases_by_end ON leases (ends); CREATE INDEX leases_by_holder ON leases (holder);"
    "CREATE TABLE old (number INTEGER PRIMARY KEY REFERENCES plays (number), licence BLOB NOT NULL) STRICT;"
    "INSERT INTO old SELECT number, licence FROM heard; DROP TABLE heard; ALTER TABLE old RENAME TO heard;"
    "CREATE INDEX heard_by_licence ON heard (licence, number); PRAGMA user_version = 5",
  [CANTIGA_SQL_POSTGRESQL]
  = "ALTER TABLE leases DROP CONSTRAINT leases_pkey, ADD PRIMARY KEY (id), ADD UNIQUE (number), ADD FOREIGN KEY (number) REFERENCES plays (number);"
    "CREATE INDEX leases_by_licence ON leases (licence);"
    "ALTER TABLE heard DROP CONSTRAINT heard_pkey, ADD PRIMARY KEY (number), ADD FOREIGN KEY (number) REFERENCES plays (number);"
    "CREATE INDEX heard_by_licence ON heard (licence, number);"
    "DROP TRIGGER plays_are_appended ON plays;"
    "CREATE TRIGGER plays_are_appended BEFORE INSERT ON plays FOR EACH ROW EXECUTE FUNCTION plays_append ();"
    "UPDATE ledger_version SET value = 2",
};

static void
test_an_older_ledger_goes_on (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) plays = NULL;
  g_autoptr (GArray) live = NULL;
  CantigaId listener, none = id_of (13);

  fill (fixture);
  plays = cantiga_ledger_list_plays (fixture->ledger, &error);
  g_assert_no_error (error);
  listener = ((const CantigaPlayRow *)plays->pdata[0])->listener;
  g_clear_pointer (&fixture->ledger, cantiga_ledger_free);
  exec_at (fixture->path, before[get_postgresql () != NULL ? CANTIGA_SQL_POSTGRESQL : CANTIGA_SQL_SQLITE]);
  fixture->ledger = open_ledger (fixture);
  assert_whole (fixture->ledger);
  live = cantiga_ledger_list_live (fixture->ledger, &listener, NOW, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (live->len, ==, 4);
  for (guint i = 0; i < live->len; i++)
    g_assert_true (cantiga_ledger_end_play (fixture->ledger, &listener, &g_array_index (live, CantigaLive, i).play, NOW, &error));
  g_assert_false (cantiga_ledger_end_play (fixture->ledger, &listener, &none, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
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

/* ---- what is sealed and chained as it must be, and does not agree: a fault of ours could write it ---- */

/* Makes one mistake, in a transaction; events are those of fill(), from 1 on. */
typedef gboolean (*Mistake) (CantigaLedger *ledger, const CantigaEvent *events, GError **error);

static gboolean
grant_twice (CantigaLedger *ledger, const CantigaEvent *events, GError **error)
{
  CantigaEvent event = events[1];

  return cantiga_ledger_append_event (ledger, &event, error);
}

static gboolean
grant_uncounted (CantigaLedger *ledger, const CantigaEvent *events, GError **error)
{
  CantigaEvent event = events[11];

  event.play = id_of (99);
  return cantiga_ledger_find_by_ids (ledger, CANTIGA_TABLE_PLAYS, &event.listener, &event.play, &event.key, error) && cantiga_ledger_append_event (ledger, &event, error);
}

static gboolean
name_another_play (CantigaLedger *ledger, const CantigaEvent *events, GError **error)
{
  CantigaEvent event = events[11];

  event.kind = CANTIGA_EVENT_STARTED;
  event.play = id_of (99);
  return cantiga_ledger_append_event (ledger, &event, error);
}

static gboolean
start_twice (CantigaLedger *ledger, const CantigaEvent *events, GError **error)
{
  CantigaEvent event = events[8];

  return cantiga_ledger_append_event (ledger, &event, error);
}

static gboolean
end_what_has_ended (CantigaLedger *ledger, const CantigaEvent *events, GError **error)
{
  CantigaEvent event = events[3];

  return cantiga_ledger_append_event (ledger, &event, error);
}

static gboolean
take_another_licence_s_stamp (CantigaLedger *ledger, const CantigaEvent *events, GError **error)
{
  CantigaEvent event = events[11];

  event.kind = CANTIGA_EVENT_STARTED;
  event.stamp = events[12].stamp;
  return cantiga_ledger_append_event (ledger, &event, error);
}

static gboolean
load_licence_of (CantigaLedger *ledger, const CantigaEvent *event, CantigaLicenceEntry *ret_entry, GError **error)
{
  CantigaId id;
  gboolean there;

  return cantiga_ledger_find_by_ids (ledger, CANTIGA_TABLE_LICENCES, &event->listener, &event->title, &id, error)
         && cantiga_ledger_load_licence (ledger, &id, &there, ret_entry, error);
}

static gboolean
give_a_licence_to_another (CantigaLedger *ledger, const CantigaEvent *events, GError **error)
{
  CantigaLicenceEntry entry;

  if (!load_licence_of (ledger, &events[1], &entry, error))
    return FALSE;
  entry.listener = id_of (98);
  return cantiga_ledger_store_licence (ledger, &entry, error);
}

static gboolean
give_a_play_more (CantigaLedger *ledger, const CantigaEvent *events, GError **error)
{
  CantigaLicenceEntry entry;

  if (!load_licence_of (ledger, &events[1], &entry, error))
    return FALSE;
  entry.licence.plays_left++;
  return cantiga_ledger_store_licence (ledger, &entry, error);
}

static gboolean
start_in_the_lease_alone (CantigaLedger *ledger, const CantigaEvent *events, GError **error)
{
  CantigaLease lease;
  gboolean there;

  if (!cantiga_ledger_load_lease (ledger, &events[11].key, &there, &lease, error))
    return FALSE;
  lease.awaits = CANTIGA_LEASE_AWAITS_END;
  return cantiga_ledger_store_lease (ledger, &lease, error);
}

static const struct
{
  const char *path;
  Mistake mistake;
  const char *said;
} mistakes[] = {
  { "a-play-granted-twice", grant_twice, "its play was granted before" },
  { "a-grant-that-is-not-counted", grant_uncounted, "its count does not follow" },
  { "an-event-of-another-play", name_another_play, "it is of another play than it says" },
  { "a-play-started-twice", start_twice, "it does not follow from what its play was before" },
  { "a-play-that-ended-twice", end_what_has_ended, "it does not follow from what its play was before" },
  { "a-play-of-another-licence", take_another_licence_s_stamp, "it does not follow from what its play was before" },
  { "a-licence-of-another-listener", give_a_licence_to_another, "the ledger's licences" },
  { "a-licence-with-a-play-more", give_a_play_more, "does not agree with the ledger's plays" },
  { "a-lease-ahead-of-its-play", start_in_the_lease_alone, "the ledger's leases" },
};

static gboolean
keep_event_cb (const CantigaEvent *event, gpointer user_data, GError **error)
{
  g_array_append_val ((GArray *)user_data, *event);
  return TRUE;
}

static void
make_mistake (Fixture *fixture, Mistake mistake)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (fixture->ledger, &error);
  g_autoptr (GArray) events = g_array_new (FALSE, TRUE, sizeof (CantigaEvent));

  g_array_set_size (events, 1);
  g_assert_true (cantiga_ledger_each_event (fixture->ledger, keep_event_cb, events, &error));
  g_assert_cmpuint (events->len, ==, 13);
  g_assert_true (mistake (fixture->ledger, &g_array_index (events, CantigaEvent, 0), &error));
  g_assert_true (cantiga_transaction_commit (transaction, &error));
}

static void
test_finds_mistake (Fixture *fixture, gconstpointer user_data)
{
  guint i = GPOINTER_TO_UINT (user_data);
  g_autoptr (GError) error = NULL;

  fill (fixture);
  make_mistake (fixture, mistakes[i].mistake);
  g_assert_false (cantiga_ledger_verify (fixture->ledger, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED);
  if (strstr (error->message, mistakes[i].said) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, mistakes[i].said);
}

static void
add_mistakes (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_autofree char *path = g_strconcat ("/ledger/verify-finds-", mistakes[i].path, NULL);

      g_test_add (path, Fixture, GUINT_TO_POINTER (i), fixture_set_up, test_finds_mistake, fixture_tear_down);
    }
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
  ADD ("an-older-ledger-goes-on", test_an_older_ledger_goes_on);
  ADD ("counts-never-go-below-zero", test_counts_never_go_below_zero);
  ADD ("verify-finds-an-older-licence", test_finds_an_older_licence);
  add_tamperings ();
  add_mistakes ();
  return g_test_run ();
}
