#include "server/follow.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

/* In milliseconds. */
#define SETTLES_AFTER 2000
#define GONE_AFTER 5000
#define LOOKS_AGAIN_AFTER (10 * 60 * 1000) /* file systems of other machines tell of nothing */
#define DEPTH_MAX 64
#define WATCHED                                                                                                                                      \
  (IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW      \
   | IN_EXCL_UNLINK)

/* A path that something happened to. */
typedef struct
{
  gint64 due;       /* monotonic, ms */
  gboolean writing; /* somebody has it open: its closing is waited for */
} Pending;

struct _CantigaFollow
{
  CantigaImport import;
  GStrv folders;
  CantigaFollowFunc func;
  gpointer user_data;
  GThread *thread;
  int inotify;
  int wake;
  gint stopping; /* atomic */

  /* the thread's own */
  GHashTable *watches;  /* watch descriptor → path */
  GHashTable *pending;  /* path → Pending */
  GHashTable *followed; /* path → CantigaFollowed */
  GHashTable *refused;  /* path → CantigaFollowed: what was looked at and is not media */
  gint64 look_again;
};

static gint64
now_ms (void)
{
  return g_get_monotonic_time () / 1000;
}

static void
tell (CantigaFollow *follow, CantigaFollowEvent event, const char *path, const CantigaTitle *title, const char *detail)
{
  follow->func (event, path, title, detail, follow->user_data);
}

static void
expect (CantigaFollow *follow, const char *path, gint64 after, gboolean writing)
{
  Pending *pending = g_hash_table_lookup (follow->pending, path);

  if (pending == NULL)
    {
      pending = g_new0 (Pending, 1);
      g_hash_table_insert (follow->pending, g_strdup (path), pending);
    }
  pending->due = now_ms () + after;
  pending->writing = writing;
}

/* ---- looking at folders ---- */

static gboolean
is_hidden (const char *name)
{
  return name[0] == '.';
}

