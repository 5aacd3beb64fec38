/* Whether the card that signed is still in its reader, asked twice a second: readers and modules lose events. Thread: main. */
#pragma once

#include "client/card-signer.h"

G_BEGIN_DECLS

/* Signal "changed" (CantigaCardState as int): READY, it is there (again); REMOVED; OTHER_CARD, another one lies there and it does not; else why no
 * card can be seen. The first look tells nothing if it is there. */
#define CANTIGA_TYPE_CARD_WATCH (cantiga_card_watch_get_type ())
G_DECLARE_FINAL_TYPE (CantigaCardWatch, cantiga_card_watch, CANTIGA, CARD_WATCH, GObject)

CantigaCardWatch *cantiga_card_watch_new (CantigaCardSigner *signer);
/* Not while the card signs: the answers would mix. */
void cantiga_card_watch_start (CantigaCardWatch *watch);
void cantiga_card_watch_stop (CantigaCardWatch *watch);
/* What was told last; READY before. */
CantigaCardState cantiga_card_watch_get_state (CantigaCardWatch *watch);

G_END_DECLS
