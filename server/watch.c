#include "server/watch.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

#include "core/error.h"

/* What tells that a file is another than before. */
typedef struct
{
  dev_t device;
  ino_t inode;
  off_t size;
  struct timespec changed;
} Stamp;

typedef struct
{
  Stamp stamp;
  GPtrArray *things; /* NULL: it never could be read */
} File;

struct _CantigaWatch
{
  char *path;
  CantigaWatchDecode decode;
  GDestroyNotify free_thing;
  gpointer (*ref_thing) (gpointer);
  GMutex lock;       /* of what follows */
  GHashTable *files; /* path → File */
};

static void
file_free (gpointer pointer)
{
  File *file = pointer;

  g_clear_pointer (&file->things, g_ptr_array_unref);
  g_free (file);
}

CantigaWatch *
cantiga_watch_new (const char *path, CantigaWatchDecode decode, GDestroyNotify free_thing, gpointer (*ref_thing) (gpointer))
{
  CantigaWatch *watch = g_new0 (CantigaWatch, 1);

  g_mutex_init (&watch->lock);
  watch->path = g_strdup (path);
  watch->decode = decode;
  watch->free_thing = free_thing;
  watch->ref_thing = ref_thing;
  watch->files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, file_free);
  return watch;
}

void
cantiga_watch_free (CantigaWatch *watch)
{
  if (watch == NULL)
    return;
  g_hash_table_unref (watch->files);
  g_mutex_clear (&watch->lock);
  g_free (watch->path);
  g_free (watch);
}

/* ---- what is there ---- */

static Stamp
stamp_of (const GStatBuf *status)
{
  return (Stamp){ .device = status->st_dev, .inode = status->st_ino, .size = status->st_size, .changed = status->st_mtim };
}

static gboolean
is_same (const Stamp *a, const Stamp *b)
{
  return a->device == b->device && a->inode == b->inode && a->size == b->size && a->changed.tv_sec == b->changed.tv_sec
         && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* Of all failures the first is told. */
static void
tell (GError **ret_failure, GError *failure)
{
  if (ret_failure != NULL && *ret_failure == NULL)
    g_propagate_error (ret_failure, failure);
  else
    g_error_free (failure);
}

static GPtrArray *
read_things (CantigaWatch *watch, const char *path, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GBytes) bytes = NULL;
  char *text;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, &failure))
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be read: %s.", path, failure->message);
      return NULL;
    }
  bytes = g_bytes_new_take (text, length);
  return watch->decode (bytes, path, error);
}

/* The file's entry, moved to the new table, read again if it changed. One that fails is tried again the next time. */
static void
look_at_file (CantigaWatch *watch, const char *path, const GStatBuf *status, GHashTable *files, GError **ret_failure)
{
  g_autofree char *key = NULL;
  gpointer old_key = NULL, old = NULL;
  Stamp stamp = stamp_of (status);
  GError *failure = NULL;
  GPtrArray *things;
  File *file;

  if (g_hash_table_steal_extended (watch->files, path, &old_key, &old))
    key = old_key;
  file = old != NULL ? old : g_new0 (File, 1);
  if (file->things == NULL || !is_same (&file->stamp, &stamp))
    {
      things = read_things (watch, path, &failure);
      if (things != NULL)
        {
          g_clear_pointer (&file->things, g_ptr_array_unref);
          file->things = things;
          file->stamp = stamp;
        }
      else
        tell (ret_failure, failure);
    }
  g_hash_table_insert (files, g_strdup (path), file);
}

static void
look_into_folder (CantigaWatch *watch, GHashTable *files, GError **ret_failure)
{
  g_autoptr (GDir) folder = g_dir_open (watch->path, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (watch->path, name, NULL);
      GStatBuf status;

      if (name[0] != '.' && g_stat (path, &status) == 0 && S_ISREG (status.st_mode))
        look_at_file (watch, path, &status, files, ret_failure);
    }
}

/* ---- all of it ---- */

static gint
compare_paths (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (a, b);
}

static GPtrArray *
gather (CantigaWatch *watch)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (watch->free_thing);
  GList *paths = g_list_sort (g_hash_table_get_keys (watch->files), compare_paths);

  for (GList *at = paths; at != NULL; at = at->next)
    {
      const File *file = g_hash_table_lookup (watch->files, at->data);

      for (guint i = 0; file->things != NULL && i < file->things->len; i++)
        g_ptr_array_add (all, watch->ref_thing (file->things->pdata[i]));
    }
  g_list_free (paths);
  return all;
}

GPtrArray *
cantiga_watch_read (CantigaWatch *watch, GError **ret_failure)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&watch->lock);
  GHashTable *files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, file_free);
  GStatBuf status;

  if (g_stat (watch->path, &status) == 0 && S_ISDIR (status.st_mode))
    look_into_folder (watch, files, ret_failure);
  else if (g_stat (watch->path, &status) == 0)
    look_at_file (watch, watch->path, &status, files, ret_failure);
  /* What is left in the old table is no longer there. */
  g_hash_table_unref (watch->files);
  watch->files = files;
  return gather (watch);
}
