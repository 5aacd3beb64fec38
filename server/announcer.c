#include "server/announcer.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include <gio/gio.h>

#define AVAHI "org.freedesktop.Avahi"
#define AVAHI_SERVER AVAHI ".Server"
#define AVAHI_GROUP AVAHI ".EntryGroup"
#define TYPE "_cantiga._tcp"

/* Avahi's numbers. */
#define ANY (-1)
#define SERVER_RUNNING 2
#define GROUP_COLLISION 3
#define GROUP_FAILURE 4

#define INSTANCE_MAX 63 /* bytes of a DNS label */
#define TEXT_MAX 255    /* bytes of one text of a TXT record */
#define AGAIN_SECONDS 10

struct _CantigaAnnouncer
{
  /* owned */
  char *name;
  char *pin;
  char *instance; /* the name on the network: with a number behind it if another has it */
  GMainContext *context;
  GCancellable *cancellable; /* of what runs now: cancelled before the announcer is freed */
  GDBusConnection *bus;
  GSource *again;
  char *group; /* object path; NULL: none was made */

  guint16 port;
  gint32 interface; /* ANY or an index */
  gint32 protocol;  /* ANY, or IPv4 alone */
  gboolean pairing;
  gboolean pairing_sent; /* what Avahi has of it */
  gboolean is_added;     /* the service, to the group */
  gboolean is_told;      /* that there is no Avahi */
  guint watch;
  guint signals;
  CantigaTold told;
  gpointer told_data;
};

static void connect_bus (CantigaAnnouncer *announcer);
static void add_service (CantigaAnnouncer *announcer);

/* ---- what is announced ---- */

/* The beginning of text that has at most max bytes, and no half character at its end. */
static char *
dup_cut (const char *text, gsize max)
{
  const char *end = text + strlen (text);

  while ((gsize)(end - text) > max)
    end = g_utf8_find_prev_char (text, end);
  return g_strndup (text, (gsize)(end - text));
}

static void
add_text (GVariantBuilder *builder, const char *key, const char *value)
{
  g_autofree char *whole = g_strdup_printf ("%s=%s", key, value);
  g_autofree char *text = dup_cut (whole, TEXT_MAX);

  g_variant_builder_add_value (builder, g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, text, strlen (text), 1));
}

static GVariant *
texts_new (CantigaAnnouncer *announcer)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aay"));
  add_text (&builder, "protocol", "1");
  add_text (&builder, "name", announcer->name);
  add_text (&builder, "pin", announcer->pin);
  add_text (&builder, "pairing", announcer->pairing ? "yes" : "no");
  return g_variant_builder_end (&builder);
}

/* The interface that has address, or ANY. */
static gint32
find_interface (GInetAddress *address)
{
  struct ifaddrs *all;
  gint32 found = ANY;

  if (getifaddrs (&all) != 0)
    return ANY;
  for (struct ifaddrs *each = all; each != NULL; each = each->ifa_next)
    {
      g_autoptr (GInetAddress) own = NULL;

      if (each->ifa_addr == NULL || (each->ifa_addr->sa_family != AF_INET && each->ifa_addr->sa_family != AF_INET6))
        continue;
      own = each->ifa_addr->sa_family == AF_INET
                ? g_inet_address_new_from_bytes ((const guint8 *)&((struct sockaddr_in *)(void *)each->ifa_addr)->sin_addr, G_SOCKET_FAMILY_IPV4)
                : g_inet_address_new_from_bytes ((const guint8 *)&((struct sockaddr_in6 *)(void *)each->ifa_addr)->sin6_addr, G_SOCKET_FAMILY_IPV6);
      if (g_inet_address_equal (own, address))
        found = (gint32)if_nametoindex (each->ifa_name);
    }
  freeifaddrs (all);
  return found;
}

/* Where nobody listens nobody is sent. FALSE: on loopback there is nobody to tell. */
static gboolean
take_address (CantigaAnnouncer *announcer, const char *text)
{
  g_autoptr (GNetworkAddress) parsed = G_NETWORK_ADDRESS (g_network_address_parse (text, 0, NULL));
  g_autoptr (GInetAddress) address = parsed != NULL ? g_inet_address_new_from_string (g_network_address_get_hostname (parsed)) : NULL;

  if (address == NULL || g_inet_address_get_is_loopback (address))
    return FALSE;
  announcer->port = g_network_address_get_port (parsed);
  announcer->protocol = g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4 ? 0 : g_inet_address_get_is_any (address) ? ANY : 1;
  announcer->interface = g_inet_address_get_is_any (address) ? ANY : find_interface (address);
  return TRUE;
}

/* ---- telling, once ---- */

