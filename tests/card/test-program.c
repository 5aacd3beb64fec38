/* cantiga-card as a program: how it lives and dies under client/card.c, and what goes over its pipes. */
#include "card-tests.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *program;

static CantigaCard *
card_new (const char *words)
{
  const char *const modules[] = { g_getenv ("CANTIGA_MOCK_MODULE"), NULL };

  card_tests_write ("mock", words);
  card_tests_write ("mock.log", "");
  return cantiga_card_new (program, modules);
}

static gboolean
has_crashed (gpointer card)
{
  return cantiga_card_get_last_state (card) == CANTIGA_CARD_STATE_CRASHED;
}

static void
count_cb (GObject *object, GParamSpec *spec, gpointer user_data)
{
  (*(guint *)user_data)++;
}

static void
test_killed_between_requests (void)
{
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);
  g_autoptr (CantigaCardFound) again = NULL;
  GPid first = card_tests_wait_for_pid ("pid");
  guint told = 0;

  g_signal_connect (card, "notify::state", G_CALLBACK (count_cb), &told);
  g_assert_cmpint (kill (first, SIGKILL), ==, 0);
  card_tests_wait (has_crashed, card);
  g_assert_cmpuint (told, ==, 1);
  again = card_tests_find (card, NULL);
  g_assert_cmpint (card_tests_wait_for_pid ("pid"), !=, first);
}

typedef struct
{
  gboolean done;
  GError *error;
} Outcome;

static void
list_done_cb (GObject *card, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;
  g_autoptr (GPtrArray) all = cantiga_card_list_finish (CANTIGA_CARD (card), result, &outcome->error);

  g_assert_true ((all == NULL) == (outcome->error != NULL));
  outcome->done = TRUE;
}

static void
sign_done_cb (GObject *card, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;
  const char *algorithm;
  g_autoptr (GBytes) signature = cantiga_card_sign_finish (CANTIGA_CARD (card), result, &algorithm, &outcome->error);

  g_assert_true ((signature == NULL) == (outcome->error != NULL));
  outcome->done = TRUE;
}

static gboolean
is_done (gpointer outcome)
{
  return ((Outcome *)outcome)->done;
}

static gboolean
is_signing (gpointer unused)
{
  g_autofree char *log = card_tests_read ("mock.log");

  return strstr (log, "sign\n") != NULL;
}

/* A signature under way, which the module does not finish. */
static void
start_signing (CantigaCard *card, CantigaCardFound *found, GCancellable *cancellable, Outcome *outcome)
{
  g_autoptr (GBytes) message = card_tests_message ();

  card_tests_write ("mock", "sign-hangs");
  cantiga_card_sign_async (card, found, message, cantiga_secret_new_copy ((const guint8 *)"1234", 4), cancellable, sign_done_cb, outcome);
  card_tests_wait (is_signing, NULL);
}

static void
test_killed_during_a_request (void)
{
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);
  g_autoptr (CantigaCardFound) again = NULL;
  Outcome outcome = { 0 };

  start_signing (card, found, NULL, &outcome);
  g_assert_cmpint (kill (card_tests_wait_for_pid ("pid"), SIGKILL), ==, 0);
  card_tests_wait (is_done, &outcome);
  g_assert_error (outcome.error, CANTIGA_ERROR, CANTIGA_ERROR_CARD);
  g_assert_cmpint (cantiga_card_get_last_state (card), ==, CANTIGA_CARD_STATE_CRASHED);
  card_tests_write ("mock", "");
  again = card_tests_find (card, NULL);
  g_clear_error (&outcome.error);
}

static void
test_request_behind_a_dead_one_is_answered (void)
{
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);
  Outcome dead = { 0 }, behind = { 0 };

  start_signing (card, found, NULL, &dead);
  cantiga_card_list_async (card, NULL, list_done_cb, &behind);
  g_assert_cmpint (kill (card_tests_wait_for_pid ("pid"), SIGKILL), ==, 0);
  card_tests_wait (is_done, &behind);
  g_assert_true (dead.done);
  g_assert_no_error (behind.error);
  g_clear_error (&dead.error);
}

