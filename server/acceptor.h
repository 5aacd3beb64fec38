/* Connections: an accept loop with limits, and a clock on each connection, which libsoup's server has not (docs/protocol.md 12, docs/adr/0004).
 *
 * CantigaDoors counts for the whole server (any thread); a CantigaAcceptor belongs to one worker and its main context. */
#pragma once

#include <libsoup/soup.h>

#include "server/config.h"

G_BEGIN_DECLS

typedef struct _CantigaDoors CantigaDoors;
CantigaDoors *cantiga_doors_new (const CantigaConfig *config);
void cantiga_doors_unref (CantigaDoors *doors);
/* From now on; config outlives the doors. */
void cantiga_doors_set_config (CantigaDoors *doors, const CantigaConfig *config);
/* Whether whoever knocks now is sent away. */
gboolean cantiga_doors_are_full (CantigaDoors *doors);
typedef struct
{
  guint open;
  guint64 accepted;
  guint64 refused; /* closed unread */
  guint64 late;    /* cut at a deadline */
} CantigaDoorCounts;
void cantiga_doors_get_counts (CantigaDoors *doors, CantigaDoorCounts *ret_counts);

typedef struct _CantigaAcceptor CantigaAcceptor;

/* A listening socket (SO_REUSEPORT, so that each worker has its own); address: "127.0.0.1:22684", "[::]:0". beside: there is one on that address
 * already, of this server; without it, an address that anybody listens on is refused. */
GSocket *cantiga_acceptor_listen (const char *address, gboolean beside, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Where it is bound; free with g_free(). */
char *cantiga_acceptor_dup_address (GSocket *socket, GError **error) G_GNUC_WARN_UNUSED_RESULT;
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

G_END_DECLS
