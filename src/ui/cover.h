/* A title's cover, square; a neume on its staff where there is none. */
#pragma once

#include <gtk/gtk.h>

#include "ui/covers.h"

G_BEGIN_DECLS

/* Property "side" (int): its natural side in pixels; "fill" (boolean): as wide as there is room, and as high;
 * "fades" (boolean): from one title to the next. Signal "shown": another cover, or none,
 * is shown from now on. */
#define CANTIGA_TYPE_COVER (cantiga_cover_get_type ())
G_DECLARE_FINAL_TYPE (CantigaCover, cantiga_cover, CANTIGA, COVER, GtkWidget)

/* Both NULL to let go. */
void cantiga_cover_set (CantigaCover *cover, CantigaTitle *title, CantigaCovers *covers);
/* What is shown: borrowed, NULL for the neume. */
GdkTexture *cantiga_cover_get_texture (CantigaCover *cover);

G_END_DECLS
