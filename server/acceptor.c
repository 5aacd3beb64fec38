#include "server/acceptor.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "core/error.h"

#define BACKLOG 4096
#define CLOCK_MILLISECONDS 500
#define ACCEPTED_A_TURN 32
/* So many were sent away for newcomers and still hold their descriptors: the next newcomers wait in the queue of the socket until these are out. */
#define ON_THEIR_WAY_OUT_MAX 32

/* Lives as long as a connection of it. */
typedef struct
{
  gint count;  /* with the doors' lock held */
  gint silent; /* atomic: of them, those that have not brought a whole request */
} Address;

struct _CantigaDoors
{
  gatomicrefcount refs;
  const CantigaConfig *config; /* borrowed, atomic */
  GMutex lock;
  guint limit;
  CantigaDoorCounts counts;
  GHashTable *by_address; /* owned text → Address */
};

/* One connection. It is freed when libsoup lets go of its stream. */
typedef struct
{
  CantigaAcceptor *acceptor; /* borrowed; NULL once the acceptor is gone */
  CantigaDoors *doors;       /* owned */
  GSocket *socket;           /* owned */
  char *address;
  Address *from; /* of the doors; NULL: it was sent away for a newcomer and counts no more */
  gint64 deadline; /* monotonic, microseconds; G_MAXINT64: it is on its way out */
  gint64 asked;    /* monotonic, when a request's headers arrived; 0: none have */
  gboolean is_whole; /* a whole request arrived: there will be an answer */
  GList link;
} Connection;

struct _CantigaAcceptor
{
  CantigaDoors *doors;   /* owned */
  GSocket *socket;       /* owned */
  SoupServer *soup;      /* borrowed */
  GMainContext *context; /* owned */
  GSource *listening;
  GSource *clock;
  GQueue connections; /* Connection, by their link */
  guint on_their_way_out;
};

#define CONNECTION_KEY "cantiga-connection"

/* ---- counting ---- */

/* Half of the descriptors at most: files, the ledger and the rest of the program need theirs. */
static guint
limit_of_descriptors (guint wanted)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return wanted;
  return (guint)MIN ((rlim_t)wanted, MAX (limit.rlim_cur / 2, 8));
}

void
cantiga_doors_set_config (CantigaDoors *doors, const CantigaConfig *config)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);

  g_atomic_pointer_set (&doors->config, config);
  doors->limit = limit_of_descriptors (config->connections);
}

CantigaDoors *
cantiga_doors_new (const CantigaConfig *config)
{
  CantigaDoors *doors = g_new0 (CantigaDoors, 1);

  g_atomic_ref_count_init (&doors->refs);
  g_mutex_init (&doors->lock);
  cantiga_doors_set_config (doors, config);
  doors->by_address = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return doors;
}

void
cantiga_doors_unref (CantigaDoors *doors)
{
  if (!g_atomic_ref_count_dec (&doors->refs))
    return;
  g_hash_table_unref (doors->by_address);
  g_mutex_clear (&doors->lock);
  g_free (doors);
}

static const CantigaConfig *
limits_of (CantigaDoors *doors)
{
  return g_atomic_pointer_get (&doors->config);
}

gboolean
cantiga_doors_are_full (CantigaDoors *doors)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);

  return doors->counts.open >= doors->limit;
}

void
cantiga_doors_get_counts (CantigaDoors *doors, CantigaDoorCounts *ret_counts)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);

  *ret_counts = doors->counts;
}

static void
doors_note_refused (CantigaDoors *doors)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);

  doors->counts.refused++;
}

static void
doors_note_late (CantigaDoors *doors)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);

  doors->counts.late++;
}

/* With the lock held. */
static void
count_out (CantigaDoors *doors, Connection *connection)
{
  doors->counts.open--;
  if (!connection->is_whole)
    g_atomic_int_add (&connection->from->silent, -1);
  if (--connection->from->count == 0)
    g_hash_table_remove (doors->by_address, connection->address);
  connection->from = NULL;
}

/* With the lock held. */
static gboolean
may_enter (CantigaDoors *doors, const char *address, gboolean instead)
{
  Address *from = g_hash_table_lookup (doors->by_address, address);

  return (instead || doors->counts.open < doors->limit)
         && (from == NULL || (guint)from->count < limits_of (doors)->connections_per_address || cantiga_config_is_proxy (limits_of (doors), address));
}

