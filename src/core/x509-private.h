/* What the files behind chain.h share. Not for other files. */
#pragma once

#include <openssl/x509_vfy.h>

#include "core/chain.h"

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_INTEGER, ASN1_INTEGER_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_TIME, ASN1_TIME_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIGNUM, BN_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_EXTENSION, X509_EXTENSION_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_NAME, X509_NAME_free)

typedef STACK_OF (X509) CantigaCertificates;

static inline void
cantiga_certificates_free (CantigaCertificates *certificates)
{
  sk_X509_pop_free (certificates, X509_free);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaCertificates, cantiga_certificates_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_STORE, X509_STORE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_STORE_CTX, X509_STORE_CTX_free)

#define CANTIGA_CHAIN_MAX 8
/* OpenSSL's 112 bits: no RSA below 2048 bits, no SHA-1. */
#define CANTIGA_CHAIN_SECURITY 2

/* ---- chain.c ---- */
/* OpenSSL's reason for a person. */
const char *cantiga_chain_words_of (int reason);
/* CANTIGA_ERROR_CERTIFICATE_REFUSED that names the certificate and says why. */
gboolean cantiga_chain_refuse (GError **error, X509 *certificate, const char *why);
/* The leaf, and the rest that may lead from it to an authority. */
gboolean cantiga_chain_decode (GPtrArray *certificates, X509 **ret_leaf, CantigaCertificates **ret_rest, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Of the given authorities and nothing else. */
X509_STORE *cantiga_chain_store_new (GPtrArray *authorities, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_chain_is_for_usage (X509 *leaf, CantigaUsage usage, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes what an i2d function allocated. */
GBytes *cantiga_der_take (unsigned char *der, int length);
/* Seconds since 1970; FALSE if time is no time. */
gboolean cantiga_asn1_time_get (const ASN1_TIME *time, gint64 *ret_seconds);
/* The last CN as it stands, or NULL if there is none or it is not text; free with g_free(). */
char *cantiga_x509_name_dup_cn (const X509_NAME *name);
/* A name of one CN: cut to the 64 characters that a CN may have. CANTIGA_ERROR_CONFIGURATION for one that is empty or not UTF-8. */
X509_NAME *cantiga_x509_name_new (const char *cn, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What a key signs certificates, lists and CSRs with; NULL for Ed25519, which hashes by itself. */
const EVP_MD *cantiga_issuing_digest (EVP_PKEY *key);
/* CANTIGA_ERROR_CONFIGURATION if key is not authority's. */
gboolean cantiga_authority_check_key (X509 *authority, EVP_PKEY *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
