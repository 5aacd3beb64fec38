#include "ui/day-words.h"

#include <glib/gi18n.h>

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const char *const months[] = { N_ ("January"), N_ ("February"), N_ ("March"),     N_ ("April"),   N_ ("May"),      N_ ("June"),
                                      N_ ("July"),    N_ ("August"),   N_ ("September"), N_ ("October"), N_ ("November"), N_ ("December") };
/* Translators: as after "until". */
static const char *const until_days[]
    = { NC_ ("until", "until Monday"), NC_ ("until", "until Tuesday"),  NC_ ("until", "until Wednesday"), NC_ ("until", "until Thursday"),
        NC_ ("until", "until Friday"), NC_ ("until", "until Saturday"), NC_ ("until", "until Sunday") };
/* Translators: the same, as short as it can be and still be understood: it stands on a small pill. */
static const char *const until_days_brief[]
    = { NC_ ("until, brief", "until Mon"), NC_ ("until, brief", "until Tue"), NC_ ("until, brief", "until Wed"), NC_ ("until, brief", "until Thu"),
        NC_ ("until, brief", "until Fri"), NC_ ("until, brief", "until Sat"), NC_ ("until, brief", "until Sun") };
static const char *const past_days[]
    = { N_ ("on Monday"), N_ ("on Tuesday"), N_ ("on Wednesday"), N_ ("on Thursday"), N_ ("on Friday"), N_ ("on Saturday"), N_ ("on Sunday") };

static const char *const days[]
    = { N_ ("Monday"), N_ ("Tuesday"), N_ ("Wednesday"), N_ ("Thursday"), N_ ("Friday"), N_ ("Saturday"), N_ ("Sunday") };

static char *
dup_date (GDateTime *day)
{
  /* Translators: a day of the month and the month: "14 March". */
  return g_strdup_printf (C_ ("date", "%d %s"), g_date_time_get_day_of_month (day), _ (months[g_date_time_get_month (day) - 1]));
}

char *
cantiga_day_words_dup_date (gint64 time)
{
  g_autoptr (GDateTime) day = g_date_time_new_from_unix_local (time);

  return day != NULL ? dup_date (day) : g_strdup ("");
}

char *
cantiga_day_words_dup_date_of_any_year (gint64 time, gint64 now)
{
  g_autoptr (GDateTime) day = g_date_time_new_from_unix_local (time);
  g_autoptr (GDateTime) today = g_date_time_new_from_unix_local (now);
  g_autofree char *date = cantiga_day_words_dup_date (time);

  if (day == NULL || today == NULL || g_date_time_get_year (day) == g_date_time_get_year (today))
    return g_steal_pointer (&date);
  /* Translators: a date and its year: "14 March 2024". */
  return g_strdup_printf (C_ ("date", "%s %d"), date, g_date_time_get_year (day));
}

static gboolean
is_same_day (GDateTime *a, GDateTime *b)
{
  return g_date_time_get_year (a) == g_date_time_get_year (b) && g_date_time_get_day_of_year (a) == g_date_time_get_day_of_year (b);
}

static char *
dup_hour (GDateTime *time)
{
  return g_strdup_printf ("%d:%02d", g_date_time_get_hour (time), g_date_time_get_minute (time));
}

static char *
dup_until (gint64 time, gint64 now, gboolean hour_matters)
{
  g_autoptr (GDateTime) end = g_date_time_new_from_unix_local (time);
  g_autoptr (GDateTime) today = g_date_time_new_from_unix_local (now);
  g_autofree char *hour = NULL, *date = NULL;
  const char *day;
  int weekday;

  if (end == NULL)
    return g_strdup ("");
  if (time - now < HOUR)
    return g_strdup_printf (_ ("%d min left"), (int)MAX ((time - now + MINUTE - 1) / MINUTE, 1));
  hour = dup_hour (end);
  if (is_same_day (end, today))
    return g_strdup_printf (_ ("until %s"), hour);
  weekday = g_date_time_get_day_of_week (end) - 1;
  day = hour_matters ? g_dpgettext2 (NULL, "until", until_days[weekday]) : g_dpgettext2 (NULL, "until, brief", until_days_brief[weekday]);
  if (time - now < 6 * DAY)
    return hour_matters ? g_strdup_printf ("%s, %s", day, hour) : g_strdup (day);
  date = dup_date (end);
  return g_strdup_printf (_ ("until %s"), date);
}

char *
cantiga_day_words_dup_until (gint64 time, gint64 now)
{
  return dup_until (time, now, FALSE);
}

char *
cantiga_day_words_dup_until_hour (gint64 time, gint64 now)
{
  return dup_until (time, now, TRUE);
}

char *
cantiga_day_words_dup_past (gint64 time, gint64 now)
{
  g_autoptr (GDateTime) then = g_date_time_new_from_unix_local (time);
  g_autoptr (GDateTime) today = g_date_time_new_from_unix_local (now);
  g_autoptr (GDateTime) yesterday = g_date_time_add_days (today, -1);
  g_autofree char *date = NULL;

  if (then == NULL)
    return g_strdup ("");
  if (is_same_day (then, today))
    return g_strdup (_ ("today"));
  if (is_same_day (then, yesterday))
    return g_strdup (_ ("yesterday"));
  if (now - time < 6 * DAY)
    return g_strdup (_ (past_days[g_date_time_get_day_of_week (then) - 1]));
  date = dup_date (then);
  return g_strdup_printf (_ ("on %s"), date);
}

char *
cantiga_day_words_dup_past_hour (gint64 time, gint64 now)
{
  g_autoptr (GDateTime) then = g_date_time_new_from_unix_local (time);
  g_autofree char *day = cantiga_day_words_dup_past (time, now);
  g_autofree char *hour = then != NULL ? dup_hour (then) : g_strdup ("");

  return g_strdup_printf ("%s %s", day, hour);
}

char *
cantiga_day_words_dup_moment (gint64 time)
{
  g_autoptr (GDateTime) then = g_date_time_new_from_unix_local (time);
  g_autofree char *date = then != NULL ? dup_date (then) : NULL;
  g_autofree char *hour = then != NULL ? dup_hour (then) : NULL;

  if (then == NULL)
    return g_strdup ("");
  /* Translators: a day of the week, a date, an hour: "Friday 27 November, 18:00". */
  return g_strdup_printf (C_ ("moment", "%s %s, %s"), _ (days[g_date_time_get_day_of_week (then) - 1]), date, hour);
}

char *
cantiga_day_words_dup_length (double seconds)
{
  guint whole = (guint)(MAX (seconds, 0) + 0.5);

  if (whole >= HOUR)
    return g_strdup_printf ("%u:%02u:%02u", whole / HOUR, whole / MINUTE % 60, whole % MINUTE);
  return g_strdup_printf ("%u:%02u", whole / MINUTE, whole % MINUTE);
}
