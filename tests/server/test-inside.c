#include "server/inside.h"

#include "core/chain.h"
#include "core/error.h"
#include "tests/client/loop.h"
#include "tests/server/ledger-fixture.h"
#include "tests/server/state-fixture.h"

#define ANYWHERE "127.0.0.1:0"

/* Making a server takes a second: all begin with the one that the first made. */
static Place place;
static CantigaSecret *master;

static void
told_cb (const CantigaInsideEvent *event, gpointer user_data)
{
}

static CantigaInside *
start (CantigaSecret *key, const char *listen, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  cantiga_inside_start_async (place.folder, key, "Casa", listen, told_cb, NULL, loop_result_cb, &result);
  return cantiga_inside_start_finish (loop_wait (&result), error);
}

static CantigaInside *
start_well (void)
{
  g_autoptr (GError) error = NULL;
  CantigaInside *inside = start (master, ANYWHERE, &error);

  g_assert_no_error (error);
  return inside;
}

static void
stop (CantigaInside *inside)
{
  g_autoptr (GAsyncResult) result = NULL;

  cantiga_inside_stop_async (inside, loop_result_cb, &result);
  cantiga_inside_stop_finish (loop_wait (&result));
}

static CantigaInsideStanding *
look (CantigaInside *inside)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  CantigaInsideStanding *standing;

  cantiga_inside_look_async (inside, loop_result_cb, &result);
  standing = cantiga_inside_look_finish (loop_wait (&result), &error);
  g_assert_no_error (error);
  return standing;
}

typedef void (*CardWork) (CantigaInside *inside, const char *what, GAsyncReadyCallback callback, gpointer user_data);

static gboolean
work_on (CantigaInside *inside, CardWork work, const char *what, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  work (inside, what, loop_result_cb, &result);
  return cantiga_inside_card_finish (loop_wait (&result), error);
}

static void
assert_refused (CantigaInside *inside, CardWork work, const char *what, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (work_on (inside, work, what, &error));
  g_assert_error (error, domain, code);
}

static char *
write_file (const char *name, const void *contents, gssize length)
{
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (place.parent, name, NULL);

  g_file_set_contents (path, contents, length, &error);
  g_assert_no_error (error);
  return path;
}

/* ---- the switch ---- */

static void
test_starts_again_as_it_was (void)
{
  CantigaInside *inside = start_well ();
  g_autofree char *server = g_strdup (cantiga_inside_get_server (inside));

  g_assert_cmpstr (cantiga_inside_get_name (inside), ==, "Casa");
  stop (inside);
  inside = start_well ();
  g_assert_cmpstr (cantiga_inside_get_server (inside), ==, server);
  stop (inside);
}

static void
test_another_key_opens_nothing (void)
{
  g_autoptr (CantigaSecret) other = cantiga_secret_new (32);
  g_autoptr (GError) error = NULL;

  cantiga_secret_bytes (other)[0] = 1;
  g_assert_null (start (other, ANYWHERE, &error));
  g_assert_nonnull (error);
  stop (start_well ());
}

static void
test_a_port_that_is_taken (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GError) error = NULL;
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, &error);
  g_autofree char *listen = g_strdup_printf ("127.0.0.1:%u", port);

  g_assert_no_error (error);
  g_assert_null (start (master, listen, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_BUSY);
}

/* Whoever waits for it hears of it, and the server waits for that work. */
static void
test_work_that_is_under_way_is_done_before_it_stops (void)
{
  CantigaInside *inside = start_well ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (CantigaInsideStanding) standing = NULL;

  cantiga_inside_look_async (inside, loop_result_cb, &result);
  stop (inside);
  standing = cantiga_inside_look_finish (loop_wait (&result), NULL);
  g_assert_nonnull (standing);
}

/* ---- cards and invitations ---- */

