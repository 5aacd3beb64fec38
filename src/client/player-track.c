/* Titles come into the pipeline and leave it. */
#include "client/player-private.h"

static const CantigaDeckLoudness loudness[] = {
  [CANTIGA_REPLAY_GAIN_OFF] = CANTIGA_DECK_PLAIN,
  [CANTIGA_REPLAY_GAIN_TITLE] = CANTIGA_DECK_EVEN,
  [CANTIGA_REPLAY_GAIN_ALBUM] = CANTIGA_DECK_ALBUM,
};

/* ---- GStreamer's threads ---- */

/* The pictures' way: they are shown when their time comes, whatever waits before them. */
static void
join_pictures (CantigaPlayer *self, GstPad *pad)
{
  GstElement *queue = gst_element_factory_make ("queue", "pictures");
  g_autoptr (GstPad) in = gst_element_get_static_pad (queue, "sink");

  gst_bin_add_many (GST_BIN (self->pipeline), queue, self->pictures, NULL);
  gst_element_link (queue, self->pictures);
  gst_element_sync_state_with_parent (self->pictures);
  gst_element_sync_state_with_parent (queue);
  gst_pad_link (pad, in);
}

typedef struct
{
  CantigaPlayer *player; /* owned */
  guint deck;
} Voiceless;

static void
voiceless_free (gpointer data)
{
  Voiceless *voiceless = data;

  g_object_unref (voiceless->player);
  g_free (voiceless);
}

/* Pictures without a sound: nobody waits for the sound device then. */
static gboolean
voiceless_cb (gpointer user_data)
{
  Voiceless *voiceless = user_data;
  CantigaPlayer *self = voiceless->player;

  if (self->now.deck == NULL || cantiga_deck_get_number (self->now.deck) != voiceless->deck)
    return G_SOURCE_REMOVE;
  gst_element_set_locked_state (GST_ELEMENT (self->output), TRUE);
  gst_element_set_state (GST_ELEMENT (self->output), GST_STATE_NULL);
  gst_bin_remove (GST_BIN (self->pipeline), GST_ELEMENT (self->output));
  return G_SOURCE_REMOVE;
}

static void
go_without_sound (CantigaPlayer *self, guint deck)
{
  g_autoptr (GstElement) queue = gst_bin_get_by_name (GST_BIN (self->pipeline), "pictures");
  Voiceless *voiceless = g_new0 (Voiceless, 1);

  if (queue != NULL)
    cantiga_output_follow (self->output, queue);
  voiceless->player = g_object_ref (self);
  voiceless->deck = deck;
  g_idle_add_full (G_PRIORITY_HIGH, voiceless_cb, voiceless, voiceless_free);
}

static void
pad_cb (CantigaDeck *deck, GstPad *pad, gpointer user_data)
{
  CantigaPlayer *self = user_data;

  if (pad != NULL && g_str_equal (GST_PAD_NAME (pad), "audio"))
    cantiga_output_join (self->output, pad);
  else if (pad != NULL)
    join_pictures (self, pad);
  else if (!cantiga_deck_has_audio (deck))
    go_without_sound (self, cantiga_deck_get_number (deck));
}

/* ---- main thread ---- */

static void
source_failed_cb (CantigaSource *source, const GError *error, CantigaPlayer *self)
{
  g_autoptr (CantigaPlayer) kept = g_object_ref (self);
  g_autoptr (GError) copy = g_error_copy (error);

  if (source == self->next.source)
    cantiga_player_fail_next (kept, copy);
  else if (source == self->now.source)
    cantiga_player_fail (kept, copy);
}

static void
source_arrived_cb (CantigaSource *source, CantigaPlayer *self)
{
  if (source == self->now.source)
    cantiga_player_look_at_chunks (self);
}

/* Chunks that are here stay here when a title is begun again. */
static void
open_source (CantigaPlayer *self, CantigaTrack *track)
{
  if (track->source != NULL)
    return;
  track->source = cantiga_source_new (track->play);
  g_signal_connect (track->source, "failed", G_CALLBACK (source_failed_cb), self);
  g_signal_connect (track->source, "arrived", G_CALLBACK (source_arrived_cb), self);
}

