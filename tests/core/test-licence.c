#include "core/licence.h"

#include <math.h>

#define DAY (24 * 3600)
#define NONE                                                                                                                                         \
  {                                                                                                                                                  \
    0, 0, 0                                                                                                                                          \
  }

static const CantigaPolicy new_session = CANTIGA_POLICY_DEFAULT;
static const CantigaPolicy never = { 3, 7 * DAY, CANTIGA_RENEWAL_NEVER, 0 };
static const CantigaPolicy manual = { 3, 7 * DAY, CANTIGA_RENEWAL_MANUAL, 0 };
static const CantigaPolicy after = { 3, 7 * DAY, CANTIGA_RENEWAL_AFTER, 30 * DAY };
static const CantigaPolicy soon = { 2, 7 * DAY, CANTIGA_RENEWAL_AFTER, 3600 };
static const CantigaPolicy once = { 1, 60, CANTIGA_RENEWAL_NEW_SESSION, 0 };
static const CantigaPolicy endless = { 3, G_MAXINT64, CANTIGA_RENEWAL_AFTER, G_MAXINT64 };

enum
{
  REFUSED_NOT,
  REFUSED
};
#define MAKE CANTIGA_DECISION_MAKE
#define SPEND CANTIGA_DECISION_SPEND
#define REFUSE CANTIGA_DECISION_REFUSE
#define DELETE CANTIGA_DECISION_DELETE
#define EXHAUSTED CANTIGA_ERROR_LICENCE_EXHAUSTED
#define EXPIRED CANTIGA_ERROR_LICENCE_EXPIRED
#define LICENCE_REFUSED CANTIGA_ERROR_LICENCE_REFUSED

/* A licence with made == -1 stands for none. */
#define NO_LICENCE                                                                                                                                   \
  {                                                                                                                                                  \
    -1, 0, 0                                                                                                                                         \
  }

