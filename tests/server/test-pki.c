#include "tests/server/state-fixture.h"

static CantigaPki *
open_pki (Place *place, gint64 now)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaState) state = open_state (place);
  CantigaPki *pki = cantiga_pki_open (state, now, &error);

  g_assert_no_error (error);
  g_assert_nonnull (pki);
  return pki;
}

static GPtrArray *
authorities_of (CantigaPki *pki)
{
  GPtrArray *authorities = g_ptr_array_new ();

  g_ptr_array_add (authorities, cantiga_pki_get_authority (pki));
  return authorities;
}

static X509 *
verify (CantigaPki *pki, GPtrArray *chain, X509_CRL *crl, CantigaUsage usage, gint64 now, GError **error)
{
  g_autoptr (GPtrArray) authorities = authorities_of (pki);

  return cantiga_chain_verify (chain, authorities, crl, usage, now, error);
}

/* ---- what init made ---- */

static void
test_three_leaves_of_one_server (Place *place, gconstpointer unused)
{
  g_autoptr (CantigaPki) pki = NULL;

  init (place);
  pki = open_pki (place, NOW);
  g_assert_cmpstr (cantiga_pki_get_name (pki), ==, "Casa da Música");
  g_assert_true (g_uuid_string_is_valid (cantiga_pki_get_server (pki)));
  for (CantigaAuth auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      g_autoptr (GError) error = NULL;
      CantigaIdentity *identity = cantiga_pki_get_identity (pki, auth);
      g_autoptr (X509) leaf = verify (pki, identity->certificates, NULL, CANTIGA_USAGE_SERVER, NOW, &error);
      g_autofree char *uuid = leaf != NULL ? cantiga_certificate_dup_uuid (leaf) : NULL;

      g_assert_no_error (error);
      g_assert_cmpint (identity->auth, ==, auth);
      g_assert_cmpstr (uuid, ==, cantiga_pki_get_server (pki));
      g_assert_cmpint (cantiga_certificate_get_not_after (leaf), ==, NOW + 365 * DAY);
    }
}

static void
test_a_publisher (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaPki) pki = NULL;
  g_autoptr (X509) leaf = NULL;

  init (place);
  pki = open_pki (place, NOW);
  leaf = verify (pki, cantiga_pki_get_publisher (pki)->certificates, NULL, CANTIGA_USAGE_PUBLISHER, NOW + 3000 * DAY, &error);
  g_assert_no_error (error);
  g_assert_nonnull (leaf);
  g_assert_cmpint (cantiga_pki_get_publisher (pki)->auth, ==, CANTIGA_AUTH_EDDSA);
}

