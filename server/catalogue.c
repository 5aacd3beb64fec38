#include "server/catalogue.h"

/* What a page may take as JSON (docs/protocol.md 8.1), and a title at most beside its texts. */
#define PAGE_ROOM (768 * 1024)
#define TITLE_ROOM 512
/* How many entries are looked at before a search looks far ahead. */
#define NEAR 32

/* A title with what it is ordered and searched by, worked out once. */
typedef struct
{
  CantigaTitle *title;
  char *name;                /* key of collation */
  const char *artist, *album; /* of the catalogue: the same for all of one artist, one album */
  gsize words;               /* where its words stand in the catalogue's */
  gsize room;                  /* it takes no more than this as JSON */
} Entry;

struct _CantigaCatalogue
{
  gatomicrefcount refs;
  GPtrArray *entries;  /* Entry */
  GStringChunk *keys;  /* keys of collation that titles share */
  GString *words;      /* name, artist and album of each entry, folded, each with a zero byte at its end: one after the other, in the order of entries */
  GHashTable *indexes; /* CantigaId of the title → index */
};

/* ---- text ---- */

static char *
fold_unicode (const char *text)
{
  g_autofree char *folded = g_utf8_casefold (text, -1);
  g_autofree char *taken_apart = g_utf8_normalize (folded, -1, G_NORMALIZE_ALL);
  GString *plain = g_string_new (NULL);

  for (const char *at = taken_apart; at != NULL && *at != '\0'; at = g_utf8_next_char (at))
    if (!g_unichar_ismark (g_utf8_get_char (at)))
      g_string_append_unichar (plain, g_utf8_get_char (at));
  return g_string_free (plain, FALSE);
}

/* docs/protocol.md 8.1: "without regard to case or accents". */
static char *
fold (const char *text)
{
  if (g_str_is_ascii (text))
    return g_ascii_strdown (text, -1);
  return fold_unicode (text);
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

/* What many titles have in common is worked out once. */
static const char *
share_key (CantigaCatalogue *catalogue, GHashTable *known, const char *text)
{
  const char *key = g_hash_table_lookup (known, text);

  if (key == NULL)
    {
      g_autofree char *made = collate (text);

      key = g_string_chunk_insert (catalogue->keys, made);
      g_hash_table_insert (known, (gpointer)text, (gpointer)key);
    }
  return key;
}

static Entry *
entry_new (CantigaCatalogue *catalogue, GHashTable *known, CantigaTitle *title)
{
  const CantigaMetadata *metadata = title->metadata;
  Entry *entry = g_new0 (Entry, 1);

  entry->title = title;
  entry->artist = share_key (catalogue, known, metadata->artist);
  entry->album = share_key (catalogue, known, metadata->album);
  entry->name = collate (metadata->name);
  entry->room = TITLE_ROOM + 2 + measure_text (metadata->name) + measure_text (metadata->artist) + measure_text (metadata->album) + measure_text (metadata->type);
  return entry;
}

static void
entry_free (gpointer pointer)
{
  Entry *entry = pointer;

  cantiga_title_free (entry->title);
  g_free (entry->name);
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

  /* The same key is the same pointer. */
  if (first->artist != second->artist && (order = strcmp (first->artist, second->artist)) != 0)
    return order;
  if (first->album != second->album && (order = strcmp (first->album, second->album)) != 0)
    return order;
  if (first_track != second_track)
    return first_track < second_track ? -1 : 1;
  if ((order = strcmp (first->name, second->name)) != 0)
    return order;
  return memcmp (&first->title->id, &second->title->id, sizeof first->title->id); /* public */
}

/* ---- catalogue ---- */

static void
add_words (CantigaCatalogue *catalogue, Entry *entry)
{
  const CantigaMetadata *metadata = entry->title->metadata;
  g_autofree char *text = g_strjoin ("\n", metadata->name, metadata->artist, metadata->album, NULL);
  g_autofree char *folded = fold (text);

  entry->words = catalogue->words->len;
  g_string_append_len (catalogue->words, folded, (gssize)strlen (folded) + 1);
}

CantigaCatalogue *
cantiga_catalogue_create (GPtrArray *titles)
{
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);
  CantigaCatalogue *catalogue = g_new0 (CantigaCatalogue, 1);

  g_atomic_ref_count_init (&catalogue->refs);
  catalogue->entries = g_ptr_array_new_full (titles->len, entry_free);
  catalogue->indexes = g_hash_table_new (cantiga_id_hash, cantiga_id_equal_func);
  catalogue->keys = g_string_chunk_new (4096);
  catalogue->words = g_string_new (NULL);
  while (titles->len > 0)
    g_ptr_array_add (catalogue->entries, entry_new (catalogue, known, g_ptr_array_steal_index_fast (titles, titles->len - 1)));
  g_ptr_array_sort (catalogue->entries, compare_cb);
  for (guint i = 0; i < catalogue->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (catalogue->entries, i);

      add_words (catalogue, entry);
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
  g_string_chunk_free (catalogue->keys);
  g_string_free (catalogue->words, TRUE);
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
matches (CantigaCatalogue *catalogue, const Entry *entry, const char *const *words)
{
  for (guint i = 0; words[i] != NULL; i++)
    if (strstr (catalogue->words->str + entry->words, words[i]) == NULL)
      return FALSE;
  return TRUE;
}

/* The entry whose words hold the byte at offset. */
static guint
find_by_offset (CantigaCatalogue *catalogue, guint from, gsize offset)
{
  guint low = from, high = catalogue->entries->len;

  while (high - low > 1)
    {
      guint middle = low + (high - low) / 2;

      if (((const Entry *)catalogue->entries->pdata[middle])->words <= offset)
        low = middle;
      else
        high = middle;
    }
  return low;
}

/* The next entry from `from` on that may hold the word: near ones one by one, and beyond them the words, which stand in one piece of memory, at one go. len
 * if there is none. */
static guint
find_next (CantigaCatalogue *catalogue, guint from, const char *word)
{
  const GString *words = catalogue->words;
  guint near = MIN (from + NEAR, catalogue->entries->len);
  const char *at;
  gsize start;

  if (word == NULL)
    return from;
  for (; from < near; from++)
    if (strstr (words->str + ((const Entry *)catalogue->entries->pdata[from])->words, word) != NULL)
      return from;
  if (from >= catalogue->entries->len)
    return from;
  start = ((const Entry *)catalogue->entries->pdata[from])->words;
  at = memmem (words->str + start, words->len - start, word, strlen (word));
  return at != NULL ? find_by_offset (catalogue, from, (gsize)(at - words->str)) : catalogue->entries->len;
}

/* What is longest is rarest, as a rule. */
static const char *
choose_longest (const char *const *words)
{
  const char *longest = words[0];

  for (guint i = 0; words[i] != NULL; i++)
    if (strlen (words[i]) > strlen (longest))
      longest = words[i];
  return longest;
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
  const char *longest;
  guint start;

  if (!find_start (catalogue, after, &start, error))
    return NULL;
  longest = choose_longest ((const char *const *)words);
  for (guint i = find_next (catalogue, start, longest); i < catalogue->entries->len; i = find_next (catalogue, i + 1, longest))
    {
      const Entry *entry = g_ptr_array_index (catalogue->entries, i);

      if (!matches (catalogue, entry, (const char *const *)words) || (may != NULL && !may (entry->title, user_data)))
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