/* docs/protocol.md 9.1 and 9.2, a line a case: policy, licence, refused, now → decision, licence after it or the refusal. */
static const struct
{
  const CantigaPolicy *policy;
  CantigaLicence licence;
  gboolean refused;
  gint64 now;
  CantigaDecision decision;
  CantigaLicence after;
  CantigaError error;
} decisions[] = {
  /* The first request ever makes one, whatever the policy. */
  { &new_session, NO_LICENCE, REFUSED_NOT, 1000, MAKE, { 1000, 1000 + 7 * DAY, 2 }, 0 },
  { &never, NO_LICENCE, REFUSED_NOT, 1000, MAKE, { 1000, 1000 + 7 * DAY, 2 }, 0 },
  { &manual, NO_LICENCE, REFUSED_NOT, 1000, MAKE, { 1000, 1000 + 7 * DAY, 2 }, 0 },
  { &after, NO_LICENCE, REFUSED_NOT, 1000, MAKE, { 1000, 1000 + 7 * DAY, 2 }, 0 },
  { &once, NO_LICENCE, REFUSED_NOT, 1000, MAKE, { 1000, 1060, 0 }, 0 },
  { &endless, NO_LICENCE, REFUSED_NOT, 1000, MAKE, { 1000, G_MAXINT64, 2 }, 0 },
  /* Each further play takes one. */
  { &new_session, { 1000, 1000 + 7 * DAY, 2 }, REFUSED_NOT, 1001, SPEND, { 1000, 1000 + 7 * DAY, 1 }, 0 },
  { &new_session, { 1000, 1000 + 7 * DAY, 1 }, REFUSED_NOT, 1002, SPEND, { 1000, 1000 + 7 * DAY, 0 }, 0 },
  { &never, { 1000, 1000 + 7 * DAY, 1 }, REFUSED_NOT, 1002, SPEND, { 1000, 1000 + 7 * DAY, 0 }, 0 },
  { &manual, { 1000, 1000 + 7 * DAY, 1 }, REFUSED_NOT, 1002, SPEND, { 1000, 1000 + 7 * DAY, 0 }, 0 },
  { &after, { 1000, 1000 + 7 * DAY, 1 }, REFUSED_NOT, 1002, SPEND, { 1000, 1000 + 7 * DAY, 0 }, 0 },
  /* What it was made with counts, not what a new one would get. */
  { &once, { 1000, 9000, 500 }, REFUSED_NOT, 8999, SPEND, { 1000, 9000, 499 }, 0 },
  /* The last second, and the first that is too late. */
  { &new_session, { 1000, 2000, 2 }, REFUSED_NOT, 1999, SPEND, { 1000, 2000, 1 }, 0 },
  { &new_session, { 1000, 2000, 2 }, REFUSED_NOT, 2000, DELETE, NONE, EXPIRED },
  { &new_session, { 1000, 2000, 2 }, REFUSED_NOT, 2001, DELETE, NONE, EXPIRED },
  /* A clock that was set back does not spoil a licence. */
  { &new_session, { 1000, 2000, 2 }, REFUSED_NOT, 900, SPEND, { 1000, 2000, 1 }, 0 },
  /* Used up; used up and past its end. */
  { &new_session, { 1000, 2000, 0 }, REFUSED_NOT, 1500, DELETE, NONE, EXHAUSTED },
  { &new_session, { 1000, 2000, 0 }, REFUSED_NOT, 2500, DELETE, NONE, EXHAUSTED },
  /* Elsewhere than under new-session the spent licence stays. */
  { &never, { 1000, 2000, 0 }, REFUSED_NOT, 1500, REFUSE, NONE, EXHAUSTED },
  { &never, { 1000, 2000, 1 }, REFUSED_NOT, 2000, REFUSE, NONE, EXPIRED },
  { &never, { 1000, 2000, 1 }, REFUSED_NOT, G_MAXINT64, REFUSE, NONE, EXPIRED },
  { &manual, { 1000, 2000, 0 }, REFUSED_NOT, 1500, REFUSE, NONE, EXHAUSTED },
  { &manual, { 1000, 2000, 1 }, REFUSED_NOT, 2000, REFUSE, NONE, EXPIRED },
  /* after: from the time on that the licence was made. */
  { &after, { 1000, 2000, 0 }, REFUSED_NOT, 1500, REFUSE, NONE, EXHAUSTED },
  { &after, { 1000, 2000, 1 }, REFUSED_NOT, 999 + 30 * DAY, REFUSE, NONE, EXPIRED },
  { &after, { 1000, 2000, 1 }, REFUSED_NOT, 1000 + 30 * DAY, MAKE, { 1000 + 30 * DAY, 1000 + 37 * DAY, 2 }, 0 },
  { &after, { 1000, 2000, 0 }, REFUSED_NOT, 1001 + 30 * DAY, MAKE, { 1001 + 30 * DAY, 1001 + 37 * DAY, 2 }, 0 },
  { &soon, { 1000, 90000, 0 }, REFUSED_NOT, 1000 + 3600, MAKE, { 4600, 4600 + 7 * DAY, 1 }, 0 },
  { &soon, { 1000, 90000, 1 }, REFUSED_NOT, 1000 + 7200, SPEND, { 1000, 90000, 0 }, 0 },
  { &endless, { 1000, 2000, 0 }, REFUSED_NOT, G_MAXINT64 - 1, REFUSE, NONE, EXHAUSTED },
  /* A session that was refused gets none again, even where another session made a new licence since. */
  { &new_session, NO_LICENCE, REFUSED, 1000, REFUSE, NONE, LICENCE_REFUSED },
  { &new_session, { 1000, 2000, 2 }, REFUSED, 1500, REFUSE, NONE, LICENCE_REFUSED },
  { &new_session, { 1000, 2000, 0 }, REFUSED, 1500, REFUSE, NONE, LICENCE_REFUSED },
  { &after, { 1000, 2000, 0 }, REFUSED, 1000 + 31 * DAY, REFUSE, NONE, LICENCE_REFUSED },
};

