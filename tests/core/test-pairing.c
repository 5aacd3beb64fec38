#include "tests/core/pairing-fixture.h"

#include <string.h>

#include "core/handshake.h"
#include "core/kdf.h"

#define OTHER_SERVER "11111111-2222-4333-8444-555555555555"

/* ---- one step each ---- */

static GBytes *
ask_with (const CantigaInvitation *invitation, GBytes *offer, GPtrArray *keys)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) authority = NULL;
  g_autofree char *server = NULL;
  GBytes *request = NULL;

  g_assert_true (cantiga_pairing_create_request (invitation, offer, keys, &request, &authority, &server, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (server, ==, SERVER);
  return request;
}

static GBytes *
ask (Fixture *fixture)
{
  return ask_with (fixture->invitation, fixture->offer, fixture->keys);
}

static GBytes *
answer_as (Fixture *fixture, const CantigaId *id, CantigaSecret *secret, const char *server, GPtrArray *chains)
{
  g_autoptr (GError) error = NULL;
  GBytes *answer = cantiga_pairing_create_answer (id, secret, server, chains, &error);

  g_assert_no_error (error);
  return answer;
}

static GBytes *
answer (Fixture *fixture, GPtrArray *chains)
{
  return answer_as (fixture, &fixture->invitation->id, fixture->invitation->secret, SERVER, chains);
}

static void
assert_offer_refused (Fixture *fixture, GBytes *offer, CantigaError code)
{
  g_autoptr (GError) error = NULL;
  GBytes *request = NULL;
  X509 *authority = NULL;
  char *server = NULL;

  g_assert_false (cantiga_pairing_create_request (fixture->invitation, offer, fixture->keys, &request, &authority, &server, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
  g_assert_null (request);
  g_assert_null (authority);
  g_assert_null (server);
}

static void
assert_request_refused (Fixture *fixture, GBytes *request, CantigaError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_pairing_consume_request (request, &fixture->invitation->id, fixture->invitation->secret, fixture->authority, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
}

static void
assert_answer_refused (Fixture *fixture, GBytes *body, CantigaError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_pairing_consume_answer (fixture->invitation, body, fixture->keys, fixture->authority, SERVER, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
}

/* A body with one of its members changed. */
static JsonObject *
parse (GBytes *body)
{
  g_autoptr (GError) error = NULL;
  gsize length;
  gconstpointer text = g_bytes_get_data (body, &length);
  JsonObject *object = cantiga_json_parse (text, length, &error);

  g_assert_no_error (error);
  return object;
}

static GBytes *
with_text (GBytes *body, const char *member, const char *value)
{
  g_autoptr (JsonObject) object = parse (body);

  if (value != NULL)
    json_object_set_string_member (object, member, value);
  else
    json_object_remove_member (object, member);
  return cantiga_json_format (object);
}

static GBytes *
with_changed_bytes (GBytes *body, const char *member)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = parse (body);
  g_autoptr (GBytes) bytes = cantiga_json_get_bytes (object, member, 1, 10000, &error);
  gsize length = 0;
  g_autofree guint8 *changed = g_bytes_unref_to_data (g_steal_pointer (&bytes), &length);

  g_assert_no_error (error);
  changed[length - 1] ^= 1;
  cantiga_json_set_bytes (object, member, changed, length);
  return cantiga_json_format (object);
}

/* ---- the whole of it ---- */

static void
test_round_trip (Fixture *fixture, gconstpointer unused)
{
  char *link = cantiga_invitation_format (fixture->invitation);
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaInvitation) invited = cantiga_invitation_parse (link, &error);
  g_autoptr (X509) authority = NULL;
  g_autofree char *server = NULL;
  g_autoptr (GBytes) request = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (GPtrArray) chains = NULL;
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GPtrArray) identities = NULL;
  CantigaId id;

  g_assert_no_error (error);
  g_assert_true (cantiga_pairing_create_request (invited, fixture->offer, fixture->keys, &request, &authority, &server, &error));
  g_assert_true (cantiga_pairing_peek (request, &id, &error));
  g_assert_true (cantiga_id_equal (&id, &fixture->invitation->id));
  keys = cantiga_pairing_consume_request (request, &id, fixture->invitation->secret, fixture->authority, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, CANTIGA_N_AUTHS);
  chains = chains_for (fixture->authority, fixture->authority_key, keys);
  body = answer (fixture, chains);
  identities = cantiga_pairing_consume_answer (invited, body, fixture->keys, authority, server, NOW, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (identities->len, ==, CANTIGA_N_AUTHS);
  for (guint i = 0; i < identities->len; i++)
    {
      CantigaIdentity *identity = identities->pdata[i];

      g_assert_cmpint (identity->auth, ==, i);
      g_assert_true (identity->key == fixture->keys->pdata[i]);
    }
  g_assert_cmpint (X509_cmp (authority, fixture->authority), ==, 0);
  g_assert_cmpstr (server, ==, SERVER);
  cantiga_link_free (link);
}

static void
test_secret_stays (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) request = ask (fixture);
  char *link = cantiga_invitation_format (fixture->invitation);
  const char *secret = strchr (link, '.') + 1;
  gsize length;
  const char *text = g_bytes_get_data (request, &length);

  /* 42 digits of base64url are the same in Base64, but for two of the alphabet. */
  g_autofree char *digits = g_strndup (secret, 42);
  g_strdelimit (digits, "-", '+');
  g_strdelimit (digits, "_", '/');
  g_assert_null (memmem (text, length, digits, 42));
  cantiga_link_free (link);
}

/* ---- what the player refuses of an offer (14.2) ---- */

static void
test_offer_of_other_authority (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (X509) other = authority_new (key);
  g_autoptr (GBytes) offer = cantiga_pairing_create_offer ("The box", SERVER, other);

  assert_offer_refused (fixture, offer, CANTIGA_ERROR_SERVER_REFUSED);
}

static void
test_offer_of_other_version (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (JsonObject) object = parse (fixture->offer);
  g_autoptr (GBytes) offer = NULL;

  json_object_set_int_member (object, "protocol", 2);
  offer = cantiga_json_format (object);
  assert_offer_refused (fixture, offer, CANTIGA_ERROR_PROTOCOL_VERSION);
}

static void
test_malformed_offers (Fixture *fixture, gconstpointer unused)
{
  static const char *const members[] = { "protocol", "name", "server", "authority" };
  g_autoptr (GBytes) words = g_bytes_new_static ("words", 5);
  g_autoptr (GBytes) server = with_text (fixture->offer, "server", "not a UUID");

  assert_offer_refused (fixture, words, CANTIGA_ERROR_MALFORMED);
  assert_offer_refused (fixture, server, CANTIGA_ERROR_MALFORMED);
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      g_autoptr (GBytes) offer = with_text (fixture->offer, members[i], NULL);

      assert_offer_refused (fixture, offer, CANTIGA_ERROR_MALFORMED);
    }
}

/* ---- what the server refuses of a request (14.3) ---- */

static void
test_request_with_changed_mac (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) request = ask (fixture);
  g_autoptr (GBytes) changed = with_changed_bytes (request, "mac");

  assert_request_refused (fixture, changed, CANTIGA_ERROR_INVITATION_REFUSED);
}

