/* The C code against tests/vectors/transcript.json, which make-transcript.py derived from docs/protocol.md by itself. */
#include <string.h>

#include "core/channel.h"
#include "core/ratchet.h"
#include "core/transcript.h"

static GBytes *
get (JsonObject *object, const char *member)
{
  const char *hex = json_object_get_string_member (object, member);
  gsize length = strlen (hex) / 2;
  guint8 *bytes = g_malloc (length + 1);

  for (gsize i = 0; i < length; i++)
    bytes[i] = (guint8)(g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));
  return g_bytes_new_take (bytes, length);
}

static CantigaKey
get_key (JsonObject *object, const char *member)
{
  g_autoptr (GBytes) bytes = get (object, member);
  CantigaKey key = CANTIGA_KEY_INIT;

  cantiga_key_set (&key, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  return key;
}

static CantigaId
get_id (JsonObject *object, const char *member)
{
  CantigaId id;

  g_assert_true (cantiga_id_parse (json_object_get_string_member (object, member), &id));
  return id;
}

static void
assert_is (gconstpointer bytes, gsize length, JsonObject *object, const char *member)
{
  g_autoptr (GBytes) expected = get (object, member);

  g_assert_cmpmem (bytes, length, g_bytes_get_data (expected, NULL), g_bytes_get_size (expected));
}

static void
assert_bytes_are (GBytes *bytes, JsonObject *object, const char *member)
{
  assert_is (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), object, member);
}

/* One case of the file. */
typedef struct
{
  JsonObject *given;
  JsonObject *derived;
  JsonArray *exchanges;
  GStrv offered;
  const char *group;
  CantigaSuite suite;
  CantigaId session;
} Case;

static void
case_init (Case *this, JsonObject *object)
{
  g_autoptr (GError) error = NULL;

  this->given = json_object_get_object_member (object, "given");
  this->derived = json_object_get_object_member (object, "derived");
  this->exchanges = json_object_get_array_member (object, "exchanges");
  this->offered = cantiga_json_get_texts (object, "offered", 72, 40, &error);
  g_assert_no_error (error);
  this->group = json_object_get_string_member (object, "group");
  g_assert_true (cantiga_suite_parse (json_object_get_string_member (object, "suite"), &this->suite));
  this->session = get_id (this->given, "session");
}

static void
for_every_case (void (*check) (const Case *this))
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "vectors", "transcript.json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  JsonArray *cases;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  cases = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "cases");
  g_assert_cmpuint (json_array_get_length (cases), ==, 7);
  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      Case this;

      case_init (&this, json_array_get_object_element (cases, i));
      check (&this);
      g_strfreev (this.offered);
    }
}

static void
check_transcript (const Case *this)
{
  g_autoptr (GBytes) server_leaf = get (this->given, "server_leaf");
  g_autoptr (GBytes) player_leaf = get (this->given, "player_leaf");
  g_autoptr (GBytes) player_nonce = get (this->given, "player_nonce");
  g_autoptr (GBytes) server_nonce = get (this->given, "server_nonce");
  g_autoptr (GBytes) player_public = get (this->given, "player_public");
  g_autoptr (GBytes) signature = get (this->given, "player_signature");
  g_autoptr (GBytes) server_public = get (this->given, "server_public");
  CantigaTranscript transcript = {
    server_leaf, player_leaf,  player_nonce, &this->session, server_nonce, (const char *const *)this->offered, cantiga_suite_get_name (&this->suite),
    this->group, player_public
  };
  guint8 t1[32], t2[32];

  cantiga_transcript_t1 (&transcript, t1);
  assert_is (t1, sizeof t1, this->derived, "t1");
  cantiga_transcript_t2 (t1, signature, server_public, t2);
  assert_is (t2, sizeof t2, this->derived, "t2");
}

static void
test_transcript (void)
{
  for_every_case (check_transcript);
}

static void
assert_expands (const Case *this, const CantigaKey *prk, const char *label, gsize length, const char *member)
{
  g_autoptr (GError) error = NULL;
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;

  g_assert_true (cantiga_expand (this->suite.digest, prk, label, NULL, length, &key, &error));
  g_assert_no_error (error);
  assert_is (key.bytes, key.length, this->derived, member);
}

