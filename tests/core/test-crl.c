#include "core/chain.h"

#include <string.h>

#include <openssl/err.h>

#include "core/error.h"

#define DAY (24 * 3600)
#define NOW 1800000000
#define UUID "6f1c8a52-0c5e-4f5c-9f43-2a3f1a5b7c9d"

/* An authority, and a player's chain issued by it. */
typedef struct
{
  EVP_PKEY *key;
  X509 *authority;
  GPtrArray *authorities;
  X509 *leaf;
  char *serial;
  GPtrArray *chain;
} Fixture;

static EVP_PKEY *
key_new (CantigaAuth auth)
{
  g_autoptr (GError) error = NULL;
  EVP_PKEY *key = cantiga_key_pair_new (auth, &error);

  g_assert_no_error (error);
  return key;
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  fixture->key = key_new (CANTIGA_AUTH_ECDSA);
  fixture->authority = cantiga_authority_issue (fixture->key, "authority", NOW - DAY, NOW + 1000 * DAY, &error);
  g_assert_no_error (error);
  fixture->authorities = g_ptr_array_new ();
  g_ptr_array_add (fixture->authorities, fixture->authority);
  fixture->leaf
      = cantiga_certificate_issue (fixture->authority, fixture->key, fixture->key, CANTIGA_USAGE_PLAYER, "leaf", UUID, NOW, NOW + DAY, &error);
  g_assert_no_error (error);
  fixture->serial = cantiga_certificate_dup_serial (fixture->leaf);
  fixture->chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_ptr_array_add (fixture->chain, cantiga_certificate_encode (fixture->leaf));
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_ptr_array_unref (fixture->chain);
  g_free (fixture->serial);
  X509_free (fixture->leaf);
  g_ptr_array_unref (fixture->authorities);
  X509_free (fixture->authority);
  EVP_PKEY_free (fixture->key);
}

static X509_CRL *
issue (Fixture *fixture, gint64 number, const char *const *serials)
{
  g_autoptr (GError) error = NULL;
  X509_CRL *crl = cantiga_crl_issue (fixture->authority, fixture->key, number, serials, NOW, NOW + DAY, &error);

  g_assert_no_error (error);
  return crl;
}

static void
assert_verify (Fixture *fixture, X509_CRL *crl, gint64 now, const char *why)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) leaf = cantiga_chain_verify (fixture->chain, fixture->authorities, crl, CANTIGA_USAGE_PLAYER, now, &error);

  if (why == NULL)
    g_assert_no_error (error);
  else
    {
      g_assert_null (leaf);
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
      if (strstr (error->message, why) == NULL)
        g_error ("\"%s\" does not say \"%s\"", error->message, why);
    }
}

static void
test_round_trip (Fixture *fixture, gconstpointer unused)
{
  const char *const serials[] = { fixture->serial, NULL };
  g_autoptr (X509_CRL) crl = issue (fixture, 7, serials);
  g_autoptr (GBytes) der = cantiga_crl_encode (crl);
  g_autoptr (GError) error = NULL;
  g_autoptr (X509_CRL) read_back = cantiga_crl_decode (der, &error);

  g_assert_no_error (error);
  g_assert_cmpint (X509_CRL_get_version (read_back), ==, X509_CRL_VERSION_2);
  g_assert_cmpint (cantiga_crl_get_number (read_back), ==, 7);
  g_assert_cmpint (cantiga_crl_get_next_update (read_back), ==, NOW + DAY);
  g_assert_cmpint (sk_X509_REVOKED_num (X509_CRL_get_REVOKED (read_back)), ==, 1);
  g_assert_cmpint (X509_CRL_get_ext_by_NID (read_back, NID_authority_key_identifier, -1), >=, 0);
  assert_verify (fixture, read_back, NOW, "“leaf” is not accepted: it was revoked");
}

static void
test_not_listed (Fixture *fixture, gconstpointer unused)
{
  const char *const serials[] = { "01", "80ffffffffffffffffffffffffffffff", NULL };
  g_autoptr (X509_CRL) empty = issue (fixture, 1, NULL);
  g_autoptr (X509_CRL) others = issue (fixture, 2, serials);

  assert_verify (fixture, empty, NOW, NULL);
  assert_verify (fixture, others, NOW, NULL);
}

/* Any of many, in whatever order they were listed, and whatever case they are written in. */
static void
test_many (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) serials = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (X509_CRL) crl = NULL;

  for (guint i = 300; i > 0; i--)
    g_ptr_array_add (serials, g_strdup_printf ("%x", 7919 * i));
  g_ptr_array_insert (serials, 150, g_ascii_strup (fixture->serial, -1));
  g_ptr_array_add (serials, NULL);
  crl = issue (fixture, 1, (const char *const *)serials->pdata);
  g_assert_cmpint (sk_X509_REVOKED_num (X509_CRL_get_REVOKED (crl)), ==, 301);
  assert_verify (fixture, crl, NOW, "it was revoked");
}

static void
test_out_of_date (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509_CRL) crl = cantiga_crl_issue (fixture->authority, fixture->key, 1, NULL, NOW, NOW + DAY / 2, &error);

  g_assert_no_error (error);
  assert_verify (fixture, crl, NOW + DAY / 4, NULL);
  assert_verify (fixture, crl, NOW + DAY / 2 + 1, "the revocation list is out of date");
}

static void
test_not_yet_valid (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509_CRL) crl = cantiga_crl_issue (fixture->authority, fixture->key, 1, NULL, NOW + DAY / 2, NOW + DAY, &error);

  g_assert_no_error (error);
  assert_verify (fixture, crl, NOW, "the revocation list is not valid yet");
}

