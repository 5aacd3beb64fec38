/* A connection, from its first byte to its end (docs/protocol.md 12, docs/adr/0022). tests/e2e/test-http.py shows the same from outside. */
#include <string.h>
#include <sys/wait.h>

#include "core/error.h"
#include "core/wire.h"
#include "tests/server/connection-fixture.h"

#define GET "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nHello"
#define MINUTE (60 * (gint64)G_USEC_PER_SEC)

/* All that is answered until nothing is left to do; free with g_free(). ret_ended: nothing more will be. */
static char *
dup_answers (Place *place, int end, gsize *ret_length, gboolean *ret_ended)
{
  GString *text = g_string_new (NULL);
  char bytes[65536];
  gssize n;

  place_turn (place);
  while ((n = recv (end, bytes, sizeof bytes, 0)) > 0)
    {
      g_string_append_len (text, bytes, n);
      place_turn (place);
    }
  if (ret_ended != NULL)
    *ret_ended = n == 0;
  if (ret_length != NULL)
    *ret_length = text->len;
  return g_string_free (text, FALSE);
}

static guint
count (const char *text, const char *what)
{
  guint n = 0;

  for (; (text = strstr (text, what)) != NULL; text += strlen (what))
    n++;
  return n;
}

static void
send_all (int end, const char *text)
{
  g_assert_cmpint (send (end, text, strlen (text), MSG_NOSIGNAL), ==, (int)strlen (text));
}

static void
assert_answered (Place *place, int end, guint statuses_200, const char *last, gboolean ends)
{
  gboolean ended;
  g_autofree char *text = dup_answers (place, end, NULL, &ended);

  g_assert_cmpuint (count (text, "HTTP/1.1 200 OK\r\n"), ==, statuses_200);
  if (last != NULL && !g_str_has_suffix (text, last))
    g_error ("“%s” does not end with “%s”", text, last);
  g_assert_cmpint (ended, ==, ends);
  g_assert_cmpint (strstr (text, "Connection: close") != NULL, ==, ends);
}

