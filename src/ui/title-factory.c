#include "ui/title-factory.h"

#include "ui/group-card.h"
#include "ui/title-card.h"
#include "ui/title-row.h"

typedef struct
{
  CantigaCovers *covers;
  CantigaQueue *queue;
  gboolean numbered;
} Parts;

static void
parts_free (gpointer data, GClosure *closure)
{
  Parts *parts = data;

  g_clear_object (&parts->covers);
  g_clear_object (&parts->queue);
  g_free (parts);
}

static void
play_cb (GtkWidget *child, GtkListItem *item)
{
  gtk_widget_activate_action (child, "list.activate-item", "u", gtk_list_item_get_position (item));
}

static void
card_setup_cb (GtkSignalListItemFactory *factory, GtkListItem *item, Parts *parts)
{
  GtkWidget *card = cantiga_title_card_new ();

  g_signal_connect_object (card, "play", G_CALLBACK (play_cb), item, 0);
  gtk_list_item_set_child (item, card);
}

static void
card_bind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, Parts *parts)
{
  cantiga_title_card_set (CANTIGA_TITLE_CARD (gtk_list_item_get_child (item)), gtk_list_item_get_item (item), parts->covers, parts->queue);
}

static void
card_unbind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, Parts *parts)
{
  cantiga_title_card_set (CANTIGA_TITLE_CARD (gtk_list_item_get_child (item)), NULL, NULL, NULL);
}

static void
row_setup_cb (GtkSignalListItemFactory *factory, GtkListItem *item, Parts *parts)
{
  gtk_list_item_set_child (item, cantiga_title_row_new (parts->numbered));
}

static void
row_bind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, Parts *parts)
{
  cantiga_title_row_set (CANTIGA_TITLE_ROW (gtk_list_item_get_child (item)), gtk_list_item_get_item (item), parts->covers, parts->queue);
}

static void
row_unbind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, Parts *parts)
{
  cantiga_title_row_set (CANTIGA_TITLE_ROW (gtk_list_item_get_child (item)), NULL, NULL, NULL);
}

static void
group_setup_cb (GtkSignalListItemFactory *factory, GtkListItem *item, Parts *parts)
{
  gtk_list_item_set_child (item, cantiga_group_card_new ());
}

static void
group_bind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, Parts *parts)
{
  cantiga_group_card_set (CANTIGA_GROUP_CARD (gtk_list_item_get_child (item)), gtk_list_item_get_item (item), parts->covers);
}

static void
group_unbind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, Parts *parts)
{
  cantiga_group_card_set (CANTIGA_GROUP_CARD (gtk_list_item_get_child (item)), NULL, NULL);
}

static GtkListItemFactory *
make (Parts own, GCallback setup, GCallback bind, GCallback unbind)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  Parts *parts = g_new (Parts, 1);

  *parts = own;
  if (parts->covers != NULL)
    g_object_ref (parts->covers);
  if (parts->queue != NULL)
    g_object_ref (parts->queue);
  g_signal_connect_data (factory, "setup", setup, parts, parts_free, 0);
  g_signal_connect (factory, "bind", bind, parts);
  g_signal_connect (factory, "unbind", unbind, parts);
  return factory;
}

GtkListItemFactory *
cantiga_title_factory_new_cards (CantigaCovers *covers, CantigaQueue *queue)
{
  return make ((Parts){ covers, queue, FALSE }, G_CALLBACK (card_setup_cb), G_CALLBACK (card_bind_cb), G_CALLBACK (card_unbind_cb));
}

GtkListItemFactory *
cantiga_title_factory_new_rows (CantigaCovers *covers, CantigaQueue *queue, gboolean numbered)
{
  return make ((Parts){ covers, queue, numbered }, G_CALLBACK (row_setup_cb), G_CALLBACK (row_bind_cb), G_CALLBACK (row_unbind_cb));
}

GtkListItemFactory *
cantiga_group_factory_new_cards (CantigaCovers *covers)
{
  return make ((Parts){ covers, NULL, FALSE }, G_CALLBACK (group_setup_cb), G_CALLBACK (group_bind_cb), G_CALLBACK (group_unbind_cb));
}
