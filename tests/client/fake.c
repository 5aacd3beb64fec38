#include "fake.h"

#include <string.h>

#include "fake-private.h"

#define CHUNKS 5
#define LAST_CHUNK 12345

static void
open_free (Open *open)
{
  g_clear_pointer (&open->handshake, cantiga_handshake_free);
  g_clear_pointer (&open->channel, cantiga_channel_free);
  g_hash_table_unref (open->streams);
  g_free (open);
}

/* ---- sending ---- */

static void
drop (SoupServerMessage *message)
{
  g_autoptr (GIOStream) stream = soup_server_message_steal_connection (message);

  g_io_stream_close (stream, NULL, NULL);
}

static GBytes *
turn_bit (GBytes *body)
{
  gsize length;
  guint8 *bytes = g_bytes_unref_to_data (g_bytes_ref (body), &length);

  bytes[length / 2] ^= 1;
  return g_bytes_new_take (bytes, length);
}

void
fake_send (Fake *fake, SoupServerMessage *message, guint status, const char *type, GBytes *body, Fault fault)
{
  g_autoptr (GBytes) forged = NULL;

  if (fault == FAULT_DROP)
    return drop (message);
  if (fault == FAULT_FORGE)
    body = forged = turn_bit (body);
  soup_server_message_set_status (message, status, NULL);
  /* As the server does; and libsoup 3.2 never lets go of a connection that its client leaves idle. */
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Connection", "close");
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Content-Type", type);
  soup_message_body_append_bytes (soup_server_message_get_response_body (message), body);
  if (fault != FAULT_HOLD)
    return;
  g_ptr_array_add (fake->held, g_object_ref (message));
  soup_server_message_pause (message);
}

void
fake_release (Fake *fake)
{
  for (guint i = 0; i < fake->held->len; i++)
    soup_server_message_unpause (fake->held->pdata[i]);
  g_ptr_array_set_size (fake->held, 0);
}

void
fake_send_bare (SoupServerMessage *message, const GError *error, int retry_after)
{
  g_autoptr (JsonObject) problem = cantiga_problem_create (error);
  g_autoptr (GBytes) body = cantiga_json_format (problem);
  g_autofree char *seconds = g_strdup_printf ("%d", retry_after);

  if (retry_after >= 0)
    soup_message_headers_replace (soup_server_message_get_response_headers (message), "Retry-After", seconds);
  fake_send (NULL, message, cantiga_problem_get_status (error), CANTIGA_PROBLEM_TYPE, body, FAULT_NONE);
}

/* ---- handshake and pairing ---- */

static GBytes *
body_of (SoupServerMessage *message)
{
  return soup_message_body_flatten (soup_server_message_get_request_body (message));
}

static Open *
open_new (Fake *fake, const CantigaId *id)
{
  Open *open = g_new0 (Open, 1);

  open->handshake = cantiga_handshake_new_server (id, fake->pki->now);
  open->streams = g_hash_table_new_full (cantiga_id_hash, cantiga_id_equal_func, g_free, (GDestroyNotify)cantiga_stream_unref);
  g_hash_table_insert (fake->sessions, g_memdup2 (id, sizeof *id), open);
  return open;
}

static GBytes *
answer_hello (Fake *fake, GBytes *body, GError **error)
{
  GBytes *answer = NULL;
  CantigaId id;
  Open *open;

  cantiga_id_new_random (&id);
  open = open_new (fake, &id);
  if (cantiga_handshake_answer_hello (open->handshake, &fake->terms, body, &answer, error))
    return answer;
  return NULL;
}

static GBytes *
answer_round (Fake *fake, const char *path, GBytes *body, GError **error)
{
  GBytes *answer = NULL;
  CantigaId id;
  Open *open;
  gboolean done;

  if (!cantiga_handshake_peek_session (body, &id, error))
    return NULL;
  open = g_hash_table_lookup (fake->sessions, &id);
  if (open == NULL || open->handshake == NULL)
    {
      cantiga_fail (error, CANTIGA_ERROR_NOT_AUTHENTICATED);
      return NULL;
    }
  if (g_str_equal (path, "/api/suite"))
    done = cantiga_handshake_answer_suite (open->handshake, &fake->terms, body, &answer, error);
  else
    done = cantiga_handshake_answer_key (open->handshake, &fake->terms, body, &answer, error);
  if (done && cantiga_handshake_get_awaits (open->handshake) == CANTIGA_AWAITS_NOTHING)
    {
      open->channel = cantiga_handshake_take_channel (open->handshake);
      g_clear_pointer (&open->handshake, cantiga_handshake_free);
    }
  return done ? answer : NULL;
}

