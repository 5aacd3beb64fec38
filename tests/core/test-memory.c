/* The core when OpenSSL gets no memory. */
#include "tests/core/memory-fixture.h"

#include "core/channel.h"
#include "tests/core/handshake-fixture.h"
#include "tests/core/sealed-fixture.h"

#define SIZE ((gsize)CHUNK + 5)

/* ---- sealed files ---- */

static gboolean
seal (gpointer data, GError **error)
{
  return try_to_seal (data, 1, SIZE, error);
}

static gboolean
open_and_verify (gpointer data, GError **error)
{
  Fixture *fixture = data;
  g_autofree char *path = path_of (fixture, 1, ".cantiga");
  g_autoptr (CantigaSealed) sealed = cantiga_sealed_open (path, fixture->master, error);
  g_autoptr (GBytes) cover = sealed != NULL ? cantiga_sealed_read_cover (sealed, error) : NULL;

  return cover != NULL && cantiga_sealed_verify (sealed, NULL, NULL, error);
}

/* The title is there and whole, or is not there; a part file of a program that ended is taken over by the next that adds it. */
static void
assert_whole_or_nothing (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = path_of (fixture, 1, ".cantiga");

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return;
  g_assert_true (open_and_verify (fixture, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_remove (path), ==, 0);
}

/* Where it said why it did not, nothing is left. */
static void
assert_nothing_left (gpointer data, gboolean done)
{
  g_autoptr (GPtrArray) names = list_folder (data);

  g_assert_cmpuint (names->len, ==, done ? 1 : 0);
}

static void
test_seal (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = seal_title (fixture, 1, SIZE);

  g_assert_cmpint (g_remove (path), ==, 0);
  memory_try_all (1, seal, assert_nothing_left, fixture, assert_whole_or_nothing);
}

static void
test_read (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = seal_title (fixture, 1, SIZE);

  g_assert_true (open_and_verify (fixture, &error));
  memory_try_all (1, open_and_verify, NULL, fixture, NULL);
}

/* ---- the handshake ---- */

static gboolean
shake_hands (gpointer data, GError **error)
{
  g_autoptr (Run) run = data;

  while (run->stage < DONE)
    {
      g_autoptr (GBytes) reply = NULL;

      if (!deliver_to (run, run->stage, &reply, error))
        {
          memory.refused = 0;
          assert_failed (receiver_of (run, run->stage));
          return FALSE;
        }
      g_clear_pointer (&run->message, g_bytes_unref);
      run->message = g_steal_pointer (&reply);
      run->stage++;
    }
  return TRUE;
}

static gboolean
shake_hands_of (gpointer auth, GError **error)
{
  guint refused = memory.refused;
  Run *run;

  /* Beginning one is not what is tried. */
  memory.refused = 0;
  run = run_new (GPOINTER_TO_UINT (auth), (const char *const *)get_world ()->all_suites);
  memory.refused = refused;
  return shake_hands (run, error);
}

static void
test_handshake (void)
{
  g_autoptr (GError) error = NULL;
  static const CantigaAuth auths[] = { CANTIGA_AUTH_ECDSA, CANTIGA_AUTH_EDDSA, CANTIGA_AUTH_RSA };

  for (guint i = 0; i < G_N_ELEMENTS (auths); i++)
    {
      g_assert_true (shake_hands_of (GUINT_TO_POINTER (auths[i]), &error));
      memory_try_all (g_test_slow () ? 1 : 29, shake_hands_of, NULL, GUINT_TO_POINTER (auths[i]), NULL);
    }
}

/* ---- the channel ---- */

/* One request and its answer; what failed is done again with memory, as if nothing had been. */
typedef struct
{
  CantigaChannel *player, *server;
  GBytes *request, *text, *answer, *answer_text, *repeated;
} Exchange;

static GBytes *
bytes_of (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

static gboolean
exchange (gpointer data, GError **error)
{
  Exchange *each = data;
  g_autoptr (GBytes) question = bytes_of ("{\"question\": 1}");
  g_autoptr (GBytes) reply = bytes_of ("{\"answer\": 1}");

  if (each->request == NULL && (each->request = cantiga_channel_seal_request (each->player, "POST", "/api/end", question, error)) == NULL)
    return FALSE;
  if (each->text == NULL && !cantiga_channel_open_request (each->server, "POST", "/api/end", each->request, &each->text, &each->repeated, error))
    return FALSE;
  if (each->answer == NULL && (each->answer = cantiga_channel_seal_answer (each->server, reply, error)) == NULL)
    return FALSE;
  if (each->answer_text == NULL && (each->answer_text = cantiga_channel_open_answer (each->player, each->answer, error)) == NULL)
    return FALSE;
  g_assert_true (g_bytes_equal (each->text, question));
  g_assert_true (g_bytes_equal (each->answer_text, reply));
  return TRUE;
}

static void
exchange_again (gpointer data, gboolean done)
{
  Exchange *each = data, next = { .player = each->player, .server = each->server };
  g_autoptr (GError) error = NULL;

  exchange (each, &error);
  g_assert_no_error (error);
  exchange (&next, &error);
  g_assert_no_error (error);
}

static CantigaChannel *
channel_new (CantigaRole role, const CantigaSuite *suite)
{
  static const guint8 leaf_hash[32] = { 1 };
  static const CantigaId session = { { 2 } };
  g_autoptr (GError) error = NULL;
  CantigaKey prk = { .length = cantiga_digest_get_length (suite->digest) };
  CantigaChannel *channel = cantiga_channel_new (role, suite, &session, leaf_hash, &prk, &error);

  g_assert_no_error (error);
  return channel;
}

static void
test_channel (void)
{
  static const CantigaCipher ciphers[] = { CANTIGA_CIPHER_AES256_GCM, CANTIGA_CIPHER_CHACHA20_POLY1305, CANTIGA_CIPHER_AES256_CBC };

  for (guint i = 0; i < G_N_ELEMENTS (ciphers); i++)
    {
      const CantigaSuite suite = { CANTIGA_KEX_ECDH, CANTIGA_AUTH_ECDSA, ciphers[i], CANTIGA_DIGEST_SHA256 };
      Exchange warm = { .player = channel_new (CANTIGA_ROLE_PLAYER, &suite), .server = channel_new (CANTIGA_ROLE_SERVER, &suite) };
      Exchange tried = { .player = warm.player, .server = warm.server };
      g_autoptr (GError) error = NULL;

      g_assert_true (exchange (&warm, &error));
      memory_try_all (1, exchange, exchange_again, &tried, NULL);
      cantiga_channel_free (warm.player);
      cantiga_channel_free (warm.server);
      g_bytes_unref (warm.request);
      g_bytes_unref (warm.text);
      g_bytes_unref (warm.answer);
      g_bytes_unref (warm.answer_text);
    }
}

#define ADD(path, function) g_test_add ("/memory/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  memory_watch_openssl ();
  g_test_init (&argc, &argv, NULL);
  ADD ("a-title-is-sealed-whole-or-not-at-all", test_seal);
  ADD ("a-title-that-cannot-be-read-for-lack-of-it-is-not-called-damaged", test_read);
  g_test_add_func ("/memory/a-handshake-is-made-or-leaves-nothing", test_handshake);
  g_test_add_func ("/memory/a-channel-goes-on-where-it-was", test_channel);
  return g_test_run ();
}
