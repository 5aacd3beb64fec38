#include "server/acceptor.h"

#include <netinet/in.h>

#include <linux/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#include "server/doors.h"

#define CLOCK_MILLISECONDS 500
#define ACCEPTED_A_TURN 32
#define WOKEN_A_TURN 64
#define WOKEN_AT_ONCE 16
/* So many were sent away for newcomers and still hold their descriptors: the next newcomers wait in the queue of the socket until these are out. */
#define ON_THEIR_WAY_OUT_MAX 32
/* Longer than players keep a connection that they do not use (src/client/transport.c), so that none is closed while a request is on its way. */
#define KEPT_SECONDS 12
/* As much as libsoup reads at once. */
#define PEEKED 8192

/* One connection: ours until the head of a request is there, libsoup's from then to the last byte of its answer (docs/adr/0021). It is freed when its
 * stream is let go of. */
typedef struct
{
  CantigaAcceptor *acceptor; /* borrowed; NULL once the acceptor is gone */
  CantigaVisitor *visitor;   /* owned */
  GSocket *socket;           /* owned */
  GSocketAddress *local;     /* owned */
  GSocketAddress *remote;    /* owned */
  GIOStream *stream;         /* borrowed */
  GIOStream *waiting;        /* owned: stream, or libsoup's own around it where that read ahead; NULL: libsoup has it */
  gboolean is_ahead;         /* libsoup read ahead: what it has of the next request is in its stream */
  gsize head;                /* bytes of the request's head; 0: not known */
  guint64 requested;         /* bytes of the requests that were answered */
  gint64 deadline;           /* monotonic, microseconds; G_MAXINT64: it is on its way out */
  gint64 asked;              /* monotonic, when a request's headers arrived; 0: none have */
  gboolean is_watched;
  gboolean is_whole;  /* a whole request arrived: there will be an answer */
  gboolean is_kept;   /* there was an answer */
  gboolean is_asking; /* while it waits: something of a request came */
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
  int epoll;          /* of those that wait: they cost the main loop one descriptor, however many they are */
  GSource *awaiting;  /* of epoll */
  GQueue connections; /* Connection, by their link */
  guint on_their_way_out;
  gboolean is_closing;
};

#define CONNECTION_KEY "cantiga-connection"

/* Also once the acceptor is gone. */
static const CantigaConfig *
limits_of (Connection *connection)
{
  return cantiga_doors_get_config (cantiga_visitor_get_doors (connection->visitor));
}

/* ---- one connection ---- */

