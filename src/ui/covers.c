#include "ui/covers.h"

#include <gdk-pixbuf/gdk-pixbuf.h>

#define KEPT_MAX 128
#define SIDE 240
#define BYTES_A_PIXEL 4

struct _CantigaCovers
{
  GObject parent_instance;

  /* owned */
  CantigaCatalogue *catalogue;
  GHashTable *kept; /* the title's cover mark → Kept */
  GQueue recent;    /* Kept, the last used first */
  GQueue waiting;   /* GTask, the last asked for first */
  GTask *fetching;
};

/* A cover in memory. */
typedef struct
{
  char *mark;
  GdkTexture *texture;
  GList link;
} Kept;

G_DEFINE_FINAL_TYPE (CantigaCovers, cantiga_covers, G_TYPE_OBJECT)

static void
kept_free (Kept *kept)
{
  g_free (kept->mark);
  g_object_unref (kept->texture);
  g_free (kept);
}

static void
cantiga_covers_finalize (GObject *object)
{
  CantigaCovers *self = CANTIGA_COVERS (object);

  g_hash_table_unref (self->kept);
  g_queue_clear_full (&self->waiting, g_object_unref);
  g_clear_object (&self->catalogue);
  G_OBJECT_CLASS (cantiga_covers_parent_class)->finalize (object);
}

static void
cantiga_covers_class_init (CantigaCoversClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cantiga_covers_finalize;
}

static void
cantiga_covers_init (CantigaCovers *self)
{
  self->kept = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)kept_free);
  g_queue_init (&self->recent);
  g_queue_init (&self->waiting);
}

CantigaCovers *
cantiga_covers_new (CantigaCatalogue *catalogue)
{
  CantigaCovers *self = g_object_new (CANTIGA_TYPE_COVERS, NULL);

  self->catalogue = g_object_ref (catalogue);
  return self;
}

/* ---- what is kept ---- */

GdkTexture *
cantiga_covers_peek (CantigaCovers *self, CantigaTitle *title)
{
  const char *mark = cantiga_title_get_cover (title);
  Kept *kept = mark != NULL ? g_hash_table_lookup (self->kept, mark) : NULL;

  if (kept == NULL)
    return NULL;
  g_queue_unlink (&self->recent, &kept->link);
  g_queue_push_head_link (&self->recent, &kept->link);
  return kept->texture;
}

static void
keep (CantigaCovers *self, const char *mark, GdkTexture *texture)
{
  Kept *kept;

  if (g_hash_table_contains (self->kept, mark))
    return;
  while (self->recent.length >= KEPT_MAX)
    {
      Kept *oldest = g_queue_peek_tail (&self->recent);

      g_queue_unlink (&self->recent, &oldest->link);
      g_hash_table_remove (self->kept, oldest->mark);
    }
  kept = g_new0 (Kept, 1);
  kept->mark = g_strdup (mark);
  kept->texture = g_object_ref (texture);
  kept->link.data = kept;
  g_queue_push_head_link (&self->recent, &kept->link);
  g_hash_table_insert (self->kept, kept->mark, kept);
}

/* ---- one cover ---- */

static void fetch_next (CantigaCovers *self);

/* In the form in which it is drawn: without a graphics card, any other one is converted again in each frame. */
static GdkTexture *
make_texture (GdkPixbuf *pixbuf)
{
  g_autoptr (GdkTexture) loaded = gdk_texture_new_for_pixbuf (pixbuf);
  gsize stride = (gsize)gdk_texture_get_width (loaded) * BYTES_A_PIXEL, size = stride * (gsize)gdk_texture_get_height (loaded);
  guint8 *pixels = g_malloc (size);
  g_autoptr (GBytes) bytes = NULL;

  gdk_texture_download (loaded, pixels, stride);
  bytes = g_bytes_new_take (pixels, size);
  return gdk_memory_texture_new (gdk_texture_get_width (loaded), gdk_texture_get_height (loaded), GDK_MEMORY_DEFAULT, bytes, stride);
}

static void
decode_thread (GTask *task, gpointer source, gpointer image, GCancellable *cancellable)
{
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_bytes (image);
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkPixbuf) pixbuf = gdk_pixbuf_new_from_stream_at_scale (stream, SIDE, SIDE, TRUE, NULL, &error);

  if (pixbuf != NULL)
    g_task_return_pointer (task, make_texture (pixbuf), g_object_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
decoded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  CantigaCovers *self = CANTIGA_COVERS (source);
  g_autoptr (GTask) task = user_data;
  CantigaTitle *title = g_task_get_task_data (task);
  GError *error = NULL;
  GdkTexture *texture = g_task_propagate_pointer (G_TASK (result), &error);

  g_clear_object (&self->fetching);
  if (texture != NULL)
    {
      if (cantiga_title_get_cover (title) != NULL)
        keep (self, cantiga_title_get_cover (title), texture);
      g_task_return_pointer (task, texture, g_object_unref);
    }
  else
    g_task_return_error (task, error);
  fetch_next (self);
}

static void
fetched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  CantigaCovers *self = g_task_get_source_object (task);
  GError *error = NULL;
  GBytes *image = cantiga_catalogue_fetch_cover_finish (CANTIGA_CATALOGUE (source), result, NULL, &error);
  g_autoptr (GTask) decoding = NULL;

  if (image == NULL)
    {
      g_clear_object (&self->fetching);
      if (error != NULL)
        g_task_return_error (task, error);
      else
        g_task_return_pointer (task, NULL, NULL);
      return fetch_next (self);
    }
  decoding = g_task_new (self, NULL, decoded_cb, g_object_ref (task));
  g_task_set_task_data (decoding, image, (GDestroyNotify)g_bytes_unref);
  g_task_run_in_thread (decoding, decode_thread);
}

/* Those that nobody looks at any more are let go on the way. */
static void
fetch_next (CantigaCovers *self)
{
  GTask *task;

  while (self->fetching == NULL && (task = g_queue_pop_head (&self->waiting)) != NULL)
    {
      g_autoptr (GTask) next = task;
      CantigaTitle *title = g_task_get_task_data (next);
      GdkTexture *texture = cantiga_covers_peek (self, title);

      if (g_task_return_error_if_cancelled (next))
        continue;
      if (texture != NULL)
        g_task_return_pointer (next, g_object_ref (texture), g_object_unref);
      else
        {
          self->fetching = g_object_ref (next);
          cantiga_catalogue_fetch_cover_async (self->catalogue, title, g_task_get_cancellable (next), fetched_cb, g_object_ref (next));
        }
    }
}

void
cantiga_covers_fetch_async (CantigaCovers *self, CantigaTitle *title, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, cantiga_covers_fetch_async);
  g_task_set_task_data (task, g_object_ref (title), g_object_unref);
  g_queue_push_head (&self->waiting, task);
  fetch_next (self);
}

GdkTexture *
cantiga_covers_fetch_finish (CantigaCovers *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_covers_fetch_async), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
