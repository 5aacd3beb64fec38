#include "core/x509-private.h"

#include <openssl/x509v3.h>

#include "core/error.h"

/* ub-common-name of RFC 5280, in characters */
#define CN_MAX 64
#define SERIAL_BITS 128
/* The end of the year 9999, after which X.509 has no way to write a time */
#define TIME_MAX G_GINT64_CONSTANT (253402300799)

static gboolean
is_blank (const char *text)
{
  while (*text != '\0' && g_unichar_isspace (g_utf8_get_char (text)))
    text = g_utf8_next_char (text);
  return *text == '\0';
}

X509_NAME *
cantiga_x509_name_new (const char *cn, GError **error)
{
  g_autoptr (X509_NAME) name = X509_NAME_new ();
  g_autofree char *text = NULL;

  if (cn == NULL || !g_utf8_validate (cn, -1, NULL) || is_blank (cn))
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "A certificate needs a name, in UTF-8.");
      return NULL;
    }
  text = g_utf8_substring (cn, 0, MIN (g_utf8_strlen (cn, -1), CN_MAX));
  if (name == NULL || X509_NAME_add_entry_by_NID (name, NID_commonName, MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0) != 1)
    {
      cantiga_fail_crypto (error, "writing the name of a certificate");
      return NULL;
    }
  return g_steal_pointer (&name);
}

const EVP_MD *
cantiga_issuing_digest (EVP_PKEY *key)
{
  if (EVP_PKEY_is_a (key, "ED25519"))
    return NULL;
  return cantiga_key_pair_get_curve (key) == NID_secp384r1 ? EVP_sha384 () : EVP_sha256 ();
}

gboolean
cantiga_authority_check_key (X509 *authority, EVP_PKEY *key, GError **error)
{
  EVP_PKEY *public = X509_get0_pubkey (authority);

  if (public == NULL || EVP_PKEY_eq (public, key) != 1)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "The authority's key and certificate do not belong together.");
  return TRUE;
}

/* Random, so that nobody learns from a certificate how many there are; RFC 5280 4.1.2.2 asks for a positive number of at most 20 bytes. */
static gboolean
set_serial (X509 *certificate)
{
  g_autoptr (BIGNUM) number = BN_new ();

  return number != NULL && BN_rand (number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
         && BN_to_ASN1_INTEGER (number, X509_get_serialNumber (certificate)) != NULL;
}

static X509 *
certificate_new (EVP_PKEY *key, const X509_NAME *subject, const X509_NAME *issuer, gint64 not_before, gint64 not_after, GError **error)
{
  g_autoptr (X509) certificate = X509_new ();

  if (not_before < 0 || not_after <= not_before || not_after > TIME_MAX)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "A certificate cannot be valid between these times.");
      return NULL;
    }
  if (certificate == NULL || X509_set_version (certificate, X509_VERSION_3) != 1 || !set_serial (certificate)
      || ASN1_TIME_set (X509_getm_notBefore (certificate), (time_t)not_before) == NULL
      || ASN1_TIME_set (X509_getm_notAfter (certificate), (time_t)not_after) == NULL || X509_set_subject_name (certificate, subject) != 1
      || X509_set_issuer_name (certificate, issuer) != 1 || X509_set_pubkey (certificate, key) != 1)
    {
      cantiga_fail_crypto (error, "writing a certificate");
      return NULL;
    }
  return g_steal_pointer (&certificate);
}

/* One row an extension, in OpenSSL's own notation; a value of NULL is passed over. */
typedef struct
{
  int type;
  const char *value;
} Extension;

static gboolean
add_extensions (X509 *certificate, X509 *issuer, const Extension *extensions, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (X509_EXTENSION) extension = NULL;
      X509V3_CTX context;

      if (extensions[i].value == NULL)
        continue;
      X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
      X509V3_set_ctx_nodb (&context);
      extension = X509V3_EXT_conf_nid (NULL, &context, extensions[i].type, extensions[i].value);
      if (extension == NULL || X509_add_ext (certificate, extension, -1) != 1)
        return FALSE;
    }
  return TRUE;
}

X509 *
cantiga_authority_issue (EVP_PKEY *key, const char *name, gint64 not_before, gint64 not_after, GError **error)
{
  static const Extension extensions[] = {
    { NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
    { NID_key_usage, "critical,keyCertSign,cRLSign" },
    { NID_subject_key_identifier, "hash" },
  };
  g_autoptr (X509_NAME) subject = cantiga_x509_name_new (name, error);
  g_autoptr (X509) certificate = NULL;
  CantigaAuth auth;

  if (subject == NULL || !cantiga_key_pair_get_auth (key, &auth, error))
    return NULL;
  certificate = certificate_new (key, subject, subject, not_before, not_after, error);
  if (certificate == NULL)
    return NULL;
  if (!add_extensions (certificate, certificate, extensions, G_N_ELEMENTS (extensions))
      || X509_sign (certificate, key, cantiga_issuing_digest (key)) == 0)
    {
      cantiga_fail_crypto (error, "issuing an authority's certificate");
      return NULL;
    }
  return g_steal_pointer (&certificate);
}

/* What the extended usage says. A card's names a second one, as states' cards do: so no card ever passes for a player. */
static const char *const extended_usages[] = {
  [CANTIGA_USAGE_PLAYER] = "clientAuth",
  [CANTIGA_USAGE_SERVER] = "serverAuth",
  [CANTIGA_USAGE_PUBLISHER] = CANTIGA_PUBLISHER_OID,
  [CANTIGA_USAGE_CARD] = "clientAuth,emailProtection",
};

X509 *
cantiga_certificate_issue (X509 *authority, EVP_PKEY *authority_key, EVP_PKEY *subject_key, CantigaUsage usage, const char *name, const char *uuid,
                           gint64 not_before, gint64 not_after, GError **error)
{
  g_autofree char *uri = uuid != NULL ? g_strconcat ("URI:urn:uuid:", uuid, NULL) : NULL;
  const Extension extensions[] = {
    { NID_basic_constraints, "critical,CA:FALSE" }, { NID_key_usage, "critical,digitalSignature" },   { NID_ext_key_usage, extended_usages[usage] },
    { NID_subject_key_identifier, "hash" },         { NID_authority_key_identifier, "keyid:always" }, { NID_subject_alt_name, uri },
  };
  g_autoptr (X509_NAME) subject = cantiga_x509_name_new (name, error);
  g_autoptr (X509) certificate = NULL;
  CantigaAuth auth;

  if (subject == NULL || !cantiga_authority_check_key (authority, authority_key, error) || !cantiga_key_pair_get_auth (subject_key, &auth, error))
    return NULL;
  if (uuid != NULL && !g_uuid_string_is_valid (uuid))
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "“%s” is not a UUID.", uuid);
      return NULL;
    }
  certificate = certificate_new (subject_key, subject, X509_get_subject_name (authority), not_before, not_after, error);
  if (certificate == NULL)
    return NULL;
  if (!add_extensions (certificate, authority, extensions, G_N_ELEMENTS (extensions))
      || X509_sign (certificate, authority_key, cantiga_issuing_digest (authority_key)) == 0)
    {
      cantiga_fail_crypto (error, "issuing a certificate");
      return NULL;
    }
  return g_steal_pointer (&certificate);
}
