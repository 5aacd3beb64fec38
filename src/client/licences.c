#include "client/licences.h"

#define PAGE_LICENCES 100
#define PAGES_MAX 1000
#define RESTARTS_MAX 3
#define TEXT_MAX 64

/* ---- all of them ---- */

typedef struct
{
  GListStore *licences;
  guint pages;
  guint restarts;
} Listing;

static void
listing_free (Listing *listing)
{
  g_object_unref (listing->licences);
  g_free (listing);
}

static gboolean
take_page (Listing *listing, JsonObject *answer, const char **ret_next, GError **error)
{
  JsonArray *array = cantiga_json_get_array (answer, "licences", PAGE_LICENCES, error);

  *ret_next = NULL;
  if (array == NULL || (cantiga_json_has (answer, "next") && !cantiga_json_get_text (answer, "next", TEXT_MAX, ret_next, error)))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *item = json_array_get_element (array, i);
      g_autoptr (CantigaHeldLicence) licence = NULL;

      if (!JSON_NODE_HOLDS_OBJECT (item))
        return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The list holds what is not a licence.");
      licence = cantiga_held_licence_decode (json_node_get_object (item), error);
      if (licence == NULL)
        return FALSE;
      g_list_store_append (listing->licences, licence);
    }
  return TRUE;
}

static void ask_page (GTask *task, const char *after);

/* A licence that was given back or renewed between two pages takes its cursor with it. */
static gboolean
begin_again (GTask *task, const GError *error)
{
  Listing *listing = g_task_get_task_data (task);

  if (!g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED) || listing->pages == 0 || listing->restarts++ >= RESTARTS_MAX)
    return FALSE;
  g_list_store_remove_all (listing->licences);
  listing->pages = 0;
  ask_page (task, NULL);
  return TRUE;
}

static void
page_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Listing *listing = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (JsonObject) answer = cantiga_session_call_finish (CANTIGA_SESSION (source), result, &error);
  const char *next;

  if (answer == NULL && begin_again (task, error))
    return g_error_free (error);
  if (answer == NULL || !take_page (listing, answer, &next, &error))
    return g_task_return_error (task, error);
  if (next != NULL && ++listing->pages < PAGES_MAX)
    ask_page (task, next);
  else
    g_task_return_pointer (task, g_object_ref (listing->licences), g_object_unref);
}

static void
ask_page (GTask *task, const char *after)
{
  g_autoptr (GString) path = g_string_new (NULL);

  g_string_printf (path, "/api/licences?limit=%d", PAGE_LICENCES);
  if (after != NULL)
    g_string_append_uri_escaped (g_string_append (path, "&after="), after, NULL, FALSE);
  cantiga_session_call_async (g_task_get_source_object (task), "GET", path->str, NULL, g_task_get_cancellable (task), page_answered_cb,
                              g_object_ref (task));
}

void
cantiga_session_list_licences_async (CantigaSession *session, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Listing *listing;

  g_return_if_fail (CANTIGA_IS_SESSION (session));
  task = g_task_new (session, cancellable, callback, user_data);
  listing = g_new0 (Listing, 1);
  listing->licences = g_list_store_new (CANTIGA_TYPE_HELD_LICENCE);
  g_task_set_source_tag (task, cantiga_session_list_licences_async);
  g_task_set_task_data (task, listing, (GDestroyNotify)listing_free);
  ask_page (task, NULL);
}

GListModel *
cantiga_session_list_licences_finish (CantigaSession *session, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_session_list_licences_async), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* ---- one of them ---- */

typedef struct _Change Change;

struct _Change
{
  CantigaHeldLicence *licence;
  CantigaTitle *title; /* may be NULL */
  gboolean (*take) (Change *change, JsonObject *answer, GError **error);
};

static void
change_free (Change *change)
{
  g_object_unref (change->licence);
  g_clear_object (&change->title);
  g_free (change);
}

static void
changed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Change *change = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (JsonObject) answer = cantiga_session_call_finish (CANTIGA_SESSION (source), result, &error);

  if (answer != NULL && change->take (change, answer, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
change_ask (CantigaSession *session, const char *path, CantigaHeldLicence *licence, CantigaTitle *title, gpointer tag,
            gboolean (*take) (Change *, JsonObject *, GError **), GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (session, cancellable, callback, user_data);
  g_autoptr (JsonObject) body = json_object_new ();
  Change *change = g_new0 (Change, 1);

  change->licence = g_object_ref (licence);
  change->title = title != NULL ? g_object_ref (title) : NULL;
  change->take = take;
  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, change, (GDestroyNotify)change_free);
  cantiga_json_set_id (body, "title", cantiga_held_licence_get_title (licence));
  cantiga_session_call_async (session, "POST", path, body, cancellable, changed_cb, g_object_ref (task));
}

static gboolean
take_renewed (Change *change, JsonObject *answer, GError **error)
{
  g_autoptr (CantigaHeldLicence) renewed = cantiga_held_licence_decode (answer, error);

  if (renewed == NULL)
    return FALSE;
  if (!cantiga_id_equal (cantiga_held_licence_get_title (renewed), cantiga_held_licence_get_title (change->licence)))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The server renewed another licence than was asked for.");
  cantiga_held_licence_follow (change->licence, renewed);
  if (change->title != NULL)
    cantiga_title_set_licence (change->title, cantiga_held_licence_get_state (renewed), cantiga_held_licence_get_plays_left (renewed),
                               cantiga_held_licence_get_expires (renewed));
  return TRUE;
}

void
cantiga_session_renew_licence_async (CantigaSession *session, CantigaHeldLicence *licence, CantigaTitle *title, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CANTIGA_IS_SESSION (session) && CANTIGA_IS_HELD_LICENCE (licence));
  change_ask (session, "/api/renew", licence, title, cantiga_session_renew_licence_async, take_renewed, cancellable, callback, user_data);
}

gboolean
cantiga_session_renew_licence_finish (CantigaSession *session, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_session_renew_licence_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
take_returned (Change *change, JsonObject *answer, GError **error)
{
  JsonObject *left = cantiga_json_get_object (answer, "licence", error);
  gint64 expires;
  const char *state;

  if (left == NULL || !cantiga_json_get_text (left, "state", TEXT_MAX, &state, error)
      || !cantiga_json_get_int (left, "expires", 0, G_MAXINT64, &expires, error))
    return FALSE;
  cantiga_held_licence_set_returned (change->licence);
  if (change->title != NULL)
    {
      gboolean none_left = g_str_equal (state, "refused");

      cantiga_title_set_licence (change->title, none_left ? "returned" : state, none_left ? -1 : 0, expires);
    }
  return TRUE;
}

void
cantiga_session_return_licence_async (CantigaSession *session, CantigaHeldLicence *licence, CantigaTitle *title, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CANTIGA_IS_SESSION (session) && CANTIGA_IS_HELD_LICENCE (licence));
  change_ask (session, "/api/return", licence, title, cantiga_session_return_licence_async, take_returned, cancellable, callback, user_data);
}

gboolean
cantiga_session_return_licence_finish (CantigaSession *session, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_session_return_licence_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
