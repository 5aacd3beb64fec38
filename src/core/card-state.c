#include "core/card-state.h"

static const struct
{
  const char *name;
  CantigaError error;
  const char *sentence;
  const char *remedy;
} states[CANTIGA_N_CARD_STATES] = {
  [CANTIGA_CARD_STATE_NO_MODULE] = { "no-module", CANTIGA_ERROR_CARD, "No program for cards is installed that serves a reader here.",
                                     "Install OpenSC (package opensc-pkcs11), or choose the card's own module." },
  [CANTIGA_CARD_STATE_NO_SERVICE] = { "no-service", CANTIGA_ERROR_CARD, "Smart cards are off on this computer.", "Start the card service (pcscd)." },
  [CANTIGA_CARD_STATE_NOT_AUTHORISED]
  = { "not-authorised", CANTIGA_ERROR_CARD, "You may not use the card reader.", "Sign in at this computer's own screen, or ask who looks after it." },
  [CANTIGA_CARD_STATE_NO_READER] = { "no-reader", CANTIGA_ERROR_CARD, "There is no card reader.", "Plug one in." },
  [CANTIGA_CARD_STATE_NO_CARD] = { "no-card", CANTIGA_ERROR_CARD, "There is no card in the reader.", "Put the card in, chip first." },
  [CANTIGA_CARD_STATE_UNSUPPORTED] = { "unsupported", CANTIGA_ERROR_CARD, "This card needs the Autenticação.gov middleware.",
                                       "Install Autenticação.gov, and choose it as the card's module." },
  [CANTIGA_CARD_STATE_CERTIFICATE_INVALID]
  = { "certificate-invalid", CANTIGA_ERROR_CARD, "The card has no authentication certificate that is valid now.",
      "Check the card's date and renew the card, or use another one." },
  [CANTIGA_CARD_STATE_PIN_WANTED] = { "pin-wanted", CANTIGA_ERROR_CARD, "The card asks for its authentication PIN.", "Type the PIN." },
  [CANTIGA_CARD_STATE_LAST_TRY] = { "last-try", CANTIGA_ERROR_PIN_WRONG, "Only one try is left for the PIN: another wrong one blocks it.",
                                    "Be sure of the PIN, or look for the PUK first." },
  [CANTIGA_CARD_STATE_BLOCKED]
  = { "blocked", CANTIGA_ERROR_PIN_BLOCKED, "The card's PIN is blocked.", "Unblock it with the PUK, in Autenticação.gov or at a Citizen Shop." },
  [CANTIGA_CARD_STATE_PIN_WRONG] = { "pin-wrong", CANTIGA_ERROR_PIN_WRONG, "The PIN is wrong.", "Type it again." },
  [CANTIGA_CARD_STATE_REMOVED] = { "removed", CANTIGA_ERROR_CARD, "The card was taken out.", "Put it back to go on." },
  [CANTIGA_CARD_STATE_OTHER_CARD] = { "other-card", CANTIGA_ERROR_CARD, "This is another card than the one that is asked for.",
                                      "Put that one in the reader, or sign in again with this one." },
  [CANTIGA_CARD_STATE_SILENT] = { "silent", CANTIGA_ERROR_CARD, "The card does not answer.", "Take it out and put it back." },
  [CANTIGA_CARD_STATE_CRASHED] = { "crashed", CANTIGA_ERROR_CARD, "The program that speaks to the card broke off.",
                                   "Try again; if it happens again, choose another card module." },
  [CANTIGA_CARD_STATE_READY] = { "ready", CANTIGA_ERROR_CARD, "The card is ready.", "" },
};

static const char *const tries_names[CANTIGA_N_CARD_TRIES] = { "normal", "low", "last", "blocked" };
static const char *const pin_names[CANTIGA_N_CARD_PINS] = { "asked", "pad", "own-dialog" };
static const char *const kind_names[CANTIGA_N_CARD_KINDS] = { "citizen-card", "piv", "other" };

static gboolean
find_name (const char *const *names, guint n, const char *name, guint *ret_index)
{
  for (guint i = 0; i < n; i++)
    if (g_strcmp0 (names[i], name) == 0)
      {
        *ret_index = i;
        return TRUE;
      }
  return FALSE;
}

const char *
cantiga_card_state_get_name (CantigaCardState state)
{
  g_return_val_if_fail (state < CANTIGA_N_CARD_STATES, NULL);
  return states[state].name;
}

gboolean
cantiga_card_state_parse (const char *name, CantigaCardState *ret_state)
{
  for (guint state = 0; state < CANTIGA_N_CARD_STATES; state++)
    if (g_strcmp0 (states[state].name, name) == 0)
      {
        *ret_state = state;
        return TRUE;
      }
  return FALSE;
}

const char *
cantiga_card_tries_get_name (CantigaCardTries tries)
{
  g_return_val_if_fail (tries < CANTIGA_N_CARD_TRIES, NULL);
  return tries_names[tries];
}

gboolean
cantiga_card_tries_parse (const char *name, CantigaCardTries *ret_tries)
{
  guint found;

  if (!find_name (tries_names, CANTIGA_N_CARD_TRIES, name, &found))
    return FALSE;
  *ret_tries = found;
  return TRUE;
}

const char *
cantiga_card_pin_get_name (CantigaCardPin pin)
{
  g_return_val_if_fail (pin < CANTIGA_N_CARD_PINS, NULL);
  return pin_names[pin];
}

gboolean
cantiga_card_pin_parse (const char *name, CantigaCardPin *ret_pin)
{
  guint found;

  if (!find_name (pin_names, CANTIGA_N_CARD_PINS, name, &found))
    return FALSE;
  *ret_pin = found;
  return TRUE;
}

const char *
cantiga_card_kind_get_name (CantigaCardKind kind)
{
  g_return_val_if_fail (kind < CANTIGA_N_CARD_KINDS, NULL);
  return kind_names[kind];
}

gboolean
cantiga_card_kind_parse (const char *name, CantigaCardKind *ret_kind)
{
  guint found;

  if (!find_name (kind_names, CANTIGA_N_CARD_KINDS, name, &found))
    return FALSE;
  *ret_kind = found;
  return TRUE;
}

int
cantiga_card_tries_get_left (CantigaCardTries tries, CantigaCardKind kind)
{
  static const int left[CANTIGA_N_CARD_TRIES] = { 3, 2, 1, 0 };

  if (tries == CANTIGA_CARD_TRIES_LAST || tries == CANTIGA_CARD_TRIES_BLOCKED || kind == CANTIGA_CARD_KIND_CITIZEN)
    return left[tries];
  return -1;
}

const char *
cantiga_card_state_get_sentence (CantigaCardState state)
{
  g_return_val_if_fail (state < CANTIGA_N_CARD_STATES, "");
  return states[state].sentence;
}

const char *
cantiga_card_state_get_remedy (CantigaCardState state)
{
  g_return_val_if_fail (state < CANTIGA_N_CARD_STATES, "");
  return states[state].remedy;
}

CantigaError
cantiga_card_state_get_error (CantigaCardState state)
{
  g_return_val_if_fail (state < CANTIGA_N_CARD_STATES, CANTIGA_ERROR_CARD);
  return states[state].error;
}

gboolean
cantiga_card_state_fail (GError **error, CantigaCardState state)
{
  g_return_val_if_fail (state < CANTIGA_N_CARD_STATES, FALSE);
  return cantiga_fail_with (error, states[state].error, "%s%s%s", states[state].sentence, *states[state].remedy != '\0' ? " " : "",
                            states[state].remedy);
}
