/* A listener's own licences (docs/protocol.md 9.6 to 9.8). */
#include "server/routes.h"

#define LICENCES_A_PAGE 50
#define LICENCES_A_PAGE_MAX 100
#define PLAYS_OF_A_LICENCE 10

/* ---- one licence ---- */

static JsonObject *
encode_heard (const CantigaRequest *request, const CantigaHeard *heard, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autofree char *player = cantiga_ledger_dup_player_name (request->server->ledger, heard->player, &failure);
  JsonObject *object;

  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return NULL;
    }
  object = json_object_new ();
  cantiga_json_set_id (object, "play", &heard->play);
  json_object_set_int_member (object, "at", heard->at);
  json_object_set_int_member (object, "until", heard->until);
  json_object_set_string_member (object, "state", heard->state);
  json_object_set_string_member (object, "player", player != NULL ? player : "");
  return object;
}

static JsonArray *
encode_history (const CantigaRequest *request, const CantigaLicenceRow *row, GError **error)
{
  g_autoptr (GArray) plays = cantiga_ledger_list_heard (request->server->ledger, &row->id, PLAYS_OF_A_LICENCE, error);
  g_autoptr (JsonArray) array = plays != NULL ? json_array_new () : NULL;

  for (guint i = 0; plays != NULL && i < plays->len; i++)
    {
      JsonObject *object = encode_heard (request, &g_array_index (plays, CantigaHeard, i), error);

      if (object == NULL)
        return NULL;
      json_array_add_object_element (array, object);
    }
  return g_steal_pointer (&array);
}

/* A title that was removed has left its name in no licence; one that is denied is not there either. */
static void
encode_title (JsonObject *object, const CantigaTitle *title, const CantigaId *id)
{
  const CantigaMetadata *metadata = title != NULL ? title->metadata : NULL;

  cantiga_json_set_id (object, "title", id);
  json_object_set_string_member (object, "name", metadata != NULL ? metadata->name : "");
  json_object_set_string_member (object, "artist", metadata != NULL ? metadata->artist : "");
  json_object_set_string_member (object, "album", metadata != NULL ? metadata->album : "");
  cantiga_set_nullable (object, "cover", title != NULL ? title->cover : NULL);
  json_object_set_boolean_member (object, "removed", title == NULL);
}

static gboolean
was_used (CantigaServerSession *session, const CantigaId *title)
{
  return g_hash_table_contains (session->heard, title) || g_hash_table_contains (session->refused, title);
}

/* What licences are told with. */
typedef struct
{
  CantigaCatalogue *catalogue;
  CantigaRightsNow *rights;
} Around;

static void
around_clear (Around *around)
{
  g_clear_pointer (&around->catalogue, cantiga_catalogue_unref);
  g_clear_pointer (&around->rights, cantiga_rights_now_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Around, around_clear)

static gboolean
look_around (const CantigaRequest *request, Around *around, GError **error)
{
  around->catalogue = cantiga_library_get_catalogue (request->server->library, error);
  around->rights = around->catalogue != NULL ? cantiga_rights_get (request->server->rights, error) : NULL;
  return around->rights != NULL;
}

static JsonObject *
encode_licence (const CantigaRequest *request, CantigaServerSession *session, const Around *around, const CantigaLicenceRow *row, GError **error)
{
  JsonArray *history = encode_history (request, row, error);
  const CantigaTitle *title = cantiga_catalogue_find (around->catalogue, &row->title);
  CantigaRight right
      = cantiga_rights_resolve (around->rights, &cantiga_server_get_config (request->server)->policy, &session->listener, &row->title, title != NULL ? title->metadata->album : "");
  JsonObject *object;
  CantigaRenewable renewable;
  gint64 from;

  if (history == NULL)
    return NULL;
  object = json_object_new ();
  encode_title (object, right.allowed ? title : NULL, &row->title);
  json_object_set_string_member (object, "state",
                                 row->plays == 0 ? "returned" : cantiga_licence_get_state (&row->licence, FALSE, request->now));
  json_object_set_int_member (object, "plays", row->plays);
  json_object_set_int_member (object, "plays_left", row->licence.plays_left);
  json_object_set_int_member (object, "made", row->licence.made);
  json_object_set_int_member (object, "expires", row->licence.expires);
  renewable = cantiga_licence_get_renewable (&right.policy, &row->licence, was_used (session, &row->title), request->now, &from);
  json_object_set_string_member (object, "renewal", cantiga_renewable_get_name (renewable));
  json_object_set_int_member (object, "renewal_from", from);
  json_object_set_array_member (object, "history", history);
  return object;
}

/* ---- all of them ---- */

/* The last made first; those of one second by their identifiers. */
static gint
compare_made_cb (gconstpointer a, gconstpointer b)
{
  const CantigaLicenceRow *first = *(const CantigaLicenceRow *const *)a, *second = *(const CantigaLicenceRow *const *)b;

  if (first->licence.made != second->licence.made)
    return first->licence.made > second->licence.made ? -1 : 1;
  return memcmp (&first->title, &second->title, sizeof first->title); /* public */
}

/* A cursor is the title of the last licence that was told. */
static gboolean
find_start (const CantigaRequest *request, GPtrArray *rows, guint *ret_start, GError **error)
{
  CantigaId after;

  *ret_start = 0;
  if (cantiga_request_get (request, "after") == NULL)
    return TRUE;
  if (!cantiga_request_get_id (request, "after", &after, error))
    return FALSE;
  for (guint i = 0; i < rows->len; i++)
    if (cantiga_id_equal (&((const CantigaLicenceRow *)g_ptr_array_index (rows, i))->title, &after))
      {
        *ret_start = i + 1;
        return TRUE;
      }
  return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "There is no such cursor (any more): ask for the first page again.");
}

