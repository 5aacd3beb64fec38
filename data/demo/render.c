/* cantiga-demo-render: the demo's music, and tones for tests, as tagged media files. */
#include "core/error.h"
#include "data/demo/cover.h"
#include "data/demo/encode.h"
#include "data/demo/sound.h"

#include <locale.h>
#include <math.h>

static struct
{
  char *into;
  char *format;
  char *title;
  char *artist;
  char *album;
  gint track;
  gboolean tone;
  gboolean bare;
  gboolean moov_first;
  gboolean moov_last;
} options;

static const GOptionEntry entries[] = {
  { "into", 0, 0, G_OPTION_ARG_FILENAME, &options.into, "Write the scores' files into this folder (here, unless told otherwise)", "FOLDER" },
  { "format", 0, 0, G_OPTION_ARG_STRING, &options.format, "Instead of the format that the score asks for", "mp3|ogg|opus|flac|m4a|wav" },
  { "tone", 0, 0, G_OPTION_ARG_NONE, &options.tone, "Write a plain tone: HERTZ SECONDS FILE", NULL },
  { "title", 0, 0, G_OPTION_ARG_STRING, &options.title, "The tone's tag", "TEXT" },
  { "artist", 0, 0, G_OPTION_ARG_STRING, &options.artist, "The tone's tag", "TEXT" },
  { "album", 0, 0, G_OPTION_ARG_STRING, &options.album, "The tone's tag", "TEXT" },
  { "track", 0, 0, G_OPTION_ARG_INT, &options.track, "The tone's tag", "N" },
  { "bare", 0, 0, G_OPTION_ARG_NONE, &options.bare, "Write the tone without any tag", NULL },
  { "moov-first", 0, 0, G_OPTION_ARG_NONE, &options.moov_first, "M4A: the index before the sound", NULL },
  { "moov-last", 0, 0, G_OPTION_ARG_NONE, &options.moov_last, "M4A: the index after the sound (so it is unless told otherwise)", NULL },
  G_OPTION_ENTRY_NULL,
};

static CantigaMoov
wanted_moov (void)
{
  return options.moov_first ? CANTIGA_MOOV_FIRST : CANTIGA_MOOV_LAST;
}

static const char *
format_of (const CantigaScore *score)
{
  return options.format != NULL ? options.format : score->format;
}

/* In M4A the only time with a year alone is that of the file's making: its tag is a whole date. */
static void
add_year (GstTagList *tags, const CantigaScore *score)
{
  g_autoptr (GstDateTime) year = gst_date_time_new_y ((gint)score->year);
  g_autoptr (GDate) first_day = g_date_new_dmy (1, G_DATE_JANUARY, (GDateYear)score->year);

  if (g_str_equal (format_of (score), "m4a"))
    gst_tag_list_add (tags, GST_TAG_MERGE_REPLACE, GST_TAG_DATE, first_day, NULL);
  else
    gst_tag_list_add (tags, GST_TAG_MERGE_REPLACE, GST_TAG_DATE_TIME, year, NULL);
}

static GstTagList *
tags_of_score (const CantigaScore *score, GError **error)
{
  g_autoptr (GstSample) cover = cantiga_cover_create (score, error);
  GstTagList *tags;

  if (cover == NULL)
    return NULL;
  tags = gst_tag_list_new (GST_TAG_TITLE, score->title, GST_TAG_ARTIST, score->artist, GST_TAG_ALBUM, score->album, GST_TAG_TRACK_NUMBER,
                           score->track, GST_TAG_GENRE, "Medieval", GST_TAG_IMAGE, cover, NULL);
  add_year (tags, score);
  if (score->comment != NULL)
    gst_tag_list_add (tags, GST_TAG_MERGE_APPEND, GST_TAG_COMMENT, score->comment, NULL);
  return tags;
}

static gboolean
render_score (const char *path, GError **error)
{
  g_autoptr (CantigaScore) score = cantiga_score_load (path, error);
  g_autoptr (GstTagList) tags = score != NULL ? tags_of_score (score, error) : NULL;
  g_autoptr (GBytes) samples = NULL;
  g_autofree char *name = NULL;
  g_autofree char *file = NULL;

  if (tags == NULL)
    return FALSE;
  samples = cantiga_sound_from_score (score);
  name = g_strdup_printf ("%02u %s.%s", score->track, score->title, format_of (score));
  file = g_build_filename (options.into != NULL ? options.into : ".", name, NULL);
  if (!cantiga_encode (samples, tags, wanted_moov (), file, error))
    return FALSE;
  g_print ("%s\n", file);
  return TRUE;
}

static gboolean
render_scores (char **paths, GError **error)
{
  if (paths[0] == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "Name the scores to render, or --tone HERTZ SECONDS FILE.");
  if (options.into != NULL && g_mkdir_with_parents (options.into, 0777) != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "The folder %s cannot be made.", options.into);
  for (guint i = 0; paths[i] != NULL; i++)
    if (!render_score (paths[i], error))
      return FALSE;
  return TRUE;
}

static GstTagList *
tags_of_tone (const char *frequency)
{
  g_autofree char *title = g_strdup_printf ("%s Hz", frequency);

  if (options.bare)
    return gst_tag_list_new_empty ();
  return gst_tag_list_new (GST_TAG_TITLE, options.title != NULL ? options.title : title, GST_TAG_ARTIST,
                           options.artist != NULL ? options.artist : "Cantiga", GST_TAG_ALBUM, options.album != NULL ? options.album : "Tones",
                           GST_TAG_TRACK_NUMBER, (guint)MAX (options.track, 1), NULL);
}

static gboolean
render_tone (char **arguments, GError **error)
{
  double frequency, seconds;
  g_autoptr (GstTagList) tags = NULL;
  g_autoptr (GBytes) samples = NULL;

  if (g_strv_length (arguments) != 3)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "--tone takes HERTZ SECONDS FILE.");
  frequency = g_ascii_strtod (arguments[0], NULL);
  seconds = g_ascii_strtod (arguments[1], NULL);
  if (!(frequency >= 20 && frequency <= 20000) || !(seconds >= 0.05 && seconds <= 3600))
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "A tone has 20 to 20000 Hz and 0.05 to 3600 seconds.");
  tags = tags_of_tone (arguments[0]);
  samples = cantiga_sound_from_tone (frequency, seconds);
  return cantiga_encode (samples, tags, wanted_moov (), arguments[2], error);
}

static gboolean
render (int argc, char **argv, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("SCORE… | --tone HERTZ SECONDS FILE");

  g_option_context_set_summary (context, "Renders scores, or a tone, into tagged media files.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  if (options.moov_first && options.moov_last)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "The index is first or last, not both.");
  gst_init (NULL, NULL);
  /* Ogg's serial numbers come from here: without chance, the same score becomes the same file (M4A's date of creation apart). */
  g_random_set_seed (1221);
  return options.tone ? render_tone (argv + 1, error) : render_scores (argv + 1, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  if (render (argc, argv, &error))
    return CANTIGA_EXIT_DONE;
  g_printerr ("cantiga-demo-render: %s\n", error->message);
  return (int)cantiga_error_to_exit (error);
}
