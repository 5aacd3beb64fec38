#include "server/acceptor.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#define CLOCK_MILLISECONDS 500
#define PAUSE_MILLISECONDS 100
#define ACCEPTED_A_TURN 32
#define WOKEN_A_TURN 64
#define WOKEN_AT_ONCE 16
/* Of an answer in the kernel: a chunk with its head and seal, so that one call is enough for it. */
#define UNSENT_MAX (264 * 1024)

struct _CantigaAcceptor
{
  CantigaDoors *doors; /* owned */
  guint worker;        /* our number there */
  GSocket *socket;     /* owned */
  CantigaConnections connections;
  GMainContext *context; /* owned */
  GSource *awaiting;     /* of the connections' epoll, where the socket is too: however many they are, they cost the main loop one descriptor */
  GSource *clock;
  GSource *pause; /* NULL: the socket is listened to */
  guint kernel_seconds;
};

static void
stop_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static GSource *
start_timer (CantigaAcceptor *acceptor, guint milliseconds, GSourceFunc function)
{
  GSource *timer = g_timeout_source_new (milliseconds);

  g_source_set_callback (timer, function, acceptor, NULL);
  g_source_attach (timer, acceptor->context);
  return timer;
}

/* ---- a full house ---- */

/* Of the address that has most connections without a whole request, more than the newcomer's, the one that has been in longest. So nobody can keep others out by saying nothing or little, nobody is pushed out by who has more
 * such already, and who is being answered has not less right to ask again. NULL: there is none. */
static CantigaConnection *
find_longest (CantigaAcceptor *acceptor, const char *address)
{
  guint most = cantiga_doors_count_silent (acceptor->doors, address);
  CantigaConnection *longest = NULL;

  for (GList *link = acceptor->connections.all.head; link != NULL; link = link->next)
    {
      guint silent = cantiga_visitor_count_silent (cantiga_connection_get_visitor (link->data));

      if (!cantiga_connection_is_silent (link->data) || silent <= most)
        continue;
      longest = link->data;
      most = silent;
    }
  return longest;
}

/* The place is the newcomer's at once, and whoever had it counts no more: between the two nobody else can take it. NULL: past a limit. */
static CantigaVisitor *
enter_instead (CantigaAcceptor *acceptor, const char *address)
{
  CantigaConnection *longest = find_longest (acceptor, address);
  CantigaVisitor *visitor = longest != NULL ? cantiga_doors_enter (acceptor->doors, address, acceptor->worker, cantiga_connection_get_visitor (longest)) : NULL;

  if (visitor != NULL)
    cantiga_connection_close (longest);
  return visitor;
}

/* ---- accepting ---- */

static char *
dup_address (struct sockaddr_storage *remote, socklen_t length)
{
  g_autoptr (GSocketAddress) address = g_socket_address_new_from_native (remote, length);

  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return g_strdup ("local");
  return g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

static gboolean
listen_on (CantigaAcceptor *acceptor)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };

  return epoll_ctl (acceptor->connections.epoll, EPOLL_CTL_ADD, g_socket_get_fd (acceptor->socket), &event) == 0;
}

static gboolean
listen_again_cb (gpointer user_data)
{
  CantigaAcceptor *acceptor = user_data;

  if (!listen_on (acceptor))
    return G_SOURCE_CONTINUE;
  stop_source (&acceptor->pause);
  return G_SOURCE_REMOVE;
}

/* Out of descriptors the listening socket stays readable: wait a little, or the loop would spin; then go on. */
static void
pause_listening (CantigaAcceptor *acceptor)
{
  epoll_ctl (acceptor->connections.epoll, EPOLL_CTL_DEL, g_socket_get_fd (acceptor->socket), NULL);
  if (acceptor->pause == NULL)
    acceptor->pause = start_timer (acceptor, PAUSE_MILLISECONDS, listen_again_cb);
}

/* Connections have what their listening socket has. Of an answer the kernel takes what it has not sent up to a chunk and no more, however quick the reader was before; what it has taken, on a socket that is closed already, is out of
 * our clock's reach, for as long as the reader goes on acknowledging that it has no room. Linux then gives up after the same time (tcp(7), TCP_USER_TIMEOUT). */
static void
limit_what_the_kernel_keeps (CantigaAcceptor *acceptor)
{
  guint seconds = cantiga_doors_get_config (acceptor->doors)->answer_seconds;

  if (seconds == acceptor->kernel_seconds || g_socket_is_closed (acceptor->socket))
    return;
  acceptor->kernel_seconds = seconds;
  (void)!g_socket_set_option (acceptor->socket, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)seconds * 1000, NULL);
}

/* Past a limit the connection is closed unread. */
static void
let_in (CantigaAcceptor *acceptor, int fd, const char *address)
{
  CantigaVisitor *visitor = cantiga_doors_enter (acceptor->doors, address, acceptor->worker, NULL);

  if (visitor == NULL)
    visitor = enter_instead (acceptor, address);
  if (visitor != NULL)
    {
      cantiga_connection_open (&acceptor->connections, fd, visitor);
      return;
    }
  cantiga_doors_note_refused (acceptor->doors);
  close (fd);
}

