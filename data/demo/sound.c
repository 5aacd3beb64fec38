#include "data/demo/sound.h"

#include "data/demo/instrument.h"

#include <math.h>

#define TAIL 3.0 /* seconds in which the last note dies away */
#define PEAK 0.84
#define COMBS 6
#define ALLPASSES 3
#define WET 0.16

typedef struct
{
  double *line;
  gsize length;
  gsize at;
  double damped;
} Delay;

static CantigaMix
mix_new (double seconds)
{
  CantigaMix mix = { .frames = (gsize)(seconds * CANTIGA_SOUND_RATE), .rate = CANTIGA_SOUND_RATE };

  mix.samples[0] = g_new0 (double, mix.frames);
  mix.samples[1] = g_new0 (double, mix.frames);
  return mix;
}

static Delay
delay_new (double seconds)
{
  Delay delay = { .length = (gsize)(seconds * CANTIGA_SOUND_RATE) };

  delay.line = g_new0 (double, delay.length);
  return delay;
}

static double
comb_step (Delay *delay, double in)
{
  double out = delay->line[delay->at];

  delay->damped += 0.65 * (out - delay->damped);
  delay->line[delay->at] = in + 0.82 * delay->damped;
  delay->at = (delay->at + 1) % delay->length;
  return out;
}

static double
allpass_step (Delay *delay, double in)
{
  double held = delay->line[delay->at];
  double out = held - 0.5 * in;

  delay->line[delay->at] = in + 0.5 * out;
  delay->at = (delay->at + 1) % delay->length;
  return out;
}

/* A small vaulted room after Schroeder: combs beside each other, all-passes behind them; the two sides differ a little in length. */
static void
add_room (CantigaMix *mix, guint side)
{
  static const double combs[COMBS] = { 0.0297, 0.0371, 0.0411, 0.0437, 0.0353, 0.0331 };
  static const double allpasses[ALLPASSES] = { 0.0050, 0.0126, 0.0100 };
  Delay comb[COMBS], allpass[ALLPASSES];

  for (guint i = 0; i < COMBS; i++)
    comb[i] = delay_new (combs[i] + 0.0005 * side);
  for (guint i = 0; i < ALLPASSES; i++)
    allpass[i] = delay_new (allpasses[i] + 0.0005 * side);
  for (gsize frame = 0; frame < mix->frames; frame++)
    {
      double dry = mix->samples[side][frame];
      double wet = 0;

      for (guint i = 0; i < COMBS; i++)
        wet += comb_step (&comb[i], dry);
      for (guint i = 0; i < ALLPASSES; i++)
        wet = allpass_step (&allpass[i], wet);
      mix->samples[side][frame] = dry + WET * wet;
    }
  for (guint i = 0; i < COMBS; i++)
    g_free (comb[i].line);
  for (guint i = 0; i < ALLPASSES; i++)
    g_free (allpass[i].line);
}

static double
loudest (const CantigaMix *mix)
{
  double peak = 1e-9;

  for (guint side = 0; side < 2; side++)
    for (gsize frame = 0; frame < mix->frames; frame++)
      peak = MAX (peak, fabs (mix->samples[side][frame]));
  return peak;
}

/* Takes the mix apart into what encoders want. */
static GBytes *
mix_finish (CantigaMix *mix)
{
  gsize size = mix->frames * CANTIGA_SOUND_CHANNELS * sizeof (gint16);
  gint16 *samples = g_malloc (size);
  double gain = PEAK * 32767 / loudest (mix);

  for (gsize frame = 0; frame < mix->frames; frame++)
    for (guint side = 0; side < CANTIGA_SOUND_CHANNELS; side++)
      samples[frame * CANTIGA_SOUND_CHANNELS + side] = GINT16_TO_LE ((gint16)lrint (gain * mix->samples[side][frame]));
  g_free (mix->samples[0]);
  g_free (mix->samples[1]);
  return g_bytes_new_take (samples, size);
}

static void
add_drone (CantigaMix *mix, const CantigaScore *score)
{
  for (guint i = 0; i < score->drone->len; i++)
    {
      CantigaTone tone = {
        .frequency = g_array_index (score->drone, double, i),
        .length = score->seconds,
        .attack = 4,
        .release = 2,
        .level = 0.032,
        .pan = 0.3 + 0.4 * i,
      };

      cantiga_instrument_bow (mix, &tone, 0);
    }
}

static void
add_note (CantigaMix *mix, const CantigaNote *note)
{
  CantigaTone tone = { .frequency = note->frequency, .start = note->start, .length = note->length, .attack = 0.05, .release = 0.12 };

  if (note->voices & CANTIGA_VOICE_PLUCKED)
    {
      tone.level = 0.42;
      tone.pan = 0.42;
      cantiga_instrument_pluck (mix, &tone);
    }
  if (note->voices & CANTIGA_VOICE_BOWED)
    {
      tone.level = 0.13;
      tone.pan = 0.62;
      cantiga_instrument_bow (mix, &tone, 0.004);
    }
}

GBytes *
cantiga_sound_from_score (const CantigaScore *score)
{
  CantigaMix mix = mix_new (score->seconds + TAIL);

  add_drone (&mix, score);
  for (guint i = 0; i < score->notes->len; i++)
    add_note (&mix, &g_array_index (score->notes, CantigaNote, i));
  add_room (&mix, 0);
  add_room (&mix, 1);
  return mix_finish (&mix);
}

GBytes *
cantiga_sound_from_tone (double frequency, double seconds)
{
  CantigaMix mix = mix_new (seconds);
  double fade = MIN (0.01, seconds / 4) * mix.rate;

  for (gsize frame = 0; frame < mix.frames; frame++)
    {
      double edge = MIN (MIN ((double)frame, (double)(mix.frames - 1 - frame)) / fade, 1);

      mix.samples[0][frame] = mix.samples[1][frame] = edge * sin (2 * G_PI * frequency * (double)frame / mix.rate);
    }
  return mix_finish (&mix);
}
