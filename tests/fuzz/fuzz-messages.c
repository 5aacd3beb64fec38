/* One JSON object, read as each message that is not the handshake's: what is taken is written again and read to the same. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/chain.h"
#include "core/manifest.h"
#include "core/pairing.h"
#include "core/sealed.h"

#define NOW 1800000000

static void
read_pairing (GBytes *body)
{
  static const guint8 secret_bytes[32] = "the secret of an invitation";
  static EVP_PKEY *key;
  static X509 *authority;
  g_autoptr (CantigaSecret) secret = cantiga_secret_new_copy (secret_bytes, sizeof secret_bytes);
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (X509) announced = NULL;
  CantigaId id;

  if (authority == NULL)
    {
      key = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, NULL);
      authority = cantiga_authority_issue (key, "authority", NOW, NOW + 1000, NULL);
    }
  if (cantiga_pairing_peek (body, &id, NULL))
    {
      g_autoptr (GPtrArray) taken = cantiga_pairing_consume_request (body, &id, secret, authority, NULL);
      g_autoptr (GPtrArray) renewed = cantiga_renewal_consume_request (body, &id, NULL);
    }
  keys = g_ptr_array_new ();
  g_ptr_array_add (keys, key);
  g_assert_null (cantiga_renewal_consume_answer (body, keys, authority, NOW, &announced, NULL));
}

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
  g_autoptr (GBytes) body = g_bytes_new (bytes, length);
  g_autoptr (GError) error = NULL;

  read_pairing (body);
  if (object == NULL)
    return 0;
  read_manifest (object);
  read_metadata (object);
  if (cantiga_problem_is (object))
    g_assert_false (cantiga_problem_consume (object, &error));
  return 0;
}
