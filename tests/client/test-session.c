#include "client/session.h"

#include <string.h>

#include "listener.h"
#include "loop.h"

#define DAY (24 * 3600)

/* ---- signing in ---- */

static void
test_signs_in (Listener *listener, gconstpointer unused)
{
  listener_sign_in (listener);
  g_assert_cmpstr (listener->steps->str, ==, "0.0 0.1 1.0 1.1 2.0 2.1 3.0 3.1 4.0 4.1 5.0 5.1 ");
  g_assert_cmpstr (listener->states->str, ==, "1 2 ");
  g_assert_cmpstr (cantiga_session_get_listener (listener->session), ==, "Maria Silva");
  g_assert_cmpstr (cantiga_suite_get_name (cantiga_session_get_suite (listener->session)), ==, "ECDH_ECDSA_AES256_GCM_SHA512");
  g_assert_cmpuint (cantiga_session_get_number (listener->session), ==, 1);
  g_assert_cmpuint (cantiga_session_get_generation (listener->session), ==, 1);
  listener_call_works (listener);
  g_assert_cmpuint (cantiga_session_get_number (listener->session), ==, 2);
}

static void
test_says_what_it_found (Listener *listener, gconstpointer unused)
{
  static const char *const parts[]
      = { "127.0.0.1:", "Coro da S\303\251", "session ", "ECDH_ECDSA_AES256_GCM_SHA512 (strong)", "X25519", "Maria Silva" };

  listener_sign_in (listener);
  g_assert_cmpuint (listener->details->len, ==, G_N_ELEMENTS (parts));
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    g_assert_nonnull (strstr (listener->details->pdata[i], parts[i]));
}

static void
test_signs_in_under_each_kind_of_key (Listener *listener, gconstpointer unused)
{
  static const char *const suites[] = { "ECDH_RSA_AES256_GCM_SHA512", "DH_RSA_AES128_CBC_SHA256",     "ECDH_ECDSA_CHACHA20_POLY1305_SHA256",
                                        "DH_ECDSA_AES128_GCM_SHA512", "ECDH_EDDSA_AES256_CBC_SHA512", "DH_EDDSA_AES256_GCM_SHA256" };

  for (guint i = 0; i < G_N_ELEMENTS (suites); i++)
    {
      const char *const one[] = { suites[i], NULL };
      listener_use_suites (listener, one);
      listener_sign_in (listener);
      g_assert_cmpstr (cantiga_suite_get_name (cantiga_session_get_suite (listener->session)), ==, suites[i]);
      listener_call_works (listener);
    }
}

static void
test_takes_another_kind_of_key (Listener *listener, gconstpointer unused)
{
  g_clear_pointer (&listener->fake->terms.identities[CANTIGA_AUTH_ECDSA], cantiga_identity_unref);
  g_clear_pointer (&listener->fake->terms.identities[CANTIGA_AUTH_EDDSA], cantiga_identity_unref);
  listener->fake->terms.first = CANTIGA_AUTH_RSA;
  listener_sign_in (listener);
  g_assert_cmpint (cantiga_session_get_suite (listener->session)->auth, ==, CANTIGA_AUTH_RSA);
  g_assert_cmpstr (listener->steps->str, ==, "0.0 0.0 0.0 0.1 1.0 1.1 2.0 2.1 3.0 3.1 4.0 4.1 5.0 5.1 ");
}

static void
test_legacy_alone_is_refused (Listener *listener, gconstpointer unused)
{
  static const char *const legacy[] = { "DH_RSA_EDE_CBC_SHA256", NULL };

  listener_use_suites (listener, legacy);
  listener_fails_to_sign_in (listener, CANTIGA_ERROR_NO_COMMON_SUITE);
  g_assert_true (g_str_has_suffix (listener->steps->str, "3.0 3.2 "));
}

static void
test_refuses_suite_that_does_not_exist (Listener *listener, gconstpointer unused)
{
  static const char *const wrong[] = { "ECDH_ECDSA_ROT13_SHA256", NULL };
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_session_new (listener->store, listener->paired, wrong, CANTIGA_SIGNER (listener->card), &error));
  g_assert_nonnull (error);
}

static void
test_refuses_other_authority (Listener *listener, gconstpointer unused)
{
  g_autoptr (Pki) other = pki_new ();
  X509 *authority = listener->fake->pki->authority;
  g_autofree char *folder = folder_new ();
  g_autoptr (CantigaPaired) paired = NULL;

  /* Paired with the same identity under another authority: an impostor, seen from here. */
  listener->fake->pki->authority = other->authority;
  g_clear_object (&listener->session);
  g_clear_object (&listener->store);
  g_clear_object (&listener->paired);
  listener->store = fake_pair (listener->fake, listener->folder, NULL, &listener->paired);
  listener->fake->pki->authority = authority;
  listener_use_suites (listener, NULL);
  listener_fails_to_sign_in (listener, CANTIGA_ERROR_SERVER_REFUSED);
  g_assert_cmpstr (listener->steps->str, ==, "0.0 0.1 1.0 1.2 ");
  g_assert_cmpuint (fake_count (listener->fake, "/api/suite"), ==, 0);
  folder_free (g_steal_pointer (&folder));
}

