#include "client/catalogue.h"

#include <string.h>

#include "listener.h"
#include "loop.h"

typedef struct
{
  Listener listener;
  CantigaCatalogue *catalogue;
  guint changes;
} Fixture;

static void
changed_cb (GListModel *titles, guint at, guint removed, guint added, Fixture *fixture)
{
  fixture->changes++;
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  listener_set_up (&fixture->listener, NULL);
  listener_sign_in (&fixture->listener);
  fixture->catalogue = cantiga_catalogue_new (fixture->listener.session);
  g_signal_connect (cantiga_catalogue_get_titles (fixture->catalogue), "items-changed", G_CALLBACK (changed_cb), fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_assert_finalize_object (g_steal_pointer (&fixture->catalogue));
  listener_tear_down (&fixture->listener, NULL);
}

static gboolean
load (Fixture *fixture, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  cantiga_catalogue_load_async (fixture->catalogue, NULL, loop_result_cb, &result);
  return cantiga_catalogue_load_finish (fixture->catalogue, loop_wait (&result), error);
}

static void
assert_loads (Fixture *fixture, guint titles)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (load (fixture, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (g_list_model_get_n_items (cantiga_catalogue_get_titles (fixture->catalogue)), ==, titles);
}

static void
test_loads (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaTitle) title = NULL;

  g_string_truncate (fixture->listener.steps, 0);
  assert_loads (fixture, 3);
  g_assert_cmpstr (fixture->listener.steps->str, ==, "6.0 6.1 ");
  g_assert_cmpstr (fixture->listener.details->pdata[fixture->listener.details->len - 1], ==, "3 titles");
  title = g_list_model_get_item (cantiga_catalogue_get_titles (fixture->catalogue), 0);
  g_assert_cmpstr (cantiga_title_get_name (title), ==, "Ondas do mar de Vigo");
  g_assert_cmpstr (cantiga_title_get_artist (title), ==, "Martim Codax");
  g_assert_cmpstr (cantiga_title_get_album (title), ==, "");
  g_assert_cmpuint (cantiga_title_get_track (title), ==, 1);
  g_assert_cmpfloat (cantiga_title_get_duration (title), ==, 12.5);
  g_assert_cmpstr (cantiga_title_get_media_type (title), ==, "audio/flac");
  g_assert_cmpuint (cantiga_title_get_chunks (title), ==, 5);
  g_assert_cmpstr (cantiga_title_get_cover (title), ==, "c1");
  g_assert_true (cantiga_title_is_exportable (title));
  g_assert_cmpstr (cantiga_title_get_licence_state (title), ==, "none");
  g_assert_cmpint (cantiga_title_get_plays_left (title), ==, -1);
}

/* Cursors and marks with characters that must be escaped, and sealed as they are sent. */
static void
test_loads_page_by_page (Fixture *fixture, gconstpointer unused)
{
  fixture->listener.fake->titles = 1450;
  assert_loads (fixture, 1450);
  g_assert_cmpuint (fake_count (fixture->listener.fake, "/api/list"), ==, 3);
  /* The first page at once; the others together, or one by one where they take their time. */
  g_assert_cmpuint (fixture->changes, >=, 2);
  g_assert_cmpuint (fixture->changes, <=, 3);
}

/* docs/protocol.md 8.1: "If `mark` is that of the same question's present answer: `{unchanged: true, mark}`." */
static void
test_unchanged (Fixture *fixture, gconstpointer unused)
{
  guint changes;

  fixture->listener.fake->titles = 1450;
  assert_loads (fixture, 1450);
  g_string_truncate (fixture->listener.steps, 0);
  changes = fixture->changes;
  assert_loads (fixture, 1450);
  g_assert_cmpuint (fixture->changes, ==, changes);
  g_assert_cmpuint (fake_count (fixture->listener.fake, "/api/list"), ==, 6);
  g_assert_cmpstr (fixture->listener.steps->str, ==, "");
}

static void
test_changed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaTitle) before = NULL, after = NULL;

  assert_loads (fixture, 3);
  before = g_list_model_get_item (cantiga_catalogue_get_titles (fixture->catalogue), 1);
  fixture->listener.fake->titles = 250;
  fixture->listener.fake->mark++;
  assert_loads (fixture, 250);
  after = g_list_model_get_item (cantiga_catalogue_get_titles (fixture->catalogue), 1);
  g_assert_true (before == after);
  fixture->listener.fake->titles = 1;
  fixture->listener.fake->mark++;
  assert_loads (fixture, 1);
  fixture->listener.fake->titles = 0;
  fixture->listener.fake->mark++;
  assert_loads (fixture, 0);
}