static void
connection_free (Connection *connection)
{
  cantiga_visitor_leave (connection->visitor);
  g_object_unref (connection->socket);
  g_object_unref (connection->local);
  g_object_unref (connection->remote);
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
      if (cantiga_visitor_is_replaced (connection->visitor))
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

/* libsoup writes an answer in two pieces, head and body. What fills no segment waits for the end of it (tcp(7), TCP_CORK), so that an answer that is small is one segment, and wakes its reader once. */
static void
wait_for_the_whole_answer (GSocket *socket)
{
  (void)!g_socket_set_option (socket, IPPROTO_TCP, TCP_CORK, 1, NULL);
}

/* And does not wait for the segments before it to be acknowledged: TCP_NODELAY, since the connection is there. */
static void
send_what_waits (GSocket *socket)
{
  (void)!g_socket_set_option (socket, IPPROTO_TCP, TCP_CORK, 0, NULL);
  wait_for_the_whole_answer (socket);
}

/* ---- those that wait for a request ---- */

/* Its remote address leads back here. connection may be gone when this returns. */
static void
hand_over (Connection *connection)
{
  g_autoptr (GIOStream) stream = g_steal_pointer (&connection->waiting);

  connection->is_asking = FALSE;
  if (!soup_server_accept_iostream (connection->acceptor->soup, stream, connection->local, connection->remote, NULL))
    g_socket_shutdown (connection->socket, TRUE, TRUE, NULL);
}

/* The time for a request's headers begins with its first byte; that for the first request when the connection is there. */
static void
begin_to_ask (Connection *connection)
{
  if (connection->is_kept && !connection->is_asking)
    connection_set_deadline (connection, limits_of (connection)->header_seconds);
  connection->is_asking = TRUE;
}

/* Looks at what came, which stays in the kernel. libsoup gets the connection when a request's head is whole, or more than it may be, or nothing will come after it. FALSE: connection does not wait any more, and may be gone. */
static gboolean
look (Connection *connection, gboolean is_ending)
{
  char bytes[PEEKED];
  gssize n = connection->is_ahead ? 0 : recv (g_socket_get_fd (connection->socket), bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
  const char *end = n > 0 ? memmem (bytes, (gsize)n, "\r\n\r\n", 4) : NULL;

  connection->head = end != NULL ? (gsize)(end + 4 - bytes) : 0;
  if (n > 0)
    begin_to_ask (connection);
  if (connection->is_ahead || end != NULL || n == sizeof bytes || (n > 0 && is_ending))
    hand_over (connection);
  else if (is_ending || n == 0)
    g_clear_object (&connection->waiting);
  else
    return TRUE;
  return FALSE;
}

/* What was read ahead is to be handed over in the next turn: a socket that can be written to says so at once. connection is gone when this returns if the kernel has no memory for it. */
static void
wait_for_a_request (Connection *connection)
{
  struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET | (connection->is_ahead ? EPOLLOUT : 0), .data.ptr = connection };

  if (epoll_ctl (connection->acceptor->epoll, connection->is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, g_socket_get_fd (connection->socket), &event) != 0)
    g_clear_object (&connection->waiting);
  else
    connection->is_watched = TRUE;
}

/* While one is answered others ask: they are looked for again before the main loop is gone back to, whose turn costs more than that. What comes while libsoup has a connection is libsoup's. */
static gboolean
awaited_cb (gint epoll, GIOCondition condition, gpointer user_data)
{
  struct epoll_event events[WOKEN_AT_ONCE];
  int n, woken = 0;

  while (woken < WOKEN_A_TURN && (n = epoll_wait (epoll, events, G_N_ELEMENTS (events), 0)) > 0)
    {
      woken += n;
      for (int i = 0; i < n; i++)
        {
          Connection *connection = events[i].data.ptr;

          if (connection->waiting != NULL)
            (void)look (connection, (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
        }
    }
  return G_SOURCE_CONTINUE;
}

/* ---- from an answer to the next request ---- */

/* Whether libsoup has the beginning of the next request, which came with the end of this one: it has had more of what came than belongs to the requests until now. */
static gboolean
was_read_ahead (Connection *connection, GIOStream *stolen)
{
  struct tcp_info info = { 0 };
  socklen_t length = sizeof info;
  int fd = g_socket_get_fd (connection->socket);
  int left = 0;

  return g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stolen)))
         && (getsockopt (fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 || ioctl (fd, FIONREAD, &left) != 0
             || info.tcpi_bytes_received - (guint64)left != connection->requested);
}

/* Nothing of an answer that is written in full is left with libsoup. If something of the next request is, its stream, which holds that, is handed over to it again. */
static void
answer_written_cb (SoupServerMessage *message, gpointer user_data)
{
  Connection *connection = user_data;
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GIOStream) stolen = NULL;

  if (connection->acceptor == NULL)
    return;
  send_what_waits (connection->socket);
  connection->requested += connection->head + (guint64)soup_message_headers_get_content_length (soup_server_message_get_request_headers (message));
  stream = g_object_ref (connection->stream);
  stolen = soup_server_message_steal_connection (message);
  connection->is_ahead = was_read_ahead (connection, stolen);
  connection->waiting = connection->is_ahead ? g_steal_pointer (&stolen) : g_steal_pointer (&stream);
  connection->asked = 0;
  connection->is_whole = FALSE;
  connection->is_kept = TRUE;
  cantiga_visitor_set_silent (connection->visitor, TRUE);
  connection_set_deadline (connection, MIN (KEPT_SECONDS, limits_of (connection)->answer_seconds));
  wait_for_a_request (connection);
}

static gboolean
may_be_kept (Connection *connection, SoupServerMessage *message)
{
  return connection->acceptor != NULL && !connection->acceptor->is_closing && connection->is_whole && connection->deadline != G_MAXINT64
         && !connection->is_ahead && connection->head > 0 && soup_server_message_get_http_version (message) == SOUP_HTTP_1_1
         && !soup_message_headers_header_contains (soup_server_message_get_request_headers (message), "Connection", "close")
         && cantiga_visitor_may_stay (connection->visitor);
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
  const char *address, *forwarded;

  if (connection == NULL)
    return "";
  address = cantiga_visitor_get_address (connection->visitor);
  if (!cantiga_config_is_proxy (limits_of (connection), address))
    return address;
  forwarded = get_forwarded (message);
  return forwarded != NULL && g_hostname_is_ip_address (forwarded) ? forwarded : address;
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
  connection_set_deadline (connection, limits_of (connection)->body_seconds);
}

void
cantiga_door_got_body (SoupServerMessage *message)
{
  Connection *connection = connection_of (message);

  if (connection == NULL)
    return;
  cantiga_visitor_set_silent (connection->visitor, FALSE);
  connection->is_whole = TRUE;
  connection_set_deadline (connection, limits_of (connection)->answer_seconds);
}

gboolean
cantiga_door_keep (SoupServerMessage *message)
{
  Connection *connection = connection_of (message);

  if (connection == NULL || !may_be_kept (connection, message))
    return FALSE;
  g_signal_connect (message, "wrote-body", G_CALLBACK (answer_written_cb), connection);
  return TRUE;
}

/* ---- accepting ---- */

