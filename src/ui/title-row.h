/* A title in a list: cover or track number, name, artist and album, licence, length, menu. */
#pragma once

#include <adwaita.h>

#include "ui/covers.h"
#include "ui/queue.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_TITLE_ROW (cantiga_title_row_get_type ())
G_DECLARE_FINAL_TYPE (CantigaTitleRow, cantiga_title_row, CANTIGA, TITLE_ROW, AdwBin)

GtkWidget *cantiga_title_row_new (gboolean numbered);
/* All NULL to let go. */
void cantiga_title_row_set (CantigaTitleRow *row, CantigaTitle *title, CantigaCovers *covers, CantigaQueue *queue);

G_END_DECLS
