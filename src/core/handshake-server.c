#include "core/handshake-private.h"

#include "core/transcript.h"

#define PARAMETER_LENGTH_MAX 1024

CantigaHandshake *
cantiga_handshake_new_server (const CantigaId *session, gint64 now)
{
  CantigaHandshake *handshake = cantiga_handshake_new (CANTIGA_ROLE_SERVER, CANTIGA_AWAITS_HELLO, now);

  handshake->session = *session;
  handshake->crl_number = -1;
  return handshake;
}

const char *
cantiga_handshake_get_player (const CantigaHandshake *handshake)
{
  return handshake->player;
}

gboolean
cantiga_handshake_is_older (const CantigaHandshake *handshake)
{
  return handshake->is_older;
}

gboolean
cantiga_handshake_peek_session (GBytes *body, CantigaId *ret_session, GError **error)
{
  gsize length;
  gconstpointer text = g_bytes_get_data (body, &length);
  g_autoptr (JsonObject) message = cantiga_json_parse (text, length, error);

  return message != NULL && cantiga_json_get_id (message, "session", ret_session, error);
}

/* "From here on the server's leaf is the one of the same AUTH as the player's" (docs/protocol.md 3.2); "406 if there is none" (3.1). */
static CantigaIdentity *
find_identity (const CantigaServerTerms *terms, CantigaAuth auth, GError **error)
{
  if (terms->identities[auth] == NULL)
    cantiga_fail_with (error, CANTIGA_ERROR_NO_COMMON_SUITE, "This server has no certificate of the kind %s.", cantiga_auth_get_name (auth));
  return terms->identities[auth];
}

const CantigaServerTerms *
cantiga_server_terms_find (const CantigaServerTerms *terms, const char *pin)
{
  for (const CantigaServerTerms *at = terms; pin != NULL && at != NULL; at = at->older)
    {
      guint8 hash[CANTIGA_HASH_LENGTH];
      g_autofree char *text = NULL;

      cantiga_certificate_pin (at->authorities->pdata[0], hash);
      text = cantiga_base64url_encode (hash, sizeof hash);
      if (g_str_equal (text, pin))
        return at;
    }
  return terms;
}

/* "{protocol: 1, name, server, certificates[], crl}" (docs/protocol.md 3.1). */
GBytes *
cantiga_server_terms_create_certificates (const CantigaServerTerms *terms, const char *auth, GError **error)
{
  g_autoptr (JsonObject) message = json_object_new ();
  g_autoptr (GBytes) crl = NULL;
  CantigaAuth kind = terms->first;
  CantigaIdentity *identity;

  if (auth != NULL && !cantiga_auth_parse (auth, &kind))
    {
      cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The kind of certificate is RSA, ECDSA or EDDSA.");
      return NULL;
    }
  identity = find_identity (terms, kind, error);
  if (identity == NULL)
    return NULL;
  crl = cantiga_crl_encode (terms->crl);
  json_object_set_int_member (message, "protocol", CANTIGA_PROTOCOL_VERSION);
  json_object_set_string_member (message, "name", terms->name);
  json_object_set_string_member (message, "server", terms->server);
  cantiga_json_set_bytes_list (message, "certificates", identity->certificates);
  cantiga_json_set_gbytes (message, "crl", crl);
  return cantiga_json_format (message);
}

static X509 *
verify_chain (const CantigaServerTerms *terms, GPtrArray *certificates, gint64 now, GError **error)
{
  if (terms->players != NULL)
    return cantiga_held_chains_verify (terms->players, certificates, now, error);
  return cantiga_chain_verify (certificates, terms->authorities, terms->crl, CANTIGA_USAGE_PLAYER, now, error);
}

/* The player's leaf, and the terms of the authority that issued it: the server's leaf is of the same one (docs/protocol.md 3.2). */
static X509 *
verify_player_chain (CantigaHandshake *handshake, const CantigaServerTerms **terms, GPtrArray *certificates, GError **error)
{
  const CantigaServerTerms *older = (*terms)->older;
  X509 *leaf = verify_chain (*terms, certificates, handshake->now, older != NULL ? NULL : error);

  if (leaf != NULL || older == NULL)
    return leaf;
  *terms = older;
  handshake->is_older = TRUE;
  return verify_chain (older, certificates, handshake->now, error);
}

