#include "core/pairing.h"

#include <string.h>

#include "core/error.h"
#include "core/handshake.h"
#include "core/kdf.h"

#define MAC_LENGTH CANTIGA_HASH_LENGTH
#define NAME_MAX_LENGTH 1024
#define CERTIFICATES_MAX 8
/* No certificate or CSR of a key that a suite has comes near it. */
#define DER_MAX (8 * 1024)

/* ---- what both ways of asking for certificates have in common ---- */

static GPtrArray *
bytes_list_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
}

/* A CSR for each of keys, which covers what it is for. */
static GPtrArray *
create_requests (GPtrArray *keys, const CantigaId *covers, GError **error)
{
  g_autoptr (GPtrArray) requests = bytes_list_new ();
  char name[CANTIGA_ID_TEXT_LENGTH];

  g_assert (keys->len >= 1 && keys->len <= CANTIGA_N_AUTHS);
  cantiga_id_format (covers, name);
  for (guint i = 0; i < keys->len; i++)
    {
      GBytes *csr = cantiga_csr_create (keys->pdata[i], name, error);

      if (csr == NULL)
        return NULL;
      g_ptr_array_add (requests, csr);
    }
  return g_steal_pointer (&requests);
}

/* The keys of requests: "one for each AUTH" (docs/protocol.md 14.3), so none twice. */
static GPtrArray *
consume_requests (GPtrArray *requests, const CantigaId *covers, GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func ((GDestroyNotify)EVP_PKEY_free);
  gboolean seen[CANTIGA_N_AUTHS] = { FALSE };
  char name[CANTIGA_ID_TEXT_LENGTH];

  cantiga_id_format (covers, name);
  for (guint i = 0; i < requests->len; i++)
    {
      EVP_PKEY *key = cantiga_csr_consume (requests->pdata[i], name, error);
      CantigaAuth auth;

      if (key == NULL)
        return NULL;
      g_ptr_array_add (keys, key);
      if (!cantiga_key_pair_get_auth (key, &auth, error))
        return NULL;
      if (seen[auth])
        {
          cantiga_fail_with (error, CANTIGA_ERROR_CERTIFICATE_REFUSED, "Two certificates were asked for keys of one kind.");
          return NULL;
        }
      seen[auth] = TRUE;
    }
  return g_steal_pointer (&keys);
}

/* certificates[][] */
static void
set_chains (JsonObject *object, GPtrArray *chains)
{
  JsonArray *outer = json_array_new ();

  for (guint i = 0; i < chains->len; i++)
    {
      g_autoptr (JsonObject) carrier = json_object_new ();

      cantiga_json_set_bytes_list (carrier, "certificates", chains->pdata[i]);
      json_array_add_array_element (outer, json_array_ref (json_object_get_array_member (carrier, "certificates")));
    }
  json_object_set_array_member (object, "certificates", outer);
}

/* One of certificates[][], read as the member of an object is. */
static GPtrArray *
get_chain (JsonNode *node, GError **error)
{
  g_autoptr (JsonObject) carrier = json_object_new ();

  json_object_set_member (carrier, "certificates", json_node_copy (node));
  return cantiga_json_get_bytes_list (carrier, "certificates", CERTIFICATES_MAX, DER_MAX, error);
}

/* As many chains as there are keys. */
static GPtrArray *
get_chains (JsonObject *object, guint n, GError **error)
{
  g_autoptr (GPtrArray) chains = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  JsonArray *outer = cantiga_json_get_array (object, "certificates", n, error);

  if (outer == NULL)
    return NULL;
  if (json_array_get_length (outer) != n)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The server did not answer each of the requests for a certificate.");
      return NULL;
    }
  for (guint i = 0; i < n; i++)
    {
      GPtrArray *chain = get_chain (json_array_get_element (outer, i), error);

      if (chain == NULL)
        return NULL;
      g_ptr_array_add (chains, chain);
    }
  return g_steal_pointer (&chains);
}

