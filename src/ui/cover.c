#include "ui/cover.h"

#include <adwaita.h>

#define COME_MS 200
#define CHANGE_MS 250

struct _CantigaCover
{
  GtkWidget parent_instance;

  int side;
  gboolean fill;
  gboolean fades; /* from one title's cover to the next */
  float progress; /* of the fade */

  /* owned */
  GdkPaintable *neume;
  GdkTexture *texture;
  GdkTexture *former; /* fades away, or NULL */
  AdwAnimation *fade;
  CantigaTitle *title;
  CantigaCovers *covers;
  GCancellable *cancellable;
};

enum
{
  PROP_SIDE = 1,
  PROP_FILL,
  PROP_FADES,
};

G_DEFINE_FINAL_TYPE (CantigaCover, cantiga_cover, GTK_TYPE_WIDGET)

static guint shown_signal;

/* ---- from one to the next ---- */

static void
progress_cb (double value, gpointer user_data)
{
  CantigaCover *self = user_data;

  self->progress = (float)value;
  if (value >= 1)
    g_clear_object (&self->former);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* Takes texture; fades where it is seen to change. */
static void
show_texture (CantigaCover *self, GdkTexture *texture, gboolean fades)
{
  g_clear_object (&self->former);
  if (fades && gtk_widget_get_mapped (GTK_WIDGET (self)))
    {
      self->former = g_steal_pointer (&self->texture);
      self->progress = 0;
      adw_timed_animation_set_duration (ADW_TIMED_ANIMATION (self->fade), self->former != NULL ? CHANGE_MS : COME_MS);
      adw_animation_play (self->fade);
    }
  g_clear_object (&self->texture);
  self->texture = texture;
  g_signal_emit (self, shown_signal, 0);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

GdkTexture *
cantiga_cover_get_texture (CantigaCover *self)
{
  return self->texture;
}

/* ---- where it comes from ---- */

static void
fetched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaCover) self = user_data;
  g_autoptr (GError) error = NULL;
  GdkTexture *texture = cantiga_covers_fetch_finish (CANTIGA_COVERS (source), result, &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable || self->cancellable == NULL)
    {
      g_clear_object (&texture);
      return;
    }
  g_clear_object (&self->cancellable);
  /* A cover that does not come is none. */
  if (texture == NULL)
    return;
  show_texture (self, texture, TRUE);
}

static void
stop_fetching (CantigaCover *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

static void
start_fetching (CantigaCover *self)
{
  if (self->title == NULL || self->covers == NULL || self->texture != NULL || self->cancellable != NULL
      || cantiga_title_get_cover (self->title) == NULL || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  self->cancellable = g_cancellable_new ();
  cantiga_covers_fetch_async (self->covers, self->title, self->cancellable, fetched_cb, g_object_ref (self));
}

void
cantiga_cover_set (CantigaCover *self, CantigaTitle *title, CantigaCovers *covers)
{
  GdkTexture *kept = title != NULL && covers != NULL ? cantiga_covers_peek (covers, title) : NULL;

  stop_fetching (self);
  g_set_object (&self->title, title);
  g_set_object (&self->covers, covers);
  if (kept != self->texture)
    show_texture (self, kept != NULL ? g_object_ref (kept) : NULL, self->fades);
  start_fetching (self);
}

static void
cantiga_cover_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (cantiga_cover_parent_class)->map (widget);
  start_fetching (CANTIGA_COVER (widget));
}

static void
cantiga_cover_unmap (GtkWidget *widget)
{
  stop_fetching (CANTIGA_COVER (widget));
  GTK_WIDGET_CLASS (cantiga_cover_parent_class)->unmap (widget);
}

/* ---- how it looks ---- */

static GtkSizeRequestMode
cantiga_cover_get_request_mode (GtkWidget *widget)
{
  return CANTIGA_COVER (widget)->fill ? GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH : GTK_SIZE_REQUEST_CONSTANT_SIZE;
}

static void
cantiga_cover_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                       int *natural_baseline)
{
  CantigaCover *self = CANTIGA_COVER (widget);

  *minimum = *natural = self->side;
  if (self->fill && orientation == GTK_ORIENTATION_VERTICAL && for_size >= 0)
    *minimum = *natural = MAX (for_size, self->side);
}

