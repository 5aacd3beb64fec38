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
  CantigaId session;

  cantiga_id_new_random (&session);
  request = cantiga_renewal_create_request (&session, fixture->keys, &error);
  g_assert_no_error (error);
  keys = cantiga_renewal_consume_request (request, &session, &error);
  g_assert_no_error (error);
  chains = chains_for (fixture->authority, fixture->authority_key, keys);
  body = cantiga_renewal_create_answer (chains);
  identities = cantiga_renewal_consume_answer (body, fixture->keys, fixture->authority, NOW, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (identities->len, ==, CANTIGA_N_AUTHS);
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

  g_ptr_array_add (others, key_new (CANTIGA_AUTH_ECDSA));
  g_ptr_array_add (own, fixture->keys->pdata[CANTIGA_AUTH_ECDSA]);
  chains = chains_for (fixture->authority, fixture->authority_key, others);
  body = cantiga_renewal_create_answer (chains);
  g_assert_null (cantiga_renewal_consume_answer (body, own, fixture->authority, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/renewal/renews", test_renewal);
  ADD ("/renewal/refuses-the-request-of-another-session", test_renewal_of_other_session);
  ADD ("/renewal/refuses-an-answer-with-another's-certificates", test_renewal_for_other_keys);
  return g_test_run ();
}
