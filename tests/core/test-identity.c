#include "core/handshake.h"

#include "core/error.h"

#define NOW 1800000000
#define UUID "6f1c8a52-0c5e-4f5c-9f43-2a3f1a5b7c9d"

static EVP_PKEY *
key_new (CantigaAuth auth)
{
  g_autoptr (GError) error = NULL;
  EVP_PKEY *key = cantiga_key_pair_new (auth, &error);

  g_assert_no_error (error);
  return key;
}

/* A chain for key, of an authority that is then forgotten. */
static GPtrArray *
chain_for (EVP_PKEY *key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EVP_PKEY) authority_key = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (X509) authority = cantiga_authority_issue (authority_key, "authority", NOW, NOW + 60, &error);
  g_autoptr (X509) leaf = NULL;
  GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  g_assert_no_error (error);
  leaf = cantiga_certificate_issue (authority, authority_key, key, CANTIGA_USAGE_PLAYER, "leaf", UUID, NOW, NOW + 60, &error);
  g_assert_no_error (error);
  g_ptr_array_add (chain, cantiga_certificate_encode (leaf));
  return chain;
}

static void
test_new (void)
{
  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      g_autoptr (EVP_PKEY) key = key_new (auth);
      g_autoptr (GPtrArray) chain = chain_for (key);
      g_autoptr (GError) error = NULL;
      g_autoptr (CantigaIdentity) identity = cantiga_identity_new (key, chain, &error);

      g_assert_no_error (error);
      g_assert_cmpint (identity->auth, ==, auth);
    }
}

/* "Takes references/copies." */
static void
test_outlives (void)
{
  EVP_PKEY *key = key_new (CANTIGA_AUTH_EDDSA);
  GPtrArray *chain = chain_for (key);
  g_autoptr (GBytes) der = g_bytes_ref (chain->pdata[0]);
  g_autoptr (GError) error = NULL;
  CantigaIdentity *identity = cantiga_identity_new (key, chain, &error);
  g_autoptr (CantigaIdentity) again = cantiga_identity_ref (identity);
  g_autoptr (GBytes) signature = NULL;

  g_assert_no_error (error);
  EVP_PKEY_free (key);
  g_ptr_array_unref (chain);
  cantiga_identity_unref (identity);
  signature = cantiga_sign (again->key, "label", "", 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (again->certificates->len, ==, 1);
  g_assert_true (g_bytes_equal (again->certificates->pdata[0], der));
}

static void
assert_refused (EVP_PKEY *key, GPtrArray *chain)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_identity_new (key, chain, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

static void
test_refused (void)
{
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (EVP_PKEY) same_kind = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (EVP_PKEY) other_kind = key_new (CANTIGA_AUTH_EDDSA);
  g_autoptr (GPtrArray) chain = chain_for (key);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  g_ptr_array_add (words, g_bytes_new_static ("words", 5));
  assert_refused (same_kind, chain);
  assert_refused (other_kind, chain);
  assert_refused (key, none);
  assert_refused (key, words);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identity/is-a-key-of-each-auth-with-its-certificate", test_new);
  g_test_add_func ("/identity/outlives-what-it-was-made-of", test_outlives);
  g_test_add_func ("/identity/refuses-a-key-and-a-certificate-that-do-not-belong-together", test_refused);
  return g_test_run ();
}
