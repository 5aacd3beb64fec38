/* Listening sockets: TCP, and one beside another where each worker has its own. Any thread. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A listening socket (SO_REUSEPORT, so that each worker has its own); address: "127.0.0.1:22684", "[::]:0". beside: there is one on that address
 * already, of this server; without it, an address that anybody listens on is refused. */
GSocket *cantiga_listening_open (const char *address, gboolean beside, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Where it is bound; free with g_free(). */
char *cantiga_listening_dup_address (GSocket *socket, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
