#include "core/suite.h"

#include <string.h>

#include "core/error.h"

static void
test_names (void)
{
  gsize n;
  const CantigaSuite *all = cantiga_suites_all (&n);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  g_assert_cmpuint (n, ==, 72);
  for (gsize i = 0; i < n; i++)
    {
      CantigaSuite parsed;

      g_assert_true (g_hash_table_add (seen, (char *)cantiga_suite_get_name (&all[i])));
      g_assert_true (cantiga_suite_parse (cantiga_suite_get_name (&all[i]), &parsed));
      g_assert_cmpstr (cantiga_suite_get_name (&parsed), ==, cantiga_suite_get_name (&all[i]));
    }
}

static void
test_names_fit (void)
{
  gsize n;
  const CantigaSuite *all = cantiga_suites_all (&n);
  gsize longest = 0;

  for (gsize i = 0; i < n; i++)
    longest = MAX (longest, strlen (cantiga_suite_get_name (&all[i])));
  g_assert_cmpuint (longest, ==, strlen ("ECDH_ECDSA_CHACHA20_POLY1305_SHA512"));
  g_assert_cmpuint (longest, <=, CANTIGA_SUITE_NAME_MAX);
}

static void
test_example (void)
{
  CantigaSuite suite;

  g_assert_true (cantiga_suite_parse ("ECDH_ECDSA_AES256_GCM_SHA512", &suite));
  g_assert_cmpint (suite.kex, ==, CANTIGA_KEX_ECDH);
  g_assert_cmpint (suite.auth, ==, CANTIGA_AUTH_ECDSA);
  g_assert_cmpint (suite.cipher, ==, CANTIGA_CIPHER_AES256_GCM);
  g_assert_cmpint (suite.digest, ==, CANTIGA_DIGEST_SHA512);
}

static void
test_unknown_names (void)
{
  static const char *const names[] = { "",
                                       "ECDH",
                                       "ecdh_ecdsa_aes256_gcm_sha512",
                                       "ECDH_ECDSA_AES256_GCM_SHA512 ",
                                       "ECDH_ECDSA_AES256_GCM_SHA384",
                                       "ECDH_ECDSA_AES128_CHACHA20_SHA256",
                                       "*",
                                       "default" };
  CantigaSuite suite = { CANTIGA_KEX_DH, CANTIGA_AUTH_RSA, CANTIGA_CIPHER_EDE_CBC, CANTIGA_DIGEST_SHA256 };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_false (cantiga_suite_parse (names[i], &suite));
  g_assert_false (cantiga_suite_parse (NULL, &suite));
  g_assert_cmpint (suite.cipher, ==, CANTIGA_CIPHER_EDE_CBC);
}

/* docs/protocol.md 2.3 */
static void
test_parts (void)
{
  static const struct
  {
    const char *name;
    gsize key, iv, tag;
    const char *class_;
  } rows[] = {
    { "DH_RSA_AES128_GCM_SHA512", 16, 12, 16, "strong" },
    { "DH_RSA_AES256_GCM_SHA512", 32, 12, 16, "strong" },
    { "DH_RSA_CHACHA20_POLY1305_SHA512", 32, 12, 16, "strong" },
    { "DH_RSA_AES128_CBC_SHA256", 16, 16, 32, "sound" },
    { "DH_RSA_AES256_CBC_SHA512", 32, 16, 64, "sound" },
    { "DH_RSA_EDE_CBC_SHA256", 24, 8, 32, "legacy" },
    { "DH_RSA_EDE_CBC_SHA512", 24, 8, 64, "legacy" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      CantigaSuite suite;

      g_assert_true (cantiga_suite_parse (rows[i].name, &suite));
      g_assert_cmpuint (cantiga_cipher_get_key_length (suite.cipher), ==, rows[i].key);
      g_assert_cmpuint (cantiga_cipher_get_iv_length (suite.cipher), ==, rows[i].iv);
      g_assert_cmpuint (cantiga_suite_get_tag_length (&suite), ==, rows[i].tag);
      g_assert_cmpstr (cantiga_class_get_name (cantiga_suite_get_class (&suite)), ==, rows[i].class_);
      g_assert_cmpint (cantiga_cipher_is_aead (suite.cipher), ==, g_str_equal (rows[i].class_, "strong"));
    }
}

static void
test_auths (void)
{
  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      CantigaAuth parsed = CANTIGA_N_AUTHS;

      g_assert_true (cantiga_auth_parse (cantiga_auth_get_name (auth), &parsed));
      g_assert_cmpint (parsed, ==, auth);
    }
  g_assert_false (cantiga_auth_parse ("rsa", &(CantigaAuth){ 0 }));
  g_assert_false (cantiga_auth_parse (NULL, &(CantigaAuth){ 0 }));
}

