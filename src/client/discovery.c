#include "client/discovery.h"

#include <string.h>

#include "client/sighting.h"

#define AVAHI "org.freedesktop.Avahi"
#define AVAHI_SERVER AVAHI ".Server"
#define AVAHI_BROWSER AVAHI ".ServiceBrowser"
#define AVAHI_RESOLVER AVAHI ".ServiceResolver"
#define TYPE "_cantiga._tcp"

/* A neighbour may announce what it likes: more than this is not looked at. */
#define SIGHTINGS_MAX 512
#define AGAIN_SECONDS 10

struct _CantigaDiscovery
{
  GObject parent;

  /* owned */
  GPtrArray *sightings; /* CantigaSighting */
  GPtrArray *found;     /* CantigaFound */
  GCancellable *cancellable;
  GDBusConnection *bus;

  guint again;
  guint watch;
  guint signals;
  gboolean all_for_now; /* the browser has told what it knew */
  CantigaDiscoveryState state;
};

enum
{
  PROP_STATE = 1
};

static void list_model_init (GListModelInterface *interface);
static void connect_bus (CantigaDiscovery *discovery);

G_DEFINE_FINAL_TYPE_WITH_CODE (CantigaDiscovery, cantiga_discovery, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
set_state (CantigaDiscovery *discovery, CantigaDiscoveryState state)
{
  if (discovery->state == state)
    return;
  discovery->state = state;
  g_object_notify (G_OBJECT (discovery), "state");
}

/* ---- the list ---- */

/* The best sighting of the server that sighting is of: IPv4 before IPv6. */
static const CantigaSighting *
find_best (CantigaDiscovery *discovery, const CantigaSighting *sighting)
{
  const CantigaSighting *best = sighting;

  for (guint i = 0; i < discovery->sightings->len; i++)
    {
      const CantigaSighting *other = g_ptr_array_index (discovery->sightings, i);

      if (cantiga_sighting_is_of_same (other, sighting) && other->protocol < best->protocol)
        best = other;
    }
  return best;
}

static CantigaFound *
find_found (CantigaDiscovery *discovery, const CantigaSighting *sighting)
{
  for (guint i = 0; i < discovery->found->len; i++)
    {
      CantigaFound *found = g_ptr_array_index (discovery->found, i);

      if (g_str_equal (cantiga_found_get_pin (found), sighting->facts.pin) && g_str_equal (cantiga_found_get_name (found), sighting->facts.name))
        return found;
    }
  return NULL;
}

static gboolean
is_seen (CantigaDiscovery *discovery, CantigaFound *found)
{
  for (guint i = 0; i < discovery->sightings->len; i++)
    {
      const CantigaSighting *sighting = g_ptr_array_index (discovery->sightings, i);

      if (sighting->is_resolved && g_str_equal (cantiga_found_get_pin (found), sighting->facts.pin)
          && g_str_equal (cantiga_found_get_name (found), sighting->facts.name))
        return TRUE;
    }
  return FALSE;
}

static void
drop_unseen (CantigaDiscovery *discovery)
{
  for (guint i = discovery->found->len; i > 0; i--)
    {
      if (is_seen (discovery, g_ptr_array_index (discovery->found, i - 1)))
        continue;
      g_ptr_array_remove_index (discovery->found, i - 1);
      g_list_model_items_changed (G_LIST_MODEL (discovery), i - 1, 1, 0);
    }
}

static void
show_sighting (CantigaDiscovery *discovery, const CantigaSighting *sighting)
{
  const CantigaSighting *best = find_best (discovery, sighting);
  CantigaFound *found = find_found (discovery, sighting);

  if (found != NULL)
    {
      cantiga_found_update (found, &best->facts);
      return;
    }
  g_ptr_array_add (discovery->found, cantiga_found_new (&best->facts));
  g_list_model_items_changed (G_LIST_MODEL (discovery), discovery->found->len - 1, 0, 1);
}

/* The list from the sightings. */
static void
refresh (CantigaDiscovery *discovery)
{
  gboolean waiting = !discovery->all_for_now;

  drop_unseen (discovery);
  for (guint i = 0; i < discovery->sightings->len; i++)
    {
      const CantigaSighting *sighting = g_ptr_array_index (discovery->sightings, i);

      waiting = waiting || !sighting->is_answered;
      if (sighting->is_resolved)
        show_sighting (discovery, sighting);
    }
  if (discovery->signals != 0)
    set_state (discovery, waiting ? CANTIGA_DISCOVERY_SEARCHING : CANTIGA_DISCOVERY_FOLLOWING);
}

/* ---- Avahi ---- */

static CantigaSighting *
find_sighting (CantigaDiscovery *discovery, gint32 interface, gint32 protocol, const char *name, const char *domain)
{
  for (guint i = 0; i < discovery->sightings->len; i++)
    {
      CantigaSighting *sighting = g_ptr_array_index (discovery->sightings, i);

      if (sighting->interface == interface && sighting->protocol == protocol && g_str_equal (sighting->name, name)
          && g_str_equal (sighting->domain, domain))
        return sighting;
    }
  return NULL;
}

static CantigaSighting *
find_by_resolver (CantigaDiscovery *discovery, const char *path)
{
  for (guint i = 0; i < discovery->sightings->len; i++)
    if (g_strcmp0 (((CantigaSighting *)g_ptr_array_index (discovery->sightings, i))->resolver, path) == 0)
      return g_ptr_array_index (discovery->sightings, i);
  return NULL;
}

static void
free_resolver (CantigaDiscovery *discovery, const char *path)
{
  g_dbus_connection_call (discovery->bus, AVAHI, path, AVAHI_RESOLVER, "Free", NULL, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
}

/* A resolver that was asked for, and who for. */
typedef struct
{
  CantigaDiscovery *discovery; /* borrowed; gone if the call was cancelled */
  gint32 interface, protocol;
  char *name;
  char *domain;
} Asked;

static void
asked_free (Asked *asked)
{
  g_free (asked->name);
  g_free (asked->domain);
  g_free (asked);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Asked, asked_free)

static void
resolver_made_cb (GObject *bus, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Asked) asked = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (bus), result, &error);
  CantigaSighting *sighting;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  sighting = find_sighting (asked->discovery, asked->interface, asked->protocol, asked->name, asked->domain);
  if (answer == NULL)
    {
      if (sighting != NULL)
        sighting->is_answered = TRUE;
      refresh (asked->discovery);
    }
  else if (sighting != NULL && sighting->resolver == NULL)
    g_variant_get (answer, "(o)", &sighting->resolver);
  else
    {
      const char *path;

      g_variant_get (answer, "(&o)", &path);
      free_resolver (asked->discovery, path);
    }
}

