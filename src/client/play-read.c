#include "client/pause.h"
#include "client/play-private.h"
#include "client/session-private.h"
#include "core/envelope.h"

#define ENVELOPE_SLACK 65536 /* path, header, IV and tag beside the chunk */
#define LOST_MAX 4           /* answers in a row, before the session itself is asked about */
#define GRANTS_MAX 4         /* for one read */
#define FIRST_PAUSE_MS 100
#define PAUSE_GROWTH 3
#define PATIENCE_MAX_MS 10000
#define PATIENCE_ALL_MS 60000

/* One chunk wanted; the data of its GTask, whose source is the play. */
typedef struct
{
  guint64 index;
  GSource *cancelled; /* while it waits in the queue */

  /* The request on the wire. */
  guint grant;
  CantigaStream *stream;
  const CantigaManifest *manifest;
  char *path;
  CantigaChunkRequest request;
  GBytes *envelope;

  /* What went wrong so far. */
  guint lost;
  guint turned_away;
  guint forged;
  guint grants;
  guint patience; /* ms */
  guint pause;    /* ms */
} Read;

static void
read_unwatch (Read *read)
{
  if (read->cancelled == NULL)
    return;
  g_source_destroy (read->cancelled);
  g_clear_pointer (&read->cancelled, g_source_unref);
}

static void
read_free (Read *read)
{
  read_unwatch (read);
  g_clear_pointer (&read->stream, cantiga_stream_unref);
  g_clear_pointer (&read->envelope, g_bytes_unref);
  g_free (read->path);
  g_free (read);
}

static void read_send (GTask *task);

/* ---- the queue ---- */

static gboolean
waiting_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);
  CantigaPlay *self = g_task_get_source_object (task);

  read_unwatch (g_task_get_task_data (task));
  if (g_queue_remove (&self->waiting, task))
    g_object_unref (task);
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

/* Takes the reference. */
static void
read_wait (CantigaPlay *self, GTask *task, gboolean first)
{
  Read *read = g_task_get_task_data (task);

  if (g_task_get_cancellable (task) != NULL)
    {
      read->cancelled = g_cancellable_source_new (g_task_get_cancellable (task));
      g_source_set_callback (read->cancelled, G_SOURCE_FUNC (waiting_cancelled_cb), task, NULL);
      g_source_attach (read->cancelled, g_main_context_get_thread_default ());
    }
  if (first)
    g_queue_push_head (&self->waiting, task);
  else
    g_queue_push_tail (&self->waiting, task);
}

static GTask *
take_waiting (CantigaPlay *self)
{
  GTask *task = g_queue_pop_head (&self->waiting);

  if (task != NULL)
    read_unwatch (g_task_get_task_data (task));
  return task;
}

void
cantiga_play_fail_reads (CantigaPlay *self, const GError *error)
{
  guint n = g_queue_get_length (&self->waiting); /* those alone: whoever is told may read again */

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GTask) task = take_waiting (self);
      if (task != NULL)
        g_task_return_error (task, g_error_copy (error));
    }
}

/* "A grant dies with its session" (docs/protocol.md 10.4). */
static gboolean
is_grant_alive (CantigaPlay *self)
{
  return self->grant_state == CANTIGA_GRANT_HELD && self->generation == cantiga_session_get_generation (self->session);
}

void
cantiga_play_pump (CantigaPlay *self)
{
  while (self->in_flight < CANTIGA_PLAY_CHUNKS_IN_FLIGHT && !g_queue_is_empty (&self->waiting))
    {
      if (!is_grant_alive (self))
        return cantiga_play_renew_grant (self);
      self->in_flight++;
      read_send (take_waiting (self));
    }
}

/* ---- the end of a read ---- */

static void
read_leave (CantigaPlay *self)
{
  self->in_flight--;
  cantiga_play_pump (self);
}

