#include "ui/demo-folder.h"

#include <errno.h>

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "core/error.h"

struct _CantigaDemoFolder
{
  char *path;
  char *run; /* of this time */
  char *music, *server, *player;
};

CantigaDemoFolder *
cantiga_demo_folder_new (void)
{
  CantigaDemoFolder *folder = g_new0 (CantigaDemoFolder, 1);

  folder->path = g_build_filename (g_get_user_cache_dir (), "cantiga", "demo", NULL);
  folder->run = g_build_filename (folder->path, "run", NULL);
  folder->music = g_build_filename (folder->path, "music", NULL);
  folder->server = g_build_filename (folder->run, "server", NULL);
  folder->player = g_build_filename (folder->run, "player", NULL);
  return folder;
}

void
cantiga_demo_folder_free (CantigaDemoFolder *folder)
{
  g_free (folder->path);
  g_free (folder->run);
  g_free (folder->music);
  g_free (folder->server);
  g_free (folder->player);
  g_free (folder);
}

const char *
cantiga_demo_folder_get_music (CantigaDemoFolder *folder)
{
  return folder->music;
}

const char *
cantiga_demo_folder_get_server (CantigaDemoFolder *folder)
{
  return folder->server;
}

const char *
cantiga_demo_folder_get_player (CantigaDemoFolder *folder)
{
  return folder->player;
}

/* ---- removing ---- */

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) entries = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (entries != NULL && (name = g_dir_read_name (entries)) != NULL)
    {
      g_autofree char *entry = g_build_filename (path, name, NULL);

      remove_tree (entry);
    }
  g_remove (path);
}

void
cantiga_demo_folder_remove (CantigaDemoFolder *folder)
{
  remove_tree (folder->run);
}

/* ---- the music ---- */

/* What makes it, and from what: beside a program that runs where it was built, else where they are installed. */
static char *
dup_renderer (GPtrArray *scores)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = self != NULL ? g_path_get_dirname (self) : NULL;
  g_autofree char *beside = folder != NULL ? g_canonicalize_filename ("../../data/demo", folder) : NULL;
  g_autofree char *built = beside != NULL ? g_build_filename (beside, "cantiga-demo-render", NULL) : NULL;
  gboolean is_built = built != NULL && g_file_test (built, G_FILE_TEST_IS_EXECUTABLE);
  const char *place = is_built ? beside : CANTIGA_DATADIR "/demo";
  g_autoptr (GDir) entries = g_dir_open (place, 0, NULL);
  const char *name;

  while (entries != NULL && (name = g_dir_read_name (entries)) != NULL)
    if (g_str_has_suffix (name, ".score"))
      g_ptr_array_add (scores, g_build_filename (place, name, NULL));
  return is_built ? g_steal_pointer (&built) : g_build_filename (CANTIGA_LIBEXECDIR, "cantiga-demo-render", NULL);
}

/* format: NULL for what each score asks for. */
static gboolean
render (const char *into, const char *format, GError **error)
{
  g_autoptr (GPtrArray) scores = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *program = dup_renderer (scores);
  g_autoptr (GPtrArray) command = g_ptr_array_new ();
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *said = NULL;

  g_ptr_array_add (command, program);
  g_ptr_array_add (command, (gpointer) "--into");
  g_ptr_array_add (command, (gpointer)into);
  if (format != NULL)
    {
      g_ptr_array_add (command, (gpointer) "--format");
      g_ptr_array_add (command, (gpointer)format);
    }
  for (guint i = 0; i < scores->len; i++)
    g_ptr_array_add (command, scores->pdata[i]);
  g_ptr_array_add (command, NULL);
  process = g_subprocess_newv ((const char *const *)command->pdata, G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE, error);
  if (process == NULL || !g_subprocess_communicate_utf8 (process, NULL, NULL, NULL, &said, error))
    return FALSE;
  if (scores->len > 0 && g_subprocess_get_successful (process))
    return TRUE;
  return cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, _ ("The demo's music could not be made. Install the program whole."));
}

/* In a folder beside, so that what was broken off is not taken for whole. Not every computer can write every format; FLAC is the plainest. */
static gboolean
make (CantigaDemoFolder *folder, GError **error)
{
  g_autofree char *beside = g_strconcat (folder->music, ".new", NULL);

  remove_tree (folder->run);
  if (g_mkdir_with_parents (folder->run, 0700) != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, _ ("%s cannot be made: %s."), folder->run, g_strerror (errno));
  if (g_file_test (folder->music, G_FILE_TEST_IS_DIR))
    return TRUE;
  remove_tree (beside);
  if (!render (beside, NULL, NULL))
    {
      remove_tree (beside);
      if (!render (beside, "flac", error))
        return FALSE;
    }
  if (g_rename (beside, folder->music) != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, _ ("%s cannot be made: %s."), folder->music, g_strerror (errno));
  return TRUE;
}

static void
make_thread (GTask *task, gpointer source, gpointer folder, GCancellable *cancellable)
{
  GError *error = NULL;

  if (make (folder, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
cantiga_demo_folder_make_async (CantigaDemoFolder *folder, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);

  g_task_set_task_data (task, folder, NULL);
  g_task_run_in_thread (task, make_thread);
}

gboolean
cantiga_demo_folder_make_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