/* Taken apart the leaf takes several KiB: a half-open session keeps its DER and its UUID. */
static gboolean
verify_player (CantigaHandshake *handshake, const CantigaServerTerms *terms, GPtrArray *certificates, GError **error)
{
  g_autoptr (X509) leaf = verify_player_chain (handshake, &terms, certificates, error);
  CantigaIdentity *identity;
  CantigaAuth auth;

  if (leaf == NULL || !cantiga_key_pair_get_auth (X509_get0_pubkey (leaf), &auth, error))
    return FALSE;
  identity = find_identity (terms, auth, error);
  if (identity == NULL)
    return FALSE;
  handshake->identity = cantiga_identity_ref (identity);
  handshake->player = cantiga_certificate_dup_uuid (leaf);
  cantiga_handshake_set_peer_leaf (handshake, certificates->pdata[0]);
  return TRUE;
}

/* "{protocol: 1, certificates[], nonce} → {session, nonce}" (docs/protocol.md 3.2). */
gboolean
cantiga_handshake_server_hello (CantigaHandshake *handshake, const CantigaServerTerms *terms, JsonObject *message, GBytes **ret_reply, GError **error)
{
  g_autoptr (JsonObject) answer = json_object_new ();
  g_autoptr (GPtrArray) certificates = NULL;

  if (!cantiga_handshake_check_protocol (message, error))
    return FALSE;
  certificates = cantiga_json_get_bytes_list (message, "certificates", CANTIGA_CERTIFICATES_MAX, CANTIGA_CERTIFICATE_LENGTH_MAX, error);
  if (certificates == NULL)
    return FALSE;
  handshake->player_nonce = cantiga_json_get_bytes (message, "nonce", CANTIGA_NONCE_LENGTH, CANTIGA_NONCE_LENGTH, error);
  if (handshake->player_nonce == NULL || !verify_player (handshake, terms, certificates, error))
    return FALSE;
  handshake->server_nonce = cantiga_handshake_create_nonce ();
  cantiga_json_set_id (answer, "session", &handshake->session);
  cantiga_json_set_gbytes (answer, "nonce", handshake->server_nonce);
  *ret_reply = cantiga_json_format (answer);
  return TRUE;
}

/* The caller found the handshake by the session in this very message. */
static gboolean
check_session (const CantigaHandshake *handshake, JsonObject *message, GError **error)
{
  CantigaId session;

  if (!cantiga_json_get_id (message, "session", &session, error))
    return FALSE;
  return cantiga_id_equal (&session, &handshake->session) || cantiga_fail (error, CANTIGA_ERROR_NOT_AUTHENTICATED);
}

/* "{session, suites[]} → {suite}" (docs/protocol.md 3.3). */
gboolean
cantiga_handshake_server_suite (CantigaHandshake *handshake, const CantigaServerTerms *terms, JsonObject *message, GBytes **ret_reply, GError **error)
{
  g_autoptr (JsonObject) answer = json_object_new ();

  if (!check_session (handshake, message, error))
    return FALSE;
  handshake->offered = cantiga_json_get_texts (message, "suites", CANTIGA_SUITES_MAX, CANTIGA_SUITE_NAME_MAX, error);
  if (handshake->offered == NULL
      || !cantiga_suites_choose ((const char *const *)handshake->offered, terms->suites, handshake->identity->auth, terms->selection,
                                 &handshake->suite, error))
    return FALSE;
  json_object_set_string_member (answer, "suite", cantiga_suite_get_name (&handshake->suite));
  *ret_reply = cantiga_json_format (answer);
  return TRUE;
}

static gboolean
check_parameter (JsonObject *message, const char *member, GBytes *registered, GError **error)
{
  g_autoptr (GBytes) sent = cantiga_json_get_bytes (message, member, 1, PARAMETER_LENGTH_MAX, error);

  if (sent == NULL)
    return FALSE;
  return g_bytes_equal (sent, registered) || cantiga_fail (error, CANTIGA_ERROR_BAD_GROUP);
}

/* "With DH, p and g (big-endian, no leading zero bytes) are required and must be the group's" (docs/protocol.md 3.4). */
static gboolean
check_group (const CantigaHandshake *handshake, JsonObject *message, const char *group, GError **error)
{
  GBytes *p, *g;

  if (!g_strv_contains (cantiga_kex_get_groups (handshake->suite.kex), group))
    return cantiga_fail (error, CANTIGA_ERROR_BAD_GROUP);
  if (!cantiga_group_get_parameters (group, &p, &g))
    return TRUE;
  return check_parameter (message, "p", p, error) && check_parameter (message, "g", g, error);
}

