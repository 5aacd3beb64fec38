/* Certificates: chains checked against one pinned authority, certificates and revocation lists issued by it, CSRs. OpenSSL does the X.509. */
#pragma once

#include <openssl/x509.h>

#include "core/sign.h"

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_CRL, X509_CRL_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_REQ, X509_REQ_free)

typedef enum
{
  CANTIGA_USAGE_PLAYER,     /* clientAuth */
  CANTIGA_USAGE_SERVER,     /* serverAuth */
  CANTIGA_USAGE_PUBLISHER,  /* docs/protocol.md 13.2 */
  CANTIGA_USAGE_CARD,       /* digitalSignature; clientAuth where an extended usage is named */
} CantigaUsage;

/* id-kp-documentSigning (RFC 9336). Not one of our own under 2.25: many X.509 libraries cannot read arcs of 128 bits. */
#define CANTIGA_PUBLISHER_OID "1.3.6.1.5.5.7.3.36"

/* One certificate with nothing after it, on loan: others may have the same, so it is not to be changed. CANTIGA_ERROR_CERTIFICATE_REFUSED for anything else. Thread: any. */
X509 *cantiga_certificate_decode (GBytes *der, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* DER or PEM, as a keeper's file may be. */
X509 *cantiga_certificate_decode_any (GBytes *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *cantiga_certificate_encode (X509 *certificate);
/* The SHA-256 of its DER as people compare it: "8F2A 41C0 …"; free with g_free(). */
char *cantiga_certificate_dup_fingerprint (X509 *certificate);
/* Letters of its first 8 groups, for who shows it in two lines: a space follows. */
#define CANTIGA_FINGERPRINT_HALF 39
/* SHA-256 of the DER / of the SubjectPublicKeyInfo. */
void cantiga_certificate_hash (X509 *certificate, guint8 ret_hash[32]);
void cantiga_certificate_pin (X509 *certificate, guint8 ret_pin[32]);
/* The subject's CN in UTF-8, or ""; characters that cannot be shown are replaced. Free with g_free(). */
char *cantiga_certificate_dup_name (X509 *certificate);
/* The UUID of a subjectAltName URI urn:uuid:…, or NULL; free with g_free(). */
char *cantiga_certificate_dup_uuid (X509 *certificate);
/* What its key is known by, and its issuer's: hexadecimal of the key identifiers in it, or NULL; free with g_free(). */
char *cantiga_certificate_dup_key_id (X509 *certificate);
char *cantiga_certificate_dup_issuer_key_id (X509 *certificate);
/* Seconds since 1970; the end of time, and its beginning, if they cannot be read: such a certificate is never valid. */
gint64 cantiga_certificate_get_not_before (X509 *certificate);
gint64 cantiga_certificate_get_not_after (X509 *certificate);

/* Checks certificates (DER GBytes, leaf first, without the authority; at most 8) against authorities (X509; at least one) and nothing else, for usage, at time now
 * (seconds since 1970), and against crl where one is given (its signature, its nextUpdate, its entries). Returns the leaf.
 * CANTIGA_ERROR_CERTIFICATE_REFUSED with a sentence that says which certificate and why. */
X509 *cantiga_chain_verify (GPtrArray *certificates, GPtrArray *authorities, X509_CRL *crl, CantigaUsage usage, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What cantiga_chain_verify() says of the same certificates, authorities, list and usage hangs on nothing else but the clock, and on that only by the dates in them. Who comes again with
 * the very same bytes while the clock stands between the same dates need not be checked anew. Only what held is kept (256 chains at most), and only for these authorities and this list: with
 * others one begins anew. Thread: any. */
typedef struct _CantigaHeldChains CantigaHeldChains;

/* Takes references. crl: or NULL. */
CantigaHeldChains *cantiga_held_chains_new (GPtrArray *authorities, X509_CRL *crl, CantigaUsage usage);
void cantiga_held_chains_free (CantigaHeldChains *chains);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaHeldChains, cantiga_held_chains_free)
/* As cantiga_chain_verify(). */
X509 *cantiga_held_chains_verify (CantigaHeldChains *chains, GPtrArray *certificates, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a card is held against. */
typedef struct
{
  GPtrArray *authorities;      /* X509; at least one */
  GPtrArray *crls;             /* X509_CRL, or NULL: none are asked for. Else there must be one of the card's issuer; those of the authorities in between are used if they are there */
  gboolean take_expired_crls;
  const char *const *policies; /* OIDs, one of which the card must name; NULL: any will do */
} CantigaCardTerms;

/* Checks a card's certificates as cantiga_chain_verify() does. Returns the chain that was found, from the card up to an authority (X509). CANTIGA_ERROR_CARD_EXPIRED, CANTIGA_ERROR_CARD_REVOKED,
 * CANTIGA_ERROR_CARD_UNCHECKED for lack of a revocation list, CANTIGA_ERROR_CERTIFICATE_REFUSED. */
GPtrArray *cantiga_card_chain_verify (GPtrArray *certificates, const CantigaCardTerms *terms, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Revocation lists. */
X509_CRL *cantiga_crl_decode (GBytes *der, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *cantiga_crl_encode (X509_CRL *crl);
gint64 cantiga_crl_get_number (X509_CRL *crl);   /* -1 if it has none */
gint64 cantiga_crl_get_next_update (X509_CRL *crl); /* G_MININT64 if it has none */
/* serials: hexadecimal strings as of cantiga_certificate_dup_serial(). */
X509_CRL *cantiga_crl_issue (X509 *authority, EVP_PKEY *key, gint64 number, const char *const *serials, gint64 now, gint64 next_update, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *cantiga_certificate_dup_serial (X509 *certificate);

/* Makes a self-signed authority (CA:TRUE, pathlen 0). */
X509 *cantiga_authority_issue (EVP_PKEY *key, const char *name, gint64 not_before, gint64 not_after, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Issues a certificate to subject_key: CN name (cut to 64 characters; not empty), URI urn:uuid:uuid (none if uuid is NULL), a random serial, keyUsage
 * digitalSignature, the extended usage. */
X509 *cantiga_certificate_issue (X509 *authority, EVP_PKEY *authority_key, EVP_PKEY *subject_key, CantigaUsage usage, const char *name, const char *uuid,
                                 gint64 not_before, gint64 not_after, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* CSRs (14.3): subject CN = name, signed by key. */
GBytes *cantiga_csr_create (EVP_PKEY *key, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Checks the CSR's own signature, that its CN is name, and that its key belongs to an AUTH. Returns the key. */
EVP_PKEY *cantiga_csr_consume (GBytes *der, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
