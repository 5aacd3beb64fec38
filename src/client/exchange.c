#include "client/exchange.h"

#include "client/pause.h"

#define TRIES 4
#define COVER_ANSWER_MAX (6 * 1024 * 1024) /* 4 MiB in Base64, and what is around it */
#define FIRST_PAUSE_MS 100
#define PAUSE_GROWTH 3
#define PATIENCE_MAX_MS 60000  /* one wait */
#define PATIENCE_ALL_MS 120000 /* all waits of one message */

typedef struct
{
  CantigaTransport *transport;
  CantigaChannel *channel;
  char *method;
  char *path;
  GBytes *text;
  GBytes *envelope;
  guint tries;
  guint pause;
  guint patience; /* ms waited at the server's wish */
  CantigaStream *stream;
} Exchange;

static void
exchange_free (Exchange *exchange)
{
  cantiga_transport_unref (exchange->transport);
  g_free (exchange->method);
  g_free (exchange->path);
  g_clear_pointer (&exchange->text, g_bytes_unref);
  g_clear_pointer (&exchange->envelope, g_bytes_unref);
  g_clear_pointer (&exchange->stream, cantiga_stream_unref);
  g_free (exchange);
}

static void exchange_send (GTask *task);

/* A cover may be larger than anything else that is said. */
static gsize
answer_max (const char *path)
{
  return g_str_has_prefix (path, "/api/cover") ? COVER_ANSWER_MAX : CANTIGA_ANSWER_MAX;
}

static gboolean
send_again_cb (gpointer user_data)
{
  exchange_send (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
exchange_seal (Exchange *exchange, GError **error)
{
  g_clear_pointer (&exchange->envelope, g_bytes_unref);
  exchange->envelope = cantiga_channel_seal_request (exchange->channel, exchange->method, exchange->path, exchange->text, error);
  exchange->tries = 0;
  exchange->pause = FIRST_PAUSE_MS;
  return exchange->envelope != NULL;
}

static gboolean
seal_again_cb (gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  if (exchange_seal (g_task_get_task_data (task), &error))
    exchange_send (task);
  else
    g_task_return_error (task, error);
  return G_SOURCE_REMOVE;
}

/* ---- what came back ---- */

static gboolean
has_patience (Exchange *exchange, guint retry_after, guint *ret_wait)
{
  *ret_wait = cantiga_patience (retry_after, PATIENCE_MAX_MS);
  exchange->patience += *ret_wait;
  return exchange->patience <= PATIENCE_ALL_MS;
}

/* No answer, or none that can be believed. The channel has not moved: the same bytes may go again (docs/protocol.md 6.2). */
static void
exchange_lost (GTask *task, GError *error, guint retry_after)
{
  Exchange *exchange = g_task_get_task_data (task);
  gboolean lost = g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_UNREACHABLE) || g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_FORGED)
                  || g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_TOO_SLOW);
  guint wait;

  if (cantiga_error_is_patience (error) && has_patience (exchange, retry_after, &wait))
    {
      cantiga_pause (task, wait, send_again_cb);
      return g_error_free (error);
    }
  if (!lost || ++exchange->tries >= TRIES)
    return g_task_return_error (task, error);
  cantiga_pause (task, exchange->pause, send_again_cb);
  exchange->pause *= PAUSE_GROWTH;
  g_error_free (error);
}

/* Right after the answer was opened, and before the next message (docs/protocol.md 10.1). */
static gboolean
take_stream (Exchange *exchange, JsonObject *answer, GError **error)
{
  CantigaId grant;

  if (cantiga_problem_is (answer) || !g_str_equal (exchange->path, "/api/license"))
    return TRUE;
  if (!cantiga_json_get_id (answer, "grant", &grant, error))
    return FALSE;
  exchange->stream = cantiga_channel_derive_stream (exchange->channel, &grant, error);
  return exchange->stream != NULL;
}

static gboolean
is_patience (JsonObject *answer)
{
  g_autoptr (GError) error = NULL;

  if (!cantiga_problem_is (answer))
    return FALSE;
  cantiga_problem_consume (answer, &error);
  return cantiga_error_is_patience (error);
}

static void
exchange_opened (GTask *task, GBytes *text, guint retry_after)
{
  Exchange *exchange = g_task_get_task_data (task);
  GError *error = NULL;
  gsize length;
  const char *bytes = g_bytes_get_data (text, &length);
  g_autoptr (JsonObject) answer = cantiga_json_parse (bytes, length, &error);
  guint wait;

  if (answer == NULL || !take_stream (exchange, answer, &error))
    return g_task_return_error (task, error);
  if (retry_after > 0 && is_patience (answer) && has_patience (exchange, retry_after, &wait))
    return cantiga_pause (task, wait, seal_again_cb);
  g_task_return_pointer (task, g_steal_pointer (&answer), (GDestroyNotify)json_object_unref);
}

static void
exchange_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Exchange *exchange = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (CantigaAnswer) answer = cantiga_transport_send_finish (result, &error);
  g_autoptr (GBytes) text = NULL;

  if (answer != NULL && cantiga_answer_check (answer, CANTIGA_ENVELOPE_TYPE, &error))
    text = cantiga_channel_open_answer (exchange->channel, answer->body, &error);
  if (text == NULL)
    exchange_lost (task, error, answer != NULL ? answer->retry_after : 0);
  else
    exchange_opened (task, text, answer->retry_after);
}

/* ---- out ---- */

static void
exchange_send (GTask *task)
{
  Exchange *exchange = g_task_get_task_data (task);
  gboolean has_body = exchange->text != NULL;
  g_autofree char *authorization
      = cantiga_authorization_create (cantiga_channel_get_session (exchange->channel), has_body ? NULL : exchange->envelope);

  cantiga_transport_send_async (exchange->transport, exchange->method, exchange->path, authorization, CANTIGA_ENVELOPE_TYPE,
                                has_body ? exchange->envelope : NULL, answer_max (exchange->path), g_task_get_cancellable (task),
                                exchange_answered_cb, g_object_ref (task));
}

void
cantiga_exchange_async (CantigaTransport *transport, CantigaChannel *channel, const char *method, const char *path, JsonObject *body,
                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Exchange *exchange = g_new0 (Exchange, 1);
  GError *error = NULL;

  exchange->transport = cantiga_transport_ref (transport);
  exchange->channel = channel;
  exchange->method = g_strdup (method);
  exchange->path = g_strdup (path);
  exchange->text = body != NULL ? cantiga_json_format (body) : NULL;
  g_task_set_source_tag (task, cantiga_exchange_async);
  g_task_set_task_data (task, exchange, (GDestroyNotify)exchange_free);
  if (exchange_seal (exchange, &error))
    exchange_send (task);
  else
    g_task_return_error (task, error);
}

JsonObject *
cantiga_exchange_finish (GAsyncResult *result, CantigaStream **ret_stream, GError **error)
{
  Exchange *exchange = g_task_get_task_data (G_TASK (result));
  JsonObject *answer;

  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_exchange_async), NULL);
  answer = g_task_propagate_pointer (G_TASK (result), error);
  if (answer != NULL && ret_stream != NULL)
    *ret_stream = g_steal_pointer (&exchange->stream);
  return answer;
}
