#include "core/channel.h"

#include <string.h>

#include "core/error.h"

static const guint8 leaf_hash[32] = { 1, 2, 3 };
static const CantigaSuite usual = { CANTIGA_KEX_ECDH, CANTIGA_AUTH_ECDSA, CANTIGA_CIPHER_AES256_GCM, CANTIGA_DIGEST_SHA512 };

/* Both ends of one channel, and what they came from. */
typedef struct
{
  CantigaSuite suite;
  CantigaId session;
  CantigaKey prk;
  CantigaChannel *player;
  CantigaChannel *server;
} Pair;

static CantigaChannel *
create_end (const Pair *pair, CantigaRole role)
{
  g_autoptr (GError) error = NULL;
  CantigaChannel *channel = cantiga_channel_new (role, &pair->suite, &pair->session, leaf_hash, &pair->prk, &error);

  g_assert_no_error (error);
  return channel;
}

static Pair *
pair_new (const CantigaSuite *suite)
{
  Pair *pair = g_new0 (Pair, 1);

  pair->suite = *suite;
  pair->prk.length = cantiga_digest_get_length (suite->digest);
  cantiga_random (pair->prk.bytes, pair->prk.length);
  cantiga_id_new_random (&pair->session);
  pair->player = create_end (pair, CANTIGA_ROLE_PLAYER);
  pair->server = create_end (pair, CANTIGA_ROLE_SERVER);
  return pair;
}

static void
pair_free (Pair *pair)
{
  cantiga_channel_free (pair->player);
  cantiga_channel_free (pair->server);
  g_free (pair);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pair, pair_free)

