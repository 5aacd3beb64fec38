#include "core/x509-private.h"

#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "core/error.h"
#include "core/kdf.h"

#define URN_UUID "urn:uuid:"
#define DER_SEQUENCE 0x30

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GENERAL_NAMES, GENERAL_NAMES_free)

GBytes *
cantiga_der_take (unsigned char *der, int length)
{
  GBytes *bytes;

  /* Encoding what was made or decoded before fails for lack of memory alone. */
  if (der == NULL || length <= 0)
    g_error ("No memory for a certificate");
  bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  return bytes;
}

/* ---- those that were decoded last ---- */

/* OpenSSL 3.0 gathers its decoders anew for each public key, which makes a certificate's decoding as dear as several signatures' checking. A sign-in decodes
 * the player's and the card's twice each, and who comes again brings the same. X509 does not change once it is decoded; threads may share it. At most these,
 * none longer than that. */
#define RECENT 64
#define RECENT_LENGTH_MAX 4096

static struct
{
  GMutex lock;
  struct
  {
    GBytes *der;
    X509 *certificate;
  } kept[RECENT];
  guint next; /* whose place is taken next */
} recent;

/* With a reference of the caller's; NULL: none. */
static X509 *
find_recent (GBytes *der)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&recent.lock);

  for (guint i = 0; i < RECENT && recent.kept[i].der != NULL; i++)
    if (g_bytes_equal (recent.kept[i].der, der))
      return X509_up_ref (recent.kept[i].certificate) == 1 ? recent.kept[i].certificate : NULL;
  return NULL;
}

static void
keep_recent (GBytes *der, X509 *certificate)
{
  g_autoptr (GMutexLocker) locker = NULL;
  g_autoptr (GBytes) older = NULL;
  g_autoptr (X509) old = NULL;

  if (g_bytes_get_size (der) > RECENT_LENGTH_MAX || X509_up_ref (certificate) != 1)
    return;
  locker = g_mutex_locker_new (&recent.lock);
  older = recent.kept[recent.next].der;
  old = recent.kept[recent.next].certificate;
  /* A copy: der may be a part of something large. */
  recent.kept[recent.next].der = g_bytes_new (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  recent.kept[recent.next].certificate = certificate;
  recent.next = (recent.next + 1) % RECENT;
}

static X509 *
decode (GBytes *der, GError **error)
{
  gsize length;
  const unsigned char *at = g_bytes_get_data (der, &length);
  g_autoptr (X509) certificate = length > 0 && length <= G_MAXINT ? d2i_X509 (NULL, &at, (long)length) : NULL;
  g_autoptr (GBytes) again = certificate != NULL ? cantiga_certificate_encode (certificate) : NULL;

  ERR_clear_error ();
  /* A certificate is known by the hash of its DER: one that could be written in two ways would have two. This refuses what comes after it, too. */
  if (again == NULL || !g_bytes_equal (again, der))
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CERTIFICATE_REFUSED, "This is not a certificate.");
      return NULL;
    }
  return g_steal_pointer (&certificate);
}

X509 *
cantiga_certificate_decode (GBytes *der, GError **error)
{
  X509 *certificate = find_recent (der);

  if (certificate != NULL)
    return certificate;
  certificate = decode (der, error);
  if (certificate != NULL)
    keep_recent (der, certificate);
  return certificate;
}

/* PEM has an encryption, for which OpenSSL would ask at the terminal. */
static int
no_passphrase_cb (char *passphrase, int size, int writing, void *unused)
{
  return -1;
}

X509 *
cantiga_certificate_decode_any (GBytes *file, GError **error)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (file, &length);
  g_autoptr (BIO) bio = NULL;
  X509 *certificate = NULL;

  if (length > 0 && bytes[0] == DER_SEQUENCE)
    return cantiga_certificate_decode (file, error);
  if (length > 0 && length <= G_MAXINT)
    bio = BIO_new_mem_buf (bytes, (int)length);
  if (bio != NULL)
    certificate = PEM_read_bio_X509 (bio, NULL, no_passphrase_cb, NULL);
  ERR_clear_error ();
  if (certificate == NULL)
    cantiga_fail_with (error, CANTIGA_ERROR_CERTIFICATE_REFUSED, "This is not a certificate, neither DER nor PEM.");
  return certificate;
}

GBytes *
cantiga_certificate_encode (X509 *certificate)
{
  unsigned char *der = NULL;
  int length = i2d_X509 (certificate, &der);

  return cantiga_der_take (der, length);
}

void
cantiga_certificate_hash (X509 *certificate, guint8 ret_hash[32])
{
  g_autoptr (GBytes) der = cantiga_certificate_encode (certificate);

  cantiga_sha256 (g_bytes_get_data (der, NULL), g_bytes_get_size (der), ret_hash);
}

char *
cantiga_certificate_dup_fingerprint (X509 *certificate)
{
  GString *text = g_string_new (NULL);
  guint8 hash[CANTIGA_HASH_LENGTH];

  cantiga_certificate_hash (certificate, hash);
  for (guint i = 0; i < sizeof hash; i++)
    g_string_append_printf (text, i % 2 == 0 && i > 0 ? " %02X" : "%02X", hash[i]);
  return g_string_free (text, FALSE);
}

