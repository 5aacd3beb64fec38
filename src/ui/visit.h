/* A visit to one server: its session, its catalogue, and the card's questions, for whoever shows them. */
#pragma once

#include "client/card-watch.h"
#include "client/catalogue.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_VISIT_OUT, /* not signed in; the error says why if it was tried */
  CANTIGA_VISIT_SIGNING_IN,
  CANTIGA_VISIT_LOADING, /* signed in, the catalogue comes */
  CANTIGA_VISIT_OPEN,
} CantigaVisitState;

/* Property (read-only, notified): "state" (int).
 * Signals: "step" (CantigaStep, CantigaStepState, const char *detail), enums as ints: as of the session; a failed step comes with the visit's error.
 * "card" (CantigaCardState as int): there is no card to use, and why; also while it is OPEN, when a play waits for the card. "presence"
 * (CantigaCardState as int), while it is OPEN: the card went (why), or is back (READY). "choose" (GPtrArray of CantigaCardFound): which of them, until
 * cantiga_visit_give_choice(). "elsewhere" (CantigaCardFound): its PIN is typed on the reader or in a window of its own. "pin" (CantigaCardFound, CantigaCardState as int): its PIN is asked for, until
 * cantiga_visit_give_pin() or the end of signing in. */
#define CANTIGA_TYPE_VISIT (cantiga_visit_get_type ())
G_DECLARE_FINAL_TYPE (CantigaVisit, cantiga_visit, CANTIGA, VISIT, GObject)

/* modules: PKCS#11 modules, NULL for those of the settings. */
CantigaVisit *cantiga_visit_new (CantigaStore *store, CantigaPaired *paired, const char *const *modules, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* With a card that asks nothing of anybody, instead of the one in the reader. */
CantigaVisit *cantiga_visit_new_with_signer (CantigaStore *store, CantigaPaired *paired, CantigaSigner *signer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

CantigaPaired *cantiga_visit_get_paired (CantigaVisit *visit);
CantigaSession *cantiga_visit_get_session (CantigaVisit *visit);
CantigaCatalogue *cantiga_visit_get_catalogue (CantigaVisit *visit);
CantigaVisitState cantiga_visit_get_state (CantigaVisit *visit);
/* Why it is out, or why the catalogue did not come; NULL if there is no reason. */
const GError *cantiga_visit_get_error (CantigaVisit *visit);
CantigaCardState cantiga_visit_get_card_state (CantigaVisit *visit);
/* When its certificate ended, if it failed for that: seconds since 1970; 0: for something else. */
gint64 cantiga_visit_get_card_ended (CantigaVisit *visit);

/* Signs in and loads the catalogue; what is there already is kept, so that a failed step alone is done again. */
void cantiga_visit_start (CantigaVisit *visit);
/* Breaks off what start began. */
void cantiga_visit_stop (CantigaVisit *visit);
/* found: one of those that were offered. */
void cantiga_visit_give_choice (CantigaVisit *visit, CantigaCardFound *found);
/* The next start asks again which card, if there are several. */
void cantiga_visit_choose_anew (CantigaVisit *visit);
CantigaCard *cantiga_visit_get_card (CantigaVisit *visit);
/* The card's that signed last; borrowed, NULL for none. */
GBytes *cantiga_visit_get_certificate (CantigaVisit *visit);
/* Takes pin. */
void cantiga_visit_give_pin (CantigaVisit *visit, CantigaSecret *pin);
/* Signs out. */
void cantiga_visit_leave (CantigaVisit *visit);

G_END_DECLS
