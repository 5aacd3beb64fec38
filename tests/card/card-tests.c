#include "card-tests.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

#include "core/chain.h"

static char *folder;

/* Not in TMPDIR: it may be closed to the other user that one test runs as. */
const char *
card_tests_folder (void)
{
  if (folder == NULL)
    {
      folder = g_strdup ("/tmp/cantiga-card-XXXXXX");
      g_assert_nonnull (g_mkdtemp_full (folder, 0700));
    }
  return folder;
}

char *
card_tests_path (const char *name)
{
  return g_build_filename (card_tests_folder (), name, NULL);
}

void
card_tests_end (void)
{
  const char *const arguments[] = { "rm", "-rf", card_tests_folder (), NULL };

  card_tests_run (arguments);
}

void
card_tests_write (const char *name, const char *text)
{
  g_autofree char *path = card_tests_path (name);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

char *
card_tests_read (const char *name)
{
  g_autofree char *path = card_tests_path (name);
  char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? text : g_strdup ("");
}

void
card_tests_run (const char *const *arguments)
{
  g_autoptr (GError) error = NULL;
  int status = 0;

  g_spawn_sync (NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, &error);
  g_assert_no_error (error);
  g_spawn_check_wait_status (status, &error);
  g_assert_no_error (error);
}

void
card_tests_make_card (const char *first, const char *kind, const char *name)
{
  g_autofree char *script = g_build_filename (g_getenv ("CANTIGA_SOURCE"), "tests", "card", "softhsm.sh", NULL);
  g_autofree char *directory = card_tests_path ("hsm");
  const char *const fresh[] = { script, directory, kind, name, NULL };
  const char *const further[] = { script, first, directory, kind, name, NULL };

  card_tests_run (first == NULL ? fresh : further);
}

char *
card_tests_softhsm (void)
{
  g_autofree char *text = card_tests_read ("hsm/softhsm2.module");

  g_assert_true (g_str_has_prefix (text, "module: "));
  return g_strstrip (g_strdup (text + strlen ("module: ")));
}

char *
card_tests_program (const char *name, const char *lines)
{
  g_autofree char *text = g_strdup_printf ("#!/bin/sh\n%s\nexec \"%s\" \"$@\"\n", lines, g_getenv ("CANTIGA_CARD_HELPER"));
  char *path = card_tests_path (name);

  card_tests_write (name, text);
  g_assert_cmpint (g_chmod (path, 0755), ==, 0);
  return path;
}

void
card_tests_wait (gboolean (*check) (gpointer), gpointer argument)
{
  gint64 end = g_get_monotonic_time () + 100 * G_USEC_PER_SEC;

  while (!check (argument))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (2000);
    }
}

static gboolean
is_written (gpointer name)
{
  g_autofree char *text = card_tests_read (name);

  return g_str_has_suffix (text, "\n");
}

GPid
card_tests_wait_for_pid (const char *name)
{
  g_autofree char *text = NULL;

  card_tests_wait (is_written, (gpointer)name);
  text = card_tests_read (name);
  return (GPid)g_ascii_strtoll (text, NULL, 10);
}

/* A zombie is gone too: it waits for whoever inherited it. */
gboolean
card_tests_is_gone (gpointer pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", GPOINTER_TO_INT (pid));
  g_autofree char *text = NULL;
  const char *name_end;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return TRUE;
  name_end = strrchr (text, ')');
  return name_end != NULL && name_end[2] == 'Z';
}

static void
take_result_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

GPtrArray *
card_tests_list (CantigaCard *card, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  cantiga_card_list_async (card, NULL, take_result_cb, &result);
  return cantiga_card_list_finish (card, wait_for (&result), error);
}

CantigaCardFound *
card_tests_find (CantigaCard *card, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = card_tests_list (card, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < all->len; i++)
    {
      CantigaCardFound *found = g_ptr_array_index (all, i);

      if (name == NULL || g_str_equal (found->name, name))
        return cantiga_card_found_ref (found);
    }
  g_assert_not_reached ();
}

GBytes *
card_tests_message (void)
{
  return g_bytes_new_static ("the message, given whole", 24);
}

GBytes *
card_tests_sign (CantigaCard *card, CantigaCardFound *found, const char *pin, const char **ret_algorithm, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) message = card_tests_message ();
  CantigaSecret *secret = pin != NULL ? cantiga_secret_new_copy ((const guint8 *)pin, strlen (pin)) : NULL;
  const char *algorithm = NULL;
  GBytes *signature;

  cantiga_card_sign_async (card, found, message, secret, NULL, take_result_cb, &result);
  signature = cantiga_card_sign_finish (card, wait_for (&result), &algorithm, error);
  if (ret_algorithm != NULL)
    *ret_algorithm = algorithm;
  return signature;
}

void
card_tests_assert_signed (CantigaCardFound *found, const char *algorithm, GBytes *signature)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) certificate = cantiga_certificate_decode (found->certificate, &error);
  g_autoptr (GBytes) message = card_tests_message ();

  g_assert_no_error (error);
  g_assert_nonnull (signature);
  g_assert_true (cantiga_verify_card (X509_get0_pubkey (certificate), algorithm, g_bytes_get_data (message, NULL), g_bytes_get_size (message),
                                      signature, &error));
  g_assert_no_error (error);
}
