/* Two string instruments, which add their notes to a stereo mix of doubles. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  double *samples[2]; /* left, right */
  gsize frames;
  guint rate;
} CantigaMix;

typedef struct
{
  double frequency; /* Hz */
  double start;     /* seconds, like all times here */
  double length;
  double attack;
  double release;
  double level;
  double pan; /* 0 left … 1 right */
} CantigaTone;

/* A psaltery's double course: two strings, hardly out of tune with each other (Karplus and Strong, 1983; Jaffe and Smith, 1983). */
void cantiga_instrument_pluck (CantigaMix *mix, const CantigaTone *tone);
/* A vielle: a bowed string as a sum of harmonics, with vibrato after the attack when vibrato (in parts of the frequency) is not 0. */
void cantiga_instrument_bow (CantigaMix *mix, const CantigaTone *tone, double vibrato);

G_END_DECLS