static void tell (CantigaAnnouncer *announcer, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
tell (CantigaAnnouncer *announcer, const char *format, ...)
{
  g_autofree char *sentence = NULL;
  va_list arguments;

  if (announcer->is_told)
    return;
  announcer->is_told = TRUE;
  va_start (arguments, format);
  sentence = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (announcer->told != NULL)
    announcer->told (sentence, announcer->told_data);
}

static void
tell_failed (CantigaAnnouncer *announcer, const char *why)
{
  tell (announcer, "Avahi does not announce this server on the local network (%s): players need its address or an invitation.", why);
}

/* ---- Avahi ---- */

typedef void (*Answered) (CantigaAnnouncer *announcer, GVariant *answer);

typedef struct
{
  CantigaAnnouncer *announcer; /* borrowed; gone if the call was cancelled */
  Answered answered;           /* NULL: nothing follows */
} Call;

static void
set_instance (CantigaAnnouncer *announcer, const char *instance)
{
  g_free (announcer->instance);
  announcer->instance = dup_cut (instance, INSTANCE_MAX);
}

static void call (CantigaAnnouncer *announcer, const char *path, const char *interface, const char *method, GVariant *arguments, Answered answered);

static void
renamed (CantigaAnnouncer *announcer, GVariant *answer)
{
  const char *instance;

  g_variant_get (answer, "(&s)", &instance);
  set_instance (announcer, instance);
  add_service (announcer);
}

static void
rename_service (CantigaAnnouncer *announcer)
{
  call (announcer, "/", AVAHI_SERVER, "GetAlternativeServiceName", g_variant_new ("(s)", announcer->instance), renamed);
}

static void
called_cb (GObject *bus, GAsyncResult *result, gpointer user_data)
{
  g_autofree Call *done = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (bus), result, &error);
  g_autofree char *name = NULL;

  if (answer != NULL)
    {
      if (done->answered != NULL)
        done->answered (done->announcer, answer);
      return;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  name = g_dbus_error_get_remote_error (error);
  g_dbus_error_strip_remote_error (error);
  if (g_strcmp0 (name, AVAHI ".CollisionError") == 0)
    rename_service (done->announcer);
  else
    tell_failed (done->announcer, error->message);
}

static void
call (CantigaAnnouncer *announcer, const char *path, const char *interface, const char *method, GVariant *arguments, Answered answered)
{
  Call *made = g_new0 (Call, 1);

  made->announcer = announcer;
  made->answered = answered;
  g_dbus_connection_call (announcer->bus, AVAHI, path, interface, method, arguments, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1,
                          announcer->cancellable, called_cb, made);
}

static void
send_pairing (CantigaAnnouncer *announcer)
{
  if (!announcer->is_added || announcer->pairing_sent == announcer->pairing)
    return;
  announcer->pairing_sent = announcer->pairing;
  call (announcer, announcer->group, AVAHI_GROUP, "UpdateServiceTxt",
        g_variant_new ("(iiusss@aay)", announcer->interface, announcer->protocol, 0, announcer->instance, TYPE, "", texts_new (announcer)), NULL);
}

static void
service_added (CantigaAnnouncer *announcer, GVariant *answer)
{
  announcer->is_added = TRUE;
  call (announcer, announcer->group, AVAHI_GROUP, "Commit", NULL, NULL);
  send_pairing (announcer);
}

static void
withdraw_service (CantigaAnnouncer *announcer)
{
  announcer->is_added = FALSE;
  call (announcer, announcer->group, AVAHI_GROUP, "Reset", NULL, NULL);
}

static void
add_service (CantigaAnnouncer *announcer)
{
  if (announcer->group == NULL)
    return;
  withdraw_service (announcer);
  announcer->pairing_sent = announcer->pairing;
  call (announcer, announcer->group, AVAHI_GROUP, "AddService",
        g_variant_new ("(iiussssq@aay)", announcer->interface, announcer->protocol, 0, announcer->instance, TYPE, "", "", announcer->port,
                       texts_new (announcer)),
        service_added);
}

static void
group_made (CantigaAnnouncer *announcer, GVariant *answer)
{
  g_free (announcer->group);
  g_variant_get (answer, "(o)", &announcer->group);
  add_service (announcer);
}

static void
server_state_changed (CantigaAnnouncer *announcer, gint32 state)
{
  if (state == SERVER_RUNNING && announcer->group == NULL)
    call (announcer, "/", AVAHI_SERVER, "EntryGroupNew", NULL, group_made);
  else if (state == SERVER_RUNNING)
    add_service (announcer);
  else if (announcer->group != NULL)
    withdraw_service (announcer);
}

static void
state_known (CantigaAnnouncer *announcer, GVariant *answer)
{
  gint32 state;

  g_variant_get (answer, "(i)", &state);
  server_state_changed (announcer, state);
}

static void
signalled_cb (GDBusConnection *bus, const char *sender, const char *path, const char *interface, const char *name, GVariant *arguments,
              gpointer user_data)
{
  CantigaAnnouncer *announcer = user_data;
  const char *why;
  gint32 state;

  if (!g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(is)")))
    return;
  g_variant_get (arguments, "(i&s)", &state, &why);
  if (g_str_equal (interface, AVAHI_SERVER))
    server_state_changed (announcer, state);
  else if (g_strcmp0 (path, announcer->group) != 0)
    return;
  else if (state == GROUP_COLLISION)
    rename_service (announcer);
  else if (state == GROUP_FAILURE)
    tell_failed (announcer, why);
}

/* ---- Avahi comes and goes ---- */

static void
forget_avahi (CantigaAnnouncer *announcer)
{
  if (announcer->signals != 0)
    g_dbus_connection_signal_unsubscribe (announcer->bus, announcer->signals);
  announcer->signals = 0;
  announcer->is_added = FALSE;
  g_clear_pointer (&announcer->group, g_free);
  g_cancellable_cancel (announcer->cancellable);
  g_object_unref (announcer->cancellable);
  announcer->cancellable = g_cancellable_new ();
}

static void
appeared_cb (GDBusConnection *bus, const char *name, const char *owner, gpointer user_data)
{
  CantigaAnnouncer *announcer = user_data;

  forget_avahi (announcer);
  announcer->is_told = FALSE;
  announcer->signals
      = g_dbus_connection_signal_subscribe (bus, owner, NULL, "StateChanged", NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE, signalled_cb, announcer, NULL);
  call (announcer, "/", AVAHI_SERVER, "GetState", NULL, state_known);
}

static void
vanished_cb (GDBusConnection *bus, const char *name, gpointer user_data)
{
  CantigaAnnouncer *announcer = user_data;

  if (bus == NULL)
    return;
  forget_avahi (announcer);
  tell_failed (announcer, "it does not run here");
}

static void
drop_bus (CantigaAnnouncer *announcer)
{
  if (announcer->watch != 0)
    g_bus_unwatch_name (announcer->watch);
  announcer->watch = 0;
  forget_avahi (announcer);
  if (announcer->bus != NULL)
    g_signal_handlers_disconnect_by_data (announcer->bus, announcer);
  g_clear_object (&announcer->bus);
}

static gboolean
again_cb (gpointer user_data)
{
  CantigaAnnouncer *announcer = user_data;

  g_clear_pointer (&announcer->again, g_source_unref);
  connect_bus (announcer);
  return G_SOURCE_REMOVE;
}

static void
connect_again (CantigaAnnouncer *announcer)
{
  announcer->again = g_timeout_source_new_seconds (AGAIN_SECONDS);
  g_source_set_callback (announcer->again, again_cb, announcer, NULL);
  g_source_attach (announcer->again, announcer->context);
}

static void
closed_cb (GDBusConnection *bus, gboolean vanished, GError *error, gpointer user_data)
{
  CantigaAnnouncer *announcer = user_data;

  drop_bus (announcer);
  connect_again (announcer);
}

static void
connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *bus = g_dbus_connection_new_for_address_finish (result, &error);
  CantigaAnnouncer *announcer = user_data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (bus == NULL)
    {
      tell_failed (announcer, "there is no system bus");
      connect_again (announcer);
      return;
    }
  announcer->bus = bus;
  g_signal_connect (bus, "closed", G_CALLBACK (closed_cb), announcer);
  announcer->watch = g_bus_watch_name_on_connection (bus, AVAHI, G_BUS_NAME_WATCHER_FLAGS_NONE, appeared_cb, vanished_cb, announcer, NULL);
}

/* A connection of its own: whose closing ends nothing else. */
static void
connect_bus (CantigaAnnouncer *announcer)
{
  g_autofree char *address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SYSTEM, NULL, NULL);

  if (address == NULL)
    tell_failed (announcer, "there is no system bus");
  else
    g_dbus_connection_new_for_address (address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL,
                                       announcer->cancellable, connected_cb, announcer);
}

