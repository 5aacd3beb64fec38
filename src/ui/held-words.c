#include "ui/held-words.h"

#include <glib/gi18n.h>

#include "ui/day-words.h"

#define SOON (48 * 60 * 60)
#define DOTS_MAX 10
#define HEARD_MAX 5

gboolean
cantiga_held_words_is_open (CantigaHeldLicence *licence, gint64 now)
{
  return g_str_equal (cantiga_held_licence_get_state (licence), "valid") && cantiga_held_licence_get_plays_left (licence) > 0
         && cantiga_held_licence_get_expires (licence) > now;
}

gboolean
cantiga_held_words_ends_soon (CantigaHeldLicence *licence, gint64 now)
{
  return cantiga_held_words_is_open (licence, now) && cantiga_held_licence_get_expires (licence) - now < SOON;
}

char *
cantiga_held_words_dup_left (CantigaHeldLicence *licence)
{
  int left = cantiga_held_licence_get_plays_left (licence);

  return g_strdup_printf (ngettext ("%d of %d left", "%d of %d left", (gulong)left), left, cantiga_held_licence_get_plays (licence));
}

char *
cantiga_held_words_dup_dots (CantigaHeldLicence *licence)
{
  int plays = cantiga_held_licence_get_plays (licence);
  GString *dots;

  if (plays < 1 || plays > DOTS_MAX)
    return NULL;
  dots = g_string_new (NULL);
  for (int i = 0; i < plays; i++)
    g_string_append (dots, i < cantiga_held_licence_get_plays_left (licence) ? "●" : "○");
  return g_string_free (dots, FALSE);
}

char *
cantiga_held_words_dup_end (CantigaHeldLicence *licence, gint64 now)
{
  gint64 expires = cantiga_held_licence_get_expires (licence);
  g_autofree char *moment = cantiga_day_words_dup_moment (expires);

  if (g_str_equal (cantiga_held_licence_get_state (licence), "returned"))
    return g_strdup (_ ("Given back"));
  return g_strdup_printf (expires > now ? _ ("Ends %s") : _ ("Ended %s"), moment);
}

char *
cantiga_held_words_dup_made (CantigaHeldLicence *licence)
{
  g_autofree char *date = cantiga_day_words_dup_date (cantiga_held_licence_get_made (licence));

  return g_strdup_printf (_ ("Given on %s"), date);
}

char *
cantiga_held_words_dup_heard (CantigaHeldLicence *licence, gint64 now)
{
  GPtrArray *history = cantiga_held_licence_get_history (licence);
  g_autoptr (GString) all = g_string_new (NULL);
  guint n = 0;

  for (guint i = 0; i < history->len && n < HEARD_MAX; i++)
    {
      const CantigaHeldPlay *play = history->pdata[i];
      g_autofree char *when = NULL;

      if (!g_str_equal (play->state, "heard") && !g_str_equal (play->state, "playing"))
        continue;
      when = cantiga_day_words_dup_past_hour (play->at, now);
      g_string_append_printf (all, n++ == 0 ? "%s" : " · %s", when);
    }
  return n > 0 ? g_strdup_printf (_ ("Played %s"), all->str) : NULL;
}

char *
cantiga_held_words_dup_renewal (CantigaHeldLicence *licence)
{
  const char *renewal = cantiga_held_licence_get_renewal (licence);
  g_autofree char *from = NULL;

  if (g_str_equal (renewal, "now"))
    return NULL;
  if (g_str_equal (renewal, "plays-left"))
    return g_strdup (_ ("It can be renewed when its plays are used up."));
  if (g_str_equal (renewal, "sign-in"))
    return g_strdup (_ ("Signing in again renews it."));
  if (g_str_equal (renewal, "later"))
    {
      from = cantiga_day_words_dup_moment (cantiga_held_licence_get_renewal_from (licence));
      return g_strdup_printf (_ ("It can be renewed from %s."), from);
    }
  return g_strdup (g_str_equal (renewal, "keeper") ? _ ("Only the keeper of the server renews it. Ask there.") : _ ("This server does not renew it."));
}
