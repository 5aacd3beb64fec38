/* A worker: a thread with its own main context, listening socket and connections (docs/adr/0004 and 0022). */
#pragma once

#include "server/server-private.h"

G_BEGIN_DECLS

typedef struct _CantigaWorker CantigaWorker;

/* Takes connections from socket in a thread of its own. */
CantigaWorker *cantiga_worker_start (CantigaServer *server, GSocket *socket);
/* Tells it to take no more connections, and to end when those that have asked for something are answered, or after seconds. */
void cantiga_worker_drain (CantigaWorker *worker, guint seconds);
/* After that: waits for its end. */
void cantiga_worker_join (CantigaWorker *worker);
/* After that, and when nothing of it is worked on elsewhere. */
void cantiga_worker_free (CantigaWorker *worker);

/* Asks it for a sign of life; and when (monotonic) it gave the last. */
void cantiga_worker_ask (CantigaWorker *worker);
gint64 cantiga_worker_get_turned (CantigaWorker *worker);

G_END_DECLS
