#include "ui/artist.h"

#include <glib/gi18n.h>

#include "ui/application.h"
#include "ui/group-card.h"
#include "ui/window.h"

struct _CantigaArtist
{
  AdwBin parent_instance;

  /* template */
  AdwAvatar *face;
  GtkLabel *name;
  GtkLabel *about;
  GtkWidget *albums_heading;
  GtkFlowBox *albums;

  GPtrArray *groups; /* owned: CantigaGroup, as in albums */
};

G_DEFINE_FINAL_TYPE (CantigaArtist, cantiga_artist, ADW_TYPE_BIN)

static void
album_activated_cb (CantigaArtist *self, GtkFlowBoxChild *child)
{
  CantigaGroup *group = self->groups->pdata[gtk_flow_box_child_get_index (child)];

  cantiga_window_open_album (CANTIGA_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), cantiga_group_get_titles (group)->pdata[0]);
}

static void
add_albums (CantigaArtist *self, CantigaCovers *covers)
{
  for (guint i = 0; i < self->groups->len; i++)
    {
      GtkWidget *card = cantiga_group_card_new ();
      GtkWidget *child = gtk_flow_box_child_new ();

      gtk_flow_box_child_set_child (GTK_FLOW_BOX_CHILD (child), card);
      gtk_flow_box_append (self->albums, child);
      cantiga_group_card_set (CANTIGA_GROUP_CARD (card), self->groups->pdata[i], covers);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->albums), self->groups->len > 0);
  gtk_widget_set_visible (self->albums_heading, self->groups->len > 0);
}

static void
cantiga_artist_dispose (GObject *object)
{
  g_clear_pointer (&CANTIGA_ARTIST (object)->groups, g_ptr_array_unref);
  G_OBJECT_CLASS (cantiga_artist_parent_class)->dispose (object);
}

static void
cantiga_artist_class_init (CantigaArtistClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_artist_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/artist.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaArtist, face);
  gtk_widget_class_bind_template_child (widget_class, CantigaArtist, name);
  gtk_widget_class_bind_template_child (widget_class, CantigaArtist, about);
  gtk_widget_class_bind_template_child (widget_class, CantigaArtist, albums_heading);
  gtk_widget_class_bind_template_child (widget_class, CantigaArtist, albums);
  gtk_widget_class_bind_template_callback (widget_class, album_activated_cb);
}

static void
cantiga_artist_init (CantigaArtist *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
cantiga_artist_new (CantigaGroup *group, GPtrArray *albums, CantigaCovers *covers)
{
  CantigaArtist *self = g_object_new (CANTIGA_TYPE_ARTIST, NULL);
  guint n = cantiga_group_get_titles (group)->len;
  g_autofree char *plain = cantiga_group_dup_plain_name (group);
  g_autofree char *about = g_strdup_printf (ngettext ("%u title", "%u titles", n), n);

  self->groups = g_ptr_array_ref (albums);
  adw_avatar_set_text (self->face, plain);
  gtk_label_set_label (self->name, cantiga_group_get_name (group));
  gtk_label_set_label (self->about, about);
  add_albums (self, covers);
  return GTK_WIDGET (self);
}
