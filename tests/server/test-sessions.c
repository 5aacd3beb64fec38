/* How many sessions there may be, what they may become, and when they end (docs/protocol.md 3.6, 3.7, 12). */
#include "server/sessions.h"

#include "core/error.h"

#define NOW 1800000000

typedef struct
{
  CantigaConfig config;
  CantigaSessions *sessions;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->config = (CantigaConfig){ .half_open = 4, .half_open_per_address = 2, .sessions = 2, .handshake_seconds = 30, .session_idle_seconds = 1800 };
  fixture->sessions = cantiga_sessions_new (&fixture->config);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  cantiga_sessions_free (fixture->sessions);
}

static CantigaServerSession *
add (Fixture *fixture, const char *address, gint64 now)
{
  g_autoptr (GError) error = NULL;
  CantigaServerSession *session = cantiga_sessions_add (fixture->sessions, address, now, &error);

  g_assert_no_error (error);
  return session;
}

static void
become (Fixture *fixture, CantigaServerSession *session, CantigaSessionState state)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (cantiga_sessions_set_state (fixture->sessions, session, state, &error));
  g_assert_no_error (error);
}

static gboolean
is_there (Fixture *fixture, CantigaServerSession *session)
{
  g_autoptr (CantigaServerSession) found = cantiga_sessions_find (fixture->sessions, &session->id, NOW);

  return found == session;
}

static void
test_per_address (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaServerSession) first = add (fixture, "192.0.2.1", NOW);
  g_autoptr (CantigaServerSession) second = add (fixture, "192.0.2.1", NOW);
  g_autoptr (CantigaServerSession) other = add (fixture, "192.0.2.2", NOW);
  g_autoptr (CantigaServerSession) third = NULL;
  g_autoptr (GError) error = NULL;

  /* One that awaits its card is half open as well. */
  become (fixture, first, CANTIGA_SESSION_CARD);
  g_assert_null (cantiga_sessions_add (fixture->sessions, "192.0.2.1", NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_SLOW_DOWN);
  become (fixture, first, CANTIGA_SESSION_OPEN);
  third = add (fixture, "192.0.2.1", NOW);
  g_assert_true (is_there (fixture, second) && is_there (fixture, other));
}

static void
test_in_all (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaServerSession) first = add (fixture, "192.0.2.1", NOW);
  g_autoptr (CantigaServerSession) second = add (fixture, "192.0.2.1", NOW + 1);
  g_autoptr (CantigaServerSession) third = add (fixture, "192.0.2.2", NOW + 2);
  g_autoptr (CantigaServerSession) fourth = add (fixture, "192.0.2.2", NOW + 3);
  g_autoptr (CantigaServerSession) newcomer = NULL;
  g_autoptr (GError) error = NULL;

  /* The oldest of those in their handshake goes; one that is past it does not. */
  become (fixture, first, CANTIGA_SESSION_CARD);
  newcomer = add (fixture, "192.0.2.3", NOW + 4);
  g_assert_true (is_there (fixture, first) && !is_there (fixture, second) && is_there (fixture, third) && is_there (fixture, newcomer));
  g_assert_cmpint (cantiga_server_session_get_state (second), ==, CANTIGA_SESSION_ENDED);
  become (fixture, third, CANTIGA_SESSION_CARD);
  become (fixture, fourth, CANTIGA_SESSION_CARD);
  become (fixture, newcomer, CANTIGA_SESSION_CARD);
  g_assert_null (cantiga_sessions_add (fixture->sessions, "192.0.2.4", NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_BUSY);
}

static void
test_open (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaServerSession) first = add (fixture, "192.0.2.1", NOW);
  g_autoptr (CantigaServerSession) second = add (fixture, "192.0.2.2", NOW);
  g_autoptr (CantigaServerSession) third = add (fixture, "192.0.2.3", NOW);

  for (CantigaServerSession **at = (CantigaServerSession *[]){ first, second, third, NULL }; *at != NULL; at++)
    become (fixture, *at, CANTIGA_SESSION_CARD);
  become (fixture, first, CANTIGA_SESSION_OPEN);
  become (fixture, second, CANTIGA_SESSION_OPEN);
  g_assert_false (cantiga_sessions_set_state (fixture->sessions, third, CANTIGA_SESSION_OPEN, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_BUSY);
  g_assert_cmpuint (cantiga_sessions_count (fixture->sessions, CANTIGA_SESSION_OPEN), ==, 2);
  g_assert_true (cantiga_sessions_has_open (fixture->sessions, &first->id) && !cantiga_sessions_has_open (fixture->sessions, &third->id));
  cantiga_sessions_end (fixture->sessions, first);
  become (fixture, third, CANTIGA_SESSION_OPEN);
}