void
cantiga_player_start_track (CantigaPlayer *self, CantigaTrack *track)
{
  open_source (self, track);
  track->deck = cantiga_deck_new (track->source, self->pictures != NULL, loudness[self->gain], pad_cb, self);
  if (track->deck == NULL)
    return;
  gst_bin_add (GST_BIN (self->pipeline), GST_ELEMENT (track->deck));
  gst_element_sync_state_with_parent (GST_ELEMENT (track->deck));
}

/* First it is let go of downstream: its thread may wait for its turn there. */
void
cantiga_player_stop_track (CantigaPlayer *self, CantigaTrack *track)
{
  GstPad *audio = track->deck != NULL ? cantiga_deck_close (track->deck) : NULL;

  if (audio != NULL)
    cantiga_output_part (self->output, audio);
  if (track->deck != NULL)
    {
      gst_element_set_locked_state (GST_ELEMENT (track->deck), TRUE);
      gst_element_set_state (GST_ELEMENT (track->deck), GST_STATE_NULL);
      gst_bin_remove (GST_BIN (self->pipeline), GST_ELEMENT (track->deck));
    }
  g_clear_object (&track->deck);
  if (track->source != NULL)
    cantiga_source_pause (track->source);
}

void
cantiga_player_drop_track (CantigaPlayer *self, CantigaTrack *track)
{
  cantiga_player_stop_track (self, track);
  if (track->source != NULL)
    {
      g_signal_handlers_disconnect_by_data (track->source, self);
      cantiga_source_stop (track->source);
    }
  g_clear_object (&track->source);
  g_clear_object (&track->play);
}

static void
part_pictures (CantigaPlayer *self)
{
  g_autoptr (GstElement) queue = gst_bin_get_by_name (GST_BIN (self->pipeline), "pictures");

  if (queue == NULL)
    return;
  gst_element_set_state (queue, GST_STATE_NULL);
  gst_element_set_state (self->pictures, GST_STATE_NULL);
  gst_bin_remove_many (GST_BIN (self->pipeline), queue, self->pictures, NULL);
}

static void
bring_output_back (CantigaPlayer *self)
{
  if (GST_OBJECT_PARENT (self->output) != NULL)
    return;
  gst_element_set_locked_state (GST_ELEMENT (self->output), FALSE);
  gst_bin_add (GST_BIN (self->pipeline), GST_ELEMENT (self->output));
}

void
cantiga_player_empty (CantigaPlayer *self)
{
  cantiga_player_stop_timers (self);
  cantiga_player_end_seek (self);
  gst_element_set_state (self->pipeline, GST_STATE_READY);
  cantiga_player_stop_track (self, &self->next);
  cantiga_player_stop_track (self, &self->now);
  part_pictures (self);
  bring_output_back (self);
  cantiga_player_pass_over_messages (self);
  cantiga_spectra_clear (self->spectra);
  cantiga_output_forget (self->output);
  self->flow = CANTIGA_FLOW_NONE;
  self->waiting.stream = 0;
  self->seek_sent = FALSE;
  self->flush_seen = self->flush_wanted = cantiga_output_get_flushes (self->output);
}

void
cantiga_player_reopen (CantigaPlayer *self, double seconds)
{
  cantiga_player_empty (self);
  self->seek = seconds;
  self->seek_flags = GST_SEEK_FLAG_ACCURATE;
  self->ending = FALSE;
  self->flow = CANTIGA_FLOW_FILLING;
  cantiga_player_start_track (self, &self->now);
  cantiga_player_apply_state (self);
  cantiga_player_start_or_stop_ticking (self);
}

void
cantiga_player_renew (CantigaPlayer *self, double seconds)
{
  cantiga_player_empty (self);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  cantiga_player_reopen (self, seconds);
}

void
cantiga_player_advance (CantigaPlayer *self)
{
  CantigaTrack before = self->now;

  self->now = self->next;
  self->next = (CantigaTrack){ NULL };
  self->stretch = self->waiting;
  self->waiting.stream = 0;
  self->ending = FALSE;
  cantiga_player_drop_track (self, &before);
  cantiga_player_look_at_time (self);
  cantiga_player_look_at_chunks (self);
  cantiga_player_tell (self, CANTIGA_PLAYER_TOLD_DURATION);
  cantiga_player_emit (self, CANTIGA_PLAYER_ADVANCED);
}
