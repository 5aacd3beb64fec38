#include "client/card-official.h"

#include <string.h>

#define MODULE "libpteidpkcs11.so"
#define REGISTRATION "autenticacao-gov.module"

/* Where its packages put it; a Flatpak has none of them. */
static const char *const folders[] = { "/usr/local/lib", "/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64" };

char *
cantiga_card_official_dup_path (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = g_build_filename (folders[i], MODULE, NULL);

      if (g_file_test (path, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&path);
    }
  return NULL;
}

gboolean
cantiga_card_official_is (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);

  return g_str_has_prefix (name, MODULE);
}

char *
cantiga_card_official_dup_command (const char *path)
{
  return g_strdup_printf ("mkdir -p ~/.config/pkcs11/modules && echo \"module: %s\" > ~/.config/pkcs11/modules/" REGISTRATION, path);
}

/* A folder and a line: one step of the pool. */
static void
register_thread (GTask *task, gpointer source, gpointer path, GCancellable *cancellable)
{
  g_autofree char *folder = g_build_filename (g_get_user_config_dir (), "pkcs11", "modules", NULL);
  g_autofree char *file = g_build_filename (folder, REGISTRATION, NULL);
  g_autofree char *text = g_strdup_printf ("module: %s\n", (const char *)path);
  g_autoptr (GFile) made = g_file_new_for_path (folder);
  g_autoptr (GError) error = NULL;

  if (!g_file_make_directory_with_parents (made, NULL, &error) && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_EXISTS))
    return g_task_return_error (task, g_steal_pointer (&error));
  g_clear_error (&error);
  if (g_file_set_contents (file, text, -1, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
cantiga_card_official_register_async (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, cantiga_card_official_register_async);
  g_task_set_task_data (task, g_strdup (path), g_free);
  g_task_run_in_thread (task, register_thread);
}

gboolean
cantiga_card_official_register_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_card_official_register_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
