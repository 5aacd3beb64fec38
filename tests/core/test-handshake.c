#include "handshake-fixture.h"

#include <malloc.h>

#define PATH "/api/download?grant=0&chunk=3"

static const char *const strong[] = { "ECDH_EDDSA_AES256_GCM_SHA512", NULL };

static GBytes *
ask (CantigaChannel *player, CantigaChannel *server, GBytes *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) request = cantiga_channel_seal_request (player, "POST", "/api/license", text, &error);
  g_autoptr (GBytes) opened = NULL, repeated = NULL, answer = NULL;
  GBytes *answer_text;

  g_assert_no_error (error);
  g_assert_true (cantiga_channel_open_request (server, "POST", "/api/license", request, &opened, &repeated, &error));
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (opened, text));
  answer = cantiga_channel_seal_answer (server, opened, &error);
  g_assert_no_error (error);
  answer_text = cantiga_channel_open_answer (player, answer, &error);
  g_assert_no_error (error);
  return answer_text;
}

static void
fetch_chunk (CantigaStream *player, CantigaStream *server)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *header = NULL;
  g_auto (GStrv) parts = NULL;
  CantigaChunkRequest asked, taken;
  CantigaId session;
  static const guint8 text[1 + 500] = { 0, 1, 2, 3 };
  gsize length = cantiga_stream_envelope_length (server, 0, 500);
  g_autofree guint8 *envelope = g_malloc (length);
  g_autoptr (GBytes) sealed = NULL, opened = NULL;

  g_assert_true (cantiga_stream_create_request (player, "GET", PATH, &asked, &header, &error));
  g_assert_true (cantiga_authorization_consume (header, &session, &parts, &error));
  g_assert_true (cantiga_stream_consume_request (server, "GET", PATH, parts[0], parts[1], &taken, &error));
  g_assert_true (cantiga_stream_seal_chunk (server, &taken, "GET", PATH, 3, text, sizeof text, envelope, &error));
  g_assert_no_error (error);
  sealed = g_bytes_new_static (envelope, length);
  opened = cantiga_stream_open_chunk (player, &asked, "GET", PATH, 3, sealed, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (opened, NULL), g_bytes_get_size (opened), text, sizeof text);
}

/* The two channels of a run belong together: a control message, the card's message, a chunk. */
static void
assert_channels_agree (Run *run)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaChannel) player = cantiga_handshake_take_channel (run->player);
  g_autoptr (CantigaChannel) server = cantiga_handshake_take_channel (run->server);
  g_autoptr (GBytes) of_player = cantiga_channel_get_card_message (player);
  g_autoptr (GBytes) of_server = cantiga_channel_get_card_message (server);
  g_autoptr (GBytes) text = g_bytes_new_static ("{}", 2);
  g_autoptr (GBytes) answer = ask (player, server, text);
  g_autoptr (CantigaStream) player_stream = NULL;
  g_autoptr (CantigaStream) server_stream = NULL;
  CantigaId grant;

  g_assert_true (g_bytes_equal (answer, text));
  g_assert_true (g_bytes_equal (of_player, of_server));
  cantiga_id_new_random (&grant);
  player_stream = cantiga_channel_derive_stream (player, &grant, &error);
  server_stream = cantiga_channel_derive_stream (server, &grant, &error);
  g_assert_no_error (error);
  fetch_chunk (player_stream, server_stream);
}

static void
assert_suite_is (Run *run, const char *name)
{
  g_assert_cmpstr (cantiga_suite_get_name (cantiga_handshake_get_suite (run->player)), ==, name);
  g_assert_cmpstr (cantiga_suite_get_name (cantiga_handshake_get_suite (run->server)), ==, name);
}

static void
test_every_suite (void)
{
  gsize n;
  const CantigaSuite *suites = cantiga_suites_all (&n);
  CantigaServerTerms terms = terms_of (get_world ());

  g_assert_cmpuint (n, ==, 72);
  for (gsize i = 0; i < n; i++)
    {
      const char *offered[] = { cantiga_suite_get_name (&suites[i]), NULL };
      g_autoptr (Run) run = run_new_with (&terms, get_world ()->players[suites[i].auth], offered, "ffdhe2048");

      run_until (run, DONE);
      assert_suite_is (run, offered[0]);
      g_assert_cmpint (cantiga_handshake_get_awaits (run->player), ==, CANTIGA_AWAITS_NOTHING);
      g_assert_cmpint (cantiga_handshake_get_awaits (run->server), ==, CANTIGA_AWAITS_NOTHING);
      assert_channels_agree (run);
    }
}

static const struct
{
  const char *suite;
  const char *wanted;
  const char *used;
} groups[] = {
  { "ECDH_EDDSA_AES256_GCM_SHA512", NULL, "x25519" },         { "ECDH_EDDSA_AES256_GCM_SHA512", "x25519", "x25519" },
  { "ECDH_EDDSA_AES256_GCM_SHA512", "ffdhe4096", "x25519" },  { "DH_EDDSA_AES256_GCM_SHA512", "ffdhe2048", "ffdhe2048" },
  { "DH_EDDSA_AES256_GCM_SHA512", "ffdhe3072", "ffdhe3072" }, { "DH_EDDSA_AES256_GCM_SHA512", "ffdhe4096", "ffdhe4096" },
  { "DH_EDDSA_AES256_GCM_SHA512", NULL, "ffdhe3072" },        { "DH_EDDSA_AES256_GCM_SHA512", "x25519", "ffdhe3072" },
};

