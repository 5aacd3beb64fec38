#include "handshake-fixture.h"

static const char *const ecdh[] = { "ECDH_EDDSA_AES256_GCM_SHA512", NULL };

static Run *
run_new_at (Stage stage)
{
  Run *run = run_new (CANTIGA_AUTH_EDDSA, ecdh);

  run_until (run, stage);
  return run;
}

static Run *
run_with_server (CantigaIdentity *server, X509_CRL *crl, gint64 crl_number)
{
  const World *world = get_world ();
  CantigaServerTerms terms = terms_of (world);
  Run *run;

  terms.identities[CANTIGA_AUTH_EDDSA] = server;
  terms.crl = crl;
  run = run_new_with (&terms, world->players[CANTIGA_AUTH_EDDSA], ecdh, NULL);
  cantiga_handshake_free (run->player);
  run->player = cantiga_handshake_new_player (world->players[CANTIGA_AUTH_EDDSA], ecdh, NULL, world->authority, SERVER_UUID, crl_number, NOW);
  return run;
}

static void
assert_server_refused (CantigaIdentity *server, X509_CRL *crl, gint64 crl_number)
{
  g_autoptr (Run) run = run_with_server (server, crl, crl_number);

  assert_refused (run, CANTIGA_ERROR_SERVER_REFUSED);
}

static void
test_another_server (void)
{
  const World *world = get_world ();
  EVP_PKEY *key = world->server_keys[CANTIGA_AUTH_EDDSA];
  g_autoptr (CantigaIdentity) other = identity_new (world, key, CANTIGA_USAGE_SERVER, PLAYER_UUID);
  g_autoptr (Run) renamed = run_new_at (CERTIFICATES);

  assert_server_refused (other, world->crl, -1);
  run_set_text (renamed, "server", PLAYER_UUID);
  assert_refused (renamed, CANTIGA_ERROR_SERVER_REFUSED);
}

static void
test_server_of_another_usage (void)
{
  const World *world = get_world ();
  EVP_PKEY *key = world->server_keys[CANTIGA_AUTH_EDDSA];
  g_autoptr (CantigaIdentity) player = identity_new (world, key, CANTIGA_USAGE_PLAYER, SERVER_UUID);
  g_autoptr (CantigaIdentity) publisher = identity_new (world, key, CANTIGA_USAGE_PUBLISHER, SERVER_UUID);

  assert_server_refused (player, world->crl, -1);
  assert_server_refused (publisher, world->crl, -1);
}

static CantigaIdentity *
identity_at (CantigaUsage usage, EVP_PKEY *key, gint64 from, gint64 until)
{
  const World *world = get_world ();
  const char *uuid = usage == CANTIGA_USAGE_SERVER ? SERVER_UUID : PLAYER_UUID;
  g_autoptr (X509) leaf = issue (world->authority, world->authority_key, key, usage, uuid, from, until);

  return identity_of (key, leaf);
}

static void
test_server_out_of_its_time (void)
{
  const World *world = get_world ();
  EVP_PKEY *key = world->server_keys[CANTIGA_AUTH_EDDSA];
  g_autoptr (CantigaIdentity) past = identity_at (CANTIGA_USAGE_SERVER, key, NOW - DAY, NOW - 1);
  g_autoptr (CantigaIdentity) future = identity_at (CANTIGA_USAGE_SERVER, key, NOW + 10, NOW + DAY);

  assert_server_refused (past, world->crl, -1);
  assert_server_refused (future, world->crl, -1);
}

/* Of the same name, so that the signature alone tells it apart. */
static World
other_authority (void)
{
  g_autoptr (GError) error = NULL;
  World other = { 0 };

  other.authority_key = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, &error);
  other.authority = cantiga_authority_issue (other.authority_key, "authority", NOW - DAY, NOW + 1000 * DAY, &error);
  g_assert_no_error (error);
  return other;
}