/* "{public, signature, finished}" (docs/protocol.md 3.4). */
static GBytes *
create_key_answer (const CantigaHandshake *handshake, CantigaShare *share, GBytes *signature, const guint8 *finished)
{
  g_autoptr (JsonObject) answer = json_object_new ();

  cantiga_json_set_gbytes (answer, "public", cantiga_share_get_public (share));
  cantiga_json_set_gbytes (answer, "signature", signature);
  cantiga_json_set_bytes (answer, "finished", finished, cantiga_digest_get_length (handshake->suite.digest));
  return cantiga_json_format (answer);
}

/* Makes the server's share, the keys and the answer to a share of the player's that its signature vouches for. */
static GBytes *
answer_share (CantigaHandshake *handshake, const char *group, GBytes *player_public, const guint8 t1[CANTIGA_HASH_LENGTH], GBytes *player_signature,
              GError **error)
{
  g_autoptr (CantigaShare) share = cantiga_share_new (handshake->suite.kex, group, error);
  g_autoptr (GBytes) signature = NULL;
  guint8 t2[CANTIGA_HASH_LENGTH];
  guint8 finished[CANTIGA_KEY_MAX];

  if (share == NULL)
    return NULL;
  cantiga_transcript_t2 (t1, player_signature, cantiga_share_get_public (share), t2);
  if (!cantiga_handshake_agree (handshake, share, player_public, t2, finished, error))
    return NULL;
  signature = cantiga_handshake_sign (handshake, CANTIGA_LABEL_SERVER_KEY_EXCHANGE, t2, error);
  return signature != NULL ? create_key_answer (handshake, share, signature, finished) : NULL;
}

static gboolean
verify_share (const CantigaHandshake *handshake, const char *group, GBytes *player_public, GBytes *signature, guint8 ret_t1[CANTIGA_HASH_LENGTH],
              GError **error)
{
  g_autoptr (X509) leaf = cantiga_certificate_decode (handshake->peer_leaf, error);

  if (leaf == NULL)
    return FALSE;
  cantiga_handshake_hash_t1 (handshake, group, player_public, ret_t1);
  return cantiga_handshake_verify (leaf, CANTIGA_LABEL_PLAYER_KEY_EXCHANGE, ret_t1, signature, error);
}

gboolean
cantiga_handshake_server_key (CantigaHandshake *handshake, const CantigaServerTerms *terms, JsonObject *message, GBytes **ret_reply, GError **error)
{
  g_autoptr (GBytes) player_public = NULL;
  g_autoptr (GBytes) signature = NULL;
  const char *group;
  guint8 t1[CANTIGA_HASH_LENGTH];

  if (!check_session (handshake, message, error) || !cantiga_json_get_text (message, "group", CANTIGA_GROUP_NAME_MAX, &group, error)
      || !check_group (handshake, message, group, error))
    return FALSE;
  player_public = cantiga_json_get_bytes (message, "public", 1, CANTIGA_PUBLIC_LENGTH_MAX, error);
  if (player_public == NULL)
    return FALSE;
  signature = cantiga_json_get_bytes (message, "signature", 1, CANTIGA_SIGNATURE_LENGTH_MAX, error);
  if (signature == NULL || !verify_share (handshake, group, player_public, signature, t1, error))
    return FALSE;
  *ret_reply = answer_share (handshake, group, player_public, t1, signature, error);
  return *ret_reply != NULL;
}

gboolean
cantiga_handshake_answer_hello (CantigaHandshake *handshake, const CantigaServerTerms *terms, GBytes *body, GBytes **ret_answer, GError **error)
{
  return cantiga_handshake_take (handshake, CANTIGA_ROLE_SERVER, CANTIGA_MESSAGE_HELLO, terms, body, ret_answer, error);
}

gboolean
cantiga_handshake_answer_suite (CantigaHandshake *handshake, const CantigaServerTerms *terms, GBytes *body, GBytes **ret_answer, GError **error)
{
  return cantiga_handshake_take (handshake, CANTIGA_ROLE_SERVER, CANTIGA_MESSAGE_SUITE, terms, body, ret_answer, error);
}

gboolean
cantiga_handshake_answer_key (CantigaHandshake *handshake, const CantigaServerTerms *terms, GBytes *body, GBytes **ret_answer, GError **error)
{
  return cantiga_handshake_take (handshake, CANTIGA_ROLE_SERVER, CANTIGA_MESSAGE_KEY, terms, body, ret_answer, error);
}
