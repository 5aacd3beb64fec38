/* From an HTTP request to its answer: the table of routes, and what is checked before a body is read (docs/protocol.md 3 to 14). Thread: the worker
 * that got the request. */
#pragma once

#include "server/server-private.h"

G_BEGIN_DECLS

/* One request, as its route sees it; all borrowed. */
typedef struct
{
  CantigaServer *server;
  const char *address;
  const char *method;
  const char *path;  /* origin form, query included: what envelopes are bound to */
  GHashTable *query; /* may be NULL */
  GBytes *body;
  gint64 now;
  guint route; /* its number: cantiga_routes_dup_name() */
} CantigaRequest;

/* A value of the query, or NULL. */
const char *cantiga_request_get (const CantigaRequest *request, const char *name);
gboolean cantiga_request_get_id (const CantigaRequest *request, const char *name, CantigaId *ret_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An open route: the answer's body, or an error. ret_problem: a problem with more members than the table's, or untouched. */
typedef GBytes *(*CantigaOpenRoute) (const CantigaRequest *request, JsonObject **ret_problem, GError **error);
/* A sealed route, with the session's lock held: the answer's object, or an error. ret_grant: a grant that opens once the answer is sealed. */
typedef JsonObject *(*CantigaSealedRoute) (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant,
                                           GError **error);

/* routes-open.c */
GBytes *cantiga_route_certificates (const CantigaRequest *request, JsonObject **ret_problem, GError **error);
GBytes *cantiga_route_hello (const CantigaRequest *request, JsonObject **ret_problem, GError **error);
GBytes *cantiga_route_suite (const CantigaRequest *request, JsonObject **ret_problem, GError **error);
GBytes *cantiga_route_key (const CantigaRequest *request, JsonObject **ret_problem, GError **error);
GBytes *cantiga_route_offer (const CantigaRequest *request, JsonObject **ret_problem, GError **error);
GBytes *cantiga_route_pair (const CantigaRequest *request, JsonObject **ret_problem, GError **error);
/* routes-card.c */
JsonObject *cantiga_route_card (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant,
                                GError **error);
/* routes-sealed.c */
JsonObject *cantiga_route_list (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant,
                                GError **error);
JsonObject *cantiga_route_cover (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant,
                                 GError **error);
JsonObject *cantiga_route_licence (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant,
                                   GError **error);
JsonObject *cantiga_route_end (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant,
                               GError **error);
JsonObject *cantiga_route_certificate (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant,
                                       GError **error);
JsonObject *cantiga_route_leave (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant,
                                 GError **error);

/* routes-licences.c */
JsonObject *cantiga_route_licences (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant,
                                    GError **error);
JsonObject *cantiga_route_plays (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant,
                                 GError **error);
JsonObject *cantiga_route_renew (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant,
                                 GError **error);
JsonObject *cantiga_route_return (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant,
                                  GError **error);

/* The listener's policy for a title (ret_policy may be NULL). CANTIGA_ERROR_TITLE_UNKNOWN if the keeper denies it; a title that is not in the catalogue is
 * not refused. */
gboolean cantiga_request_resolve (const CantigaRequest *request, CantigaServerSession *session, const CantigaId *title, CantigaPolicy *ret_policy,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What a title of the catalogue says of its licence (docs/protocol.md 8.2). licence: NULL if there is none. */
JsonObject *cantiga_encode_licence (const CantigaLicence *licence, gboolean refused, gint64 now);
void cantiga_set_nullable (JsonObject *object, const char *member, const char *text);

/* A player's certificate for each key: the chains (for an answer), ret_leaves (for the ledger). */
GPtrArray *cantiga_issue_chains (const CantigaRequest *request, GPtrArray *keys, const char *name, const char *uuid, GPtrArray **ret_leaves,
                                 GError **error);

/* What was pushed to the pool; on one of its threads. Takes it. */
void cantiga_routes_work_later (CantigaLater *later);
/* "GET /api/auth"; "other" for what is no route of ours, NULL past that. Free with g_free(). */
char *cantiga_routes_dup_name (guint route);
/* What a worker's connections are answered by; their user_data: the CantigaServer. */
extern const CantigaResponder cantiga_routes;

G_END_DECLS