static void
other_authority_clear (World *other)
{
  EVP_PKEY_free (other->authority_key);
  X509_free (other->authority);
}

static void
test_server_of_another_authority (void)
{
  const World *world = get_world ();
  World other = other_authority ();
  g_autoptr (CantigaIdentity) server = identity_new (&other, world->server_keys[CANTIGA_AUTH_EDDSA], CANTIGA_USAGE_SERVER, SERVER_UUID);
  g_autoptr (X509_CRL) crl = crl_new (&other, CRL_NUMBER, NULL, NOW + DAY);

  assert_server_refused (server, world->crl, -1);
  assert_server_refused (server, crl, -1);
  other_authority_clear (&other);
}

static char *
serial_of (CantigaIdentity *identity)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) leaf = cantiga_certificate_decode (identity->certificates->pdata[0], &error);

  g_assert_no_error (error);
  return cantiga_certificate_dup_serial (leaf);
}

static void
test_revoked_server (void)
{
  const World *world = get_world ();
  CantigaIdentity *server = world->servers[CANTIGA_AUTH_EDDSA];
  g_autofree char *serial = serial_of (server);
  g_autoptr (X509_CRL) crl = crl_new (world, CRL_NUMBER + 1, serial, NOW + DAY);

  assert_server_refused (server, crl, -1);
}

/* "its number not below the highest one seen" (docs/protocol.md 3.1). */
static void
test_rolled_back_list (void)
{
  const World *world = get_world ();
  CantigaIdentity *server = world->servers[CANTIGA_AUTH_EDDSA];
  g_autoptr (Run) same = run_with_server (server, world->crl, CRL_NUMBER);

  assert_server_refused (server, world->crl, CRL_NUMBER + 1);
  run_until (same, DONE);
  g_assert_cmpint (cantiga_handshake_get_crl_number (same->player), ==, CRL_NUMBER);
}

static void
test_lists_that_do_not_hold (void)
{
  const World *world = get_world ();
  CantigaIdentity *server = world->servers[CANTIGA_AUTH_EDDSA];
  World other = other_authority ();
  g_autoptr (X509_CRL) of_another = crl_new (&other, CRL_NUMBER, NULL, NOW + DAY);
  g_autoptr (X509_CRL) past = crl_new (world, CRL_NUMBER, NULL, NOW - 1);
  g_autoptr (X509_CRL) unnumbered = crl_new (world, CRL_NUMBER, NULL, NOW + DAY);
  g_autoptr (Run) changed = run_new_at (CERTIFICATES);

  X509_EXTENSION_free (X509_CRL_delete_ext (unnumbered, X509_CRL_get_ext_by_NID (unnumbered, NID_crl_number, -1)));
  g_assert_cmpint (X509_CRL_sign (unnumbered, world->authority_key, EVP_sha256 ()), >, 0);
  assert_server_refused (server, unnumbered, -1);
  assert_server_refused (server, of_another, -1);
  assert_server_refused (server, past, -1);
  run_flip (changed, "crl");
  assert_refused (changed, CANTIGA_ERROR_SERVER_REFUSED);
  other_authority_clear (&other);
}

/* The server shows a good certificate of its own, but of another kind than the player's. */
static void
test_server_of_another_kind (void)
{
  const World *world = get_world ();
  CantigaServerTerms terms = terms_of (world);
  g_autoptr (Run) run = run_new_at (CERTIFICATES);
  g_autoptr (GError) error = NULL;

  g_bytes_unref (run->message);
  run->message = cantiga_server_terms_create_certificates (&terms, "RSA", &error);
  g_assert_no_error (error);
  assert_refused (run, CANTIGA_ERROR_SERVER_REFUSED);
}

static void
assert_player_refused (CantigaIdentity *player, X509_CRL *crl, CantigaError code)
{
  CantigaServerTerms terms = terms_of (get_world ());
  g_autoptr (Run) run = NULL;

  terms.crl = crl;
  run = run_new_with (&terms, player, ecdh, NULL);
  run_until (run, HELLO);
  assert_refused (run, code);
}

