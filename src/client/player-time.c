/* Where in a title the ear is, how far chunks are here, and what is due. */
#include "client/player-private.h"

#define TICK_MS 250
/* How long before the end the next play is asked for, and how long before it its chunks are. What is decoded ahead and the device's own buffer take
 * 0.6 s of it. */
#define ENDING_SECONDS 3.0
#define BEGINNING_SECONDS 1.6

/* ---- time ---- */

/* What is later is no time: none at all, or one below zero. */
#define LATEST ((GstClockTime)G_MAXINT64)

/* The clock goes on while the pipeline stands; what it stood at is its start time. */
static GstClockTime
get_running_time (CantigaPlayer *self)
{
  if (GST_STATE_TARGET (self->pipeline) < GST_STATE_PLAYING)
    return gst_element_get_start_time (self->pipeline);
  return gst_element_get_current_running_time (self->pipeline);
}

static double
find_position (CantigaPlayer *self)
{
  GstClockTime now;

  if (self->seek >= 0)
    return self->seek;
  if (self->flow < CANTIGA_FLOW_FLOWING)
    return self->position;
  if (!cantiga_output_keeps_time (self->output))
    return cantiga_output_get_reached (self->output);
  now = get_running_time (self);
  /* Also where the clock stands at nonsense (below): what was sought is where it was put, not at its end, or the next title would be begun and paid for. */
  if (now > LATEST || now < self->stretch.base)
    return self->stretch.start;
  return self->stretch.start + (double)(now - self->stretch.base) / GST_SECOND;
}

double
cantiga_player_get_position (CantigaPlayer *self)
{
  double duration = cantiga_player_get_duration (self);
  double position = find_position (self);

  return duration > 0 ? MIN (position, duration) : position;
}

double
cantiga_player_get_duration (CantigaPlayer *self)
{
  double duration = self->now.deck != NULL && self->flow >= CANTIGA_FLOW_FLOWING ? cantiga_deck_get_duration (self->now.deck) : 0;

  if (duration > 0)
    return duration;
  return self->now.play != NULL ? cantiga_play_get_duration (self->now.play) : 0;
}

/* ---- chunks ---- */

static double
find_buffered (CantigaPlayer *self)
{
  double duration = cantiga_player_get_duration (self);
  guint64 chunks, at;

  if (self->now.source == NULL || duration <= 0)
    return 0;
  chunks = cantiga_play_get_chunks (self->now.play);
  at = (guint64)(cantiga_player_get_position (self) / duration * (double)chunks);
  while (at < chunks && cantiga_source_has_chunk (self->now.source, at))
    at++;
  return duration * (double)MIN (at, chunks) / (double)chunks;
}

static gboolean
lacks_chunks (CantigaPlayer *self)
{
  return self->flow == CANTIGA_FLOW_DRY
         || (self->flow == CANTIGA_FLOW_FILLING && self->now.source != NULL && cantiga_source_is_waiting (self->now.source));
}

void
cantiga_player_look_at_chunks (CantigaPlayer *self)
{
  double buffered = find_buffered (self);
  gboolean buffering = lacks_chunks (self);

  if (buffered != self->buffered)
    {
      self->buffered = buffered;
      cantiga_player_tell (self, CANTIGA_PLAYER_TOLD_BUFFERED);
    }
  if (buffering != self->buffering)
    {
      self->buffering = buffering;
      cantiga_player_tell (self, CANTIGA_PLAYER_TOLD_BUFFERING);
    }
}

/* What was told last: whoever asks between two notifications would else never hear that it is over. */
gboolean
cantiga_player_is_buffering (CantigaPlayer *self)
{
  return self->buffering;
}

/* ---- what comes next ---- */

/* A next title is asked for in time, and its chunks are fetched just before they are needed: what is fetched is spent. */
static void
look_ahead (CantigaPlayer *self, double left)
{
  gboolean ending = left < ENDING_SECONDS;

  if (ending && self->next.play != NULL && self->next.deck == NULL && left < BEGINNING_SECONDS)
    cantiga_player_start_track (self, &self->next);
  if (ending == self->ending)
    return;
  self->ending = ending;
  if (ending)
    cantiga_player_emit (self, CANTIGA_PLAYER_ENDING);
}

void
cantiga_player_look_at_time (CantigaPlayer *self)
{
  double duration = cantiga_player_get_duration (self);
  double position = cantiga_player_get_position (self);

  if (position != self->position)
    {
      self->position = position;
      cantiga_player_tell (self, CANTIGA_PLAYER_TOLD_POSITION);
    }
  if (duration > 0 && self->flow == CANTIGA_FLOW_FLOWING && self->seek < 0)
    look_ahead (self, duration - position);
}

/* A clock that is asked while a seek passes may get a time below zero from PulseAudio 16 once; GStreamer's clocks never go back, so it would stand there
 * for ever, at some hundreds of years, and all pictures and sounds with it. */
static gboolean
stands_at_nonsense (CantigaPlayer *self)
{
  g_autoptr (GstClock) clock = gst_element_get_clock (self->pipeline);

  return clock != NULL && gst_clock_get_time (clock) > LATEST;
}

static gboolean
tick_cb (gpointer user_data)
{
  g_autoptr (CantigaPlayer) self = g_object_ref (user_data);

  if (self->now.play != NULL && stands_at_nonsense (self))
    {
      cantiga_player_renew (self, self->seek >= 0 ? self->seek : self->position);
      return G_SOURCE_CONTINUE;
    }
  /* A sink that is flushed while GStreamer brings it from standing to going goes on with what was sought, and does not say that it has it. */
  if (self->seek >= 0 && self->seek_sent && self->seeking == NULL && gst_element_get_state (self->pipeline, NULL, NULL, 0) == GST_STATE_CHANGE_SUCCESS)
    cantiga_player_flow (self);
  cantiga_player_look_at_time (self);
  cantiga_player_look_at_chunks (self);
  return G_SOURCE_CONTINUE;
}

