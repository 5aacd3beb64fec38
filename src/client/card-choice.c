#include "client/card-choice.h"

#include <string.h>

#define CHOICE_FILE "card"
#define URI_MAX 4096

static gboolean
is_uri (const char *text, gsize length)
{
  return length < URI_MAX && g_str_has_prefix (text, "pkcs11:") && g_utf8_validate (text, (gssize)length, NULL) && strlen (text) == length;
}

static void
loaded_cb (GObject *file, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autofree char *text = NULL;
  gsize length = 0;
  GError *error = NULL;

  if (g_file_load_contents_finish (G_FILE (file), result, &text, &length, NULL, &error))
    g_task_return_pointer (task, is_uri (text, length) ? g_steal_pointer (&text) : NULL, g_free);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_error_free (error);
      g_task_return_pointer (task, NULL, NULL);
    }
  else
    g_task_return_error (task, error);
}

void
cantiga_card_choice_load_async (const char *folder, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GFile) file = g_file_new_build_filename (folder, CHOICE_FILE, NULL);
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, cantiga_card_choice_load_async);
  g_file_load_contents_async (file, cancellable, loaded_cb, task);
}

char *
cantiga_card_choice_load_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_card_choice_load_async), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
saved_cb (GObject *file, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_file_replace_contents_finish (G_FILE (file), result, NULL, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
cantiga_card_choice_save_async (const char *folder, const char *uri, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GFile) file = g_file_new_build_filename (folder, CHOICE_FILE, NULL);
  g_autoptr (GBytes) text = g_bytes_new (uri, strlen (uri));
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, cantiga_card_choice_save_async);
  g_file_replace_contents_bytes_async (file, text, NULL, FALSE, G_FILE_CREATE_PRIVATE | G_FILE_CREATE_REPLACE_DESTINATION, cancellable, saved_cb,
                                       task);
}

gboolean
cantiga_card_choice_save_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_card_choice_save_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
