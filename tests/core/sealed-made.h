/* A sealed file of one chunk, made by hand under a master key: its parts open, whether they agree or not. */
#pragma once

#include "core/kdf.h"
#include "core/sealed-layout.h"

static inline void
append_section (GByteArray *file, const CantigaSealedHeader *header, const CantigaSealedKeys *keys, CantigaSection section, GBytes *text)
{
  g_autoptr (GBytes) sealed = cantiga_sealed_section_seal (header, keys, section, text, NULL);

  g_byte_array_append (file, g_bytes_get_data (sealed, NULL), (guint)g_bytes_get_size (sealed));
}

/* leaf: what the file says of its chunk. Free with g_byte_array_unref(). */
static inline GByteArray *
sealed_made (CantigaSecret *master, const guint8 *song, gsize length, const guint8 leaf[CANTIGA_HASH_LENGTH], GBytes *metadata)
{
  const CantigaId title = { { 1 } };
  g_autoptr (GBytes) leaves = g_bytes_new (leaf, CANTIGA_HASH_LENGTH);
  const guint32 lengths[CANTIGA_N_SECTIONS] = { (guint32)g_bytes_get_size (metadata) + CANTIGA_SEALED_SECTION_AROUND, 0,
                                                CANTIGA_HASH_LENGTH + CANTIGA_SEALED_SECTION_AROUND };
  g_autofree guint8 *chunk = g_malloc (length + CANTIGA_SEALED_TAG);
  CantigaSealedHeader header;
  CantigaSealedKeys keys = { 0 };
  GByteArray *file = g_byte_array_new ();

  g_assert_true (cantiga_sealed_header_create (&header, &title, length, master, &keys, NULL));
  cantiga_sealed_header_set_sections (&header, lengths);
  g_assert_true (cantiga_sealed_chunk_seal (&header, &keys, 0, song, length, chunk, NULL));
  g_byte_array_append (file, header.bytes, sizeof header.bytes);
  g_byte_array_append (file, chunk, (guint)(length + CANTIGA_SEALED_TAG));
  append_section (file, &header, &keys, CANTIGA_SECTION_METADATA, metadata);
  append_section (file, &header, &keys, CANTIGA_SECTION_LEAVES, leaves);
  cantiga_sealed_keys_clear (&keys);
  return file;
}
