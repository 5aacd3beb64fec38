/* Who is let in where there is little room (docs/adr/0013): over loopback, from addresses of its own. */
#include "server/acceptor.h"

#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>

#include "core/error.h"
#include "core/wire.h"
#include "server/listening.h"
#include "tests/server/connection-fixture.h"

#define GET "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"

typedef struct
{
  Place place; /* its doors and its responder */
  GSocket *socket;
  CantigaAcceptor *acceptor;
  in_port_t port;
} House;

static void
house_set_up (House *house, guint connections, guint per_address)
{
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  place_set_up (&house->place);
  house->place.limits.connections = connections;
  house->place.limits.connections_per_address = per_address;
  cantiga_doors_set_config (house->place.doors, &house->place.limits);
  house->socket = cantiga_listening_open ("127.0.0.1:0", FALSE, &error);
  g_assert_no_error (error);
  bound = g_socket_get_local_address (house->socket, &error);
  g_assert_no_error (error);
  house->port = htons (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  house->acceptor = cantiga_acceptor_new (house->place.doors, house->socket, &place_responder, &house->place);
}

static void
house_tear_down (House *house)
{
  cantiga_acceptor_free (house->acceptor);
  g_object_unref (house->socket);
  place_tear_down (&house->place);
}

static void
turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* From 127.0.0.host. */
static void
ask_from (House *house, int end, guint host, const char *text)
{
  struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK - 1 + host) };
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK), .sin_port = house->port };

  g_assert_cmpint (bind (end, (struct sockaddr *)&from, sizeof from), ==, 0);
  g_assert_cmpint (connect (end, (struct sockaddr *)&to, sizeof to), ==, 0);
  g_assert_cmpint (send (end, text, strlen (text), MSG_NOSIGNAL), ==, (int)strlen (text));
}

static int
visit (House *house, guint host, const char *text)
{
  int end = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  ask_from (house, end, host, text);
  turn ();
  return end;
}

/* 'a': answered and open, 'o': open, 'c': closed. */
static char
state_of (int end)
{
  char bytes[4096];
  gssize n = recv (end, bytes, sizeof bytes, MSG_DONTWAIT | MSG_PEEK);

  return n > 0 ? 'a' : n < 0 && errno == EAGAIN ? 'o' : 'c';
}

static void
assert_states (const int *ends, const char *wanted)
{
  g_autofree char *got = g_strdup (wanted);

  for (guint i = 0; wanted[i] != '\0'; i++)
    got[i] = state_of (ends[i]);
  g_assert_cmpstr (got, ==, wanted);
}

static void
close_all (const int *ends, guint n)
{
  for (guint i = 0; i < n; i++)
    close (ends[i]);
  turn ();
}

/* A newcomer takes the place of who is longest in with nothing, of the address that has most such. */
static void
test_full_house (void)
{
  CantigaDoorCounts counts;
  House house;
  int ends[6];

  house_set_up (&house, 4, 10);
  ends[0] = visit (&house, 2, "");
  ends[1] = visit (&house, 3, "");
  ends[2] = visit (&house, 3, "GET /");
  ends[3] = visit (&house, 2, "");
  /* Nobody has more than who comes: it is sent away. */
  ends[4] = visit (&house, 2, "");
  assert_states (ends, "ooooc");
  close (ends[4]);
  close (ends[3]);
  turn ();
  ends[3] = visit (&house, 4, "");
  assert_states (ends, "oooo");
  ends[4] = visit (&house, 5, GET);
  assert_states (ends, "ocooa");
  cantiga_doors_get_counts (house.place.doors, &counts);
  g_assert_cmpuint (counts.open, ==, 4);
  g_assert_cmpuint (counts.refused, ==, 2);
  close_all (ends, 5);
  house_tear_down (&house);
}

/* Who is being answered has a right to stay. */
static void
test_being_answered (void)
{
  House house;
  int ends[4];

  house_set_up (&house, 3, 10);
  house.place.is_late = TRUE;
  ends[0] = visit (&house, 2, GET);
  ends[1] = visit (&house, 2, "");
  ends[2] = visit (&house, 2, "");
  ends[3] = visit (&house, 3, "");
  assert_states (ends, "ocoo");
  place_answer (&house.place, house.place.waiting);
  assert_states (ends, "acoo");
  close_all (ends, 4);
  house_tear_down (&house);
}