static JsonArray *
encode_page (const CantigaRequest *request, CantigaServerSession *session, GPtrArray *rows, guint start, guint end, GError **error)
{
  g_auto (Around) around = { 0 };
  g_autoptr (JsonArray) array = look_around (request, &around, error) ? json_array_new () : NULL;

  for (guint i = start; array != NULL && i < end; i++)
    {
      JsonObject *licence = encode_licence (request, session, &around, g_ptr_array_index (rows, i), error);

      if (licence == NULL)
        return NULL;
      json_array_add_object_element (array, licence);
    }
  return g_steal_pointer (&array);
}

JsonObject *
cantiga_route_licences (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant, GError **error)
{
  g_autoptr (GPtrArray) rows = cantiga_ledger_list_licences (request->server->ledger, &session->listener, error);
  const char *limit_text = cantiga_request_get (request, "limit");
  char next[CANTIGA_ID_TEXT_LENGTH];
  guint64 limit = LICENCES_A_PAGE;
  JsonObject *answer;
  JsonArray *page;
  guint start, end;

  if (rows == NULL)
    return NULL;
  if (limit_text != NULL && !g_ascii_string_to_unsigned (limit_text, 10, 1, LICENCES_A_PAGE_MAX, &limit, NULL))
    {
      cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "“limit” is a number from 1 to %d.", LICENCES_A_PAGE_MAX);
      return NULL;
    }
  g_ptr_array_sort (rows, compare_made_cb);
  if (!find_start (request, rows, &start, error))
    return NULL;
  end = (guint)MIN (start + limit, rows->len);
  page = encode_page (request, session, rows, start, end, error);
  if (page == NULL)
    return NULL;
  answer = json_object_new ();
  json_object_set_array_member (answer, "licences", page);
  cantiga_set_nullable (answer, "next",
                        end < rows->len ? cantiga_id_format (&((const CantigaLicenceRow *)rows->pdata[end - 1])->title, next) : NULL);
  return answer;
}

/* ---- renew, give back ---- */

JsonObject *
cantiga_route_renew (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant, GError **error)
{
  CantigaServer *server = request->server;
  g_auto (Around) around = { 0 };
  CantigaPolicy policy;
  CantigaLicenceRow row;
  CantigaId title;

  if (!look_around (request, &around, error) || !cantiga_json_get_id (body, "title", &title, error)
      || !cantiga_request_resolve (request, session, &title, &policy, error)
      || !cantiga_ledger_renew_licence (server->ledger, &policy, &session->listener, &title, was_used (session, &title),
                                        request->now, &row, error))
    return NULL;
  return encode_licence (request, session, &around, &row, error);
}

JsonObject *
cantiga_route_return (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant, GError **error)
{
  CantigaServer *server = request->server;
  CantigaPolicy policy;
  CantigaLicenceRow row;
  gboolean deleted;
  JsonObject *answer;
  CantigaId title;

  if (!cantiga_json_get_id (body, "title", &title, error) || !cantiga_request_resolve (request, session, &title, &policy, error)
      || !cantiga_ledger_return_licence (server->ledger, &policy, &session->listener, &title, request->now, &deleted, &row, error))
    return NULL;
  if (deleted)
    g_hash_table_add (session->refused, g_memdup2 (&title, sizeof title));
  answer = json_object_new ();
  json_object_set_boolean_member (answer, "returned", TRUE);
  json_object_set_object_member (answer, "licence", cantiga_encode_licence (deleted ? NULL : &row.licence, deleted, request->now));
  return answer;
}

/* ---- what goes on (docs/protocol.md 9.9) ---- */

static JsonObject *
encode_live (const CantigaRequest *request, CantigaServerSession *session, CantigaCatalogue *catalogue, const CantigaLive *live, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autofree char *player = cantiga_ledger_dup_player_name (request->server->ledger, live->player, &failure);
  const CantigaTitle *title = cantiga_catalogue_find (catalogue, &live->title);
  JsonObject *object;

  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return NULL;
    }
  object = json_object_new ();
  cantiga_json_set_id (object, "play", &live->play);
  cantiga_json_set_id (object, "title", &live->title);
  json_object_set_string_member (object, "name", title != NULL ? title->metadata->name : "");
  json_object_set_string_member (object, "player", player != NULL ? player : "");
  json_object_set_int_member (object, "at", live->at);
  json_object_set_int_member (object, "ends", live->ends);
  json_object_set_boolean_member (object, "here", g_str_equal (live->player, session->player));
  return object;
}

JsonObject *
cantiga_route_plays (const CantigaRequest *request, CantigaServerSession *session, JsonObject *body, CantigaGrant **ret_grant, GError **error)
{
  CantigaServer *server = request->server;
  g_autoptr (CantigaCatalogue) catalogue = cantiga_library_get_catalogue (server->library, error);
  g_autoptr (GArray) plays = catalogue != NULL ? cantiga_ledger_list_live (server->ledger, &session->listener, request->now, error) : NULL;
  g_autoptr (JsonArray) array = json_array_new ();
  JsonObject *answer;

  if (plays == NULL)
    return NULL;
  for (guint i = 0; i < plays->len; i++)
    {
      JsonObject *object = encode_live (request, session, catalogue, &g_array_index (plays, CantigaLive, i), error);

      if (object == NULL)
        return NULL;
      json_array_add_object_element (array, object);
    }
  answer = json_object_new ();
  json_object_set_array_member (answer, "plays", g_steal_pointer (&array));
  return answer;
}
