#include "client/exchange.h"
#include "client/session-private.h"

#define SESSIONS_MAX 3 /* in which one call is tried */

/* docs/protocol.md 6.2: "Control messages go one at a time." */
struct _CantigaCall
{
  CantigaSession *session; /* kept by task, while there is one */
  GTask *task;             /* NULL once its caller was told */
  CantigaCallKind kind;
  char *method;
  char *path;
  JsonObject *body;
  guint generation; /* the session that a bound call belongs to */
  guint sessions;   /* tried in */
  GSource *cancelled;
};

static void
call_free (CantigaCall *call)
{
  if (call->cancelled != NULL)
    {
      g_source_destroy (call->cancelled);
      g_source_unref (call->cancelled);
    }
  g_clear_object (&call->task);
  g_free (call->method);
  g_free (call->path);
  g_clear_pointer (&call->body, json_object_unref);
  g_free (call);
}

static void
call_fail (CantigaCall *call, const GError *error)
{
  if (call->task != NULL)
    g_task_return_error (call->task, g_error_copy (error));
  call_free (call);
}

void
cantiga_session_fail_calls (CantigaSession *self, const GError *error)
{
  CantigaCall *call;
  g_autoptr (GError) reason = g_error_copy (error);

  while ((call = g_queue_pop_head (&self->calls)) != NULL)
    call_fail (call, reason);
}

static void
fail_signed_out (CantigaSession *self)
{
  g_autoptr (GError) error = NULL;

  if (self->reason != NULL)
    return cantiga_session_fail_calls (self, self->reason);
  cantiga_fail_with (&error, CANTIGA_ERROR_NOT_AUTHENTICATED, "Nobody is signed in: sign in first.");
  cantiga_session_fail_calls (self, error);
}

/* ---- the call under way ---- */

typedef struct
{
  JsonObject *answer;
  CantigaStream *stream;
} Outcome;

static void
outcome_free (Outcome *outcome)
{
  g_clear_pointer (&outcome->answer, json_object_unref);
  g_clear_pointer (&outcome->stream, cantiga_stream_unref);
  g_free (outcome);
}

static void
call_answered (CantigaCall *call, JsonObject *answer, CantigaStream *stream)
{
  g_autoptr (GError) error = NULL;
  Outcome *outcome;

  if (cantiga_problem_is (answer))
    {
      cantiga_problem_consume (answer, &error);
      return call_fail (call, error);
    }
  if (call->task != NULL)
    {
      outcome = g_new0 (Outcome, 1);
      outcome->answer = json_object_ref (answer);
      outcome->stream = stream != NULL ? cantiga_stream_ref (stream) : NULL;
      g_task_return_pointer (call->task, outcome, (GDestroyNotify)outcome_free);
    }
  call_free (call);
}

static gboolean
may_say_again (CantigaCall *call, const GError *error)
{
  static const CantigaError lost[]
      = { CANTIGA_ERROR_UNREACHABLE, CANTIGA_ERROR_NOT_AUTHENTICATED, CANTIGA_ERROR_OUT_OF_TURN, CANTIGA_ERROR_FORGED, CANTIGA_ERROR_TOO_SLOW,
          CANTIGA_ERROR_BUSY,        CANTIGA_ERROR_SLOW_DOWN };

  if (call->task == NULL || call->kind != CANTIGA_CALL_PLAIN || ++call->sessions >= SESSIONS_MAX)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (lost); i++)
    if (g_error_matches (error, CANTIGA_ERROR, lost[i]))
      return TRUE;
  return FALSE;
}

static void
call_lost (CantigaSession *self, CantigaCall *call, const GError *error)
{
  if (may_say_again (call, error))
    g_queue_push_head (&self->calls, call);
  else
    call_fail (call, error);
}

static void
call_exchanged_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaSession) self = user_data;
  CantigaCall *call = g_steal_pointer (&self->current);
  CantigaCallKind kind = call->kind;
  g_autoptr (CantigaStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = cantiga_exchange_finish (result, &stream, &error);

  cantiga_session_notify_number (self);
  if (answer != NULL)
    call_answered (call, answer, stream);
  else
    call_lost (self, call, error);
  if (kind == CANTIGA_CALL_LEAVE)
    cantiga_session_over (self);
  else if (answer == NULL)
    cantiga_session_lost (self);
  cantiga_session_pump (self);
}

static void
call_start (CantigaSession *self, CantigaCall *call)
{
  self->current = call;
  cantiga_exchange_async (self->transport, self->channel, call->method, call->path, call->body, NULL, call_exchanged_cb, g_object_ref (self));
}

/* A call that belongs to a session which is gone. */
static gboolean
is_stale (CantigaSession *self, CantigaCall *call)
{
  return call->kind != CANTIGA_CALL_PLAIN && call->generation != self->generation;
}

