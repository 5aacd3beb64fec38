#include "client/transport.h"

#include <libsoup/soup.h>
#include <string.h>

#include "core/secret.h"

#define SILENCE_SECONDS 15 /* without a byte */
#define IDLE_SECONDS 10    /* a connection that a server keeps open, before it is likely to close it */
#define LIMIT_MS 60000
#define CONNECTIONS 8
#define RETRY_AFTER_MAX 3600
#define SPARE 4096

struct _CantigaTransport
{
  SoupSession *soup;
  char *url;
  char *address; /* host:port, for sentences */
  char *route;   /* docs/protocol.md 5.6 */
  guint limit;
};

/* One message under way. */
typedef struct
{
  CantigaTransport *transport;
  SoupMessage *message;
  GCancellable *inner; /* the caller's cancellable, or the limit */
  GCancellable *outer;
  gulong outer_signal;
  GSource *limit;
  gboolean too_slow;
  GInputStream *stream;
  guint8 *buffer;
  gsize room; /* in buffer */
  gsize least; /* what the body was said to have */
  gsize filled;
  gsize max;
} Send;

/* ---- answers ---- */

void
cantiga_answer_free (CantigaAnswer *answer)
{
  g_free (answer->type);
  g_clear_pointer (&answer->body, g_bytes_unref);
  g_free (answer);
}

static gboolean
fail_problem (const CantigaAnswer *answer, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (answer->body, &length);
  g_autoptr (JsonObject) problem = cantiga_json_parse (text, length, NULL);

  if (problem != NULL && cantiga_problem_is (problem))
    return cantiga_problem_consume (problem, error);
  return cantiga_fail_with (error, CANTIGA_ERROR_UNREACHABLE, "The server refused (%u) without a reason that can be read.", answer->status);
}

gboolean
cantiga_answer_check (const CantigaAnswer *answer, const char *type, GError **error)
{
  gboolean sealed = g_str_equal (type, CANTIGA_ENVELOPE_TYPE);

  if (g_str_equal (answer->type, type) && (sealed || (answer->status >= 200 && answer->status < 300)))
    return TRUE;
  if (g_str_equal (answer->type, CANTIGA_PROBLEM_TYPE))
    return fail_problem (answer, error);
  return cantiga_fail_with (error, CANTIGA_ERROR_UNREACHABLE, "What answers at this address is not a Cantiga server (%u, %s): check the address.",
                            answer->status, *answer->type != '\0' ? answer->type : "without a type");
}

JsonObject *
cantiga_answer_parse (const CantigaAnswer *answer, GError **error)
{
  gsize length;
  const char *text;

  if (!cantiga_answer_check (answer, CANTIGA_JSON_TYPE, error))
    return NULL;
  text = g_bytes_get_data (answer->body, &length);
  return cantiga_json_parse (text, length, error);
}

/* ---- the transport ---- */

/* Drawn for each transport, so that it says nothing of who comes again. */
static char *
dup_route (void)
{
  guint8 bytes[8];

  cantiga_random (bytes, sizeof bytes);
  return cantiga_base64url_encode (bytes, sizeof bytes);
}

static char *
dup_address (GUri *uri)
{
  gboolean v6 = strchr (g_uri_get_host (uri), ':') != NULL;

  return g_strdup_printf (v6 ? "[%s]:%d" : "%s:%d", g_uri_get_host (uri), g_uri_get_port (uri) > 0 ? g_uri_get_port (uri) : 80);
}

static void
transport_clear (gpointer transport)
{
  CantigaTransport *self = transport;

  if (self->soup != NULL)
    soup_session_abort (self->soup);
  g_clear_object (&self->soup);
  g_free (self->url);
  g_free (self->address);
  g_free (self->route);
}

CantigaTransport *
cantiga_transport_new (const char *url, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  CantigaTransport *self;

  if (uri == NULL || g_strcmp0 (g_uri_get_scheme (uri), "http") != 0 || g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0')
    {
      cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "“%s” is not the address of a server: http://host:port.", url);
      return NULL;
    }
  self = g_atomic_rc_box_new0 (CantigaTransport);
  self->address = dup_address (uri);
  self->route = dup_route ();
  self->url = g_strconcat ("http://", self->address, NULL);
  self->limit = LIMIT_MS;
  self->soup = soup_session_new_with_options ("proxy-resolver", NULL, "timeout", SILENCE_SECONDS, "idle-timeout", IDLE_SECONDS, "max-conns",
                                              CONNECTIONS, "max-conns-per-host", CONNECTIONS, NULL);
  soup_session_remove_feature_by_type (self->soup, SOUP_TYPE_CONTENT_DECODER);
  soup_session_remove_feature_by_type (self->soup, SOUP_TYPE_AUTH_MANAGER);
  return self;
}