static void
look_into (CantigaFollow *follow, const char *folder, GHashTable *seen, guint depth)
{
  int watch = inotify_add_watch (follow->inotify, folder, WATCHED);
  g_autoptr (GDir) entries = g_dir_open (folder, 0, NULL);
  const char *name;

  if (watch >= 0)
    g_hash_table_replace (follow->watches, GINT_TO_POINTER (watch), g_strdup (folder));
  else if (errno == ENOSPC)
    tell (follow, CANTIGA_FOLLOW_FAILED, folder, NULL, "too many folders to be told of: raise fs.inotify.max_user_watches");
  while (entries != NULL && (name = g_dir_read_name (entries)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      GStatBuf status;

      if (is_hidden (name) || g_lstat (path, &status) != 0)
        continue;
      if (S_ISDIR (status.st_mode) && depth < DEPTH_MAX)
        look_into (follow, path, seen, depth + 1);
      else if (S_ISREG (status.st_mode))
        g_hash_table_add (seen, g_steal_pointer (&path));
    }
}

static gboolean
is_within (const char *path, const char *folder)
{
  gsize length = strlen (folder);

  return g_str_has_prefix (path, folder) && (path[length] == '/' || folder[length - 1] == '/');
}

/* What was followed in a folder and is not there any more; not if nothing is. */
static void
miss_files (CantigaFollow *follow, const char *folder, GHashTable *seen)
{
  GHashTableIter iter;
  gpointer path;

  if (g_hash_table_size (seen) == 0)
    {
      tell (follow, CANTIGA_FOLLOW_FAILED, folder, NULL, "the folder is not there, or empty: its titles stay as they are");
      return;
    }
  g_hash_table_iter_init (&iter, follow->followed);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    if (is_within (path, folder) && !g_hash_table_contains (seen, path) && !g_hash_table_contains (follow->pending, path))
      expect (follow, path, GONE_AFTER, FALSE);
}

static void
look_everywhere (CantigaFollow *follow)
{
  follow->look_again = now_ms () + LOOKS_AGAIN_AFTER;
  for (guint i = 0; follow->folders[i] != NULL; i++)
    {
      g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      GHashTableIter iter;
      gpointer path;

      look_into (follow, follow->folders[i], seen, 0);
      miss_files (follow, follow->folders[i], seen);
      g_hash_table_iter_init (&iter, seen);
      while (g_hash_table_iter_next (&iter, &path, NULL))
        if (!g_hash_table_contains (follow->pending, path))
          expect (follow, path, 0, FALSE);
    }
}

/* ---- one file ---- */

static char *
dup_container_path (CantigaFollow *follow, const CantigaId *title)
{
  char text[CANTIGA_ID_TEXT_LENGTH];
  g_autofree char *name = g_strconcat ("library/", cantiga_id_format (title, text), ".cantiga", NULL);

  return cantiga_state_dup_path (follow->import.state, name);
}

static gboolean
is_followed_elsewhere (CantigaFollow *follow, const CantigaFollowed *gone)
{
  GHashTableIter iter;
  gpointer path, value;

  g_hash_table_iter_init (&iter, follow->followed);
  while (g_hash_table_iter_next (&iter, &path, &value))
    if (!g_str_equal (path, gone->path) && cantiga_id_equal (&((const CantigaFollowed *)value)->title, &gone->title))
      return TRUE;
  return FALSE;
}

/* The row first, as cantigactl remove does. A title that was there before its file was followed stays. */
static gboolean
remove_title (CantigaFollow *follow, const CantigaFollowed *gone, GError **error)
{
  g_autofree char *container = dup_container_path (follow, &gone->title);
  g_autoptr (GError) failure = NULL;

  if (!gone->brought || is_followed_elsewhere (follow, gone))
    return TRUE;
  if (!cantiga_ledger_remove_title (follow->import.ledger, &gone->title, &failure))
    {
      if (g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_TITLE_UNKNOWN))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  (void)g_unlink (container);
  tell (follow, CANTIGA_FOLLOW_REMOVED, gone->path, NULL, NULL);
  return TRUE;
}

static gboolean
forget_file (CantigaFollow *follow, const char *path, GError **error)
{
  CantigaFollowed *gone = g_hash_table_lookup (follow->followed, path);

  g_hash_table_remove (follow->refused, path);
  if (gone == NULL)
    return TRUE;
  if (!remove_title (follow, gone, error) || !cantiga_ledger_forget_followed (follow->import.ledger, path, error))
    return FALSE;
  g_hash_table_remove (follow->followed, path);
  return TRUE;
}

static gboolean
is_as_before (GHashTable *known, const char *path, const GStatBuf *status)
{
  const CantigaFollowed *followed = g_hash_table_lookup (known, path);

  return followed != NULL && followed->size == (gint64)status->st_size && followed->changed == (gint64)status->st_mtime;
}

static CantigaFollowed *
followed_new (const char *path, const GStatBuf *status)
{
  CantigaFollowed *followed = g_new0 (CantigaFollowed, 1);

  followed->path = g_strdup (path);
  followed->size = status->st_size;
  followed->changed = status->st_mtime;
  return followed;
}

/* The file's title takes the place of what was at its path before. */
static gboolean
keep_title (CantigaFollow *follow, const char *path, const GStatBuf *status, const CantigaTitle *title, gboolean is_new, GError **error)
{
  const CantigaFollowed *before = g_hash_table_lookup (follow->followed, path);
  g_autoptr (CantigaFollowed) followed = followed_new (path, status);
  gboolean is_other = before != NULL && !cantiga_id_equal (&before->title, &title->id);

  followed->title = title->id;
  /* One that came by another path of ours is ours as well. */
  followed->brought = is_new || (before != NULL && !is_other && before->brought);
  if (!followed->brought)
    {
      GHashTableIter iter;
      gpointer value;

      g_hash_table_iter_init (&iter, follow->followed);
      while (!followed->brought && g_hash_table_iter_next (&iter, NULL, &value))
        followed->brought = cantiga_id_equal (&((const CantigaFollowed *)value)->title, &title->id) && ((const CantigaFollowed *)value)->brought;
    }
  if (!cantiga_ledger_put_followed (follow->import.ledger, followed, error) || (is_other && !remove_title (follow, before, error)))
    return FALSE;
  g_hash_table_replace (follow->followed, g_strdup (path), g_steal_pointer (&followed));
  if (is_new)
    tell (follow, CANTIGA_FOLLOW_ADDED, path, title, NULL);
  return TRUE;
}

static gboolean
take_file (CantigaFollow *follow, const char *path, const GStatBuf *status, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gboolean is_new = FALSE;
  g_autoptr (CantigaTitle) title
      = cantiga_import_file (&follow->import, path, g_get_real_time () / G_USEC_PER_SEC, &is_new, &failure);

  if (title != NULL)
    return keep_title (follow, path, status, title, is_new, error);
  if (g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_MEDIA) || g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND))
    {
      g_hash_table_replace (follow->refused, g_strdup (path), followed_new (path, status));
      tell (follow, CANTIGA_FOLLOW_PASSED_OVER, path, NULL, failure->message);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
settle (CantigaFollow *follow, const char *path, GError **error)
{
  GStatBuf status;
  gint64 age;

  if (g_lstat (path, &status) != 0 || !S_ISREG (status.st_mode))
    return forget_file (follow, path, error);
  if (is_as_before (follow->followed, path, &status) || is_as_before (follow->refused, path, &status))
    return TRUE;
  age = g_get_real_time () / 1000 - ((gint64)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000);
  /* Just written to, maybe by somebody who began before we looked. */
  if (age >= 0 && age < SETTLES_AFTER)
    {
      expect (follow, path, SETTLES_AFTER, FALSE);
      return TRUE;
    }
  return take_file (follow, path, &status, error);
}

static gboolean
is_due_cb (gpointer path, gpointer pending, gpointer due)
{
  if (((const Pending *)pending)->writing || ((const Pending *)pending)->due > now_ms ())
    return FALSE;
  g_ptr_array_add (due, g_strdup (path));
  return TRUE;
}

static gint
compare_paths (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *)a, *(const char *const *)b);
}