static void
test_an_address_s_limit (void)
{
  House house;
  int ends[4];

  house_set_up (&house, 100, 2);
  ends[0] = visit (&house, 2, "");
  ends[1] = visit (&house, 2, "");
  ends[2] = visit (&house, 2, GET);
  ends[3] = visit (&house, 3, "");
  assert_states (ends, "ooco");
  close_all (ends, 3);
  ends[0] = visit (&house, 2, GET);
  assert_states (ends, "a");
  close (ends[0]);
  close (ends[3]);
  house_tear_down (&house);
}

/* Told to end, it lets in nobody, and goes on with who has asked. */
static void
test_closes (void)
{
  House house;
  int ends[3];

  house_set_up (&house, 100, 100);
  house.place.is_late = TRUE;
  ends[0] = visit (&house, 2, "");
  ends[1] = visit (&house, 2, GET);
  ends[2] = visit (&house, 2, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nHell");
  cantiga_acceptor_close (house.acceptor);
  turn ();
  assert_states (ends, "coo");
  place_answer (&house.place, house.place.waiting);
  turn ();
  assert_states (ends, "cao");
  close_all (ends, 3);
  g_assert_cmpuint (cantiga_acceptor_count (house.acceptor), ==, 0);
  house_tear_down (&house);
}

/* What the kernel keeps of an answer is given up after the time for one, also where that was changed since. */
static void
test_kernel (void)
{
  House house;
  int end;

  house_set_up (&house, 100, 100);
  for (guint seconds = 40; seconds > 38; seconds--)
    {
      int milliseconds = 0;

      house.place.limits.answer_seconds = seconds;
      end = visit (&house, 2, GET);
      g_assert_true (g_socket_get_option (house.socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, NULL));
      g_assert_cmpint (milliseconds, ==, (int)seconds * 1000);
      close (end);
    }
  house_tear_down (&house);
}

/* Without descriptors it waits a little instead of trying all the time; with them it goes on. */
static void
test_descriptors (void)
{
  struct rlimit before, none;
  House house;
  int end;

  house_set_up (&house, 100, 100);
  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  end = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  none = (struct rlimit){ .rlim_cur = (rlim_t)end + 1, .rlim_max = before.rlim_max };
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);
  ask_from (&house, end, 2, GET);
  turn ();
  assert_states (&end, "o");
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);
  while (state_of (end) == 'o')
    g_main_context_iteration (NULL, TRUE);
  assert_states (&end, "a");
  close (end);
  house_tear_down (&house);
}

static guint
enter_until_full (CantigaDoors *doors, guint worker, CantigaVisitor **visitors)
{
  guint n = 0;

  while ((visitors[n] = cantiga_doors_enter (doors, "local", worker, NULL)) != NULL)
    n++;
  return n;
}

/* An eighth of the places is shared out among the workers; all of them are taken in the end, and no more. */
static void
test_shares (void)
{
  CantigaConfig limits = { .connections = 32, .connections_per_address = 100 };
  CantigaDoors *doors = cantiga_doors_new (&limits);
  CantigaVisitor *first[64], *second[64];

  g_assert_cmpuint (cantiga_doors_add_worker (doors), ==, 0);
  g_assert_cmpuint (cantiga_doors_add_worker (doors), ==, 1);
  g_assert_cmpuint (enter_until_full (doors, 0, first), ==, 30);
  g_assert_cmpuint (enter_until_full (doors, 1, second), ==, 2);
  /* A share that is free again is its worker's. */
  cantiga_visitor_leave (second[1]);
  g_assert_null (cantiga_doors_enter (doors, "local", 0, NULL));
  second[1] = cantiga_doors_enter (doors, "local", 1, NULL);
  g_assert_nonnull (second[1]);
  /* Any other place is whose comes first. */
  cantiga_visitor_leave (first[29]);
  second[2] = cantiga_doors_enter (doors, "local", 1, NULL);
  g_assert_nonnull (second[2]);
  g_assert_null (cantiga_doors_enter (doors, "local", 0, NULL));
  for (guint i = 0; i < 29; i++)
    cantiga_visitor_leave (first[i]);
  for (guint i = 0; i < 3; i++)
    cantiga_visitor_leave (second[i]);
  cantiga_doors_unref (doors);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/acceptor/full-house", test_full_house);
  g_test_add_func ("/acceptor/being-answered", test_being_answered);
  g_test_add_func ("/acceptor/an-address-s-limit", test_an_address_s_limit);
  g_test_add_func ("/acceptor/closes", test_closes);
  g_test_add_func ("/acceptor/kernel", test_kernel);
  g_test_add_func ("/acceptor/descriptors", test_descriptors);
  g_test_add_func ("/acceptor/shares", test_shares);
  return g_test_run ();
}
