/* hear STATE MODULE PIN TITLE [SECONDS…]: for tests. Signs in to the server that STATE is paired with and plays TITLE through the player's own
 * source, to an appsink that does not keep time; then again from each of SECONDS on. Says one JSON object a pass:
 *
 *   duration   what GStreamer says, in seconds
 *   first      where the first sample heard stands, in seconds
 *   heard      how many seconds were heard
 *   astray     how many samples were not those of their time: of a title whose samples count (tests/e2e/journey.py, ramp()), else meaningless
 *
 * --hammer N: N seeks here and there that do not wait for one another, before the first pass that SECONDS asks for. */
#include <locale.h>

#include <gst/app/gstappsink.h>

#include "client/play.h"
#include "client/player.h"
#include "ear.h"

/* ---- what is heard ---- */

typedef struct
{
  CantigaPlayer *player;
  GMutex lock; /* of what follows, written by GStreamer's thread */
  double first;
  double heard;
  guint64 astray;
  gboolean ended;
  GError *error;
} Hearing;

/* Left and right are the low and the high 15 bits of the sample's number. Samples may stand at odd addresses. */
static guint64
count_astray (const guint8 *bytes, gsize frames, guint64 number)
{
  guint64 astray = 0;

  for (gsize i = 0; i < frames; i++, number++)
    {
      gint16 samples[2];

      memcpy (samples, bytes + 4 * i, sizeof samples);
      astray += samples[0] != (gint16)(number & 0x7fff) || samples[1] != (gint16)(number >> 15);
    }
  return astray;
}

static GstFlowReturn
sample_cb (GstAppSink *sink, gpointer user_data)
{
  Hearing *hearing = user_data;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  GstStructure *caps = sample != NULL ? gst_caps_get_structure (gst_sample_get_caps (sample), 0) : NULL;
  GstBuffer *buffer = sample != NULL ? gst_sample_get_buffer (sample) : NULL;
  int rate = 0, channels = 0;
  GstMapInfo map;

  if (caps == NULL || !gst_structure_get_int (caps, "rate", &rate) || !gst_structure_get_int (caps, "channels", &channels)
      || !gst_buffer_map (buffer, &map, GST_MAP_READ))
    return GST_FLOW_OK;
  g_mutex_lock (&hearing->lock);
  if (hearing->first < 0)
    hearing->first = (double)GST_BUFFER_PTS (buffer) / GST_SECOND;
  if (channels == 2)
    hearing->astray += count_astray (map.data, map.size / 4, gst_util_uint64_scale_round (GST_BUFFER_PTS (buffer), rate, GST_SECOND));
  hearing->heard += (double)map.size / 2 / channels / rate;
  g_mutex_unlock (&hearing->lock);
  gst_buffer_unmap (buffer, &map);
  return GST_FLOW_OK;
}

static GstElement *
make_sink (Hearing *hearing)
{
  GstElement *sink = gst_element_factory_make ("appsink", NULL);
  GstAppSinkCallbacks callbacks = { .new_sample = sample_cb };
  g_autoptr (GstCaps) caps = gst_caps_from_string ("audio/x-raw,format=S16LE,layout=interleaved");

  g_object_set (sink, "sync", FALSE, "caps", caps, NULL);
  gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks, hearing, NULL);
  return sink;
}

static void
ended_cb (CantigaPlayer *player, gpointer user_data)
{
  ((Hearing *)user_data)->ended = TRUE;
}

static void
failed_cb (CantigaPlayer *player, const GError *error, gpointer user_data)
{
  Hearing *hearing = user_data;

  if (hearing->error == NULL)
    hearing->error = g_error_copy (error);
}

static void
start_over (Hearing *hearing)
{
  g_mutex_lock (&hearing->lock);
  hearing->first = -1;
  hearing->heard = 0;
  hearing->ended = FALSE;
  g_mutex_unlock (&hearing->lock);
}

