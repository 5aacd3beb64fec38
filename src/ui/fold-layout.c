#include "ui/fold-layout.h"

#define SPACING 6
#define KEEP_MAX 100

struct _CantigaFoldChild
{
  GtkLayoutChild parent_instance;
  int keep;
  gboolean grow;
};

struct _CantigaFoldLayout
{
  GtkLayoutManager parent_instance;
};

G_DEFINE_FINAL_TYPE (CantigaFoldChild, cantiga_fold_child, GTK_TYPE_LAYOUT_CHILD)
G_DEFINE_FINAL_TYPE (CantigaFoldLayout, cantiga_fold_layout, GTK_TYPE_LAYOUT_MANAGER)

enum
{
  PROP_KEEP = 1,
  PROP_GROW,
};

static void
cantiga_fold_child_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CantigaFoldChild *self = CANTIGA_FOLD_CHILD (object);

  if (id == PROP_KEEP)
    self->keep = g_value_get_int (value);
  else
    self->grow = g_value_get_boolean (value);
  gtk_layout_manager_layout_changed (gtk_layout_child_get_layout_manager (GTK_LAYOUT_CHILD (self)));
}

static void
cantiga_fold_child_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CantigaFoldChild *self = CANTIGA_FOLD_CHILD (object);

  if (id == PROP_KEEP)
    g_value_set_int (value, self->keep);
  else
    g_value_set_boolean (value, self->grow);
}

static void
cantiga_fold_child_class_init (CantigaFoldChildClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = cantiga_fold_child_set_property;
  object_class->get_property = cantiga_fold_child_get_property;
  g_object_class_install_property (object_class, PROP_KEEP,
                                   g_param_spec_int ("keep", NULL, NULL, 0, KEEP_MAX, 0, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property (object_class, PROP_GROW,
                                   g_param_spec_boolean ("grow", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
}

static void
cantiga_fold_child_init (CantigaFoldChild *self)
{
}

/* ---- the row ---- */

static CantigaFoldChild *
get_child (GtkLayoutManager *manager, GtkWidget *widget)
{
  return CANTIGA_FOLD_CHILD (gtk_layout_manager_get_layout_child (manager, widget));
}

/* What child asks for: as much as it likes, or as little as it can if it grows by itself. */
static int
measure_child (GtkLayoutManager *manager, GtkWidget *child)
{
  int minimum, natural;

  gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, &natural, NULL, NULL);
  return get_child (manager, child)->grow ? minimum : natural;
}

/* The width of the children that stay when those above limit leave. */
static int
measure_row (GtkLayoutManager *manager, GtkWidget *widget, int limit)
{
  int width = 0;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (gtk_widget_should_layout (child) && get_child (manager, child)->keep <= limit)
      width += (width > 0 ? SPACING : 0) + measure_child (manager, child);
  return width;
}

static void
cantiga_fold_layout_measure (GtkLayoutManager *manager, GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                             int *minimum_baseline, int *natural_baseline)
{
  *minimum = *natural = 0;
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = measure_row (manager, widget, 0);
      *natural = MAX (*minimum, measure_row (manager, widget, KEEP_MAX));
      return;
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      int child_minimum = 0, child_natural = 0;

      if (gtk_widget_should_layout (child))
        gtk_widget_measure (child, orientation, -1, &child_minimum, &child_natural, NULL, NULL);
      *minimum = MAX (*minimum, child_minimum);
      *natural = MAX (*natural, child_natural);
    }
}

static GtkSizeRequestMode
cantiga_fold_layout_get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_CONSTANT_SIZE;
}

static int
count_growing (GtkLayoutManager *manager, GtkWidget *widget, int limit)
{
  int n = 0;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (gtk_widget_should_layout (child) && get_child (manager, child)->keep <= limit && get_child (manager, child)->grow)
      n++;
  return n;
}

static void
cantiga_fold_layout_allocate (GtkLayoutManager *manager, GtkWidget *widget, int width, int height, int baseline)
{
  gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  int limit = KEEP_MAX, x = 0, over, growing;

  while (limit > 0 && measure_row (manager, widget, limit) > width)
    limit--;
  over = MAX (0, width - measure_row (manager, widget, limit));
  growing = count_growing (manager, widget, limit);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      gboolean shown = gtk_widget_should_layout (child) && get_child (manager, child)->keep <= limit;
      int own;

      gtk_widget_set_child_visible (child, shown);
      if (!shown)
        continue;
      own = measure_child (manager, child);
      if (get_child (manager, child)->grow)
        {
          own += over / growing;
          over -= over / growing--;
        }
      own = MIN (own, MAX (width - x, 0));
      gtk_widget_size_allocate (child, &(GtkAllocation){ mirrored ? width - x - own : x, 0, own, height }, -1);
      x += own + SPACING;
    }
}

static void
cantiga_fold_layout_class_init (CantigaFoldLayoutClass *klass)
{
  GtkLayoutManagerClass *layout_class = GTK_LAYOUT_MANAGER_CLASS (klass);

  layout_class->layout_child_type = CANTIGA_TYPE_FOLD_CHILD;
  layout_class->get_request_mode = cantiga_fold_layout_get_request_mode;
  layout_class->measure = cantiga_fold_layout_measure;
  layout_class->allocate = cantiga_fold_layout_allocate;
}

static void
cantiga_fold_layout_init (CantigaFoldLayout *self)
{
}
