#include "core/chain.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "core/error.h"
#include "core/kdf.h"

#define DAY (24 * 3600)
#define NOW 1800000000
#define UUID "6f1c8a52-0c5e-4f5c-9f43-2a3f1a5b7c9d"

typedef struct
{
  EVP_PKEY *key;
  X509 *authority;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  fixture->key = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, &error);
  g_assert_no_error (error);
  fixture->authority = cantiga_authority_issue (fixture->key, "authority", NOW, NOW + DAY, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  X509_free (fixture->authority);
  EVP_PKEY_free (fixture->key);
}

static X509 *
issue (Fixture *fixture, const char *name, const char *uuid)
{
  g_autoptr (GError) error = NULL;
  X509 *certificate
      = cantiga_certificate_issue (fixture->authority, fixture->key, fixture->key, CANTIGA_USAGE_PLAYER, name, uuid, NOW, NOW + 90 * DAY, &error);

  g_assert_no_error (error);
  return certificate;
}

static void
assert_not_issued (Fixture *fixture, EVP_PKEY *authority_key, EVP_PKEY *key, const char *name, const char *uuid, gint64 until, CantigaError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_certificate_issue (fixture->authority, authority_key, key, CANTIGA_USAGE_PLAYER, name, uuid, NOW, until, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
  g_assert_cmpuint (ERR_peek_error (), ==, 0);
}

/* ---- reading ---- */

static void
test_decode (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) der = cantiga_certificate_encode (fixture->authority);
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) certificate = cantiga_certificate_decode (der, &error);
  g_autoptr (GBytes) again = NULL;

  g_assert_no_error (error);
  again = cantiga_certificate_encode (certificate);
  g_assert_true (g_bytes_equal (der, again));
}

/* What was decoded lately is not decoded again; many others in between push it out, and each is told from the rest. */
static void
test_decode_again (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) der = cantiga_certificate_encode (fixture->authority);
  g_autoptr (X509) first = cantiga_certificate_decode (der, NULL);
  g_autoptr (X509) second = cantiga_certificate_decode (der, NULL);
  g_autoptr (X509) third = NULL;

  g_assert_nonnull (first);
  g_assert_true (first == second);
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (X509) other = issue (fixture, "Bob", UUID);
      g_autoptr (GBytes) other_der = cantiga_certificate_encode (other);
      g_autoptr (X509) decoded = cantiga_certificate_decode (other_der, NULL);

      g_assert_cmpint (X509_cmp (decoded, other), ==, 0);
    }
  third = cantiga_certificate_decode (der, NULL);
  g_assert_true (third != first);
  g_assert_cmpint (X509_cmp (third, first), ==, 0);
}

/* A certificate of many kilobytes does not stay in the memory of who was shown it. */
static void
test_large_not_kept (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) large = X509_dup (fixture->authority);
  g_autofree char *text = g_strnfill (5000, 'x');
  g_autofree char *comment = g_strconcat ("ASN1:UTF8:", text, NULL);
  X509_EXTENSION *extension = X509V3_EXT_conf (NULL, NULL, "1.2.3.4", comment);
  g_autoptr (GBytes) der = NULL;
  g_autoptr (X509) first = NULL;
  g_autoptr (X509) second = NULL;

  g_assert_nonnull (extension);
  g_assert_cmpint (X509_add_ext (large, extension, -1), ==, 1);
  X509_EXTENSION_free (extension);
  g_assert_cmpint (X509_sign (large, fixture->key, EVP_sha256 ()), >, 0);
  der = cantiga_certificate_encode (large);
  first = cantiga_certificate_decode (der, NULL);
  second = cantiga_certificate_decode (der, NULL);
  g_assert_nonnull (first);
  g_assert_nonnull (second);
  g_assert_true (first != second);
}

/* An authority on P-384 signs with the hash of its strength. */
static void
test_digest_of_the_authority (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EVP_PKEY) key = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "P-384");
  g_autoptr (X509) authority = cantiga_authority_issue (key, "authority", NOW, NOW + DAY, &error);

  g_assert_no_error (error);
  g_assert_cmpint (X509_get_signature_nid (authority), ==, NID_ecdsa_with_SHA384);
  g_assert_cmpint (X509_get_signature_nid (fixture->authority), ==, NID_ecdsa_with_SHA256);
}

