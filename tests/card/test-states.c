/* What a card can be found in, with a module that behaves as told (mock-module.c). */
#include "card-tests.h"

#include <string.h>
#include <unistd.h>

#include <gio/gunixsocketaddress.h>

static char *program;

/* The words for the module, before anything is asked; its log is emptied. */
static CantigaCard *
card_new (const char *words)
{
  const char *const modules[] = { g_getenv ("CANTIGA_MOCK_MODULE"), NULL };

  card_tests_write ("mock", words);
  card_tests_write ("mock.log", "");
  return cantiga_card_new (program, modules);
}

static guint
count (const char *line)
{
  g_autofree char *log = card_tests_read ("mock.log");
  g_auto (GStrv) lines = g_strsplit (log, "\n", -1);
  guint n = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    n += g_str_has_prefix (lines[i], line);
  return n;
}

static void
assert_list_is_empty (CantigaCard *card, CantigaCardState state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = card_tests_list (card, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (all->len, ==, 0);
  g_assert_cmpstr (cantiga_card_state_get_name (cantiga_card_get_last_state (card)), ==, cantiga_card_state_get_name (state));
}

static void
test_empty_lists_say_why (void)
{
  static const struct
  {
    const char *words;
    CantigaCardState state;
  } rows[] = {
    { "no-slot", CANTIGA_CARD_STATE_NO_SERVICE },
    { "initialize-fails", CANTIGA_CARD_STATE_NO_SERVICE },
    { "fixed empty", CANTIGA_CARD_STATE_NO_SERVICE },
    { "fixed blank", CANTIGA_CARD_STATE_NO_SERVICE },
    { "fixed no-certificate", CANTIGA_CARD_STATE_NO_SERVICE },
    { "empty", CANTIGA_CARD_STATE_NO_CARD },
    { "blank", CANTIGA_CARD_STATE_NO_CARD },
    { "unrecognised", CANTIGA_CARD_STATE_UNSUPPORTED },
    { "no-certificate", CANTIGA_CARD_STATE_CERTIFICATE_INVALID },
    { "piv-signature", CANTIGA_CARD_STATE_CERTIFICATE_INVALID },
    { "broken", CANTIGA_CARD_STATE_SILENT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (CantigaCard) card = card_new (rows[i].words);

      assert_list_is_empty (card, rows[i].state);
    }
}

/* A certificate whose label forbids it is not even read. */
static void
test_signature_certificate_is_not_read (void)
{
  g_autoptr (CantigaCard) card = card_new ("piv-signature");

  assert_list_is_empty (card, CANTIGA_CARD_STATE_CERTIFICATE_INVALID);
  g_assert_cmpuint (count ("value"), ==, 0);
}

/* libpcsclite writes CMD_VERSION as a header of 8 bytes and 12 bytes of version, apart. */
static gboolean
has_spoken (gpointer socket)
{
  return g_socket_get_available_bytes (socket) >= 20;
}

/* What pcscd does to somebody whom polkit does not let: it hangs up without having read what was said. */
static gboolean
turn_away_cb (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer user_data)
{
  card_tests_wait (has_spoken, g_socket_connection_get_socket (connection));
  return g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
}

static void
test_tells_who_may_not_use_the_reader (void)
{
  const char *const modules[] = { g_getenv ("CANTIGA_MOCK_MODULE"), NULL };
  g_autofree char *path = card_tests_path ("pcscd.comm");
  g_autoptr (GSocketService) service = g_socket_service_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autofree char *lines = g_strdup_printf ("export CANTIGA_MOCK_CARD=%s/mock PCSCLITE_CSOCK_NAME=%s", card_tests_folder (), path);
  g_autofree char *turned_away = card_tests_program ("turned-away", lines);
  g_autoptr (CantigaCard) card = cantiga_card_new (turned_away, modules);
  g_autoptr (GError) error = NULL;

  g_assert_true (
      g_socket_listener_add_address (G_SOCKET_LISTENER (service), address, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, &error));
  g_assert_no_error (error);
  g_signal_connect (service, "incoming", G_CALLBACK (turn_away_cb), NULL);
  card_tests_write ("mock", "no-slot");
  assert_list_is_empty (card, CANTIGA_CARD_STATE_NOT_AUTHORISED);
}

static void
assert_found (const char *words, CantigaCardKind kind, CantigaCardState state, CantigaCardPin pin)
{
  g_autoptr (CantigaCard) card = card_new (words);
  g_autoptr (CantigaCardFound) found = card_tests_find (card, "MARIA MOCK");

  g_assert_cmpint (found->kind, ==, kind);
  g_assert_cmpint (found->state, ==, state);
  g_assert_cmpint (found->pin, ==, pin);
  g_assert_cmpint (cantiga_card_get_last_state (card), ==, state);
  g_assert_true (g_utf8_validate (found->token, -1, NULL));
  g_assert_cmpuint (found->pin_max, ==, kind == CANTIGA_CARD_KIND_CITIZEN ? 8 : 12);
}

static void
test_cards_are_told_apart (void)
{
  assert_found ("", CANTIGA_CARD_KIND_CITIZEN, CANTIGA_CARD_STATE_PIN_WANTED, CANTIGA_CARD_PIN_ASKED);
  assert_found ("piv", CANTIGA_CARD_KIND_PIV, CANTIGA_CARD_STATE_PIN_WANTED, CANTIGA_CARD_PIN_ASKED);
  assert_found ("other", CANTIGA_CARD_KIND_OTHER, CANTIGA_CARD_STATE_PIN_WANTED, CANTIGA_CARD_PIN_ASKED);
  assert_found ("pad", CANTIGA_CARD_KIND_CITIZEN, CANTIGA_CARD_STATE_PIN_WANTED, CANTIGA_CARD_PIN_PAD);
  assert_found ("own-dialog", CANTIGA_CARD_KIND_CITIZEN, CANTIGA_CARD_STATE_PIN_WANTED, CANTIGA_CARD_PIN_OWN_DIALOG);
  assert_found ("expired", CANTIGA_CARD_KIND_CITIZEN, CANTIGA_CARD_STATE_CERTIFICATE_INVALID, CANTIGA_CARD_PIN_ASKED);
}

/* Asks the card for a signature with pin, and expects the refusal. */
static void
assert_refused (CantigaCard *card, CantigaCardFound *found, const char *pin, CantigaError code, CantigaCardState state)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (card_tests_sign (card, found, pin, NULL, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
  g_assert_cmpstr (cantiga_card_state_get_name (cantiga_card_get_last_state (card)), ==, cantiga_card_state_get_name (state));
}

static void
assert_accepted (CantigaCard *card, CantigaCardFound *found, const char *pin)
{
  g_autoptr (GError) error = NULL;
  const char *algorithm;
  g_autoptr (GBytes) signature = card_tests_sign (card, found, pin, &algorithm, &error);

  g_assert_no_error (error);
  card_tests_assert_signed (found, algorithm, signature);
}

/* The sequence of a real card behind OpenSC: incorrect, incorrect (final try), incorrect (and locked), locked. */
static void
test_tries_run_out (void)
{
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);
  g_autoptr (CantigaCardFound) warned = NULL;
  g_autoptr (CantigaCardFound) later = NULL;

  assert_refused (card, found, "1111", CANTIGA_ERROR_PIN_WRONG, CANTIGA_CARD_STATE_PIN_WRONG);
  assert_refused (card, found, "2222", CANTIGA_ERROR_PIN_WRONG, CANTIGA_CARD_STATE_LAST_TRY);
  warned = card_tests_find (card, NULL);
  g_assert_cmpint (warned->state, ==, CANTIGA_CARD_STATE_LAST_TRY);
  g_assert_cmpint (warned->tries, ==, CANTIGA_CARD_TRIES_LAST);
  assert_refused (card, found, NULL, CANTIGA_ERROR_CARD, CANTIGA_CARD_STATE_LAST_TRY);
  assert_refused (card, found, "3333", CANTIGA_ERROR_PIN_BLOCKED, CANTIGA_CARD_STATE_BLOCKED);
  g_assert_cmpuint (count ("login"), ==, 3);
  later = card_tests_find (card, NULL);
  g_assert_cmpint (later->state, ==, CANTIGA_CARD_STATE_BLOCKED);
}

static void
test_blocked_card_is_not_asked (void)
{
  static const char *const pins[] = { "1111", "2222", "3333" };
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (pins); i++)
    g_assert_null (card_tests_sign (card, found, pins[i], NULL, NULL));
  assert_refused (card, found, "1234", CANTIGA_ERROR_PIN_BLOCKED, CANTIGA_CARD_STATE_BLOCKED);
  g_assert_cmpuint (count ("login"), ==, G_N_ELEMENTS (pins));
}

static void
test_wrong_pin_is_not_tried_twice (void)
{
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);

  assert_refused (card, found, "1111", CANTIGA_ERROR_PIN_WRONG, CANTIGA_CARD_STATE_PIN_WRONG);
  g_assert_cmpuint (count ("login"), ==, 1);
}