static GBytes *
text_new (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

static GBytes *
ask (CantigaChannel *player, const char *method, const char *path, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = text != NULL ? text_new (text) : NULL;
  GBytes *request = cantiga_channel_seal_request (player, method, path, content, &error);

  g_assert_no_error (error);
  return request;
}

static void
assert_opens (CantigaChannel *server, const char *method, const char *path, GBytes *request, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text = NULL, answer = NULL;

  g_assert_true (cantiga_channel_open_request (server, method, path, request, &text, &answer, &error));
  g_assert_no_error (error);
  g_assert_null (answer);
  g_assert_cmpmem (g_bytes_get_data (text, NULL), g_bytes_get_size (text), expected, strlen (expected));
}

static void
assert_refuses (CantigaChannel *server, const char *method, const char *path, GBytes *request, CantigaError code)
{
  g_autoptr (GError) error = NULL;
  GBytes *text = NULL, *answer = NULL;

  g_assert_false (cantiga_channel_open_request (server, method, path, request, &text, &answer, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
  g_assert_null (text);
  g_assert_null (answer);
}

static GBytes *
answer_with (CantigaChannel *server, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = text_new (text);
  GBytes *answer = cantiga_channel_seal_answer (server, content, &error);

  g_assert_no_error (error);
  return answer;
}

static void
assert_answers (CantigaChannel *player, GBytes *answer, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text = cantiga_channel_open_answer (player, answer, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (text, NULL), g_bytes_get_size (text), expected, strlen (expected));
}

static void
assert_not_an_answer (CantigaChannel *player, GBytes *answer, CantigaError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_channel_open_answer (player, answer, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
}

/* One request and its answer. */
static void
exchange (Pair *pair, const char *method, const char *path, const char *text, const char *answer_text)
{
  g_autoptr (GBytes) request = ask (pair->player, method, path, text);
  g_autoptr (GBytes) answer = NULL;

  assert_opens (pair->server, method, path, request, text != NULL ? text : "");
  answer = answer_with (pair->server, answer_text);
  assert_answers (pair->player, answer, answer_text);
}

static GBytes *
copy_with_flip (GBytes *envelope, gsize at, guint8 bits)
{
  gsize length;
  gconstpointer start = g_bytes_get_data (envelope, &length);
  guint8 *bytes = g_memdup2 (start, length);

  bytes[at] ^= bits;
  return g_bytes_new_take (bytes, length);
}

static void
test_every_cipher (void)
{
  gsize n;
  const CantigaSuite *suites = cantiga_suites_all (&n);
  g_autofree char *long_text = g_strnfill (70000, 'x');

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (Pair) pair = pair_new (&suites[i]);

      exchange (pair, "POST", "/api/cc", "{\"signature\":\"\"}", "{\"listener\":\"Inês\"}");
      exchange (pair, "GET", "/api/list?after=", NULL, long_text);
      exchange (pair, "GET", "/api/list?after=", NULL, "");
      exchange (pair, "POST", "/api/license", long_text, "{}");
      g_assert_cmpuint (cantiga_channel_get_number (pair->player), ==, 4);
      g_assert_cmpuint (cantiga_channel_get_number (pair->server), ==, 4);
    }
}

static void
test_card_message (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_autoptr (Pair) other = pair_new (&usual);
  g_autoptr (GBytes) of_player = cantiga_channel_get_card_message (pair->player);
  g_autoptr (GBytes) of_server = cantiga_channel_get_card_message (pair->server);
  g_autoptr (GBytes) of_another_session = cantiga_channel_get_card_message (other->server);

  g_assert_cmpuint (g_bytes_get_size (of_player), ==, 4 + strlen ("cantiga/1 citizen card") + 4 + 32 + 4 + 32);
  g_assert_true (g_bytes_equal (of_player, of_server));
  g_assert_false (g_bytes_equal (of_player, of_another_session));
}

static void
test_lost_answer (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_autoptr (GBytes) request = ask (pair->player, "POST", "/api/license", "{}");
  g_autoptr (GBytes) lost = NULL;

  assert_opens (pair->server, "POST", "/api/license", request, "{}");
  lost = answer_with (pair->server, "the licence");
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) again = NULL;
      GBytes *text = NULL;

      g_assert_true (cantiga_channel_open_request (pair->server, "POST", "/api/license", request, &text, &again, &error));
      g_assert_no_error (error);
      g_assert_null (text);
      g_assert_true (g_bytes_equal (again, lost));
    }
  assert_answers (pair->player, lost, "the licence");
  exchange (pair, "GET", "/api/list", NULL, "{}");
}

static void
test_repeat_elsewhere (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_autoptr (GBytes) request = ask (pair->player, "POST", "/api/license", "{}");
  g_autoptr (GBytes) answer = NULL;

  assert_opens (pair->server, "POST", "/api/license", request, "{}");
  answer = answer_with (pair->server, "{}");
  assert_refuses (pair->server, "POST", "/api/end", request, CANTIGA_ERROR_OUT_OF_TURN);
  assert_refuses (pair->server, "PUT", "/api/license", request, CANTIGA_ERROR_OUT_OF_TURN);
}

static void
test_busy (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_autoptr (GBytes) request = ask (pair->player, "POST", "/api/license", "{}");
  g_autoptr (GBytes) answer = NULL;

  assert_opens (pair->server, "POST", "/api/license", request, "{}");
  assert_refuses (pair->server, "POST", "/api/license", request, CANTIGA_ERROR_BUSY);
  assert_refuses (pair->server, "GET", "/api/list", request, CANTIGA_ERROR_BUSY);
  answer = answer_with (pair->server, "{}");
  assert_answers (pair->player, answer, "{}");
}

static void
test_wrong_number (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_autoptr (GBytes) old = ask (pair->player, "GET", "/api/list", NULL);
  g_autoptr (GBytes) answer = NULL, next = NULL, later = NULL;

  assert_opens (pair->server, "GET", "/api/list", old, "");
  answer = answer_with (pair->server, "{}");
  assert_answers (pair->player, answer, "{}");
  exchange (pair, "GET", "/api/list", NULL, "{}");

  next = ask (pair->player, "GET", "/api/list", NULL);
  later = copy_with_flip (next, 9, 0x01);
  assert_refuses (pair->server, "GET", "/api/list", old, CANTIGA_ERROR_OUT_OF_TURN);
  assert_refuses (pair->server, "GET", "/api/list", later, CANTIGA_ERROR_OUT_OF_TURN);
  assert_opens (pair->server, "GET", "/api/list", next, "");
}

/* Bytes 2 to 9 are the number, which is judged by itself. */
static void
check_forged_request (const CantigaSuite *suite)
{
  g_autoptr (Pair) pair = pair_new (suite);
  g_autoptr (GBytes) request = ask (pair->player, "POST", "/api/license", "{\"title\":1}");

  for (gsize at = 0; at < g_bytes_get_size (request); at++)
    {
      g_autoptr (GBytes) forged = copy_with_flip (request, at, 0x01);

      assert_refuses (pair->server, "POST", "/api/license", forged, at >= 2 && at < 10 ? CANTIGA_ERROR_OUT_OF_TURN : CANTIGA_ERROR_NOT_AUTHENTICATED);
    }
  assert_opens (pair->server, "POST", "/api/license", request, "{\"title\":1}");
}

static void
check_forged_answer (const CantigaSuite *suite)
{
  g_autoptr (Pair) pair = pair_new (suite);
  g_autoptr (GBytes) request = ask (pair->player, "POST", "/api/license", "{}");
  g_autoptr (GBytes) answer = NULL;

  assert_opens (pair->server, "POST", "/api/license", request, "{}");
  answer = answer_with (pair->server, "{\"plays_left\":2}");
  for (gsize at = 0; at < g_bytes_get_size (answer); at++)
    {
      g_autoptr (GBytes) forged = copy_with_flip (answer, at, 0x80);

      assert_not_an_answer (pair->player, forged, CANTIGA_ERROR_FORGED);
    }
  assert_answers (pair->player, answer, "{\"plays_left\":2}");
  exchange (pair, "GET", "/api/list", NULL, "{}");
}

static void
for_every_cipher (void (*check) (const CantigaSuite *suite))
{
  for (guint cipher = CANTIGA_CIPHER_AES256_GCM; cipher <= CANTIGA_CIPHER_EDE_CBC; cipher++)
    for (guint digest = CANTIGA_DIGEST_SHA256; digest <= CANTIGA_DIGEST_SHA512; digest++)
      check (&(CantigaSuite){ CANTIGA_KEX_ECDH, CANTIGA_AUTH_EDDSA, cipher, digest });
}

static void
test_forged_request (void)
{
  for_every_cipher (check_forged_request);
}

static void
test_forged_answer (void)
{
  for_every_cipher (check_forged_answer);
}

static void
check_cut_short (const CantigaSuite *suite)
{
  g_autoptr (Pair) pair = pair_new (suite);
  g_autoptr (GBytes) request = ask (pair->player, "POST", "/api/cc", "{}");
  g_autoptr (GBytes) answer = NULL;

  for (gsize length = 0; length < g_bytes_get_size (request); length++)
    {
      g_autoptr (GBytes) cut = g_bytes_new (g_bytes_get_data (request, NULL), length);

      assert_refuses (pair->server, "POST", "/api/cc", cut, CANTIGA_ERROR_NOT_AUTHENTICATED);
    }
  assert_opens (pair->server, "POST", "/api/cc", request, "{}");
  answer = answer_with (pair->server, "{}");
  for (gsize length = 0; length < g_bytes_get_size (answer); length++)
    {
      g_autoptr (GBytes) cut = g_bytes_new (g_bytes_get_data (answer, NULL), length);

      assert_not_an_answer (pair->player, cut, CANTIGA_ERROR_FORGED);
    }
  assert_answers (pair->player, answer, "{}");
}

static void
test_cut_short (void)
{
  for_every_cipher (check_cut_short);
}

static void
test_bound_to_its_place (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_autoptr (GBytes) request = ask (pair->player, "GET", "/api/list?after=1", NULL);

  assert_refuses (pair->server, "POST", "/api/list?after=1", request, CANTIGA_ERROR_NOT_AUTHENTICATED);
  assert_refuses (pair->server, "GET", "/api/list?after=2", request, CANTIGA_ERROR_NOT_AUTHENTICATED);
  assert_refuses (pair->server, "GET", "/api/list", request, CANTIGA_ERROR_NOT_AUTHENTICATED);
  assert_refuses (pair->server, "GET/", "api/list?after=1", request, CANTIGA_ERROR_NOT_AUTHENTICATED);
  assert_opens (pair->server, "GET", "/api/list?after=1", request, "");
}

static void
test_bound_to_its_session (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_autoptr (GBytes) request = ask (pair->player, "GET", "/api/list", NULL);
  g_autoptr (CantigaChannel) elsewhere = NULL;
  Pair other = *pair;

  other.session.bytes[0] ^= 1;
  elsewhere = create_end (&other, CANTIGA_ROLE_SERVER);
  assert_refuses (elsewhere, "GET", "/api/list", request, CANTIGA_ERROR_NOT_AUTHENTICATED);
}

/* Two requests of one number, method, path and text differ by their tags alone. */
static void
test_answer_bound_to_its_request (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_autoptr (CantigaChannel) other_player = create_end (pair, CANTIGA_ROLE_PLAYER);
  g_autoptr (CantigaChannel) other_server = create_end (pair, CANTIGA_ROLE_SERVER);
  g_autoptr (GBytes) request = ask (pair->player, "GET", "/api/list", NULL);
  g_autoptr (GBytes) other_request = ask (other_player, "GET", "/api/list", NULL);
  g_autoptr (GBytes) answer = NULL, other_answer = NULL;

  assert_opens (pair->server, "GET", "/api/list", request, "");
  assert_opens (other_server, "GET", "/api/list", other_request, "");
  answer = answer_with (pair->server, "{}");
  other_answer = answer_with (other_server, "{}");
  assert_not_an_answer (pair->player, other_answer, CANTIGA_ERROR_FORGED);
  assert_answers (pair->player, answer, "{}");
}

static void
test_reflection (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_autoptr (GBytes) request = ask (pair->player, "GET", "/api/list", NULL);
  g_autoptr (GBytes) answer = NULL, next = NULL;
  g_autoptr (CantigaChannel) fresh_server = create_end (pair, CANTIGA_ROLE_SERVER);

  assert_not_an_answer (pair->player, request, CANTIGA_ERROR_FORGED);
  assert_opens (pair->server, "GET", "/api/list", request, "");
  answer = answer_with (pair->server, "");
  assert_refuses (fresh_server, "GET", "/api/list", answer, CANTIGA_ERROR_NOT_AUTHENTICATED);
  assert_answers (pair->player, answer, "");
}

/* The chain holds every text: whoever missed one cannot follow. */
static void
test_chain_holds_texts (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_autoptr (CantigaChannel) other_player = create_end (pair, CANTIGA_ROLE_PLAYER);
  g_autoptr (CantigaChannel) other_server = create_end (pair, CANTIGA_ROLE_SERVER);
  g_autoptr (GBytes) other_request = ask (other_player, "POST", "/api/end", "another text");
  g_autoptr (GBytes) other_answer = NULL, next = NULL, other_next = NULL;

  exchange (pair, "POST", "/api/end", "a text", "{}");
  assert_opens (other_server, "POST", "/api/end", other_request, "another text");
  other_answer = answer_with (other_server, "{}");
  assert_answers (other_player, other_answer, "{}");
  next = ask (pair->player, "POST", "/api/end", "x");
  other_next = ask (other_player, "POST", "/api/end", "x");
  assert_refuses (pair->server, "POST", "/api/end", other_next, CANTIGA_ERROR_NOT_AUTHENTICATED);
  assert_opens (pair->server, "POST", "/api/end", next, "x");
}

static void
test_one_at_a_time (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
  g_autoptr (GBytes) request = NULL, answer = NULL;
  g_autoptr (GError) of_server = NULL;
  g_autoptr (GError) of_player = NULL;

  assert_not_an_answer (pair->player, nothing, CANTIGA_ERROR_OUT_OF_TURN);
  g_assert_null (cantiga_channel_seal_answer (pair->server, nothing, &of_server));
  g_assert_error (of_server, CANTIGA_ERROR, CANTIGA_ERROR_OUT_OF_TURN);
  request = ask (pair->player, "GET", "/api/list", NULL);
  g_assert_null (cantiga_channel_seal_request (pair->player, "GET", "/api/list", NULL, &of_player));
  g_assert_error (of_player, CANTIGA_ERROR, CANTIGA_ERROR_OUT_OF_TURN);
  assert_opens (pair->server, "GET", "/api/list", request, "");
  answer = answer_with (pair->server, "{}");
  assert_answers (pair->player, answer, "{}");
  assert_not_an_answer (pair->player, answer, CANTIGA_ERROR_OUT_OF_TURN);
}

static void
assert_no_stream (CantigaChannel *channel, const CantigaId *grant)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_channel_derive_stream (channel, grant, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_OUT_OF_TURN);
}

