/* The card (docs/protocol.md 7). */
#include "server/routes.h"

#define CERTIFICATE_MAX 8192

/* What a card's holder sent. */
typedef struct
{
  GPtrArray *certificates;
  X509 *card;
  const char *algorithm;
  GBytes *signature;
} Proof;

static void
proof_clear (Proof *proof)
{
  g_clear_pointer (&proof->certificates, g_ptr_array_unref);
  g_clear_pointer (&proof->card, X509_free);
  g_clear_pointer (&proof->signature, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Proof, proof_clear)

static gboolean
consume_proof (JsonObject *body, Proof *proof, GError **error)
{
  return (proof->certificates = cantiga_json_get_bytes_list (body, "certificates", 8, CERTIFICATE_MAX, error)) != NULL
         && (proof->signature = cantiga_json_get_bytes (body, "signature", 1, 1024, error)) != NULL
         && cantiga_json_get_text (body, "algorithm", 32, &proof->algorithm, error)
         && (proof->card = cantiga_certificate_decode (proof->certificates->pdata[0], error)) != NULL;
}

static gboolean
verify_proof (CantigaServerSession *session, const Proof *proof, GError **error)
{
  g_autoptr (GBytes) message = cantiga_channel_get_card_message (session->channel);

  return cantiga_verify_card (X509_get0_pubkey (proof->card), proof->algorithm, g_bytes_get_data (message, NULL), g_bytes_get_size (message),
                              proof->signature, error);
}

/* In the log, what a listener is not told. */
static void
tell_keeper (const CantigaRequest *request, const char *warning)
{
  CantigaServer *server = request->server;

  if (warning != NULL && server->refused != NULL)
    server->refused (request->address, request->path, "/problems/card-unchecked", warning, server->refused_data);
}

/* The chain to the keeper's authorities, where there are any; else enrolment is what counts, and the card's own dates. */
static GPtrArray *
verify_chain (const CantigaRequest *request, const Proof *proof, GError **error)
{
  g_autofree char *warning = NULL;
  GPtrArray *chain = cantiga_authorities_verify (cantiga_server_get_authorities (request->server), proof->certificates, request->now, &warning, error);

  tell_keeper (request, warning);
  return chain;
}

/* The responder is asked last, about a card that is right in all else: else anybody could have us ask anybody. */
static gboolean
ask_responder (const CantigaRequest *request, GPtrArray *chain, GError **error)
{
  g_autofree char *warning = NULL;
  gboolean is_good;

  if (chain->len < 2)
    return TRUE;
  is_good = cantiga_ocsp_check (request->server->ocsp, chain->pdata[0], chain->pdata[1], request->now, &warning, error);
  tell_keeper (request, warning);
  return is_good;
}

/* A card that nobody let in: noted for the keeper, where that is switched on. */
static gboolean
note_card (const CantigaRequest *request, X509 *card, GError **error)
{
  CantigaServer *server = request->server;

  if (!cantiga_server_get_config (server)->approve_on_first_use)
    return cantiga_fail (error, CANTIGA_ERROR_CARD_UNKNOWN);
  return cantiga_ledger_note_card (server->ledger, card, request->now, error) && cantiga_fail (error, CANTIGA_ERROR_CARD_WAITING);
}

/* For the audit log: whose card it is, and which player it was shown in. */
static void
note_card_fate (const CantigaRequest *request, CantigaServerSession *session, const char *fate, X509 *card)
{
  g_autofree char *who = g_strdup_printf ("player %s at %s", session->player, request->address);
  g_autofree char *name = card != NULL ? cantiga_certificate_dup_name (card) : NULL;
  g_autofree char *what = g_strconcat ("card ", g_str_has_prefix (fate, "/problems/card-") ? fate + strlen ("/problems/card-") : fate, NULL);

  cantiga_server_note (request->server, who, what, name);
}

/* Enrolled, or let in as the first card of an invited player (docs/protocol.md 14.5). */
static gboolean
find_listener (const CantigaRequest *request, CantigaServerSession *session, X509 *card, GError **error)
{
  CantigaLedger *ledger = request->server->ledger;
  g_autoptr (GError) failure = NULL;
  gboolean taken = FALSE;
  gboolean is_unknown;

  if (cantiga_ledger_find_card (ledger, card, &session->listener, &failure))
    return TRUE;
  is_unknown = g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_CARD_UNKNOWN);
  if (!is_unknown && !g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_CARD_WAITING))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (!cantiga_ledger_take_first_card (ledger, session->player, card, request->now, &taken, &session->listener, error))
    return FALSE;
  if (taken)
    {
      note_card_fate (request, session, "let in as the first card of this player", card);
      return TRUE;
    }
  return is_unknown ? note_card (request, card, error) : cantiga_fail (error, CANTIGA_ERROR_CARD_WAITING);
}

