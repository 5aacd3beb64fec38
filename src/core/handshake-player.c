#include "core/handshake-private.h"

#include "core/transcript.h"

#define NAME_MAX_LENGTH 1024
#define UUID_LENGTH 36
#define CRL_LENGTH_MAX (1024 * 1024)

CantigaHandshake *
cantiga_handshake_new_player (CantigaIdentity *identity, const char *const *offered, const char *group, X509 *authority, const char *server,
                              gint64 crl_number, gint64 now)
{
  CantigaHandshake *handshake = cantiga_handshake_new (CANTIGA_ROLE_PLAYER, CANTIGA_AWAITS_START, now);

  handshake->identity = cantiga_identity_ref (identity);
  handshake->offered = cantiga_suites_filter (offered, identity->auth);
  handshake->group = g_strdup (group);
  if (X509_up_ref (authority) != 1)
    g_error ("OpenSSL cannot count another reference");
  handshake->authority = authority;
  handshake->server = g_strdup (server);
  handshake->crl_number = crl_number;
  return handshake;
}

X509 *
cantiga_handshake_get_server_certificate (const CantigaHandshake *handshake)
{
  return handshake->peer;
}

gint64
cantiga_handshake_get_crl_number (const CantigaHandshake *handshake)
{
  return handshake->crl_number;
}

/* "the revocation list (signed by that authority, not past its nextUpdate, its number not below the highest one seen)" (docs/protocol.md 3.1). */
static X509 *
verify_chain (CantigaHandshake *handshake, GPtrArray *certificates, GBytes *crl_der, GError **error)
{
  g_autoptr (GPtrArray) authorities = g_ptr_array_new ();
  g_autoptr (X509) leaf = NULL;
  g_autoptr (X509_CRL) crl = cantiga_crl_decode (crl_der, error);
  gint64 number;

  if (crl == NULL)
    return NULL;
  g_ptr_array_add (authorities, handshake->authority);
  leaf = cantiga_chain_verify (certificates, authorities, crl, CANTIGA_USAGE_SERVER, handshake->now, error);
  if (leaf == NULL)
    return NULL;
  number = cantiga_crl_get_number (crl);
  if (number < 0 || number < handshake->crl_number)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CERTIFICATE_REFUSED, "The server shows a revocation list older than one seen before.");
      return NULL;
    }
  handshake->crl_number = number;
  return g_steal_pointer (&leaf);
}

/* "the leaf's subjectAltName holds the URI urn:uuid:<server> that was pinned" (docs/protocol.md 3.1), and its key is of the player's own AUTH (3.2).
 */
static gboolean
check_leaf (const CantigaHandshake *handshake, X509 *leaf, const char *server, GError **error)
{
  g_autofree char *uuid = cantiga_certificate_dup_uuid (leaf);
  CantigaAuth auth;

  if (uuid == NULL || g_ascii_strcasecmp (uuid, handshake->server) != 0 || g_ascii_strcasecmp (server, handshake->server) != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CERTIFICATE_REFUSED, "This is another server than the one that was paired with.");
  if (!cantiga_key_pair_get_auth (X509_get0_pubkey (leaf), &auth, error))
    return FALSE;
  return auth == handshake->identity->auth
         || cantiga_fail_with (error, CANTIGA_ERROR_CERTIFICATE_REFUSED,
                               "The server's certificate is of another kind (%s) than the player's own (%s).", cantiga_auth_get_name (auth),
                               cantiga_auth_get_name (handshake->identity->auth));
}