/* instead: whose place is taken, or NULL. NULL: past a limit, and nothing was done. */
static Address *
doors_enter (CantigaDoors *doors, const char *address, Connection *instead)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);
  Address *from;

  if (!may_enter (doors, address, instead != NULL))
    return NULL;
  if (instead != NULL)
    {
      count_out (doors, instead);
      doors->counts.refused++;
    }
  from = g_hash_table_lookup (doors->by_address, address);
  if (from == NULL)
    {
      from = g_new0 (Address, 1);
      g_hash_table_insert (doors->by_address, g_strdup (address), from);
    }
  doors->counts.open++;
  doors->counts.accepted++;
  from->count++;
  g_atomic_int_inc (&from->silent);
  return from;
}

static void
doors_leave (CantigaDoors *doors, Connection *connection)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);

  if (connection->from != NULL)
    count_out (doors, connection);
}

/* ---- one connection ---- */

static void
connection_free (Connection *connection)
{
  doors_leave (connection->doors, connection);
  cantiga_doors_unref (connection->doors);
  g_object_unref (connection->socket);
  g_free (connection->address);
  g_free (connection);
}

static void one_is_out (CantigaAcceptor *acceptor);

static void
stream_gone_cb (gpointer user_data, GObject *stream)
{
  Connection *connection = user_data;

  if (connection->acceptor != NULL)
    {
      g_queue_unlink (&connection->acceptor->connections, &connection->link);
      if (connection->from == NULL)
        one_is_out (connection->acceptor);
    }
  connection_free (connection);
}

static void
connection_set_deadline (Connection *connection, guint seconds)
{
  /* Who is on the way out may have brought something that is read still. */
  if (connection->deadline != G_MAXINT64)
    connection->deadline = g_get_monotonic_time () + (gint64)seconds * G_USEC_PER_SEC;
}

/* What is left of an answer that the kernel has taken over from us, on a socket that is closed already, is out of our clock's reach: 256 KiB may lie there
 * for as long as its reader goes on acknowledging that it has no room. Linux then gives up after the same time (tcp(7), TCP_USER_TIMEOUT). */
static void
limit_what_the_kernel_keeps (GSocket *socket, guint seconds)
{
  (void)!g_socket_set_option (socket, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)seconds * 1000, NULL);
}

/* libsoup writes an answer in two pieces, head and body, and closes the connection then (docs/adr/0004). What fills no segment waits for that (tcp(7), TCP_CORK), so that an answer that is small is one segment with its
 * end in it, and not three, and wakes its reader once. */
static void
wait_for_the_whole_answer (GSocket *socket)
{
  (void)!g_socket_set_option (socket, IPPROTO_TCP, TCP_CORK, 1, NULL);
}

/* What came in on a socket that was accepted goes to libsoup; its remote address leads back here. */
static void
connection_open (CantigaAcceptor *acceptor, GSocket *socket, GSocketAddress *remote, char *address, Address *from)
{
  g_autoptr (GSocketConnection) stream = g_socket_connection_factory_create_connection (socket);
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, NULL);
  Connection *connection = g_new0 (Connection, 1);

  g_atomic_ref_count_inc (&acceptor->doors->refs);
  connection->doors = acceptor->doors;
  connection->acceptor = acceptor;
  connection->socket = g_object_ref (socket);
  connection->address = address;
  connection->from = from;
  connection->link.data = connection;
  connection_set_deadline (connection, limits_of (acceptor->doors)->header_seconds);
  limit_what_the_kernel_keeps (socket, limits_of (acceptor->doors)->answer_seconds);
  wait_for_the_whole_answer (socket);
  g_queue_push_tail_link (&acceptor->connections, &connection->link);
  g_object_weak_ref (G_OBJECT (stream), stream_gone_cb, connection);
  g_object_set_data (G_OBJECT (remote), CONNECTION_KEY, connection);
  if (!soup_server_accept_iostream (acceptor->soup, G_IO_STREAM (stream), local, remote, NULL))
    g_socket_shutdown (socket, TRUE, TRUE, NULL);
}

static Connection *
connection_of (SoupServerMessage *message)
{
  GSocketAddress *remote = soup_server_message_get_remote_address (message);

  return remote != NULL ? g_object_get_data (G_OBJECT (remote), CONNECTION_KEY) : NULL;
}

/* The last that a load balancer of ours put there; what stands before it anybody may have written. */
static const char *
get_forwarded (SoupServerMessage *message)
{
  const char *list = soup_message_headers_get_list (soup_server_message_get_request_headers (message), "X-Forwarded-For");
  const char *comma = list != NULL ? strrchr (list, ',') : NULL;

  return comma != NULL ? comma + 1 + strspn (comma + 1, " ") : list;
}