static void
test_cards (void)
{
  CantigaInside *inside = start_well ();
  g_autoptr (X509) ana = certificate_new ("ANA");
  g_autoptr (GBytes) der = cantiga_certificate_encode (ana);
  g_autofree char *card = write_file ("ana.der", g_bytes_get_data (der, NULL), (gssize)g_bytes_get_size (der));
  g_autofree char *none = write_file ("none.pem", "no card", -1);
  g_autofree char *absent = g_build_filename (place.parent, "absent.pem", NULL);
  g_autoptr (CantigaInsideStanding) added = NULL;
  g_autoptr (CantigaInsideStanding) revoked = NULL;
  const CantigaInsideCard *row;
  const char *unknown = "00000000000000000000000000000000";

  assert_refused (inside, cantiga_inside_add_card_async, absent, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  assert_refused (inside, cantiga_inside_add_card_async, none, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  assert_refused (inside, cantiga_inside_approve_card_async, "nonsense", CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
  assert_refused (inside, cantiga_inside_approve_card_async, unknown, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
  assert_refused (inside, cantiga_inside_revoke_card_async, "nonsense", CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
  assert_refused (inside, cantiga_inside_revoke_card_async, unknown, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
  g_assert_true (work_on (inside, cantiga_inside_add_card_async, card, NULL));
  added = look (inside);
  g_assert_cmpuint (added->cards->len, ==, 1);
  row = g_ptr_array_index (added->cards, 0);
  g_assert_cmpstr (row->name, ==, "ANA");
  g_assert_cmpstr (row->last_four, ==, row->id + 28);
  g_assert_false (row->waits || row->revoked);
  g_assert_true (work_on (inside, cantiga_inside_revoke_card_async, row->id, NULL));
  revoked = look (inside);
  g_assert_true (((CantigaInsideCard *)g_ptr_array_index (revoked->cards, 0))->revoked);
  stop (inside);
}

static void
test_an_address_that_is_none_is_no_invitation (void)
{
  CantigaInside *inside = start_well ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gint64 expires = 0;

  cantiga_inside_invite_async (inside, "Ana", "nowhere", TRUE, loop_result_cb, &result);
  g_assert_null (cantiga_inside_invite_finish (loop_wait (&result), &expires, &error));
  g_assert_nonnull (error);
  g_assert_cmpint (expires, ==, 0);
  stop (inside);
}

/* ---- music ---- */

static void
progress_cb (guint at, guint n, double part, const char *name, gpointer user_data)
{
}

static CantigaInsideAdded *
add (CantigaInside *inside, const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  const char *paths[] = { path, NULL };

  cantiga_inside_add_async (inside, paths, FALSE, progress_cb, NULL, cancellable, loop_result_cb, &result);
  return cantiga_inside_add_finish (loop_wait (&result), error);
}

static void
test_what_is_not_there_is_told (void)
{
  CantigaInside *inside = start_well ();
  g_autofree char *absent = g_build_filename (place.parent, "absent.flac", NULL);
  g_autoptr (CantigaInsideAdded) added = add (inside, absent, NULL, NULL);

  g_assert_nonnull (added);
  g_assert_cmpuint (added->added + added->there, ==, 0);
  g_assert_cmpuint (added->failed->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (added->failed, 0), ==, "absent.flac");
  stop (inside);
}

static void
test_adding_that_is_cancelled_says_so (void)
{
  CantigaInside *inside = start_well ();
  g_autofree char *file = write_file ("cut.flac", "no music", -1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (add (inside, file, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  stop (inside);
}

/* A library that cannot be written to is no fault of one file: the whole is told. */
static void
test_a_library_that_cannot_be_written_ends_it (void)
{
  CantigaInside *inside = start_well ();
  g_autofree char *library = g_build_filename (place.folder, "library", NULL);
  g_autofree char *aside = g_build_filename (place.parent, "aside", NULL);
  g_autofree char *song = NULL;
  g_autoptr (GError) error = NULL;
  /* RIFF: a second of silence, mono, 8,000 samples of a byte. */
  guint8 wav[44 + 8000] = "RIFF\x64\x1f\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\10\0data\x40\x1f\0\0";

  song = write_file ("song.wav", wav, sizeof wav);
  g_assert_cmpint (g_rename (library, aside), ==, 0);
  g_assert_null (add (inside, song, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpint (g_rename (aside, library), ==, 0);
  stop (inside);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  place_set_up (&place, NULL);
  master = cantiga_secret_new (32);
  g_test_add_func ("/inside/starts-again-as-it-was", test_starts_again_as_it_was);
  g_test_add_func ("/inside/another-key-opens-nothing", test_another_key_opens_nothing);
  g_test_add_func ("/inside/a-port-that-is-taken", test_a_port_that_is_taken);
  g_test_add_func ("/inside/work-that-is-under-way-is-done-before-it-stops", test_work_that_is_under_way_is_done_before_it_stops);
  g_test_add_func ("/inside/cards", test_cards);
  g_test_add_func ("/inside/an-address-that-is-none-is-no-invitation", test_an_address_that_is_none_is_no_invitation);
  g_test_add_func ("/inside/what-is-not-there-is-told", test_what_is_not_there_is_told);
  g_test_add_func ("/inside/adding-that-is-cancelled-says-so", test_adding_that_is_cancelled_says_so);
  g_test_add_func ("/inside/a-library-that-cannot-be-written-ends-it", test_a_library_that_cannot_be_written_ends_it);
  status = g_test_run ();
  cantiga_secret_free (master);
  place_tear_down (&place, NULL);
  return status;
}