/* docs/protocol.md 3.1: "its number not below the highest one seen". */
static void
test_remembers_revocation_number (Listener *listener, gconstpointer unused)
{
  listener_sign_in (listener);
  g_assert_cmpint (cantiga_paired_get_crl_number (listener->paired), ==, 7);
  cantiga_paired_set_seen (listener->paired, 8, 0);
  listener_fails_to_sign_in (listener, CANTIGA_ERROR_SERVER_REFUSED);
}

static void
test_unknown_card_is_refused (Listener *listener, gconstpointer unused)
{
  g_autoptr (CantigaIdentity) other
      = pki_issue (listener->fake->pki, CANTIGA_AUTH_ECDSA, CANTIGA_USAGE_CARD, NULL, listener->fake->pki->now - 60, listener->fake->pki->now + 3600);

  g_clear_object (&listener->card);
  listener->card = fake_card_new (other->key, other->certificates);
  listener_use_suites (listener, NULL);
  listener_fails_to_sign_in (listener, CANTIGA_ERROR_CARD_UNKNOWN);
  g_assert_true (g_str_has_suffix (listener->steps->str, "5.0 5.2 "));
  g_assert_cmpstr (listener->details->pdata[listener->details->len - 1], ==, cantiga_error_get_sentence (CANTIGA_ERROR_CARD_UNKNOWN));
}

static void
test_card_that_fails_ends_it (Listener *listener, gconstpointer unused)
{
  listener->card->error = g_error_new_literal (CANTIGA_ERROR, CANTIGA_ERROR_PIN_BLOCKED, "Blocked.");
  listener_fails_to_sign_in (listener, CANTIGA_ERROR_PIN_BLOCKED);
  g_clear_error (&listener->card->error);
  listener_sign_in (listener);
}

static void
test_nobody_there (Listener *listener, gconstpointer unused)
{
  fake_stop (listener->fake);
  listener_fails_to_sign_in (listener, CANTIGA_ERROR_UNREACHABLE);
  g_assert_cmpstr (listener->steps->str, ==, "0.0 0.2 ");
  fake_start (listener->fake);
}

static void
test_lost_answers_of_the_handshake (Listener *listener, gconstpointer unused)
{
  static const char *const paths[] = { "/api/suite", "/api/key" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      listener_use_suites (listener, NULL);
      g_string_truncate (listener->steps, 0);
      fake_fail (listener->fake, paths[i], FAULT_DROP, 1);
      listener_sign_in (listener);
      g_assert_cmpstr (listener->steps->str, ==,
                       i == 0 ? "0.0 0.1 1.0 1.1 2.0 2.1 3.0 3.0 3.1 4.0 4.1 5.0 5.1 " : "0.0 0.1 1.0 1.1 2.0 2.1 3.0 3.1 4.0 4.0 4.1 5.0 5.1 ");
    }
}

static void
test_lost_answer_to_the_card (Listener *listener, gconstpointer unused)
{
  fake_fail (listener->fake, "/api/cc", FAULT_DROP, 2);
  listener_sign_in (listener);
  g_assert_cmpuint (listener->card->signatures, ==, 1);
  g_assert_cmpuint (listener->fake->bodies->len, ==, 3);
  g_assert_true (g_bytes_equal (listener->fake->bodies->pdata[0], listener->fake->bodies->pdata[2]));
}

static void
test_busy_server_is_waited_for (Listener *listener, gconstpointer unused)
{
  fake_fail (listener->fake, "/api/key", FAULT_BUSY, 1);
  listener_sign_in (listener);
}

/* docs/protocol.md 7: "within which `/api/cc` answers 429 with `Retry-After` and the session stays". */
static void
test_delay_of_the_card_is_waited_out (Listener *listener, gconstpointer unused)
{
  gint64 begun = g_get_monotonic_time ();

  fake_fail (listener->fake, "/api/cc", FAULT_LATER, 1);
  listener_sign_in (listener);
  g_assert_cmpint (g_get_monotonic_time () - begun, >=, G_USEC_PER_SEC);
  g_assert_cmpuint (listener->card->signatures, ==, 1);
  g_assert_cmpuint (fake_count (listener->fake, "/api/auth"), ==, 2);
}