static void
test_failure_leaves_what_was (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  assert_loads (fixture, 3);
  fake_fail (fixture->listener.fake, "/api/list", FAULT_REFUSE, 1);
  g_assert_false (load (fixture, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_SLOW_DOWN);
  g_assert_cmpuint (g_list_model_get_n_items (cantiga_catalogue_get_titles (fixture->catalogue)), ==, 3);
  assert_loads (fixture, 3);
}

static void
test_finds (Fixture *fixture, gconstpointer unused)
{
  char text[CANTIGA_ID_TEXT_LENGTH];
  const struct
  {
    const char *words;
    const char *name; /* NULL: none, or too many */
  } cases[] = {
    { "1", "Ondas do mar de Vigo" },
    { "3", "Cantiga 2" },
    { "4", NULL },
    { "0", NULL },
    { "Cantiga 1", "Cantiga 1" },
    { "cantiga 1 ", "Cantiga 1" },
    { "VIGO mar", "Ondas do mar de Vigo" },
    { "cantiga", NULL },
    { "codax vigo", "Ondas do mar de Vigo" },
    { "fado", NULL },
    { "", NULL },
    { cantiga_id_format (&fixture->listener.fake->manifest->title, text), "Ondas do mar de Vigo" },
  };

  assert_loads (fixture, 3);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      CantigaTitle *title = cantiga_catalogue_find_title (fixture->catalogue, cases[i].words, &error);
      if (cases[i].name == NULL)
        g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_TITLE_UNKNOWN);
      else
        g_assert_cmpstr (cantiga_title_get_name (title), ==, cases[i].name);
    }
}

static GBytes *
fetch_cover (Fixture *fixture, CantigaTitle *title, char **ret_type, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  cantiga_catalogue_fetch_cover_async (fixture->catalogue, title, NULL, loop_result_cb, &result);
  return cantiga_catalogue_fetch_cover_finish (fixture->catalogue, loop_wait (&result), ret_type, error);
}

static void
test_fetches_covers (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *type = NULL;
  g_autoptr (GBytes) cover = NULL, none = NULL;

  assert_loads (fixture, 3);
  cover = fetch_cover (fixture, cantiga_catalogue_find_title (fixture->catalogue, "1", NULL), &type, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (type, ==, "image/png");
  g_assert_cmpmem (g_bytes_get_data (cover, NULL), g_bytes_get_size (cover), "ppppppp", 7);
  none = fetch_cover (fixture, cantiga_catalogue_find_title (fixture->catalogue, "2", NULL), NULL, &error);
  g_assert_null (none);
  g_assert_no_error (error);
  g_assert_cmpuint (fake_count (fixture->listener.fake, "/api/cover"), ==, 1);
}

/* The largest that a server takes in. */
static void
test_fetches_large_covers (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) cover = NULL;

  fixture->listener.fake->cover_length = 4 * 1024 * 1024;
  assert_loads (fixture, 3);
  cover = fetch_cover (fixture, cantiga_catalogue_find_title (fixture->catalogue, "1", NULL), NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (cover), ==, 4 * 1024 * 1024);
}

