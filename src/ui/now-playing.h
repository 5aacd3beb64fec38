/* Now playing: what is heard, large; beside it, or behind it where it is narrow, the queue, the sound and the channel. */
#pragma once

#include <adwaita.h>

#include "ui/covers.h"
#include "ui/queue.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_NOW_PLAYING (cantiga_now_playing_get_type ())
G_DECLARE_FINAL_TYPE (CantigaNowPlaying, cantiga_now_playing, CANTIGA, NOW_PLAYING, AdwBin)

/* Once. */
void cantiga_now_playing_set_queue (CantigaNowPlaying *now, CantigaQueue *queue);
/* Both NULL when signed out. */
void cantiga_now_playing_set_session (CantigaNowPlaying *now, CantigaSession *session, CantigaCovers *covers);
/* pane: "queue", "sound", "channel"; NULL for the cover, with the focus on play. */
void cantiga_now_playing_show_pane (CantigaNowPlaying *now, const char *pane);
/* From the panes to the cover, where only one is seen; FALSE if it is seen already. */
gboolean cantiga_now_playing_go_back (CantigaNowPlaying *now);
/* Moves by seconds, as keys do. */
void cantiga_now_playing_move (CantigaNowPlaying *now, double seconds);
/* The picture alone, over the whole screen. Only while there is one. */
void cantiga_now_playing_set_full (CantigaNowPlaying *now, gboolean full);
gboolean cantiga_now_playing_is_full (CantigaNowPlaying *now);
/* What plays, or is asked for to be played next, is a film. */
gboolean cantiga_now_playing_has_picture (CantigaNowPlaying *now);

G_END_DECLS