static gboolean
verify_server (CantigaHandshake *handshake, GPtrArray *certificates, GBytes *crl, const char *server, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (X509) leaf = verify_chain (handshake, certificates, crl, &reason);

  if (leaf != NULL && check_leaf (handshake, leaf, server, &reason))
    {
      cantiga_handshake_set_peer_leaf (handshake, certificates->pdata[0]);
      handshake->peer = g_steal_pointer (&leaf);
      return TRUE;
    }
  if (g_error_matches (reason, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED))
    return cantiga_fail_with (error, CANTIGA_ERROR_SERVER_REFUSED, "%s Ask the keeper of the server, who can invite this player anew.", reason->message);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* "POST /api/auth {protocol: 1, certificates[], nonce}" (docs/protocol.md 3.2). */
static GBytes *
create_hello (CantigaHandshake *handshake)
{
  g_autoptr (JsonObject) message = json_object_new ();

  handshake->player_nonce = cantiga_handshake_create_nonce ();
  json_object_set_int_member (message, "protocol", CANTIGA_PROTOCOL_VERSION);
  cantiga_json_set_bytes_list (message, "certificates", handshake->identity->certificates);
  cantiga_json_set_gbytes (message, "nonce", handshake->player_nonce);
  return cantiga_json_format (message);
}

gboolean
cantiga_handshake_player_certificates (CantigaHandshake *handshake, const CantigaServerTerms *terms, JsonObject *message, GBytes **ret_reply,
                                       GError **error)
{
  g_autoptr (GPtrArray) certificates = NULL;
  g_autoptr (GBytes) crl = NULL;
  const char *name, *server;

  if (handshake->offered[0] == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_NO_COMMON_SUITE, "None of the player's cipher suites is for its key (%s): enable one.",
                              cantiga_auth_get_name (handshake->identity->auth));
  if (!cantiga_handshake_check_protocol (message, error) || !cantiga_json_get_text (message, "name", NAME_MAX_LENGTH, &name, error)
      || !cantiga_json_get_text (message, "server", UUID_LENGTH, &server, error))
    return FALSE;
  certificates = cantiga_json_get_bytes_list (message, "certificates", CANTIGA_CERTIFICATES_MAX, CANTIGA_CERTIFICATE_LENGTH_MAX, error);
  if (certificates == NULL)
    return FALSE;
  crl = cantiga_json_get_bytes (message, "crl", 1, CRL_LENGTH_MAX, error);
  if (crl == NULL || !verify_server (handshake, certificates, crl, server, error))
    return FALSE;
  *ret_reply = create_hello (handshake);
  return TRUE;
}

/* Answer of 3.2 → request of 3.3. */
gboolean
cantiga_handshake_player_session (CantigaHandshake *handshake, const CantigaServerTerms *terms, JsonObject *message, GBytes **ret_reply,
                                  GError **error)
{
  g_autoptr (JsonObject) request = json_object_new ();

  if (!cantiga_json_get_id (message, "session", &handshake->session, error))
    return FALSE;
  handshake->server_nonce = cantiga_json_get_bytes (message, "nonce", CANTIGA_NONCE_LENGTH, CANTIGA_NONCE_LENGTH, error);
  if (handshake->server_nonce == NULL)
    return FALSE;
  cantiga_json_set_id (request, "session", &handshake->session);
  cantiga_json_set_texts (request, "suites", (const char *const *)handshake->offered);
  *ret_reply = cantiga_json_format (request);
  return TRUE;
}

static gboolean
consume_choice (CantigaHandshake *handshake, JsonObject *message, GError **error)
{
  const char *name;

  if (!cantiga_json_get_text (message, "suite", CANTIGA_SUITE_NAME_MAX, &name, error))
    return FALSE;
  if (!g_strv_contains ((const char *const *)handshake->offered, name) || !cantiga_suite_parse (name, &handshake->suite))
    return cantiga_fail_with (error, CANTIGA_ERROR_NO_COMMON_SUITE, "The server chose a cipher suite that was not offered.");
  return TRUE;
}

/* The wanted group, if it is one of the chosen KEX; the default if it is one of the other KEX. */
static const char *
choose_group (const CantigaHandshake *handshake)
{
  CantigaKex other = handshake->suite.kex == CANTIGA_KEX_DH ? CANTIGA_KEX_ECDH : CANTIGA_KEX_DH;

  if (handshake->group == NULL || g_strv_contains (cantiga_kex_get_groups (other), handshake->group))
    return cantiga_kex_get_groups (handshake->suite.kex)[0];
  return handshake->group;
}

/* "POST /api/key {session, group, p?, g?, public, signature}" (docs/protocol.md 3.4). */
static GBytes *
create_key_request (CantigaHandshake *handshake)
{
  g_autoptr (JsonObject) message = json_object_new ();
  const char *group = cantiga_share_get_group (handshake->share);
  GBytes *p, *g;

  cantiga_json_set_id (message, "session", &handshake->session);
  json_object_set_string_member (message, "group", group);
  if (cantiga_group_get_parameters (group, &p, &g))
    {
      cantiga_json_set_gbytes (message, "p", p);
      cantiga_json_set_gbytes (message, "g", g);
    }
  cantiga_json_set_gbytes (message, "public", cantiga_share_get_public (handshake->share));
  cantiga_json_set_gbytes (message, "signature", handshake->signature);
  return cantiga_json_format (message);
}

/* Answer of 3.3 → request of 3.4. */
gboolean
cantiga_handshake_player_suite (CantigaHandshake *handshake, const CantigaServerTerms *terms, JsonObject *message, GBytes **ret_reply, GError **error)
{
  if (!consume_choice (handshake, message, error))
    return FALSE;
  handshake->share = cantiga_share_new (handshake->suite.kex, choose_group (handshake), error);
  if (handshake->share == NULL)
    return FALSE;
  cantiga_handshake_hash_t1 (handshake, cantiga_share_get_group (handshake->share), cantiga_share_get_public (handshake->share), handshake->t1);
  handshake->signature = cantiga_handshake_sign (handshake, CANTIGA_LABEL_PLAYER_KEY_EXCHANGE, handshake->t1, error);
  if (handshake->signature == NULL)
    return FALSE;
  *ret_reply = create_key_request (handshake);
  return TRUE;
}

static gboolean
check_finished (CantigaHandshake *handshake, JsonObject *message, const guint8 *finished, GError **error)
{
  gsize length = cantiga_digest_get_length (handshake->suite.digest);
  g_autoptr (GBytes) sent = cantiga_json_get_bytes (message, "finished", length, length, error);

  if (sent == NULL)
    return FALSE;
  return cantiga_bytes_equal (g_bytes_get_data (sent, NULL), finished, length) || cantiga_fail (error, CANTIGA_ERROR_FORGED);
}

/* Answer of 3.4. The signature comes first: nothing is computed with a value that nobody vouches for. */
gboolean
cantiga_handshake_player_key (CantigaHandshake *handshake, const CantigaServerTerms *terms, JsonObject *message, GBytes **ret_reply, GError **error)
{
  g_autoptr (GBytes) server_public = cantiga_json_get_bytes (message, "public", 1, CANTIGA_PUBLIC_LENGTH_MAX, error);
  g_autoptr (GBytes) signature = NULL;
  guint8 t2[CANTIGA_HASH_LENGTH];
  guint8 finished[CANTIGA_KEY_MAX];

  if (server_public == NULL)
    return FALSE;
  signature = cantiga_json_get_bytes (message, "signature", 1, CANTIGA_SIGNATURE_LENGTH_MAX, error);
  if (signature == NULL)
    return FALSE;
  cantiga_transcript_t2 (handshake->t1, handshake->signature, server_public, t2);
  return cantiga_handshake_verify (handshake->peer, CANTIGA_LABEL_SERVER_KEY_EXCHANGE, t2, signature, error)
         && cantiga_handshake_agree (handshake, handshake->share, server_public, t2, finished, error)
         && check_finished (handshake, message, finished, error);
}

gboolean
cantiga_handshake_consume_certificates (CantigaHandshake *handshake, GBytes *body, GBytes **ret_request, GError **error)
{
  return cantiga_handshake_take (handshake, CANTIGA_ROLE_PLAYER, CANTIGA_MESSAGE_CERTIFICATES, NULL, body, ret_request, error);
}

gboolean
cantiga_handshake_consume_session (CantigaHandshake *handshake, GBytes *body, GBytes **ret_request, GError **error)
{
  return cantiga_handshake_take (handshake, CANTIGA_ROLE_PLAYER, CANTIGA_MESSAGE_SESSION, NULL, body, ret_request, error);
}

gboolean
cantiga_handshake_consume_suite (CantigaHandshake *handshake, GBytes *body, GBytes **ret_request, GError **error)
{
  return cantiga_handshake_take (handshake, CANTIGA_ROLE_PLAYER, CANTIGA_MESSAGE_SUITE, NULL, body, ret_request, error);
}

gboolean
cantiga_handshake_consume_key (CantigaHandshake *handshake, GBytes *body, GError **error)
{
  return cantiga_handshake_take (handshake, CANTIGA_ROLE_PLAYER, CANTIGA_MESSAGE_KEY, NULL, body, NULL, error);
}
