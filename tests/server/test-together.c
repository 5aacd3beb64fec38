/* Writers that come while another one writes are written in one commit (docs/adr/0015): what one of them fails at takes back what it wrote, and nothing of the others'. */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/ledger-private.h"
#include "tests/server/ledger-fixture.h"

/* ---- the disk: SQLite's calls come here as well ---- */

typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean stands; /* who comes waits */
  guint waiting;
  int fails;       /* an errno, or 0 */
} Disk;

static Disk disk;

__attribute__ ((visibility ("default"))) int fdatasync (int file);

int
fdatasync (int file)
{
  int fails;

  g_mutex_lock (&disk.lock);
  disk.waiting++;
  g_cond_broadcast (&disk.changed);
  while (disk.stands)
    g_cond_wait (&disk.changed, &disk.lock);
  disk.waiting--;
  fails = disk.fails;
  g_mutex_unlock (&disk.lock);
  errno = fails;
  return fails == 0 ? (int)syscall (SYS_fdatasync, file) : -1;
}

static void
set_disk (gboolean stands, int fails)
{
  g_mutex_lock (&disk.lock);
  disk.stands = stands;
  disk.fails = fails;
  g_cond_broadcast (&disk.changed);
  g_mutex_unlock (&disk.lock);
}

static void
await_disk (void)
{
  g_mutex_lock (&disk.lock);
  while (disk.waiting == 0)
    g_cond_wait (&disk.changed, &disk.lock);
  g_mutex_unlock (&disk.lock);
}

/* ---- those who write ---- */

/* One who writes an event, and then fails or not. */
typedef struct
{
  CantigaLedger *ledger;
  guint writes;
  gboolean fails;
  GThread *thread;
  gboolean succeeded;
  GError *error;
  gint answered; /* atomic */
} Writer;

static gboolean
write_cb (CantigaLedger *ledger, gpointer user_data, GError **error)
{
  const Writer *writer = user_data;

  for (guint i = 0; i < writer->writes; i++)
    {
      /* Of no play: what verify has nothing to hold against. */
      CantigaEvent event = { .kind = CANTIGA_EVENT_RESTORED, .at = NOW };

      if (!cantiga_ledger_append_event (ledger, &event, error))
        return FALSE;
    }
  return !writer->fails || cantiga_fail (error, CANTIGA_ERROR_LICENCE_REFUSED);
}

static gpointer
write_in_thread (gpointer user_data)
{
  Writer *writer = user_data;

  writer->succeeded = cantiga_ledger_write_together (writer->ledger, write_cb, writer, &writer->error);
  g_atomic_int_set (&writer->answered, TRUE);
  return NULL;
}

/* Until one leads, and so many wait behind it. */
static void
await_queue (CantigaLedger *ledger, guint waiting)
{
  for (gboolean there = FALSE; !there;)
    {
      g_mutex_lock (&ledger->queue_lock);
      there = ledger->busy && g_queue_get_length (&ledger->waiting) == waiting;
      g_mutex_unlock (&ledger->queue_lock);
      g_usleep (500);
    }
}

/* The first is alone in its commit, as it leads while the ledger is held; the others are in one. */
static void
start_together (CantigaLedger *ledger, Writer *writers, guint n)
{
  g_autoptr (GError) error = NULL;
  CantigaTransaction *held = cantiga_ledger_read (ledger, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < n; i++)
    {
      writers[i].ledger = ledger;
      writers[i].thread = g_thread_new ("writer", write_in_thread, &writers[i]);
      await_queue (ledger, i);
    }
  cantiga_transaction_end (held);
}

static void
join (Writer *writers, guint n)
{
  for (guint i = 0; i < n; i++)
    g_thread_join (writers[i].thread);
}

static void
write_together (CantigaLedger *ledger, Writer *writers, guint n)
{
  start_together (ledger, writers, n);
  join (writers, n);
}

static gint64
count_events (CantigaLedger *ledger)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, &error);
  gint64 number = -1;

  g_assert_true (cantiga_ledger_last_number (ledger, &number, &error));
  return number;
}

static void
test_all (Fixture *fixture, gconstpointer unused)
{
  Writer writers[] = { { .writes = 1 }, { .writes = 1 }, { .writes = 2 }, { .writes = 3 } };

  write_together (fixture->ledger, writers, G_N_ELEMENTS (writers));
  for (guint i = 0; i < G_N_ELEMENTS (writers); i++)
    g_assert_true (writers[i].succeeded && writers[i].error == NULL);
  g_assert_cmpint (count_events (fixture->ledger), ==, 7);
  assert_whole (fixture->ledger);
}

static void
test_refused (Fixture *fixture, gconstpointer unused)
{
  Writer writers[] = { { .writes = 1 }, { .writes = 1 }, { .fails = TRUE }, { .writes = 2 } };

  write_together (fixture->ledger, writers, G_N_ELEMENTS (writers));
  g_assert_true (writers[0].succeeded && writers[1].succeeded && writers[3].succeeded);
  g_assert_false (writers[2].succeeded);
  g_assert_error (writers[2].error, CANTIGA_ERROR, CANTIGA_ERROR_LICENCE_REFUSED);
  g_clear_error (&writers[2].error);
  g_assert_cmpint (count_events (fixture->ledger), ==, 4);
  assert_whole (fixture->ledger);
}

