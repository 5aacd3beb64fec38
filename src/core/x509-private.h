/* What the files behind chain.h share. Not for other files. */
#pragma once

#include "core/chain.h"

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_INTEGER, ASN1_INTEGER_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_TIME, ASN1_TIME_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIGNUM, BN_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_EXTENSION, X509_EXTENSION_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_NAME, X509_NAME_free)

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
