/* The picture over the whole screen, with what moves it: hidden while the pointer rests. */
#pragma once

#include <adwaita.h>

#include "ui/queue.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_SCREEN (cantiga_screen_get_type ())
G_DECLARE_FINAL_TYPE (CantigaScreen, cantiga_screen, CANTIGA, SCREEN, AdwBin)

/* Once each. */
void cantiga_screen_set_queue (CantigaScreen *screen, CantigaQueue *queue);
void cantiga_screen_set_paintable (CantigaScreen *screen, GdkPaintable *paintable);
void cantiga_screen_set_title (CantigaScreen *screen, CantigaTitle *title);

G_END_DECLS
