/* What plays and what follows, to be put in order: by drag, and by keyboard. */
#pragma once

#include <adwaita.h>

#include "ui/covers.h"
#include "ui/queue.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_QUEUE_PANE (cantiga_queue_pane_get_type ())
G_DECLARE_FINAL_TYPE (CantigaQueuePane, cantiga_queue_pane, CANTIGA, QUEUE_PANE, GtkBox)

/* covers may be NULL. */
void cantiga_queue_pane_set_queue (CantigaQueuePane *pane, CantigaQueue *queue, CantigaCovers *covers);

G_END_DECLS
