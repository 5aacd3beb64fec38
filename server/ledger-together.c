/* One commit for all who wait (docs/adr/0015): a commit costs a write to the disk, however much is in it. Who comes while another writes waits; the first of them then writes for all that wait. Where the database is far
 * away, or the disk is quicker than the processor, the next batch is written while the disk is waited for. */
#include "server/ledger-private.h"

#include <time.h>

#define JOBS_MAX 64
/* In microseconds: a disk that stood still for once is no measure. */
#define SLICE_MIN 10
#define FLUSH_MAX 16000

typedef struct
{
  const CantigaId *listener; /* NULL: of nobody, or of all */
  CantigaForesee foresee;
  CantigaWork work;
  gpointer work_data;
  GCond changed;
  gboolean taken; /* somebody writes it */
  gboolean done;
  gboolean succeeded;
  GError *error;
} Job;

/* What one writes for all. */
typedef struct
{
  GPtrArray *jobs;
  gboolean on_quick_disk;
  gboolean follows;  /* another that is not on the disk: what it sees, and tells, may be lost with that one */
  gboolean is_ahead; /* it is committed, and not on the disk */
  guint64 number;
  guint connection;  /* the second one's, from before it was begun */
  gint64 took;       /* how long it waited for this machine's disk, in microseconds; -1: another did for it */
} Batch;

static void
job_fail (Job *job, const GError *error)
{
  job->succeeded = FALSE;
  if (job->error == NULL)
    job->error = g_error_copy (error);
}

/* A job that fails takes back what it wrote, and nothing of the others'. */
static gboolean
run_in_savepoint (CantigaLedger *ledger, Job *job, GError **error)
{
  const gboolean knew_head = ledger->knows_head, owed_head = ledger->owes_head;
  const CantigaHead head = ledger->head;

  if (!cantiga_sql_exec (ledger->sql, "SAVEPOINT job", error))
    return FALSE;
  job->succeeded = job->work (ledger, job->work_data, &job->error);
  if (!job->succeeded)
    {
      ledger->knows_head = knew_head;
      ledger->owes_head = owed_head;
      ledger->head = head;
      if (!cantiga_sql_exec (ledger->sql, "ROLLBACK TO SAVEPOINT job", error))
        return FALSE;
    }
  return cantiga_sql_exec (ledger->sql, "RELEASE SAVEPOINT job", error);
}

/* Where each question is a trip to another process, those of all jobs make one trip. A listener's second job asks for itself: what the first one writes
 * is in its answers. */
static gboolean
foresee_all (CantigaLedger *ledger, GPtrArray *jobs, GError **error)
{
  g_autoptr (GHashTable) listeners = g_hash_table_new (cantiga_id_hash, cantiga_id_equal_func);

  if (!cantiga_sql_is_far (ledger->sql))
    return TRUE;
  cantiga_sql_foresee (ledger->sql);
  for (guint i = 0; i < jobs->len; i++)
    {
      const Job *job = g_ptr_array_index (jobs, i);

      if (job->listener != NULL && g_hash_table_add (listeners, (gpointer)job->listener) && job->foresee != NULL)
        job->foresee (ledger, job->work_data);
    }
  return cantiga_sql_foreseen (ledger->sql, error);
}

/* Whoever fails has written nothing, as a rule, and nobody needs a savepoint, which costs as much as a write: far away a trip, here a copy of each page that is changed. Else (a row is damaged) ret_spoiled is set. */
static gboolean
run_plainly (CantigaLedger *ledger, GPtrArray *jobs, gboolean *ret_spoiled)
{
  gboolean some = FALSE;

  for (guint i = 0; i < jobs->len && !*ret_spoiled; i++)
    {
      Job *job = g_ptr_array_index (jobs, i);
      guint before = cantiga_sql_count_written (ledger->sql);

      job->succeeded = job->work (ledger, job->work_data, &job->error);
      some = some || job->succeeded;
      *ret_spoiled = !job->succeeded && jobs->len > 1 && cantiga_sql_count_written (ledger->sql) != before;
    }
  return some;
}

