/* listen STATE MODULE PIN TITLE…: signs in to the server that STATE is paired with and plays TITLEs as the desktop player does, through its queue, on
 * this machine's audio. Says a JSON object a line of what happens, and obeys lines on stdin:
 *
 *   pause  next  previous  stop  quit  go PLACE  seek SECONDS  scrub SECONDS  gain off|title|album  volume SHARE
 *   repeat off|all|one  shuffle on|off  hold on|off  yes  no  watch  unwatch  tell
 *
 * --pictures: with a place for moving pictures, which are counted; when they become bright is told.
 * --capture FILE: to FILE instead, as samples of 16 bits in two channels, at the pace of a device; when they become loud is told. */
#include <fcntl.h>
#include <locale.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <gst/app/gstappsink.h>

#include "ear.h"
#include "ui/queue.h"

#define LOUD 4000  /* of 32767 */
#define BRIGHT 128 /* of 255 */

typedef struct
{
  CantigaQueue *queue;
  CantigaSession *session;
  GMainLoop *loop;
  gint64 begun;
  int capture;  /* a file; -1 */
  int pictures; /* how many were shown, by GStreamer's thread; below 0: there is no place for them */
  gboolean loud, bright; /* what came last was: GStreamer's threads, one each */
} Listening;

/* ---- what it says ---- */

G_GNUC_PRINTF (3, 4)
static void
say (Listening *listening, const char *event, const char *format, ...)
{
  g_autofree char *members = NULL;
  va_list arguments;

  va_start (arguments, format);
  members = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_print ("{\"event\": \"%s\", \"at\": %.3f, %s}\n", event, (double)(g_get_monotonic_time () - listening->begun) / G_USEC_PER_SEC, members);
}

static const char *
name_of (CantigaTitle *title)
{
  return title != NULL ? cantiga_title_get_name (title) : "";
}

static void
tell (Listening *listening)
{
  static const char *const states[] = { "empty", "loaded", "asking", "playing", "paused" };
  CantigaQueue *queue = listening->queue;
  CantigaPlayer *player = cantiga_queue_get_player (queue);
  CantigaTitle *title = cantiga_queue_get_title (queue);

  say (listening, "state",
       "\"state\": \"%s\", \"title\": \"%s\", \"next\": \"%s\", \"left\": %d, \"shown\": %d, \"position\": %.3f, \"duration\": %.3f, \"buffered\": "
       "%.3f, \"buffering\": %s, \"pictures\": %d",
       states[cantiga_queue_get_state (queue)], name_of (title), name_of (cantiga_queue_get_next_title (queue)), cantiga_queue_get_plays_left (queue),
       title != NULL ? cantiga_title_get_plays_left (title) : -1, cantiga_player_get_position (player), cantiga_player_get_duration (player),
       cantiga_player_get_buffered (player), cantiga_player_is_buffering (player) ? "true" : "false", g_atomic_int_get (&listening->pictures));
}

static void
refused_cb (CantigaQueue *queue, CantigaTitle *title, const GError *error, gboolean chosen, Listening *listening)
{
  say (listening, "refused", "\"title\": \"%s\", \"why\": %d, \"chosen\": %s", name_of (title), error->code, chosen ? "true" : "false");
}

static void
failed_cb (CantigaQueue *queue, CantigaTitle *title, const GError *error, gboolean counted, Listening *listening)
{
  say (listening, "failed", "\"title\": \"%s\", \"why\": %d, \"counted\": %s", name_of (title), error->code, counted ? "true" : "false");
}

static void
silent_cb (CantigaQueue *queue, Listening *listening)
{
  say (listening, "silent", "\"title\": \"%s\"", name_of (cantiga_queue_get_title (queue)));
}

static void
again_cb (CantigaQueue *queue, CantigaTitle *title, gboolean all, Listening *listening)
{
  say (listening, "again", "\"title\": \"%s\", \"all\": %s", name_of (title), all ? "true" : "false");
}

static void
awaits_cb (CantigaQueue *queue, Listening *listening)
{
  say (listening, "awaits", "\"title\": \"%s\"", name_of (cantiga_queue_get_title (queue)));
}

static void
seeked_cb (CantigaPlayer *player, double seconds, Listening *listening)
{
  say (listening, "seeked", "\"position\": %.3f", seconds);
}

static void
player_cb (CantigaPlayer *player, Listening *listening)
{
  say (listening, "started", "\"title\": \"%s\"", name_of (cantiga_queue_get_title (listening->queue)));
}

static void
advanced_cb (CantigaPlayer *player, Listening *listening)
{
  say (listening, "advanced", "\"title\": \"%s\"", name_of (cantiga_queue_get_title (listening->queue)));
}

/* The loudest band. */
static void
spectrum_cb (CantigaPlayer *player, const float *bands, guint n, Listening *listening)
{
  guint loudest = 0;

  for (guint i = 1; i < n; i++)
    if (bands[i] > bands[loudest])
      loudest = i;
  say (listening, "spectrum", "\"bands\": %u, \"loudest\": %u, \"decibels\": %.1f", n, loudest, (double)bands[loudest]);
}

