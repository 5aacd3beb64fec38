#include "data/demo/instrument.h"

#include <math.h>

#define HARMONICS 14
#define VIBRATO_HZ 5.2
#define RING 2.2       /* seconds until a plucked string has lost 60 dB */
#define DAMPED 0.25    /* the same once its note is over */
#define BRIGHTNESS 0.5 /* of the string's loss filter: its second tap, and so its delay in samples */
#define PICK 0.18      /* where the string is plucked, in parts of its length */

typedef struct
{
  double *line; /* the string, as a delay line */
  gsize length;
  gsize at;
  double tuning; /* all-pass coefficient for the part of a sample that the line cannot hold */
  double before; /* loss filter's and all-pass filter's memories */
  double allpass_in;
  double allpass_out;
} String;

/* Noise that is the same on every machine. */
static double
noise (guint32 *state)
{
  *state = *state * 1664525u + 1013904223u;
  return (gint32)*state / 2147483648.0;
}

static void
add (CantigaMix *mix, gsize frame, double sample, double pan)
{
  mix->samples[0][frame] += sample * cos (pan * G_PI_2);
  mix->samples[1][frame] += sample * sin (pan * G_PI_2);
}

/* What the plectrum leaves behind: the string pulled out to a corner, and a little noise of the plectrum itself, around zero. */
static void
string_pull (String *string, guint32 seed)
{
  double length = (double)string->length;
  double mean = 0;
  double smooth = 0;

  for (gsize i = 0; i < string->length; i++)
    {
      double at = (double)i / length;

      smooth += 0.4 * (noise (&seed) - smooth);
      string->line[i] = (at < PICK ? at / PICK : (1 - at) / (1 - PICK)) + 0.3 * smooth;
      mean += string->line[i] / length;
    }
  for (gsize i = 0; i < string->length; i++)
    string->line[i] -= mean;
}

static void
string_start (String *string, double frequency, guint rate)
{
  double period = rate / frequency - BRIGHTNESS;
  gsize length = (gsize)(period - 0.3);
  double rest = period - (double)length;

  *string = (String){ .line = g_new (double, length), .length = length, .tuning = (1 - rest) / (1 + rest) };
  string_pull (string, (guint32)(frequency * 1000));
}

static double
string_step (String *string, double gain)
{
  double out = string->line[string->at];
  double lost = gain * ((1 - BRIGHTNESS) * out + BRIGHTNESS * string->before);
  double tuned = string->tuning * (lost - string->allpass_out) + string->allpass_in;

  string->before = out;
  string->allpass_in = lost;
  string->allpass_out = tuned;
  string->line[string->at] = tuned;
  string->at = (string->at + 1) % string->length;
  return out;
}

static void
pluck_string (CantigaMix *mix, const CantigaTone *tone, double frequency, double pan)
{
  gsize first = (gsize)(tone->start * mix->rate);
  gsize held = (gsize)(tone->length * mix->rate);
  gsize last = MIN (mix->frames, first + held + (gsize)(2 * DAMPED * mix->rate));
  double ringing = pow (0.001, 1 / (frequency * RING));
  double damped = pow (0.001, 1 / (frequency * DAMPED));
  String string;

  string_start (&string, frequency, mix->rate);
  for (gsize frame = first; frame < last; frame++)
    add (mix, frame, tone->level * string_step (&string, frame - first < held ? ringing : damped), pan);
  g_free (string.line);
}

void
cantiga_instrument_pluck (CantigaMix *mix, const CantigaTone *tone)
{
  pluck_string (mix, tone, tone->frequency * 0.9994, tone->pan - 0.12);
  pluck_string (mix, tone, tone->frequency * 1.0006, tone->pan + 0.12);
}

/* How loud the harmonics of a bowed string on a small body are: a saw tooth's, with the body's resonances about 500 and 1500 Hz. */
static void
body_of (double frequency, guint rate, double *levels)
{
  for (guint i = 0; i < HARMONICS; i++)
    {
      double hz = frequency * (i + 1);
      double low = (hz - 500) / 260;
      double high = (hz - 1500) / 500;

      levels[i] = hz < 0.4 * rate ? pow (i + 1, -1.25) * (0.55 + 0.7 * exp (-low * low) + 0.6 * exp (-high * high)) : 0;
    }
}

/* All harmonics of one phase by Chebyshev's recursion: two trigonometric calls a sample. */
static double
harmonics_at (double phase, const double *levels)
{
  double twice = 2 * cos (phase);
  double before = 0;
  double now = sin (phase);
  double sum = 0;

  for (guint i = 0; i < HARMONICS; i++)
    {
      double next = twice * now - before;

      sum += levels[i] * now;
      before = now;
      now = next;
    }
  return sum;
}

static double
envelope (const CantigaTone *tone, double at)
{
  double rise = MIN (at / tone->attack, 1);
  double fall = at > tone->length ? MAX (1 - (at - tone->length) / tone->release, 0) : 1;

  return rise * rise * (3 - 2 * rise) * fall * fall;
}

void
cantiga_instrument_bow (CantigaMix *mix, const CantigaTone *tone, double vibrato)
{
  gsize first = (gsize)(tone->start * mix->rate);
  gsize last = MIN (mix->frames, first + (gsize)((tone->length + tone->release) * mix->rate));
  double levels[HARMONICS];
  double phase = 0;

  body_of (tone->frequency, mix->rate, levels);
  for (gsize frame = first; frame < last; frame++)
    {
      double at = (double)(frame - first) / mix->rate;
      double swing = vibrato * MIN (at / 0.4, 1) * sin (2 * G_PI * VIBRATO_HZ * at);

      add (mix, frame, tone->level * envelope (tone, at) * harmonics_at (phase, levels), tone->pan);
      phase = fmod (phase + 2 * G_PI * tone->frequency * (1 + swing) / mix->rate, 2 * G_PI);
    }
}