static CantigaStream *
derive_stream (CantigaChannel *channel, const CantigaId *grant)
{
  g_autoptr (GError) error = NULL;
  CantigaStream *stream = cantiga_channel_derive_stream (channel, grant, &error);

  g_assert_no_error (error);
  return stream;
}

static void
test_same_stream (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_autoptr (CantigaStream) of_player = NULL;
  g_autoptr (CantigaStream) of_server = NULL;
  g_autofree char *header = NULL;
  g_auto (GStrv) parts = NULL;
  g_autoptr (GError) error = NULL;
  CantigaChunkRequest made, taken;
  CantigaId grant, session;

  cantiga_id_new_random (&grant);
  exchange (pair, "POST", "/api/license", "{}", "the grant");
  of_player = derive_stream (pair->player, &grant);
  of_server = derive_stream (pair->server, &grant);
  g_assert_true (cantiga_stream_create_request (of_player, "GET", "/api/download?chunk=0", &made, &header, &error));
  g_assert_true (cantiga_authorization_consume (header, &session, &parts, &error));
  g_assert_true (cantiga_id_equal (&session, cantiga_channel_get_session (pair->server)));
  g_assert_true (cantiga_stream_consume_request (of_server, "GET", "/api/download?chunk=0", parts[0], parts[1], &taken, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (made.mac, made.mac_length, taken.mac, taken.mac_length);
}

static void
test_stream_belongs_to_the_last_answer (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_autoptr (CantigaStream) stream = NULL;
  g_autoptr (GBytes) request = NULL;
  CantigaId grant;

  cantiga_id_new_random (&grant);
  assert_no_stream (pair->player, &grant);
  assert_no_stream (pair->server, &grant);
  exchange (pair, "POST", "/api/license", "{}", "{}");
  stream = derive_stream (pair->player, &grant);
  assert_no_stream (pair->player, &grant);
  request = ask (pair->player, "GET", "/api/list", NULL);
  assert_opens (pair->server, "GET", "/api/list", request, "");
  assert_no_stream (pair->player, &grant);
  assert_no_stream (pair->server, &grant);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/channel/carries-requests-and-answers-under-every-suite", test_every_cipher);
  g_test_add_func ("/channel/gives-both-sides-one-message-for-the-card", test_card_message);
  g_test_add_func ("/channel/gives-a-lost-answer-again", test_lost_answer);
  g_test_add_func ("/channel/refuses-a-repeat-under-another-name", test_repeat_elsewhere);
  g_test_add_func ("/channel/is-busy-while-a-request-has-no-answer", test_busy);
  g_test_add_func ("/channel/refuses-a-wrong-number-out-of-turn", test_wrong_number);
  g_test_add_func ("/channel/refuses-a-forged-request-and-opens-the-true-one", test_forged_request);
  g_test_add_func ("/channel/refuses-a-forged-answer-and-opens-the-true-one", test_forged_answer);
  g_test_add_func ("/channel/refuses-envelopes-cut-short", test_cut_short);
  g_test_add_func ("/channel/binds-a-request-to-method-and-path", test_bound_to_its_place);
  g_test_add_func ("/channel/binds-a-request-to-its-session", test_bound_to_its_session);
  g_test_add_func ("/channel/binds-an-answer-to-its-request", test_answer_bound_to_its_request);
  g_test_add_func ("/channel/refuses-its-own-messages-sent-back", test_reflection);
  g_test_add_func ("/channel/holds-every-text-in-its-chain", test_chain_holds_texts);
  g_test_add_func ("/channel/goes-one-message-at-a-time", test_one_at_a_time);
  g_test_add_func ("/channel/gives-both-sides-the-same-stream", test_same_stream);
  g_test_add_func ("/channel/derives-a-stream-from-the-last-answer-alone-and-once", test_stream_belongs_to_the_last_answer);
  return g_test_run ();
}
