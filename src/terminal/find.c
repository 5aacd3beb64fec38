/* cantiga-play --find: the servers on the local network. */
#include "terminal/journey.h"

#include "client/discovery.h"
#include "core/error.h"
#include "core/wire.h"
#include "terminal/screen.h"

/* A neighbour that is slow to answer holds nobody up. */
#define PATIENCE_SECONDS 5

static gboolean
patience_ends_cb (gpointer is_over)
{
  *(gboolean *)is_over = TRUE;
  return G_SOURCE_REMOVE;
}

static void
print_found (CantigaFound *found, gboolean as_json)
{
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GBytes) text = NULL;

  if (!as_json)
    {
      cantiga_screen_say ("%s  %s  %s%s", cantiga_found_get_name (found), cantiga_found_get_url (found), cantiga_found_get_host (found),
                          cantiga_found_get_pairing (found) ? "  (an invitation is open)" : "");
      return;
    }
  object = json_object_new ();
  json_object_set_string_member (object, "name", cantiga_found_get_name (found));
  json_object_set_string_member (object, "url", cantiga_found_get_url (found));
  json_object_set_string_member (object, "host", cantiga_found_get_host (found));
  json_object_set_string_member (object, "pin", cantiga_found_get_pin (found));
  json_object_set_boolean_member (object, "pairing", cantiga_found_get_pairing (found));
  text = cantiga_json_format (object);
  g_print ("%.*s\n", (int)g_bytes_get_size (text), (const char *)g_bytes_get_data (text, NULL));
}

static gboolean
search (CantigaDiscovery *discovery, GCancellable *cancellable, GError **error)
{
  gboolean is_over = FALSE;
  guint patience = g_timeout_add_seconds (PATIENCE_SECONDS, patience_ends_cb, &is_over);

  while (cantiga_discovery_get_state (discovery) == CANTIGA_DISCOVERY_SEARCHING && !is_over && !g_cancellable_is_cancelled (cancellable))
    g_main_context_iteration (NULL, TRUE);
  if (!is_over)
    g_source_remove (patience);
  if (cantiga_discovery_get_state (discovery) == CANTIGA_DISCOVERY_ABSENT)
    return cantiga_fail_with (
        error, CANTIGA_ERROR_CONFIGURATION,
        "Avahi does not run on this computer, so that nothing can be searched for: give --server an address, or use an invitation.");
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

gboolean
cantiga_journey_find_servers (CantigaJourney *journey, GError **error)
{
  g_autoptr (CantigaDiscovery) discovery = cantiga_discovery_new ();
  guint n;

  if (!search (discovery, journey->cancellable, error))
    return FALSE;
  n = g_list_model_get_n_items (G_LIST_MODEL (discovery));
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (CantigaFound) found = g_list_model_get_item (G_LIST_MODEL (discovery), i);

      print_found (found, journey->options->json);
    }
  return n > 0 || cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "No server is on the local network: is it on, and in the same network?");
}
