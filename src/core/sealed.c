#include "core/sealed-layout.h"

#include <string.h>

#include <gio/gio.h>

#include "core/aead.h"
#include "core/kdf.h"

/* Where the fields of docs/protocol.md 13.1 stand. */
#define MAGIC "CANTIGA1"
#define MAGIC_LENGTH 8
#define AT_SECTIONS 96
#define AT_ZERO 108

static const char *const section_names[CANTIGA_N_SECTIONS] = { "metadata", "cover", "leaves" };

void
cantiga_sealed_keys_clear (CantigaSealedKeys *keys)
{
  cantiga_key_clear (&keys->chunks);
  cantiga_key_clear (&keys->sections);
}

gboolean
cantiga_sealed_fail_errno (GError **error, int saved_errno, const char *doing)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "The system failed %s: %s.", doing, g_strerror (saved_errno));
  return FALSE;
}

/* What does not open is, at rest, damaged; anything else that went wrong is passed on. */
static gboolean
fail_opening (GError **error, GError *reason, const char *what)
{
  if (!g_error_matches (reason, CANTIGA_ERROR, CANTIGA_ERROR_FORGED))
    {
      g_propagate_error (error, reason);
      return FALSE;
    }
  g_error_free (reason);
  return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "%s not what was written: restore the file, or add the title again.", what);
}

static gboolean
copy_master (CantigaSecret *master, CantigaKey *ret_key, GError **error)
{
  if (cantiga_secret_length (master) != CANTIGA_MASTER_LENGTH)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "The library's master key is not one of %d bytes.", CANTIGA_MASTER_LENGTH);
  cantiga_key_set (ret_key, cantiga_secret_bytes (master), CANTIGA_MASTER_LENGTH);
  return TRUE;
}

CantigaSecret *
cantiga_id_key_new (CantigaSecret *master, GError **error)
{
  g_auto (CantigaKey) master_key = CANTIGA_KEY_INIT;
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;

  if (!copy_master (master, &master_key, error) || !cantiga_expand (CANTIGA_DIGEST_SHA256, &master_key, CANTIGA_LABEL_IDS, NULL, 32, &key, error))
    return NULL;
  return cantiga_secret_new_copy (key.bytes, key.length);
}

/* docs/protocol.md 13.1: the first 16 bytes of HMAC-SHA-256(Expand(id key, "cantiga/1 title id"; 32), SHA-256 of the file). */
gboolean
cantiga_title_id (CantigaSecret *id_key, const guint8 hash[32], CantigaId *ret_id, GError **error)
{
  g_auto (CantigaKey) ids = CANTIGA_KEY_INIT;
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;
  guint8 mac[CANTIGA_HASH_LENGTH];

  if (!copy_master (id_key, &ids, error) || !cantiga_expand (CANTIGA_DIGEST_SHA256, &ids, CANTIGA_LABEL_TITLE_ID, NULL, 32, &key, error)
      || !cantiga_hmac (CANTIGA_DIGEST_SHA256, &key, hash, CANTIGA_HASH_LENGTH, mac, error))
    return FALSE;
  memcpy (ret_id->bytes, mac, CANTIGA_ID_LENGTH);
  return TRUE;
}

/* ---- keys ---- */

static gboolean
derive_wrapping_key (CantigaSecret *master, const CantigaId *title, CantigaKey *ret_key, GError **error)
{
  g_auto (CantigaKey) master_key = CANTIGA_KEY_INIT;
  g_autoptr (CantigaBuffer) context = cantiga_buffer_new ();

  cantiga_buffer_add_field (context, title->bytes, CANTIGA_ID_LENGTH);
  return copy_master (master, &master_key, error)
         && cantiga_expand (CANTIGA_DIGEST_SHA256, &master_key, CANTIGA_LABEL_CONTENT_WRAP, context, 32, ret_key, error);
}

