#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/folder.h"
#include "client/keyring-private.h"

#define PASSPHRASE_MAX 256

/* What one run in the pool needs. */
typedef struct
{
  char *folder;
  char *path;
  CantigaSecret *passphrase; /* to be cleared */
} Job;

static void
job_free (Job *job)
{
  g_free (job->folder);
  g_free (job->path);
  cantiga_secret_free (job->passphrase);
  g_free (job);
}

static void
run (const char *folder, CantigaSecret *passphrase, GTaskThreadFunc body, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Job *job = g_new0 (Job, 1);

  job->folder = g_strdup (folder);
  job->path = g_build_filename (folder, CANTIGA_KEYRING_PASSPHRASE_FILE, NULL);
  if (passphrase != NULL)
    job->passphrase = cantiga_secret_new_copy (cantiga_secret_bytes (passphrase), cantiga_secret_length (passphrase));
  g_task_set_source_tag (task, run);
  g_task_set_task_data (task, job, (GDestroyNotify)job_free);
  g_task_run_in_thread (task, body);
}

static gboolean
boolean_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
return_boolean (GTask *task, gboolean done, GError *error)
{
  if (done)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* ---- probe ---- */

static void
probe_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, probe_async);
  g_task_return_boolean (task, TRUE);
}

/* ---- lookup ---- */

static gboolean
check_mode (int descriptor, const char *path, GError **error)
{
  struct stat about;

  if (fstat (descriptor, &about) != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be read: %s.", path, g_strerror (errno));
  if ((about.st_mode & 077) != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s can be read by others: make it yours alone (chmod 600).", path);
  return TRUE;
}

/* Reads straight into locked memory. */
static CantigaSecret *
read_bytes (int descriptor, const char *path, GError **error)
{
  g_autoptr (CantigaSecret) passphrase = cantiga_secret_new (PASSPHRASE_MAX);
  gssize n;

  do
    n = read (descriptor, cantiga_secret_bytes (passphrase), PASSPHRASE_MAX);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be read: %s.", path, g_strerror (errno));
      return NULL;
    }
  while (n > 0 && g_ascii_isspace (cantiga_secret_bytes (passphrase)[n - 1]))
    n--;
  if (n == 0)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s is empty: put it back from a backup, or remove the folder and pair again.", path);
      return NULL;
    }
  cantiga_secret_truncate (passphrase, n);
  return g_steal_pointer (&passphrase);
}

static CantigaSecret *
read_passphrase (const char *path, GError **error)
{
  int descriptor = g_open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
  CantigaSecret *passphrase = NULL;

  if (descriptor < 0)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s, without which the keys cannot be opened, cannot be read: %s.", path,
                         g_strerror (errno));
      return NULL;
    }
  if (check_mode (descriptor, path, error))
    passphrase = read_bytes (descriptor, path, error);
  close (descriptor);
  return passphrase;
}

static void
lookup_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Job *job = task_data;
  GError *error = NULL;
  CantigaSecret *passphrase = read_passphrase (job->path, &error);

  if (passphrase != NULL)
    g_task_return_pointer (task, passphrase, (GDestroyNotify)cantiga_secret_free);
  else
    g_task_return_error (task, error);
}

static void
lookup_async (const char *folder, const CantigaId *item, gboolean ask, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  run (folder, NULL, lookup_thread, cancellable, callback, user_data);
}

static CantigaSecret *
lookup_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* ---- place: whole or not at all ---- */

static gboolean
write_all (int descriptor, CantigaSecret *passphrase)
{
  const guint8 *bytes = cantiga_secret_bytes (passphrase);
  gsize length = cantiga_secret_length (passphrase);

  while (length > 0)
    {
      gssize n = write (descriptor, bytes, length);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      bytes += n;
      length -= (gsize)n;
    }
  return fsync (descriptor) == 0;
}

static gboolean
place (const char *folder, CantigaSecret *passphrase, GError **error)
{
  g_autofree char *path = g_build_filename (folder, CANTIGA_KEYRING_PASSPHRASE_FILE, NULL);
  g_autofree char *part = g_strconcat (path, ".XXXXXX", NULL);
  int descriptor = g_mkstemp_full (part, O_RDWR | O_CLOEXEC, 0600);
  gboolean written;

  if (descriptor < 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be written: %s.", folder, g_strerror (errno));
  written = write_all (descriptor, passphrase) && g_rename (part, path) == 0;
  if (!written)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be written: %s.", path, g_strerror (errno));
      g_unlink (part);
    }
  close (descriptor);
  return written && cantiga_folder_fsync (folder, error);
}

/* ---- clear ---- */

static gboolean
clear_locked (Job *job, GError **error)
{
  g_autoptr (CantigaSecret) there = NULL;
  CantigaMarker marker;
  gsize length = cantiga_secret_length (job->passphrase);

  if (!cantiga_marker_read (job->folder, &marker, error))
    return FALSE;
  if (marker.backend == NULL || marker.backend == &cantiga_keyring_file || !g_file_test (job->path, G_FILE_TEST_EXISTS))
    return TRUE;
  there = read_passphrase (job->path, NULL);
  if (there == NULL || cantiga_secret_length (there) != length
      || !cantiga_bytes_equal (cantiga_secret_bytes (there), cantiga_secret_bytes (job->passphrase), length))
    return TRUE;
  if (g_unlink (job->path) != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be removed: %s.", job->path, g_strerror (errno));
  return TRUE;
}

static void
clear_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Job *job = task_data;
  GError *error = NULL;
  int lock = cantiga_folder_lock (job->folder, &error);
  gboolean cleared = lock >= 0 && clear_locked (job, &error);

  if (lock >= 0)
    close (lock);
  return_boolean (task, cleared, error);
}

static void
clear_async (const char *folder, const CantigaId *item, CantigaSecret *passphrase, GCancellable *cancellable, GAsyncReadyCallback callback,
             gpointer user_data)
{
  run (folder, passphrase, clear_thread, cancellable, callback, user_data);
}

const CantigaKeyringBackend cantiga_keyring_file
    = { "file", probe_async, boolean_finish, NULL, NULL, place, lookup_async, lookup_finish, clear_async, boolean_finish };
