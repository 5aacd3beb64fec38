/* Where the window was left: server, page, queue and the place in it, kept in the state folder for the next start. Identifiers alone: names of what
 * somebody hears stand on no disk. */
#include "ui/window-private.h"

#include "core/wire.h"
#include "ui/settings.h"

#define FILE_NAME "player.json"
#define KEEP_AFTER_SECONDS 3
#define TITLES_MAX 20000

static GFile *
get_file (CantigaWindow *self)
{
  return g_file_new_build_filename (cantiga_store_get_path (self->store), FILE_NAME, NULL);
}

/* ---- how large it is ---- */

void
cantiga_window_restore_size (CantigaWindow *self)
{
  GSettings *settings = cantiga_settings_get ();
  int width, height;

  g_settings_get (settings, "window-size", "(ii)", &width, &height);
  gtk_window_set_default_size (GTK_WINDOW (self), width, height);
  if (g_settings_get_boolean (settings, "window-maximized"))
    gtk_window_maximize (GTK_WINDOW (self));
}

void
cantiga_window_keep_size (CantigaWindow *self)
{
  GSettings *settings = cantiga_settings_get ();
  int width, height;

  gtk_window_get_default_size (GTK_WINDOW (self), &width, &height);
  g_settings_set (settings, "window-size", "(ii)", width, height);
  g_settings_set_boolean (settings, "window-maximized", gtk_window_is_maximized (GTK_WINDOW (self)));
}

/* ---- keeping ---- */

static JsonArray *
encode_titles (CantigaQueue *queue)
{
  guint n = MIN (g_list_model_get_n_items (G_LIST_MODEL (queue)), TITLES_MAX);
  JsonArray *titles = json_array_sized_new (n);
  char id[CANTIGA_ID_TEXT_LENGTH];

  for (guint i = 0; i < n; i++)
    json_array_add_string_element (titles, cantiga_id_format (cantiga_title_get_id (cantiga_queue_get_title_at (queue, i)), id));
  return titles;
}

static GBytes *
encode (CantigaWindow *self)
{
  g_autoptr (JsonObject) object = json_object_new ();
  CantigaPlayer *player = self->queue != NULL ? cantiga_queue_get_player (self->queue) : NULL;

  json_object_set_string_member (object, "page", adw_view_stack_get_visible_child_name (cantiga_home_get_stack (self->home)));
  if (self->visit != NULL)
    json_object_set_string_member (object, "server", cantiga_paired_get_server (cantiga_visit_get_paired (self->visit)));
  if (player != NULL && cantiga_queue_get_title (self->queue) != NULL)
    {
      json_object_set_array_member (object, "titles", encode_titles (self->queue));
      json_object_set_int_member (object, "place", cantiga_queue_get_place (self->queue));
      json_object_set_double_member (object, "position", cantiga_player_get_position (player));
    }
  return cantiga_json_format (object);
}

static void
kept_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  /* A disk that is full costs a queue, and nothing else. */
  g_file_replace_contents_finish (G_FILE (source), result, NULL, NULL);
  g_task_return_boolean (task, TRUE);
}

void
cantiga_window_keep_async (CantigaWindow *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  g_autoptr (GBytes) contents = NULL;
  g_autoptr (GFile) file = NULL;

  g_clear_handle_id (&self->keeping, g_source_remove);
  if (self->store == NULL || self->home == NULL || !self->restored)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      return;
    }
  contents = encode (self);
  file = get_file (self);
  g_file_replace_contents_bytes_async (file, contents, NULL, FALSE, G_FILE_CREATE_PRIVATE | G_FILE_CREATE_REPLACE_DESTINATION, NULL, kept_cb, task);
}

void
cantiga_window_keep_finish (CantigaWindow *self, GAsyncResult *result)
{
  g_return_if_fail (g_task_is_valid (result, self));
}

static gboolean
keep_cb (gpointer user_data)
{
  CantigaWindow *self = user_data;

  self->keeping = 0;
  cantiga_window_keep_async (self, NULL, NULL);
  return G_SOURCE_REMOVE;
}

/* So that a program that was killed begins near where it was. */
void
cantiga_window_keep_later (CantigaWindow *self)
{
  if (self->keeping == 0)
    self->keeping = g_timeout_add_seconds (KEEP_AFTER_SECONDS, keep_cb, self);
}

/* ---- restoring ---- */

static GHashTable *
index_titles (GListModel *titles)
{
  GHashTable *by_id = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  char id[CANTIGA_ID_TEXT_LENGTH];

  for (guint i = 0; i < g_list_model_get_n_items (titles); i++)
    {
      CantigaTitle *title = g_list_model_get_item (titles, i);

      g_hash_table_insert (by_id, g_strdup (cantiga_id_format (cantiga_title_get_id (title), id)), title);
    }
  return by_id;
}

