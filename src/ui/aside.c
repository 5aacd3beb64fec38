#include "ui/aside.h"

#include "ui/sized.h"

#define SPACING 12
#define BETWEEN 6      /* two buttons */
#define WORDS_CHARS 26 /* with less room than for these beside them, the buttons go below */

struct _CantigaAside
{
  GtkWidget parent_instance;
};

G_DEFINE_FINAL_TYPE (CantigaAside, cantiga_aside, GTK_TYPE_WIDGET)

/* Of the buttons that are shown, each as large as it likes to be. */
typedef struct
{
  guint n;
  int widest;
  int in_row; /* the width of all beside each other */
  int tallest;
  int in_column; /* the height of all above each other */
} Buttons;

static GtkWidget *
get_words (GtkWidget *widget)
{
  return gtk_widget_get_first_child (widget);
}

static Buttons
measure_buttons (GtkWidget *widget)
{
  Buttons all = { 0 };

  for (GtkWidget *child = gtk_widget_get_next_sibling (get_words (widget)); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      int width, height, between = all.n > 0 ? BETWEEN : 0;

      if (!gtk_widget_should_layout (child))
        continue;
      gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &width, NULL, NULL);
      gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, -1, NULL, &height, NULL, NULL);
      all.widest = MAX (all.widest, width);
      all.tallest = MAX (all.tallest, height);
      all.in_row += between + width;
      all.in_column += between + height;
      all.n++;
    }
  return all;
}

static gboolean
stand_beside (GtkWidget *widget, const Buttons *buttons, int width)
{
  return buttons->n == 0 || width - SPACING - buttons->widest >= cantiga_sized_measure_chars (widget, WORDS_CHARS);
}

static int
measure_words (GtkWidget *widget, int width)
{
  int minimum, natural;

  gtk_widget_measure (get_words (widget), GTK_ORIENTATION_VERTICAL, width, &minimum, &natural, NULL, NULL);
  return natural;
}

static int
height_below (const Buttons *buttons, int width)
{
  return buttons->in_row <= width ? buttons->tallest : buttons->in_column;
}

static GtkSizeRequestMode
cantiga_aside_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
cantiga_aside_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                       int *natural_baseline)
{
  Buttons buttons = measure_buttons (widget);

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      gtk_widget_measure (get_words (widget), orientation, -1, minimum, natural, NULL, NULL);
      *minimum = MAX (*minimum, buttons.widest);
      *natural = MAX (*minimum, *natural + (buttons.n > 0 ? SPACING + buttons.widest : 0));
      return;
    }
  if (for_size < 0)
    gtk_widget_measure (widget, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &for_size, NULL, NULL);
  if (buttons.n == 0)
    *minimum = measure_words (widget, for_size);
  else if (stand_beside (widget, &buttons, for_size))
    *minimum = MAX (measure_words (widget, for_size - SPACING - buttons.widest), buttons.in_column);
  else
    *minimum = measure_words (widget, for_size) + BETWEEN + height_below (&buttons, for_size);
  *natural = *minimum;
}

/* From x and y on, one after the other; each as wide as width, or as it likes for -1. */
static void
place_buttons (GtkWidget *widget, int x, int y, int width)
{
  for (GtkWidget *child = gtk_widget_get_next_sibling (get_words (widget)); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      int own, height;

      if (!gtk_widget_should_layout (child))
        continue;
      gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &own, NULL, NULL);
      gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, -1, NULL, &height, NULL, NULL);
      cantiga_sized_place (widget, child, (GtkAllocation){ x, y, width >= 0 ? width : own, height });
      if (width >= 0)
        y += height + BETWEEN;
      else
        x += own + BETWEEN;
    }
}

static void
cantiga_aside_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  Buttons buttons = measure_buttons (widget);
  gboolean beside = stand_beside (widget, &buttons, width);
  int words_width = beside && buttons.n > 0 ? width - SPACING - buttons.widest : width;
  int below = beside ? 0 : BETWEEN + height_below (&buttons, width);

  cantiga_sized_place (widget, get_words (widget), (GtkAllocation){ 0, 0, words_width, height - below });
  if (beside)
    place_buttons (widget, words_width + SPACING, (height - buttons.in_column) / 2, buttons.widest);
  else
    place_buttons (widget, 0, height - below + BETWEEN, buttons.in_row <= width ? -1 : buttons.widest);
}

static void
cantiga_aside_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (cantiga_aside_parent_class)->dispose (object);
}

static void
cantiga_aside_class_init (CantigaAsideClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_aside_dispose;
  widget_class->get_request_mode = cantiga_aside_get_request_mode;
  widget_class->measure = cantiga_aside_measure;
  widget_class->size_allocate = cantiga_aside_size_allocate;
}

static void
cantiga_aside_init (CantigaAside *self)
{
}