static gboolean
is_far (CantigaLedger *ledger)
{
  return cantiga_sql_is_far (ledger->sql);
}

/* What this thread has waited for, in microseconds since some time: all that was not the processor. */
static gint64
get_waited (void)
{
  struct timespec worked;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &worked);
  return g_get_monotonic_time () - (worked.tv_sec * G_USEC_PER_SEC + worked.tv_nsec / 1000);
}

static gboolean
commit (CantigaTransaction *transaction, Batch *batch, GError **error)
{
  gint64 before = get_waited ();
  gboolean committed = cantiga_transaction_commit (transaction, error);

  batch->took = is_far (transaction) ? 0 : MAX (get_waited () - before, 0);
  return committed;
}

static gboolean
run_in (CantigaTransaction *transaction, Batch *batch, gboolean *ret_spoiled, GError **error)
{
  gboolean some;

  if (!foresee_all (transaction, batch->jobs, error))
    return FALSE;
  some = run_plainly (transaction, batch->jobs, ret_spoiled);
  return !some || *ret_spoiled || commit (transaction, batch, error);
}

/* What one has spoiled was taken back: all begin again, each in a savepoint. */
static gboolean
run_apart (CantigaTransaction *transaction, GPtrArray *jobs, GError **error)
{
  for (guint i = 0; i < jobs->len; i++)
    {
      Job *job = g_ptr_array_index (jobs, i);

      g_clear_error (&job->error);
      if (!run_in_savepoint (transaction, job, error))
        return FALSE;
    }
  return cantiga_transaction_commit (transaction, error);
}

/* ---- a disk that is waited for apart ---- */

static gboolean
connect_second (CantigaLedger *ledger)
{
  if (ledger->second == NULL)
    ledger->second = cantiga_sql_open_beside (ledger->url, NULL);
  if (ledger->second == NULL || !cantiga_sql_connect (ledger->second, NULL))
    return FALSE;
  g_atomic_int_set (&ledger->second_connection, (gint)cantiga_sql_count_connections (ledger->second));
  return TRUE;
}

/* The second connection is there before anything is committed, so that it is lost with what the database forgets. Where there is none (the database has no room for it) each commit waits for the disk. While somebody waits for
 * the disk in it it is there, or was lost, which is seen when this batch's turn to wait comes. */
static gboolean
open_second (CantigaLedger *ledger, guint *ret_connection)
{
  gboolean there = ledger->url != NULL;

  if (there && g_mutex_trylock (&ledger->flush_lock))
    {
      there = connect_second (ledger);
      g_mutex_unlock (&ledger->flush_lock);
    }
  *ret_connection = (guint)g_atomic_int_get (&ledger->second_connection);
  return there;
}

static guint64
count_committed (CantigaLedger *ledger)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->queue_lock);

  return ledger->committed;
}

/* One wait for all that is committed by then. */
static gboolean
flush (CantigaLedger *ledger, Batch *batch, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->flush_lock);
  guint64 committed;
  gint64 before;

  if (is_far (ledger) && cantiga_sql_count_connections (ledger->second) != batch->connection)
    return cantiga_fail (error, CANTIGA_ERROR_BUSY);
  batch->took = -1;
  if (ledger->flushed >= batch->number)
    return TRUE;
  committed = count_committed (ledger);
  before = get_waited ();
  if (!cantiga_sql_flush (is_far (ledger) ? ledger->second : ledger->sql, error))
    return FALSE;
  ledger->flushed = committed;
  batch->took = is_far (ledger) ? 0 : MAX (get_waited () - before, 0);
  return TRUE;
}

/* ---- the batch ---- */

static void
fail_all (GPtrArray *jobs, const GError *error)
{
  for (guint i = 0; i < jobs->len; i++)
    job_fail (g_ptr_array_index (jobs, i), error);
}

