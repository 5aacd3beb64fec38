/* One JSON object, read as each message that is not the handshake's: what is taken is written again and read to the same. A request to be paired also as who was invited sends it. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/chain.h"
#include "core/kdf.h"
#include "core/manifest.h"
#include "core/pairing.h"
#include "core/sealed.h"

#define NOW 1800000000

/* docs/protocol.md 14.3: the body with its mac put right; NULL where it has no requests. */
static GBytes *
put_mac (GBytes *body, const CantigaId *id, CantigaSecret *secret, X509 *authority)
{
  g_autoptr (JsonObject) object = cantiga_json_parse (g_bytes_get_data (body, NULL), g_bytes_get_size (body), NULL);
  g_autoptr (GPtrArray) requests = cantiga_json_get_bytes_list (object, "requests", CANTIGA_N_AUTHS, 8192, NULL);
  g_autoptr (GBytes) der = cantiga_certificate_encode (authority);
  g_autoptr (CantigaBuffer) list = cantiga_buffer_new ();
  g_autoptr (CantigaBuffer) fields = cantiga_buffer_new ();
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;
  guint8 mac[CANTIGA_HASH_LENGTH];

  if (requests == NULL)
    return NULL;
  for (guint i = 0; i < requests->len; i++)
    cantiga_buffer_add_field_bytes (list, requests->pdata[i]);
  cantiga_buffer_add_field_text (fields, CANTIGA_LABEL_PAIR_REQUEST);
  cantiga_buffer_add_field (fields, id->bytes, CANTIGA_ID_LENGTH);
  cantiga_buffer_add_field (fields, cantiga_buffer_bytes (list), cantiga_buffer_length (list));
  cantiga_buffer_add_field_bytes (fields, der);
  cantiga_key_set (&key, cantiga_secret_bytes (secret), cantiga_secret_length (secret));
  g_assert_true (cantiga_hmac (CANTIGA_DIGEST_SHA256, &key, cantiga_buffer_bytes (fields), cantiga_buffer_length (fields), mac, NULL));
  cantiga_json_set_bytes (object, "mac", mac, sizeof mac);
  return cantiga_json_format (object);
}

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
      g_autoptr (GBytes) invited = put_mac (body, &id, secret, authority);
      g_autoptr (GPtrArray) taken = cantiga_pairing_consume_request (invited != NULL ? invited : body, &id, secret, authority, NULL);
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
