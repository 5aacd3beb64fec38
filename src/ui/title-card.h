/* A title in the grid: cover, name, artist, licence. */
#pragma once

#include <adwaita.h>

#include "ui/covers.h"
#include "ui/queue.h"

G_BEGIN_DECLS

/* Signal "play": its button was clicked. */
#define CANTIGA_TYPE_TITLE_CARD (cantiga_title_card_get_type ())
G_DECLARE_FINAL_TYPE (CantigaTitleCard, cantiga_title_card, CANTIGA, TITLE_CARD, GtkBox)

GtkWidget *cantiga_title_card_new (void);
/* All NULL to let go. */
void cantiga_title_card_set (CantigaTitleCard *card, CantigaTitle *title, CantigaCovers *covers, CantigaQueue *queue);

G_END_DECLS
