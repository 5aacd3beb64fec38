/* Card authorities and revocation lists from files that come, change and go. */
#include "server/authorities.h"

#include <string.h>
#include <sys/stat.h>

#include "tests/server/state-fixture.h"

typedef struct
{
  Place place;
  CantigaState *state;
  EVP_PKEY *key, *card_key;
  X509 *authority, *card;
  GPtrArray *chain;
} Fixture;

static EVP_PKEY *
key_new (void)
{
  g_autoptr (GError) error = NULL;
  EVP_PKEY *key = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, &error);

  g_assert_no_error (error);
  return key;
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  place_set_up (&fixture->place, NULL);
  init (&fixture->place);
  fixture->state = open_state (&fixture->place);
  fixture->key = key_new ();
  fixture->card_key = key_new ();
  fixture->authority = cantiga_authority_issue (fixture->key, "EC de teste", NOW - DAY, NOW + 90 * DAY, &error);
  fixture->card = cantiga_certificate_issue (fixture->authority, fixture->key, fixture->card_key, CANTIGA_USAGE_CARD, "ANA", NULL, NOW - DAY,
                                             NOW + 30 * DAY, &error);
  g_assert_no_error (error);
  fixture->chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_ptr_array_add (fixture->chain, cantiga_certificate_encode (fixture->card));
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_ptr_array_unref (fixture->chain);
  X509_free (fixture->card);
  X509_free (fixture->authority);
  EVP_PKEY_free (fixture->card_key);
  EVP_PKEY_free (fixture->key);
  cantiga_state_free (fixture->state);
  place_tear_down (&fixture->place, NULL);
}

static char *
path_of (Fixture *fixture, const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (fixture->place.folder, folder, NULL);

  g_assert_cmpint (g_mkdir_with_parents (path, 0700), ==, 0);
  return g_build_filename (path, name, NULL);
}

/* Replaced, as a careful program does: by a rename, so that it is another file. */
static void
put (Fixture *fixture, const char *folder, const char *name, GBytes *bytes)
{
  g_autofree char *path = path_of (fixture, folder, name);

  g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize)g_bytes_get_size (bytes), NULL));
}

static void
put_text (Fixture *fixture, const char *folder, const char *name, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));

  put (fixture, folder, name, bytes);
}

static void
put_authority (Fixture *fixture)
{
  g_autoptr (GBytes) der = cantiga_certificate_encode (fixture->authority);

  put (fixture, "pki/card-authorities", "ec.cer", der);
}

static void
put_crl (Fixture *fixture, gboolean revoked, gint64 until)
{
  g_autofree char *serial = revoked ? cantiga_certificate_dup_serial (fixture->card) : NULL;
  const char *const serials[] = { serial, NULL };
  g_autoptr (X509_CRL) crl = cantiga_crl_issue (fixture->authority, fixture->key, 1, serials, NOW - DAY, until, NULL);
  g_autoptr (GBytes) der = cantiga_crl_encode (crl);

  put (fixture, "crls", "ec.crl", der);
}

static CantigaConfig *
configure (Fixture *fixture, const char *cards)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strconcat ("[cards]\n", cards, NULL);
  g_autofree char *path = path_of (fixture, "etc", "server.conf");
  CantigaConfig *config;

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  config = cantiga_config_load (path, TRUE, &error);
  g_assert_no_error (error);
  return config;
}

static CantigaAuthorities *
open_authorities (Fixture *fixture, const CantigaConfig *config)
{
  g_autoptr (GError) error = NULL;
  CantigaAuthorities *authorities = cantiga_authorities_new (fixture->state, config, &error);

  g_assert_no_error (error);
  return authorities;
}

static void
assert_not_opened (Fixture *fixture, const char *cards, const char *why)
{
  g_autoptr (CantigaConfig) config = configure (fixture, cards);
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_authorities_new (fixture->state, config, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
  if (strstr (error->message, why) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, why);
}

/* code: CANTIGA_N_ERRORS for accepted. Returns whether something could not be read again. */
static gboolean
assert_verifies (Fixture *fixture, CantigaAuthorities *authorities, gint64 now, CantigaError code)
{
  g_autofree char *warning = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) chain = cantiga_authorities_verify (authorities, fixture->chain, now, &warning, &error);

  if (code == CANTIGA_N_ERRORS)
    {
      g_assert_no_error (error);
      g_assert_cmpint (X509_cmp (chain->pdata[0], fixture->card), ==, 0);
    }
  else
    g_assert_error (error, CANTIGA_ERROR, (int)code);
  return warning != NULL;
}

