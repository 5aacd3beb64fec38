/* What a request for a play does to a licence: pure rules, no clock, no storage (docs/protocol.md 9). */
#pragma once

#include "core/error.h"
#include "core/wire.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_RENEWAL_NEW_SESSION,
  CANTIGA_RENEWAL_NEVER,
  CANTIGA_RENEWAL_AFTER,
  CANTIGA_RENEWAL_MANUAL,
} CantigaRenewal;

typedef struct
{
  guint plays;              /* of a new licence; at least 1 */
  gint64 validity;          /* seconds */
  CantigaRenewal renewal;
  gint64 renewal_after;     /* seconds since the licence was made, for CANTIGA_RENEWAL_AFTER */
  gint64 validity_max;      /* seconds; over validity: each new licence's is drawn between the two */
  guint at_once;            /* at how many players a listener hears at the same time; 0: no limit */
} CantigaPolicy;

#define CANTIGA_POLICY_DEFAULT { 3, 7 * 24 * 3600, CANTIGA_RENEWAL_NEW_SESSION, 0 }

/* "new-session", "never", "manual", "after <duration>"; duration: a whole number and s, min, h, d or w. */
gboolean cantiga_renewal_parse (const char *text, CantigaPolicy *policy, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "7d", or a range to draw from: "5d to 10d". */
gboolean cantiga_validity_parse (const char *text, CantigaPolicy *policy, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The validity of one new licence. */
gint64 cantiga_policy_draw_validity (const CantigaPolicy *policy);
gboolean cantiga_duration_parse (const char *text, gint64 *ret_seconds, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A licence as the ledger keeps it. A plain value. */
typedef struct
{
  gint64 made;
  gint64 expires;
  guint plays_left;
} CantigaLicence;

typedef enum
{
  CANTIGA_DECISION_MAKE,    /* make one; this request is its first play */
  CANTIGA_DECISION_SPEND,   /* take one play */
  CANTIGA_DECISION_REFUSE,  /* refuse with the error, the licence stays */
  CANTIGA_DECISION_DELETE,  /* refuse with the error, delete it, and give this session none for this title again */
} CantigaDecision;

/* licence: NULL if there is none. refused: this session was refused this title before. ret_error: the refusal's code for REFUSE and DELETE. ret_licence: the
 * state after MAKE or SPEND. */
CantigaDecision cantiga_licence_decide (const CantigaPolicy *policy, const CantigaLicence *licence, gboolean refused, gint64 now,
                                        CantigaLicence *ret_licence, CantigaError *ret_error);

/* Whether its listener may renew a licence now (9.6), or why not. used_here: this session had a play of the title, or was refused it. ret_from: when it
 * may, for CANTIGA_RENEWABLE_LATER; else 0. */
typedef enum
{
  CANTIGA_RENEWABLE_NOW,
  CANTIGA_RENEWABLE_PLAYS_LEFT, /* and time: nothing to renew */
  CANTIGA_RENEWABLE_SIGN_IN,    /* in a new session */
  CANTIGA_RENEWABLE_LATER,
  CANTIGA_RENEWABLE_KEEPER, /* by the keeper alone */
  CANTIGA_RENEWABLE_NEVER,
  CANTIGA_N_RENEWABLES
} CantigaRenewable;
CantigaRenewable cantiga_licence_get_renewable (const CantigaPolicy *policy, const CantigaLicence *licence, gboolean used_here, gint64 now,
                                                gint64 *ret_from);
/* "now", "plays-left", "sign-in", "later", "keeper", "never". */
const char *cantiga_renewable_get_name (CantigaRenewable renewable);
/* The refusal that goes with it, as a sentence. */
gboolean cantiga_renewable_fail (CantigaRenewable renewable, GError **error);

/* A play's window: from + max (3 × duration, 10 minutes). */
gint64 cantiga_play_window_end (gint64 from, double duration);
#define CANTIGA_PLAY_GIVEN_BACK_AFTER 60

/* For the catalogue (8.2): "none", "valid", "used-up", "expired", "refused". */
const char *cantiga_licence_get_state (const CantigaLicence *licence, gboolean refused, gint64 now);

G_END_DECLS
