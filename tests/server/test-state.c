#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/ledger.h"
#include "tests/server/state-fixture.h"

static void
really_init (Place *place)
{
  g_autoptr (GError) error = NULL;
  gboolean made = cantiga_state_init (place->folder, "Casa", NOW, &error);

  g_assert_no_error (error);
  g_assert_true (made);
}

static char *
path_of (Place *place, const char *name)
{
  return g_build_filename (place->folder, name, NULL);
}

static void
assert_refused (Place *place, const char *said)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_state_open (place->folder, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, said));
}

static void
assert_init_refused (Place *place, const char *said)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (cantiga_state_init (place->folder, "Casa", NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, said));
}

/* The state opens, and everything in it with its master key. */
static void
assert_works (Place *place)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaState) state = open_state (place);
  g_autofree char *path = cantiga_state_dup_path (state, "ledger.sqlite");
  g_autofree char *library = cantiga_state_dup_path (state, "library");
  g_autoptr (CantigaPki) pki = cantiga_pki_open (state, NOW, &error);
  g_autoptr (CantigaLedger) ledger = NULL;

  g_assert_no_error (error);
  g_assert_nonnull (pki);
  ledger = cantiga_ledger_open (path, cantiga_state_get_master (state), &error);
  g_assert_no_error (error);
  g_assert_nonnull (ledger);
  g_assert_true (g_file_test (library, G_FILE_TEST_IS_DIR));
  g_assert_true (cantiga_state_exists (place->folder));
}

/* ---- init ---- */

static void
test_init_makes_one (Place *place, gconstpointer unused)
{
  g_assert_false (cantiga_state_exists (place->folder));
  really_init (place);
  assert_works (place);
}

static void
assert_only_owner (const char *folder)
{
  g_autoptr (GDir) entries = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (entries)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      GStatBuf status;

      g_assert_cmpint (g_lstat (path, &status), ==, 0);
      g_test_message ("%s %o", path, status.st_mode & 0777);
      g_assert_cmpint (status.st_mode & 0777, ==, S_ISDIR (status.st_mode) ? 0700 : 0600);
      if (S_ISDIR (status.st_mode))
        assert_only_owner (path);
    }
}

static void
test_only_the_owner_reads_it (Place *place, gconstpointer unused)
{
  mode_t before = umask (0);

  really_init (place);
  umask (before);
  assert_only_owner (place->parent);
}

static void
test_init_leaves_one_alone (Place *place, gconstpointer unused)
{
  g_autofree char *key = path_of (place, "master.key");
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  init (place);
  g_assert_true (g_file_get_contents (key, &before, NULL, NULL));
  assert_init_refused (place, "already");
  g_assert_true (g_file_get_contents (key, &after, NULL, NULL));
  g_assert_cmpmem (before, 32, after, 32);
  assert_works (place);
}

/* Whatever is left of a state is not built over. */
static void
test_init_leaves_parts_alone (Place *place, gconstpointer part)
{
  g_autofree char *path = path_of (place, part);

  g_assert_cmpint (g_mkdir_with_parents (place->folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, "of value", -1, NULL));
  assert_init_refused (place, "already");
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_true (cantiga_state_exists (place->folder));
  assert_refused (place, "restore it from a backup");
}

static void
test_init_keeps_a_configuration (Place *place, gconstpointer unused)
{
  g_autofree char *path = path_of (place, "server.conf");

  g_assert_cmpint (g_mkdir_with_parents (place->folder, 0755), ==, 0);
  g_assert_true (g_file_set_contents (path, "[server]\n", -1, NULL));
  really_init (place);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  assert_works (place);
}