/* ---- authorities ---- */

static void
test_none (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaConfig) config = configure (fixture, "");
  g_autoptr (CantigaAuthorities) authorities = open_authorities (fixture, config);

  assert_verifies (fixture, authorities, NOW, CANTIGA_N_ERRORS);
  assert_verifies (fixture, authorities, NOW + 31 * DAY, CANTIGA_ERROR_CARD_EXPIRED);
  assert_verifies (fixture, authorities, NOW - 2 * DAY, CANTIGA_ERROR_CARD_EXPIRED);
}

static void
test_forms (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *own = g_build_filename (fixture->place.folder, "pki", "authority.pem", NULL);
  g_autofree char *text = NULL;
  g_autofree char *twice = NULL;
  g_autoptr (CantigaConfig) config = configure (fixture, "");
  g_autoptr (CantigaAuthorities) authorities = NULL;
  g_autoptr (GPtrArray) all = NULL;

  g_assert_true (g_file_get_contents (own, &text, NULL, NULL));
  twice = g_strconcat (text, text, NULL);
  put_text (fixture, "pki/card-authorities", "bundle.pem", twice);
  put_text (fixture, "pki/card-authorities", ".hidden", "of no matter");
  put_authority (fixture);
  authorities = open_authorities (fixture, config);
  all = cantiga_authorities_list (authorities);
  g_assert_cmpuint (all->len, ==, 3);
  assert_verifies (fixture, authorities, NOW, CANTIGA_N_ERRORS);
}

static void
test_file_elsewhere (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) der = cantiga_certificate_encode (fixture->authority);
  g_autofree char *path = path_of (fixture, "elsewhere", "ec.cer");
  g_autofree char *cards = g_strconcat ("authorities = ", path, NULL);
  g_autoptr (CantigaConfig) config = configure (fixture, cards);
  g_autoptr (CantigaAuthorities) authorities = NULL;

  put (fixture, "elsewhere", "ec.cer", der);
  authorities = open_authorities (fixture, config);
  assert_verifies (fixture, authorities, NOW, CANTIGA_N_ERRORS);
}

static void
test_refuses_at_the_start (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    const char *cards, *why;
  } rows[] = {
    { "authorities = nowhere", "nowhere cannot be read" },
    { "policy = 1.2.3", "[cards] policy needs card authorities" },
    { "crls = empty", "[cards] crls needs card authorities" },
    { "ocsp = soft", "[cards] ocsp needs card authorities" },
    { "approve-on-first-use = yes", "[cards] approve-on-first-use needs card authorities" },
    { "authorities = empty", "[cards] authorities needs card authorities" },
  };
  g_autofree char *empty = path_of (fixture, "empty", "x");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    assert_not_opened (fixture, rows[i].cards, rows[i].why);
  put_text (fixture, "pki/card-authorities", "wrong.pem", "nonsense");
  assert_not_opened (fixture, "", "wrong.pem is not a certificate");
}

static void
test_refuses_a_folder_that_others_write (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *folder = g_build_filename (fixture->place.folder, "pki", "card-authorities", NULL);

  put_authority (fixture);
  g_assert_cmpint (g_chmod (folder, 0777), ==, 0);
  assert_not_opened (fixture, "", "chmod o-w");
}

