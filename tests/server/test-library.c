#include "server/library.h"
#include "tests/server/state-fixture.h"

typedef struct
{
  Place place;
  CantigaState *state;
  CantigaLedger *ledger;
  CantigaPki *pki;
  CantigaLibrary *library;
} Fixture;

static void
fixture_set_up (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;

  place_set_up (&fixture->place, NULL);
  init (&fixture->place);
  fixture->state = open_state (&fixture->place);
  path = cantiga_state_dup_path (fixture->state, "ledger.sqlite");
  fixture->ledger = cantiga_ledger_open (path, cantiga_state_get_master (fixture->state), &error);
  g_assert_no_error (error);
  fixture->pki = cantiga_pki_open (fixture->state, NOW, &error);
  g_assert_no_error (error);
  fixture->library = cantiga_library_new (fixture->state, fixture->ledger, &error);
  g_assert_no_error (error);
}

static void
fixture_tear_down (Fixture *fixture, gconstpointer unused)
{
  g_clear_pointer (&fixture->library, cantiga_library_free);
  cantiga_pki_free (fixture->pki);
  cantiga_ledger_free (fixture->ledger);
  cantiga_state_free (fixture->state);
  place_tear_down (&fixture->place, NULL);
}

/* ---- titles ---- */

static CantigaId
id_of (guint8 byte)
{
  CantigaId id;

  memset (&id, byte, sizeof id);
  return id;
}

static void
set (char **text, const char *to)
{
  g_free (*text);
  *text = g_strdup (to);
}

static CantigaMetadata *
metadata_new (const char *artist, const char *album, guint track, const char *name)
{
  CantigaMetadata *metadata = cantiga_metadata_new ();

  set (&metadata->artist, artist);
  set (&metadata->album, album);
  set (&metadata->name, name);
  set (&metadata->type, "audio/ogg");
  metadata->track = track;
  metadata->duration = 1.5;
  return metadata;
}

static void
put (Fixture *fixture, guint8 byte, const char *artist, const char *album, guint track, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaTitle) title = cantiga_title_new ();

  title->id = id_of (byte);
  title->size = 1000;
  title->chunks = 1;
  title->metadata = metadata_new (artist, album, track, name);
  g_assert_true (cantiga_ledger_put_title (fixture->ledger, title, &error));
  g_assert_no_error (error);
}

static char *
dup_library (Fixture *fixture)
{
  return cantiga_state_dup_path (fixture->state, "library");
}

/* Also the file, with a cover if there is one. */
static void
seal (Fixture *fixture, guint8 byte, const char *cover)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = dup_library (fixture);
  g_autofree char *media = g_strnfill (CANTIGA_CHUNK_SIZE + 1000, 'm');
  g_autoptr (CantigaMetadata) metadata = metadata_new ("", "", 0, "title");
  g_autoptr (GBytes) cover_bytes = cover != NULL ? g_bytes_new_static (cover, strlen (cover)) : NULL;
  g_autoptr (CantigaSealedWriter) writer = NULL;
  CantigaId id = id_of (byte);

  put (fixture, byte, "", "", 0, "title");
  if (cover != NULL)
    set (&metadata->cover_type, "image/png");
  writer = cantiga_sealed_writer_new (folder, &id, CANTIGA_CHUNK_SIZE + 1000, cantiga_state_get_master (fixture->state), &error);
  g_assert_no_error (error);
  g_assert_true (cantiga_sealed_writer_add (writer, media, CANTIGA_CHUNK_SIZE, &error));
  g_assert_true (cantiga_sealed_writer_add (writer, media, 1000, &error));
  g_assert_true (cantiga_sealed_writer_finish (writer, metadata, cover_bytes, cantiga_pki_get_publisher (fixture->pki)->key, &error));
  g_assert_no_error (error);
}

static CantigaCatalogue *
catalogue_of (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  CantigaCatalogue *catalogue = cantiga_library_get_catalogue (fixture->library, &error);

  g_assert_no_error (error);
  g_assert_nonnull (catalogue);
  return catalogue;
}

static void
add_names (GString *text, GPtrArray *titles)
{
  for (guint i = 0; i < titles->len; i++)
    g_string_append_printf (text, "%s%s", text->len == 0 ? "" : " ", ((const CantigaTitle *)g_ptr_array_index (titles, i))->metadata->name);
}

