/* One JSON object as each message of pairing and renewing (docs/protocol.md 14): as it is, which nobody vouches for, and with its mac put right, as who was invited and who invited would send
 * it. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/error.h"
#include "core/kdf.h"
#include "core/pairing.h"
#include "tests/fuzz/authority.h"

#define SERVER "6f1c8a52-0c5e-4f5c-9f43-2a3f1a5b7c9d"

/* HMAC-SHA-256(secret, lp(label) || lp(id) || lp(list(items)) || lp(last)) in the object's place for it. */
static GBytes *
put_mac (JsonObject *object, CantigaSecret *secret, const char *label, const CantigaId *id, GPtrArray *items, GBytes *last)
{
  g_autoptr (CantigaBuffer) list = cantiga_buffer_new ();
  g_autoptr (CantigaBuffer) fields = cantiga_buffer_new ();
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;
  guint8 mac[CANTIGA_HASH_LENGTH];

  for (guint i = 0; i < items->len; i++)
    cantiga_buffer_add_field_bytes (list, items->pdata[i]);
  cantiga_buffer_add_field_text (fields, label);
  cantiga_buffer_add_field (fields, id->bytes, CANTIGA_ID_LENGTH);
  cantiga_buffer_add_field (fields, cantiga_buffer_bytes (list), cantiga_buffer_length (list));
  cantiga_buffer_add_field_bytes (fields, last);
  cantiga_key_set (&key, cantiga_secret_bytes (secret), cantiga_secret_length (secret));
  g_assert_true (cantiga_hmac (CANTIGA_DIGEST_SHA256, &key, cantiga_buffer_bytes (fields), cantiga_buffer_length (fields), mac, NULL));
  cantiga_json_set_bytes (object, "mac", mac, sizeof mac);
  return cantiga_json_format (object);
}

static void
ask (JsonObject *object, GBytes *body, CantigaSecret *secret)
{
  g_autoptr (GPtrArray) requests = cantiga_json_get_bytes_list (object, "requests", CANTIGA_N_AUTHS, 8192, NULL);
  g_autoptr (GBytes) der = cantiga_certificate_encode (fuzz_authority ());
  g_autoptr (GBytes) invited = NULL;
  g_autoptr (GPtrArray) refused = NULL, taken = NULL, renewed = NULL;
  g_autoptr (GError) error = NULL;
  CantigaId id;

  if (requests == NULL || !cantiga_pairing_peek (body, &id, NULL))
    return;
  refused = cantiga_pairing_consume_request (body, &id, secret, fuzz_authority (), &error);
  g_assert_null (refused);
  g_assert_nonnull (error);
  invited = put_mac (object, secret, CANTIGA_LABEL_PAIR_REQUEST, &id, requests, der);
  taken = cantiga_pairing_consume_request (invited, &id, secret, fuzz_authority (), NULL);
  renewed = cantiga_renewal_consume_request (body, &id, NULL);
  g_assert_true ((taken != NULL) == (renewed != NULL));
}

/* An invitation whose pin is that of whatever authority is offered. */
static void
offer (JsonObject *object, GBytes *body, CantigaInvitation *invitation, GPtrArray *keys)
{
  g_autoptr (GBytes) der = cantiga_json_get_bytes (object, "authority", 1, 8192, NULL);
  g_autoptr (X509) authority = der != NULL ? cantiga_certificate_decode (der, NULL) : NULL;
  g_autoptr (X509) pinned = NULL;
  g_autoptr (GBytes) request = NULL;
  g_autofree char *server = NULL;

  memset (invitation->pin, 0, sizeof invitation->pin);
  g_assert_false (cantiga_pairing_create_request (invitation, body, keys, &request, &pinned, &server, NULL));
  if (authority == NULL)
    return;
  cantiga_certificate_pin (authority, invitation->pin);
  if (cantiga_pairing_create_request (invitation, body, keys, &request, &pinned, &server, NULL))
    g_assert_true (g_uuid_string_is_valid (server));
}

/* The leaf of the one chain that answers the one key. */
static GPtrArray *
get_leaves (JsonObject *object)
{
  JsonArray *outer = cantiga_json_get_array (object, "certificates", 1, NULL);
  g_autoptr (JsonObject) carrier = json_object_new ();
  GPtrArray *chain;

  if (outer == NULL || json_array_get_length (outer) != 1)
    return NULL;
  json_object_set_member (carrier, "certificates", json_node_copy (json_array_get_element (outer, 0)));
  chain = cantiga_json_get_bytes_list (carrier, "certificates", 8, 8192, NULL);
  if (chain != NULL)
    g_ptr_array_set_size (chain, 1);
  return chain;
}

static void
answer (JsonObject *object, GBytes *body, const CantigaInvitation *invitation, GPtrArray *keys)
{
  g_autoptr (GPtrArray) leaves = get_leaves (object);
  g_autoptr (GBytes) server = g_bytes_new_static (SERVER, strlen (SERVER));
  g_autoptr (GBytes) invited = NULL;
  g_autoptr (GPtrArray) paired = NULL, renewed = NULL;
  g_autoptr (X509) announced = NULL;

  renewed = cantiga_renewal_consume_answer (body, keys, fuzz_authority (), NOW, &announced, NULL);
  g_assert_null (cantiga_pairing_consume_answer (invitation, body, keys, fuzz_authority (), SERVER, NOW, NULL));
  if (leaves == NULL)
    return;
  invited = put_mac (object, invitation->secret, CANTIGA_LABEL_PAIR_ANSWER, &invitation->id, leaves, server);
  paired = cantiga_pairing_consume_answer (invitation, invited, keys, fuzz_authority (), SERVER, NOW, NULL);
  g_assert_true (paired == NULL || paired->len == 1);
}

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  static const guint8 secret_bytes[32] = "the secret of an invitation";
  g_autoptr (JsonObject) object = cantiga_json_parse (bytes, length, NULL);
  g_autoptr (GBytes) body = g_bytes_new (bytes, length);
  g_autoptr (CantigaSecret) secret = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  CantigaInvitation invitation = { .host = (char *)"box", .port = 1 };

  if (object == NULL)
    return 0;
  secret = cantiga_secret_new_copy (secret_bytes, sizeof secret_bytes);
  invitation.secret = secret;
  keys = g_ptr_array_new ();
  g_ptr_array_add (keys, fuzz_authority_key ());
  ask (object, body, secret);
  offer (object, body, &invitation, keys);
  answer (object, body, &invitation, keys);
  return 0;
}
