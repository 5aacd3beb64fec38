/* One text sealed under one key: AEADs, and CBC with HMAC (encrypt then MAC). docs/protocol.md 5.2, 5.3. OpenSSL's contexts are kept per thread. */
#pragma once

#include "core/secret.h"
#include "core/suite.h"

G_BEGIN_DECLS

/* The length that length bytes of text have sealed: IV, ciphertext and tag. */
gsize cantiga_aead_sealed_length (const CantigaSuite *suite, gsize length);
/* The upper bound of the text's length in sealed_length bytes. */
gsize cantiga_aead_text_bound (const CantigaSuite *suite, gsize sealed_length);

/* Derives cipher and MAC keys from key (a chain key or chunk key), draws an IV, and writes IV || ciphertext || tag to sealed, which has
 * room for cantiga_aead_sealed_length(). header (may be of length 0) is what stands before the IV in the envelope; it is covered by a CBC suite's HMAC. ad: A of 5.3. */
gboolean cantiga_aead_seal (const CantigaSuite *suite, const CantigaKey *key, gconstpointer ad, gsize ad_length, gconstpointer header, gsize header_length,
                            gconstpointer text, gsize text_length, guint8 *sealed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* text has room for cantiga_aead_text_bound(). CANTIGA_ERROR_FORGED if it does not verify; then text holds nothing. */
gboolean cantiga_aead_open (const CantigaSuite *suite, const CantigaKey *key, gconstpointer ad, gsize ad_length, gconstpointer header, gsize header_length,
                            const guint8 *sealed, gsize sealed_length, guint8 *text, gsize *ret_text_length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* AES-256-GCM at rest with a nonce of the caller's (12 bytes): ciphertext || tag (16). key is 32 bytes. sealed has room for length + 16.
 * Sealing and opening in place (text == sealed) is fine. */
gboolean cantiga_gcm_seal (const CantigaKey *key, const guint8 nonce[12], gconstpointer ad, gsize ad_length, gconstpointer text, gsize length,
                           guint8 *sealed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_gcm_open (const CantigaKey *key, const guint8 nonce[12], gconstpointer ad, gsize ad_length, const guint8 *sealed, gsize sealed_length,
                           guint8 *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* nonce (12, random) || ciphertext || tag (16), in memory of its own. */
GBytes *cantiga_gcm_seal_bytes (const CantigaKey *key, gconstpointer ad, gsize ad_length, gconstpointer text, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *cantiga_gcm_open_bytes (const CantigaKey *key, gconstpointer ad, gsize ad_length, gconstpointer sealed, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
