#include "core/licence.h"

#include <math.h>
#include <string.h>

#include "core/secret.h"

#define SECONDS_MAX ((gint64)100 * 366 * 24 * 3600)
#define PLAY_WINDOW_LENGTHS 3
#define PLAY_WINDOW_MIN (10 * 60)

static const struct
{
  const char *name;
  gint64 seconds;
} units[] = { { "s", 1 }, { "min", 60 }, { "h", 3600 }, { "d", 24 * 3600 }, { "w", 7 * 24 * 3600 } };

static gint64
unit_of_text (const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (g_str_equal (text, units[i].name))
      return units[i].seconds;
  return 0;
}

gboolean
cantiga_duration_parse (const char *text, gint64 *ret_seconds, GError **error)
{
  gsize digits = strspn (text, "0123456789");
  const char *unit_text = text + digits + strspn (text + digits, " ");
  gint64 unit = unit_of_text (unit_text);
  guint64 number;

  if (digits == 0 || unit == 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION,
                              "“%s” is not a duration: a whole number and s, min, h, d or w is, such as 90s, 15min, 12h, 7d or 2w.", text);
  /* Saturates at G_MAXUINT64, which is out of range as well. */
  number = g_ascii_strtoull (text, NULL, 10);
  if (number == 0 || number > (guint64)(SECONDS_MAX / unit))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "“%s” is out of range: a duration is at least 1s and at most a hundred years.",
                              text);
  *ret_seconds = (gint64)number * unit;
  return TRUE;
}

gboolean
cantiga_validity_parse (const char *text, CantigaPolicy *policy, GError **error)
{
  g_auto (GStrv) ends = g_strsplit (text, " to ", 2);
  gint64 min, max = 0;

  if (!cantiga_duration_parse (ends[0] != NULL ? g_strstrip (ends[0]) : "", &min, error)
      || (ends[0] != NULL && ends[1] != NULL && !cantiga_duration_parse (g_strstrip (ends[1]), &max, error)))
    return FALSE;
  if (max != 0 && max < min)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "“%s” ends before it begins: the shorter time comes first.", text);
  policy->validity = min;
  policy->validity_max = max;
  return TRUE;
}

gint64
cantiga_policy_draw_validity (const CantigaPolicy *policy)
{
  guint64 span, drawn;

  if (policy->validity_max <= policy->validity)
    return policy->validity;
  span = (guint64)(policy->validity_max - policy->validity) + 1;
  cantiga_random (&drawn, sizeof drawn);
  return policy->validity + (gint64)(drawn % span);
}

gboolean
cantiga_renewal_parse (const char *text, CantigaPolicy *policy, GError **error)
{
  static const struct
  {
    const char *name;
    CantigaRenewal renewal;
  } words[] = { { "new-session", CANTIGA_RENEWAL_NEW_SESSION }, { "never", CANTIGA_RENEWAL_NEVER }, { "manual", CANTIGA_RENEWAL_MANUAL } };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (text, words[i].name))
      {
        policy->renewal = words[i].renewal;
        policy->renewal_after = 0;
        return TRUE;
      }
  if (!g_str_has_prefix (text, "after "))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION,
                              "“%s” is not a renewal: new-session, never, manual, or after and a duration (after 30d) is.", text);
  if (!cantiga_duration_parse (text + strlen ("after ") + strspn (text + strlen ("after "), " "), &policy->renewal_after, error))
    return FALSE;
  policy->renewal = CANTIGA_RENEWAL_AFTER;
  return TRUE;
}

/* seconds are none or more. */
static gint64
add_saturated (gint64 time, gint64 seconds)
{
  gint64 sum;

  if (__builtin_add_overflow (time, seconds, &sum))
    return G_MAXINT64;
  return sum;
}

/* docs/protocol.md 9.1: a licence is made and this request is its first play. */
static CantigaDecision
make (const CantigaPolicy *policy, gint64 now, CantigaLicence *ret_licence)
{
  ret_licence->made = now;
  ret_licence->expires = add_saturated (now, policy->validity);
  ret_licence->plays_left = MAX (policy->plays, 1) - 1;
  return CANTIGA_DECISION_MAKE;
}

