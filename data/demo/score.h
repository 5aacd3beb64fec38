/* Melodies as readable text: a header of "key: value" lines, then the parts, each under its [name]. A note is its name, octave and, after a
 * colon, its length in units of the tempo (one when nothing is said): A4:2 Bb4 r:1. Bars are for the eye alone. The header's "play" line says
 * in which order the parts are heard and by what: R:plucked S:bowed R:both. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_VOICE_PLUCKED = 1 << 0,
  CANTIGA_VOICE_BOWED = 1 << 1,
} CantigaVoice;

typedef struct
{
  double frequency; /* Hz; rests are not kept */
  double start;     /* seconds */
  double length;    /* seconds */
  CantigaVoice voices;
} CantigaNote;

typedef struct
{
  char *title;
  char *artist;
  char *album;
  char *comment;
  char *format;       /* the extension of the file that it becomes */
  char *cover_format; /* "png" or "jpeg" */
  guint track;
  guint year;
  guint petals;       /* of the cover's rosette */
  guint32 colours[4]; /* 0xrrggbb: ground, petals, light, line */
  double tempo;       /* units a minute */
  double seconds;     /* until the last note ends */
  GArray *drone;      /* (element-type double): Hz */
  GArray *notes;      /* (element-type CantigaNote), by start */
} CantigaScore;

CantigaScore *cantiga_score_load (const char *path, GError **error);
void cantiga_score_free (CantigaScore *score);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaScore, cantiga_score_free)

G_END_DECLS
