#include "ui/group.h"

#include <string.h>

#include "ui/title-keys.h"

struct _CantigaGroup
{
  GObject parent_instance;

  /* owned */
  GPtrArray *titles;
  char *words;

  CantigaGroupKind kind;
};

G_DEFINE_FINAL_TYPE (CantigaGroup, cantiga_group, G_TYPE_OBJECT)

static void
cantiga_group_finalize (GObject *object)
{
  CantigaGroup *self = CANTIGA_GROUP (object);

  g_ptr_array_unref (self->titles);
  g_free (self->words);
  G_OBJECT_CLASS (cantiga_group_parent_class)->finalize (object);
}

static void
cantiga_group_class_init (CantigaGroupClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cantiga_group_finalize;
}

static void
cantiga_group_init (CantigaGroup *self)
{
}

/* ---- one group ---- */

CantigaTitle *
cantiga_group_get_face (CantigaGroup *self)
{
  for (guint i = 0; i < self->titles->len; i++)
    if (cantiga_title_get_cover (self->titles->pdata[i]) != NULL)
      return self->titles->pdata[i];
  return self->titles->pdata[0];
}

CantigaGroupKind
cantiga_group_get_kind (CantigaGroup *self)
{
  return self->kind;
}

const char *
cantiga_group_get_artist (CantigaGroup *self)
{
  const char *artist = cantiga_title_get_artist (self->titles->pdata[0]);

  for (guint i = 1; i < self->titles->len; i++)
    if (!g_str_equal (artist, cantiga_title_get_artist (self->titles->pdata[i])))
      return "";
  return artist;
}

const char *
cantiga_group_get_name (CantigaGroup *self)
{
  CantigaTitle *first = self->titles->pdata[0];

  return self->kind == CANTIGA_GROUP_ALBUM ? cantiga_title_get_album (first) : cantiga_title_get_artist (first);
}

char *
cantiga_group_dup_plain_name (CantigaGroup *self)
{
  g_auto (GStrv) parts = g_strsplit_set (cantiga_group_get_name (self), "([,", 2);

  return g_strdup (*parts[0] != '\0' ? g_strstrip (parts[0]) : cantiga_group_get_name (self));
}

GPtrArray *
cantiga_group_get_titles (CantigaGroup *self)
{
  return self->titles;
}

guint
cantiga_group_get_year (CantigaGroup *self)
{
  guint year = 0;

  for (guint i = 0; i < self->titles->len; i++)
    year = MAX (year, cantiga_title_get_year (self->titles->pdata[i]));
  return year;
}

double
cantiga_group_get_duration (CantigaGroup *self)
{
  double duration = 0;

  for (guint i = 0; i < self->titles->len; i++)
    duration += cantiga_title_get_duration (self->titles->pdata[i]);
  return duration;
}

int
cantiga_group_count_plays (CantigaGroup *self)
{
  int plays = -1;

  for (guint i = 0; i < self->titles->len; i++)
    if (g_str_equal (cantiga_title_get_licence_state (self->titles->pdata[i]), "valid"))
      plays = MAX (plays, 0) + MAX (cantiga_title_get_plays_left (self->titles->pdata[i]), 0);
  return plays;
}

const char *
cantiga_group_get_words (CantigaGroup *self)
{
  if (self->words == NULL)
    {
      g_autofree char *all = g_strjoin ("\n", cantiga_group_get_name (self), cantiga_group_get_artist (self), NULL);

      self->words = cantiga_title_keys_fold (all);
    }
  return self->words;
}

int
cantiga_group_compare_artists (CantigaGroup *one, CantigaGroup *other)
{
  int order = strcmp (cantiga_title_key (one->titles->pdata[0], CANTIGA_TITLE_ARTIST), cantiga_title_key (other->titles->pdata[0], CANTIGA_TITLE_ARTIST));

  return order != 0 ? order : strcmp (cantiga_title_key (one->titles->pdata[0], CANTIGA_TITLE_ALBUM), cantiga_title_key (other->titles->pdata[0], CANTIGA_TITLE_ALBUM));
}

int
cantiga_group_compare (CantigaGroup *one, CantigaGroup *other)
{
  if (one->kind == CANTIGA_GROUP_ARTIST)
    return cantiga_group_compare_artists (one, other);
  return strcmp (cantiga_title_key (one->titles->pdata[0], CANTIGA_TITLE_ALBUM), cantiga_title_key (other->titles->pdata[0], CANTIGA_TITLE_ALBUM));
}

