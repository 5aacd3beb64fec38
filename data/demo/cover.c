#include "data/demo/cover.h"

#include "core/error.h"
#include "data/demo/pipeline.h"

#include <gst/app/gstappsink.h>
#include <gst/tag/tag.h>
#include <math.h>

#define FINE 3 /* points a pixel, each way */

enum
{
  GROUND,
  PETAL,
  LIGHT,
  LINE,
};

/* Distance from the centre of the nearest of n circles whose centres stand on a ring. */
static double
from_nearest (double radius, double angle, guint n, double ring, double turn)
{
  double step = 2 * G_PI / n;
  double off = fmod (fmod (angle + turn, step) + step, step) - step / 2;

  return hypot (radius * cos (off) - ring, radius * sin (off));
}

/* Which colour a point has; the rosette's outer radius is 1. */
static guint
colour_at (double x, double y, guint petals)
{
  double radius = hypot (x, y);
  double angle = atan2 (y, x);
  double width = 0.62 * sin (G_PI / petals);
  double petal = from_nearest (radius, angle, petals, 0.62, 0);
  double bead = from_nearest (radius, angle, petals * 2, 0.93, G_PI / (petals * 2));

  if (radius > 1.08)
    return fabs (MAX (fabs (x), fabs (y)) - 1.2) < 0.012 ? LIGHT : GROUND;
  if (radius > 1.05 || (radius > 0.80 && radius < 0.82))
    return LINE;
  if (radius > 0.82)
    return bead < 0.055 ? LIGHT : PETAL;
  if (petal < width * 0.45)
    return LIGHT;
  if (petal < width * 0.92)
    return PETAL;
  if (petal < width)
    return LINE;
  if (radius < 0.26)
    return radius > 0.23 ? LINE : radius < 0.1 ? PETAL : LIGHT;
  return GROUND;
}

static void
draw_pixel (const CantigaScore *score, guint column, guint row, guint8 *pixel)
{
  guint sum[3] = { 0, 0, 0 };

  for (guint i = 0; i < FINE * FINE; i++)
    {
      double x = (column + (i % FINE + 0.5) / FINE) / CANTIGA_COVER_SIDE * 2.6 - 1.3;
      double y = (row + (i / FINE + 0.5) / FINE) / CANTIGA_COVER_SIDE * 2.6 - 1.3;
      guint32 colour = score->colours[colour_at (x, y, score->petals)];

      sum[0] += colour >> 16 & 0xff;
      sum[1] += colour >> 8 & 0xff;
      sum[2] += colour & 0xff;
    }
  for (guint i = 0; i < 3; i++)
    pixel[i] = (guint8)(sum[i] / (FINE * FINE));
}

static GBytes *
draw (const CantigaScore *score)
{
  gsize size = 3 * CANTIGA_COVER_SIDE * CANTIGA_COVER_SIDE;
  guint8 *pixels = g_malloc (size);

  for (guint row = 0; row < CANTIGA_COVER_SIDE; row++)
    for (guint column = 0; column < CANTIGA_COVER_SIDE; column++)
      draw_pixel (score, column, row, pixels + 3 * (row * CANTIGA_COVER_SIDE + column));
  return g_bytes_new_take (pixels, size);
}

static GstSample *
tagged_image (GstSample *encoded)
{
  GstBuffer *buffer = gst_sample_get_buffer (encoded);
  GstMapInfo map;
  GstSample *image;

  g_assert (gst_buffer_map (buffer, &map, GST_MAP_READ));
  image = gst_tag_image_data_to_image_sample (map.data, (guint)map.size, GST_TAG_IMAGE_TYPE_FRONT_COVER);
  gst_buffer_unmap (buffer, &map);
  return image;
}

GstSample *
cantiga_cover_create (const CantigaScore *score, GError **error)
{
  const char *encoder = g_str_equal (score->cover_format, "jpeg") ? "jpegenc quality=90" : "pngenc snapshot=true compression-level=9";
  g_autofree char *description
      = g_strdup_printf ("appsrc name=in ! videoconvert dither=none ! %s ! appsink name=out sync=false wait-on-eos=false", encoder);
  g_autofree char *caps = g_strdup_printf ("video/x-raw,format=RGB,width=%d,height=%d,framerate=1/1", CANTIGA_COVER_SIDE, CANTIGA_COVER_SIDE);
  g_autoptr (GstElement) pipeline = cantiga_pipeline_create (description, error);
  g_autoptr (GBytes) pixels = NULL;
  g_autoptr (GstElement) out = NULL;
  g_autoptr (GstSample) encoded = NULL;

  if (pipeline == NULL)
    return NULL;
  pixels = draw (score);
  if (!cantiga_pipeline_run (pipeline, caps, pixels, g_bytes_get_size (pixels), GST_SECOND, error))
    return NULL;
  out = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  encoded = gst_app_sink_try_pull_sample (GST_APP_SINK (out), 0);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  if (encoded == NULL)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "No cover came out of %s.", encoder);
      return NULL;
    }
  return tagged_image (encoded);
}
