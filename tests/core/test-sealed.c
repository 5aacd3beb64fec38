#include "tests/core/sealed-fixture.h"

#include <sys/stat.h>

#include "core/aead.h"
#include "core/kdf.h"

#define DAMAGED_SIZE (2 * (gsize)CHUNK + 5)
#define HEADER CANTIGA_SEALED_HEADER

/* ---- round trip ---- */

static void
assert_reads (CantigaSealed *sealed, const guint8 *media, gsize size)
{
  g_autofree guint8 *chunk = g_malloc (CHUNK + TAG);
  guint64 chunks = cantiga_sealed_get_chunks (sealed);

  g_assert_cmpuint (cantiga_sealed_get_size (sealed), ==, size);
  g_assert_cmpuint (chunks, ==, (size + CHUNK - 1) / CHUNK);
  /* Backwards: any chunk at any time. */
  for (guint64 index = chunks; index-- > 0;)
    {
      g_autoptr (GError) error = NULL;
      gsize length = 0;

      g_assert_true (cantiga_sealed_read_chunk (sealed, index, chunk, &length, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (length, ==, cantiga_sealed_get_chunk_length (sealed, index));
      g_assert_cmpmem (chunk, length, media + index * CHUNK, MIN (CHUNK, size - index * CHUNK));
    }
}

static void
test_round_trip (Fixture *fixture, gconstpointer unused)
{
  static const gsize sizes[] = { 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 1 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree guint8 *media = make_media (sizes[i]);
      g_autofree char *path = seal_title (fixture, (guint8)i, sizes[i]);
      g_autoptr (CantigaSealed) sealed = open_title (fixture, path);
      const CantigaId title = title_of ((guint8)i);

      g_assert_true (cantiga_id_equal (cantiga_sealed_get_title (sealed), &title));
      assert_reads (sealed, media, sizes[i]);
      g_assert_true (cantiga_sealed_verify (sealed, NULL, NULL, &error));
      g_assert_no_error (error);
    }
}

static void
test_metadata (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = seal_title (fixture, 1, 10);
  g_autoptr (CantigaSealed) sealed = open_title (fixture, path);
  const CantigaMetadata *metadata = cantiga_sealed_get_metadata (sealed);

  g_assert_cmpstr (metadata->name, ==, MARKER "Como poden per sas culpas");
  g_assert_cmpstr (metadata->artist, ==, "Afonso X");
  g_assert_cmpstr (metadata->album, ==, "");
  g_assert_cmpstr (metadata->type, ==, "audio/flac");
  g_assert_cmpstr (metadata->cover_type, ==, "image/png");
  g_assert_cmpuint (metadata->track, ==, 166);
  g_assert_cmpuint (metadata->year, ==, 0);
  g_assert_cmpfloat (metadata->duration, ==, 183.25);
  g_assert_true (metadata->exportable);
  g_assert_nonnull (metadata->signature);
}

static void
test_cover (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = seal_title (fixture, 1, 10);
  g_autoptr (CantigaSealed) sealed = open_title (fixture, path);
  g_autoptr (GBytes) cover = cantiga_sealed_read_cover (sealed, &error);
  g_autoptr (GBytes) expected = make_cover ();

  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (cover, expected));
}

/* Leaves, root and signature of the file are those of the media. */
static void
test_manifest (Fixture *fixture, gconstpointer unused)
{
  const gsize size = 2 * CHUNK + 77;
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *media = make_media (size);
  g_autofree char *path = seal_title (fixture, 1, size);
  g_autoptr (CantigaSealed) sealed = open_title (fixture, path);
  g_autoptr (CantigaManifest) manifest = cantiga_sealed_dup_manifest (sealed);
  g_autoptr (CantigaMerkle) merkle = cantiga_sealed_read_merkle (sealed, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (manifest->size, ==, size);
  g_assert_cmpstr (manifest->type, ==, "audio/flac");
  for (guint64 index = 0; index < 3; index++)
    {
      guint8 leaf[32], path_up[CANTIGA_MERKLE_PATH_MAX * 32];
      guint n = cantiga_merkle_path (merkle, index, path_up);

      cantiga_merkle_leaf (index, media + index * CHUNK, MIN (CHUNK, size - index * CHUNK), leaf);
      g_assert_true (cantiga_merkle_verify (manifest->root, 3, index, leaf, path_up, n, &error));
    }
  g_assert_no_error (error);
}

/* A file that tests/vectors/make-sealed.py wrote, which shares no code with us. */
static void
test_other_writer (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "vectors", "sealed.cantiga", NULL);
  g_autofree guint8 *media = g_malloc (CHUNK + 1000);
  g_autoptr (CantigaSealed) sealed = open_title (fixture, path);
  g_autoptr (GBytes) cover = cantiga_sealed_read_cover (sealed, &error);

  for (guint i = 0; i < 1000; i++)
    media[i] = (guint8)(i * 7);
  assert_reads (sealed, media, 1000);
  g_assert_true (cantiga_sealed_verify (sealed, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (cantiga_sealed_get_metadata (sealed)->name, ==, "Rosa das rosas");
  g_assert_cmpmem (g_bytes_get_data (cover, NULL), g_bytes_get_size (cover), "not really a picture", 20);
}

/* "nonce = 7 zero bytes, u32 index, u8 last" (docs/protocol.md 13.1), with more than one chunk. */
static void
test_chunk_bytes (Fixture *fixture, gconstpointer unused)
{
  static const guint8 nonces[2][12] = { { 0 }, { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1 } };
  static const guint8 ad[] = "\0\0\0\x17"
                             "cantiga/1 chunk at rest\0\0\0\x10\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01";
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *media = make_media (CHUNK + 5);
  g_autofree guint8 *text = g_malloc (CHUNK);
  g_autofree char *path = seal_title (fixture, 1, CHUNK + 5);
  g_autofree char *file = NULL;
  CantigaSealedHeader header;
  CantigaSealedKeys keys;
  gsize length;

  g_assert_true (g_file_get_contents (path, &file, &length, &error));
  g_assert_cmpuint (length, >, HEADER + CHUNK + 5 + 2 * TAG);
  g_assert_true (cantiga_sealed_header_decode ((guint8 *)file, length, &header, &error));
  g_assert_true (cantiga_sealed_header_open_keys (&header, fixture->master, &keys, &error));
  g_assert_true (cantiga_gcm_open (&keys.chunks, nonces[0], ad, sizeof ad - 1, (guint8 *)file + HEADER, CHUNK + TAG, text, &error));
  g_assert_cmpmem (text, CHUNK, media, CHUNK);
  g_assert_true (cantiga_gcm_open (&keys.chunks, nonces[1], ad, sizeof ad - 1, (guint8 *)file + HEADER + CHUNK + TAG, 5 + TAG, text, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (text, 5, media + CHUNK, 5);
  cantiga_sealed_keys_clear (&keys);
}

/* ---- what is refused ---- */

static void
assert_damaged (CantigaSealed *sealed, const GError *open_error)
{
  g_autoptr (GError) error = NULL;

  if (sealed == NULL)
    {
      g_assert_error (open_error, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED);
      return;
    }
  g_assert_false (cantiga_sealed_verify (sealed, NULL, NULL, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED);
}

/* Such a file does not open, or opens and does not verify. */
static void
refuse_file (Fixture *fixture, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSealed) sealed = cantiga_sealed_open (path, fixture->master, &error);

  assert_damaged (sealed, error);
}

static void
write_file (const char *path, gconstpointer bytes, gsize length)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, bytes, (gssize)length, &error));
  g_assert_no_error (error);
}

static guint8 *
read_file (const char *path, gsize *length)
{
  g_autoptr (GError) error = NULL;
  char *bytes;

  g_assert_true (g_file_get_contents (path, &bytes, length, &error));
  g_assert_no_error (error);
  return (guint8 *)bytes;
}

static void
flip (const char *path, gsize offset, guint8 bits)
{
  FILE *file = g_fopen (path, "r+");
  int byte;

  g_assert_nonnull (file);
  g_assert_cmpint (fseek (file, (long)offset, SEEK_SET), ==, 0);
  byte = fgetc (file);
  g_assert_cmpint (byte, !=, EOF);
  g_assert_cmpint (fseek (file, (long)offset, SEEK_SET), ==, 0);
  g_assert_cmpint (fputc (byte ^ bits, file), !=, EOF);
  g_assert_cmpint (fclose (file), ==, 0);
}

static void
refuse_flipped (Fixture *fixture, const char *path, gsize offset, guint8 bits)
{
  flip (path, offset, bits);
  refuse_file (fixture, path);
  flip (path, offset, bits);
}

static void
test_cut (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = seal_title (fixture, 1, DAMAGED_SIZE);
  gsize length;
  g_autofree guint8 *file = read_file (path, &length);
  /* clang-format off */
  const gsize lengths[] = {
    0, 1, 8, 36, 96, 127, HEADER, HEADER + 1, HEADER + CHUNK, HEADER + CHUNK + TAG - 1, HEADER + CHUNK + TAG, HEADER + CHUNK + TAG + 1,
    HEADER + 2 * (CHUNK + TAG), HEADER + DAMAGED_SIZE + 3 * TAG, length / 2, length - 29, length - 2, length - 1,
  };
  /* clang-format on */

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_test_message ("length %zu of %zu", lengths[i], length);
      write_file (path, file, lengths[i]);
      refuse_file (fixture, path);
    }
}

static void
test_longer (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = seal_title (fixture, 1, DAMAGED_SIZE);
  gsize length;
  g_autofree guint8 *file = read_file (path, &length);

  file = g_realloc (file, length + 1);
  file[length] = 0;
  write_file (path, file, length + 1);
  refuse_file (fixture, path);
}

static void
test_header_bits (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = seal_title (fixture, 1, 100);

  for (gsize offset = 0; offset < HEADER; offset++)
    for (guint bit = 0; bit < 8; bit++)
      refuse_flipped (fixture, path, offset, (guint8)(1u << bit));
}

/* Metadata, cover and leaves, every byte. */
static void
test_section_bits (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = seal_title (fixture, 1, 100);
  gsize length;
  g_autofree guint8 *file = read_file (path, &length);

  for (gsize offset = HEADER + 100 + TAG; offset < length; offset++)
    refuse_flipped (fixture, path, offset, 0x04);
}

static void
test_chunk_bits (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = seal_title (fixture, 1, DAMAGED_SIZE);
  const gsize second = HEADER + CHUNK + TAG, third = second + CHUNK + TAG;
  const gsize offsets[]
      = { HEADER,    HEADER + 1, HEADER + CHUNK / 2, HEADER + CHUNK - 1, HEADER + CHUNK,     second - 1, second, second + 4097, second + CHUNK,
          third - 1, third,      third + 4,          third + 5,          third + 5 + TAG - 1 };

  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++)
    refuse_flipped (fixture, path, offsets[i], 0x80);
}

