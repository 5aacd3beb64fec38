#include "core/x509-private.h"

#include <openssl/err.h>

#include "core/error.h"

GBytes *
cantiga_csr_create (EVP_PKEY *key, const char *name, GError **error)
{
  g_autoptr (X509_NAME) subject = cantiga_x509_name_new (name, error);
  g_autoptr (X509_REQ) csr = X509_REQ_new ();
  unsigned char *der = NULL;
  int length;

  if (subject == NULL)
    return NULL;
  if (csr == NULL || X509_REQ_set_version (csr, X509_REQ_VERSION_1) != 1 || X509_REQ_set_subject_name (csr, subject) != 1
      || X509_REQ_set_pubkey (csr, key) != 1 || X509_REQ_sign (csr, key, cantiga_issuing_digest (key)) == 0
      || (length = i2d_X509_REQ (csr, &der)) <= 0)
    {
      cantiga_fail_crypto (error, "asking for a certificate");
      return NULL;
    }
  return cantiga_der_take (der, length);
}

static X509_REQ *
decode (GBytes *der)
{
  gsize length;
  const unsigned char *at = g_bytes_get_data (der, &length);
  const unsigned char *start = at;
  g_autoptr (X509_REQ) csr = length > 0 && length <= G_MAXINT ? d2i_X509_REQ (NULL, &at, (long)length) : NULL;

  ERR_clear_error ();
  return csr != NULL && at - start == (gssize)length ? g_steal_pointer (&csr) : NULL;
}

/* "whose subject is CN = id", and nothing besides. */
static gboolean
is_subject (X509_REQ *csr, const char *name)
{
  const X509_NAME *subject = X509_REQ_get_subject_name (csr);
  g_autofree char *cn = cantiga_x509_name_dup_cn (subject);

  return X509_NAME_entry_count (subject) == 1 && g_strcmp0 (cn, name) == 0;
}

EVP_PKEY *
cantiga_csr_consume (GBytes *der, const char *name, GError **error)
{
  g_autoptr (X509_REQ) csr = decode (der);
  g_autoptr (EVP_PKEY) key = csr != NULL ? X509_REQ_get_pubkey (csr) : NULL;
  const char *why = NULL;
  CantigaAuth auth;

  if (key == NULL)
    why = "it cannot be read";
  else if (X509_REQ_verify (csr, key) != 1)
    why = "it does not prove that its key is there";
  else if (!is_subject (csr, name))
    why = "it was made for something else";
  ERR_clear_error ();
  if (why != NULL)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CERTIFICATE_REFUSED, "The request for a certificate is not accepted: %s.", why);
      return NULL;
    }
  return cantiga_key_pair_get_auth (key, &auth, error) ? g_steal_pointer (&key) : NULL;
}