/* Somebody who saw the request puts a key of their own into it. */
static void
test_request_with_changed_key (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) others = g_ptr_array_new_with_free_func ((GDestroyNotify)EVP_PKEY_free);
  g_autoptr (GBytes) request = ask (fixture);
  g_autoptr (GBytes) theirs = NULL;
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (JsonObject) their_object = NULL;
  g_autoptr (GBytes) mixed = NULL;

  g_ptr_array_add (others, key_new (CANTIGA_AUTH_EDDSA));
  theirs = ask_with (fixture->invitation, fixture->offer, others);
  object = parse (request);
  their_object = parse (theirs);
  json_object_set_member (object, "requests", json_object_dup_member (their_object, "requests"));
  mixed = cantiga_json_format (object);
  assert_request_refused (fixture, mixed, CANTIGA_ERROR_INVITATION_REFUSED);
}

static void
test_request_of_other_invitation (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaInvitation) other = invite (fixture->authority);
  g_autoptr (GBytes) request = ask_with (other, fixture->offer, fixture->keys);
  char id[CANTIGA_ID_TEXT_LENGTH];
  g_autoptr (GBytes) renamed = with_text (request, "invitation", cantiga_id_format (&fixture->invitation->id, id));

  assert_request_refused (fixture, request, CANTIGA_ERROR_INVITATION_REFUSED);
  assert_request_refused (fixture, renamed, CANTIGA_ERROR_INVITATION_REFUSED);
}

