#include "core/stream.h"

#include <string.h>

#include "core/authorization.h"

#define PATH "/api/download?grant=00&chunk=7"
#define INDEX 7

static const CantigaSuite usual = { CANTIGA_KEX_ECDH, CANTIGA_AUTH_ECDSA, CANTIGA_CIPHER_CHACHA20_POLY1305, CANTIGA_DIGEST_SHA256 };

/* Both ends of one stream, and what they came from. */
typedef struct
{
  CantigaSuite suite;
  CantigaId session;
  CantigaId grant;
  CantigaKey key;
  CantigaStream *player;
  CantigaStream *server;
} Pair;

static CantigaStream *
create_end (const Pair *pair)
{
  g_autoptr (GError) error = NULL;
  CantigaStream *stream = cantiga_stream_new (&pair->suite, &pair->session, &pair->grant, &pair->key, &error);

  g_assert_no_error (error);
  return stream;
}

static Pair *
pair_new (const CantigaSuite *suite)
{
  Pair *pair = g_new0 (Pair, 1);

  pair->suite = *suite;
  pair->key.length = cantiga_digest_get_length (suite->digest);
  cantiga_random (pair->key.bytes, pair->key.length);
  cantiga_id_new_random (&pair->session);
  cantiga_id_new_random (&pair->grant);
  pair->player = create_end (pair);
  pair->server = create_end (pair);
  return pair;
}

static void
pair_free (Pair *pair)
{
  cantiga_stream_unref (pair->player);
  cantiga_stream_unref (pair->server);
  g_free (pair);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pair, pair_free)

/* A request as it goes: the player's value, and the two parts of its header. */
typedef struct
{
  CantigaChunkRequest value;
  GStrv parts;
} Asked;

static void
asked_clear (Asked *asked)
{
  g_strfreev (asked->parts);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Asked, asked_clear)

static Asked
ask (CantigaStream *player)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *header = NULL;
  CantigaId session;
  Asked asked;

  g_assert_true (cantiga_stream_create_request (player, "GET", PATH, &asked.value, &header, &error));
  g_assert_true (cantiga_authorization_consume (header, &session, &asked.parts, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (asked.parts), ==, 2);
  return asked;
}

