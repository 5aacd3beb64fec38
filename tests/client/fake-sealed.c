#include <string.h>

#include "core/licence.h"
#include "fake-private.h"
#include "loop.h"

/* ---- what a message does ---- */

static JsonObject *
answer_card (Fake *fake, Open *open, JsonObject *body, GError **error)
{
  g_autoptr (GPtrArray) certificates = cantiga_json_get_bytes_list (body, "certificates", 8, 16384, error);
  g_autoptr (GBytes) signature = certificates != NULL ? cantiga_json_get_bytes (body, "signature", 1, 1024, error) : NULL;
  g_autoptr (GBytes) message = cantiga_channel_get_card_message (open->channel);
  const char *algorithm;
  JsonObject *answer;

  if (signature == NULL || !cantiga_json_get_text (body, "algorithm", 40, &algorithm, error))
    return NULL;
  if (!g_bytes_equal (certificates->pdata[0], fake->card->pdata[0]))
    {
      cantiga_fail (error, CANTIGA_ERROR_CARD_UNKNOWN);
      return NULL;
    }
  if (!cantiga_verify_card (fake->card_key, algorithm, g_bytes_get_data (message, NULL), g_bytes_get_size (message), signature, error))
    return NULL;
  open->card_accepted = TRUE;
  answer = json_object_new ();
  json_object_set_string_member (answer, "listener", "Maria Silva");
  return answer;
}

static JsonObject *
title_object (Fake *fake, guint number)
{
  JsonObject *title = json_object_new ();
  CantigaId id = fake->manifest->title;
  g_autofree char *name = number == 0 ? g_strdup ("Ondas do mar de Vigo") : g_strdup_printf ("Cantiga %u", number);

  id.bytes[0] ^= number & 0xff;
  id.bytes[1] ^= number >> 8;
  cantiga_json_set_id (title, "id", &id);
  json_object_set_string_member (title, "name", name);
  json_object_set_string_member (title, "artist", "Martim Codax");
  json_object_set_string_member (title, "album", "");
  json_object_set_int_member (title, "track", number + 1);
  json_object_set_int_member (title, "year", 0);
  json_object_set_double_member (title, "duration", 12.5);
  json_object_set_string_member (title, "type", fake->manifest->type);
  json_object_set_int_member (title, "size", fake->manifest->size);
  json_object_set_int_member (title, "chunks", cantiga_manifest_get_chunks (fake->manifest));
  if (number == 0)
    json_object_set_string_member (title, "cover", "c1");
  else
    json_object_set_null_member (title, "cover");
  json_object_set_boolean_member (title, "exportable", TRUE);
  json_object_set_null_member (title, "licence");
  return title;
}

/* Cursors and marks hold what must be escaped in a path. */
static JsonObject *
answer_list (Fake *fake, GHashTable *query, GError **error)
{
  const char *after = g_hash_table_lookup (query, "after"), *mark = g_hash_table_lookup (query, "mark");
  const char *limit_text = g_hash_table_lookup (query, "limit");
  guint from = after != NULL ? (guint)g_ascii_strtoull (after + strlen ("a/b c+"), NULL, 10) : 0;
  guint limit = limit_text != NULL ? (guint)g_ascii_strtoull (limit_text, NULL, 10) : 100;
  g_autofree char *present = g_strdup_printf ("m&=%u/%u", fake->mark, from);
  g_autofree char *next = g_strdup_printf ("a/b c+%u", from + limit);
  JsonObject *answer;
  JsonArray *titles;

  if (after != NULL && fake->lost_cursors > 0)
    {
      fake->lost_cursors--;
      cantiga_fail (error, CANTIGA_ERROR_MALFORMED);
      return NULL;
    }
  answer = json_object_new ();
  json_object_set_string_member (answer, "mark", present);
  if (g_strcmp0 (mark, present) == 0)
    {
      json_object_set_boolean_member (answer, "unchanged", TRUE);
      return answer;
    }
  titles = json_array_new ();
  for (guint i = from; i < MIN (fake->titles, from + limit); i++)
    json_array_add_object_element (titles, title_object (fake, i));
  json_object_set_array_member (answer, "titles", titles);
  if (from + limit < fake->titles)
    json_object_set_string_member (answer, "next", next);
  else
    json_object_set_null_member (answer, "next");
  return answer;
}

