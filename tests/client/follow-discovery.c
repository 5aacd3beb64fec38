/* For tests/e2e/test-discovery.py: writes what a discovery tells, a line each, until stdin ends. */
#include <glib-unix.h>

#include "client/discovery.h"

static void
print_found (const char *mark, CantigaFound *found)
{
  g_print ("%s %s %s %s\n", mark, cantiga_found_get_name (found), cantiga_found_get_url (found), cantiga_found_get_pairing (found) ? "pairing" : "closed");
}

static void
pairing_changed_cb (CantigaFound *found, GParamSpec *pspec, gpointer user_data)
{
  print_found ("=", found);
}

static void
items_changed_cb (GListModel *list, guint position, guint removed, guint added, gpointer user_data)
{
  GPtrArray *known = user_data;

  for (guint i = 0; i < removed; i++)
    {
      print_found ("-", g_ptr_array_index (known, position));
      g_ptr_array_remove_index (known, position);
    }
  for (guint i = position; i < position + added; i++)
    {
      CantigaFound *found = g_list_model_get_item (list, i);

      g_ptr_array_insert (known, (int)i, found);
      print_found ("+", found);
      g_signal_connect (found, "notify::pairing", G_CALLBACK (pairing_changed_cb), NULL);
    }
}

static void
state_changed_cb (CantigaDiscovery *discovery, GParamSpec *pspec, gpointer user_data)
{
  static const char *const names[CANTIGA_N_DISCOVERY_STATES] = { "searching", "following", "absent" };

  g_print ("state %s\n", names[cantiga_discovery_get_state (discovery)]);
}

static gboolean
stdin_ended_cb (int fd, GIOCondition condition, gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

int
main (void)
{
  g_autoptr (GPtrArray) known = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (CantigaDiscovery) discovery = cantiga_discovery_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  g_signal_connect (discovery, "items-changed", G_CALLBACK (items_changed_cb), known);
  g_signal_connect (discovery, "notify::state", G_CALLBACK (state_changed_cb), NULL);
  g_unix_fd_add (0, G_IO_HUP | G_IO_ERR, stdin_ended_cb, loop);
  g_main_loop_run (loop);
  return 0;
}