static void
test_decisions (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (decisions); i++)
    {
      const CantigaLicence *licence = decisions[i].licence.made == -1 ? NULL : &decisions[i].licence;
      CantigaLicence left = NONE;
      CantigaError error = 0;
      CantigaDecision decision = cantiga_licence_decide (decisions[i].policy, licence, decisions[i].refused, decisions[i].now, &left, &error);

      g_test_message ("case %u", i);
      g_assert_cmpint (decision, ==, decisions[i].decision);
      g_assert_cmpint (left.made, ==, decisions[i].after.made);
      g_assert_cmpint (left.expires, ==, decisions[i].after.expires);
      g_assert_cmpuint (left.plays_left, ==, decisions[i].after.plays_left);
      g_assert_cmpint (error, ==, decisions[i].error);
    }
}

/* The whole life of a default licence: three plays, a refusal that deletes it, then none for this session and a new one for the next. */
static void
test_life (void)
{
  CantigaLicence licence = NONE;
  CantigaError error = 0;

  g_assert_cmpint (cantiga_licence_decide (&new_session, NULL, FALSE, 1000, &licence, &error), ==, MAKE);
  g_assert_cmpuint (licence.plays_left, ==, 2);
  g_assert_cmpint (cantiga_licence_decide (&new_session, &licence, FALSE, 1100, &licence, &error), ==, SPEND);
  g_assert_cmpint (cantiga_licence_decide (&new_session, &licence, FALSE, 1200, &licence, &error), ==, SPEND);
  g_assert_cmpuint (licence.plays_left, ==, 0);
  g_assert_cmpint (cantiga_licence_decide (&new_session, &licence, FALSE, 1300, &licence, &error), ==, DELETE);
  g_assert_cmpint (error, ==, EXHAUSTED);
  g_assert_cmpint (cantiga_licence_decide (&new_session, NULL, TRUE, 1400, &licence, &error), ==, REFUSE);
  g_assert_cmpint (error, ==, LICENCE_REFUSED);
  g_assert_cmpint (cantiga_licence_decide (&new_session, NULL, FALSE, 1500, &licence, &error), ==, MAKE);
  g_assert_cmpuint (licence.plays_left, ==, 2);
}