static void
assert_not_decoded (gconstpointer bytes, gsize length)
{
  g_autoptr (GBytes) der = g_bytes_new (bytes, length);
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_certificate_decode (der, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  g_clear_error (&error);
  g_assert_null (cantiga_certificate_decode_any (der, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  g_assert_cmpuint (ERR_peek_error (), ==, 0);
}

static void
test_not_decoded (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) der = cantiga_certificate_encode (fixture->authority);
  gsize length = g_bytes_get_size (der);
  g_autofree guint8 *longer = g_malloc0 (length + 1);

  memcpy (longer, g_bytes_get_data (der, NULL), length);
  assert_not_decoded (longer, length + 1);
  assert_not_decoded (longer, length - 1);
  assert_not_decoded ("", 0);
  assert_not_decoded ("0", 1);
  assert_not_decoded ("certificate", 11);
}

/* The outer length in three bytes instead of two: the same certificate with another hash, if it were read. */
static void
test_other_encoding (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) der = cantiga_certificate_encode (fixture->authority);
  const guint8 *bytes = g_bytes_get_data (der, NULL);
  gsize length = g_bytes_get_size (der);
  g_autofree guint8 *longer = g_malloc (length + 1);

  g_assert_cmphex (bytes[1], ==, 0x82);
  longer[0] = bytes[0];
  longer[1] = 0x83;
  longer[2] = 0;
  memcpy (longer + 3, bytes + 2, length - 2);
  assert_not_decoded (longer, length + 1);
}

static GBytes *
pem_of (X509 *certificate)
{
  BIO *bio = BIO_new (BIO_s_mem ());
  char *text = NULL;
  long length;
  GBytes *pem;

  g_assert_cmpint (PEM_write_bio_X509 (bio, certificate), ==, 1);
  length = BIO_get_mem_data (bio, &text);
  pem = g_bytes_new (text, (gsize)length);
  BIO_free (bio);
  return pem;
}

static void
test_decode_any (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) der = cantiga_certificate_encode (fixture->authority);
  g_autoptr (GBytes) pem = pem_of (fixture->authority);
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) of_der = cantiga_certificate_decode_any (der, &error);
  g_autoptr (X509) of_pem = cantiga_certificate_decode_any (pem, &error);

  g_assert_no_error (error);
  g_assert_cmpint (X509_cmp (of_der, fixture->authority), ==, 0);
  g_assert_cmpint (X509_cmp (of_pem, fixture->authority), ==, 0);
}

static void
test_hash_and_pin (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) der = cantiga_certificate_encode (fixture->authority);
  unsigned char *info = NULL;
  int length = i2d_PUBKEY (fixture->key, &info);
  guint8 hash[32], pin[32], expected[32];

  cantiga_certificate_hash (fixture->authority, hash);
  cantiga_sha256 (g_bytes_get_data (der, NULL), g_bytes_get_size (der), expected);
  g_assert_cmpmem (hash, 32, expected, 32);
  cantiga_certificate_pin (fixture->authority, pin);
  cantiga_sha256 (info, (gsize)length, expected);
  g_assert_cmpmem (pin, 32, expected, 32);
  OPENSSL_free (info);
}

/* ---- names ---- */

static void
assert_name (Fixture *fixture, const char *given, const char *expected)
{
  g_autoptr (X509) certificate = issue (fixture, given, NULL);
  g_autofree char *name = cantiga_certificate_dup_name (certificate);

  g_assert_cmpstr (name, ==, expected);
}

static void
test_names (Fixture *fixture, gconstpointer unused)
{
  assert_name (fixture, "Bob", "Bob");
  assert_name (fixture, "João Gonçalves – 音楽", "João Gonçalves – 音楽");
  assert_name (fixture, "a\x1b[31m\nb\xe2\x80\xae",
               "a\xef\xbf\xbd[31m\xef\xbf\xbd"
               "b\xef\xbf\xbd");
}

static void
test_long_name (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *just = g_strnfill (64, 'a');
  g_autofree char *longer = g_strconcat (just, "b", NULL);
  GString *wide = g_string_new (NULL);
  g_autofree char *cut = NULL;

  for (guint i = 0; i < 70; i++)
    g_string_append (wide, "ã");
  cut = g_utf8_substring (wide->str, 0, 64);
  assert_name (fixture, just, just);
  assert_name (fixture, longer, just);
  assert_name (fixture, wide->str, cut);
  g_string_free (wide, TRUE);
}

