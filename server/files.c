#include "server/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
fail_with_errno (const char *path, const char *what, GError **error)
{
  return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s %s: %s.", path, what, g_strerror (errno));
}

gboolean
cantiga_private_check (const char *path, GError **error)
{
  GStatBuf status;

  if (g_stat (path, &status) != 0)
    return fail_with_errno (path, "cannot be read", error);
  if ((status.st_mode & 077) != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "Others can read %s: type chmod %s %s", path,
                              S_ISDIR (status.st_mode) ? "700" : "600", path);
  return TRUE;
}

gboolean
cantiga_folder_sync (const char *folder, GError **error)
{
  int descriptor = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean done = descriptor >= 0 && fsync (descriptor) == 0;

  if (!done)
    fail_with_errno (folder, "cannot be written", error);
  if (descriptor >= 0)
    close (descriptor);
  return done;
}

gboolean
cantiga_write_all_at (int file, gconstpointer bytes, gsize length, goffset at)
{
  for (gsize done = 0; done < length;)
    {
      gssize n = pwrite (file, (const guint8 *)bytes + done, length - done, (off_t)at + (off_t)done);

      if (n < 0 && errno != EINTR)
        return FALSE;
      done += (gsize)MAX (n, 0);
    }
  return TRUE;
}

gboolean
cantiga_read_all_at (int file, gpointer bytes, gsize length, goffset at)
{
  for (gsize done = 0; done < length;)
    {
      gssize n = pread (file, (guint8 *)bytes + done, length - done, (off_t)at + (off_t)done);

      if (n == 0)
        errno = 0;
      if (n == 0 || (n < 0 && errno != EINTR))
        return FALSE;
      done += (gsize)MAX (n, 0);
    }
  return TRUE;
}

gboolean
cantiga_private_write (const char *path, gconstpointer bytes, gsize length, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *temporary = g_strdup_printf ("%s.XXXXXX", path);
  int descriptor = g_mkstemp_full (temporary, O_WRONLY | O_CLOEXEC, 0600);
  gboolean written;

  if (descriptor < 0)
    return fail_with_errno (path, "cannot be made", error);
  written = cantiga_write_all_at (descriptor, bytes, length, 0) && fsync (descriptor) == 0;
  if (close (descriptor) != 0 || !written || g_rename (temporary, path) != 0)
    {
      fail_with_errno (path, "cannot be written", error);
      g_unlink (temporary);
      return FALSE;
    }
  return cantiga_folder_sync (folder, error);
}

static gboolean
remove_entries (const char *folder, GError **error)
{
  g_autoptr (GDir) entries = g_dir_open (folder, 0, NULL);
  const char *name;

  while (entries != NULL && (name = g_dir_read_name (entries)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      GStatBuf status;

      if (g_lstat (path, &status) != 0)
        return fail_with_errno (path, "cannot be removed", error);
      if (S_ISDIR (status.st_mode) ? !cantiga_folder_remove (path, error)
                                   : g_unlink (path) != 0 && !fail_with_errno (path, "cannot be removed", error))
        return FALSE;
    }
  return TRUE;
}

gboolean
cantiga_folder_remove (const char *folder, GError **error)
{
  if (!remove_entries (folder, error))
    return FALSE;
  if (g_rmdir (folder) != 0 && errno != ENOENT)
    return fail_with_errno (folder, "cannot be removed", error);
  return TRUE;
}

static gboolean
copy_entry (const char *from, const char *to, GError **error)
{
  g_autofree char *bytes = NULL;
  gsize length;

  if (g_file_test (from, G_FILE_TEST_IS_DIR))
    return cantiga_folder_copy (from, to, error);
  if (!g_file_get_contents (from, &bytes, &length, NULL))
    return fail_with_errno (from, "cannot be read", error);
  return cantiga_private_write (to, bytes, length, error);
}

gboolean
cantiga_folder_copy (const char *from, const char *to, GError **error)
{
  g_autoptr (GDir) entries = g_dir_open (from, 0, NULL);
  const char *name;

  if (entries == NULL)
    return fail_with_errno (from, "cannot be read", error);
  if (g_mkdir (to, 0700) != 0)
    return fail_with_errno (to, "cannot be made", error);
  while ((name = g_dir_read_name (entries)) != NULL)
    {
      g_autofree char *source = g_build_filename (from, name, NULL);
      g_autofree char *copy = g_build_filename (to, name, NULL);

      if (!copy_entry (source, copy, error))
        return FALSE;
    }
  return TRUE;
}

/* Network file systems know no exchange: there the other is away for a moment. */
static gboolean
exchange_by_steps (const char *folder, const char *other, GError **error)
{
  g_autofree char *aside = g_strconcat (folder, ".aside", NULL);

  return (g_rename (other, aside) == 0 && g_rename (folder, other) == 0 && g_rename (aside, folder) == 0)
         || fail_with_errno (other, "cannot be written", error);
}

gboolean
cantiga_folder_exchange (const char *folder, const char *other, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (other);

  if (renameat2 (AT_FDCWD, folder, AT_FDCWD, other, RENAME_EXCHANGE) != 0
      && !(errno == EINVAL || errno == ENOSYS ? exchange_by_steps (folder, other, error) : fail_with_errno (other, "cannot be written", error)))
    return FALSE;
  return cantiga_folder_sync (parent, error);
}