/* docs/protocol.md 3.6: what is not in the table is out of turn, and changes nothing. */
static void
test_orders (Fixture *fixture, gconstpointer unused)
{
  static const CantigaSessionState ways[][2]
      = { { CANTIGA_SESSION_HANDSHAKE, CANTIGA_SESSION_OPEN }, { CANTIGA_SESSION_HANDSHAKE, CANTIGA_SESSION_HANDSHAKE }, { CANTIGA_SESSION_CARD, CANTIGA_SESSION_HANDSHAKE },
          { CANTIGA_SESSION_CARD, CANTIGA_SESSION_CARD },      { CANTIGA_SESSION_OPEN, CANTIGA_SESSION_CARD },           { CANTIGA_SESSION_OPEN, CANTIGA_SESSION_OPEN },
          { CANTIGA_SESSION_ENDED, CANTIGA_SESSION_OPEN },     { CANTIGA_SESSION_ENDED, CANTIGA_SESSION_ENDED } };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (CantigaServerSession) session = add (fixture, "192.0.2.1", NOW);

      for (CantigaSessionState state = CANTIGA_SESSION_CARD; state <= ways[i][0]; state++)
        become (fixture, session, state);
      g_assert_false (cantiga_sessions_set_state (fixture->sessions, session, ways[i][1], &error));
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_OUT_OF_TURN);
      g_assert_cmpint (cantiga_server_session_get_state (session), ==, ways[i][0]);
      cantiga_sessions_end (fixture->sessions, session);
    }
}

/* A handshake is measured from its beginning, whatever is heard of it; a session from when it was last heard of. */
static void
test_sweep (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaServerSession) handshake = add (fixture, "192.0.2.1", NOW);
  g_autoptr (CantigaServerSession) card = add (fixture, "192.0.2.1", NOW);
  g_autoptr (CantigaServerSession) seen = NULL;

  become (fixture, card, CANTIGA_SESSION_CARD);
  seen = cantiga_sessions_find (fixture->sessions, &handshake->id, NOW + 30);
  cantiga_sessions_sweep (fixture->sessions, NOW + 30);
  g_assert_cmpint (cantiga_server_session_get_state (handshake), ==, CANTIGA_SESSION_HANDSHAKE);
  cantiga_sessions_sweep (fixture->sessions, NOW + 31);
  g_assert_cmpint (cantiga_server_session_get_state (handshake), ==, CANTIGA_SESSION_ENDED);
  g_clear_pointer (&seen, cantiga_server_session_unref);
  seen = cantiga_sessions_find (fixture->sessions, &card->id, NOW + 1000);
  cantiga_sessions_sweep (fixture->sessions, NOW + 2800);
  g_assert_cmpint (cantiga_server_session_get_state (card), ==, CANTIGA_SESSION_CARD);
  cantiga_sessions_sweep (fixture->sessions, NOW + 2801);
  g_assert_cmpint (cantiga_server_session_get_state (card), ==, CANTIGA_SESSION_ENDED);
  g_assert_null (cantiga_sessions_find (fixture->sessions, &card->id, NOW + 2801));
}

#define ADD(path, function) g_test_add ("/sessions/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("an-address-has-so-many-that-are-half-open", test_per_address);
  ADD ("in-all-the-oldest-in-its-handshake-goes-for-a-newcomer", test_in_all);
  ADD ("so-many-are-open", test_open);
  ADD ("become-what-the-table-says-and-nothing-else", test_orders);
  ADD ("end-when-their-time-is-over", test_sweep);
  return g_test_run ();
}
