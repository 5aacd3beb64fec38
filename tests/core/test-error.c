#include "core/error.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

static void
test_table (void)
{
  g_autoptr (GHashTable) types = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint code = 0; code < CANTIGA_N_ERRORS; code++)
    {
      const char *type = cantiga_error_get_type (code);
      const char *sentence = cantiga_error_get_sentence (code);

      g_assert_cmpuint (strlen (sentence), >, 10);
      g_assert_true (g_str_has_suffix (sentence, "."));
      g_assert_cmpuint (cantiga_error_get_status (code), >=, 400);
      g_assert_cmpint (cantiga_error_get_exit (code), !=, CANTIGA_EXIT_DONE);
      if (type == NULL)
        continue;
      g_assert_true (g_hash_table_add (types, (char *)type));
      g_assert_cmpint (cantiga_error_from_type (type), ==, code);
    }
}

static void
test_unknown_type (void)
{
  g_assert_cmpint (cantiga_error_from_type ("/problems/from-the-future"), ==, CANTIGA_ERROR_INTERNAL);
  g_assert_cmpint (cantiga_error_from_type (""), ==, CANTIGA_ERROR_INTERNAL);
  g_assert_cmpint (cantiga_error_from_type (NULL), ==, CANTIGA_ERROR_INTERNAL);
}

/* The rows "| 404 | `not-found` `title-unknown` … |" of docs/protocol.md 11, as type → status. */
static GHashTable *
read_specification (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("CANTIGA_SOURCE"), "docs", "protocol.md", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GRegex) name = g_regex_new ("`([a-z-]+)`", 0, 0, NULL);
  g_auto (GStrv) lines = NULL;
  GHashTable *statuses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  g_assert_true (g_file_get_contents (path, &text, NULL, &error));
  lines = g_strsplit (strstr (text, "\n## 11. "), "\n", -1);
  for (guint i = 2; lines[i] != NULL && !g_str_has_prefix (lines[i], "## "); i++)
    {
      guint status = g_str_has_prefix (lines[i], "| ") ? (guint)atoi (lines[i] + 2) : 0;
      g_autoptr (GMatchInfo) match = NULL;

      for (g_regex_match (name, lines[i], 0, &match); status != 0 && g_match_info_matches (match); g_match_info_next (match, NULL))
        {
          g_autofree char *found = g_match_info_fetch (match, 1);

          g_hash_table_insert (statuses, g_strconcat ("/problems/", found, NULL), GUINT_TO_POINTER (status));
        }
    }
  return statuses;
}

static void
test_specification (void)
{
  g_autoptr (GHashTable) statuses = read_specification ();
  guint on_wire = 0;

  for (guint code = 0; code < CANTIGA_N_ERRORS; code++)
    {
      const char *type = cantiga_error_get_type (code);

      if (type == NULL)
        continue;
      on_wire++;
      g_assert_true (g_hash_table_contains (statuses, type));
      g_assert_cmpuint (GPOINTER_TO_UINT (g_hash_table_lookup (statuses, type)), ==, cantiga_error_get_status (code));
    }
  g_assert_cmpuint (g_hash_table_size (statuses), ==, on_wire);
}

static void
test_fail (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (cantiga_fail (&error, CANTIGA_ERROR_PIN_WRONG));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_PIN_WRONG);
  g_assert_cmpstr (error->message, ==, cantiga_error_get_sentence (CANTIGA_ERROR_PIN_WRONG));
  g_assert_false (cantiga_fail (NULL, CANTIGA_ERROR_PIN_WRONG));
}

static void
test_fail_with (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (cantiga_fail_with (&error, CANTIGA_ERROR_USAGE, "“%s” has %d legs.", "table", 3));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_USAGE);
  g_assert_cmpstr (error->message, ==, "“table” has 3 legs.");
  g_assert_false (cantiga_fail_with (NULL, CANTIGA_ERROR_USAGE, "%d", 3));
}

static void
test_fail_crypto (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (EVP_MD_fetch (NULL, "NO-SUCH-DIGEST", NULL));
  g_assert_cmpuint (ERR_peek_error (), !=, 0);
  g_assert_false (cantiga_fail_crypto (&error, "hashing"));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CRYPTO);
  g_assert_nonnull (strstr (error->message, "failed hashing: unsupported"));
  g_assert_cmpuint (ERR_peek_error (), ==, 0);
}

static void
test_fail_crypto_without_reason (void)
{
  g_autoptr (GError) error = NULL;

  ERR_clear_error ();
  g_assert_false (cantiga_fail_crypto (&error, "hashing"));
  g_assert_nonnull (strstr (error->message, "no reason"));
}

static void
test_options (void)
{
  int n = 0;
  const GOptionEntry entries[] = { { "n", 0, 0, G_OPTION_ARG_INT, &n, "A number", "N" }, { NULL } };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  char *good[] = { "program", "--n", "3", "more", NULL }, *wrong[] = { "program", "--m", NULL };
  char **argv = good;
  int argc = 4;
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  g_assert_true (cantiga_parse_options (context, &argc, &argv, &error));
  g_assert_cmpint (n, ==, 3);
  g_assert_cmpint (argc, ==, 2);
  argv = wrong;
  argc = 2;
  g_assert_false (cantiga_parse_options (context, &argc, &argv, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_USAGE);
  g_assert_true (g_str_has_suffix (error->message, "--m: --help lists the options."));
}

static void
test_exit (void)
{
  g_autoptr (GError) usage = g_error_new_literal (G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "x");
  g_autoptr (GError) file = g_error_new_literal (G_FILE_ERROR, G_FILE_ERROR_NOENT, "x");
  g_autoptr (GError) refused = g_error_new_literal (CANTIGA_ERROR, CANTIGA_ERROR_CARD_UNKNOWN, "x");

  g_assert_cmpint (cantiga_error_to_exit (NULL), ==, CANTIGA_EXIT_DONE);
  g_assert_cmpint (cantiga_error_to_exit (usage), ==, CANTIGA_EXIT_USAGE);
  g_assert_cmpint (cantiga_error_to_exit (file), ==, CANTIGA_EXIT_FAILED);
  g_assert_cmpint (cantiga_error_to_exit (refused), ==, CANTIGA_EXIT_REFUSED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error/every-code-has-a-row", test_table);
  g_test_add_func ("/error/an-unknown-type-is-internal", test_unknown_type);
  g_test_add_func ("/error/the-table-is-that-of-the-specification", test_specification);
  g_test_add_func ("/error/a-failure-has-the-table-s-sentence", test_fail);
  g_test_add_func ("/error/a-failure-may-have-a-sentence-of-its-own", test_fail_with);
  g_test_add_func ("/error/openssl-s-reason-is-told-and-its-queue-emptied", test_fail_crypto);
  g_test_add_func ("/error/openssl-may-give-no-reason", test_fail_crypto_without_reason);
  g_test_add_func ("/error/what-is-wrong-on-a-command-line-is-a-sentence", test_options);
  g_test_add_func ("/error/programs-end-with-the-table-s-number", test_exit);
  return g_test_run ();
}