static void
settle_due (CantigaFollow *follow)
{
  g_autoptr (GPtrArray) due = g_ptr_array_new_with_free_func (g_free);

  g_hash_table_foreach_remove (follow->pending, is_due_cb, due);
  g_ptr_array_sort (due, compare_paths);
  for (guint i = 0; i < due->len && !g_atomic_int_get (&follow->stopping); i++)
    {
      g_autoptr (GError) error = NULL;

      if (settle (follow, due->pdata[i], &error) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        continue;
      tell (follow, CANTIGA_FOLLOW_FAILED, due->pdata[i], NULL, error->message);
      expect (follow, due->pdata[i], LOOKS_AGAIN_AFTER, FALSE);
    }
}

/* ---- what the kernel tells ---- */

static void
note_event (CantigaFollow *follow, const struct inotify_event *event)
{
  const char *folder = g_hash_table_lookup (follow->watches, GINT_TO_POINTER (event->wd));
  g_autofree char *path = NULL;

  if (event->mask & IN_IGNORED)
    {
      g_hash_table_remove (follow->watches, GINT_TO_POINTER (event->wd));
      return;
    }
  if ((event->mask & (IN_Q_OVERFLOW | IN_ISDIR | IN_DELETE_SELF | IN_MOVE_SELF)) || folder == NULL)
    {
      follow->look_again = MIN (follow->look_again, now_ms () + SETTLES_AFTER / 2);
      return;
    }
  if (event->len == 0 || is_hidden (event->name))
    return;
  path = g_build_filename (folder, event->name, NULL);
  if (event->mask & (IN_DELETE | IN_MOVED_FROM))
    expect (follow, path, GONE_AFTER, FALSE);
  else if (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO))
    expect (follow, path, SETTLES_AFTER, FALSE);
  else
    expect (follow, path, 0, TRUE);
}

