#include <glib/gstdio.h>

#include "server/config.h"

typedef struct
{
  char *folder;
  char *path;
} Place;

static void
place_set_up (Place *place, gconstpointer unused)
{
  place->folder = g_dir_make_tmp ("cantiga-config-XXXXXX", NULL);
  place->path = g_build_filename (place->folder, "server.conf", NULL);
}

static void
place_tear_down (Place *place, gconstpointer unused)
{
  g_unlink (place->path);
  g_assert_cmpint (g_rmdir (place->folder), ==, 0);
  g_free (place->path);
  g_free (place->folder);
}

static CantigaConfig *
load (Place *place, const char *text)
{
  g_autoptr (GError) error = NULL;
  CantigaConfig *config;

  g_assert_true (g_file_set_contents (place->path, text, -1, NULL));
  config = cantiga_config_load (place->path, TRUE, &error);
  g_assert_no_error (error);
  return config;
}

/* docs/protocol.md 2.5, 9.1, 12. */
static void
assert_defaults (const CantigaConfig *config)
{
  g_assert_null (config->name);
  g_assert_cmpstr (config->listen, ==, "0.0.0.0:22684");
  g_assert_cmpuint (config->workers, ==, 0);
  g_assert_cmpuint (g_strv_length (config->enabled), ==, 60);
  g_assert_cmpint (config->selection, ==, CANTIGA_SELECTION_STRONGEST);
  g_assert_cmpuint (config->policy.plays, ==, 3);
  g_assert_cmpint (config->policy.validity, ==, 7 * 24 * 3600);
  g_assert_cmpint (config->policy.renewal, ==, CANTIGA_RENEWAL_NEW_SESSION);
  g_assert_null (config->card_authorities);
  g_assert_null (config->card_policies);
  g_assert_null (config->crls);
  g_assert_false (config->crl_expired_allowed);
  g_assert_cmpint (config->ocsp, ==, CANTIGA_OCSP_OFF);
  g_assert_cmpuint (config->ocsp_seconds, ==, 5);
  g_assert_false (config->approve_on_first_use);
  g_assert_cmpuint (config->connections, ==, 1024);
  g_assert_cmpuint (config->connections_per_address, ==, 256);
  g_assert_cmpuint (config->half_open, ==, 1024);
  g_assert_cmpuint (config->half_open_per_address, ==, 64);
  g_assert_cmpuint (config->sessions, ==, 4096);
  g_assert_cmpuint (config->header_seconds, ==, 10);
  g_assert_cmpuint (config->body_seconds, ==, 20);
  g_assert_cmpuint (config->answer_seconds, ==, 60);
  g_assert_cmpuint (config->session_idle_seconds, ==, 1800);
  g_assert_cmpuint (config->handshake_seconds, ==, 30);
}

static void
test_defaults (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaConfig) none = cantiga_config_load (NULL, FALSE, &error);
  g_autoptr (CantigaConfig) missing = cantiga_config_load (place->path, FALSE, &error);
  g_autoptr (CantigaConfig) empty = load (place, "");
  g_autoptr (CantigaConfig) comments = load (place, "# nothing\n\n[server]\n# nothing\n");

  assert_defaults (none);
  assert_defaults (missing);
  assert_defaults (empty);
  assert_defaults (comments);
}

