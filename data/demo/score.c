#include "data/demo/score.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

#define CONCERT_A 440.0
#define LOWEST_C 255.0 /* a little under the Pythagorean C of the fourth octave */

typedef struct
{
  CantigaScore *score;
  GHashTable *parts; /* name → (element-type utf8) GPtrArray of note tokens */
  GPtrArray *part;   /* the one being read, or NULL in the header */
  char *play;
} Reader;

/* The fifths from A to each letter: the tuning is Pythagorean, as the theory of the time has it, so that drone and fifths stand still. */
static int
fifths_from_a (char letter)
{
  static const char circle[] = "FCGDAEB";

  return (int)(strchr (circle, letter) - circle) - 4;
}

static double
frequency_of (char letter, int alteration, int octave)
{
  double frequency = CONCERT_A * pow (1.5, fifths_from_a (letter));

  while (frequency >= 2 * LOWEST_C)
    frequency /= 2;
  while (frequency < LOWEST_C)
    frequency *= 2;
  /* A sharp is seven fifths up and four octaves down; a flat the other way. */
  return frequency * pow (pow (1.5, 7) / 16, alteration) * pow (2, octave - 4);
}

/* "A4:2" → 440, 2; "r" → 0, 1. */
static gboolean
parse_note (const char *token, double *ret_frequency, double *ret_units, GError **error)
{
  const char *at = token;
  double frequency = 0;
  double units = 1;

  if (*at == 'r')
    at++;
  else if (*at >= 'A' && *at <= 'G')
    {
      char letter = *at++;
      int alteration = *at == '#' ? 1 : *at == 'b' ? -1 : 0;

      if (alteration != 0)
        at++;
      if (*at < '1' || *at > '7')
        return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The note %s has no octave from 1 to 7.", token);
      frequency = frequency_of (letter, alteration, *at++ - '0');
    }
  else
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "%s is neither a note nor a rest.", token);
  if (*at == ':')
    {
      char *end = NULL;

      units = g_ascii_strtod (at + 1, &end);
      at = end;
    }
  if (*at != '\0' || !(units > 0) || units > 64)
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The note %s has no proper length.", token);
  *ret_frequency = frequency;
  *ret_units = units;
  return TRUE;
}

static gboolean
parse_drone (CantigaScore *score, const char *value, GError **error)
{
  g_auto (GStrv) tokens = g_strsplit (value, " ", -1);

  for (guint i = 0; tokens[i] != NULL; i++)
    {
      double frequency, units;

      if (!parse_note (tokens[i], &frequency, &units, error))
        return FALSE;
      g_array_append_val (score->drone, frequency);
    }
  return TRUE;
}

static gboolean
parse_colours (CantigaScore *score, const char *value, GError **error)
{
  g_auto (GStrv) tokens = g_strsplit (value, " ", -1);

  if (g_strv_length (tokens) != G_N_ELEMENTS (score->colours))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "There are four colours, not \"%s\".", value);
  for (guint i = 0; i < G_N_ELEMENTS (score->colours); i++)
    {
      guint64 colour;

      if (!g_ascii_string_to_unsigned (tokens[i], 16, 0, 0xffffff, &colour, error))
        return FALSE;
      score->colours[i] = (guint32)colour;
    }
  return TRUE;
}

static gboolean
parse_number (const char *value, guint minimum, guint maximum, guint *ret_number, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (value, 10, minimum, maximum, &number, error))
    return FALSE;
  *ret_number = (guint)number;
  return TRUE;
}

static gboolean
parse_header (Reader *reader, const char *key, const char *value, GError **error)
{
  CantigaScore *score = reader->score;
  const struct
  {
    const char *key;
    char **text;
  } texts[] = {
    { "title", &score->title },   { "artist", &score->artist },      { "album", &score->album }, { "comment", &score->comment },
    { "format", &score->format }, { "cover", &score->cover_format }, { "play", &reader->play },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (g_str_equal (key, texts[i].key))
      {
        g_free (*texts[i].text);
        *texts[i].text = g_strdup (value);
        return TRUE;
      }
  if (g_str_equal (key, "drone"))
    return parse_drone (score, value, error);
  if (g_str_equal (key, "colours"))
    return parse_colours (score, value, error);
  if (g_str_equal (key, "track"))
    return parse_number (value, 1, 999, &score->track, error);
  if (g_str_equal (key, "year"))
    return parse_number (value, 1, 9999, &score->year, error);
  if (g_str_equal (key, "petals"))
    return parse_number (value, 3, 24, &score->petals, error);
  if (!g_str_equal (key, "tempo"))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "No header is called \"%s\".", key);
  score->tempo = g_ascii_strtod (value, NULL);
  return TRUE;
}