static void
test_player_of_another_usage (void)
{
  const World *world = get_world ();
  EVP_PKEY *key = world->player_keys[CANTIGA_AUTH_EDDSA];
  g_autoptr (CantigaIdentity) server = identity_new (world, key, CANTIGA_USAGE_SERVER, PLAYER_UUID);
  g_autoptr (CantigaIdentity) publisher = identity_new (world, key, CANTIGA_USAGE_PUBLISHER, PLAYER_UUID);

  assert_player_refused (server, world->crl, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  assert_player_refused (publisher, world->crl, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

static void
test_player_out_of_its_time (void)
{
  const World *world = get_world ();
  EVP_PKEY *key = world->player_keys[CANTIGA_AUTH_EDDSA];
  g_autoptr (CantigaIdentity) past = identity_at (CANTIGA_USAGE_PLAYER, key, NOW - DAY, NOW - 1);
  g_autoptr (CantigaIdentity) future = identity_at (CANTIGA_USAGE_PLAYER, key, NOW + 10, NOW + DAY);

  assert_player_refused (past, world->crl, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  assert_player_refused (future, world->crl, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

static void
test_player_of_another_authority (void)
{
  const World *world = get_world ();
  World other = other_authority ();
  g_autoptr (CantigaIdentity) player = identity_new (&other, world->player_keys[CANTIGA_AUTH_EDDSA], CANTIGA_USAGE_PLAYER, PLAYER_UUID);

  assert_player_refused (player, world->crl, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  other_authority_clear (&other);
}

/* Revoked at the server; the list that the player is shown first is still the old one. */
static void
test_revoked_player (void)
{
  const World *world = get_world ();
  CantigaIdentity *player = world->players[CANTIGA_AUTH_EDDSA];
  g_autofree char *serial = serial_of (player);
  g_autoptr (X509_CRL) crl = crl_new (world, CRL_NUMBER + 1, serial, NOW + DAY);

  assert_player_refused (player, crl, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

static void
test_player_of_a_kind_without_server (void)
{
  const World *world = get_world ();
  g_autoptr (Run) run = run_new_at (HELLO);

  run->terms.identities[CANTIGA_AUTH_EDDSA] = NULL;
  assert_refused (run, CANTIGA_ERROR_NO_COMMON_SUITE);
  g_assert_nonnull (world->servers[CANTIGA_AUTH_EDDSA]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/handshake/refuses/a-server-other-than-the-pinned-one", test_another_server);
  g_test_add_func ("/handshake/refuses/a-server-with-a-certificate-for-something-else", test_server_of_another_usage);
  g_test_add_func ("/handshake/refuses/a-server-out-of-its-time", test_server_out_of_its_time);
  g_test_add_func ("/handshake/refuses/a-server-of-another-authority", test_server_of_another_authority);
  g_test_add_func ("/handshake/refuses/a-revoked-server", test_revoked_server);
  g_test_add_func ("/handshake/refuses/a-revocation-list-rolled-back", test_rolled_back_list);
  g_test_add_func ("/handshake/refuses/revocation-lists-that-do-not-hold", test_lists_that_do_not_hold);
  g_test_add_func ("/handshake/refuses/a-server-of-another-kind-of-key", test_server_of_another_kind);
  g_test_add_func ("/handshake/refuses/a-player-without-client-usage", test_player_of_another_usage);
  g_test_add_func ("/handshake/refuses/a-player-out-of-its-time", test_player_out_of_its_time);
  g_test_add_func ("/handshake/refuses/a-player-of-another-authority", test_player_of_another_authority);
  g_test_add_func ("/handshake/refuses/a-revoked-player", test_revoked_player);
  g_test_add_func ("/handshake/refuses/a-player-of-a-kind-that-the-server-has-not", test_player_of_a_kind_without_server);
  return g_test_run ();
}
