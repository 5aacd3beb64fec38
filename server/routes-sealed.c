#include "server/routes.h"

#include "core/licence.h"
#include "core/pairing.h"

#define TITLES_A_PAGE 100
#define TITLES_A_PAGE_MAX 1000

/* ---- the catalogue (docs/protocol.md 8) ---- */

void
cantiga_set_nullable (JsonObject *object, const char *member, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, member, text);
  else
    json_object_set_null_member (object, member);
}

JsonObject *
cantiga_encode_licence (const CantigaLicence *licence, gboolean refused, gint64 now)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "state", cantiga_licence_get_state (licence, refused, now));
  json_object_set_int_member (object, "plays_left", licence != NULL ? licence->plays_left : 0);
  json_object_set_int_member (object, "expires", licence != NULL ? licence->expires : 0);
  return object;
}

static JsonObject *
encode_title (const CantigaTitle *title, JsonObject *licence)
{
  const CantigaMetadata *metadata = title->metadata;
  JsonObject *object = json_object_new ();

  cantiga_json_set_id (object, "id", &title->id);
  json_object_set_string_member (object, "name", metadata->name);
  json_object_set_string_member (object, "artist", metadata->artist);
  json_object_set_string_member (object, "album", metadata->album);
  json_object_set_int_member (object, "track", metadata->track);
  json_object_set_int_member (object, "year", metadata->year);
  json_object_set_double_member (object, "duration", metadata->duration);
  json_object_set_string_member (object, "type", metadata->type);
  json_object_set_int_member (object, "size", (gint64)title->size);
  json_object_set_int_member (object, "chunks", (gint64)title->chunks);
  cantiga_set_nullable (object, "cover", title->cover);
  json_object_set_boolean_member (object, "exportable", metadata->exportable);
  json_object_set_object_member (object, "licence", licence);
  return object;
}

static GHashTable *
index_licences (GPtrArray *rows)
{
  GHashTable *by_title = g_hash_table_new (cantiga_id_hash, cantiga_id_equal_func);

  for (guint i = 0; i < rows->len; i++)
    {
      CantigaLicenceRow *row = g_ptr_array_index (rows, i);

      g_hash_table_insert (by_title, &row->title, &row->licence);
    }
  return by_title;
}

static JsonArray *
encode_titles (const CantigaRequest *request, CantigaServerSession *session, GPtrArray *titles, GError **error)
{
  g_autoptr (GPtrArray) rows = cantiga_ledger_list_licences (request->server->ledger, &session->listener, error);
  g_autoptr (GHashTable) licences = rows != NULL ? index_licences (rows) : NULL;
  JsonArray *array;

  if (licences == NULL)
    return NULL;
  array = json_array_sized_new (titles->len);
  for (guint i = 0; i < titles->len; i++)
    {
      const CantigaTitle *title = g_ptr_array_index (titles, i);
      gboolean refused = g_hash_table_contains (session->refused, &title->id);
      JsonObject *licence = cantiga_encode_licence (g_hash_table_lookup (licences, &title->id), refused, request->now);

      json_array_add_object_element (array, encode_title (title, licence));
    }
  return array;
}

/* The mark is a hash of the whole page: whatever changes in it changes the mark. */
static char *
dup_mark (JsonObject *page)
{
  g_autoptr (GBytes) text = cantiga_json_format (page);
  g_autofree char *hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, text);

  return g_strndup (hash, 32);
}

static gboolean
parse_limit (const CantigaRequest *request, guint64 *ret_limit, GError **error)
{
  const char *text = cantiga_request_get (request, "limit");

  if (text != NULL && !g_ascii_string_to_unsigned (text, 10, 1, TITLES_A_PAGE_MAX, ret_limit, NULL))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "“limit” is a number from 1 to %d.", TITLES_A_PAGE_MAX);
  return TRUE;
}

/* Whose eyes a catalogue is seen with. */
typedef struct
{
  CantigaRightsNow *rights;
  const CantigaPolicy *policy;
  const CantigaId *listener;
} Eyes;

static gboolean
may_see_cb (const CantigaTitle *title, gpointer user_data)
{
  const Eyes *eyes = user_data;

  return cantiga_rights_resolve (eyes->rights, eyes->policy, eyes->listener, &title->id, title->metadata->album).allowed;
}

