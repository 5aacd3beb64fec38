#include "server/routes.h"

#define SEALED_BODY_MAX CANTIGA_BODY_MAX

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

/* retry_after: seconds, for a status that means one is to wait. */
static void
respond (const CantigaRequest *request, CantigaConnection *connection, guint status, const char *type, GBytes *body, guint retry_after)
{
  gint64 asked = cantiga_connection_get_asked (connection);

  cantiga_connection_answer (connection, status, type, body, status == 429 || status == 503 ? MAX (retry_after, 1) : 0);
  if (asked != 0)
    cantiga_metrics_add_answer (request->server->metrics, request->route, g_get_monotonic_time () - asked);
}

static guint
find_wait (const CantigaRequest *request)
{
  return cantiga_throttle_get_wait (request->server->throttle, request->address, request->now);
}

static void
tell_refused (const CantigaRequest *request, const GError *error)
{
  CantigaServer *server = request->server;
  const char *type = error->domain == CANTIGA_ERROR ? cantiga_error_get_type ((CantigaError)error->code) : NULL;

  cantiga_metrics_add_refusal (server->metrics, error);
  if (server->refused != NULL)
    server->refused (request->address, request->path != NULL ? request->path : "", type != NULL ? type : "/problems/internal", error->message, server->refused_data);
}

/* An answer that is not sealed: what could not be authenticated says no more than its row of the table. */
static void
respond_bare (const CantigaRequest *request, CantigaConnection *connection, const GError *error, JsonObject *problem)
{
  g_autoptr (JsonObject) created = problem == NULL ? cantiga_problem_create (error) : NULL;
  g_autoptr (GBytes) body = cantiga_json_format (problem != NULL ? problem : created);

  tell_refused (request, error);
  respond (request, connection, cantiga_problem_get_status (error), CANTIGA_PROBLEM_TYPE, body, find_wait (request));
}

/* ---- open routes ---- */

static void
answer_open (const CantigaRequest *request, CantigaConnection *connection, CantigaOpenRoute route)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) problem = NULL;
  g_autoptr (GBytes) body = route (request, &problem, &error);

  if (body == NULL)
    respond_bare (request, connection, error, problem);
  else
    respond (request, connection, 200, "application/json", body, 0);
}

/* ---- sealed routes ---- */

static CantigaServerSession *
find_session (const CantigaRequest *request, CantigaConnection *connection, GStrv *ret_parts, GError **error)
{
  const char *header = soup_message_headers_get_one (cantiga_connection_get_head (connection)->headers, "Authorization");
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
respond_sealed (const CantigaRequest *request, CantigaConnection *connection, const SealedAnswer *answer)
{
  if (answer->envelope == NULL)
    {
      respond_bare (request, connection, answer->error, NULL);
      return;
    }
  respond (request, connection, answer->status, CANTIGA_ENVELOPE_TYPE, answer->envelope, find_wait (request));
}

/* ---- a request that waits for another computer ---- */

/* A request whose answer may take seconds is worked on in the pool, while its worker goes on with others. Everything but connection belongs to the
 * pool's thread until it is done. */
struct _CantigaLater
{
  CantigaRequest request;
  GMainContext *context; /* the worker's */
  CantigaConnection *connection;
  char *address;
  char *path;
  CantigaServerSession *session;
  guint index;
  GBytes *envelope;
  SealedAnswer answer;
};

static void
later_free (gpointer user_data)
{
  CantigaLater *later = user_data;

  g_main_context_unref (later->context);
  cantiga_connection_unref (later->connection);
  g_free (later->address);
  g_free (later->path);
  cantiga_server_session_unref (later->session);
  g_bytes_unref (later->envelope);
  sealed_answer_clear (&later->answer);
  g_free (later);
}

static gboolean
worked_on_cb (gpointer user_data)
{
  CantigaLater *later = user_data;

  respond_sealed (&later->request, later->connection, &later->answer);
  return G_SOURCE_REMOVE;
}

void
cantiga_routes_work_later (CantigaLater *later)
{
  g_autoptr (GSource) worked_on = g_idle_source_new ();
  g_autoptr (GMainContext) context = g_main_context_ref (later->context);

  work_on (&later->request, later->session, later->index, later->envelope, &later->answer);
  g_source_set_priority (worked_on, G_PRIORITY_DEFAULT);
  g_source_set_callback (worked_on, worked_on_cb, later, later_free);
  g_source_attach (worked_on, context);
}

static void
answer_later (const CantigaRequest *request, CantigaConnection *connection, CantigaServerSession *session, guint index, GBytes *envelope)
{
  g_autoptr (GError) error = NULL;
  CantigaLater *later = g_new0 (CantigaLater, 1);

  later->address = g_strdup (request->address);
  later->path = g_strdup (request->path);
  later->request
      = (CantigaRequest){ .server = request->server, .address = later->address, .method = "POST", .path = later->path, .now = request->now, .route = request->route };
  later->context = g_main_context_ref_thread_default ();
  later->connection = cantiga_connection_ref (connection);
  later->session = cantiga_server_session_ref (session);
  later->index = index;
  later->envelope = g_bytes_ref (envelope);
  if (!cantiga_server_push (request->server, later, &error))
    {
      respond_bare (request, connection, error, NULL);
      later_free (later);
    }
}

static void
answer_sealed (const CantigaRequest *request, CantigaConnection *connection, guint index)
{
  g_auto (SealedAnswer) answer = { 0 };
  g_auto (GStrv) parts = NULL;
  g_autoptr (CantigaServerSession) session = find_session (request, connection, &parts, &answer.error);
  g_autoptr (GBytes) envelope = session != NULL ? get_envelope (request, parts, &answer.error) : NULL;

  if (envelope != NULL && routes[index].sealed == cantiga_route_card && cantiga_server_get_config (request->server)->ocsp != CANTIGA_OCSP_OFF)
    {
      answer_later (request, connection, session, index, envelope);
      return;
    }
  if (envelope != NULL)
    work_on (request, session, index, envelope, &answer);
  respond_sealed (request, connection, &answer);
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
answer_authenticated_chunk (const CantigaRequest *request, CantigaConnection *connection, CantigaServerSession *session, CantigaGrant *grant,
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
      respond (request, connection, 200, CANTIGA_ENVELOPE_TYPE, envelope, 0);
      return;
    }
  tell_refused (request, error);
  problem = cantiga_problem_create (error);
  text = cantiga_json_format (problem);
  envelope = cantiga_stream_seal_refusal (cantiga_grant_get_stream (grant), asked, request->method, request->path, index, text, &seal_error);
  if (envelope != NULL)
    respond (request, connection, cantiga_problem_get_status (error), CANTIGA_ENVELOPE_TYPE, envelope, 1);
  else
    respond_bare (request, connection, seal_error, NULL);
}

static void
answer_chunk (const CantigaRequest *request, CantigaConnection *connection)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) parts = NULL;
  g_autoptr (CantigaServerSession) session = find_session (request, connection, &parts, &error);
  g_autoptr (CantigaGrant) grant = NULL;
  CantigaChunkRequest asked;
  CantigaId id;

  if (session == NULL || !cantiga_request_get_id (request, "grant", &id, &error))
    {
      respond_bare (request, connection, error, NULL);
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
      respond_bare (request, connection, error, NULL);
      return;
    }
  answer_authenticated_chunk (request, connection, session, grant, &asked);
}

