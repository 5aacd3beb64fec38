/* One commit for all who wait (docs/adr/0010): a commit costs a write to the disk, however much is in it. Who comes while another commits waits; who is
 * woken first writes for all that wait then. */
#include "server/ledger-private.h"

#define JOBS_MAX 64

typedef struct
{
  const CantigaId *listener; /* NULL: of nobody, or of all */
  CantigaForesee foresee;
  CantigaWork work;
  gpointer work_data;
  gboolean done;
  gboolean succeeded;
  GError *error;
} Job;

static void
job_fail (Job *job, const GError *error)
{
  job->succeeded = FALSE;
  if (job->error == NULL)
    job->error = g_error_copy (error);
}

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

/* Where a savepoint costs as much as a write there is none: what fails has written nothing, as a rule. Else (a row is damaged) the others' work goes with it,
 * and they are told to ask again. */
static gboolean
run_without (CantigaLedger *ledger, Job *job, GError **error)
{
  guint before = cantiga_sql_count_written (ledger->sql);

  job->succeeded = job->work (ledger, job->work_data, &job->error);
  return job->succeeded || cantiga_sql_count_written (ledger->sql) == before || cantiga_fail (error, CANTIGA_ERROR_BUSY);
}

/* A job that fails takes back what it wrote, and nothing of the others'. */
static gboolean
run_apart (CantigaLedger *ledger, Job *job, GError **error)
{
  return cantiga_sql_is_far (ledger->sql) ? run_without (ledger, job, error) : run_in_savepoint (ledger, job, error);
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

static gboolean
run_all (CantigaLedger *ledger, GPtrArray *jobs, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  gboolean some = FALSE;

  if (transaction == NULL || !foresee_all (ledger, jobs, error))
    return FALSE;
  for (guint i = 0; i < jobs->len; i++)
    {
      Job *job = g_ptr_array_index (jobs, i);

      if (jobs->len == 1)
        job->succeeded = job->work (ledger, job->work_data, &job->error);
      else if (!run_apart (ledger, job, error))
        return FALSE;
      some = some || job->succeeded;
    }
  return !some || cantiga_transaction_commit (transaction, error);
}

static void
write_for_all (CantigaLedger *ledger, GPtrArray *jobs)
{
  g_autoptr (GError) error = NULL;

  if (run_all (ledger, jobs, &error))
    return;
  for (guint i = 0; i < jobs->len; i++)
    job_fail (g_ptr_array_index (jobs, i), error);
}

/* With queue_lock held, which is let go meanwhile. */
static void
lead (CantigaLedger *ledger)
{
  g_autoptr (GPtrArray) jobs = g_ptr_array_new ();
  Job *job;

  ledger->busy = TRUE;
  while (jobs->len < JOBS_MAX && (job = g_queue_pop_head (&ledger->waiting)) != NULL)
    g_ptr_array_add (jobs, job);
  g_mutex_unlock (&ledger->queue_lock);
  write_for_all (ledger, jobs);
  g_mutex_lock (&ledger->queue_lock);
  for (guint i = 0; i < jobs->len; i++)
    ((Job *)g_ptr_array_index (jobs, i))->done = TRUE;
  ledger->busy = FALSE;
  g_cond_broadcast (&ledger->queue_changed);
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

  g_mutex_lock (&ledger->queue_lock);
  g_queue_push_tail (&ledger->waiting, &job);
  while (!job.done)
    if (ledger->busy)
      g_cond_wait (&ledger->queue_changed, &ledger->queue_lock);
    else
      lead (ledger);
  g_mutex_unlock (&ledger->queue_lock);
  if (job.error != NULL)
    g_propagate_error (error, job.error);
  return job.succeeded;
}
