#include "server/routes.h"

/* docs/protocol.md 12. */
#define HEADERS_MAX (16 * 1024)
#define SEALED_BODY_MAX (64 * 1024)

typedef enum
{
  KIND_OPEN,
  KIND_SEALED,
  KIND_CHUNK
} Kind;

/* Every address there is, what it takes, and when it opens. */
static const struct
{
  const char *method;
  const char *path;
  gsize body_max;
  Kind kind;
  CantigaOpenRoute open;
  CantigaSealedRoute sealed;
  CantigaSessionState opens; /* of sealed ones: from which state on */
} routes[] = {
  { "GET", "/api/auth", 0, KIND_OPEN, cantiga_route_certificates, NULL, 0 },
  { "POST", "/api/auth", 32 * 1024, KIND_OPEN, cantiga_route_hello, NULL, 0 },
  { "POST", "/api/suite", 8 * 1024, KIND_OPEN, cantiga_route_suite, NULL, 0 },
  { "POST", "/api/key", 8 * 1024, KIND_OPEN, cantiga_route_key, NULL, 0 },
  { "GET", "/api/pair", 0, KIND_OPEN, cantiga_route_offer, NULL, 0 },
  { "POST", "/api/pair", 64 * 1024, KIND_OPEN, cantiga_route_pair, NULL, 0 },
  { "POST", "/api/cc", SEALED_BODY_MAX, KIND_SEALED, NULL, cantiga_route_card, CANTIGA_SESSION_CARD },
  { "GET", "/api/list", 0, KIND_SEALED, NULL, cantiga_route_list, CANTIGA_SESSION_OPEN },
  { "GET", "/api/cover", 0, KIND_SEALED, NULL, cantiga_route_cover, CANTIGA_SESSION_OPEN },
  { "POST", "/api/license", SEALED_BODY_MAX, KIND_SEALED, NULL, cantiga_route_licence, CANTIGA_SESSION_OPEN },
  { "POST", "/api/end", SEALED_BODY_MAX, KIND_SEALED, NULL, cantiga_route_end, CANTIGA_SESSION_OPEN },
  { "GET", "/api/licences", 0, KIND_SEALED, NULL, cantiga_route_licences, CANTIGA_SESSION_OPEN },
  { "GET", "/api/plays", 0, KIND_SEALED, NULL, cantiga_route_plays, CANTIGA_SESSION_OPEN },
  { "POST", "/api/renew", SEALED_BODY_MAX, KIND_SEALED, NULL, cantiga_route_renew, CANTIGA_SESSION_OPEN },
  { "POST", "/api/return", SEALED_BODY_MAX, KIND_SEALED, NULL, cantiga_route_return, CANTIGA_SESSION_OPEN },
  { "POST", "/api/certificate", SEALED_BODY_MAX, KIND_SEALED, NULL, cantiga_route_certificate, CANTIGA_SESSION_OPEN },
  { "POST", "/api/leave", SEALED_BODY_MAX, KIND_SEALED, NULL, cantiga_route_leave, CANTIGA_SESSION_CARD },
  { "GET", "/api/download", 0, KIND_CHUNK, NULL, NULL, CANTIGA_SESSION_OPEN },
};

/* The index of the route, or -1 with the reason. */
static int
find_route (const char *method, const char *path, GError **error)
{
  gboolean path_known = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (routes); i++)
    {
      if (g_strcmp0 (routes[i].path, path) != 0)
        continue;
      if (g_strcmp0 (routes[i].method, method) == 0)
        return (int)i;
      path_known = TRUE;
    }
  cantiga_fail (error, path_known ? CANTIGA_ERROR_METHOD : CANTIGA_ERROR_NOT_FOUND);
  return -1;
}

const char *
cantiga_request_get (const CantigaRequest *request, const char *name)
{
  return request->query != NULL ? g_hash_table_lookup (request->query, name) : NULL;
}

