/* The bytes of a sealed file, for sealed-write.c and sealed-read.c alone (docs/protocol.md 13.1). */
#pragma once

#include "core/sealed.h"
#include "core/stream.h"

G_BEGIN_DECLS

#define CANTIGA_SEALED_HEADER 128
#define CANTIGA_SEALED_AT_WRAPPED 36
#define CANTIGA_SEALED_TAG 16
/* Nonce and tag around a section's text. */
#define CANTIGA_SEALED_SECTION_AROUND 28
#define CANTIGA_SEALED_METADATA_MAX (64u * 1024)
#define CANTIGA_MASTER_LENGTH 32

typedef enum
{
  CANTIGA_SECTION_METADATA,
  CANTIGA_SECTION_COVER,
  CANTIGA_SECTION_LEAVES,
  CANTIGA_N_SECTIONS
} CantigaSection;

/* A plain value; bytes is the header as it stands in the file. */
typedef struct
{
  CantigaId title;
  guint64 size;
  guint64 chunks;
  guint32 sections[CANTIGA_N_SECTIONS]; /* sealed lengths */
  guint8 bytes[CANTIGA_SEALED_HEADER];
} CantigaSealedHeader;

typedef struct
{
  CantigaKey chunks;
  CantigaKey sections;
} CantigaSealedKeys;

void cantiga_sealed_keys_clear (CantigaSealedKeys *keys);

/* A header without sections, its new content key wrapped in it. */
gboolean cantiga_sealed_header_create (CantigaSealedHeader *header, const CantigaId *title, guint64 size, CantigaSecret *master,
                                       CantigaSealedKeys *ret_keys, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_sealed_header_set_sections (CantigaSealedHeader *header, const guint32 sections[CANTIGA_N_SECTIONS]);
/* Checks every field against the file's true size; CANTIGA_ERROR_DAMAGED. */
gboolean cantiga_sealed_header_decode (const guint8 bytes[CANTIGA_SEALED_HEADER], guint64 file_size, CantigaSealedHeader *ret_header,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* CANTIGA_ERROR_DAMAGED if the content key does not open: another master key, or another header. */
gboolean cantiga_sealed_header_open_keys (const CantigaSealedHeader *header, CantigaSecret *master, CantigaSealedKeys *ret_keys,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Wraps the header's content key anew, in its place. */
gboolean cantiga_sealed_header_rewrap (CantigaSealedHeader *header, CantigaSecret *master, CantigaSecret *new_master,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

guint64 cantiga_sealed_chunk_offset (guint64 index);
gsize cantiga_sealed_chunk_length (const CantigaSealedHeader *header, guint64 index);
guint64 cantiga_sealed_section_offset (const CantigaSealedHeader *header, CantigaSection section);

/* sealed has room for length + CANTIGA_SEALED_TAG. */
gboolean cantiga_sealed_chunk_seal (const CantigaSealedHeader *header, const CantigaSealedKeys *keys, guint64 index, gconstpointer chunk,
                                    gsize length, guint8 *sealed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* In place: chunk holds the ciphertext of length bytes and its tag. */
gboolean cantiga_sealed_chunk_open (const CantigaSealedHeader *header, const CantigaSealedKeys *keys, guint64 index, guint8 *chunk, gsize length,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *cantiga_sealed_section_seal (const CantigaSealedHeader *header, const CantigaSealedKeys *keys, CantigaSection section, GBytes *text,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *cantiga_sealed_section_open (const CantigaSealedHeader *header, const CantigaSealedKeys *keys, CantigaSection section, gconstpointer sealed,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A failed system call, in GIO's domain; doing: "writing the sealed file". Returns FALSE. */
gboolean cantiga_sealed_fail_errno (GError **error, int saved_errno, const char *doing);

G_END_DECLS
