#include "core/sealed-layout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/kdf.h"

#define PART_ATTEMPTS 3

struct _CantigaSealedWriter
{
  int folder;
  int file;   /* the part file, locked; -1 once it was finished or given up */
  char *name; /* in the folder, as part_name */
  char *part_name;
  guint64 next; /* chunk */
  GByteArray *leaves;
  guint8 *sealed; /* one chunk */
  CantigaSealedHeader header;
  CantigaSealedKeys keys;
};

/* ---- the part file ---- */

/* Whether the name still leads to the open file. */
static gboolean
is_at (int folder, const char *name, int file)
{
  struct stat there, here;

  return fstatat (folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && fstat (file, &here) == 0 && there.st_dev == here.st_dev
         && there.st_ino == here.st_ino;
}

/* Who holds the lock of a part file is its writer; the lock goes with the process, however it ends. */
static gboolean
lock (int file, GError **error)
{
  if (flock (file, LOCK_EX | LOCK_NB) == 0)
    return TRUE;
  if (errno == EWOULDBLOCK)
    return cantiga_fail_with (error, CANTIGA_ERROR_BUSY, "The same title is being added just now: wait until that is done.");
  return cantiga_sealed_fail_errno (error, errno, "locking a part file");
}

/* A part file that nobody has locked was left behind by a writer that was killed. */
static gboolean
remove_left_behind (int folder, const char *name, GError **error)
{
  int file = openat (folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  gboolean removed;

  if (file < 0)
    return errno == ENOENT || cantiga_sealed_fail_errno (error, errno, "opening the part file that was left behind");
  removed = lock (file, error);
  if (removed && is_at (folder, name, file) && unlinkat (folder, name, 0) != 0)
    removed = cantiga_sealed_fail_errno (error, errno, "removing the part file that was left behind");
  close (file);
  return removed;
}

/* Between making and locking it another writer may take the new file for one left behind: then that writer has won, or the next attempt does. */
static int
create_part (int folder, const char *name, GError **error)
{
  for (guint attempt = 0; attempt < PART_ATTEMPTS; attempt++)
    {
      int file = openat (folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

      if (file >= 0)
        {
          gboolean locked = lock (file, error);

          if (locked && is_at (folder, name, file))
            return file;
          close (file);
          if (!locked)
            return -1;
        }
      else if (errno != EEXIST)
        {
          cantiga_sealed_fail_errno (error, errno, "making a part file");
          return -1;
        }
      else if (!remove_left_behind (folder, name, error))
        return -1;
    }
  cantiga_fail_with (error, CANTIGA_ERROR_BUSY, "The same title is being added just now: wait until that is done.");
  return -1;
}

static void
give_up (CantigaSealedWriter *writer)
{
  if (writer->file < 0)
    return;
  unlinkat (writer->folder, writer->part_name, 0);
  close (writer->file);
  writer->file = -1;
}

/* Ends a function of the writer that failed: the part file goes at once. */
static gboolean
fail_and_give_up (CantigaSealedWriter *writer)
{
  give_up (writer);
  return FALSE;
}

static gboolean
write_at (int file, guint64 offset, gconstpointer bytes, gsize length, GError **error)
{
  const guint8 *at = bytes;

  while (length > 0)
    {
      gssize put = pwrite (file, at, length, (off_t)offset);

      if (put < 0 && errno == EINTR)
        continue;
      if (put <= 0)
        return cantiga_sealed_fail_errno (error, put < 0 ? errno : ENOSPC, "writing a sealed file");
      at += put;
      offset += (guint64)put;
      length -= (gsize)put;
    }
  return TRUE;
}

/* ---- beginning ---- */

static gboolean
open_part (CantigaSealedWriter *writer, const char *folder, GError **error)
{
  writer->folder = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (writer->folder < 0)
    return cantiga_sealed_fail_errno (error, errno, "opening the folder of sealed files");
  writer->file = create_part (writer->folder, writer->part_name, error);
  return writer->file >= 0;
}

CantigaSealedWriter *
cantiga_sealed_writer_new (const char *folder, const CantigaId *title, guint64 size, CantigaSecret *master, GError **error)
{
  g_autoptr (CantigaSealedWriter) writer = g_new0 (CantigaSealedWriter, 1);
  char id[CANTIGA_ID_TEXT_LENGTH];

  writer->folder = writer->file = -1;
  writer->name = g_strconcat (cantiga_id_format (title, id), ".cantiga", NULL);
  writer->part_name = g_strconcat (writer->name, ".part", NULL);
  writer->leaves = g_byte_array_new ();
  writer->sealed = g_malloc (CANTIGA_CHUNK_SIZE + CANTIGA_SEALED_TAG);
  if (size < 1)
    cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "The file is empty.");
  else if (size > (guint64)CANTIGA_CHUNKS_MAX * CANTIGA_CHUNK_SIZE)
    cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "The file is larger than a title can be (16 TiB).");
  else if (cantiga_sealed_header_create (&writer->header, title, size, master, &writer->keys, error) && open_part (writer, folder, error))
    return g_steal_pointer (&writer);
  return NULL;
}

void
cantiga_sealed_writer_free (CantigaSealedWriter *writer)
{
  if (writer == NULL)
    return;
  give_up (writer);
  if (writer->folder >= 0)
    close (writer->folder);
  g_free (writer->name);
  g_free (writer->part_name);
  g_byte_array_unref (writer->leaves);
  g_free (writer->sealed);
  cantiga_sealed_keys_clear (&writer->keys);
  g_free (writer);
}

/* ---- chunks ---- */

static gboolean
check_open (CantigaSealedWriter *writer, GError **error)
{
  return writer->file >= 0 || cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "The sealed file was finished or given up before.");
}

