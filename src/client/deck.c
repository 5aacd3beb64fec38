#include "client/deck.h"

/* What rgvolume may add to a quiet title; what goes above full scale for it is the limiter's. */
#define HEADROOM_DB 6.0

typedef enum
{
  DECK_RUNNING,
  DECK_SEEKING, /* an end that is on its way out does not count */
  DECK_DONE,    /* its last sample left it */
} DeckState;

struct _CantigaDeck
{
  GstBin parent_instance;

  CantigaSource *source; /* owned */
  guint number;          /* no other deck has it */
  gboolean pictures;
  GstElement *first; /* what decoded sound goes into; the bin's */
  GstElement *last;
  CantigaDeckPad pad_cb;
  gpointer user_data;

  GMutex lock; /* of what follows */
  DeckState state;
  gboolean closed;
  GstPad *audio; /* the bin's; NULL until there is sound */
  GstPad *video;
};

G_DEFINE_FINAL_TYPE (CantigaDeck, cantiga_deck, GST_TYPE_BIN)

static void
cantiga_deck_finalize (GObject *object)
{
  CantigaDeck *self = CANTIGA_DECK (object);

  g_clear_object (&self->source);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (cantiga_deck_parent_class)->finalize (object);
}

static void
cantiga_deck_class_init (CantigaDeckClass *class)
{
  G_OBJECT_CLASS (class)->finalize = cantiga_deck_finalize;
}

static void
cantiga_deck_init (CantigaDeck *self)
{
  g_mutex_init (&self->lock);
}

/* ---- GStreamer's threads ---- */

static DeckState
exchange_state (CantigaDeck *self, DeckState from, DeckState to)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  DeckState before = self->state;

  if (before == from)
    self->state = to;
  return before;
}

/* Streams bear the deck's number, so that it is known downstream whose samples come. */
static GstEvent *
number_stream (CantigaDeck *self, GstEvent *event)
{
  g_autofree char *id = g_strdup_printf ("%u", self->number);
  GstEvent *numbered = gst_event_new_stream_start (id);

  gst_event_set_group_id (numbered, self->number);
  gst_event_unref (event);
  return numbered;
}

/* An end that a seek overtakes is dropped here: behind this pad it could not be taken back. */
static GstPadProbeReturn
event_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  CantigaDeck *self = user_data;
  GstEvent *event = gst_pad_probe_info_get_event (info);

  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS && exchange_state (self, DECK_RUNNING, DECK_DONE) == DECK_SEEKING)
    return GST_PAD_PROBE_DROP;
  if (GST_EVENT_TYPE (event) == GST_EVENT_STREAM_START)
    info->data = number_stream (self, event);
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    exchange_state (self, DECK_SEEKING, DECK_RUNNING);
  return GST_PAD_PROBE_OK;
}

static void
watch_events (CantigaDeck *self, GstPad *pad)
{
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_EVENT_FLUSH, event_cb, self, NULL);
}

static GstPad *
add_ghost (CantigaDeck *self, const char *name, GstPad *target)
{
  GstPad *ghost = gst_ghost_pad_new (name, target);

  gst_pad_set_active (ghost, TRUE);
  gst_element_add_pad (GST_ELEMENT (self), ghost);
  return ghost;
}

/* Not to somebody who is closing it: what would be joined then would never be parted. */
static void
give_pad (CantigaDeck *self, GstPad *pad, GstPad **place)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  *place = pad;
  if (!self->closed)
    self->pad_cb (self, pad, self->user_data);
}

static void
add_audio (CantigaDeck *self, GstPad *decoded)
{
  g_autoptr (GstPad) in = gst_element_get_static_pad (self->first, "sink");
  g_autoptr (GstPad) out = gst_element_get_static_pad (self->last, "src");
  GstPad *ghost;

  if (gst_pad_is_linked (in) || gst_pad_link (decoded, in) != GST_PAD_LINK_OK)
    return;
  ghost = add_ghost (self, "audio", out);
  watch_events (self, ghost);
  give_pad (self, ghost, &self->audio);
}

static void
add_video (CantigaDeck *self, GstPad *decoded)
{
  if (!self->pictures || self->video != NULL)
    return;
  give_pad (self, add_ghost (self, "video", decoded), &self->video);
}

static void
pad_added_cb (GstElement *decoder, GstPad *pad, CantigaDeck *self)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  const char *name;

  if (caps == NULL)
    caps = gst_pad_query_caps (pad, NULL);
  name = gst_caps_is_empty (caps) || gst_caps_is_any (caps) ? "" : gst_structure_get_name (gst_caps_get_structure (caps, 0));
  if (g_str_equal (name, "audio/x-raw"))
    add_audio (self, pad);
  else if (g_str_equal (name, "video/x-raw"))
    add_video (self, pad);
}