/* "strong before sound before legacy; within a class ECDH before DH, SHA512 before SHA256, then AES256_GCM, CHACHA20_POLY1305, AES128_GCM,
 * AES256_CBC, AES128_CBC, EDE_CBC" (docs/protocol.md 2.5) */
static const char *const order_of_rsa[] = {
  "ECDH_RSA_AES256_GCM_SHA512",
  "ECDH_RSA_CHACHA20_POLY1305_SHA512",
  "ECDH_RSA_AES128_GCM_SHA512",
  "ECDH_RSA_AES256_GCM_SHA256",
  "ECDH_RSA_CHACHA20_POLY1305_SHA256",
  "ECDH_RSA_AES128_GCM_SHA256",
  "DH_RSA_AES256_GCM_SHA512",
  "DH_RSA_CHACHA20_POLY1305_SHA512",
  "DH_RSA_AES128_GCM_SHA512",
  "DH_RSA_AES256_GCM_SHA256",
  "DH_RSA_CHACHA20_POLY1305_SHA256",
  "DH_RSA_AES128_GCM_SHA256",
  "ECDH_RSA_AES256_CBC_SHA512",
  "ECDH_RSA_AES128_CBC_SHA512",
  "ECDH_RSA_AES256_CBC_SHA256",
  "ECDH_RSA_AES128_CBC_SHA256",
  "DH_RSA_AES256_CBC_SHA512",
  "DH_RSA_AES128_CBC_SHA512",
  "DH_RSA_AES256_CBC_SHA256",
  "DH_RSA_AES128_CBC_SHA256",
  "ECDH_RSA_EDE_CBC_SHA512",
  "ECDH_RSA_EDE_CBC_SHA256",
  "DH_RSA_EDE_CBC_SHA512",
  "DH_RSA_EDE_CBC_SHA256",
  NULL,
};

static void
test_order (void)
{
  gsize n;
  const CantigaSuite *all = cantiga_suites_all (&n);
  const char *const *next = order_of_rsa;

  for (gsize i = 0; i < n; i++)
    if (all[i].auth == CANTIGA_AUTH_RSA)
      g_assert_cmpstr (cantiga_suite_get_name (&all[i]), ==, *next++);
  g_assert_null (*next);
}

/* "the 20 strong and sound ones of ECDH and of DH for the AUTH at hand" (docs/protocol.md 2.6) */
static void
test_default (void)
{
  static const char *const names[] = { "default", NULL };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) expanded = cantiga_suites_expand (names, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (expanded), ==, 60);
  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      g_auto (GStrv) filtered = cantiga_suites_filter ((const char *const *)expanded, auth);

      g_assert_cmpuint (g_strv_length (filtered), ==, 20);
      for (guint i = 0; auth == CANTIGA_AUTH_RSA && i < 20; i++)
        g_assert_cmpstr (filtered[i], ==, order_of_rsa[i]);
    }
}

static void
assert_expands (const char *names, const char *expected)
{
  g_auto (GStrv) split = g_strsplit (names, " ", -1);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) expanded = cantiga_suites_expand ((const char *const *)split, &error);
  g_autofree char *joined = NULL;

  g_assert_no_error (error);
  joined = g_strjoinv (" ", expanded);
  g_assert_cmpstr (joined, ==, expected);
}

static void
test_expand (void)
{
  assert_expands ("DH_RSA_AES256_GCM_SHA256", "DH_RSA_AES256_GCM_SHA256");
  assert_expands ("DH_RSA_AES128_GCM_*", "DH_RSA_AES128_GCM_SHA512 DH_RSA_AES128_GCM_SHA256");
  assert_expands ("ECDH_*_CHACHA20_*_SHA512",
                  "ECDH_RSA_CHACHA20_POLY1305_SHA512 ECDH_ECDSA_CHACHA20_POLY1305_SHA512 ECDH_EDDSA_CHACHA20_POLY1305_SHA512");
  /* Strongest first, each once, however they were named. */
  assert_expands ("DH_RSA_AES128_CBC_SHA256 ECDH_RSA_AES128_GCM_SHA256 ECDH_RSA_AES128_GCM_* DH_RSA_AES128_CBC_SHA256",
                  "ECDH_RSA_AES128_GCM_SHA512 ECDH_RSA_AES128_GCM_SHA256 DH_RSA_AES128_CBC_SHA256");
}

/* "off on both sides unless switched on by name" (docs/protocol.md 2.4) */
static void
test_legacy_by_name (void)
{
  assert_expands ("DH_EDDSA_EDE_CBC_SHA256", "DH_EDDSA_EDE_CBC_SHA256");
  assert_expands ("DH_EDDSA_*CBC_SHA256", "DH_EDDSA_AES256_CBC_SHA256 DH_EDDSA_AES128_CBC_SHA256");
  assert_expands ("DH_EDDSA_*CBC_SHA256 DH_EDDSA_EDE_CBC_SHA512", "DH_EDDSA_AES256_CBC_SHA256 DH_EDDSA_AES128_CBC_SHA256 DH_EDDSA_EDE_CBC_SHA512");
}