static void
snapshot_texture (GdkTexture *texture, GtkSnapshot *snapshot, float width, float height)
{
  float own_width = gdk_texture_get_width (texture), own_height = gdk_texture_get_height (texture);
  float scale = MAX (width / own_width, height / own_height);

  gtk_snapshot_append_texture (
      snapshot, texture,
      &GRAPHENE_RECT_INIT ((width - own_width * scale) / 2, (height - own_height * scale) / 2, own_width * scale, own_height * scale));
}

static void
snapshot_neume (CantigaCover *self, GtkSnapshot *snapshot, float width, float height)
{
  float side = MIN (width, height) * 0.5f;
  GdkRGBA colour;

  if (self->neume == NULL)
    return;
  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &colour);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT ((width - side) / 2, (height - side) / 2));
  gtk_symbolic_paintable_snapshot_symbolic (GTK_SYMBOLIC_PAINTABLE (self->neume), snapshot, side, side, &colour, 1);
  gtk_snapshot_restore (snapshot);
}

static void
cantiga_cover_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  CantigaCover *self = CANTIGA_COVER (widget);
  float width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);

  if (self->texture == NULL || self->progress < 1)
    snapshot_neume (self, snapshot, width, height);
  if (self->former != NULL)
    snapshot_texture (self->former, snapshot, width, height);
  if (self->texture == NULL)
    return;
  if (self->progress < 1)
    gtk_snapshot_push_opacity (snapshot, self->progress);
  snapshot_texture (self->texture, snapshot, width, height);
  if (self->progress < 1)
    gtk_snapshot_pop (snapshot);
}

static void
load_neume (CantigaCover *self)
{
  GtkIconTheme *theme = gtk_icon_theme_get_for_display (gtk_widget_get_display (GTK_WIDGET (self)));

  self->neume = GDK_PAINTABLE (gtk_icon_theme_lookup_icon (theme, "cantiga-cover-symbolic", NULL, 64, gtk_widget_get_scale_factor (GTK_WIDGET (self)),
                                                           gtk_widget_get_direction (GTK_WIDGET (self)), 0));
}

static void
cantiga_cover_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CantigaCover *self = CANTIGA_COVER (object);

  if (id == PROP_SIDE)
    self->side = g_value_get_int (value);
  else if (id == PROP_FILL)
    self->fill = g_value_get_boolean (value);
  else
    self->fades = g_value_get_boolean (value);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

static void
cantiga_cover_dispose (GObject *object)
{
  CantigaCover *self = CANTIGA_COVER (object);

  stop_fetching (self);
  g_clear_object (&self->neume);
  g_clear_object (&self->fade);
  g_clear_object (&self->former);
  g_clear_object (&self->texture);
  g_clear_object (&self->title);
  g_clear_object (&self->covers);
  G_OBJECT_CLASS (cantiga_cover_parent_class)->dispose (object);
}

static void
cantiga_cover_class_init (CantigaCoverClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = cantiga_cover_dispose;
  object_class->set_property = cantiga_cover_set_property;
  widget_class->map = cantiga_cover_map;
  widget_class->unmap = cantiga_cover_unmap;
  widget_class->get_request_mode = cantiga_cover_get_request_mode;
  widget_class->measure = cantiga_cover_measure;
  widget_class->snapshot = cantiga_cover_snapshot;
  g_object_class_install_property (object_class, PROP_SIDE,
                                   g_param_spec_int ("side", NULL, NULL, 16, 512, 44, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property (object_class, PROP_FILL,
                                   g_param_spec_boolean ("fill", NULL, NULL, FALSE, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property (object_class, PROP_FADES,
                                   g_param_spec_boolean ("fades", NULL, NULL, FALSE, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  shown_signal = g_signal_new ("shown", CANTIGA_TYPE_COVER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_css_name (widget_class, "cover");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
cantiga_cover_init (CantigaCover *self)
{
  self->side = 44;
  self->progress = 1;
  self->fade = adw_timed_animation_new (GTK_WIDGET (self), 0, 1, COME_MS, adw_callback_animation_target_new (progress_cb, self, NULL));
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  load_neume (self);
}
