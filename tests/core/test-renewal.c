/* docs/protocol.md 14.6 */
#include "tests/core/pairing-fixture.h"

#include "core/handshake.h"

static void
test_renewal (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) request = NULL;
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (GPtrArray) chains = NULL;
  g_autoptr (GPtrArray) identities = NULL;
  g_autoptr (X509) announced = NULL;
  CantigaId session;

  cantiga_id_new_random (&session);
  request = cantiga_renewal_create_request (&session, fixture->keys, &error);
  g_assert_no_error (error);
  keys = cantiga_renewal_consume_request (request, &session, &error);
  g_assert_no_error (error);
  chains = chains_for (fixture->authority, fixture->authority_key, keys);
  body = cantiga_renewal_create_answer (chains, NULL);
  identities = cantiga_renewal_consume_answer (body, fixture->keys, fixture->authority, NOW, &announced, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (identities->len, ==, CANTIGA_N_AUTHS);
  g_assert_null (announced);
}

/* docs/protocol.md 14.8 */
static void
test_renewal_under_another_authority (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (X509) next = cantiga_authority_issue (key, "The box", NOW - 3600, NOW + 3600, &error);
  g_autoptr (GPtrArray) chains = chains_for (next, key, fixture->keys);
  g_autoptr (GBytes) body = cantiga_renewal_create_answer (chains, next);
  g_autoptr (GBytes) unannounced = cantiga_renewal_create_answer (chains, NULL);
  g_autoptr (GBytes) other = cantiga_renewal_create_answer (chains, fixture->authority);
  g_autoptr (GPtrArray) identities = NULL;
  g_autoptr (X509) announced = NULL;

  g_assert_no_error (error);
  identities = cantiga_renewal_consume_answer (body, fixture->keys, fixture->authority, NOW, &announced, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (identities->len, ==, CANTIGA_N_AUTHS);
  g_assert_cmpint (X509_cmp (announced, next), ==, 0);
  g_clear_pointer (&announced, X509_free);
  g_assert_null (cantiga_renewal_consume_answer (unannounced, fixture->keys, fixture->authority, NOW, &announced, NULL));
  g_assert_null (cantiga_renewal_consume_answer (other, fixture->keys, fixture->authority, NOW, &announced, NULL));
  g_assert_null (announced);
}

static void
test_renewal_of_other_session (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) request = NULL;
  CantigaId session, other;

  cantiga_id_new_random (&session);
  cantiga_id_new_random (&other);
  request = cantiga_renewal_create_request (&session, fixture->keys, &error);
  g_assert_no_error (error);
  g_assert_null (cantiga_renewal_consume_request (request, &other, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

static void
test_renewal_for_other_keys (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) others = g_ptr_array_new_with_free_func ((GDestroyNotify)EVP_PKEY_free);
  g_autoptr (GPtrArray) own = g_ptr_array_new ();
  g_autoptr (GPtrArray) chains = NULL;
  g_autoptr (GBytes) body = NULL;
  g_autoptr (X509) announced = NULL;

  g_ptr_array_add (others, key_new (CANTIGA_AUTH_ECDSA));
  g_ptr_array_add (own, fixture->keys->pdata[CANTIGA_AUTH_ECDSA]);
  chains = chains_for (fixture->authority, fixture->authority_key, others);
  body = cantiga_renewal_create_answer (chains, NULL);
  g_assert_null (cantiga_renewal_consume_answer (body, own, fixture->authority, NOW, &announced, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/renewal/renews", test_renewal);
  ADD ("/renewal/under-another-authority-that-is-announced", test_renewal_under_another_authority);
  ADD ("/renewal/refuses-the-request-of-another-session", test_renewal_of_other_session);
  ADD ("/renewal/refuses-an-answer-with-another's-certificates", test_renewal_for_other_keys);
  return g_test_run ();
}