/* What is read may have changed since its size was asked for. */
static gboolean
fail_changed (GError **error)
{
  return cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "The file grew or shrank while it was read: add it again.");
}

static gboolean
check_length (CantigaSealedWriter *writer, gsize length, GError **error)
{
  if (writer->next < writer->header.chunks && length == cantiga_sealed_chunk_length (&writer->header, writer->next))
    return TRUE;
  return fail_changed (error);
}

gboolean
cantiga_sealed_writer_add (CantigaSealedWriter *writer, gconstpointer chunk, gsize length, GError **error)
{
  guint8 leaf[CANTIGA_HASH_LENGTH];

  if (!check_open (writer, error))
    return FALSE;
  if (!check_length (writer, length, error)
      || !cantiga_sealed_chunk_seal (&writer->header, &writer->keys, writer->next, chunk, length, writer->sealed, error)
      || !write_at (writer->file, cantiga_sealed_chunk_offset (writer->next), writer->sealed, length + CANTIGA_SEALED_TAG, error))
    return fail_and_give_up (writer);
  cantiga_merkle_leaf (writer->next, chunk, length, leaf);
  g_byte_array_append (writer->leaves, leaf, sizeof leaf);
  writer->next++;
  return TRUE;
}

/* ---- the end ---- */

/* Root and signature of the manifest into metadata. */
static gboolean
sign_manifest (CantigaSealedWriter *writer, CantigaMetadata *metadata, EVP_PKEY *publisher, GError **error)
{
  g_autoptr (CantigaManifest) manifest = NULL;

  cantiga_merkle_root (writer->leaves->data, writer->header.chunks, metadata->root);
  manifest = cantiga_manifest_new (&writer->header.title, writer->header.size, metadata->type, CANTIGA_CHUNK_SIZE, metadata->root);
  if (!cantiga_manifest_sign (manifest, publisher, NULL, error))
    return FALSE;
  g_clear_pointer (&metadata->signature, g_bytes_unref);
  metadata->signature = g_bytes_ref (manifest->signature);
  return TRUE;
}

static gboolean
check_cover (GBytes *cover, const CantigaMetadata *metadata, GError **error)
{
  if ((cover != NULL) != (*metadata->cover_type != '\0'))
    return cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "The title has a cover without a type, or a type without a cover.");
  if (cover != NULL && (g_bytes_get_size (cover) == 0 || g_bytes_get_size (cover) > CANTIGA_COVER_MAX))
    return cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "The title's cover is empty, or larger than 4 MiB.");
  return TRUE;
}

/* The section's text. What would not be read again is not written: metadata that is refused says here what is wrong with it. */
static GBytes *
format_metadata (const CantigaMetadata *metadata, GError **error)
{
  g_autoptr (JsonObject) object = cantiga_metadata_encode (metadata);
  g_autoptr (GBytes) text = cantiga_json_format (object);
  g_autoptr (JsonObject) again = cantiga_json_parse (g_bytes_get_data (text, NULL), g_bytes_get_size (text), error);
  g_autoptr (CantigaMetadata) decoded = again != NULL ? cantiga_metadata_decode (again, error) : NULL;

  if (decoded == NULL)
    return NULL;
  g_assert (g_bytes_get_size (text) <= CANTIGA_SEALED_METADATA_MAX);
  return g_steal_pointer (&text);
}