JsonObject *
cantiga_route_list (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant, GError **error)
{
  g_autoptr (CantigaCatalogue) catalogue = cantiga_library_get_catalogue (request->server->library, error);
  g_autoptr (CantigaRightsNow) rights = catalogue != NULL ? cantiga_rights_get (request->server->rights, error) : NULL;
  Eyes eyes = { rights, &cantiga_server_get_config (request->server)->policy, &session->listener };
  g_autoptr (GPtrArray) titles = NULL;
  g_autoptr (JsonObject) page = json_object_new ();
  g_autofree char *next = NULL;
  g_autofree char *mark = NULL;
  guint64 limit = TITLES_A_PAGE;
  JsonArray *array;

  if (rights == NULL || !parse_limit (request, &limit, error))
    return NULL;
  titles = cantiga_catalogue_query (catalogue, cantiga_request_get (request, "query"), cantiga_request_get (request, "after"), (guint)limit,
                                    cantiga_rights_forbid_some (rights) ? may_see_cb : NULL, &eyes, &next, error);
  array = titles != NULL ? encode_titles (request, session, titles, error) : NULL;
  if (array == NULL)
    return NULL;
  json_object_set_array_member (page, "titles", array);
  cantiga_set_nullable (page, "next", next);
  mark = dup_mark (page);
  if (g_strcmp0 (mark, cantiga_request_get (request, "mark")) == 0)
    {
      json_object_remove_member (page, "titles");
      json_object_remove_member (page, "next");
      json_object_set_boolean_member (page, "unchanged", TRUE);
    }
  json_object_set_string_member (page, "mark", mark);
  return g_steal_pointer (&page);
}

JsonObject *
cantiga_route_cover (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant, GError **error)
{
  g_autoptr (GBytes) cover = NULL;
  g_autoptr (GError) failure = NULL;
  g_autofree char *type = NULL;
  JsonObject *answer;
  CantigaId id;

  if (!cantiga_request_get_id (request, "title", &id, error) || !cantiga_request_resolve (request, session, &id, NULL, error))
    return NULL;
  cover = cantiga_library_read_cover (request->server->library, &id, &type, &failure);
  if (cover == NULL)
    {
      if (failure != NULL)
        g_propagate_error (error, g_steal_pointer (&failure));
      else
        cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "This title has no cover.");
      return NULL;
    }
  answer = json_object_new ();
  json_object_set_string_member (answer, "type", type);
  cantiga_json_set_gbytes (answer, "data", cover);
  return answer;
}

/* ---- licences and plays (docs/protocol.md 9) ---- */

static JsonObject *
encode_grant (const CantigaRequest *request, CantigaServerSession *session, const CantigaPlay *play, CantigaGrant *grant, CantigaSealed *sealed)
{
  const CantigaMetadata *metadata = cantiga_sealed_get_metadata (sealed);
  g_autoptr (CantigaManifest) manifest = cantiga_sealed_dup_manifest (sealed);
  CantigaPki *pki = session->is_older ? cantiga_pki_get_older (request->server->pki) : request->server->pki;
  JsonObject *answer = json_object_new ();

  manifest->certificates = g_ptr_array_ref (cantiga_pki_get_publisher (pki)->certificates);
  cantiga_json_set_id (answer, "title", &play->title);
  cantiga_json_set_id (answer, "play", &play->play);
  cantiga_json_set_id (answer, "grant", cantiga_grant_get_id (grant));
  json_object_set_int_member (answer, "plays_left", play->plays_left);
  json_object_set_int_member (answer, "expires", play->expires);
  json_object_set_int_member (answer, "ends", play->ends);
  json_object_set_int_member (answer, "size", (gint64)cantiga_sealed_get_size (sealed));
  json_object_set_string_member (answer, "type", metadata->type);
  json_object_set_int_member (answer, "chunk_size", CANTIGA_CHUNK_SIZE);
  json_object_set_int_member (answer, "chunks", (gint64)cantiga_sealed_get_chunks (sealed));
  json_object_set_double_member (answer, "duration", metadata->duration);
  json_object_set_boolean_member (answer, "exportable", metadata->exportable);
  json_object_set_object_member (answer, "manifest", cantiga_manifest_encode (manifest));
  return answer;
}

gboolean
cantiga_request_resolve (const CantigaRequest *request, CantigaServerSession *session, const CantigaId *title, CantigaPolicy *ret_policy, GError **error)
{
  CantigaServer *server = request->server;
  g_autoptr (CantigaCatalogue) catalogue = cantiga_library_get_catalogue (server->library, error);
  g_autoptr (CantigaRightsNow) rights = catalogue != NULL ? cantiga_rights_get (server->rights, error) : NULL;
  const CantigaTitle *found;
  CantigaRight right;

  if (rights == NULL)
    return FALSE;
  found = cantiga_catalogue_find (catalogue, title);
  right = cantiga_rights_resolve (rights, &cantiga_server_get_config (server)->policy, &session->listener, title, found != NULL ? found->metadata->album : "");
  if (ret_policy != NULL)
    *ret_policy = right.policy;
  return right.allowed || cantiga_fail (error, CANTIGA_ERROR_TITLE_UNKNOWN);
}