/* docs/protocol.md 3.7: a PIN may take longer than the handshake's 30 s. */
static void
test_slow_pin_starts_over (Listener *listener, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  listener->card->hold = TRUE;
  cantiga_session_sign_in_async (listener->session, NULL, loop_result_cb, &result);
  LOOP_UNTIL (listener->card->held != NULL);
  fake_forget (listener->fake);
  listener->card->hold = FALSE;
  fake_card_release (listener->card);
  g_assert_true (cantiga_session_sign_in_finish (listener->session, loop_wait (&result), &error));
  g_assert_no_error (error);
  g_assert_cmpuint (listener->card->signatures, ==, 2);
  g_assert_cmpstr (listener->steps->str, ==, "0.0 0.1 1.0 1.1 2.0 2.1 3.0 3.1 4.0 4.1 5.0 5.0 5.1 ");
}

static void
test_signing_in_can_be_cancelled (Listener *listener, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  fake_fail (listener->fake, "/api/suite", FAULT_HOLD, 1);
  cantiga_session_sign_in_async (listener->session, cancellable, loop_result_cb, &result);
  LOOP_UNTIL (listener->fake->held->len == 1);
  g_cancellable_cancel (cancellable);
  g_assert_false (cantiga_session_sign_in_finish (listener->session, loop_wait (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (cantiga_session_get_state (listener->session), ==, CANTIGA_SESSION_SIGNED_OUT);
  fake_release (listener->fake);
  listener_sign_in (listener);
}

static void
test_signing_in_twice_at_once (Listener *listener, gconstpointer unused)
{
  g_autoptr (GAsyncResult) first = NULL, second = NULL;
  g_autoptr (GError) error = NULL;

  cantiga_session_sign_in_async (listener->session, NULL, loop_result_cb, &first);
  cantiga_session_sign_in_async (listener->session, NULL, loop_result_cb, &second);
  g_assert_false (cantiga_session_sign_in_finish (listener->session, loop_wait (&second), &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_OUT_OF_TURN);
  g_assert_true (cantiga_session_sign_in_finish (listener->session, loop_wait (&first), NULL));
}

static void
test_signing_in_anew (Listener *listener, gconstpointer unused)
{
  g_autoptr (GAsyncResult) pending = NULL, result = NULL;
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (GError) error = NULL;

  listener_sign_in (listener);
  fake_fail (listener->fake, "/api/list", FAULT_HOLD, 1);
  listener_start_call (listener, "/api/list", NULL, &pending);
  cantiga_session_sign_in_async (listener->session, NULL, loop_result_cb, &result);
  LOOP_UNTIL (listener->fake->held->len == 1);
  g_assert_cmpint (cantiga_session_get_state (listener->session), ==, CANTIGA_SESSION_OPEN);
  fake_release (listener->fake);
  answer = cantiga_session_call_finish (listener->session, loop_wait (&pending), &error);
  g_assert_no_error (error);
  g_assert_true (cantiga_session_sign_in_finish (listener->session, loop_wait (&result), &error));
  g_assert_cmpuint (cantiga_session_get_generation (listener->session), ==, 2);
  listener_call_works (listener);
}

/* ---- leaving, renewing ---- */

static gboolean
leave (Listener *listener, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  cantiga_session_leave_async (listener->session, NULL, loop_result_cb, &result);
  return cantiga_session_leave_finish (listener->session, loop_wait (&result), error);
}

static void
test_leaves (Listener *listener, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  listener_sign_in (listener);
  g_assert_true (leave (listener, &error));
  g_assert_cmpuint (fake_count (listener->fake, "/api/leave"), ==, 1);
  g_assert_cmpint (cantiga_session_get_state (listener->session), ==, CANTIGA_SESSION_SIGNED_OUT);
  listener_call_fails (listener, "/api/list", CANTIGA_ERROR_NOT_AUTHENTICATED);
}

static void
test_leaves_unheard (Listener *listener, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  listener_sign_in (listener);
  fake_stop (listener->fake);
  g_assert_false (leave (listener, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_UNREACHABLE);
  g_assert_cmpint (cantiga_session_get_state (listener->session), ==, CANTIGA_SESSION_SIGNED_OUT);
  g_assert_true (leave (listener, NULL));
}

static gint64
until (Listener *listener)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaIdentity) identity = NULL;
  g_autoptr (X509) leaf = NULL;

  cantiga_store_load_identity_async (listener->store, listener->paired, CANTIGA_AUTH_ECDSA, NULL, loop_result_cb, &result);
  identity = cantiga_store_load_identity_finish (listener->store, loop_wait (&result), &error);
  g_assert_no_error (error);
  leaf = cantiga_certificate_decode (identity->certificates->pdata[0], &error);
  g_assert_no_error (error);
  return cantiga_certificate_get_not_after (leaf);
}

/* A player whose ECDSA certificate is valid around now like this. */
static void
pair_with_certificate (Listener *listener, gint64 from, gint64 to)
{
  g_autoptr (GPtrArray) identities = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_identity_unref);

  g_ptr_array_add (identities, pki_issue (listener->fake->pki, CANTIGA_AUTH_ECDSA, CANTIGA_USAGE_PLAYER, NULL, listener->fake->pki->now + from,
                                          listener->fake->pki->now + to));
  g_clear_object (&listener->session);
  g_clear_object (&listener->store);
  g_clear_object (&listener->paired);
  listener->store = fake_pair (listener->fake, listener->folder, identities, &listener->paired);
  listener_use_suites (listener, NULL);
}

/* docs/protocol.md 14.6: "From two thirds of that on the player renews". */
static void
test_renews_at_two_thirds (Listener *listener, gconstpointer unused)
{
  pair_with_certificate (listener, -61 * DAY, 29 * DAY);
  listener_sign_in (listener);
  LOOP_UNTIL (fake_count (listener->fake, "/api/certificate") == 1);
  LOOP_UNTIL (until (listener) != listener->fake->pki->now + 29 * DAY);
  g_assert_cmpint (until (listener), ==, listener->fake->pki->now + DAY);
}

static void
test_does_not_renew_before (Listener *listener, gconstpointer unused)
{
  pair_with_certificate (listener, -59 * DAY, 31 * DAY);
  listener_sign_in (listener);
  listener_call_works (listener);
  g_assert_cmpuint (fake_count (listener->fake, "/api/certificate"), ==, 0);
}

static void
test_renews_when_told (Listener *listener, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL, again = NULL;
  g_autoptr (GError) error = NULL, lost = NULL;

  listener_sign_in (listener);
  cantiga_session_renew_async (listener->session, NULL, loop_result_cb, &result);
  g_assert_true (cantiga_session_renew_finish (listener->session, loop_wait (&result), &error));
  g_assert_no_error (error);
  fake_fail (listener->fake, "/api/certificate", FAULT_FORGET, 1);
  cantiga_session_renew_async (listener->session, NULL, loop_result_cb, &again);
  g_assert_false (cantiga_session_renew_finish (listener->session, loop_wait (&again), &lost));
  g_assert_error (lost, CANTIGA_ERROR, CANTIGA_ERROR_NOT_AUTHENTICATED);
  listener_sign_in (listener);
}

#define ADD(path, function) g_test_add (path, Listener, NULL, listener_set_up, function, listener_tear_down)

int
main (int argc, char **argv)
{
  int failed;

  g_test_init (&argc, &argv, NULL);
  ADD ("/session/signs-in-step-by-step", test_signs_in);
  ADD ("/session/says-what-it-found", test_says_what_it_found);
  ADD ("/session/signs-in-under-each-kind-of-key", test_signs_in_under_each_kind_of_key);
  ADD ("/session/takes-another-kind-of-key-if-the-server-lacks-one", test_takes_another_kind_of_key);
  ADD ("/session/a-legacy-suite-alone-is-refused", test_legacy_alone_is_refused);
  ADD ("/session/refuses-a-suite-that-does-not-exist", test_refuses_suite_that_does_not_exist);
  ADD ("/session/refuses-a-server-of-another-authority", test_refuses_other_authority);
  ADD ("/session/refuses-an-older-revocation-list", test_remembers_revocation_number);
  ADD ("/session/an-unknown-card-is-refused", test_unknown_card_is_refused);
  ADD ("/session/a-card-that-fails-ends-it", test_card_that_fails_ends_it);
  ADD ("/session/says-that-nobody-is-there", test_nobody_there);
  ADD ("/session/begins-the-handshake-again-when-an-answer-is-lost", test_lost_answers_of_the_handshake);
  ADD ("/session/signs-once-when-the-answer-to-the-card-is-lost", test_lost_answer_to_the_card);
  ADD ("/session/waits-for-a-busy-server", test_busy_server_is_waited_for);
  ADD ("/session/waits-out-the-delay-of-the-card", test_delay_of_the_card_is_waited_out);
  ADD ("/session/begins-again-after-a-slow-pin", test_slow_pin_starts_over);
  ADD ("/session/signing-in-can-be-cancelled", test_signing_in_can_be_cancelled);
  ADD ("/session/refuses-to-sign-in-twice-at-once", test_signing_in_twice_at_once);
  ADD ("/session/signs-in-anew-after-the-call-under-way", test_signing_in_anew);
  ADD ("/session/leaves", test_leaves);
  ADD ("/session/leaves-unheard", test_leaves_unheard);
  ADD ("/session/renews-certificates-at-two-thirds", test_renews_at_two_thirds);
  ADD ("/session/does-not-renew-before", test_does_not_renew_before);
  ADD ("/session/renews-when-told", test_renews_when_told);
  failed = g_test_run ();
  fake_end ();
  return failed;
}
