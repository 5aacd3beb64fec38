#include "server/catalogue.h"

/* What a page may take as JSON (docs/protocol.md 8.1), and a title at most beside its texts. */
#define PAGE_ROOM (768 * 1024)
#define TITLE_ROOM 512

/* A title with what it is ordered and searched by, worked out once. */
typedef struct
{
  CantigaTitle *title;
  char *artist, *album, *name; /* keys of collation */
  char *words;                 /* name, artist and album, folded */
  gsize room;                  /* it takes no more than this as JSON */
} Entry;

struct _CantigaCatalogue
{
  gatomicrefcount refs;
  GPtrArray *entries;  /* Entry */
  GHashTable *indexes; /* CantigaId of the title → index */
};

/* ---- text ---- */

/* docs/protocol.md 8.1: "without regard to case or accents". */
static char *
fold (const char *text)
{
  g_autofree char *folded = g_utf8_casefold (text, -1);
  g_autofree char *taken_apart = g_utf8_normalize (folded, -1, G_NORMALIZE_ALL);
  GString *plain = g_string_new (NULL);

  for (const char *at = taken_apart; at != NULL && *at != '\0'; at = g_utf8_next_char (at))
    if (!g_unichar_ismark (g_utf8_get_char (at)))
      g_string_append_unichar (plain, g_utf8_get_char (at));
  return g_string_free (plain, FALSE);
}

static char *
collate (const char *text)
{
  g_autofree char *folded = g_utf8_casefold (text, -1);

  return g_utf8_collate_key (folded, -1);
}

/* In JSON. */
static gsize
measure_text (const char *text)
{
  gsize room = 0;

  for (; *text != '\0'; text++)
    if ((guchar)*text < ' ' || *text == '\177')
      room += strlen ("\\u0000");
    else
      room += *text == '"' || *text == '\\' ? 2 : 1;
  return room;
}

/* ---- entries ---- */

static Entry *
entry_new (CantigaTitle *title)
{
  const CantigaMetadata *metadata = title->metadata;
  g_autofree char *text = g_strjoin ("\n", metadata->name, metadata->artist, metadata->album, NULL);
  Entry *entry = g_new0 (Entry, 1);

  entry->title = title;
  entry->artist = collate (metadata->artist);
  entry->album = collate (metadata->album);
  entry->name = collate (metadata->name);
  entry->words = fold (text);
  entry->room = TITLE_ROOM + measure_text (text) + measure_text (metadata->type);
  return entry;
}

static void
entry_free (gpointer pointer)
{
  Entry *entry = pointer;

  cantiga_title_free (entry->title);
  g_free (entry->artist);
  g_free (entry->album);
  g_free (entry->name);
  g_free (entry->words);
  g_free (entry);
}

/* "ordered by artist, album, track, name"; the identifier last, so that the order is the same every time. */
static gint
compare_cb (gconstpointer a, gconstpointer b)
{
  const Entry *first = *(const Entry *const *)a;
  const Entry *second = *(const Entry *const *)b;
  guint first_track = first->title->metadata->track;
  guint second_track = second->title->metadata->track;
  gint order;

  if ((order = strcmp (first->artist, second->artist)) != 0 || (order = strcmp (first->album, second->album)) != 0)
    return order;
  if (first_track != second_track)
    return first_track < second_track ? -1 : 1;
  if ((order = strcmp (first->name, second->name)) != 0)
    return order;
  return memcmp (&first->title->id, &second->title->id, sizeof first->title->id); /* public */
}

/* ---- catalogue ---- */

CantigaCatalogue *
cantiga_catalogue_create (GPtrArray *titles)
{
  CantigaCatalogue *catalogue = g_new0 (CantigaCatalogue, 1);

  g_atomic_ref_count_init (&catalogue->refs);
  catalogue->entries = g_ptr_array_new_full (titles->len, entry_free);
  catalogue->indexes = g_hash_table_new (cantiga_id_hash, cantiga_id_equal_func);
  while (titles->len > 0)
    g_ptr_array_add (catalogue->entries, entry_new (g_ptr_array_steal_index_fast (titles, titles->len - 1)));
  g_ptr_array_sort (catalogue->entries, compare_cb);
  for (guint i = 0; i < catalogue->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (catalogue->entries, i);

      g_hash_table_insert (catalogue->indexes, &entry->title->id, GUINT_TO_POINTER (i));
    }
  return catalogue;
}