CantigaTransport *
cantiga_transport_ref (CantigaTransport *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
cantiga_transport_unref (CantigaTransport *self)
{
  g_atomic_rc_box_release_full (self, transport_clear);
}

const char *
cantiga_transport_get_url (CantigaTransport *self)
{
  return self->url;
}

void
cantiga_transport_set_limit (CantigaTransport *self, guint milliseconds)
{
  self->limit = milliseconds;
}

/* ---- errors, in words ---- */

static const char *
describe_io (const GError *error)
{
  switch (error->code)
    {
    case G_IO_ERROR_CONNECTION_REFUSED:
      return "no server runs there: check that it is on, and the address";
    case G_IO_ERROR_HOST_UNREACHABLE:
    case G_IO_ERROR_NETWORK_UNREACHABLE:
      return "there is no way to it: check that both are on the same network";
    case G_IO_ERROR_HOST_NOT_FOUND:
      return "there is no such name: check the address";
    case G_IO_ERROR_TIMED_OUT:
      return "it does not answer in time: check that it is on and on this network";
    case G_IO_ERROR_CONNECTION_CLOSED: /* also G_IO_ERROR_BROKEN_PIPE */
    case G_IO_ERROR_PARTIAL_INPUT:
    case G_IO_ERROR_NOT_CONNECTED:
      return "the connection was closed";
    default:
      return error->message;
    }
}

static void
return_unreachable (GTask *task, const GError *reason)
{
  Send *send = g_task_get_task_data (task);
  const char *why = reason->message;

  if (send->too_slow)
    why = "it does not answer in time: check that it is on and on this network";
  else if (reason->domain == G_IO_ERROR)
    why = describe_io (reason);
  else if (reason->domain == G_RESOLVER_ERROR)
    why = "there is no such name: check the address";
  else if (reason->domain == SOUP_SESSION_ERROR)
    why = "what answers there does not speak HTTP";
  g_task_return_new_error (task, CANTIGA_ERROR, CANTIGA_ERROR_UNREACHABLE, "The server at %s cannot be reached: %s.", send->transport->address, why);
}

static void
return_failure (GTask *task, GError *reason)
{
  Send *send = g_task_get_task_data (task);

  if (!send->too_slow && g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return g_task_return_error (task, reason);
  return_unreachable (task, reason);
  g_error_free (reason);
}

/* ---- one message ---- */

static void
send_free (Send *send)
{
  if (send->outer != NULL)
    g_cancellable_disconnect (send->outer, send->outer_signal);
  if (send->limit != NULL)
    {
      g_source_destroy (send->limit);
      g_source_unref (send->limit);
    }
  g_clear_object (&send->outer);
  g_clear_object (&send->inner);
  g_clear_object (&send->stream);
  g_signal_handlers_disconnect_by_data (send->message, send);
  g_clear_object (&send->message);
  g_clear_pointer (&send->transport, cantiga_transport_unref);
  g_free (send->buffer);
  g_free (send);
}

static gboolean
limit_passed_cb (gpointer user_data)
{
  Send *send = user_data;

  send->too_slow = TRUE;
  g_cancellable_cancel (send->inner);
  return G_SOURCE_REMOVE;
}

static void
outer_cancelled_cb (GCancellable *outer, gpointer inner)
{
  g_cancellable_cancel (inner);
}

static guint
get_retry_after (SoupMessageHeaders *headers)
{
  const char *text = soup_message_headers_get_one (headers, "Retry-After");
  guint64 seconds;

  return text != NULL && g_ascii_string_to_unsigned (text, 10, 0, RETRY_AFTER_MAX, &seconds, NULL) ? (guint)seconds : 0;
}

static CantigaAnswer *
answer_new (Send *send)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (send->message);
  const char *type = soup_message_headers_get_content_type (headers, NULL);
  CantigaAnswer *answer = g_new0 (CantigaAnswer, 1);

  answer->status = soup_message_get_status (send->message);
  answer->type = g_ascii_strdown (type != NULL ? type : "", -1);
  answer->retry_after = get_retry_after (headers);
  answer->body = g_bytes_new_take (g_steal_pointer (&send->buffer), send->filled);
  return answer;
}

static void
return_too_large (GTask *task)
{
  g_task_return_new_error (task, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED, "The server's answer is longer than the protocol allows: it was not read.");
}

static void body_read (GTask *task);

static void
body_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Send *send = g_task_get_task_data (task);
  GError *error = NULL;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);

  if (n < 0)
    return return_failure (task, error);
  /* libsoup 3.2 takes the end of a connection for the end of a body that was to be longer. */
  if (n == 0 && send->filled < send->least)
    return return_failure (task, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT, "the answer was cut"));
  if (n == 0)
    return g_task_return_pointer (task, answer_new (send), (GDestroyNotify)cantiga_answer_free);
  send->filled += n;
  if (send->filled > send->max)
    return return_too_large (task);
  body_read (task);
}