static void
test_begins_again_when_a_cursor_is_lost (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  fixture->listener.fake->titles = 1450;
  fixture->listener.fake->lost_cursors = 2;
  assert_loads (fixture, 1450);
  fixture->listener.fake->lost_cursors = 100;
  g_assert_false (load (fixture, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
}

static void
test_survives_a_return (Fixture *fixture, gconstpointer unused)
{
  fixture->listener.fake->titles = 1450;
  fake_fail (fixture->listener.fake, "/api/list", FAULT_FORGET, 1);
  fixture->listener.fake->skip = 1;
  assert_loads (fixture, 1450);
  g_assert_cmpuint (cantiga_session_get_generation (fixture->listener.session), ==, 2);
}

static void
notified_cb (GObject *object, GParamSpec *pspec, GString *names)
{
  g_string_append_printf (names, "%s ", pspec->name);
}

static void
test_title_says_what_changed (void)
{
  static const char first[]
      = "{\"id\":\"00112233445566778899aabbccddeeff\",\"name\":\"A\",\"artist\":\"\",\"album\":\"\",\"track\":0,\"year\":0,\"duration\":1,"
        "\"type\":\"audio/ogg\",\"size\":5,\"chunks\":1,\"cover\":null,\"exportable\":false,\"licence\":null}";
  static const char second[]
      = "{\"id\":\"00112233445566778899aabbccddeeff\",\"name\":\"A\",\"artist\":\"B\",\"album\":\"\",\"track\":0,\"year\":0,\"duration\":1,"
        "\"type\":\"audio/ogg\",\"size\":5,\"chunks\":1,\"cover\":null,\"exportable\":false,"
        "\"licence\":{\"state\":\"valid\",\"plays_left\":2,\"expires\":99}}";
  g_autoptr (JsonObject) a = cantiga_json_parse (first, strlen (first), NULL), b = cantiga_json_parse (second, strlen (second), NULL);
  g_autoptr (CantigaTitle) title = cantiga_title_decode (a, NULL), newer = cantiga_title_decode (b, NULL);
  g_autoptr (GString) names = g_string_new (NULL);

  g_signal_connect (title, "notify", G_CALLBACK (notified_cb), names);
  cantiga_title_follow (title, newer);
  g_assert_nonnull (strstr (names->str, "artist "));
  g_assert_nonnull (strstr (names->str, "licence-state "));
  g_assert_nonnull (strstr (names->str, "plays-left "));
  g_assert_nonnull (strstr (names->str, "expires "));
  g_assert_null (strstr (names->str, "album"));
  g_assert_cmpint (cantiga_title_get_plays_left (title), ==, 2);
  g_string_truncate (names, 0);
  cantiga_title_follow (title, newer);
  g_assert_cmpstr (names->str, ==, "");
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  int failed;

  g_test_init (&argc, &argv, NULL);
  ADD ("/catalogue/loads", test_loads);
  ADD ("/catalogue/loads-page-by-page", test_loads_page_by_page);
  ADD ("/catalogue/stays-when-nothing-changed", test_unchanged);
  ADD ("/catalogue/follows-what-changed-and-keeps-its-titles", test_changed);
  ADD ("/catalogue/a-failure-leaves-what-was-there", test_failure_leaves_what_was);
  ADD ("/catalogue/finds-by-number-name-words-and-identifier", test_finds);
  ADD ("/catalogue/fetches-covers", test_fetches_covers);
  ADD ("/catalogue/fetches-large-covers", test_fetches_large_covers);
  ADD ("/catalogue/begins-again-when-a-cursor-is-lost", test_begins_again_when_a_cursor_is_lost);
  ADD ("/catalogue/survives-a-return-between-two-pages", test_survives_a_return);
  g_test_add_func ("/catalogue/a-title-says-what-changed", test_title_says_what_changed);
  failed = g_test_run ();
  fake_end ();
  return failed;
}