/* ---- life ---- */

CantigaAnnouncer *
cantiga_announcer_new (const char *name, const char *pin, const char *address, gboolean pairing, CantigaTold told, gpointer user_data)
{
  CantigaAnnouncer *announcer = g_new0 (CantigaAnnouncer, 1);

  announcer->name = g_strdup (name);
  announcer->pin = g_strdup (pin);
  announcer->pairing = pairing;
  announcer->told = told;
  announcer->told_data = user_data;
  announcer->context = g_main_context_ref_thread_default ();
  announcer->cancellable = g_cancellable_new ();
  set_instance (announcer, name);
  if (take_address (announcer, address))
    connect_bus (announcer);
  return announcer;
}

void
cantiga_announcer_free (CantigaAnnouncer *announcer)
{
  if (announcer == NULL)
    return;
  if (announcer->again != NULL)
    g_source_destroy (announcer->again);
  g_clear_pointer (&announcer->again, g_source_unref);
  /* Avahi withdraws what a connection announced when that closes. */
  if (announcer->bus != NULL)
    {
      g_signal_handlers_disconnect_by_data (announcer->bus, announcer);
      g_dbus_connection_close (announcer->bus, NULL, NULL, NULL);
    }
  drop_bus (announcer);
  g_object_unref (announcer->cancellable);
  g_main_context_unref (announcer->context);
  g_free (announcer->instance);
  g_free (announcer->name);
  g_free (announcer->pin);
  g_free (announcer);
}

void
cantiga_announcer_set_pairing (CantigaAnnouncer *announcer, gboolean pairing)
{
  announcer->pairing = pairing;
  send_pairing (announcer);
}
