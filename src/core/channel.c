#include "core/channel.h"

#include <string.h>

#include "core/error.h"
#include "core/kdf.h"
#include "core/ratchet.h"

/* The request that has no answer yet, or that was answered last. */
typedef struct
{
  char *method;
  char *path;
  guint8 tag[CANTIGA_KEY_MAX];
  gsize tag_length;
  guint8 hash[CANTIGA_HASH_LENGTH]; /* of method, path and envelope: what makes it the same one when it comes again */
} Request;

struct _CantigaChannel
{
  CantigaRole role;
  CantigaSuite suite;
  CantigaId session;
  guint8 server_leaf_hash[CANTIGA_HASH_LENGTH];

  CantigaKey rotation;
  CantigaKey card_binding;
  CantigaRatchet requests; /* C: player to server */
  CantigaRatchet answers;  /* R: server to player; one behind requests while an answer is awaited */
  CantigaKey answer_key;   /* R(n) of the last answer, until its stream is derived or the next message comes; else of length 0 */

  Request request;
  GBytes *answer; /* server: the last one, for a repeat */
};

static gboolean
awaits_answer (const CantigaChannel *channel)
{
  return channel->requests.number != channel->answers.number;
}

static void
clear_request (Request *request)
{
  g_free (request->method);
  g_free (request->path);
  memset (request, 0, sizeof *request);
}

void
cantiga_channel_free (CantigaChannel *channel)
{
  if (channel == NULL)
    return;
  cantiga_key_clear (&channel->rotation);
  cantiga_key_clear (&channel->card_binding);
  cantiga_key_clear (&channel->answer_key);
  cantiga_ratchet_clear (&channel->requests);
  cantiga_ratchet_clear (&channel->answers);
  clear_request (&channel->request);
  g_clear_pointer (&channel->answer, g_bytes_unref);
  g_free (channel);
}

/* docs/protocol.md 4. */
static gboolean
derive_keys (CantigaChannel *channel, const CantigaKey *prk, GError **error)
{
  CantigaDigest digest = channel->suite.digest;
  gsize length = cantiga_digest_get_length (digest);

  return cantiga_expand (digest, prk, CANTIGA_LABEL_PLAYER_TO_SERVER, NULL, length, &channel->requests.key, error)
         && cantiga_expand (digest, prk, CANTIGA_LABEL_SERVER_TO_PLAYER, NULL, length, &channel->answers.key, error)
         && cantiga_expand (digest, prk, CANTIGA_LABEL_ROTATION, NULL, length, &channel->rotation, error)
         && cantiga_expand (digest, prk, CANTIGA_LABEL_CARD_BINDING, NULL, CANTIGA_HASH_LENGTH, &channel->card_binding, error);
}

CantigaChannel *
cantiga_channel_new (CantigaRole role, const CantigaSuite *suite, const CantigaId *session, const guint8 server_leaf_hash[32], const CantigaKey *prk,
                     GError **error)
{
  g_autoptr (CantigaChannel) channel = g_new0 (CantigaChannel, 1);

  channel->role = role;
  channel->suite = *suite;
  channel->session = *session;
  memcpy (channel->server_leaf_hash, server_leaf_hash, CANTIGA_HASH_LENGTH);
  return derive_keys (channel, prk, error) ? g_steal_pointer (&channel) : NULL;
}

const CantigaSuite *
cantiga_channel_get_suite (const CantigaChannel *channel)
{
  return &channel->suite;
}

const CantigaId *
cantiga_channel_get_session (const CantigaChannel *channel)
{
  return &channel->session;
}

guint64
cantiga_channel_get_number (const CantigaChannel *channel)
{
  return channel->requests.number;
}

/* "lp("cantiga/1 citizen card") || lp(card binding) || lp(H'(server leaf))" (docs/protocol.md 7). */
GBytes *
cantiga_channel_get_card_message (const CantigaChannel *channel)
{
  CantigaBuffer *fields = cantiga_buffer_new ();

  cantiga_buffer_add_field_text (fields, CANTIGA_LABEL_CITIZEN_CARD);
  cantiga_buffer_add_field (fields, channel->card_binding.bytes, channel->card_binding.length);
  cantiga_buffer_add_field (fields, channel->server_leaf_hash, CANTIGA_HASH_LENGTH);
  return cantiga_buffer_free_to_bytes (fields);
}