/* HMAC-SHA-256(secret, lp("cantiga/1 pair request") || lp(id) || lp(list(requests)) || lp(authority DER)), written out here once more. */
static GBytes *
request_of_csrs (Fixture *fixture, GPtrArray *csrs)
{
  g_autoptr (CantigaBuffer) list = cantiga_buffer_new ();
  g_autoptr (CantigaBuffer) fields = cantiga_buffer_new ();
  g_autoptr (GBytes) authority = cantiga_certificate_encode (fixture->authority);
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (GError) error = NULL;
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;
  guint8 mac[32];

  for (guint i = 0; i < csrs->len; i++)
    cantiga_buffer_add_field_bytes (list, csrs->pdata[i]);
  cantiga_buffer_add_field_text (fields, "cantiga/1 pair request");
  cantiga_buffer_add_field (fields, fixture->invitation->id.bytes, 16);
  cantiga_buffer_add_field (fields, cantiga_buffer_bytes (list), cantiga_buffer_length (list));
  cantiga_buffer_add_field_bytes (fields, authority);
  cantiga_key_set (&key, cantiga_secret_bytes (fixture->invitation->secret), 32);
  g_assert_true (cantiga_hmac (CANTIGA_DIGEST_SHA256, &key, cantiga_buffer_bytes (fields), cantiga_buffer_length (fields), mac, &error));
  cantiga_json_set_id (object, "invitation", &fixture->invitation->id);
  cantiga_json_set_bytes_list (object, "requests", csrs);
  cantiga_json_set_bytes (object, "mac", mac, sizeof mac);
  return cantiga_json_format (object);
}

static GBytes *
csr_for (EVP_PKEY *key, const CantigaId *id)
{
  g_autoptr (GError) error = NULL;
  char name[CANTIGA_ID_TEXT_LENGTH];
  GBytes *csr = cantiga_csr_create (key, cantiga_id_format (id, name), &error);

  g_assert_no_error (error);
  return csr;
}

/* "so that the proof of possession covers the invitation": the invited one cannot pass off a key whose owner proved it elsewhere. */
static void
test_request_with_csr_of_other_invitation (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaInvitation) other = invite (fixture->authority);
  g_autoptr (GPtrArray) right = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autoptr (GPtrArray) wrong = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autoptr (GBytes) request = NULL;
  g_autoptr (GBytes) accepted = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (right, csr_for (fixture->keys->pdata[0], &fixture->invitation->id));
  g_ptr_array_add (wrong, csr_for (fixture->keys->pdata[0], &other->id));
  accepted = request_of_csrs (fixture, right);
  keys = cantiga_pairing_consume_request (accepted, &fixture->invitation->id, fixture->invitation->secret, fixture->authority, &error);
  g_assert_no_error (error);
  request = request_of_csrs (fixture, wrong);
  assert_request_refused (fixture, request, CANTIGA_ERROR_INVITATION_REFUSED);
}

static void
test_request_for_two_of_a_kind (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func ((GDestroyNotify)EVP_PKEY_free);
  g_autoptr (GBytes) request = NULL;

  g_ptr_array_add (keys, key_new (CANTIGA_AUTH_EDDSA));
  g_ptr_array_add (keys, key_new (CANTIGA_AUTH_EDDSA));
  request = ask_with (fixture->invitation, fixture->offer, keys);
  assert_request_refused (fixture, request, CANTIGA_ERROR_INVITATION_REFUSED);
}

/* The player was shown another authority's certificate with the same key: both must mean the same one. */
static void
test_request_for_other_authority (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) again = authority_new (fixture->authority_key);
  g_autoptr (GBytes) offer = cantiga_pairing_create_offer ("The box", SERVER, again);
  g_autoptr (GBytes) request = ask_with (fixture->invitation, offer, fixture->keys);

  assert_request_refused (fixture, request, CANTIGA_ERROR_INVITATION_REFUSED);
}