static void
test_pin_of_another_form_never_reaches_the_card (void)
{
  static const char *const pins[] = { "123", "123456789", "abcd" };
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (pins); i++)
    assert_refused (card, found, pins[i], CANTIGA_ERROR_PIN_WRONG, CANTIGA_CARD_STATE_PIN_WANTED);
  g_assert_cmpuint (count ("login"), ==, 0);
}

/* Whether the card counted it is not known: the same PIN again might be the second wrong one. */
static void
test_login_that_breaks_is_not_tried_again (void)
{
  g_autoptr (CantigaCard) card = card_new ("login-breaks");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);

  assert_refused (card, found, "1234", CANTIGA_ERROR_CARD, CANTIGA_CARD_STATE_SILENT);
  g_assert_cmpuint (count ("login"), ==, 1);
}

static void
test_expired_card_is_not_asked (void)
{
  g_autoptr (CantigaCard) card = card_new ("expired");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);

  assert_refused (card, found, "1234", CANTIGA_ERROR_CARD, CANTIGA_CARD_STATE_CERTIFICATE_INVALID);
  g_assert_cmpuint (count ("login"), ==, 0);
}

/* Protected authentication path: C_Login (NULL). A PIN given all the same stays with who gave it. */
static void
test_pad_is_passed_no_pin (void)
{
  g_autoptr (CantigaCard) card = card_new ("pad");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);

  assert_accepted (card, found, NULL);
  assert_accepted (card, found, "1234");
  g_assert_cmpuint (count ("login user null 0"), ==, count ("login"));
}

