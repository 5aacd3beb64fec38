/* A title in the queue: handle, name, artist, licence, menu. */
#pragma once

#include <adwaita.h>

#include "ui/covers.h"
#include "ui/queue.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_QUEUE_ROW (cantiga_queue_row_get_type ())
G_DECLARE_FINAL_TYPE (CantigaQueueRow, cantiga_queue_row, CANTIGA, QUEUE_ROW, AdwBin)

/* item: whose place in the queue it always knows; borrowed, outlives the row. */
GtkWidget *cantiga_queue_row_new (GtkListItem *item);
/* title NULL to let go. */
void cantiga_queue_row_set (CantigaQueueRow *row, CantigaTitle *title, CantigaCovers *covers, CantigaQueue *queue);
guint cantiga_queue_row_get_place (CantigaQueueRow *row);

G_END_DECLS
