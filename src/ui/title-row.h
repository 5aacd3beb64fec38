/* A title in the list: cover, name, artist and album, licence, length. */
#pragma once

#include <adwaita.h>

#include "ui/covers.h"
#include "ui/queue.h"

G_BEGIN_DECLS

/* Signal "play": its button was clicked. */
#define CANTIGA_TYPE_TITLE_ROW (cantiga_title_row_get_type ())
G_DECLARE_FINAL_TYPE (CantigaTitleRow, cantiga_title_row, CANTIGA, TITLE_ROW, AdwBin)

GtkWidget *cantiga_title_row_new (void);
/* All NULL to let go. */
void cantiga_title_row_set (CantigaTitleRow *row, CantigaTitle *title, CantigaCovers *covers, CantigaQueue *queue);
CantigaTitle *cantiga_title_row_get_title (CantigaTitleRow *row);

G_END_DECLS