static JsonObject *
answer_cover (Fake *fake)
{
  g_autofree char *picture = g_strnfill (fake->cover_length, 'p');
  JsonObject *answer = json_object_new ();

  json_object_set_string_member (answer, "type", "image/png");
  cantiga_json_set_bytes (answer, "data", picture, fake->cover_length);
  return answer;
}

static gboolean
spend (Fake *fake, const CantigaId *play, GError **error)
{
  char text[CANTIGA_ID_TEXT_LENGTH];

  if (g_hash_table_contains (fake->plays, cantiga_id_format (play, text)))
    return TRUE;
  if (fake->plays_left == 0)
    return cantiga_fail (error, CANTIGA_ERROR_LICENCE_EXHAUSTED);
  fake->plays_left--;
  g_hash_table_add (fake->plays, g_strdup (text));
  return TRUE;
}

static JsonObject *
answer_licence (Fake *fake, JsonObject *body, CantigaId *ret_grant, GError **error)
{
  CantigaId title, play;
  JsonObject *answer;

  if (!cantiga_json_get_id (body, "title", &title, error) || !cantiga_json_get_id (body, "play", &play, error))
    return NULL;
  if (!cantiga_id_equal (&title, &fake->manifest->title))
    {
      cantiga_fail (error, CANTIGA_ERROR_TITLE_UNKNOWN);
      return NULL;
    }
  if (!spend (fake, &play, error))
    return NULL;
  cantiga_id_new_random (ret_grant);
  answer = json_object_new ();
  cantiga_json_set_id (answer, "title", &title);
  cantiga_json_set_id (answer, "play", &play);
  cantiga_json_set_id (answer, "grant", ret_grant);
  json_object_set_int_member (answer, "plays_left", fake->plays_left);
  json_object_set_int_member (answer, "expires", fake->pki->now + 1000);
  json_object_set_int_member (answer, "ends", fake->pki->now + 600);
  json_object_set_int_member (answer, "size", (gint64)fake->manifest->size + (fake->lie ? 1 : 0));
  json_object_set_string_member (answer, "type", fake->manifest->type);
  json_object_set_int_member (answer, "chunk_size", fake->manifest->chunk_size);
  json_object_set_int_member (answer, "chunks", cantiga_manifest_get_chunks (fake->manifest));
  json_object_set_double_member (answer, "duration", 12.5);
  json_object_set_boolean_member (answer, "exportable", TRUE);
  json_object_set_object_member (answer, "manifest", cantiga_manifest_encode (fake->manifest));
  return answer;
}

/* As many as there are titles: used up until they were renewed, with a page and a cursor as the real server has them. */
static JsonObject *
held_object (Fake *fake, guint number)
{
  JsonObject *licence = title_object (fake, number), *play = json_object_new ();
  JsonArray *history = json_array_new ();
  CantigaId id;

  g_assert_true (cantiga_json_get_id (licence, "id", &id, NULL));
  cantiga_json_set_id (licence, "title", &id);
  json_object_set_boolean_member (licence, "removed", number == 2);
  json_object_set_string_member (licence, "state", fake->plays_left > 0 ? "valid" : "used-up");
  json_object_set_int_member (licence, "plays", 3);
  json_object_set_int_member (licence, "plays_left", fake->plays_left);
  json_object_set_int_member (licence, "made", fake->pki->now);
  json_object_set_int_member (licence, "expires", fake->pki->now + 1000);
  json_object_set_string_member (licence, "renewal", fake->plays_left > 0 ? "plays-left" : "now");
  json_object_set_int_member (licence, "renewal_from", 0);
  cantiga_json_set_id (play, "play", &id);
  json_object_set_int_member (play, "at", fake->pki->now);
  json_object_set_int_member (play, "until", 0);
  json_object_set_string_member (play, "state", "playing");
  json_object_set_string_member (play, "player", "Sala");
  json_array_add_object_element (history, play);
  json_object_set_array_member (licence, "history", history);
  return licence;
}

