/* A sealed file: what opens is read to its end. What begins like JSON is sealed as the metadata of a file that is right in all else: only who has the master key could write it. */
#include "tests/fuzz/fuzz.h"

#include "core/kdf.h"
#include "core/sealed-layout.h"

#define CHUNK 262144

static void
read_all (CantigaSealed *sealed)
{
  g_autofree guint8 *chunk = g_malloc (CHUNK + 16);
  g_autoptr (GBytes) cover = cantiga_sealed_read_cover (sealed, NULL);
  g_autoptr (CantigaMerkle) merkle = cantiga_sealed_read_merkle (sealed, NULL);
  gsize length;

  for (guint64 i = 0; i < MIN (cantiga_sealed_get_chunks (sealed), 4); i++)
    if (cantiga_sealed_read_chunk (sealed, i, chunk, &length, NULL))
      g_assert_cmpuint (length, ==, cantiga_sealed_get_chunk_length (sealed, i));
  (void)!cantiga_sealed_verify (sealed, NULL, NULL, NULL);
}

static const guint8 song[] = "a song";

/* The file's bytes: header, one chunk, its metadata, its leaf. */
static GByteArray *
seal_around (CantigaSecret *master, GBytes *metadata)
{
  const CantigaId title = { { 1 } };
  g_autoptr (GBytes) leaves = NULL;
  GBytes *texts[CANTIGA_N_SECTIONS] = { metadata, NULL, NULL };
  guint32 lengths[CANTIGA_N_SECTIONS] = { 0 };
  CantigaSealedHeader header;
  CantigaSealedKeys keys = { 0 };
  guint8 leaf[CANTIGA_HASH_LENGTH], chunk[sizeof song + CANTIGA_SEALED_TAG];
  GByteArray *file = g_byte_array_new ();

  cantiga_merkle_leaf (0, song, sizeof song, leaf);
  leaves = texts[CANTIGA_SECTION_LEAVES] = g_bytes_new (leaf, sizeof leaf);
  for (guint i = 0; i < CANTIGA_N_SECTIONS; i++)
    lengths[i] = texts[i] != NULL ? (guint32)g_bytes_get_size (texts[i]) + CANTIGA_SEALED_SECTION_AROUND : 0;
  g_assert_true (cantiga_sealed_header_create (&header, &title, sizeof song, master, &keys, NULL));
  cantiga_sealed_header_set_sections (&header, lengths);
  g_assert_true (cantiga_sealed_chunk_seal (&header, &keys, 0, song, sizeof song, chunk, NULL));
  g_byte_array_append (file, header.bytes, sizeof header.bytes);
  g_byte_array_append (file, chunk, sizeof chunk);
  for (guint i = 0; i < CANTIGA_N_SECTIONS; i++)
    {
      g_autoptr (GBytes) sealed = texts[i] != NULL ? cantiga_sealed_section_seal (&header, &keys, i, texts[i], NULL) : NULL;

      if (sealed != NULL)
        g_byte_array_append (file, g_bytes_get_data (sealed, NULL), (guint)g_bytes_get_size (sealed));
    }
  cantiga_sealed_keys_clear (&keys);
  return file;
}

static void
read_file (CantigaSecret *master, const guint8 *bytes, gsize length)
{
  char path[64];
  int file = fuzz_file_open (bytes, length, path);
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSealed) sealed = cantiga_sealed_open (path, master, &error);

  if (sealed != NULL)
    read_all (sealed);
  else
    g_assert_nonnull (error);
  fuzz_file_close (file);
}

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  g_autoptr (CantigaSecret) master = NULL;
  guint8 key[32];

  for (guint i = 0; i < sizeof key; i++)
    key[i] = (guint8)i;
  master = cantiga_secret_new_copy (key, sizeof key);
  if (length > 0 && bytes[0] == '{')
    {
      g_autoptr (GBytes) metadata = g_bytes_new (bytes, length);
      g_autoptr (GByteArray) file = seal_around (master, metadata);

      read_file (master, file->data, file->len);
    }
  else
    read_file (master, bytes, length);
  return 0;
}
