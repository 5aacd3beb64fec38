#include "core/sealed-layout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gio/gio.h>

#include "core/kdf.h"

struct _CantigaSealed
{
  gatomicrefcount refs;
  /* Never changed once it is open, so that any thread may read. */
  int file;
  CantigaSealedHeader header;
  CantigaSealedKeys keys;
  CantigaMetadata *metadata;
};

/* Just length bytes from offset on, into the caller's memory. */
static gboolean
read_at (int file, guint64 offset, guint8 *bytes, gsize length, GError **error)
{
  while (length > 0)
    {
      gssize got = pread (file, bytes, length, (off_t)offset);

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return cantiga_sealed_fail_errno (error, errno, "reading a sealed file");
      if (got == 0)
        return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The file was cut short: restore it, or add the title again.");
      bytes += got;
      offset += (guint64)got;
      length -= (gsize)got;
    }
  return TRUE;
}

static GBytes *
read_section (CantigaSealed *sealed, CantigaSection section, GError **error)
{
  gsize length = sealed->header.sections[section];
  g_autofree guint8 *bytes = g_malloc (length);

  if (!read_at (sealed->file, cantiga_sealed_section_offset (&sealed->header, section), bytes, length, error))
    return NULL;
  return cantiga_sealed_section_open (&sealed->header, &sealed->keys, section, bytes, error);
}

static gboolean
open_file (CantigaSealed *sealed, const char *path, GError **error)
{
  /* O_NONBLOCK: opening what turns out to be a pipe does not wait. */
  sealed->file = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (sealed->file >= 0)
    return TRUE;
  if (errno == ENOENT || errno == ENOTDIR)
    return cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "There is no such sealed file.");
  return cantiga_sealed_fail_errno (error, errno, "opening a sealed file");
}

static gboolean
read_header (CantigaSealed *sealed, CantigaSecret *master, GError **error)
{
  guint8 bytes[CANTIGA_SEALED_HEADER];
  struct stat status;

  if (fstat (sealed->file, &status) != 0)
    return cantiga_sealed_fail_errno (error, errno, "looking at a sealed file");
  if (!S_ISREG (status.st_mode) || status.st_size < CANTIGA_SEALED_HEADER)
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The file is not a sealed title of Cantiga.");
  return read_at (sealed->file, 0, bytes, sizeof bytes, error)
         && cantiga_sealed_header_decode (bytes, (guint64)status.st_size, &sealed->header, error)
         && cantiga_sealed_header_open_keys (&sealed->header, master, &sealed->keys, error);
}

/* What opened was written by us: that it does not read is a fault of the writer, and still no reason to fall. */
static gboolean
read_metadata (CantigaSealed *sealed, GError **error)
{
  g_autoptr (GBytes) text = read_section (sealed, CANTIGA_SECTION_METADATA, error);
  g_autoptr (JsonObject) object = NULL;

  if (text == NULL)
    return FALSE;
  object = cantiga_json_parse (g_bytes_get_data (text, NULL), g_bytes_get_size (text), NULL);
  if (object != NULL)
    sealed->metadata = cantiga_metadata_decode (object, NULL);
  if (sealed->metadata == NULL || sealed->metadata->signature == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The file's metadata cannot be read: add the title again.");
  return TRUE;
}

CantigaSealed *
cantiga_sealed_open (const char *path, CantigaSecret *master, GError **error)
{
  g_autoptr (CantigaSealed) sealed = g_new0 (CantigaSealed, 1);

  g_atomic_ref_count_init (&sealed->refs);
  sealed->file = -1;
  if (!open_file (sealed, path, error) || !read_header (sealed, master, error) || !read_metadata (sealed, error))
    return NULL;
  return g_steal_pointer (&sealed);
}

CantigaSealed *
cantiga_sealed_ref (CantigaSealed *sealed)
{
  g_atomic_ref_count_inc (&sealed->refs);
  return sealed;
}

void
cantiga_sealed_unref (CantigaSealed *sealed)
{
  if (sealed == NULL || !g_atomic_ref_count_dec (&sealed->refs))
    return;
  if (sealed->file >= 0)
    close (sealed->file);
  cantiga_sealed_keys_clear (&sealed->keys);
  cantiga_metadata_free (sealed->metadata);
  g_free (sealed);
}

const CantigaId *
cantiga_sealed_get_title (const CantigaSealed *sealed)
{
  return &sealed->header.title;
}

guint64
cantiga_sealed_get_size (const CantigaSealed *sealed)
{
  return sealed->header.size;
}

guint64
cantiga_sealed_get_chunks (const CantigaSealed *sealed)
{
  return sealed->header.chunks;
}

const CantigaMetadata *
cantiga_sealed_get_metadata (const CantigaSealed *sealed)
{
  return sealed->metadata;
}

gsize
cantiga_sealed_get_chunk_length (const CantigaSealed *sealed, guint64 index)
{
  g_return_val_if_fail (index < sealed->header.chunks, 0);
  return cantiga_sealed_chunk_length (&sealed->header, index);
}

gboolean
cantiga_sealed_read_chunk (CantigaSealed *sealed, guint64 index, guint8 *chunk, gsize *ret_length, GError **error)
{
  gsize length;

  if (index >= sealed->header.chunks)
    return cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "The title has no such chunk.");
  length = cantiga_sealed_chunk_length (&sealed->header, index);
  if (!read_at (sealed->file, cantiga_sealed_chunk_offset (index), chunk, length + CANTIGA_SEALED_TAG, error)
      || !cantiga_sealed_chunk_open (&sealed->header, &sealed->keys, index, chunk, length, error))
    return FALSE;
  *ret_length = length;
  return TRUE;
}