static gboolean
grant_play (const CantigaRequest *request, CantigaServerSession *session, const CantigaPolicy *policy, const CantigaId *title, const CantigaId *play,
            double duration, CantigaPlay *ret_play, GError **error)
{
  CantigaServer *server = request->server;
  gboolean refused = g_hash_table_contains (session->refused, title);
  gboolean deleted = FALSE;

  if (cantiga_ledger_grant_play (server->ledger, policy, &session->listener, title, play, session->player, duration, refused,
                                 request->now, ret_play, &deleted, error))
    {
      g_hash_table_add (session->heard, g_memdup2 (title, sizeof *title));
      return TRUE;
    }
  if (deleted)
    g_hash_table_add (session->refused, g_memdup2 (title, sizeof *title));
  return FALSE;
}

JsonObject *
cantiga_route_licence (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant, GError **error)
{
  CantigaOpenTitle *open;
  CantigaGrant *grant;
  CantigaPlay granted;
  CantigaPolicy policy;
  CantigaId title, play;

  if (!cantiga_json_get_id (body, "title", &title, error) || !cantiga_json_get_id (body, "play", &play, error)
      || !cantiga_request_resolve (request, session, &title, &policy, error))
    return NULL;
  /* The file is opened before anything is spent: a title that cannot be read costs nothing. */
  open = cantiga_library_open_title (request->server->library, &title, error);
  if (open == NULL)
    return NULL;
  if (!grant_play (request, session, &policy, &title, &play, cantiga_sealed_get_metadata (open->sealed)->duration, &granted, error))
    {
      cantiga_open_title_unref (open);
      return NULL;
    }
  cantiga_server_tell_happened (request->server, &(CantigaServerEvent){ CANTIGA_SERVER_GRANTED, .session = &session->id,
                                                                        .title = cantiga_sealed_get_metadata (open->sealed)->name,
                                                                        .plays_left = granted.plays_left });
  grant = cantiga_grant_new (session, &granted, open);
  *ret_grant = grant;
  return encode_grant (request, session, &granted, grant, open->sealed);
}

JsonObject *
cantiga_route_end (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant, GError **error)
{
  JsonObject *answer;
  CantigaId play;

  if (!cantiga_json_get_id (body, "play", &play, error)
      || !cantiga_ledger_end_play (request->server->ledger, &session->listener, &play, request->now, error))
    return NULL;
  cantiga_gate_end_play (request->server->gate, session, &play);
  answer = json_object_new ();
  json_object_set_boolean_member (answer, "ended", TRUE);
  return answer;
}

/* ---- the rest (docs/protocol.md 14.6, 14.7) ---- */

static char *
dup_player_name (const CantigaRequest *request, const char *uuid, GError **error)
{
  g_autoptr (GError) failure = NULL;
  char *name = cantiga_ledger_dup_player_name (request->server->ledger, uuid, &failure);

  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  else if (name == NULL)
    cantiga_fail (error, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  return name;
}

JsonObject *
cantiga_route_certificate (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant, GError **error)
{
  g_autoptr (GBytes) text = cantiga_json_format (body);
  g_autoptr (GPtrArray) keys = cantiga_renewal_consume_request (text, &session->id, error);
  g_autofree char *name = keys != NULL ? dup_player_name (request, session->player, error) : NULL;
  g_autoptr (GPtrArray) leaves = NULL;
  g_autoptr (GPtrArray) chains = name != NULL ? cantiga_issue_chains (request, keys, name, session->player, &leaves, error) : NULL;
  g_autoptr (GBytes) answer = NULL;

  if (chains == NULL || !cantiga_ledger_add_certificates (request->server->ledger, session->player, leaves, error))
    return NULL;
  answer = cantiga_renewal_create_answer (chains, session->is_older ? cantiga_pki_get_authority (request->server->pki) : NULL);
  return cantiga_json_parse (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer), error);
}

JsonObject *
cantiga_route_leave (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant, GError **error)
{
  JsonObject *answer = json_object_new ();

  cantiga_sessions_end (request->server->sessions, session);
  json_object_set_boolean_member (answer, "left", TRUE);
  return answer;
}