static void
test_init_refuses_a_folder_in_use (Place *place, gconstpointer unused)
{
  g_autofree char *path = path_of (place, "letters.txt");
  GStatBuf status;

  g_assert_cmpint (g_mkdir_with_parents (place->folder, 0755), ==, 0);
  g_assert_true (g_file_set_contents (path, "mine", -1, NULL));
  assert_init_refused (place, "letters.txt");
  g_assert_cmpint (g_stat (place->folder, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0755);
}

static void
test_init_refuses_a_bad_name (Place *place, gconstpointer name)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (cantiga_state_init (place->folder, name, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
  g_assert_false (cantiga_state_exists (place->folder));
}

static void
test_a_failed_init_is_in_nobody_s_way (Place *place, gconstpointer unused)
{
  g_assert_false (cantiga_state_init (place->folder, "", NOW, NULL));
  really_init (place);
  assert_works (place);
}

/* ---- killed ---- */

#define KILLS 8

/* FALSE: it was done before it could be killed. */
static gboolean
init_and_kill (Place *place, guint microseconds)
{
  pid_t child = fork ();
  int status;

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    _exit (cantiga_state_init (place->folder, "Casa", NOW, NULL) ? 0 : 1);
  g_usleep (microseconds);
  kill (child, SIGKILL);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  return WIFSIGNALED (status);
}

/* Killed at one moment or another, it is either as if nothing had been, or whole. */
static void
test_killed_it_is_whole_or_not_there (Place *place, gconstpointer unused)
{
  guint killed = 0;

  for (guint i = 0; i < KILLS; i++)
    {
      g_autoptr (GError) error = NULL;

      killed += init_and_kill (place, i * i * 6000);
      if (!cantiga_state_exists (place->folder))
        really_init (place);
      assert_works (place);
      g_assert_true (cantiga_folder_remove (place->folder, &error));
    }
  g_assert_cmpuint (killed, >, 0);
}

/* Killed while its parts are moved to their places: whoever comes next finishes. */
static void
test_finishes_another_s_init (Place *place, gconstpointer part)
{
  g_autofree char *ready = path_of (place, ".ready");
  g_autofree char *from = path_of (place, part);
  g_autofree char *to = g_build_filename (ready, part, NULL);

  init (place);
  g_assert_cmpint (g_mkdir (ready, 0700), ==, 0);
  g_assert_cmpint (g_rename (from, to), ==, 0);
  g_assert_true (cantiga_state_exists (place->folder));
  assert_works (place);
  g_assert_false (g_file_test (ready, G_FILE_TEST_EXISTS));
}

/* ---- open ---- */

static void
test_open_refuses_what_is_not_there (Place *place, gconstpointer unused)
{
  assert_refused (place, "cantigactl init");
  g_assert_cmpint (g_mkdir (place->folder, 0700), ==, 0);
  assert_refused (place, "cantigactl init");
}

static void
test_open_refuses_a_readable_folder (Place *place, gconstpointer unused)
{
  init (place);
  g_assert_cmpint (g_chmod (place->folder, 0750), ==, 0);
  assert_refused (place, "chmod 700");
}

static void
test_open_refuses_a_readable_key (Place *place, gconstpointer unused)
{
  g_autofree char *key = path_of (place, "master.key");

  init (place);
  g_assert_cmpint (g_chmod (key, 0604), ==, 0);
  assert_refused (place, "chmod 600");
}

static void
test_open_refuses_a_key_cut_short (Place *place, gconstpointer length)
{
  g_autofree char *key = path_of (place, "master.key");
  g_autofree char *bytes = g_strnfill (40, 'k');

  init (place);
  g_assert_true (g_file_set_contents_full (key, bytes, GPOINTER_TO_INT (length), G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  assert_refused (place, "32 bytes");
}

/* ---- master keys from outside ---- */

static char *
write_key (Place *place, const char *name, char fill, int mode)
{
  char *path = g_build_filename (place->parent, name, NULL);
  g_autofree char *bytes = g_strnfill (32, fill);

  g_assert_true (g_file_set_contents_full (path, bytes, 32, G_FILE_SET_CONTENTS_CONSISTENT, mode, NULL));
  return path;
}

static void
assert_master (Place *place, char fill)
{
  g_autoptr (CantigaState) state = open_state (place);
  g_autofree char *bytes = g_strnfill (32, fill);

  g_assert_cmpmem (cantiga_secret_bytes (cantiga_state_get_master (state)), cantiga_secret_length (cantiga_state_get_master (state)), bytes, 32);
}

static void
test_takes_the_key_of_the_environment (Place *place, gconstpointer unused)
{
  g_autofree char *key = write_key (place, "elsewhere", 'e', 0600);
  g_autofree char *own = path_of (place, "master.key");

  g_setenv ("CANTIGA_MASTER_KEY_FILE", key, TRUE);
  really_init (place);
  assert_works (place);
  assert_master (place, 'e');
  g_assert_cmpint (g_chmod (key, 0644), ==, 0);
  assert_refused (place, "chmod 600");
  g_unsetenv ("CANTIGA_MASTER_KEY_FILE");
  g_assert_false (g_file_test (own, G_FILE_TEST_EXISTS));
  assert_refused (place, "master.key");
}

static void
test_takes_systemd_s_credential_first (Place *place, gconstpointer unused)
{
  g_autofree char *credential = write_key (place, "cantiga.master", 'c', 0440);
  g_autofree char *key = write_key (place, "elsewhere", 'e', 0600);

  g_setenv ("CREDENTIALS_DIRECTORY", place->parent, TRUE);
  g_setenv ("CANTIGA_MASTER_KEY_FILE", key, TRUE);
  really_init (place);
  assert_works (place);
  assert_master (place, 'c');
  g_unsetenv ("CREDENTIALS_DIRECTORY");
  g_unsetenv ("CANTIGA_MASTER_KEY_FILE");
}

static void
test_a_key_that_is_named_and_missing_is_no_other (Place *place, gconstpointer unused)
{
  init (place);
  g_setenv ("CANTIGA_MASTER_KEY_FILE", "/nonexistent/key", TRUE);
  assert_refused (place, "/nonexistent/key");
  g_unsetenv ("CANTIGA_MASTER_KEY_FILE");
}

static void
test_another_s_key_opens_nothing (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *key = write_key (place, "elsewhere", 'e', 0600);
  g_autoptr (CantigaState) state = NULL;

  init (place);
  g_setenv ("CANTIGA_MASTER_KEY_FILE", key, TRUE);
  state = open_state (place);
  g_unsetenv ("CANTIGA_MASTER_KEY_FILE");
  g_assert_null (cantiga_pki_open (state, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
  g_assert_nonnull (strstr (error->message, "master key"));
}

#define ADD(path, function) g_test_add ("/state/" path, Place, NULL, place_set_up, function, place_tear_down)
#define ADD_WITH(path, with, function) g_test_add ("/state/" path, Place, with, place_set_up, function, place_tear_down)

static void
add_init (void)
{
  ADD ("init-makes-one", test_init_makes_one);
  ADD ("only-the-owner-reads-it", test_only_the_owner_reads_it);
  ADD ("init-leaves-one-alone", test_init_leaves_one_alone);
  ADD_WITH ("init-leaves-a-master-key-alone", "master.key", test_init_leaves_parts_alone);
  ADD_WITH ("init-leaves-a-ledger-alone", "ledger.sqlite", test_init_leaves_parts_alone);
  ADD_WITH ("init-leaves-a-library-alone", "library", test_init_leaves_parts_alone);
  ADD ("init-keeps-a-configuration", test_init_keeps_a_configuration);
  ADD ("init-refuses-a-folder-in-use", test_init_refuses_a_folder_in_use);
  ADD_WITH ("init-refuses-an-empty-name", "", test_init_refuses_a_bad_name);
  ADD_WITH ("init-refuses-a-name-of-two-lines", "a\nb", test_init_refuses_a_bad_name);
  ADD_WITH ("init-refuses-a-long-name", "01234567890123456789012345678901234567890123456789012345678901234", test_init_refuses_a_bad_name);
  ADD ("a-failed-init-is-in-nobody-s-way", test_a_failed_init_is_in_nobody_s_way);
  ADD ("killed-it-is-whole-or-not-there", test_killed_it_is_whole_or_not_there);
  ADD_WITH ("finishes-what-lacks-its-key", "master.key", test_finishes_another_s_init);
  ADD_WITH ("finishes-what-lacks-its-certificates", "pki", test_finishes_another_s_init);
  ADD_WITH ("finishes-what-lacks-its-ledger", "ledger.sqlite", test_finishes_another_s_init);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  add_init ();
  ADD ("open-refuses-what-is-not-there", test_open_refuses_what_is_not_there);
  ADD ("open-refuses-a-folder-that-others-can-read", test_open_refuses_a_readable_folder);
  ADD ("open-refuses-a-key-that-others-can-read", test_open_refuses_a_readable_key);
  ADD_WITH ("open-refuses-a-key-that-is-too-short", GINT_TO_POINTER (31), test_open_refuses_a_key_cut_short);
  ADD_WITH ("open-refuses-a-key-that-is-too-long", GINT_TO_POINTER (33), test_open_refuses_a_key_cut_short);
  ADD ("takes-the-key-that-the-environment-names", test_takes_the_key_of_the_environment);
  ADD ("takes-systemd-s-credential-first", test_takes_systemd_s_credential_first);
  ADD ("a-key-that-is-named-and-missing-is-no-other", test_a_key_that_is_named_and_missing_is_no_other);
  ADD ("another-s-key-opens-nothing", test_another_s_key_opens_nothing);
  status = g_test_run ();
  drop_made ();
  return status;
}