static void
item_new (CantigaDiscovery *discovery, GVariant *arguments)
{
  const char *name, *type, *domain;
  gint32 interface, protocol;
  guint32 flags;
  Asked *asked;

  g_variant_get (arguments, "(ii&s&s&su)", &interface, &protocol, &name, &type, &domain, &flags);
  if (discovery->sightings->len >= SIGHTINGS_MAX || find_sighting (discovery, interface, protocol, name, domain) != NULL)
    return;
  g_ptr_array_add (discovery->sightings, cantiga_sighting_new (interface, protocol, name, domain));
  asked = g_new0 (Asked, 1);
  asked->discovery = discovery;
  asked->interface = interface;
  asked->protocol = protocol;
  asked->name = g_strdup (name);
  asked->domain = g_strdup (domain);
  /* The address in the protocol that it was seen by. */
  g_dbus_connection_call (discovery->bus, AVAHI, "/", AVAHI_SERVER, "ServiceResolverNew",
                          g_variant_new ("(iisssiu)", interface, protocol, name, type, domain, protocol, 0), G_VARIANT_TYPE ("(o)"),
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, discovery->cancellable, resolver_made_cb, asked);
  refresh (discovery);
}

static void
item_gone (CantigaDiscovery *discovery, GVariant *arguments)
{
  const char *name, *type, *domain;
  gint32 interface, protocol;
  guint32 flags;
  CantigaSighting *sighting;

  g_variant_get (arguments, "(ii&s&s&su)", &interface, &protocol, &name, &type, &domain, &flags);
  sighting = find_sighting (discovery, interface, protocol, name, domain);
  if (sighting == NULL)
    return;
  if (sighting->resolver != NULL)
    free_resolver (discovery, sighting->resolver);
  g_ptr_array_remove (discovery->sightings, sighting);
  refresh (discovery);
}

