#include "ui/group-card.h"

#include <glib/gi18n.h>

#include "ui/application.h"
#include "ui/cover.h"
#include "ui/title-menu.h"

struct _CantigaGroupCard
{
  GtkBox parent_instance;

  /* template */
  CantigaCover *cover;
  AdwAvatar *face;
  GtkLabel *name;
  GtkLabel *about;

  CantigaGroup *group; /* owned */
};

G_DEFINE_FINAL_TYPE (CantigaGroupCard, cantiga_group_card, GTK_TYPE_BOX)

static char *
dup_about (CantigaGroup *group)
{
  guint n = cantiga_group_get_titles (group)->len;
  const char *artist = cantiga_group_get_artist (group);

  if (cantiga_group_get_kind (group) == CANTIGA_GROUP_ARTIST)
    return g_strdup_printf (ngettext ("%u title", "%u titles", n), n);
  return g_strdup (*artist != '\0' ? artist : _ ("Various artists"));
}

static void
name_card (CantigaGroupCard *self, const char *about)
{
  g_autofree char *name = g_strdup_printf ("%s, %s", cantiga_group_get_name (self->group), about);
  GtkWidget *item = gtk_widget_get_parent (GTK_WIDGET (self));

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  if (item != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (item), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

void
cantiga_group_card_set (CantigaGroupCard *self, CantigaGroup *group, CantigaCovers *covers)
{
  gboolean artist = group != NULL && cantiga_group_get_kind (group) == CANTIGA_GROUP_ARTIST;
  g_autofree char *about = NULL, *plain = NULL;

  g_set_object (&self->group, group);
  cantiga_cover_set (self->cover, group != NULL && !artist ? cantiga_group_get_face (group) : NULL, covers);
  if (group == NULL)
    return;
  about = dup_about (group);
  gtk_widget_set_visible (GTK_WIDGET (self->cover), !artist);
  gtk_widget_set_visible (GTK_WIDGET (self->face), artist);
  plain = cantiga_group_dup_plain_name (group);
  adw_avatar_set_text (self->face, plain);
  gtk_label_set_label (self->name, cantiga_group_get_name (group));
  gtk_label_set_label (self->about, about);
  gtk_label_set_xalign (self->name, artist ? 0.5f : 0);
  gtk_label_set_xalign (self->about, artist ? 0.5f : 0);
  name_card (self, about);
}

static GPtrArray *
about_menu (GtkWidget *widget)
{
  CantigaGroupCard *self = CANTIGA_GROUP_CARD (widget);

  return self->group != NULL ? g_ptr_array_ref (cantiga_group_get_titles (self->group)) : NULL;
}

static void
cantiga_group_card_dispose (GObject *object)
{
  g_clear_object (&CANTIGA_GROUP_CARD (object)->group);
  G_OBJECT_CLASS (cantiga_group_card_parent_class)->dispose (object);
}

static void
cantiga_group_card_class_init (CantigaGroupCardClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_group_card_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/group-card.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaGroupCard, cover);
  gtk_widget_class_bind_template_child (widget_class, CantigaGroupCard, face);
  gtk_widget_class_bind_template_child (widget_class, CantigaGroupCard, name);
  gtk_widget_class_bind_template_child (widget_class, CantigaGroupCard, about);
}

static void
cantiga_group_card_init (CantigaGroupCard *self)
{
  g_type_ensure (CANTIGA_TYPE_COVER);
  gtk_widget_init_template (GTK_WIDGET (self));
  cantiga_title_menu_attach (GTK_WIDGET (self), about_menu);
}

GtkWidget *
cantiga_group_card_new (void)
{
  return g_object_new (CANTIGA_TYPE_GROUP_CARD, NULL);
}