const char *
cantiga_door_get_address (SoupServerMessage *message)
{
  Connection *connection = connection_of (message);
  const char *forwarded;

  if (connection == NULL)
    return "";
  if (!cantiga_config_is_proxy (limits_of (connection->doors), connection->address))
    return connection->address;
  forwarded = get_forwarded (message);
  return forwarded != NULL && g_hostname_is_ip_address (forwarded) ? forwarded : connection->address;
}

gint64
cantiga_door_get_asked (SoupServerMessage *message)
{
  Connection *connection = connection_of (message);

  return connection != NULL ? connection->asked : 0;
}

void
cantiga_door_got_headers (SoupServerMessage *message)
{
  Connection *connection = connection_of (message);

  if (connection == NULL)
    return;
  connection->asked = g_get_monotonic_time ();
  connection_set_deadline (connection, limits_of (connection->doors)->body_seconds);
}

void
cantiga_door_got_body (SoupServerMessage *message)
{
  Connection *connection = connection_of (message);

  if (connection == NULL)
    return;
  if (connection->from != NULL && !connection->is_whole)
    g_atomic_int_add (&connection->from->silent, -1);
  connection->is_whole = TRUE;
  connection_set_deadline (connection, limits_of (connection->doors)->answer_seconds);
}

/* ---- accepting ---- */

static char *
dup_address (GSocketAddress *remote)
{
  if (!G_IS_INET_SOCKET_ADDRESS (remote))
    return g_strdup ("local");
  return g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote)));
}

static gboolean listening_cb (GSocket *listening, GIOCondition condition, gpointer user_data);

static void
listen_on (CantigaAcceptor *acceptor)
{
  acceptor->listening = g_socket_create_source (acceptor->socket, G_IO_IN, NULL);
  g_source_set_callback (acceptor->listening, G_SOURCE_FUNC (listening_cb), acceptor, NULL);
  g_source_attach (acceptor->listening, acceptor->context);
}

static void
stop_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
one_is_out (CantigaAcceptor *acceptor)
{
  acceptor->on_their_way_out--;
  if (acceptor->listening == NULL && !g_socket_is_closed (acceptor->socket))
    listen_on (acceptor);
}

static gboolean
listen_again_cb (gpointer user_data)
{
  CantigaAcceptor *acceptor = user_data;

  stop_source (&acceptor->listening);
  listen_on (acceptor);
  return G_SOURCE_REMOVE;
}

/* Out of descriptors the listening socket stays readable: wait a little, or the loop would spin; then go on. */
static void
pause_listening (CantigaAcceptor *acceptor)
{
  stop_source (&acceptor->listening);
  acceptor->listening = g_timeout_source_new (100);
  g_source_set_callback (acceptor->listening, listen_again_cb, acceptor, NULL);
  g_source_attach (acceptor->listening, acceptor->context);
}

static int
count_silent (CantigaDoors *doors, const char *address)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);
  Address *from = g_hash_table_lookup (doors->by_address, address);

  return from != NULL ? g_atomic_int_get (&from->silent) : 0;
}

/* A full house: of the address that has most connections without a whole request, more than the newcomer's, the one that has been in longest. So nobody
 * can keep others out by saying nothing or little, nobody is pushed out by who has more such already, and who is being answered has not less right to
 * ask again. NULL: there is none. */
static Connection *
find_longest (CantigaAcceptor *acceptor, const char *address)
{
  int most = count_silent (acceptor->doors, address);
  Connection *longest = NULL;

  for (GList *link = acceptor->connections.head; link != NULL; link = link->next)
    {
      Connection *connection = link->data;

      if (connection->is_whole || connection->deadline == G_MAXINT64 || g_atomic_int_get (&connection->from->silent) <= most)
        continue;
      longest = connection;
      most = g_atomic_int_get (&connection->from->silent);
    }
  return longest;
}

/* The place is the newcomer's at once, and whoever had it counts no more. Were they counted until they are out, who comes meanwhile would find the house
 * full, and the same address would be sent away again and again. NULL: past a limit. */
static Address *
enter_instead (CantigaAcceptor *acceptor, const char *address)
{
  Connection *longest = find_longest (acceptor, address);
  Address *from = longest != NULL ? doors_enter (acceptor->doors, address, longest) : NULL;

  if (from == NULL)
    return NULL;
  longest->deadline = G_MAXINT64;
  acceptor->on_their_way_out++;
  g_socket_shutdown (longest->socket, TRUE, TRUE, NULL);
  return from;
}