/* The damage of one chunk is the loss of one chunk, and nothing of it comes out. */
static void
test_one_chunk (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = seal_title (fixture, 1, DAMAGED_SIZE);
  g_autofree guint8 *chunk = g_malloc0 (CHUNK + TAG);
  g_autoptr (CantigaSealed) sealed = NULL;
  gsize length = 42;

  flip (path, HEADER + CHUNK + TAG + 99, 1);
  sealed = open_title (fixture, path);
  g_assert_false (cantiga_sealed_read_chunk (sealed, 1, chunk, &length, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED);
  g_assert_nonnull (strstr (error->message, "Chunk 1 "));
  g_assert_cmpuint (length, ==, 42);
  g_assert_null (g_strstr_len ((char *)chunk, CHUNK, "marker"));
  g_clear_error (&error);
  g_assert_true (cantiga_sealed_read_chunk (sealed, 0, chunk, &length, &error));
  g_assert_true (cantiga_sealed_read_chunk (sealed, 2, chunk, &length, &error));
  g_assert_no_error (error);
}

static void
test_no_such_chunk (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = seal_title (fixture, 1, DAMAGED_SIZE);
  g_autofree guint8 *chunk = g_malloc0 (CHUNK + TAG);
  g_autoptr (CantigaSealed) sealed = open_title (fixture, path);
  const guint64 indexes[] = { 3, 4, G_MAXUINT32, (guint64)1 << 32, G_MAXUINT64 };

  for (guint i = 0; i < G_N_ELEMENTS (indexes); i++)
    {
      g_autoptr (GError) error = NULL;
      gsize length;

      g_assert_false (cantiga_sealed_read_chunk (sealed, indexes[i], chunk, &length, &error));
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
    }
}

static void
test_swapped (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = seal_title (fixture, 1, DAMAGED_SIZE);
  gsize length;
  g_autofree guint8 *file = read_file (path, &length);
  g_autofree guint8 *first = g_memdup2 (file + HEADER, CHUNK + TAG);

  memcpy (file + HEADER, file + HEADER + CHUNK + TAG, CHUNK + TAG);
  memcpy (file + HEADER + CHUNK + TAG, first, CHUNK + TAG);
  write_file (path, file, length);
  refuse_file (fixture, path);
}

/* Puts length bytes at offset of another file into the file of path. */
static void
graft (const char *path, const guint8 *other, gsize offset, gsize length)
{
  gsize file_length;
  g_autofree guint8 *file = read_file (path, &file_length);

  g_assert_cmpuint (offset + length, <=, file_length);
  memcpy (file + offset, other + offset, length);
  write_file (path, file, file_length);
}

/* Of another title, and of the same title sealed before: the same media, even. */
static void
test_grafted (Fixture *fixture, gconstpointer unused)
{
  const struct
  {
    guint8 donor;
    gsize offset, length;
  } cases[] = {
    { 2, HEADER, CHUNK + TAG },
    { 1, HEADER, CHUNK + TAG },
    { 2, HEADER + 2 * (CHUNK + TAG), 5 + TAG },
    { 1, HEADER + 2 * (CHUNK + TAG), 5 + TAG },
    { 2, HEADER + DAMAGED_SIZE + 3 * TAG, 60 },
    { 1, HEADER + DAMAGED_SIZE + 3 * TAG, 60 },
    { 2, 0, HEADER },
    { 1, 0, HEADER },
    { 2, 36, 60 },
    { 1, 36, 60 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *donor_path = seal_title (fixture, cases[i].donor, DAMAGED_SIZE);
      gsize length;
      g_autofree guint8 *donor = read_file (donor_path, &length);
      g_autofree char *path = seal_title (fixture, 1, DAMAGED_SIZE);

      graft (path, donor, cases[i].offset, cases[i].length);
      refuse_file (fixture, path);
    }
}

/* The whole sections of two files of the same lengths: they are bound to their own header. */
static void
test_sections_grafted (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *donor_path = seal_title (fixture, 2, DAMAGED_SIZE);
  g_autofree char *path = seal_title (fixture, 1, DAMAGED_SIZE);
  gsize length;
  g_autofree guint8 *donor = read_file (donor_path, &length);

  graft (path, donor, HEADER + DAMAGED_SIZE + 3 * TAG, length - (HEADER + DAMAGED_SIZE + 3 * TAG));
  refuse_file (fixture, path);
}

/* Cut out neatly, with a header that says so: two chunks, and the leaves of two. */
static void
test_last_chunk_dropped (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = seal_title (fixture, 1, DAMAGED_SIZE);
  const gsize third = HEADER + 2 * (CHUNK + TAG), dropped = 5 + TAG;
  gsize length;
  g_autofree guint8 *file = read_file (path, &length);

  memmove (file + third, file + third + dropped, length - third - dropped);
  cantiga_put_u64 (file + 28, 2 * CHUNK);
  cantiga_put_u32 (file + 104, 2 * 32 + 28);
  write_file (path, file, length - dropped - 32);
  refuse_file (fixture, path);
}

static void
test_other_master (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = seal_title (fixture, 1, 100);
  g_autoptr (CantigaSecret) other = cantiga_secret_new_random (32);
  g_autoptr (CantigaSecret) short_one = cantiga_secret_new_random (31);
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_sealed_open (path, other, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED);
  g_clear_error (&error);
  g_assert_null (cantiga_sealed_open (path, short_one, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
}

/* Sizes and lengths that lie: refused by the numbers alone, before anything is allocated for them. */
static void
test_lying_header (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    gsize offset;
    guint64 size;
    guint32 length;
  } cases[] = {
    { 28, 0, 0 },
    { 28, G_MAXUINT64, 0 },
    { 28, G_MAXINT64, 0 },
    { 28, (guint64)1 << 45, 0 },
    { 28, ((guint64)1 << 44) + 1, 0 },
    { 28, (guint64)1 << 44, 0 },
    { 28, 101, 0 },
    { 28, 99, 0 },
    { 24, 0, 0 },
    { 24, 0, 1 },
    { 24, 0, 262143 },
    { 24, 0, G_MAXUINT32 },
    { 96, 0, 0 },
    { 96, 0, 28 },
    { 96, 0, 65536 + 29 },
    { 96, 0, G_MAXUINT32 },
    { 100, 0, 1 },
    { 100, 0, 28 },
    { 100, 0, 4 * 1024 * 1024 + 29 },
    { 100, 0, G_MAXUINT32 },
    { 104, 0, 0 },
    { 104, 0, 28 },
    { 104, 0, 59 },
    { 104, 0, 92 },
    { 104, 0, G_MAXUINT32 },
  };
  g_autofree char *path = seal_title (fixture, 1, 100);
  gsize length;
  g_autofree guint8 *file = read_file (path, &length);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      guint8 bytes[HEADER];
      CantigaSealedHeader header;

      memcpy (bytes, file, HEADER);
      if (cases[i].offset == 28)
        cantiga_put_u64 (bytes + 28, cases[i].size);
      else
        cantiga_put_u32 (bytes + cases[i].offset, cases[i].length);
      g_assert_false (cantiga_sealed_header_decode (bytes, length, &header, &error));
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED);
    }
}

static void
test_not_files (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *missing = path_of (fixture, 9, ".cantiga");

  g_assert_null (cantiga_sealed_open (missing, fixture->master, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
  refuse_file (fixture, fixture->folder);
  refuse_file (fixture, "/dev/null");
  g_assert_cmpint (mkfifo (missing, 0600), ==, 0);
  refuse_file (fixture, missing);
}

/* A link that leads to itself is neither a sealed file nor none. */
static void
test_no_way (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = path_of (fixture, 9, ".cantiga");
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (symlink (path, path), ==, 0);
  g_assert_null (cantiga_sealed_open (path, fixture->master, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_LINKS);
}

/* A wrapped key is written into a sealed file that is there, and through no link. */
static void
test_put_wrapped (Fixture *fixture, gconstpointer unused)
{
  const guint8 wrapped[CANTIGA_WRAPPED_LENGTH] = { 1 };
  g_autofree char *path = path_of (fixture, 9, ".cantiga");
  g_autofree char *elsewhere = path_of (fixture, 8, ".cantiga");
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (cantiga_sealed_put_wrapped (path, wrapped, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (elsewhere, "elsewhere", -1, NULL));
  g_assert_cmpint (symlink (elsewhere, path), ==, 0);
  g_assert_false (cantiga_sealed_put_wrapped (path, wrapped, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_LINKS);
  g_assert_true (g_file_get_contents (elsewhere, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "elsewhere");
}

/* ---- use ---- */

static gboolean
stop_at_second (guint64 done, guint64 chunks, gpointer user_data)
{
  guint64 *seen = user_data;

  g_assert_cmpuint (done, ==, *seen + 1);
  g_assert_cmpuint (chunks, ==, 3);
  *seen = done;
  return done < 2;
}

static void
test_progress (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = seal_title (fixture, 1, DAMAGED_SIZE);
  g_autoptr (CantigaSealed) sealed = open_title (fixture, path);
  guint64 seen = 0;

  g_assert_false (cantiga_sealed_verify (sealed, stop_at_second, &seen, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (seen, ==, 2);
}

static gpointer
read_often (gpointer user_data)
{
  CantigaSealed *sealed = user_data;
  g_autofree guint8 *media = make_media (DAMAGED_SIZE);

  for (guint turn = 0; turn < 20; turn++)
    assert_reads (sealed, media, DAMAGED_SIZE);
  cantiga_sealed_unref (sealed);
  return NULL;
}

static void
test_threads (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = seal_title (fixture, 1, DAMAGED_SIZE);
  CantigaSealed *sealed = open_title (fixture, path);
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("reader", read_often, cantiga_sealed_ref (sealed));
  cantiga_sealed_unref (sealed);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

/* Computed by tests/vectors/make-sealed.py: the master key is 0, 1, … 31, the hash that of "a file". */
static void
test_title_id (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSecret) id_key = cantiga_id_key_new (fixture->master, &error);
  guint8 hash[32];
  CantigaId id;
  char text[CANTIGA_ID_TEXT_LENGTH];

  cantiga_sha256 ("a file", 6, hash);
  g_assert_true (cantiga_title_id (id_key, hash, &id, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (cantiga_id_format (&id, text), ==, "39794dd924082c0da76f6372ed21296d");
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/sealed/comes-back-at-every-size", test_round_trip);
  ADD ("/sealed/keeps-its-metadata", test_metadata);
  ADD ("/sealed/keeps-its-cover", test_cover);
  ADD ("/sealed/keeps-leaves-that-lead-to-the-root", test_manifest);
  ADD ("/sealed/opens-what-another-program-wrote", test_other_writer);
  ADD ("/sealed/seals-chunks-as-13.1-says", test_chunk_bytes);
  ADD ("/sealed/refuses-a-file-cut-short", test_cut);
  ADD ("/sealed/refuses-a-file-that-grew", test_longer);
  ADD ("/sealed/refuses-any-bit-of-the-header-flipped", test_header_bits);
  ADD ("/sealed/refuses-any-byte-of-a-section-changed", test_section_bits);
  ADD ("/sealed/refuses-a-flipped-bit-of-a-chunk", test_chunk_bits);
  ADD ("/sealed/loses-only-the-chunk-that-is-damaged", test_one_chunk);
  ADD ("/sealed/refuses-a-chunk-that-is-not-there", test_no_such_chunk);
  ADD ("/sealed/refuses-chunks-swapped", test_swapped);
  ADD ("/sealed/refuses-parts-of-another-file", test_grafted);
  ADD ("/sealed/refuses-the-sections-of-another-title", test_sections_grafted);
  ADD ("/sealed/refuses-the-last-chunk-dropped", test_last_chunk_dropped);
  ADD ("/sealed/refuses-another-master-key", test_other_master);
  ADD ("/sealed/refuses-a-header-that-lies", test_lying_header);
  ADD ("/sealed/refuses-what-is-not-a-file", test_not_files);
  ADD ("/sealed/says-why-a-file-cannot-be-opened", test_no_way);
  ADD ("/sealed/writes-a-wrapped-key-through-no-link", test_put_wrapped);
  ADD ("/sealed/stops-its-check-when-told", test_progress);
  ADD ("/sealed/is-read-by-several-threads", test_threads);
  ADD ("/sealed/names-a-title-by-its-file", test_title_id);
  return g_test_run ();
}
