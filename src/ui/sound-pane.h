/* What is heard, as it can be seen: spectrum over spectrogram. */
#pragma once

#include <adwaita.h>

#include "ui/queue.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_SOUND_PANE (cantiga_sound_pane_get_type ())
G_DECLARE_FINAL_TYPE (CantigaSoundPane, cantiga_sound_pane, CANTIGA, SOUND_PANE, GtkBox)

/* Once. */
void cantiga_sound_pane_set_queue (CantigaSoundPane *pane, CantigaQueue *queue);

G_END_DECLS
