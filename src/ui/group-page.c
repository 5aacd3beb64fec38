#include "ui/group-page.h"

#include "ui/application.h"
#include "ui/sized.h"
#include "ui/tab-leaves.h"
#include "ui/title-menu.h"
#include "ui/title-row.h"
#include "ui/window.h"

#define NARROW 520

struct _CantigaGroupPage
{
  GtkBox parent_instance;

  /* template */
  AdwWindowTitle *title;
  GtkMenuButton *menu;
  GtkListView *list;

  /* owned */
  CantigaGroup *group;
  GtkWidget *head;
  CantigaCovers *covers;
  CantigaQueue *queue;
  guint folding;

  gboolean narrow;
};

G_DEFINE_FINAL_TYPE (CantigaGroupPage, cantiga_group_page, GTK_TYPE_BOX)

/* ---- the list: the head is its first item, so that all of it scrolls ---- */

static void
bind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, CantigaGroupPage *self)
{
  gpointer about = gtk_list_item_get_item (item);
  gboolean head = CANTIGA_IS_GROUP (about);
  GtkWidget *row = NULL;

  gtk_list_item_set_activatable (item, !head);
  if (head)
    {
      gtk_list_item_set_child (item, self->head);
      gtk_accessible_update_property (GTK_ACCESSIBLE (gtk_widget_get_parent (self->head)), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                      cantiga_group_get_name (self->group), -1);
      return;
    }
  row = gtk_list_item_get_child (item);
  if (!CANTIGA_IS_TITLE_ROW (row))
    gtk_list_item_set_child (item, row = cantiga_title_row_new (cantiga_group_get_kind (self->group) == CANTIGA_GROUP_ALBUM));
  cantiga_title_row_set (CANTIGA_TITLE_ROW (row), about, self->covers, self->queue);
}

static void
unbind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, CantigaGroupPage *self)
{
  GtkWidget *row = gtk_list_item_get_child (item);

  if (CANTIGA_IS_TITLE_ROW (row))
    cantiga_title_row_set (CANTIGA_TITLE_ROW (row), NULL, NULL, NULL);
  else
    gtk_list_item_set_child (item, NULL);
}

static GtkSelectionModel *
make_model (CantigaGroup *group)
{
  GListStore *all = g_list_store_new (G_TYPE_OBJECT);
  GPtrArray *titles = cantiga_group_get_titles (group);

  g_list_store_append (all, group);
  g_list_store_splice (all, 1, 0, titles->pdata, titles->len);
  return GTK_SELECTION_MODEL (gtk_no_selection_new (G_LIST_MODEL (all)));
}

static void
activated_cb (CantigaGroupPage *self, guint position)
{
  if (position > 0)
    cantiga_window_play (CANTIGA_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), cantiga_group_get_titles (self->group), position - 1);
}

/* ---- narrow and wide ---- */

static gboolean
fold_cb (gpointer user_data)
{
  CantigaGroupPage *self = user_data;

  self->folding = 0;
  self->narrow = gtk_widget_get_width (GTK_WIDGET (self)) < NARROW;
  g_object_set (self->head, "narrow", self->narrow, NULL);
  return G_SOURCE_REMOVE;
}

/* Not from within an allocation. */
static void
sized_cb (CantigaGroupPage *self, int width)
{
  gboolean folds = self->head != NULL && g_object_class_find_property (G_OBJECT_GET_CLASS (self->head), "narrow") != NULL;

  if (folds && (width < NARROW) != self->narrow && self->folding == 0)
    self->folding = g_idle_add_full (G_PRIORITY_HIGH_IDLE, fold_cb, self, NULL);
}

/* ---- the page ---- */

static void
cantiga_group_page_dispose (GObject *object)
{
  CantigaGroupPage *self = CANTIGA_GROUP_PAGE (object);

  g_clear_handle_id (&self->folding, g_source_remove);
  if (self->list != NULL)
    gtk_list_view_set_model (self->list, NULL);
  self->list = NULL;
  g_clear_object (&self->head);
  g_clear_object (&self->group);
  g_clear_object (&self->covers);
  g_clear_object (&self->queue);
  G_OBJECT_CLASS (cantiga_group_page_parent_class)->dispose (object);
}

static void
cantiga_group_page_class_init (CantigaGroupPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_group_page_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/group-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaGroupPage, title);
  gtk_widget_class_bind_template_child (widget_class, CantigaGroupPage, menu);
  gtk_widget_class_bind_template_child (widget_class, CantigaGroupPage, list);
  gtk_widget_class_bind_template_callback (widget_class, activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, sized_cb);
}

static void
cantiga_group_page_init (CantigaGroupPage *self)
{
  g_type_ensure (CANTIGA_TYPE_SIZED);
  gtk_widget_init_template (GTK_WIDGET (self));
  cantiga_title_menu_attach_keys (GTK_WIDGET (self->list));
  cantiga_tab_leaves (GTK_WIDGET (self->list), CANTIGA_TAB_ON);
}

GtkWidget *
cantiga_group_page_new (CantigaGroup *group, GtkWidget *head, CantigaCovers *covers, CantigaQueue *queue, GMenuModel *menu)
{
  CantigaGroupPage *self = g_object_new (CANTIGA_TYPE_GROUP_PAGE, NULL);
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkSelectionModel) model = make_model (group);

  self->group = g_object_ref (group);
  self->head = g_object_ref_sink (head);
  self->covers = g_object_ref (covers);
  self->queue = g_object_ref (queue);
  adw_window_title_set_title (self->title, cantiga_group_get_name (group));
  gtk_menu_button_set_menu_model (self->menu, menu);
  g_signal_connect_object (factory, "bind", G_CALLBACK (bind_cb), self, 0);
  g_signal_connect_object (factory, "unbind", G_CALLBACK (unbind_cb), self, 0);
  gtk_list_view_set_factory (self->list, factory);
  gtk_list_view_set_model (self->list, model);
  return GTK_WIDGET (self);
}