gboolean
cantiga_request_get_id (const CantigaRequest *request, const char *name, CantigaId *ret_id, GError **error)
{
  const char *text = cantiga_request_get (request, name);

  if (text == NULL || !cantiga_id_parse (text, ret_id))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The query's “%s” is missing or not an identifier.", name);
  return TRUE;
}

/* ---- answers ---- */

static void
respond (const CantigaRequest *request, SoupServerMessage *message, guint status, const char *type, GBytes *body)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  SoupMessageBody *response = soup_server_message_get_response_body (message);

  soup_message_headers_replace (headers, "Cache-Control", "no-store");
  if (!cantiga_door_keep (message))
    soup_message_headers_replace (headers, "Connection", "close");
  soup_message_headers_set_content_type (headers, type, NULL);
  /* Else a Range header would have libsoup copy and cut the body. */
  soup_message_headers_remove (soup_server_message_get_request_headers (message), "Range");
  soup_message_body_append_bytes (response, body);
  soup_server_message_set_status (message, status, NULL);
  if (cantiga_door_get_asked (message) != 0)
    cantiga_metrics_add_answer (request->server->metrics, request->route, g_get_monotonic_time () - cantiga_door_get_asked (message));
}

static void
set_retry_after (SoupServerMessage *message, guint status, guint seconds)
{
  g_autofree char *text = g_strdup_printf ("%u", MAX (seconds, 1));

  if (status == 429 || status == 503)
    soup_message_headers_replace (soup_server_message_get_response_headers (message), "Retry-After", text);
}

static void
tell_refused (const CantigaRequest *request, const GError *error)
{
  CantigaServer *server = request->server;
  const char *type = error->domain == CANTIGA_ERROR ? cantiga_error_get_type ((CantigaError)error->code) : NULL;

  cantiga_metrics_add_refusal (server->metrics, error);
  if (server->refused != NULL)
    server->refused (request->address, request->path, type != NULL ? type : "/problems/internal", error->message, server->refused_data);
}

/* An answer that is not sealed: what could not be authenticated says no more than its row of the table. */
static void
respond_bare (const CantigaRequest *request, SoupServerMessage *message, const GError *error, JsonObject *problem)
{
  g_autoptr (JsonObject) created = problem == NULL ? cantiga_problem_create (error) : NULL;
  g_autoptr (GBytes) body = cantiga_json_format (problem != NULL ? problem : created);
  guint status = cantiga_problem_get_status (error);

  tell_refused (request, error);
  set_retry_after (message, status, MAX (cantiga_throttle_get_wait (request->server->throttle, request->address, request->now), 1));
  respond (request, message, status, CANTIGA_PROBLEM_TYPE, body);
}

/* ---- open routes ---- */

static void
answer_open (const CantigaRequest *request, SoupServerMessage *message, CantigaOpenRoute route)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) problem = NULL;
  g_autoptr (GBytes) body = route (request, &problem, &error);

  if (body == NULL)
    respond_bare (request, message, error, problem);
  else
    respond (request, message, 200, "application/json", body);
}

/* ---- sealed routes ---- */

static CantigaServerSession *
find_session (const CantigaRequest *request, SoupServerMessage *message, GStrv *ret_parts, GError **error)
{
  const char *header = soup_message_headers_get_one (soup_server_message_get_request_headers (message), "Authorization");
  CantigaServerSession *session;
  CantigaId id;

  if (header == NULL || !cantiga_authorization_consume (header, &id, ret_parts, NULL))
    {
      cantiga_fail (error, CANTIGA_ERROR_NOT_AUTHENTICATED);
      return NULL;
    }
  session = cantiga_sessions_find (request->server->sessions, &id, request->now);
  if (session == NULL)
    cantiga_fail (error, CANTIGA_ERROR_NOT_AUTHENTICATED);
  return session;
}

