#include "ui/title-card.h"

#include "ui/application.h"
#include "ui/cover.h"
#include "ui/licence-pill.h"
#include "ui/refusal.h"
#include "ui/title-menu.h"
#include "ui/title-name.h"

struct _CantigaTitleCard
{
  GtkBox parent_instance;

  /* template */
  CantigaCover *cover;
  GtkButton *play;
  GtkLabel *name;
  GtkWidget *mark;
  GtkLabel *artist;
  CantigaLicencePill *pill;

  CantigaTitle *title; /* owned */
};

G_DEFINE_FINAL_TYPE (CantigaTitleCard, cantiga_title_card, GTK_TYPE_BOX)

static guint play_signal;

static void
play_clicked_cb (CantigaTitleCard *self)
{
  g_signal_emit (self, play_signal, 0);
}

static GPtrArray *
about_menu (GtkWidget *widget)
{
  return cantiga_title_menu_about_one (CANTIGA_TITLE_CARD (widget)->title);
}

static void
name_card (CantigaTitleCard *self)
{
  g_autofree char *reason = cantiga_refusal_dup_reason (self->title);

  /* What has no room for a line more says it in the place of another, and the rest to who points at it. */
  gtk_label_set_label (self->artist, reason != NULL ? reason : cantiga_title_get_artist (self->title));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->artist), reason);
  gtk_widget_set_visible (self->mark, reason != NULL);
  if (reason != NULL)
    gtk_widget_remove_css_class (GTK_WIDGET (self->artist), "dim-label");
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->artist), "dim-label");
  cantiga_title_name_show (GTK_WIDGET (self), self->title);
}

void
cantiga_title_card_set (CantigaTitleCard *self, CantigaTitle *title, CantigaCovers *covers, CantigaQueue *queue)
{
  if (self->title != NULL)
    g_signal_handlers_disconnect_by_data (self->title, self);
  g_set_object (&self->title, title);
  cantiga_cover_set (self->cover, title, covers);
  cantiga_licence_pill_set (self->pill, title, queue);
  if (title == NULL)
    return;
  gtk_label_set_label (self->name, cantiga_title_get_name (title));
  cantiga_title_name_show_button (GTK_WIDGET (self->play), title);
  g_signal_connect_swapped (title, "notify", G_CALLBACK (name_card), self);
  name_card (self);
}

static void
cantiga_title_card_dispose (GObject *object)
{
  CantigaTitleCard *self = CANTIGA_TITLE_CARD (object);

  if (self->title != NULL)
    g_signal_handlers_disconnect_by_data (self->title, self);
  g_clear_object (&self->title);
  G_OBJECT_CLASS (cantiga_title_card_parent_class)->dispose (object);
}

static void
cantiga_title_card_class_init (CantigaTitleCardClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_title_card_dispose;
  play_signal = g_signal_new ("play", CANTIGA_TYPE_TITLE_CARD, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/title-card.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleCard, cover);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleCard, play);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleCard, name);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleCard, mark);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleCard, artist);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleCard, pill);
  gtk_widget_class_bind_template_callback (widget_class, play_clicked_cb);
}

static void
cantiga_title_card_init (CantigaTitleCard *self)
{
  g_type_ensure (CANTIGA_TYPE_COVER);
  g_type_ensure (CANTIGA_TYPE_LICENCE_PILL);
  gtk_widget_init_template (GTK_WIDGET (self));
  cantiga_title_menu_attach (GTK_WIDGET (self), about_menu);
}

GtkWidget *
cantiga_title_card_new (void)
{
  return g_object_new (CANTIGA_TYPE_TITLE_CARD, NULL);
}