static void
test_no_name (Fixture *fixture, gconstpointer unused)
{
  assert_not_issued (fixture, fixture->key, fixture->key, "", UUID, NOW + DAY, CANTIGA_ERROR_CONFIGURATION);
  assert_not_issued (fixture, fixture->key, fixture->key, " \t\xe3\x80\x80", UUID, NOW + DAY, CANTIGA_ERROR_CONFIGURATION);
  assert_not_issued (fixture, fixture->key, fixture->key, NULL, UUID, NOW + DAY, CANTIGA_ERROR_CONFIGURATION);
  assert_not_issued (fixture, fixture->key, fixture->key, "\xff", UUID, NOW + DAY, CANTIGA_ERROR_CONFIGURATION);
}

/* A certificate whose subject is given in OpenSSL's names and values, ended by NULL; without a SAN if alternative is NULL. */
static X509 *
odd_new (Fixture *fixture, const char *const *subject, const char *alternative)
{
  X509 *certificate = X509_new ();

  for (; *subject != NULL; subject += 2)
    g_assert_cmpint (
        X509_NAME_add_entry_by_txt (X509_get_subject_name (certificate), subject[0], MBSTRING_UTF8, (const guint8 *)subject[1], -1, -1, 0), ==, 1);
  if (alternative != NULL)
    {
      X509_EXTENSION *extension = X509V3_EXT_conf_nid (NULL, NULL, NID_subject_alt_name, alternative);

      g_assert_nonnull (extension);
      X509_add_ext (certificate, extension, -1);
      X509_EXTENSION_free (extension);
    }
  return certificate;
}

static void
test_cards_name (Fixture *fixture, gconstpointer unused)
{
  const char *const card[] = { "C", "PT", "OU", "Cidadão Português", "SN", "SILVA", "CN", "MARIA DA SILVA", "serialNumber", "BI123456789", NULL };
  const char *const nameless[] = { "C", "PT", NULL };
  g_autoptr (X509) certificate = odd_new (fixture, card, NULL);
  g_autoptr (X509) without = odd_new (fixture, nameless, NULL);
  g_autofree char *name = cantiga_certificate_dup_name (certificate);
  g_autofree char *nothing = cantiga_certificate_dup_name (without);

  g_assert_cmpstr (name, ==, "MARIA DA SILVA");
  g_assert_cmpstr (nothing, ==, "");
}

static void
test_uuid (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    const char *alternative;
    const char *uuid;
  } rows[] = {
    { NULL, NULL },
    { "URI:urn:uuid:" UUID, UUID },
    { "DNS:example.com,URI:https://example.com/,URI:urn:uuid:" UUID, UUID },
    { "URI:urn:uuid:" UUID "0", NULL },
    { "URI:urn:uuid:", NULL },
    { "URI:" UUID, NULL },
    { "DNS:urn:uuid:" UUID, NULL },
  };
  const char *const subject[] = { "CN", "x", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (X509) certificate = odd_new (fixture, subject, rows[i].alternative);
      g_autofree char *uuid = cantiga_certificate_dup_uuid (certificate);

      g_assert_cmpstr (uuid, ==, rows[i].uuid);
    }
}

/* ---- issuing ---- */

static gboolean
is_critical (X509 *certificate, int type)
{
  int at = X509_get_ext_by_NID (certificate, type, -1);

  g_assert_cmpint (at, >=, 0);
  return X509_EXTENSION_get_critical (X509_get_ext (certificate, at)) == 1;
}

static void
test_issued (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) certificate = issue (fixture, "Bob", UUID);
  g_autofree char *uuid = cantiga_certificate_dup_uuid (certificate);

  g_assert_cmpstr (uuid, ==, UUID);
  g_assert_cmpint (X509_get_version (certificate), ==, X509_VERSION_3);
  g_assert_cmpint (cantiga_certificate_get_not_before (certificate), ==, NOW);
  g_assert_cmpint (cantiga_certificate_get_not_after (certificate), ==, NOW + 90 * DAY);
  g_assert_cmpuint (X509_get_key_usage (certificate), ==, KU_DIGITAL_SIGNATURE);
  g_assert_cmpuint (X509_get_extended_key_usage (certificate), ==, XKU_SSL_CLIENT);
  g_assert_cmpint (X509_check_ca (certificate), ==, 0);
  g_assert_true (is_critical (certificate, NID_basic_constraints));
  g_assert_nonnull (X509_get0_subject_key_id (certificate));
  g_assert_cmpint (ASN1_OCTET_STRING_cmp (X509_get0_authority_key_id (certificate), X509_get0_subject_key_id (fixture->authority)), ==, 0);
}

