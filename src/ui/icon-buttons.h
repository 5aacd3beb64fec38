/* What buttons with an icon are called by who reads the screen aloud. Thread: main. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* From now on all of them are called by their names alone. Once, before there is a window. */
void cantiga_icon_buttons_name (void);

G_END_DECLS
