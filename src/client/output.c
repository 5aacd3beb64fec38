#include "client/output.h"

struct _CantigaOutput
{
  GstBin parent_instance;

  /* the bin's */
  GstElement *joint;
  GstElement *queue;
  GstElement *limiter; /* NULL if GStreamer has none */
  GstElement *volume;
  GstElement *resample; /* before the sink */
  GstElement *sink;
  GstElement *meter; /* between limiter and volume; NULL */

  CantigaOutputNoted noted;
  gpointer user_data;

  GMutex lock; /* of what follows */
  GQueue stretches;
  guint stream;  /* whose events pass */
  guint flushes; /* how many passed */
  gboolean dry;
};

G_DEFINE_FINAL_TYPE (CantigaOutput, cantiga_output, GST_TYPE_BIN)

static void
cantiga_output_finalize (GObject *object)
{
  CantigaOutput *self = CANTIGA_OUTPUT (object);

  g_queue_clear_full (&self->stretches, g_free);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (cantiga_output_parent_class)->finalize (object);
}

static void
cantiga_output_class_init (CantigaOutputClass *class)
{
  G_OBJECT_CLASS (class)->finalize = cantiga_output_finalize;
}

static void
cantiga_output_init (CantigaOutput *self)
{
  g_mutex_init (&self->lock);
  g_queue_init (&self->stretches);
}

/* ---- GStreamer's threads ---- */

static void
note_segment (CantigaOutput *self, const GstSegment *segment)
{
  CantigaStretch *stretch = g_new0 (CantigaStretch, 1);
  guint64 place = segment->format == GST_FORMAT_TIME ? gst_segment_to_stream_time (segment, GST_FORMAT_TIME, segment->start) : 0;

  stretch->base = segment->base;
  stretch->start = GST_CLOCK_TIME_IS_VALID (place) ? (double)place / GST_SECOND : 0;
  g_mutex_lock (&self->lock);
  stretch->stream = self->stream;
  g_queue_push_tail (&self->stretches, stretch);
  g_mutex_unlock (&self->lock);
  self->noted (self->user_data);
}

/* A deck's streams bear its number (client/deck.c). */
static void
note_stream (CantigaOutput *self, GstEvent *event)
{
  const char *id;

  gst_event_parse_stream_start (event, &id);
  g_mutex_lock (&self->lock);
  self->stream = (guint)g_ascii_strtoull (id, NULL, 10);
  g_mutex_unlock (&self->lock);
}

void
cantiga_output_forget (CantigaOutput *self)
{
  g_mutex_lock (&self->lock);
  g_queue_clear_full (&self->stretches, g_free);
  self->dry = FALSE;
  g_mutex_unlock (&self->lock);
}

/* On the bus, so that what was said before a seek and what was said after it can be told apart. */
static void
tell_flush (CantigaOutput *self, GstPad *pad)
{
  g_autoptr (GstElement) element = gst_pad_get_parent_element (pad);
  guint number;

  g_mutex_lock (&self->lock);
  number = ++self->flushes;
  g_mutex_unlock (&self->lock);
  gst_element_post_message (element, gst_message_new_element (GST_OBJECT (element),
                                                              gst_structure_new (CANTIGA_OUTPUT_FLUSHED, "number", G_TYPE_UINT, number, NULL)));
}

static GstPadProbeReturn
passing_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  CantigaOutput *self = user_data;
  GstEvent *event = gst_pad_probe_info_get_event (info);
  const GstSegment *segment;

  switch (GST_EVENT_TYPE (event))
    {
    case GST_EVENT_STREAM_START:
      note_stream (self, event);
      break;
    case GST_EVENT_SEGMENT:
      gst_event_parse_segment (event, &segment);
      note_segment (self, segment);
      break;
    case GST_EVENT_FLUSH_STOP:
      cantiga_output_forget (self);
      tell_flush (self, pad);
      break;
    default:
      break;
    }
  return GST_PAD_PROBE_OK;
}

static void
dry_cb (GstElement *queue, CantigaOutput *self)
{
  g_mutex_lock (&self->lock);
  self->dry = TRUE;
  g_mutex_unlock (&self->lock);
  self->noted (self->user_data);
}

void
cantiga_output_follow (CantigaOutput *self, GstElement *queue)
{
  g_autoptr (GstPad) passing = gst_element_get_static_pad (queue, "src");

  gst_pad_add_probe (passing, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_EVENT_FLUSH, passing_cb, self, NULL);
  g_signal_connect (queue, "underrun", G_CALLBACK (dry_cb), self);
}

gboolean
cantiga_output_join (CantigaOutput *self, GstPad *pad)
{
  g_autoptr (GstPad) inner = gst_element_request_pad_simple (self->joint, "sink_%u");
  GstPad *ghost;

  if (inner == NULL)
    return FALSE;
  ghost = gst_ghost_pad_new (NULL, inner);
  gst_pad_set_active (ghost, TRUE);
  gst_element_add_pad (GST_ELEMENT (self), ghost);
  return gst_pad_link (pad, ghost) == GST_PAD_LINK_OK;
}

/* ---- main thread ---- */

