#include "ui/title-lines.h"

#include "ui/sized.h"

#define SPACING 6
#define WIDE_CHARS 60 /* from here on the licence stands at the end: of all rows at once, whatever each says */
#define ABOUT_CHARS 6 /* less of it is not worth showing */

struct _CantigaTitleLines
{
  GtkWidget parent_instance;
};

G_DEFINE_FINAL_TYPE (CantigaTitleLines, cantiga_title_lines, GTK_TYPE_WIDGET)

typedef struct
{
  GtkWidget *name;
  GtkWidget *about;
  GtkWidget *pill;
} Parts;

static Parts
get_parts (GtkWidget *widget)
{
  GtkWidget *name = gtk_widget_get_first_child (widget), *about = gtk_widget_get_next_sibling (name);

  return (Parts){ name, about, gtk_widget_get_next_sibling (about) };
}

static int
measure (GtkWidget *part, GtkOrientation orientation, gboolean whole)
{
  int minimum = 0, natural = 0;

  if (gtk_widget_should_layout (part))
    gtk_widget_measure (part, orientation, -1, &minimum, &natural, NULL, NULL);
  return whole ? natural : minimum;
}

static void
cantiga_title_lines_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                             int *natural_baseline)
{
  Parts parts = get_parts (widget);
  int name = measure (parts.name, orientation, TRUE), about = measure (parts.about, orientation, TRUE), pill = measure (parts.pill, orientation, TRUE);

  if (orientation == GTK_ORIENTATION_VERTICAL)
    *minimum = *natural = name + MAX (about, pill);
  else
    {
      *minimum = MAX (measure (parts.name, orientation, FALSE), pill);
      *natural = MAX (name, about) + SPACING + pill;
    }
}

static void
cantiga_title_lines_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  Parts parts = get_parts (widget);
  gboolean wide = width >= cantiga_sized_measure_chars (widget, WIDE_CHARS);
  int name_height = measure (parts.name, GTK_ORIENTATION_VERTICAL, TRUE), about_height = measure (parts.about, GTK_ORIENTATION_VERTICAL, TRUE);
  int pill_width = MIN (measure (parts.pill, GTK_ORIENTATION_HORIZONTAL, TRUE), width), pill_height = measure (parts.pill, GTK_ORIENTATION_VERTICAL, TRUE);
  int taken = pill_width > 0 ? pill_width + SPACING : 0;
  int second = MAX (about_height, wide ? 0 : pill_height);
  int top = MAX (0, (height - name_height - second) / 2);

  gtk_widget_set_child_visible (parts.about, wide || taken == 0 || width - taken >= cantiga_sized_measure_chars (widget, ABOUT_CHARS));
  cantiga_sized_place (widget, parts.name, (GtkAllocation){ 0, top, MAX (0, wide ? width - taken : width), name_height });
  if (gtk_widget_get_child_visible (parts.about))
    cantiga_sized_place (widget, parts.about, (GtkAllocation){ wide ? 0 : taken, top + name_height + (second - about_height) / 2, MAX (0, width - taken), about_height });
  if (pill_width > 0)
    cantiga_sized_place (widget, parts.pill,
                         wide ? (GtkAllocation){ width - pill_width, (height - pill_height) / 2, pill_width, pill_height }
                              : (GtkAllocation){ 0, top + name_height + (second - pill_height) / 2, pill_width, pill_height });
}

static void
cantiga_title_lines_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (cantiga_title_lines_parent_class)->dispose (object);
}

static void
cantiga_title_lines_class_init (CantigaTitleLinesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_title_lines_dispose;
  widget_class->measure = cantiga_title_lines_measure;
  widget_class->size_allocate = cantiga_title_lines_size_allocate;
}

static void
cantiga_title_lines_init (CantigaTitleLines *self)
{
}
