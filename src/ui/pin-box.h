/* Asks for a card's PIN: whose card it is and what a wrong one costs stand above the entry, before the first try. The PIN stays in
 * locked memory, as short as possible, and the entry has a dot for each letter: it is emptied at each answer, on leaving, and after a minute. */
#pragma once

#include <gtk/gtk.h>

#include "client/card.h"

G_BEGIN_DECLS

/* Signal "given": a PIN can be taken. */
#define CANTIGA_TYPE_PIN_BOX (cantiga_pin_box_get_type ())
G_DECLARE_FINAL_TYPE (CantigaPinBox, cantiga_pin_box, CANTIGA, PIN_BOX, GtkBox)

GtkWidget *cantiga_pin_box_new (void);
void cantiga_pin_box_ask (CantigaPinBox *box, CantigaCardFound *found, CantigaCardState state);
/* What was typed, gone from here; NULL if it is no PIN of that card. */
CantigaSecret *cantiga_pin_box_take (CantigaPinBox *box);
void cantiga_pin_box_empty (CantigaPinBox *box);

G_END_DECLS
