#include "ui/queue-row.h"

#include "ui/application.h"
#include "ui/cover.h"
#include "ui/fold.h"
#include "ui/licence-pill.h"
#include "ui/title-lines.h"
#include "ui/title-menu.h"
#include "ui/title-name.h"
#include "ui/title-trouble.h"

struct _CantigaQueueRow
{
  AdwBin parent_instance;

  /* template */
  GtkWidget *handle;
  CantigaCover *cover;
  GtkWidget *mark;
  GtkLabel *name;
  GtkLabel *artist;
  CantigaLicencePill *pill;
  CantigaTitleTrouble *trouble;
  GtkWidget *more;

  GtkListItem *item; /* borrowed */

  /* owned */
  CantigaTitle *title;
  CantigaQueue *queue;
};

G_DEFINE_FINAL_TYPE (CantigaQueueRow, cantiga_queue_row, ADW_TYPE_BIN)

guint
cantiga_queue_row_get_place (CantigaQueueRow *self)
{
  return gtk_list_item_get_position (self->item);
}

/* The same title may stand in the queue again: its place tells which one plays. */
static void
mark_playing (CantigaQueueRow *self)
{
  gboolean current = self->title != NULL && cantiga_queue_get_place (self->queue) == cantiga_queue_row_get_place (self);

  gtk_widget_set_visible (self->mark, current);
  cantiga_licence_pill_set (self->pill, self->title, current ? self->queue : NULL);
  if (current)
    gtk_widget_add_css_class (GTK_WIDGET (self->name), "heading");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->name), "heading");
}

static void
name_row (CantigaQueueRow *self)
{
  cantiga_title_name_show (GTK_WIDGET (self), self->title);
}

static void
let_go (CantigaQueueRow *self)
{
  if (self->title != NULL)
    g_signal_handlers_disconnect_by_data (self->title, self);
  if (self->queue != NULL)
    g_signal_handlers_disconnect_by_data (self->queue, self);
}

void
cantiga_queue_row_set (CantigaQueueRow *self, CantigaTitle *title, CantigaCovers *covers, CantigaQueue *queue)
{
  let_go (self);
  g_set_object (&self->title, title);
  g_set_object (&self->queue, queue);
  cantiga_cover_set (self->cover, title, covers);
  cantiga_title_trouble_set (self->trouble, title);
  if (title == NULL)
    return cantiga_licence_pill_set (self->pill, NULL, NULL);
  g_signal_connect_swapped (queue, "notify::place", G_CALLBACK (mark_playing), self);
  g_signal_connect_swapped (queue, "items-changed", G_CALLBACK (mark_playing), self);
  g_signal_connect_swapped (title, "notify", G_CALLBACK (name_row), self);
  gtk_label_set_label (self->name, cantiga_title_get_name (title));
  gtk_label_set_label (self->artist, cantiga_title_get_artist (title));
  cantiga_title_name_show_menu (self->more, title);
  mark_playing (self);
  name_row (self);
}

/* ---- dragging ---- */

static GdkContentProvider *
prepare_cb (CantigaQueueRow *self)
{
  return gdk_content_provider_new_typed (G_TYPE_UINT, cantiga_queue_row_get_place (self));
}

static void
drag_begin_cb (CantigaQueueRow *self, GdkDrag *drag, GtkDragSource *source)
{
  g_autoptr (GdkPaintable) picture = gtk_widget_paintable_new (GTK_WIDGET (self));
  g_autoptr (GdkPaintable) still = gdk_paintable_get_current_image (picture);

  gtk_drag_source_set_icon (source, still, 0, 0);
}

static gboolean
drop_cb (CantigaQueueRow *self, const GValue *from)
{
  if (self->queue == NULL)
    return FALSE;
  cantiga_queue_move (self->queue, g_value_get_uint (from), cantiga_queue_row_get_place (self));
  return TRUE;
}

static void
more_clicked_cb (CantigaQueueRow *self)
{
  cantiga_title_menu_open (GTK_WIDGET (self));
}

/* As a click on the row. */
static void
retry_cb (CantigaQueueRow *self)
{
  (void)gtk_widget_activate (gtk_widget_get_parent (GTK_WIDGET (self)));
}

static GPtrArray *
about_menu (GtkWidget *widget)
{
  return cantiga_title_menu_about_one (CANTIGA_QUEUE_ROW (widget)->title);
}

/* ---- the row ---- */

static void
cantiga_queue_row_dispose (GObject *object)
{
  CantigaQueueRow *self = CANTIGA_QUEUE_ROW (object);

  let_go (self);
  g_clear_object (&self->title);
  g_clear_object (&self->queue);
  G_OBJECT_CLASS (cantiga_queue_row_parent_class)->dispose (object);
}

static void
cantiga_queue_row_class_init (CantigaQueueRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_queue_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/queue-row.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaQueueRow, handle);
  gtk_widget_class_bind_template_child (widget_class, CantigaQueueRow, cover);
  gtk_widget_class_bind_template_child (widget_class, CantigaQueueRow, mark);
  gtk_widget_class_bind_template_child (widget_class, CantigaQueueRow, name);
  gtk_widget_class_bind_template_child (widget_class, CantigaQueueRow, artist);
  gtk_widget_class_bind_template_child (widget_class, CantigaQueueRow, pill);
  gtk_widget_class_bind_template_child (widget_class, CantigaQueueRow, more);
  gtk_widget_class_bind_template_child (widget_class, CantigaQueueRow, trouble);
  gtk_widget_class_bind_template_callback (widget_class, more_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, retry_cb);
}

static void
cantiga_queue_row_init (CantigaQueueRow *self)
{
  GtkDragSource *source = gtk_drag_source_new ();
  GtkDropTarget *target = gtk_drop_target_new (G_TYPE_UINT, GDK_ACTION_MOVE);

  g_type_ensure (CANTIGA_TYPE_FOLD);
  g_type_ensure (CANTIGA_TYPE_COVER);
  g_type_ensure (CANTIGA_TYPE_LICENCE_PILL);
  g_type_ensure (CANTIGA_TYPE_TITLE_LINES);
  g_type_ensure (CANTIGA_TYPE_TITLE_TROUBLE);
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_drag_source_set_actions (source, GDK_ACTION_MOVE);
  g_signal_connect_swapped (source, "prepare", G_CALLBACK (prepare_cb), self);
  g_signal_connect_swapped (source, "drag-begin", G_CALLBACK (drag_begin_cb), self);
  g_signal_connect_swapped (target, "drop", G_CALLBACK (drop_cb), self);
  gtk_widget_add_controller (self->handle, GTK_EVENT_CONTROLLER (source));
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
  cantiga_title_menu_attach (GTK_WIDGET (self), about_menu);
}

GtkWidget *
cantiga_queue_row_new (GtkListItem *item)
{
  CantigaQueueRow *self = g_object_new (CANTIGA_TYPE_QUEUE_ROW, NULL);

  self->item = item;
  return GTK_WIDGET (self);
}
