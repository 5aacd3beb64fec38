#include "client/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "core/error.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)

static GBytes *
bio_to_bytes (BIO *bio, GError **error)
{
  char *bytes;
  long length = BIO_get_mem_data (bio, &bytes);

  if (length > 0)
    return g_bytes_new (bytes, length);
  cantiga_fail_crypto (error, "writing a certificate");
  return NULL;
}

GBytes *
cantiga_pem_encode_certificate (X509 *certificate, GError **error)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());

  if (bio != NULL && PEM_write_bio_X509 (bio, certificate) == 1)
    return bio_to_bytes (bio, error);
  cantiga_fail_crypto (error, "writing a certificate");
  return NULL;
}

GBytes *
cantiga_pem_encode (GPtrArray *certificates, GError **error)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());

  for (guint i = 0; bio != NULL && i < certificates->len; i++)
    {
      g_autoptr (X509) certificate = cantiga_certificate_decode (certificates->pdata[i], error);
      if (certificate == NULL)
        return NULL;
      if (PEM_write_bio_X509 (bio, certificate) != 1)
        {
          cantiga_fail_crypto (error, "writing a certificate");
          return NULL;
        }
    }
  if (bio != NULL)
    return bio_to_bytes (bio, error);
  cantiga_fail_crypto (error, "writing a certificate");
  return NULL;
}

GPtrArray *
cantiga_pem_decode (GBytes *pem, GError **error)
{
  g_autoptr (GPtrArray) certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autoptr (BIO) bio = BIO_new_mem_buf (g_bytes_get_data (pem, NULL), (int)g_bytes_get_size (pem));
  X509 *certificate;

  while (bio != NULL && (certificate = PEM_read_bio_X509 (bio, NULL, NULL, NULL)) != NULL)
    {
      g_ptr_array_add (certificates, cantiga_certificate_encode (certificate));
      X509_free (certificate);
    }
  ERR_clear_error ();
  if (certificates->len > 0)
    return g_steal_pointer (&certificates);
  cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "A certificate of this player is damaged: pair again with a new invitation.");
  return NULL;
}