static void
test_cancelled_signature_ends_the_program (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);
  GPid pid = card_tests_wait_for_pid ("pid");
  Outcome outcome = { 0 };

  start_signing (card, found, cancellable, &outcome);
  g_cancellable_cancel (cancellable);
  card_tests_wait (is_done, &outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  card_tests_wait (card_tests_is_gone, GINT_TO_POINTER (pid));
  g_clear_error (&outcome.error);
}

/* Nobody who signed in is signed out because a page was left while it looked for cards. */
static void
test_cancelled_list_keeps_cards_signed_in (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);
  g_autoptr (GBytes) first = card_tests_sign (card, found, "1234", NULL, NULL);
  g_autoptr (GBytes) second = NULL;
  g_autoptr (GError) error = NULL;
  Outcome outcome = { 0 };

  g_assert_nonnull (first);
  cantiga_card_list_async (card, cancellable, list_done_cb, &outcome);
  g_cancellable_cancel (cancellable);
  card_tests_wait (is_done, &outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  second = card_tests_sign (card, found, NULL, NULL, &error);
  g_assert_no_error (error);
  g_clear_error (&outcome.error);
}

static void
test_waiting_request_is_cancelled_at_once (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);
  Outcome hanging = { 0 }, waiting = { 0 };

  start_signing (card, found, NULL, &hanging);
  cantiga_card_list_async (card, cancellable, list_done_cb, &waiting);
  g_cancellable_cancel (cancellable);
  card_tests_wait (is_done, &waiting);
  g_assert_error (waiting.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (hanging.done);
  kill (card_tests_wait_for_pid ("pid"), SIGKILL);
  card_tests_wait (is_done, &hanging);
  g_clear_error (&waiting.error);
  g_clear_error (&hanging.error);
}

static gboolean
turn_cb (gpointer turns)
{
  (*(guint *)turns)++;
  return G_SOURCE_CONTINUE;
}

static gboolean
has_turned (gpointer turns)
{
  return *(guint *)turns >= 50;
}

/* The card never answers: a call that waited for it would have failed at its time limit before the loop turned so often. */
static void
test_main_loop_turns_while_a_card_is_slow (void)
{
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);
  g_autoptr (GBytes) message = card_tests_message ();
  Outcome outcome = { 0 };
  guint turns = 0, timer;

  card_tests_write ("mock", "sign-hangs");
  cantiga_card_sign_async (card, found, message, cantiga_secret_new_copy ((const guint8 *)"1234", 4), NULL, sign_done_cb, &outcome);
  timer = g_timeout_add (1, turn_cb, &turns);
  card_tests_wait (has_turned, &turns);
  g_source_remove (timer);
  g_assert_false (outcome.done);
  kill (card_tests_wait_for_pid ("pid"), SIGKILL);
  card_tests_wait (is_done, &outcome);
  g_clear_error (&outcome.error);
}

static void
test_ends_with_its_owner_s_interest (void)
{
  CantigaCard *card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);
  GPid pid = card_tests_wait_for_pid ("pid");

  g_object_unref (card);
  card_tests_wait (card_tests_is_gone, GINT_TO_POINTER (pid));
}

static void
test_module_that_hangs_at_the_end_holds_nobody (void)
{
  CantigaCard *card = card_new ("finalize-hangs");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);
  GPid pid = card_tests_wait_for_pid ("pid");

  g_object_unref (card);
  card_tests_wait (card_tests_is_gone, GINT_TO_POINTER (pid));
}

