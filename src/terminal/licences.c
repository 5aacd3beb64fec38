/* The listener's licences: shown, renewed, given back. */
#include <stdio.h>
#include <string.h>

#include "client/licences.h"
#include "terminal/journey.h"
#include "terminal/screen.h"
#include "terminal/wait.h"

static GListModel *
load_licences (CantigaJourney *journey, GError **error)
{
  g_auto (CantigaWait) wait = { 0 };

  cantiga_session_list_licences_async (journey->session, journey->cancellable, cantiga_wait_done_cb, &wait);
  return cantiga_session_list_licences_finish (journey->session, cantiga_wait_for (&wait), error);
}

/* ---- showing ---- */

static JsonArray *
encode_history (CantigaHeldLicence *licence)
{
  GPtrArray *history = cantiga_held_licence_get_history (licence);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < history->len; i++)
    {
      const CantigaHeldPlay *play = g_ptr_array_index (history, i);
      JsonObject *object = json_object_new ();

      cantiga_json_set_id (object, "play", &play->play);
      json_object_set_int_member (object, "at", play->at);
      json_object_set_int_member (object, "until", play->until);
      json_object_set_string_member (object, "state", play->state);
      json_object_set_string_member (object, "player", play->player);
      json_array_add_object_element (array, object);
    }
  return array;
}

static JsonObject *
encode_licence (CantigaHeldLicence *licence)
{
  JsonObject *object = json_object_new ();

  cantiga_json_set_id (object, "title", cantiga_held_licence_get_title (licence));
  json_object_set_string_member (object, "name", cantiga_held_licence_get_name (licence));
  json_object_set_boolean_member (object, "removed", cantiga_held_licence_is_removed (licence));
  json_object_set_string_member (object, "state", cantiga_held_licence_get_state (licence));
  json_object_set_int_member (object, "plays", cantiga_held_licence_get_plays (licence));
  json_object_set_int_member (object, "plays_left", cantiga_held_licence_get_plays_left (licence));
  json_object_set_int_member (object, "made", cantiga_held_licence_get_made (licence));
  json_object_set_int_member (object, "expires", cantiga_held_licence_get_expires (licence));
  json_object_set_string_member (object, "renewal", cantiga_held_licence_get_renewal (licence));
  json_object_set_int_member (object, "renewal_from", cantiga_held_licence_get_renewal_from (licence));
  json_object_set_array_member (object, "history", encode_history (licence));
  return object;
}

static void
print_json (GListModel *licences)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);
  JsonArray *array = json_array_new ();
  g_autofree char *text = NULL;

  for (guint i = 0; i < g_list_model_get_n_items (licences); i++)
    {
      g_autoptr (CantigaHeldLicence) licence = g_list_model_get_item (licences, i);

      json_array_add_object_element (array, encode_licence (licence));
    }
  json_node_take_array (node, array);
  text = json_to_string (node, FALSE);
  printf ("%s\n", text);
}

static char *
dup_day (gint64 time)
{
  g_autoptr (GDateTime) day = g_date_time_new_from_unix_local (time);

  return day != NULL ? g_date_time_format (day, "%Y-%m-%d %H:%M") : g_strdup ("");
}

static char *
dup_renewal (CantigaHeldLicence *licence)
{
  const char *word = cantiga_held_licence_get_renewal (licence);
  g_autofree char *from = dup_day (cantiga_held_licence_get_renewal_from (licence));

  if (g_str_equal (word, "now"))
    return g_strdup (" · can be renewed");
  if (g_str_equal (word, "sign-in"))
    return g_strdup (" · sign in again to renew it");
  if (g_str_equal (word, "later"))
    return g_strdup_printf (" · can be renewed from %s on", from);
  if (g_str_equal (word, "keeper"))
    return g_strdup (" · the keeper renews it");
  return g_strdup ("");
}

static void
print_licence (CantigaHeldLicence *licence)
{
  const char *name = cantiga_held_licence_get_name (licence);
  const char *state = cantiga_held_licence_get_state (licence);
  g_autofree char *until = dup_day (cantiga_held_licence_get_expires (licence));
  g_autofree char *renewal = dup_renewal (licence);

  if (cantiga_held_licence_is_removed (licence))
    name = "(a title that was removed)";
  if (g_str_equal (state, "valid"))
    cantiga_screen_say ("%s  %d of %d plays left until %s", name, cantiga_held_licence_get_plays_left (licence),
                        cantiga_held_licence_get_plays (licence), until);
  else
    cantiga_screen_say ("%s  %s%s", name,
                        g_str_equal (state, "used-up")    ? "used up"
                        : g_str_equal (state, "returned") ? "given back"
                                                          : state,
                        renewal);
}

gboolean
cantiga_journey_show_licences (CantigaJourney *journey, GError **error)
{
  g_autoptr (GListModel) licences = load_licences (journey, error);

  if (licences == NULL)
    return FALSE;
  if (journey->options->json)
    {
      print_json (licences);
      return TRUE;
    }
  if (g_list_model_get_n_items (licences) == 0)
    cantiga_screen_say ("No licences yet: hearing a title makes one.");
  for (guint i = 0; i < g_list_model_get_n_items (licences); i++)
    {
      g_autoptr (CantigaHeldLicence) licence = g_list_model_get_item (licences, i);

      print_licence (licence);
    }
  return TRUE;
}

/* ---- changing ---- */

static CantigaHeldLicence *
find_licence (CantigaJourney *journey, CantigaTitle *title, GError **error)
{
  g_autoptr (GListModel) licences = load_licences (journey, error);

  for (guint i = 0; licences != NULL && i < g_list_model_get_n_items (licences); i++)
    {
      g_autoptr (CantigaHeldLicence) licence = g_list_model_get_item (licences, i);

      if (cantiga_id_equal (cantiga_held_licence_get_title (licence), cantiga_title_get_id (title)))
        return g_steal_pointer (&licence);
    }
  if (licences != NULL)
    cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "There is no licence for “%s”: hearing it makes one.", cantiga_title_get_name (title));
  return NULL;
}

gboolean
cantiga_journey_renew_licence (CantigaJourney *journey, CantigaTitle *title, GError **error)
{
  g_autoptr (CantigaHeldLicence) licence = find_licence (journey, title, error);
  g_auto (CantigaWait) wait = { 0 };

  if (licence == NULL)
    return FALSE;
  cantiga_session_renew_licence_async (journey->session, licence, title, journey->cancellable, cantiga_wait_done_cb, &wait);
  if (!cantiga_session_renew_licence_finish (journey->session, cantiga_wait_for (&wait), error))
    return FALSE;
  cantiga_screen_say ("✓ renewed, %d plays left", cantiga_held_licence_get_plays_left (licence));
  return TRUE;
}

gboolean
cantiga_journey_return_licence (CantigaJourney *journey, CantigaTitle *title, GError **error)
{
  g_autoptr (CantigaHeldLicence) licence = find_licence (journey, title, error);
  g_auto (CantigaWait) wait = { 0 };

  if (licence == NULL)
    return FALSE;
  cantiga_session_return_licence_async (journey->session, licence, title, journey->cancellable, cantiga_wait_done_cb, &wait);
  if (!cantiga_session_return_licence_finish (journey->session, cantiga_wait_for (&wait), error))
    return FALSE;
  cantiga_screen_say ("✓ given back");
  return TRUE;
}