static void
check_keys (const Case *this)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) z = get (this->given, "z");
  g_autoptr (GBytes) t2 = get (this->derived, "t2");
  g_auto (CantigaKey) prk = CANTIGA_KEY_INIT;
  g_auto (CantigaKey) finished_key = get_key (this->derived, "finished_key");
  gsize length = cantiga_digest_get_length (this->suite.digest);
  guint8 finished[CANTIGA_KEY_MAX];

  g_assert_true (
      cantiga_hkdf_extract (this->suite.digest, g_bytes_get_data (t2, NULL), 32, g_bytes_get_data (z, NULL), g_bytes_get_size (z), &prk, &error));
  assert_is (prk.bytes, prk.length, this->derived, "prk");
  assert_expands (this, &prk, CANTIGA_LABEL_FINISHED, length, "finished_key");
  assert_expands (this, &prk, CANTIGA_LABEL_PLAYER_TO_SERVER, length, "c0");
  assert_expands (this, &prk, CANTIGA_LABEL_SERVER_TO_PLAYER, length, "r0");
  assert_expands (this, &prk, CANTIGA_LABEL_ROTATION, length, "rotation");
  assert_expands (this, &prk, CANTIGA_LABEL_CARD_BINDING, 32, "card_binding");
  g_assert_true (cantiga_hmac (this->suite.digest, &finished_key, g_bytes_get_data (t2, NULL), 32, finished, &error));
  assert_is (finished, length, this->derived, "finished");
}

static void
test_keys (void)
{
  for_every_case (check_keys);
}

static CantigaChannel *
create_channel (const Case *this, CantigaRole role)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) leaf = get (this->given, "server_leaf");
  g_auto (CantigaKey) prk = get_key (this->derived, "prk");
  CantigaChannel *channel;
  guint8 hash[32];

  cantiga_sha256 (g_bytes_get_data (leaf, NULL), g_bytes_get_size (leaf), hash);
  channel = cantiga_channel_new (role, &this->suite, &this->session, hash, &prk, &error);
  g_assert_no_error (error);
  return channel;
}

/* The place of exchange number's request, or, with request given, of its answer. */
static CantigaPlace
place_of (const Case *this, JsonObject *exchange, guint64 number, GBytes *request)
{
  return (CantigaPlace){
    .direction = request != NULL ? CANTIGA_ROLE_SERVER : CANTIGA_ROLE_PLAYER,
    .session = &this->session,
    .kind = CANTIGA_KIND_CONTROL,
    .number = number,
    .method = json_object_get_string_member (exchange, "method"),
    .path = json_object_get_string_member (exchange, "path"),
    .request_number = number,
    .request_tag = request != NULL ? cantiga_envelope_get_tag (&this->suite, request) : NULL,
    .request_tag_length = cantiga_suite_get_tag_length (&this->suite),
  };
}

/* The chains as the file has them, and its envelopes under them. */
static void
check_envelopes (const Case *this)
{
  g_auto (CantigaKey) rotation = get_key (this->derived, "rotation");
  g_auto (CantigaRatchet) c = { get_key (this->derived, "c0"), 0 };
  g_auto (CantigaRatchet) r = { get_key (this->derived, "r0"), 0 };

  for (guint i = 0; i < json_array_get_length (this->exchanges); i++)
    {
      JsonObject *exchange = json_array_get_object_element (this->exchanges, i);
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) request = get (exchange, "request");
      g_autoptr (GBytes) answer = get (exchange, "answer");
      CantigaPlace of_request = place_of (this, exchange, i, NULL);
      CantigaPlace of_answer = place_of (this, exchange, i, request);
      g_autoptr (GBytes) text = cantiga_envelope_open (&this->suite, &c.key, &of_request, request, &error);
      g_autoptr (GBytes) answer_text = cantiga_envelope_open (&this->suite, &r.key, &of_answer, answer, &error);
      g_auto (CantigaRatchet) next = CANTIGA_RATCHET_INIT;

      g_assert_no_error (error);
      assert_bytes_are (text, exchange, "text");
      assert_bytes_are (answer_text, exchange, "answer_text");
      g_assert_true (cantiga_ratchet_turn (&c, this->suite.digest, &rotation, text, &next, &error));
      cantiga_ratchet_commit (&c, &next);
      assert_is (c.key.bytes, c.key.length, exchange, "c_next");
      g_assert_true (cantiga_ratchet_turn (&r, this->suite.digest, &rotation, answer_text, &next, &error));
      cantiga_ratchet_commit (&r, &next);
      assert_is (r.key.bytes, r.key.length, exchange, "r_next");
    }
}

static void
test_envelopes (void)
{
  for_every_case (check_envelopes);
}

