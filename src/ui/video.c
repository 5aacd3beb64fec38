#include "ui/video.h"

#include <gst/app/gstappsink.h>
#include <gst/video/video.h>

/* ---- a paintable of the newest frame ---- */

#define CANTIGA_TYPE_FRAMES (cantiga_frames_get_type ())
G_DECLARE_FINAL_TYPE (CantigaFrames, cantiga_frames, CANTIGA, FRAMES, GObject)

struct _CantigaFrames
{
  GObject parent_instance;

  GdkTexture *texture; /* owned; what is shown. Thread: main */

  GMutex mutex;       /* keeps these two */
  GdkTexture *newest; /* owned; NULL once it is shown */
  guint showing;

  double aspect; /* of a pixel */
};

static void cantiga_frames_paintable_init (GdkPaintableInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CantigaFrames, cantiga_frames, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (GDK_TYPE_PAINTABLE, cantiga_frames_paintable_init))

static void
frames_snapshot (GdkPaintable *paintable, GdkSnapshot *snapshot, double width, double height)
{
  CantigaFrames *self = CANTIGA_FRAMES (paintable);

  if (self->texture != NULL)
    gdk_paintable_snapshot (GDK_PAINTABLE (self->texture), snapshot, width, height);
}

static int
frames_get_width (GdkPaintable *paintable)
{
  CantigaFrames *self = CANTIGA_FRAMES (paintable);

  return self->texture != NULL ? (int)(gdk_texture_get_width (self->texture) * self->aspect + 0.5) : 0;
}

static int
frames_get_height (GdkPaintable *paintable)
{
  CantigaFrames *self = CANTIGA_FRAMES (paintable);

  return self->texture != NULL ? gdk_texture_get_height (self->texture) : 0;
}

static void
cantiga_frames_paintable_init (GdkPaintableInterface *iface)
{
  iface->snapshot = frames_snapshot;
  iface->get_intrinsic_width = frames_get_width;
  iface->get_intrinsic_height = frames_get_height;
}

static void
cantiga_frames_finalize (GObject *object)
{
  CantigaFrames *self = CANTIGA_FRAMES (object);

  g_clear_object (&self->texture);
  g_clear_object (&self->newest);
  g_mutex_clear (&self->mutex);
  G_OBJECT_CLASS (cantiga_frames_parent_class)->finalize (object);
}

static void
cantiga_frames_class_init (CantigaFramesClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cantiga_frames_finalize;
}

static void
cantiga_frames_init (CantigaFrames *self)
{
  g_mutex_init (&self->mutex);
  self->aspect = 1;
}

/* ---- frames, from GStreamer's threads to the main one ---- */

static gboolean
show_cb (gpointer user_data)
{
  CantigaFrames *self = user_data;
  GdkTexture *former = self->texture, *newest;

  g_mutex_lock (&self->mutex);
  newest = g_steal_pointer (&self->newest);
  self->showing = 0;
  g_mutex_unlock (&self->mutex);
  if (newest == NULL)
    return G_SOURCE_REMOVE;
  self->texture = newest;
  if (former == NULL || gdk_texture_get_width (former) != gdk_texture_get_width (newest)
      || gdk_texture_get_height (former) != gdk_texture_get_height (newest))
    gdk_paintable_invalidate_size (GDK_PAINTABLE (self));
  gdk_paintable_invalidate_contents (GDK_PAINTABLE (self));
  g_clear_object (&former);
  return G_SOURCE_REMOVE;
}

/* Frames that come faster than they are shown take each other's place. */
static void
give (CantigaFrames *self, GdkTexture *texture, double aspect)
{
  g_mutex_lock (&self->mutex);
  g_clear_object (&self->newest);
  self->newest = texture;
  self->aspect = aspect;
  if (self->showing == 0)
    self->showing = g_idle_add_full (G_PRIORITY_HIGH_IDLE, show_cb, g_object_ref (self), g_object_unref);
  g_mutex_unlock (&self->mutex);
}