static void
resolved (CantigaDiscovery *discovery, GVariant *arguments)
{
  const char *name, *type, *domain, *host, *address;
  gint32 interface, protocol, address_protocol;
  guint16 port;
  g_autoptr (GVariant) texts = NULL;
  CantigaSighting *sighting;

  g_variant_get (arguments, "(ii&s&s&s&si&sq@aayu)", &interface, &protocol, &name, &type, &domain, &host, &address_protocol, &address, &port, &texts,
                 NULL);
  sighting = find_sighting (discovery, interface, protocol, name, domain);
  if (sighting == NULL)
    return;
  cantiga_sighting_resolve (sighting, host, address, port, texts);
  refresh (discovery);
}

static void
resolver_failed (CantigaDiscovery *discovery, const char *path)
{
  CantigaSighting *sighting = find_by_resolver (discovery, path);

  if (sighting == NULL)
    return;
  sighting->is_answered = TRUE;
  sighting->is_resolved = FALSE;
  refresh (discovery);
}

static void
signalled_cb (GDBusConnection *bus, const char *sender, const char *path, const char *interface, const char *name, GVariant *arguments,
              gpointer user_data)
{
  /* Whoever follows the list may let go of it. */
  g_autoptr (CantigaDiscovery) discovery = g_object_ref (CANTIGA_DISCOVERY (user_data));

  if (g_str_equal (name, "ItemNew") && g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(iisssu)")))
    item_new (discovery, arguments);
  else if (g_str_equal (name, "ItemRemove") && g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(iisssu)")))
    item_gone (discovery, arguments);
  else if (g_str_equal (name, "Found") && g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(iissssisqaayu)")))
    resolved (discovery, arguments);
  else if (g_str_equal (name, "AllForNow"))
    {
      discovery->all_for_now = TRUE;
      refresh (discovery);
    }
  else if (g_str_equal (name, "Failure") && g_str_equal (interface, AVAHI_RESOLVER))
    resolver_failed (discovery, path);
}

static void
browser_made_cb (GObject *bus, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (bus), result, &error);

  if (answer == NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    set_state (user_data, CANTIGA_DISCOVERY_ABSENT);
}

/* ---- Avahi comes and goes ---- */

static void
forget_avahi (CantigaDiscovery *discovery)
{
  if (discovery->signals != 0)
    g_dbus_connection_signal_unsubscribe (discovery->bus, discovery->signals);
  discovery->signals = 0;
  discovery->all_for_now = FALSE;
  g_cancellable_cancel (discovery->cancellable);
  g_object_unref (discovery->cancellable);
  discovery->cancellable = g_cancellable_new ();
  g_ptr_array_set_size (discovery->sightings, 0);
}

/* The first signals come before the browser's path is known: this connection has one browser, all signals of Avahi to it are ours. */
static void
appeared_cb (GDBusConnection *bus, const char *name, const char *owner, gpointer user_data)
{
  CantigaDiscovery *discovery = user_data;

  forget_avahi (discovery);
  discovery->signals
      = g_dbus_connection_signal_subscribe (bus, owner, NULL, NULL, NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE, signalled_cb, discovery, NULL);
  set_state (discovery, CANTIGA_DISCOVERY_SEARCHING);
  g_dbus_connection_call (bus, AVAHI, "/", AVAHI_SERVER, "ServiceBrowserNew", g_variant_new ("(iissu)", -1, -1, TYPE, "", 0), G_VARIANT_TYPE ("(o)"),
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, discovery->cancellable, browser_made_cb, discovery);
}

static void
vanished_cb (GDBusConnection *bus, const char *name, gpointer user_data)
{
  CantigaDiscovery *discovery = user_data;

  if (bus == NULL)
    return;
  forget_avahi (discovery);
  refresh (discovery);
  set_state (discovery, CANTIGA_DISCOVERY_ABSENT);
}

static void
drop_bus (CantigaDiscovery *discovery)
{
  if (discovery->watch != 0)
    g_bus_unwatch_name (discovery->watch);
  discovery->watch = 0;
  forget_avahi (discovery);
  if (discovery->bus != NULL)
    g_signal_handlers_disconnect_by_data (discovery->bus, discovery);
  g_clear_object (&discovery->bus);
}

static gboolean
again_cb (gpointer user_data)
{
  CantigaDiscovery *discovery = user_data;

  discovery->again = 0;
  connect_bus (discovery);
  return G_SOURCE_REMOVE;
}

static void
be_absent (CantigaDiscovery *discovery)
{
  refresh (discovery);
  set_state (discovery, CANTIGA_DISCOVERY_ABSENT);
  discovery->again = g_timeout_add_seconds (AGAIN_SECONDS, again_cb, discovery);
}

static void
closed_cb (GDBusConnection *bus, gboolean vanished, GError *error, gpointer user_data)
{
  CantigaDiscovery *discovery = user_data;

  drop_bus (discovery);
  be_absent (discovery);
}

static void
connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *bus = g_dbus_connection_new_for_address_finish (result, &error);
  CantigaDiscovery *discovery = user_data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (bus == NULL)
    {
      be_absent (discovery);
      return;
    }
  discovery->bus = bus;
  g_signal_connect (bus, "closed", G_CALLBACK (closed_cb), discovery);
  discovery->watch = g_bus_watch_name_on_connection (bus, AVAHI, G_BUS_NAME_WATCHER_FLAGS_NONE, appeared_cb, vanished_cb, discovery, NULL);
}

static void
connect_bus (CantigaDiscovery *discovery)
{
  g_autofree char *address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SYSTEM, NULL, NULL);

  if (address == NULL)
    be_absent (discovery);
  else
    g_dbus_connection_new_for_address (address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL,
                                       discovery->cancellable, connected_cb, discovery);
}

/* ---- the object ---- */

static GType
list_model_get_item_type (GListModel *model)
{
  return CANTIGA_TYPE_FOUND;
}

static guint
list_model_get_n_items (GListModel *model)
{
  return CANTIGA_DISCOVERY (model)->found->len;
}

static gpointer
list_model_get_item (GListModel *model, guint position)
{
  CantigaDiscovery *discovery = CANTIGA_DISCOVERY (model);

  return position < discovery->found->len ? g_object_ref (g_ptr_array_index (discovery->found, position)) : NULL;
}

static void
list_model_init (GListModelInterface *interface)
{
  interface->get_item_type = list_model_get_item_type;
  interface->get_n_items = list_model_get_n_items;
  interface->get_item = list_model_get_item;
}

/* Avahi lets go of browser and resolvers when the connection closes. */
static void
cantiga_discovery_dispose (GObject *object)
{
  CantigaDiscovery *discovery = CANTIGA_DISCOVERY (object);

  g_clear_handle_id (&discovery->again, g_source_remove);
  if (discovery->bus != NULL)
    {
      g_signal_handlers_disconnect_by_data (discovery->bus, discovery);
      g_dbus_connection_close (discovery->bus, NULL, NULL, NULL);
    }
  drop_bus (discovery);
  G_OBJECT_CLASS (cantiga_discovery_parent_class)->dispose (object);
}

static void
cantiga_discovery_finalize (GObject *object)
{
  CantigaDiscovery *discovery = CANTIGA_DISCOVERY (object);

  g_ptr_array_unref (discovery->sightings);
  g_ptr_array_unref (discovery->found);
  g_object_unref (discovery->cancellable);
  G_OBJECT_CLASS (cantiga_discovery_parent_class)->finalize (object);
}

static void
cantiga_discovery_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_STATE)
    g_value_set_int (value, (int)CANTIGA_DISCOVERY (object)->state);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
cantiga_discovery_class_init (CantigaDiscoveryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = cantiga_discovery_dispose;
  object_class->finalize = cantiga_discovery_finalize;
  object_class->get_property = cantiga_discovery_get_property;
  g_object_class_install_property (object_class, PROP_STATE,
                                   g_param_spec_int ("state", NULL, NULL, 0, CANTIGA_N_DISCOVERY_STATES - 1, CANTIGA_DISCOVERY_SEARCHING,
                                                     G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY));
}

static void
cantiga_discovery_init (CantigaDiscovery *discovery)
{
  discovery->sightings = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_sighting_free);
  discovery->found = g_ptr_array_new_with_free_func (g_object_unref);
  discovery->cancellable = g_cancellable_new ();
}

CantigaDiscovery *
cantiga_discovery_new (void)
{
  CantigaDiscovery *discovery = g_object_new (CANTIGA_TYPE_DISCOVERY, NULL);

  connect_bus (discovery);
  return discovery;
}

CantigaDiscoveryState
cantiga_discovery_get_state (CantigaDiscovery *discovery)
{
  g_return_val_if_fail (CANTIGA_IS_DISCOVERY (discovery), CANTIGA_DISCOVERY_ABSENT);
  return discovery->state;
}
