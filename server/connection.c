#include "server/connection.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"

/* As much as is read at once: a head and the longest body, so that most requests are one piece. */
#define READ_AT_ONCE (CANTIGA_HEAD_MAX + CANTIGA_BODY_MAX)
/* Longer than players keep a connection that they do not use (src/client/transport.c), so that none is closed while a request is on its way. */
#define KEPT_SECONDS 12
/* So much of what nobody reads is thrown away in one turn. */
#define THROWN_AWAY_A_TURN 16

typedef enum
{
  STATE_WAITING, /* for a request's head */
  STATE_READING, /* its body */
  STATE_ASKED,   /* it is the responder's */
  STATE_SENDING, /* the answer */
  STATE_LEAVING, /* the last was answered, and its sender may send more: that is thrown away, else the kernel would take back the answer */
  STATE_CLOSED
} State;

struct _CantigaConnection
{
  gatomicrefcount refs;
  State state;
  CantigaConnections *connections; /* borrowed; NULL: closed */
  CantigaVisitor *visitor;         /* owned; NULL: closed */
  int fd;
  guint32 watched;   /* events that epoll tells of; 0: it is not watched */
  gboolean has_more; /* something may lie in the kernel that epoll will not tell of again */
  gboolean is_ending; /* its peer sends nothing more than what is in the kernel */
  gboolean is_kept;  /* there was an answer */
  gboolean ends;     /* with this answer */
  gint64 deadline;   /* monotonic, microseconds */
  gint64 asked;      /* monotonic, when the request's head was there; 0: it is not */
  GByteArray *got;   /* owned: what came and belongs to no request yet; NULL: nothing */

  CantigaHead head; /* from STATE_READING to the answer's end */
  GBytes *body;

  char *allow;
  char *answer_head; /* in STATE_SENDING */
  gsize answer_head_length;
  GBytes *answer_body;
  gsize sent; /* of both */

  GList link; /* of connections */
};

static const CantigaConfig *
limits_of (CantigaConnection *connection)
{
  return cantiga_doors_get_config (cantiga_visitor_get_doors (connection->visitor));
}

static void
set_deadline (CantigaConnection *connection, guint seconds)
{
  connection->deadline = g_get_monotonic_time () + (gint64)seconds * G_USEC_PER_SEC;
}

/* ---- what they have in common ---- */

void
cantiga_connections_init (CantigaConnections *connections, const CantigaResponder *responder, gpointer user_data)
{
  *connections = (CantigaConnections){ .responder = responder, .user_data = user_data, .epoll = epoll_create1 (EPOLL_CLOEXEC), .came = g_malloc (READ_AT_ONCE) };
  if (connections->epoll < 0)
    g_error ("No descriptor is left to wait with");
  g_queue_init (&connections->all);
}

void
cantiga_connections_clear (CantigaConnections *connections)
{
  while (connections->all.head != NULL)
    cantiga_connection_close (connections->all.head->data);
  close (connections->epoll);
  g_free (connections->came);
  g_free (connections->date);
}

static const char *
get_date (CantigaConnections *connections)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (GDateTime) date = NULL;

  if (now == connections->dated)
    return connections->date;
  date = g_date_time_new_from_unix_utc (now);
  g_free (connections->date);
  connections->date = soup_date_time_to_string (date, SOUP_DATE_HTTP);
  connections->dated = now;
  return connections->date;
}

/* ---- its life ---- */

CantigaConnection *
cantiga_connection_ref (CantigaConnection *connection)
{
  g_atomic_ref_count_inc (&connection->refs);
  return connection;
}

static void
forget_exchange (CantigaConnection *connection)
{
  cantiga_head_clear (&connection->head);
  g_clear_pointer (&connection->body, g_bytes_unref);
  g_clear_pointer (&connection->allow, g_free);
  g_clear_pointer (&connection->answer_head, g_free);
  g_clear_pointer (&connection->answer_body, g_bytes_unref);
}

void
cantiga_connection_unref (CantigaConnection *connection)
{
  if (!g_atomic_ref_count_dec (&connection->refs))
    return;
  forget_exchange (connection);
  g_free (connection);
}