/* "that each leaf holds its own key and chains to the authority" */
static GPtrArray *
identities_of (GPtrArray *chains, GPtrArray *keys, X509 *authority, gint64 now, GError **error)
{
  g_autoptr (GPtrArray) identities = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_identity_unref);
  g_autoptr (GPtrArray) authorities = g_ptr_array_new ();

  g_ptr_array_add (authorities, authority);
  for (guint i = 0; i < chains->len; i++)
    {
      g_autoptr (X509) leaf = cantiga_chain_verify (chains->pdata[i], authorities, NULL, CANTIGA_USAGE_PLAYER, now, error);
      CantigaIdentity *identity = leaf != NULL ? cantiga_identity_new (keys->pdata[i], chains->pdata[i], error) : NULL;

      if (identity == NULL)
        return NULL;
      g_ptr_array_add (identities, identity);
    }
  return g_steal_pointer (&identities);
}

static JsonObject *
parse (GBytes *body, GError **error)
{
  gsize length;
  gconstpointer text = g_bytes_get_data (body, &length);

  return cantiga_json_parse (text, length, error);
}

/* ---- the macs of 14.3 and 14.4 ---- */

/* HMAC-SHA-256(secret, lp(label) || lp(id) || lp(list(items)) || lp(last)) */
static gboolean
make_mac (CantigaSecret *secret, const char *label, const CantigaId *id, GPtrArray *items, gconstpointer last, gsize last_length,
          guint8 ret_mac[MAC_LENGTH], GError **error)
{
  g_autoptr (CantigaBuffer) list = cantiga_buffer_new ();
  g_autoptr (CantigaBuffer) buffer = cantiga_buffer_new ();
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;

  for (guint i = 0; i < items->len; i++)
    cantiga_buffer_add_field_bytes (list, items->pdata[i]);
  cantiga_buffer_add_field_text (buffer, label);
  cantiga_buffer_add_field (buffer, id->bytes, CANTIGA_ID_LENGTH);
  cantiga_buffer_add_field (buffer, cantiga_buffer_bytes (list), cantiga_buffer_length (list));
  cantiga_buffer_add_field (buffer, last, last_length);
  if (cantiga_buffer_failed (list) || cantiga_buffer_failed (buffer) || cantiga_secret_length (secret) > CANTIGA_KEY_MAX)
    return cantiga_fail (error, CANTIGA_ERROR_TOO_LARGE);
  cantiga_key_set (&key, cantiga_secret_bytes (secret), cantiga_secret_length (secret));
  return cantiga_hmac (CANTIGA_DIGEST_SHA256, &key, cantiga_buffer_bytes (buffer), cantiga_buffer_length (buffer), ret_mac, error);
}

static gboolean
make_request_mac (CantigaSecret *secret, const CantigaId *id, GPtrArray *requests, X509 *authority, guint8 ret_mac[MAC_LENGTH], GError **error)
{
  g_autoptr (GBytes) der = cantiga_certificate_encode (authority);

  return make_mac (secret, CANTIGA_LABEL_PAIR_REQUEST, id, requests, g_bytes_get_data (der, NULL), g_bytes_get_size (der), ret_mac, error);
}

static gboolean
make_answer_mac (CantigaSecret *secret, const CantigaId *id, GPtrArray *chains, const char *server, guint8 ret_mac[MAC_LENGTH], GError **error)
{
  g_autoptr (GPtrArray) leaves = g_ptr_array_new ();

  for (guint i = 0; i < chains->len; i++)
    g_ptr_array_add (leaves, ((GPtrArray *)chains->pdata[i])->pdata[0]);
  return make_mac (secret, CANTIGA_LABEL_PAIR_ANSWER, id, leaves, server, strlen (server), ret_mac, error);
}

/* ---- player ---- */