static void
test_malformed_requests (Fixture *fixture, gconstpointer unused)
{
  static const char *const members[] = { "invitation", "requests", "mac" };
  g_autoptr (GBytes) request = ask (fixture);
  g_autoptr (GBytes) words = g_bytes_new_static ("words", 5);
  g_autoptr (GError) error = NULL;
  CantigaId id;

  assert_request_refused (fixture, words, CANTIGA_ERROR_MALFORMED);
  g_assert_false (cantiga_pairing_peek (words, &id, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      g_autoptr (GBytes) without = with_text (request, members[i], NULL);
      g_autoptr (GBytes) other_type = with_text (request, members[i], "!");

      assert_request_refused (fixture, without, CANTIGA_ERROR_MALFORMED);
      assert_request_refused (fixture, other_type, CANTIGA_ERROR_MALFORMED);
    }
}

/* ---- what the player refuses of an answer (14.4) ---- */

static void
test_answer_with_changed_mac (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) chains = chains_for (fixture->authority, fixture->authority_key, fixture->keys);
  g_autoptr (GBytes) body = answer (fixture, chains);
  g_autoptr (GBytes) changed = with_changed_bytes (body, "mac");

  assert_answer_refused (fixture, changed, CANTIGA_ERROR_SERVER_REFUSED);
}

static void
test_answer_of_other_secret (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaInvitation) other = invite (fixture->authority);
  g_autoptr (GPtrArray) chains = chains_for (fixture->authority, fixture->authority_key, fixture->keys);
  g_autoptr (GBytes) other_secret = answer_as (fixture, &fixture->invitation->id, other->secret, SERVER, chains);
  g_autoptr (GBytes) other_id = answer_as (fixture, &other->id, fixture->invitation->secret, SERVER, chains);

  assert_answer_refused (fixture, other_secret, CANTIGA_ERROR_SERVER_REFUSED);
  assert_answer_refused (fixture, other_id, CANTIGA_ERROR_SERVER_REFUSED);
}

/* The identity that was offered is under the mac: nobody on the way changed it. */
static void
test_answer_of_other_server (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) chains = chains_for (fixture->authority, fixture->authority_key, fixture->keys);
  g_autoptr (GBytes) body = answer_as (fixture, &fixture->invitation->id, fixture->invitation->secret, OTHER_SERVER, chains);

  assert_answer_refused (fixture, body, CANTIGA_ERROR_SERVER_REFUSED);
}

/* A player's own request is no answer, though it has a mac under the same secret. */
static void
test_answer_by_reflection (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) chains = chains_for (fixture->authority, fixture->authority_key, fixture->keys);
  g_autoptr (GBytes) body = answer (fixture, chains);
  g_autoptr (GBytes) request = ask (fixture);
  g_autoptr (JsonObject) object = parse (body);
  g_autoptr (JsonObject) asked = parse (request);
  g_autoptr (GBytes) reflected = NULL;

  json_object_set_member (object, "mac", json_object_dup_member (asked, "mac"));
  reflected = cantiga_json_format (object);
  assert_answer_refused (fixture, reflected, CANTIGA_ERROR_SERVER_REFUSED);
}