static void
hash_request (const char *method, const char *path, GBytes *envelope, guint8 ret_hash[CANTIGA_HASH_LENGTH])
{
  g_autoptr (CantigaBuffer) fields = cantiga_buffer_new ();

  cantiga_buffer_add_field_text (fields, method);
  cantiga_buffer_add_field_text (fields, path);
  cantiga_buffer_add_field_bytes (fields, envelope);
  cantiga_sha256 (cantiga_buffer_bytes (fields), cantiga_buffer_length (fields), ret_hash);
}

static CantigaPlace
place_of_request (const CantigaChannel *channel, const char *method, const char *path)
{
  return (CantigaPlace){
    .direction = CANTIGA_ROLE_PLAYER,
    .session = &channel->session,
    .kind = CANTIGA_KIND_CONTROL,
    .number = channel->requests.number,
    .method = method,
    .path = path,
  };
}

/* "request n is answered by answer n" (docs/protocol.md 6.2). */
static CantigaPlace
place_of_answer (const CantigaChannel *channel)
{
  return (CantigaPlace){
    .direction = CANTIGA_ROLE_SERVER,
    .session = &channel->session,
    .kind = CANTIGA_KIND_CONTROL,
    .number = channel->answers.number,
    .method = channel->request.method,
    .path = channel->request.path,
    .request_number = channel->answers.number,
    .request_tag = channel->request.tag,
    .request_tag_length = channel->request.tag_length,
  };
}

/* Both sides: a request was sealed or opened and the chain after it is ready. From here on nothing fails. */
static void
commit_request (CantigaChannel *channel, const char *method, const char *path, GBytes *envelope, CantigaRatchet *next)
{
  clear_request (&channel->request);
  channel->request.method = g_strdup (method);
  channel->request.path = g_strdup (path);
  channel->request.tag_length = cantiga_suite_get_tag_length (&channel->suite);
  memcpy (channel->request.tag, cantiga_envelope_get_tag (&channel->suite, envelope), channel->request.tag_length);
  hash_request (method, path, envelope, channel->request.hash);
  g_clear_pointer (&channel->answer, g_bytes_unref);
  cantiga_key_clear (&channel->answer_key);
  cantiga_ratchet_commit (&channel->requests, next);
}

/* Both sides: an answer was sealed or opened. */
static void
commit_answer (CantigaChannel *channel, CantigaRatchet *next)
{
  cantiga_key_set (&channel->answer_key, channel->answers.key.bytes, channel->answers.key.length);
  cantiga_ratchet_commit (&channel->answers, next);
}

/* "A request without a body (GET) carries … the envelope holding the empty text" (docs/protocol.md 5.4). */
static GBytes *
ref_text (GBytes *text_or_null)
{
  return text_or_null != NULL ? g_bytes_ref (text_or_null) : g_bytes_new_static ("", 0);
}

GBytes *
cantiga_channel_seal_request (CantigaChannel *channel, const char *method, const char *path, GBytes *text, GError **error)
{
  g_auto (CantigaRatchet) next = CANTIGA_RATCHET_INIT;
  g_autoptr (GBytes) content = ref_text (text);
  g_autoptr (GBytes) envelope = NULL;
  CantigaPlace place = place_of_request (channel, method, path);

  g_assert (channel->role == CANTIGA_ROLE_PLAYER);
  if (awaits_answer (channel))
    {
      cantiga_fail_with (error, CANTIGA_ERROR_OUT_OF_TURN, "The last request has no answer yet.");
      return NULL;
    }
  envelope = cantiga_envelope_seal (&channel->suite, &channel->requests.key, &place, content, error);
  if (envelope == NULL || !cantiga_ratchet_turn (&channel->requests, channel->suite.digest, &channel->rotation, content, &next, error))
    return NULL;
  commit_request (channel, method, path, envelope, &next);
  return g_steal_pointer (&envelope);
}

GBytes *
cantiga_channel_open_answer (CantigaChannel *channel, GBytes *envelope, GError **error)
{
  g_auto (CantigaRatchet) next = CANTIGA_RATCHET_INIT;
  g_autoptr (GBytes) text = NULL;
  CantigaPlace place = place_of_answer (channel);

  g_assert (channel->role == CANTIGA_ROLE_PLAYER);
  if (!awaits_answer (channel))
    {
      cantiga_fail_with (error, CANTIGA_ERROR_OUT_OF_TURN, "No answer is awaited.");
      return NULL;
    }
  text = cantiga_envelope_open (&channel->suite, &channel->answers.key, &place, envelope, error);
  if (text == NULL || !cantiga_ratchet_turn (&channel->answers, channel->suite.digest, &channel->rotation, text, &next, error))
    return NULL;
  commit_answer (channel, &next);
  return g_steal_pointer (&text);
}

