/* A sealed file: what opens is read to its end. What begins like JSON is sealed as the metadata of a file that is right in all else: only who has the master key could write it. */
#include "tests/fuzz/fuzz.h"

#include "tests/core/sealed-made.h"

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
      g_autoptr (GByteArray) file = NULL;
      guint8 leaf[CANTIGA_HASH_LENGTH];

      cantiga_merkle_leaf (0, song, sizeof song, leaf);
      file = sealed_made (master, song, sizeof song, leaf, metadata);
      read_file (master, file->data, file->len);
    }
  else
    read_file (master, bytes, length);
  return 0;
}