static void
fail_stale (CantigaCall *call)
{
  g_autoptr (GError) error = NULL;

  cantiga_fail_with (&error, CANTIGA_ERROR_UNREACHABLE, "The session was lost before this could be said in it.");
  call_fail (call, error);
}

/* The next thing to do: a sign-in that was asked for, then the calls in their order. */
void
cantiga_session_pump (CantigaSession *self)
{
  CantigaCall *call;

  if (self->current != NULL || cantiga_session_start_sign_in (self))
    return;
  if (self->state == CANTIGA_SESSION_SIGNED_OUT)
    return fail_signed_out (self);
  while (self->state == CANTIGA_SESSION_OPEN && self->current == NULL && (call = g_queue_pop_head (&self->calls)) != NULL)
    if (is_stale (self, call))
      fail_stale (call);
    else
      call_start (self, call);
}

/* ---- calling ---- */

/* The caller is told at once. A message that is under way is completed all the same: an answer that is never taken would leave the two chains apart
 * (docs/protocol.md 6). */
static gboolean
call_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  CantigaCall *call = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&call->task);

  if (g_queue_remove (&call->session->calls, call))
    call_free (call);
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

static void
call_watch (CantigaCall *call, GCancellable *cancellable)
{
  if (cancellable == NULL)
    return;
  call->cancelled = g_cancellable_source_new (cancellable);
  g_source_set_callback (call->cancelled, G_SOURCE_FUNC (call_cancelled_cb), call, NULL);
  g_source_attach (call->cancelled, g_main_context_get_thread_default ());
}

void
cantiga_session_call_kind_async (CantigaSession *self, CantigaCallKind kind, const char *method, const char *path, JsonObject *body,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  CantigaCall *call = g_new0 (CantigaCall, 1);

  call->session = self;
  call->task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (call->task, cantiga_session_call_async);
  call->kind = kind;
  call->generation = self->generation;
  call->method = g_strdup (method);
  call->path = g_strdup (path);
  call->body = body != NULL ? json_object_ref (body) : NULL;
  call_watch (call, cancellable);
  g_queue_push_tail (&self->calls, call);
  cantiga_session_pump (self);
}

void
cantiga_session_call_async (CantigaSession *self, const char *method, const char *path, JsonObject *body, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CANTIGA_IS_SESSION (self));
  cantiga_session_call_kind_async (self, CANTIGA_CALL_PLAIN, method, path, body, cancellable, callback, user_data);
}

JsonObject *
cantiga_session_call_finish_stream (CantigaSession *self, GAsyncResult *result, CantigaStream **ret_stream, GError **error)
{
  Outcome *outcome;
  JsonObject *answer;

  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_session_call_async), NULL);
  outcome = g_task_propagate_pointer (G_TASK (result), error);
  if (outcome == NULL)
    return NULL;
  answer = g_steal_pointer (&outcome->answer);
  if (ret_stream != NULL)
    *ret_stream = g_steal_pointer (&outcome->stream);
  outcome_free (outcome);
  return answer;
}

JsonObject *
cantiga_session_call_finish (CantigaSession *self, GAsyncResult *result, GError **error)
{
  return cantiga_session_call_finish_stream (self, result, NULL, error);
}

void
cantiga_session_called_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (JsonObject) answer = cantiga_session_call_finish (CANTIGA_SESSION (source), result, &error);

  if (answer != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* ---- leaving ---- */

void
cantiga_session_start_leave (CantigaSession *self)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (JsonObject) body = json_object_new ();

  if (self->leave == NULL || self->renewals > 0)
    return;
  task = g_steal_pointer (&self->leave);
  if (self->state == CANTIGA_SESSION_OPEN)
    return cantiga_session_call_kind_async (self, CANTIGA_CALL_LEAVE, "POST", "/api/leave", body, g_task_get_cancellable (task),
                                            cantiga_session_called_cb, g_object_ref (task));
  cantiga_session_over (self);
  cantiga_session_pump (self);
  g_task_return_boolean (task, TRUE);
}

/* A renewal under way is let finish: who only ever comes for a moment would else keep its certificate until it ends (docs/protocol.md 14.6). */
void
cantiga_session_leave_async (CantigaSession *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (CANTIGA_IS_SESSION (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, cantiga_session_leave_async);
  if (self->leave != NULL)
    return g_task_return_new_error (task, CANTIGA_ERROR, CANTIGA_ERROR_OUT_OF_TURN, "The session is being left already.");
  self->leave = g_steal_pointer (&task);
  cantiga_session_start_leave (self);
}

gboolean
cantiga_session_leave_finish (CantigaSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_session_leave_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
