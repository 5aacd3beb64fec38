/* One connection: a request is read, handed to whoever answers, the answer is written, and the next is waited for (docs/protocol.md 12, docs/adr/0022). None of it waits: what cannot be done now
 * is gone on with when the kernel tells so. Thread: the worker's. */
#pragma once

#include "server/doors.h"
#include "server/head.h"

G_BEGIN_DECLS

typedef struct _CantigaConnection CantigaConnection;

/* Who answers; one of them is called for each request, and answers now or later. */
typedef struct
{
  /* Before a body is read: whether it may come. An error is handed to refuse. */
  gboolean (*check) (const CantigaHead *head, GError **error);
  /* A whole request is there. */
  void (*ask) (CantigaConnection *connection, gpointer user_data);
  /* What check refused, or is no request (its head is empty then). What still comes is thrown away, and the connection closed. */
  void (*refuse) (CantigaConnection *connection, const GError *error, gpointer user_data);
} CantigaResponder;

/* What the connections of one worker have in common. */
typedef struct
{
  const CantigaResponder *responder;
  gpointer user_data;
  int epoll;     /* each connection's events lead to cantiga_connection_wake() */
  GQueue all;    /* CantigaConnection, by a link of their own: who is longest in comes first */
  gboolean ends; /* none is kept any more */
  guint8 *came;  /* owned: where is read to */
  char *date;    /* owned: as HTTP writes it */
  gint64 dated;  /* seconds since 1970 that date is of */
} CantigaConnections;

void cantiga_connections_init (CantigaConnections *connections, const CantigaResponder *responder, gpointer user_data);
/* Closes all that are left. */
void cantiga_connections_clear (CantigaConnections *connections);

/* Takes fd (which does not block) and visitor, and reads what is there already. */
void cantiga_connection_open (CantigaConnections *connections, int fd, CantigaVisitor *visitor);
/* events: of epoll. */
void cantiga_connection_wake (CantigaConnection *connection, guint32 events);
/* May be called again; lets go of it, and of its visitor. */
void cantiga_connection_close (CantigaConnection *connection);
/* Closes it if it is past its deadline. TRUE: it was late with something, and not only kept for long enough. */
gboolean cantiga_connection_close_if_late (CantigaConnection *connection, gint64 now);
/* Nothing whole of a request is there that is not answered. */
gboolean cantiga_connection_is_silent (CantigaConnection *connection);
/* No head of a request has come since the last answer. */
gboolean cantiga_connection_is_idle (CantigaConnection *connection);

/* Any thread: one that was closed meanwhile can still be answered, and nobody hears it. */
CantigaConnection *cantiga_connection_ref (CantigaConnection *connection);
void cantiga_connection_unref (CantigaConnection *connection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaConnection, cantiga_connection_unref)

/* ---- for the responder: until the answer ---- */

const CantigaHead *cantiga_connection_get_head (CantigaConnection *connection);
/* The request's; NULL where it was refused before. */
GBytes *cantiga_connection_get_body (CantigaConnection *connection);
/* The peer's without port, or whom a load balancer of ours names. */
const char *cantiga_connection_get_address (CantigaConnection *connection);
CantigaVisitor *cantiga_connection_get_visitor (CantigaConnection *connection);
/* When its head was there: monotonic; 0: it has none. */
gint64 cantiga_connection_get_asked (CantigaConnection *connection);
/* Before the answer: which methods there are at this address (RFC 9110 15.5.6). */
void cantiga_connection_set_allow (CantigaConnection *connection, const char *methods);
/* Once. retry_after: seconds, or 0. */
void cantiga_connection_answer (CantigaConnection *connection, guint status, const char *type, GBytes *body, guint retry_after);

G_END_DECLS
