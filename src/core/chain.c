#include "core/x509-private.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "core/error.h"

typedef STACK_OF (X509_CRL) Lists;

/* The list itself is the caller's. */
static void
lists_free (Lists *lists)
{
  sk_X509_CRL_free (lists);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Lists, lists_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free)

/* OpenSSL's reasons in words for the person who reads them; for others its own words will do. */
static const struct
{
  int reason;
  const char *words;
} reasons[] = {
  { X509_V_ERR_CERT_HAS_EXPIRED, "it has expired" },
  { X509_V_ERR_CERT_NOT_YET_VALID, "it is not valid yet" },
  { X509_V_ERR_CERT_REVOKED, "it was revoked" },
  { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "it was issued by another authority" },
  { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "it was issued by another authority" },
  { X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "it was issued by another authority" },
  { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "it was issued by no authority but itself" },
  { X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "it is another authority's" },
  { X509_V_ERR_CERT_UNTRUSTED, "it was issued by another authority" },
  { X509_V_ERR_CERT_SIGNATURE_FAILURE, "its signature does not verify" },
  { X509_V_ERR_INVALID_PURPOSE, "it was issued for another use" },
  { X509_V_ERR_INVALID_CA, "it issued another one without being an authority's" },
  { X509_V_ERR_PATH_LENGTH_EXCEEDED, "it may not have others issue certificates" },
  { X509_V_ERR_CERT_CHAIN_TOO_LONG, "its chain is too long" },
  { X509_V_ERR_EE_KEY_TOO_SMALL, "its key is too short" },
  { X509_V_ERR_CA_KEY_TOO_SMALL, "its key is too short" },
  { X509_V_ERR_CA_MD_TOO_WEAK, "it is signed with a digest that is too weak" },
  { X509_V_ERR_UNABLE_TO_GET_CRL, "the revocation list is another authority's" },
  { X509_V_ERR_CRL_SIGNATURE_FAILURE, "the signature of the revocation list does not verify" },
  { X509_V_ERR_CRL_NOT_YET_VALID, "the revocation list is not valid yet" },
  { X509_V_ERR_CRL_HAS_EXPIRED, "the revocation list is out of date" },
};

const char *
cantiga_chain_words_of (int reason)
{
  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    if (reasons[i].reason == reason)
      return reasons[i].words;
  return X509_verify_cert_error_string (reason);
}

gboolean
cantiga_chain_refuse (GError **error, X509 *certificate, const char *why)
{
  g_autofree char *name = cantiga_certificate_dup_name (certificate);

  ERR_clear_error ();
  return cantiga_fail_with (error, CANTIGA_ERROR_CERTIFICATE_REFUSED, "The certificate “%s” is not accepted: %s.", name, why);
}

/* The leaf, and the rest that may lead from it to an authority. */
gboolean
cantiga_chain_decode (GPtrArray *certificates, X509 **ret_leaf, CantigaCertificates **ret_rest, GError **error)
{
  g_autoptr (X509) leaf = NULL;
  g_autoptr (CantigaCertificates) rest = sk_X509_new_null ();

  if (certificates->len < 1 || certificates->len > CANTIGA_CHAIN_MAX)
    return cantiga_fail_with (error, CANTIGA_ERROR_CERTIFICATE_REFUSED, "A chain has 1 to %d certificates, not %u.", CANTIGA_CHAIN_MAX,
                              certificates->len);
  leaf = cantiga_certificate_decode (certificates->pdata[0], error);
  if (leaf == NULL)
    return FALSE;
  for (guint i = 1; i < certificates->len; i++)
    {
      g_autoptr (X509) certificate = cantiga_certificate_decode (certificates->pdata[i], error);

      if (certificate == NULL)
        return FALSE;
      if (sk_X509_push (rest, certificate) == 0)
        return cantiga_fail_crypto (error, "listing certificates");
      (void)g_steal_pointer (&certificate);
    }
  *ret_leaf = g_steal_pointer (&leaf);
  *ret_rest = g_steal_pointer (&rest);
  return TRUE;
}

/* A store of the given authorities and nothing else: no default paths are ever added. */
X509_STORE *
cantiga_chain_store_new (GPtrArray *authorities, GError **error)
{
  g_autoptr (X509_STORE) store = X509_STORE_new ();

  if (authorities->len == 0)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CERTIFICATE_REFUSED, "There is no authority to check the certificate against.");
      return NULL;
    }
  for (guint i = 0; store != NULL && i < authorities->len; i++)
    if (X509_STORE_add_cert (store, authorities->pdata[i]) != 1)
      g_clear_pointer (&store, X509_STORE_free);
  if (store == NULL)
    cantiga_fail_crypto (error, "listing the authorities");
  return g_steal_pointer (&store);
}

/* What is asked of a chain for usage. States' authorities may be sloppy, and the one that issued the cards may itself be configured as an authority;
 * our own are held to the letter. */