/* FALSE: nobody waits any more, or nobody can be let in now. */
static gboolean
accept_one (CantigaAcceptor *acceptor)
{
  struct sockaddr_storage remote;
  socklen_t length = sizeof remote;
  int fd = accept4 (g_socket_get_fd (acceptor->socket), (struct sockaddr *)&remote, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  g_autofree char *address = NULL;

  if (fd < 0)
    {
      if (errno == EAGAIN)
        return FALSE;
      /* Who went away while he waited is nobody's trouble. */
      if (errno == ECONNABORTED || errno == EPROTO)
        return TRUE;
      pause_listening (acceptor);
      return FALSE;
    }
  address = dup_address (&remote, length);
  let_in (acceptor, fd, address);
  return TRUE;
}

/* Several a turn: in a flood who is honest stands in the same queue. */
static void
accept_some (CantigaAcceptor *acceptor)
{
  guint n = 0;

  limit_what_the_kernel_keeps (acceptor);
  while (n < ACCEPTED_A_TURN && accept_one (acceptor))
    n++;
}

/* Nobody of events is let go of before its turn: a newcomer takes another's place, so newcomers come last. */
static void
wake_all (CantigaAcceptor *acceptor, const struct epoll_event *events, int n)
{
  gboolean somebody_knocks = FALSE;

  for (int i = 0; i < n; i++)
    {
      if (events[i].data.ptr == NULL)
        somebody_knocks = TRUE;
      else
        cantiga_connection_wake (events[i].data.ptr, events[i].events);
    }
  if (somebody_knocks)
    accept_some (acceptor);
}

/* While one is answered others ask: they are looked for again before the main loop is gone back to, whose turn costs more than that. */
static gboolean
awaited_cb (gint epoll, GIOCondition condition, gpointer user_data)
{
  CantigaAcceptor *acceptor = user_data;
  struct epoll_event events[WOKEN_AT_ONCE];
  int n, woken = 0;

  while (woken < WOKEN_A_TURN && (n = epoll_wait (epoll, events, G_N_ELEMENTS (events), 0)) > 0)
    {
      woken += n;
      wake_all (acceptor, events, n);
    }
  return G_SOURCE_CONTINUE;
}

static gboolean
clock_cb (gpointer user_data)
{
  CantigaAcceptor *acceptor = user_data;
  gint64 now = g_get_monotonic_time ();
  GList *next;

  for (GList *link = acceptor->connections.all.head; link != NULL; link = next)
    {
      next = link->next;
      if (cantiga_connection_close_if_late (link->data, now))
        cantiga_doors_note_late (acceptor->doors);
    }
  return G_SOURCE_CONTINUE;
}

/* ---- its life ---- */

/* To close the socket is not enough where somebody else has it too, as who gave it to us: epoll would go on to tell of it. */
static void
stop_listening (CantigaAcceptor *acceptor)
{
  stop_source (&acceptor->pause);
  if (g_socket_is_closed (acceptor->socket))
    return;
  epoll_ctl (acceptor->connections.epoll, EPOLL_CTL_DEL, g_socket_get_fd (acceptor->socket), NULL);
  g_socket_close (acceptor->socket, NULL);
}

/* What it asked and we have not read yet is read. */
static void
close_if_idle (CantigaConnection *connection)
{
  g_autoptr (CantigaConnection) held = cantiga_connection_ref (connection);

  if (cantiga_connection_is_idle (connection))
    cantiga_connection_wake (connection, 0);
  if (cantiga_connection_is_idle (connection))
    cantiga_connection_close (connection);
}

CantigaAcceptor *
cantiga_acceptor_new (CantigaDoors *doors, GSocket *socket, const CantigaResponder *responder, gpointer user_data)
{
  CantigaAcceptor *acceptor = g_new0 (CantigaAcceptor, 1);

  acceptor->doors = cantiga_doors_ref (doors);
  acceptor->worker = cantiga_doors_add_worker (doors);
  acceptor->socket = g_object_ref (socket);
  acceptor->context = g_main_context_ref_thread_default ();
  cantiga_connections_init (&acceptor->connections, responder, user_data);
  (void)!g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  (void)!g_socket_set_option (socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MAX, NULL);
  limit_what_the_kernel_keeps (acceptor);
  acceptor->awaiting = g_unix_fd_source_new (acceptor->connections.epoll, G_IO_IN);
  g_source_set_callback (acceptor->awaiting, G_SOURCE_FUNC (awaited_cb), acceptor, NULL);
  g_source_attach (acceptor->awaiting, acceptor->context);
  acceptor->clock = start_timer (acceptor, CLOCK_MILLISECONDS, clock_cb);
  if (!listen_on (acceptor))
    pause_listening (acceptor);
  return acceptor;
}

void
cantiga_acceptor_close (CantigaAcceptor *acceptor)
{
  GList *next;

  stop_listening (acceptor);
  acceptor->connections.ends = TRUE;
  for (GList *link = acceptor->connections.all.head; link != NULL; link = next)
    {
      next = link->next;
      close_if_idle (link->data);
    }
}

guint
cantiga_acceptor_count (CantigaAcceptor *acceptor)
{
  return g_queue_get_length (&acceptor->connections.all);
}

void
cantiga_acceptor_free (CantigaAcceptor *acceptor)
{
  cantiga_acceptor_close (acceptor);
  stop_source (&acceptor->clock);
  stop_source (&acceptor->awaiting);
  cantiga_connections_clear (&acceptor->connections);
  cantiga_doors_unref (acceptor->doors);
  g_main_context_unref (acceptor->context);
  g_object_unref (acceptor->socket);
  g_free (acceptor);
}