static CantigaChunkRequest
accept (CantigaStream *server, const Asked *asked)
{
  g_autoptr (GError) error = NULL;
  CantigaChunkRequest taken;

  g_assert_true (cantiga_stream_consume_request (server, "GET", PATH, asked->parts[0], asked->parts[1], &taken, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (taken.counter, ==, asked->value.counter);
  return taken;
}

static void
assert_refuses (CantigaStream *server, const char *method, const char *path, const char *counter, const char *mac)
{
  g_autoptr (GError) error = NULL;
  CantigaChunkRequest taken;

  g_assert_false (cantiga_stream_consume_request (server, method, path, counter, mac, &taken, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_AUTHENTICATED);
}

static GBytes *
seal (CantigaStream *server, const CantigaChunkRequest *request, guint64 index, guint path_length, gsize chunk_length)
{
  g_autoptr (GError) error = NULL;
  gsize text_length = 1 + path_length * 32 + chunk_length;
  g_autofree guint8 *text = g_malloc (text_length);
  gsize length = cantiga_stream_envelope_length (server, path_length, chunk_length);
  guint8 *envelope = g_malloc (length);

  memset (text, (int)index, text_length);
  text[0] = (guint8)path_length;
  g_assert_true (cantiga_stream_seal_chunk (server, request, "GET", PATH, index, text, text_length, envelope, &error));
  g_assert_no_error (error);
  return g_bytes_new_take (envelope, length);
}

static void
assert_opens (CantigaStream *player, const CantigaChunkRequest *request, guint64 index, GBytes *envelope, gsize text_length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text = cantiga_stream_open_chunk (player, request, "GET", PATH, index, envelope, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (text), ==, text_length);
  g_assert_cmpuint (((const guint8 *)g_bytes_get_data (text, NULL))[text_length - 1], ==, index);
}

static void
assert_forged (CantigaStream *player, const CantigaChunkRequest *request, const char *method, const char *path, guint64 index, GBytes *envelope)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_stream_open_chunk (player, request, method, path, index, envelope, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_FORGED);
}

static void
for_every_cipher (void (*check) (Pair *pair))
{
  for (guint cipher = CANTIGA_CIPHER_AES256_GCM; cipher <= CANTIGA_CIPHER_EDE_CBC; cipher++)
    for (guint digest = CANTIGA_DIGEST_SHA256; digest <= CANTIGA_DIGEST_SHA512; digest++)
      {
        CantigaSuite suite = { CANTIGA_KEX_DH, CANTIGA_AUTH_RSA, cipher, digest };
        g_autoptr (Pair) pair = pair_new (&suite);

        check (pair);
      }
}

static void
check_round_trip (Pair *pair)
{
  g_auto (Asked) asked = ask (pair->player);
  CantigaChunkRequest taken = accept (pair->server, &asked);
  g_autoptr (GBytes) whole = seal (pair->server, &taken, INDEX, 12, CANTIGA_CHUNK_SIZE);
  g_autoptr (GBytes) short_one = seal (pair->server, &taken, INDEX, 0, 1);

  assert_opens (pair->player, &asked.value, INDEX, whole, 1 + 12 * 32 + CANTIGA_CHUNK_SIZE);
  assert_opens (pair->player, &asked.value, INDEX, short_one, 2);
}

static void
test_round_trip (void)
{
  for_every_cipher (check_round_trip);
}

static void
check_bit_flips (Pair *pair)
{
  g_auto (Asked) asked = ask (pair->player);
  CantigaChunkRequest taken = accept (pair->server, &asked);
  g_autoptr (GBytes) envelope = seal (pair->server, &taken, INDEX, 1, 40);
  gsize length = g_bytes_get_size (envelope);

  for (gsize at = 0; at < length; at++)
    {
      guint8 *bytes = g_memdup2 (g_bytes_get_data (envelope, NULL), length);
      g_autoptr (GBytes) flipped = g_bytes_new_take (bytes, length);
      g_autoptr (GBytes) cut = g_bytes_new (bytes, at);

      bytes[at] ^= 0x04;
      assert_forged (pair->player, &asked.value, "GET", PATH, INDEX, flipped);
      assert_forged (pair->player, &asked.value, "GET", PATH, INDEX, cut);
    }
  assert_opens (pair->player, &asked.value, INDEX, envelope, 1 + 32 + 40);
}

static void
test_bit_flips (void)
{
  for_every_cipher (check_bit_flips);
}

/* Chunks come in any order and again, each under its own key. */
static void
test_any_order (void)
{
  static const guint64 indices[] = { 3, 0, 9, 3, 1, 0, 9 };
  g_autoptr (Pair) pair = pair_new (&usual);

  for (gsize i = 0; i < G_N_ELEMENTS (indices); i++)
    {
      g_auto (Asked) asked = ask (pair->player);
      CantigaChunkRequest taken = accept (pair->server, &asked);
      g_autoptr (GBytes) envelope = seal (pair->server, &taken, indices[i], 0, 100);

      assert_opens (pair->player, &asked.value, indices[i], envelope, 101);
    }
}

static void
test_bound_to_its_place (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_auto (Asked) asked = ask (pair->player);
  g_auto (Asked) other = ask (pair->player);
  CantigaChunkRequest taken = accept (pair->server, &asked);
  g_autoptr (GBytes) envelope = seal (pair->server, &taken, INDEX, 0, 10);

  assert_forged (pair->player, &asked.value, "GET", PATH, INDEX + 1, envelope);
  assert_forged (pair->player, &other.value, "GET", PATH, INDEX, envelope);
  assert_forged (pair->player, &asked.value, "HEAD", PATH, INDEX, envelope);
  assert_forged (pair->player, &asked.value, "GET", PATH "7", INDEX, envelope);
  assert_opens (pair->player, &asked.value, INDEX, envelope, 11);
}

/* An index written over in the header is still sealed under the key of the first. */
static void
test_renumbered (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_auto (Asked) asked = ask (pair->player);
  g_autoptr (GBytes) envelope = seal (pair->server, &asked.value, INDEX, 0, 10);
  gsize length = g_bytes_get_size (envelope);
  guint8 *bytes = g_memdup2 (g_bytes_get_data (envelope, NULL), length);
  g_autoptr (GBytes) renumbered = g_bytes_new_take (bytes, length);

  bytes[9] = INDEX + 1;
  assert_forged (pair->player, &asked.value, "GET", PATH, INDEX + 1, renumbered);
}

static void
check_elsewhere (const Pair *pair, const Asked *asked)
{
  g_autoptr (CantigaStream) elsewhere = create_end (pair);
  g_autoptr (GBytes) envelope = seal (elsewhere, &asked->value, INDEX, 0, 10);

  assert_refuses (elsewhere, "GET", PATH, asked->parts[0], asked->parts[1]);
  assert_forged (pair->player, &asked->value, "GET", PATH, INDEX, envelope);
}

static void
test_another_grant_session_or_key (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_auto (Asked) asked = ask (pair->player);
  Pair other;

  other = *pair;
  other.grant.bytes[15] ^= 1;
  check_elsewhere (&other, &asked);
  other = *pair;
  other.session.bytes[15] ^= 1;
  check_elsewhere (&other, &asked);
  other = *pair;
  other.key.bytes[0] ^= 1;
  check_elsewhere (&other, &asked);
}

static void
test_request_bound_to_its_place (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_auto (Asked) asked = ask (pair->player);

  assert_refuses (pair->server, "HEAD", PATH, asked.parts[0], asked.parts[1]);
  assert_refuses (pair->server, "GET", PATH "7", asked.parts[0], asked.parts[1]);
  assert_refuses (pair->server, "GETx", PATH, asked.parts[0], asked.parts[1]);
  assert_refuses (pair->server, "GET", PATH, "1", asked.parts[1]);
  accept (pair->server, &asked);
}

/* Every case has the true MAC of counter 0, or none at all. */
static void
test_malformed_requests (void)
{
  static const char *const counters[] = { "", "-0", "+0", "00", " 0", "0 ", "0x0", "0.", "18446744073709551616", "18446744073709551615", "a" };
  g_autoptr (Pair) pair = pair_new (&usual);
  g_auto (Asked) asked = ask (pair->player);
  g_autofree char *padded = g_strconcat (asked.parts[1], "=", NULL);
  g_autofree char *longer = g_strconcat (asked.parts[1], "AA", NULL);
  g_autofree char *shorter = g_strndup (asked.parts[1], strlen (asked.parts[1]) - 2);

  for (gsize i = 0; i < G_N_ELEMENTS (counters); i++)
    assert_refuses (pair->server, "GET", PATH, counters[i], asked.parts[1]);
  assert_refuses (pair->server, "GET", PATH, "0", "");
  assert_refuses (pair->server, "GET", PATH, "0", "AAAA");
  assert_refuses (pair->server, "GET", PATH, "0", "!");
  assert_refuses (pair->server, "GET", PATH, "0", padded);
  assert_refuses (pair->server, "GET", PATH, "0", longer);
  assert_refuses (pair->server, "GET", PATH, "0", shorter);
  accept (pair->server, &asked);
}

static void
test_replay (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_auto (Asked) first = ask (pair->player);
  g_auto (Asked) second = ask (pair->player);
  g_auto (Asked) third = ask (pair->player);

  accept (pair->server, &third);
  accept (pair->server, &first);
  assert_refuses (pair->server, "GET", PATH, first.parts[0], first.parts[1]);
  assert_refuses (pair->server, "GET", PATH, third.parts[0], third.parts[1]);
  accept (pair->server, &second);
  assert_refuses (pair->server, "GET", PATH, second.parts[0], second.parts[1]);
}

static void
test_too_old (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_auto (Asked) oldest = ask (pair->player);
  g_auto (Asked) old = ask (pair->player);

  for (guint i = 0; i < 64; i++)
    {
      g_auto (Asked) asked = ask (pair->player);

      accept (pair->server, &asked);
    }
  assert_refuses (pair->server, "GET", PATH, oldest.parts[0], oldest.parts[1]);
  accept (pair->server, &old);
}

/* A counter that nobody signed must not move the window. */
static void
test_forged_counter (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_auto (Asked) asked = ask (pair->player);

  assert_refuses (pair->server, "GET", PATH, "1000000", asked.parts[1]);
  assert_refuses (pair->server, "GET", PATH, "18446744073709551614", asked.parts[1]);
  accept (pair->server, &asked);
}

static GBytes *
seal_refusal (CantigaStream *server, const CantigaChunkRequest *request, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) content = g_bytes_new_static (text, strlen (text));
  GBytes *envelope = cantiga_stream_seal_refusal (server, request, "GET", PATH, INDEX, content, &error);

  g_assert_no_error (error);
  return envelope;
}

static void
test_refusal (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_autoptr (GError) error = NULL;
  g_auto (Asked) asked = ask (pair->player);
  CantigaChunkRequest taken = accept (pair->server, &asked);
  g_autoptr (GBytes) envelope = seal_refusal (pair->server, &taken, "{\"type\":\"/problems/slow-down\",\"title\":\"Wait a little.\",\"status\":429}");

  g_assert_null (cantiga_stream_open_chunk (pair->player, &asked.value, "GET", PATH, INDEX, envelope, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_SLOW_DOWN);
}

/* Neither JSON nor a problem: still no chunk, and an error. */
static void
test_refusal_of_nothing (void)
{
  static const char *const texts[] = { "", "{}", "[]", "\x01 32 bytes and a chunk" };
  g_autoptr (Pair) pair = pair_new (&usual);
  g_auto (Asked) asked = ask (pair->player);

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) envelope = seal_refusal (pair->server, &asked.value, texts[i]);

      g_assert_null (cantiga_stream_open_chunk (pair->player, &asked.value, "GET", PATH, INDEX, envelope, &error));
      g_assert_nonnull (error);
    }
}

