/* Who is let in: an accept loop with limits, and a clock on each connection (docs/protocol.md 12, docs/adr/0013 and 0022). A CantigaAcceptor belongs to one worker and its main context. */
#pragma once

#include <gio/gio.h>

#include "server/connection.h"

G_BEGIN_DECLS

typedef struct _CantigaAcceptor CantigaAcceptor;

/* Accepts from socket in the thread-default main context; responder answers what is asked, and outlives it. */
CantigaAcceptor *cantiga_acceptor_new (CantigaDoors *doors, GSocket *socket, const CantigaResponder *responder, gpointer user_data);
/* Accepts no more; connections that have asked for something go on, the others are closed. */
void cantiga_acceptor_close (CantigaAcceptor *acceptor);
guint cantiga_acceptor_count (CantigaAcceptor *acceptor);
/* Closes all connections that are left. */
void cantiga_acceptor_free (CantigaAcceptor *acceptor);

G_END_DECLS