/* 14.2: "The player checks the pin." */
static gboolean
consume_offer (const CantigaInvitation *invitation, GBytes *offer, X509 **ret_authority, char **ret_server, GError **error)
{
  g_autoptr (JsonObject) object = parse (offer, error);
  g_autoptr (GBytes) der = NULL;
  g_autoptr (X509) authority = NULL;
  const char *name, *server;
  gint64 protocol;
  guint8 pin[32];

  if (object == NULL || !cantiga_json_get_int (object, "protocol", 0, G_MAXINT64, &protocol, error))
    return FALSE;
  if (protocol != CANTIGA_PROTOCOL_VERSION)
    return cantiga_fail (error, CANTIGA_ERROR_PROTOCOL_VERSION);
  if (!cantiga_json_get_text (object, "name", NAME_MAX_LENGTH, &name, error)
      || !cantiga_json_get_text (object, "server", NAME_MAX_LENGTH, &server, error))
    return FALSE;
  der = cantiga_json_get_bytes (object, "authority", 1, DER_MAX, error);
  authority = der != NULL ? cantiga_certificate_decode (der, error) : NULL;
  if (authority == NULL)
    return FALSE;
  cantiga_certificate_pin (authority, pin);
  if (!cantiga_bytes_equal (pin, invitation->pin, sizeof pin))
    return cantiga_fail_with (error, CANTIGA_ERROR_SERVER_REFUSED,
                              "This is not the server that the invitation is from: another one answers at its address.");
  if (!g_uuid_string_is_valid (server))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The server's identity is not a UUID.");
  *ret_authority = g_steal_pointer (&authority);
  *ret_server = g_strdup (server);
  return TRUE;
}

gboolean
cantiga_pairing_create_request (const CantigaInvitation *invitation, GBytes *offer, GPtrArray *keys, GBytes **ret_request, X509 **ret_authority,
                                char **ret_server, GError **error)
{
  g_autoptr (X509) authority = NULL;
  g_autofree char *server = NULL;
  g_autoptr (GPtrArray) requests = NULL;
  g_autoptr (JsonObject) object = json_object_new ();
  guint8 mac[MAC_LENGTH];

  if (!consume_offer (invitation, offer, &authority, &server, error))
    return FALSE;
  requests = create_requests (keys, &invitation->id, error);
  if (requests == NULL || !make_request_mac (invitation->secret, &invitation->id, requests, authority, mac, error))
    return FALSE;
  cantiga_json_set_id (object, "invitation", &invitation->id);
  cantiga_json_set_bytes_list (object, "requests", requests);
  cantiga_json_set_bytes (object, "mac", mac, sizeof mac);
  *ret_request = cantiga_json_format (object);
  *ret_authority = g_steal_pointer (&authority);
  *ret_server = g_steal_pointer (&server);
  return TRUE;
}

GPtrArray *
cantiga_pairing_consume_answer (const CantigaInvitation *invitation, GBytes *answer, GPtrArray *keys, X509 *authority, const char *server, gint64 now,
                                GError **error)
{
  g_autoptr (JsonObject) object = parse (answer, error);
  g_autoptr (GPtrArray) chains = object != NULL ? get_chains (object, keys->len, error) : NULL;
  g_autoptr (GBytes) mac = chains != NULL ? cantiga_json_get_bytes (object, "mac", MAC_LENGTH, MAC_LENGTH, error) : NULL;
  guint8 expected[MAC_LENGTH];

  if (mac == NULL || !make_answer_mac (invitation->secret, &invitation->id, chains, server, expected, error))
    return NULL;
  if (!cantiga_bytes_equal (g_bytes_get_data (mac, NULL), expected, MAC_LENGTH))
    {
      cantiga_fail_with (error, CANTIGA_ERROR_SERVER_REFUSED, "This answer is not from the server that the invitation is from.");
      return NULL;
    }
  return identities_of (chains, keys, authority, now, error);
}

/* ---- server ---- */

GBytes *
cantiga_pairing_create_offer (const char *name, const char *server, X509 *authority)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (GBytes) der = cantiga_certificate_encode (authority);

  json_object_set_int_member (object, "protocol", CANTIGA_PROTOCOL_VERSION);
  json_object_set_string_member (object, "name", name);
  json_object_set_string_member (object, "server", server);
  cantiga_json_set_gbytes (object, "authority", der);
  return cantiga_json_format (object);
}

gboolean
cantiga_pairing_peek (GBytes *request, CantigaId *ret_id, GError **error)
{
  g_autoptr (JsonObject) object = parse (request, error);

  return object != NULL && cantiga_json_get_id (object, "invitation", ret_id, error);
}