static CantigaTransaction *
begin (CantigaLedger *ledger, gboolean ahead, GError **error)
{
  return ahead ? cantiga_ledger_write_ahead (ledger, error) : cantiga_ledger_write (ledger, error);
}

static gboolean
write_plainly (CantigaLedger *ledger, Batch *batch, gboolean ahead, gboolean *ret_spoiled, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = begin (ledger, ahead, error);

  return transaction != NULL && run_in (transaction, batch, ret_spoiled, error);
}

static gboolean
write_apart (CantigaLedger *ledger, const Batch *batch, gboolean ahead, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = begin (ledger, ahead, error);

  return transaction != NULL && run_apart (transaction, batch->jobs, error);
}

static void
write_batch (CantigaLedger *ledger, Batch *batch)
{
  g_autoptr (GError) error = NULL;
  /* Who is alone waits less for one trip than for two. */
  gboolean ahead = batch->follows || (batch->jobs->len > 1 && (is_far (ledger) || batch->on_quick_disk)), spoiled = FALSE;

  ahead = ahead && (!is_far (ledger) || open_second (ledger, &batch->connection));
  if (write_plainly (ledger, batch, ahead, &spoiled, &error) && (!spoiled || write_apart (ledger, batch, ahead, &error)))
    batch->is_ahead = ahead;
  else
    fail_all (batch->jobs, error);
}

static void
make_durable (CantigaLedger *ledger, Batch *batch)
{
  g_autoptr (GError) error = NULL;

  if (batch->is_ahead && !flush (ledger, batch, &error))
    fail_all (batch->jobs, error);
}

static void
take_jobs (CantigaLedger *ledger, Batch *batch)
{
  Job *job;

  while (batch->jobs->len < JOBS_MAX && (job = g_queue_pop_head (&ledger->waiting)) != NULL)
    {
      job->taken = TRUE;
      g_ptr_array_add (batch->jobs, job);
    }
}

/* Who was answered just now asks again soon, as players do (a grant, then its start): else they would go in turns with those who waited meanwhile, each half in a commit of its own. They are waited for as long as they come, for half a commit's
 * time at the most; who is alone waits for nobody. With queue_lock held, which is let go meanwhile. */
static void
await_answered (CantigaLedger *ledger)
{
  const gint64 ends = ledger->flushed_at + ledger->flush_took / 2;
  const gint64 slice = MAX (ledger->flush_took / 8, SLICE_MIN);
  const guint wanted = MIN (ledger->expected, JOBS_MAX);
  guint before = 0, waiting;

  while ((waiting = g_queue_get_length (&ledger->waiting)) > before && waiting < wanted && g_get_monotonic_time () + slice <= ends)
    {
      before = waiting;
      g_mutex_unlock (&ledger->queue_lock);
      g_usleep ((gulong)slice);
      g_mutex_lock (&ledger->queue_lock);
    }
}

/* The disk takes less than to write for all who ask: some of them are written while it works for the others. */
static gboolean
has_quick_disk (CantigaLedger *ledger)
{
  return !is_far (ledger) && ledger->flush_took * 1000 < ledger->write_took * ledger->askers;
}

/* As long as a quick disk works nothing is lost by waiting for a quarter of all who ask: a batch of two or three costs the processor more, and they would come to the disk no earlier. Not for half of them: the two halves are never quite alike, and the
 * smaller one would wait for the disk each time. A disk that is slow now does first what it has: then all go in one commit. With queue_lock held, which is let go meanwhile. */
static void
await_disk (CantigaLedger *ledger, gboolean quick)
{
  ledger->wanted = quick ? MIN (ledger->askers / 4, JOBS_MAX) : G_MAXUINT;
  ledger->holds = !is_far (ledger);
  while (ledger->holds && ledger->unflushed > 0 && g_queue_get_length (&ledger->waiting) < ledger->wanted)
    g_cond_wait (&ledger->stirred, &ledger->queue_lock);
  ledger->holds = FALSE;
}

