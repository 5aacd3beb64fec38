#include "ui/shelf.h"

#include <string.h>

#include "ui/title-keys.h"

#define PREPARED_AT_ONCE 100

/* Groups of one kind, as they are found and sorted. */
typedef struct
{
  GListStore *all;
  GtkFilterListModel *found;
  GtkSortListModel *sorted;
} Groups;

struct _CantigaShelf
{
  GObject parent_instance;

  /* owned */
  GListModel *all;
  GtkFilter *title_filter;
  GtkFilter *group_filter;
  GtkSorter *title_sorter;
  GtkSorter *group_sorter;
  GtkFilterListModel *found;
  GtkSortListModel *sorted;
  Groups albums;
  Groups artists;
  GStrv words;
  char *order;
  guint gathering;
  guint preparing;
  guint prepared; /* how many of all have what they are found and sorted by */

  gboolean stale; /* the groups are not those of all */
  gboolean asked; /* for the groups */
};

G_DEFINE_FINAL_TYPE (CantigaShelf, cantiga_shelf, G_TYPE_OBJECT)

/* ---- search and order ---- */

static gboolean
title_is_found (gpointer title, gpointer user_data)
{
  CantigaShelf *self = user_data;

  return self->words == NULL || cantiga_title_keys_match (cantiga_title_key (title, CANTIGA_TITLE_WORDS), (const char *const *)self->words);
}

static gboolean
group_is_found (gpointer group, gpointer user_data)
{
  CantigaShelf *self = user_data;

  return self->words == NULL || cantiga_title_keys_match (cantiga_group_get_words (group), (const char *const *)self->words);
}

static int
compare_numbers (double a, double b)
{
  return (a > b) - (a < b);
}

static int
compare_keys (CantigaTitle *one, CantigaTitle *other, CantigaTitleKey key)
{
  return strcmp (cantiga_title_key (one, key), cantiga_title_key (other, key));
}

static int
compare_titles (gconstpointer a, gconstpointer b, gpointer user_data)
{
  CantigaShelf *self = user_data;
  CantigaTitle *one = (CantigaTitle *)a, *other = (CantigaTitle *)b;
  int order = 0;

  if (g_str_equal (self->order, "artist"))
    order = compare_keys (one, other, CANTIGA_TITLE_ARTIST);
  else if (g_str_equal (self->order, "length"))
    order = compare_numbers (cantiga_title_get_duration (one), cantiga_title_get_duration (other));
  if (order == 0 && !g_str_equal (self->order, "title"))
    order = compare_keys (one, other, CANTIGA_TITLE_ALBUM);
  if (order == 0 && g_str_equal (self->order, "album"))
    order = compare_numbers (cantiga_title_get_track (one), cantiga_title_get_track (other));
  return order != 0 ? order : compare_keys (one, other, CANTIGA_TITLE_NAME);
}

static int
compare_groups (gconstpointer a, gconstpointer b, gpointer user_data)
{
  CantigaShelf *self = user_data;
  CantigaGroup *one = (CantigaGroup *)a, *other = (CantigaGroup *)b;

  if (g_str_equal (self->order, "length"))
    {
      int order = compare_numbers (cantiga_group_get_duration (one), cantiga_group_get_duration (other));

      if (order != 0)
        return order;
    }
  return g_str_equal (self->order, "artist") ? cantiga_group_compare_artists (one, other) : cantiga_group_compare (one, other);
}

void
cantiga_shelf_search (CantigaShelf *self, const char *text)
{
  g_strfreev (self->words);
  self->words = cantiga_title_keys_split (text);
  gtk_filter_changed (self->title_filter, GTK_FILTER_CHANGE_DIFFERENT);
  gtk_filter_changed (self->group_filter, GTK_FILTER_CHANGE_DIFFERENT);
}