/* "The same request again within the invitation's time gets the same answer." */
static GBytes *
answer_pair (Fake *fake, GBytes *body, GError **error)
{
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (GPtrArray) chains = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);

  if (fake->pair_request != NULL)
    {
      if (g_bytes_equal (fake->pair_request, body))
        return g_bytes_ref (fake->pair_answer);
      cantiga_fail (error, CANTIGA_ERROR_INVITATION_REFUSED);
      return NULL;
    }
  keys = cantiga_pairing_consume_request (body, &fake->invitation->id, fake->invitation->secret, fake->pki->authority, error);
  if (keys == NULL)
    return NULL;
  for (guint i = 0; i < keys->len; i++)
    g_ptr_array_add (chains, pki_certify (fake->pki, keys->pdata[i], CANTIGA_USAGE_PLAYER, NULL));
  fake->pair_request = g_bytes_ref (body);
  fake->pair_answer = cantiga_pairing_create_answer (&fake->invitation->id, fake->invitation->secret, PKI_SERVER, chains, error);
  return fake->pair_answer != NULL ? g_bytes_ref (fake->pair_answer) : NULL;
}

static GBytes *
answer_open (Fake *fake, const char *method, const char *path, GHashTable *query, GBytes *body, GError **error)
{
  gboolean get = g_str_equal (method, "GET");

  if (g_str_equal (path, "/api/pair"))
    return get ? cantiga_pairing_create_offer ("Coro da S\303\251", PKI_SERVER, fake->pki->authority) : answer_pair (fake, body, error);
  if (g_str_equal (path, "/api/auth"))
    return get ? cantiga_server_terms_create_certificates (&fake->terms, query != NULL ? g_hash_table_lookup (query, "auth") : NULL, error)
               : answer_hello (fake, body, error);
  return answer_round (fake, path, body, error);
}

/* ---- requests ---- */

static Fault
take_fault (Fake *fake, const char *path, GBytes *body)
{
  if (fake->path == NULL || !g_str_equal (path, fake->path))
    return FAULT_NONE;
  g_ptr_array_add (fake->bodies, g_bytes_ref (body));
  if (fake->skip > 0)
    {
      fake->skip--;
      return FAULT_NONE;
    }
  if (fake->times == 0)
    return FAULT_NONE;
  fake->times--;
  return fake->fault;
}

static gboolean
is_open_path (const char *path)
{
  static const char *const open_paths[] = { "/api/pair", "/api/auth", "/api/suite", "/api/key", NULL };

  return g_strv_contains (open_paths, path);
}

static void
request_cb (SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  Fake *fake = user_data;
  GUri *uri = soup_server_message_get_uri (message);
  g_autofree char *target = g_strconcat (g_uri_get_path (uri), g_uri_get_query (uri) != NULL ? "?" : "", g_uri_get_query (uri), NULL);
  g_autoptr (GBytes) body = body_of (message);
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (GError) error = NULL;
  Fault fault = take_fault (fake, path, body);

  g_hash_table_insert (fake->count, g_strdup (path), GUINT_TO_POINTER (fake_count (fake, path) + 1));
  if (fault == FAULT_FORGET)
    fake_forget (fake);
  if (fault == FAULT_BUSY)
    {
      cantiga_fail (&error, CANTIGA_ERROR_BUSY);
      return fake_send_bare (message, error, 0);
    }
  if (g_str_equal (path, "/api/download"))
    return fake_answer_chunk (fake, message, target, fault);
  if (!is_open_path (path))
    return fake_answer_sealed (fake, message, target, fault);
  answer = answer_open (fake, soup_server_message_get_method (message), path, query, body, &error);
  if (answer == NULL)
    return fake_send_bare (message, error, -1);
  fake_send (fake, message, 200, CANTIGA_JSON_TYPE, answer, fault);
}

/* ---- the server ---- */

static Pki *shared_pki;
static GPtrArray *server_identities;

static void
share (Fake *fake)
{
  if (shared_pki == NULL)
    {
      shared_pki = pki_new ();
      server_identities = pki_issue_all (shared_pki, CANTIGA_USAGE_SERVER, PKI_SERVER);
    }
  fake->pki = shared_pki;
}

void
fake_end (void)
{
  fake_pair_end ();
  g_clear_pointer (&shared_pki, pki_free);
  g_clear_pointer (&server_identities, g_ptr_array_unref);
}

static void
make_title (Fake *fake)
{
  gsize size = (CHUNKS - 1) * CANTIGA_CHUNK_SIZE + LAST_CHUNK;
  guint8 *media = g_malloc (size), leaves[CHUNKS * 32], root[32];
  g_autoptr (GError) error = NULL;
  CantigaId id;

  cantiga_random (media, size);
  fake->media = g_bytes_new_take (media, size);
  cantiga_id_new_random (&id);
  for (guint i = 0; i < CHUNKS; i++)
    {
      g_autoptr (GBytes) chunk = fake_dup_chunk (fake, i);
      cantiga_merkle_leaf (i, g_bytes_get_data (chunk, NULL), g_bytes_get_size (chunk), leaves + 32 * i);
    }
  fake->merkle = cantiga_merkle_new (leaves, CHUNKS);
  cantiga_merkle_root (leaves, CHUNKS, root);
  fake->manifest = cantiga_manifest_new (&id, size, "audio/flac", CANTIGA_CHUNK_SIZE, root);
  g_assert_true (cantiga_manifest_sign (fake->manifest, fake->pki->publisher_key, fake->pki->publisher, &error));
  g_assert_no_error (error);
}