static void
test_refusal_is_no_chunk (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_auto (Asked) asked = ask (pair->player);
  g_autoptr (GBytes) envelope = seal_refusal (pair->server, &asked.value, "{}");
  gsize length = g_bytes_get_size (envelope);
  guint8 *bytes = g_memdup2 (g_bytes_get_data (envelope, NULL), length);
  g_autoptr (GBytes) disguised = g_bytes_new_take (bytes, length);

  bytes[1] = 2;
  assert_forged (pair->player, &asked.value, "GET", PATH, INDEX, disguised);
}

enum
{
  THREADS = 4,
  TURNS = 250
};

/* Takes counters into an array of its own; several run beside each other. */
typedef struct
{
  CantigaStream *stream;
  guint64 counters[TURNS];
} Taker;

static gpointer
take_counters (gpointer user_data)
{
  Taker *taker = user_data;

  for (guint i = 0; i < TURNS; i++)
    {
      g_auto (Asked) asked = ask (taker->stream);

      taker->counters[i] = asked.value.counter;
    }
  return NULL;
}

static void
test_counters_of_threads (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  GThread *threads[THREADS];
  Taker takers[THREADS];
  gboolean seen[THREADS * TURNS] = { FALSE };

  for (guint i = 0; i < THREADS; i++)
    {
      takers[i].stream = pair->player;
      threads[i] = g_thread_new ("taker", take_counters, &takers[i]);
    }
  for (guint i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < THREADS; i++)
    for (guint turn = 0; turn < TURNS; turn++)
      {
        g_assert_cmpuint (takers[i].counters[turn], <, THREADS * TURNS);
        g_assert_false (seen[takers[i].counters[turn]]);
        seen[takers[i].counters[turn]] = TRUE;
      }
}

