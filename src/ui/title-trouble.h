/* What stands under a title that could not be played, until it is tried again: a mark, why and what to do, and one button. */
#pragma once

#include <adwaita.h>

#include "client/title.h"

G_BEGIN_DECLS

/* Signal: "retry". Seen only while there is something to say. */
#define CANTIGA_TYPE_TITLE_TROUBLE (cantiga_title_trouble_get_type ())
G_DECLARE_FINAL_TYPE (CantigaTitleTrouble, cantiga_title_trouble, CANTIGA, TITLE_TROUBLE, AdwBin)

/* Of title from now on; NULL for none. */
void cantiga_title_trouble_set (CantigaTitleTrouble *trouble, CantigaTitle *title);

G_END_DECLS