static gboolean
derive_keys (const CantigaKey *content, CantigaSealedKeys *ret_keys, GError **error)
{
  if (cantiga_expand (CANTIGA_DIGEST_SHA256, content, CANTIGA_LABEL_CHUNKS_AT_REST, NULL, 32, &ret_keys->chunks, error)
      && cantiga_expand (CANTIGA_DIGEST_SHA256, content, CANTIGA_LABEL_SECTION_AT_REST, NULL, 32, &ret_keys->sections, error))
    return TRUE;
  cantiga_sealed_keys_clear (ret_keys);
  return FALSE;
}

/* Nonce, ciphertext and tag of the content key, under the header's first 36 bytes. */
static gboolean
wrap (CantigaSealedHeader *header, CantigaSecret *master, const CantigaKey *content, GError **error)
{
  g_auto (CantigaKey) wrapping = CANTIGA_KEY_INIT;
  guint8 *wrapped = header->bytes + CANTIGA_SEALED_AT_WRAPPED;

  cantiga_random (wrapped, 12);
  return derive_wrapping_key (master, &header->title, &wrapping, error)
         && cantiga_gcm_seal (&wrapping, wrapped, header->bytes, CANTIGA_SEALED_AT_WRAPPED, content->bytes, content->length, wrapped + 12, error);
}

static gboolean
unwrap (const CantigaSealedHeader *header, CantigaSecret *master, CantigaKey *ret_content, GError **error)
{
  g_auto (CantigaKey) wrapping = CANTIGA_KEY_INIT;
  const guint8 *wrapped = header->bytes + CANTIGA_SEALED_AT_WRAPPED;
  g_autoptr (GError) reason = NULL;

  if (!derive_wrapping_key (master, &header->title, &wrapping, error))
    return FALSE;
  if (!cantiga_gcm_open (&wrapping, wrapped, header->bytes, CANTIGA_SEALED_AT_WRAPPED, wrapped + 12, CANTIGA_WRAPPED_LENGTH - 12, ret_content->bytes,
                         &reason))
    return fail_opening (error, g_steal_pointer (&reason), "The file was sealed under another master key, or its header is");
  ret_content->length = 32;
  return TRUE;
}

gboolean
cantiga_sealed_header_open_keys (const CantigaSealedHeader *header, CantigaSecret *master, CantigaSealedKeys *ret_keys, GError **error)
{
  g_auto (CantigaKey) content = CANTIGA_KEY_INIT;

  return unwrap (header, master, &content, error) && derive_keys (&content, ret_keys, error);
}

gboolean
cantiga_sealed_header_rewrap (CantigaSealedHeader *header, CantigaSecret *master, CantigaSecret *new_master, GError **error)
{
  g_auto (CantigaKey) content = CANTIGA_KEY_INIT;

  return unwrap (header, master, &content, error) && wrap (header, new_master, &content, error);
}

/* ---- the header ---- */

gboolean
cantiga_sealed_header_create (CantigaSealedHeader *header, const CantigaId *title, guint64 size, CantigaSecret *master, CantigaSealedKeys *ret_keys,
                              GError **error)
{
  g_auto (CantigaKey) content = CANTIGA_KEY_INIT;

  memset (header, 0, sizeof *header);
  header->title = *title;
  header->size = size;
  header->chunks = (size - 1) / CANTIGA_CHUNK_SIZE + 1;
  memcpy (header->bytes, MAGIC, MAGIC_LENGTH);
  memcpy (header->bytes + 8, title->bytes, CANTIGA_ID_LENGTH);
  cantiga_put_u32 (header->bytes + 24, CANTIGA_CHUNK_SIZE);
  cantiga_put_u64 (header->bytes + 28, size);
  cantiga_random (content.bytes, 32);
  content.length = 32;
  return wrap (header, master, &content, error) && derive_keys (&content, ret_keys, error);
}

void
cantiga_sealed_header_set_sections (CantigaSealedHeader *header, const guint32 sections[CANTIGA_N_SECTIONS])
{
  for (guint section = 0; section < CANTIGA_N_SECTIONS; section++)
    {
      header->sections[section] = sections[section];
      cantiga_put_u32 (header->bytes + AT_SECTIONS + 4 * section, sections[section]);
    }
}

static gboolean
damaged (GError **error, const char *what)
{
  return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "%s: restore the file, or add the title again.", what);
}

