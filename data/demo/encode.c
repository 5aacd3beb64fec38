#include "data/demo/encode.h"

#include "core/error.h"
#include "data/demo/pipeline.h"
#include "data/demo/sound.h"

/* The element named "tags" is the one that writes them. */
static const struct
{
  const char *extension;
  const char *elements;
} formats[] = {
  { ".mp3", "lamemp3enc target=bitrate bitrate=160 cbr=true ! xingmux ! id3mux name=tags" },
  { ".ogg", "vorbisenc quality=0.5 name=tags ! oggmux" },
  { ".opus", "opusenc bitrate=96000 name=tags ! oggmux" },
  { ".flac", "flacenc name=tags" },
  { ".m4a", "mp4mux name=tags" },
  { ".wav", "wavenc name=tags" },
};

static const char *
find_elements (const char *path)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_str_has_suffix (path, formats[i].extension))
      return formats[i].elements;
  return NULL;
}

static gboolean
is_there (const char *element)
{
  g_autoptr (GstElementFactory) factory = gst_element_factory_find (element);

  return factory != NULL;
}

/* Which AAC encoder a machine has differs. */
static char *
describe_m4a (const char *muxer, CantigaMoov moov)
{
  const char *encoder = is_there ("fdkaacenc") ? "fdkaacenc" : is_there ("avenc_aac") ? "avenc_aac" : "voaacenc";

  return g_strdup_printf ("%s bitrate=128000 ! %s faststart=%s", encoder, muxer, moov == CANTIGA_MOOV_FIRST ? "true" : "false");
}

static void
set_up (GstElement *pipeline, const GstTagList *tags, const char *path)
{
  g_autoptr (GstElement) tagger = gst_bin_get_by_name (GST_BIN (pipeline), "tags");
  g_autoptr (GstElement) out = gst_bin_get_by_name (GST_BIN (pipeline), "out");

  gst_tag_setter_merge_tags (GST_TAG_SETTER (tagger), tags, GST_TAG_MERGE_REPLACE_ALL);
  g_object_set (out, "location", path, NULL);
}

gboolean
cantiga_encode (GBytes *samples, const GstTagList *tags, CantigaMoov moov, const char *path, GError **error)
{
  const char *known = find_elements (path);
  gboolean m4a = known != NULL && g_str_has_suffix (path, ".m4a");
  g_autofree char *elements = m4a ? describe_m4a (known, moov) : g_strdup (known);
  g_autofree char *description = NULL;
  g_autofree char *caps = NULL;
  g_autoptr (GstElement) pipeline = NULL;
  gsize second = CANTIGA_SOUND_RATE * CANTIGA_SOUND_CHANNELS * sizeof (gint16);

  if (elements == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "%s ends in none of .mp3 .ogg .opus .flac .m4a .wav.", path);
  description = g_strdup_printf ("appsrc name=in ! audioconvert dithering=none ! %s ! filesink name=out", elements);
  pipeline = cantiga_pipeline_create (description, error);
  if (pipeline == NULL)
    return FALSE;
  set_up (pipeline, tags, path);
  caps = g_strdup_printf ("audio/x-raw,format=S16LE,layout=interleaved,rate=%d,channels=%d", CANTIGA_SOUND_RATE, CANTIGA_SOUND_CHANNELS);
  if (!cantiga_pipeline_run (pipeline, caps, samples, second, GST_SECOND, error))
    return FALSE;
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return TRUE;
}