static gboolean
hear_to_the_end (Hearing *hearing, GError **error)
{
  while (!hearing->ended && hearing->error == NULL)
    g_main_context_iteration (NULL, TRUE);
  if (hearing->error != NULL)
    {
      g_propagate_error (error, g_error_copy (hearing->error));
      return FALSE;
    }
  g_print ("{\"duration\": %.6f, \"first\": %.6f, \"heard\": %.6f, \"astray\": %" G_GUINT64_FORMAT "}\n",
           cantiga_player_get_duration (hearing->player), hearing->first, hearing->heard, hearing->astray);
  return TRUE;
}

/* Here and there, paused so that it does not end meanwhile; a fixed pattern, so that a run can be repeated. */
static void
hammer (Hearing *hearing, guint n)
{
  double duration = cantiga_player_get_duration (hearing->player);

  cantiga_player_set_state (hearing->player, CANTIGA_PLAYER_PAUSED);
  for (guint i = 0; i < n; i++)
    {
      cantiga_player_seek (hearing->player, duration * ((i * 37) % 100) / 100);
      for (guint turn = 0; turn < i % 5; turn++)
        g_main_context_iteration (NULL, TRUE);
    }
}

/* ---- the journey ---- */

static CantigaPlay *
start_play (CantigaSession *session, const char *name, GError **error)
{
  g_autoptr (CantigaCatalogue) catalogue = ear_load (session, error);
  g_autoptr (GAsyncResult) started = NULL;
  CantigaTitle *title = catalogue != NULL ? cantiga_catalogue_find_title (catalogue, name, error) : NULL;

  if (title == NULL)
    return NULL;
  cantiga_play_start_async (session, title, NULL, ear_done_cb, &started);
  return cantiga_play_start_finish (session, ear_await (&started), error);
}

static gboolean
hear (CantigaPlay *play, guint n_hammer, char **seconds, GError **error)
{
  Hearing hearing = { .first = -1 };
  g_autoptr (CantigaPlayer) player = NULL;
  gboolean succeeded;

  g_mutex_init (&hearing.lock);
  hearing.player = player = cantiga_player_new (make_sink (&hearing), error);
  if (player == NULL)
    return FALSE;
  g_signal_connect (player, "ended", G_CALLBACK (ended_cb), &hearing);
  g_signal_connect (player, "failed", G_CALLBACK (failed_cb), &hearing);
  cantiga_player_open (player, play);
  cantiga_player_set_state (player, CANTIGA_PLAYER_PLAYING);
  succeeded = hear_to_the_end (&hearing, error);
  if (succeeded)
    hammer (&hearing, n_hammer);
  for (guint i = 0; succeeded && seconds[i] != NULL; i++)
    {
      start_over (&hearing);
      cantiga_player_seek (player, g_ascii_strtod (seconds[i], NULL));
      cantiga_player_set_state (player, CANTIGA_PLAYER_PLAYING);
      succeeded = hear_to_the_end (&hearing, error);
    }
  cantiga_player_set_state (player, CANTIGA_PLAYER_STOPPED);
  g_clear_error (&hearing.error);
  return succeeded;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int n_hammer = 0;
  const GOptionEntry entries[] = {
    { "hammer", 0, 0, G_OPTION_ARG_INT, &n_hammer, "Seek N times before the passes", "N" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("STATE MODULE PIN TITLE [SECONDS…]");
  g_autoptr (CantigaSession) session = NULL;
  g_autoptr (CantigaPlay) play = NULL;

  setlocale (LC_ALL, "");
  gst_init (NULL, NULL);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc < 5)
    {
      g_printerr ("hear: %s\n", error != NULL ? error->message : "STATE MODULE PIN TITLE [SECONDS…]");
      return 2;
    }
  session = ear_sign_in (argv[1], argv[2], argv[3], &error);
  play = session != NULL ? start_play (session, argv[4], &error) : NULL;
  if (play == NULL || !hear (play, (guint)n_hammer, argv + 5, &error))
    {
      g_printerr ("hear: %s\n", error->message);
      return 1;
    }
  return 0;
}
