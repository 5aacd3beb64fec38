#include "client/player-private.h"

enum
{
  PROP_STATE = 1,
  PROP_POSITION,
  PROP_DURATION,
  PROP_BUFFERED,
  PROP_BUFFERING,
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
  DEVICE_LOST,
  SEEKED,
  SPECTRUM,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CantigaPlayer, cantiga_player, G_TYPE_OBJECT)

static void
cantiga_player_dispose (GObject *object)
{
  CantigaPlayer *self = CANTIGA_PLAYER (object);

  if (self->output != NULL)
    cantiga_player_empty (self);
  if (self->pipeline != NULL)
    gst_element_set_state (self->pipeline, GST_STATE_NULL);
  cantiga_player_drop_track (self, &self->next);
  cantiga_player_drop_track (self, &self->now);
  if (self->watch != NULL)
    g_source_destroy (self->watch);
  g_clear_pointer (&self->watch, g_source_unref);
  g_clear_object (&self->output);
  g_clear_object (&self->pictures);
  g_clear_object (&self->pipeline);
  G_OBJECT_CLASS (cantiga_player_parent_class)->dispose (object);
}

static void
cantiga_player_finalize (GObject *object)
{
  CantigaPlayer *self = CANTIGA_PLAYER (object);

  cantiga_spectra_free (self->spectra);
  g_cond_clear (&self->sought);
  g_mutex_clear (&self->lock);
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
  signals[DEVICE_LOST] = new_signal ("device-lost", 0);
  signals[SEEKED] = new_signal ("seeked", 1, G_TYPE_DOUBLE);
  signals[SPECTRUM] = new_signal ("spectrum", 2, G_TYPE_POINTER, G_TYPE_UINT);
}

static void
cantiga_player_init (CantigaPlayer *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->sought);
  self->spectra = cantiga_spectra_new ();
  self->seek = CANTIGA_SEEK_NONE;
  self->volume = 1;
}

/* ---- what it tells ---- */

void
cantiga_player_tell (CantigaPlayer *self, CantigaPlayerTold told)
{
  static const guint ids[] = {
    [CANTIGA_PLAYER_TOLD_POSITION] = PROP_POSITION,   [CANTIGA_PLAYER_TOLD_DURATION] = PROP_DURATION, [CANTIGA_PLAYER_TOLD_BUFFERED] = PROP_BUFFERED,
    [CANTIGA_PLAYER_TOLD_BUFFERING] = PROP_BUFFERING,
  };

  g_object_notify_by_pspec (G_OBJECT (self), props[ids[told]]);
}

void
cantiga_player_emit (CantigaPlayer *self, CantigaPlayerEvent event)
{
  static const guint ids[] = {
    [CANTIGA_PLAYER_STARTED] = STARTED, [CANTIGA_PLAYER_ENDING] = ENDING, [CANTIGA_PLAYER_ADVANCED] = ADVANCED,
    [CANTIGA_PLAYER_ENDED] = ENDED,     [CANTIGA_PLAYER_SILENT] = SILENT, [CANTIGA_PLAYER_DEVICE_LOST] = DEVICE_LOST,
  };

  g_signal_emit (self, signals[ids[event]], 0);
}

void
cantiga_player_emit_seeked (CantigaPlayer *self)
{
  g_signal_emit (self, signals[SEEKED], 0, cantiga_player_get_position (self));
}

void
cantiga_player_emit_spectrum (CantigaPlayer *self, const float *bands)
{
  g_signal_emit (self, signals[SPECTRUM], 0, bands, CANTIGA_SPECTRUM_BANDS);
}

void
cantiga_player_fail (CantigaPlayer *self, const GError *error)
{
  self->position = cantiga_player_get_position (self);
  cantiga_player_set_state (self, CANTIGA_PLAYER_STOPPED);
  g_signal_emit (self, signals[FAILED], 0, error);
}

void
cantiga_player_fail_next (CantigaPlayer *self, const GError *error)
{
  cantiga_player_drop_track (self, &self->next);
  g_signal_emit (self, signals[NEXT_FAILED], 0, error);
}

/* ---- GStreamer's words: player-bus.c has them; the pipeline ---- */

void
cantiga_player_apply_state (CantigaPlayer *self)
{
  gboolean stands = self->flow == CANTIGA_FLOW_DRY || (self->seek >= 0 && !self->seek_sent);

  if (self->wanted == CANTIGA_PLAYER_STOPPED || self->now.play == NULL)
    return;
  /* Not while another thread seeks: a sink that loses its state in the midst of a change of it may never find it again. It comes back here after that. */
  if (self->seeking != NULL)
    return;
  gst_element_set_state (self->pipeline, self->wanted == CANTIGA_PLAYER_PAUSED || stands ? GST_STATE_PAUSED : GST_STATE_PLAYING);
}

static GstElement *
make_own_sink (void)
{
  return gst_element_factory_make ("autoaudiosink", NULL);
}

static gboolean
make_pipeline (CantigaPlayer *self, GstElement *sink)
{
  g_autoptr (GstBus) bus = NULL;

  if (sink == NULL)
    sink = make_own_sink ();
  self->pipeline = g_object_ref_sink (gst_pipeline_new (NULL));
  self->output = sink != NULL ? cantiga_output_new (sink, cantiga_player_noted_cb, self) : NULL;
  if (self->output == NULL || !cantiga_deck_is_possible ())
    return FALSE;
  gst_bin_add (GST_BIN (self->pipeline), GST_ELEMENT (self->output));
  bus = gst_element_get_bus (self->pipeline);
  self->watch = gst_bus_create_watch (bus);
  g_source_set_callback (self->watch, G_SOURCE_FUNC (cantiga_player_message_cb), self, NULL);
  g_source_attach (self->watch, g_main_context_get_thread_default ());
  return TRUE;
}

