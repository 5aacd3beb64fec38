/* The demo's music: what the renderer writes is decoded again by GStreamer, and heard. What each cantiga begins with is written here once
 * more, by hand, so that neither the scores nor their reader vouch for themselves. */
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gst/pbutils/pbutils.h>

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define LOWEST 55 /* the notes that are listened for: G3 … C6 */
#define HIGHEST 84

typedef struct
{
  const char *score;
  const char *file;
  const char *codec;
  const char *title;
  guint track;
  double tempo;
  struct
  {
    double at; /* units of the tempo */
    int note;  /* 69 is A4 */
  } heard[5];
} Cantiga;

static const Cantiga cantigas[] = {
  { "csm-100",
    "01 Santa Maria, Strela do dia.mp3",
    "audio/mpeg",
    "Santa Maria, Strela do dia",
    1,
    244,
    { { 0, 69 }, { 2, 67 }, { 3, 65 }, { 4, 64 }, { 12, 62 } } },
  { "csm-166",
    "02 Como poden per sas culpas.ogg",
    "audio/x-vorbis",
    "Como poden per sas culpas",
    2,
    280,
    { { 0, 65 }, { 4, 64 }, { 5, 62 }, { 8, 67 }, { 9, 69 } } },
  { "csm-302",
    "03 A Madre de Jesu-Cristo.flac",
    "audio/x-flac",
    "A Madre de Jesu-Cristo",
    3,
    264,
    { { 0, 62 }, { 2, 60 }, { 4, 65 }, { 8, 67 }, { 19, 71 } } },
  { "csm-353",
    "04 Quen a omagen da Virgen.opus",
    "audio/x-opus",
    "Quen a omagen da Virgen",
    4,
    320,
    { { 0, 62 }, { 2, 69 }, { 7, 67 }, { 8, 65 }, { 15, 62 } } },
  { "csm-077",
    "05 Da que Deus mamou o leite.m4a",
    "audio/mpeg",
    "Da que Deus mamou o leite",
    5,
    300,
    { { 0, 65 }, { 2, 64 }, { 5, 67 }, { 6, 69 }, { 18, 60 } } },
};

static char *folder; /* where everything is written, all scores before the first test */

static char *
in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