/* docs/protocol.md 5.4: the envelope is the body, or stands in the header where there is none. */
static GBytes *
get_envelope (const CantigaRequest *request, GStrv parts, GError **error)
{
  gboolean in_header = g_strcmp0 (request->method, "GET") == 0;
  GBytes *envelope = NULL;

  if (!in_header && g_strv_length (parts) == 0)
    return g_bytes_ref (request->body);
  if (in_header && g_strv_length (parts) == 1)
    envelope = cantiga_base64url_decode (parts[0], strlen (parts[0]));
  if (envelope == NULL)
    cantiga_fail (error, CANTIGA_ERROR_NOT_AUTHENTICATED);
  return envelope;
}

static JsonObject *
call_sealed (const CantigaRequest *request, CantigaServerSession *session, guint index, GBytes *text, CantigaGrant **ret_grant, GError **error)
{
  CantigaSessionState state = cantiga_server_session_get_state (session);
  g_autoptr (JsonObject) body = NULL;
  gsize length;
  const char *bytes = g_bytes_get_data (text, &length);

  if (state < routes[index].opens)
    {
      cantiga_fail (error, CANTIGA_ERROR_CARD_NEEDED);
      return NULL;
    }
  /* docs/protocol.md 7: a card or player that was revoked since gets nothing more, whatever it asks for. */
  if (routes[index].opens == CANTIGA_SESSION_OPEN
      && !cantiga_ledger_check_session (request->server->ledger, &session->listener, session->player, error))
    return NULL;
  if (g_strcmp0 (routes[index].method, "POST") == 0)
    {
      body = cantiga_json_parse (bytes, length, error);
      if (body == NULL)
        return NULL;
    }
  return routes[index].sealed (request, session, body, ret_grant, error);
}

/* Calls the route and seals what it says; an error is sealed too (docs/protocol.md 5.5). With the session's lock held. */
static GBytes *
seal_answer (const CantigaRequest *request, CantigaServerSession *session, guint index, GBytes *text, GError **error)
{
  g_autoptr (GError) refusal = NULL;
  g_autoptr (CantigaGrant) grant = NULL;
  g_autoptr (JsonObject) object = call_sealed (request, session, index, text, &grant, &refusal);
  g_autoptr (GBytes) envelope = NULL;
  g_autoptr (GBytes) answer = NULL;
  CantigaStream *stream;

  if (object == NULL)
    {
      tell_refused (request, refusal);
      object = cantiga_problem_create (refusal);
    }
  session->last_status = refusal != NULL ? cantiga_problem_get_status (refusal) : 200;
  answer = cantiga_json_format (object);
  envelope = cantiga_channel_seal_answer (session->channel, answer, error);
  if (envelope == NULL || grant == NULL)
    return g_steal_pointer (&envelope);
  stream = cantiga_channel_derive_stream (session->channel, cantiga_grant_get_id (grant), error);
  if (stream == NULL)
    return NULL;
  cantiga_gate_open (request->server->gate, grant, stream);
  cantiga_metrics_add (request->server->metrics, CANTIGA_COUNT_GRANTS, 1);
  return g_steal_pointer (&envelope);
}

/* With the session's lock held. */
static GBytes *
answer_in_session (const CantigaRequest *request, CantigaServerSession *session, guint index, GBytes *envelope, GError **error)
{
  g_autoptr (GBytes) text = NULL;
  g_autoptr (GBytes) answer = NULL;

  if (session->channel == NULL)
    {
      cantiga_fail (error, CANTIGA_ERROR_NOT_AUTHENTICATED);
      return NULL;
    }
  if (!cantiga_channel_open_request (session->channel, request->method, request->path, envelope, &text, &answer, error))
    return NULL;
  if (answer != NULL)
    return g_steal_pointer (&answer);
  return seal_answer (request, session, index, text, error);
}

/* What a sealed request came to. */
typedef struct
{
  GBytes *envelope; /* NULL: error says why */
  guint status;
  GError *error;
} SealedAnswer;