/* Titles that are gone are left out; ret_place follows the one that it meant. */
static GPtrArray *
find_titles (CantigaWindow *self, JsonArray *ids, guint *ret_place)
{
  g_autoptr (GHashTable) by_id = index_titles (cantiga_catalogue_get_titles (cantiga_visit_get_catalogue (self->visit)));
  GPtrArray *found = g_ptr_array_new_with_free_func (g_object_unref);
  guint place = *ret_place;

  for (guint i = 0; i < json_array_get_length (ids); i++)
    {
      JsonNode *node = json_array_get_element (ids, i);
      CantigaTitle *title = JSON_NODE_HOLDS_VALUE (node) && json_node_get_string (node) != NULL ? g_hash_table_lookup (by_id, json_node_get_string (node)) : NULL;

      if (i == place)
        *ret_place = found->len;
      if (title != NULL)
        g_ptr_array_add (found, g_object_ref (title));
    }
  *ret_place = MIN (*ret_place, found->len > 0 ? found->len - 1 : 0);
  return found;
}

static gboolean
has_kind (JsonObject *object, const char *member, JsonNodeType type)
{
  return json_object_has_member (object, member) && json_node_get_node_type (json_object_get_member (object, member)) == type;
}

/* Nothing is asked of the server for it: the first press of Play does. */
static void
load_queue (CantigaWindow *self, JsonObject *left)
{
  g_autoptr (GPtrArray) titles = NULL;
  guint place;

  if (self->queue == NULL || cantiga_queue_get_title (self->queue) != NULL || !has_kind (left, "titles", JSON_NODE_ARRAY)
      || !has_kind (left, "place", JSON_NODE_VALUE) || !has_kind (left, "position", JSON_NODE_VALUE))
    return;
  place = (guint)CLAMP (json_object_get_int_member (left, "place"), 0, TITLES_MAX);
  titles = find_titles (self, json_object_get_array_member (left, "titles"), &place);
  if (titles->len > 0)
    cantiga_queue_load (self->queue, cantiga_visit_get_session (self->visit), titles, place, MAX (json_object_get_double_member (left, "position"), 0));
}

static void
visit_state_cb (CantigaVisit *visit, GParamSpec *pspec, CantigaWindow *self)
{
  JsonObject *left = g_object_get_data (G_OBJECT (visit), "left");

  if (cantiga_visit_get_state (visit) != CANTIGA_VISIT_OPEN || left == NULL || self->visit != visit)
    return;
  load_queue (self, left);
  g_object_set_data (G_OBJECT (visit), "left", NULL);
}

static void
begin_where_left (CantigaWindow *self, JsonObject *left)
{
  const char *server = has_kind (left, "server", JSON_NODE_VALUE) ? json_object_get_string_member (left, "server") : NULL;
  const char *page = has_kind (left, "page", JSON_NODE_VALUE) ? json_object_get_string_member (left, "page") : NULL;
  CantigaPaired *paired = server != NULL ? cantiga_store_find (self->store, server, NULL) : NULL;

  if (page != NULL && adw_view_stack_get_child_by_name (cantiga_home_get_stack (self->home), page) != NULL)
    cantiga_home_show_page (self->home, page);
  if (paired == NULL || !g_settings_get_boolean (cantiga_settings_get (), "sign-in-automatically"))
    return;
  cantiga_window_visit (self, paired);
  if (self->visit == NULL)
    return;
  g_object_set_data_full (G_OBJECT (self->visit), "left", json_object_ref (left), (GDestroyNotify)json_object_unref);
  g_signal_connect_object (self->visit, "notify::state", G_CALLBACK (visit_state_cb), self, 0);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaWindow) self = user_data;
  g_autofree char *contents = NULL;
  g_autoptr (JsonObject) left = NULL;
  gsize length;

  self->restored = TRUE;
  if (!g_file_load_contents_finish (G_FILE (source), result, &contents, &length, NULL, NULL) || self->home == NULL || self->visit != NULL)
    return;
  left = cantiga_json_parse (contents, length, NULL);
  if (left != NULL)
    begin_where_left (self, left);
}

void
cantiga_window_restore (CantigaWindow *self)
{
  g_autoptr (GFile) file = NULL;

  if (!g_settings_get_boolean (cantiga_settings_get (), "restore"))
    {
      self->restored = TRUE;
      return;
    }
  file = get_file (self);
  g_file_load_contents_async (file, NULL, read_cb, g_object_ref (self));
}
