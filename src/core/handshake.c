#include "core/handshake-private.h"

#include "core/transcript.h"

/* "Legal orders, per role, are one table; anything else is 409 and ends the session" (docs/protocol.md 3.6). What the server awaits after the key,
 * the card, comes on the channel. */
typedef struct
{
  CantigaRole role;
  CantigaAwaits awaits;
  CantigaMessage then;
  CantigaStep step;
  CantigaAwaits next;
} Order;

static const Order orders[] = {
  { CANTIGA_ROLE_PLAYER, CANTIGA_AWAITS_START, CANTIGA_MESSAGE_CERTIFICATES, cantiga_handshake_player_certificates, CANTIGA_AWAITS_SESSION },
  { CANTIGA_ROLE_PLAYER, CANTIGA_AWAITS_SESSION, CANTIGA_MESSAGE_SESSION, cantiga_handshake_player_session, CANTIGA_AWAITS_SUITE },
  { CANTIGA_ROLE_PLAYER, CANTIGA_AWAITS_SUITE, CANTIGA_MESSAGE_SUITE, cantiga_handshake_player_suite, CANTIGA_AWAITS_KEY },
  { CANTIGA_ROLE_PLAYER, CANTIGA_AWAITS_KEY, CANTIGA_MESSAGE_KEY, cantiga_handshake_player_key, CANTIGA_AWAITS_NOTHING },
  { CANTIGA_ROLE_SERVER, CANTIGA_AWAITS_HELLO, CANTIGA_MESSAGE_HELLO, cantiga_handshake_server_hello, CANTIGA_AWAITS_SUITE },
  { CANTIGA_ROLE_SERVER, CANTIGA_AWAITS_SUITE, CANTIGA_MESSAGE_SUITE, cantiga_handshake_server_suite, CANTIGA_AWAITS_KEY },
  { CANTIGA_ROLE_SERVER, CANTIGA_AWAITS_KEY, CANTIGA_MESSAGE_KEY, cantiga_handshake_server_key, CANTIGA_AWAITS_NOTHING },
};

CantigaHandshake *
cantiga_handshake_new (CantigaRole role, CantigaAwaits awaits, gint64 now)
{
  CantigaHandshake *handshake = g_new0 (CantigaHandshake, 1);

  handshake->role = role;
  handshake->awaits = awaits;
  handshake->now = now;
  return handshake;
}

/* What nobody needs once the last message is there, or the handshake has failed. */
static void
drop_transcript (CantigaHandshake *handshake)
{
  g_clear_pointer (&handshake->share, cantiga_share_free);
  g_clear_pointer (&handshake->peer_leaf, g_bytes_unref);
  g_clear_pointer (&handshake->player_nonce, g_bytes_unref);
  g_clear_pointer (&handshake->server_nonce, g_bytes_unref);
  g_clear_pointer (&handshake->offered, g_strfreev);
  g_clear_pointer (&handshake->signature, g_bytes_unref);
}

static void
drop_peer (CantigaHandshake *handshake)
{
  g_clear_pointer (&handshake->channel, cantiga_channel_free);
  g_clear_pointer (&handshake->peer, X509_free);
  g_clear_pointer (&handshake->player, g_free);
}

static void
set_state (CantigaHandshake *handshake, CantigaAwaits awaits)
{
  handshake->awaits = awaits;
  if (awaits == CANTIGA_AWAITS_NOTHING || awaits == CANTIGA_AWAITS_FAILED)
    drop_transcript (handshake);
  if (awaits == CANTIGA_AWAITS_FAILED)
    drop_peer (handshake);
}

void
cantiga_handshake_free (CantigaHandshake *handshake)
{
  if (handshake == NULL)
    return;
  drop_transcript (handshake);
  drop_peer (handshake);
  g_clear_pointer (&handshake->identity, cantiga_identity_unref);
  g_clear_pointer (&handshake->authority, X509_free);
  g_free (handshake->group);
  g_free (handshake->server);
  g_free (handshake);
}

CantigaAwaits
cantiga_handshake_get_awaits (const CantigaHandshake *handshake)
{
  return handshake->awaits;
}

const CantigaSuite *
cantiga_handshake_get_suite (const CantigaHandshake *handshake)
{
  gboolean chosen = handshake->awaits == CANTIGA_AWAITS_KEY || handshake->awaits == CANTIGA_AWAITS_NOTHING;

  return chosen ? &handshake->suite : NULL;
}

CantigaChannel *
cantiga_handshake_take_channel (CantigaHandshake *handshake)
{
  return g_steal_pointer (&handshake->channel);
}

static const Order *
find_order (const CantigaHandshake *handshake, CantigaRole role, CantigaMessage message)
{
  for (gsize i = 0; i < G_N_ELEMENTS (orders); i++)
    if (orders[i].role == role && role == handshake->role && orders[i].awaits == handshake->awaits && orders[i].then == message)
      return &orders[i];
  return NULL;
}

static gboolean
run_step (CantigaHandshake *handshake, const Order *order, const CantigaServerTerms *terms, GBytes *body, GBytes **ret_reply, GError **error)
{
  gsize length;
  gconstpointer text = g_bytes_get_data (body, &length);
  g_autoptr (JsonObject) message = cantiga_json_parse (text, length, error);

  if (message == NULL)
    return FALSE;
  if (order->role == CANTIGA_ROLE_PLAYER && cantiga_problem_is (message))
    return cantiga_problem_consume (message, error);
  return order->step (handshake, terms, message, ret_reply, error);
}