/* ---- what a connection calls ---- */

static CantigaRequest
request_of (CantigaServer *server, CantigaConnection *connection, guint route)
{
  const CantigaHead *head = cantiga_connection_get_head (connection);

  return (CantigaRequest){
    .server = server,
    .address = cantiga_connection_get_address (connection),
    .method = head->method,
    .path = head->target,
    .query = head->query,
    .body = cantiga_connection_get_body (connection),
    .now = g_get_real_time () / G_USEC_PER_SEC,
    .route = route,
  };
}

static gboolean
check (const CantigaHead *head, GError **error)
{
  int index = find_route (head->method, head->path, error);

  return index >= 0 && (head->body_length <= routes[index].body_max || cantiga_fail (error, CANTIGA_ERROR_TOO_LARGE));
}

static void
tell_methods (CantigaConnection *connection)
{
  const char *path = cantiga_connection_get_head (connection)->path;
  g_autoptr (GString) methods = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (routes); i++)
    {
      if (g_str_equal (routes[i].path, path))
        g_string_append_printf (methods, methods->len > 0 ? ", %s" : "%s", routes[i].method);
    }
  cantiga_connection_set_allow (connection, methods->str);
}

static void
refuse (CantigaConnection *connection, const GError *error, gpointer server)
{
  CantigaRequest request = request_of (server, connection, G_N_ELEMENTS (routes));

  if (g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_METHOD))
    tell_methods (connection);
  respond_bare (&request, connection, error, NULL);
}

static void
ask (CantigaConnection *connection, gpointer server)
{
  const CantigaHead *head = cantiga_connection_get_head (connection);
  guint index = (guint)find_route (head->method, head->path, NULL);
  CantigaRequest request = request_of (server, connection, index);

  if (routes[index].kind == KIND_OPEN)
    answer_open (&request, connection, routes[index].open);
  else if (routes[index].kind == KIND_SEALED)
    answer_sealed (&request, connection, index);
  else
    answer_chunk (&request, connection);
}

const CantigaResponder cantiga_routes = { .check = check, .ask = ask, .refuse = refuse };

G_STATIC_ASSERT (G_N_ELEMENTS (routes) < CANTIGA_METRICS_ROUTES);

char *
cantiga_routes_dup_name (guint route)
{
  if (route == G_N_ELEMENTS (routes))
    return g_strdup ("other");
  return route < G_N_ELEMENTS (routes) ? g_strconcat (routes[route].method, " ", routes[route].path, NULL) : NULL;
}
