#include "ui/licence-words.h"

#include <glib/gi18n.h>

#include "ui/day-words.h"

#define SOON (48 * 60 * 60)
#define SHOWN_FROM (6 * 24 * 60 * 60)

void
cantiga_licence_words_clear (CantigaLicenceWords *words)
{
  g_clear_pointer (&words->brief, g_free);
  g_clear_pointer (&words->whole, g_free);
}

static CantigaLicenceWords
words_new (char *brief, char *whole, const char *style, const char *icon)
{
  return (CantigaLicenceWords){ brief, whole, style, icon };
}

/* ---- one a form of UI words ---- */

static CantigaLicenceWords
say_playing (int left)
{
  if (left == 0)
    return words_new (g_strdup (_ ("Last play")), g_strdup (_ ("Last play · playing now")), "warning", "media-playback-start-symbolic");
  return words_new (g_strdup_printf (_ ("Playing · %d left"), left),
                    g_strdup_printf (ngettext ("Playing · %d play left", "Playing · %d plays left", left), left), "accent",
                    "media-playback-start-symbolic");
}

static CantigaLicenceWords
say_used_up (void)
{
  return words_new (g_strdup (_ ("Used up")), g_strdup (_ ("Used up · sign in again to renew")), "error", "cantiga-plays-none-symbolic");
}

static CantigaLicenceWords
say_ended (gint64 expires, gint64 now)
{
  g_autofree char *day = cantiga_day_words_dup_past (expires, now);

  return words_new (g_strdup (_ ("Ended")), g_strdup_printf (_ ("Ended %s · sign in again to renew"), day), "error",
                    "cantiga-hourglass-end-symbolic");
}

static CantigaLicenceWords
say_withdrawn (void)
{
  return words_new (g_strdup (_ ("Withdrawn")), g_strdup (_ ("Withdrawn by the keeper")), "error", "cantiga-revoked-symbolic");
}

static CantigaLicenceWords
say_given_back (void)
{
  return words_new (g_strdup (_ ("Given back")), g_strdup (_ ("Given back · sign in again for a new one")), NULL, "cantiga-give-back-symbolic");
}

static CantigaLicenceWords
say_plays (int left, gint64 expires, gint64 now)
{
  g_autofree char *plays = g_strdup_printf (ngettext ("%d play", "%d plays", left), left);
  g_autofree char *plays_left = g_strdup_printf (ngettext ("%d play left", "%d plays left", left), left);
  g_autofree char *until = cantiga_day_words_dup_until (expires, now);
  g_autofree char *until_hour = cantiga_day_words_dup_until_hour (expires, now);
  gboolean soon = expires - now < SOON;
  gboolean dated = expires - now < SHOWN_FROM;

  return words_new (dated ? g_strdup_printf ("%s · %s", plays, until) : g_strdup (plays), g_strdup_printf ("%s · %s", plays_left, until_hour),
                    left == 1 || soon ? "warning" : NULL, soon ? "cantiga-hourglass-symbolic" : NULL);
}

CantigaLicenceWords
cantiga_licence_words (CantigaTitle *title, CantigaSpent spent, gint64 now)
{
  const char *state = cantiga_title_get_licence_state (title);
  int left = cantiga_title_get_plays_left (title);
  gint64 expires = cantiga_title_get_expires (title);

  if (spent == CANTIGA_SPENT_NOW && left >= 0)
    return say_playing (left);
  if (g_str_equal (state, "refused"))
    return say_withdrawn ();
  if (g_str_equal (state, "returned"))
    return say_given_back ();
  if (g_str_equal (state, "expired") || (g_str_equal (state, "valid") && expires <= now))
    return say_ended (expires, now);
  if (g_str_equal (state, "used-up") || (g_str_equal (state, "valid") && left == 0))
    return say_used_up ();
  if (g_str_equal (state, "valid"))
    return say_plays (left, expires, now);
  return words_new (g_strdup (""), g_strdup (""), NULL, NULL);
}

guint
cantiga_licence_words_count_ending (GListModel *titles, gint64 now)
{
  guint ending = 0;

  for (guint i = 0; i < g_list_model_get_n_items (titles); i++)
    {
      g_autoptr (CantigaTitle) title = g_list_model_get_item (titles, i);
      gint64 expires = cantiga_title_get_expires (title);

      ending += cantiga_title_get_plays_left (title) > 0 && expires > now && expires - now < SOON;
    }
  return ending;
}
