/* The server: workers that accept, answer and sweep. A program that carries a server inside comes in by server/inside.h. */
#pragma once

#include "server/announcer.h"
#include "server/config.h"
#include "server/state.h"

G_BEGIN_DECLS

typedef struct _CantigaServer CantigaServer;

/* Opens PKI, ledger and library of state; state and config are borrowed and outlive the server. */
CantigaServer *cantiga_server_new (CantigaState *state, const CantigaConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_server_free (CantigaServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaServer, cantiga_server_free)

/* Listens on listen ("127.0.0.1:22684", "[::]:0") and starts the workers. ret_address: where, with the port that was picked; free with g_free().
 * Thread: the one whose main context then runs the sweeps. */
gboolean cantiga_server_start (CantigaServer *server, const char *listen, char **ret_address, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Before the start: listen on these (GSocket, which listen already; as systemd gives them) instead of an address. */
void cantiga_server_set_sockets (CantigaServer *server, GPtrArray *sockets);
/* Another configuration from now on; nobody is dropped. config outlives the server, as the one before it does. Addresses, threads and discovery are
 * those of the start: told says so if they were to change. Thread: the one of cantiga_server_start(). */
gboolean cantiga_server_reload (CantigaServer *server, const CantigaConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After the start: looks every few seconds whether all is well, and answers /healthz, /readyz and /metrics on address, if it is not NULL.
 * ret_address: with the port that was picked; free with g_free(). */
gboolean cantiga_server_watch (CantigaServer *server, const char *address, char **ret_address, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After cantiga_server_watch(): loops turn, and the listener answers. */
gboolean cantiga_server_is_well (CantigaServer *server);
/* Takes no more connections, lets requests under way finish for up to some seconds, ends the workers. */
void cantiga_server_stop (CantigaServer *server);

/* How a request was answered; NULL for a success. Called on a worker. For the log of the program around it: type is a problem's, detail what is not
 * told to the player. */
typedef void (*CantigaServerRefused) (const char *address, const char *path, const char *type, const char *detail, gpointer user_data);
void cantiga_server_set_refused_func (CantigaServer *server, CantigaServerRefused func, gpointer user_data);

/* What a person should know of a server that serves all the same (there is no Avahi); a sentence. Thread: the one of cantiga_server_start(), which comes
 * after this. */
void cantiga_server_set_told_func (CantigaServer *server, CantigaTold func, gpointer user_data);

/* What people did. Called on a worker; all is borrowed. */
typedef enum
{
  CANTIGA_SERVER_PAIRED,    /* name: the player's */
  CANTIGA_SERVER_SIGNED_IN, /* session, player (UUID), name: the card's holder */
  CANTIGA_SERVER_GRANTED,   /* session, title (its name), plays_left */
} CantigaServerEventKind;
typedef struct
{
  CantigaServerEventKind kind;
  const CantigaId *session;
  const char *player;
  const char *name;
  const char *title;
  guint plays_left;
} CantigaServerEvent;
typedef void (*CantigaServerHappened) (const CantigaServerEvent *event, gpointer user_data);
void cantiga_server_set_happened_func (CantigaServer *server, CantigaServerHappened func, gpointer user_data);

G_END_DECLS
