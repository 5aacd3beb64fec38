/* Asks which of several cards: a button each, with whose it is. */
#pragma once

#include <gtk/gtk.h>

#include "client/card.h"

G_BEGIN_DECLS

/* Signal "chosen" (CantigaCardFound). */
#define CANTIGA_TYPE_WHICH_CARD (cantiga_which_card_get_type ())
G_DECLARE_FINAL_TYPE (CantigaWhichCard, cantiga_which_card, CANTIGA, WHICH_CARD, GtkBox)

GtkWidget *cantiga_which_card_new (void);
/* all: CantigaCardFound. */
void cantiga_which_card_ask (CantigaWhichCard *box, GPtrArray *all);

G_END_DECLS
