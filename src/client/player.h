/* Plays one play after another through GStreamer (playbin3 over a CantigaSource). Thread: main. */
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

/* Properties: "state" (CantigaPlayerState as int; read-only, notified), "volume" (0 to 1, as ears count), "muted" (boolean).
 * Signals: "ended": the last sample was heard; "failed" (GError): a chunk, a decoder or the sink failed, and the player has stopped; "silent": there
 * is no sound device, time goes on without. */
#define CANTIGA_TYPE_PLAYER (cantiga_player_get_type ())
G_DECLARE_FINAL_TYPE (CantigaPlayer, cantiga_player, CANTIGA, PLAYER, GObject)

/* sink: NULL for the machine's audio; taken. Warms up the elements that every title needs. CANTIGA_ERROR_MEDIA if GStreamer lacks them. */
CantigaPlayer *cantiga_player_new (GstElement *sink, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Puts play in, stopped before; then set the state. */
void cantiga_player_open (CantigaPlayer *player, CantigaPlay *play);
/* The state that is wanted; the real one follows. STOPPED lets the play go. */
void cantiga_player_set_state (CantigaPlayer *player, CantigaPlayerState state);
CantigaPlayerState cantiga_player_get_state (CantigaPlayer *player);
/* In seconds; 0 while not known. */
double cantiga_player_get_position (CantigaPlayer *player);
double cantiga_player_get_duration (CantigaPlayer *player);
/* To the key frame near it; before the first sample it is kept until then. */
void cantiga_player_seek (CantigaPlayer *player, double seconds);
/* To the sample: for where a hand comes to rest. */
void cantiga_player_seek_exactly (CantigaPlayer *player, double seconds);
double cantiga_player_get_volume (CantigaPlayer *player);
void cantiga_player_set_volume (CantigaPlayer *player, double volume);
gboolean cantiga_player_is_muted (CantigaPlayer *player);
void cantiga_player_set_muted (CantigaPlayer *player, gboolean muted);
/* Whether sound waits for chunks. */
gboolean cantiga_player_is_buffering (CantigaPlayer *player);
CantigaSource *cantiga_player_get_source (CantigaPlayer *player);

G_END_DECLS
