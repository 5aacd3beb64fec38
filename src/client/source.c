#include "client/source.h"

/* Chunks in memory: 16 MiB. */
#define CACHE_CHUNKS 64
/* How far ahead of what is wanted: a title plays on for so long without its server. */
#define CHUNKS_AHEAD 16

/* One chunk: there, or on its way. */
typedef struct
{
  guint64 index;
  GBytes *bytes; /* NULL while it is on its way */
  guint64 used;  /* when last; a count, not a time */
} Cached;

struct _CantigaSource
{
  GObject parent_instance;

  /* main thread, owned */
  CantigaPlay *play;
  GCancellable *cancellable;
  GHashTable *cache; /* &Cached.index → Cached */
  guint room;        /* in chunks; more than CACHE_CHUNKS while one want takes more */
  guint64 uses;
  guint64 fetched;
  gboolean stopped;

  /* guarded by lock: what GStreamer's threads say */
  GMutex lock;
  CantigaFeed *feed; /* owned */
  gboolean waking;   /* a wake-up is on its way to the main context */
};

enum
{
  ARRIVED,
  FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CantigaSource, cantiga_source, G_TYPE_OBJECT)

static void
cached_free (gpointer data)
{
  Cached *cached = data;

  g_clear_pointer (&cached->bytes, g_bytes_unref);
  g_free (cached);
}

static void
cantiga_source_finalize (GObject *object)
{
  CantigaSource *self = CANTIGA_SOURCE (object);

  g_clear_object (&self->feed);
  g_clear_object (&self->play);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->cache, g_hash_table_unref);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (cantiga_source_parent_class)->finalize (object);
}