/* Runs the renderer with arguments up to NULL; its exit status. */
static int
render (const char *first, ...)
{
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  g_autofree char *program = g_build_filename (g_getenv ("CANTIGA_BUILD"), "data", "demo", "cantiga-demo-render", NULL);
  g_autoptr (GError) error = NULL;
  int status;
  va_list more;

  g_ptr_array_add (arguments, program);
  va_start (more, first);
  for (const char *argument = first; argument != NULL; argument = va_arg (more, const char *))
    g_ptr_array_add (arguments, (gpointer)argument);
  va_end (more);
  g_ptr_array_add (arguments, NULL);
  g_spawn_sync (NULL, (char **)arguments->pdata, NULL, G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status,
                &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

static char *
score_path (const char *score)
{
  g_autofree char *name = g_strconcat (score, ".score", NULL);

  return g_build_filename (g_getenv ("CANTIGA_SOURCE"), "data", "demo", name, NULL);
}

static GstDiscovererInfo *
discover (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstDiscoverer) discoverer = gst_discoverer_new (30 * GST_SECOND, &error);
  g_autofree char *uri = gst_filename_to_uri (path, &error);
  GstDiscovererInfo *info;

  g_assert_no_error (error);
  info = gst_discoverer_discover_uri (discoverer, uri, &error);
  g_assert_no_error (error);
  return info;
}

static double
seconds_of (GstDiscovererInfo *info)
{
  return (double)gst_discoverer_info_get_duration (info) / GST_SECOND;
}

/* The whole file as mono floats at 48 kHz. */
static GArray *
decode (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch ("filesrc name=in ! decodebin ! audioconvert ! audioresample ! "
                                                      "audio/x-raw,format=F32LE,channels=1,rate=48000 ! appsink name=out sync=false",
                                                      &error);
  g_autoptr (GstElement) in = gst_bin_get_by_name (GST_BIN (pipeline), "in");
  g_autoptr (GstElement) out = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  GArray *samples = g_array_new (FALSE, FALSE, sizeof (float));
  GstSample *sample;

  g_assert_no_error (error);
  g_object_set (in, "location", path, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while ((sample = gst_app_sink_try_pull_sample (GST_APP_SINK (out), 30 * GST_SECOND)) != NULL)
    {
      GstMapInfo map;

      g_assert_true (gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ));
      g_array_append_vals (samples, map.data, map.size / sizeof (float));
      gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
      gst_sample_unref (sample);
    }
  g_assert_true (gst_app_sink_is_eos (GST_APP_SINK (out)));
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return samples;
}

/* How strong a frequency is, after Goertzel, under Hann's window. */
static double
strength (const GArray *samples, double from, double seconds, double frequency)
{
  guint first = (guint)(from * 48000);
  guint n = (guint)(seconds * 48000);
  double twice = 2 * cos (2 * G_PI * frequency / 48000);
  double before = 0, last = 0;

  g_assert_cmpuint (first + n, <=, samples->len);
  for (guint i = 0; i < n; i++)
    {
      double window = 0.5 - 0.5 * cos (2 * G_PI * i / n);
      double now = window * g_array_index (samples, float, first + i) + twice * last - before;

      before = last;
      last = now;
    }
  return before * before + last * last - twice * before * last;
}

static int
loudest_note (const GArray *samples, double from, double seconds)
{
  int loudest = LOWEST;
  double most = 0;

  for (int note = LOWEST; note <= HIGHEST; note++)
    {
      double now = strength (samples, from, seconds, 440 * pow (2, (note - 69) / 12.0));

      if (now > most)
        {
          most = now;
          loudest = note;
        }
    }
  return loudest;
}

static void
test_form (gconstpointer user_data)
{
  const Cantiga *cantiga = user_data;
  g_autofree char *path = in_folder (cantiga->file);
  g_autoptr (GstDiscovererInfo) info = discover (path);
  GList *streams = gst_discoverer_info_get_audio_streams (info);
  g_autoptr (GstCaps) caps = NULL;

  g_assert_cmpuint (g_list_length (streams), ==, 1);
  caps = gst_discoverer_stream_info_get_caps (streams->data);
  g_assert_cmpstr (gst_structure_get_name (gst_caps_get_structure (caps, 0)), ==, cantiga->codec);
  g_assert_cmpuint (gst_discoverer_audio_info_get_sample_rate (streams->data), ==, 48000);
  g_assert_cmpuint (gst_discoverer_audio_info_get_channels (streams->data), ==, 2);
  g_assert_cmpfloat (seconds_of (info), >=, 30);
  g_assert_cmpfloat (seconds_of (info), <=, 90);
  gst_discoverer_stream_info_list_free (streams);
}

static void
add_tags (GstTagList *all, GstDiscovererStreamInfo *stream)
{
  const GstTagList *tags = GST_IS_DISCOVERER_CONTAINER_INFO (stream) ? gst_discoverer_container_info_get_tags (GST_DISCOVERER_CONTAINER_INFO (stream))
                                                                     : gst_discoverer_stream_info_get_tags (stream);

  if (tags != NULL)
    gst_tag_list_insert (all, tags, GST_TAG_MERGE_APPEND);
}

/* Tags stand in the container or in the stream, as the format has it. */
static GstTagList *
tags_of (GstDiscovererInfo *info)
{
  GstTagList *all = gst_tag_list_new_empty ();
  g_autoptr (GstDiscovererStreamInfo) outermost = gst_discoverer_info_get_stream_info (info);
  GList *streams = gst_discoverer_info_get_audio_streams (info);

  add_tags (all, outermost);
  for (GList *at = streams; at != NULL; at = at->next)
    add_tags (all, at->data);
  gst_discoverer_stream_info_list_free (streams);
  return all;
}

static void
assert_tag (const GstTagList *tags, const char *tag, const char *expected)
{
  g_autofree char *found = NULL;

  g_assert_true (gst_tag_list_get_string_index (tags, tag, 0, &found));
  g_assert_cmpstr (found, ==, expected);
}

/* M4A has whole dates alone, and GStreamer takes the file's making for the date with a time. */
static guint
year_of (const GstTagList *tags)
{
  g_autoptr (GstDateTime) year = NULL;
  g_autoptr (GDate) day = NULL;

  if (gst_tag_list_get_date (tags, GST_TAG_DATE, &day))
    return g_date_get_year (day);
  g_assert_true (gst_tag_list_get_date_time (tags, GST_TAG_DATE_TIME, &year));
  return (guint)gst_date_time_get_year (year);
}

static void
test_tags (gconstpointer user_data)
{
  const Cantiga *cantiga = user_data;
  g_autofree char *path = in_folder (cantiga->file);
  g_autoptr (GstDiscovererInfo) info = discover (path);
  g_autoptr (GstTagList) tags = tags_of (info);
  guint track;

  assert_tag (tags, GST_TAG_TITLE, cantiga->title);
  assert_tag (tags, GST_TAG_ARTIST, "Alfonso X, o Sábio (attr.)");
  assert_tag (tags, GST_TAG_ALBUM, "Cantigas de Santa Maria");
  g_assert_true (gst_tag_list_get_uint (tags, GST_TAG_TRACK_NUMBER, &track));
  g_assert_cmpuint (track, ==, cantiga->track);
  g_assert_cmpuint (year_of (tags), ==, 1280);
}

static void
test_cover (gconstpointer user_data)
{
  const Cantiga *cantiga = user_data;
  g_autofree char *path = in_folder (cantiga->file);
  g_autoptr (GstDiscovererInfo) info = discover (path);
  g_autoptr (GstTagList) tags = tags_of (info);
  g_autoptr (GstSample) cover = NULL;
  GstMapInfo map;

  g_assert_true (gst_tag_list_get_sample (tags, GST_TAG_IMAGE, &cover));
  g_assert_true (gst_buffer_map (gst_sample_get_buffer (cover), &map, GST_MAP_READ));
  g_assert_cmpuint (map.size, >, 1000);
  g_assert_true (memcmp (map.data, "\x89PNG", 4) == 0 || memcmp (map.data, "\xff\xd8\xff", 3) == 0);
  gst_buffer_unmap (gst_sample_get_buffer (cover), &map);
}

static void
test_melody (gconstpointer user_data)
{
  const Cantiga *cantiga = user_data;
  g_autofree char *path = in_folder (cantiga->file);
  g_autoptr (GArray) samples = decode (path);

  for (guint i = 0; i < G_N_ELEMENTS (cantiga->heard); i++)
    {
      double unit = 60 / cantiga->tempo;

      g_test_message ("%s, unit %g", cantiga->score, cantiga->heard[i].at);
      g_assert_cmpint (loudest_note (samples, cantiga->heard[i].at * unit + 0.25 * unit, 0.8 * unit), ==, cantiga->heard[i].note);
    }
}

static void
test_again (gconstpointer user_data)
{
  const Cantiga *cantiga = user_data;
  g_autofree char *again = in_folder ("again");
  g_autofree char *score = score_path (cantiga->score);
  g_autofree char *one = in_folder (cantiga->file);
  g_autofree char *other = g_build_filename (again, cantiga->file, NULL);
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  gsize first_size, second_size;

  g_assert_cmpint (render ("--into", again, score, NULL), ==, 0);
  g_assert_true (g_file_get_contents (one, &first, &first_size, NULL));
  g_assert_true (g_file_get_contents (other, &second, &second_size, NULL));
  g_assert_cmpmem (first, first_size, second, second_size);
}

static void
test_tone (gconstpointer user_data)
{
  const char *name = user_data;
  g_autofree char *path = in_folder (name);
  g_autoptr (GstDiscovererInfo) info = NULL;
  g_autoptr (GstTagList) tags = NULL;
  g_autoptr (GArray) samples = NULL;

  g_assert_cmpint (render ("--tone", "523.25", "2.5", path, "--title", "Um tom", NULL), ==, 0);
  info = discover (path);
  g_assert_cmpfloat_with_epsilon (seconds_of (info), 2.5, 0.1);
  tags = tags_of (info);
  assert_tag (tags, GST_TAG_TITLE, "Um tom");
  samples = decode (path);
  g_assert_cmpint (loudest_note (samples, 0.2, 2), ==, 72);
}

static gssize
offset_of (const char *content, gsize size, const char *box)
{
  const char *found = memmem (content, size, box, 4);

  g_assert_nonnull (found);
  return found - content;
}

static void
test_moov (void)
{
  g_autofree char *path = in_folder ("moov.m4a");

  for (guint first = 0; first < 2; first++)
    {
      g_autofree char *content = NULL;
      gsize size;

      g_assert_cmpint (render ("--tone", "440", "1", path, first ? "--moov-first" : "--moov-last", NULL), ==, 0);
      g_assert_true (g_file_get_contents (path, &content, &size, NULL));
      g_assert_true ((offset_of (content, size, "moov") < offset_of (content, size, "mdat")) == (first == 1));
    }
}

static void
test_bad_scores (void)
{
  static const char good[] = "title: T\nartist: A\nalbum: B\ntrack: 1\nyear: 1280\nformat: wav\ncover: png\npetals: 5\ntempo: 120\nplay: x:bowed\n";
  static const char *bad[] = { "", "[x]\nA4\n", "nonsense\n", "[x]\nH4\n", "[x]\nA4:0\n", "[x]\nA9\n", "[x]\nA4:2x\n", "plai: x\n[x]\nA4\n" };
  g_autofree char *path = in_folder ("bad.score");

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *text = g_strconcat (i == 1 ? "title: T\n" : good, bad[i], NULL);

      g_assert_true (g_file_set_contents (path, text, -1, NULL));
      g_assert_cmpint (render ("--into", folder, path, NULL), ==, 1);
    }
}

