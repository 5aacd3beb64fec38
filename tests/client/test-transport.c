#include "client/transport.h"

#include <string.h>

#include "loop.h"

/* A server that says exactly what it is told, byte by byte if need be. */
typedef enum
{
  THEN_KEEP, /* the connection stays for the next request */
  THEN_CLOSE,
  THEN_HOLD, /* nothing more comes, the connection stays open */
} Then;

typedef struct
{
  GSocketService *service;
  CantigaTransport *transport;
  const char *answer;
  gsize answer_length;
  Then then;
  guint drip; /* ms between two bytes; 0 for all at once */
  guint connections;
  GPtrArray *requests; /* char * */
  GPtrArray *open;     /* Line */
} Fixture;

typedef struct
{
  Fixture *fixture;
  GSocketConnection *connection;
  GString *request;
  gsize sent;
  guint drip;
  char room[4096];
} Line;

static void
line_free (Line *line)
{
  g_clear_handle_id (&line->drip, g_source_remove);
  g_clear_object (&line->connection);
  g_string_free (line->request, TRUE);
  g_free (line);
}

static void line_read (Line *line);

static void
line_answered (Line *line)
{
  g_string_truncate (line->request, 0);
  if (line->fixture->then == THEN_CLOSE)
    g_io_stream_close (G_IO_STREAM (line->connection), NULL, NULL);
  else if (line->fixture->then == THEN_KEEP)
    line_read (line);
}

static gboolean
line_drip_cb (gpointer user_data)
{
  Line *line = user_data;
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (line->connection));

  if (g_output_stream_write (out, line->fixture->answer + line->sent, 1, NULL, NULL) != 1 || ++line->sent == line->fixture->answer_length)
    {
      line->drip = 0;
      return G_SOURCE_REMOVE;
    }
  return G_SOURCE_CONTINUE;
}

static void
line_answer (Line *line)
{
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (line->connection));
  Fixture *fixture = line->fixture;
  gsize written;

  g_ptr_array_add (fixture->requests, g_strdup (line->request->str));
  line->sent = 0;
  if (fixture->drip > 0)
    line->drip = g_timeout_add (fixture->drip, line_drip_cb, line);
  else
    {
      /* What the transport gives up half way is not the test's failure. */
      if (g_output_stream_write_all (out, fixture->answer, fixture->answer_length, &written, NULL, NULL))
        g_assert_cmpuint (written, ==, fixture->answer_length);
      line_answered (line);
    }
}

static gboolean
is_whole (const char *request)
{
  const char *end = strstr (request, "\r\n\r\n");
  const char *length = strstr (request, "Content-Length: ");

  return end != NULL && (length == NULL || strlen (end + 4) >= g_ascii_strtoull (length + 16, NULL, 10));
}

static void
line_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);
  Line *line = user_data;

  if (n <= 0)
    return; /* closed, by either side; the line may be gone */
  g_string_append_len (line->request, line->room, n);
  if (is_whole (line->request->str))
    line_answer (line);
  else
    line_read (line);
}

static void
line_read (Line *line)
{
  g_input_stream_read_async (g_io_stream_get_input_stream (G_IO_STREAM (line->connection)), line->room, sizeof line->room, G_PRIORITY_DEFAULT, NULL,
                             line_read_cb, line);
}