static void
test_answer_for_other_keys (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) others = g_ptr_array_new_with_free_func ((GDestroyNotify)EVP_PKEY_free);
  g_autoptr (GPtrArray) chains = NULL;
  g_autoptr (GBytes) body = NULL;

  for (guint i = 0; i < CANTIGA_N_AUTHS; i++)
    g_ptr_array_add (others, key_new (CANTIGA_AUTH_ECDSA));
  chains = chains_for (fixture->authority, fixture->authority_key, others);
  body = answer (fixture, chains);
  assert_answer_refused (fixture, body, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

static void
test_answer_in_other_order (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) chains = chains_for (fixture->authority, fixture->authority_key, fixture->keys);
  gpointer first = chains->pdata[0];
  g_autoptr (GBytes) body = NULL;

  chains->pdata[0] = chains->pdata[1];
  chains->pdata[1] = first;
  body = answer (fixture, chains);
  assert_answer_refused (fixture, body, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

static void
test_answer_of_other_authority (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (X509) other = authority_new (key);
  g_autoptr (GPtrArray) chains = chains_for (other, key, fixture->keys);
  g_autoptr (GBytes) body = answer (fixture, chains);

  assert_answer_refused (fixture, body, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

static void
test_answer_of_other_usage (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) chains = chains_for (fixture->authority, fixture->authority_key, fixture->keys);
  g_autoptr (GBytes) body = NULL;

  g_ptr_array_unref (chains->pdata[2]);
  chains->pdata[2] = chain_for (fixture->authority, fixture->authority_key, fixture->keys->pdata[2], CANTIGA_USAGE_SERVER);
  body = answer (fixture, chains);
  assert_answer_refused (fixture, body, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

static void
test_answer_too_short (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) chains = chains_for (fixture->authority, fixture->authority_key, fixture->keys);
  g_autoptr (GBytes) body = NULL;

  g_ptr_array_remove_index (chains, 2);
  body = answer (fixture, chains);
  assert_answer_refused (fixture, body, CANTIGA_ERROR_MALFORMED);
}

static void
test_malformed_answers (Fixture *fixture, gconstpointer unused)
{
  static const char *const bodies[] = {
    "",
    "[]",
    "{}",
    "{\"certificates\":[],\"mac\":\"\"}",
    "{\"certificates\":[\"AAAA\",\"AAAA\",\"AAAA\"],\"mac\":\"AAAA\"}",
    "{\"certificates\":[[],[],[]],\"mac\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}",
    "{\"certificates\":[[1],[2],[3]],\"mac\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}",
    "{\"certificates\":[null,null,null],\"mac\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}",
    "{\"certificates\":[[\"AAAA\"],[\"AAAA\"],[\"AAAA\"],[\"AAAA\"]],\"mac\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}",
    "{\"certificates\":[[\"AAAA\"],[\"AAAA\"],[\"AAAA\"]]}",
    "{\"certificates\":[[\"AAAA\"],[\"AAAA\"],[\"AAAA\"]],\"mac\":\"AAAA\"}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      g_autoptr (GBytes) body = g_bytes_new_static (bodies[i], strlen (bodies[i]));

      assert_answer_refused (fixture, body, CANTIGA_ERROR_MALFORMED);
    }
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/pairing/pairs", test_round_trip);
  ADD ("/pairing/keeps-the-secret-to-itself", test_secret_stays);
  ADD ("/pairing/refuses-the-offer-of-another-authority", test_offer_of_other_authority);
  ADD ("/pairing/refuses-the-offer-of-another-version", test_offer_of_other_version);
  ADD ("/pairing/refuses-malformed-offers", test_malformed_offers);
  ADD ("/pairing/refuses-a-request-whose-mac-was-changed", test_request_with_changed_mac);
  ADD ("/pairing/refuses-a-request-whose-key-was-changed", test_request_with_changed_key);
  ADD ("/pairing/refuses-a-request-of-another-invitation", test_request_of_other_invitation);
  ADD ("/pairing/refuses-a-request-with-another-invitation's-csr", test_request_with_csr_of_other_invitation);
  ADD ("/pairing/refuses-a-request-for-two-keys-of-a-kind", test_request_for_two_of_a_kind);
  ADD ("/pairing/refuses-a-request-that-means-another-authority", test_request_for_other_authority);
  ADD ("/pairing/refuses-malformed-requests", test_malformed_requests);
  ADD ("/pairing/refuses-an-answer-whose-mac-was-changed", test_answer_with_changed_mac);
  ADD ("/pairing/refuses-an-answer-under-another-secret-or-invitation", test_answer_of_other_secret);
  ADD ("/pairing/refuses-an-answer-for-another-server", test_answer_of_other_server);
  ADD ("/pairing/refuses-its-own-request-as-an-answer", test_answer_by_reflection);
  ADD ("/pairing/refuses-an-answer-with-another's-certificates", test_answer_for_other_keys);
  ADD ("/pairing/refuses-an-answer-in-another-order", test_answer_in_other_order);
  ADD ("/pairing/refuses-an-answer-of-another-authority", test_answer_of_other_authority);
  ADD ("/pairing/refuses-an-answer-of-another-usage", test_answer_of_other_usage);
  ADD ("/pairing/refuses-an-answer-to-some-of-the-requests", test_answer_too_short);
  ADD ("/pairing/refuses-malformed-answers", test_malformed_answers);
  return g_test_run ();
}
