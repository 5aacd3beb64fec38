/* cantiga-tags FILE: reads tags, duration and cover of a stranger's file with GStreamer, and says them as one JSON object on stdout.
 *
 * It is a process of its own because GStreamer's parsers meet files from anywhere here: it holds no key, has limits on memory and time, and may crash
 * alone. Exit code 0, or 1 with the reason on stderr. */
#include <locale.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <gst/gst.h>
#include <gst/pbutils/pbutils.h>
#include <gst/tag/tag.h>
#include <json-glib/json-glib.h>

#define SECONDS_MAX 30
#define MEMORY_MAX (2ull * 1024 * 1024 * 1024)
#define COVER_MAX (4 * 1024 * 1024)

static void
limit_oneself (void)
{
  G_GNUC_UNUSED const struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };
  const struct rlimit time = { 2 * SECONDS_MAX, 2 * SECONDS_MAX };
  const struct rlimit none = { 0, 0 };

#ifndef __SANITIZE_ADDRESS__ /* which reserves terabytes of addresses */
  (void)!setrlimit (RLIMIT_AS, &memory);
#endif
  (void)!setrlimit (RLIMIT_CPU, &time);
  (void)!setrlimit (RLIMIT_CORE, &none);
  (void)!prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  (void)!prctl (PR_SET_PDEATHSIG, SIGKILL);
}

/* GStreamer's name of a container or bare stream → the media type that the field uses, for sound alone and with pictures. */
static const struct
{
  const char *caps;
  const char *audio;
  const char *video;
} types[] = {
  { "audio/mpeg", "audio/mpeg", NULL },
  { "application/x-id3", "audio/mpeg", NULL },
  { "application/ogg", "audio/ogg", "video/ogg" },
  { "audio/ogg", "audio/ogg", "video/ogg" },
  { "video/ogg", "audio/ogg", "video/ogg" },
  { "audio/x-flac", "audio/flac", NULL },
  { "audio/x-wav", "audio/x-wav", NULL },
  { "video/quicktime", "audio/mp4", "video/mp4" },
  { "audio/x-m4a", "audio/mp4", "video/mp4" },
  { "video/webm", "audio/webm", "video/webm" },
  { "audio/webm", "audio/webm", "video/webm" },
  { "video/x-matroska", "audio/x-matroska", "video/x-matroska" },
  { "audio/x-matroska", "audio/x-matroska", "video/x-matroska" },
};

static const char *
name_type (const char *caps, gboolean video)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (types[i].caps, caps))
      return video && types[i].video != NULL ? types[i].video : types[i].audio;
  return caps;
}

/* Whether there is a moving picture; a cover counts as an image. */
static gboolean
has_video (GstDiscovererInfo *info)
{
  GList *streams = gst_discoverer_info_get_video_streams (info);
  gboolean found = FALSE;

  for (GList *at = streams; at != NULL; at = at->next)
    found |= !gst_discoverer_video_info_is_image (at->data);
  gst_discoverer_stream_info_list_free (streams);
  return found;
}

static gboolean
has_audio (GstDiscovererInfo *info)
{
  GList *streams = gst_discoverer_info_get_audio_streams (info);
  gboolean found = streams != NULL;

  gst_discoverer_stream_info_list_free (streams);
  return found;
}

static char *
dup_caps_name (GstDiscovererInfo *info)
{
  g_autoptr (GstDiscovererStreamInfo) stream = gst_discoverer_info_get_stream_info (info);
  g_autoptr (GstCaps) caps = stream != NULL ? gst_discoverer_stream_info_get_caps (stream) : NULL;

  if (caps == NULL || gst_caps_is_empty (caps) || gst_caps_is_any (caps))
    return NULL;
  return g_strdup (gst_structure_get_name (gst_caps_get_structure (caps, 0)));
}

/* A film is called what it says of itself, or its picture: its sounds are called "Stereo" or "Comments". */
static char *
dup_text (GstDiscovererInfo *info, const char *tag)
{
  g_autoptr (GstDiscovererStreamInfo) whole = gst_discoverer_info_get_stream_info (info);
  GList *pictures = gst_discoverer_info_get_video_streams (info);
  const GstTagList *lists[2] = { gst_discoverer_info_get_tags (info), NULL };
  char *text = NULL;

  if (GST_IS_DISCOVERER_CONTAINER_INFO (whole) && has_video (info))
    {
      lists[0] = gst_discoverer_container_info_get_tags (GST_DISCOVERER_CONTAINER_INFO (whole));
      lists[1] = gst_discoverer_stream_info_get_tags (pictures->data);
    }
  for (guint i = 0; i < G_N_ELEMENTS (lists) && text == NULL; i++)
    if (lists[i] != NULL)
      gst_tag_list_get_string (lists[i], tag, &text);
  gst_discoverer_stream_info_list_free (pictures);
  return text;
}

static void
set_text (JsonObject *object, const char *member, GstDiscovererInfo *info, const char *tag)
{
  g_autofree char *text = dup_text (info, tag);

  json_object_set_string_member (object, member, text != NULL ? text : "");
}