static void
test_authority_issued (Fixture *fixture, gconstpointer unused)
{
  X509 *authority = fixture->authority;

  g_assert_cmpint (X509_get_version (authority), ==, X509_VERSION_3);
  g_assert_cmpint (X509_check_ca (authority), ==, 1);
  g_assert_cmpint (X509_get_pathlen (authority), ==, 0);
  g_assert_cmpuint (X509_get_key_usage (authority), ==, KU_KEY_CERT_SIGN | KU_CRL_SIGN);
  g_assert_true (is_critical (authority, NID_basic_constraints));
  g_assert_true (is_critical (authority, NID_key_usage));
  g_assert_cmpint (X509_verify (authority, fixture->key), ==, 1);
}

/* 128 random bits: positive, and never twice the same. */
static void
test_serials (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (X509) certificate = issue (fixture, "Bob", UUID);
      char *serial = cantiga_certificate_dup_serial (certificate);

      g_assert_cmpuint (strlen (serial), ==, 32);
      g_assert_cmpuint (strspn (serial, "0123456789abcdef"), ==, 32);
      g_assert_cmpint (ASN1_STRING_type (X509_get0_serialNumber (certificate)), ==, V_ASN1_INTEGER);
      g_assert_true (g_hash_table_add (seen, serial));
    }
}

/* 2050 is where X.509 changes the way that it writes times. */
static void
test_far_times (Fixture *fixture, gconstpointer unused)
{
  static const gint64 ends[] = { 2524607999, 2524608000, 4102444800, 253402300799 };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (X509) authority = cantiga_authority_issue (fixture->key, "authority", NOW, ends[i], &error);

      g_assert_no_error (error);
      g_assert_cmpint (cantiga_certificate_get_not_after (authority), ==, ends[i]);
    }
}

static void
test_impossible_times (Fixture *fixture, gconstpointer unused)
{
  assert_not_issued (fixture, fixture->key, fixture->key, "Bob", UUID, NOW, CANTIGA_ERROR_CONFIGURATION);
  assert_not_issued (fixture, fixture->key, fixture->key, "Bob", UUID, NOW - DAY, CANTIGA_ERROR_CONFIGURATION);
  assert_not_issued (fixture, fixture->key, fixture->key, "Bob", UUID, 253402300800, CANTIGA_ERROR_CONFIGURATION);
}

static void
test_bad_uuid (Fixture *fixture, gconstpointer unused)
{
  assert_not_issued (fixture, fixture->key, fixture->key, "Bob", "", NOW + DAY, CANTIGA_ERROR_CONFIGURATION);
  assert_not_issued (fixture, fixture->key, fixture->key, "Bob", UUID ",DNS:example.com", NOW + DAY, CANTIGA_ERROR_CONFIGURATION);
}

static void
test_other_keys (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EVP_PKEY) other = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, &error);
  g_autoptr (EVP_PKEY) p521 = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "P-521");

  g_assert_no_error (error);
  assert_not_issued (fixture, other, fixture->key, "Bob", UUID, NOW + DAY, CANTIGA_ERROR_CONFIGURATION);
  assert_not_issued (fixture, fixture->key, p521, "Bob", UUID, NOW + DAY, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

#define ADD(path, function) g_test_add ("/certificate/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("decodes-what-it-encoded", test_decode);
  ADD ("decodes-once-what-comes-again", test_decode_again);
  ADD ("keeps-none-that-is-large", test_large_not_kept);
  ADD ("signs-with-the-hash-of-the-authoritys-strength", test_digest_of_the_authority);
  ADD ("refuses-what-is-not-one-whole-certificate", test_not_decoded);
  ADD ("refuses-another-encoding-of-the-same-certificate", test_other_encoding);
  ADD ("decodes-der-and-pem", test_decode_any);
  ADD ("hashes-the-der-and-the-key", test_hash_and_pin);
  ADD ("shows-names-without-what-a-terminal-obeys", test_names);
  ADD ("cuts-a-long-name-between-characters", test_long_name);
  ADD ("refuses-to-issue-without-a-name", test_no_name);
  ADD ("finds-the-name-of-a-card", test_cards_name);
  ADD ("finds-a-uuid-and-nothing-like-it", test_uuid);
  ADD ("issues-what-the-specification-says", test_issued);
  ADD ("issues-an-authority-that-issues-leaves-alone", test_authority_issued);
  ADD ("draws-serials-at-random", test_serials);
  ADD ("knows-times-on-both-sides-of-2050", test_far_times);
  ADD ("refuses-to-issue-for-no-time-at-all", test_impossible_times);
  ADD ("refuses-to-issue-for-what-is-not-a-uuid", test_bad_uuid);
  ADD ("refuses-to-issue-with-or-for-a-key-that-does-not-fit", test_other_keys);
  return g_test_run ();
}
