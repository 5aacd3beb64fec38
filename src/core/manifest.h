/* Merkle tree over a title's plain chunks, and its signed root (docs/protocol.md 13.2). */
#pragma once

#include "core/chain.h"
#include "core/wire.h"

G_BEGIN_DECLS

/* Of a title: 16 TiB; the leaves of more would not fit their section's u32 length (13.1). */
#define CANTIGA_CHUNKS_MAX 67108864u
/* Of a media type, in bytes. */
#define CANTIGA_TYPE_MAX 128

void cantiga_merkle_leaf (guint64 index, gconstpointer chunk, gsize length, guint8 ret_leaf[32]);
/* leaves: n × 32 bytes, n at least 1. */
void cantiga_merkle_root (const guint8 *leaves, gsize n, guint8 ret_root[32]);
/* All inner nodes kept, so that paths cost nothing per chunk. */
typedef struct _CantigaMerkle CantigaMerkle;
CantigaMerkle *cantiga_merkle_new (const guint8 *leaves, gsize n);
void cantiga_merkle_free (CantigaMerkle *merkle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaMerkle, cantiga_merkle_free)
#define CANTIGA_MERKLE_PATH_MAX 40
/* Writes the path of leaf index from the leaf upwards (at most CANTIGA_MERKLE_PATH_MAX hashes); returns how many. */
guint cantiga_merkle_path (const CantigaMerkle *merkle, guint64 index, guint8 *path);
/* RFC 9162 2.1.3.2. CANTIGA_ERROR_FORGED. */
gboolean cantiga_merkle_verify (const guint8 root[32], guint64 n, guint64 index, const guint8 leaf[32], const guint8 *path, guint path_length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct
{
  CantigaId title;
  guint64 size;
  char *type;
  guint32 chunk_size;
  guint8 root[32];
  GBytes *signature;
  GPtrArray *certificates;  /* GBytes: the publisher's chain, without the authority */
} CantigaManifest;

CantigaManifest *cantiga_manifest_new (const CantigaId *title, guint64 size, const char *type, guint32 chunk_size, const guint8 root[32]);
void cantiga_manifest_free (CantigaManifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaManifest, cantiga_manifest_free)
guint64 cantiga_manifest_get_chunks (const CantigaManifest *manifest);
/* The length of chunk index. */
gsize cantiga_manifest_get_chunk_length (const CantigaManifest *manifest, guint64 index);
/* certificates may be NULL: they are not part of what is signed. */
gboolean cantiga_manifest_sign (CantigaManifest *manifest, EVP_PKEY *publisher, GPtrArray *certificates, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* CANTIGA_ERROR_FORGED, or CANTIGA_ERROR_CERTIFICATE_REFUSED of the publisher. */
gboolean cantiga_manifest_verify (const CantigaManifest *manifest, X509 *authority, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Checks the text of a chunk's envelope (10.3); ret_chunk points into text. CANTIGA_ERROR_FORGED. */
gboolean cantiga_manifest_check_chunk (const CantigaManifest *manifest, guint64 index, GBytes *text, const guint8 **ret_chunk, gsize *ret_length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The member "manifest" of a licence answer: {root, signature, certificates[]}. */
JsonObject *cantiga_manifest_encode (const CantigaManifest *manifest);
/* From a whole licence answer (title, size, type, chunk_size beside manifest). */
CantigaManifest *cantiga_manifest_decode (JsonObject *answer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
