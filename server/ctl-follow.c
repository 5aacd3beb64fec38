/* cantigactl add --watch. */
#include <stdio.h>

#include <glib-unix.h>

#include "core/clean.h"
#include "server/ctl.h"
#include "server/follow.h"

/* From the follower's thread, which is the only one that writes. */
static void
followed_cb (CantigaFollowEvent event, const char *path, const CantigaTitle *title, const char *detail, gpointer user_data)
{
  CantigaCtl *ctl = user_data;
  g_autofree char *name = g_filename_display_name (path);

  cantiga_clean (name);
  if (event == CANTIGA_FOLLOW_ADDED && ctl->json)
    cantiga_ctl_print_object (cantiga_ctl_encode_title (title));
  else if (event == CANTIGA_FOLLOW_ADDED)
    cantiga_ctl_print_title (title, "");
  else if (event == CANTIGA_FOLLOW_REMOVED)
    g_printerr ("cantigactl: %s is gone, and its title with it\n", name);
  else if (event == CANTIGA_FOLLOW_PASSED_OVER)
    g_printerr ("cantigactl: passed over: %s\n", detail); /* which names the file */
  else
    g_printerr ("cantigactl: %s: %s\n", name, detail);
  fflush (stdout);
}

static gboolean
stopped_cb (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

gboolean
cantiga_ctl_follow (CantigaCtl *ctl, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (CantigaFollow) follow = NULL;

  for (guint i = 0; ctl->arguments[i] != NULL; i++)
    {
      g_autofree char *given = ctl->arguments[i];

      ctl->arguments[i] = g_canonicalize_filename (given, NULL);
      if (!g_file_test (ctl->arguments[i], G_FILE_TEST_IS_DIR))
        return cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "%s is not a folder: --watch follows folders.", ctl->arguments[i]);
    }
  follow = cantiga_follow_start (ctl->state, ctl->pki, ctl->ledger, (const char *const *)ctl->arguments, ctl->exportable, followed_cb, ctl, error);
  if (follow == NULL)
    return FALSE;
  g_unix_signal_add (SIGINT, stopped_cb, loop);
  g_unix_signal_add (SIGTERM, stopped_cb, loop);
  g_main_loop_run (loop);
  return TRUE;
}