void
cantiga_player_start_or_stop_ticking (CantigaPlayer *self)
{
  if (self->wanted == CANTIGA_PLAYER_PLAYING && self->tick == 0)
    self->tick = g_timeout_add (TICK_MS, tick_cb, self);
  else if (self->wanted != CANTIGA_PLAYER_PLAYING)
    g_clear_handle_id (&self->tick, g_source_remove);
}

void
cantiga_player_stop_timers (CantigaPlayer *self)
{
  g_clear_handle_id (&self->tick, g_source_remove);
  g_clear_handle_id (&self->arrival, g_source_remove);
  g_clear_handle_id (&self->spectrum_timer, g_source_remove);
}

/* ---- what reached the device ---- */

static gboolean
arrived_cb (gpointer user_data)
{
  g_autoptr (CantigaPlayer) self = g_object_ref (user_data);
  GstClockTime now = get_running_time (self);

  self->arrival = 0;
  if (self->waiting.stream == 0)
    return G_SOURCE_REMOVE;
  if (cantiga_output_keeps_time (self->output) && GST_CLOCK_TIME_IS_VALID (now) && now < self->waiting.base)
    {
      guint milliseconds = (guint)((self->waiting.base - now) / GST_MSECOND) + 1;

      self->arrival = g_timeout_add (MIN (milliseconds, TICK_MS), arrived_cb, self);
      return G_SOURCE_REMOVE;
    }
  cantiga_player_advance (self);
  return G_SOURCE_REMOVE;
}

static void
take_stretch (CantigaPlayer *self, const CantigaStretch *stretch)
{
  if (self->now.deck != NULL && stretch->stream == cantiga_deck_get_number (self->now.deck))
    self->stretch = *stretch;
  else if (self->next.deck != NULL && stretch->stream == cantiga_deck_get_number (self->next.deck))
    {
      self->waiting = *stretch;
      g_clear_handle_id (&self->arrival, g_source_remove);
      arrived_cb (self);
    }
}

/* Sound ran out: time stands still until there is more, else what is missing would be left out. */
static void
run_dry (CantigaPlayer *self)
{
  CantigaSource *source = self->waiting.stream != 0 ? self->next.source : self->now.source;

  if (self->flow != CANTIGA_FLOW_FLOWING || self->seek >= 0 || source == NULL || !cantiga_source_is_waiting (source))
    return;
  self->flow = CANTIGA_FLOW_DRY;
  cantiga_player_apply_state (self);
  cantiga_player_look_at_chunks (self);
  /* More came meanwhile, and stands at the device already: GStreamer says so of a sample that was awaited alone, and time would stand still for ever. */
  if (gst_element_get_state (self->pipeline, NULL, NULL, 0) == GST_STATE_CHANGE_SUCCESS)
    cantiga_player_flow (self);
}

static gboolean
woken_cb (gpointer user_data)
{
  g_autoptr (CantigaPlayer) self = g_object_ref (user_data);
  CantigaStretch stretch;

  g_mutex_lock (&self->lock);
  self->waking = FALSE;
  g_mutex_unlock (&self->lock);
  while (cantiga_output_take_stretch (self->output, &stretch))
    take_stretch (self, &stretch);
  if (cantiga_output_take_dryness (self->output))
    run_dry (self);
  return G_SOURCE_REMOVE;
}

void
cantiga_player_noted_cb (gpointer user_data)
{
  CantigaPlayer *self = user_data;
  gboolean wake;

  g_mutex_lock (&self->lock);
  wake = !self->waking;
  self->waking = TRUE;
  g_mutex_unlock (&self->lock);
  if (wake)
    g_idle_add_full (G_PRIORITY_HIGH, woken_cb, g_object_ref (self), g_object_unref);
}

/* ---- spectra ---- */

static void wait_for_spectrum (CantigaPlayer *self);

static gboolean
spectrum_due_cb (gpointer user_data)
{
  g_autoptr (CantigaPlayer) self = g_object_ref (user_data);
  GstClockTime now = get_running_time (self);
  const float *bands = GST_CLOCK_TIME_IS_VALID (now) ? cantiga_spectra_get_due (self->spectra, now) : NULL;

  self->spectrum_timer = 0;
  if (bands != NULL)
    cantiga_player_emit_spectrum (self, bands);
  wait_for_spectrum (self);
  return G_SOURCE_REMOVE;
}

static void
wait_for_spectrum (CantigaPlayer *self)
{
  GstClockTime due = cantiga_spectra_get_next (self->spectra);
  GstClockTime now = get_running_time (self);

  if (self->spectrum_timer != 0 || !GST_CLOCK_TIME_IS_VALID (due) || self->wanted != CANTIGA_PLAYER_PLAYING)
    return;
  self->spectrum_timer
      = g_timeout_add (GST_CLOCK_TIME_IS_VALID (now) && due > now ? (guint)MIN ((due - now) / GST_MSECOND + 1, 100) : 1, spectrum_due_cb, self);
}

void
cantiga_player_take_spectrum (CantigaPlayer *self, GstMessage *message)
{
  if (self->watchers > 0 && cantiga_spectra_take (self->spectra, message))
    wait_for_spectrum (self);
}