/* What the request was stays for whoever is working on it. */
void
cantiga_connection_close (CantigaConnection *connection)
{
  if (connection->state == STATE_CLOSED)
    return;
  connection->state = STATE_CLOSED;
  /* To close it is not enough: a program that is being started has everything of ours open until it runs, and epoll would go on to tell of it. */
  if (connection->watched != 0)
    epoll_ctl (connection->connections->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
  close (connection->fd);
  g_queue_unlink (&connection->connections->all, &connection->link);
  connection->connections = NULL;
  g_clear_pointer (&connection->visitor, cantiga_visitor_leave);
  g_clear_pointer (&connection->got, g_byte_array_unref);
  cantiga_connection_unref (connection);
}

gboolean
cantiga_connection_close_if_late (CantigaConnection *connection, gint64 now)
{
  gboolean is_late = !connection->is_kept || connection->got != NULL || connection->state != STATE_WAITING;

  if (now < connection->deadline)
    return FALSE;
  cantiga_connection_close (connection);
  return is_late;
}

gboolean
cantiga_connection_is_silent (CantigaConnection *connection)
{
  return connection->state != STATE_ASKED && connection->state != STATE_SENDING;
}

gboolean
cantiga_connection_is_idle (CantigaConnection *connection)
{
  return connection->state == STATE_WAITING;
}

/* ---- being told ---- */

/* Edges alone are told, each once; again: and what is there already. Closed where the kernel has no memory for it. */
static void
watch (CantigaConnection *connection, guint32 events, gboolean again)
{
  struct epoll_event event = { .events = connection->watched | events | EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = connection };
  gboolean is_new = connection->watched == 0;

  if (event.events == connection->watched && !again)
    return;
  if (epoll_ctl (connection->connections->epoll, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, connection->fd, &event) != 0)
    cantiga_connection_close (connection);
  else
    connection->watched = event.events;
}

/* ---- the answer ---- */

/* A connection that is kept is idle from the last byte of an answer on. */
static void
wait_for_the_next (CantigaConnection *connection)
{
  gboolean again = connection->got != NULL || connection->has_more;

  forget_exchange (connection);
  connection->asked = 0;
  connection->is_kept = TRUE;
  connection->state = STATE_WAITING;
  cantiga_visitor_set_silent (connection->visitor, TRUE);
  set_deadline (connection, connection->got != NULL ? limits_of (connection)->header_seconds : MIN (KEPT_SECONDS, limits_of (connection)->answer_seconds));
  /* What is here already is gone on with in a turn of its own, after others: a socket that can be written to says so at once. */
  watch (connection, again ? EPOLLOUT : 0, again);
}

static void
leave (CantigaConnection *connection)
{
  forget_exchange (connection);
  connection->state = STATE_LEAVING;
  g_clear_pointer (&connection->got, g_byte_array_unref);
  set_deadline (connection, limits_of (connection)->body_seconds);
  shutdown (connection->fd, SHUT_WR);
  watch (connection, 0, TRUE);
}

/* What is left of the answer, head and body in one piece. Bytes that are left then, or -1: the connection is broken. */
static gssize
send_rest (CantigaConnection *connection)
{
  gsize length;
  const char *body = g_bytes_get_data (connection->answer_body, &length);
  gsize head_sent = MIN (connection->sent, connection->answer_head_length);
  gsize body_sent = connection->sent - head_sent;
  struct iovec pieces[] = {
    { connection->answer_head + head_sent, connection->answer_head_length - head_sent },
    { length > 0 ? (char *)body + body_sent : NULL, length - body_sent },
  };
  struct msghdr message = { .msg_iov = pieces, .msg_iovlen = G_N_ELEMENTS (pieces) };
  gssize n = sendmsg (connection->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

  if (n < 0 && errno != EAGAIN)
    return -1;
  connection->sent += (gsize)MAX (n, 0);
  return (gssize)(connection->answer_head_length + length - connection->sent);
}

static void
send_answer (CantigaConnection *connection)
{
  gssize left = send_rest (connection);

  if (left < 0)
    cantiga_connection_close (connection);
  else if (left > 0)
    watch (connection, EPOLLOUT, FALSE);
  else if (!connection->ends)
    wait_for_the_next (connection);
  else if (connection->body == NULL || !connection->head.closes)
    leave (connection);
  else
    cantiga_connection_close (connection);
}

static gboolean
may_be_kept (CantigaConnection *connection)
{
  return connection->body != NULL && !connection->head.closes && !connection->connections->ends && cantiga_visitor_may_stay (connection->visitor);
}

void
cantiga_connection_set_allow (CantigaConnection *connection, const char *methods)
{
  g_free (connection->allow);
  connection->allow = g_strdup (methods);
}

void
cantiga_connection_answer (CantigaConnection *connection, guint status, const char *type, GBytes *body, guint retry_after)
{
  CantigaAnswerHead head = { .status = status, .type = type, .body_length = g_bytes_get_size (body), .retry_after = retry_after, .allow = connection->allow };

  if (connection->state == STATE_CLOSED)
    return;
  g_return_if_fail (connection->answer_head == NULL);
  connection->ends = head.closes = !may_be_kept (connection);
  connection->answer_head = cantiga_answer_head_format (&head, get_date (connection->connections));
  connection->answer_head_length = strlen (connection->answer_head);
  connection->answer_body = g_strcmp0 (connection->head.method, "HEAD") == 0 ? g_bytes_new_static ("", 0) : g_bytes_ref (body);
  connection->sent = 0;
  connection->state = STATE_SENDING;
  send_answer (connection);
}

/* ---- the request ---- */

static void
refuse (CantigaConnection *connection, const GError *error)
{
  CantigaConnections *connections = connection->connections;

  connection->state = STATE_ASKED;
  connections->responder->refuse (connection, error, connections->user_data);
}

static void
ask (CantigaConnection *connection)
{
  CantigaConnections *connections = connection->connections;

  connection->state = STATE_ASKED;
  cantiga_visitor_set_silent (connection->visitor, FALSE);
  set_deadline (connection, limits_of (connection)->answer_seconds);
  connections->responder->ask (connection, connections->user_data);
}

/* What came and is not used is kept, the first used bytes of bytes (connection->got, or what was just read) are not. */
static void
keep_rest (CantigaConnection *connection, const guint8 *bytes, gsize length, gsize used)
{
  if (connection->got == NULL && used < length)
    connection->got = g_byte_array_append (g_byte_array_sized_new ((guint)(length - used)), bytes + used, (guint)(length - used));
  else if (connection->got != NULL && used == length)
    g_clear_pointer (&connection->got, g_byte_array_unref);
  else if (connection->got != NULL && used > 0)
    g_byte_array_remove_range (connection->got, 0, (guint)used);
}

/* RFC 9110 10.1.1. It is little, and the first that is written: what the kernel does not take is not worth waiting for. */
static void
tell_to_go_on (CantigaConnection *connection)
{
  static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

  (void)!send (connection->fd, text, strlen (text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The head's length in ret_used; 0: it is not whole. An error: this will be no request. */
static gboolean
take_head (CantigaConnection *connection, const guint8 *bytes, gsize length, gsize *ret_used, GError **error)
{
  const guint8 *end = memmem (bytes, MIN (length, CANTIGA_HEAD_MAX), "\r\n\r\n", 4);

  *ret_used = 0;
  if (end == NULL)
    return length < CANTIGA_HEAD_MAX || cantiga_fail (error, CANTIGA_ERROR_HEADER_TOO_LARGE);
  *ret_used = (gsize)(end + 4 - bytes);
  if (!cantiga_head_parse (&connection->head, (const char *)bytes, *ret_used, error))
    return FALSE;
  connection->asked = g_get_monotonic_time ();
  return connection->connections->responder->check (&connection->head, error)
         && (connection->head.body_length <= CANTIGA_BODY_MAX || cantiga_fail (error, CANTIGA_ERROR_TOO_LARGE));
}

static void
read_body (CantigaConnection *connection, gsize there)
{
  connection->state = STATE_READING;
  set_deadline (connection, limits_of (connection)->body_seconds);
  if (connection->head.expects && there < connection->head.body_length)
    tell_to_go_on (connection);
}

/* Goes on with what there is. TRUE: that is not enough. */
static gboolean
use (CantigaConnection *connection, const guint8 *bytes, gsize length)
{
  g_autoptr (GError) error = NULL;
  gsize used = 0;

  if (connection->state == STATE_WAITING)
    {
      if (!take_head (connection, bytes, length, &used, &error))
        {
          refuse (connection, error);
          return FALSE;
        }
      if (used > 0)
        read_body (connection, length - used);
    }
  if (connection->state == STATE_WAITING || length - used < connection->head.body_length)
    {
      keep_rest (connection, bytes, length, used);
      return TRUE;
    }
  connection->body = g_bytes_new (bytes + used, connection->head.body_length);
  keep_rest (connection, bytes, length, used + connection->head.body_length);
  ask (connection);
  return FALSE;
}

/* The time for a request's head begins with its first byte; that for the first request when the connection is there. */
static void
begin_to_ask (CantigaConnection *connection)
{
  if (connection->state == STATE_WAITING && connection->is_kept && connection->got == NULL)
    set_deadline (connection, limits_of (connection)->header_seconds);
}

/* bytes, in connections->came, after what there was. TRUE: more is needed. */
static gboolean
use_what_came (CantigaConnection *connection, gsize n)
{
  const guint8 *came = connection->connections->came;

  begin_to_ask (connection);
  if (connection->got == NULL)
    return use (connection, came, n);
  g_byte_array_append (connection->got, came, (guint)n);
  return use (connection, connection->got->data, connection->got->len);
}

/* Bytes read; 0: nothing is there now, or the connection was closed. */
static gsize
receive (CantigaConnection *connection)
{
  gssize n = recv (connection->fd, connection->connections->came, READ_AT_ONCE, MSG_DONTWAIT);

  connection->has_more = n == READ_AT_ONCE || connection->is_ending;
  if (n > 0)
    return (gsize)n;
  if (n < 0 && errno == EAGAIN)
    watch (connection, 0, FALSE);
  else
    cantiga_connection_close (connection);
  return 0;
}

/* Reads until a request is whole, or nothing is there. */
static void
go_on (CantigaConnection *connection)
{
  gsize n;

  if (connection->got != NULL && !use (connection, connection->got->data, connection->got->len))
    return;
  while ((n = receive (connection)) > 0)
    {
      if (!use_what_came (connection, n))
        return;
    }
}

static void
throw_away (CantigaConnection *connection)
{
  gssize n = 0;

  for (guint i = 0; i < THROWN_AWAY_A_TURN; i++)
    {
      n = recv (connection->fd, connection->connections->came, READ_AT_ONCE, MSG_DONTWAIT);
      if (n <= 0)
        break;
    }
  if (n > 0)
    watch (connection, EPOLLOUT, TRUE);
  else if (n == 0 || errno != EAGAIN)
    cantiga_connection_close (connection);
}

void
cantiga_connection_wake (CantigaConnection *connection, guint32 events)
{
  g_autoptr (CantigaConnection) held = cantiga_connection_ref (connection);

  connection->is_ending |= (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  switch (connection->state)
    {
    case STATE_WAITING:
    case STATE_READING:
      go_on (connection);
      break;
    case STATE_ASKED:
      connection->has_more = TRUE;
      break;
    case STATE_SENDING:
      connection->has_more |= (events & ~(guint32)EPOLLOUT) != 0;
      send_answer (connection);
      break;
    case STATE_LEAVING:
      throw_away (connection);
      break;
    case STATE_CLOSED:
      break;
    }
}

void
cantiga_connection_open (CantigaConnections *connections, int fd, CantigaVisitor *visitor)
{
  CantigaConnection *connection = g_new0 (CantigaConnection, 1);
  g_autoptr (CantigaConnection) held = NULL;

  g_atomic_ref_count_init (&connection->refs);
  connection->connections = connections;
  connection->visitor = visitor;
  connection->fd = fd;
  connection->link.data = connection;
  g_queue_push_tail_link (&connections->all, &connection->link);
  set_deadline (connection, limits_of (connection)->header_seconds);
  /* Who connects asks at once: most requests are there already, and many connections never wait. */
  held = cantiga_connection_ref (connection);
  go_on (connection);
}

/* ---- for the responder ---- */

const CantigaHead *
cantiga_connection_get_head (CantigaConnection *connection)
{
  return &connection->head;
}

GBytes *
cantiga_connection_get_body (CantigaConnection *connection)
{
  return connection->body;
}

CantigaVisitor *
cantiga_connection_get_visitor (CantigaConnection *connection)
{
  return connection->visitor;
}

gint64
cantiga_connection_get_asked (CantigaConnection *connection)
{
  return connection->asked;
}

/* The last that a load balancer of ours put there; what stands before it anybody may have written. */
static const char *
get_forwarded (const CantigaHead *head)
{
  const char *list = head->headers != NULL ? soup_message_headers_get_list (head->headers, "X-Forwarded-For") : NULL;
  const char *comma = list != NULL ? strrchr (list, ',') : NULL;

  return comma != NULL ? comma + 1 + strspn (comma + 1, " ") : list;
}

const char *
cantiga_connection_get_address (CantigaConnection *connection)
{
  const char *address = cantiga_visitor_get_address (connection->visitor);
  const char *forwarded;

  if (!cantiga_config_is_proxy (limits_of (connection), address))
    return address;
  forwarded = get_forwarded (&connection->head);
  return forwarded != NULL && g_hostname_is_ip_address (forwarded) && strchr (forwarded, '%') == NULL ? forwarded : address;
}
