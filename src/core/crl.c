#include "core/x509-private.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "core/error.h"

/* RFC 5280 4.1.2.2: 20 bytes */
#define SERIAL_DIGITS_MAX 40

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_REVOKED, X509_REVOKED_free)

X509_CRL *
cantiga_crl_decode (GBytes *der, GError **error)
{
  gsize length;
  const unsigned char *at = g_bytes_get_data (der, &length);
  const unsigned char *start = at;
  g_autoptr (X509_CRL) crl = length > 0 && length <= G_MAXINT ? d2i_X509_CRL (NULL, &at, (long)length) : NULL;

  ERR_clear_error ();
  if (crl == NULL || at - start != (gssize)length)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CERTIFICATE_REFUSED, "This is not a revocation list.");
      return NULL;
    }
  return g_steal_pointer (&crl);
}

GBytes *
cantiga_crl_encode (X509_CRL *crl)
{
  unsigned char *der = NULL;
  int length = i2d_X509_CRL (crl, &der);

  return cantiga_der_take (der, length);
}

gint64
cantiga_crl_get_number (X509_CRL *crl)
{
  g_autoptr (ASN1_INTEGER) number = X509_CRL_get_ext_d2i (crl, NID_crl_number, NULL, NULL);
  gint64 value = -1;

  if (number == NULL || ASN1_INTEGER_get_int64 (&value, number) != 1 || value < 0)
    value = -1;
  ERR_clear_error ();
  return value;
}

gint64
cantiga_crl_get_next_update (X509_CRL *crl)
{
  gint64 seconds = G_MININT64;

  (void)cantiga_asn1_time_get (X509_CRL_get0_nextUpdate (crl), &seconds);
  return seconds;
}

static gboolean
add_serial (X509_CRL *crl, const char *serial, const ASN1_TIME *now, GError **error)
{
  g_autoptr (X509_REVOKED) entry = X509_REVOKED_new ();
  g_autoptr (ASN1_INTEGER) number = NULL;
  g_autoptr (BIGNUM) value = NULL;
  BIGNUM *parsed = NULL;
  gsize length = strlen (serial);

  if (length == 0 || length > SERIAL_DIGITS_MAX || strspn (serial, "0123456789abcdefABCDEF") != length)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "“%s” is not the serial number of a certificate.", serial);
  if (BN_hex2bn (&parsed, serial) != 0)
    value = parsed;
  if (value != NULL)
    number = BN_to_ASN1_INTEGER (value, NULL);
  if (entry == NULL || number == NULL || X509_REVOKED_set_serialNumber (entry, number) != 1
      || X509_REVOKED_set_revocationDate (entry, (ASN1_TIME *)now) != 1 || X509_CRL_add0_revoked (crl, entry) != 1)
    return cantiga_fail_crypto (error, "writing a revocation list");
  (void)g_steal_pointer (&entry);
  return TRUE;
}

/* The number, by which the player knows an older list from a newer one, and the authority's key. */
static gboolean
add_extensions (X509_CRL *crl, X509 *authority, gint64 number)
{
  g_autoptr (ASN1_INTEGER) value = ASN1_INTEGER_new ();
  g_autoptr (X509_EXTENSION) identifier = NULL;
  X509V3_CTX context;

  X509V3_set_ctx (&context, authority, NULL, NULL, crl, 0);
  X509V3_set_ctx_nodb (&context);
  identifier = X509V3_EXT_conf_nid (NULL, &context, NID_authority_key_identifier, "keyid:always");
  return identifier != NULL && X509_CRL_add_ext (crl, identifier, -1) == 1 && value != NULL && ASN1_INTEGER_set_int64 (value, number) == 1
         && X509_CRL_add1_ext_i2d (crl, NID_crl_number, value, 0, 0) == 1;
}

X509_CRL *
cantiga_crl_issue (X509 *authority, EVP_PKEY *key, gint64 number, const char *const *serials, gint64 now, gint64 next_update, GError **error)
{
  g_autoptr (X509_CRL) crl = X509_CRL_new ();
  g_autoptr (ASN1_TIME) from = ASN1_TIME_set (NULL, (time_t)now);
  g_autoptr (ASN1_TIME) until = ASN1_TIME_set (NULL, (time_t)next_update);

  if (!cantiga_authority_check_key (authority, key, error))
    return NULL;
  if (crl == NULL || from == NULL || until == NULL || X509_CRL_set_version (crl, X509_CRL_VERSION_2) != 1
      || X509_CRL_set_issuer_name (crl, X509_get_subject_name (authority)) != 1 || X509_CRL_set1_lastUpdate (crl, from) != 1
      || X509_CRL_set1_nextUpdate (crl, until) != 1 || !add_extensions (crl, authority, number))
    {
      cantiga_fail_crypto (error, "writing a revocation list");
      return NULL;
    }
  for (; serials != NULL && *serials != NULL; serials++)
    if (!add_serial (crl, *serials, from, error))
      return NULL;
  if (X509_CRL_sort (crl) != 1 || X509_CRL_sign (crl, key, cantiga_issuing_digest (key)) == 0)
    {
      cantiga_fail_crypto (error, "signing a revocation list");
      return NULL;
    }
  return g_steal_pointer (&crl);
}