/* docs/protocol.md 13.4: "PKCS#8 with PBES2". */
static void
test_keys_are_encrypted (Place *place, gconstpointer unused)
{
  static const char *const names[] = { "authority", "server-rsa", "server-ecdsa", "server-eddsa", "publisher" };

  init (place);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *file = g_strconcat (names[i], ".key", NULL);
      g_autofree char *path = g_build_filename (place->folder, "pki", file, NULL);
      g_autofree char *text = NULL;

      g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
      g_assert_true (g_str_has_prefix (text, "-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    }
}

static void
test_refuses_a_readable_key (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaState) state = NULL;
  g_autofree char *path = g_build_filename (place->folder, "pki", "authority.key", NULL);

  init (place);
  state = open_state (place);
  g_assert_cmpint (g_chmod (path, 0644), ==, 0);
  g_assert_null (cantiga_pki_open (state, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
  g_assert_nonnull (strstr (error->message, "chmod 600"));
}

/* ---- renewal ---- */

static GBytes *
leaf_bytes (Place *place, gint64 now)
{
  g_autoptr (CantigaPki) pki = open_pki (place, now);

  return g_bytes_ref (g_ptr_array_index (cantiga_pki_get_identity (pki, CANTIGA_AUTH_ECDSA)->certificates, 0));
}

static void
test_leaves_are_renewed_at_two_thirds (Place *place, gconstpointer unused)
{
  g_autoptr (GBytes) first = NULL;
  g_autoptr (GBytes) early = NULL;
  g_autoptr (GBytes) due = NULL;
  g_autoptr (GBytes) kept = NULL;

  init (place);
  first = leaf_bytes (place, NOW);
  early = leaf_bytes (place, NOW + 243 * DAY);
  g_assert_true (g_bytes_equal (first, early));
  due = leaf_bytes (place, NOW + 244 * DAY);
  g_assert_false (g_bytes_equal (first, due));
  kept = leaf_bytes (place, NOW + 244 * DAY);
  g_assert_true (g_bytes_equal (due, kept));
}

static void
test_renewed_it_is_the_same_server (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaPki) before = NULL;
  g_autoptr (CantigaPki) after = NULL;
  g_autoptr (X509) leaf = NULL;
  g_autofree char *uuid = NULL;

  init (place);
  before = open_pki (place, NOW);
  after = open_pki (place, NOW + 400 * DAY);
  leaf = verify (before, cantiga_pki_get_identity (after, CANTIGA_AUTH_RSA)->certificates, NULL, CANTIGA_USAGE_SERVER, NOW + 400 * DAY, &error);
  g_assert_no_error (error);
  uuid = cantiga_certificate_dup_uuid (leaf);
  g_assert_cmpstr (uuid, ==, cantiga_pki_get_server (before));
}

static void
test_a_leaf_of_another_key_is_issued_anew (Place *place, gconstpointer unused)
{
  g_autofree char *lost = g_build_filename (place->folder, "pki", "server-rsa.pem", NULL);
  g_autofree char *from = g_build_filename (place->folder, "pki", "publisher.key", NULL);
  g_autofree char *to = g_build_filename (place->folder, "pki", "server-eddsa.key", NULL);
  g_autofree char *text = NULL;
  g_autoptr (CantigaPki) pki = NULL;

  init (place);
  g_assert_cmpint (g_unlink (lost), ==, 0);
  g_assert_true (g_file_get_contents (from, &text, NULL, NULL));
  g_assert_true (g_file_set_contents_full (to, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  pki = open_pki (place, NOW);
  for (CantigaAuth auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (X509) leaf = verify (pki, cantiga_pki_get_identity (pki, auth)->certificates, NULL, CANTIGA_USAGE_SERVER, NOW, &error);

      g_assert_no_error (error);
      g_assert_nonnull (leaf);
    }
}

static void
test_a_rotation_revokes_the_old_leaves (Place *place, gconstpointer unused)
{
  static const char *const none[] = { NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaPki) before = NULL;
  g_autoptr (CantigaPki) after = NULL;
  g_autoptr (CantigaState) state = NULL;
  g_autoptr (X509_CRL) crl = NULL;

  init (place);
  before = open_pki (place, NOW);
  state = open_state (place);
  g_assert_true (cantiga_pki_rotate (state, NOW, &error));
  g_assert_no_error (error);
  after = open_pki (place, NOW);
  g_assert_cmpstr (cantiga_pki_get_server (after), ==, cantiga_pki_get_server (before));
  crl = cantiga_pki_issue_crl (after, none, NOW, NOW, &error);
  for (CantigaAuth auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      g_autoptr (X509) fresh = verify (after, cantiga_pki_get_identity (after, auth)->certificates, crl, CANTIGA_USAGE_SERVER, NOW, &error);

      g_assert_no_error (error);
      g_assert_nonnull (fresh);
      g_assert_null (verify (after, cantiga_pki_get_identity (before, auth)->certificates, crl, CANTIGA_USAGE_SERVER, NOW, &error));
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
      g_clear_error (&error);
    }
}

/* ---- players ---- */

static GPtrArray *
issue_player (CantigaPki *pki)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EVP_PKEY) key = cantiga_key_pair_new (CANTIGA_AUTH_EDDSA, &error);
  GPtrArray *chain = cantiga_pki_issue_player (pki, key, "Sala", "6f1b6a0c-7d3e-4a44-9b53-0a2f7c1d2e3f", NOW, &error);

  g_assert_no_error (error);
  return chain;
}

/* docs/protocol.md 14.6: "A certificate lasts 90 days." */
static void
test_issues_a_player (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaPki) pki = NULL;
  g_autoptr (GPtrArray) chain = NULL;
  g_autoptr (X509) leaf = NULL;
  g_autofree char *uuid = NULL;
  g_autofree char *name = NULL;

  init (place);
  pki = open_pki (place, NOW);
  chain = issue_player (pki);
  leaf = verify (pki, chain, NULL, CANTIGA_USAGE_PLAYER, NOW, &error);
  g_assert_no_error (error);
  uuid = cantiga_certificate_dup_uuid (leaf);
  name = cantiga_certificate_dup_name (leaf);
  g_assert_cmpstr (uuid, ==, "6f1b6a0c-7d3e-4a44-9b53-0a2f7c1d2e3f");
  g_assert_cmpstr (name, ==, "Sala");
  g_assert_cmpint (cantiga_certificate_get_not_after (leaf), ==, NOW + 90 * DAY);
  g_assert_null (verify (pki, chain, NULL, CANTIGA_USAGE_SERVER, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

/* Whether what pki issues now is of the authority that is being retired, as the state has it. */
static gboolean
issues_by_the_older (CantigaPki *pki, CantigaPki *state)
{
  g_autoptr (GPtrArray) chain = issue_player (pki);
  g_autoptr (X509) leaf = cantiga_certificate_decode (chain->pdata[0], NULL);
  g_autofree char *issuer = cantiga_certificate_dup_issuer_key_id (leaf);

  g_assert_nonnull (issuer);
  return cantiga_pki_is_of_older (state, issuer, cantiga_certificate_get_not_after (leaf));
}

/* All of it in one second. */
static void
test_who_runs_on_issues_by_the_older (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaState) state = NULL;
  g_autoptr (CantigaPki) before = NULL;
  g_autoptr (CantigaPki) after = NULL;

  init (place);
  before = open_pki (place, NOW);
  g_assert_false (issues_by_the_older (before, before));
  state = open_state (place);
  g_assert_true (cantiga_pki_rotate_authority (state, NOW, &error));
  g_assert_no_error (error);
  after = open_pki (place, NOW);
  g_assert_true (issues_by_the_older (before, after));
  g_assert_false (issues_by_the_older (after, after));
  /* Rows from before that was kept. */
  g_assert_true (cantiga_pki_is_of_older (after, NULL, NOW + 90 * DAY));
  g_assert_false (cantiga_pki_is_of_older (after, NULL, NOW + 90 * DAY + 1));
}

static void
test_a_revocation_list (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaPki) pki = NULL;
  g_autoptr (GPtrArray) revoked = NULL;
  g_autoptr (GPtrArray) other = NULL;
  g_autoptr (X509) leaf = NULL;
  g_autoptr (X509) good = NULL;
  g_autoptr (X509_CRL) crl = NULL;
  g_autofree char *serial = NULL;

  init (place);
  pki = open_pki (place, NOW);
  revoked = issue_player (pki);
  other = issue_player (pki);
  leaf = cantiga_certificate_decode (g_ptr_array_index (revoked, 0), &error);
  serial = cantiga_certificate_dup_serial (leaf);
  crl = cantiga_pki_issue_crl (pki, (const char *const[]){ serial, NULL }, NOW, NOW, &error);
  g_assert_no_error (error);
  g_assert_cmpint (cantiga_crl_get_next_update (crl), ==, NOW + 7 * DAY);
  g_assert_null (verify (pki, revoked, crl, CANTIGA_USAGE_PLAYER, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  g_clear_error (&error);
  good = verify (pki, other, crl, CANTIGA_USAGE_PLAYER, NOW, &error);
  g_assert_no_error (error);
  g_assert_nonnull (good);
}

static void
test_a_list_s_digest_is_of_its_contents (Place *place, gconstpointer unused)
{
  static const char *const some[] = { "0A", "0B", NULL }, *const turned[] = { "0B", "0A", NULL }, *const fewer[] = { "0A", NULL };
  g_autoptr (CantigaPki) pki = NULL;
  g_autofree char *first = NULL, *second = NULL, *third = NULL;

  init (place);
  pki = open_pki (place, NOW);
  first = cantiga_pki_dup_crl_digest (pki, some);
  second = cantiga_pki_dup_crl_digest (pki, turned);
  third = cantiga_pki_dup_crl_digest (pki, fewer);
  g_assert_cmpstr (first, ==, second);
  g_assert_cmpstr (first, !=, third);
}

#define ADD(path, function) g_test_add ("/pki/" path, Place, NULL, place_set_up, function, place_tear_down)

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  ADD ("there-are-three-leaves-of-one-server", test_three_leaves_of_one_server);
  ADD ("there-is-a-publisher", test_a_publisher);
  ADD ("keys-are-encrypted", test_keys_are_encrypted);
  ADD ("refuses-a-key-that-others-can-read", test_refuses_a_readable_key);
  ADD ("leaves-are-renewed-at-two-thirds-of-their-time", test_leaves_are_renewed_at_two_thirds);
  ADD ("renewed-it-is-the-same-server", test_renewed_it_is_the_same_server);
  ADD ("a-leaf-of-another-key-is-issued-anew", test_a_leaf_of_another_key_is_issued_anew);
  ADD ("a-rotation-revokes-the-old-leaves", test_a_rotation_revokes_the_old_leaves);
  ADD ("issues-a-player-s-certificate", test_issues_a_player);
  ADD ("who-runs-on-issues-by-the-older-authority", test_who_runs_on_issues_by_the_older);
  ADD ("issues-a-revocation-list", test_a_revocation_list);
  ADD ("a-list-s-digest-is-of-its-contents", test_a_list_s_digest_is_of_its_contents);
  status = g_test_run ();
  drop_made ();
  return status;
}
