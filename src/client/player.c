#include "client/player.h"

#define SEEK_NONE (-1.0)
#define TICK_MS 250
/* How long before the end the next play is asked for. */
#define ENDING_SECONDS 2.5

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

  double position; /* the last one known */
  double buffered;
  gboolean buffering;
  gboolean started;
  gboolean ending;
  guint tick;
  CantigaPlay *next; /* owned */

  double volume;
  gboolean muted;
  CantigaReplayGain gain;
  guint watchers;
};

enum
{
  PROP_STATE = 1,
  PROP_POSITION,
  PROP_DURATION,
  PROP_BUFFERED,
  PROP_BUFFERING,
  PROP_VIDEO,
  PROP_VOLUME,
  PROP_MUTED,
  PROP_REPLAY_GAIN,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

enum
{
  STARTED,
  ENDING,
  ADVANCED,
  ENDED,
  FAILED,
  NEXT_FAILED,
  SILENT,
  SEEKED,
  SPECTRUM,
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
  g_clear_handle_id (&self->tick, g_source_remove);
  g_clear_object (&self->next);
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

  switch (id)
    {
    case PROP_STATE:
      return g_value_set_int (value, (int)self->wanted);
    case PROP_POSITION:
      return g_value_set_double (value, cantiga_player_get_position (self));
    case PROP_DURATION:
      return g_value_set_double (value, cantiga_player_get_duration (self));
    case PROP_BUFFERED:
      return g_value_set_double (value, self->buffered);
    case PROP_BUFFERING:
      return g_value_set_boolean (value, self->buffering);
    case PROP_VIDEO:
      return g_value_set_boolean (value, cantiga_player_has_video (self));
    case PROP_VOLUME:
      return g_value_set_double (value, self->volume);
    case PROP_MUTED:
      return g_value_set_boolean (value, self->muted);
    case PROP_REPLAY_GAIN:
      return g_value_set_int (value, (int)self->gain);
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
cantiga_player_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CantigaPlayer *self = CANTIGA_PLAYER (object);

  switch (id)
    {
    case PROP_VOLUME:
      return cantiga_player_set_volume (self, g_value_get_double (value));
    case PROP_MUTED:
      return cantiga_player_set_muted (self, g_value_get_boolean (value));
    case PROP_REPLAY_GAIN:
      return cantiga_player_set_replay_gain (self, (CantigaReplayGain)g_value_get_int (value));
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
install_properties (GObjectClass *class)
{
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  GParamFlags told = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  props[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, CANTIGA_PLAYER_STOPPED, CANTIGA_PLAYER_PLAYING, CANTIGA_PLAYER_STOPPED, told);
  props[PROP_POSITION] = g_param_spec_double ("position", NULL, NULL, 0, G_MAXDOUBLE, 0, told);
  props[PROP_DURATION] = g_param_spec_double ("duration", NULL, NULL, 0, G_MAXDOUBLE, 0, told);
  props[PROP_BUFFERED] = g_param_spec_double ("buffered", NULL, NULL, 0, G_MAXDOUBLE, 0, told);
  props[PROP_BUFFERING] = g_param_spec_boolean ("buffering", NULL, NULL, FALSE, told);
  props[PROP_VIDEO] = g_param_spec_boolean ("video", NULL, NULL, FALSE, told);
  props[PROP_VOLUME] = g_param_spec_double ("volume", NULL, NULL, 0, 1, 1, flags);
  props[PROP_MUTED] = g_param_spec_boolean ("muted", NULL, NULL, FALSE, flags);
  props[PROP_REPLAY_GAIN]
      = g_param_spec_int ("replay-gain", NULL, NULL, CANTIGA_REPLAY_GAIN_OFF, CANTIGA_REPLAY_GAIN_ALBUM, CANTIGA_REPLAY_GAIN_OFF, flags);
  g_object_class_install_properties (class, N_PROPS, props);
}

static guint
new_signal (const char *name, guint n, ...)
{
  va_list types;
  guint id;

  va_start (types, n);
  id = g_signal_new_valist (name, CANTIGA_TYPE_PLAYER, G_SIGNAL_RUN_LAST, NULL, NULL, NULL, NULL, G_TYPE_NONE, n, types);
  va_end (types);
  return id;
}

static void
cantiga_player_class_init (CantigaPlayerClass *class)
{
  G_OBJECT_CLASS (class)->dispose = cantiga_player_dispose;
  G_OBJECT_CLASS (class)->finalize = cantiga_player_finalize;
  G_OBJECT_CLASS (class)->get_property = cantiga_player_get_property;
  G_OBJECT_CLASS (class)->set_property = cantiga_player_set_property;
  install_properties (G_OBJECT_CLASS (class));
  signals[STARTED] = new_signal ("started", 0);
  signals[ENDING] = new_signal ("ending", 0);
  signals[ADVANCED] = new_signal ("advanced", 0);
  signals[ENDED] = new_signal ("ended", 0);
  signals[FAILED] = new_signal ("failed", 1, G_TYPE_ERROR);
  signals[NEXT_FAILED] = new_signal ("next-failed", 1, G_TYPE_ERROR);
  signals[SILENT] = new_signal ("silent", 0);
  signals[SEEKED] = new_signal ("seeked", 1, G_TYPE_DOUBLE);
  signals[SPECTRUM] = new_signal ("spectrum", 2, G_TYPE_POINTER, G_TYPE_UINT);
}

static void
cantiga_player_init (CantigaPlayer *self)
{
  g_mutex_init (&self->lock);
  self->seek = SEEK_NONE;
  self->volume = 1;
}

/* ---- time ---- */

static double
find_buffered (CantigaPlayer *self, double position, double duration)
{
  guint64 chunks, at;

  if (self->source == NULL || duration <= 0)
    return 0;
  chunks = cantiga_play_get_chunks (cantiga_source_get_play (self->source));
  at = (guint64)(position / duration * (double)chunks);
  while (at < chunks && cantiga_source_has_chunk (self->source, at))
    at++;
  return chunks > 0 ? duration * (double)at / (double)chunks : 0;
}

static void
look_at_chunks (CantigaPlayer *self)
{
  double buffered = find_buffered (self, self->position, cantiga_player_get_duration (self));
  gboolean buffering = cantiga_player_is_buffering (self);

  if (buffered != self->buffered)
    {
      self->buffered = buffered;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_BUFFERED]);
    }
  if (buffering != self->buffering)
    {
      self->buffering = buffering;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_BUFFERING]);
    }
}

