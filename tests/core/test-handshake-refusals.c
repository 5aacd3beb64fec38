#include "handshake-fixture.h"

#include <openssl/bn.h>

static const char *const ecdh[] = { "ECDH_EDDSA_AES256_GCM_SHA512", "ECDH_EDDSA_AES128_CBC_SHA256", NULL };
static const char *const dh[] = { "DH_EDDSA_AES256_GCM_SHA512", NULL };

static Run *
run_new_at (Stage stage)
{
  Run *run = run_new (CANTIGA_AUTH_EDDSA, ecdh);

  run_until (run, stage);
  return run;
}

static void
set_suites (Run *run, const char *const *suites)
{
  g_autoptr (JsonObject) message = run_take_message (run);

  cantiga_json_set_texts (message, "suites", suites);
  run_put_message (run, message);
}

/* ---- what is changed on its way shows in the first signature over it ---- */

static void
test_talked_down_list (void)
{
  static const char *const weaker[] = { "ECDH_EDDSA_AES128_CBC_SHA256", NULL };
  g_autoptr (Run) run = run_new_at (OFFER);

  set_suites (run, weaker);
  run_until (run, PLAYER_KEY);
  assert_refused (run, CANTIGA_ERROR_SIGNATURE_REFUSED);
}

static void
test_reordered_list (void)
{
  static const char *const lists[][4] = {
    { "ECDH_EDDSA_AES128_CBC_SHA256", "ECDH_EDDSA_AES256_GCM_SHA512" },
    { "ECDH_EDDSA_AES256_GCM_SHA512", "ECDH_EDDSA_AES128_CBC_SHA256", "X" },
    { "ECDH_EDDSA_AES256_GCM_SHA512", "ECDH_EDDSA_AES128_CBC_SHA256", "ECDH_EDDSA_AES128_CBC_SHA256" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autoptr (Run) run = run_new_at (OFFER);

      set_suites (run, lists[i]);
      run_until (run, PLAYER_KEY);
      assert_refused (run, CANTIGA_ERROR_SIGNATURE_REFUSED);
    }
}

static void
test_choice_not_offered (void)
{
  static const char *const names[]
      = { "ECDH_EDDSA_EDE_CBC_SHA256", "ECDH_RSA_AES256_GCM_SHA512", "DH_EDDSA_AES256_GCM_SHA512", "X", "", "ecdh_eddsa_aes256_gcm_sha512" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (Run) run = run_new_at (CHOICE);

      run_set_text (run, "suite", names[i]);
      assert_refused (run, CANTIGA_ERROR_NO_COMMON_SUITE);
    }
}

static void
test_choice_talked_down (void)
{
  g_autoptr (Run) run = run_new_at (CHOICE);

  run_set_text (run, "suite", "ECDH_EDDSA_AES128_CBC_SHA256");
  run_until (run, PLAYER_KEY);
  assert_refused (run, CANTIGA_ERROR_SIGNATURE_REFUSED);
}

static void
test_changed_nonces (void)
{
  static const Stage stages[] = { HELLO, SESSION };

  for (gsize i = 0; i < G_N_ELEMENTS (stages); i++)
    {
      g_autoptr (Run) run = run_new_at (stages[i]);

      run_flip (run, "nonce");
      run_until (run, PLAYER_KEY);
      assert_refused (run, CANTIGA_ERROR_SIGNATURE_REFUSED);
    }
}

/* The player takes part in a session that is not the server's. */
static void
test_changed_session (void)
{
  g_autoptr (Run) run = run_new_at (SESSION);
  g_autofree char *own = NULL;
  char text[CANTIGA_ID_TEXT_LENGTH];

  own = g_strdup (cantiga_id_format (&run->server->session, text));
  run_set_text (run, "session", "00112233445566778899aabbccddeeff");
  run_until (run, OFFER);
  run_set_text (run, "session", own);
  run_until (run, PLAYER_KEY);
  run_set_text (run, "session", own);
  assert_refused (run, CANTIGA_ERROR_SIGNATURE_REFUSED);
}

static void
test_another_session_named (void)
{
  static const Stage stages[] = { OFFER, PLAYER_KEY };

  for (gsize i = 0; i < G_N_ELEMENTS (stages); i++)
    {
      g_autoptr (Run) run = run_new_at (stages[i]);

      run_set_text (run, "session", "00112233445566778899aabbccddeeff");
      assert_refused (run, CANTIGA_ERROR_NOT_AUTHENTICATED);
    }
}

static void
set_certificates (Run *run, CantigaIdentity *identity)
{
  g_autoptr (JsonObject) message = run_take_message (run);

  cantiga_json_set_bytes_list (message, "certificates", identity->certificates);
  run_put_message (run, message);
}

/* Another player's certificate in the place of this one's; another certificate of the same server's in the place of the one it uses. */
static void
test_exchanged_leaves (void)
{
  const World *world = get_world ();
  g_autoptr (CantigaIdentity) player = identity_new (world, world->server_keys[CANTIGA_AUTH_EDDSA], CANTIGA_USAGE_PLAYER, PLAYER_UUID);
  g_autoptr (CantigaIdentity) server = identity_new (world, world->player_keys[CANTIGA_AUTH_EDDSA], CANTIGA_USAGE_SERVER, SERVER_UUID);
  g_autoptr (Run) with_other_player = run_new_at (HELLO);
  g_autoptr (Run) with_other_server = run_new_at (CERTIFICATES);

  set_certificates (with_other_player, player);
  run_until (with_other_player, PLAYER_KEY);
  assert_refused (with_other_player, CANTIGA_ERROR_SIGNATURE_REFUSED);
  set_certificates (with_other_server, server);
  run_until (with_other_server, PLAYER_KEY);
  assert_refused (with_other_server, CANTIGA_ERROR_SIGNATURE_REFUSED);
}

static void
test_changed_group (void)
{
  CantigaServerTerms terms = terms_of (get_world ());
  g_autoptr (Run) run = run_new_with (&terms, get_world ()->players[CANTIGA_AUTH_EDDSA], dh, "ffdhe3072");
  GBytes *p, *g;

  run_until (run, PLAYER_KEY);
  g_assert_true (cantiga_group_get_parameters ("ffdhe2048", &p, &g));
  run_set_text (run, "group", "ffdhe2048");
  run_set_bytes (run, "p", p);
  run_set_bytes (run, "g", g);
  assert_refused (run, CANTIGA_ERROR_SIGNATURE_REFUSED);
}

static void
test_changed_key_messages (void)
{
  static const struct
  {
    Stage stage;
    const char *member;
    CantigaError code;
  } cases[] = {
    { PLAYER_KEY, "public", CANTIGA_ERROR_SIGNATURE_REFUSED }, { PLAYER_KEY, "signature", CANTIGA_ERROR_SIGNATURE_REFUSED },
    { SERVER_KEY, "public", CANTIGA_ERROR_SIGNATURE_REFUSED }, { SERVER_KEY, "signature", CANTIGA_ERROR_SIGNATURE_REFUSED },
    { SERVER_KEY, "finished", CANTIGA_ERROR_FORGED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Run) run = run_new_at (cases[i].stage);

      run_flip (run, cases[i].member);
      assert_refused (run, cases[i].code);
    }
}

/* ---- messages of another run ---- */

static void
copy_member (Run *from, Run *to, const char *member)
{
  g_autoptr (GBytes) bytes = run_get_bytes (from, member);

  run_set_bytes (to, member, bytes);
}

static void
check_signature_of_another_run (CantigaAuth auth, Stage stage)
{
  const char *const *all = (const char *const *)get_world ()->all_suites;
  g_autoptr (Run) run = run_new (auth, all);
  g_autoptr (Run) other = run_new (auth, all);

  run_until (run, stage);
  run_until (other, stage);
  copy_member (other, run, "signature");
  assert_refused (run, CANTIGA_ERROR_SIGNATURE_REFUSED);
}

static void
test_signature_of_another_run (void)
{
  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      check_signature_of_another_run (auth, PLAYER_KEY);
      check_signature_of_another_run (auth, SERVER_KEY);
    }
}

