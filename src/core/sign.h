/* Private keys: made, kept (PKCS#8, PBES2), and used to sign what docs/protocol.md 2.2 says. */
#pragma once

#include <openssl/evp.h>

#include "core/secret.h"
#include "core/suite.h"

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)

/* RSA-3072, P-256 or Ed25519. */
EVP_PKEY *cantiga_key_pair_new (CantigaAuth auth, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Which AUTH a key belongs to; CANTIGA_ERROR_CERTIFICATE_REFUSED for keys of no suite (RSA below 2048 bits, other curves). */
gboolean cantiga_key_pair_get_auth (EVP_PKEY *key, CantigaAuth *ret_auth, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The curve of an EC key, as OpenSSL numbers it: P-256, P-384 (both of a suite) or P-521 (cards only). NID_undef for other keys, other curves, and
 * curves that are spelt out in numbers. */
int cantiga_key_pair_get_curve (EVP_PKEY *key);

/* PEM "ENCRYPTED PRIVATE KEY": PBES2, PBKDF2-HMAC-SHA-256, AES-256-CBC. */
GBytes *cantiga_key_pair_encode (EVP_PKEY *key, CantigaSecret *passphrase, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Refuses a key that is not encrypted. */
EVP_PKEY *cantiga_key_pair_decode (GBytes *pem, CantigaSecret *passphrase, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Signs/verifies lp(label) || message, message holding fields already written as lp. */
GBytes *cantiga_sign (EVP_PKEY *key, const char *label, gconstpointer message, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* CANTIGA_ERROR_SIGNATURE_REFUSED if it does not verify. */
gboolean cantiga_verify (EVP_PKEY *key, const char *label, gconstpointer message, gsize length, GBytes *signature, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A card's signature (7): algorithm "rsa-pkcs1-sha256" or "ecdsa-sha256" over message as it is; CANTIGA_ERROR_CARD_PROOF if it does not verify or the key is of another kind. */
gboolean cantiga_verify_card (EVP_PKEY *key, const char *algorithm, gconstpointer message, gsize length, GBytes *signature, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What a card of an EC key answers ("ecdsa-sha256"), for a card that is no more than a key in memory. */
GBytes *cantiga_sign_card (EVP_PKEY *key, gconstpointer message, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
