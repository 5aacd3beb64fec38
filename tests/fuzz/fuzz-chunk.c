/* A chunk's text (docs/protocol.md 10.3) after two bytes: how many chunks the title has, and which one this is; odd: the last, which is as long as what stands behind the path. Nothing but the
 * true chunk may pass, and that does. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/kdf.h"
#include "core/manifest.h"

#define CHUNK 262144
#define HASH CANTIGA_HASH_LENGTH

static CantigaManifest *
manifest_new (gsize chunks, gsize last, const guint8 *root)
{
  const CantigaId title = { { 1 } };

  return cantiga_manifest_new (&title, (guint64)(chunks - 1) * CHUNK + last, "audio/ogg", CHUNK, root);
}

static gboolean
passes (const CantigaManifest *manifest, gsize index, const guint8 *bytes, gsize length)
{
  g_autoptr (GBytes) text = g_bytes_new (bytes, length);
  g_autoptr (GError) error = NULL;
  const guint8 *chunk;
  gsize chunk_length;
  gboolean passed = cantiga_manifest_check_chunk (manifest, index, text, &chunk, &chunk_length, &error);

  g_assert_true (passed == (error == NULL));
  return passed;
}

/* The last chunk of a title with its true path, and then with one bit turned. */
static void
try_true (gsize chunks, const guint8 *chunk, gsize length)
{
  g_autofree guint8 *leaves = g_malloc0 (chunks * HASH);
  g_autofree guint8 *text = g_malloc (1 + CANTIGA_MERKLE_PATH_MAX * HASH + length);
  g_autoptr (CantigaMerkle) merkle = NULL;
  g_autoptr (CantigaManifest) manifest = NULL;
  guint8 root[HASH];
  gsize whole;

  for (gsize i = 0; i < chunks; i++)
    leaves[i * HASH] = (guint8)i;
  cantiga_merkle_leaf (chunks - 1, chunk, length, leaves + (chunks - 1) * HASH);
  merkle = cantiga_merkle_new (leaves, chunks);
  cantiga_merkle_root (leaves, chunks, root);
  text[0] = (guint8)cantiga_merkle_path (merkle, chunks - 1, text + 1);
  memcpy (text + 1 + text[0] * HASH, chunk, length);
  whole = 1 + (gsize)text[0] * HASH + length;
  manifest = manifest_new (chunks, length, root);
  g_assert_true (passes (manifest, chunks - 1, text, whole));
  text[chunk[0] % whole] ^= (guint8)(1 << (length & 7));
  g_assert_false (passes (manifest, chunks - 1, text, whole));
}

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  static const guint8 root[HASH] = "a root that nothing leads to...";
  g_autoptr (CantigaManifest) manifest = NULL;
  gsize chunks, behind, last;

  if (length < 3)
    return 0;
  chunks = (bytes[0] & 63) + 1;
  behind = 3 + (gsize)bytes[2] * HASH;
  last = behind < length ? length - behind : 1;
  manifest = manifest_new (chunks, last, root);
  g_assert_false (passes (manifest, (bytes[1] & 1) != 0 ? chunks - 1 : (bytes[1] >> 1) % chunks, bytes + 2, length - 2));
  if (behind < length)
    try_true (chunks, bytes + behind, last);
  return 0;
}
