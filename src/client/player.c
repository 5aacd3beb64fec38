#include "client/player.h"

#define SEEK_NONE (-1.0)

struct _CantigaPlayer
{
  GObject parent_instance;

  /* owned */
  GstElement *playbin;
  GSource *watch;
  CantigaSource *source; /* read by a GStreamer thread under lock */
  GMutex lock;

  /* wanted by who uses it, and how far GStreamer is: two things */
  CantigaPlayerState wanted;
  gboolean prerolled;
  double seek; /* kept until prerolled; SEEK_NONE */
  GstSeekFlags seek_flags;

  double volume;
  gboolean muted;
};

enum
{
  PROP_STATE = 1,
  PROP_VOLUME,
  PROP_MUTED,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

enum
{
  ENDED,
  FAILED,
  SILENT,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CantigaPlayer, cantiga_player, G_TYPE_OBJECT)

static void
drop_source (CantigaPlayer *self)
{
  CantigaSource *source;

  g_mutex_lock (&self->lock);
  source = g_steal_pointer (&self->source);
  g_mutex_unlock (&self->lock);
  if (source == NULL)
    return;
  g_signal_handlers_disconnect_by_data (source, self);
  cantiga_source_stop (source);
  g_object_unref (source);
}

static void
cantiga_player_dispose (GObject *object)
{
  CantigaPlayer *self = CANTIGA_PLAYER (object);

  if (self->playbin != NULL)
    gst_element_set_state (self->playbin, GST_STATE_NULL);
  drop_source (self);
  if (self->watch != NULL)
    g_source_destroy (self->watch);
  g_clear_pointer (&self->watch, g_source_unref);
  g_clear_object (&self->playbin);
  G_OBJECT_CLASS (cantiga_player_parent_class)->dispose (object);
}

static void
cantiga_player_finalize (GObject *object)
{
  g_mutex_clear (&CANTIGA_PLAYER (object)->lock);
  G_OBJECT_CLASS (cantiga_player_parent_class)->finalize (object);
}

static void
cantiga_player_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CantigaPlayer *self = CANTIGA_PLAYER (object);

  if (id == PROP_STATE)
    g_value_set_int (value, (int)self->wanted);
  else if (id == PROP_VOLUME)
    g_value_set_double (value, self->volume);
  else
    g_value_set_boolean (value, self->muted);
}

static void
cantiga_player_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CantigaPlayer *self = CANTIGA_PLAYER (object);

  if (id == PROP_VOLUME)
    cantiga_player_set_volume (self, g_value_get_double (value));
  else
    cantiga_player_set_muted (self, g_value_get_boolean (value));
}