/* Its input stays open here, so that only the parent's death can end it. */
static void
test_dies_with_its_parent (void)
{
  g_autofree char *fifo = card_tests_path ("fifo");
  g_autofree char *lines = g_strdup_printf ("(exec 3<> %1$s/fifo; \"$0-child\" <&3 > %1$s/answers 2> %1$s/errors) &\nwait", card_tests_folder ());
  g_autofree char *child_lines = g_strdup_printf ("echo $PPID > %1$s/parent; echo $$ > %1$s/child", card_tests_folder ());
  g_autofree char *parent = card_tests_program ("parent", lines);
  g_autofree char *child = card_tests_program ("parent-child", child_lines);
  g_autoptr (GSubprocess) subprocess = NULL;
  g_autoptr (GError) error = NULL;
  GPid pid;
  int fd;

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  fd = open (fifo, O_RDWR | O_CLOEXEC);
  subprocess = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, parent, NULL);
  g_assert_no_error (error);
  pid = card_tests_wait_for_pid ("child");
  /* Its answer says that it runs, protected, and waits. */
  g_assert_cmpint (write (fd, "{\"id\":1,\"command\":\"list\"}\n", 26), ==, 26);
  card_tests_wait_for_pid ("answers");
  g_assert_false (card_tests_is_gone (GINT_TO_POINTER (pid)));
  kill (card_tests_wait_for_pid ("parent"), SIGKILL);
  card_tests_wait (card_tests_is_gone, GINT_TO_POINTER (pid));
  g_subprocess_force_exit (subprocess);
  close (fd);
}

static void
test_leaves_no_core (void)
{
  g_autoptr (CantigaCard) card = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (card, NULL);
  g_autofree char *path = g_strdup_printf ("/proc/%d/limits", card_tests_wait_for_pid ("pid"));
  g_autofree char *limits = NULL;
  g_autoptr (GRegex) none = g_regex_new ("Max core file size +0 +0 ", 0, 0, NULL);
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &limits, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_regex_match (none, limits, 0, NULL));
}

/* A program that writes down what it is told, and takes exactly as many bytes of PIN as are announced. */
static void
test_pin_goes_as_bytes_and_never_as_json (void)
{
  static const char script[] = "#!/bin/bash\n"
                               "IFS= read -r line; printf '%s\\n' \"$line\" > \"$0.line\"\n"
                               "head -c 6 > \"$0.pin\"\n"
                               "id=${line##*\\\"id\\\":}; id=${id%%[!0-9]*}\n"
                               "echo \"{\\\"id\\\":$id,\\\"state\\\":\\\"pin-wrong\\\"}\"\n"
                               "cat > \"$0.rest\"; echo > \"$0.end\"\n";
  g_autofree char *recorder = card_tests_path ("recorder");
  g_autoptr (CantigaCard) real = card_new ("");
  g_autoptr (CantigaCardFound) found = card_tests_find (real, NULL);
  CantigaCard *card;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL, *pin = NULL, *rest = NULL;

  card_tests_write ("recorder", script);
  g_assert_cmpint (chmod (recorder, 0755), ==, 0);
  card = cantiga_card_new (recorder, NULL);
  g_assert_null (card_tests_sign (card, found, "582931", NULL, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_PIN_WRONG);
  g_object_unref (card);
  card_tests_wait_for_pid ("recorder.end");
  line = card_tests_read ("recorder.line");
  pin = card_tests_read ("recorder.pin");
  rest = card_tests_read ("recorder.rest");
  g_assert_nonnull (strstr (line, "\"pin_length\":6"));
  g_assert_null (strstr (line, "582931"));
  g_assert_cmpstr (pin, ==, "582931");
  g_assert_cmpstr (rest, ==, "");
}

/* Autenticação.gov's module would take it for something else: it does not even leave here. */
static void
test_pin_stays_where_the_reader_asks (void)
{
  static const char script[] = "#!/bin/bash\nIFS= read -r line; printf '%s\\n' \"$line\" > \"$0.line\"\necho "
                               "'{\"id\":1,\"state\":\"pin-wanted\"}'\ncat > \"$0.rest\"; echo > \"$0.end\"\n";
  g_autofree char *pad = card_tests_path ("pad");
  g_autoptr (CantigaCard) real = card_new ("pad");
  g_autoptr (CantigaCardFound) found = card_tests_find (real, NULL);
  CantigaCard *card;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL, *rest = NULL;

  card_tests_write ("pad", script);
  g_assert_cmpint (chmod (pad, 0755), ==, 0);
  card = cantiga_card_new (pad, NULL);
  g_assert_null (card_tests_sign (card, found, "582931", NULL, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD);
  g_object_unref (card);
  card_tests_wait_for_pid ("pad.end");
  line = card_tests_read ("pad.line");
  rest = card_tests_read ("pad.rest");
  g_assert_nonnull (strstr (line, "\"pin_length\":0"));
  g_assert_cmpstr (rest, ==, "");
}

/* Whatever is no answer to this request ends it, and is not taken for a signature. */
static void
test_refuses_what_is_no_answer (void)
{
  static const char *const answers[] = { "",
                                         "hello",
                                         "{}",
                                         "{\"id\":99,\"state\":\"ready\",\"cards\":[]}",
                                         "{\"id\":1,\"state\":\"perfect\",\"cards\":[]}",
                                         "{\"id\":1,\"state\":\"ready\"}",
                                         "{\"id\":1,\"state\":\"ready\",\"cards\":[{}]}",
                                         "{\"id\":1,\"state\":\"ready\",\"cards\":[1]}" };
  g_autofree char *liar = card_tests_path ("liar");

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autofree char *script = g_strdup_printf ("#!/bin/sh\nread line\necho '%s'\nexec cat > /dev/null\n", answers[i]);
      g_autoptr (CantigaCard) card = NULL;
      g_autoptr (GError) error = NULL;

      card_tests_write ("liar", script);
      g_assert_cmpint (chmod (liar, 0755), ==, 0);
      card = cantiga_card_new (liar, NULL);
      g_assert_null (card_tests_list (card, &error));
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD);
      g_assert_cmpint (cantiga_card_get_last_state (card), ==, CANTIGA_CARD_STATE_CRASHED);
    }
}