static void
test_authorities_change (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *own = g_build_filename (fixture->place.folder, "pki", "authority.pem", NULL);
  g_autofree char *text = NULL;
  g_autofree char *mine = path_of (fixture, "pki/card-authorities", "ec.cer");
  g_autoptr (CantigaConfig) config = configure (fixture, "");
  g_autoptr (CantigaAuthorities) authorities = NULL;

  g_assert_true (g_file_get_contents (own, &text, NULL, NULL));
  put_text (fixture, "pki/card-authorities", "other.pem", text);
  authorities = open_authorities (fixture, config);
  assert_verifies (fixture, authorities, NOW, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  put_authority (fixture);
  assert_verifies (fixture, authorities, NOW, CANTIGA_N_ERRORS);
  /* What cannot be read stays as it was, and that is told. */
  put_text (fixture, "pki/card-authorities", "ec.cer", "half of it");
  g_assert_true (assert_verifies (fixture, authorities, NOW, CANTIGA_N_ERRORS));
  g_unlink (mine);
  g_assert_false (assert_verifies (fixture, authorities, NOW, CANTIGA_ERROR_CERTIFICATE_REFUSED));
}

/* Taking all of them away opens the door to nobody. */
static void
test_authorities_go (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *mine = path_of (fixture, "pki/card-authorities", "ec.cer");
  g_autoptr (CantigaConfig) config = configure (fixture, "");
  g_autoptr (CantigaAuthorities) authorities = NULL;

  put_authority (fixture);
  authorities = open_authorities (fixture, config);
  g_unlink (mine);
  assert_verifies (fixture, authorities, NOW, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

/* ---- revocation lists ---- */

static void
test_crls_change (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *folder = path_of (fixture, "crls", "");
  g_autofree char *path = path_of (fixture, "crls", "ec.crl");
  g_autoptr (CantigaConfig) config = configure (fixture, "crls = crls");
  g_autoptr (CantigaAuthorities) authorities = NULL;

  put_authority (fixture);
  authorities = open_authorities (fixture, config);
  assert_verifies (fixture, authorities, NOW, CANTIGA_ERROR_CARD_UNCHECKED);
  put_crl (fixture, FALSE, NOW + DAY);
  assert_verifies (fixture, authorities, NOW, CANTIGA_N_ERRORS);
  assert_verifies (fixture, authorities, NOW + 2 * DAY, CANTIGA_ERROR_CARD_UNCHECKED);
  put_crl (fixture, TRUE, NOW + 3 * DAY);
  assert_verifies (fixture, authorities, NOW, CANTIGA_ERROR_CARD_REVOKED);
  /* A list that comes half does not take the revocation back. */
  put_text (fixture, "crls", "ec.crl", "-----BEGIN X509 CRL-----\nMIIB");
  g_assert_true (assert_verifies (fixture, authorities, NOW, CANTIGA_ERROR_CARD_REVOKED));
  g_unlink (path);
  assert_verifies (fixture, authorities, NOW, CANTIGA_ERROR_CARD_UNCHECKED);
}

static void
test_expired_crls_allowed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaConfig) config = configure (fixture, "crls = crls/ec.crl\ncrl-expired = allow");
  g_autoptr (CantigaAuthorities) authorities = NULL;

  put_authority (fixture);
  put_crl (fixture, FALSE, NOW - 1);
  authorities = open_authorities (fixture, config);
  assert_verifies (fixture, authorities, NOW, CANTIGA_N_ERRORS);
  put_crl (fixture, TRUE, NOW - 1);
  assert_verifies (fixture, authorities, NOW, CANTIGA_ERROR_CARD_REVOKED);
}

static void
test_crl_without_end (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509_CRL) crl = cantiga_crl_issue (fixture->authority, fixture->key, 1, NULL, NOW, NOW + DAY, NULL);
  g_autoptr (X509_CRL) endless = X509_CRL_new ();
  g_autoptr (GBytes) der = NULL;

  X509_CRL_set_version (endless, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name (endless, X509_get_subject_name (fixture->authority));
  X509_CRL_set1_lastUpdate (endless, X509_CRL_get0_lastUpdate (crl));
  g_assert_cmpint (X509_CRL_sign (endless, fixture->key, EVP_sha256 ()), >, 0);
  der = cantiga_crl_encode (endless);
  put_authority (fixture);
  put (fixture, "crls", "ec.crl", der);
  assert_not_opened (fixture, "crls = crls", "does not say until when");
}

static void
test_policy_is_asked_for (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaConfig) config = configure (fixture, "policy = 2.16.620.1.1.1.2.4.0.7");
  g_autoptr (CantigaAuthorities) authorities = NULL;

  put_authority (fixture);
  authorities = open_authorities (fixture, config);
  assert_verifies (fixture, authorities, NOW, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

#define ADD(path, function) g_test_add ("/authorities/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  int failed;

  g_test_init (&argc, &argv, NULL);
  ADD ("without-any-a-card-s-dates-count", test_none);
  ADD ("are-read-in-every-form", test_forms);
  ADD ("may-be-a-file-elsewhere", test_file_elsewhere);
  ADD ("are-there-where-something-needs-them", test_refuses_at_the_start);
  ADD ("are-not-for-others-to-write", test_refuses_a_folder_that_others_write);
  ADD ("change-while-the-server-runs", test_authorities_change);
  ADD ("gone-they-let-nobody-in", test_authorities_go);
  ADD ("their-lists-change-while-the-server-runs", test_crls_change);
  ADD ("their-old-lists-count-where-the-keeper-says-so", test_expired_crls_allowed);
  ADD ("their-lists-have-an-end", test_crl_without_end);
  ADD ("a-policy-is-asked-for", test_policy_is_asked_for);
  failed = g_test_run ();
  drop_made ();
  return failed;
}
