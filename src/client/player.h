/* Plays one play after another through GStreamer: each title is a deck of its own (client/deck.h), joined without a gap, before one output. Thread:
 * main. */
#pragma once

#include <gst/gst.h>

#include "client/source.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_PLAYER_STOPPED,
  CANTIGA_PLAYER_PAUSED,
  CANTIGA_PLAYER_PLAYING,
} CantigaPlayerState;

/* Whose loudness is made even: nobody's, each title's, or each album's as a whole. By what the titles' tags say. */
typedef enum
{
  CANTIGA_REPLAY_GAIN_OFF,
  CANTIGA_REPLAY_GAIN_TITLE,
  CANTIGA_REPLAY_GAIN_ALBUM,
} CantigaReplayGain;

/* What "spectrum" brings: bands of equal width to the ear between these frequencies, in decibels of full scale, never below the floor. */
#define CANTIGA_SPECTRUM_BANDS 64
#define CANTIGA_SPECTRUM_LOW 30.0
#define CANTIGA_SPECTRUM_HIGH 18000.0
#define CANTIGA_SPECTRUM_FLOOR (-80.0f)

/* Properties (notified; enums as ints; times in seconds):
 *   "state" (CantigaPlayerState; read-only): what is wanted of it, not how far GStreamer is
 *   "position" (double; read-only): four times a second while time moves, and after a seek
 *   "duration" (double; read-only)
 *   "buffered" (double; read-only): up to where the title is here without a gap from the position on
 *   "buffering" (boolean; read-only): sound waits for chunks
 *   "volume" (double, 0 to 1, as ears count), "muted" (boolean)
 *   "replay-gain" (CantigaReplayGain)
 *
 * Signals:
 *   "started": the first sample of a play that was opened is heard
 *   "ending": soon the title is over: time to ask for the next play, and to give it to cantiga_player_set_next(); once, and again after a seek back
 *   "advanced": the first sample of the next play is heard; it is the player's play now
 *   "ended": the last sample was heard, and there is no next play
 *   "failed" (GError): a chunk, a decoder or the sink failed, and the player has stopped
 *   "next-failed" (GError): the next play cannot be played, and was let go; what plays, plays on
 *   "silent": there is no sound device, time goes on without
 *   "device-lost": the device of cantiga_player_set_sink() failed; sound goes on with the machine's own
 *   "seeked" (double): the position was moved by cantiga_player_seek…(), and is there
 *   "spectrum" (pointer: const float *, uint: how many): what is heard right now, while somebody watches */
#define CANTIGA_TYPE_PLAYER (cantiga_player_get_type ())
G_DECLARE_FINAL_TYPE (CantigaPlayer, cantiga_player, CANTIGA, PLAYER, GObject)

/* sink: NULL for the machine's audio; taken. Warms up the elements that every title needs. CANTIGA_ERROR_MEDIA if GStreamer lacks them. */
CantigaPlayer *cantiga_player_new (GstElement *sink, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Where sound goes from now on; what plays goes on there. Taken; NULL for the machine's own. */
void cantiga_player_set_sink (CantigaPlayer *player, GstElement *sink);
/* Where pictures go, from the next title on; taken, NULL for nowhere. */
void cantiga_player_set_video_sink (CantigaPlayer *player, GstElement *sink);

/* Puts play in, stopped before; then set the state. */
void cantiga_player_open (CantigaPlayer *player, CantigaPlay *play);
/* What follows without a gap; NULL takes it back. Its chunks are fetched just before they are due. */
void cantiga_player_set_next (CantigaPlayer *player, CantigaPlay *play);
CantigaPlay *cantiga_player_get_next (CantigaPlayer *player);
/* The state that is wanted; the real one follows. STOPPED lets the play and the next one go. */
void cantiga_player_set_state (CantigaPlayer *player, CantigaPlayerState state);
CantigaPlayerState cantiga_player_get_state (CantigaPlayer *player);
/* In seconds; 0 while not known. */
double cantiga_player_get_position (CantigaPlayer *player);
double cantiga_player_get_duration (CantigaPlayer *player);
double cantiga_player_get_buffered (CantigaPlayer *player);
/* To the key frame near it; before the first sample it is kept until then. */
void cantiga_player_seek (CantigaPlayer *player, double seconds);
/* To the sample: for where a hand comes to rest. */
void cantiga_player_seek_exactly (CantigaPlayer *player, double seconds);
double cantiga_player_get_volume (CantigaPlayer *player);
void cantiga_player_set_volume (CantigaPlayer *player, double volume);
gboolean cantiga_player_is_muted (CantigaPlayer *player);
void cantiga_player_set_muted (CantigaPlayer *player, gboolean muted);
CantigaReplayGain cantiga_player_get_replay_gain (CantigaPlayer *player);
void cantiga_player_set_replay_gain (CantigaPlayer *player, CantigaReplayGain gain);
/* Whether sound waits for chunks. */
gboolean cantiga_player_is_buffering (CantigaPlayer *player);
/* Of the title that is heard; NULL when stopped. */
CantigaSource *cantiga_player_get_source (CantigaPlayer *player);
/* Spectra are made while somebody watches: as often unwatched as watched. */
void cantiga_player_watch_spectrum (CantigaPlayer *player);
void cantiga_player_unwatch_spectrum (CantigaPlayer *player);

G_END_DECLS