/* "the right number that does not open is the bare 401 and changes nothing" (docs/protocol.md 6.2). */
static gboolean
open_next (CantigaChannel *channel, const char *method, const char *path, GBytes *envelope, GBytes **ret_text, GError **error)
{
  g_auto (CantigaRatchet) next = CANTIGA_RATCHET_INIT;
  g_autoptr (GBytes) text = NULL;
  g_autoptr (GError) reason = NULL;
  CantigaPlace place = place_of_request (channel, method, path);

  text = cantiga_envelope_open (&channel->suite, &channel->requests.key, &place, envelope, &reason);
  if (g_error_matches (reason, CANTIGA_ERROR, CANTIGA_ERROR_FORGED))
    return cantiga_fail (error, CANTIGA_ERROR_NOT_AUTHENTICATED);
  if (text == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  if (!cantiga_ratchet_turn (&channel->requests, channel->suite.digest, &channel->rotation, text, &next, error))
    return FALSE;
  commit_request (channel, method, path, envelope, &next);
  *ret_text = g_steal_pointer (&text);
  return TRUE;
}

/* "the same request again (same method, path and bytes) gets the same answer again" (docs/protocol.md 6.2). */
static gboolean
is_repeat (const CantigaChannel *channel, const char *method, const char *path, GBytes *envelope)
{
  guint8 hash[CANTIGA_HASH_LENGTH];

  if (channel->answer == NULL)
    return FALSE;
  hash_request (method, path, envelope, hash);
  return cantiga_bytes_equal (hash, channel->request.hash, sizeof hash);
}

gboolean
cantiga_channel_open_request (CantigaChannel *channel, const char *method, const char *path, GBytes *envelope, GBytes **ret_text, GBytes **ret_answer,
                              GError **error)
{
  CantigaKind kind;
  guint64 number;

  g_assert (channel->role == CANTIGA_ROLE_SERVER);
  if (!cantiga_envelope_peek (envelope, &kind, &number) || kind != CANTIGA_KIND_CONTROL)
    return cantiga_fail (error, CANTIGA_ERROR_NOT_AUTHENTICATED);
  if (awaits_answer (channel))
    return cantiga_fail (error, CANTIGA_ERROR_BUSY);
  if (is_repeat (channel, method, path, envelope))
    {
      *ret_answer = g_bytes_ref (channel->answer);
      return TRUE;
    }
  if (number != channel->requests.number)
    return cantiga_fail (error, CANTIGA_ERROR_OUT_OF_TURN);
  return open_next (channel, method, path, envelope, ret_text, error);
}

GBytes *
cantiga_channel_seal_answer (CantigaChannel *channel, GBytes *text, GError **error)
{
  g_auto (CantigaRatchet) next = CANTIGA_RATCHET_INIT;
  g_autoptr (GBytes) envelope = NULL;
  CantigaPlace place = place_of_answer (channel);

  g_assert (channel->role == CANTIGA_ROLE_SERVER);
  if (!awaits_answer (channel))
    {
      cantiga_fail_with (error, CANTIGA_ERROR_OUT_OF_TURN, "No request awaits an answer.");
      return NULL;
    }
  envelope = cantiga_envelope_seal (&channel->suite, &channel->answers.key, &place, text, error);
  if (envelope == NULL || !cantiga_ratchet_turn (&channel->answers, channel->suite.digest, &channel->rotation, text, &next, error))
    return NULL;
  commit_answer (channel, &next);
  channel->answer = g_bytes_ref (envelope);
  return g_steal_pointer (&envelope);
}

/* "K being the chain key R(n) under which the answer that carries the grant was sealed" (docs/protocol.md 10.1). It is wiped with this. */
CantigaStream *
cantiga_channel_derive_stream (CantigaChannel *channel, const CantigaId *grant, GError **error)
{
  CantigaStream *stream;

  if (channel->answer_key.length == 0)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_OUT_OF_TURN, "A stream belongs to the last answer, once.");
      return NULL;
    }
  stream = cantiga_stream_new (&channel->suite, &channel->session, grant, &channel->answer_key, error);
  if (stream != NULL)
    cantiga_key_clear (&channel->answer_key);
  return stream;
}