static void
read_events (CantigaFollow *follow)
{
  char buffer[16384] __attribute__ ((aligned (__alignof__ (struct inotify_event))));
  gssize length;

  while ((length = read (follow->inotify, buffer, sizeof buffer)) > 0)
    for (char *at = buffer; at < buffer + length; at += sizeof (struct inotify_event) + ((const struct inotify_event *)(gpointer)at)->len)
      note_event (follow, (const struct inotify_event *)(gpointer)at);
}

static int
get_patience (CantigaFollow *follow)
{
  gint64 due = follow->look_again;
  GHashTableIter iter;
  gpointer pending;

  g_hash_table_iter_init (&iter, follow->pending);
  while (g_hash_table_iter_next (&iter, NULL, &pending))
    if (!((const Pending *)pending)->writing)
      due = MIN (due, ((const Pending *)pending)->due);
  return (int)CLAMP (due - now_ms (), 0, LOOKS_AGAIN_AFTER);
}

static gpointer
run (gpointer user_data)
{
  CantigaFollow *follow = user_data;

  while (!g_atomic_int_get (&follow->stopping))
    {
      struct pollfd polled[2] = { { .fd = follow->inotify, .events = POLLIN }, { .fd = follow->wake, .events = POLLIN } };

      if (follow->look_again <= now_ms ())
        look_everywhere (follow);
      settle_due (follow);
      if (poll (polled, 2, get_patience (follow)) > 0)
        read_events (follow);
    }
  return NULL;
}

/* ---- life ---- */

static gboolean
progress_cb (const char *path, guint64 done, guint64 size, gpointer user_data)
{
  return !g_atomic_int_get (&((CantigaFollow *)user_data)->stopping);
}

static gboolean
load_followed (CantigaFollow *follow, GError **error)
{
  g_autoptr (GPtrArray) rows = cantiga_ledger_list_followed (follow->import.ledger, error);

  while (rows != NULL && rows->len > 0)
    {
      CantigaFollowed *followed = g_ptr_array_steal_index_fast (rows, rows->len - 1);

      g_hash_table_insert (follow->followed, g_strdup (followed->path), followed);
    }
  return rows != NULL;
}

static void
follow_free (CantigaFollow *follow)
{
  if (follow->inotify >= 0)
    close (follow->inotify);
  if (follow->wake >= 0)
    close (follow->wake);
  g_hash_table_unref (follow->watches);
  g_hash_table_unref (follow->pending);
  g_hash_table_unref (follow->followed);
  g_hash_table_unref (follow->refused);
  g_strfreev (follow->folders);
  g_free (follow);
}

CantigaFollow *
cantiga_follow_start (CantigaState *state, CantigaPki *pki, CantigaLedger *ledger, const char *const *folders, gboolean exportable,
                      CantigaFollowFunc func, gpointer user_data, GError **error)
{
  CantigaFollow *follow = g_new0 (CantigaFollow, 1);

  follow->import = (CantigaImport){ state, pki, ledger, exportable, progress_cb, follow };
  follow->folders = g_strdupv ((char **)folders);
  follow->func = func;
  follow->user_data = user_data;
  follow->watches = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  follow->pending = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  follow->followed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)cantiga_followed_free);
  follow->refused = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)cantiga_followed_free);
  follow->inotify = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
  follow->wake = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (follow->inotify < 0 || follow->wake < 0)
    cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "Folders cannot be followed: %s.", g_strerror (errno));
  else if (load_followed (follow, error))
    {
      follow->thread = g_thread_new ("cantiga-follow", run, follow);
      return follow;
    }
  follow_free (follow);
  return NULL;
}

void
cantiga_follow_stop (CantigaFollow *follow)
{
  guint64 one = 1;

  if (follow == NULL)
    return;
  g_atomic_int_set (&follow->stopping, TRUE);
  (void)!write (follow->wake, &one, sizeof one);
  g_thread_join (follow->thread);
  follow_free (follow);
}