static void
test_kept (void)
{
  Place place;
  int end;

  place_set_up (&place);
  end = place_connect (&place, POST, strlen (POST));
  assert_answered (&place, end, 1, "Hello", FALSE);
  for (guint i = 0; i < 5; i++)
    {
      send_all (end, i % 2 == 0 ? GET : POST);
      assert_answered (&place, end, 1, i % 2 == 0 ? "\r\n\r\n" : "Hello", FALSE);
    }
  g_assert_true (cantiga_connection_is_idle (place.connections.all.head->data));
  send_all (end, "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  assert_answered (&place, end, 1, NULL, TRUE);
  g_assert_null (place.connections.all.head);
  close (end);
  place_tear_down (&place);
}

/* Cut anywhere, two requests are the same two. */
static void
test_pieces (void)
{
  static const char text[] = POST GET;
  Place place;

  place_set_up (&place);
  for (gsize cut = 0; cut < sizeof text; cut++)
    {
      int end = place_connect (&place, text, cut);

      place_turn (&place);
      if (cut < sizeof text - 1)
        send_all (end, text + cut);
      assert_answered (&place, end, 2, NULL, FALSE);
      close (end);
      place_turn (&place);
      g_assert_null (place.connections.all.head);
    }
  place_tear_down (&place);
}

/* One byte at a time, and many at once: in turn, each once. */
static void
test_drops_and_floods (void)
{
  g_autoptr (GString) flood = g_string_new (NULL);
  Place place;
  int end;

  place_set_up (&place);
  end = place_connect (&place, "", 0);
  for (const char *c = POST; *c != '\0'; c++)
    {
      g_assert_cmpint (send (end, c, 1, 0), ==, 1);
      place_turn (&place);
    }
  assert_answered (&place, end, 1, "Hello", FALSE);
  /* More than is read at once, of which the last is whole. */
  for (guint i = 0; i < 1800; i++)
    g_string_append (flood, "POST /of-sixty-four- HTTP/1.1\r\nHost:\r\nContent-Length: 5\r\n\r\nHello");
  g_assert_cmpuint (flood->len, ==, 1800 * 64);
  send_all (end, flood->str);
  assert_answered (&place, end, 1800, "Hello", FALSE);
  g_assert_cmpuint (place.asked, ==, 1801);
  close (end);
  place_tear_down (&place);
}

/* An answer that the reader has no room for is gone on with when there is; what was asked meanwhile comes after it. */
static void
test_slow_reader (void)
{
  Place place;
  g_autofree char *text = NULL;
  gsize length;
  int end;

  place_set_up (&place);
  place.is_tcp = TRUE;
  place.answer_length = 8 * 1024 * 1024;
  end = place_connect (&place, GET, strlen (GET));
  g_assert_false (cantiga_connection_is_silent (place.connections.all.head->data));
  send_all (end, GET);
  place_turn (&place);
  g_assert_cmpuint (place.asked, ==, 1);
  text = dup_answers (&place, end, &length, NULL);
  g_assert_cmpuint (place.asked, ==, 2);
  g_assert_cmpuint (length, >, 2 * place.answer_length);
  g_assert_true (cantiga_connection_is_idle (place.connections.all.head->data));
  close (end);
  place_tear_down (&place);
}

static void
test_answered_later (void)
{
  Place place;
  int end;

  place_set_up (&place);
  place.is_late = TRUE;
  end = place_connect (&place, "", 0);
  send_all (end, POST);
  place_turn (&place);
  g_assert_cmpuint (cantiga_doors_count_silent (place.doors, "local"), ==, 0);
  send_all (end, GET);
  assert_answered (&place, end, 0, NULL, FALSE);
  g_assert_cmpuint (place.asked, ==, 1);
  place.is_late = FALSE;
  place_answer (&place, place.waiting);
  assert_answered (&place, end, 2, NULL, FALSE);
  g_assert_cmpuint (cantiga_doors_count_silent (place.doors, "local"), ==, 1);
  g_clear_pointer (&place.waiting, cantiga_connection_unref);

  /* Whoever asked is gone, and the connection closed: the answer is for nobody. */
  place.is_late = TRUE;
  send_all (end, POST);
  place_turn (&place);
  close (end);
  g_assert_true (cantiga_connection_close_if_late (place.connections.all.head->data, g_get_monotonic_time () + MINUTE));
  g_assert_cmpuint (g_bytes_get_size (cantiga_connection_get_body (place.waiting)), ==, 5);
  place.answer_length = 1;
  place_answer (&place, place.waiting);
  place_tear_down (&place);
}

/* What comes after a refusal is read until its sender is done, else the answer would be lost with it. */
static void
test_refused (void)
{
  static const char no[] = "POST /no HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
  g_autofree char *filler = g_strnfill (100000, 'x');
  Place place;
  int end;

  place_set_up (&place);
  end = place_connect (&place, no, strlen (no));
  for (guint i = 0; i < 9; i++)
    {
      send_all (end, filler);
      place_turn (&place);
    }
  g_assert_cmpuint (place.refused, ==, 1);
  g_assert_nonnull (place.connections.all.head);
  assert_answered (&place, end, 0, NULL, TRUE);
  close (end);
  place_turn (&place);
  g_assert_null (place.connections.all.head);

  end = place_connect (&place, filler, 100000);
  place_turn (&place);
  g_assert_cmpuint (place.refused, ==, 2);
  close (end);
  end = place_connect (&place, "", 0);
  send_all (end, "HEAD /no HTTP/1.1\r\nHost: x\r\n\r\n");
  assert_answered (&place, end, 0, "\r\n\r\n", TRUE);
  close (end);
  end = place_connect (&place, "", 0);
  send_all (end, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n");
  assert_answered (&place, end, 0, NULL, TRUE);
  close (end);
  g_assert_cmpuint (place.asked, ==, 0);
  place_tear_down (&place);
}

static void
test_told_to_go_on (void)
{
  static const char head[] = "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
  g_autofree char *whole = g_strconcat (head, "Hello", NULL);
  g_autofree char *text = NULL;
  Place place;
  int end;

  place_set_up (&place);
  end = place_connect (&place, head, strlen (head));
  text = dup_answers (&place, end, NULL, NULL);
  g_assert_cmpstr (text, ==, "HTTP/1.1 100 Continue\r\n\r\n");
  send_all (end, "Hello");
  assert_answered (&place, end, 1, "Hello", FALSE);
  /* Who has sent it all is not told. */
  send_all (end, whole);
  place_turn (&place);
  g_clear_pointer (&text, g_free);
  text = dup_answers (&place, end, NULL, NULL);
  g_assert_true (g_str_has_prefix (text, "HTTP/1.1 200 OK\r\n"));
  close (end);
  place_tear_down (&place);
}

/* Seconds from now until it is closed, to the next whole one. */
static void
assert_ends_in (Place *place, guint seconds, gboolean late)
{
  CantigaConnection *connection = place->connections.all.head->data;
  gint64 now = g_get_monotonic_time ();

  g_assert_false (cantiga_connection_close_if_late (connection, now + ((gint64)seconds - 2) * G_USEC_PER_SEC));
  g_assert_nonnull (place->connections.all.head);
  g_assert_cmpint (cantiga_connection_close_if_late (connection, now + ((gint64)seconds + 1) * G_USEC_PER_SEC), ==, late);
  g_assert_null (place->connections.all.head);
}

static void
test_deadlines (void)
{
  static const struct
  {
    const char *sent, *then;
    guint seconds;
    gboolean late;
  } cases[] = {
    { "", NULL, 20, TRUE },
    { "GET /", NULL, 20, TRUE },
    { "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nHell", NULL, 30, TRUE },
    { GET, NULL, 12, FALSE },  /* kept, and idle */
    { GET, "GET", 20, TRUE },  /* kept, and has begun to ask */
    { "GET /no HTTP/1.1\r\nHost: x\r\n\r\n", NULL, 30, TRUE },
  };
  Place place;
  int end;

  place_set_up (&place);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      end = place_connect (&place, cases[i].sent, strlen (cases[i].sent));

      place_turn (&place);
      if (cases[i].then != NULL)
        send_all (end, cases[i].then);
      place_turn (&place);
      assert_ends_in (&place, cases[i].seconds, cases[i].late);
      close (end);
    }
  /* An answer that nobody reads. */
  place.answer_length = 8 * 1024 * 1024;
  end = place_connect (&place, GET, strlen (GET));
  assert_ends_in (&place, 40, TRUE);
  close (end);
  place_tear_down (&place);
}

/* What drips into a connection that is kept does not win it time. */
static void
test_drips (void)
{
  Place place;
  int end;

  place_set_up (&place);
  place.limits.header_seconds = 1;
  end = place_connect (&place, GET, strlen (GET));
  for (const char *c = "GET"; *c != '\0'; c++)
    {
      g_assert_cmpint (send (end, c, 1, 0), ==, 1);
      place_turn (&place);
      g_usleep (400 * 1000);
    }
  g_assert_true (cantiga_connection_close_if_late (place.connections.all.head->data, g_get_monotonic_time ()));
  close (end);
  place_tear_down (&place);
}

/* Who closes with the request, before it is answered or after, leaves nothing. */
static void
test_gone (void)
{
  static const char *const sent[] = { "", "GET /", GET, POST GET, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nHell", "GET /no HTTP/1.1\r\nHost: x\r\n\r\n" };
  Place place;

  place_set_up (&place);
  for (guint i = 0; i < 2 * G_N_ELEMENTS (sent); i++)
    {
      int end = place_connect (&place, "", 0);

      send_all (end, sent[i / 2]);
      if (i % 2 == 0)
        g_assert_cmpint (shutdown (end, SHUT_WR), ==, 0);
      else
        close (end);
      place_turn (&place);
      if (i % 2 == 0)
        g_free (dup_answers (&place, end, NULL, NULL));
      g_assert_null (place.connections.all.head);
      if (i % 2 == 0)
        close (end);
    }
  place_tear_down (&place);
}

/* A program that is being started has what we have open, for a while: it is not told of what is closed here. */
static void
test_another_has_it (void)
{
  Place place;
  char done;
  int pipes[2], end;
  pid_t child;

  place_set_up (&place);
  end = place_connect (&place, GET, strlen (GET));
  g_assert_cmpint (pipe (pipes), ==, 0);
  child = fork ();
  if (child == 0)
    _exit (read (pipes[0], &done, 1) == 1 ? 0 : 1);
  cantiga_connection_close (place.connections.all.head->data);
  send_all (end, GET);
  place_turn (&place);
  g_assert_cmpuint (place.asked, ==, 1);
  g_assert_cmpint (write (pipes[1], "", 1), ==, 1);
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
  close (pipes[0]);
  close (pipes[1]);
  close (end);
  place_tear_down (&place);
}

/* None is kept once the worker ends, nor where the house is half full. */
static void
test_not_kept (void)
{
  Place place;
  int ends[33];

  place_set_up (&place);
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    ends[i] = place_connect (&place, "", 0);
  send_all (ends[0], GET);
  assert_answered (&place, ends[0], 1, NULL, TRUE);
  /* It is there until its sender has seen that. */
  g_assert_cmpuint (g_queue_get_length (&place.connections.all), ==, G_N_ELEMENTS (ends));
  close (ends[0]);
  place_turn (&place);
  g_assert_cmpuint (g_queue_get_length (&place.connections.all), ==, G_N_ELEMENTS (ends) - 1);
  send_all (ends[1], GET);
  assert_answered (&place, ends[1], 1, NULL, FALSE);
  place.connections.ends = TRUE;
  send_all (ends[1], GET);
  assert_answered (&place, ends[1], 1, NULL, TRUE);
  for (guint i = 1; i < G_N_ELEMENTS (ends); i++)
    close (ends[i]);
  place_tear_down (&place);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/connection/kept", test_kept);
  g_test_add_func ("/connection/pieces", test_pieces);
  g_test_add_func ("/connection/drops-and-floods", test_drops_and_floods);
  g_test_add_func ("/connection/slow-reader", test_slow_reader);
  g_test_add_func ("/connection/answered-later", test_answered_later);
  g_test_add_func ("/connection/refused", test_refused);
  g_test_add_func ("/connection/told-to-go-on", test_told_to_go_on);
  g_test_add_func ("/connection/deadlines", test_deadlines);
  g_test_add_func ("/connection/drips", test_drips);
  g_test_add_func ("/connection/gone", test_gone);
  g_test_add_func ("/connection/another-has-it", test_another_has_it);
  g_test_add_func ("/connection/not-kept", test_not_kept);
  return g_test_run ();
}
