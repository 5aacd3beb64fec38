/* The ledger when SQLite and OpenSSL get no memory: what is asked of it is done whole or not at all, and it goes on afterwards. */
#include "tests/core/memory-fixture.h"
#include "tests/server/plays-fixture.h"

#include <malloc.h>
#include <sqlite3.h>

/* ---- SQLite's memory ---- */

static void *
sqlite_malloc (int size)
{
  return memory_ask (NULL, (size_t)size);
}

static void *
sqlite_realloc (void *old, int size)
{
  return memory_ask (old, (size_t)size);
}

static int
sqlite_size (void *old)
{
  return (int)malloc_usable_size (old);
}

static int
sqlite_roundup (int size)
{
  return (size + 7) & ~7;
}

static int
sqlite_init (void *unused)
{
  return SQLITE_OK;
}

static void
sqlite_shutdown (void *unused)
{
}

static void
watch_sqlite (void)
{
  static const sqlite3_mem_methods methods = { sqlite_malloc, free, sqlite_realloc, sqlite_size, sqlite_roundup, sqlite_init, sqlite_shutdown, NULL };

  g_assert_cmpint (sqlite3_config (SQLITE_CONFIG_MALLOC, &methods), ==, SQLITE_OK);
}

/* ---- what is tried ---- */

/* A connection to SQLite must not go through fork(): each trial opens its own. */
static CantigaLedger *
open_apart (Fixture *fixture)
{
  guint refused = memory.refused;
  CantigaLedger *ledger;

  memory.refused = 0;
  ledger = open_ledger (fixture);
  memory.refused = refused;
  return ledger;
}

static gboolean
open_it (gpointer data, GError **error)
{
  Fixture *fixture = data;

  fixture->ledger = cantiga_ledger_open (fixture->path, fixture->master, error);
  return fixture->ledger != NULL;
}

static gboolean
grant (gpointer data, GError **error)
{
  const CantigaPolicy policy = { 1000000, WEEK, CANTIGA_RENEWAL_MANUAL, 0 };
  Fixture *fixture = data;
  CantigaId play = id_of (77);
  Outcome outcome;

  fixture->ledger = open_apart (fixture);
  return ask (fixture->ledger, &policy, 1, 2, &play, FALSE, NOW, &outcome, error);
}

static gboolean
put (gpointer data, GError **error)
{
  Fixture *fixture = data;
  g_autoptr (CantigaTitle) title = title_new (5, "Quantas sabedes amar amigo");

  fixture->ledger = open_apart (fixture);
  return cantiga_ledger_put_title (fixture->ledger, title, error);
}

static gboolean
pair (gpointer data, GError **error)
{
  Fixture *fixture = data;
  guint refused = memory.refused;
  g_autoptr (CantigaInvitation) invitation = NULL;
  g_autoptr (GPtrArray) leaves = NULL;
  g_autoptr (GBytes) answer = g_bytes_new_static ("answer", 6);

  memory.refused = 0;
  fixture->ledger = open_ledger (fixture);
  invitation = invite (fixture, FALSE);
  leaves = leaves_new (2);
  memory.refused = refused;
  return cantiga_ledger_use_invitation (fixture->ledger, &invitation->id, request, PLAYER, leaves, answer, NOW, error);
}

static gboolean
verify (gpointer data, GError **error)
{
  Fixture *fixture = data;

  fixture->ledger = open_apart (fixture);
  return cantiga_ledger_verify (fixture->ledger, error);
}

static gboolean
list (gpointer data, GError **error)
{
  Fixture *fixture = data;
  g_autoptr (GPtrArray) titles = NULL;
  g_autoptr (GPtrArray) plays = NULL;

  fixture->ledger = open_apart (fixture);
  titles = cantiga_ledger_list_titles (fixture->ledger, error);
  plays = titles != NULL ? cantiga_ledger_list_plays (fixture->ledger, error) : NULL;
  if (plays == NULL)
    return FALSE;
  /* Never a part of it for the whole. */
  g_assert_cmpuint (titles->len, ==, 1);
  g_assert_cmpuint (plays->len, >=, 1);
  return TRUE;
}

/* ---- what must then be so ---- */

static guint
count_plays (CantigaLedger *ledger)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = cantiga_ledger_list_plays (ledger, &error);

  g_assert_no_error (error);
  return rows->len;
}

/* The same connection, with memory again: all is there, and nothing more. */
static void
assert_as_it_was (gpointer data, gboolean done)
{
  Fixture *fixture = data;

  assert_whole (fixture->ledger);
  g_assert_cmpuint (count_plays (fixture->ledger), ==, 1);
}

/* The same connection, with memory again: it is whole, and grants; the play that was granted is there, and the one that was not is not. */
static void
assert_goes_on (gpointer data, gboolean done)
{
  Fixture *fixture = data;
  guint before;

  if (fixture->ledger == NULL)
    fixture->ledger = open_ledger (fixture);
  assert_whole (fixture->ledger);
  before = count_plays (fixture->ledger);
  {
    const CantigaPolicy policy = { 1000000, WEEK, CANTIGA_RENEWAL_MANUAL, 0 };
    g_autoptr (GError) error = NULL;
    CantigaId play;
    Outcome outcome;

    cantiga_id_new_random (&play);
    g_assert_true (ask (fixture->ledger, &policy, 1, 2, &play, FALSE, NOW, &outcome, &error));
    g_assert_no_error (error);
    /* One play each: none was lost, none counted twice. */
    g_assert_cmpuint (outcome.play.plays_left, ==, 1000000 - before - 1);
  }
  assert_whole (fixture->ledger);
}

/* Another process finds it whole. */
static void
assert_left_whole (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (CantigaLedger) ledger = open_ledger (fixture);

  assert_whole (ledger);
}

static void
try_all (Fixture *fixture, guint step, Work work, After after)
{
  g_clear_pointer (&fixture->ledger, cantiga_ledger_free);
  memory_try_all (g_test_slow () ? 1 : step, work, after, fixture, NULL);
  assert_left_whole (fixture);
}

static void
add_one_of_each (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (put (fixture, &error));
  g_clear_pointer (&fixture->ledger, cantiga_ledger_free);
  g_assert_true (grant (fixture, &error));
}

static void
test_open (Fixture *fixture, gconstpointer unused)
{
  try_all (fixture, 5, open_it, assert_goes_on);
}

static void
test_grant (Fixture *fixture, gconstpointer unused)
{
  try_all (fixture, 1, grant, assert_goes_on);
}

static void
test_put (Fixture *fixture, gconstpointer unused)
{
  try_all (fixture, 1, put, assert_goes_on);
}

static void
test_pair (Fixture *fixture, gconstpointer unused)
{
  try_all (fixture, 5, pair, assert_goes_on);
}

static void
test_read (Fixture *fixture, gconstpointer unused)
{
  g_clear_pointer (&fixture->ledger, cantiga_ledger_free);
  add_one_of_each (fixture);
  try_all (fixture, 11, verify, assert_as_it_was);
  try_all (fixture, 5, list, assert_as_it_was);
}

#define ADD(path, function) g_test_add ("/ledger-memory/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
  memory_watch_openssl ();
  watch_sqlite ();
  g_test_init (&argc, &argv, NULL);
  ADD ("it-opens-or-says-why-not", test_open);
  ADD ("a-play-is-granted-whole-or-not-at-all", test_grant);
  ADD ("a-title-is-put-whole-or-not-at-all", test_put);
  ADD ("a-player-is-paired-whole-or-not-at-all", test_pair);
  ADD ("what-cannot-be-read-for-lack-of-it-is-not-called-damaged", test_read);
  return g_test_run ();
}
