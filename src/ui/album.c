#include "ui/album.h"

#include <glib/gi18n.h>

#include "ui/application.h"
#include "ui/cover.h"
#include "ui/window.h"

struct _CantigaAlbum
{
  AdwBin parent_instance;

  /* template */
  GtkBox *row;
  GtkBox *words;
  CantigaCover *cover;
  GtkLabel *name;
  GtkButton *artist;
  GtkLabel *artist_name;
  GtkLabel *about;
  GtkLabel *plays;

  CantigaGroup *group; /* owned */
};

enum
{
  PROP_NARROW = 1,
};

G_DEFINE_FINAL_TYPE (CantigaAlbum, cantiga_album, ADW_TYPE_BIN)

static CantigaWindow *
get_window (CantigaAlbum *self)
{
  return CANTIGA_WINDOW (gtk_widget_get_root (GTK_WIDGET (self)));
}

static void
play_clicked_cb (CantigaAlbum *self)
{
  cantiga_window_play (get_window (self), cantiga_group_get_titles (self->group), 0);
}

static void
shuffle_clicked_cb (CantigaAlbum *self)
{
  cantiga_window_shuffle (get_window (self), cantiga_group_get_titles (self->group));
}

static void
artist_clicked_cb (CantigaAlbum *self)
{
  cantiga_window_open_artist (get_window (self), cantiga_group_get_artist (self->group));
}

/* "1265 · 12 titles · 41 min". */
static char *
dup_about (CantigaGroup *group)
{
  guint n = cantiga_group_get_titles (group)->len, year = cantiga_group_get_year (group);
  guint minutes = MAX (1, (guint)(cantiga_group_get_duration (group) / 60 + 0.5));
  g_autoptr (GString) about = g_string_new (NULL);

  if (year > 0)
    g_string_append_printf (about, "%u · ", year);
  g_string_append_printf (about, ngettext ("%u title", "%u titles", n), n);
  g_string_append (about, " · ");
  g_string_append_printf (about, _ ("%u min"), minutes);
  return g_string_free (g_steal_pointer (&about), FALSE);
}

static void
count_plays (CantigaAlbum *self)
{
  int plays = cantiga_group_count_plays (self->group);
  g_autofree char *words = g_strdup_printf (ngettext ("%d play in all", "%d plays in all", MAX (plays, 0)), plays);

  gtk_label_set_label (self->plays, words);
  gtk_widget_set_visible (GTK_WIDGET (self->plays), plays >= 0);
}

static void
show_group (CantigaAlbum *self, CantigaCovers *covers)
{
  const char *artist = cantiga_group_get_artist (self->group);
  g_autofree char *about = dup_about (self->group);
  GPtrArray *titles = cantiga_group_get_titles (self->group);

  cantiga_cover_set (self->cover, cantiga_group_get_face (self->group), covers);
  gtk_label_set_label (self->name, cantiga_group_get_name (self->group));
  gtk_label_set_label (self->artist_name, *artist != '\0' ? artist : _ ("Various artists"));
  gtk_widget_set_sensitive (GTK_WIDGET (self->artist), *artist != '\0');
  gtk_label_set_label (self->about, about);
  for (guint i = 0; i < titles->len; i++)
    g_signal_connect_object (titles->pdata[i], "notify::plays-left", G_CALLBACK (count_plays), self, G_CONNECT_SWAPPED);
  count_plays (self);
}

static void
cantiga_album_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CantigaAlbum *self = CANTIGA_ALBUM (object);
  gboolean narrow = g_value_get_boolean (value);
  GtkAlign align = narrow ? GTK_ALIGN_CENTER : GTK_ALIGN_START;

  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->row), narrow ? GTK_ORIENTATION_VERTICAL : GTK_ORIENTATION_HORIZONTAL);
  gtk_widget_set_halign (GTK_WIDGET (self->cover), narrow ? GTK_ALIGN_CENTER : GTK_ALIGN_START);
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->words)); child != NULL; child = gtk_widget_get_next_sibling (child))
    gtk_widget_set_halign (child, align);
  gtk_label_set_justify (self->name, narrow ? GTK_JUSTIFY_CENTER : GTK_JUSTIFY_LEFT);
}

static void
cantiga_album_dispose (GObject *object)
{
  g_clear_object (&CANTIGA_ALBUM (object)->group);
  G_OBJECT_CLASS (cantiga_album_parent_class)->dispose (object);
}

static void
cantiga_album_class_init (CantigaAlbumClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_album_dispose;
  G_OBJECT_CLASS (klass)->set_property = cantiga_album_set_property;
  g_object_class_install_property (G_OBJECT_CLASS (klass), PROP_NARROW,
                                   g_param_spec_boolean ("narrow", NULL, NULL, FALSE, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/album.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaAlbum, row);
  gtk_widget_class_bind_template_child (widget_class, CantigaAlbum, words);
  gtk_widget_class_bind_template_child (widget_class, CantigaAlbum, cover);
  gtk_widget_class_bind_template_child (widget_class, CantigaAlbum, name);
  gtk_widget_class_bind_template_child (widget_class, CantigaAlbum, artist);
  gtk_widget_class_bind_template_child (widget_class, CantigaAlbum, artist_name);
  gtk_widget_class_bind_template_child (widget_class, CantigaAlbum, about);
  gtk_widget_class_bind_template_child (widget_class, CantigaAlbum, plays);
  gtk_widget_class_bind_template_callback (widget_class, play_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, shuffle_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, artist_clicked_cb);
}

static void
cantiga_album_init (CantigaAlbum *self)
{
  g_type_ensure (CANTIGA_TYPE_COVER);
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
cantiga_album_new (CantigaGroup *group, CantigaCovers *covers)
{
  CantigaAlbum *self = g_object_new (CANTIGA_TYPE_ALBUM, NULL);

  self->group = g_object_ref (group);
  show_group (self, covers);
  return GTK_WIDGET (self);
}