/* Until the end of the body is seen, so that the connection can be used again. There is always room to spare: libsoup 3.2 fails at the end of a
 * chunked body if it is asked for a single byte. */
static void
body_read (GTask *task)
{
  Send *send = g_task_get_task_data (task);

  g_input_stream_read_async (send->stream, send->buffer + send->filled, send->room - send->filled, G_PRIORITY_DEFAULT, send->inner, body_read_cb,
                             g_object_ref (task));
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Send *send = g_task_get_task_data (task);
  GError *error = NULL;
  SoupMessageHeaders *headers;

  send->stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  if (send->stream == NULL)
    return return_failure (task, error);
  headers = soup_message_get_response_headers (send->message);
  send->room = send->max;
  if (soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CONTENT_LENGTH)
    send->least = send->room = (gsize)MIN ((guint64)soup_message_headers_get_content_length (headers), G_MAXSSIZE / 2);
  if (send->room > send->max)
    return return_too_large (task);
  send->room += SPARE;
  send->buffer = g_malloc (send->room);
  body_read (task);
}

static SoupMessage *
message_new (CantigaTransport *self, const char *method, const char *path, const char *authorization, const char *type, GBytes *body)
{
  g_autofree char *url = g_strconcat (self->url, path, NULL);
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_ENCODED, NULL);
  SoupMessage *message = uri != NULL ? soup_message_new_from_uri (method, uri) : NULL;

  g_return_val_if_fail (message != NULL, NULL);
  soup_message_headers_replace (soup_message_get_request_headers (message), "Cantiga-Route", self->route);
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_DO_NOT_USE_AUTH_CACHE);
  if (authorization != NULL)
    {
      /* libsoup sends a GET by itself again when a kept connection turns out to be closed. What is authenticated must not go twice with the same
       * counter (docs/protocol.md 10.2): whoever asked says it again. A connection of its own is never tried twice. */
      soup_message_add_flags (message, SOUP_MESSAGE_NEW_CONNECTION);
      soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization", authorization);
    }
  if (body != NULL)
    soup_message_set_request_body_from_bytes (message, type, body);
  return message;
}

static Send *
send_new (CantigaTransport *self, SoupMessage *message, gsize max, GCancellable *cancellable)
{
  Send *send = g_new0 (Send, 1);

  send->transport = cantiga_transport_ref (self);
  send->message = message;
  send->max = max;
  send->inner = g_cancellable_new ();
  send->limit = g_timeout_source_new (self->limit);
  g_source_set_callback (send->limit, limit_passed_cb, send, NULL);
  g_source_attach (send->limit, g_main_context_get_thread_default ());
  return send;
}

void
cantiga_transport_send_async (CantigaTransport *self, const char *method, const char *path, const char *authorization, const char *type, GBytes *body,
                              gsize max, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  SoupMessage *message = message_new (self, method, path, authorization, type, body);
  Send *send;

  g_return_if_fail (message != NULL);
  send = send_new (self, message, max, cancellable);
  g_task_set_source_tag (task, cantiga_transport_send_async);
  g_task_set_task_data (task, send, (GDestroyNotify)send_free);
  if (cancellable != NULL)
    {
      send->outer = g_object_ref (cancellable);
      send->outer_signal = g_cancellable_connect (cancellable, G_CALLBACK (outer_cancelled_cb), send->inner, NULL);
    }
  soup_session_send_async (self->soup, message, G_PRIORITY_DEFAULT, send->inner, answered_cb, g_object_ref (task));
}

CantigaAnswer *
cantiga_transport_send_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_transport_send_async), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