static JsonObject *
answer_licences (Fake *fake, GHashTable *query)
{
  const char *after = g_hash_table_lookup (query, "after");
  guint from = after != NULL ? (guint)g_ascii_strtoull (after + strlen ("a/b c+"), NULL, 10) : 0;
  guint limit = (guint)g_ascii_strtoull (g_hash_table_lookup (query, "limit"), NULL, 10);
  g_autofree char *next = g_strdup_printf ("a/b c+%u", from + limit);
  JsonObject *answer = json_object_new ();
  JsonArray *licences = json_array_new ();

  for (guint i = from; i < MIN (fake->titles, from + limit); i++)
    json_array_add_object_element (licences, held_object (fake, i));
  json_object_set_array_member (answer, "licences", licences);
  if (from + limit < fake->titles)
    json_object_set_string_member (answer, "next", next);
  else
    json_object_set_null_member (answer, "next");
  return answer;
}

static JsonObject *
answer_renew (Fake *fake, GError **error)
{
  if (fake->plays_left > 0)
    {
      cantiga_renewable_fail (CANTIGA_RENEWABLE_PLAYS_LEFT, error);
      return NULL;
    }
  fake->plays_left = 3;
  return held_object (fake, 0);
}

static JsonObject *
answer_return (Fake *fake)
{
  JsonObject *answer = json_object_new (), *licence = json_object_new ();

  json_object_set_string_member (licence, "state", "refused");
  json_object_set_int_member (licence, "plays_left", 0);
  json_object_set_int_member (licence, "expires", 0);
  json_object_set_boolean_member (answer, "returned", TRUE);
  json_object_set_object_member (answer, "licence", licence);
  return answer;
}

static JsonObject *
answer_certificate (Fake *fake, Open *open, GBytes *text, GError **error)
{
  g_autoptr (GPtrArray) keys = cantiga_renewal_consume_request (text, cantiga_channel_get_session (open->channel), error);
  g_autoptr (GPtrArray) chains = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  g_autoptr (GBytes) body = NULL;

  if (keys == NULL)
    return NULL;
  for (guint i = 0; i < keys->len; i++)
    g_ptr_array_add (chains, pki_certify (fake->pki, keys->pdata[i], CANTIGA_USAGE_PLAYER, NULL));
  body = cantiga_renewal_create_answer (chains, NULL);
  return cantiga_json_parse (g_bytes_get_data (body, NULL), g_bytes_get_size (body), error);
}

static JsonObject *
answer_flag (const char *flag)
{
  JsonObject *answer = json_object_new ();

  json_object_set_boolean_member (answer, flag, TRUE);
  return answer;
}

static JsonObject *
answer_text (Fake *fake, Open *open, const char *path, GHashTable *query, GBytes *text, CantigaId *ret_grant, GError **error)
{
  g_autoptr (JsonObject) body = NULL;

  if (g_bytes_get_size (text) > 0 && (body = cantiga_json_parse (g_bytes_get_data (text, NULL), g_bytes_get_size (text), error)) == NULL)
    return NULL;
  if (g_str_equal (path, "/api/cc"))
    return answer_card (fake, open, body, error);
  if (!open->card_accepted)
    cantiga_fail (error, CANTIGA_ERROR_CARD_NEEDED);
  else if (g_str_equal (path, "/api/list"))
    return answer_list (fake, query, error);
  else if (g_str_equal (path, "/api/cover"))
    return answer_cover (fake);
  else if (g_str_equal (path, "/api/license"))
    return answer_licence (fake, body, ret_grant, error);
  else if (g_str_equal (path, "/api/licences"))
    return answer_licences (fake, query);
  else if (g_str_equal (path, "/api/renew"))
    return answer_renew (fake, error);
  else if (g_str_equal (path, "/api/return"))
    return answer_return (fake);
  else if (g_str_equal (path, "/api/end"))
    return answer_flag ("ended");
  else if (g_str_equal (path, "/api/leave"))
    return answer_flag ("left");
  else if (g_str_equal (path, "/api/certificate"))
    return answer_certificate (fake, open, text, error);
  else
    cantiga_fail (error, CANTIGA_ERROR_NOT_FOUND);
  return NULL;
}