static void
no_more_pads_cb (GstElement *decoder, CantigaDeck *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->audio == NULL && self->video != NULL)
    watch_events (self, self->video);
  if (!self->closed)
    self->pad_cb (self, NULL, self->user_data);
}

/* ---- main thread ---- */

static GstElement *
add (CantigaDeck *self, const char *factory, const char *name)
{
  GstElement *element = gst_element_factory_make (factory, name);

  if (element != NULL)
    gst_bin_add (GST_BIN (self), element);
  return element;
}

/* Samples of 32 bits hold every sample of 24 as it is. */
static gboolean
fill (CantigaDeck *self, CantigaDeckLoudness loudness)
{
  GstElement *feed = g_object_new (CANTIGA_TYPE_FEED, NULL);
  GstElement *decoder, *convert, *format, *even = NULL;
  g_autoptr (GstCaps) caps = gst_caps_from_string ("audio/x-raw,format=F32LE,layout=interleaved");

  gst_bin_add (GST_BIN (self), feed);
  decoder = add (self, "decodebin", NULL);
  convert = add (self, "audioconvert", NULL);
  format = add (self, "capsfilter", NULL);
  if (decoder == NULL || convert == NULL || format == NULL || !gst_element_link (feed, decoder) || !gst_element_link (convert, format))
    return FALSE;
  g_object_set (format, "caps", caps, NULL);
  if (loudness != CANTIGA_DECK_PLAIN && (even = add (self, "rgvolume", NULL)) != NULL)
    {
      g_object_set (even, "album-mode", loudness == CANTIGA_DECK_ALBUM, "headroom", HEADROOM_DB, NULL);
      if (!gst_element_link (format, even))
        return FALSE;
    }
  self->first = convert;
  self->last = even != NULL ? even : format;
  cantiga_source_attach (self->source, CANTIGA_FEED (feed));
  g_signal_connect (decoder, "pad-added", G_CALLBACK (pad_added_cb), self);
  g_signal_connect (decoder, "no-more-pads", G_CALLBACK (no_more_pads_cb), self);
  return TRUE;
}

gboolean
cantiga_deck_is_possible (void)
{
  static const char *const factories[] = { "decodebin", "audioconvert", "capsfilter" };
  gboolean possible = TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (factories); i++)
    {
      g_autoptr (GstElementFactory) factory = gst_element_factory_find (factories[i]);

      possible &= factory != NULL;
    }
  return possible;
}

CantigaDeck *
cantiga_deck_new (CantigaSource *source, gboolean pictures, CantigaDeckLoudness loudness, CantigaDeckPad pad_cb, gpointer user_data)
{
  static guint number = 0;
  CantigaDeck *self = g_object_new (CANTIGA_TYPE_DECK, NULL);

  self->number = ++number;
  g_object_ref_sink (self);
  self->source = g_object_ref (source);
  self->pictures = pictures;
  self->pad_cb = pad_cb;
  self->user_data = user_data;
  if (!fill (self, loudness))
    g_clear_object (&self);
  return self;
}

CantigaSource *
cantiga_deck_get_source (CantigaDeck *self)
{
  return self->source;
}

guint
cantiga_deck_get_number (CantigaDeck *self)
{
  return self->number;
}

gboolean
cantiga_deck_has_audio (CantigaDeck *self)
{
  return self->audio != NULL;
}

GstPad *
cantiga_deck_close (CantigaDeck *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->closed = TRUE;
  return self->audio;
}

static GstPad *
ref_audio (CantigaDeck *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  GstPad *pad = self->audio != NULL ? self->audio : self->video;

  return pad != NULL ? g_object_ref (pad) : NULL;
}

gboolean
cantiga_deck_seek (CantigaDeck *self, double seconds, GstSeekFlags flags)
{
  g_autoptr (GstPad) pad = ref_audio (self);
  GstEvent *event;

  if (pad == NULL || exchange_state (self, DECK_RUNNING, DECK_SEEKING) == DECK_DONE)
    return FALSE;
  event = gst_event_new_seek (1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH | flags, GST_SEEK_TYPE_SET, (gint64)(seconds * GST_SECOND), GST_SEEK_TYPE_NONE,
                              -1);
  return gst_pad_send_event (pad, event);
}

double
cantiga_deck_get_duration (CantigaDeck *self)
{
  g_autoptr (GstPad) pad = ref_audio (self);
  gint64 duration;

  if (pad == NULL || !gst_pad_query_duration (pad, GST_FORMAT_TIME, &duration) || duration <= 0)
    return 0;
  return (double)duration / GST_SECOND;
}
