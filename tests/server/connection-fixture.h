/* Connections of one worker without a worker: their other ends are here, and what is asked is answered with what was asked. */
#pragma once

#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#include "server/connection.h"

typedef struct
{
  CantigaConfig limits;
  CantigaDoors *doors;
  CantigaConnections connections;
  gboolean has_worker;
  gboolean is_tcp; /* the next connections are, instead of pairs that are there at once */
  guint asked, refused;
  gsize answer_length;      /* of answers; 0: the request's body */
  gboolean is_late;         /* answers are not given but left in waiting */
  CantigaConnection *waiting;
} Place;

static void
place_answer (Place *place, CantigaConnection *connection)
{
  g_autoptr (GBytes) made = g_bytes_new_take (g_malloc0 (place->answer_length), place->answer_length);

  cantiga_connection_answer (connection, 200, "text/plain", place->answer_length > 0 ? made : cantiga_connection_get_body (connection), 0);
}

/* A body whose address is /no may not come. */
static gboolean
place_check (const CantigaHead *head, GError **error)
{
  return !g_str_equal (head->path, "/no") || cantiga_fail (error, CANTIGA_ERROR_NOT_FOUND);
}

static void
place_ask (CantigaConnection *connection, gpointer user_data)
{
  Place *place = user_data;
  const CantigaHead *head = cantiga_connection_get_head (connection);

  place->asked++;
  g_assert_cmpuint (g_bytes_get_size (cantiga_connection_get_body (connection)), ==, head->body_length);
  g_assert_cmpuint (head->body_length, <=, CANTIGA_BODY_MAX);
  g_assert_cmpint (head->target[0], ==, '/');
  g_assert_nonnull (cantiga_connection_get_address (connection));
  if (place->is_late)
    place->waiting = cantiga_connection_ref (connection);
  else
    place_answer (place, connection);
}

static void
place_refuse (CantigaConnection *connection, const GError *error, gpointer user_data)
{
  Place *place = user_data;
  g_autoptr (GBytes) why = g_bytes_new (error->message, strlen (error->message));

  place->refused++;
  cantiga_connection_answer (connection, cantiga_problem_get_status (error), "text/plain", why, 1);
}

static const CantigaResponder place_responder = { .check = place_check, .ask = place_ask, .refuse = place_refuse };

static void
place_set_up (Place *place)
{
  *place = (Place){ .limits = { .connections = 64, .connections_per_address = 64, .header_seconds = 20, .body_seconds = 30, .answer_seconds = 40 } };
  place->doors = cantiga_doors_new (&place->limits);
  cantiga_connections_init (&place->connections, &place_responder, place);
}

static void
place_tear_down (Place *place)
{
  CantigaDoorCounts counts;

  cantiga_connections_clear (&place->connections);
  g_clear_pointer (&place->waiting, cantiga_connection_unref);
  cantiga_doors_get_counts (place->doors, &counts);
  g_assert_cmpuint (counts.open, ==, 0);
  cantiga_doors_unref (place->doors);
}

static void
make_ends_of_tcp (int ends[2])
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t length = sizeof address;
  int listening = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (bind (listening, (struct sockaddr *)&address, length), ==, 0);
  g_assert_cmpint (listen (listening, 1), ==, 0);
  g_assert_cmpint (getsockname (listening, (struct sockaddr *)&address, &length), ==, 0);
  ends[0] = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (connect (ends[0], (struct sockaddr *)&address, length), ==, 0);
  g_assert_true (g_unix_set_fd_nonblocking (ends[0], TRUE, NULL));
  ends[1] = accept4 (listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  close (listening);
}

/* The other end of a new connection, with length bytes there already. */
static inline int
place_connect (Place *place, const void *bytes, gsize length)
{
  int ends[2];

  if (place->is_tcp)
    make_ends_of_tcp (ends);
  else
    g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), ==, 0);
  (void)!send (ends[0], bytes, length, MSG_NOSIGNAL);
  if (!place->has_worker)
    g_assert_cmpuint (cantiga_doors_add_worker (place->doors), ==, 0);
  place->has_worker = TRUE;
  cantiga_connection_open (&place->connections, ends[1], cantiga_doors_enter (place->doors, "local", 0, NULL));
  return ends[0];
}

/* Until nothing is left to do. */
static inline void
place_turn (Place *place)
{
  struct epoll_event event;

  while (epoll_wait (place->connections.epoll, &event, 1, 0) > 0)
    cantiga_connection_wake (event.data.ptr, event.events);
}