static void
test_every_group (void)
{
  CantigaServerTerms terms = terms_of (get_world ());

  for (gsize i = 0; i < G_N_ELEMENTS (groups); i++)
    {
      const char *offered[] = { groups[i].suite, NULL };
      g_autoptr (Run) run = run_new_with (&terms, get_world ()->players[CANTIGA_AUTH_EDDSA], offered, groups[i].wanted);
      g_autoptr (JsonObject) request = NULL;

      run_until (run, PLAYER_KEY);
      request = run_take_message (run);
      g_assert_cmpstr (json_object_get_string_member (request, "group"), ==, groups[i].used);
      run_until (run, DONE);
      assert_channels_agree (run);
    }
}

static void
test_unknown_group (void)
{
  CantigaServerTerms terms = terms_of (get_world ());
  g_autoptr (Run) run = run_new_with (&terms, get_world ()->players[CANTIGA_AUTH_EDDSA], strong, "modp1024");

  run_until (run, CHOICE);
  assert_refused (run, CANTIGA_ERROR_BAD_GROUP);
}

/* The player offers what is for its own key alone, in the order in which it was told. */
static void
test_offer (void)
{
  static const char *const told[] = { "ECDH_RSA_AES256_GCM_SHA512",   "ECDH_EDDSA_AES128_CBC_SHA256",
                                      "DH_EDDSA_AES256_GCM_SHA512",   "NONSENSE",
                                      "ECDH_ECDSA_AES256_GCM_SHA512", NULL };
  static const char *const offered[] = { "ECDH_EDDSA_AES128_CBC_SHA256", "DH_EDDSA_AES256_GCM_SHA512", NULL };
  g_autoptr (Run) run = run_new (CANTIGA_AUTH_EDDSA, told);
  g_autoptr (JsonObject) message = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) sent = NULL;

  run_until (run, OFFER);
  message = run_take_message (run);
  sent = cantiga_json_get_texts (message, "suites", 72, 40, &error);
  g_assert_no_error (error);
  g_assert_cmpstrv (sent, offered);
  run_until (run, DONE);
  assert_suite_is (run, "DH_EDDSA_AES256_GCM_SHA512");
}

static void
test_nothing_to_offer (void)
{
  g_autoptr (Run) run = run_new (CANTIGA_AUTH_RSA, strong);

  assert_refused (run, CANTIGA_ERROR_NO_COMMON_SUITE);
}

static void
test_nothing_in_common (void)
{
  static const char *const enabled[] = { "DH_EDDSA_AES256_GCM_SHA512", "ECDH_RSA_AES256_GCM_SHA512", NULL };
  CantigaServerTerms terms = terms_of (get_world ());
  g_autoptr (Run) run = NULL;

  terms.suites = enabled;
  run = run_new_with (&terms, get_world ()->players[CANTIGA_AUTH_EDDSA], strong, NULL);
  run_until (run, OFFER);
  assert_refused (run, CANTIGA_ERROR_NO_COMMON_SUITE);
}

static void
test_peers (void)
{
  g_autoptr (Run) run = run_new (CANTIGA_AUTH_ECDSA, (const char *const *)get_world ()->all_suites);
  g_autofree char *server = NULL;
  g_assert_null (cantiga_handshake_get_server_certificate (run->player));
  g_assert_cmpint (cantiga_handshake_get_crl_number (run->player), ==, -1);
  g_assert_null (cantiga_handshake_get_player (run->server));
  run_until (run, SESSION);
  g_assert_cmpstr (cantiga_handshake_get_player (run->server), ==, PLAYER_UUID);
  run_until (run, DONE);
  server = cantiga_certificate_dup_uuid (cantiga_handshake_get_server_certificate (run->player));
  g_assert_cmpstr (server, ==, SERVER_UUID);
  g_assert_cmpstr (cantiga_handshake_get_player (run->server), ==, PLAYER_UUID);
  g_assert_cmpint (cantiga_handshake_get_crl_number (run->player), ==, CRL_NUMBER);
}

static void
test_channel_once (void)
{
  g_autoptr (Run) run = run_new (CANTIGA_AUTH_EDDSA, strong);
  g_autoptr (CantigaChannel) channel = NULL;

  run_until (run, SERVER_KEY);
  g_assert_null (cantiga_handshake_take_channel (run->player));
  run_until (run, DONE);
  channel = cantiga_handshake_take_channel (run->player);
  g_assert_nonnull (channel);
  g_assert_null (cantiga_handshake_take_channel (run->player));
}