/* The signature first: nobody is noted or enrolled, and nobody learns who is, without the card's key. */
static gboolean
check_card (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, char **ret_name, GError **error)
{
  g_auto (Proof) proof = { 0 };
  g_autoptr (GPtrArray) chain = NULL;

  if (!consume_proof (body, &proof, error) || !verify_proof (session, &proof, error) || (chain = verify_chain (request, &proof, error)) == NULL
      || !ask_responder (request, chain, error) || !find_listener (request, session, proof.card, error))
    return FALSE;
  *ret_name = cantiga_certificate_dup_name (proof.card);
  return TRUE;
}

/* Not a wrong proof: what is lacking is not the listener's to bring. */
static gboolean
is_to_be_slowed_down (const GError *error)
{
  return !g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD_WAITING) && !g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD_UNCHECKED);
}

JsonObject *
cantiga_route_card (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant, GError **error)
{
  CantigaServer *server = request->server;
  g_autoptr (GError) refusal = NULL;
  g_autofree char *name = NULL;
  JsonObject *answer;

  /* One proof a session. */
  if (cantiga_server_session_get_state (session) != CANTIGA_SESSION_CARD)
    {
      cantiga_sessions_end (server->sessions, session);
      cantiga_fail (error, CANTIGA_ERROR_OUT_OF_TURN);
      return NULL;
    }
  if (cantiga_throttle_get_wait (server->throttle, request->address, request->now) > 0)
    {
      cantiga_fail (error, CANTIGA_ERROR_SLOW_DOWN);
      return NULL;
    }
  if (!check_card (request, session, body, &name, &refusal))
    {
      /* The growing wait keeps the log from growing too. */
      if (is_to_be_slowed_down (refusal))
        {
          cantiga_throttle_failed (server->throttle, request->address, request->now);
          note_card_fate (request, session, refusal->domain == CANTIGA_ERROR ? cantiga_error_get_type ((CantigaError)refusal->code) : "failed", NULL);
        }
      cantiga_sessions_end (server->sessions, session);
      g_propagate_error (error, g_steal_pointer (&refusal));
      return NULL;
    }
  if (!cantiga_sessions_set_state (server->sessions, session, CANTIGA_SESSION_OPEN, error))
    return NULL;
  cantiga_throttle_succeeded (server->throttle, request->address);
  cantiga_metrics_add (server->metrics, CANTIGA_COUNT_SIGN_INS, 1);
  session->refused = g_hash_table_new_full (cantiga_id_hash, cantiga_id_equal_func, g_free, NULL);
  session->heard = g_hash_table_new_full (cantiga_id_hash, cantiga_id_equal_func, g_free, NULL);
  cantiga_server_tell_happened (server, &(CantigaServerEvent){ CANTIGA_SERVER_SIGNED_IN, .session = &session->id, .player = session->player, .name = name });
  answer = json_object_new ();
  json_object_set_string_member (answer, "listener", name);
  if (session->is_older)
    json_object_set_boolean_member (answer, "renew", TRUE);
  return answer;
}
