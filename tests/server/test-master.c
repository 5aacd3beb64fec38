/* Where the master key comes from. What is taken from the environment is kept by the process: such tests run in one of their own. */
#include "server/master.h"

#include <string.h>
#include <sys/stat.h>

#include "tests/server/state-fixture.h"

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" /* 0, 1, … 31 */

static gboolean
is_swapping (void)
{
  g_autofree char *swaps = NULL;

  g_assert_true (g_file_get_contents ("/proc/swaps", &swaps, NULL, NULL));
  return strchr (swaps, '\n')[1] != '\0';
}

static void
assert_is_counting (CantigaSecret *master)
{
  g_assert_nonnull (master);
  g_assert_cmpuint (cantiga_secret_length (master), ==, 32);
  for (guint i = 0; i < 32; i++)
    g_assert_cmpuint (cantiga_secret_bytes (master)[i], ==, i);
}

static void
in_child (const char *key)
{
  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
    }
  else
    g_setenv ("CANTIGA_MASTER_KEY", key, TRUE);
}

/* On a machine that swaps it is refused, with what to do. */
static void
test_environment (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSecret) master = NULL;
  gboolean given = FALSE;

  in_child (KEY);
  if (!g_test_subprocess ())
    return;
  master = cantiga_master_read_given (&given, &error);
  g_assert_true (given);
  if (is_swapping ())
    {
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
      g_assert_nonnull (strstr (error->message, "turn swap off"));
      return;
    }
  g_assert_no_error (error);
  assert_is_counting (master);
}

/* Neither a child nor /proc shows it; who asks again gets it. */
static void
test_environment_is_cleared (Place *place, gconstpointer unused)
{
  g_autoptr (CantigaSecret) first = NULL;
  g_autoptr (CantigaSecret) second = NULL;
  const char *text;
  gboolean given;

  in_child (KEY);
  if (!g_test_subprocess ())
    return;
  text = g_getenv ("CANTIGA_MASTER_KEY");
  first = cantiga_master_read_given (&given, NULL);
  g_assert_cmpstr (text, ==, "");
  g_assert_null (g_getenv ("CANTIGA_MASTER_KEY"));
  second = cantiga_master_read_given (&given, NULL);
  g_assert_true ((first == NULL) == is_swapping ());
  g_assert_true ((second == NULL) == is_swapping ());
}

static void
test_environment_is_no_key (Place *place, gconstpointer text)
{
  g_autoptr (GError) error = NULL;
  gboolean given = FALSE;

  in_child (text);
  if (!g_test_subprocess ())
    return;
  g_assert_null (cantiga_master_read_given (&given, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
  g_assert_true (given);
}

static void
test_none_is_given (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  gboolean given = TRUE;

  g_unsetenv ("CREDENTIALS_DIRECTORY");
  g_unsetenv ("CANTIGA_MASTER_KEY_FILE");
  g_assert_null (cantiga_master_read_given (&given, &error));
  g_assert_no_error (error);
  g_assert_false (given);
}

static void
test_makes_one_once (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (place->parent, "new.key", NULL);
  g_autoptr (CantigaSecret) first = cantiga_master_read_or_make (path, &error);
  g_autoptr (CantigaSecret) second = cantiga_master_read_or_make (path, &error);
  GStatBuf status;

  g_assert_no_error (error);
  g_assert_cmpmem (cantiga_secret_bytes (first), 32, cantiga_secret_bytes (second), 32);
  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
  g_assert_cmpint (status.st_size, ==, 32);
}

#define ADD_WITH(path, with, function) g_test_add ("/master/" path, Place, with, place_set_up, function, place_tear_down)
#define ADD(path, function) ADD_WITH (path, NULL, function)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("comes-from-the-environment-where-nothing-is-swapped", test_environment);
  ADD ("is-taken-out-of-the-environment", test_environment_is_cleared);
  ADD_WITH ("of-the-environment-is-not-empty", "", test_environment_is_no_key);
  ADD_WITH ("of-the-environment-is-32-bytes", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", test_environment_is_no_key);
  ADD_WITH ("of-the-environment-is-base64", "not base64, not base64, not base64, not base", test_environment_is_no_key);
  ADD ("is-the-state-s-own-where-none-is-given", test_none_is_given);
  ADD ("is-made-once", test_makes_one_once);
  return g_test_run ();
}
