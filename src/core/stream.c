#include "core/stream.h"

#include <string.h>

#include "core/envelope.h"
#include "core/error.h"
#include "core/kdf.h"
#include "core/window.h"

struct _CantigaStream
{
  gatomicrefcount refs;

  /* Written once, read by any thread. */
  CantigaSuite suite;
  CantigaId session;
  CantigaId grant;
  CantigaKey key;
  CantigaKey request_key;

  GMutex lock;          /* of what follows, and held for nothing else */
  guint64 next_counter; /* player */
  CantigaWindow window; /* server */
};

/* "stream = Expand(K, "cantiga/1 stream", grant; |D|) … request key = Expand(stream, "cantiga/1 chunk request"; |D|)" (docs/protocol.md 10.1). */
static gboolean
derive_keys (CantigaStream *stream, const CantigaKey *response_key, GError **error)
{
  g_autoptr (CantigaBuffer) context = cantiga_buffer_new ();
  CantigaDigest digest = stream->suite.digest;
  gsize length = cantiga_digest_get_length (digest);

  cantiga_buffer_add_field (context, stream->grant.bytes, CANTIGA_ID_LENGTH);
  return cantiga_expand (digest, response_key, CANTIGA_LABEL_STREAM, context, length, &stream->key, error)
         && cantiga_expand (digest, &stream->key, CANTIGA_LABEL_CHUNK_REQUEST, NULL, length, &stream->request_key, error);
}

CantigaStream *
cantiga_stream_new (const CantigaSuite *suite, const CantigaId *session, const CantigaId *grant, const CantigaKey *response_key, GError **error)
{
  g_autoptr (CantigaStream) stream = g_new0 (CantigaStream, 1);

  g_atomic_ref_count_init (&stream->refs);
  g_mutex_init (&stream->lock);
  stream->suite = *suite;
  stream->session = *session;
  stream->grant = *grant;
  return derive_keys (stream, response_key, error) ? g_steal_pointer (&stream) : NULL;
}

CantigaStream *
cantiga_stream_ref (CantigaStream *stream)
{
  g_atomic_ref_count_inc (&stream->refs);
  return stream;
}

void
cantiga_stream_unref (CantigaStream *stream)
{
  if (stream == NULL || !g_atomic_ref_count_dec (&stream->refs))
    return;
  cantiga_key_clear (&stream->key);
  cantiga_key_clear (&stream->request_key);
  g_mutex_clear (&stream->lock);
  g_free (stream);
}

const CantigaId *
cantiga_stream_get_grant (const CantigaStream *stream)
{
  return &stream->grant;
}

/* "mac = HMAC-D(request key, lp("cantiga/1 chunk request") || lp(session) || lp(grant) || lp(method) || lp(path) || lp(u64 counter))"
 * (docs/protocol.md 10.2). */
static gboolean
make_mac (const CantigaStream *stream, const char *method, const char *path, CantigaChunkRequest *request, GError **error)
{
  g_autoptr (CantigaBuffer) fields = cantiga_buffer_new ();

  cantiga_buffer_add_field_text (fields, CANTIGA_LABEL_CHUNK_REQUEST);
  cantiga_buffer_add_field (fields, stream->session.bytes, CANTIGA_ID_LENGTH);
  cantiga_buffer_add_field (fields, stream->grant.bytes, CANTIGA_ID_LENGTH);
  cantiga_buffer_add_field_text (fields, method);
  cantiga_buffer_add_field_text (fields, path);
  cantiga_buffer_add_field_u64 (fields, request->counter);
  if (cantiga_buffer_failed (fields))
    return cantiga_fail (error, CANTIGA_ERROR_TOO_LARGE);
  request->mac_length = cantiga_digest_get_length (stream->suite.digest);
  return cantiga_hmac (stream->suite.digest, &stream->request_key, cantiga_buffer_bytes (fields), cantiga_buffer_length (fields), request->mac,
                       error);
}

/* "The counter starts at 0 and is never used twice in a grant" (docs/protocol.md 10.2). */
static guint64
take_counter (CantigaStream *stream)
{
  guint64 counter;

  g_mutex_lock (&stream->lock);
  counter = stream->next_counter++;
  g_mutex_unlock (&stream->lock);
  return counter;
}

gboolean
cantiga_stream_create_request (CantigaStream *stream, const char *method, const char *path, CantigaChunkRequest *ret_request,
                               char **ret_authorization, GError **error)
{
  CantigaChunkRequest request = { .counter = take_counter (stream) };
  char session[CANTIGA_ID_TEXT_LENGTH];
  g_autofree char *mac = NULL;

  if (!make_mac (stream, method, path, &request, error))
    return FALSE;
  mac = cantiga_base64url_encode (request.mac, request.mac_length);
  *ret_authorization = g_strdup_printf ("Cantiga %s.%" G_GUINT64_FORMAT ".%s", cantiga_id_format (&stream->session, session), request.counter, mac);
  *ret_request = request;
  return TRUE;
}

/* One spelling a counter: no sign, no leading zeros. */
static gboolean
parse_counter (const char *text, guint64 *ret_counter)
{
  if (text[0] == '0' && text[1] != '\0')
    return FALSE;
  return g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, ret_counter, NULL);
}