static void
install_properties (GObjectClass *class)
{
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  props[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, CANTIGA_PLAYER_STOPPED, CANTIGA_PLAYER_PLAYING, CANTIGA_PLAYER_STOPPED,
                                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_VOLUME] = g_param_spec_double ("volume", NULL, NULL, 0, 1, 1, flags);
  props[PROP_MUTED] = g_param_spec_boolean ("muted", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (class, N_PROPS, props);
}

static void
cantiga_player_class_init (CantigaPlayerClass *class)
{
  G_OBJECT_CLASS (class)->dispose = cantiga_player_dispose;
  G_OBJECT_CLASS (class)->finalize = cantiga_player_finalize;
  G_OBJECT_CLASS (class)->get_property = cantiga_player_get_property;
  G_OBJECT_CLASS (class)->set_property = cantiga_player_set_property;
  install_properties (G_OBJECT_CLASS (class));
  signals[ENDED] = g_signal_new ("ended", CANTIGA_TYPE_PLAYER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[FAILED] = g_signal_new ("failed", CANTIGA_TYPE_PLAYER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
  signals[SILENT] = g_signal_new ("silent", CANTIGA_TYPE_PLAYER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
cantiga_player_init (CantigaPlayer *self)
{
  g_mutex_init (&self->lock);
  self->seek = SEEK_NONE;
  self->volume = 1;
}

/* ---- GStreamer's words ---- */

/* On one of GStreamer's threads. */
static void
source_setup_cb (GstElement *playbin, GstElement *element, CantigaPlayer *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->source != NULL && CANTIGA_IS_FEED (element))
    cantiga_source_attach (self->source, CANTIGA_FEED (element));
}

static void
fail (CantigaPlayer *self, const GError *error)
{
  cantiga_player_set_state (self, CANTIGA_PLAYER_STOPPED);
  g_signal_emit (self, signals[FAILED], 0, error);
}

static void
source_failed_cb (CantigaSource *source, const GError *error, CantigaPlayer *self)
{
  g_autoptr (CantigaPlayer) kept = g_object_ref (self);
  g_autoptr (GError) copy = g_error_copy (error);

  fail (kept, copy);
}

static void
element_failed (CantigaPlayer *self, GstMessage *message)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (GError) error = NULL;

  gst_message_parse_error (message, &reason, NULL);
  error = g_error_new (CANTIGA_ERROR, CANTIGA_ERROR_MEDIA, "The title cannot be played: %s", reason->message);
  fail (self, error);
}

static void
seek_kept (CantigaPlayer *self)
{
  gst_element_seek_simple (self->playbin, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH | self->seek_flags, (gint64)(self->seek * GST_SECOND));
  self->seek = SEEK_NONE;
}

static void
prerolled (CantigaPlayer *self)
{
  self->prerolled = TRUE;
  if (self->seek >= 0)
    seek_kept (self);
}

/* autoaudiosink warns when it finds no device, and goes on with a sink that only keeps time. */
static void
element_warned (CantigaPlayer *self, GstMessage *message)
{
  g_autoptr (GError) warning = NULL;

  gst_message_parse_warning (message, &warning, NULL);
  if (warning->domain == GST_RESOURCE_ERROR)
    g_signal_emit (self, signals[SILENT], 0);
}

static gboolean
message_cb (GstBus *bus, GstMessage *message, gpointer user_data)
{
  g_autoptr (CantigaPlayer) self = g_object_ref (user_data);

  switch (GST_MESSAGE_TYPE (message))
    {
    case GST_MESSAGE_EOS:
      g_signal_emit (self, signals[ENDED], 0);
      break;
    case GST_MESSAGE_ERROR:
      element_failed (self, message);
      break;
    case GST_MESSAGE_WARNING:
      element_warned (self, message);
      break;
    case GST_MESSAGE_ASYNC_DONE:
      prerolled (self);
      break;
    default:
      break;
    }
  return G_SOURCE_CONTINUE;
}

/* ---- what it is told ---- */

static GstElement *
make_playbin (GstElement *sink)
{
  GstElement *playbin = gst_element_factory_make ("playbin3", NULL);

  if (playbin == NULL)
    return NULL;
  g_object_set (playbin, "audio-sink", sink, NULL);
  gst_util_set_object_arg (G_OBJECT (playbin), "flags", "audio+soft-volume");
  return g_object_ref_sink (playbin);
}

CantigaPlayer *
cantiga_player_new (GstElement *sink, GError **error)
{
  g_autoptr (CantigaPlayer) self = g_object_new (CANTIGA_TYPE_PLAYER, NULL);
  g_autoptr (GstBus) bus = NULL;

  if (!gst_is_initialized () && !gst_init_check (NULL, NULL, error))
    return NULL;
  if (sink == NULL)
    sink = gst_element_factory_make ("autoaudiosink", NULL);
  self->playbin = sink != NULL && cantiga_feed_register () ? make_playbin (sink) : NULL;
  if (self->playbin == NULL)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "GStreamer's base plugins are missing: install gstreamer1.0-plugins-base and -good.");
      return NULL;
    }
  g_signal_connect (self->playbin, "source-setup", G_CALLBACK (source_setup_cb), self);
  bus = gst_element_get_bus (self->playbin);
  self->watch = gst_bus_create_watch (bus);
  g_source_set_callback (self->watch, G_SOURCE_FUNC (message_cb), self, NULL);
  g_source_attach (self->watch, g_main_context_get_thread_default ());
  return g_steal_pointer (&self);
}

void
cantiga_player_open (CantigaPlayer *self, CantigaPlay *play)
{
  CantigaSource *source;

  cantiga_player_set_state (self, CANTIGA_PLAYER_STOPPED);
  source = cantiga_source_new (play);
  g_signal_connect (source, "failed", G_CALLBACK (source_failed_cb), self);
  g_mutex_lock (&self->lock);
  self->source = source;
  g_mutex_unlock (&self->lock);
  g_object_set (self->playbin, "uri", CANTIGA_FEED_URI, NULL);
}

void
cantiga_player_set_state (CantigaPlayer *self, CantigaPlayerState state)
{
  static const GstState states[] = {
    [CANTIGA_PLAYER_STOPPED] = GST_STATE_READY,
    [CANTIGA_PLAYER_PAUSED] = GST_STATE_PAUSED,
    [CANTIGA_PLAYER_PLAYING] = GST_STATE_PLAYING,
  };

  g_return_if_fail (state == CANTIGA_PLAYER_STOPPED || self->source != NULL);
  gst_element_set_state (self->playbin, states[state]);
  if (state == CANTIGA_PLAYER_STOPPED)
    {
      self->prerolled = FALSE;
      self->seek = SEEK_NONE;
      drop_source (self);
    }
  if (state == self->wanted)
    return;
  self->wanted = state;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

CantigaPlayerState
cantiga_player_get_state (CantigaPlayer *self)
{
  return self->wanted;
}

double
cantiga_player_get_position (CantigaPlayer *self)
{
  gint64 position;

  if (!gst_element_query_position (self->playbin, GST_FORMAT_TIME, &position) || position < 0)
    return 0;
  return (double)position / GST_SECOND;
}

double
cantiga_player_get_duration (CantigaPlayer *self)
{
  gint64 duration;

  if (gst_element_query_duration (self->playbin, GST_FORMAT_TIME, &duration) && duration > 0)
    return (double)duration / GST_SECOND;
  return self->source != NULL ? cantiga_play_get_duration (cantiga_source_get_play (self->source)) : 0;
}

static void
seek (CantigaPlayer *self, double seconds, GstSeekFlags flags)
{
  self->seek = MAX (seconds, 0);
  self->seek_flags = flags;
  if (self->prerolled)
    seek_kept (self);
}

void
cantiga_player_seek (CantigaPlayer *self, double seconds)
{
  seek (self, seconds, GST_SEEK_FLAG_KEY_UNIT);
}

void
cantiga_player_seek_exactly (CantigaPlayer *self, double seconds)
{
  seek (self, seconds, GST_SEEK_FLAG_ACCURATE);
}

/* ---- how loud ---- */

double
cantiga_player_get_volume (CantigaPlayer *self)
{
  return self->volume;
}

/* Ears count in cubes, playbin in factors of the samples. */
void
cantiga_player_set_volume (CantigaPlayer *self, double volume)
{
  volume = CLAMP (volume, 0, 1);
  if (volume == self->volume)
    return;
  self->volume = volume;
  g_object_set (self->playbin, "volume", volume * volume * volume, NULL);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_VOLUME]);
}

gboolean
cantiga_player_is_muted (CantigaPlayer *self)
{
  return self->muted;
}

void
cantiga_player_set_muted (CantigaPlayer *self, gboolean muted)
{
  if (muted == self->muted)
    return;
  self->muted = muted;
  g_object_set (self->playbin, "mute", muted, NULL);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MUTED]);
}

gboolean
cantiga_player_is_buffering (CantigaPlayer *self)
{
  return self->source != NULL && cantiga_source_is_waiting (self->source);
}

CantigaSource *
cantiga_player_get_source (CantigaPlayer *self)
{
  return self->source;
}
