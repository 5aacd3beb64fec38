#include "ui/spectrogram.h"

#include <math.h>
#include <string.h>

#include <glib/gi18n.h>

#include "ui/ear.h"

#define BANDS CANTIGA_SPECTRUM_BANDS
#define SECONDS 20
#define COLUMNS_A_SECOND 30
#define COLUMNS (SECONDS * COLUMNS_A_SECOND)
#define SHADES 256
#define GUTTER 38 /* for the scale's labels */
#define BYTES_A_PIXEL 4

struct _CantigaSpectrogram
{
  GtkWidget parent_instance;

  /* owned */
  CantigaEar *ear;
  GdkTexture *texture; /* of the ring as it is; NULL when stale */
  char *pointed;
  guint8 *ring; /* BANDS rows of COLUMNS pixels, the highest pitch first; B, G, R, A */

  guint newest; /* column written last */
  gint64 heard_at;
  double pointed_y; /* −1: nowhere */
  float levels[BANDS];
};

enum
{
  PROP_POINTED = 1,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (CantigaSpectrogram, cantiga_spectrogram, GTK_TYPE_WIDGET)

/* ---- colours ---- */

/* From dark ground through the brand's garnet to warm white: each step as much lighter as the one before. */
static const struct
{
  float at, red, green, blue;
} stops[] = {
  { 0.00f, 22, 17, 19 }, { 0.22f, 66, 16, 36 }, { 0.42f, 139, 30, 63 }, { 0.62f, 205, 72, 72 }, { 0.80f, 240, 148, 104 }, { 1.00f, 255, 244, 228 },
};

static guint8
mix (float a, float b, float share)
{
  return (guint8)(a + (b - a) * share + 0.5f);
}

static const guint8 *
get_shades (void)
{
  static guint8 shades[SHADES][BYTES_A_PIXEL];
  static gsize made;

  if (g_once_init_enter (&made))
    {
      for (guint i = 0, s = 0; i < SHADES; i++)
        {
          float at = (float)i / (SHADES - 1), share;

          while (s + 2 < G_N_ELEMENTS (stops) && at > stops[s + 1].at)
            s++;
          share = (at - stops[s].at) / (stops[s + 1].at - stops[s].at);
          shades[i][0] = mix (stops[s].blue, stops[s + 1].blue, share);
          shades[i][1] = mix (stops[s].green, stops[s + 1].green, share);
          shades[i][2] = mix (stops[s].red, stops[s + 1].red, share);
          shades[i][3] = 255;
        }
      g_once_init_leave (&made, 1);
    }
  return &shades[0][0];
}

/* ---- what is heard ---- */

static void
write_column (CantigaSpectrogram *self, const float *levels)
{
  const guint8 *shades = get_shades ();

  self->newest = (self->newest + 1) % COLUMNS;
  for (guint i = 0; i < BANDS; i++)
    {
      float share = CLAMP (1 - levels[i] / CANTIGA_SPECTRUM_FLOOR, 0, 1);
      guint shade = (guint)(share * (SHADES - 1) + 0.5f);

      memcpy (self->ring + ((BANDS - 1 - i) * COLUMNS + self->newest) * BYTES_A_PIXEL, shades + shade * BYTES_A_PIXEL, BYTES_A_PIXEL);
    }
}

/* Time moves on evenly, however often something is heard. */
static void
heard_cb (GtkWidget *widget, const float *levels, guint n)
{
  CantigaSpectrogram *self = CANTIGA_SPECTROGRAM (widget);
  gint64 column = G_USEC_PER_SEC / COLUMNS_A_SECOND, now = g_get_monotonic_time ();

  if (n < BANDS)
    return;
  memcpy (self->levels, levels, sizeof self->levels);
  if (now - self->heard_at > G_USEC_PER_SEC)
    self->heard_at = now - column;
  for (; self->heard_at + column <= now; self->heard_at += column)
    write_column (self, levels);
  g_clear_object (&self->texture);
  gtk_widget_queue_draw (widget);
}

void
cantiga_spectrogram_set_queue (CantigaSpectrogram *self, CantigaQueue *queue)
{
  cantiga_ear_set_queue (self->ear, queue);
}

/* The ring laid out straight: the oldest column first. */
static GdkTexture *
make_texture (CantigaSpectrogram *self)
{
  gsize stride = COLUMNS * BYTES_A_PIXEL, oldest = ((gsize)(self->newest + 1) % COLUMNS) * BYTES_A_PIXEL;
  guint8 *pixels = g_malloc (stride * BANDS);
  g_autoptr (GBytes) bytes = NULL;

  for (gsize row = 0; row < BANDS; row++)
    {
      memcpy (pixels + row * stride, self->ring + row * stride + oldest, stride - oldest);
      memcpy (pixels + row * stride + stride - oldest, self->ring + row * stride, oldest);
    }
  bytes = g_bytes_new_take (pixels, stride * BANDS);
  return gdk_memory_texture_new (COLUMNS, BANDS, GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, bytes, stride);
}

/* ---- how it looks ---- */

static void
snapshot_label (CantigaSpectrogram *self, GtkSnapshot *snapshot, double frequency, const char *text)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);
  float height = gtk_widget_get_height (GTK_WIDGET (self));
  float y = height * (1 - (float)(cantiga_ear_get_band (frequency) / BANDS));
  GdkRGBA colour;
  int text_width, text_height;

  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &colour);
  pango_layout_get_pixel_size (layout, &text_width, &text_height);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (GUTTER - 8 - text_width, CLAMP (y - text_height / 2.0f, 0, height - text_height)));
  gtk_snapshot_append_layout (snapshot, layout, &colour);
  gtk_snapshot_restore (snapshot);
  gtk_snapshot_append_color (snapshot, &colour, &GRAPHENE_RECT_INIT (GUTTER - 5, roundf (y), 4, 1));
}

