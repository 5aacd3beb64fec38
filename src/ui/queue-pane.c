#include "ui/queue-pane.h"

#include <glib/gi18n.h>

#include "ui/application.h"
#include "ui/gently.h"
#include "ui/queue-row.h"
#include "ui/tab-leaves.h"
#include "ui/title-menu.h"
#include "ui/window.h"

struct _CantigaQueuePane
{
  GtkBox parent_instance;

  /* template */
  GtkStack *stack;
  GtkLabel *cost;
  GtkWidget *clear;
  GtkListView *list;

  /* owned */
  CantigaQueue *queue;
  CantigaCovers *covers;
};

G_DEFINE_FINAL_TYPE (CantigaQueuePane, cantiga_queue_pane, GTK_TYPE_BOX)

/* ---- what it will cost ---- */

/* A title that comes again spends another one of its plays. */
static guint
count_last_plays (CantigaQueuePane *self)
{
  g_autoptr (GHashTable) plays = g_hash_table_new (NULL, NULL);
  guint last = 0;

  for (guint i = cantiga_queue_get_place (self->queue) + 1; i < g_list_model_get_n_items (G_LIST_MODEL (self->queue)); i++)
    {
      CantigaTitle *title = cantiga_queue_get_title_at (self->queue, i);
      int nth = GPOINTER_TO_INT (g_hash_table_lookup (plays, title)) + 1;

      last += cantiga_title_get_plays_left (title) == nth;
      g_hash_table_insert (plays, title, GINT_TO_POINTER (nth));
    }
  return last;
}

/* "23 min · 7 plays, 1 of them last". */
static void
show_cost (CantigaQueuePane *self)
{
  guint minutes = (guint)(cantiga_queue_get_seconds_left (self->queue) / 60 + 0.5), plays = cantiga_queue_get_plays_due (self->queue);
  guint last = count_last_plays (self), n = g_list_model_get_n_items (G_LIST_MODEL (self->queue));
  g_autoptr (GString) words = g_string_new (NULL);

  g_string_append_printf (words, _ ("%u min"), MAX (minutes, 1));
  g_string_append (words, " · ");
  g_string_append_printf (words, ngettext ("%u play", "%u plays", plays), plays);
  if (last > 0)
    {
      g_string_append (words, ", ");
      g_string_append_printf (words, ngettext ("%u of them last", "%u of them last", last), last);
    }
  gtk_label_set_label (self->cost, words->str);
  gtk_widget_set_sensitive (self->clear, n > cantiga_queue_get_place (self->queue) + 1);
  gtk_stack_set_visible_child_name (self->stack, n > 0 ? "list" : "nothing");
}

/* ---- editing ---- */

static void
put_back_cb (AdwToast *toast, CantigaQueuePane *self)
{
  GPtrArray *titles = g_object_get_data (G_OBJECT (toast), "titles");
  guint place = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (toast), "place"));
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->queue));
  CantigaSession *session = cantiga_queue_get_session (self->queue);

  if (session == NULL)
    return;
  cantiga_queue_append (self->queue, session, titles);
  for (guint i = 0; place < n && i < titles->len; i++)
    cantiga_queue_move (self->queue, n + i, place + i);
}

static void
offer_undo (CantigaQueuePane *self, const char *words, GPtrArray *titles, guint place)
{
  AdwToast *toast = cantiga_window_toast_undo (CANTIGA_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), words);

  g_object_set_data_full (G_OBJECT (toast), "titles", g_ptr_array_ref (titles), (GDestroyNotify)g_ptr_array_unref);
  g_object_set_data (G_OBJECT (toast), "place", GUINT_TO_POINTER (place));
  g_signal_connect_object (toast, "button-clicked", G_CALLBACK (put_back_cb), self, 0);
}

static void
remove_at (CantigaQueuePane *self, guint place)
{
  g_autoptr (GPtrArray) titles = g_ptr_array_new_with_free_func (g_object_unref);
  CantigaTitle *title = cantiga_queue_get_title_at (self->queue, place);

  if (title == NULL)
    return;
  g_ptr_array_add (titles, g_object_ref (title));
  cantiga_queue_remove (self->queue, place);
  offer_undo (self, _ ("Removed from the queue"), titles, place);
}

/* All that follows; what plays, plays on. */
static void
clear_cb (CantigaQueuePane *self)
{
  guint first = cantiga_queue_get_place (self->queue) + 1;
  g_autoptr (GPtrArray) titles = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = first; i < g_list_model_get_n_items (G_LIST_MODEL (self->queue)); i++)
    g_ptr_array_add (titles, g_object_ref (cantiga_queue_get_title_at (self->queue, i)));
  if (titles->len == 0)
    return;
  for (guint i = 0; i < titles->len; i++)
    cantiga_queue_remove (self->queue, g_list_model_get_n_items (G_LIST_MODEL (self->queue)) - 1);
  offer_undo (self, _ ("Queue cleared"), titles, first);
}

static CantigaQueueRow *
get_focused_row (CantigaQueuePane *self)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self)));
  GtkWidget *row = focus != NULL ? gtk_widget_get_first_child (focus) : NULL;

  return row != NULL && CANTIGA_IS_QUEUE_ROW (row) ? CANTIGA_QUEUE_ROW (row) : NULL;
}

