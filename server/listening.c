#include "server/listening.h"

#include <errno.h>
#include <sys/socket.h>

#include "core/error.h"

#define BACKLOG 4096

static GSocketAddress *
parse_address (const char *address, GError **error)
{
  g_autoptr (GNetworkAddress) parsed = G_NETWORK_ADDRESS (g_network_address_parse (address, 22684, error));
  GSocketAddress *bound;

  if (parsed == NULL)
    return NULL;
  bound = g_inet_socket_address_new_from_string (g_network_address_get_hostname (parsed), g_network_address_get_port (parsed));
  if (bound == NULL)
    cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "“%s” is not an address to listen on: write one like 0.0.0.0:22684 or [::]:22684.",
                       address);
  return bound;
}

/* GLib clears SO_REUSEPORT on TCP sockets that it binds. */
static gboolean
bind_beside (GSocket *socket, GSocketAddress *address, GError **error)
{
  struct sockaddr_storage native;

  if (!g_socket_set_option (socket, SOL_SOCKET, SO_REUSEADDR, 1, error) || !g_socket_set_option (socket, SOL_SOCKET, SO_REUSEPORT, 1, error)
      || !g_socket_address_to_native (address, &native, sizeof native, error))
    return FALSE;
  return bind (g_socket_get_fd (socket), (struct sockaddr *)&native, (socklen_t)g_socket_address_get_native_size (address)) == 0
         || cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s", g_strerror (errno));
}

/* Alone: an address that somebody listens on already, be it another server of ours, is refused. Then others may be bound beside it. */
static gboolean
bind_first (GSocket *socket, GSocketAddress *address, GError **error)
{
  return g_socket_bind (socket, address, TRUE, error) && g_socket_set_option (socket, SOL_SOCKET, SO_REUSEPORT, 1, error);
}

GSocket *
cantiga_listening_open (const char *address, gboolean beside, GError **error)
{
  g_autoptr (GSocketAddress) parsed = parse_address (address, error);
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) failure = NULL;

  if (parsed == NULL)
    return NULL;
  socket = g_socket_new (g_socket_address_get_family (parsed), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);
  if (socket == NULL)
    return NULL;
  if (!(beside ? bind_beside (socket, parsed, &failure) : bind_first (socket, parsed, &failure)))
    {
      cantiga_fail_with (error,
                         g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE) ? CANTIGA_ERROR_BUSY : CANTIGA_ERROR_CONFIGURATION,
                         "The server cannot listen on %s: %s.", address, failure->message);
      return NULL;
    }
  g_socket_set_listen_backlog (socket, BACKLOG);
  g_socket_set_blocking (socket, FALSE);
  return g_socket_listen (socket, error) ? g_steal_pointer (&socket) : NULL;
}

char *
cantiga_listening_dup_address (GSocket *socket, GError **error)
{
  g_autoptr (GSocketAddress) bound = g_socket_get_local_address (socket, error);

  return bound != NULL ? g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (bound)) : NULL;
}
