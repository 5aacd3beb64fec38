#include "server/routes.h"

#include "core/kdf.h"
#include "core/pairing.h"

/* ---- the handshake (docs/protocol.md 3) ---- */

GBytes *
cantiga_route_certificates (const CantigaRequest *request, JsonObject **ret_problem, GError **error)
{
  g_autoptr (CantigaTermsNow) now = cantiga_server_get_terms (request->server);
  const CantigaServerTerms *terms = cantiga_server_terms_find (&now->terms, cantiga_request_get (request, "authority"));

  return cantiga_server_terms_create_certificates (terms, cantiga_request_get (request, "auth"), error);
}

/* The certificate holds; is its player still welcome? */
static gboolean
check_player (const CantigaRequest *request, CantigaServerSession *session, GError **error)
{
  g_autoptr (GError) unknown = NULL;
  const char *uuid = cantiga_handshake_get_player (session->handshake);

  if (uuid == NULL)
    return cantiga_fail (error, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  if (!cantiga_ledger_check_player (request->server->ledger, uuid, &unknown))
    {
      if (g_error_matches (unknown, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND))
        return cantiga_fail (error, CANTIGA_ERROR_CERTIFICATE_REFUSED);
      g_propagate_error (error, g_steal_pointer (&unknown));
      return FALSE;
    }
  session->player = g_strdup (uuid);
  session->is_older = cantiga_handshake_is_older (session->handshake);
  return TRUE;
}

GBytes *
cantiga_route_hello (const CantigaRequest *request, JsonObject **ret_problem, GError **error)
{
  g_autoptr (CantigaTermsNow) now = cantiga_server_get_terms (request->server);
  g_autoptr (CantigaServerSession) session = cantiga_sessions_add (request->server->sessions, request->address, request->now, error);
  g_autoptr (GMutexLocker) locker = NULL;
  GBytes *answer = NULL;

  if (session == NULL)
    return NULL;
  locker = g_mutex_locker_new (&session->lock);
  if (!cantiga_handshake_answer_hello (session->handshake, &now->terms, request->body, &answer, error) || !check_player (request, session, error))
    {
      cantiga_sessions_end (request->server->sessions, session);
      g_clear_pointer (&answer, g_bytes_unref);
    }
  cantiga_metrics_add (request->server->metrics, CANTIGA_COUNT_HELLOS, 1);
  return answer;
}

/* The session that a body of 3.3 or 3.4 names, locked; one that is past its handshake is out of turn, and ends (docs/protocol.md 3.6). */
static CantigaServerSession *
lock_handshake (const CantigaRequest *request, GError **error)
{
  CantigaServerSession *session;
  CantigaId id;

  if (!cantiga_handshake_peek_session (request->body, &id, error))
    return NULL;
  session = cantiga_sessions_find (request->server->sessions, &id, request->now);
  if (session == NULL)
    {
      cantiga_fail (error, CANTIGA_ERROR_NOT_AUTHENTICATED);
      return NULL;
    }
  g_mutex_lock (&session->lock);
  if (cantiga_server_session_get_state (session) == CANTIGA_SESSION_HANDSHAKE)
    return session;
  cantiga_sessions_end (request->server->sessions, session);
  g_mutex_unlock (&session->lock);
  cantiga_server_session_unref (session);
  cantiga_fail (error, CANTIGA_ERROR_OUT_OF_TURN);
  return NULL;
}

static void
unlock_handshake (const CantigaRequest *request, CantigaServerSession *session, gboolean succeeded)
{
  if (!succeeded)
    cantiga_sessions_end (request->server->sessions, session);
  g_mutex_unlock (&session->lock);
  cantiga_server_session_unref (session);
}

GBytes *
cantiga_route_suite (const CantigaRequest *request, JsonObject **ret_problem, GError **error)
{
  g_autoptr (CantigaTermsNow) now = cantiga_server_get_terms (request->server);
  CantigaServerSession *session = lock_handshake (request, error);
  g_autoptr (GError) refusal = NULL;
  GBytes *answer = NULL;

  if (session == NULL)
    return NULL;
  unlock_handshake (request, session, cantiga_handshake_answer_suite (session->handshake, &now->terms, request->body, &answer, &refusal));
  if (refusal == NULL)
    return answer;
  if (g_error_matches (refusal, CANTIGA_ERROR, CANTIGA_ERROR_NO_COMMON_SUITE))
    {
      *ret_problem = cantiga_problem_create (refusal);
      cantiga_json_set_texts (*ret_problem, "suites", now->terms.suites);
    }
  g_propagate_error (error, g_steal_pointer (&refusal));
  return NULL;
}

GBytes *
cantiga_route_key (const CantigaRequest *request, JsonObject **ret_problem, GError **error)
{
  g_autoptr (CantigaTermsNow) now = cantiga_server_get_terms (request->server);
  CantigaServerSession *session = lock_handshake (request, error);
  g_autoptr (GBytes) answer = NULL;
  gboolean succeeded;

  if (session == NULL)
    return NULL;
  succeeded = cantiga_handshake_answer_key (session->handshake, &now->terms, request->body, &answer, error)
              && cantiga_sessions_set_state (request->server->sessions, session, CANTIGA_SESSION_CARD, error);
  if (succeeded)
    {
      session->channel = cantiga_handshake_take_channel (session->handshake);
      g_clear_pointer (&session->handshake, cantiga_handshake_free);
      cantiga_metrics_add (request->server->metrics, CANTIGA_COUNT_HANDSHAKES, 1);
    }
  unlock_handshake (request, session, succeeded);
  return succeeded ? g_steal_pointer (&answer) : NULL;
}

/* ---- pairing (docs/protocol.md 14) ---- */

GBytes *
cantiga_route_offer (const CantigaRequest *request, JsonObject **ret_problem, GError **error)
{
  CantigaPki *pki = request->server->pki;

  return cantiga_pairing_create_offer (cantiga_pki_get_name (pki), cantiga_pki_get_server (pki), cantiga_pki_get_authority (pki));
}

GPtrArray *
cantiga_issue_chains (const CantigaRequest *request, GPtrArray *keys, const char *name, const char *uuid, GPtrArray **ret_leaves, GError **error)
{
  g_autoptr (GPtrArray) chains = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  g_autoptr (GPtrArray) leaves = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);

  for (guint i = 0; i < keys->len; i++)
    {
      GPtrArray *chain = cantiga_pki_issue_player (request->server->pki, g_ptr_array_index (keys, i), name, uuid, request->now, error);
      X509 *leaf;

      if (chain == NULL)
        return NULL;
      g_ptr_array_add (chains, chain);
      leaf = cantiga_certificate_decode (g_ptr_array_index (chain, 0), error);
      if (leaf == NULL)
        return NULL;
      g_ptr_array_add (leaves, leaf);
    }
  *ret_leaves = g_steal_pointer (&leaves);
  return g_steal_pointer (&chains);
}