/* The server's end opens the file's requests one after the other, and derives the file's stream from its last answer. */
static CantigaStream *
play_server (const Case *this, CantigaChannel *server)
{
  g_autoptr (GError) error = NULL;
  CantigaId grant = get_id (this->given, "grant");
  CantigaStream *stream;

  for (guint i = 0; i < json_array_get_length (this->exchanges); i++)
    {
      JsonObject *exchange = json_array_get_object_element (this->exchanges, i);
      g_autoptr (GBytes) request = get (exchange, "request");
      g_autoptr (GBytes) answer_text = get (exchange, "answer_text");
      g_autoptr (GBytes) text = NULL, repeated = NULL, answer = NULL;
      CantigaPlace place = place_of (this, exchange, i, NULL);

      g_assert_true (cantiga_channel_open_request (server, place.method, place.path, request, &text, &repeated, &error));
      g_assert_no_error (error);
      assert_bytes_are (text, exchange, "text");
      answer = cantiga_channel_seal_answer (server, answer_text, &error);
      g_assert_no_error (error);
    }
  stream = cantiga_channel_derive_stream (server, &grant, &error);
  g_assert_no_error (error);
  return stream;
}

/* The player's end asks the same; its answers are sealed under the file's keys. */
static CantigaStream *
play_player (const Case *this, CantigaChannel *player)
{
  g_autoptr (GError) error = NULL;
  g_auto (CantigaKey) key = get_key (this->derived, "r0");
  CantigaId grant = get_id (this->given, "grant");
  CantigaStream *stream;

  for (guint i = 0; i < json_array_get_length (this->exchanges); i++)
    {
      JsonObject *exchange = json_array_get_object_element (this->exchanges, i);
      g_autoptr (GBytes) text = get (exchange, "text");
      g_autoptr (GBytes) answer_text = get (exchange, "answer_text");
      g_autoptr (GBytes) request = NULL, answer = NULL, opened = NULL;
      CantigaPlace place = place_of (this, exchange, i, NULL);

      request = cantiga_channel_seal_request (player, place.method, place.path, text, &error);
      g_assert_no_error (error);
      place = place_of (this, exchange, i, request);
      answer = cantiga_envelope_seal (&this->suite, &key, &place, answer_text, &error);
      g_assert_no_error (error);
      opened = cantiga_channel_open_answer (player, answer, &error);
      g_assert_no_error (error);
      assert_bytes_are (opened, exchange, "answer_text");
      key = get_key (exchange, "r_next");
    }
  stream = cantiga_channel_derive_stream (player, &grant, &error);
  g_assert_no_error (error);
  return stream;
}

static CantigaChunkRequest
get_chunk_request (JsonObject *pinned)
{
  g_autoptr (GBytes) mac = get (pinned, "mac");
  CantigaChunkRequest request = { .counter = (guint64)json_object_get_int_member (pinned, "counter"), .mac_length = g_bytes_get_size (mac) };

  memcpy (request.mac, g_bytes_get_data (mac, NULL), request.mac_length);
  return request;
}

static void
assert_stream_is (CantigaStream *stream, JsonObject *pinned)
{
  g_autoptr (GError) error = NULL;
  CantigaChunkRequest request = get_chunk_request (pinned), taken;
  g_autofree char *counter = g_strdup_printf ("%" G_GUINT64_FORMAT, request.counter);
  g_autofree char *mac = cantiga_base64url_encode (request.mac, request.mac_length);
  const char *path = json_object_get_string_member (pinned, "path");
  guint64 index = (guint64)json_object_get_int_member (pinned, "index");
  g_autoptr (GBytes) envelope = get (pinned, "envelope");
  g_autoptr (GBytes) text = NULL;

  g_assert_true (cantiga_stream_consume_request (stream, "GET", path, counter, mac, &taken, &error));
  g_assert_no_error (error);
  text = cantiga_stream_open_chunk (stream, &request, "GET", path, index, envelope, &error);
  g_assert_no_error (error);
  assert_bytes_are (text, pinned, "text");
}

static void
check_channel (const Case *this)
{
  g_autoptr (CantigaChannel) server = create_channel (this, CANTIGA_ROLE_SERVER);
  g_autoptr (CantigaChannel) player = create_channel (this, CANTIGA_ROLE_PLAYER);
  g_autoptr (GBytes) card_message = cantiga_channel_get_card_message (player);
  g_autoptr (CantigaStream) of_server = play_server (this, server);
  g_autoptr (CantigaStream) of_player = play_player (this, player);
  JsonObject *pinned = json_object_get_object_member (this->derived, "stream");

  assert_bytes_are (card_message, this->derived, "card_message");
  assert_stream_is (of_server, pinned);
  assert_stream_is (of_player, pinned);
}

static void
test_channel (void)
{
  for_every_case (check_channel);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vectors/transcript-hashes-are-the-pinned-ones", test_transcript);
  g_test_add_func ("/vectors/first-keys-are-the-pinned-ones", test_keys);
  g_test_add_func ("/vectors/pinned-envelopes-open-as-the-chains-turn", test_envelopes);
  g_test_add_func ("/vectors/both-ends-of-a-channel-follow-the-pinned-session", test_channel);
  return g_test_run ();
}
