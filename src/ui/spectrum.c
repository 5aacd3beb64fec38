#include "ui/spectrum.h"

#include <math.h>

#include <glib/gi18n.h>

#include "ui/ear.h"

#define BANDS CANTIGA_SPECTRUM_BANDS
#define PEAK_FALL 20.0f /* decibels a second */
#define BAR_GAP 2.0f
#define BAR_WIDTH_MIN 3.0f
#define RANGE 70.0f /* decibels shown, below full scale */
#define NOWHERE (-1)

struct _CantigaSpectrum
{
  GtkWidget parent_instance;

  CantigaEar *ear; /* owned */
  char *pointed;   /* owned */

  float levels[BANDS];
  float peaks[BANDS];
  gint64 heard_at;
  int band; /* pointed at, or NOWHERE */
  int height;
};

enum
{
  PROP_POINTED = 1,
  PROP_HEIGHT,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (CantigaSpectrum, cantiga_spectrum, GTK_TYPE_WIDGET)

/* ---- what is heard ---- */

static void
tell_pointed (CantigaSpectrum *self)
{
  g_autofree char *words
      = self->band == NOWHERE ? g_strdup ("") : cantiga_ear_dup_words (cantiga_ear_get_frequency (self->band + 0.5), self->levels[self->band]);

  if (g_strcmp0 (words, self->pointed) == 0)
    return;
  g_free (self->pointed);
  self->pointed = g_steal_pointer (&words);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_POINTED]);
}

static void
heard_cb (GtkWidget *widget, const float *levels, guint n)
{
  CantigaSpectrum *self = CANTIGA_SPECTRUM (widget);
  gint64 now = g_get_monotonic_time ();
  float fall = PEAK_FALL * (float)MIN (now - self->heard_at, G_USEC_PER_SEC) / G_USEC_PER_SEC;

  self->heard_at = now;
  for (guint i = 0; i < MIN (n, BANDS); i++)
    {
      self->levels[i] = levels[i];
      self->peaks[i] = MAX (levels[i], self->peaks[i] - fall);
    }
  if (self->band != NOWHERE)
    tell_pointed (self);
  gtk_widget_queue_draw (widget);
}

void
cantiga_spectrum_set_queue (CantigaSpectrum *self, CantigaQueue *queue)
{
  cantiga_ear_set_queue (self->ear, queue);
}

/* ---- how it looks ---- */

static float
get_share (float level)
{
  return CLAMP ((level + RANGE) / RANGE, 0, 1);
}

/* Bands are put together where they would be too narrow to be seen: the loudest stands for them. */
static float
get_loudest (const float *levels, guint bar, guint bars)
{
  float loudest = CANTIGA_SPECTRUM_FLOOR;

  for (guint i = bar * BANDS / bars; i < MAX ((bar + 1) * BANDS / bars, bar * BANDS / bars + 1); i++)
    loudest = MAX (loudest, levels[i]);
  return loudest;
}

static void
get_colours (CantigaSpectrum *self, GdkRGBA *ret_bar, GdkRGBA *ret_peak)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self));

  if (!gtk_style_context_lookup_color (style, "accent_color", ret_bar))
    gtk_style_context_get_color (style, ret_bar);
  gtk_style_context_get_color (style, ret_peak);
  ret_peak->alpha *= 0.6f;
}

static void
cantiga_spectrum_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  CantigaSpectrum *self = CANTIGA_SPECTRUM (widget);
  float width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  guint bars = (guint)CLAMP (width / (BAR_WIDTH_MIN + BAR_GAP), 1, BANDS);
  float step = width / bars;
  GdkRGBA bar, peak;

  get_colours (self, &bar, &peak);
  for (guint i = 0; i < bars; i++)
    {
      float x = roundf (i * step), own = roundf ((i + 1) * step) - x - BAR_GAP;
      float high = MAX (2, roundf (get_share (get_loudest (self->levels, i, bars)) * height));
      float top = roundf (get_share (get_loudest (self->peaks, i, bars)) * height);

      gtk_snapshot_append_color (snapshot, &bar, &GRAPHENE_RECT_INIT (x, height - high, own, high));
      if (top > high + 2)
        gtk_snapshot_append_color (snapshot, &peak, &GRAPHENE_RECT_INIT (x, height - top, own, 2));
    }
  if (self->band != NOWHERE)
    gtk_snapshot_append_color (snapshot, &peak, &GRAPHENE_RECT_INIT ((self->band + 0.5f) * width / BANDS, 0, 1, height));
}

