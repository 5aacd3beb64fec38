#include "core/chain.h"

#include <string.h>

#include <openssl/err.h>

#include "core/error.h"

#define NAME "00112233445566778899aabbccddeeff"

static EVP_PKEY *
key_new (CantigaAuth auth)
{
  g_autoptr (GError) error = NULL;
  EVP_PKEY *key = cantiga_key_pair_new (auth, &error);

  g_assert_no_error (error);
  return key;
}

static GBytes *
create (EVP_PKEY *key, const char *name)
{
  g_autoptr (GError) error = NULL;
  GBytes *csr = cantiga_csr_create (key, name, &error);

  g_assert_no_error (error);
  return csr;
}

static void
assert_refused (GBytes *csr, const char *name, const char *why)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_csr_consume (csr, name, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  if (strstr (error->message, why) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, why);
  g_assert_cmpuint (ERR_peek_error (), ==, 0);
}

static void
test_round_trip (void)
{
  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      g_autoptr (EVP_PKEY) key = key_new (auth);
      g_autoptr (GBytes) csr = create (key, NAME);
      g_autoptr (GError) error = NULL;
      g_autoptr (EVP_PKEY) consumed = cantiga_csr_consume (csr, NAME, &error);

      g_assert_no_error (error);
      g_assert_cmpint (EVP_PKEY_eq (key, consumed), ==, 1);
    }
}

/* "so that the proof of possession covers the invitation" */
static void
test_other_name (void)
{
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_EDDSA);
  g_autoptr (GBytes) csr = create (key, NAME);
  g_autoptr (GBytes) longer = create (key, NAME "0");

  assert_refused (csr, "ffeeddccbbaa99887766554433221100", "it was made for something else");
  assert_refused (longer, NAME, "it was made for something else");
}

/* A CSR as the test wants it: subject in OpenSSL's names and values, a key that it names and a key that signs it. */
static GBytes *
odd (const char *const *subject, EVP_PKEY *key, EVP_PKEY *signer)
{
  g_autoptr (X509_REQ) csr = X509_REQ_new ();
  unsigned char *der = NULL;
  int length;
  GBytes *bytes;

  for (; *subject != NULL; subject += 2)
    g_assert_cmpint (X509_NAME_add_entry_by_txt (X509_REQ_get_subject_name (csr), subject[0], MBSTRING_UTF8, (const guint8 *)subject[1], -1, -1, 0),
                     ==, 1);
  X509_REQ_set_pubkey (csr, key);
  g_assert_cmpint (X509_REQ_sign (csr, signer, EVP_sha256 ()), >, 0);
  length = i2d_X509_REQ (csr, &der);
  bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  return bytes;
}

static void
test_other_subjects (void)
{
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_ECDSA);
  const char *const right[] = { "CN", NAME, NULL };
  const char *const none[] = { NULL };
  const char *const other[] = { "O", NAME, NULL };
  const char *const more[] = { "CN", NAME, "O", "more", NULL };
  const char *const twice[] = { "CN", "other", "CN", NAME, NULL };
  const char *const *wrong[] = { none, other, more, twice };
  g_autoptr (GBytes) as_it_should_be = odd (right, key, key);
  g_autoptr (GError) error = NULL;
  g_autoptr (EVP_PKEY) consumed = cantiga_csr_consume (as_it_should_be, NAME, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GBytes) csr = odd (wrong[i], key, key);

      assert_refused (csr, NAME, "it was made for something else");
    }
}

/* Somebody else's public key, signed with one's own. */
static void
test_no_possession (void)
{
  g_autoptr (EVP_PKEY) theirs = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (EVP_PKEY) own = key_new (CANTIGA_AUTH_ECDSA);
  const char *const subject[] = { "CN", NAME, NULL };
  g_autoptr (GBytes) csr = odd (subject, theirs, own);

  assert_refused (csr, NAME, "it does not prove that its key is there");
}

static void
test_changed_name (void)
{
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (GBytes) csr = create (key, NAME);
  gsize length = 0;
  guint8 *der = g_bytes_unref_to_data (g_steal_pointer (&csr), &length);
  guint8 *name = memmem (der, length, NAME, strlen (NAME));

  g_assert_nonnull (name);
  name[0] = 'f';
  csr = g_bytes_new_take (der, length);
  assert_refused (csr, "f0112233445566778899aabbccddeeff", "it does not prove that its key is there");
}

static void
test_key_of_no_suite (void)
{
  g_autoptr (EVP_PKEY) key = EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t)1024);
  const char *const subject[] = { "CN", NAME, NULL };
  g_autoptr (GBytes) csr = odd (subject, key, key);

  assert_refused (csr, NAME, "of no cipher suite");
}

static void
test_not_a_csr (void)
{
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (GBytes) csr = create (key, NAME);
  gsize length = g_bytes_get_size (csr);
  g_autofree guint8 *bytes = g_malloc0 (length + 1);
  g_autoptr (GBytes) longer = NULL;
  g_autoptr (GBytes) shorter = g_bytes_new_from_bytes (csr, 0, length - 1);
  g_autoptr (GBytes) nothing = g_bytes_new (NULL, 0);

  memcpy (bytes, g_bytes_get_data (csr, NULL), length);
  longer = g_bytes_new (bytes, length + 1);
  assert_refused (longer, NAME, "it cannot be read");
  assert_refused (shorter, NAME, "it cannot be read");
  assert_refused (nothing, NAME, "it cannot be read");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/csr/consumes-what-it-created-with-each-auth", test_round_trip);
  g_test_add_func ("/csr/refuses-another-invitation's", test_other_name);
  g_test_add_func ("/csr/refuses-a-subject-that-is-more-or-less-than-the-name", test_other_subjects);
  g_test_add_func ("/csr/refuses-a-key-that-the-asker-does-not-have", test_no_possession);
  g_test_add_func ("/csr/refuses-a-changed-name", test_changed_name);
  g_test_add_func ("/csr/refuses-a-key-of-no-suite", test_key_of_no_suite);
  g_test_add_func ("/csr/refuses-what-is-not-one-whole-csr", test_not_a_csr);
  return g_test_run ();
}