/* All begin again, then, and what was told the first time is not told twice. */
static void
test_refused_half_way (Fixture *fixture, gconstpointer unused)
{
  Writer writers[] = { { .writes = 1 }, { .writes = 1 }, { .fails = TRUE }, { .writes = 2, .fails = TRUE }, { .writes = 2 } };

  write_together (fixture->ledger, writers, G_N_ELEMENTS (writers));
  g_assert_true (writers[0].succeeded && writers[1].succeeded && writers[4].succeeded);
  for (guint i = 2; i < 4; i++)
    {
      g_assert_false (writers[i].succeeded);
      g_assert_error (writers[i].error, CANTIGA_ERROR, CANTIGA_ERROR_LICENCE_REFUSED);
      g_clear_error (&writers[i].error);
    }
  g_assert_cmpint (count_events (fixture->ledger), ==, 4);
  assert_whole (fixture->ledger);
}

/* ---- a disk that is quicker than who writes ---- */

/* The first is refused, and writes nothing; the next three go in one commit, and the disk is waited for apart. */
static void
start_ahead (CantigaLedger *ledger, Writer writers[4])
{
  ledger->write_took = G_TIME_SPAN_HOUR;
  ledger->askers = 4;
  writers[0].fails = TRUE;
  for (guint i = 1; i < 4; i++)
    writers[i].writes = i;
  start_together (ledger, writers, 4);
}

static void
join_ahead (Writer writers[4], gboolean succeed)
{
  join (writers, 4);
  for (guint i = 0; i < 4; i++)
    {
      gboolean done = succeed && i > 0;

      g_assert_true (writers[i].succeeded == done);
      g_assert_true (done || g_error_matches (writers[i].error, CANTIGA_ERROR, i == 0 ? CANTIGA_ERROR_LICENCE_REFUSED : CANTIGA_ERROR_INTERNAL));
      g_clear_error (&writers[i].error);
    }
}

/* Who writes nothing, as nothing is left to be written, and would tell what is not on the disk: the same play asked again. */
static void
start_behind (CantigaLedger *ledger, Writer *behind)
{
  behind->ledger = ledger;
  behind->thread = g_thread_new ("writer", write_in_thread, behind);
  for (guint unflushed = 0; unflushed < 4;)
    {
      g_mutex_lock (&ledger->queue_lock);
      unflushed = ledger->unflushed;
      g_mutex_unlock (&ledger->queue_lock);
      g_usleep (500);
    }
  g_assert_false (g_atomic_int_get (&behind->answered));
}

/* The ledger is free meanwhile. */
static void
test_disk_awaited (Fixture *fixture, gconstpointer unused)
{
  Writer writers[4] = { 0 }, behind = { 0 };

  set_disk (TRUE, 0);
  start_ahead (fixture->ledger, writers);
  await_disk ();
  g_assert_cmpint (count_events (fixture->ledger), ==, 6);
  for (guint i = 1; i < 4; i++)
    g_assert_false (g_atomic_int_get (&writers[i].answered));
  start_behind (fixture->ledger, &behind);
  set_disk (FALSE, 0);
  join (&behind, 1);
  g_assert_true (behind.succeeded);
  join_ahead (writers, TRUE);
  assert_whole (fixture->ledger);
}

static void
write_alone (CantigaLedger *ledger, gboolean succeeds)
{
  Writer writer = { .ledger = ledger, .writes = 1 };

  write_in_thread (&writer);
  g_assert_true (writer.succeeded == succeeds && (writer.error == NULL) == succeeds);
  g_clear_error (&writer.error);
}

static goffset
measure_log (Fixture *fixture)
{
  g_autofree char *path = g_strconcat (fixture->path, "-wal", NULL);
  GStatBuf status;

  g_assert_cmpint (g_stat (path, &status), ==, 0);
  return status.st_size;
}

/* Nobody is told that it is durable, and nothing is written after what is not: not until all of it is on the disk. */
static void
test_disk_fails (Fixture *fixture, gconstpointer unused)
{
  Writer writers[4] = { 0 }, later[4] = { 0 };
  goffset before;

  set_disk (FALSE, EIO);
  start_ahead (fixture->ledger, writers);
  join_ahead (writers, FALSE);
  write_alone (fixture->ledger, FALSE);
  set_disk (FALSE, 0);
  g_assert_false (cantiga_sql_flush (fixture->ledger->sql, NULL));
  before = measure_log (fixture);
  write_alone (fixture->ledger, TRUE);
  g_assert_cmpint (measure_log (fixture), <, before);
  start_ahead (fixture->ledger, later);
  join_ahead (later, TRUE);
  g_assert_cmpint (count_events (fixture->ledger), ==, 13);
  assert_whole (fixture->ledger);
}

#define ADD(path, function) g_test_add ("/ledger/together/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("all-are-written", test_all);
  ADD ("who-is-refused-is-alone", test_refused);
  ADD ("who-fails-half-way-takes-back-what-it-wrote", test_refused_half_way);
  /* PostgreSQL has a disk of its own: test-plays-hardship.c. */
  if (get_postgresql () == NULL)
    {
      ADD ("nobody-is-answered-before-the-disk", test_disk_awaited);
      ADD ("a-disk-that-fails-is-told-until-it-is-mended", test_disk_fails);
    }
  return g_test_run ();
}