static void
cantiga_spectrum_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                          int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_VERTICAL ? CANTIGA_SPECTRUM (widget)->height : 0;
  *natural = orientation == GTK_ORIENTATION_VERTICAL ? CANTIGA_SPECTRUM (widget)->height : 280;
}

/* ---- what is pointed at ---- */

static void
point_at (CantigaSpectrum *self, int band)
{
  self->band = band;
  tell_pointed (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
motion_cb (CantigaSpectrum *self, double x, double y)
{
  int width = gtk_widget_get_width (GTK_WIDGET (self));

  if (width > 0)
    point_at (self, CLAMP ((int)(x * BANDS / width), 0, BANDS - 1));
}

static void
leave_cb (CantigaSpectrum *self)
{
  point_at (self, NOWHERE);
}

static gboolean
key_cb (CantigaSpectrum *self, guint key, guint code, GdkModifierType modifiers)
{
  int step = key == GDK_KEY_Left ? -1 : key == GDK_KEY_Right ? 1 : 0;

  if (step == 0 || (modifiers & gtk_accelerator_get_default_mod_mask ()) != 0)
    return GDK_EVENT_PROPAGATE;
  point_at (self, self->band == NOWHERE ? BANDS / 2 : CLAMP (self->band + step, 0, BANDS - 1));
  return GDK_EVENT_STOP;
}

/* ---- the widget ---- */

static void
cantiga_spectrum_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_POINTED)
    g_value_set_string (value, CANTIGA_SPECTRUM (object)->pointed);
  else
    g_value_set_int (value, CANTIGA_SPECTRUM (object)->height);
}

static void
cantiga_spectrum_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CANTIGA_SPECTRUM (object)->height = g_value_get_int (value);
  gtk_widget_queue_resize (GTK_WIDGET (object));
}

static void
cantiga_spectrum_dispose (GObject *object)
{
  g_clear_pointer (&CANTIGA_SPECTRUM (object)->ear, cantiga_ear_free);
  g_clear_pointer (&CANTIGA_SPECTRUM (object)->pointed, g_free);
  G_OBJECT_CLASS (cantiga_spectrum_parent_class)->dispose (object);
}

static void
cantiga_spectrum_class_init (CantigaSpectrumClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = cantiga_spectrum_dispose;
  object_class->get_property = cantiga_spectrum_get_property;
  object_class->set_property = cantiga_spectrum_set_property;
  widget_class->snapshot = cantiga_spectrum_snapshot;
  widget_class->measure = cantiga_spectrum_measure;
  props[PROP_POINTED] = g_param_spec_string ("pointed", NULL, NULL, "", G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_HEIGHT] = g_param_spec_int ("height", NULL, NULL, 8, 512, 48, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
  gtk_widget_class_set_css_name (widget_class, "spectrum");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
add_controllers (CantigaSpectrum *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new (), *keys = gtk_event_controller_key_new ();
  GtkEventController *focus = gtk_event_controller_focus_new ();

  g_signal_connect_swapped (motion, "motion", G_CALLBACK (motion_cb), self);
  g_signal_connect_swapped (motion, "leave", G_CALLBACK (leave_cb), self);
  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (key_cb), self);
  g_signal_connect_swapped (focus, "leave", G_CALLBACK (leave_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
  gtk_widget_add_controller (GTK_WIDGET (self), focus);
}

static void
cantiga_spectrum_init (CantigaSpectrum *self)
{
  self->ear = cantiga_ear_new (GTK_WIDGET (self), heard_cb);
  self->pointed = g_strdup ("");
  self->height = 48;
  self->band = NOWHERE;
  for (guint i = 0; i < BANDS; i++)
    self->levels[i] = self->peaks[i] = CANTIGA_SPECTRUM_FLOOR;
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Spectrum of what is playing"), -1);
  add_controllers (self);
}