static void
test_refuses_a_missing_file (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_config_load (place->path, TRUE, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
}

static void
test_reads_every_key (Place *place, gconstpointer unused)
{
  g_autoptr (CantigaConfig) config = load (
      place, "[server]\nname = Coro de Santa Maria \nlisten=[::1]:1234\nworkers=4\n"
             "[suites]\nenabled = ECDH_ECDSA_AES256_GCM_SHA512; DH_RSA_EDE_CBC_SHA256\nselection=random\n"
             "[licence]\nplays=5\nvalidity=2d\nrenewal=after 30d\n"
             "[cards]\nauthorities=/a/b\npolicy=1.2.3; 2.16.620\ncrls=c\ncrl-expired=allow\nocsp=hard\nocsp-timeout=3s\napprove-on-first-use=true\n"
             "[limits]\nconnections=1\nconnections-per-address=2\nhalf-open=3\nhalf-open-per-address=4\nsessions=5\n"
             "header-time=6s\nbody-time=7s\nanswer-time=9s\nsession-idle-time=10min\nhandshake-time=11s\n");

  g_assert_cmpstr (config->name, ==, "Coro de Santa Maria");
  g_assert_cmpstr (config->listen, ==, "[::1]:1234");
  g_assert_cmpuint (config->workers, ==, 4);
  g_assert_cmpuint (g_strv_length (config->enabled), ==, 2);
  g_assert_cmpstr (config->enabled[1], ==, "DH_RSA_EDE_CBC_SHA256");
  g_assert_cmpint (config->selection, ==, CANTIGA_SELECTION_RANDOM);
  g_assert_cmpuint (config->policy.plays, ==, 5);
  g_assert_cmpint (config->policy.validity, ==, 2 * 24 * 3600);
  g_assert_cmpint (config->policy.renewal, ==, CANTIGA_RENEWAL_AFTER);
  g_assert_cmpint (config->policy.renewal_after, ==, 30 * 24 * 3600);
  g_assert_cmpstr (config->card_authorities, ==, "/a/b");
  g_assert_cmpuint (g_strv_length (config->card_policies), ==, 2);
  g_assert_cmpstr (config->card_policies[1], ==, "2.16.620");
  g_assert_cmpstr (config->crls, ==, "c");
  g_assert_true (config->crl_expired_allowed);
  g_assert_cmpint (config->ocsp, ==, CANTIGA_OCSP_HARD);
  g_assert_cmpuint (config->ocsp_seconds, ==, 3);
  g_assert_true (config->approve_on_first_use);
  g_assert_cmpuint (config->connections, ==, 1);
  g_assert_cmpuint (config->connections_per_address, ==, 2);
  g_assert_cmpuint (config->half_open, ==, 3);
  g_assert_cmpuint (config->half_open_per_address, ==, 4);
  g_assert_cmpuint (config->sessions, ==, 5);
  g_assert_cmpuint (config->header_seconds, ==, 6);
  g_assert_cmpuint (config->body_seconds, ==, 7);
  g_assert_cmpuint (config->answer_seconds, ==, 9);
  g_assert_cmpuint (config->session_idle_seconds, ==, 600);
  g_assert_cmpuint (config->handshake_seconds, ==, 11);
}

/* What is written, on which line it is wrong, and what must be said of it. */
typedef struct
{
  const char *path;
  const char *text;
  guint line;
  const char *said;
} Mistake;

static const Mistake mistakes[] = {
  { "an-unknown-section", "\n[sever]\nname = a\n", 2, "[sever]" },
  { "an-unknown-key", "[server]\nname = a\n\nworker = 2\n", 4, "“worker”" },
  { "a-key-of-another-section", "[server]\nplays = 2\n", 2, "“plays”" },
  { "a-key-with-underscores", "[limits]\nhalf_open = 2\n", 2, "“half_open”" },
  { "a-translated-key", "[server]\nname[pt] = a\n", 2, "name[pt]" },
  { "a-line-that-is-no-key", "[server]\n# fine\nname\n", 3, "key = value" },
  { "a-key-before-any-section", "name = a\n[server]\n", 1, "key = value" },
  { "a-section-that-is-not-closed", "[server]\n[limits\n", 2, "key = value" },
  { "an-empty-name", "[server]\nname =\n", 2, "name: " },
  { "a-name-that-is-too-long", "[server]\nname = 01234567890123456789012345678901234567890123456789012345678901234\n", 2, "64 characters" },
  { "an-address-without-port", "[server]\nlisten = 0.0.0.0\n", 2, "0.0.0.0:22684" },
  { "an-ipv6-address-without-port", "[server]\nlisten = [::]\n", 2, "listen: " },
  { "a-host-name", "[server]\nlisten = box.example:80\n", 2, "listen: " },
  { "a-port-that-is-too-large", "[server]\nlisten = 0.0.0.0:65536\n", 2, "listen: " },
  { "a-port-that-is-no-number", "[server]\nlisten = 0.0.0.0:http\n", 2, "listen: " },
  { "a-number-that-is-none", "[server]\nworkers = many\n", 2, "from 0 to 256" },
  { "a-number-with-something-after-it", "[server]\nworkers = 2 # two\n", 2, "from 0 to 256" },
  { "a-negative-number", "[licence]\nplays = -1\n", 2, "from 1 to 1000000" },
  { "no-plays", "[licence]\nplays = 0\n", 2, "from 1 to 1000000" },
  { "a-number-beyond-64-bits", "[limits]\nsessions = 99999999999999999999999\n", 2, "from 1 to" },
  { "a-duration-without-unit", "[licence]\nvalidity = 7\n", 2, "duration" },
  { "a-duration-that-is-too-long", "[limits]\nheader-time = 2d\n", 2, "from 1s to 1d" },
  { "a-policy-that-is-none", "[cards]\npolicy = citizen\n", 2, "not an object identifier" },
  { "no-policy", "[cards]\npolicy = ;\n", 2, "leave the key out" },
  { "no-path", "[cards]\ncrls =\n", 2, "missing" },
  { "neither-refuse-nor-allow", "[cards]\ncrl-expired = warn\n", 2, "neither refuse nor allow" },
  { "an-ocsp-that-is-none", "[cards]\nocsp = on\n", 2, "none of off, soft and hard" },
  { "a-time-for-ocsp-that-is-too-long", "[cards]\nocsp-timeout = 1min\n", 2, "ocsp-timeout" },
  { "neither-yes-nor-no", "[cards]\napprove-on-first-use = maybe\n", 2, "neither yes nor no" },
  { "a-renewal-that-is-none", "[licence]\nrenewal = sometimes\n", 2, "new-session" },
  { "a-renewal-without-its-time", "[licence]\nrenewal = after\n", 2, "renewal: " },
  { "a-selection-that-is-none", "[suites]\nselection = weakest\n", 2, "strongest or random" },
  { "a-suite-that-is-none", "[suites]\nenabled = ECDH_ECDSA_AES512_GCM_SHA512\n", 2, "AES512" },
  { "no-suites", "[suites]\nenabled =\n", 2, "enabled: " },
  { "a-ledger-that-is-no-database", "[server]\nledger = mysql://db.example/cantiga\n", 2, "postgresql://" },
  { "a-proxy-that-is-a-name", "[server]\nproxies = 192.0.2.7; proxy.example\n", 2, "“proxy.example” is not an address" },
  { "a-folder-that-is-relative", "[library]\nfolders = /srv/music; music\n", 2, "“music” is not a folder from the root on" },
  { "the-last-of-two", "[server]\nworkers = 2\nworkers = two\n", 3, "two" },
  { "the-right-one-of-two-sections", "[limits]\nsessions = 2\n[server]\nworkers = x\n", 4, "workers" },
};

static void
test_refuses (Place *place, gconstpointer user_data)
{
  const Mistake *mistake = user_data;
  g_autofree char *where = g_strdup_printf ("%s:%u: ", place->path, mistake->line);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (place->path, mistake->text, -1, NULL));
  g_assert_null (cantiga_config_load (place->path, FALSE, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
  g_test_message ("%s", error->message);
  g_assert_true (g_str_has_prefix (error->message, where));
  g_assert_nonnull (strstr (error->message, mistake->said));
  g_assert_true (g_str_has_suffix (error->message, "."));
  g_assert_false (g_str_has_suffix (error->message, ".."));
}

static void
test_refuses_other_encodings (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (place->path, "[server]\nname = \xe9\n", -1, NULL));
  g_assert_null (cantiga_config_load (place->path, FALSE, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
}

static void
test_the_environment_overrides (Place *place, gconstpointer unused)
{
  g_autoptr (CantigaConfig) config = NULL;

  g_setenv ("CANTIGA_LICENCE_PLAYS", "5", TRUE);
  g_setenv ("CANTIGA_LIMITS_HALF_OPEN_PER_ADDRESS", "9", TRUE);
  config = load (place, "[licence]\nplays = 4\n");
  g_unsetenv ("CANTIGA_LICENCE_PLAYS");
  g_unsetenv ("CANTIGA_LIMITS_HALF_OPEN_PER_ADDRESS");
  g_assert_cmpuint (config->policy.plays, ==, 5);
  g_assert_cmpuint (config->half_open_per_address, ==, 9);
}

static void
test_the_environment_is_checked (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_setenv ("CANTIGA_LICENCE_PLAYS", "many", TRUE);
  g_assert_null (cantiga_config_load (NULL, FALSE, &error));
  g_unsetenv ("CANTIGA_LICENCE_PLAYS");
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
  g_assert_true (g_str_has_prefix (error->message, "CANTIGA_LICENCE_PLAYS in the environment: "));
  g_clear_error (&error);
  g_setenv ("CANTIGA_SERVER_NAME", "\xe9", TRUE);
  g_assert_null (cantiga_config_load (NULL, FALSE, &error));
  g_unsetenv ("CANTIGA_SERVER_NAME");
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
  g_assert_nonnull (strstr (error->message, "not text in UTF-8"));
}

/* What is printed is read by people, and kept in terminals and reports. */
static void
test_no_password_is_told (Place *place, gconstpointer unused)
{
  static const char *const addresses[] = { "postgresql://cantiga:hidden@db.example/cantiga", "postgresql://db.example/cantiga?user=cantiga&password=hidden",
                                           "postgresql:///cantiga?password=hidden&host=db.example", "postgresql://db.example/cantiga?sslpassword=hidden" };

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autofree char *text = g_strdup_printf ("[server]\nledger = %s\n", addresses[i]);
      g_autoptr (CantigaConfig) config = load (place, text);
      g_autofree char *told = cantiga_config_format (config);

      g_assert_cmpstr (config->ledger, ==, addresses[i]);
      g_assert_null (strstr (told, "hidden"));
      g_assert_nonnull (strstr (told, "db.example"));
    }
}

static void
test_a_pattern_brings_no_legacy (Place *place, gconstpointer unused)
{
  g_autoptr (CantigaConfig) config = load (place, "[suites]\nenabled = *\n");

  for (guint i = 0; config->enabled[i] != NULL; i++)
    g_assert_null (strstr (config->enabled[i], "EDE"));
}

static void
test_what_is_formatted_loads_again (Place *place, gconstpointer text)
{
  g_autoptr (CantigaConfig) first = load (place, text);
  g_autofree char *once = cantiga_config_format (first);
  g_autoptr (CantigaConfig) second = load (place, once);
  g_autofree char *twice = cantiga_config_format (second);

  g_assert_cmpstr (once, ==, twice);
  g_assert_cmpstr (first->name, ==, second->name);
  g_assert_true (g_strv_equal ((const char *const *)first->enabled, (const char *const *)second->enabled));
  g_assert_cmpint (first->policy.renewal_after, ==, second->policy.renewal_after);
  g_assert_cmpint (first->policy.validity, ==, second->policy.validity);
}

#define ADD(path, function) g_test_add ("/config/" path, Place, NULL, place_set_up, function, place_tear_down)
#define ADD_FORMATTED(path, text) g_test_add ("/config/" path, Place, text, place_set_up, test_what_is_formatted_loads_again, place_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("everything-has-a-default", test_defaults);
  ADD ("refuses-a-file-that-is-asked-for-and-missing", test_refuses_a_missing_file);
  ADD ("reads-every-key", test_reads_every_key);
  ADD ("refuses-other-encodings", test_refuses_other_encodings);
  ADD ("tells-no-password", test_no_password_is_told);
  ADD ("the-environment-overrides-the-file", test_the_environment_overrides);
  ADD ("the-environment-is-checked", test_the_environment_is_checked);
  ADD ("a-pattern-brings-in-no-legacy-suite", test_a_pattern_brings_no_legacy);
  ADD_FORMATTED ("the-default-is-written-and-read-again", "");
  ADD_FORMATTED ("all-is-written-and-read-again", "[server]\nname = a\n[suites]\nenabled = ECDH_*\nselection = random\n"
                                                  "[licence]\nvalidity = 36h\nrenewal = after 90s\n");
  for (guint i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_autofree char *path = g_strconcat ("/config/refuses-", mistakes[i].path, NULL);

      g_test_add (path, Place, &mistakes[i], place_set_up, test_refuses, place_tear_down);
    }
  return g_test_run ();
}