void
cantiga_shelf_sort (CantigaShelf *self, const char *order)
{
  if (g_str_equal (order, self->order))
    return;
  g_free (self->order);
  self->order = g_strdup (order);
  gtk_sorter_changed (self->title_sorter, GTK_SORTER_CHANGE_DIFFERENT);
  gtk_sorter_changed (self->group_sorter, GTK_SORTER_CHANGE_DIFFERENT);
}

/* ---- groups ---- */

static void
set_groups (Groups *groups, GPtrArray *all)
{
  g_list_store_splice (groups->all, 0, g_list_model_get_n_items (G_LIST_MODEL (groups->all)), all->pdata, all->len);
  g_ptr_array_unref (all);
}

static void
gather (CantigaShelf *self)
{
  g_clear_handle_id (&self->gathering, g_source_remove);
  self->asked = TRUE;
  if (!self->stale)
    return;
  self->stale = FALSE;
  set_groups (&self->albums, self->all != NULL ? cantiga_group_gather_albums (self->all) : g_ptr_array_new ());
  set_groups (&self->artists, self->all != NULL ? cantiga_group_gather_artists (self->all) : g_ptr_array_new ());
}

static gboolean
gather_cb (gpointer user_data)
{
  CantigaShelf *self = user_data;

  self->gathering = 0;
  gather (self);
  return G_SOURCE_REMOVE;
}

/* What titles are found and sorted by takes longer to make than to use: it is there before somebody waits for it. */
static gboolean
prepare_cb (gpointer user_data)
{
  CantigaShelf *self = user_data;

  for (guint i = 0; i < PREPARED_AT_ONCE; i++)
    {
      g_autoptr (CantigaTitle) title = self->all != NULL ? g_list_model_get_item (self->all, self->prepared) : NULL;

      if (title == NULL)
        {
          self->preparing = 0;
          return G_SOURCE_REMOVE;
        }
      self->prepared++;
      for (guint key = 0; key < CANTIGA_N_TITLE_KEYS; key++)
        cantiga_title_key (title, key);
    }
  return G_SOURCE_CONTINUE;
}

/* Who looked at groups once sees them follow. */
static void
all_changed_cb (CantigaShelf *self)
{
  self->stale = TRUE;
  self->prepared = 0;
  if (self->preparing == 0)
    self->preparing = g_idle_add_full (G_PRIORITY_LOW, prepare_cb, self, NULL);
  if (self->asked && self->gathering == 0)
    self->gathering = g_idle_add (gather_cb, self);
}

void
cantiga_shelf_set_all (CantigaShelf *self, GListModel *all)
{
  if (self->all != NULL)
    g_signal_handlers_disconnect_by_data (self->all, self);
  g_set_object (&self->all, all);
  gtk_filter_list_model_set_model (self->found, all);
  if (all != NULL)
    g_signal_connect_swapped (all, "items-changed", G_CALLBACK (all_changed_cb), self);
  all_changed_cb (self);
}

GListModel *
cantiga_shelf_get_titles (CantigaShelf *self)
{
  return G_LIST_MODEL (self->sorted);
}

GListModel *
cantiga_shelf_get_albums (CantigaShelf *self)
{
  gather (self);
  return G_LIST_MODEL (self->albums.sorted);
}

GListModel *
cantiga_shelf_get_artists (CantigaShelf *self)
{
  gather (self);
  return G_LIST_MODEL (self->artists.sorted);
}

/* A title of the album is in it. */
CantigaGroup *
cantiga_shelf_find_album (CantigaShelf *self, CantigaTitle *title)
{
  gather (self);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->albums.all)); i++)
    {
      g_autoptr (CantigaGroup) group = g_list_model_get_item (G_LIST_MODEL (self->albums.all), i);

      if (g_ptr_array_find (cantiga_group_get_titles (group), title, NULL))
        return group; /* the list keeps it */
    }
  return NULL;
}

CantigaGroup *
cantiga_shelf_find_artist (CantigaShelf *self, const char *artist)
{
  gather (self);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->artists.all)); i++)
    {
      g_autoptr (CantigaGroup) group = g_list_model_get_item (G_LIST_MODEL (self->artists.all), i);

      if (g_str_equal (cantiga_group_get_name (group), artist))
        return group; /* the list keeps it */
    }
  return NULL;
}

