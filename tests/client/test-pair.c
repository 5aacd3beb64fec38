#include "client/pair.h"

#include <string.h>

#include "fake.h"
#include "loop.h"

typedef struct
{
  Fake *fake;
  char *folder;
  char *link;
  CantigaStore *store;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  fixture->fake = fake_new ();
  fixture->folder = folder_new ();
  fixture->link = cantiga_invitation_format (fixture->fake->invitation);
  cantiga_store_open_async (fixture->folder, NULL, loop_result_cb, &result);
  fixture->store = cantiga_store_open_finish (loop_wait (&result), &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_clear_object (&fixture->store);
  cantiga_link_free (fixture->link);
  fake_free (fixture->fake);
  folder_free (fixture->folder);
}

static CantigaPaired *
pair (Fixture *fixture, const char *link, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  cantiga_pair_async (fixture->store, link, NULL, loop_result_cb, &result);
  return cantiga_pair_finish (fixture->store, loop_wait (&result), error);
}

static void
assert_pairing_fails (Fixture *fixture, const char *link, CantigaError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (pair (fixture, link, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
  g_assert_cmpuint (g_list_model_get_n_items (cantiga_store_get_servers (fixture->store)), ==, 0);
}

static void
assert_signs_in (Fixture *fixture, CantigaPaired *paired, const char *suite)
{
  const char *const suites[] = { suite, NULL };
  g_autoptr (FakeCard) card = fake_card_new (fixture->fake->card_key, fixture->fake->card);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSession) session = cantiga_session_new (fixture->store, paired, suites, CANTIGA_SIGNER (card), &error);

  g_assert_no_error (error);
  cantiga_session_sign_in_async (session, NULL, loop_result_cb, &result);
  g_assert_true (cantiga_session_sign_in_finish (session, loop_wait (&result), &error));
  g_assert_no_error (error);
}

static void
test_pairs (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaPaired) paired = pair (fixture, fixture->link, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (cantiga_paired_get_name (paired), ==, "Coro da S\303\251");
  g_assert_cmpstr (cantiga_paired_get_url (paired), ==, fixture->fake->url);
  g_assert_cmpstr (cantiga_paired_get_server (paired), ==, PKI_SERVER);
  g_assert_true (cantiga_store_find (fixture->store, NULL, NULL) == paired);
  assert_signs_in (fixture, paired, "ECDH_RSA_AES256_GCM_SHA256");
  assert_signs_in (fixture, paired, "ECDH_ECDSA_AES256_GCM_SHA256");
  assert_signs_in (fixture, paired, "ECDH_EDDSA_AES256_GCM_SHA256");
}

/* docs/protocol.md 14.4: "The same request again within the invitation's time gets the same answer." */
static void
test_lost_answer (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaPaired) paired = NULL;
  GPtrArray *bodies = fixture->fake->bodies;

  fake_fail (fixture->fake, "/api/pair", FAULT_DROP, 2);
  fixture->fake->skip = 1; /* the offer */
  paired = pair (fixture, fixture->link, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (bodies->len, ==, 4);
  g_assert_true (g_bytes_equal (bodies->pdata[1], bodies->pdata[2]));
  g_assert_true (g_bytes_equal (bodies->pdata[1], bodies->pdata[3]));
  assert_signs_in (fixture, paired, "ECDH_ECDSA_AES256_GCM_SHA256");
}

static void
test_invitation_is_good_once (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL, again = NULL;
  g_autoptr (CantigaPaired) paired = pair (fixture, fixture->link, &error);
  g_autoptr (CantigaPaired) second = pair (fixture, fixture->link, &again);

  g_assert_no_error (error);
  g_assert_null (second);
  g_assert_error (again, CANTIGA_ERROR, CANTIGA_ERROR_INVITATION_REFUSED);
  assert_signs_in (fixture, paired, "ECDH_ECDSA_AES256_GCM_SHA256");
}

static void
test_pairing_again_takes_its_place (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaPaired) first = pair (fixture, fixture->link, &error);
  g_autoptr (CantigaPaired) second = NULL;

  g_assert_no_error (error);
  g_clear_pointer (&fixture->fake->pair_request, g_bytes_unref);
  g_clear_pointer (&fixture->fake->pair_answer, g_bytes_unref);
  second = pair (fixture, fixture->link, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_list_model_get_n_items (cantiga_store_get_servers (fixture->store)), ==, 1);
  assert_signs_in (fixture, second, "ECDH_ECDSA_AES256_GCM_SHA256");
}

static void
test_refuses_what_is_no_link (Fixture *fixture, gconstpointer unused)
{
  static const char *const links[] = { "", "http://127.0.0.1/", "cantiga://127.0.0.1:1/#a.b.c", "hello" };

  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    assert_pairing_fails (fixture, links[i], CANTIGA_ERROR_INVITATION_REFUSED);
}

/* The link's pin is another authority's: somebody else answers at this address. */
static void
test_refuses_other_authority (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (Pki) other = pki_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaInvitation) invitation = cantiga_invitation_new (fixture->fake->url, other->authority, &error);
  char *link = cantiga_invitation_format (invitation);

  assert_pairing_fails (fixture, link, CANTIGA_ERROR_SERVER_REFUSED);
  g_assert_cmpuint (fake_count (fixture->fake, "/api/pair"), ==, 1);
  cantiga_link_free (link);
}

static void
test_refuses_forged_answer (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  fake_fail (fixture->fake, "/api/pair", FAULT_FORGE, 1);
  fixture->fake->skip = 1;
  g_assert_null (pair (fixture, fixture->link, &error));
  g_assert_nonnull (error);
  g_assert_cmpuint (g_list_model_get_n_items (cantiga_store_get_servers (fixture->store)), ==, 0);
}

static void
test_nobody_there (Fixture *fixture, gconstpointer unused)
{
  fake_stop (fixture->fake);
  assert_pairing_fails (fixture, fixture->link, CANTIGA_ERROR_UNREACHABLE);
}

static void
test_can_be_cancelled (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  fake_fail (fixture->fake, "/api/pair", FAULT_HOLD, 1);
  cantiga_pair_async (fixture->store, fixture->link, cancellable, loop_result_cb, &result);
  LOOP_UNTIL (fixture->fake->held->len == 1);
  g_cancellable_cancel (cancellable);
  g_assert_null (cantiga_pair_finish (fixture->store, loop_wait (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  int failed;

  g_test_init (&argc, &argv, NULL);
  ADD ("/pair/from-a-link-to-a-session-under-each-kind-of-key", test_pairs);
  ADD ("/pair/a-lost-answer-is-asked-again-with-the-same-bytes", test_lost_answer);
  ADD ("/pair/an-invitation-is-good-once", test_invitation_is_good_once);
  ADD ("/pair/pairing-again-takes-the-former-place", test_pairing_again_takes_its_place);
  ADD ("/pair/refuses-what-is-no-link", test_refuses_what_is_no_link);
  ADD ("/pair/refuses-another-authority", test_refuses_other_authority);
  ADD ("/pair/refuses-a-forged-answer", test_refuses_forged_answer);
  ADD ("/pair/says-that-nobody-is-there", test_nobody_there);
  ADD ("/pair/can-be-cancelled", test_can_be_cancelled);
  failed = g_test_run ();
  fake_end ();
  return failed;
}
