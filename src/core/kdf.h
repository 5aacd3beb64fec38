/* Hashes, HMAC and HKDF over fields, and every label of the protocol on one page (docs/protocol.md 1, 4). Thread: any. */
#pragma once

#include "core/buffer.h"
#include "core/secret.h"
#include "core/suite.h"

G_BEGIN_DECLS

#define CANTIGA_LABEL_T1 "cantiga/1 t1"
#define CANTIGA_LABEL_T2 "cantiga/1 t2"
#define CANTIGA_LABEL_PLAYER_KEY_EXCHANGE "cantiga/1 player key exchange"
#define CANTIGA_LABEL_SERVER_KEY_EXCHANGE "cantiga/1 server key exchange"
#define CANTIGA_LABEL_FINISHED "cantiga/1 finished"
#define CANTIGA_LABEL_PLAYER_TO_SERVER "cantiga/1 player to server"
#define CANTIGA_LABEL_SERVER_TO_PLAYER "cantiga/1 server to player"
#define CANTIGA_LABEL_ROTATION "cantiga/1 rotation"
#define CANTIGA_LABEL_CARD_BINDING "cantiga/1 card binding"
#define CANTIGA_LABEL_CITIZEN_CARD "cantiga/1 citizen card"
#define CANTIGA_LABEL_CIPHER "cantiga/1 cipher"
#define CANTIGA_LABEL_MAC "cantiga/1 mac"
#define CANTIGA_LABEL_ENVELOPE "cantiga/1 envelope"
#define CANTIGA_LABEL_STREAM "cantiga/1 stream"
#define CANTIGA_LABEL_CHUNK "cantiga/1 chunk"
#define CANTIGA_LABEL_CHUNK_REQUEST "cantiga/1 chunk request"
#define CANTIGA_LABEL_CONTENT_WRAP "cantiga/1 content wrap"
#define CANTIGA_LABEL_CHUNKS_AT_REST "cantiga/1 chunks at rest"
#define CANTIGA_LABEL_CHUNK_AT_REST "cantiga/1 chunk at rest"
#define CANTIGA_LABEL_SECTION_AT_REST "cantiga/1 section at rest"
#define CANTIGA_LABEL_IDS "cantiga/1 ids"                   /* at rest: the id key that a library begins with */
#define CANTIGA_LABEL_TITLE_ID "cantiga/1 title id"
#define CANTIGA_LABEL_MANIFEST "cantiga/1 manifest"
#define CANTIGA_LABEL_ROW "cantiga/1 row"                   /* at rest: the ledger's rows */
#define CANTIGA_LABEL_FIND "cantiga/1 find"                 /* at rest: keyed hash by which a row is found */
#define CANTIGA_LABEL_PASSPHRASE "cantiga/1 passphrase"     /* at rest: of the server's private keys */
#define CANTIGA_LABEL_LEDGER_CHAIN "cantiga/1 ledger chain" /* at rest: what makes the plays one chain */
#define CANTIGA_LABEL_AUDIT "cantiga/1 audit"               /* at rest: entries of the audit log */
#define CANTIGA_LABEL_PAIR_REQUEST "cantiga/1 pair request"
#define CANTIGA_LABEL_PAIR_ANSWER "cantiga/1 pair answer"

#define CANTIGA_HASH_LENGTH 32

/* Plain SHA-256. */
void cantiga_sha256 (gconstpointer bytes, gsize length, guint8 ret_hash[CANTIGA_HASH_LENGTH]);
/* Plain digest; ret_hash has room for cantiga_digest_get_length() bytes. */
void cantiga_digest (CantigaDigest digest, gconstpointer bytes, gsize length, guint8 *ret_hash);
/* Borrowed bytes, for what is not one piece of memory. */
typedef struct
{
  gconstpointer bytes;
  gsize length;
} CantigaSpan;

/* HMAC over bytes as they are; ret_mac has room for the digest's length. */
gboolean cantiga_hmac (CantigaDigest digest, const CantigaKey *key, gconstpointer bytes, gsize length, guint8 *ret_mac,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* HMAC over the spans joined. */
gboolean cantiga_hmac_spans (CantigaDigest digest, const CantigaKey *key, const CantigaSpan *spans, gsize n_spans, guint8 *ret_mac,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* HKDF-Extract: ret_key gets the digest's length. ikm of any length. */
gboolean cantiga_hkdf_extract (CantigaDigest digest, gconstpointer salt, gsize salt_length, gconstpointer ikm, gsize ikm_length, CantigaKey *ret_key,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Expand of docs/protocol.md 4: info = lp(label) || context; context (may be NULL) holds fields already written as lp. length up to 64. */
gboolean cantiga_expand (CantigaDigest digest, const CantigaKey *key, const char *label, const CantigaBuffer *context, gsize length,
                         CantigaKey *ret_key, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