/* ---- what it obeys ---- */

static int
index_of (const char *word, const char *const *words)
{
  for (int i = 0; words[i] != NULL; i++)
    if (g_strcmp0 (word, words[i]) == 0)
      return i;
  return 0;
}

static void
obey_queue (Listening *listening, const char *order, const char *argument)
{
  static const char *const repeats[] = { "off", "all", "one", NULL };
  CantigaQueue *queue = listening->queue;
  gboolean on = g_strcmp0 (argument, "on") == 0;

  if (g_str_equal (order, "pause"))
    cantiga_queue_toggle (queue);
  else if (g_str_equal (order, "next"))
    cantiga_queue_next (queue);
  else if (g_str_equal (order, "previous"))
    cantiga_queue_previous (queue);
  else if (g_str_equal (order, "stop"))
    cantiga_queue_stop (queue);
  else if (g_str_equal (order, "go"))
    cantiga_queue_go_to (queue, (guint)g_ascii_strtoull (argument, NULL, 10));
  else if (g_str_equal (order, "repeat"))
    cantiga_queue_set_repeat (queue, (CantigaRepeat)index_of (argument, repeats));
  else if (g_str_equal (order, "shuffle"))
    cantiga_queue_set_shuffle (queue, on);
  else if (g_str_equal (order, "hold"))
    cantiga_queue_set_held (queue, on);
  else if (g_str_equal (order, "yes") || g_str_equal (order, "no"))
    cantiga_queue_answer (queue, g_str_equal (order, "yes"));
  else if (g_str_equal (order, "quit"))
    g_main_loop_quit (listening->loop);
}

static void
obey_player (Listening *listening, const char *order, const char *argument)
{
  static const char *const gains[] = { "off", "title", "album", NULL };
  CantigaPlayer *player = cantiga_queue_get_player (listening->queue);

  if (g_str_equal (order, "seek"))
    cantiga_player_seek_exactly (player, g_ascii_strtod (argument, NULL));
  else if (g_str_equal (order, "scrub"))
    cantiga_player_seek (player, g_ascii_strtod (argument, NULL));
  else if (g_str_equal (order, "gain"))
    cantiga_player_set_replay_gain (player, (CantigaReplayGain)index_of (argument, gains));
  else if (g_str_equal (order, "volume"))
    cantiga_player_set_volume (player, g_ascii_strtod (argument, NULL));
  else if (g_str_equal (order, "watch"))
    cantiga_player_watch_spectrum (player);
  else if (g_str_equal (order, "unwatch"))
    cantiga_player_unwatch_spectrum (player);
  else if (g_str_equal (order, "tell"))
    tell (listening);
}

static gboolean
order_cb (GIOChannel *channel, GIOCondition condition, gpointer user_data)
{
  Listening *listening = user_data;
  g_autofree char *line = NULL;
  g_auto (GStrv) words = NULL;

  if (g_io_channel_read_line (channel, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL)
    {
      g_main_loop_quit (listening->loop);
      return G_SOURCE_REMOVE;
    }
  words = g_strsplit (g_strstrip (line), " ", 2);
  if (words[0] == NULL)
    return G_SOURCE_CONTINUE;
  obey_queue (listening, words[0], words[1]);
  obey_player (listening, words[0], words[1]);
  return G_SOURCE_CONTINUE;
}

/* ---- where sound goes ---- */

/* Pictures and sound that belong together change at the same running time. */
static void
tell_change (Listening *listening, const char *event, const GstSegment *segment, GstClockTime at)
{
  say (listening, event, "\"running\": %.4f", (double)gst_segment_to_running_time (segment, GST_FORMAT_TIME, at) / GST_SECOND);
}

static void
look_for_sound (Listening *listening, GstSample *sample, const GstMapInfo *map)
{
  const gint16 *samples = (const gint16 *)(gconstpointer)map->data;
  gsize n = map->size / sizeof *samples, i = 0;
  gboolean loud;
  int rate = 1;

  while (i < n && ABS (samples[i]) < LOUD)
    i++;
  loud = i < n;
  gst_structure_get_int (gst_caps_get_structure (gst_sample_get_caps (sample), 0), "rate", &rate);
  if (loud && !listening->loud)
    tell_change (listening, "loud", gst_sample_get_segment (sample), GST_BUFFER_PTS (gst_sample_get_buffer (sample)) + i / 2 * GST_SECOND / rate);
  listening->loud = loud;
}

static GstFlowReturn
sample_cb (GstAppSink *sink, gpointer user_data)
{
  Listening *listening = user_data;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  GstMapInfo map;

  if (sample == NULL || !gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ))
    return GST_FLOW_OK;
  if (write (listening->capture, map.data, map.size) != (gssize)map.size)
    g_error ("the capture cannot be written");
  look_for_sound (listening, sample, &map);
  gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
  return GST_FLOW_OK;
}

static GstElement *
make_capture (Listening *listening)
{
  GstElement *sink = gst_element_factory_make ("appsink", NULL);
  GstAppSinkCallbacks callbacks = { .new_sample = sample_cb };
  g_autoptr (GstCaps) caps = gst_caps_from_string ("audio/x-raw,format=S16LE,layout=interleaved,channels=2");

  g_object_set (sink, "caps", caps, NULL);
  gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks, listening, NULL);
  return sink;
}