/* The texts' upper bounds; metadata and leaves must be there. */
static gboolean
check_sections (const CantigaSealedHeader *header, GError **error)
{
  const guint32 *sections = header->sections;

  if (sections[CANTIGA_SECTION_METADATA] <= CANTIGA_SEALED_SECTION_AROUND
      || sections[CANTIGA_SECTION_METADATA] > CANTIGA_SEALED_METADATA_MAX + CANTIGA_SEALED_SECTION_AROUND)
    return damaged (error, "The file's metadata has no length that it can have");
  if (sections[CANTIGA_SECTION_COVER] != 0
      && (sections[CANTIGA_SECTION_COVER] <= CANTIGA_SEALED_SECTION_AROUND
          || sections[CANTIGA_SECTION_COVER] > CANTIGA_COVER_MAX + CANTIGA_SEALED_SECTION_AROUND))
    return damaged (error, "The file's cover has no length that it can have");
  if (sections[CANTIGA_SECTION_LEAVES] != header->chunks * CANTIGA_HASH_LENGTH + CANTIGA_SEALED_SECTION_AROUND)
    return damaged (error, "The file's leaves are not as many as its chunks");
  return TRUE;
}

static gboolean
check_zero (const guint8 *bytes, GError **error)
{
  for (guint i = AT_ZERO; i < CANTIGA_SEALED_HEADER; i++)
    if (bytes[i] != 0)
      return damaged (error, "The file's header is not one of this version");
  return TRUE;
}

gboolean
cantiga_sealed_header_decode (const guint8 bytes[CANTIGA_SEALED_HEADER], guint64 file_size, CantigaSealedHeader *ret_header, GError **error)
{
  CantigaSealedHeader header = { .size = cantiga_get_u64 (bytes + 28) };

  memcpy (header.bytes, bytes, CANTIGA_SEALED_HEADER);
  memcpy (header.title.bytes, bytes + 8, CANTIGA_ID_LENGTH);
  if (memcmp (bytes, MAGIC, MAGIC_LENGTH) != 0) /* public */
    return damaged (error, "The file is not a sealed title of Cantiga");
  if (cantiga_get_u32 (bytes + 24) != CANTIGA_CHUNK_SIZE)
    return damaged (error, "The file's chunks are of a size that there is not");
  if (header.size < 1 || header.size > (guint64)CANTIGA_CHUNKS_MAX * CANTIGA_CHUNK_SIZE)
    return damaged (error, "The file says that it holds a title of a size that there is not");
  header.chunks = (header.size - 1) / CANTIGA_CHUNK_SIZE + 1;
  for (guint section = 0; section < CANTIGA_N_SECTIONS; section++)
    header.sections[section] = cantiga_get_u32 (bytes + AT_SECTIONS + 4 * section);
  if (!check_sections (&header, error) || !check_zero (bytes, error))
    return FALSE;
  /* No sum here overflows: every term was bounded above. */
  if (cantiga_sealed_section_offset (&header, CANTIGA_N_SECTIONS) != file_size)
    return damaged (error, "The file is longer or shorter than what was written");
  *ret_header = header;
  return TRUE;
}

guint64
cantiga_sealed_chunk_offset (guint64 index)
{
  return CANTIGA_SEALED_HEADER + index * (CANTIGA_CHUNK_SIZE + CANTIGA_SEALED_TAG);
}

gsize
cantiga_sealed_chunk_length (const CantigaSealedHeader *header, guint64 index)
{
  return index + 1 < header->chunks ? CANTIGA_CHUNK_SIZE : (gsize)(header->size - index * CANTIGA_CHUNK_SIZE);
}

/* Of CANTIGA_N_SECTIONS: the file's end. */
guint64
cantiga_sealed_section_offset (const CantigaSealedHeader *header, CantigaSection section)
{
  guint64 offset = CANTIGA_SEALED_HEADER + header->size + header->chunks * CANTIGA_SEALED_TAG;

  for (guint before = 0; before < section; before++)
    offset += header->sections[before];
  return offset;
}

/* ---- chunks ---- */

