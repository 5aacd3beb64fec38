#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/server/plays-fixture.h"

/* ---- at the same time (9.5) ---- */

typedef struct
{
  CantigaLedger *ledger;
  guint granted, refused, together;
  guint8 name;
} Racer;

#define RACES 40
#define RACE_PLAYS 25

/* Each takes plays of its own, and asks beside it for plays that the other asks for as well. */
static gpointer
race (gpointer user_data)
{
  const CantigaPolicy policy = { RACE_PLAYS, WEEK, CANTIGA_RENEWAL_MANUAL, 0 };
  Racer *racer = user_data;

  for (guint8 i = 0; i < RACES; i++)
    {
      CantigaId own = id_of (i), common = id_of (i);
      Outcome outcome;

      own.bytes[0] = racer->name;
      common.bytes[0] = 0xcc;
      if (ask (racer->ledger, &policy, 1, 2, &own, FALSE, NOW, &outcome, NULL))
        racer->granted++;
      else
        racer->refused++;
      if (ask (racer->ledger, &policy, 1, 3, &common, FALSE, NOW, &outcome, NULL))
        racer->together++;
    }
  return NULL;
}

static guint
plays_left_of (CantigaLedger *ledger, guint8 title)
{
  g_autoptr (GPtrArray) rows = licences (ledger);

  for (guint i = 0; i < rows->len; i++)
    if (((const CantigaLicenceRow *)g_ptr_array_index (rows, i))->title.bytes[0] == title)
      return ((const CantigaLicenceRow *)g_ptr_array_index (rows, i))->licence.plays_left;
  g_assert_not_reached ();
}

static void
test_two_programs_never_count_twice (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaLedger) other = open_ledger (fixture);
  Racer first = { .ledger = fixture->ledger, .name = 1 }, second = { .ledger = other, .name = 2 };
  GThread *thread = g_thread_new ("racer", race, &second);

  race (&first);
  g_thread_join (thread);
  g_assert_cmpuint (first.granted + second.granted, ==, RACE_PLAYS);
  g_assert_cmpuint (first.refused + second.refused, ==, 2 * RACES - RACE_PLAYS);
  g_assert_cmpuint (plays_left_of (fixture->ledger, 2), ==, 0);
  /* The first to ask for a common play pays, the second gets it for nothing: both are granted the same ones. */
  g_assert_cmpuint (first.together, ==, RACE_PLAYS);
  g_assert_cmpuint (second.together, ==, RACE_PLAYS);
  g_assert_cmpuint (plays_left_of (fixture->ledger, 3), ==, 0);
  assert_whole (fixture->ledger);
}

/* ---- killed (9.5) ---- */

#define KILLS 12
#define KILL_AFTER 20 /* grants */

/* Says after each grant that is durable that it was. */
G_NORETURN static void
grant_until_killed (Fixture *fixture, int told)
{
  const CantigaPolicy policy = { 1000000, WEEK, CANTIGA_RENEWAL_MANUAL, 0 };
  g_autoptr (CantigaLedger) ledger = cantiga_ledger_open (fixture->path, fixture->master, NULL);

  for (;;)
    {
      CantigaId play;
      Outcome outcome;
      guint8 one = 1;

      cantiga_id_new_random (&play);
      if (ledger == NULL || !ask (ledger, &policy, 1, 2, &play, FALSE, NOW, &outcome, NULL) || write (told, &one, 1) != 1)
        _exit (1);
    }
}

/* How many grants the child told of before it was killed in the middle of one. */
static guint
kill_one (Fixture *fixture, guint spin)
{
  int ends[2], status;
  guint told = 0;
  guint8 byte;
  pid_t child;

  g_assert_cmpint (pipe (ends), ==, 0);
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    grant_until_killed (fixture, ends[1]);
  close (ends[1]);
  while (told < KILL_AFTER && read (ends[0], &byte, 1) == 1)
    told++;
  /* Each time at another moment of the next grant. */
  g_usleep (spin * 37);
  kill (child, SIGKILL);
  while (read (ends[0], &byte, 1) == 1)
    told++;
  close (ends[0]);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  return told;
}

static void
test_killed_in_the_middle (Fixture *fixture, gconstpointer unused)
{
  guint told = 0, recorded;

  g_clear_pointer (&fixture->ledger, cantiga_ledger_free);
  for (guint i = 0; i < KILLS; i++)
    {
      g_autoptr (GPtrArray) rows = NULL;

      told += kill_one (fixture, i);
      fixture->ledger = open_ledger (fixture);
      assert_whole (fixture->ledger);
      rows = cantiga_ledger_list_plays (fixture->ledger, NULL);
      recorded = rows->len;
      /* What was told is there; at most one a killing was recorded and not told any more. */
      g_assert_cmpuint (recorded, >=, told);
      g_assert_cmpuint (recorded, <=, told + i + 1);
      g_assert_cmpint (plays_left (fixture->ledger), ==, 1000000 - (gint)recorded);
      g_clear_pointer (&fixture->ledger, cantiga_ledger_free);
    }
}

/* ---- a database that crashes ---- */

#define ASKERS 24
#define CRASH_AFTER 600 /* grants */

typedef struct
{
  CantigaLedger *ledger;
  gint *granted; /* of all */
  GArray *told;  /* CantigaId: plays that were granted */
  GError *error;
} Asker;

