/* An album or an artist in the grid: cover or face, name, what it holds. */
#pragma once

#include <adwaita.h>

#include "ui/covers.h"
#include "ui/group.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_GROUP_CARD (cantiga_group_card_get_type ())
G_DECLARE_FINAL_TYPE (CantigaGroupCard, cantiga_group_card, CANTIGA, GROUP_CARD, GtkBox)

GtkWidget *cantiga_group_card_new (void);
/* All NULL to let go. */
void cantiga_group_card_set (CantigaGroupCard *card, CantigaGroup *group, CantigaCovers *covers);

G_END_DECLS
