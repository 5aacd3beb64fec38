#include "ui/which-card.h"

#include "ui/application.h"

struct _CantigaWhichCard
{
  GtkBox parent_instance;

  /* template */
  GtkBox *cards;

  /* owned */
  GPtrArray *all;
};

G_DEFINE_FINAL_TYPE (CantigaWhichCard, cantiga_which_card, GTK_TYPE_BOX)

static guint chosen_signal;

static void
cantiga_which_card_finalize (GObject *object)
{
  g_clear_pointer (&CANTIGA_WHICH_CARD (object)->all, g_ptr_array_unref);
  G_OBJECT_CLASS (cantiga_which_card_parent_class)->finalize (object);
}

static gboolean
cantiga_which_card_grab_focus (GtkWidget *widget)
{
  GtkWidget *first = gtk_widget_get_first_child (GTK_WIDGET (CANTIGA_WHICH_CARD (widget)->cards));

  return first != NULL && gtk_widget_grab_focus (first);
}

static void
cantiga_which_card_class_init (CantigaWhichCardClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = cantiga_which_card_finalize;
  widget_class->grab_focus = cantiga_which_card_grab_focus;
  chosen_signal
      = g_signal_new ("chosen", CANTIGA_TYPE_WHICH_CARD, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, CANTIGA_TYPE_CARD_FOUND);
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/which-card.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaWhichCard, cards);
}

static void
cantiga_which_card_init (CantigaWhichCard *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
cantiga_which_card_new (void)
{
  return g_object_new (CANTIGA_TYPE_WHICH_CARD, NULL);
}

static void
clicked_cb (GtkButton *button, CantigaWhichCard *self)
{
  g_signal_emit (self, chosen_signal, 0, g_object_get_data (G_OBJECT (button), "card"));
}

/* Two people may have one name, one person two cards. */
static GtkWidget *
button_new (CantigaWhichCard *self, CantigaCardFound *found)
{
  g_autofree char *words = g_strdup_printf ("%s \302\267 %s", found->name, found->token);
  GtkWidget *button = gtk_button_new_with_label (words);
  GtkWidget *label = gtk_button_get_child (GTK_BUTTON (button));

  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_set_tooltip_text (button, words);
  g_object_set_data_full (G_OBJECT (button), "card", cantiga_card_found_ref (found), (GDestroyNotify)cantiga_card_found_unref);
  g_signal_connect (button, "clicked", G_CALLBACK (clicked_cb), self);
  return button;
}

void
cantiga_which_card_ask (CantigaWhichCard *self, GPtrArray *all)
{
  GtkWidget *child;

  g_clear_pointer (&self->all, g_ptr_array_unref);
  self->all = g_ptr_array_ref (all);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->cards))) != NULL)
    gtk_box_remove (self->cards, child);
  for (guint i = 0; i < all->len; i++)
    gtk_box_append (self->cards, button_new (self, all->pdata[i]));
}
