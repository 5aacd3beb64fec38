#include "data/demo/pipeline.h"

#include "core/error.h"

#include <gst/app/gstappsrc.h>

#define PATIENCE (60 * GST_SECOND) /* in which nothing at all is taken from the source */

GstElement *
cantiga_pipeline_create (const char *description, GError **error)
{
  g_autoptr (GError) reason = NULL;
  GstElement *pipeline = gst_parse_launch_full (description, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &reason);

  if (pipeline == NULL)
    cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "%s (is a GStreamer plug-in missing?)", reason->message);
  return pipeline != NULL ? gst_object_ref_sink (pipeline) : NULL;
}

static void
push_all (GstAppSrc *source, GBytes *content, gsize chunk, GstClockTime duration)
{
  gsize size = g_bytes_get_size (content);
  GstClockTime at = 0;

  for (gsize offset = 0; offset < size; offset += chunk)
    {
      g_autoptr (GBytes) part = g_bytes_new_from_bytes (content, offset, MIN (chunk, size - offset));
      GstBuffer *buffer = gst_buffer_new_wrapped_bytes (part);

      GST_BUFFER_PTS (buffer) = at;
      GST_BUFFER_DURATION (buffer) = gst_util_uint64_scale (duration, g_bytes_get_size (part), chunk);
      at += GST_BUFFER_DURATION (buffer);
      gst_app_src_push_buffer (source, buffer);
    }
  gst_app_src_end_of_stream (source);
}

/* The last message; NULL if the pipeline came no further. A busy machine may take minutes for what takes a second on another. */
static GstMessage *
wait_for_message (GstElement *pipeline, GstAppSrc *source)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  guint64 left = G_MAXUINT64, before;
  GstMessage *message;

  do
    {
      message = gst_bus_timed_pop_filtered (bus, PATIENCE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
      before = left;
      left = gst_app_src_get_current_level_bytes (source);
    }
  while (message == NULL && left < before);
  return message;
}

static gboolean
wait_for_end (GstElement *pipeline, GstAppSrc *source, GError **error)
{
  g_autoptr (GstMessage) message = wait_for_message (pipeline, source);
  g_autoptr (GError) reason = NULL;

  if (message == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "The encoder stands still.");
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
    return TRUE;
  gst_message_parse_error (message, &reason, NULL);
  return cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "%s", reason->message);
}

gboolean
cantiga_pipeline_run (GstElement *pipeline, const char *caps, GBytes *content, gsize chunk, GstClockTime duration, GError **error)
{
  g_autoptr (GstElement) source = gst_bin_get_by_name (GST_BIN (pipeline), "in");
  g_autoptr (GstCaps) shape = gst_caps_from_string (caps);

  g_object_set (source, "caps", shape, "format", GST_FORMAT_TIME, "max-bytes", (guint64)0, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  push_all (GST_APP_SRC (source), content, chunk, duration);
  if (wait_for_end (pipeline, GST_APP_SRC (source), error))
    return TRUE;
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return FALSE;
}