static gboolean
set_parameters (X509_VERIFY_PARAM *parameters, CantigaUsage usage, gboolean has_list, gint64 now)
{
  unsigned long flags = usage == CANTIGA_USAGE_CARD ? X509_V_FLAG_PARTIAL_CHAIN : X509_V_FLAG_X509_STRICT;
  int purpose = usage == CANTIGA_USAGE_PLAYER ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER;

  if (has_list)
    flags |= X509_V_FLAG_CRL_CHECK;
  X509_VERIFY_PARAM_set_time (parameters, (time_t)now);
  X509_VERIFY_PARAM_set_depth (parameters, CANTIGA_CHAIN_MAX - 1);
  X509_VERIFY_PARAM_set_auth_level (parameters, CANTIGA_CHAIN_SECURITY);
  /* Through the purpose, the authorities in between are held to the usage as well; OpenSSL knows none for publishers. */
  if ((usage == CANTIGA_USAGE_PLAYER || usage == CANTIGA_USAGE_SERVER) && X509_VERIFY_PARAM_set_purpose (parameters, purpose) != 1)
    return FALSE;
  return X509_VERIFY_PARAM_set_flags (parameters, flags) == 1;
}

static gboolean
verify_path (X509_STORE *store, X509 *leaf, CantigaCertificates *rest, X509_CRL *crl, CantigaUsage usage, gint64 now, GError **error)
{
  g_autoptr (Lists) lists = sk_X509_CRL_new_null ();
  g_autoptr (X509_STORE_CTX) context = X509_STORE_CTX_new ();
  X509 *at;

  if (context == NULL || lists == NULL || X509_STORE_CTX_init (context, store, leaf, rest) != 1)
    return cantiga_fail_crypto (error, "preparing to check a certificate");
  if (!set_parameters (X509_STORE_CTX_get0_param (context), usage, crl != NULL, now) || (crl != NULL && sk_X509_CRL_push (lists, crl) == 0))
    return cantiga_fail_crypto (error, "preparing to check a certificate");
  X509_STORE_CTX_set0_crls (context, lists);
  if (X509_verify_cert (context) == 1)
    return TRUE;
  at = X509_STORE_CTX_get_current_cert (context);
  return cantiga_chain_refuse (error, at != NULL ? at : leaf, cantiga_chain_words_of (X509_STORE_CTX_get_error (context)));
}

static gboolean
names_usage (const EXTENDED_KEY_USAGE *usages, const char *oid)
{
  for (int i = 0; i < sk_ASN1_OBJECT_num (usages); i++)
    {
      char text[64];

      if (OBJ_obj2txt (text, sizeof text, sk_ASN1_OBJECT_value (usages, i), 1) > 0 && g_str_equal (text, oid))
        return TRUE;
    }
  return FALSE;
}

#define OID_SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define OID_CLIENT_AUTH "1.3.6.1.5.5.7.3.2"

static gboolean
has_extended_usage (X509 *leaf, CantigaUsage usage)
{
  static const char *const oids[] = {
    [CANTIGA_USAGE_PLAYER] = OID_CLIENT_AUTH,
    [CANTIGA_USAGE_SERVER] = OID_SERVER_AUTH,
    [CANTIGA_USAGE_PUBLISHER] = CANTIGA_PUBLISHER_OID,
    [CANTIGA_USAGE_CARD] = OID_CLIENT_AUTH,
  };
  g_autoptr (EXTENDED_KEY_USAGE) usages = X509_get_ext_d2i (leaf, NID_ext_key_usage, NULL, NULL);

  /* A card may have none or others besides; our own certificates have the one that they are for, so that none serves for two. */
  if (usage == CANTIGA_USAGE_CARD)
    return (X509_get_extension_flags (leaf) & EXFLAG_XKUSAGE) == 0 || names_usage (usages, oids[usage]);
  return sk_ASN1_OBJECT_num (usages) == 1 && names_usage (usages, oids[usage]);
}

gboolean
cantiga_chain_is_for_usage (X509 *leaf, CantigaUsage usage, GError **error)
{
  guint32 flags = X509_get_extension_flags (leaf);
  gboolean may_lack = usage == CANTIGA_USAGE_CARD && (flags & EXFLAG_KUSAGE) == 0;

  if ((flags & EXFLAG_INVALID) != 0)
    return cantiga_chain_refuse (error, leaf, "its extensions cannot be read");
  if (X509_check_ca (leaf) != 0)
    return cantiga_chain_refuse (error, leaf, "it is an authority's");
  if (!may_lack && ((flags & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage (leaf) & KU_DIGITAL_SIGNATURE) == 0))
    return cantiga_chain_refuse (error, leaf, usage == CANTIGA_USAGE_CARD ? "it is not for authentication" : "it is not for signing");
  if (!has_extended_usage (leaf, usage))
    return cantiga_chain_refuse (error, leaf, "it was issued for another use");
  return TRUE;
}

X509 *
cantiga_chain_verify (GPtrArray *certificates, GPtrArray *authorities, X509_CRL *crl, CantigaUsage usage, gint64 now, GError **error)
{
  g_autoptr (X509) leaf = NULL;
  g_autoptr (CantigaCertificates) rest = NULL;
  g_autoptr (X509_STORE) store = NULL;

  if (!cantiga_chain_decode (certificates, &leaf, &rest, error))
    return NULL;
  store = cantiga_chain_store_new (authorities, error);
  if (store == NULL)
    return NULL;
  /* OpenSSL takes a list without an end for one that never ends. */
  if (crl != NULL && X509_CRL_get0_nextUpdate (crl) == NULL)
    {
      cantiga_chain_refuse (error, leaf, "the revocation list does not say until when it holds");
      return NULL;
    }
  if (!verify_path (store, leaf, rest, crl, usage, now, error) || !cantiga_chain_is_for_usage (leaf, usage, error))
    return NULL;
  return g_steal_pointer (&leaf);
}
