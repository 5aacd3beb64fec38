/* The instruments and the room: a score, or a plain tone, becomes samples. The same score gives the same samples, bit by bit. */
#pragma once

#include "data/demo/score.h"

G_BEGIN_DECLS

#define CANTIGA_SOUND_RATE 48000
#define CANTIGA_SOUND_CHANNELS 2

/* (transfer full): interleaved stereo gint16. */
GBytes *cantiga_sound_from_score (const CantigaScore *score);
GBytes *cantiga_sound_from_tone (double frequency, double seconds);

G_END_DECLS