gboolean
cantiga_handshake_take (CantigaHandshake *handshake, CantigaRole role, CantigaMessage message, const CantigaServerTerms *terms, GBytes *body,
                        GBytes **ret_reply, GError **error)
{
  const Order *order = find_order (handshake, role, message);
  g_autoptr (GBytes) reply = NULL;

  if (order == NULL)
    {
      set_state (handshake, CANTIGA_AWAITS_FAILED);
      return cantiga_fail (error, CANTIGA_ERROR_OUT_OF_TURN);
    }
  if (!run_step (handshake, order, terms, body, &reply, error))
    {
      set_state (handshake, CANTIGA_AWAITS_FAILED);
      return FALSE;
    }
  set_state (handshake, order->next);
  if (ret_reply != NULL)
    *ret_reply = g_steal_pointer (&reply);
  return TRUE;
}

gboolean
cantiga_handshake_check_protocol (JsonObject *message, GError **error)
{
  gint64 protocol;

  if (!cantiga_json_get_int (message, "protocol", G_MININT64, G_MAXINT64, &protocol, error))
    return FALSE;
  return protocol == CANTIGA_PROTOCOL_VERSION || cantiga_fail (error, CANTIGA_ERROR_PROTOCOL_VERSION);
}

GBytes *
cantiga_handshake_create_nonce (void)
{
  guint8 nonce[CANTIGA_NONCE_LENGTH];

  cantiga_random (nonce, sizeof nonce);
  return g_bytes_new (nonce, sizeof nonce);
}

void
cantiga_handshake_set_peer_leaf (CantigaHandshake *handshake, GBytes *der)
{
  /* A copy of its own: der may be a piece of something larger. */
  handshake->peer_leaf = g_bytes_new (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
}

static GBytes *
get_leaf (const CantigaHandshake *handshake, CantigaRole of)
{
  return of == handshake->role ? handshake->identity->certificates->pdata[0] : handshake->peer_leaf;
}

/* docs/protocol.md 3.5. */
void
cantiga_handshake_hash_t1 (const CantigaHandshake *handshake, const char *group, GBytes *player_public, guint8 ret_t1[CANTIGA_HASH_LENGTH])
{
  CantigaTranscript transcript = {
    .server_leaf = get_leaf (handshake, CANTIGA_ROLE_SERVER),
    .player_leaf = get_leaf (handshake, CANTIGA_ROLE_PLAYER),
    .player_nonce = handshake->player_nonce,
    .session = &handshake->session,
    .server_nonce = handshake->server_nonce,
    .offered = (const char *const *)handshake->offered,
    .suite = cantiga_suite_get_name (&handshake->suite),
    .group = group,
    .player_public = player_public,
  };

  cantiga_transcript_t1 (&transcript, ret_t1);
}

GBytes *
cantiga_handshake_sign (const CantigaHandshake *handshake, const char *label, const guint8 t[CANTIGA_HASH_LENGTH], GError **error)
{
  g_autoptr (GBytes) message = cantiga_transcript_signed (t);
  gsize length;
  gconstpointer start = g_bytes_get_data (message, &length);

  return cantiga_sign (handshake->identity->key, label, start, length, error);
}

gboolean
cantiga_handshake_verify (X509 *signer, const char *label, const guint8 t[CANTIGA_HASH_LENGTH], GBytes *signature, GError **error)
{
  g_autoptr (GBytes) message = cantiga_transcript_signed (t);
  gsize length;
  gconstpointer start = g_bytes_get_data (message, &length);

  return cantiga_verify (X509_get0_pubkey (signer), label, start, length, signature, error);
}

/* "finished = HMAC-D(finished key, t2) (t2 alone, 32 bytes, no lp)" (docs/protocol.md 3.5). */
static gboolean
make_finished (CantigaDigest digest, const CantigaKey *prk, const guint8 t2[CANTIGA_HASH_LENGTH], guint8 *ret_finished, GError **error)
{
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;

  return cantiga_expand (digest, prk, CANTIGA_LABEL_FINISHED, NULL, cantiga_digest_get_length (digest), &key, error)
         && cantiga_hmac (digest, &key, t2, CANTIGA_HASH_LENGTH, ret_finished, error);
}

static gboolean
create_channel (CantigaHandshake *handshake, const CantigaKey *prk, GError **error)
{
  GBytes *server_leaf = get_leaf (handshake, CANTIGA_ROLE_SERVER);
  guint8 hash[CANTIGA_HASH_LENGTH];

  cantiga_sha256 (g_bytes_get_data (server_leaf, NULL), g_bytes_get_size (server_leaf), hash);
  handshake->channel = cantiga_channel_new (handshake->role, &handshake->suite, &handshake->session, hash, prk, error);
  return handshake->channel != NULL;
}

/* "Z, the private share and prk are wiped as soon as these exist" (docs/protocol.md 4): Z and prk here, the share with the step that made it. */
gboolean
cantiga_handshake_agree (CantigaHandshake *handshake, CantigaShare *share, GBytes *peer_public, const guint8 t2[CANTIGA_HASH_LENGTH],
                         guint8 ret_finished[CANTIGA_KEY_MAX], GError **error)
{
  CantigaDigest digest = handshake->suite.digest;
  g_autoptr (CantigaSecret) z = cantiga_share_agree (share, peer_public, error);
  g_auto (CantigaKey) prk = CANTIGA_KEY_INIT;

  if (z == NULL)
    return FALSE;
  return cantiga_hkdf_extract (digest, t2, CANTIGA_HASH_LENGTH, cantiga_secret_bytes (z), cantiga_secret_length (z), &prk, error)
         && make_finished (digest, &prk, t2, ret_finished, error) && create_channel (handshake, &prk, error);
}