static void
set_sections (CantigaSealedWriter *writer, GBytes *const texts[CANTIGA_N_SECTIONS])
{
  guint32 lengths[CANTIGA_N_SECTIONS];

  for (guint section = 0; section < CANTIGA_N_SECTIONS; section++)
    lengths[section] = texts[section] != NULL ? (guint32)g_bytes_get_size (texts[section]) + CANTIGA_SEALED_SECTION_AROUND : 0;
  cantiga_sealed_header_set_sections (&writer->header, lengths);
}

/* Sections and header; the sections are bound to the whole header, so their lengths come first. */
static gboolean
write_sections (CantigaSealedWriter *writer, GBytes *const texts[CANTIGA_N_SECTIONS], GError **error)
{
  set_sections (writer, texts);
  for (guint section = 0; section < CANTIGA_N_SECTIONS; section++)
    {
      g_autoptr (GBytes) sealed = NULL;

      if (texts[section] == NULL)
        continue;
      sealed = cantiga_sealed_section_seal (&writer->header, &writer->keys, section, texts[section], error);
      if (sealed == NULL
          || !write_at (writer->file, cantiga_sealed_section_offset (&writer->header, section), g_bytes_get_data (sealed, NULL),
                        g_bytes_get_size (sealed), error))
        return FALSE;
    }
  return write_at (writer->file, 0, writer->header.bytes, sizeof writer->header.bytes, error);
}

/* docs/protocol.md 13.3: fsync, rename, fsync of the folder. */
static gboolean
put_in_place (CantigaSealedWriter *writer, GError **error)
{
  if (fsync (writer->file) != 0)
    return cantiga_sealed_fail_errno (error, errno, "writing a sealed file to the disk");
  if (renameat (writer->folder, writer->part_name, writer->folder, writer->name) != 0)
    return cantiga_sealed_fail_errno (error, errno, "naming a sealed file");
  close (writer->file);
  writer->file = -1;
  if (fsync (writer->folder) != 0)
    return cantiga_sealed_fail_errno (error, errno, "writing the folder of sealed files to the disk");
  return TRUE;
}

static gboolean
finish (CantigaSealedWriter *writer, CantigaMetadata *metadata, GBytes *cover, EVP_PKEY *publisher, GError **error)
{
  g_autoptr (GBytes) metadata_text = NULL;
  g_autoptr (GBytes) leaves = NULL;
  GBytes *texts[CANTIGA_N_SECTIONS] = { NULL };

  if (writer->next != writer->header.chunks)
    return fail_changed (error);
  if (!check_cover (cover, metadata, error) || !sign_manifest (writer, metadata, publisher, error)
      || (metadata_text = format_metadata (metadata, error)) == NULL)
    return FALSE;
  leaves = g_bytes_new (writer->leaves->data, writer->leaves->len);
  texts[CANTIGA_SECTION_METADATA] = metadata_text;
  texts[CANTIGA_SECTION_COVER] = cover;
  texts[CANTIGA_SECTION_LEAVES] = leaves;
  return write_sections (writer, texts, error) && put_in_place (writer, error);
}

gboolean
cantiga_sealed_writer_finish (CantigaSealedWriter *writer, CantigaMetadata *metadata, GBytes *cover, EVP_PKEY *publisher, GError **error)
{
  g_autoptr (CantigaMetadata) complete = cantiga_metadata_copy (metadata);

  if (!check_open (writer, error))
    return FALSE;
  if (!finish (writer, complete, cover, publisher, error))
    return fail_and_give_up (writer);
  memcpy (metadata->root, complete->root, sizeof metadata->root);
  g_clear_pointer (&metadata->signature, g_bytes_unref);
  metadata->signature = g_steal_pointer (&complete->signature);
  return TRUE;
}

/* ---- another master key (docs/protocol.md 13.6) ---- */

gboolean
cantiga_sealed_put_wrapped (const char *path, const guint8 wrapped[CANTIGA_WRAPPED_LENGTH], GError **error)
{
  int file = open (path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
  gboolean put;

  if (file < 0 && errno == ENOENT)
    return cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "There is no such sealed file.");
  if (file < 0)
    return cantiga_sealed_fail_errno (error, errno, "opening a sealed file");
  put = write_at (file, CANTIGA_SEALED_AT_WRAPPED, wrapped, CANTIGA_WRAPPED_LENGTH, error);
  if (put && fsync (file) != 0)
    put = cantiga_sealed_fail_errno (error, errno, "writing a sealed file to the disk");
  close (file);
  return put;
}