static gpointer
ask_until_it_fails (gpointer user_data)
{
  const CantigaPolicy policy = { 1000000, WEEK, CANTIGA_RENEWAL_MANUAL, 0 };
  Asker *asker = user_data;
  guint8 listener = (guint8)g_random_int_range (1, 200);
  CantigaId play;
  Outcome outcome;

  for (cantiga_id_new_random (&play); ask (asker->ledger, &policy, listener, 2, &play, FALSE, NOW, &outcome, &asker->error); cantiga_id_new_random (&play))
    {
      g_array_append_val (asker->told, play);
      g_atomic_int_inc (asker->granted);
    }
  return NULL;
}

static pid_t
find_process (CantigaSql *sql, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (sql, text, &error);

  g_assert_no_error (error);
  g_assert_cmpint (cantiga_statement_step (statement, &error), ==, CANTIGA_STEP_ROW);
  return (pid_t)cantiga_statement_get_int (statement, 0);
}

/* What was waited for is written, and nothing else: who writes the log at leisure stands still, and is the one who is killed: let go on, it would first write what it has. PostgreSQL then ends all others, and comes
 * back with what was written. */
static void
crash (Fixture *fixture, const gint *granted)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSql) sql = cantiga_sql_open (fixture->path, &error);
  pid_t writer = find_process (sql, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'");

  g_assert_cmpint (kill (writer, SIGSTOP), ==, 0);
  while (g_atomic_int_get (granted) < CRASH_AFTER)
    g_usleep (1000);
  g_assert_cmpint (kill (writer, SIGKILL), ==, 0);
}

static void
await_ledger (Fixture *fixture)
{
  gint64 ends = g_get_monotonic_time () + 120 * G_USEC_PER_SEC;

  g_clear_pointer (&fixture->ledger, cantiga_ledger_free);
  while ((fixture->ledger = cantiga_ledger_open (fixture->path, fixture->master, NULL)) == NULL && g_get_monotonic_time () < ends)
    g_usleep (20000);
  g_assert_nonnull (fixture->ledger);
}

static GHashTable *
list_granted (CantigaLedger *ledger)
{
  g_autoptr (GPtrArray) rows = cantiga_ledger_list_plays (ledger, NULL);
  GHashTable *granted = g_hash_table_new_full (cantiga_id_hash, cantiga_id_equal_func, g_free, NULL);

  for (guint i = 0; i < rows->len; i++)
    g_hash_table_add (granted, g_memdup2 (&((const CantigaPlayRow *)rows->pdata[i])->play, sizeof (CantigaId)));
  return granted;
}

/* What was answered is on the disk, also where one commit's wait for it is another's time to write. */
static void
test_what_was_told_is_on_the_disk (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GHashTable) there = NULL;
  Asker askers[ASKERS];
  GThread *threads[ASKERS];
  gint granted = 0;

  for (guint i = 0; i < ASKERS; i++)
    {
      askers[i] = (Asker){ fixture->ledger, &granted, g_array_new (FALSE, FALSE, sizeof (CantigaId)), NULL };
      threads[i] = g_thread_new ("asker", ask_until_it_fails, &askers[i]);
    }
  crash (fixture, &granted);
  for (guint i = 0; i < ASKERS; i++)
    {
      g_thread_join (threads[i]);
      g_assert_error (askers[i].error, CANTIGA_ERROR, CANTIGA_ERROR_BUSY);
      g_clear_error (&askers[i].error);
    }
  await_ledger (fixture);
  assert_whole (fixture->ledger);
  there = list_granted (fixture->ledger);
  for (guint i = 0; i < ASKERS; i++)
    {
      for (guint k = 0; k < askers[i].told->len; k++)
        g_assert_true (g_hash_table_contains (there, &g_array_index (askers[i].told, CantigaId, k)));
      g_array_unref (askers[i].told);
    }
}

/* ---- a full disk ---- */

static guint
grant_until_full (Fixture *fixture, GError **error)
{
  const CantigaPolicy policy = { 1000000, WEEK, CANTIGA_RENEWAL_MANUAL, 0 };
  guint granted = 0;
  CantigaId play;
  Outcome outcome;

  do
    cantiga_id_new_random (&play);
  while (ask (fixture->ledger, &policy, 1, 2, &play, FALSE, NOW, &outcome, error) && ++granted < 10000);
  return granted;
}

static guint
grant_one (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  CantigaId play = id_of (10);
  Outcome outcome;

  g_assert_true (ask (fixture->ledger, &three, 1, 2, &play, FALSE, NOW, &outcome, &error));
  g_assert_no_error (error);
  return outcome.play.plays_left;
}

static void
test_a_full_disk_leaves_it_whole (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  struct rlimit before, tight;
  sighandler_t handler = signal (SIGXFSZ, SIG_IGN);
  guint granted;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  tight = before;
  tight.rlim_cur = 300000;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &tight), ==, 0);
  granted = grant_until_full (fixture, &error);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  signal (SIGXFSZ, handler);
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_INTERNAL);
  g_assert_cmpuint (granted, >, 0);
  g_assert_cmpint (plays_left (fixture->ledger), ==, 1000000 - (gint)granted);
  assert_whole (fixture->ledger);
  g_assert_cmpuint (grant_one (fixture), ==, 1000000 - granted - 1);
  reopen (fixture);
  assert_whole (fixture->ledger);
}

#define ADD(path, function) g_test_add ("/plays/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("two-programs-never-count-twice", test_two_programs_never_count_twice);
  ADD ("killed-in-the-middle-they-stay-whole", test_killed_in_the_middle);
  /* The disk of a PostgreSQL is not ours to fill. */
  if (get_postgresql () == NULL)
    ADD ("a-full-disk-leaves-them-whole", test_a_full_disk_leaves_it_whole);
  else
    ADD ("what-was-told-is-there-after-the-database-has-crashed", test_what_was_told_is_on_the_disk);
  return g_test_run ();
}