/* With queue_lock held. */
static void
stir (CantigaLedger *ledger)
{
  if (ledger->holds && (ledger->unflushed == 0 || g_queue_get_length (&ledger->waiting) >= ledger->wanted))
    g_cond_signal (&ledger->stirred);
}

static void
note_disk (CantigaLedger *ledger, const Batch *batch)
{
  if (batch->took >= 0)
    ledger->flush_took = MIN (batch->took, FLUSH_MAX);
  ledger->flushed_at = g_get_monotonic_time ();
}

/* wrote: how long it took, in microseconds. */
static void
note_batch (CantigaLedger *ledger, const Batch *batch, gint64 wrote)
{
  const guint waiting = g_queue_get_length (&ledger->waiting);

  ledger->expected = waiting + batch->jobs->len;
  ledger->askers = MAX (waiting + ledger->unanswered, ledger->askers * 7 / 8);
  ledger->write_took = (3 * ledger->write_took + (wrote - batch->took) * 1000 / batch->jobs->len) / 4;
  if (!batch->is_ahead)
    note_disk (ledger, batch);
}

/* With queue_lock held, which is let go meanwhile. */
static void
answer (CantigaLedger *ledger, Batch *batch)
{
  g_mutex_unlock (&ledger->queue_lock);
  make_durable (ledger, batch);
  g_mutex_lock (&ledger->queue_lock);
  if (batch->is_ahead)
    note_disk (ledger, batch);
  for (guint i = 0; i < batch->jobs->len; i++)
    {
      Job *job = g_ptr_array_index (batch->jobs, i);

      job->done = TRUE;
      g_cond_signal (&job->changed);
    }
  ledger->unanswered -= batch->jobs->len;
  ledger->unflushed -= batch->is_ahead ? batch->jobs->len : 0;
  stir (ledger);
}

/* With queue_lock held, which is let go meanwhile. */
static void
lead (CantigaLedger *ledger)
{
  Batch batch = { .jobs = g_ptr_array_new (), .on_quick_disk = has_quick_disk (ledger) };
  gint64 began;
  Job *next;

  ledger->busy = TRUE;
  await_disk (ledger, batch.on_quick_disk);
  if (!batch.on_quick_disk)
    await_answered (ledger);
  take_jobs (ledger, &batch);
  batch.follows = ledger->unflushed > 0;
  g_mutex_unlock (&ledger->queue_lock);
  began = g_get_monotonic_time ();
  write_batch (ledger, &batch);
  g_mutex_lock (&ledger->queue_lock);
  batch.number = ++ledger->committed;
  ledger->unanswered += batch.jobs->len;
  ledger->unflushed += batch.is_ahead ? batch.jobs->len : 0;
  note_batch (ledger, &batch, g_get_monotonic_time () - began);
  ledger->busy = FALSE;
  if ((next = g_queue_peek_head (&ledger->waiting)) != NULL)
    g_cond_signal (&next->changed);
  answer (ledger, &batch);
  g_ptr_array_unref (batch.jobs);
}

gboolean
cantiga_ledger_write_together (CantigaLedger *ledger, CantigaWork work, gpointer work_data, GError **error)
{
  return cantiga_ledger_write_for (ledger, NULL, NULL, work, work_data, error);
}

gboolean
cantiga_ledger_write_for (CantigaLedger *ledger, const CantigaId *listener, CantigaForesee foresee, CantigaWork work, gpointer work_data, GError **error)
{
  Job job = { .listener = listener, .foresee = foresee, .work = work, .work_data = work_data };

  g_cond_init (&job.changed);
  g_mutex_lock (&ledger->queue_lock);
  g_queue_push_tail (&ledger->waiting, &job);
  stir (ledger);
  while (!job.done)
    if (ledger->busy || job.taken)
      g_cond_wait (&job.changed, &ledger->queue_lock);
    else
      lead (ledger);
  g_mutex_unlock (&ledger->queue_lock);
  g_cond_clear (&job.changed);
  if (job.error != NULL)
    g_propagate_error (error, job.error);
  return job.succeeded;
}