/* The requests of a body whose mac shows that it comes from the one who was invited. */
static GPtrArray *
get_invited_requests (JsonObject *object, const CantigaId *id, CantigaSecret *secret, X509 *authority, GError **error)
{
  g_autoptr (GPtrArray) requests = cantiga_json_get_bytes_list (object, "requests", CANTIGA_N_AUTHS, DER_MAX, error);
  g_autoptr (GBytes) mac = requests != NULL ? cantiga_json_get_bytes (object, "mac", MAC_LENGTH, MAC_LENGTH, error) : NULL;
  guint8 expected[MAC_LENGTH];
  CantigaId named;

  if (mac == NULL || !cantiga_json_get_id (object, "invitation", &named, error)
      || !make_request_mac (secret, id, requests, authority, expected, error))
    return NULL;
  if (!cantiga_id_equal (&named, id) || !cantiga_bytes_equal (g_bytes_get_data (mac, NULL), expected, MAC_LENGTH))
    {
      cantiga_fail (error, CANTIGA_ERROR_INVITATION_REFUSED);
      return NULL;
    }
  return g_steal_pointer (&requests);
}

GPtrArray *
cantiga_pairing_consume_request (GBytes *request, const CantigaId *id, CantigaSecret *secret, X509 *authority, GError **error)
{
  g_autoptr (JsonObject) object = parse (request, error);
  g_autoptr (GPtrArray) requests = object != NULL ? get_invited_requests (object, id, secret, authority, error) : NULL;
  g_autoptr (GError) reason = NULL;
  GPtrArray *keys = requests != NULL ? consume_requests (requests, id, &reason) : NULL;

  if (reason != NULL)
    cantiga_fail_with (error, CANTIGA_ERROR_INVITATION_REFUSED, "%s", reason->message);
  return keys;
}

GBytes *
cantiga_pairing_create_answer (const CantigaId *id, CantigaSecret *secret, const char *server, GPtrArray *chains, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  guint8 mac[MAC_LENGTH];

  if (!make_answer_mac (secret, id, chains, server, mac, error))
    return NULL;
  set_chains (object, chains);
  cantiga_json_set_bytes (object, "mac", mac, sizeof mac);
  return cantiga_json_format (object);
}

/* ---- renewal (14.6): within a session, so that neither needs a mac ---- */

GBytes *
cantiga_renewal_create_request (const CantigaId *session, GPtrArray *keys, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (GPtrArray) requests = create_requests (keys, session, error);

  if (requests == NULL)
    return NULL;
  cantiga_json_set_bytes_list (object, "requests", requests);
  return cantiga_json_format (object);
}

GPtrArray *
cantiga_renewal_consume_request (GBytes *request, const CantigaId *session, GError **error)
{
  g_autoptr (JsonObject) object = parse (request, error);
  g_autoptr (GPtrArray) requests = object != NULL ? cantiga_json_get_bytes_list (object, "requests", CANTIGA_N_AUTHS, DER_MAX, error) : NULL;

  return requests != NULL ? consume_requests (requests, session, error) : NULL;
}

GBytes *
cantiga_renewal_create_answer (GPtrArray *chains, X509 *authority)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (GBytes) der = authority != NULL ? cantiga_certificate_encode (authority) : NULL;

  set_chains (object, chains);
  if (der != NULL)
    cantiga_json_set_gbytes (object, "authority", der);
  return cantiga_json_format (object);
}

/* NULL without error: none is announced. */
static X509 *
get_announced (JsonObject *object, GError **error)
{
  g_autoptr (GBytes) der = NULL;

  if (!cantiga_json_has (object, "authority"))
    return NULL;
  der = cantiga_json_get_bytes (object, "authority", 1, DER_MAX, error);
  return der != NULL ? cantiga_certificate_decode (der, error) : NULL;
}

GPtrArray *
cantiga_renewal_consume_answer (GBytes *answer, GPtrArray *keys, X509 *authority, gint64 now, X509 **ret_authority, GError **error)
{
  g_autoptr (JsonObject) object = parse (answer, error);
  g_autoptr (GPtrArray) chains = object != NULL ? get_chains (object, keys->len, error) : NULL;
  g_autoptr (GError) failure = NULL;
  g_autoptr (X509) announced = chains != NULL ? get_announced (object, &failure) : NULL;
  GPtrArray *identities;

  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  else if (chains != NULL && (identities = identities_of (chains, keys, announced != NULL ? announced : authority, now, error)) != NULL)
    {
      *ret_authority = g_steal_pointer (&announced);
      return identities;
    }
  return NULL;
}
