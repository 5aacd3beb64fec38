/* Certificates one after the other, each after its length in two bytes, as a chain for every usage; and the whole as list, request and file. All of it as it is, for an authority that never
 * signed it, and then signed anew by the one that it names. */
#include "tests/fuzz/fuzz.h"

#include <openssl/err.h>

#include "core/ocsp.h"
#include "core/sign.h"
#include "tests/fuzz/authority.h"

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

/* The leaf as the authority would have signed it, and nothing else; NULL where there is none. */
static GPtrArray *
sign_leaf (GPtrArray *chain)
{
  g_autoptr (X509) decoded = chain->len > 0 ? cantiga_certificate_decode (chain->pdata[0], NULL) : NULL;
  /* What was decoded is shared with whoever decodes the same bytes. */
  g_autoptr (X509) leaf = decoded != NULL ? X509_dup (decoded) : NULL;
  g_autoptr (GPtrArray) signed_anew = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  if (leaf == NULL || X509_set_issuer_name (leaf, X509_get_subject_name (fuzz_authority ())) != 1 || X509_sign (leaf, fuzz_authority_key (), NULL) == 0)
    {
      ERR_clear_error ();
      return NULL;
    }
  g_ptr_array_add (signed_anew, cantiga_certificate_encode (leaf));
  return g_steal_pointer (&signed_anew);
}

static void
sign_list (X509_CRL *crl)
{
  if (X509_CRL_set_issuer_name (crl, X509_get_subject_name (fuzz_authority ())) != 1 || X509_CRL_sign (crl, fuzz_authority_key (), NULL) == 0)
    ERR_clear_error ();
}

/* One of ours serves for one thing alone; a card is held to less. */
static void
verify (GPtrArray *chain, X509_CRL *crl)
{
  g_autoptr (GPtrArray) authorities = g_ptr_array_new ();
  g_autoptr (GPtrArray) crls = g_ptr_array_new ();
  CantigaCardTerms terms = { .authorities = authorities, .crls = crl != NULL ? crls : NULL };
  g_autoptr (GPtrArray) found = NULL;
  guint uses = 0;

  g_ptr_array_add (authorities, fuzz_authority ());
  if (crl != NULL)
    g_ptr_array_add (crls, crl);
  for (CantigaUsage usage = CANTIGA_USAGE_PLAYER; usage < CANTIGA_USAGE_CARD; usage++)
    {
      g_autoptr (X509) leaf = cantiga_chain_verify (chain, authorities, crl, usage, NOW, NULL);

      uses += leaf != NULL;
    }
  g_assert_cmpuint (uses, <=, 1);
  found = cantiga_card_chain_verify (chain, &terms, NOW, NULL);
  g_assert_true (found == NULL || found->len >= 2);
}

static void
refuse (GPtrArray *chain, X509_CRL *crl)
{
  static GPtrArray *strangers;

  if (strangers == NULL)
    {
      EVP_PKEY *own = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, NULL);

      strangers = g_ptr_array_new ();
      g_ptr_array_add (strangers, cantiga_authority_issue (own, "authority", NOW - YEAR, NOW + YEAR, NULL));
    }
  for (CantigaUsage usage = CANTIGA_USAGE_PLAYER; usage <= CANTIGA_USAGE_CARD; usage++)
    g_assert_null (cantiga_chain_verify (chain, strangers, crl, usage, NOW, NULL));
}

/* What a list that was signed anew is asked about. */
static GPtrArray *
get_honest (void)
{
  static GPtrArray *chain;

  if (chain == NULL)
    {
      g_autoptr (EVP_PKEY) own = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, NULL);
      g_autoptr (X509) leaf = cantiga_certificate_issue (fuzz_authority (), fuzz_authority_key (), own, CANTIGA_USAGE_PLAYER, "leaf", NULL, NOW - YEAR, NOW + YEAR, NULL);

      chain = g_ptr_array_new ();
      g_ptr_array_add (chain, cantiga_certificate_encode (leaf));
    }
  return chain;
}

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  g_autoptr (GPtrArray) chain = split (bytes, length);
  g_autoptr (GPtrArray) signed_anew = sign_leaf (chain);
  g_autoptr (GBytes) whole = g_bytes_new (bytes, length);
  g_autoptr (X509_CRL) crl = cantiga_crl_decode (whole, NULL);
  g_autoptr (X509) any = cantiga_certificate_decode_any (whole, NULL);
  g_autoptr (EVP_PKEY) key = cantiga_csr_consume (whole, "name", NULL);

  g_assert_true (any == NULL || crl == NULL);
  g_assert_true (key == NULL || crl == NULL);
  for (guint i = 0; i < chain->len; i++)
    look_at (chain->pdata[i]);
  refuse (chain, crl);
  verify (chain, NULL);
  if (crl != NULL)
    {
      (void)cantiga_crl_get_number (crl);
      (void)cantiga_crl_get_next_update (crl);
      sign_list (crl);
      verify (get_honest (), crl);
    }
  if (signed_anew != NULL)
    verify (signed_anew, NULL);
  return 0;
}