/* The attack on the original: one signed share serves for ever. Here the old message, whole, with the new session's name on it. */
static void
test_replayed_key (void)
{
  g_autoptr (Run) old = run_new_at (PLAYER_KEY);
  g_autoptr (Run) run = run_new_at (PLAYER_KEY);
  char session[CANTIGA_ID_TEXT_LENGTH];

  g_bytes_unref (run->message);
  run->message = g_bytes_ref (old->message);
  run_set_text (run, "session", cantiga_id_format (&run->server->session, session));
  assert_refused (run, CANTIGA_ERROR_SIGNATURE_REFUSED);
}

static void
test_replayed_answer (void)
{
  g_autoptr (Run) old = run_new_at (SERVER_KEY);
  g_autoptr (Run) run = run_new_at (SERVER_KEY);

  g_bytes_unref (run->message);
  run->message = g_bytes_ref (old->message);
  assert_refused (run, CANTIGA_ERROR_SIGNATURE_REFUSED);
}

/* Nor does the player's own signature serve as the server's: each role has its label. */
static void
test_reflected_signature (void)
{
  const World *world = get_world ();
  g_autoptr (Run) run = run_new_at (SERVER_KEY);
  g_autoptr (GBytes) public = run_get_bytes (run, "public");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) message = NULL, signature = NULL;
  guint8 t2[32];

  cantiga_transcript_t2 (run->player->t1, run->player->signature, public, t2);
  message = cantiga_transcript_signed (t2);
  signature = cantiga_sign (world->server_keys[CANTIGA_AUTH_EDDSA], CANTIGA_LABEL_PLAYER_KEY_EXCHANGE, g_bytes_get_data (message, NULL),
                            g_bytes_get_size (message), &error);
  g_assert_no_error (error);
  run_set_bytes (run, "signature", signature);
  assert_refused (run, CANTIGA_ERROR_SIGNATURE_REFUSED);
}

