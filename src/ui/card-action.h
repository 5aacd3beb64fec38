/* What a person can do about a card's state with one button (docs: the card's table of the sign-in page). */
#pragma once

#include <gtk/gtk.h>

#include "ui/visit.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_CARD_ACTION_NONE, /* it is seen by itself */
  CANTIGA_CARD_ACTION_COPY_COMMAND,
  CANTIGA_CARD_ACTION_COPY_DIAGNOSIS,
  CANTIGA_CARD_ACTION_COPY_REQUEST,
  CANTIGA_CARD_ACTION_USE_MODULE,
  CANTIGA_CARD_ACTION_INSTALL,
  CANTIGA_CARD_ACTION_UNBLOCK,
  CANTIGA_CARD_ACTION_OTHER_CARD,
  CANTIGA_CARD_ACTION_START_OVER,
  CANTIGA_CARD_ACTION_TRY_AGAIN,
  CANTIGA_CARD_ACTION_CANCEL,
} CantigaCardAction;

/* While a card is waited for. */
CantigaCardAction cantiga_card_action_while (CantigaCardState state);
/* After the card's step failed. */
CantigaCardAction cantiga_card_action_after (CantigaCardState state, const GError *error);
/* Translated; NULL for NONE. */
const char *cantiga_card_action_get_label (CantigaCardAction action);
/* What the action copies, opens or asks; those that go on with signing in (from OTHER_CARD on) are the page's. TRUE: something was copied. */
gboolean cantiga_card_action_perform (CantigaCardAction action, GtkWidget *page, CantigaVisit *visit);
/* The end of cantiga_card_inspect_async() as a text for somebody who helps: what readers, modules and cards are there, or why that cannot be said. */
char *cantiga_card_action_dup_diagnosis (CantigaCard *card, GAsyncResult *result);

G_END_DECLS
