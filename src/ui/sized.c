#include "ui/sized.h"

struct _CantigaSized
{
  GtkWidget parent_instance;

  int width;
  int height;
};

G_DEFINE_FINAL_TYPE (CantigaSized, cantiga_sized, GTK_TYPE_WIDGET)

static guint sized_signal;

static GtkSizeRequestMode
cantiga_sized_get_request_mode (GtkWidget *widget)
{
  GtkWidget *child = gtk_widget_get_first_child (widget);

  return child != NULL ? gtk_widget_get_request_mode (child) : GTK_SIZE_REQUEST_CONSTANT_SIZE;
}

static void
cantiga_sized_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                       int *natural_baseline)
{
  GtkWidget *child = gtk_widget_get_first_child (widget);

  if (child != NULL)
    gtk_widget_measure (child, orientation, for_size, minimum, natural, minimum_baseline, natural_baseline);
}

static void
cantiga_sized_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  CantigaSized *self = CANTIGA_SIZED (widget);
  GtkWidget *child = gtk_widget_get_first_child (widget);

  if (width != self->width || height != self->height)
    {
      self->width = width;
      self->height = height;
      g_signal_emit (self, sized_signal, 0, width, height);
    }
  if (child != NULL)
    gtk_widget_size_allocate (child, &(GtkAllocation){ 0, 0, width, height }, baseline);
}

static void
cantiga_sized_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (cantiga_sized_parent_class)->dispose (object);
}

static void
cantiga_sized_class_init (CantigaSizedClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_sized_dispose;
  widget_class->get_request_mode = cantiga_sized_get_request_mode;
  widget_class->measure = cantiga_sized_measure;
  widget_class->size_allocate = cantiga_sized_size_allocate;
  sized_signal = g_signal_new ("sized", CANTIGA_TYPE_SIZED, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_INT, G_TYPE_INT);
}

static void
cantiga_sized_init (CantigaSized *self)
{
}

int
cantiga_sized_measure_chars (GtkWidget *widget, int n)
{
  PangoFontMetrics *metrics = pango_context_get_metrics (gtk_widget_get_pango_context (widget), NULL, NULL);
  int width = PANGO_PIXELS (pango_font_metrics_get_approximate_char_width (metrics) * n);

  pango_font_metrics_unref (metrics);
  return width;
}

void
cantiga_sized_place (GtkWidget *widget, GtkWidget *child, GtkAllocation at)
{
  if (gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL)
    at.x = gtk_widget_get_width (widget) - at.x - at.width;
  gtk_widget_size_allocate (child, &at, -1);
}