typedef struct
{
  CantigaStream *server;
  const Asked *asked;
  gint accepted;
} Door;

static gpointer
try_door (gpointer user_data)
{
  Door *door = user_data;
  CantigaChunkRequest taken;

  for (guint i = 0; i < TURNS; i++)
    {
      g_autoptr (GError) error = NULL;

      if (cantiga_stream_consume_request (door->server, "GET", PATH, door->asked->parts[0], door->asked->parts[1], &taken, &error))
        g_atomic_int_inc (&door->accepted);
    }
  return NULL;
}

static void
test_one_of_threads (void)
{
  g_autoptr (Pair) pair = pair_new (&usual);
  g_auto (Asked) asked = ask (pair->player);
  Door door = { pair->server, &asked, 0 };
  GThread *threads[THREADS];

  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("door", try_door, &door);
  for (guint i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (door.accepted, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stream/carries-chunks-under-every-cipher", test_round_trip);
  g_test_add_func ("/stream/refuses-every-flipped-bit-and-every-cut", test_bit_flips);
  g_test_add_func ("/stream/carries-chunks-in-any-order-and-again", test_any_order);
  g_test_add_func ("/stream/binds-a-chunk-to-index-request-method-and-path", test_bound_to_its_place);
  g_test_add_func ("/stream/refuses-a-chunk-with-another-index-written-over", test_renumbered);
  g_test_add_func ("/stream/knows-no-other-grant-session-or-key", test_another_grant_session_or_key);
  g_test_add_func ("/stream/binds-a-request-to-counter-method-and-path", test_request_bound_to_its_place);
  g_test_add_func ("/stream/refuses-malformed-counters-and-macs", test_malformed_requests);
  g_test_add_func ("/stream/accepts-requests-out-of-order-once", test_replay);
  g_test_add_func ("/stream/refuses-a-request-too-far-behind", test_too_old);
  g_test_add_func ("/stream/moves-its-window-for-no-forged-counter", test_forged_counter);
  g_test_add_func ("/stream/turns-a-refusal-into-its-error", test_refusal);
  g_test_add_func ("/stream/takes-no-refusal-that-is-none", test_refusal_of_nothing);
  g_test_add_func ("/stream/takes-no-refusal-for-a-chunk", test_refusal_is_no_chunk);
  g_test_add_func ("/stream/gives-threads-counters-of-their-own", test_counters_of_threads);
  g_test_add_func ("/stream/accepts-a-request-from-one-of-many-threads", test_one_of_threads);
  return g_test_run ();
}
