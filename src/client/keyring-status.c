#include "client/keyring-private.h"

typedef struct
{
  char *folder;
  CantigaMarker marker;
  CantigaKeyringStatus *status;
} Asking;

static void
asking_free (Asking *asking)
{
  g_free (asking->folder);
  g_clear_pointer (&asking->status, cantiga_keyring_status_free);
  g_free (asking);
}

void
cantiga_keyring_status_free (CantigaKeyringStatus *status)
{
  g_clear_error (&status->trouble);
  g_free (status);
}

static void
asked_done (GTask *task)
{
  Asking *asking = g_task_get_task_data (task);

  g_task_return_pointer (task, g_steal_pointer (&asking->status), (GDestroyNotify)cantiga_keyring_status_free);
}

static void
looked_up_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Asking *asking = g_task_get_task_data (task);
  g_autoptr (CantigaSecret) passphrase = asking->marker.backend->lookup_finish (result, &asking->status->trouble);

  if (!g_task_return_error_if_cancelled (task))
    asked_done (task);
}

static void
probed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Asking *asking = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  asking->status->reachable = cantiga_keyring_secret.probe_finish (result, &error);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (asking->marker.backend != NULL)
    asking->marker.backend->lookup_async (asking->folder, &asking->marker.item, FALSE, g_task_get_cancellable (task), looked_up_cb,
                                          g_object_ref (task));
  else
    asked_done (task);
}

/* A passphrase's file without a marker is what older versions left: it is in use. */
static gboolean
read_marker (Asking *asking, GError **error)
{
  g_autofree char *path = g_build_filename (asking->folder, CANTIGA_KEYRING_PASSPHRASE_FILE, NULL);

  if (!cantiga_marker_read (asking->folder, &asking->marker, error))
    return FALSE;
  if (asking->marker.backend == NULL && g_file_test (path, G_FILE_TEST_EXISTS))
    asking->marker.backend = &cantiga_keyring_file;
  if (asking->marker.backend != NULL)
    asking->status->kept = asking->marker.backend == &cantiga_keyring_file ? CANTIGA_KEYRING_FILE : CANTIGA_KEYRING_SECRET_SERVICE;
  return TRUE;
}

static void
read_thread (GTask *inner, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Asking *asking = g_task_get_task_data (G_TASK (task_data));

  g_task_return_boolean (inner, read_marker (asking, &asking->status->trouble));
}

static void
marker_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    cantiga_keyring_secret.probe_async (g_task_get_cancellable (task), probed_cb, g_object_ref (task));
  else if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    asked_done (task);
}

void
cantiga_keyring_ask_status_async (const char *folder, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GTask) inner = g_task_new (NULL, cancellable, marker_read_cb, g_object_ref (task));
  Asking *asking = g_new0 (Asking, 1);

  g_task_set_source_tag (task, cantiga_keyring_ask_status_async);
  g_task_set_task_data (task, asking, (GDestroyNotify)asking_free);
  asking->folder = g_strdup (folder);
  asking->status = g_new0 (CantigaKeyringStatus, 1);
  g_task_set_task_data (inner, g_object_ref (task), g_object_unref);
  g_task_run_in_thread (inner, read_thread);
}

CantigaKeyringStatus *
cantiga_keyring_ask_status_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_keyring_ask_status_async), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