static void
test_certificates_by_kind (void)
{
  CantigaServerTerms terms = terms_of (get_world ());
  g_autoptr (GError) none = NULL;
  g_autoptr (GError) unknown = NULL;
  g_autoptr (GBytes) first = cantiga_server_terms_create_certificates (&terms, NULL, &none);
  g_autoptr (GBytes) named = cantiga_server_terms_create_certificates (&terms, "ECDSA", &none);
  g_autoptr (GBytes) other = cantiga_server_terms_create_certificates (&terms, "RSA", &none);

  g_assert_no_error (none);
  g_assert_true (g_bytes_equal (first, named));
  g_assert_false (g_bytes_equal (first, other));
  g_assert_null (cantiga_server_terms_create_certificates (&terms, "rsa", &unknown));
  g_assert_error (unknown, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
  terms.identities[CANTIGA_AUTH_RSA] = NULL;
  g_assert_null (cantiga_server_terms_create_certificates (&terms, "RSA", &none));
  g_assert_error (none, CANTIGA_ERROR, CANTIGA_ERROR_NO_COMMON_SUITE);
}

static void
test_peek (void)
{
  g_autoptr (Run) run = run_new (CANTIGA_AUTH_EDDSA, strong);
  g_autoptr (GBytes) nothing = g_bytes_new_static ("{}", 2);
  g_autoptr (GError) error = NULL;
  CantigaId session;

  run_until (run, OFFER);
  g_assert_true (cantiga_handshake_peek_session (run->message, &session, &error));
  g_assert_no_error (error);
  g_assert_true (cantiga_id_equal (&session, &run->server->session));
  g_assert_false (cantiga_handshake_peek_session (nothing, &session, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
}

/* "Unknown members are ignored" (docs/protocol.md 3). */
static void
test_unknown_members (void)
{
  g_autoptr (Run) run = run_new (CANTIGA_AUTH_EDDSA, strong);

  while (run->stage < DONE)
    {
      run_set_text (run, "future", "member");
      run_deliver (run);
    }
  assert_channels_agree (run);
}

/* A player that offers all that can be offered, in names of its own, just before its share. */
static CantigaHandshake *
half_open (CantigaAuth auth)
{
  const char *offered[CANTIGA_SUITES_MAX + 1] = { NULL };
  g_autofree char *filler = g_strnfill (CANTIGA_SUITE_NAME_MAX, 'X');
  g_auto (GStrv) common = cantiga_suites_filter ((const char *const *)get_world ()->all_suites, auth);
  g_autoptr (Run) run = run_new (auth, (const char *const *)common);
  g_autoptr (JsonObject) offer = NULL;

  for (gsize i = 0; i < CANTIGA_SUITES_MAX; i++)
    offered[i] = filler;
  offered[0] = common[0];
  run_until (run, OFFER);
  offer = run_take_message (run);
  cantiga_json_set_texts (offer, "suites", offered);
  run_put_message (run, offer);
  run_until (run, CHOICE);
  g_assert_cmpint (cantiga_handshake_get_awaits (run->server), ==, CANTIGA_AWAITS_KEY);
  return g_steal_pointer (&run->server);
}

/* "A half-open session costs the server under 8 KiB" (docs/protocol.md 3.7). */
static void
test_half_open_size (void)
{
  enum
  {
    SESSIONS = 200
  };
  CantigaHandshake *handshakes[SESSIONS];

  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      gsize before, after;

      /* The first one has what is fetched once and kept. */
      cantiga_handshake_free (half_open (auth));
      before = mallinfo2 ().uordblks;
      for (guint i = 0; i < SESSIONS; i++)
        handshakes[i] = half_open (auth);
      after = mallinfo2 ().uordblks;
      for (guint i = 0; i < SESSIONS; i++)
        cantiga_handshake_free (handshakes[i]);
      g_test_message ("%s: %" G_GSIZE_FORMAT " bytes", cantiga_auth_get_name (auth), (after - before) / SESSIONS);
      g_assert_cmpuint ((after - before) / SESSIONS, <, 8192);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/handshake/ends-in-a-channel-under-every-suite", test_every_suite);
  g_test_add_func ("/handshake/ends-in-a-channel-over-every-group", test_every_group);
  g_test_add_func ("/handshake/refuses-a-group-that-it-does-not-know", test_unknown_group);
  g_test_add_func ("/handshake/offers-the-suites-of-the-players-key", test_offer);
  g_test_add_func ("/handshake/does-not-begin-with-nothing-to-offer", test_nothing_to_offer);
  g_test_add_func ("/handshake/ends-with-nothing-in-common", test_nothing_in_common);
  g_test_add_func ("/handshake/tells-who-the-other-is", test_peers);
  g_test_add_func ("/handshake/gives-its-channel-once", test_channel_once);
  g_test_add_func ("/handshake/shows-the-certificate-of-the-kind-asked-for", test_certificates_by_kind);
  g_test_add_func ("/handshake/tells-a-bodys-session", test_peek);
  g_test_add_func ("/handshake/ignores-unknown-members", test_unknown_members);
  g_test_add_func ("/handshake/costs-the-server-under-8-kib-half-open", test_half_open_size);
  return g_test_run ();
}