static gboolean
incoming_cb (GSocketService *service, GSocketConnection *connection, GObject *unused, gpointer user_data)
{
  Fixture *fixture = user_data;
  Line *line = g_new0 (Line, 1);

  line->fixture = fixture;
  line->connection = g_object_ref (connection);
  line->request = g_string_new (NULL);
  fixture->connections++;
  g_ptr_array_add (fixture->open, line);
  line_read (line);
  return TRUE;
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autofree char *url = NULL;

  fixture->requests = g_ptr_array_new_with_free_func (g_free);
  fixture->open = g_ptr_array_new_with_free_func ((GDestroyNotify)line_free);
  fixture->service = g_socket_service_new ();
  g_assert_true (
      g_socket_listener_add_address (G_SOCKET_LISTENER (fixture->service), any, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error));
  g_signal_connect (fixture->service, "incoming", G_CALLBACK (incoming_cb), fixture);
  url = g_strdup_printf ("http://127.0.0.1:%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  fixture->transport = cantiga_transport_new (url, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_clear_pointer (&fixture->transport, cantiga_transport_unref);
  g_socket_service_stop (fixture->service);
  g_socket_listener_close (G_SOCKET_LISTENER (fixture->service));
  g_clear_object (&fixture->service);
  for (guint i = 0; i < fixture->open->len; i++)
    g_io_stream_close (G_IO_STREAM (((Line *)fixture->open->pdata[i])->connection), NULL, NULL);
  loop_drain ();
  g_ptr_array_unref (fixture->open);
  g_ptr_array_unref (fixture->requests);
}

static void
answer_with (Fixture *fixture, const char *answer, Then then)
{
  fixture->answer = answer;
  fixture->answer_length = strlen (answer);
  fixture->then = then;
}

static CantigaAnswer *
get (Fixture *fixture, gsize max, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  cantiga_transport_send_async (fixture->transport, "GET", "/api/auth", NULL, NULL, NULL, max, NULL, loop_result_cb, &result);
  return cantiga_transport_send_finish (loop_wait (&result), error);
}

#define JSON_OK "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 7\r\n\r\n{\"a\":1}"

static void
assert_unreachable (Fixture *fixture, const char *why)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (get (fixture, 1000, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_UNREACHABLE);
  g_assert_nonnull (strstr (error->message, why));
}

/* ---- what goes out and comes back ---- */

static void
test_brings_answer (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaAnswer) answer = NULL;
  g_autoptr (JsonObject) object = NULL;

  answer_with (fixture, JSON_OK, THEN_KEEP);
  answer = get (fixture, 1000, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (answer->status, ==, 200);
  g_assert_cmpstr (answer->type, ==, "application/json");
  g_assert_cmpuint (answer->retry_after, ==, 0);
  object = cantiga_answer_parse (answer, &error);
  g_assert_no_error (error);
  g_assert_cmpint (json_object_get_int_member (object, "a"), ==, 1);
}

static void
test_brings_answer_of_unknown_length (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaAnswer) answer = NULL;

  answer_with (fixture, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n",
               THEN_KEEP);
  answer = get (fixture, 7, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (answer->body, NULL), g_bytes_get_size (answer->body), "{\"a\":1}", 7);
}

/* docs/protocol.md 5.3: "path is the request target as sent, query included". */
static void
test_sends_as_told (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("\001\002three", 7);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaAnswer) answer = NULL;
  const char *request;

  answer_with (fixture, JSON_OK, THEN_KEEP);
  cantiga_transport_send_async (fixture->transport, "POST", "/api/list?after=a%2Fb%20c%C3%A9&limit=2", "Cantiga 00.11", CANTIGA_ENVELOPE_TYPE, body,
                                1000, NULL, loop_result_cb, &result);
  answer = cantiga_transport_send_finish (loop_wait (&result), &error);
  g_assert_no_error (error);
  request = fixture->requests->pdata[0];
  g_assert_true (g_str_has_prefix (request, "POST /api/list?after=a%2Fb%20c%C3%A9&limit=2 HTTP/1.1\r\n"));
  g_assert_nonnull (strstr (request, "\r\nAuthorization: Cantiga 00.11\r\n"));
  g_assert_nonnull (strstr (request, "\r\nContent-Type: " CANTIGA_ENVELOPE_TYPE "\r\n"));
  g_assert_true (g_str_has_suffix (request, "\r\n\r\n\001\002three"));
}

static void
test_keeps_connection (Fixture *fixture, gconstpointer unused)
{
  answer_with (fixture, JSON_OK, THEN_KEEP);
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (CantigaAnswer) answer = get (fixture, 1000, &error);
      g_assert_no_error (error);
    }
  g_assert_cmpuint (fixture->connections, ==, 1);
}

static void
test_tells_retry_after (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaAnswer) answer = NULL;

  answer_with (fixture, "HTTP/1.1 503 Busy\r\nContent-Type: application/problem+json\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}", THEN_CLOSE);
  answer = get (fixture, 1000, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (answer->status, ==, 503);
  g_assert_cmpuint (answer->retry_after, ==, 7);
}

static void
test_problem_becomes_error (Fixture *fixture, gconstpointer unused)
{
  static const char body[] = "{\"type\":\"/problems/card-unknown\",\"title\":\"This card is not known here.\",\"status\":401}";
  g_autofree char *text
      = g_strdup_printf ("HTTP/1.1 401 No\r\nContent-Type: application/problem+json\r\nContent-Length: %zu\r\n\r\n%s", strlen (body), body);
  g_autoptr (GError) error = NULL, refusal = NULL;
  g_autoptr (CantigaAnswer) answer = NULL;

  answer_with (fixture, text, THEN_KEEP);
  answer = get (fixture, 1000, &error);
  g_assert_no_error (error);
  g_assert_null (cantiga_answer_parse (answer, &refusal));
  g_assert_error (refusal, CANTIGA_ERROR, CANTIGA_ERROR_CARD_UNKNOWN);
  g_assert_cmpstr (refusal->message, ==, "This card is not known here.");
}