/* ---- sealed ---- */

static Open *
find_open (Fake *fake, SoupServerMessage *message, GStrv *ret_parts, GError **error)
{
  const char *header = soup_message_headers_get_one (soup_server_message_get_request_headers (message), "Authorization");
  CantigaId id;
  Open *open;

  if (header == NULL || !cantiga_authorization_consume (header, &id, ret_parts, error))
    return NULL;
  open = g_hash_table_lookup (fake->sessions, &id);
  if (open == NULL || open->channel == NULL)
    {
      cantiga_fail (error, CANTIGA_ERROR_NOT_AUTHENTICATED);
      return NULL;
    }
  return open;
}

static GBytes *
seal_answer (Fake *fake, Open *open, JsonObject *answer, const CantigaId *grant)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text = cantiga_json_format (answer);
  GBytes *envelope = cantiga_channel_seal_answer (open->channel, text, &error);

  g_assert_no_error (error);
  if (json_object_has_member (answer, "grant"))
    {
      CantigaStream *stream = cantiga_channel_derive_stream (open->channel, grant, &error);
      g_assert_no_error (error);
      g_hash_table_insert (open->streams, g_memdup2 (grant, sizeof *grant), stream);
    }
  return envelope;
}

static JsonObject *
work (Fake *fake, Open *open, SoupServerMessage *message, GBytes *text, Fault fault, CantigaId *ret_grant)
{
  GUri *uri = soup_server_message_get_uri (message);
  g_autoptr (GHashTable) query = soup_form_decode (g_uri_get_query (uri) != NULL ? g_uri_get_query (uri) : "");
  g_autoptr (GError) error = NULL;
  JsonObject *answer = NULL;

  if (fault == FAULT_REFUSE || fault == FAULT_LATER)
    cantiga_fail (&error, CANTIGA_ERROR_SLOW_DOWN);
  else
    answer = answer_text (fake, open, g_uri_get_path (uri), query, text, ret_grant, &error);
  if (fault == FAULT_LATER)
    soup_message_headers_replace (soup_server_message_get_response_headers (message), "Retry-After", "1");
  return answer != NULL ? answer : cantiga_problem_create (error);
}

void
fake_answer_sealed (Fake *fake, SoupServerMessage *message, const char *target, Fault fault)
{
  const char *method = soup_server_message_get_method (message);
  g_auto (GStrv) parts = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) envelope = NULL, text = NULL, sealed = NULL;
  g_autoptr (JsonObject) answer = NULL;
  Open *open = find_open (fake, message, &parts, &error);
  CantigaId grant;

  if (open == NULL)
    return fake_send_bare (message, error, -1);
  envelope = g_str_equal (method, "GET") ? cantiga_base64url_decode (parts[0], strlen (parts[0]))
                                         : soup_message_body_flatten (soup_server_message_get_request_body (message));
  if (!cantiga_channel_open_request (open->channel, method, target, envelope, &text, &sealed, &error))
    return fake_send_bare (message, error, error->code == CANTIGA_ERROR_BUSY ? 0 : -1);
  if (sealed == NULL)
    {
      answer = work (fake, open, message, text, fault, &grant);
      sealed = seal_answer (fake, open, answer, &grant);
    }
  fake_send (fake, message, 200, CANTIGA_ENVELOPE_TYPE, sealed, fault);
}

/* ---- chunks ---- */

static GBytes *
chunk_text (Fake *fake, guint64 index, Fault fault)
{
  guint8 path[32 * CANTIGA_MERKLE_PATH_MAX], n = cantiga_merkle_path (fake->merkle, index, path);
  g_autoptr (GBytes) chunk = fake_dup_chunk (fake, fault == FAULT_SWAP ? 1 - index : index);
  GByteArray *text = g_byte_array_new ();

  g_byte_array_append (text, &n, 1);
  g_byte_array_append (text, path, 32 * n);
  g_byte_array_append (text, g_bytes_get_data (chunk, NULL), g_bytes_get_size (chunk));
  return g_byte_array_free_to_bytes (text);
}