static void
sealed_answer_clear (SealedAnswer *answer)
{
  g_clear_pointer (&answer->envelope, g_bytes_unref);
  g_clear_error (&answer->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SealedAnswer, sealed_answer_clear)

static void
work_on (const CantigaRequest *request, CantigaServerSession *session, guint index, GBytes *envelope, SealedAnswer *answer)
{
  /* docs/protocol.md 6.2: one at a time. */
  if (!g_mutex_trylock (&session->lock))
    {
      cantiga_fail (&answer->error, CANTIGA_ERROR_BUSY);
      return;
    }
  answer->envelope = answer_in_session (request, session, index, envelope, &answer->error);
  if (answer->envelope == NULL && g_error_matches (answer->error, CANTIGA_ERROR, CANTIGA_ERROR_OUT_OF_TURN))
    cantiga_sessions_end (request->server->sessions, session);
  answer->status = session->last_status;
  g_mutex_unlock (&session->lock);
}

static void
respond_sealed (const CantigaRequest *request, SoupServerMessage *message, const SealedAnswer *answer)
{
  if (answer->envelope == NULL)
    {
      respond_bare (request, message, answer->error, NULL);
      return;
    }
  set_retry_after (message, answer->status, cantiga_throttle_get_wait (request->server->throttle, request->address, request->now));
  respond (request, message, answer->status, CANTIGA_ENVELOPE_TYPE, answer->envelope);
}

/* ---- a request that waits for another computer ---- */

/* A request whose answer may take seconds is worked on in the pool, while its worker goes on with others. Everything but message belongs to the
 * pool's thread until it is done. */
typedef struct
{
  CantigaRequest request;
  char *address;
  char *path;
  CantigaServerSession *session;
  guint index;
  GBytes *envelope;
  SealedAnswer answer;
  gboolean is_gone; /* of the worker: nobody waits for the answer any more */
} Later;

static void
later_free (gpointer user_data)
{
  Later *later = user_data;

  g_free (later->address);
  g_free (later->path);
  cantiga_server_session_unref (later->session);
  g_bytes_unref (later->envelope);
  sealed_answer_clear (&later->answer);
  g_free (later);
}

static void
work_on_later (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Later *later = task_data;

  work_on (&later->request, later->session, later->index, later->envelope, &later->answer);
  cantiga_server_leave_pool (later->request.server);
  g_task_return_boolean (task, TRUE);
}

static void
message_finished_cb (SoupServerMessage *message, gpointer later)
{
  ((Later *)later)->is_gone = TRUE;
}

static void
worked_on_cb (GObject *message, GAsyncResult *result, gpointer user_data)
{
  Later *later = g_task_get_task_data (G_TASK (result));

  g_signal_handlers_disconnect_by_func (message, message_finished_cb, later);
  if (later->is_gone)
    return;
  respond_sealed (&later->request, SOUP_SERVER_MESSAGE (message), &later->answer);
  soup_server_message_unpause (SOUP_SERVER_MESSAGE (message));
}

static void
answer_later (const CantigaRequest *request, SoupServerMessage *message, CantigaServerSession *session, guint index, GBytes *envelope)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GTask) task = NULL;
  Later *later;

  if (!cantiga_server_enter_pool (request->server, &error))
    {
      respond_bare (request, message, error, NULL);
      return;
    }
  later = g_new0 (Later, 1);
  later->address = g_strdup (request->address);
  later->path = g_strdup (request->path);
  later->request
      = (CantigaRequest){ .server = request->server, .address = later->address, .method = "POST", .path = later->path, .now = request->now, .route = request->route };
  later->session = cantiga_server_session_ref (session);
  later->index = index;
  later->envelope = g_bytes_ref (envelope);
  g_signal_connect (message, "finished", G_CALLBACK (message_finished_cb), later);
  soup_server_message_pause (message);
  task = g_task_new (message, NULL, worked_on_cb, NULL);
  g_task_set_task_data (task, later, later_free);
  g_task_run_in_thread (task, work_on_later);
}

