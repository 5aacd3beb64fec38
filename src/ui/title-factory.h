/* What the views of titles and groups are made of: cards and rows. What a card's button wants is what activating its item does. */
#pragma once

#include <gtk/gtk.h>

#include "ui/covers.h"
#include "ui/queue.h"

G_BEGIN_DECLS

/* Of CantigaTitle. */
GtkListItemFactory *cantiga_title_factory_new_cards (CantigaCovers *covers, CantigaQueue *queue);
/* numbered: with the track's number in place of the cover. */
GtkListItemFactory *cantiga_title_factory_new_rows (CantigaCovers *covers, CantigaQueue *queue, gboolean numbered);
/* Of CantigaGroup. */
GtkListItemFactory *cantiga_group_factory_new_cards (CantigaCovers *covers);

G_END_DECLS
