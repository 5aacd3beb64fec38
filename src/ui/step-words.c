#include "ui/step-words.h"

#include <string.h>

#include <glib/gi18n.h>

#include "ui/card-words.h"
#include "ui/day-words.h"
#include "ui/error-words.h"

#define BETWEEN " \302\267 "
#define FINGERPRINT_SHOWN 19 /* four groups of four */

static const char *const titles[CANTIGA_N_STEPS] = {
  [CANTIGA_STEP_CERTIFICATES] = N_ ("Connection"), [CANTIGA_STEP_CHAIN] = N_ ("Server certificate"), [CANTIGA_STEP_SESSION] = N_ ("Your certificate"),
  [CANTIGA_STEP_SUITE] = N_ ("Cipher suite"),      [CANTIGA_STEP_KEYS] = N_ ("Key exchange"),        [CANTIGA_STEP_CARD] = N_ ("Card"),
  [CANTIGA_STEP_CATALOGUE] = N_ ("Catalogue"),
};

const char *
cantiga_step_words_get_title (CantigaStep step)
{
  return _ (titles[step]);
}

/* ---- what was found ---- */

/* "name · 8F2A 41C0 …": the start of the fingerprint is enough to see, the whole stands in the session's menu. */
static char *
dup_chain (const char *detail)
{
  const char *fingerprint = g_strrstr (detail, BETWEEN);

  if (fingerprint == NULL || strlen (fingerprint + strlen (BETWEEN)) <= FINGERPRINT_SHOWN)
    return g_strdup (detail);
  return g_strdup_printf ("%.*s…", (int)(fingerprint - detail + (int)strlen (BETWEEN) + FINGERPRINT_SHOWN), detail);
}

/* The detail ends in a day: "… 2027-02-20". */
static char *
dup_session (const char *detail)
{
  const char *day = strrchr (detail, ' ');
  g_autofree char *noon = g_strconcat (day != NULL ? day + 1 : "", "T12:00:00", NULL);
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();
  g_autoptr (GDateTime) until = g_date_time_new_from_iso8601 (noon, zone);
  g_autofree char *date = NULL;

  if (until == NULL)
    return g_strdup (_ ("This computer"));
  date = cantiga_day_words_dup_date (g_date_time_to_unix (until));
  return g_strdup_printf (_ ("This computer · until %s"), date);
}

/* "SUITE (class)". */
static char *
dup_suite (const char *detail)
{
  g_autofree char *name = g_strndup (detail, strcspn (detail, " "));
  CantigaSuite suite;

  if (cantiga_suite_parse (name, &suite) && cantiga_suite_get_class (&suite) == CANTIGA_CLASS_LEGACY)
    return g_strdup_printf (_ ("%s · old cipher"), name);
  return g_steal_pointer (&name);
}

/* "X25519 · …". */
static char *
dup_keys (const char *detail)
{
  return g_strdup_printf (_ ("%.*s · proved by both sides"), (int)strcspn (detail, " "), detail);
}

static char *
dup_catalogue (const char *detail)
{
  guint n = (guint)g_ascii_strtoull (detail, NULL, 10);

  return g_strdup_printf (ngettext ("%u title", "%u titles", n), n);
}

char *
cantiga_step_words_dup_found (CantigaStep step, const char *detail)
{
  static char *(*const found[CANTIGA_N_STEPS]) (const char *) = { [CANTIGA_STEP_CHAIN] = dup_chain,
                                                                  [CANTIGA_STEP_SESSION] = dup_session,
                                                                  [CANTIGA_STEP_SUITE] = dup_suite,
                                                                  [CANTIGA_STEP_KEYS] = dup_keys,
                                                                  [CANTIGA_STEP_CATALOGUE] = dup_catalogue };

  if (detail == NULL)
    return g_strdup ("");
  return found[step] != NULL ? found[step](detail) : g_strdup (detail);
}

/* ---- what failed ---- */

#define ANY CANTIGA_N_ERRORS

/* The first row that fits is taken; those of a step with ANY come last. */
static const struct
{
  CantigaStep step;
  CantigaError code;
  const char *failure;
  const char *remedy;
} troubles[] = {
  { CANTIGA_STEP_CERTIFICATES, CANTIGA_ERROR_CONFIGURATION, N_ ("This computer's keys cannot be read."), N_ ("Ask for a new invitation.") },
  { CANTIGA_STEP_CERTIFICATES, ANY, N_ ("No answer."), N_ ("Check that the box is on and on this network.") },
  { CANTIGA_STEP_CHAIN, ANY, N_ ("Not the server you paired with."), N_ ("Don't go on.") },
  { CANTIGA_STEP_SESSION, ANY, N_ ("No longer known here."), N_ ("Ask for a new invitation.") },
  { CANTIGA_STEP_SUITE, CANTIGA_ERROR_NO_COMMON_SUITE, N_ ("None in common."), N_ ("Allow one of theirs.") },
  { CANTIGA_STEP_SUITE, ANY, N_ ("The server broke off."), N_ ("Try again.") },
  { CANTIGA_STEP_KEYS, ANY, N_ ("The server proved nothing."), N_ ("Try again, then tell the keeper.") },
  { CANTIGA_STEP_CARD, CANTIGA_ERROR_CARD_UNKNOWN, N_ ("This card is not known here."), N_ ("Ask the keeper to add it.") },
  { CANTIGA_STEP_CARD, CANTIGA_ERROR_CARD_EXPIRED, N_ ("This card has ended."), N_ ("Renew the card, or use another one.") },
  { CANTIGA_STEP_CARD, CANTIGA_ERROR_CARD_REVOKED, N_ ("This card was withdrawn."), N_ ("Ask the keeper of the server.") },
  { CANTIGA_STEP_CARD, CANTIGA_ERROR_CARD_PROOF, N_ ("The server does not take the card's proof."), N_ ("Try again, then tell the keeper.") },
  { CANTIGA_STEP_CARD, CANTIGA_ERROR_UNREACHABLE, N_ ("The connection was lost."), N_ ("Try again.") },
  { CANTIGA_STEP_CATALOGUE, ANY, N_ ("The list did not come."), N_ ("Try again.") },
};

static gboolean
find_trouble (CantigaStep step, const GError *error, guint *ret_index)
{
  for (guint i = 0; i < G_N_ELEMENTS (troubles); i++)
    if (troubles[i].step == step && (troubles[i].code == ANY || g_error_matches (error, CANTIGA_ERROR, (int)troubles[i].code)))
      {
        *ret_index = i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
is_of_card (const GError *error)
{
  return g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD) || g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_PIN_WRONG)
         || g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_PIN_BLOCKED);
}

char *
cantiga_step_words_dup_failure (CantigaStep step, const GError *error, CantigaCardState card)
{
  guint index;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return g_strdup (_ ("You stopped here."));
  if (step == CANTIGA_STEP_CARD && is_of_card (error))
    return g_strdup (cantiga_card_words_get_sentence (card));
  return g_strdup (find_trouble (step, error, &index) ? _ (troubles[index].failure) : cantiga_error_words_get (error));
}

char *
cantiga_step_words_dup_remedy (CantigaStep step, const GError *error, CantigaCardState card)
{
  guint index;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return g_strdup ("");
  if (step == CANTIGA_STEP_CARD && is_of_card (error))
    return g_strdup (cantiga_card_words_get_remedy (card));
  return g_strdup (find_trouble (step, error, &index) ? _ (troubles[index].remedy) : "");
}