static void
answer_sealed (const CantigaRequest *request, SoupServerMessage *message, guint index)
{
  g_auto (SealedAnswer) answer = { 0 };
  g_auto (GStrv) parts = NULL;
  g_autoptr (CantigaServerSession) session = find_session (request, message, &parts, &answer.error);
  g_autoptr (GBytes) envelope = session != NULL ? get_envelope (request, parts, &answer.error) : NULL;

  if (envelope != NULL && routes[index].sealed == cantiga_route_card && cantiga_server_get_config (request->server)->ocsp != CANTIGA_OCSP_OFF)
    {
      answer_later (request, message, session, index, envelope);
      return;
    }
  if (envelope != NULL)
    work_on (request, session, index, envelope, &answer);
  respond_sealed (request, message, &answer);
}

/* ---- chunks ---- */

static gboolean
parse_index (const CantigaRequest *request, guint64 *ret_index, GError **error)
{
  const char *text = cantiga_request_get (request, "chunk");

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, ret_index, NULL))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The query's “chunk” is missing or not a number.");
  return TRUE;
}

static GBytes *
read_chunk (const CantigaRequest *request, CantigaServerSession *session, CantigaGrant *grant, const CantigaChunkRequest *asked, guint64 index,
            GError **error)
{
  GBytes *envelope = NULL;

  /* docs/protocol.md 12: eight at most beside each other. */
  if (g_atomic_int_add (&session->chunks_in_flight, 1) >= 8)
    cantiga_fail (error, CANTIGA_ERROR_SLOW_DOWN);
  else
    envelope = cantiga_gate_read_chunk (request->server->gate, grant, asked, request->method, request->path, index, request->now, error);
  g_atomic_int_add (&session->chunks_in_flight, -1);
  return envelope;
}

/* An authenticated chunk request: the chunk, or a sealed refusal (docs/protocol.md 10.3). */
static void
answer_authenticated_chunk (const CantigaRequest *request, SoupServerMessage *message, CantigaServerSession *session, CantigaGrant *grant,
                            const CantigaChunkRequest *asked)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) seal_error = NULL;
  g_autoptr (GBytes) envelope = NULL;
  g_autoptr (JsonObject) problem = NULL;
  g_autoptr (GBytes) text = NULL;
  guint64 index = 0;

  if (parse_index (request, &index, &error))
    envelope = read_chunk (request, session, grant, asked, index, &error);
  if (envelope != NULL)
    {
      cantiga_metrics_add (request->server->metrics, CANTIGA_COUNT_CHUNKS, 1);
      cantiga_metrics_add (request->server->metrics, CANTIGA_COUNT_CHUNK_BYTES, g_bytes_get_size (envelope));
      respond (request, message, 200, CANTIGA_ENVELOPE_TYPE, envelope);
      return;
    }
  tell_refused (request, error);
  problem = cantiga_problem_create (error);
  text = cantiga_json_format (problem);
  envelope = cantiga_stream_seal_refusal (cantiga_grant_get_stream (grant), asked, request->method, request->path, index, text, &seal_error);
  set_retry_after (message, cantiga_problem_get_status (error), 1);
  if (envelope != NULL)
    respond (request, message, cantiga_problem_get_status (error), CANTIGA_ENVELOPE_TYPE, envelope);
  else
    respond_bare (request, message, seal_error, NULL);
}

static void
answer_chunk (const CantigaRequest *request, SoupServerMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) parts = NULL;
  g_autoptr (CantigaServerSession) session = find_session (request, message, &parts, &error);
  g_autoptr (CantigaGrant) grant = NULL;
  CantigaChunkRequest asked;
  CantigaId id;

  if (session == NULL || !cantiga_request_get_id (request, "grant", &id, &error))
    {
      respond_bare (request, message, error, NULL);
      return;
    }
  grant = cantiga_gate_find (request->server->gate, &id, session);
  if (grant == NULL)
    cantiga_fail (&error, CANTIGA_ERROR_GRANT_UNKNOWN);
  else if (g_strv_length (parts) != 2)
    cantiga_fail (&error, CANTIGA_ERROR_NOT_AUTHENTICATED);
  if (error != NULL
      || !cantiga_stream_consume_request (cantiga_grant_get_stream (grant), request->method, request->path, parts[0], parts[1], &asked, &error))
    {
      respond_bare (request, message, error, NULL);
      return;
    }
  answer_authenticated_chunk (request, message, session, grant, &asked);
}

