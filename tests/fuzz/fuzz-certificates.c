/* Certificates one after the other, each after its length in two bytes, as a chain for every usage; and the whole as list, request and file. */
#include "tests/fuzz/fuzz.h"

#include "core/chain.h"
#include "core/ocsp.h"
#include "core/sign.h"

#define NOW 1800000000

static GPtrArray *
split (const guint8 *bytes, gsize length)
{
  GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  while (length >= 2)
    {
      gsize wanted = MIN ((gsize)(bytes[0] << 8 | bytes[1]), length - 2);

      g_ptr_array_add (chain, g_bytes_new (bytes + 2, wanted));
      bytes += 2 + wanted;
      length -= 2 + wanted;
    }
  return chain;
}

static void
look_at (GBytes *der)
{
  g_autoptr (X509) certificate = cantiga_certificate_decode (der, NULL);
  g_autofree char *name = NULL, *uuid = NULL, *serial = NULL, *url = NULL;

  if (certificate == NULL)
    return;
  name = cantiga_certificate_dup_name (certificate);
  uuid = cantiga_certificate_dup_uuid (certificate);
  serial = cantiga_certificate_dup_serial (certificate);
  url = cantiga_ocsp_dup_url (certificate);
  g_assert_true (name == NULL || g_utf8_validate (name, -1, NULL));
  (void)cantiga_certificate_get_not_before (certificate);
  (void)cantiga_certificate_get_not_after (certificate);
}

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  static GPtrArray *authorities;
  g_autoptr (GPtrArray) chain = split (bytes, length);
  g_autoptr (GBytes) whole = g_bytes_new (bytes, length);
  g_autoptr (X509_CRL) crl = cantiga_crl_decode (whole, NULL);
  g_autoptr (X509) any = cantiga_certificate_decode_any (whole, NULL);
  g_autoptr (EVP_PKEY) key = cantiga_csr_consume (whole, "name", NULL);

  g_assert_true (any == NULL || crl == NULL);
  g_assert_true (key == NULL || crl == NULL);
  if (authorities == NULL)
    {
      EVP_PKEY *own = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, NULL);

      authorities = g_ptr_array_new ();
      g_ptr_array_add (authorities, cantiga_authority_issue (own, "authority", NOW, NOW + 1000, NULL));
    }
  if (crl != NULL)
    {
      (void)cantiga_crl_get_number (crl);
      (void)cantiga_crl_get_next_update (crl);
    }
  for (guint i = 0; i < chain->len; i++)
    look_at (chain->pdata[i]);
  for (CantigaUsage usage = CANTIGA_USAGE_PLAYER; usage <= CANTIGA_USAGE_CARD; usage++)
    g_assert_null (cantiga_chain_verify (chain, authorities, crl, usage, NOW, NULL));
  return 0;
}