static void
test_without_end (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509_CRL) crl = X509_CRL_new ();
  ASN1_TIME *from = ASN1_TIME_set (NULL, NOW);

  X509_CRL_set_version (crl, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name (crl, X509_get_subject_name (fixture->authority));
  X509_CRL_set1_lastUpdate (crl, from);
  g_assert_cmpint (X509_CRL_sign (crl, fixture->key, EVP_sha256 ()), >, 0);
  g_assert_cmpint (cantiga_crl_get_next_update (crl), ==, G_MININT64);
  g_assert_cmpint (cantiga_crl_get_number (crl), ==, -1);
  assert_verify (fixture, crl, NOW, "the revocation list does not say until when it holds");
  ASN1_TIME_free (from);
}

static void
test_other_authority (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_EDDSA);
  g_autoptr (X509) other = cantiga_authority_issue (key, "other", NOW - DAY, NOW + DAY, &error);
  g_autoptr (X509_CRL) crl = cantiga_crl_issue (other, key, 1, NULL, NOW, NOW + DAY, &error);

  g_assert_no_error (error);
  assert_verify (fixture, crl, NOW, "the revocation list is another authority's");
}

static void
test_forged (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  const char *const serials[] = { "0123456789abcdef", NULL };
  g_autoptr (X509_CRL) crl = issue (fixture, 1, serials);
  g_autoptr (GBytes) der = cantiga_crl_encode (crl);
  gsize length = 0;
  g_autofree guint8 *bytes = g_bytes_unref_to_data (g_steal_pointer (&der), &length);
  guint8 *serial = memmem (bytes, length, "\x01\x23\x45\x67", 4);
  g_autoptr (X509_CRL) forged = NULL;

  g_assert_nonnull (serial);
  serial[0] = 2;
  der = g_bytes_new (bytes, length);
  forged = cantiga_crl_decode (der, &error);
  g_assert_no_error (error);
  assert_verify (fixture, forged, NOW, "the signature of the revocation list does not verify");
}

/* An authority of the same name with another key. */
static void
test_same_name (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (X509) other = cantiga_authority_issue (key, "authority", NOW - DAY, NOW + DAY, &error);
  g_autoptr (X509_CRL) crl = cantiga_crl_issue (other, key, 1, NULL, NOW, NOW + DAY, &error);

  g_assert_no_error (error);
  assert_verify (fixture, crl, NOW, "is not accepted");
}

static void
test_each_auth (void)
{
  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EVP_PKEY) key = key_new (auth);
      g_autoptr (X509) authority = cantiga_authority_issue (key, "authority", NOW - DAY, NOW + DAY, &error);
      g_autoptr (X509_CRL) crl = cantiga_crl_issue (authority, key, 1, NULL, NOW, NOW + DAY, &error);

      g_assert_no_error (error);
      g_assert_cmpint (X509_CRL_verify (crl, key), ==, 1);
    }
}

static void
test_bad_serials (Fixture *fixture, gconstpointer unused)
{
  static const char *const bad[] = { "", "-1", "0x10", "12 34", "g", "00000000000000000000000000000000000000001" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      const char *const serials[] = { bad[i], NULL };
      g_autoptr (GError) error = NULL;

      g_assert_null (cantiga_crl_issue (fixture->authority, fixture->key, 1, serials, NOW, NOW + DAY, &error));
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
    }
}

static void
test_other_key (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_crl_issue (fixture->authority, key, 1, NULL, NOW, NOW + DAY, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
}

static void
assert_not_decoded (gconstpointer bytes, gsize length)
{
  g_autoptr (GBytes) der = g_bytes_new (bytes, length);
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_crl_decode (der, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  g_assert_cmpuint (ERR_peek_error (), ==, 0);
}

static void
test_not_decoded (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509_CRL) crl = issue (fixture, 1, NULL);
  g_autoptr (GBytes) der = cantiga_crl_encode (crl);
  gsize length = g_bytes_get_size (der);
  g_autofree guint8 *longer = g_malloc0 (length + 1);

  memcpy (longer, g_bytes_get_data (der, NULL), length);
  assert_not_decoded (longer, length + 1);
  assert_not_decoded (longer, length - 1);
  assert_not_decoded ("", 0);
  assert_not_decoded (g_bytes_get_data (fixture->chain->pdata[0], NULL), g_bytes_get_size (fixture->chain->pdata[0]));
}

#define ADD(path, function) g_test_add ("/revocation-list/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("refuses-a-revoked-leaf", test_round_trip);
  ADD ("accepts-a-leaf-that-is-not-listed", test_not_listed);
  ADD ("finds-one-among-many", test_many);
  ADD ("is-refused-past-its-next-update", test_out_of_date);
  ADD ("is-refused-before-its-time", test_not_yet_valid);
  ADD ("is-refused-without-an-end", test_without_end);
  ADD ("is-refused-from-another-authority", test_other_authority);
  ADD ("is-refused-if-forged", test_forged);
  ADD ("is-refused-from-an-authority-of-the-same-name", test_same_name);
  g_test_add_func ("/revocation-list/is-signed-by-keys-of-each-auth", test_each_auth);
  ADD ("does-not-list-what-is-not-a-serial-number", test_bad_serials);
  ADD ("is-not-issued-with-another-key", test_other_key);
  ADD ("refuses-what-is-not-one-whole-list", test_not_decoded);
  return g_test_run ();
}