/* ---- gathering ---- */

static int
compare_places (gconstpointer a, gconstpointer b)
{
  CantigaTitle *one = *(CantigaTitle *const *)a, *other = *(CantigaTitle *const *)b;
  int order = strcmp (cantiga_title_key (one, CANTIGA_TITLE_ALBUM), cantiga_title_key (other, CANTIGA_TITLE_ALBUM));

  if (order == 0)
    order = (int)cantiga_title_get_track (one) - (int)cantiga_title_get_track (other);
  return order != 0 ? order : strcmp (cantiga_title_key (one, CANTIGA_TITLE_NAME), cantiga_title_key (other, CANTIGA_TITLE_NAME));
}

CantigaGroup *
cantiga_group_new (CantigaGroupKind kind, GPtrArray *titles)
{
  CantigaGroup *self = g_object_new (CANTIGA_TYPE_GROUP, NULL);

  self->kind = kind;
  self->titles = titles;
  g_ptr_array_sort (titles, compare_places);
  return self;
}

static void
put (GHashTable *heaps, const char *key, CantigaTitle *title)
{
  GPtrArray *heap = g_hash_table_lookup (heaps, key);

  if (heap == NULL)
    {
      heap = g_ptr_array_new_with_free_func (g_object_unref);
      g_hash_table_insert (heaps, (gpointer)key, heap);
    }
  g_ptr_array_add (heap, g_object_ref (title));
}

/* Titles by what get says of them; the keys are the titles' own. */
static GHashTable *
heap_up (GListModel *titles, const char *(*get) (CantigaTitle *title))
{
  GHashTable *heaps = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);

  for (guint i = 0; i < g_list_model_get_n_items (titles); i++)
    {
      g_autoptr (CantigaTitle) title = g_list_model_get_item (titles, i);

      if (*get (title) != '\0')
        put (heaps, get (title), title);
    }
  return heaps;
}

/* Two different albums are likely to begin with a first track each. */
static gboolean
is_several (GPtrArray *titles)
{
  g_autoptr (GHashTable) tracks = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < titles->len; i++)
    {
      gpointer track = GUINT_TO_POINTER (cantiga_title_get_track (titles->pdata[i]));
      CantigaTitle *other = g_hash_table_lookup (tracks, track);

      if (track != NULL && other != NULL && !g_str_equal (cantiga_title_get_artist (other), cantiga_title_get_artist (titles->pdata[i])))
        return TRUE;
      g_hash_table_insert (tracks, track, titles->pdata[i]);
    }
  return FALSE;
}

static void
add_groups (GPtrArray *groups, CantigaGroupKind kind, GHashTable *heaps)
{
  GHashTableIter iter;
  GPtrArray *titles;

  g_hash_table_iter_init (&iter, heaps);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&titles))
    g_ptr_array_add (groups, cantiga_group_new (kind, g_ptr_array_ref (titles)));
}

static void
add_apart (GPtrArray *groups, GPtrArray *titles)
{
  g_autoptr (GHashTable) heaps = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);

  for (guint i = 0; i < titles->len; i++)
    put (heaps, cantiga_title_get_artist (titles->pdata[i]), titles->pdata[i]);
  add_groups (groups, CANTIGA_GROUP_ALBUM, heaps);
}

GPtrArray *
cantiga_group_gather_albums (GListModel *titles)
{
  g_autoptr (GHashTable) heaps = heap_up (titles, cantiga_title_get_album);
  GPtrArray *groups = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  GPtrArray *heap;

  g_hash_table_iter_init (&iter, heaps);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&heap))
    if (is_several (heap))
      add_apart (groups, heap);
    else
      g_ptr_array_add (groups, cantiga_group_new (CANTIGA_GROUP_ALBUM, g_ptr_array_ref (heap)));
  return groups;
}

GPtrArray *
cantiga_group_gather_artists (GListModel *titles)
{
  g_autoptr (GHashTable) heaps = heap_up (titles, cantiga_title_get_artist);
  GPtrArray *groups = g_ptr_array_new_with_free_func (g_object_unref);

  add_groups (groups, CANTIGA_GROUP_ARTIST, heaps);
  return groups;
}