static void
picture_cb (GstElement *sink, GstBuffer *buffer, GstPad *pad, Listening *listening)
{
  g_autoptr (GstEvent) event = gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  const GstSegment *segment;
  guint8 luma = 0;

  g_atomic_int_inc (&listening->pictures);
  gst_buffer_extract (buffer, 0, &luma, 1);
  gst_event_parse_segment (event, &segment);
  if (luma > BRIGHT && !listening->bright)
    tell_change (listening, "bright", segment, GST_BUFFER_PTS (buffer));
  listening->bright = luma > BRIGHT;
}

static GstElement *
make_screen (Listening *listening)
{
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);

  g_object_set (sink, "sync", TRUE, "signal-handoffs", TRUE, NULL);
  g_signal_connect (sink, "handoff", G_CALLBACK (picture_cb), listening);
  return sink;
}

static gboolean
make_queue (Listening *listening, GError **error)
{
  g_autoptr (CantigaPlayer) player = cantiga_player_new (listening->capture >= 0 ? make_capture (listening) : NULL, error);

  if (player == NULL)
    return FALSE;
  if (listening->pictures >= 0)
    cantiga_player_set_video_sink (player, make_screen (listening));
  listening->queue = cantiga_queue_new_for_player (player);
  g_signal_connect_swapped (listening->queue, "notify::state", G_CALLBACK (tell), listening);
  g_signal_connect_swapped (listening->queue, "notify::title", G_CALLBACK (tell), listening);
  g_signal_connect_swapped (player, "notify::buffering", G_CALLBACK (tell), listening);
  g_signal_connect (listening->queue, "refused", G_CALLBACK (refused_cb), listening);
  g_signal_connect (listening->queue, "failed", G_CALLBACK (failed_cb), listening);
  g_signal_connect (listening->queue, "silent", G_CALLBACK (silent_cb), listening);
  g_signal_connect (listening->queue, "again", G_CALLBACK (again_cb), listening);
  g_signal_connect (listening->queue, "awaits", G_CALLBACK (awaits_cb), listening);
  g_signal_connect (player, "seeked", G_CALLBACK (seeked_cb), listening);
  g_signal_connect (player, "started", G_CALLBACK (player_cb), listening);
  g_signal_connect (player, "advanced", G_CALLBACK (advanced_cb), listening);
  g_signal_connect (player, "spectrum", G_CALLBACK (spectrum_cb), listening);
  return TRUE;
}

static GPtrArray *
find_titles (CantigaSession *session, char **names, GError **error)
{
  g_autoptr (CantigaCatalogue) catalogue = ear_load (session, error);
  g_autoptr (GPtrArray) titles = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; catalogue != NULL && names[i] != NULL; i++)
    {
      CantigaTitle *title = cantiga_catalogue_find_title (catalogue, names[i], error);

      if (title == NULL)
        return NULL;
      g_ptr_array_add (titles, g_object_ref (title));
    }
  return catalogue != NULL ? g_steal_pointer (&titles) : NULL;
}

static gboolean
listen_to (Listening *listening, char **arguments, GError **error)
{
  g_autoptr (GPtrArray) titles = NULL;
  g_autoptr (GIOChannel) orders = g_io_channel_unix_new (0);

  listening->session = ear_sign_in (arguments[1], arguments[2], arguments[3], error);
  titles = listening->session != NULL ? find_titles (listening->session, arguments + 4, error) : NULL;
  if (titles == NULL || !make_queue (listening, error))
    return FALSE;
  g_io_add_watch (orders, G_IO_IN | G_IO_HUP, order_cb, listening);
  listening->begun = g_get_monotonic_time ();
  cantiga_queue_play (listening->queue, listening->session, titles, 0);
  g_main_loop_run (listening->loop);
  cantiga_queue_clear (listening->queue);
  g_object_unref (listening->queue);
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  gboolean pictures = FALSE;
  const GOptionEntry entries[] = {
    { "pictures", 0, 0, G_OPTION_ARG_NONE, &pictures, "With a place for pictures", NULL },
    { "capture", 0, 0, G_OPTION_ARG_FILENAME, &path, "Write samples to FILE", "FILE" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("STATE MODULE PIN TITLE…");
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Listening listening = { .loop = loop, .capture = -1 };
  gboolean listened;

  setlocale (LC_ALL, "");
  setvbuf (stdout, NULL, _IOLBF, 0);
  gst_init (NULL, NULL);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc < 5)
    {
      g_printerr ("listen: %s\n", error != NULL ? error->message : "STATE MODULE PIN TITLE…");
      return 2;
    }
  listening.pictures = pictures ? 0 : -1;
  if (path != NULL)
    listening.capture = g_open (path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  listened = listen_to (&listening, argv, &error);
  g_clear_object (&listening.session);
  if (!listened)
    g_printerr ("listen: %s\n", error->message);
  return listened ? 0 : 1;
}
