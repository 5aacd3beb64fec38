/* One JSON object, read as each message that is neither the handshake's nor pairing's: what is taken is written again and read to the same. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/manifest.h"
#include "core/sealed.h"

static void
read_manifest (JsonObject *object)
{
  g_autoptr (CantigaManifest) manifest = cantiga_manifest_decode (object, NULL);
  g_autoptr (JsonObject) written = NULL;

  if (manifest == NULL)
    return;
  g_assert_cmpuint (cantiga_manifest_get_chunks (manifest), <=, G_MAXUINT32);
  written = cantiga_manifest_encode (manifest);
  g_assert_nonnull (written);
}

static void
read_metadata (JsonObject *object)
{
  g_autoptr (CantigaMetadata) metadata = cantiga_metadata_decode (object, NULL);
  g_autoptr (CantigaMetadata) again = NULL;
  g_autoptr (JsonObject) written = NULL;

  if (metadata == NULL)
    return;
  written = cantiga_metadata_encode (metadata);
  again = cantiga_metadata_decode (written, NULL);
  g_assert_nonnull (again);
  g_assert_cmpstr (again->name, ==, metadata->name);
}

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  g_autoptr (JsonObject) object = cantiga_json_parse (bytes, length, NULL);
  g_autoptr (GError) error = NULL;

  if (object == NULL)
    return 0;
  read_manifest (object);
  read_metadata (object);
  if (cantiga_problem_is (object))
    g_assert_false (cantiga_problem_consume (object, &error));
  return 0;
}