/* FALSE: nobody waits any more, or nobody can be let in now. */
static gboolean
accept_one (CantigaAcceptor *acceptor, GSocket *listening)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_accept (listening, NULL, &error);
  g_autoptr (GSocketAddress) remote = NULL;
  g_autofree char *address = NULL;
  Address *from;

  if (socket == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        pause_listening (acceptor);
      return FALSE;
    }
  remote = g_socket_get_remote_address (socket, NULL);
  if (remote == NULL)
    return TRUE;
  address = dup_address (remote);
  /* Past a limit the connection is closed unread. */
  from = doors_enter (acceptor->doors, address, NULL);
  if (from == NULL)
    from = enter_instead (acceptor, address);
  if (from != NULL)
    connection_open (acceptor, socket, remote, g_steal_pointer (&address), from);
  else
    doors_note_refused (acceptor->doors);
  return TRUE;
}

/* Several a turn: each turn looks at every connection, and in a flood who is honest stands in the same queue. */
static gboolean
listening_cb (GSocket *listening, GIOCondition condition, gpointer user_data)
{
  CantigaAcceptor *acceptor = user_data;
  guint n = 0;

  while (n < ACCEPTED_A_TURN && acceptor->on_their_way_out < ON_THEIR_WAY_OUT_MAX && accept_one (acceptor, listening))
    n++;
  if (acceptor->on_their_way_out >= ON_THEIR_WAY_OUT_MAX)
    stop_source (&acceptor->listening);
  return G_SOURCE_CONTINUE;
}

/* Whoever is past a deadline is shut down; libsoup sees the end of the stream and lets go. */
static gboolean
clock_cb (gpointer user_data)
{
  CantigaAcceptor *acceptor = user_data;
  gint64 now = g_get_monotonic_time ();

  for (GList *link = acceptor->connections.head; link != NULL; link = link->next)
    {
      Connection *connection = link->data;

      if (now < connection->deadline)
        continue;
      g_socket_shutdown (connection->socket, TRUE, TRUE, NULL);
      doors_note_late (acceptor->doors);
      /* It is on its way out: not again. */
      connection->deadline = G_MAXINT64;
    }
  return G_SOURCE_CONTINUE;
}

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
cantiga_acceptor_listen (const char *address, gboolean beside, GError **error)
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
cantiga_acceptor_dup_address (GSocket *socket, GError **error)
{
  g_autoptr (GSocketAddress) bound = g_socket_get_local_address (socket, error);

  return bound != NULL ? g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (bound)) : NULL;
}

CantigaAcceptor *
cantiga_acceptor_new (CantigaDoors *doors, GSocket *socket, SoupServer *soup)
{
  CantigaAcceptor *acceptor = g_new0 (CantigaAcceptor, 1);

  g_atomic_ref_count_inc (&doors->refs);
  acceptor->doors = doors;
  acceptor->socket = g_object_ref (socket);
  acceptor->soup = soup;
  acceptor->context = g_main_context_ref_thread_default ();
  g_queue_init (&acceptor->connections);
  listen_on (acceptor);
  acceptor->clock = g_timeout_source_new (CLOCK_MILLISECONDS);
  g_source_set_callback (acceptor->clock, clock_cb, acceptor, NULL);
  g_source_attach (acceptor->clock, acceptor->context);
  return acceptor;
}

void
cantiga_acceptor_close (CantigaAcceptor *acceptor)
{
  stop_source (&acceptor->listening);
  g_socket_close (acceptor->socket, NULL);
  for (GList *link = acceptor->connections.head; link != NULL; link = link->next)
    {
      Connection *connection = link->data;

      if (connection->asked == 0)
        g_socket_shutdown (connection->socket, TRUE, TRUE, NULL);
    }
}

guint
cantiga_acceptor_count (CantigaAcceptor *acceptor)
{
  return g_queue_get_length (&acceptor->connections);
}

void
cantiga_acceptor_free (CantigaAcceptor *acceptor)
{
  GList *link;

  cantiga_acceptor_close (acceptor);
  stop_source (&acceptor->clock);
  while ((link = g_queue_pop_head_link (&acceptor->connections)) != NULL)
    {
      Connection *connection = link->data;

      connection->acceptor = NULL;
      g_socket_shutdown (connection->socket, TRUE, TRUE, NULL);
    }
  cantiga_doors_unref (acceptor->doors);
  g_main_context_unref (acceptor->context);
  g_object_unref (acceptor->socket);
  g_free (acceptor);
}