static void
test_legacy_by_star (void)
{
  static const char *const names[] = { "*", NULL };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) expanded = cantiga_suites_expand (names, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (expanded), ==, 60);
  for (char **name = expanded; *name != NULL; name++)
    g_assert_null (strstr (*name, "EDE_CBC"));
}

static void
test_expand_refusals (void)
{
  static const char *const names[] = { "AES", "", "DEFAULT", "DH_RSA_EDE_CBC_*", "DH_FOO_*", "ECDH_*?", "DH_RSA_AES256_GCM_SHA25?", NULL };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; names[i] != NULL; i++)
    {
      const char *one[] = { "default", names[i], NULL };

      g_assert_null (cantiga_suites_expand (one, &error));
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
      g_assert_nonnull (strstr (error->message, names[i]));
      g_clear_error (&error);
    }
  g_assert_null (cantiga_suites_expand (names + G_N_ELEMENTS (names) - 1, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
}

static void
test_filter (void)
{
  static const char *const names[]
      = { "DH_RSA_AES256_GCM_SHA256", "FUTURE_RSA_SUITE", "ECDH_EDDSA_AES256_GCM_SHA512", "ECDH_RSA_EDE_CBC_SHA512", NULL };
  g_auto (GStrv) filtered = cantiga_suites_filter (names, CANTIGA_AUTH_RSA);
  g_auto (GStrv) none = cantiga_suites_filter (names, CANTIGA_AUTH_ECDSA);

  g_assert_cmpuint (g_strv_length (filtered), ==, 2);
  g_assert_cmpstr (filtered[0], ==, names[0]);
  g_assert_cmpstr (filtered[1], ==, names[3]);
  g_assert_cmpuint (g_strv_length (none), ==, 0);
}

/* chosen: NULL for none. */
static const struct
{
  const char *offered, *enabled;
  CantigaAuth auth;
  const char *chosen;
} choices[] = {
  { "DH_RSA_AES128_CBC_SHA256 ECDH_RSA_AES128_GCM_SHA256", "ECDH_RSA_AES128_GCM_SHA256 DH_RSA_AES128_CBC_SHA256", CANTIGA_AUTH_RSA,
    "ECDH_RSA_AES128_GCM_SHA256" },
  /* Strong before sound, though by DH. */
  { "ECDH_RSA_AES256_CBC_SHA512 DH_RSA_AES128_GCM_SHA256", "ECDH_RSA_AES256_CBC_SHA512 DH_RSA_AES128_GCM_SHA256", CANTIGA_AUTH_RSA,
    "DH_RSA_AES128_GCM_SHA256" },
  /* ECDH before SHA512 before the cipher. */
  { "DH_RSA_AES256_GCM_SHA512 ECDH_RSA_AES128_GCM_SHA256", "ECDH_RSA_AES128_GCM_SHA256 DH_RSA_AES256_GCM_SHA512", CANTIGA_AUTH_RSA,
    "ECDH_RSA_AES128_GCM_SHA256" },
  { "ECDH_RSA_AES256_GCM_SHA256 ECDH_RSA_AES128_GCM_SHA512", "ECDH_RSA_AES256_GCM_SHA256 ECDH_RSA_AES128_GCM_SHA512", CANTIGA_AUTH_RSA,
    "ECDH_RSA_AES128_GCM_SHA512" },
  { "ECDH_RSA_AES128_GCM_SHA512 ECDH_RSA_CHACHA20_POLY1305_SHA512", "ECDH_RSA_AES128_GCM_SHA512 ECDH_RSA_CHACHA20_POLY1305_SHA512", CANTIGA_AUTH_RSA,
    "ECDH_RSA_CHACHA20_POLY1305_SHA512" },
  /* Only what is common. */
  { "ECDH_RSA_AES256_GCM_SHA512 DH_RSA_AES128_CBC_SHA256", "DH_RSA_AES128_CBC_SHA256", CANTIGA_AUTH_RSA, "DH_RSA_AES128_CBC_SHA256" },
  { "DH_RSA_AES128_CBC_SHA256", "ECDH_RSA_AES256_GCM_SHA512 DH_RSA_AES128_CBC_SHA256", CANTIGA_AUTH_RSA, "DH_RSA_AES128_CBC_SHA256" },
  { "DH_RSA_AES128_CBC_SHA256", "DH_RSA_AES128_CBC_SHA512", CANTIGA_AUTH_RSA, NULL },
  /* "A suite whose AUTH is not the kind of both leaf keys is not common" */
  { "ECDH_RSA_AES256_GCM_SHA512 DH_EDDSA_AES128_CBC_SHA256", "ECDH_RSA_AES256_GCM_SHA512 DH_EDDSA_AES128_CBC_SHA256", CANTIGA_AUTH_EDDSA,
    "DH_EDDSA_AES128_CBC_SHA256" },
  { "ECDH_RSA_AES256_GCM_SHA512", "ECDH_RSA_AES256_GCM_SHA512", CANTIGA_AUTH_ECDSA, NULL },
  /* Unknown names are passed over, on both sides. */
  { "FUTURE_RSA_SUITE DH_RSA_AES128_CBC_SHA256 *", "FUTURE_RSA_SUITE DH_RSA_AES128_CBC_SHA256", CANTIGA_AUTH_RSA, "DH_RSA_AES128_CBC_SHA256" },
  { "FUTURE_RSA_SUITE * default", "FUTURE_RSA_SUITE * default", CANTIGA_AUTH_RSA, NULL },
  /* Legacy last, and only where both have it. */
  { "DH_RSA_EDE_CBC_SHA512 DH_RSA_AES128_CBC_SHA256", "DH_RSA_EDE_CBC_SHA512 DH_RSA_AES128_CBC_SHA256", CANTIGA_AUTH_RSA,
    "DH_RSA_AES128_CBC_SHA256" },
  { "DH_RSA_EDE_CBC_SHA512", "DH_RSA_EDE_CBC_SHA512", CANTIGA_AUTH_RSA, "DH_RSA_EDE_CBC_SHA512" },
  { "", "DH_RSA_EDE_CBC_SHA512", CANTIGA_AUTH_RSA, NULL },
};

static void
test_choose_strongest (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (choices); i++)
    {
      g_auto (GStrv) offered = g_strsplit (choices[i].offered, " ", -1);
      g_auto (GStrv) enabled = g_strsplit (choices[i].enabled, " ", -1);
      CantigaSuite suite;
      g_autoptr (GError) error = NULL;
      gboolean chosen = cantiga_suites_choose ((const char *const *)offered, (const char *const *)enabled, choices[i].auth,
                                               CANTIGA_SELECTION_STRONGEST, &suite, &error);

      g_assert_cmpstr (chosen ? cantiga_suite_get_name (&suite) : NULL, ==, choices[i].chosen);
      if (!chosen)
        g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NO_COMMON_SUITE);
    }
}