static void
make_terms (Fake *fake)
{
  static const char *const usual[] = { "default", NULL };

  fake->terms.name = "Coro da S\303\251";
  fake->terms.server = PKI_SERVER;
  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    fake->terms.identities[auth] = cantiga_identity_ref (server_identities->pdata[auth]);
  fake->terms.first = CANTIGA_AUTH_ECDSA;
  fake->terms.authorities = g_ptr_array_new ();
  g_ptr_array_add (fake->terms.authorities, fake->pki->authority);
  fake->terms.crl = fake->pki->crl;
  fake->terms.suites = (const char *const *)cantiga_suites_expand (usual, NULL);
  fake->terms.selection = CANTIGA_SELECTION_STRONGEST;
}

void
fake_start (Fake *fake)
{
  g_autoptr (GError) error = NULL;
  g_autoslist (GUri) uris = NULL;

  fake->soup = soup_server_new (NULL, NULL);
  soup_server_add_handler (fake->soup, NULL, request_cb, fake, NULL);
  soup_server_listen_local (fake->soup, fake->port, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (fake->soup);
  fake->port = g_uri_get_port (uris->data);
}

void
fake_stop (Fake *fake)
{
  soup_server_disconnect (fake->soup);
  g_clear_object (&fake->soup);
}

Fake *
fake_new (void)
{
  Fake *fake = g_new0 (Fake, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaIdentity) card = NULL;

  share (fake);
  make_terms (fake);
  make_title (fake);
  card = pki_issue (fake->pki, CANTIGA_AUTH_ECDSA, CANTIGA_USAGE_CARD, NULL, fake->pki->now - 60, fake->pki->now + 3600);
  g_assert_cmpint (EVP_PKEY_up_ref (card->key), ==, 1);
  fake->card_key = card->key;
  fake->card = g_ptr_array_ref (card->certificates);
  fake->sessions = g_hash_table_new_full (cantiga_id_hash, cantiga_id_equal_func, g_free, (GDestroyNotify)open_free);
  fake->plays = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  fake->count = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  fake->bodies = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  fake->held = g_ptr_array_new_with_free_func (g_object_unref);
  fake->plays_left = 3;
  fake->titles = 3;
  fake->cover_length = 7;
  fake_start (fake);
  fake->url = g_strdup_printf ("http://127.0.0.1:%u", fake->port);
  fake->invitation = cantiga_invitation_new (fake->url, fake->pki->authority, &error);
  g_assert_no_error (error);
  return fake;
}

void
fake_free (Fake *fake)
{
  fake_release (fake);
  if (fake->soup != NULL)
    fake_stop (fake);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    g_clear_pointer (&fake->terms.identities[auth], cantiga_identity_unref);
  g_ptr_array_unref (fake->terms.authorities);
  g_strfreev ((GStrv)fake->terms.suites);
  g_clear_pointer (&fake->invitation, cantiga_invitation_free);
  g_clear_pointer (&fake->pair_request, g_bytes_unref);
  g_clear_pointer (&fake->pair_answer, g_bytes_unref);
  EVP_PKEY_free (fake->card_key);
  g_ptr_array_unref (fake->card);
  cantiga_manifest_free (fake->manifest);
  cantiga_merkle_free (fake->merkle);
  g_bytes_unref (fake->media);
  g_hash_table_unref (fake->sessions);
  g_hash_table_unref (fake->plays);
  g_hash_table_unref (fake->count);
  g_ptr_array_unref (fake->bodies);
  g_ptr_array_unref (fake->held);
  g_free (fake->url);
  g_free (fake);
}

void
fake_fail (Fake *fake, const char *path, Fault fault, guint times)
{
  fake->path = path;
  fake->fault = fault;
  fake->times = times;
  fake->skip = 0;
  g_ptr_array_set_size (fake->bodies, 0);
}

void
fake_forget (Fake *fake)
{
  g_hash_table_remove_all (fake->sessions);
}

guint
fake_count (Fake *fake, const char *path)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (fake->count, path));
}

GBytes *
fake_dup_chunk (Fake *fake, guint64 index)
{
  gsize from = index * CANTIGA_CHUNK_SIZE;

  return g_bytes_new_from_bytes (fake->media, from, MIN (CANTIGA_CHUNK_SIZE, g_bytes_get_size (fake->media) - from));
}