/* docs/protocol.md 9.2: what becomes of a spent licence. */
static CantigaDecision
decide_spent (const CantigaPolicy *policy, const CantigaLicence *licence, gint64 now, CantigaLicence *ret_licence, CantigaError *ret_error)
{
  if (policy->renewal == CANTIGA_RENEWAL_AFTER && now >= add_saturated (licence->made, policy->renewal_after))
    return make (policy, now, ret_licence);
  *ret_error = licence->plays_left == 0 ? CANTIGA_ERROR_LICENCE_EXHAUSTED : CANTIGA_ERROR_LICENCE_EXPIRED;
  return policy->renewal == CANTIGA_RENEWAL_NEW_SESSION ? CANTIGA_DECISION_DELETE : CANTIGA_DECISION_REFUSE;
}

CantigaDecision
cantiga_licence_decide (const CantigaPolicy *policy, const CantigaLicence *licence, gboolean refused, gint64 now, CantigaLicence *ret_licence,
                        CantigaError *ret_error)
{
  if (refused)
    {
      *ret_error = CANTIGA_ERROR_LICENCE_REFUSED;
      return CANTIGA_DECISION_REFUSE;
    }
  if (licence == NULL)
    return make (policy, now, ret_licence);
  if (licence->plays_left == 0 || now >= licence->expires)
    return decide_spent (policy, licence, now, ret_licence, ret_error);
  *ret_licence = *licence;
  ret_licence->plays_left--;
  return CANTIGA_DECISION_SPEND;
}

static const struct
{
  const char *name;
  const char *sentence;
} renewables[CANTIGA_N_RENEWABLES] = {
  [CANTIGA_RENEWABLE_NOW] = { "now", NULL },
  [CANTIGA_RENEWABLE_PLAYS_LEFT] = { "plays-left", "This licence has plays left: it is renewed once they are used up." },
  [CANTIGA_RENEWABLE_SIGN_IN] = { "sign-in", "This licence was used in this session: sign in again to renew it." },
  [CANTIGA_RENEWABLE_LATER] = { "later", "This licence cannot be renewed yet: try again later." },
  [CANTIGA_RENEWABLE_KEEPER] = { "keeper", "This licence is renewed by the server's keeper alone: ask for it." },
  [CANTIGA_RENEWABLE_NEVER] = { "never", "This licence is not renewed: the title was yours to hear so many times, and no more." },
};

const char *
cantiga_renewable_get_name (CantigaRenewable renewable)
{
  return renewables[renewable].name;
}

gboolean
cantiga_renewable_fail (CantigaRenewable renewable, GError **error)
{
  return cantiga_fail_with (error, CANTIGA_ERROR_RENEWAL_REFUSED, "%s", renewables[renewable].sentence);
}

CantigaRenewable
cantiga_licence_get_renewable (const CantigaPolicy *policy, const CantigaLicence *licence, gboolean used_here, gint64 now, gint64 *ret_from)
{
  gint64 from = add_saturated (licence->made, policy->renewal_after);

  *ret_from = 0;
  if (licence->plays_left > 0 && now < licence->expires)
    return CANTIGA_RENEWABLE_PLAYS_LEFT;
  switch (policy->renewal)
    {
    case CANTIGA_RENEWAL_NEW_SESSION:
      return used_here ? CANTIGA_RENEWABLE_SIGN_IN : CANTIGA_RENEWABLE_NOW;
    case CANTIGA_RENEWAL_AFTER:
      if (now >= from)
        return CANTIGA_RENEWABLE_NOW;
      *ret_from = from;
      return CANTIGA_RENEWABLE_LATER;
    case CANTIGA_RENEWAL_MANUAL:
      return CANTIGA_RENEWABLE_KEEPER;
    case CANTIGA_RENEWAL_NEVER:
    default:
      return CANTIGA_RENEWABLE_NEVER;
    }
}

gint64
cantiga_play_window_end (gint64 from, double duration)
{
  /* A length that is not known (NaN included) or not believable still has an end. */
  double window = duration > 0 ? ceil (MIN (duration, (double)SECONDS_MAX) * PLAY_WINDOW_LENGTHS) : 0;

  return add_saturated (from, MAX ((gint64)window, PLAY_WINDOW_MIN));
}

const char *
cantiga_licence_get_state (const CantigaLicence *licence, gboolean refused, gint64 now)
{
  if (refused)
    return "refused";
  if (licence == NULL)
    return "none";
  if (licence->plays_left == 0)
    return "used-up";
  return now >= licence->expires ? "expired" : "valid";
}
