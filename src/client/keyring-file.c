#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/folder.h"
#include "client/keyring.h"
#include "core/wire.h"

#define PASSPHRASE_RANDOM 32
#define PASSPHRASE_MAX 256

typedef struct
{
  char *folder;
  gboolean make;
} Load;

static void
load_free (Load *load)
{
  g_free (load->folder);
  g_free (load);
}

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
read_passphrase (int descriptor, const char *path, GError **error)
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

static gboolean
write_all (int descriptor, const char *text, gsize length)
{
  while (length > 0)
    {
      gssize n = write (descriptor, text, length);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      text += n;
      length -= n;
    }
  return fsync (descriptor) == 0;
}

static gboolean
write_random (int descriptor)
{
  g_autoptr (CantigaSecret) random = cantiga_secret_new_random (PASSPHRASE_RANDOM);
  char *text = cantiga_base64url_encode (cantiga_secret_bytes (random), PASSPHRASE_RANDOM);
  gboolean written = write_all (descriptor, text, strlen (text));

  cantiga_wipe (text, strlen (text));
  g_free (text);
  return written;
}

/* link() puts it in place only if nobody else did in the meantime: two players that start at once agree on one passphrase. */
static gboolean
make_passphrase (const char *folder, const char *path, GError **error)
{
  g_autofree char *part = g_strconcat (path, ".XXXXXX", NULL);
  int descriptor = g_mkstemp_full (part, O_RDWR | O_CLOEXEC, 0600);
  gboolean made;

  if (descriptor < 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be written: %s.", folder, g_strerror (errno));
  made = write_random (descriptor) && (link (part, path) == 0 || errno == EEXIST);
  if (!made)
    cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be written: %s.", path, g_strerror (errno));
  close (descriptor);
  g_unlink (part);
  return made && cantiga_folder_fsync (folder, error);
}

static int
open_passphrase (const char *path)
{
  return g_open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
}

static void
load_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Load *load = task_data;
  g_autofree char *path = g_build_filename (load->folder, "passphrase", NULL);
  g_autoptr (CantigaSecret) passphrase = NULL;
  g_autoptr (GError) error = NULL;
  int descriptor = open_passphrase (path);

  if (descriptor < 0 && errno == ENOENT && load->make && make_passphrase (load->folder, path, &error))
    descriptor = open_passphrase (path);
  if (error != NULL)
    return g_task_return_error (task, g_steal_pointer (&error));
  if (descriptor < 0)
    return g_task_return_new_error (task, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION,
                                    "%s, without which the keys cannot be opened, cannot be read: %s.", path, g_strerror (errno));
  if (check_mode (descriptor, path, &error))
    passphrase = read_passphrase (descriptor, path, &error);
  close (descriptor);
  if (passphrase == NULL)
    return g_task_return_error (task, g_steal_pointer (&error));
  g_task_return_pointer (task, g_steal_pointer (&passphrase), (GDestroyNotify)cantiga_secret_free);
}

static void
load_async (const char *folder, gboolean make, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Load *load = g_new0 (Load, 1);

  load->folder = g_strdup (folder);
  load->make = make;
  g_task_set_source_tag (task, load_async);
  g_task_set_task_data (task, load, (GDestroyNotify)load_free);
  g_task_run_in_thread (task, load_thread);
}

static CantigaSecret *
load_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

const CantigaKeyring cantiga_keyring_file = { "file", load_async, load_finish };
