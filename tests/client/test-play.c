#include "client/play.h"

#include <string.h>

#include "client/catalogue.h"
#include "listener.h"
#include "loop.h"

typedef struct
{
  Listener listener;
  Fake *fake;
  CantigaCatalogue *catalogue;
  CantigaTitle *title;
  CantigaPlay *play;
} Fixture;

static void
load (Fixture *fixture)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  fixture->catalogue = cantiga_catalogue_new (fixture->listener.session);
  cantiga_catalogue_load_async (fixture->catalogue, NULL, loop_result_cb, &result);
  g_assert_true (cantiga_catalogue_load_finish (fixture->catalogue, loop_wait (&result), &error));
  g_assert_no_error (error);
  fixture->title = g_list_model_get_item (cantiga_catalogue_get_titles (fixture->catalogue), 0);
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  listener_set_up (&fixture->listener, NULL);
  fixture->fake = fixture->listener.fake;
  listener_sign_in (&fixture->listener);
  load (fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  if (fixture->play != NULL)
    g_assert_finalize_object (g_steal_pointer (&fixture->play));
  g_clear_object (&fixture->title);
  g_clear_object (&fixture->catalogue);
  listener_tear_down (&fixture->listener, NULL);
}

static CantigaPlay *
try_start (Fixture *fixture, CantigaTitle *title, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  cantiga_play_start_async (fixture->listener.session, title, NULL, loop_result_cb, &result);
  return cantiga_play_start_finish (fixture->listener.session, loop_wait (&result), error);
}

static void
start (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  fixture->play = try_start (fixture, fixture->title, &error);
  g_assert_no_error (error);
}

static void
assert_start_fails (Fixture *fixture, CantigaError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (try_start (fixture, fixture->title, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
}

static void
start_read (Fixture *fixture, guint64 index, GCancellable *cancellable, GAsyncResult **slot)
{
  cantiga_play_read_chunk_async (fixture->play, index, cancellable, loop_result_cb, slot);
}

static GBytes *
try_read (Fixture *fixture, guint64 index, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  start_read (fixture, index, NULL, &result);
  return cantiga_play_read_chunk_finish (fixture->play, loop_wait (&result), error);
}

static void
assert_read_is (Fixture *fixture, GAsyncResult *result, guint64 index)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) chunk = cantiga_play_read_chunk_finish (fixture->play, result, &error);
  g_autoptr (GBytes) expected = fake_dup_chunk (fixture->fake, index);

  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (chunk, expected));
}

static void
assert_reads (Fixture *fixture, guint64 index)
{
  g_autoptr (GAsyncResult) result = NULL;

  start_read (fixture, index, NULL, &result);
  assert_read_is (fixture, loop_wait (&result), index);
}

