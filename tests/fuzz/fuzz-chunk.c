/* A chunk's text (docs/protocol.md 10.3) after two bytes: how many chunks the title has, and which one this is. Nothing but the true chunk may pass. */
#include "tests/fuzz/fuzz.h"

#include "core/manifest.h"

#define CHUNK 262144

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  const CantigaId title = { { 1 } };
  static const guint8 root[32] = "a root that nothing leads to....";
  g_autoptr (CantigaManifest) manifest = NULL;
  g_autoptr (GBytes) text = NULL;
  g_autoptr (GError) error = NULL;
  const guint8 *chunk;
  gsize chunk_length;
  guint64 size;

  if (length < 2)
    return 0;
  /* The last chunk is as long as what was given may be. */
  size = (guint64)(bytes[0] & 63) * CHUNK + MAX (length % 4096, 1);
  manifest = cantiga_manifest_new (&title, size, "audio/ogg", CHUNK, root);
  text = g_bytes_new (bytes + 2, length - 2);
  g_assert_false (cantiga_manifest_check_chunk (manifest, bytes[1] % cantiga_manifest_get_chunks (manifest), text, &chunk, &chunk_length, &error));
  g_assert_nonnull (error);
  return 0;
}