/* Takes task and error. */
static void
read_fail (GTask *task, GError *error)
{
  g_autoptr (CantigaPlay) self = g_object_ref (g_task_get_source_object (task));

  self->in_flight--; /* before anybody is told: it counts in cantiga_play_has_begun() */
  g_task_return_error (task, error);
  g_object_unref (task);
  cantiga_play_pump (self);
}

static void
read_done (GTask *task, GBytes *chunk)
{
  g_autoptr (CantigaPlay) self = g_object_ref (g_task_get_source_object (task));

  self->received = TRUE;
  g_task_return_pointer (task, chunk, (GDestroyNotify)g_bytes_unref);
  g_object_unref (task);
  read_leave (self);
}

/* ---- what may go wrong, and what is done about it. Each takes task and error. ---- */

static gboolean
read_again_cb (gpointer user_data)
{
  read_send (g_object_ref (user_data));
  return G_SOURCE_REMOVE;
}

static void
read_again_after (GTask *task, guint milliseconds, GError *error)
{
  g_error_free (error);
  cantiga_pause (task, milliseconds, read_again_cb);
  g_object_unref (task);
}

/* Back into the queue, for a grant of the same play. Asking for it shows whether the session is alive, and signs in again if it is not. */
static void
read_regrant (GTask *task, GError *error)
{
  CantigaPlay *self = g_task_get_source_object (task);
  Read *read = g_task_get_task_data (task);

  if (++read->grants > GRANTS_MAX)
    return read_fail (task, error);
  g_error_free (error);
  read->lost = read->turned_away = 0;
  read->pause = FIRST_PAUSE_MS;
  self->in_flight--;
  read_wait (self, task, TRUE);
  if (read->grant == self->grant)
    cantiga_play_renew_grant (self);
  else
    cantiga_play_pump (self);
}

static void
read_lost (GTask *task, GError *error)
{
  Read *read = g_task_get_task_data (task);
  guint pause = read->pause;

  if (++read->lost >= LOST_MAX)
    return read_regrant (task, error);
  read->pause *= PAUSE_GROWTH;
  read_again_after (task, pause, error);
}

static void
read_patient (GTask *task, GError *error, guint retry_after)
{
  Read *read = g_task_get_task_data (task);
  guint wait = cantiga_patience (retry_after, PATIENCE_MAX_MS);

  read->patience += wait;
  if (read->patience > PATIENCE_ALL_MS)
    return read_fail (task, error);
  read_again_after (task, wait, error);
}

/* Not sealed, so anybody may have said it: once more with a fresh counter (a request that the network repeated is turned away too), then a fresh
 * grant. */
static void
read_turned_away (GTask *task, GError *error)
{
  Read *read = g_task_get_task_data (task);

  if (read->turned_away++ == 0)
    return read_again_after (task, 0, error);
  read_regrant (task, error);
}

static void
read_forged (GTask *task, GError *error)
{
  Read *read = g_task_get_task_data (task);

  if (read->forged++ == 0)
    return read_again_after (task, 0, error);
  read_fail (task, error);
}

static void
read_refused (GTask *task, GError *error, guint retry_after)
{
  switch (error->domain == CANTIGA_ERROR ? error->code : CANTIGA_N_ERRORS)
    {
    case CANTIGA_ERROR_UNREACHABLE:
    case CANTIGA_ERROR_TOO_SLOW:
      return read_lost (task, error);
    case CANTIGA_ERROR_BUSY:
      return read_patient (task, error, retry_after);
    case CANTIGA_ERROR_SLOW_DOWN:
      return retry_after > 0 ? read_patient (task, error, retry_after) : read_regrant (task, error);
    case CANTIGA_ERROR_NOT_AUTHENTICATED:
    case CANTIGA_ERROR_OUT_OF_TURN:
    case CANTIGA_ERROR_GRANT_UNKNOWN:
    case CANTIGA_ERROR_NOT_FOUND:
      return read_turned_away (task, error);
    case CANTIGA_ERROR_FORGED:
      return read_forged (task, error);
    default:
      return read_fail (task, error);
    }
}