GBytes *
cantiga_sealed_read_cover (CantigaSealed *sealed, GError **error)
{
  return sealed->header.sections[CANTIGA_SECTION_COVER] != 0 ? read_section (sealed, CANTIGA_SECTION_COVER, error) : NULL;
}

gboolean
cantiga_sealed_rewrap (CantigaSealed *sealed, CantigaSecret *master, CantigaSecret *new_master, guint8 ret_wrapped[CANTIGA_WRAPPED_LENGTH],
                       GError **error)
{
  CantigaSealedHeader header = sealed->header;

  if (!cantiga_sealed_header_rewrap (&header, master, new_master, error))
    return FALSE;
  memcpy (ret_wrapped, header.bytes + CANTIGA_SEALED_AT_WRAPPED, CANTIGA_WRAPPED_LENGTH);
  return TRUE;
}

/* The leaves, which were found to have the root that the metadata names. */
static GBytes *
read_leaves (CantigaSealed *sealed, GError **error)
{
  g_autoptr (GBytes) leaves = read_section (sealed, CANTIGA_SECTION_LEAVES, error);
  guint8 root[CANTIGA_HASH_LENGTH];

  if (leaves == NULL)
    return NULL;
  cantiga_merkle_root (g_bytes_get_data (leaves, NULL), sealed->header.chunks, root);
  if (cantiga_bytes_equal (root, sealed->metadata->root, sizeof root))
    return g_steal_pointer (&leaves);
  cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The file's leaves do not have its root: add the title again.");
  return NULL;
}

CantigaMerkle *
cantiga_sealed_read_merkle (CantigaSealed *sealed, GError **error)
{
  g_autoptr (GBytes) leaves = read_leaves (sealed, error);

  return leaves != NULL ? cantiga_merkle_new (g_bytes_get_data (leaves, NULL), sealed->header.chunks) : NULL;
}

CantigaManifest *
cantiga_sealed_dup_manifest (CantigaSealed *sealed)
{
  const CantigaMetadata *metadata = sealed->metadata;
  CantigaManifest *manifest = cantiga_manifest_new (&sealed->header.title, sealed->header.size, metadata->type, CANTIGA_CHUNK_SIZE, metadata->root);

  manifest->signature = g_bytes_ref (metadata->signature);
  return manifest;
}

/* chunk: scratch, as of cantiga_sealed_read_chunk(). */
static gboolean
verify_chunk (CantigaSealed *sealed, guint64 index, const guint8 *leaves, guint8 *chunk, GError **error)
{
  guint8 leaf[CANTIGA_HASH_LENGTH];
  gsize length;

  if (!cantiga_sealed_read_chunk (sealed, index, chunk, &length, error))
    return FALSE;
  cantiga_merkle_leaf (index, chunk, length, leaf);
  cantiga_wipe (chunk, length);
  if (!cantiga_bytes_equal (leaf, leaves + index * sizeof leaf, sizeof leaf))
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "Chunk %" G_GUINT64_FORMAT " does not have its leaf: add the title again.", index);
  return TRUE;
}

static gboolean
verify_cover (CantigaSealed *sealed, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (GBytes) cover = cantiga_sealed_read_cover (sealed, &reason);

  if (reason == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

gboolean
cantiga_sealed_verify (CantigaSealed *sealed, CantigaSealedProgress progress, gpointer user_data, GError **error)
{
  g_autoptr (GBytes) leaves = read_leaves (sealed, error);
  g_autofree guint8 *chunk = g_malloc (CANTIGA_CHUNK_SIZE + CANTIGA_SEALED_TAG);

  if (leaves == NULL || !verify_cover (sealed, error))
    return FALSE;
  for (guint64 index = 0; index < sealed->header.chunks; index++)
    {
      if (!verify_chunk (sealed, index, g_bytes_get_data (leaves, NULL), chunk, error))
        return FALSE;
      if (progress != NULL && !progress (index + 1, sealed->header.chunks, user_data))
        {
          g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The check was stopped.");
          return FALSE;
        }
    }
  return TRUE;
}