static char *
names_of (Fixture *fixture, const char *query)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaCatalogue) catalogue = catalogue_of (fixture);
  g_autofree char *next = NULL;
  g_autoptr (GPtrArray) titles = cantiga_catalogue_query (catalogue, query, NULL, 200, NULL, NULL, &next, &error);
  GString *text = g_string_new (NULL);

  g_assert_no_error (error);
  g_assert_null (next);
  add_names (text, titles);
  return g_string_free (text, FALSE);
}

static void
assert_names (Fixture *fixture, const char *query, const char *expected)
{
  g_autofree char *names = names_of (fixture, query);

  g_assert_cmpstr (names, ==, expected);
}

/* ---- the catalogue (docs/protocol.md 8.1) ---- */

static void
test_an_empty_one (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaCatalogue) catalogue = catalogue_of (fixture);
  CantigaId id = id_of (1);

  g_assert_cmpuint (cantiga_catalogue_get_n (catalogue), ==, 0);
  g_assert_null (cantiga_catalogue_find (catalogue, &id));
  assert_names (fixture, NULL, "");
}

/* "ordered by artist, album, track, name" */
static void
test_order (Fixture *fixture, gconstpointer unused)
{
  put (fixture, 1, "Zurara", "A", 1, "i");
  put (fixture, 2, "bernal", "A", 2, "e");
  put (fixture, 3, "Bernal", "A", 1, "d");
  put (fixture, 4, "Bernal", "b", 0, "f");
  put (fixture, 5, "", "Z", 9, "a");
  put (fixture, 6, "Codax", "A", 3, "h");
  put (fixture, 7, "Codax", "A", 3, "g");
  put (fixture, 8, "alvar", "A", 10, "c");
  put (fixture, 9, "alvar", "A", 9, "b");
  assert_names (fixture, NULL, "a b c d e f g h i");
}

static void
test_finds_by_identifier (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaCatalogue) catalogue = NULL;
  CantigaId id = id_of (2), unknown = id_of (3);

  put (fixture, 1, "a", "", 0, "one");
  put (fixture, 2, "b", "", 0, "two");
  catalogue = catalogue_of (fixture);
  g_assert_cmpuint (cantiga_catalogue_get_n (catalogue), ==, 2);
  g_assert_cmpstr (cantiga_catalogue_get (catalogue, 1)->metadata->name, ==, "two");
  g_assert_true (cantiga_catalogue_find (catalogue, &id) == cantiga_catalogue_get (catalogue, 1));
  g_assert_null (cantiga_catalogue_find (catalogue, &unknown));
}

static const struct
{
  const char *query;
  const char *names;
} queries[] = {
  { NULL, "Ondas Coração Sedia" },
  { "", "Ondas Coração Sedia" },
  { " \t ", "Ondas Coração Sedia" },
  { "ondas", "Ondas" },
  { "CORACAO", "Coração" },
  { "coração", "Coração" },
  { "corac\xcc\xa7"
    "a\xcc\x83"
    "o",
    "Coração" },
  { "martin", "Ondas Sedia" },
  { "vigo", "Ondas" },
  { "cod ond", "Ondas" },
  { "ond  COD vigo", "Ondas" },
  { "ondas sedia", "" },
  { "ndas", "Ondas" },
  { "ondasmartin", "" },
  { "ondas\nmartin", "Ondas" },
  { "joão", "Coração" },
  { "*", "" },
};

static void
test_queries (Fixture *fixture, gconstpointer unused)
{
  put (fixture, 1, "Codax, Martin", "Cantigas de Vigo", 1, "Ondas");
  put (fixture, 2, "JOÃO", "Ódio", 1, "Coração");
  put (fixture, 3, "Meendinho, Martín", "", 1, "Sedia");
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    {
      g_test_message ("%s", queries[i].query);
      assert_names (fixture, queries[i].query, queries[i].names);
    }
}

/* ---- pages ---- */

/* A word that few hold is looked for far ahead, one that all hold nearby: both find what each title by itself would say. */
static void
test_query_far_and_near (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 1; i <= 240; i++)
    {
      g_autofree char *name = g_strdup_printf ("%03u%s", i, i % 80 == 79 ? "-Rara" : "");

      put (fixture, (guint8)i, "Todos", "Um", i, name);
    }
  assert_names (fixture, "rara", "079-Rara 159-Rara 239-Rara");
  assert_names (fixture, "todos rara 15", "159-Rara");
  assert_names (fixture, "todos um 24", "024 124 224 240");
  assert_names (fixture, "239 rara", "239-Rara");
  assert_names (fixture, "nenhuma", "");
}