static void
test_durations (void)
{
  static const struct
  {
    const char *text;
    gint64 seconds; /* 0: refused */
  } cases[] = {
    { "1s", 1 },
    { "90s", 90 },
    { "15min", 900 },
    { "12h", 12 * 3600 },
    { "7d", 7 * DAY },
    { "2w", 14 * DAY },
    { "7 d", 7 * DAY },
    { "007d", 7 * DAY },
    { "36600d", (gint64)36600 * DAY },
    { "36601d", 0 },
    { "", 0 },
    { "d", 0 },
    { "7", 0 },
    { "0d", 0 },
    { "-1d", 0 },
    { "+1d", 0 },
    { "1.5h", 0 },
    { " 7d", 0 },
    { "7d ", 0 },
    { "7D", 0 },
    { "7m", 0 },
    { "7days", 0 },
    { "1e3s", 0 },
    { "0x10s", 0 },
    { "7d 3h", 0 },
    { "18446744073709551616s", 0 },
    { "18446744073709551615w", 0 },
    { "99999999999999999999999999999999w", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 seconds = 0;
      gboolean good = cantiga_duration_parse (cases[i].text, &seconds, &error);

      g_test_message ("“%s”", cases[i].text);
      g_assert_cmpint (good, ==, cases[i].seconds != 0);
      g_assert_cmpint (seconds, ==, cases[i].seconds);
      if (!good)
        g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
    }
}

static void
test_renewals (void)
{
  static const struct
  {
    const char *text;
    gboolean good;
    CantigaRenewal renewal;
    gint64 renewal_after;
  } cases[] = {
    { "new-session", TRUE, CANTIGA_RENEWAL_NEW_SESSION, 0 },
    { "never", TRUE, CANTIGA_RENEWAL_NEVER, 0 },
    { "manual", TRUE, CANTIGA_RENEWAL_MANUAL, 0 },
    { "after 30d", TRUE, CANTIGA_RENEWAL_AFTER, 30 * DAY },
    { "after 12 h", TRUE, CANTIGA_RENEWAL_AFTER, 12 * 3600 },
    { "", FALSE, 0, 0 },
    { "after", FALSE, 0, 0 },
    { "after ", FALSE, 0, 0 },
    { "after30d", FALSE, 0, 0 },
    { "after 0d", FALSE, 0, 0 },
    { "after -3d", FALSE, 0, 0 },
    { "Never", FALSE, 0, 0 },
    { "new session", FALSE, 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      CantigaPolicy policy = { 5, 60, CANTIGA_RENEWAL_AFTER, 77 };
      gboolean good = cantiga_renewal_parse (cases[i].text, &policy, &error);

      g_test_message ("“%s”", cases[i].text);
      g_assert_cmpint (good, ==, cases[i].good);
      g_assert_cmpint (policy.renewal, ==, good ? cases[i].renewal : CANTIGA_RENEWAL_AFTER);
      g_assert_cmpint (policy.renewal_after, ==, good ? cases[i].renewal_after : 77);
      g_assert_cmpuint (policy.plays, ==, 5);
      g_assert_cmpint (policy.validity, ==, 60);
      if (!good)
        g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
    }
}

/* docs/protocol.md 9.1: a time, or two of which one between is drawn. */
static void
test_validities (void)
{
  static const struct
  {
    const char *text;
    gint64 validity, max; /* 0: refused */
  } cases[] = {
    { "90s", 90, 0 },
    { " 1h to 2h ", 3600, 7200 },
    { "1h to 1h", 3600, 3600 },
    { "2h to 1h", 0, 0 },
    { "1h to", 0, 0 },
    { "1h to x", 0, 0 },
    { "to 1h", 0, 0 },
    { "1h to 2h to 3h", 0, 0 },
    { "", 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      CantigaPolicy policy = { .validity = 5, .validity_max = 7 };
      gboolean good = cantiga_validity_parse (cases[i].text, &policy, &error);

      g_test_message ("“%s”", cases[i].text);
      g_assert_cmpint (good, ==, cases[i].validity != 0);
      g_assert_cmpint (policy.validity, ==, good ? cases[i].validity : 5);
      g_assert_cmpint (policy.validity_max, ==, good ? cases[i].max : 7);
      if (!good)
        g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
    }
}

/* Each between the two comes, and none beside them. */
static void
test_drawn (void)
{
  const CantigaPolicy one = { .validity = 60 }, three = { .validity = 60, .validity_max = 62 };
  guint drawn[3] = { 0 };

  g_assert_cmpint (cantiga_policy_draw_validity (&one), ==, 60);
  for (guint i = 0; i < 300; i++)
    {
      gint64 seconds = cantiga_policy_draw_validity (&three);

      g_assert_cmpint (seconds, >=, 60);
      g_assert_cmpint (seconds, <=, 62);
      drawn[seconds - 60]++;
    }
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (drawn[i], >, 0);
}

/* docs/protocol.md 9.3: length × 3, at least 10 minutes. */
static void
test_window (void)
{
  static const struct
  {
    gint64 from;
    double duration;
    gint64 end;
  } cases[] = {
    { 1000, 0, 1600 },
    { 1000, 199.9, 1600 },
    { 1000, 200, 1600 },
    { 1000, 200.1, 1601 },
    { 1000, 240, 1720 },
    { 1000, 3600, 11800 },
    { 1000, -5, 1600 },
    { 1000, NAN, 1600 },
    { 0, 3600.25, 10801 },
    { G_MAXINT64 - 5, 1, G_MAXINT64 },
    { G_MAXINT64, 1e300, G_MAXINT64 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (cantiga_play_window_end (cases[i].from, cases[i].duration), ==, cases[i].end);
  g_assert_cmpint (cantiga_play_window_end (1000, INFINITY), >, 1000);
}

static void
test_states (void)
{
  const CantigaLicence valid = { 1000, 2000, 1 }, spent = { 1000, 2000, 0 };

  g_assert_cmpstr (cantiga_licence_get_state (NULL, FALSE, 1500), ==, "none");
  g_assert_cmpstr (cantiga_licence_get_state (&valid, FALSE, 1999), ==, "valid");
  g_assert_cmpstr (cantiga_licence_get_state (&valid, FALSE, 2000), ==, "expired");
  g_assert_cmpstr (cantiga_licence_get_state (&spent, FALSE, 1500), ==, "used-up");
  g_assert_cmpstr (cantiga_licence_get_state (&spent, FALSE, 2500), ==, "used-up");
  g_assert_cmpstr (cantiga_licence_get_state (&valid, TRUE, 1500), ==, "refused");
  g_assert_cmpstr (cantiga_licence_get_state (NULL, TRUE, 1500), ==, "refused");
}

static void
test_renewable (void)
{
  static const struct
  {
    CantigaRenewal renewal;
    guint plays_left;
    gint64 now;
    gboolean used_here;
    CantigaRenewable expected;
    gint64 from;
  } cases[] = {
    { CANTIGA_RENEWAL_NEW_SESSION, 1, 1500, TRUE, CANTIGA_RENEWABLE_PLAYS_LEFT, 0 },
    { CANTIGA_RENEWAL_NEVER, 1, 1999, FALSE, CANTIGA_RENEWABLE_PLAYS_LEFT, 0 },
    { CANTIGA_RENEWAL_NEW_SESSION, 0, 1500, TRUE, CANTIGA_RENEWABLE_SIGN_IN, 0 },
    { CANTIGA_RENEWAL_NEW_SESSION, 0, 1500, FALSE, CANTIGA_RENEWABLE_NOW, 0 },
    { CANTIGA_RENEWAL_NEW_SESSION, 3, 2000, FALSE, CANTIGA_RENEWABLE_NOW, 0 },
    { CANTIGA_RENEWAL_NEW_SESSION, 3, 2000, TRUE, CANTIGA_RENEWABLE_SIGN_IN, 0 },
    { CANTIGA_RENEWAL_NEVER, 0, 9999, FALSE, CANTIGA_RENEWABLE_NEVER, 0 },
    { CANTIGA_RENEWAL_MANUAL, 0, 9999, FALSE, CANTIGA_RENEWABLE_KEEPER, 0 },
    { CANTIGA_RENEWAL_AFTER, 0, 1499, FALSE, CANTIGA_RENEWABLE_LATER, 1500 },
    { CANTIGA_RENEWAL_AFTER, 0, 1500, TRUE, CANTIGA_RENEWABLE_NOW, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const CantigaPolicy policy = { 3, 1000, cases[i].renewal, 500 };
      const CantigaLicence licence = { 1000, 2000, cases[i].plays_left };
      gint64 from = -1;

      g_assert_cmpstr (cantiga_renewable_get_name (cantiga_licence_get_renewable (&policy, &licence, cases[i].used_here, cases[i].now, &from)), ==,
                       cantiga_renewable_get_name (cases[i].expected));
      g_assert_cmpint (from, ==, cases[i].from);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/licence/decides-as-the-table-says", test_decisions);
  g_test_add_func ("/licence/lives-three-plays-and-is-made-again-in-a-new-session", test_life);
  g_test_add_func ("/licence/parses-durations", test_durations);
  g_test_add_func ("/licence/parses-renewals", test_renewals);
  g_test_add_func ("/licence/parses-validities", test_validities);
  g_test_add_func ("/licence/draws-a-validity", test_drawn);
  g_test_add_func ("/licence/gives-a-play-a-window-of-three-lengths", test_window);
  g_test_add_func ("/licence/names-its-state", test_states);
  g_test_add_func ("/licence/may-be-renewed-or-says-why-not", test_renewable);
  return g_test_run ();
}
