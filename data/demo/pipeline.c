#include "data/demo/pipeline.h"

#include "core/error.h"

#include <gst/app/gstappsrc.h>

#define PATIENCE (60 * GST_SECOND) /* without any message from the pipeline */

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

static gboolean
wait_for_end (GstElement *pipeline, GError **error)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus, PATIENCE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
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
  if (wait_for_end (pipeline, error))
    return TRUE;
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return FALSE;
}
