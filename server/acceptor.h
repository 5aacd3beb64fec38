/* Connections: an accept loop with limits, a clock on each connection, and a place where it waits for its next request, none of which libsoup's server has
 * (docs/protocol.md 12, docs/adr/0004 and 0021). A CantigaAcceptor belongs to one worker and its main context. */
#pragma once

#include <libsoup/soup.h>

#include "server/doors.h"

G_BEGIN_DECLS

typedef struct _CantigaAcceptor CantigaAcceptor;

/* Accepts from socket for soup in the thread-default main context. */
CantigaAcceptor *cantiga_acceptor_new (CantigaDoors *doors, GSocket *socket, SoupServer *soup);
/* Accepts no more; connections that have asked for something go on, the others are shut down. */
void cantiga_acceptor_close (CantigaAcceptor *acceptor);
guint cantiga_acceptor_count (CantigaAcceptor *acceptor);
/* Shuts down all connections that are left. */
void cantiga_acceptor_free (CantigaAcceptor *acceptor);

/* The connection that a message came on: its peer's address without port; its clock goes on to the next deadline. */
const char *cantiga_door_get_address (SoupServerMessage *message);
/* When its headers were there: monotonic; 0: not known. */
gint64 cantiga_door_get_asked (SoupServerMessage *message);
void cantiga_door_got_headers (SoupServerMessage *message);
void cantiga_door_got_body (SoupServerMessage *message);
/* Before its answer's headers are written: whether the connection stays for another request. FALSE: the answer must say “Connection: close”, libsoup closes it. */
gboolean cantiga_door_keep (SoupServerMessage *message);

G_END_DECLS