static void
take_sample (CantigaFrames *self, GstSample *sample)
{
  GstVideoInfo info;
  GstVideoFrame frame;
  g_autoptr (GBytes) bytes = NULL;

  if (sample == NULL || !gst_video_info_from_caps (&info, gst_sample_get_caps (sample))
      || !gst_video_frame_map (&frame, &info, gst_sample_get_buffer (sample), GST_MAP_READ))
    return;
  bytes = g_bytes_new (GST_VIDEO_FRAME_PLANE_DATA (&frame, 0),
                       (gsize)GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0) * (gsize)GST_VIDEO_FRAME_HEIGHT (&frame));
  give (self,
        gdk_memory_texture_new (GST_VIDEO_FRAME_WIDTH (&frame), GST_VIDEO_FRAME_HEIGHT (&frame), GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, bytes,
                                (gsize)GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0)),
        (double)GST_VIDEO_INFO_PAR_N (&info) / GST_VIDEO_INFO_PAR_D (&info));
  gst_video_frame_unmap (&frame);
}

static GstFlowReturn
sample_cb (GstAppSink *sink, gpointer self)
{
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);

  take_sample (self, sample);
  return GST_FLOW_OK;
}

static GstFlowReturn
preroll_cb (GstAppSink *sink, gpointer self)
{
  g_autoptr (GstSample) sample = gst_app_sink_pull_preroll (sink);

  take_sample (self, sample);
  return GST_FLOW_OK;
}

/* ---- the sink ---- */

/* Turns what a telephone filmed upright, as the film says. It belongs to what a player needs anyway; without it, films lie. */
static void
link_turned (GstElement *bin, GstElement *convert, GstElement *sink)
{
  GstElement *turn = gst_element_factory_make ("videoflip", NULL);

  gst_bin_add_many (GST_BIN (bin), convert, sink, NULL);
  if (turn == NULL)
    {
      gst_element_link (convert, sink);
      return;
    }
  gst_util_set_object_arg (G_OBJECT (turn), "video-direction", "auto");
  gst_bin_add (GST_BIN (bin), turn);
  gst_element_link_many (convert, turn, sink, NULL);
}

static GstElement *
put_before (GstElement *sink)
{
  GstElement *convert = gst_element_factory_make ("videoconvert", NULL);
  GstElement *bin = convert != NULL ? gst_bin_new (NULL) : NULL;
  g_autoptr (GstPad) pad = NULL;

  if (bin == NULL)
    {
      gst_object_unref (gst_object_ref_sink (sink));
      return NULL;
    }
  link_turned (bin, convert, sink);
  pad = gst_element_get_static_pad (convert, "sink");
  gst_element_add_pad (bin, gst_ghost_pad_new ("sink", pad));
  return bin;
}

static GstElement *
make_frames (GdkPaintable **ret_paintable)
{
  GstElement *sink = gst_element_factory_make ("appsink", NULL), *bin;
  CantigaFrames *frames;
  GstAppSinkCallbacks callbacks = { .new_sample = sample_cb, .new_preroll = preroll_cb };
  g_autoptr (GstCaps) caps = gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, "BGRA", NULL);

  if (sink == NULL)
    return NULL;
  frames = g_object_new (CANTIGA_TYPE_FRAMES, NULL);
  g_object_set (sink, "caps", caps, "max-buffers", 2, "drop", TRUE, "sync", TRUE, "qos", TRUE, NULL);
  gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks, g_object_ref (frames), g_object_unref);
  bin = put_before (sink);
  if (bin == NULL)
    {
      g_object_unref (frames);
      return NULL;
    }
  *ret_paintable = GDK_PAINTABLE (frames);
  return bin;
}

GstElement *
cantiga_video_make_sink (GdkPaintable **ret_paintable)
{
  GstElement *sink = gst_element_factory_make ("gtk4paintablesink", NULL);

  if (sink == NULL)
    return make_frames (ret_paintable);
  g_object_get (sink, "paintable", ret_paintable, NULL);
  return put_before (sink);
}