/* ---- opening, in the pool: CBC and 3DES take milliseconds ---- */

static void
open_thread (GTask *inner, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Read *read = task_data;
  GError *error = NULL;
  g_autoptr (GBytes) text = cantiga_stream_open_chunk (read->stream, &read->request, "GET", read->path, read->index, read->envelope, &error);
  const guint8 *chunk;
  gsize length;

  if (text != NULL && cantiga_manifest_check_chunk (read->manifest, read->index, text, &chunk, &length, &error))
    g_task_return_pointer (inner, g_bytes_new_from_bytes (text, chunk - (const guint8 *)g_bytes_get_data (text, NULL), length),
                           (GDestroyNotify)g_bytes_unref);
  else
    g_task_return_error (inner, error);
}

/* A sealed refusal of a chunk that was fetched too often has no Retry-After worth waiting for: a fresh grant starts the count anew
 * (docs/protocol.md 10.4). */
static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;
  GBytes *chunk = g_task_propagate_pointer (G_TASK (result), &error);

  if (chunk != NULL)
    read_done (task, chunk);
  else
    read_refused (task, error, 0);
}

static void
read_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Read *read = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (CantigaAnswer) answer = cantiga_transport_send_finish (result, &error);
  g_autoptr (GTask) inner = NULL;

  if (answer == NULL || !cantiga_answer_check (answer, CANTIGA_ENVELOPE_TYPE, &error))
    return read_refused (task, error, answer != NULL ? answer->retry_after : 0);
  g_clear_pointer (&read->envelope, g_bytes_unref);
  read->envelope = g_bytes_ref (answer->body);
  inner = g_task_new (NULL, NULL, opened_cb, task); /* the task lives until then: it is ours */
  g_task_set_task_data (inner, read, NULL);
  g_task_run_in_thread (inner, open_thread);
}

/* ---- asking ---- */

static gboolean
read_create_request (CantigaPlay *self, Read *read, char **ret_authorization, GError **error)
{
  char grant[CANTIGA_ID_TEXT_LENGTH];

  g_clear_pointer (&read->stream, cantiga_stream_unref);
  g_free (read->path);
  read->stream = cantiga_stream_ref (self->stream);
  read->manifest = self->manifest;
  read->grant = self->grant;
  read->path = g_strdup_printf ("/api/download?grant=%s&chunk=%" G_GUINT64_FORMAT, cantiga_id_format (cantiga_stream_get_grant (self->stream), grant),
                                read->index);
  return cantiga_stream_create_request (read->stream, "GET", read->path, &read->request, ret_authorization, error);
}

/* Takes task. */
static void
read_send (GTask *task)
{
  CantigaPlay *self = g_task_get_source_object (task);
  Read *read = g_task_get_task_data (task);
  g_autofree char *authorization = NULL;
  GError *error = NULL;

  if (!read_create_request (self, read, &authorization, &error))
    return read_fail (task, error);
  cantiga_transport_send_async (cantiga_session_get_transport (self->session), "GET", read->path, authorization, NULL, NULL,
                                self->manifest->chunk_size + ENVELOPE_SLACK, g_task_get_cancellable (task), read_answered_cb, task);
}

void
cantiga_play_read_chunk_async (CantigaPlay *self, guint64 index, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;
  Read *read;

  g_return_if_fail (CANTIGA_IS_PLAY (self));
  g_return_if_fail (index < cantiga_play_get_chunks (self));
  task = g_task_new (self, cancellable, callback, user_data);
  read = g_new0 (Read, 1);
  read->index = index;
  read->pause = FIRST_PAUSE_MS;
  g_task_set_source_tag (task, cantiga_play_read_chunk_async);
  g_task_set_task_data (task, read, (GDestroyNotify)read_free);
  read_wait (self, task, FALSE);
  cantiga_play_pump (self);
}

GBytes *
cantiga_play_read_chunk_finish (CantigaPlay *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_play_read_chunk_async), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
