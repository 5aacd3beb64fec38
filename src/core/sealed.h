/* Sealed media: one file a title, at rest (docs/protocol.md 13.1). Files are read with pread into the caller's memory: nothing decrypted touches a disk, and a
 * file cut short is an error, never a SIGBUS. */
#pragma once

#include "core/manifest.h"
#include "core/secret.h"
#include "core/wire.h"

G_BEGIN_DECLS

/* Of name, artist and album, each, in bytes; and of a cover. Whoever reads tags shortens and leaves out. */
#define CANTIGA_METADATA_TEXT_MAX 1024
#define CANTIGA_COVER_MAX (4u * 1024 * 1024)

/* What the metadata section holds. */
typedef struct
{
  char *name;        /* never empty */
  char *artist;      /* "" if unknown, as all texts */
  char *album;
  guint track;
  guint year;
  double duration;   /* seconds */
  char *type;        /* media type: audio/mpeg, audio/ogg, audio/flac, audio/mp4, audio/x-wav, video/webm … */
  char *cover_type;  /* image/jpeg, image/png, or "" */
  gboolean exportable;
  guint8 root[32];
  GBytes *signature; /* the manifest's; NULL before it is signed */
} CantigaMetadata;

CantigaMetadata *cantiga_metadata_new (void);
CantigaMetadata *cantiga_metadata_copy (const CantigaMetadata *metadata);
void cantiga_metadata_free (CantigaMetadata *metadata);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaMetadata, cantiga_metadata_free)
/* JSON as in 13.1, also used for rows of the ledger. */
JsonObject *cantiga_metadata_encode (const CantigaMetadata *metadata);
CantigaMetadata *cantiga_metadata_decode (JsonObject *object, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The id key that a library begins with; a rotation of the master key keeps it (docs/protocol.md 13.6). */
CantigaSecret *cantiga_id_key_new (CantigaSecret *master, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The title id of a file whose SHA-256 is hash. */
gboolean cantiga_title_id (CantigaSecret *id_key, const guint8 hash[32], CantigaId *ret_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- writing ---- */
typedef struct _CantigaSealedWriter CantigaSealedWriter;
/* Makes `<folder>/<id>.cantiga.part` (0600) in the place of one that a killed writer left; CANTIGA_ERROR_BUSY while another writes it. size is the media's, at least 1. A failed system
 * call is of G_IO_ERROR (G_IO_ERROR_NO_SPACE …). */
CantigaSealedWriter *cantiga_sealed_writer_new (const char *folder, const CantigaId *title, guint64 size, CantigaSecret *master, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes the part file unless it was finished. */
void cantiga_sealed_writer_free (CantigaSealedWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaSealedWriter, cantiga_sealed_writer_free)
/* The next chunk: CANTIGA_CHUNK_SIZE bytes, the last one shorter or equal. After any failure of add or finish the part file is gone. */
gboolean cantiga_sealed_writer_add (CantigaSealedWriter *writer, gconstpointer chunk, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Signs the manifest with publisher, writes the sections, fsyncs, renames. metadata gets root and signature. cover is NULL where cover_type is "". */
gboolean cantiga_sealed_writer_finish (CantigaSealedWriter *writer, CantigaMetadata *metadata, GBytes *cover, EVP_PKEY *publisher, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A content key that is wrapped: nonce, ciphertext, tag (docs/protocol.md 13.1). */
#define CANTIGA_WRAPPED_LENGTH 60
/* Puts another wrapped content key into a file that was sealed before, of cantiga_sealed_rewrap(), and fsyncs it (13.6). CANTIGA_ERROR_NOT_FOUND if there is no such file. */
gboolean cantiga_sealed_put_wrapped (const char *path, const guint8 wrapped[CANTIGA_WRAPPED_LENGTH], GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- reading; thread: any, no state but the descriptor ---- */
typedef struct _CantigaSealed CantigaSealed;
/* CANTIGA_ERROR_DAMAGED for anything that is not whole; CANTIGA_ERROR_NOT_FOUND if there is no such file. Reads header and metadata only. */
CantigaSealed *cantiga_sealed_open (const char *path, CantigaSecret *master, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CantigaSealed *cantiga_sealed_ref (CantigaSealed *sealed);
void cantiga_sealed_unref (CantigaSealed *sealed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaSealed, cantiga_sealed_unref)

const CantigaId *cantiga_sealed_get_title (const CantigaSealed *sealed);
guint64 cantiga_sealed_get_size (const CantigaSealed *sealed);
guint64 cantiga_sealed_get_chunks (const CantigaSealed *sealed);
const CantigaMetadata *cantiga_sealed_get_metadata (const CantigaSealed *sealed);
gsize cantiga_sealed_get_chunk_length (const CantigaSealed *sealed, guint64 index);
/* Opens chunk index into chunk, which has room for CANTIGA_CHUNK_SIZE + 16 bytes (scratch for the tag). */
gboolean cantiga_sealed_read_chunk (CantigaSealed *sealed, guint64 index, guint8 *chunk, gsize *ret_length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NULL without error if there is none. */
GBytes *cantiga_sealed_read_cover (CantigaSealed *sealed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CantigaMerkle *cantiga_sealed_read_merkle (CantigaSealed *sealed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The manifest without certificates. */
CantigaManifest *cantiga_sealed_dup_manifest (CantigaSealed *sealed);
/* The content key, wrapped under another master key. Changes nothing. */
gboolean cantiga_sealed_rewrap (CantigaSealed *sealed, CantigaSecret *master, CantigaSecret *new_master, guint8 ret_wrapped[CANTIGA_WRAPPED_LENGTH],
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Every chunk and section opens, leaves and root agree. progress (may be NULL) is called a chunk; FALSE from it stops with G_IO_ERROR_CANCELLED. */
typedef gboolean (*CantigaSealedProgress) (guint64 done, guint64 chunks, gpointer user_data);
gboolean cantiga_sealed_verify (CantigaSealed *sealed, CantigaSealedProgress progress, gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
