/* A sealed file: what opens is read to its end. */
#include "tests/fuzz/fuzz.h"

#include "core/sealed.h"

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

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  g_autoptr (CantigaSecret) master = NULL;
  g_autoptr (CantigaSealed) sealed = NULL;
  g_autoptr (GError) error = NULL;
  guint8 key[32];
  char path[64];
  int file;

  for (guint i = 0; i < sizeof key; i++)
    key[i] = (guint8)i;
  master = cantiga_secret_new_copy (key, sizeof key);
  file = fuzz_file_open (bytes, length, path);
  sealed = cantiga_sealed_open (path, master, &error);
  if (sealed != NULL)
    read_all (sealed);
  else
    g_assert_nonnull (error);
  fuzz_file_close (file);
  return 0;
}