static char *
page_through (CantigaCatalogue *catalogue, const char *query, guint limit, guint *ret_pages)
{
  GString *text = g_string_new (NULL);
  g_autofree char *after = NULL;
  guint pages = 0;

  do
    {
      g_autoptr (GError) error = NULL;
      char *next = NULL;
      g_autoptr (GPtrArray) titles = cantiga_catalogue_query (catalogue, query, after, limit, NULL, NULL, &next, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (titles->len, <=, limit);
      add_names (text, titles);
      g_free (after);
      after = next;
      pages++;
    }
  while (after != NULL);
  *ret_pages = pages;
  return g_string_free (text, FALSE);
}

static void
test_pages (Fixture *fixture, gconstpointer unused)
{
  static const guint expected[] = { 0, 6, 3, 2, 2, 2, 1, 1 };
  g_autoptr (CantigaCatalogue) catalogue = NULL;

  for (guint8 i = 0; i < 6; i++)
    put (fixture, 10 + i, i % 2 == 0 ? "even" : "odd", "", i, (const char[]){ (char)('a' + i), '\0' });
  catalogue = catalogue_of (fixture);
  for (guint limit = 1; limit < G_N_ELEMENTS (expected); limit++)
    {
      guint pages;
      g_autofree char *all = page_through (catalogue, NULL, limit, &pages);
      g_autofree char *even = NULL;

      g_assert_cmpstr (all, ==, "a c e b d f");
      g_assert_cmpuint (pages, ==, expected[limit]);
      even = page_through (catalogue, "even", limit, &pages);
      g_assert_cmpstr (even, ==, "a c e");
    }
}

/* An answer has an end (docs/protocol.md 8.1): what takes much room in JSON makes pages short, and none empty. */
static void
test_pages_have_room (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *quotes = g_strnfill (CANTIGA_METADATA_TEXT_MAX, '"');
  g_autoptr (CantigaCatalogue) catalogue = NULL;
  g_autofree char *all = NULL;
  guint pages;

  for (guint8 i = 0; i < 200; i++)
    put (fixture, 1 + i, quotes, quotes, i, "x");
  catalogue = catalogue_of (fixture);
  all = page_through (catalogue, NULL, 1000, &pages);
  g_assert_cmpuint (strlen (all), ==, 2 * 200 - 1);
  g_assert_cmpuint (pages, ==, 2);
}

static void
test_refuses_unknown_cursors (Fixture *fixture, gconstpointer unused)
{
  static const char *const cursors[] = { "x", "00000000000000000000000000000000", "0101" };
  g_autoptr (CantigaCatalogue) catalogue = NULL;

  put (fixture, 1, "", "", 0, "one");
  catalogue = catalogue_of (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (cursors); i++)
    {
      g_autoptr (GError) error = NULL;
      char *next = NULL;

      g_assert_null (cantiga_catalogue_query (catalogue, NULL, cursors[i], 10, NULL, NULL, &next, &error));
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
    }
}

/* ---- change ---- */

static void
test_a_catalogue_stays_as_it_was (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaCatalogue) before = NULL;
  g_autoptr (CantigaCatalogue) same = NULL;
  CantigaId id = id_of (1);

  put (fixture, 1, "", "", 0, "one");
  before = catalogue_of (fixture);
  same = catalogue_of (fixture);
  g_assert_true (before == same);
  put (fixture, 2, "", "", 0, "two");
  assert_names (fixture, NULL, "one two");
  g_assert_true (cantiga_ledger_remove_title (fixture->ledger, &id, &error));
  assert_names (fixture, NULL, "two");
  g_assert_cmpuint (cantiga_catalogue_get_n (before), ==, 1);
  g_assert_cmpstr (cantiga_catalogue_get (before, 0)->metadata->name, ==, "one");
}

/* ---- open titles ---- */

static void
assert_title_refused (Fixture *fixture, guint8 byte, gint code)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *type = NULL;
  CantigaId id = id_of (byte);

  g_assert_null (cantiga_library_open_title (fixture->library, &id, &error));
  g_assert_error (error, CANTIGA_ERROR, code);
  g_clear_error (&error);
  g_assert_null (cantiga_library_read_cover (fixture->library, &id, &type, &error));
  g_assert_error (error, CANTIGA_ERROR, code);
}

static CantigaOpenTitle *
open_title (Fixture *fixture, guint8 byte)
{
  g_autoptr (GError) error = NULL;
  CantigaId id = id_of (byte);
  CantigaOpenTitle *title = cantiga_library_open_title (fixture->library, &id, &error);

  g_assert_no_error (error);
  g_assert_nonnull (title);
  return title;
}