void
cantiga_certificate_pin (X509 *certificate, guint8 ret_pin[32])
{
  unsigned char *der = NULL;
  int length = i2d_X509_PUBKEY (X509_get_X509_PUBKEY (certificate), &der);
  g_autoptr (GBytes) info = cantiga_der_take (der, length);

  cantiga_sha256 (g_bytes_get_data (info, NULL), g_bytes_get_size (info), ret_pin);
}

/* The index of the last CN, which is the most specific one, or -1. */
static int
find_cn (const X509_NAME *name)
{
  int found = -1;

  for (int at = -1; (at = X509_NAME_get_index_by_NID (name, NID_commonName, at)) >= 0;)
    found = at;
  return found;
}

char *
cantiga_x509_name_dup_cn (const X509_NAME *name)
{
  int index = find_cn (name);
  unsigned char *text = NULL;
  int length = -1;
  char *copy = NULL;

  if (index >= 0)
    length = ASN1_STRING_to_UTF8 (&text, X509_NAME_ENTRY_get_data (X509_NAME_get_entry (name, index)));
  /* A zero within it is not valid here either. */
  if (length >= 0 && g_utf8_validate_len ((const char *)text, (gsize)length, NULL))
    copy = g_strndup ((const char *)text, (gsize)length);
  OPENSSL_free (text);
  ERR_clear_error ();
  return copy;
}

/* A stranger's certificate names itself: what a terminal or a label would obey is not shown. */
static char *
dup_printable (const char *text)
{
  GString *printable = g_string_new (NULL);

  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char (text);

      g_string_append_unichar (printable, g_unichar_isprint (c) ? c : 0xfffd);
    }
  return g_string_free (printable, FALSE);
}

char *
cantiga_certificate_dup_name (X509 *certificate)
{
  g_autofree char *name = cantiga_x509_name_dup_cn (X509_get_subject_name (certificate));

  return dup_printable (name != NULL ? name : "");
}

static char *
dup_uuid_of_uri (const GENERAL_NAME *name)
{
  int type = 0;
  const ASN1_IA5STRING *uri = GENERAL_NAME_get0_value (name, &type);
  g_autofree char *text = NULL;

  if (type != GEN_URI || uri == NULL)
    return NULL;
  text = g_strndup ((const char *)ASN1_STRING_get0_data (uri), (gsize)ASN1_STRING_length (uri));
  if (strlen (text) != (gsize)ASN1_STRING_length (uri) || !g_str_has_prefix (text, URN_UUID) || !g_uuid_string_is_valid (text + strlen (URN_UUID)))
    return NULL;
  return g_strdup (text + strlen (URN_UUID));
}

char *
cantiga_certificate_dup_uuid (X509 *certificate)
{
  g_autoptr (GENERAL_NAMES) names = X509_get_ext_d2i (certificate, NID_subject_alt_name, NULL, NULL);
  char *uuid = NULL;

  ERR_clear_error ();
  for (int i = 0; uuid == NULL && i < sk_GENERAL_NAME_num (names); i++)
    uuid = dup_uuid_of_uri (sk_GENERAL_NAME_value (names, i));
  return uuid;
}

char *
cantiga_certificate_dup_serial (X509 *certificate)
{
  g_autoptr (BIGNUM) number = ASN1_INTEGER_to_BN (X509_get0_serialNumber (certificate), NULL);
  char *hex = number != NULL ? BN_bn2hex (number) : NULL;
  char *serial;

  if (hex == NULL)
    g_error ("No memory for a serial number");
  serial = g_ascii_strdown (hex, -1);
  OPENSSL_free (hex);
  return serial;
}

static char *
format_key_id (const ASN1_OCTET_STRING *id)
{
  g_autoptr (GString) text = id != NULL ? g_string_new (NULL) : NULL;

  for (int i = 0; id != NULL && i < ASN1_STRING_length (id); i++)
    g_string_append_printf (text, "%02x", ASN1_STRING_get0_data (id)[i]);
  return text != NULL ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

char *
cantiga_certificate_dup_key_id (X509 *certificate)
{
  return format_key_id (X509_get0_subject_key_id (certificate));
}

char *
cantiga_certificate_dup_issuer_key_id (X509 *certificate)
{
  return format_key_id (X509_get0_authority_key_id (certificate));
}

gboolean
cantiga_asn1_time_get (const ASN1_TIME *time, gint64 *ret_seconds)
{
  struct tm parts;

  if (time == NULL || ASN1_TIME_to_tm (time, &parts) != 1)
    {
      ERR_clear_error ();
      return FALSE;
    }
  *ret_seconds = timegm (&parts);
  return TRUE;
}

gint64
cantiga_certificate_get_not_before (X509 *certificate)
{
  gint64 seconds = G_MAXINT64;

  /* A time that cannot be read is never reached. */
  (void)cantiga_asn1_time_get (X509_get0_notBefore (certificate), &seconds);
  return seconds;
}

gint64
cantiga_certificate_get_not_after (X509 *certificate)
{
  gint64 seconds = G_MININT64;

  (void)cantiga_asn1_time_get (X509_get0_notAfter (certificate), &seconds);
  return seconds;
}