int
main (int argc, char *argv[])
{
  g_autofree char *lines = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  lines = g_strdup_printf ("echo $$ > %1$s/pid\nexport CANTIGA_MOCK_CARD=%1$s/mock PCSCLITE_CSOCK_NAME=/nowhere/pcscd.comm", card_tests_folder ());
  program = card_tests_program ("program", lines);

  g_test_add_func ("/program/killed-between-requests", test_killed_between_requests);
  g_test_add_func ("/program/killed-during-a-request", test_killed_during_a_request);
  g_test_add_func ("/program/request-behind-a-dead-one-is-answered", test_request_behind_a_dead_one_is_answered);
  g_test_add_func ("/program/cancelled-signature-ends-the-program", test_cancelled_signature_ends_the_program);
  g_test_add_func ("/program/cancelled-list-keeps-cards-signed-in", test_cancelled_list_keeps_cards_signed_in);
  g_test_add_func ("/program/waiting-request-is-cancelled-at-once", test_waiting_request_is_cancelled_at_once);
  g_test_add_func ("/program/main-loop-turns-while-a-card-is-slow", test_main_loop_turns_while_a_card_is_slow);
  g_test_add_func ("/program/ends-with-its-owner-s-interest", test_ends_with_its_owner_s_interest);
  g_test_add_func ("/program/module-that-hangs-at-the-end-holds-nobody", test_module_that_hangs_at_the_end_holds_nobody);
  g_test_add_func ("/program/dies-with-its-parent", test_dies_with_its_parent);
  g_test_add_func ("/program/leaves-no-core", test_leaves_no_core);
  g_test_add_func ("/program/pin-goes-as-bytes-and-never-as-json", test_pin_goes_as_bytes_and_never_as_json);
  g_test_add_func ("/program/pin-stays-where-the-reader-asks", test_pin_stays_where_the_reader_asks);
  g_test_add_func ("/program/refuses-what-is-no-answer", test_refuses_what_is_no_answer);
  result = g_test_run ();
  card_tests_end ();
  g_free (program);
  return result;
}
