/* A worker: a thread with its own main context, listening socket and SoupServer (docs/adr/0004). */
#pragma once

#include "server/server-private.h"

G_BEGIN_DECLS

typedef struct _CantigaWorker CantigaWorker;

/* Takes connections from socket in a thread of its own. */
CantigaWorker *cantiga_worker_start (CantigaServer *server, GSocket *socket);
/* Takes no more connections, waits up to seconds for those that are there, and ends the thread. */
void cantiga_worker_stop (CantigaWorker *worker, guint seconds);

G_END_DECLS