/* Takes visitor. */
static void
connection_open (CantigaAcceptor *acceptor, GSocket *socket, GSocketAddress *remote, CantigaVisitor *visitor)
{
  Connection *connection = g_new0 (Connection, 1);

  connection->acceptor = acceptor;
  connection->visitor = visitor;
  connection->socket = g_object_ref (socket);
  connection->local = g_socket_get_local_address (socket, NULL);
  connection->remote = g_object_ref (remote);
  connection->stream = G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
  connection->link.data = connection;
  connection_set_deadline (connection, limits_of (connection)->header_seconds);
  limit_what_the_kernel_keeps (socket, limits_of (connection)->answer_seconds);
  (void)!g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  wait_for_the_whole_answer (socket);
  g_queue_push_tail_link (&acceptor->connections, &connection->link);
  g_object_weak_ref (G_OBJECT (connection->stream), stream_gone_cb, connection);
  g_object_set_data (G_OBJECT (remote), CONNECTION_KEY, connection);
  connection->waiting = connection->stream;
  /* Who connects asks at once: most requests are there already, and many connections never wait. */
  if (look (connection, FALSE))
    wait_for_a_request (connection);
}

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

/* A full house: of the address that has most connections without a whole request, more than the newcomer's, the one that has been in longest. So nobody
 * can keep others out by saying nothing or little, nobody is pushed out by who has more such already, and who is being answered has not less right to
 * ask again. NULL: there is none. */
static Connection *
find_longest (CantigaAcceptor *acceptor, const char *address)
{
  guint most = cantiga_doors_count_silent (acceptor->doors, address);
  Connection *longest = NULL;

  for (GList *link = acceptor->connections.head; link != NULL; link = link->next)
    {
      Connection *connection = link->data;

      if (connection->is_whole || connection->deadline == G_MAXINT64 || cantiga_visitor_count_silent (connection->visitor) <= most)
        continue;
      longest = connection;
      most = cantiga_visitor_count_silent (connection->visitor);
    }
  return longest;
}

/* The place is the newcomer's at once, and whoever had it counts no more. Were they counted until they are out, who comes meanwhile would find the house
 * full, and the same address would be sent away again and again. NULL: past a limit. */
static CantigaVisitor *
enter_instead (CantigaAcceptor *acceptor, const char *address)
{
  Connection *longest = find_longest (acceptor, address);
  CantigaVisitor *visitor = longest != NULL ? cantiga_doors_enter (acceptor->doors, address, 0, longest->visitor) : NULL;

  if (visitor == NULL)
    return NULL;
  longest->deadline = G_MAXINT64;
  acceptor->on_their_way_out++;
  g_socket_shutdown (longest->socket, TRUE, TRUE, NULL);
  return visitor;
}

/* FALSE: nobody waits any more, or nobody can be let in now. */
static gboolean
accept_one (CantigaAcceptor *acceptor, GSocket *listening)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_accept (listening, NULL, &error);
  g_autoptr (GSocketAddress) remote = NULL;
  g_autofree char *address = NULL;
  CantigaVisitor *visitor;

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
  visitor = cantiga_doors_enter (acceptor->doors, address, g_queue_get_length (&acceptor->connections), NULL);
  if (visitor == NULL)
    visitor = enter_instead (acceptor, address);
  if (visitor != NULL)
    connection_open (acceptor, socket, remote, visitor);
  else
    cantiga_doors_note_refused (acceptor->doors);
  return TRUE;
}

/* Several a turn: in a flood who is honest stands in the same queue. */
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

/* Whoever is past a deadline is shut down; who has the connection, we or libsoup, sees the end of the stream and lets go. */
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
      if (connection->waiting == NULL || connection->is_asking || !connection->is_kept)
        cantiga_doors_note_late (acceptor->doors);
      /* It is on its way out: not again. */
      connection->deadline = G_MAXINT64;
    }
  return G_SOURCE_CONTINUE;
}

CantigaAcceptor *
cantiga_acceptor_new (CantigaDoors *doors, GSocket *socket, SoupServer *soup)
{
  CantigaAcceptor *acceptor = g_new0 (CantigaAcceptor, 1);

  acceptor->doors = cantiga_doors_ref (doors);
  cantiga_doors_add_worker (doors);
  acceptor->socket = g_object_ref (socket);
  acceptor->soup = soup;
  acceptor->context = g_main_context_ref_thread_default ();
  g_queue_init (&acceptor->connections);
  acceptor->epoll = epoll_create1 (EPOLL_CLOEXEC);
  acceptor->awaiting = g_unix_fd_source_new (acceptor->epoll, G_IO_IN);
  g_source_set_callback (acceptor->awaiting, G_SOURCE_FUNC (awaited_cb), acceptor, NULL);
  g_source_attach (acceptor->awaiting, acceptor->context);
  listen_on (acceptor);
  acceptor->clock = g_timeout_source_new (CLOCK_MILLISECONDS);
  g_source_set_callback (acceptor->clock, clock_cb, acceptor, NULL);
  g_source_attach (acceptor->clock, acceptor->context);
  return acceptor;
}

void
cantiga_acceptor_close (CantigaAcceptor *acceptor)
{
  acceptor->is_closing = TRUE;
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
      g_clear_object (&connection->waiting);
    }
  stop_source (&acceptor->awaiting);
  close (acceptor->epoll);
  cantiga_doors_unref (acceptor->doors);
  g_main_context_unref (acceptor->context);
  g_object_unref (acceptor->socket);
  g_free (acceptor);
}
