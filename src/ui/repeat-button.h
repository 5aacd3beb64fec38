/* Repeat nothing, all, or one: each press goes on to the next. */
#pragma once

#include <adwaita.h>

#include "ui/queue.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_REPEAT_BUTTON (cantiga_repeat_button_get_type ())
G_DECLARE_FINAL_TYPE (CantigaRepeatButton, cantiga_repeat_button, CANTIGA, REPEAT_BUTTON, AdwBin)

/* Once. */
void cantiga_repeat_button_set_queue (CantigaRepeatButton *button, CantigaQueue *queue);

G_END_DECLS