static GBytes *
seal_refusal (CantigaStream *stream, const CantigaChunkRequest *request, const char *target, guint64 index)
{
  g_autoptr (GError) refusal = NULL, error = NULL;
  g_autoptr (JsonObject) problem = NULL;
  g_autoptr (GBytes) text = NULL;
  GBytes *envelope;

  cantiga_fail (&refusal, CANTIGA_ERROR_SLOW_DOWN);
  problem = cantiga_problem_create (refusal);
  text = cantiga_json_format (problem);
  envelope = cantiga_stream_seal_refusal (stream, request, "GET", target, index, text, &error);
  g_assert_no_error (error);
  return envelope;
}

static GBytes *
seal_chunk (Fake *fake, CantigaStream *stream, const CantigaChunkRequest *request, const char *target, guint64 index, Fault fault)
{
  g_autoptr (GBytes) text = chunk_text (fake, index, fault);
  guint n = *(const guint8 *)g_bytes_get_data (text, NULL);
  gsize length = cantiga_stream_envelope_length (stream, n, g_bytes_get_size (text) - 1 - 32 * n);
  guint8 *envelope = g_malloc (length);
  g_autoptr (GError) error = NULL;

  g_assert_true (
      cantiga_stream_seal_chunk (stream, request, "GET", target, index, g_bytes_get_data (text, NULL), g_bytes_get_size (text), envelope, &error));
  g_assert_no_error (error);
  return g_bytes_new_take (envelope, length);
}

void
fake_answer_chunk (Fake *fake, SoupServerMessage *message, const char *target, Fault fault)
{
  g_autoptr (GHashTable) query = soup_form_decode (g_uri_get_query (soup_server_message_get_uri (message)));
  g_auto (GStrv) parts = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) envelope = NULL;
  Open *open = find_open (fake, message, &parts, &error);
  guint64 index = g_ascii_strtoull (g_hash_table_lookup (query, "chunk"), NULL, 10);
  CantigaStream *stream = NULL;
  CantigaChunkRequest request;
  CantigaId grant;

  if (open != NULL && cantiga_id_parse (g_hash_table_lookup (query, "grant"), &grant))
    stream = g_hash_table_lookup (open->streams, &grant);
  if (stream == NULL && error == NULL)
    cantiga_fail (&error, CANTIGA_ERROR_NOT_AUTHENTICATED);
  if (error != NULL || !cantiga_stream_consume_request (stream, "GET", target, parts[0], parts[1], &request, &error))
    return fake_send_bare (message, error, -1);
  if (fault == FAULT_REFUSE)
    envelope = seal_refusal (stream, &request, target, index);
  else
    envelope = seal_chunk (fake, stream, &request, target, index, fault);
  fake_send (fake, message, 200, CANTIGA_ENVELOPE_TYPE, envelope, fault);
}

/* ---- a player that is paired with it ---- */

static CantigaStore *
open_store (const char *folder)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  CantigaStore *store;

  cantiga_store_open_async (folder, NULL, loop_result_cb, &result);
  store = cantiga_store_open_finish (loop_wait (&result), &error);
  g_assert_no_error (error);
  return store;
}

static GPtrArray *player_identities;

void
fake_pair_end (void)
{
  g_clear_pointer (&player_identities, g_ptr_array_unref);
}

CantigaStore *
fake_pair (Fake *fake, const char *folder, GPtrArray *identities, CantigaPaired **ret_paired)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  CantigaStore *store = open_store (folder);

  if (player_identities == NULL)
    player_identities = pki_issue_all (fake->pki, CANTIGA_USAGE_PLAYER, NULL);
  cantiga_store_keep_async (store, fake->terms.name, fake->url, PKI_SERVER, fake->pki->authority, identities != NULL ? identities : player_identities,
                            NULL, loop_result_cb, &result);
  *ret_paired = cantiga_store_keep_finish (store, loop_wait (&result), &error);
  g_assert_no_error (error);
  return store;
}
