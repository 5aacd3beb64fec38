/* What a card and its reader can be found in, told apart by codes and flags and never by an error's words; shared by cantiga-card (src/card), which
 * finds it, by the library that asks it (client/card.h), and by what shows it. */
#pragma once

#include "core/error.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_CARD_STATE_NO_MODULE,      /* no PKCS#11 module at all, or none that serves the reader */
  CANTIGA_CARD_STATE_NO_SERVICE,     /* pcscd does not run */
  CANTIGA_CARD_STATE_NOT_AUTHORISED, /* pcscd (polkit) turns this person away */
  CANTIGA_CARD_STATE_NO_READER,
  CANTIGA_CARD_STATE_NO_CARD,
  CANTIGA_CARD_STATE_UNSUPPORTED,         /* CKR_TOKEN_NOT_RECOGNIZED */
  CANTIGA_CARD_STATE_CERTIFICATE_INVALID, /* none for authentication, or one that is not valid now */
  CANTIGA_CARD_STATE_PIN_WANTED,
  CANTIGA_CARD_STATE_LAST_TRY, /* a PIN is wanted, and a wrong one blocks it */
  CANTIGA_CARD_STATE_BLOCKED,
  CANTIGA_CARD_STATE_PIN_WRONG,
  CANTIGA_CARD_STATE_REMOVED,
  CANTIGA_CARD_STATE_OTHER_CARD, /* another one than the one that is asked for; told by client/card-signer.h, which knows which that is */
  CANTIGA_CARD_STATE_SILENT,  /* busy, or it does not answer */
  CANTIGA_CARD_STATE_CRASHED, /* cantiga-card ended */
  CANTIGA_CARD_STATE_READY,   /* it signs without asking for a PIN again */
  CANTIGA_N_CARD_STATES
} CantigaCardState;

/* As far as the card tells (PKCS#11 gives no number). */
typedef enum
{
  CANTIGA_CARD_TRIES_NORMAL,
  CANTIGA_CARD_TRIES_LOW, /* a wrong PIN was given since the last right one */
  CANTIGA_CARD_TRIES_LAST,
  CANTIGA_CARD_TRIES_BLOCKED,
  CANTIGA_N_CARD_TRIES
} CantigaCardTries;

/* Who asks for the PIN. */
typedef enum
{
  CANTIGA_CARD_PIN_ASKED,      /* whoever calls */
  CANTIGA_CARD_PIN_PAD,        /* the reader's own keys */
  CANTIGA_CARD_PIN_OWN_DIALOG, /* the card's module, in a window of its own */
  CANTIGA_N_CARD_PINS
} CantigaCardPin;

typedef enum
{
  CANTIGA_CARD_KIND_CITIZEN, /* the Portuguese Citizen Card */
  CANTIGA_CARD_KIND_PIV,
  CANTIGA_CARD_KIND_OTHER,
  CANTIGA_N_CARD_KINDS
} CantigaCardKind;

/* The word in cantiga-card's answers and in --json: "no-service", "pin-wanted", … Parsing leaves ret_* untouched for a word that is none. */
const char *cantiga_card_state_get_name (CantigaCardState state);
gboolean cantiga_card_state_parse (const char *name, CantigaCardState *ret_state) G_GNUC_WARN_UNUSED_RESULT;
/* "normal", "low", "last", "blocked". */
const char *cantiga_card_tries_get_name (CantigaCardTries tries);
gboolean cantiga_card_tries_parse (const char *name, CantigaCardTries *ret_tries) G_GNUC_WARN_UNUSED_RESULT;
/* "asked", "pad", "own-dialog". */
const char *cantiga_card_pin_get_name (CantigaCardPin pin);
gboolean cantiga_card_pin_parse (const char *name, CantigaCardPin *ret_pin) G_GNUC_WARN_UNUSED_RESULT;
/* "citizen-card", "piv", "other". */
const char *cantiga_card_kind_get_name (CantigaCardKind kind);
gboolean cantiga_card_kind_parse (const char *name, CantigaCardKind *ret_kind) G_GNUC_WARN_UNUSED_RESULT;

/* How often a PIN may still be wrong, as far as that is known: -1 for not at all. The Citizen Card has three tries. */
int cantiga_card_tries_get_left (CantigaCardTries tries, CantigaCardKind kind);

/* What is the matter, and what to do about it: a sentence each. READY has no remedy (""). */
const char *cantiga_card_state_get_sentence (CantigaCardState state);
const char *cantiga_card_state_get_remedy (CantigaCardState state);
/* CANTIGA_ERROR_PIN_WRONG (PIN_WRONG, and LAST_TRY: that is what a refused PIN leads to), CANTIGA_ERROR_PIN_BLOCKED, else CANTIGA_ERROR_CARD. */
CantigaError cantiga_card_state_get_error (CantigaCardState state);
/* Sets error to that code, with sentence and remedy as its message. Returns FALSE. */
gboolean cantiga_card_state_fail (GError **error, CantigaCardState state);

G_END_DECLS