static gboolean
mac_is (const CantigaChunkRequest *request, const char *text)
{
  g_autoptr (GBytes) mac = cantiga_base64url_decode (text, strlen (text));

  return mac != NULL && g_bytes_get_size (mac) == request->mac_length
         && cantiga_bytes_equal (g_bytes_get_data (mac, NULL), request->mac, request->mac_length);
}

/* "the server accepts each once, within a window of 64 below the highest seen" (docs/protocol.md 10.2). */
static gboolean
accept_counter (CantigaStream *stream, guint64 counter)
{
  gboolean fresh;

  g_mutex_lock (&stream->lock);
  fresh = cantiga_window_accept (&stream->window, counter);
  g_mutex_unlock (&stream->lock);
  return fresh;
}

/* The MAC first: a counter that nobody signed must not move the window. */
gboolean
cantiga_stream_consume_request (CantigaStream *stream, const char *method, const char *path, const char *counter, const char *mac,
                                CantigaChunkRequest *ret_request, GError **error)
{
  CantigaChunkRequest request = { 0 };

  if (!parse_counter (counter, &request.counter))
    return cantiga_fail (error, CANTIGA_ERROR_NOT_AUTHENTICATED);
  if (!make_mac (stream, method, path, &request, error))
    return FALSE;
  if (!mac_is (&request, mac) || !accept_counter (stream, request.counter))
    return cantiga_fail (error, CANTIGA_ERROR_NOT_AUTHENTICATED);
  *ret_request = request;
  return TRUE;
}

/* "chunk key i = Expand(stream, "cantiga/1 chunk", u64 i; |D|)" (docs/protocol.md 10.1). */
static gboolean
derive_chunk_key (const CantigaStream *stream, guint64 index, CantigaKey *ret_key, GError **error)
{
  g_autoptr (CantigaBuffer) context = cantiga_buffer_new ();

  cantiga_buffer_add_field_u64 (context, index);
  return cantiga_expand (stream->suite.digest, &stream->key, CANTIGA_LABEL_CHUNK, context, cantiga_digest_get_length (stream->suite.digest), ret_key,
                         error);
}

/* "an envelope of kind 2, number i, under chunk key i; as the number and tag of the request (5.3) stand the counter and the mac"
 * (docs/protocol.md 10.3). */
static CantigaPlace
place_of_answer (const CantigaStream *stream, CantigaKind kind, const CantigaChunkRequest *request, const char *method, const char *path,
                 guint64 index)
{
  return (CantigaPlace){
    .direction = CANTIGA_ROLE_SERVER,
    .session = &stream->session,
    .kind = kind,
    .number = index,
    .method = method,
    .path = path,
    .request_number = request->counter,
    .request_tag = request->mac,
    .request_tag_length = request->mac_length,
  };
}

/* `u8 n || n × 32 bytes || chunk` (docs/protocol.md 10.3). */
gsize
cantiga_stream_envelope_length (CantigaStream *stream, guint path_length, gsize length)
{
  return cantiga_envelope_length (&stream->suite, 1 + (gsize)path_length * CANTIGA_HASH_LENGTH + length);
}

gboolean
cantiga_stream_seal_chunk (CantigaStream *stream, const CantigaChunkRequest *request, const char *method, const char *path, guint64 index,
                           gconstpointer text, gsize text_length, guint8 *envelope, GError **error)
{
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;
  CantigaPlace place = place_of_answer (stream, CANTIGA_KIND_CHUNK, request, method, path, index);

  return derive_chunk_key (stream, index, &key, error)
         && cantiga_envelope_seal_into (&stream->suite, &key, &place, text, text_length, envelope, error);
}

GBytes *
cantiga_stream_seal_refusal (CantigaStream *stream, const CantigaChunkRequest *request, const char *method, const char *path, guint64 index,
                             GBytes *text, GError **error)
{
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;
  CantigaPlace place = place_of_answer (stream, CANTIGA_KIND_CONTROL, request, method, path, index);

  if (!derive_chunk_key (stream, index, &key, error))
    return NULL;
  return cantiga_envelope_seal (&stream->suite, &key, &place, text, error);
}

/* "Refusals of an authenticated chunk request are sealed the same way with kind 1 and text JSON" (docs/protocol.md 10.3). */
static void
consume_refusal (GBytes *text, GError **error)
{
  gsize length;
  gconstpointer bytes = g_bytes_get_data (text, &length);
  g_autoptr (JsonObject) problem = cantiga_json_parse (bytes, length, error);

  if (problem != NULL)
    cantiga_problem_consume (problem, error);
}

GBytes *
cantiga_stream_open_chunk (CantigaStream *stream, const CantigaChunkRequest *request, const char *method, const char *path, guint64 index,
                           GBytes *envelope, GError **error)
{
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;
  g_autoptr (GBytes) text = NULL;
  CantigaPlace place;
  CantigaKind kind;
  guint64 number;

  if (!cantiga_envelope_peek (envelope, &kind, &number))
    {
      cantiga_fail (error, CANTIGA_ERROR_FORGED);
      return NULL;
    }
  place = place_of_answer (stream, kind, request, method, path, index);
  if (!derive_chunk_key (stream, index, &key, error))
    return NULL;
  text = cantiga_envelope_open (&stream->suite, &key, &place, envelope, error);
  if (text == NULL || kind == CANTIGA_KIND_CHUNK)
    return g_steal_pointer (&text);
  consume_refusal (text, error);
  return NULL;
}
