#include "listener.h"

#include "loop.h"

static void
step_cb (CantigaSession *session, int step, int state, const char *detail, Listener *listener)
{
  g_string_append_printf (listener->steps, "%d.%d ", step, state);
  if (state != CANTIGA_STEP_STARTED)
    g_ptr_array_add (listener->details, g_strdup (detail));
}

static void
state_cb (CantigaSession *session, GParamSpec *pspec, Listener *listener)
{
  g_string_append_printf (listener->states, "%d ", cantiga_session_get_state (session));
}

void
listener_use_suites (Listener *listener, const char *const *suites)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&listener->session);
  listener->session = cantiga_session_new (listener->store, listener->paired, suites, CANTIGA_SIGNER (listener->card), &error);
  g_assert_no_error (error);
  g_signal_connect (listener->session, "step", G_CALLBACK (step_cb), listener);
  g_signal_connect (listener->session, "notify::state", G_CALLBACK (state_cb), listener);
}

void
listener_set_up (Listener *listener, gconstpointer unused)
{
  listener->fake = fake_new ();
  listener->folder = folder_new ();
  listener->store = fake_pair (listener->fake, listener->folder, NULL, &listener->paired);
  listener->card = fake_card_new (listener->fake->card_key, listener->fake->card);
  listener->steps = g_string_new (NULL);
  listener->states = g_string_new (NULL);
  listener->details = g_ptr_array_new_with_free_func (g_free);
  listener_use_suites (listener, NULL);
}

void
listener_tear_down (Listener *listener, gconstpointer unused)
{
  g_assert_finalize_object (g_steal_pointer (&listener->session));
  g_clear_object (&listener->card);
  g_clear_object (&listener->paired);
  g_clear_object (&listener->store);
  fake_free (listener->fake);
  folder_free (listener->folder);
  g_string_free (listener->steps, TRUE);
  g_string_free (listener->states, TRUE);
  g_ptr_array_unref (listener->details);
}

gboolean
listener_try_sign_in (Listener *listener, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  cantiga_session_sign_in_async (listener->session, NULL, loop_result_cb, &result);
  return cantiga_session_sign_in_finish (listener->session, loop_wait (&result), error);
}

void
listener_sign_in (Listener *listener)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (listener_try_sign_in (listener, &error));
  g_assert_no_error (error);
  g_assert_cmpint (cantiga_session_get_state (listener->session), ==, CANTIGA_SESSION_OPEN);
}

void
listener_fails_to_sign_in (Listener *listener, CantigaError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (listener_try_sign_in (listener, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
  g_assert_cmpint (cantiga_session_get_state (listener->session), ==, CANTIGA_SESSION_SIGNED_OUT);
}

void
listener_start_call (Listener *listener, const char *path, GCancellable *cancellable, GAsyncResult **slot)
{
  cantiga_session_call_async (listener->session, "GET", path, NULL, cancellable, loop_result_cb, slot);
}

JsonObject *
listener_call (Listener *listener, const char *path, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  listener_start_call (listener, path, NULL, &result);
  return cantiga_session_call_finish (listener->session, loop_wait (&result), error);
}

void
listener_call_works (Listener *listener)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = listener_call (listener, "/api/list", &error);

  g_assert_no_error (error);
  g_assert_true (json_object_has_member (answer, "titles"));
}

void
listener_call_fails (Listener *listener, const char *path, CantigaError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (listener_call (listener, path, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
}