/* ---- what is not let in ---- */

static void
test_refuses_too_much (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  answer_with (fixture, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n{", THEN_HOLD);
  g_assert_null (get (fixture, 1000, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
}

static void
test_refuses_too_much_of_unknown_length (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  answer_with (fixture, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"a\":12}\r\n", THEN_HOLD);
  g_assert_null (get (fixture, 7, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
}

static void
test_takes_as_much_as_allowed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaAnswer) answer = NULL;

  answer_with (fixture, JSON_OK, THEN_KEEP);
  answer = get (fixture, 7, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (answer->body), ==, 7);
}

static void
test_follows_no_redirect (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL, refusal = NULL;
  g_autoptr (CantigaAnswer) answer = NULL;

  answer_with (fixture, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", THEN_KEEP);
  answer = get (fixture, 1000, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (answer->status, ==, 302);
  g_assert_false (cantiga_answer_check (answer, CANTIGA_JSON_TYPE, &refusal));
  g_assert_error (refusal, CANTIGA_ERROR, CANTIGA_ERROR_UNREACHABLE);
  g_assert_cmpuint (fixture->requests->len, ==, 1);
}

static void
test_refuses_other_types (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL, refusal = NULL, sealed = NULL;
  g_autoptr (CantigaAnswer) answer = NULL;

  answer_with (fixture, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<hi>", THEN_KEEP);
  answer = get (fixture, 1000, &error);
  g_assert_no_error (error);
  g_assert_false (cantiga_answer_check (answer, CANTIGA_JSON_TYPE, &refusal));
  g_assert_error (refusal, CANTIGA_ERROR, CANTIGA_ERROR_UNREACHABLE);
  g_assert_nonnull (strstr (refusal->message, "not a Cantiga server"));
  g_assert_false (cantiga_answer_check (answer, CANTIGA_ENVELOPE_TYPE, &sealed));
}

static void
test_json_of_refusal_is_no_answer (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL, refusal = NULL;
  g_autoptr (CantigaAnswer) answer = NULL;

  answer_with (fixture, "HTTP/1.1 500 Oh\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}", THEN_KEEP);
  answer = get (fixture, 1000, &error);
  g_assert_no_error (error);
  g_assert_null (cantiga_answer_parse (answer, &refusal));
  g_assert_error (refusal, CANTIGA_ERROR, CANTIGA_ERROR_UNREACHABLE);
}

static void
test_decodes_nothing (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaAnswer) answer = NULL;

  answer_with (fixture, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
               THEN_KEEP);
  answer = get (fixture, 1000, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (answer->body, NULL), g_bytes_get_size (answer->body), "{\"a\":1}", 7);
  g_assert_null (strstr (fixture->requests->pdata[0], "Accept-Encoding"));
}

static void
test_keeps_no_cookies (Fixture *fixture, gconstpointer unused)
{
  answer_with (fixture, "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
               THEN_KEEP);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (CantigaAnswer) answer = get (fixture, 1000, &error);
      g_assert_no_error (error);
      g_assert_null (strstr (fixture->requests->pdata[i], "Cookie"));
    }
}

/* ---- what goes wrong, in words ---- */

static void
test_says_closed_in_body (Fixture *fixture, gconstpointer unused)
{
  answer_with (fixture, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 70\r\n\r\n{\"a\":1", THEN_CLOSE);
  assert_unreachable (fixture, "closed");
}

static void
test_says_closed_in_headers (Fixture *fixture, gconstpointer unused)
{
  answer_with (fixture, "HTTP/1.1 200 OK\r\nContent-Ty", THEN_CLOSE);
  assert_unreachable (fixture, "cannot be reached");
}

static void
test_says_no_http (Fixture *fixture, gconstpointer unused)
{
  answer_with (fixture, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n", THEN_CLOSE);
  assert_unreachable (fixture, "does not speak HTTP");
}

static void
test_says_refused (Fixture *fixture, gconstpointer unused)
{
  g_socket_service_stop (fixture->service);
  g_socket_listener_close (G_SOCKET_LISTENER (fixture->service));
  assert_unreachable (fixture, "no server runs there");
}

static void
test_ends_silence (Fixture *fixture, gconstpointer unused)
{
  gint64 begun = g_get_monotonic_time ();

  answer_with (fixture, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", THEN_HOLD);
  cantiga_transport_set_limit (fixture->transport, 200);
  assert_unreachable (fixture, "in time");
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 5 * G_USEC_PER_SEC);
}

/* Each byte comes in time, all of them never. */
static void
test_ends_dripping (Fixture *fixture, gconstpointer unused)
{
  answer_with (fixture, JSON_OK, THEN_HOLD);
  fixture->drip = 20;
  cantiga_transport_set_limit (fixture->transport, 300);
  assert_unreachable (fixture, "in time");
}

static void
test_can_be_cancelled (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  answer_with (fixture, "HTTP/1.1 200 OK\r\n", THEN_HOLD);
  cantiga_transport_send_async (fixture->transport, "GET", "/api/auth", NULL, NULL, NULL, 1000, cancellable, loop_result_cb, &result);
  LOOP_UNTIL (fixture->requests->len == 1);
  g_cancellable_cancel (cancellable);
  g_assert_null (cantiga_transport_send_finish (loop_wait (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_cancelled_before (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  answer_with (fixture, JSON_OK, THEN_KEEP);
  cantiga_transport_send_async (fixture->transport, "GET", "/api/auth", NULL, NULL, NULL, 1000, cancellable, loop_result_cb, &result);
  g_assert_null (cantiga_transport_send_finish (loop_wait (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_knows_addresses (void)
{
  static const struct
  {
    const char *url;
    const char *plain; /* NULL: refused */
  } cases[] = {
    { "http://box:22684", "http://box:22684" },
    { "http://box:22684/", "http://box:22684" },
    { "http://[::1]:22684", "http://[::1]:22684" },
    { "https://box:22684", NULL },
    { "box:22684", NULL },
    { "http://", NULL },
    { "", NULL },
    { "file:///etc/passwd", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (CantigaTransport) transport = cantiga_transport_new (cases[i].url, &error);
      if (cases[i].plain != NULL)
        g_assert_cmpstr (cantiga_transport_get_url (transport), ==, cases[i].plain);
      else
        g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_USAGE);
    }
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_setenv ("http_proxy", "http://127.0.0.1:1", TRUE); /* not to be heeded */
  g_test_init (&argc, &argv, NULL);
  ADD ("/transport/brings-an-answer", test_brings_answer);
  ADD ("/transport/brings-an-answer-of-unknown-length", test_brings_answer_of_unknown_length);
  ADD ("/transport/sends-as-told", test_sends_as_told);
  ADD ("/transport/keeps-its-connection", test_keeps_connection);
  ADD ("/transport/tells-when-to-come-again", test_tells_retry_after);
  ADD ("/transport/a-problem-becomes-its-error", test_problem_becomes_error);
  ADD ("/transport/refuses-too-much", test_refuses_too_much);
  ADD ("/transport/refuses-too-much-of-unknown-length", test_refuses_too_much_of_unknown_length);
  ADD ("/transport/takes-as-much-as-allowed", test_takes_as_much_as_allowed);
  ADD ("/transport/follows-no-redirect", test_follows_no_redirect);
  ADD ("/transport/refuses-other-types", test_refuses_other_types);
  ADD ("/transport/json-with-a-refusal-is-no-answer", test_json_of_refusal_is_no_answer);
  ADD ("/transport/decodes-nothing", test_decodes_nothing);
  ADD ("/transport/keeps-no-cookies", test_keeps_no_cookies);
  ADD ("/transport/says-that-the-body-was-cut", test_says_closed_in_body);
  ADD ("/transport/says-that-the-headers-were-cut", test_says_closed_in_headers);
  ADD ("/transport/says-that-it-is-not-http", test_says_no_http);
  ADD ("/transport/says-that-nobody-is-there", test_says_refused);
  ADD ("/transport/ends-silence", test_ends_silence);
  ADD ("/transport/ends-dripping", test_ends_dripping);
  ADD ("/transport/can-be-cancelled", test_can_be_cancelled);
  ADD ("/transport/can-be-cancelled-before-it-begins", test_cancelled_before);
  g_test_add_func ("/transport/knows-what-an-address-is", test_knows_addresses);
  return g_test_run ();
}