/* ---- what libsoup calls ---- */

/* The request target as it was sent, as far as libsoup keeps it: our paths hold nothing that is escaped, the query stays as it is. */
static char *
dup_target (SoupServerMessage *message)
{
  GUri *uri = soup_server_message_get_uri (message);
  const char *query = g_uri_get_query (uri);

  return query != NULL ? g_strconcat (g_uri_get_path (uri), "?", query, NULL) : g_strdup (g_uri_get_path (uri));
}

static CantigaRequest
request_of (CantigaServer *server, SoupServerMessage *message, const char *target, GHashTable *query, GBytes *body)
{
  return (CantigaRequest){
    .server = server,
    .address = cantiga_door_get_address (message),
    .method = soup_server_message_get_method (message),
    .path = target,
    .query = query,
    .body = body,
    .now = g_get_real_time () / G_USEC_PER_SEC,
  };
}

static gsize
headers_length (SoupServerMessage *message)
{
  SoupMessageHeadersIter iter;
  const char *name, *value;
  GUri *uri = soup_server_message_get_uri (message);
  gsize length = strlen (g_uri_get_path (uri)) + (g_uri_get_query (uri) != NULL ? strlen (g_uri_get_query (uri)) : 0);

  soup_message_headers_iter_init (&iter, soup_server_message_get_request_headers (message));
  while (soup_message_headers_iter_next (&iter, &name, &value))
    length += strlen (name) + strlen (value) + 4;
  return length;
}

/* Before the body is read: which route, how much of a body it may have (docs/protocol.md 12). */
static gboolean
check_early (SoupServerMessage *message, const char *path, GError **error)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  int index = find_route (soup_server_message_get_method (message), path, error);

  if (index < 0)
    return FALSE;
  if (headers_length (message) > HEADERS_MAX)
    return cantiga_fail (error, CANTIGA_ERROR_HEADER_TOO_LARGE);
  if (soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CHUNKED)
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "A body is sent with its Content-Length.");
  if (soup_message_headers_get_content_length (headers) > (goffset)routes[index].body_max)
    return cantiga_fail (error, CANTIGA_ERROR_TOO_LARGE);
  return TRUE;
}

static void
headers_arrived_cb (SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *target = dup_target (message);
  CantigaRequest request = request_of (user_data, message, target, query, NULL);

  cantiga_door_got_headers (message);
  request.route = G_N_ELEMENTS (routes);
  if (check_early (message, path, &error))
    return;
  /* What still comes is thrown away as it comes; the answer follows. */
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  respond_bare (&request, message, error, NULL);
}

static void
request_arrived_cb (SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *target = dup_target (message);
  g_autoptr (GBytes) body = soup_message_body_flatten (soup_server_message_get_request_body (message));
  CantigaRequest request = request_of (user_data, message, target, query, body);
  int index = find_route (request.method, path, &error);

  cantiga_door_got_body (message);
  request.route = index < 0 ? G_N_ELEMENTS (routes) : (guint)index;
  if (index < 0)
    respond_bare (&request, message, error, NULL);
  else if (routes[index].kind == KIND_OPEN)
    answer_open (&request, message, routes[index].open);
  else if (routes[index].kind == KIND_SEALED)
    answer_sealed (&request, message, (guint)index);
  else
    answer_chunk (&request, message);
}

G_STATIC_ASSERT (G_N_ELEMENTS (routes) < CANTIGA_METRICS_ROUTES);

char *
cantiga_routes_dup_name (guint route)
{
  if (route == G_N_ELEMENTS (routes))
    return g_strdup ("other");
  return route < G_N_ELEMENTS (routes) ? g_strconcat (routes[route].method, " ", routes[route].path, NULL) : NULL;
}

void
cantiga_routes_add (SoupServer *soup, CantigaServer *server)
{
  soup_server_add_early_handler (soup, NULL, headers_arrived_cb, server, NULL);
  soup_server_add_handler (soup, NULL, request_arrived_cb, server, NULL);
}