static GBytes *
pair (const CantigaRequest *request, const CantigaId *id, CantigaSecret *secret, const char *name, const guint8 *hash, GError **error)
{
  CantigaServer *server = request->server;
  g_autofree char *uuid = g_uuid_string_random ();
  g_autoptr (GPtrArray) keys = cantiga_pairing_consume_request (request->body, id, secret, cantiga_pki_get_authority (server->pki), error);
  g_autoptr (GPtrArray) leaves = NULL;
  g_autoptr (GPtrArray) chains = keys != NULL ? cantiga_issue_chains (request, keys, name, uuid, &leaves, error) : NULL;
  g_autoptr (GBytes) answer = NULL;
  g_autofree char *who = NULL;

  if (chains == NULL)
    return NULL;
  answer = cantiga_pairing_create_answer (id, secret, cantiga_pki_get_server (server->pki), chains, error);
  if (answer == NULL || !cantiga_ledger_use_invitation (server->ledger, id, hash, uuid, leaves, answer, request->now, error))
    return NULL;
  cantiga_metrics_add (server->metrics, CANTIGA_COUNT_PAIRINGS, 1);
  who = g_strdup_printf ("player %s at %s", uuid, request->address);
  cantiga_server_note (server, who, "paired", name);
  cantiga_server_tell_happened (server, &(CantigaServerEvent){ CANTIGA_SERVER_PAIRED, .player = uuid, .name = name });
  return g_steal_pointer (&answer);
}

GBytes *
cantiga_route_pair (const CantigaRequest *request, JsonObject **ret_problem, GError **error)
{
  g_autoptr (CantigaSecret) secret = NULL;
  g_autoptr (GBytes) answer = NULL;
  g_autofree char *name = NULL;
  guint8 hash[CANTIGA_HASH_LENGTH];
  CantigaId id;

  if (!cantiga_pairing_peek (request->body, &id, error))
    return NULL;
  cantiga_sha256 (g_bytes_get_data (request->body, NULL), g_bytes_get_size (request->body), hash);
  if (!cantiga_ledger_get_invitation (request->server->ledger, &id, hash, request->now, &secret, &name, &answer, error))
    return NULL;
  if (answer != NULL)
    return g_steal_pointer (&answer);
  return pair (request, &id, secret, name, hash, error);
}