static void
cantiga_source_class_init (CantigaSourceClass *class)
{
  G_OBJECT_CLASS (class)->finalize = cantiga_source_finalize;
  signals[ARRIVED] = g_signal_new ("arrived", CANTIGA_TYPE_SOURCE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[FAILED] = g_signal_new ("failed", CANTIGA_TYPE_SOURCE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
cantiga_source_init (CantigaSource *self)
{
  g_mutex_init (&self->lock);
  self->room = CACHE_CHUNKS;
  self->cancellable = g_cancellable_new ();
  self->cache = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, cached_free);
}

/* ---- the cache; main thread ---- */

static void supply (CantigaSource *self);

/* Makes room for one more: the chunk that was not used for the longest time goes; those on their way stay. */
static void
make_room (CantigaSource *self)
{
  GHashTableIter iter;
  Cached *oldest = NULL;
  gpointer value;

  if (g_hash_table_size (self->cache) < self->room)
    return;
  g_hash_table_iter_init (&iter, self->cache);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Cached *cached = value;

      if (cached->bytes != NULL && (oldest == NULL || cached->used < oldest->used))
        oldest = cached;
    }
  if (oldest != NULL)
    g_hash_table_remove (self->cache, &oldest->index);
}

typedef struct
{
  CantigaSource *source; /* owned */
  guint64 index;
} Fetch;

static gboolean is_wanted (CantigaSource *self, guint64 index);
static void fetch (CantigaSource *self, guint64 index);

/* Not before the first chunk came: of a title that cannot be played no other one is fetched, so that it costs nothing. */
static void
fetch_where_demuxers_look (CantigaSource *self)
{
  fetch (self, cantiga_play_get_chunks (self->play) - 1);
  fetch (self, 1);
}

/* One that nobody waits for is asked for again when somebody does. */
static void
lose (CantigaSource *self, guint64 index, const GError *error)
{
  gboolean wanted = is_wanted (self, index);

  g_hash_table_remove (self->cache, &index);
  if (!wanted)
    return;
  cantiga_source_stop (self);
  g_signal_emit (self, signals[FAILED], 0, error);
}

static void
fetched_cb (GObject *play, GAsyncResult *result, gpointer user_data)
{
  Fetch *fetch = user_data;
  g_autoptr (CantigaSource) self = fetch->source;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = cantiga_play_read_chunk_finish (CANTIGA_PLAY (play), result, &error);
  guint64 index = fetch->index;
  Cached *cached = g_hash_table_lookup (self->cache, &index);

  g_free (fetch);
  if (self->stopped)
    return;
  if (bytes == NULL)
    return lose (self, index, error);
  if (self->fetched++ == 0)
    fetch_where_demuxers_look (self);
  if (cached != NULL)
    cached->bytes = g_steal_pointer (&bytes);
  supply (self);
  g_signal_emit (self, signals[ARRIVED], 0);
}

static void
fetch (CantigaSource *self, guint64 index)
{
  Cached *cached;
  Fetch *under_way;

  if (self->stopped || index >= cantiga_play_get_chunks (self->play) || g_hash_table_contains (self->cache, &index))
    return;
  make_room (self);
  cached = g_new0 (Cached, 1);
  cached->index = index;
  cached->used = ++self->uses;
  g_hash_table_insert (self->cache, &cached->index, cached);
  under_way = g_new0 (Fetch, 1);
  under_way->source = g_object_ref (self);
  under_way->index = index;
  cantiga_play_read_chunk_async (self->play, index, self->cancellable, fetched_cb, under_way);
}

/* The chunk if it is there; NULL sets it going. */
static GBytes *
use (CantigaSource *self, guint64 index)
{
  Cached *cached = g_hash_table_lookup (self->cache, &index);

  if (cached == NULL)
    {
      fetch (self, index);
      return NULL;
    }
  cached->used = ++self->uses;
  return cached->bytes;
}

/* ---- what is wanted; main thread ---- */

/* Exactly length bytes from at, or NULL while chunks of it are missing: demuxers that get other lengths than they asked for are sixty times slower.
 */
static GstBuffer *
collect (CantigaSource *self, guint64 at, gsize length)
{
  guint64 size = cantiga_play_get_chunk_size (self->play);
  guint64 first = at / size, last = (at + length - 1) / size;
  gboolean whole = TRUE;
  GstBuffer *buffer;

  /* All that are missing are set going at once. */
  for (guint64 index = first; index <= last; index++)
    whole &= use (self, index) != NULL;
  if (!whole)
    return NULL;
  if (first == last)
    {
      g_autoptr (GBytes) part = g_bytes_new_from_bytes (use (self, first), at - first * size, length);

      return gst_buffer_new_wrapped_bytes (part);
    }
  buffer = gst_buffer_new_allocate (NULL, length, NULL);
  for (gsize done = 0; buffer != NULL && done < length;)
    {
      GBytes *chunk = use (self, (at + done) / size);
      gsize from = (at + done) % size;
      gsize n = MIN (length - done, g_bytes_get_size (chunk) - from);

      gst_buffer_fill (buffer, done, (const guint8 *)g_bytes_get_data (chunk, NULL) + from, n);
      done += n;
    }
  return buffer;
}

static CantigaFeed *
ref_feed (CantigaSource *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->feed != NULL ? g_object_ref (self->feed) : NULL;
}

static void
supply (CantigaSource *self)
{
  guint64 size = cantiga_play_get_chunk_size (self->play);
  g_autoptr (CantigaFeed) feed = ref_feed (self);
  GstBuffer *buffer;
  guint64 at;
  gsize length;

  if (self->stopped || feed == NULL || !cantiga_feed_peek (feed, &at, &length) || length == 0)
    return;
  self->room = MAX (CACHE_CHUNKS, (guint)(length / size) + 2 + CHUNKS_AHEAD);
  buffer = collect (self, at, length);
  for (guint64 i = 1; i <= CHUNKS_AHEAD; i++)
    fetch (self, (at + length - 1) / size + i);
  if (buffer != NULL)
    cantiga_feed_give (feed, at, buffer);
}

static gboolean
is_wanted (CantigaSource *self, guint64 index)
{
  guint64 size = cantiga_play_get_chunk_size (self->play);
  g_autoptr (CantigaFeed) feed = ref_feed (self);
  guint64 at;
  gsize length;

  return feed != NULL && cantiga_feed_peek (feed, &at, &length) && length > 0 && at / size <= index && index <= (at + length - 1) / size;
}

static gboolean
woken_cb (gpointer user_data)
{
  CantigaSource *self = user_data;

  g_mutex_lock (&self->lock);
  self->waking = FALSE;
  g_mutex_unlock (&self->lock);
  supply (self);
  return G_SOURCE_REMOVE;
}

/* ---- GStreamer's threads ---- */

static void
wanted_cb (gpointer user_data)
{
  CantigaSource *self = user_data;
  gboolean wake;

  g_mutex_lock (&self->lock);
  wake = !self->waking;
  self->waking = TRUE;
  g_mutex_unlock (&self->lock);
  if (wake)
    g_idle_add_full (G_PRIORITY_HIGH, woken_cb, g_object_ref (self), g_object_unref);
}

void
cantiga_source_attach (CantigaSource *self, CantigaFeed *feed)
{
  g_return_if_fail (CANTIGA_IS_SOURCE (self));
  g_mutex_lock (&self->lock);
  g_set_object (&self->feed, feed);
  g_mutex_unlock (&self->lock);
  cantiga_feed_attach (feed, cantiga_play_get_size (self->play), wanted_cb, g_object_ref (self), g_object_unref);
}

/* ---- main thread ---- */

CantigaSource *
cantiga_source_new (CantigaPlay *play)
{
  CantigaSource *self = g_object_new (CANTIGA_TYPE_SOURCE, NULL);

  self->play = g_object_ref (play);
  fetch (self, 0);
  return self;
}

CantigaPlay *
cantiga_source_get_play (CantigaSource *self)
{
  return self->play;
}

void
cantiga_source_pause (CantigaSource *self)
{
  g_autoptr (CantigaFeed) feed = NULL;

  g_mutex_lock (&self->lock);
  feed = g_steal_pointer (&self->feed);
  g_mutex_unlock (&self->lock);
  if (feed != NULL)
    cantiga_feed_detach (feed);
}

void
cantiga_source_stop (CantigaSource *self)
{
  self->stopped = TRUE;
  g_cancellable_cancel (self->cancellable);
  cantiga_source_pause (self);
}

gboolean
cantiga_source_has_chunk (CantigaSource *self, guint64 index)
{
  Cached *cached = g_hash_table_lookup (self->cache, &index);

  return cached != NULL && cached->bytes != NULL;
}

gboolean
cantiga_source_is_waiting (CantigaSource *self)
{
  g_autoptr (CantigaFeed) feed = ref_feed (self);
  guint64 at;
  gsize length;

  return feed != NULL && cantiga_feed_peek (feed, &at, &length);
}

guint64
cantiga_source_get_fetched (CantigaSource *self)
{
  return self->fetched;
}
