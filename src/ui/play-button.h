/* Play or pause: the same button wherever what plays is shown; turns while sound is awaited for longer than a second. */
#pragma once

#include <gtk/gtk.h>

#include "ui/queue.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_PLAY_BUTTON (cantiga_play_button_get_type ())
G_DECLARE_FINAL_TYPE (CantigaPlayButton, cantiga_play_button, CANTIGA, PLAY_BUTTON, GtkWidget)

/* Once. */
void cantiga_play_button_set_queue (CantigaPlayButton *button, CantigaQueue *queue);

G_END_DECLS