CantigaPlayer *
cantiga_player_new (GstElement *sink, GError **error)
{
  g_autoptr (CantigaPlayer) self = g_object_new (CANTIGA_TYPE_PLAYER, NULL);

  if (!gst_is_initialized () && !gst_init_check (NULL, NULL, error))
    return NULL;
  if (make_pipeline (self, sink))
    return g_steal_pointer (&self);
  cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "GStreamer's base plugins are missing: install gstreamer1.0-plugins-base and -good.");
  return NULL;
}

void
cantiga_player_set_sink (CantigaPlayer *self, GstElement *sink)
{
  double position = cantiga_player_get_position (self);

  cantiga_player_empty (self);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  cantiga_output_set_sink (self->output, sink != NULL ? sink : make_own_sink ());
  self->chosen = sink != NULL;
  self->dumb = FALSE;
  if (self->now.play != NULL)
    cantiga_player_reopen (self, position);
}

void
cantiga_player_set_video_sink (CantigaPlayer *self, GstElement *sink)
{
  cantiga_player_set_state (self, CANTIGA_PLAYER_STOPPED);
  g_clear_object (&self->pictures);
  self->pictures = sink != NULL ? g_object_ref_sink (sink) : NULL;
}

/* ---- what it is told ---- */

void
cantiga_player_open (CantigaPlayer *self, CantigaPlay *play)
{
  g_return_if_fail (CANTIGA_IS_PLAY (play));
  cantiga_player_set_state (self, CANTIGA_PLAYER_STOPPED);
  self->now.play = g_object_ref (play);
  self->flow = CANTIGA_FLOW_FILLING;
  self->position = 0;
  self->started = FALSE;
  self->dumb = FALSE;
  cantiga_player_start_track (self, &self->now);
  cantiga_player_tell (self, CANTIGA_PLAYER_TOLD_DURATION);
  cantiga_player_tell (self, CANTIGA_PLAYER_TOLD_POSITION);
}

void
cantiga_player_set_next (CantigaPlayer *self, CantigaPlay *play)
{
  if (play == self->next.play)
    return;
  cantiga_player_drop_track (self, &self->next);
  self->waiting.stream = 0;
  self->next.play = play != NULL ? g_object_ref (play) : NULL;
  if (play != NULL)
    cantiga_player_look_at_time (self);
}

CantigaPlay *
cantiga_player_get_next (CantigaPlayer *self)
{
  return self->next.play;
}

static void
let_go (CantigaPlayer *self)
{
  cantiga_player_empty (self);
  cantiga_player_drop_track (self, &self->next);
  cantiga_player_drop_track (self, &self->now);
  self->seek = CANTIGA_SEEK_NONE;
  self->ending = FALSE;
}

void
cantiga_player_set_state (CantigaPlayer *self, CantigaPlayerState state)
{
  g_return_if_fail (state == CANTIGA_PLAYER_STOPPED || self->now.play != NULL);
  if (state == CANTIGA_PLAYER_STOPPED)
    let_go (self);
  if (state == self->wanted)
    return;
  self->wanted = state;
  cantiga_player_apply_state (self);
  cantiga_player_start_or_stop_ticking (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

CantigaPlayerState
cantiga_player_get_state (CantigaPlayer *self)
{
  return self->wanted;
}

double
cantiga_player_get_buffered (CantigaPlayer *self)
{
  return self->buffered;
}

CantigaSource *
cantiga_player_get_source (CantigaPlayer *self)
{
  return self->now.source;
}

/* ---- where ---- */

static void
seek (CantigaPlayer *self, double seconds, GstSeekFlags flags)
{
  if (self->now.play == NULL)
    return;
  self->seek = MAX (seconds, 0);
  self->seek_flags = flags;
  self->seek_sent = FALSE;
  if (self->started && self->flow != CANTIGA_FLOW_NONE)
    cantiga_player_send_seek (self);
  cantiga_player_look_at_time (self);
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

/* Ears count in cubes, samples in factors. */
void
cantiga_player_set_volume (CantigaPlayer *self, double volume)
{
  volume = CLAMP (volume, 0, 1);
  if (volume == self->volume)
    return;
  self->volume = volume;
  cantiga_output_set_volume (self->output, volume * volume * volume);
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
  cantiga_output_set_muted (self->output, muted);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MUTED]);
}

CantigaReplayGain
cantiga_player_get_replay_gain (CantigaPlayer *self)
{
  return self->gain;
}

/* At once: what plays is begun again where it is. */
void
cantiga_player_set_replay_gain (CantigaPlayer *self, CantigaReplayGain gain)
{
  if (gain == self->gain)
    return;
  self->gain = gain;
  cantiga_output_set_limited (self->output, gain != CANTIGA_REPLAY_GAIN_OFF);
  if (self->started)
    cantiga_player_reopen (self, cantiga_player_get_position (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_REPLAY_GAIN]);
}

/* ---- the spectrum ---- */

void
cantiga_player_watch_spectrum (CantigaPlayer *self)
{
  if (self->watchers++ == 0)
    cantiga_output_set_meter (self->output, cantiga_spectrum_make_element ());
}

void
cantiga_player_unwatch_spectrum (CantigaPlayer *self)
{
  g_return_if_fail (self->watchers > 0);
  if (--self->watchers > 0)
    return;
  cantiga_output_set_meter (self->output, NULL);
  cantiga_spectra_clear (self->spectra);
}
