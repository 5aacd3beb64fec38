#include "client/licences.h"

#include <string.h>

#include "client/catalogue.h"
#include "listener.h"
#include "loop.h"

static void
set_up (Listener *listener, gconstpointer unused)
{
  listener_set_up (listener, NULL);
  listener_sign_in (listener);
  listener->fake->plays_left = 0;
}

static GListModel *
list (Listener *listener)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GListModel *licences;

  cantiga_session_list_licences_async (listener->session, NULL, loop_result_cb, &result);
  licences = cantiga_session_list_licences_finish (listener->session, loop_wait (&result), &error);
  g_assert_no_error (error);
  return licences;
}

static void
test_lists (Listener *listener, gconstpointer unused)
{
  g_autoptr (GListModel) licences = list (listener);
  g_autoptr (CantigaHeldLicence) first = g_list_model_get_item (licences, 0), removed = g_list_model_get_item (licences, 2);
  const CantigaHeldPlay *play = cantiga_held_licence_get_history (first)->pdata[0];

  g_assert_cmpuint (g_list_model_get_n_items (licences), ==, 3);
  g_assert_true (cantiga_id_equal (cantiga_held_licence_get_title (first), &listener->fake->manifest->title));
  g_assert_cmpstr (cantiga_held_licence_get_name (first), ==, "Ondas do mar de Vigo");
  g_assert_cmpstr (cantiga_held_licence_get_artist (first), ==, "Martim Codax");
  g_assert_cmpstr (cantiga_held_licence_get_cover (first), ==, "c1");
  g_assert_cmpstr (cantiga_held_licence_get_state (first), ==, "used-up");
  g_assert_cmpstr (cantiga_held_licence_get_renewal (first), ==, "now");
  g_assert_cmpint (cantiga_held_licence_get_plays (first), ==, 3);
  g_assert_cmpint (cantiga_held_licence_get_plays_left (first), ==, 0);
  g_assert_false (cantiga_held_licence_is_removed (first));
  g_assert_true (cantiga_held_licence_is_removed (removed));
  g_assert_cmpstr (play->state, ==, "playing");
  g_assert_cmpstr (play->player, ==, "Sala");
  g_assert_cmpint (play->until, ==, 0);
}

static void
test_lists_page_by_page (Listener *listener, gconstpointer unused)
{
  g_autoptr (GListModel) licences = NULL;

  listener->fake->titles = 250;
  licences = list (listener);
  g_assert_cmpuint (g_list_model_get_n_items (licences), ==, 250);
  g_assert_cmpuint (fake_count (listener->fake, "/api/licences"), ==, 3);
}

/* A catalogue, the first title of it and its licence. */
typedef struct
{
  CantigaCatalogue *catalogue;
  CantigaTitle *title;
  CantigaHeldLicence *licence;
} Held;

static void
held_clear (Held *held)
{
  g_object_unref (held->catalogue);
  g_object_unref (held->licence);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Held, held_clear)

static Held
hold (Listener *listener)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GListModel) licences = list (listener);
  Held held = { .catalogue = cantiga_catalogue_new (listener->session), .licence = g_list_model_get_item (licences, 0) };

  cantiga_catalogue_load_async (held.catalogue, NULL, loop_result_cb, &result);
  g_assert_true (cantiga_catalogue_load_finish (held.catalogue, loop_wait (&result), NULL));
  held.title = cantiga_catalogue_find_title (held.catalogue, "1", NULL);
  g_assert_nonnull (held.title);
  return held;
}

static gboolean
renew (Listener *listener, Held *held, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  cantiga_session_renew_licence_async (listener->session, held->licence, held->title, NULL, loop_result_cb, &result);
  return cantiga_session_renew_licence_finish (listener->session, loop_wait (&result), error);
}

static void
notified_cb (GObject *object, GParamSpec *pspec, guint *count)
{
  (*count)++;
}

static void
test_renews (Listener *listener, gconstpointer unused)
{
  g_auto (Held) held = hold (listener);
  g_autoptr (GError) error = NULL;
  guint notified = 0;

  g_signal_connect (held.licence, "notify::plays-left", G_CALLBACK (notified_cb), &notified);
  g_assert_true (renew (listener, &held, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (notified, ==, 1);
  g_assert_cmpstr (cantiga_held_licence_get_state (held.licence), ==, "valid");
  g_assert_cmpint (cantiga_held_licence_get_plays_left (held.licence), ==, 3);
  g_assert_cmpstr (cantiga_title_get_licence_state (held.title), ==, "valid");
  g_assert_cmpint (cantiga_title_get_plays_left (held.title), ==, 3);
  g_assert_false (renew (listener, &held, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_RENEWAL_REFUSED);
  g_assert_nonnull (strstr (error->message, "plays left"));
}

static void
test_gives_back (Listener *listener, gconstpointer unused)
{
  g_auto (Held) held = hold (listener);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  cantiga_session_return_licence_async (listener->session, held.licence, held.title, NULL, loop_result_cb, &result);
  g_assert_true (cantiga_session_return_licence_finish (listener->session, loop_wait (&result), &error));
  g_assert_no_error (error);
  g_assert_cmpstr (cantiga_held_licence_get_state (held.licence), ==, "returned");
  g_assert_cmpint (cantiga_held_licence_get_plays_left (held.licence), ==, 0);
  g_assert_cmpstr (cantiga_title_get_licence_state (held.title), ==, "returned");
  /* What the server says of it afterwards does not make it withdrawn; a new one that the keeper grants is one. */
  cantiga_title_set_licence (held.title, "refused", -1, 0);
  g_assert_cmpstr (cantiga_title_get_licence_state (held.title), ==, "returned");
  cantiga_title_set_licence (held.title, "valid", 3, G_MAXINT32);
  g_assert_cmpstr (cantiga_title_get_licence_state (held.title), ==, "valid");
}

static void
test_malformed_is_refused (void)
{
  static const char text[] = "{\"title\":\"00112233445566778899aabbccddeeff\",\"name\":\"A\",\"artist\":\"\",\"album\":\"\",\"cover\":null,"
                             "\"removed\":false,\"state\":\"valid\",\"renewal\":\"now\",\"plays\":3,\"plays_left\":-1,\"made\":1,\"expires\":2,"
                             "\"renewal_from\":0,\"history\":[]}";
  g_autoptr (JsonObject) object = cantiga_json_parse (text, sizeof text - 1, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_held_licence_decode (object, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
}

#define ADD(path, function) g_test_add (path, Listener, NULL, set_up, function, listener_tear_down)

int
main (int argc, char **argv)
{
  int failed;

  g_test_init (&argc, &argv, NULL);
  ADD ("/licences/lists-with-their-plays", test_lists);
  ADD ("/licences/lists-page-by-page", test_lists_page_by_page);
  ADD ("/licences/renews-and-follows", test_renews);
  ADD ("/licences/gives-back-and-follows", test_gives_back);
  g_test_add_func ("/licences/refuses-what-is-malformed", test_malformed_is_refused);
  failed = g_test_run ();
  fake_end ();
  return failed;
}