static void
assert_read_fails (Fixture *fixture, guint64 index, CantigaError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (try_read (fixture, index, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
}

static guint
plays_spent (Fixture *fixture)
{
  return g_hash_table_size (fixture->fake->plays);
}

/* ---- licences ---- */

static void
test_starts (Fixture *fixture, gconstpointer unused)
{
  start (fixture);
  g_assert_cmpuint (cantiga_play_get_plays_left (fixture->play), ==, 2);
  g_assert_cmpint (cantiga_play_get_expires (fixture->play), ==, fixture->fake->pki->now + 1000);
  g_assert_cmpint (cantiga_play_get_ends (fixture->play), ==, fixture->fake->pki->now + 600);
  g_assert_cmpuint (cantiga_play_get_size (fixture->play), ==, fixture->fake->manifest->size);
  g_assert_cmpuint (cantiga_play_get_chunks (fixture->play), ==, 5);
  g_assert_cmpuint (cantiga_play_get_chunk_size (fixture->play), ==, 262144);
  g_assert_cmpuint (cantiga_play_get_chunk_length (fixture->play, 4), ==, 12345);
  g_assert_cmpfloat (cantiga_play_get_duration (fixture->play), ==, 12.5);
  g_assert_cmpstr (cantiga_play_get_media_type (fixture->play), ==, "audio/flac");
  g_assert_true (cantiga_play_is_exportable (fixture->play));
  g_assert_true (cantiga_play_get_title (fixture->play) == fixture->title);
}

static void
test_title_follows (Fixture *fixture, gconstpointer unused)
{
  start (fixture);
  g_assert_cmpstr (cantiga_title_get_licence_state (fixture->title), ==, "valid");
  g_assert_cmpint (cantiga_title_get_plays_left (fixture->title), ==, 2);
  g_assert_cmpint (cantiga_title_get_expires (fixture->title), ==, fixture->fake->pki->now + 1000);
}

static void
test_exhausted (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  fixture->fake->plays_left = 0;
  g_assert_null (try_start (fixture, fixture->title, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_LICENCE_EXHAUSTED);
  g_assert_cmpstr (error->message, ==, cantiga_error_get_sentence (CANTIGA_ERROR_LICENCE_EXHAUSTED));
  g_assert_cmpstr (cantiga_title_get_licence_state (fixture->title), ==, "used-up");
  listener_call_works (&fixture->listener);
}

static void
test_last_play (Fixture *fixture, gconstpointer unused)
{
  fixture->fake->plays_left = 1;
  start (fixture);
  g_assert_cmpstr (cantiga_title_get_licence_state (fixture->title), ==, "used-up");
  assert_reads (fixture, 0);
}

static void
test_lost_licence_costs_one_play (Fixture *fixture, gconstpointer unused)
{
  fake_fail (fixture->fake, "/api/license", FAULT_DROP, 2);
  start (fixture);
  g_assert_cmpuint (plays_spent (fixture), ==, 1);
  assert_reads (fixture, 2);
}

static void
test_licence_over_a_return_costs_one_play (Fixture *fixture, gconstpointer unused)
{
  fake_fail (fixture->fake, "/api/license", FAULT_DROP, 4);
  start (fixture);
  g_assert_cmpuint (cantiga_session_get_generation (fixture->listener.session), ==, 2);
  g_assert_cmpuint (plays_spent (fixture), ==, 1);
  assert_reads (fixture, 2);
}

/* docs/protocol.md 13.2: "that title id, size, type and chunk size are what it asked for and was told." */
static void
test_refuses_another_size (Fixture *fixture, gconstpointer unused)
{
  fixture->fake->lie = TRUE;
  assert_start_fails (fixture, CANTIGA_ERROR_FORGED);
}

static void
test_refuses_unsigned_manifest (Fixture *fixture, gconstpointer unused)
{
  fixture->fake->manifest->root[0] ^= 1;
  assert_start_fails (fixture, CANTIGA_ERROR_FORGED);
}

static void
test_refuses_other_publisher (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (Pki) other = pki_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (cantiga_manifest_sign (fixture->fake->manifest, other->publisher_key, other->publisher, &error));
  assert_start_fails (fixture, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

/* A player's certificate is of the same authority, but not for publishing. */
static void
test_refuses_publisher_that_is_none (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) chain = pki_certify (fixture->fake->pki, fixture->fake->pki->publisher_key, CANTIGA_USAGE_PLAYER, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (cantiga_manifest_sign (fixture->fake->manifest, fixture->fake->pki->publisher_key, chain, &error));
  assert_start_fails (fixture, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

static void
test_ends (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  start (fixture);
  cantiga_play_end_async (fixture->play, NULL, loop_result_cb, &result);
  g_assert_true (cantiga_play_end_finish (fixture->play, loop_wait (&result), &error));
  g_assert_cmpuint (fake_count (fixture->fake, "/api/end"), ==, 1);
}

/* ---- chunks ---- */

static void
test_reads_all (Fixture *fixture, gconstpointer unused)
{
  GAsyncResult *results[5] = { NULL };

  start (fixture);
  for (guint i = 0; i < 5; i++)
    start_read (fixture, 4 - i, NULL, &results[4 - i]);
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (GAsyncResult) result = loop_wait (&results[i]);
      assert_read_is (fixture, result, i);
    }
  assert_reads (fixture, 0);
}

static void
test_reads_under_other_suites (Fixture *fixture, gconstpointer unused)
{
  static const char *const suites[] = { "DH_RSA_AES128_CBC_SHA256", "ECDH_EDDSA_CHACHA20_POLY1305_SHA512", "DH_RSA_EDE_CBC_SHA512" };
  static const char *const all[] = { "default", "DH_RSA_EDE_CBC_SHA512", NULL };

  g_strfreev ((GStrv)fixture->fake->terms.suites);
  fixture->fake->terms.suites = (const char *const *)cantiga_suites_expand (all, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (suites); i++)
    {
      const char *const one[] = { suites[i], NULL };
      g_clear_object (&fixture->play);
      g_clear_object (&fixture->title);
      g_clear_object (&fixture->catalogue);
      listener_use_suites (&fixture->listener, one);
      listener_sign_in (&fixture->listener);
      load (fixture);
      start (fixture);
      assert_reads (fixture, 3);
      assert_reads (fixture, 4);
    }
}

static void
test_four_at_a_time (Fixture *fixture, gconstpointer unused)
{
  enum
  {
    N = 7
  };
  GAsyncResult *results[N] = { NULL };

  start (fixture);
  fake_fail (fixture->fake, "/api/download", FAULT_HOLD, N);
  for (guint i = 0; i < N; i++)
    start_read (fixture, i % 5, NULL, &results[i]);
  LOOP_UNTIL (fixture->fake->held->len == 4);
  loop_drain ();
  g_assert_cmpuint (fixture->fake->held->len, ==, 4);
  fixture->fake->times = 0;
  fake_release (fixture->fake);
  for (guint i = 0; i < N; i++)
    {
      g_autoptr (GAsyncResult) result = loop_wait (&results[i]);
      assert_read_is (fixture, result, i % 5);
    }
}

static void
test_lost_chunks_are_asked_again (Fixture *fixture, gconstpointer unused)
{
  start (fixture);
  fake_fail (fixture->fake, "/api/download", FAULT_DROP, 3);
  assert_reads (fixture, 1);
  g_assert_cmpuint (fake_count (fixture->fake, "/api/license"), ==, 1);
}

static void
test_forged_chunk_is_asked_once_more (Fixture *fixture, gconstpointer unused)
{
  start (fixture);
  fake_fail (fixture->fake, "/api/download", FAULT_FORGE, 1);
  assert_reads (fixture, 1);
  fake_fail (fixture->fake, "/api/download", FAULT_FORGE, 2);
  assert_read_fails (fixture, 1, CANTIGA_ERROR_FORGED);
  g_assert_cmpuint (fixture->fake->bodies->len, ==, 2);
  assert_reads (fixture, 1);
}

/* The server itself may not hand out another chunk than was signed. */
static void
test_swapped_chunk_is_refused (Fixture *fixture, gconstpointer unused)
{
  start (fixture);
  fake_fail (fixture->fake, "/api/download", FAULT_SWAP, 1);
  assert_reads (fixture, 1);
  fake_fail (fixture->fake, "/api/download", FAULT_SWAP, 2);
  assert_read_fails (fixture, 0, CANTIGA_ERROR_FORGED);
  assert_reads (fixture, 0);
}

static void
test_busy_is_waited_out (Fixture *fixture, gconstpointer unused)
{
  start (fixture);
  fake_fail (fixture->fake, "/api/download", FAULT_BUSY, 1);
  assert_reads (fixture, 1);
  g_assert_cmpuint (fake_count (fixture->fake, "/api/license"), ==, 1);
}

/* docs/protocol.md 10.4: "A chunk may be fetched 32 times a grant; then 429." */
static void
test_chunk_fetched_too_often_gets_a_fresh_grant (Fixture *fixture, gconstpointer unused)
{
  start (fixture);
  fake_fail (fixture->fake, "/api/download", FAULT_REFUSE, 1);
  assert_reads (fixture, 1);
  g_assert_cmpuint (fake_count (fixture->fake, "/api/license"), ==, 2);
  g_assert_cmpuint (plays_spent (fixture), ==, 1);
}

static void
test_cancelled_read (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  start (fixture);
  fake_fail (fixture->fake, "/api/download", FAULT_HOLD, 1);
  start_read (fixture, 0, cancellable, &result);
  LOOP_UNTIL (fixture->fake->held->len == 1);
  g_cancellable_cancel (cancellable);
  g_assert_null (cantiga_play_read_chunk_finish (fixture->play, loop_wait (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  fake_release (fixture->fake);
  for (guint i = 0; i < 5; i++)
    assert_reads (fixture, i);
  g_assert_cmpuint (fake_count (fixture->fake, "/api/license"), ==, 1);
}

static void
test_cancelled_while_it_waits (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *results[4] = { NULL };
  g_autoptr (GAsyncResult) waiting = NULL;
  g_autoptr (GError) error = NULL;

  start (fixture);
  fake_fail (fixture->fake, "/api/download", FAULT_HOLD, 4);
  for (guint i = 0; i < 4; i++)
    start_read (fixture, i, NULL, &results[i]);
  start_read (fixture, 4, cancellable, &waiting);
  LOOP_UNTIL (fixture->fake->held->len == 4);
  g_cancellable_cancel (cancellable);
  g_assert_null (cantiga_play_read_chunk_finish (fixture->play, loop_wait (&waiting), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  fake_release (fixture->fake);
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GAsyncResult) result = loop_wait (&results[i]);
      assert_read_is (fixture, result, i);
    }
  g_assert_cmpuint (fake_count (fixture->fake, "/api/download"), ==, 4);
}

/* ---- the session is lost meanwhile ---- */

static void
test_goes_on_after_a_return (Fixture *fixture, gconstpointer unused)
{
  start (fixture);
  assert_reads (fixture, 0);
  fake_forget (fixture->fake);
  assert_reads (fixture, 1);
  assert_reads (fixture, 2);
  g_assert_cmpuint (cantiga_session_get_generation (fixture->listener.session), ==, 2);
  g_assert_cmpuint (plays_spent (fixture), ==, 1);
  g_assert_cmpuint (cantiga_play_get_plays_left (fixture->play), ==, 2);
}

static void
test_all_reads_go_on_with_one_grant (Fixture *fixture, gconstpointer unused)
{
  enum
  {
    N = 10
  };
  GAsyncResult *results[N] = { NULL };

  start (fixture);
  fake_forget (fixture->fake);
  for (guint i = 0; i < N; i++)
    start_read (fixture, i % 5, NULL, &results[i]);
  for (guint i = 0; i < N; i++)
    {
      g_autoptr (GAsyncResult) result = loop_wait (&results[i]);
      assert_read_is (fixture, result, i % 5);
    }
  g_assert_cmpuint (plays_spent (fixture), ==, 1);
  g_assert_cmpuint (fixture->listener.card->signatures, ==, 2);
  g_assert_cmpuint (cantiga_session_get_generation (fixture->listener.session), ==, 2);
}

static gboolean
start_again_cb (gpointer fake)
{
  fake_start (fake);
  return G_SOURCE_REMOVE;
}

/* docs/protocol.md 9.3: "a lost connection, a restart of either side within the play's window … are the same play". */
static void
test_goes_on_when_the_server_comes_back (Fixture *fixture, gconstpointer unused)
{
  start (fixture);
  assert_reads (fixture, 0);
  fake_stop (fixture->fake);
  fake_forget (fixture->fake);
  g_timeout_add (3000, start_again_cb, fixture->fake);
  assert_reads (fixture, 1);
  g_assert_cmpuint (plays_spent (fixture), ==, 1);
  g_assert_cmpuint (cantiga_session_get_generation (fixture->listener.session), ==, 2);
}

static void
test_gives_up_and_goes_on_after_a_sign_in (Fixture *fixture, gconstpointer unused)
{
  start (fixture);
  cantiga_session_set_return_limit (fixture->listener.session, 200);
  fake_stop (fixture->fake);
  fake_forget (fixture->fake);
  assert_read_fails (fixture, 1, CANTIGA_ERROR_UNREACHABLE);
  assert_read_fails (fixture, 1, CANTIGA_ERROR_UNREACHABLE);
  fake_start (fixture->fake);
  listener_sign_in (&fixture->listener);
  assert_reads (fixture, 1);
  g_assert_cmpuint (plays_spent (fixture), ==, 1);
}

static void
test_signing_in_anew_renews_the_grant_at_once (Fixture *fixture, gconstpointer unused)
{
  start (fixture);
  listener_sign_in (&fixture->listener);
  assert_reads (fixture, 1);
  g_assert_cmpuint (fake_count (fixture->fake, "/api/download"), ==, 1);
}

/* Another recording under the same title, signed as well: not in the middle of this one. */
static void
test_refuses_another_recording_after_a_return (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  start (fixture);
  fixture->fake->manifest->root[5] ^= 1;
  g_assert_true (cantiga_manifest_sign (fixture->fake->manifest, fixture->fake->pki->publisher_key, fixture->fake->pki->publisher, &error));
  fake_forget (fixture->fake);
  assert_read_fails (fixture, 1, CANTIGA_ERROR_FORGED);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  int failed;

  g_test_init (&argc, &argv, NULL);
  ADD ("/play/starts", test_starts);
  ADD ("/play/its-title-follows", test_title_follows);
  ADD ("/play/a-used-up-licence-is-said", test_exhausted);
  ADD ("/play/the-last-play-plays", test_last_play);
  ADD ("/play/a-lost-licence-costs-one-play", test_lost_licence_costs_one_play);
  ADD ("/play/a-licence-over-a-return-costs-one-play", test_licence_over_a_return_costs_one_play);
  ADD ("/play/refuses-another-size", test_refuses_another_size);
  ADD ("/play/refuses-a-manifest-that-is-not-signed", test_refuses_unsigned_manifest);
  ADD ("/play/refuses-another-authority-s-publisher", test_refuses_other_publisher);
  ADD ("/play/refuses-a-publisher-that-is-none", test_refuses_publisher_that_is_none);
  ADD ("/play/ends", test_ends);
  ADD ("/play/reads-every-chunk", test_reads_all);
  ADD ("/play/reads-under-other-suites", test_reads_under_other_suites);
  ADD ("/play/four-chunks-at-a-time", test_four_at_a_time);
  ADD ("/play/lost-chunks-are-asked-again", test_lost_chunks_are_asked_again);
  ADD ("/play/a-forged-chunk-is-asked-once-more", test_forged_chunk_is_asked_once_more);
  ADD ("/play/a-swapped-chunk-is-refused", test_swapped_chunk_is_refused);
  ADD ("/play/a-busy-server-is-waited-out", test_busy_is_waited_out);
  ADD ("/play/a-chunk-fetched-too-often-gets-a-fresh-grant", test_chunk_fetched_too_often_gets_a_fresh_grant);
  ADD ("/play/a-read-can-be-cancelled", test_cancelled_read);
  ADD ("/play/a-read-that-waits-can-be-cancelled", test_cancelled_while_it_waits);
  ADD ("/play/goes-on-after-a-return", test_goes_on_after_a_return);
  ADD ("/play/all-reads-go-on-with-one-grant", test_all_reads_go_on_with_one_grant);
  ADD ("/play/goes-on-when-the-server-comes-back", test_goes_on_when_the_server_comes_back);
  ADD ("/play/goes-on-after-a-sign-in-when-it-gave-up", test_gives_up_and_goes_on_after_a_sign_in);
  ADD ("/play/renews-the-grant-at-once-after-a-sign-in", test_signing_in_anew_renews_the_grant_at_once);
  ADD ("/play/refuses-another-recording-after-a-return", test_refuses_another_recording_after_a_return);
  failed = g_test_run ();
  fake_end ();
  return failed;
}
