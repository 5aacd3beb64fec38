#include "client/feed.h"

/* How much is read at a time by readers that only want the next bytes. */
#define BLOCK 65536

/* What the reader awaits. */
typedef enum
{
  FEED_IDLE,   /* nothing */
  FEED_WANTED, /* bytes that are not there yet */
  FEED_GIVEN,  /* they are there */
} FeedState;

struct _CantigaFeed
{
  GstBaseSrc parent_instance;

  GMutex lock; /* of all that follows */
  GCond changed;
  FeedState state;
  guint64 at;
  gsize length;
  GstBuffer *given;
  gboolean flushing;
  guint flushes; /* how many began */
  guint64 size;
  CantigaFeedWanted wanted; /* NULL: nobody feeds it */
  gpointer user_data;
  GDestroyNotify user_data_free;
};

G_DEFINE_FINAL_TYPE (CantigaFeed, cantiga_feed, GST_TYPE_BASE_SRC)

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

/* ---- what GStreamer asks ---- */

static gboolean
cantiga_feed_get_size (GstBaseSrc *base, guint64 *ret_size)
{
  CantigaFeed *self = CANTIGA_FEED (base);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  *ret_size = self->size;
  return TRUE;
}

static gboolean
cantiga_feed_is_seekable (GstBaseSrc *base)
{
  return TRUE;
}

/* With the lock held, in and out; whether nothing was flushed meanwhile. A flush that a seek ends may have been begun by who takes all apart, and be over before
 * this thread runs again: who waited on would be waited for. */
static gboolean
await_given (CantigaFeed *self, guint64 at, gsize length)
{
  guint flushes = self->flushes;

  self->at = at;
  self->length = length;
  self->state = FEED_WANTED;
  self->wanted (self->user_data);
  while (self->state == FEED_WANTED && !self->flushing && self->flushes == flushes && self->wanted != NULL)
    g_cond_wait (&self->changed, &self->lock);
  return self->flushes == flushes;
}

static GstFlowReturn
cantiga_feed_create (GstBaseSrc *base, guint64 at, guint length, GstBuffer **ret_buffer)
{
  CantigaFeed *self = CANTIGA_FEED (base);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gboolean is_asked = !self->flushing && self->wanted != NULL && await_given (self, at, length);

  self->state = FEED_IDLE;
  /* What came together with a flush answers a question that nobody asks any more. */
  if (!is_asked || self->given == NULL)
    {
      g_clear_pointer (&self->given, gst_buffer_unref);
      return GST_FLOW_FLUSHING;
    }
  GST_BUFFER_OFFSET (self->given) = at;
  *ret_buffer = g_steal_pointer (&self->given);
  return GST_FLOW_OK;
}

static void
set_flushing (CantigaFeed *self, gboolean flushing)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->flushing = flushing;
  self->flushes += flushing ? 1 : 0;
  g_cond_broadcast (&self->changed);
}

static gboolean
cantiga_feed_unlock (GstBaseSrc *base)
{
  set_flushing (CANTIGA_FEED (base), TRUE);
  return TRUE;
}

static gboolean
cantiga_feed_unlock_stop (GstBaseSrc *base)
{
  set_flushing (CANTIGA_FEED (base), FALSE);
  return TRUE;
}

/* ---- life ---- */

static void
cantiga_feed_finalize (GObject *object)
{
  CantigaFeed *self = CANTIGA_FEED (object);

  cantiga_feed_detach (self);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (cantiga_feed_parent_class)->finalize (object);
}

static void
cantiga_feed_class_init (CantigaFeedClass *klass)
{
  GstBaseSrcClass *base_class = GST_BASE_SRC_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = cantiga_feed_finalize;
  base_class->get_size = cantiga_feed_get_size;
  base_class->is_seekable = cantiga_feed_is_seekable;
  base_class->create = cantiga_feed_create;
  base_class->unlock = cantiga_feed_unlock;
  base_class->unlock_stop = cantiga_feed_unlock_stop;
  gst_element_class_add_static_pad_template (GST_ELEMENT_CLASS (klass), &src_template);
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass), "Cantiga's feed", "Source", "Gives the chunks of a play", "Cantiga");
}

static void
cantiga_feed_init (CantigaFeed *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  gst_base_src_set_blocksize (GST_BASE_SRC (self), BLOCK);
}

/* ---- who feeds it ---- */

void
cantiga_feed_attach (CantigaFeed *self, guint64 size, CantigaFeedWanted wanted, gpointer user_data, GDestroyNotify user_data_free)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_return_if_fail (self->wanted == NULL);
  self->size = size;
  self->wanted = wanted;
  self->user_data = user_data;
  self->user_data_free = user_data_free;
}

gboolean
cantiga_feed_peek (CantigaFeed *self, guint64 *ret_at, gsize *ret_length)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->state != FEED_WANTED)
    return FALSE;
  *ret_at = self->at;
  *ret_length = self->length;
  return TRUE;
}

void
cantiga_feed_give (CantigaFeed *self, guint64 at, GstBuffer *buffer)
{
  g_autoptr (GstBuffer) given = buffer;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->state != FEED_WANTED || self->at != at || self->length != gst_buffer_get_size (given))
    return;
  self->given = g_steal_pointer (&given);
  self->state = FEED_GIVEN;
  g_cond_broadcast (&self->changed);
}

void
cantiga_feed_detach (CantigaFeed *self)
{
  GDestroyNotify user_data_free;
  gpointer user_data;

  g_mutex_lock (&self->lock);
  user_data = g_steal_pointer (&self->user_data);
  user_data_free = g_steal_pointer (&self->user_data_free);
  self->wanted = NULL;
  g_clear_pointer (&self->given, gst_buffer_unref);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  if (user_data_free != NULL)
    user_data_free (user_data);
}