void
cantiga_output_part (CantigaOutput *self, GstPad *pad)
{
  g_autoptr (GstPad) ghost = gst_pad_get_peer (pad);
  g_autoptr (GstPad) inner = ghost != NULL ? gst_ghost_pad_get_target (GST_GHOST_PAD (ghost)) : NULL;

  if (inner == NULL)
    return;
  gst_element_release_request_pad (self->joint, inner);
  gst_element_remove_pad (GST_ELEMENT (self), ghost);
}

static GstElement *
add (CantigaOutput *self, const char *factory)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  if (element != NULL)
    gst_bin_add (GST_BIN (self), element);
  return element;
}

/* Without dithering, so that samples that nothing changed leave as they came. */
static gboolean
fill (CantigaOutput *self, GstElement *sink)
{
  GstElement *convert;

  self->joint = add (self, "concat");
  self->queue = add (self, "queue");
  self->limiter = add (self, "rglimiter");
  self->volume = add (self, "volume");
  convert = add (self, "audioconvert");
  self->resample = add (self, "audioresample");
  self->sink = sink;
  gst_bin_add (GST_BIN (self), sink);
  if (self->joint == NULL || self->queue == NULL || self->volume == NULL || convert == NULL || self->resample == NULL)
    return FALSE;
  g_object_set (self->queue, "max-size-buffers", 0, "max-size-bytes", 0, "max-size-time", (guint64)CANTIGA_OUTPUT_AHEAD_MS * GST_MSECOND, NULL);
  gst_util_set_object_arg (G_OBJECT (convert), "dithering", "none");
  cantiga_output_set_limited (self, FALSE);
  cantiga_output_follow (self, self->queue);
  return gst_element_link (self->joint, self->queue)
         && (self->limiter != NULL ? gst_element_link_many (self->queue, self->limiter, self->volume, NULL)
                                   : gst_element_link (self->queue, self->volume))
         && gst_element_link_many (self->volume, convert, self->resample, self->sink, NULL);
}

CantigaOutput *
cantiga_output_new (GstElement *sink, CantigaOutputNoted noted, gpointer user_data)
{
  CantigaOutput *self = g_object_new (CANTIGA_TYPE_OUTPUT, NULL);

  g_object_ref_sink (self);
  self->noted = noted;
  self->user_data = user_data;
  if (!fill (self, sink))
    g_clear_object (&self);
  return self;
}

gboolean
cantiga_output_take_stretch (CantigaOutput *self, CantigaStretch *ret_stretch)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autofree CantigaStretch *stretch = g_queue_pop_head (&self->stretches);

  if (stretch == NULL)
    return FALSE;
  *ret_stretch = *stretch;
  return TRUE;
}

guint
cantiga_output_get_flushes (CantigaOutput *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->flushes;
}

gboolean
cantiga_output_take_dryness (CantigaOutput *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gboolean dry = self->dry;

  self->dry = FALSE;
  return dry;
}

gboolean
cantiga_output_keeps_time (CantigaOutput *self)
{
  gboolean keeps = TRUE;

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (self->sink), "sync") != NULL)
    g_object_get (self->sink, "sync", &keeps, NULL);
  return keeps;
}

double
cantiga_output_get_reached (CantigaOutput *self)
{
  gint64 reached;

  return gst_element_query_position (self->sink, GST_FORMAT_TIME, &reached) && reached > 0 ? (double)reached / GST_SECOND : 0;
}

void
cantiga_output_set_sink (CantigaOutput *self, GstElement *sink)
{
  gst_element_unlink (self->resample, self->sink);
  gst_element_set_state (self->sink, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (self), self->sink);
  self->sink = sink;
  gst_bin_add (GST_BIN (self), sink);
  gst_element_link (self->resample, sink);
}

void
cantiga_output_set_volume (CantigaOutput *self, double factor)
{
  g_object_set (self->volume, "volume", factor, NULL);
}

void
cantiga_output_set_muted (CantigaOutput *self, gboolean muted)
{
  g_object_set (self->volume, "mute", muted, NULL);
}

void
cantiga_output_set_limited (CantigaOutput *self, gboolean limited)
{
  if (self->limiter != NULL)
    g_object_set (self->limiter, "enabled", limited, NULL);
}

/* ---- the meter comes and goes while sound flows: when nothing is on its way through the place where it stands ---- */

static void
take_meter_out (CantigaOutput *self, GstElement *before)
{
  gst_element_unlink_many (before, self->meter, self->volume, NULL);
  gst_element_set_locked_state (self->meter, TRUE);
  gst_element_set_state (self->meter, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (self), self->meter);
  self->meter = NULL;
  gst_element_link (before, self->volume);
}

static GstPadProbeReturn
idle_cb (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstElement *element = user_data;
  g_autoptr (GstElement) before = gst_pad_get_parent_element (pad);
  g_autoptr (GstObject) parent = gst_object_get_parent (GST_OBJECT (before));
  CantigaOutput *self = CANTIGA_OUTPUT (parent);

  if (self->meter != NULL)
    take_meter_out (self, before);
  if (element != NULL)
    {
      self->meter = element;
      gst_bin_add (GST_BIN (self), element);
      gst_element_unlink (before, self->volume);
      gst_element_link_many (before, element, self->volume, NULL);
      gst_element_sync_state_with_parent (element);
    }
  return GST_PAD_PROBE_REMOVE;
}

void
cantiga_output_set_meter (CantigaOutput *self, GstElement *element)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (self->limiter != NULL ? self->limiter : self->queue, "src");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_IDLE, idle_cb, element, NULL);
}