/* The row that plays, if it can be seen. */
static GtkWidget *
find_playing (CantigaQueuePane *self)
{
  for (GtkWidget *item = gtk_widget_get_first_child (GTK_WIDGET (self->list)); item != NULL; item = gtk_widget_get_next_sibling (item))
    {
      GtkWidget *row = gtk_widget_get_first_child (item);

      if (row != NULL && CANTIGA_IS_QUEUE_ROW (row) && cantiga_queue_row_get_place (CANTIGA_QUEUE_ROW (row)) == cantiga_queue_get_place (self->queue))
        return item;
    }
  return NULL;
}

static gboolean
cantiga_queue_pane_grab_focus (GtkWidget *widget)
{
  CantigaQueuePane *self = CANTIGA_QUEUE_PANE (widget);
  GtkWidget *playing = find_playing (self);

  return (playing != NULL && gtk_widget_grab_focus (playing)) || gtk_widget_child_focus (gtk_stack_get_visible_child (self->stack), GTK_DIR_TAB_FORWARD);
}

/* The focus stays with what was moved, and beside what was removed. */
static void
focus_on (CantigaQueuePane *self, guint place)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->queue));

  if (n > 0)
    gtk_widget_activate_action (GTK_WIDGET (self->list), "list.scroll-to-item", "u", MIN (place, n - 1));
}

static gboolean
key_cb (CantigaQueuePane *self, guint key, guint code, GdkModifierType modifiers)
{
  CantigaQueueRow *row = get_focused_row (self);
  GdkModifierType held = modifiers & gtk_accelerator_get_default_mod_mask ();
  guint place, n;

  if (row == NULL)
    return GDK_EVENT_PROPAGATE;
  place = cantiga_queue_row_get_place (row);
  n = g_list_model_get_n_items (G_LIST_MODEL (self->queue));
  if (key == GDK_KEY_Delete && held == 0)
    {
      remove_at (self, place);
      focus_on (self, place);
      return GDK_EVENT_STOP;
    }
  if ((key != GDK_KEY_Up && key != GDK_KEY_Down) || held != GDK_ALT_MASK)
    return GDK_EVENT_PROPAGATE;
  if (key == GDK_KEY_Up && place > 0)
    cantiga_queue_move (self->queue, place, place - 1);
  else if (key == GDK_KEY_Down && place + 1 < n)
    cantiga_queue_move (self->queue, place, place + 1);
  return GDK_EVENT_STOP;
}

static void
activated_cb (CantigaQueuePane *self, guint position)
{
  cantiga_queue_go_to (self->queue, position);
}

/* ---- rows ---- */

static void
setup_cb (GtkSignalListItemFactory *factory, GtkListItem *item, CantigaQueuePane *self)
{
  gtk_list_item_set_child (item, cantiga_queue_row_new (item));
}

static void
bind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, CantigaQueuePane *self)
{
  CantigaEntry *entry = gtk_list_item_get_item (item);

  cantiga_queue_row_set (CANTIGA_QUEUE_ROW (gtk_list_item_get_child (item)), cantiga_entry_get_title (entry), self->covers, self->queue);
}

static void
unbind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, CantigaQueuePane *self)
{
  cantiga_queue_row_set (CANTIGA_QUEUE_ROW (gtk_list_item_get_child (item)), NULL, NULL, NULL);
}

void
cantiga_queue_pane_set_queue (CantigaQueuePane *self, CantigaQueue *queue, CantigaCovers *covers)
{
  static const char *const followed[] = { "items-changed", "notify::place", "notify::state", "notify::plays-left" };
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkSelectionModel) model = cantiga_gently_new (G_LIST_MODEL (queue));
  gboolean first = self->queue == NULL;

  g_set_object (&self->queue, queue);
  g_set_object (&self->covers, covers);
  g_signal_connect_object (factory, "setup", G_CALLBACK (setup_cb), self, 0);
  g_signal_connect_object (factory, "bind", G_CALLBACK (bind_cb), self, 0);
  g_signal_connect_object (factory, "unbind", G_CALLBACK (unbind_cb), self, 0);
  gtk_list_view_set_factory (self->list, factory);
  gtk_list_view_set_model (self->list, model);
  for (guint i = 0; first && i < G_N_ELEMENTS (followed); i++)
    g_signal_connect_object (queue, followed[i], G_CALLBACK (show_cost), self, G_CONNECT_SWAPPED);
  show_cost (self);
}

/* ---- the pane ---- */

static void
cantiga_queue_pane_dispose (GObject *object)
{
  CantigaQueuePane *self = CANTIGA_QUEUE_PANE (object);

  if (self->list != NULL)
    gtk_list_view_set_model (self->list, NULL);
  self->list = NULL;
  g_clear_object (&self->queue);
  g_clear_object (&self->covers);
  G_OBJECT_CLASS (cantiga_queue_pane_parent_class)->dispose (object);
}

static void
cantiga_queue_pane_class_init (CantigaQueuePaneClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_queue_pane_dispose;
  widget_class->grab_focus = cantiga_queue_pane_grab_focus;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/queue-pane.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaQueuePane, stack);
  gtk_widget_class_bind_template_child (widget_class, CantigaQueuePane, cost);
  gtk_widget_class_bind_template_child (widget_class, CantigaQueuePane, clear);
  gtk_widget_class_bind_template_child (widget_class, CantigaQueuePane, list);
  gtk_widget_class_bind_template_callback (widget_class, clear_cb);
  gtk_widget_class_bind_template_callback (widget_class, key_cb);
  gtk_widget_class_bind_template_callback (widget_class, activated_cb);
}

static void
cantiga_queue_pane_init (CantigaQueuePane *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  cantiga_title_menu_attach_keys (GTK_WIDGET (self->list));
  cantiga_tab_leaves (GTK_WIDGET (self->list), CANTIGA_TAB_BOTH);
}