/* Autenticação.gov's module takes what C_Login is passed for something else. */
static void
test_module_with_its_own_window_is_passed_nothing (void)
{
  g_autoptr (CantigaCard) card = card_new ("own-dialog");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);

  assert_accepted (card, found, NULL);
  assert_accepted (card, found, "1234");
  g_assert_cmpuint (count ("login"), ==, 0);
}

static void
test_closed_window_is_no_failure_of_the_card (void)
{
  g_autoptr (CantigaCard) card = card_new ("own-dialog sign-cancels");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);

  assert_refused (card, found, NULL, CANTIGA_ERROR_CARD, CANTIGA_CARD_STATE_PIN_WANTED);
  g_assert_cmpuint (count ("sign"), ==, 1);
}

/* … and says that the PIN is locked when the card was taken out, which only the reader knows better. */
static void
test_locked_is_believed_while_the_card_is_there (void)
{
  g_autoptr (CantigaCard) card = card_new ("own-dialog sign-says-locked");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);

  assert_refused (card, found, NULL, CANTIGA_ERROR_PIN_BLOCKED, CANTIGA_CARD_STATE_BLOCKED);
}

static void
test_key_that_asks_each_time_is_asked_each_time (void)
{
  g_autoptr (CantigaCard) card = card_new ("always");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);

  assert_accepted (card, found, "1234");
  g_assert_cmpuint (count ("login user 4"), ==, 1);
  g_assert_cmpuint (count ("login context 4"), ==, 1);
  assert_refused (card, found, NULL, CANTIGA_ERROR_CARD, CANTIGA_CARD_STATE_PIN_WANTED);
}