/* ---- groups and public values, under signatures that verify ---- */

/* A player who signs whatever public value it likes. */
static void
sign_player_public (Run *run, const char *group, GBytes *public)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) signature = NULL;
  guint8 t1[32];

  cantiga_handshake_hash_t1 (run->player, group, public, t1);
  signature = cantiga_handshake_sign (run->player, CANTIGA_LABEL_PLAYER_KEY_EXCHANGE, t1, &error);
  g_assert_no_error (error);
  run_set_bytes (run, "public", public);
  run_set_bytes (run, "signature", signature);
}

/* A server who does. */
static void
sign_server_public (Run *run, GBytes *public)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) message = NULL, signature = NULL;
  guint8 t2[32];

  cantiga_transcript_t2 (run->player->t1, run->player->signature, public, t2);
  message = cantiga_transcript_signed (t2);
  signature = cantiga_sign (get_world ()->server_keys[CANTIGA_AUTH_EDDSA], CANTIGA_LABEL_SERVER_KEY_EXCHANGE, g_bytes_get_data (message, NULL),
                            g_bytes_get_size (message), &error);
  g_assert_no_error (error);
  run_set_bytes (run, "public", public);
  run_set_bytes (run, "signature", signature);
}

static void
assert_public_refused (const char *const *suites, const char *group, GBytes *public)
{
  CantigaServerTerms terms = terms_of (get_world ());
  CantigaIdentity *identity = get_world ()->players[CANTIGA_AUTH_EDDSA];
  g_autoptr (Run) by_server = run_new_with (&terms, identity, suites, group);
  g_autoptr (Run) by_player = run_new_with (&terms, identity, suites, group);

  run_until (by_server, PLAYER_KEY);
  sign_player_public (by_server, group, public);
  assert_refused (by_server, CANTIGA_ERROR_BAD_PUBLIC_VALUE);
  run_until (by_player, SERVER_KEY);
  sign_server_public (by_player, public);
  assert_refused (by_player, CANTIGA_ERROR_BAD_PUBLIC_VALUE);
}

/* p + offset, or with from_zero the offset itself, padded to p's length. */
static GBytes *
number_near_p (GBytes *p, gboolean from_zero, int offset)
{
  gsize length = g_bytes_get_size (p);
  BIGNUM *number = from_zero ? BN_new () : BN_bin2bn (g_bytes_get_data (p, NULL), (int)length, NULL);
  guint8 *bytes = g_malloc (length);

  if (from_zero)
    BN_zero (number);
  g_assert_true (offset < 0 ? BN_sub_word (number, (BN_ULONG)-offset) : BN_add_word (number, (BN_ULONG)offset));
  g_assert_cmpint (BN_bn2binpad (number, bytes, (int)length), ==, (int)length);
  BN_free (number);
  return g_bytes_new_take (bytes, length);
}

/* "a DH public value outside 2 … p-2 [is] refused" (docs/protocol.md 3.8). */
static void
test_dh_public_values (void)
{
  static const struct
  {
    gboolean from_zero;
    int offset;
  } values[] = { { TRUE, 0 }, { TRUE, 1 }, { FALSE, -1 }, { FALSE, 0 }, { FALSE, 1 } };
  GBytes *p, *g;

  g_assert_true (cantiga_group_get_parameters ("ffdhe2048", &p, &g));
  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autoptr (GBytes) public = number_near_p (p, values[i].from_zero, values[i].offset);

      assert_public_refused (dh, "ffdhe2048", public);
    }
}

static void
test_dh_public_lengths (void)
{
  static const gsize lengths[] = { 1, 255, 257, 1024 };

  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      guint8 *bytes = g_malloc (lengths[i]);
      g_autoptr (GBytes) public = g_bytes_new_take (bytes, lengths[i]);

      memset (bytes, 0x11, lengths[i]);
      assert_public_refused (dh, "ffdhe2048", public);
    }
}

