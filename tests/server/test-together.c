/* Writers that come while another one writes are written in one commit (docs/adr/0015): what one of them fails at takes back what it wrote, and nothing of the others'. */
#include "server/ledger-private.h"
#include "tests/server/ledger-fixture.h"

/* One who writes an event, and then fails or not. */
typedef struct
{
  CantigaLedger *ledger;
  guint writes;
  gboolean fails;
  GThread *thread;
  gboolean succeeded;
  GError *error;
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
write_together (CantigaLedger *ledger, Writer *writers, guint n)
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
  for (guint i = 0; i < n; i++)
    g_thread_join (writers[i].thread);
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

#define ADD(path, function) g_test_add ("/ledger/together/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("all-are-written", test_all);
  ADD ("who-is-refused-is-alone", test_refused);
  ADD ("who-fails-half-way-takes-back-what-it-wrote", test_refused_half_way);
  return g_test_run ();
}
