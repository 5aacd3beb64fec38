/* A ground tinted with a cover's colour, lightly enough that everything on it can be read; none in high contrast. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define CANTIGA_TYPE_WASH (cantiga_wash_get_type ())
G_DECLARE_FINAL_TYPE (CantigaWash, cantiga_wash, CANTIGA, WASH, AdwBin)

/* Fades to the colour of texture; NULL for none. */
void cantiga_wash_set (CantigaWash *wash, GdkTexture *texture);

G_END_DECLS