static void
test_usage (void)
{
  g_autofree char *unknown = in_folder ("tone.xyz");
  g_autofree char *tone = in_folder ("refused.wav");

  g_assert_cmpint (render (NULL, NULL), ==, 2);
  g_assert_cmpint (render ("--tone", "440", "1", NULL), ==, 2);
  g_assert_cmpint (render ("--tone", "440", "1", unknown, NULL), ==, 2);
  g_assert_cmpint (render ("--tone", "1", "1", tone, NULL), ==, 2);
  g_assert_cmpint (render ("--tone", "440", "1", tone, "--moov-first", "--moov-last", NULL), ==, 2);
  g_assert_false (g_file_test (tone, G_FILE_TEST_EXISTS));
}

static void
render_all (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cantigas); i++)
    {
      g_autofree char *score = score_path (cantigas[i].score);

      g_assert_cmpint (render ("--into", folder, score, NULL), ==, 0);
    }
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) entries = g_dir_open (path, 0, NULL);
  const char *name;

  while (entries != NULL && (name = g_dir_read_name (entries)) != NULL)
    {
      g_autofree char *entry = g_build_filename (path, name, NULL);

      remove_folder (entry);
    }
  g_remove (path);
}

static void
add_cantigas (const char *what, GTestDataFunc test)
{
  for (guint i = 0; i < G_N_ELEMENTS (cantigas); i++)
    {
      g_autofree char *path = g_strdup_printf ("/demo/%s/%s", cantigas[i].score, what);

      g_test_add_data_func (path, &cantigas[i], test);
    }
}

