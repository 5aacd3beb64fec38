/* A bar of views comes when the switcher above finds no room, and that is found out while the window is laid out: a bar that came in the midst of it
 * would have no height yet, and GTK complains of that. It comes just after. Thread: main. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* The last word before the next frame counts. */
void cantiga_reveal_soon (AdwViewSwitcherBar *bar, gboolean reveal);

G_END_DECLS