static gboolean
is_of_artist (gconstpointer title, gconstpointer artist)
{
  return g_str_equal (cantiga_title_get_artist ((CantigaTitle *)title), artist);
}

static int
compare_albums (gconstpointer a, gconstpointer b)
{
  return cantiga_group_compare (*(CantigaGroup *const *)a, *(CantigaGroup *const *)b);
}

GPtrArray *
cantiga_shelf_find_albums_of (CantigaShelf *self, const char *artist)
{
  GPtrArray *albums = g_ptr_array_new_with_free_func (g_object_unref);

  gather (self);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->albums.all)); i++)
    {
      g_autoptr (CantigaGroup) group = g_list_model_get_item (G_LIST_MODEL (self->albums.all), i);

      if (g_ptr_array_find_with_equal_func (cantiga_group_get_titles (group), artist, is_of_artist, NULL))
        g_ptr_array_add (albums, g_steal_pointer (&group));
    }
  g_ptr_array_sort (albums, compare_albums);
  return albums;
}

/* ---- the shelf ---- */

static void
groups_init (Groups *groups, GtkFilter *filter, GtkSorter *sorter)
{
  groups->all = g_list_store_new (CANTIGA_TYPE_GROUP);
  groups->found = gtk_filter_list_model_new (g_object_ref (G_LIST_MODEL (groups->all)), g_object_ref (filter));
  groups->sorted = gtk_sort_list_model_new (g_object_ref (G_LIST_MODEL (groups->found)), g_object_ref (sorter));
}

static void
groups_clear (Groups *groups)
{
  g_clear_object (&groups->sorted);
  g_clear_object (&groups->found);
  g_clear_object (&groups->all);
}

static void
cantiga_shelf_dispose (GObject *object)
{
  CantigaShelf *self = CANTIGA_SHELF (object);

  /* Who still shows the lists shows them empty. */
  if (self->found != NULL)
    cantiga_shelf_set_all (self, NULL);
  g_clear_handle_id (&self->gathering, g_source_remove);
  g_clear_handle_id (&self->preparing, g_source_remove);
  groups_clear (&self->albums);
  groups_clear (&self->artists);
  g_clear_object (&self->sorted);
  g_clear_object (&self->found);
  g_clear_object (&self->title_filter);
  g_clear_object (&self->group_filter);
  g_clear_object (&self->title_sorter);
  g_clear_object (&self->group_sorter);
  g_clear_object (&self->all);
  g_clear_pointer (&self->words, g_strfreev);
  g_clear_pointer (&self->order, g_free);
  G_OBJECT_CLASS (cantiga_shelf_parent_class)->dispose (object);
}

static void
cantiga_shelf_class_init (CantigaShelfClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = cantiga_shelf_dispose;
}

static void
cantiga_shelf_init (CantigaShelf *self)
{
  self->order = g_strdup ("title");
  self->title_filter = GTK_FILTER (gtk_custom_filter_new (title_is_found, self, NULL));
  self->group_filter = GTK_FILTER (gtk_custom_filter_new (group_is_found, self, NULL));
  self->title_sorter = GTK_SORTER (gtk_custom_sorter_new (compare_titles, self, NULL));
  self->group_sorter = GTK_SORTER (gtk_custom_sorter_new (compare_groups, self, NULL));
  self->found = gtk_filter_list_model_new (NULL, g_object_ref (self->title_filter));
  self->sorted = gtk_sort_list_model_new (g_object_ref (G_LIST_MODEL (self->found)), g_object_ref (self->title_sorter));
  groups_init (&self->albums, self->group_filter, self->group_sorter);
  groups_init (&self->artists, self->group_filter, self->group_sorter);
}

CantigaShelf *
cantiga_shelf_new (void)
{
  return g_object_new (CANTIGA_TYPE_SHELF, NULL);
}