static void
start_part (Reader *reader, const char *line)
{
  reader->part = g_ptr_array_new_with_free_func (g_free);
  g_hash_table_insert (reader->parts, g_strndup (line + 1, strlen (line) - 2), reader->part);
}

static gboolean
read_line (Reader *reader, const char *line, GError **error)
{
  const char *colon = strstr (line, ": ");

  if (*line == '\0' || *line == '#')
    return TRUE;
  if (*line == '[' && g_str_has_suffix (line, "]"))
    {
      start_part (reader, line);
      return TRUE;
    }
  if (reader->part != NULL)
    {
      g_auto (GStrv) tokens = g_strsplit_set (line, " |", -1);

      for (guint i = 0; tokens[i] != NULL; i++)
        if (*tokens[i] != '\0')
          g_ptr_array_add (reader->part, g_strdup (tokens[i]));
      return TRUE;
    }
  if (colon == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The header line \"%s\" is not \"key: value\".", line);
  g_autofree char *key = g_strndup (line, (gsize)(colon - line));
  return parse_header (reader, key, colon + 2, error);
}

static gboolean
play_part (CantigaScore *score, const GPtrArray *part, CantigaVoice voices, GError **error)
{
  for (guint i = 0; i < part->len; i++)
    {
      double units;
      CantigaNote note = { .start = score->seconds, .voices = voices };

      if (!parse_note (part->pdata[i], &note.frequency, &units, error))
        return FALSE;
      note.length = units * 60 / score->tempo;
      score->seconds += note.length;
      if (note.frequency > 0)
        g_array_append_val (score->notes, note);
    }
  return TRUE;
}

static gboolean
play_parts (Reader *reader, GError **error)
{
  g_auto (GStrv) order = g_strsplit (reader->play, " ", -1);

  for (guint i = 0; order[i] != NULL; i++)
    {
      g_auto (GStrv) pair = g_strsplit (order[i], ":", 2);
      const GPtrArray *part = pair[0] != NULL ? g_hash_table_lookup (reader->parts, pair[0]) : NULL;
      const char *by = part != NULL && pair[1] != NULL ? pair[1] : "";
      CantigaVoice voices = g_str_equal (by, "plucked") ? CANTIGA_VOICE_PLUCKED
                            : g_str_equal (by, "bowed") ? CANTIGA_VOICE_BOWED
                            : g_str_equal (by, "both")  ? CANTIGA_VOICE_PLUCKED | CANTIGA_VOICE_BOWED
                                                        : 0;

      if (voices == 0)
        return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "\"%s\" is no part with plucked, bowed or both.", order[i]);
      if (!play_part (reader->score, part, voices, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_all (Reader *reader, const char *text, GError **error)
{
  const CantigaScore *score = reader->score;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    if (!read_line (reader, g_strstrip (lines[i]), error))
      return FALSE;
  if (score->title == NULL || score->artist == NULL || score->album == NULL || score->format == NULL || score->cover_format == NULL
      || reader->play == NULL || score->track == 0 || score->year == 0 || score->petals == 0 || !(score->tempo > 0))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED,
                              "A score has title, artist, album, track, year, tempo, play, format, cover and petals.");
  return play_parts (reader, error);
}

static CantigaScore *
score_new (void)
{
  CantigaScore *score = g_new0 (CantigaScore, 1);

  score->drone = g_array_new (FALSE, FALSE, sizeof (double));
  score->notes = g_array_new (FALSE, FALSE, sizeof (CantigaNote));
  return score;
}

CantigaScore *
cantiga_score_load (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (CantigaScore) score = score_new ();
  Reader reader = { .score = score };
  gboolean read;

  if (!g_file_get_contents (path, &text, NULL, error))
    return NULL;
  reader.parts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  read = read_all (&reader, text, error);
  g_hash_table_unref (reader.parts);
  g_free (reader.play);
  if (!read)
    {
      g_prefix_error (error, "%s: ", path);
      return NULL;
    }
  return g_steal_pointer (&score);
}

void
cantiga_score_free (CantigaScore *score)
{
  g_free (score->title);
  g_free (score->artist);
  g_free (score->album);
  g_free (score->comment);
  g_free (score->format);
  g_free (score->cover_format);
  g_array_unref (score->drone);
  g_array_unref (score->notes);
  g_free (score);
}