static void
test_signature_key_is_never_used (void)
{
  g_autoptr (CantigaCard) card = card_new ("signature-key");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);

  assert_refused (card, found, "1234", CANTIGA_ERROR_CARD, CANTIGA_CARD_STATE_UNSUPPORTED);
  g_assert_cmpuint (count ("sign"), ==, 0);
}

static void
test_signature_of_another_key_is_not_handed_out (void)
{
  g_autoptr (CantigaCard) card = card_new ("wrong-key");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);

  assert_refused (card, found, "1234", CANTIGA_ERROR_CARD, CANTIGA_CARD_STATE_CERTIFICATE_INVALID);
  card_tests_write ("mock", "short-signature");
  assert_refused (card, found, "1234", CANTIGA_ERROR_CARD, CANTIGA_CARD_STATE_CERTIFICATE_INVALID);
}

static void
test_card_taken_out_is_seen (void)
{
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);

  assert_accepted (card, found, "1234");
  card_tests_write ("mock", "empty");
  assert_refused (card, found, NULL, CANTIGA_ERROR_CARD, CANTIGA_CARD_STATE_REMOVED);
  assert_list_is_empty (card, CANTIGA_CARD_STATE_NO_CARD);
}

static void
test_card_put_back_asks_for_its_pin (void)
{
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);

  assert_accepted (card, found, "1234");
  card_tests_write ("mock", "empty");
  assert_list_is_empty (card, CANTIGA_CARD_STATE_NO_CARD);
  card_tests_write ("mock", "");
  assert_refused (card, found, NULL, CANTIGA_ERROR_CARD, CANTIGA_CARD_STATE_PIN_WANTED);
  assert_accepted (card, found, "1234");
}

/* A module that was initialised before pcscd ran does not see its readers. */
static void
test_reader_that_comes_late_is_seen (void)
{
  g_autoptr (CantigaCard) card = card_new ("no-slot");
  g_autoptr (CantigaCardFound) found = NULL;

  assert_list_is_empty (card, CANTIGA_CARD_STATE_NO_SERVICE);
  card_tests_write ("mock", "");
  found = card_tests_find (card, NULL);
  assert_accepted (card, found, "1234");
}

/* OpenSC goes on showing the reader, empty. */
static void
test_service_that_ends_is_no_empty_reader (void)
{
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);

  card_tests_write ("mock", "service-gone");
  assert_list_is_empty (card, CANTIGA_CARD_STATE_NO_SERVICE);
}

static void
test_lost_reader_is_started_over_once (void)
{
  g_autoptr (CantigaCard) card = card_new ("sign-breaks-once");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);

  assert_accepted (card, found, "1234");
  g_assert_cmpuint (count ("sign"), ==, 2);
  card_tests_write ("mock", "sign-breaks");
  assert_refused (card, found, "1234", CANTIGA_ERROR_CARD, CANTIGA_CARD_STATE_SILENT);
  g_assert_cmpuint (count ("sign"), ==, 4);
}

static void
test_hanging_module_is_told_in_time (void)
{
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);
  gint64 start = g_get_monotonic_time ();

  card_tests_write ("mock", "sign-hangs");
  cantiga_card_set_timeout (card, 200);
  assert_refused (card, found, "1234", CANTIGA_ERROR_CARD, CANTIGA_CARD_STATE_SILENT);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 200 * 1000);
  cantiga_card_set_timeout (card, 20000);
  card_tests_write ("mock", "");
  g_clear_pointer (&found, cantiga_card_found_unref);
  found = card_tests_find (card, NULL);
  assert_accepted (card, found, "1234");
}