CantigaCatalogue *
cantiga_catalogue_ref (CantigaCatalogue *catalogue)
{
  g_atomic_ref_count_inc (&catalogue->refs);
  return catalogue;
}

void
cantiga_catalogue_unref (CantigaCatalogue *catalogue)
{
  if (!g_atomic_ref_count_dec (&catalogue->refs))
    return;
  g_hash_table_unref (catalogue->indexes);
  g_ptr_array_unref (catalogue->entries);
  g_free (catalogue);
}

guint
cantiga_catalogue_get_n (CantigaCatalogue *catalogue)
{
  return catalogue->entries->len;
}

const CantigaTitle *
cantiga_catalogue_get (CantigaCatalogue *catalogue, guint index)
{
  const Entry *entry = g_ptr_array_index (catalogue->entries, index);

  return entry->title;
}

static gboolean
find_index (CantigaCatalogue *catalogue, const CantigaId *id, guint *ret_index)
{
  gpointer index;

  if (!g_hash_table_lookup_extended (catalogue->indexes, id, NULL, &index))
    return FALSE;
  *ret_index = GPOINTER_TO_UINT (index);
  return TRUE;
}

const CantigaTitle *
cantiga_catalogue_find (CantigaCatalogue *catalogue, const CantigaId *id)
{
  guint index;

  return find_index (catalogue, id, &index) ? cantiga_catalogue_get (catalogue, index) : NULL;
}

/* ---- query ---- */

static GStrv
split_words (const char *query)
{
  g_autofree char *folded = fold (query != NULL ? query : "");
  g_auto (GStrv) parts = g_strsplit_set (folded, " \t\r\n", -1);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();

  for (guint i = 0; parts[i] != NULL; i++)
    if (*parts[i] != '\0')
      g_strv_builder_add (words, parts[i]);
  return g_strv_builder_end (words);
}

/* "every word must be part of name, artist or album". A word holds no line end, so it is never part of two of them. */
static gboolean
matches (const Entry *entry, const char *const *words)
{
  for (guint i = 0; words[i] != NULL; i++)
    if (strstr (entry->words, words[i]) == NULL)
      return FALSE;
  return TRUE;
}

/* A cursor is the identifier of the last title that was told. */
static gboolean
find_start (CantigaCatalogue *catalogue, const char *after, guint *ret_start, GError **error)
{
  CantigaId id;
  guint index;

  *ret_start = 0;
  if (after == NULL || *after == '\0')
    return TRUE;
  if (!cantiga_id_parse (after, &id) || !find_index (catalogue, &id, &index))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The catalogue has no such cursor (any more): ask for its first page again.");
  *ret_start = index + 1;
  return TRUE;
}

static char *
dup_cursor (const CantigaTitle *title)
{
  char text[CANTIGA_ID_TEXT_LENGTH];

  return g_strdup (cantiga_id_format (&title->id, text));
}

GPtrArray *
cantiga_catalogue_query (CantigaCatalogue *catalogue, const char *query, const char *after, guint limit, CantigaCatalogueMay may, gpointer user_data,
                         char **ret_next, GError **error)
{
  g_autoptr (GPtrArray) titles = g_ptr_array_new ();
  g_auto (GStrv) words = split_words (query);
  gboolean more = FALSE;
  gsize room = PAGE_ROOM;
  guint start;

  if (!find_start (catalogue, after, &start, error))
    return NULL;
  for (guint i = start; i < catalogue->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (catalogue->entries, i);

      if (!matches (entry, (const char *const *)words) || (may != NULL && !may (entry->title, user_data)))
        continue;
      more = titles->len == limit || (entry->room > room && titles->len > 0);
      if (more)
        break;
      room -= MIN (entry->room, room);
      g_ptr_array_add (titles, entry->title);
    }
  *ret_next = more && titles->len > 0 ? dup_cursor (g_ptr_array_index (titles, titles->len - 1)) : NULL;
  return g_steal_pointer (&titles);
}