static void
look_at_time (CantigaPlayer *self)
{
  double duration = cantiga_player_get_duration (self);
  double position = cantiga_player_get_position (self);
  gboolean ending = duration > 0 && position > duration - ENDING_SECONDS;

  if (position != self->position)
    {
      self->position = position;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_POSITION]);
    }
  if (ending == self->ending)
    return;
  self->ending = ending;
  if (ending)
    g_signal_emit (self, signals[ENDING], 0);
}

static gboolean
tick_cb (gpointer user_data)
{
  g_autoptr (CantigaPlayer) self = g_object_ref (user_data);

  if (self->prerolled)
    look_at_time (self);
  look_at_chunks (self);
  return G_SOURCE_CONTINUE;
}

static void
start_or_stop_ticking (CantigaPlayer *self)
{
  if (self->wanted == CANTIGA_PLAYER_PLAYING && self->tick == 0)
    self->tick = g_timeout_add (TICK_MS, tick_cb, self);
  else if (self->wanted != CANTIGA_PLAYER_PLAYING)
    g_clear_handle_id (&self->tick, g_source_remove);
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
start (CantigaPlayer *self)
{
  self->started = TRUE;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_DURATION]);
  g_signal_emit (self, signals[STARTED], 0);
}

static void
prerolled (CantigaPlayer *self)
{
  gboolean again = self->prerolled;

  self->prerolled = TRUE;
  if (self->seek >= 0)
    return seek_kept (self);
  if (!self->started)
    start (self);
  if (again)
    g_signal_emit (self, signals[SEEKED], 0, cantiga_player_get_position (self));
}

static void
end (CantigaPlayer *self)
{
  g_autoptr (CantigaPlay) next = g_steal_pointer (&self->next);

  if (next == NULL)
    return g_signal_emit (self, signals[ENDED], 0);
  cantiga_player_open (self, next);
  cantiga_player_set_state (self, CANTIGA_PLAYER_PLAYING);
  g_signal_emit (self, signals[ADVANCED], 0);
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
      end (self);
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
      self->started = FALSE;
      self->ending = FALSE;
      self->seek = SEEK_NONE;
      drop_source (self);
    }
  if (state == self->wanted)
    return;
  self->wanted = state;
  start_or_stop_ticking (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

gboolean
cantiga_player_set_next (CantigaPlayer *self, CantigaPlay *play)
{
  g_set_object (&self->next, play);
  return TRUE;
}

CantigaPlay *
cantiga_player_get_next (CantigaPlayer *self)
{
  return self->next;
}

gboolean
cantiga_player_has_begun_next (CantigaPlayer *self)
{
  return FALSE;
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

double
cantiga_player_get_buffered (CantigaPlayer *self)
{
  return self->buffered;
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

gboolean
cantiga_player_has_video (CantigaPlayer *self)
{
  return self->source != NULL && g_str_has_prefix (cantiga_play_get_media_type (cantiga_source_get_play (self->source)), "video/");
}

void
cantiga_player_set_video_sink (CantigaPlayer *self, GstElement *sink)
{
  g_object_set (self->playbin, "video-sink", sink, NULL);
  gst_util_set_object_arg (G_OBJECT (self->playbin), "flags", sink != NULL ? "audio+video+soft-volume" : "audio+soft-volume");
}

CantigaReplayGain
cantiga_player_get_replay_gain (CantigaPlayer *self)
{
  return self->gain;
}

void
cantiga_player_set_replay_gain (CantigaPlayer *self, CantigaReplayGain gain)
{
  if (gain == self->gain)
    return;
  self->gain = gain;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_REPLAY_GAIN]);
}

void
cantiga_player_watch_spectrum (CantigaPlayer *self)
{
  self->watchers++;
}

void
cantiga_player_unwatch_spectrum (CantigaPlayer *self)
{
  g_return_if_fail (self->watchers > 0);
  self->watchers--;
}
