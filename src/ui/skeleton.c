#include "ui/skeleton.h"

#define CARDS 12
#define MARGIN 21
#define SPACING 18
#define COLUMN_WIDTH 170
#define TEXT_HEIGHT 70

struct _CantigaSkeleton
{
  GtkWidget parent_instance;
};

G_DEFINE_FINAL_TYPE (CantigaSkeleton, cantiga_skeleton, GTK_TYPE_WIDGET)

static void
append_block (GtkSnapshot *snapshot, const graphene_rect_t *bounds, float radius, const GdkRGBA *colour)
{
  GskRoundedRect outline;

  gsk_rounded_rect_init_from_rect (&outline, bounds, radius);
  gtk_snapshot_push_rounded_clip (snapshot, &outline);
  gtk_snapshot_append_color (snapshot, colour, bounds);
  gtk_snapshot_pop (snapshot);
}

static void
append_card (GtkSnapshot *snapshot, float x, float y, float side, const GdkRGBA *colour)
{
  append_block (snapshot, &GRAPHENE_RECT_INIT (x, y, side, side), 9, colour);
  append_block (snapshot, &GRAPHENE_RECT_INIT (x, y + side + 12, side * 0.7f, 12), 6, colour);
  append_block (snapshot, &GRAPHENE_RECT_INIT (x, y + side + 32, side * 0.45f, 10), 5, colour);
}

static void
cantiga_skeleton_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  float width = gtk_widget_get_width (widget) - 2 * MARGIN, height = gtk_widget_get_height (widget);
  int columns = CLAMP ((int)width / COLUMN_WIDTH, 2, CARDS);
  float side = (width + SPACING) / columns - SPACING;
  GdkRGBA colour;

  if (width <= 0 || height <= 0)
    return;
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &colour);
  colour.alpha *= 0.08f;
  gtk_snapshot_push_clip (snapshot, &GRAPHENE_RECT_INIT (0, 0, width + 2 * MARGIN, height));
  for (int i = 0; i < CARDS; i++)
    append_card (snapshot, MARGIN + (i % columns) * (side + SPACING), 15 + (i / columns) * (side + TEXT_HEIGHT), side, &colour);
  gtk_snapshot_pop (snapshot);
}

static void
cantiga_skeleton_class_init (CantigaSkeletonClass *klass)
{
  GTK_WIDGET_CLASS (klass)->snapshot = cantiga_skeleton_snapshot;
  gtk_widget_class_set_accessible_role (GTK_WIDGET_CLASS (klass), GTK_ACCESSIBLE_ROLE_IMG);
}

static void
cantiga_skeleton_init (CantigaSkeleton *self)
{
}