static void
cantiga_spectrogram_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  CantigaSpectrogram *self = CANTIGA_SPECTROGRAM (widget);
  float width = gtk_widget_get_width (widget) - GUTTER, height = gtk_widget_get_height (widget);
  GskRoundedRect outline;

  if (width <= 0 || height <= 0)
    return;
  if (self->texture == NULL)
    self->texture = make_texture (self);
  gsk_rounded_rect_init_from_rect (&outline, &GRAPHENE_RECT_INIT (GUTTER, 0, width, height), 6);
  gtk_snapshot_push_rounded_clip (snapshot, &outline);
  gtk_snapshot_append_texture (snapshot, self->texture, &GRAPHENE_RECT_INIT (GUTTER, 0, width, height));
  if (self->pointed_y >= 0)
    gtk_snapshot_append_color (snapshot, &(GdkRGBA){ 1, 1, 1, 0.5f }, &GRAPHENE_RECT_INIT (GUTTER, roundf ((float)self->pointed_y), width, 1));
  gtk_snapshot_pop (snapshot);
  snapshot_label (self, snapshot, 100, "100");
  snapshot_label (self, snapshot, 1000, "1k");
  snapshot_label (self, snapshot, 10000, "10k");
}

static void
cantiga_spectrogram_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                             int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_VERTICAL ? 96 : GUTTER;
  *natural = orientation == GTK_ORIENTATION_VERTICAL ? 160 : 320;
}

/* ---- what is pointed at ---- */

static void
point_at (CantigaSpectrogram *self, double y)
{
  int height = gtk_widget_get_height (GTK_WIDGET (self));
  double band = height > 0 ? (1 - y / height) * BANDS : 0;

  self->pointed_y = y;
  g_free (self->pointed);
  self->pointed = y < 0 ? g_strdup ("") : cantiga_ear_dup_words (cantiga_ear_get_frequency (band), self->levels[CLAMP ((int)band, 0, BANDS - 1)]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_POINTED]);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
motion_cb (CantigaSpectrogram *self, double x, double y)
{
  point_at (self, CLAMP (y, 0, gtk_widget_get_height (GTK_WIDGET (self)) - 1));
}

static void
leave_cb (CantigaSpectrogram *self)
{
  point_at (self, -1);
}

/* ---- the widget ---- */

static void
cantiga_spectrogram_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_string (value, CANTIGA_SPECTROGRAM (object)->pointed);
}

static void
cantiga_spectrogram_dispose (GObject *object)
{
  CantigaSpectrogram *self = CANTIGA_SPECTROGRAM (object);

  g_clear_pointer (&self->ear, cantiga_ear_free);
  g_clear_object (&self->texture);
  g_clear_pointer (&self->pointed, g_free);
  g_clear_pointer (&self->ring, g_free);
  G_OBJECT_CLASS (cantiga_spectrogram_parent_class)->dispose (object);
}

static void
cantiga_spectrogram_class_init (CantigaSpectrogramClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = cantiga_spectrogram_dispose;
  object_class->get_property = cantiga_spectrogram_get_property;
  widget_class->snapshot = cantiga_spectrogram_snapshot;
  widget_class->measure = cantiga_spectrogram_measure;
  props[PROP_POINTED] = g_param_spec_string ("pointed", NULL, NULL, "", G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
  gtk_widget_class_set_css_name (widget_class, "spectrogram");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
cantiga_spectrogram_init (CantigaSpectrogram *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new ();
  const guint8 *shades = get_shades ();

  self->ear = cantiga_ear_new (GTK_WIDGET (self), heard_cb);
  self->pointed = g_strdup ("");
  self->pointed_y = -1;
  self->ring = g_malloc (COLUMNS * BANDS * BYTES_A_PIXEL);
  for (guint i = 0; i < COLUMNS * BANDS; i++)
    memcpy (self->ring + (gsize)i * BYTES_A_PIXEL, shades, BYTES_A_PIXEL);
  for (guint i = 0; i < BANDS; i++)
    self->levels[i] = CANTIGA_SPECTRUM_FLOOR;
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Spectrogram of what is playing"), -1);
  g_signal_connect_swapped (motion, "motion", G_CALLBACK (motion_cb), self);
  g_signal_connect_swapped (motion, "leave", G_CALLBACK (leave_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
}