static void
test_open_titles_are_shared (Fixture *fixture, gconstpointer unused)
{
  CantigaOpenTitle *first, *second, *other;

  seal (fixture, 1, NULL);
  seal (fixture, 2, NULL);
  first = open_title (fixture, 1);
  second = open_title (fixture, 1);
  other = open_title (fixture, 2);
  g_assert_true (first == second);
  g_assert_true (first != other);
  cantiga_open_title_unref (first);
  g_assert_cmpuint (cantiga_sealed_get_chunks (second->sealed), ==, 2);
  cantiga_open_title_unref (second);
  second = open_title (fixture, 1);
  g_assert_cmpuint (cantiga_sealed_get_chunks (second->sealed), ==, 2);
  /* A play goes on while the library is closed. */
  g_clear_pointer (&fixture->library, cantiga_library_free);
  cantiga_open_title_unref (second);
  cantiga_open_title_unref (other);
}

static gpointer
open_again_and_again (gpointer user_data)
{
  for (guint i = 0; i < 200; i++)
    {
      CantigaOpenTitle *title = open_title (user_data, 1);
      guint8 path[32 * CANTIGA_MERKLE_PATH_MAX];

      g_assert_cmpuint (cantiga_merkle_path (title->merkle, 1, path), ==, 1);
      cantiga_open_title_unref (title);
    }
  return NULL;
}

static void
test_many_open_the_same (Fixture *fixture, gconstpointer unused)
{
  GThread *threads[4];

  seal (fixture, 1, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("opener", open_again_and_again, fixture);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

static void
test_unknown_titles (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaId id = id_of (1);

  assert_title_refused (fixture, 1, CANTIGA_ERROR_TITLE_UNKNOWN);
  seal (fixture, 1, NULL);
  g_assert_true (cantiga_ledger_remove_title (fixture->ledger, &id, &error));
  assert_title_refused (fixture, 1, CANTIGA_ERROR_TITLE_UNKNOWN);
}

static char *
dup_file (Fixture *fixture, guint8 byte)
{
  char text[CANTIGA_ID_TEXT_LENGTH];
  CantigaId id = id_of (byte);
  g_autofree char *name = g_strconcat (cantiga_id_format (&id, text), ".cantiga", NULL);
  g_autofree char *folder = dup_library (fixture);

  return g_build_filename (folder, name, NULL);
}

static void
test_missing_and_swapped_files (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *first = dup_file (fixture, 1);
  g_autofree char *second = dup_file (fixture, 2);

  seal (fixture, 1, NULL);
  put (fixture, 2, "", "", 0, "two");
  assert_title_refused (fixture, 2, CANTIGA_ERROR_TITLE_DAMAGED);
  g_assert_cmpint (g_rename (first, second), ==, 0);
  assert_title_refused (fixture, 2, CANTIGA_ERROR_TITLE_DAMAGED);
}

static void
test_covers (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *type = NULL;
  g_autoptr (GBytes) cover = NULL;
  CantigaId with = id_of (1), without = id_of (2);

  seal (fixture, 1, "picture");
  seal (fixture, 2, NULL);
  cover = cantiga_library_read_cover (fixture->library, &with, &type, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (cover, NULL), g_bytes_get_size (cover), "picture", 7);
  g_assert_cmpstr (type, ==, "image/png");
  g_assert_null (cantiga_library_read_cover (fixture->library, &without, &type, &error));
  g_assert_no_error (error);
}

#define ADD(path, function) g_test_add ("/library/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  ADD ("an-empty-one-has-an-empty-catalogue", test_an_empty_one);
  ADD ("orders-by-artist-album-track-and-name", test_order);
  ADD ("finds-by-identifier", test_finds_by_identifier);
  ADD ("finds-words-without-regard-to-case-or-accents", test_queries);
  ADD ("finds-words-near-and-far", test_query_far_and_near);
  ADD ("pages-tell-every-title-once", test_pages);
  ADD ("pages/room", test_pages_have_room);
  ADD ("refuses-unknown-cursors", test_refuses_unknown_cursors);
  ADD ("a-catalogue-stays-as-it-was", test_a_catalogue_stays_as_it_was);
  ADD ("open-titles-are-shared", test_open_titles_are_shared);
  ADD ("many-threads-open-the-same", test_many_open_the_same);
  ADD ("unknown-titles-are-refused", test_unknown_titles);
  ADD ("missing-and-swapped-files-are-damage", test_missing_and_swapped_files);
  ADD ("reads-covers", test_covers);
  status = g_test_run ();
  drop_made ();
  return status;
}