/* Points of small order, whose Z is all zero whatever the other's share is; and wrong lengths. */
static void
test_x25519_public_values (void)
{
  static const guint8 zero[64] = { 0 };
  static const guint8 one[32] = { 1 };
  static const guint8 of_order_8[32] = { 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
                                         0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 };
  const CantigaSpan values[] = { { zero, 32 }, { one, 32 }, { of_order_8, 32 }, { zero, 31 }, { zero, 33 }, { of_order_8, 16 }, { zero, 64 } };

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autoptr (GBytes) public = g_bytes_new_static (values[i].bytes, values[i].length);

      assert_public_refused (ecdh, "x25519", public);
    }
}

static void
assert_group_refused (const char *group, GBytes *p, GBytes *g)
{
  CantigaServerTerms terms = terms_of (get_world ());
  g_autoptr (Run) run = run_new_with (&terms, get_world ()->players[CANTIGA_AUTH_EDDSA], dh, "ffdhe2048");
  g_autoptr (GBytes) public = NULL;

  run_until (run, PLAYER_KEY);
  public = run_get_bytes (run, "public");
  sign_player_public (run, group, public);
  run_set_text (run, "group", group);
  run_set_bytes (run, "p", p);
  run_set_bytes (run, "g", g);
  assert_refused (run, CANTIGA_ERROR_BAD_GROUP);
}

/* "p and g … must be the group's" (docs/protocol.md 3.4). */
static void
test_groups (void)
{
  static const guint8 three[] = { 3 };
  static const guint8 padded_two[] = { 0, 2 };
  g_autoptr (GBytes) other_g = g_bytes_new_static (three, sizeof three);
  g_autoptr (GBytes) padded_g = g_bytes_new_static (padded_two, sizeof padded_two);
  g_autoptr (GBytes) other_p = NULL;
  GBytes *p, *g, *larger_p;

  g_assert_true (cantiga_group_get_parameters ("ffdhe2048", &p, &g));
  g_assert_true (cantiga_group_get_parameters ("ffdhe3072", &larger_p, &g));
  other_p = number_near_p (p, FALSE, 2);
  assert_group_refused ("ffdhe2048", other_p, g);
  assert_group_refused ("ffdhe2048", larger_p, g);
  assert_group_refused ("ffdhe3072", p, g);
  assert_group_refused ("ffdhe2048", p, other_g);
  assert_group_refused ("ffdhe2048", p, padded_g);
  assert_group_refused ("ffdhe2048", g, p);
  assert_group_refused ("modp1024", p, g);
  assert_group_refused ("FFDHE2048", p, g);
  assert_group_refused ("x25519", p, g);
  assert_group_refused ("", p, g);
}

static void
test_group_of_another_kex (void)
{
  g_autoptr (Run) run = run_new_at (PLAYER_KEY);

  run_set_text (run, "group", "ffdhe2048");
  assert_refused (run, CANTIGA_ERROR_BAD_GROUP);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/handshake/refuses/a-list-of-suites-talked-down", test_talked_down_list);
  g_test_add_func ("/handshake/refuses/a-list-of-suites-in-another-order", test_reordered_list);
  g_test_add_func ("/handshake/refuses/a-suite-that-was-not-offered", test_choice_not_offered);
  g_test_add_func ("/handshake/refuses/a-choice-talked-down", test_choice_talked_down);
  g_test_add_func ("/handshake/refuses/changed-nonces", test_changed_nonces);
  g_test_add_func ("/handshake/refuses/a-changed-session", test_changed_session);
  g_test_add_func ("/handshake/refuses/a-message-that-names-another-session", test_another_session_named);
  g_test_add_func ("/handshake/refuses/exchanged-certificates", test_exchanged_leaves);
  g_test_add_func ("/handshake/refuses/a-changed-group", test_changed_group);
  g_test_add_func ("/handshake/refuses/changed-key-messages", test_changed_key_messages);
  g_test_add_func ("/handshake/refuses/a-signature-over-another-transcript", test_signature_of_another_run);
  g_test_add_func ("/handshake/refuses/an-old-key-message", test_replayed_key);
  g_test_add_func ("/handshake/refuses/an-old-answer", test_replayed_answer);
  g_test_add_func ("/handshake/refuses/a-signature-of-the-other-role", test_reflected_signature);
  g_test_add_func ("/handshake/refuses/dh-values-outside-the-group", test_dh_public_values);
  g_test_add_func ("/handshake/refuses/dh-values-of-another-length", test_dh_public_lengths);
  g_test_add_func ("/handshake/refuses/x25519-points-of-small-order", test_x25519_public_values);
  g_test_add_func ("/handshake/refuses/p-and-g-that-are-not-registered", test_groups);
  g_test_add_func ("/handshake/refuses/a-group-of-another-key-exchange", test_group_of_another_kex);
  return g_test_run ();
}