int
main (int argc, char **argv)
{
  static const char *tones[] = { "tone.mp3", "tone.ogg", "tone.opus", "tone.flac", "tone.m4a", "tone.wav" };
  int result;

  g_test_init (&argc, &argv, NULL);
  gst_init (NULL, NULL);
  folder = g_dir_make_tmp ("cantiga-demo-XXXXXX", NULL);
  g_assert_nonnull (folder);
  render_all ();
  add_cantigas ("has-its-format-and-length", test_form);
  add_cantigas ("is-tagged", test_tags);
  add_cantigas ("has-a-cover", test_cover);
  add_cantigas ("begins-with-the-notes-of-the-manuscript", test_melody);
  for (guint i = 0; i < G_N_ELEMENTS (tones); i++)
    {
      g_autofree char *path = g_strdup_printf ("/demo/%s-has-its-pitch-length-and-title", tones[i]);

      g_test_add_data_func (path, tones[i], test_tone);
    }
  g_test_add_data_func ("/demo/csm-100/becomes-the-same-file-again", &cantigas[0], test_again);
  g_test_add_data_func ("/demo/csm-353/becomes-the-same-file-again", &cantigas[3], test_again);
  g_test_add_func ("/demo/puts-the-index-of-m4a-where-it-is-wanted", test_moov);
  g_test_add_func ("/demo/refuses-bad-scores", test_bad_scores);
  g_test_add_func ("/demo/refuses-bad-command-lines", test_usage);
  result = g_test_run ();
  remove_folder (folder);
  g_free (folder);
  gst_deinit ();
  return result;
}
