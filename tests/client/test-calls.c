#include "client/session.h"

#include "listener.h"
#include "loop.h"

/* ---- calls ---- */

static void
test_call_without_session (Listener *listener, gconstpointer unused)
{
  listener_call_fails (listener, "/api/list", CANTIGA_ERROR_NOT_AUTHENTICATED);
  g_assert_cmpuint (fake_count (listener->fake, "/api/list"), ==, 0);
}

static void
test_call_waits_for_sign_in (Listener *listener, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  cantiga_session_sign_in_async (listener->session, NULL, loop_result_cb, &result);
  listener_call_works (listener);
  g_assert_true (cantiga_session_sign_in_finish (listener->session, loop_wait (&result), &error));
}

static void
test_calls_go_one_at_a_time (Listener *listener, gconstpointer unused)
{
  enum
  {
    N = 6
  };
  GAsyncResult *results[N] = { NULL };

  listener_sign_in (listener);
  fake_fail (listener->fake, "/api/list", FAULT_HOLD, 1);
  for (guint i = 0; i < N; i++)
    listener_start_call (listener, "/api/list", NULL, &results[i]);
  LOOP_UNTIL (listener->fake->held->len == 1);
  loop_drain ();
  g_assert_cmpuint (fake_count (listener->fake, "/api/list"), ==, 1);
  fake_release (listener->fake);
  for (guint i = 0; i < N; i++)
    {
      g_autoptr (GAsyncResult) result = loop_wait (&results[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) answer = cantiga_session_call_finish (listener->session, result, &error);
      g_assert_no_error (error);
    }
  g_assert_cmpuint (fake_count (listener->fake, "/api/list"), ==, N);
  g_assert_cmpuint (cantiga_session_get_generation (listener->session), ==, 1);
}

/* docs/protocol.md 6.2: "the same request again (same method, path and bytes) gets the same answer again". */
static void
test_lost_answer_costs_nothing (Listener *listener, gconstpointer unused)
{
  g_autoptr (JsonObject) body = json_object_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = NULL;
  CantigaId play;

  listener_sign_in (listener);
  cantiga_id_new_random (&play);
  cantiga_json_set_id (body, "play", &play);
  fake_fail (listener->fake, "/api/end", FAULT_DROP, 3);
  cantiga_session_call_async (listener->session, "POST", "/api/end", body, NULL, loop_result_cb, &result);
  answer = cantiga_session_call_finish (listener->session, loop_wait (&result), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (listener->fake->bodies->len, ==, 4);
  for (guint i = 1; i < 4; i++)
    g_assert_true (g_bytes_equal (listener->fake->bodies->pdata[0], listener->fake->bodies->pdata[i]));
  g_assert_cmpuint (cantiga_session_get_generation (listener->session), ==, 1);
  g_assert_cmpuint (cantiga_session_get_number (listener->session), ==, 2);
}

static void
test_forged_answer_is_asked_again (Listener *listener, gconstpointer unused)
{
  listener_sign_in (listener);
  fake_fail (listener->fake, "/api/list", FAULT_FORGE, 2);
  listener_call_works (listener);
  g_assert_cmpuint (fake_count (listener->fake, "/api/list"), ==, 3);
  g_assert_cmpuint (cantiga_session_get_generation (listener->session), ==, 1);
}

static void
test_busy_is_waited_out (Listener *listener, gconstpointer unused)
{
  listener_sign_in (listener);
  fake_fail (listener->fake, "/api/list", FAULT_BUSY, 1);
  listener_call_works (listener);
  g_assert_cmpuint (cantiga_session_get_generation (listener->session), ==, 1);
}

static void
test_sealed_delay_is_waited_out (Listener *listener, gconstpointer unused)
{
  listener_sign_in (listener);
  fake_fail (listener->fake, "/api/list", FAULT_LATER, 1);
  listener_call_works (listener);
  g_assert_cmpuint (cantiga_session_get_number (listener->session), ==, 3);
}

static void
test_refusal_keeps_code_and_sentence (Listener *listener, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  listener_sign_in (listener);
  g_assert_null (listener_call (listener, "/api/nothing", &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
  g_assert_cmpstr (error->message, ==, cantiga_error_get_sentence (CANTIGA_ERROR_NOT_FOUND));
  fake_fail (listener->fake, "/api/list", FAULT_REFUSE, 1);
  listener_call_fails (listener, "/api/list", CANTIGA_ERROR_SLOW_DOWN);
  listener_call_works (listener);
  g_assert_cmpuint (cantiga_session_get_generation (listener->session), ==, 1);
}

static void
test_cancelled_call_is_completed (Listener *listener, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  listener_sign_in (listener);
  fake_fail (listener->fake, "/api/list", FAULT_HOLD, 1);
  listener_start_call (listener, "/api/list", cancellable, &result);
  LOOP_UNTIL (listener->fake->held->len == 1);
  g_cancellable_cancel (cancellable);
  g_assert_null (cantiga_session_call_finish (listener->session, loop_wait (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  fake_release (listener->fake);
  listener_call_works (listener);
  g_assert_cmpuint (cantiga_session_get_generation (listener->session), ==, 1);
  g_assert_cmpuint (cantiga_session_get_number (listener->session), ==, 3);
}

static void
test_cancelled_call_in_the_queue_is_never_sent (Listener *listener, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) first = NULL, second = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = NULL;

  listener_sign_in (listener);
  fake_fail (listener->fake, "/api/list", FAULT_HOLD, 1);
  listener_start_call (listener, "/api/list", NULL, &first);
  listener_start_call (listener, "/api/cover", cancellable, &second);
  LOOP_UNTIL (listener->fake->held->len == 1);
  g_cancellable_cancel (cancellable);
  g_assert_null (cantiga_session_call_finish (listener->session, loop_wait (&second), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  fake_release (listener->fake);
  answer = cantiga_session_call_finish (listener->session, loop_wait (&first), NULL);
  g_assert_nonnull (answer);
  loop_drain ();
  g_assert_cmpuint (fake_count (listener->fake, "/api/cover"), ==, 0);
}

/* ---- signing in again by itself ---- */

static void
test_forgotten_session_returns (Listener *listener, gconstpointer unused)
{
  listener_sign_in (listener);
  g_string_truncate (listener->steps, 0);
  g_string_truncate (listener->states, 0);
  fake_forget (listener->fake);
  listener_call_works (listener);
  g_assert_cmpstr (listener->states->str, ==, "3 2 ");
  g_assert_cmpstr (listener->steps->str, ==, "");
  g_assert_cmpuint (cantiga_session_get_generation (listener->session), ==, 2);
  g_assert_cmpuint (listener->card->signatures, ==, 2);
}

static void
test_all_that_wait_go_on (Listener *listener, gconstpointer unused)
{
  enum
  {
    N = 4
  };
  GAsyncResult *results[N] = { NULL };

  listener_sign_in (listener);
  fake_forget (listener->fake);
  for (guint i = 0; i < N; i++)
    listener_start_call (listener, "/api/list", NULL, &results[i]);
  for (guint i = 0; i < N; i++)
    {
      g_autoptr (GAsyncResult) result = loop_wait (&results[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) answer = cantiga_session_call_finish (listener->session, result, &error);
      g_assert_no_error (error);
    }
  g_assert_cmpuint (cantiga_session_get_generation (listener->session), ==, 2);
}

static gboolean
start_again_cb (gpointer listener)
{
  fake_start (((Listener *)listener)->fake);
  return G_SOURCE_REMOVE;
}

static void
test_server_that_comes_back (Listener *listener, gconstpointer unused)
{
  listener_sign_in (listener);
  fake_stop (listener->fake);
  fake_forget (listener->fake);
  g_timeout_add (2500, start_again_cb, listener);
  listener_call_works (listener);
  g_assert_cmpuint (cantiga_session_get_generation (listener->session), ==, 2);
}

static void
test_server_that_stays_away (Listener *listener, gconstpointer unused)
{
  listener_sign_in (listener);
  cantiga_session_set_return_limit (listener->session, 300);
  fake_stop (listener->fake);
  listener_call_fails (listener, "/api/list", CANTIGA_ERROR_UNREACHABLE);
  g_assert_cmpint (cantiga_session_get_state (listener->session), ==, CANTIGA_SESSION_SIGNED_OUT);
  listener_call_fails (listener, "/api/list", CANTIGA_ERROR_UNREACHABLE);
  fake_start (listener->fake);
  listener_sign_in (listener);
  listener_call_works (listener);
}

static void
test_return_that_is_refused (Listener *listener, gconstpointer unused)
{
  listener_sign_in (listener);
  listener->card->error = g_error_new_literal (CANTIGA_ERROR, CANTIGA_ERROR_CARD, "The card was taken out.");
  fake_forget (listener->fake);
  listener_call_fails (listener, "/api/list", CANTIGA_ERROR_CARD);
  g_assert_cmpint (cantiga_session_get_state (listener->session), ==, CANTIGA_SESSION_SIGNED_OUT);
}

static void
test_sign_in_takes_over_from_return (Listener *listener, gconstpointer unused)
{
  g_autoptr (GAsyncResult) pending = NULL;
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (GError) error = NULL;

  listener_sign_in (listener);
  fake_stop (listener->fake);
  fake_forget (listener->fake);
  listener_start_call (listener, "/api/list", NULL, &pending);
  LOOP_UNTIL (cantiga_session_get_state (listener->session) == CANTIGA_SESSION_RETURNING);
  fake_start (listener->fake);
  listener_sign_in (listener);
  answer = cantiga_session_call_finish (listener->session, loop_wait (&pending), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (cantiga_session_get_generation (listener->session), ==, 2);
}

static void
test_session_may_be_dropped_while_it_returns (Listener *listener, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) pending = NULL;
  g_autoptr (GError) error = NULL;

  listener_sign_in (listener);
  fake_stop (listener->fake);
  listener_start_call (listener, "/api/list", cancellable, &pending);
  LOOP_UNTIL (cantiga_session_get_state (listener->session) == CANTIGA_SESSION_RETURNING);
  g_cancellable_cancel (cancellable);
  g_assert_null (cantiga_session_call_finish (listener->session, loop_wait (&pending), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  LOOP_UNTIL (G_OBJECT (listener->session)->ref_count == 2); /* ours, and the result's */
}

#define ADD(path, function) g_test_add (path, Listener, NULL, listener_set_up, function, listener_tear_down)

int
main (int argc, char **argv)
{
  int failed;

  g_test_init (&argc, &argv, NULL);
  ADD ("/calls/refuses-a-call-when-signed-out", test_call_without_session);
  ADD ("/calls/a-call-waits-for-the-sign-in", test_call_waits_for_sign_in);
  ADD ("/calls/calls-go-one-at-a-time", test_calls_go_one_at_a_time);
  ADD ("/calls/a-lost-answer-is-asked-again-with-the-same-bytes", test_lost_answer_costs_nothing);
  ADD ("/calls/a-forged-answer-is-asked-again", test_forged_answer_is_asked_again);
  ADD ("/calls/a-busy-server-is-waited-out", test_busy_is_waited_out);
  ADD ("/calls/a-sealed-delay-is-waited-out", test_sealed_delay_is_waited_out);
  ADD ("/calls/a-refusal-keeps-its-code-and-sentence", test_refusal_keeps_code_and_sentence);
  ADD ("/calls/a-cancelled-call-is-completed-on-the-wire", test_cancelled_call_is_completed);
  ADD ("/calls/a-cancelled-call-in-the-queue-is-never-sent", test_cancelled_call_in_the_queue_is_never_sent);
  ADD ("/calls/returns-when-the-server-forgot-it", test_forgotten_session_returns);
  ADD ("/calls/all-that-wait-go-on-after-a-return", test_all_that_wait_go_on);
  ADD ("/calls/returns-to-a-server-that-comes-back", test_server_that_comes_back);
  ADD ("/calls/gives-up-on-a-server-that-stays-away", test_server_that_stays_away);
  ADD ("/calls/ends-when-the-return-is-refused", test_return_that_is_refused);
  ADD ("/calls/a-sign-in-takes-over-from-a-return", test_sign_in_takes_over_from_return);
  ADD ("/calls/may-be-dropped-while-it-returns", test_session_may_be_dropped_while_it_returns);
  failed = g_test_run ();
  fake_end ();
  return failed;
}