/* The date that somebody tagged; M4A files tell when they were made as a date with time, which is no year of the music. */
static guint
get_year (const GstTagList *tags)
{
  g_autoptr (GstDateTime) moment = NULL;
  g_autoptr (GDate) date = NULL;

  if (gst_tag_list_get_date (tags, GST_TAG_DATE, &date) && g_date_valid (date))
    return g_date_get_year (date);
  if (gst_tag_list_get_date_time (tags, GST_TAG_DATE_TIME, &moment) && gst_date_time_has_year (moment) && !gst_date_time_has_time (moment))
    return (guint)gst_date_time_get_year (moment);
  return 0;
}

static void
set_numbers (JsonObject *object, const GstTagList *tags)
{
  guint track = 0;

  if (tags != NULL)
    gst_tag_list_get_uint (tags, GST_TAG_TRACK_NUMBER, &track);
  json_object_set_int_member (object, "track", track);
  json_object_set_int_member (object, "year", tags != NULL ? get_year (tags) : 0);
}

/* The front cover if one says that it is; else the first picture. */
static GstSample *
get_cover (const GstTagList *tags)
{
  GstSample *cover = NULL;
  GstSample *sample;

  for (guint i = 0; tags != NULL && gst_tag_list_get_sample_index (tags, GST_TAG_IMAGE, i, &sample); i++)
    {
      const GstStructure *info = gst_sample_get_info (sample);
      int kind = GST_TAG_IMAGE_TYPE_UNDEFINED;

      if (info != NULL)
        gst_structure_get_enum (info, "image-type", GST_TYPE_TAG_IMAGE_TYPE, &kind);
      if (cover == NULL || kind == GST_TAG_IMAGE_TYPE_FRONT_COVER)
        {
          g_clear_pointer (&cover, gst_sample_unref);
          cover = gst_sample_ref (sample);
        }
      gst_sample_unref (sample);
    }
  if (cover == NULL && tags != NULL)
    gst_tag_list_get_sample (tags, GST_TAG_PREVIEW_IMAGE, &cover);
  return cover;
}

static void
set_cover (JsonObject *object, const GstTagList *tags)
{
  g_autoptr (GstSample) cover = get_cover (tags);
  GstBuffer *buffer = cover != NULL ? gst_sample_get_buffer (cover) : NULL;
  GstCaps *caps = cover != NULL ? gst_sample_get_caps (cover) : NULL;
  g_autofree char *text = NULL;
  GstMapInfo map;

  if (buffer == NULL || caps == NULL || gst_caps_is_empty (caps) || gst_buffer_get_size (buffer) > COVER_MAX
      || !gst_buffer_map (buffer, &map, GST_MAP_READ))
    return;
  text = g_base64_encode (map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  json_object_set_string_member (object, "cover_type", gst_structure_get_name (gst_caps_get_structure (caps, 0)));
  json_object_set_string_member (object, "cover", text);
}

static JsonObject *
describe (GstDiscovererInfo *info, GError **error)
{
  const GstTagList *tags = gst_discoverer_info_get_tags (info);
  g_autofree char *caps = dup_caps_name (info);
  JsonObject *object;

  if (caps == NULL || (!has_audio (info) && !has_video (info)))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "it holds neither sound nor moving pictures");
      return NULL;
    }
  object = json_object_new ();
  set_text (object, "name", info, GST_TAG_TITLE);
  set_text (object, "artist", info, GST_TAG_ARTIST);
  set_text (object, "album", info, GST_TAG_ALBUM);
  set_numbers (object, tags);
  json_object_set_double_member (object, "duration", (double)gst_discoverer_info_get_duration (info) / GST_SECOND);
  json_object_set_string_member (object, "type", name_type (caps, has_video (info)));
  set_cover (object, tags);
  return object;
}

static JsonObject *
discover (const char *path, GError **error)
{
  g_autoptr (GstDiscoverer) discoverer = gst_discoverer_new (SECONDS_MAX * GST_SECOND, error);
  g_autofree char *uri = discoverer != NULL ? gst_filename_to_uri (path, error) : NULL;
  g_autoptr (GstDiscovererInfo) info = uri != NULL ? gst_discoverer_discover_uri (discoverer, uri, error) : NULL;

  if (info == NULL)
    return NULL;
  if (gst_discoverer_info_get_result (info) == GST_DISCOVERER_OK)
    return describe (info, error);
  if (error != NULL && *error == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "it cannot be decoded");
  return NULL;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *text = NULL;

  setlocale (LC_ALL, "C.UTF-8");
  limit_oneself ();
  if (argc != 2 || !gst_init_check (NULL, NULL, &error))
    {
      g_printerr ("usage: cantiga-tags FILE%s%s\n", error != NULL ? ": " : "", error != NULL ? error->message : "");
      return 1;
    }
  object = discover (argv[1], &error);
  if (object == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_set_object (node, object);
  text = json_to_string (node, FALSE);
  g_print ("%s\n", text);
  return 0;
}