/* "nonce = 7 zero bytes, u32 index, u8 last" (docs/protocol.md 13.1). */
static void
make_nonce (const CantigaSealedHeader *header, guint64 index, guint8 nonce[12])
{
  memset (nonce, 0, 7);
  cantiga_put_u32 (nonce + 7, (guint32)index);
  nonce[11] = index + 1 == header->chunks;
}

static CantigaBuffer *
write_chunk_ad (const CantigaSealedHeader *header)
{
  CantigaBuffer *ad = cantiga_buffer_new ();

  cantiga_buffer_add_field_text (ad, CANTIGA_LABEL_CHUNK_AT_REST);
  cantiga_buffer_add_field (ad, header->title.bytes, CANTIGA_ID_LENGTH);
  return ad;
}

gboolean
cantiga_sealed_chunk_seal (const CantigaSealedHeader *header, const CantigaSealedKeys *keys, guint64 index, gconstpointer chunk, gsize length,
                           guint8 *sealed, GError **error)
{
  g_autoptr (CantigaBuffer) ad = write_chunk_ad (header);
  guint8 nonce[12];

  make_nonce (header, index, nonce);
  return cantiga_gcm_seal (&keys->chunks, nonce, cantiga_buffer_bytes (ad), cantiga_buffer_length (ad), chunk, length, sealed, error);
}

gboolean
cantiga_sealed_chunk_open (const CantigaSealedHeader *header, const CantigaSealedKeys *keys, guint64 index, guint8 *chunk, gsize length,
                           GError **error)
{
  g_autoptr (CantigaBuffer) ad = write_chunk_ad (header);
  g_autoptr (GError) reason = NULL;
  g_autofree char *what = NULL;
  guint8 nonce[12];

  make_nonce (header, index, nonce);
  if (cantiga_gcm_open (&keys->chunks, nonce, cantiga_buffer_bytes (ad), cantiga_buffer_length (ad), chunk, length + CANTIGA_SEALED_TAG, chunk,
                        &reason))
    return TRUE;
  what = g_strdup_printf ("Chunk %" G_GUINT64_FORMAT " is", index);
  return fail_opening (error, g_steal_pointer (&reason), what);
}

/* ---- sections ---- */

/* All of the header but the wrapped content key, which a rotation of the master key changes (docs/protocol.md 13.6). */
static CantigaBuffer *
write_section_ad (const CantigaSealedHeader *header, CantigaSection section)
{
  CantigaBuffer *ad = cantiga_buffer_new ();

  cantiga_buffer_add_field_text (ad, section_names[section]);
  cantiga_buffer_add_field (ad, header->bytes, CANTIGA_SEALED_AT_WRAPPED);
  cantiga_buffer_add_field (ad, header->bytes + AT_SECTIONS, CANTIGA_SEALED_HEADER - AT_SECTIONS);
  return ad;
}

GBytes *
cantiga_sealed_section_seal (const CantigaSealedHeader *header, const CantigaSealedKeys *keys, CantigaSection section, GBytes *text, GError **error)
{
  g_autoptr (CantigaBuffer) ad = write_section_ad (header, section);
  gsize length;
  gconstpointer bytes = g_bytes_get_data (text, &length);

  g_assert (header->sections[section] == length + CANTIGA_SEALED_SECTION_AROUND);
  return cantiga_gcm_seal_bytes (&keys->sections, cantiga_buffer_bytes (ad), cantiga_buffer_length (ad), bytes, length, error);
}

GBytes *
cantiga_sealed_section_open (const CantigaSealedHeader *header, const CantigaSealedKeys *keys, CantigaSection section, gconstpointer sealed,
                             GError **error)
{
  g_autoptr (CantigaBuffer) ad = write_section_ad (header, section);
  g_autoptr (GError) reason = NULL;
  g_autofree char *what = NULL;
  GBytes *text
      = cantiga_gcm_open_bytes (&keys->sections, cantiga_buffer_bytes (ad), cantiga_buffer_length (ad), sealed, header->sections[section], &reason);

  if (text != NULL)
    return text;
  what = g_strdup_printf ("The file's section “%s” is", section_names[section]);
  fail_opening (error, g_steal_pointer (&reason), what);
  return NULL;
}