static void
test_hanging_list_is_told_in_time (void)
{
  g_autoptr (CantigaCard) card = card_new ("list-hangs");
  g_autoptr (GError) error = NULL;

  cantiga_card_set_timeout (card, 200);
  g_assert_null (card_tests_list (card, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD);
  g_assert_cmpint (cantiga_card_get_last_state (card), ==, CANTIGA_CARD_STATE_SILENT);
}

static void
test_crashing_module_is_told (void)
{
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);
  g_autoptr (CantigaCardFound) again = NULL;

  card_tests_write ("mock", "sign-crashes");
  assert_refused (card, found, "1234", CANTIGA_ERROR_CARD, CANTIGA_CARD_STATE_CRASHED);
  card_tests_write ("mock", "");
  again = card_tests_find (card, NULL);
  assert_accepted (card, again, "1234");
}

/* A line of the module's own would be taken for an answer. */
static void
test_printing_module_is_not_heard (void)
{
  g_autoptr (CantigaCard) card = card_new ("prints");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, "MARIA MOCK");

  assert_accepted (card, found, "1234");
}

int
main (int argc, char *argv[])
{
  g_autofree char *lines = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  lines = g_strdup_printf ("export CANTIGA_MOCK_CARD=%s/mock PCSCLITE_CSOCK_NAME=/nowhere/pcscd.comm", card_tests_folder ());
  program = card_tests_program ("program", lines);

  g_test_add_func ("/states/empty-lists-say-why", test_empty_lists_say_why);
  g_test_add_func ("/states/signature-certificate-is-not-read", test_signature_certificate_is_not_read);
  g_test_add_func ("/states/tells-who-may-not-use-the-reader", test_tells_who_may_not_use_the_reader);
  g_test_add_func ("/states/cards-are-told-apart", test_cards_are_told_apart);
  g_test_add_func ("/states/tries-run-out", test_tries_run_out);
  g_test_add_func ("/states/blocked-card-is-not-asked", test_blocked_card_is_not_asked);
  g_test_add_func ("/states/wrong-pin-is-not-tried-twice", test_wrong_pin_is_not_tried_twice);
  g_test_add_func ("/states/pin-of-another-form-never-reaches-the-card", test_pin_of_another_form_never_reaches_the_card);
  g_test_add_func ("/states/login-that-breaks-is-not-tried-again", test_login_that_breaks_is_not_tried_again);
  g_test_add_func ("/states/expired-card-is-not-asked", test_expired_card_is_not_asked);
  g_test_add_func ("/states/pad-is-passed-no-pin", test_pad_is_passed_no_pin);
  g_test_add_func ("/states/module-with-its-own-window-is-passed-nothing", test_module_with_its_own_window_is_passed_nothing);
  g_test_add_func ("/states/closed-window-is-no-failure-of-the-card", test_closed_window_is_no_failure_of_the_card);
  g_test_add_func ("/states/locked-is-believed-while-the-card-is-there", test_locked_is_believed_while_the_card_is_there);
  g_test_add_func ("/states/key-that-asks-each-time-is-asked-each-time", test_key_that_asks_each_time_is_asked_each_time);
  g_test_add_func ("/states/signature-key-is-never-used", test_signature_key_is_never_used);
  g_test_add_func ("/states/signature-of-another-key-is-not-handed-out", test_signature_of_another_key_is_not_handed_out);
  g_test_add_func ("/states/card-taken-out-is-seen", test_card_taken_out_is_seen);
  g_test_add_func ("/states/card-put-back-asks-for-its-pin", test_card_put_back_asks_for_its_pin);
  g_test_add_func ("/states/reader-that-comes-late-is-seen", test_reader_that_comes_late_is_seen);
  g_test_add_func ("/states/service-that-ends-is-no-empty-reader", test_service_that_ends_is_no_empty_reader);
  g_test_add_func ("/states/lost-reader-is-started-over-once", test_lost_reader_is_started_over_once);
  g_test_add_func ("/states/hanging-module-is-told-in-time", test_hanging_module_is_told_in_time);
  g_test_add_func ("/states/hanging-list-is-told-in-time", test_hanging_list_is_told_in_time);
  g_test_add_func ("/states/crashing-module-is-told", test_crashing_module_is_told);
  g_test_add_func ("/states/printing-module-is-not-heard", test_printing_module_is_not_heard);
  result = g_test_run ();
  card_tests_end ();
  g_free (program);
  return result;
}