/* 2,000 draws among 4: each comes, and nothing that is not common. */
static void
test_choose_random (void)
{
  static const char *const offered[] = { "DH_RSA_AES128_CBC_SHA256",   "DH_RSA_AES256_CBC_SHA256", "ECDH_RSA_AES128_GCM_SHA256",
                                         "ECDH_RSA_AES256_GCM_SHA512", "DH_RSA_EDE_CBC_SHA512",    NULL };
  g_autoptr (GHashTable) drawn = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 2000; i++)
    {
      CantigaSuite suite;

      g_assert_true (cantiga_suites_choose (offered, offered + 1, CANTIGA_AUTH_RSA, CANTIGA_SELECTION_RANDOM, &suite, &error));
      g_hash_table_add (drawn, (char *)cantiga_suite_get_name (&suite));
    }
  g_assert_cmpuint (g_hash_table_size (drawn), ==, 4);
  g_assert_false (g_hash_table_contains (drawn, offered[0]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/suite/all-72-names-are-read-back", test_names);
  g_test_add_func ("/suite/names-fit-the-limit-of-3.3", test_names_fit);
  g_test_add_func ("/suite/takes-a-name-apart", test_example);
  g_test_add_func ("/suite/refuses-other-names", test_unknown_names);
  g_test_add_func ("/suite/has-the-lengths-and-classes-of-2.3", test_parts);
  g_test_add_func ("/suite/reads-back-the-names-of-auth", test_auths);
  g_test_add_func ("/suite/is-in-the-order-of-2.5", test_order);
  g_test_add_func ("/suite/the-default-is-20-an-auth", test_default);
  g_test_add_func ("/suite/expands-names-and-patterns-strongest-first", test_expand);
  g_test_add_func ("/suite/legacy-is-switched-on-by-its-full-name", test_legacy_by_name);
  g_test_add_func ("/suite/a-star-brings-in-no-legacy", test_legacy_by_star);
  g_test_add_func ("/suite/refuses-names-and-patterns-of-nothing", test_expand_refusals);
  g_test_add_func ("/suite/filters-by-auth", test_filter);
  g_test_add_func ("/suite/chooses-the-strongest-common-one", test_choose_strongest);
  g_test_add_func ("/suite/chooses-any-common-one-by-chance", test_choose_random);
  return g_test_run ();
}
