/* What plays, on every page: seek, title, licence, controls, volume. */
#pragma once

#include <adwaita.h>

#include "ui/covers.h"
#include "ui/queue.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_PLAYER_BAR (cantiga_player_bar_get_type ())
G_DECLARE_FINAL_TYPE (CantigaPlayerBar, cantiga_player_bar, CANTIGA, PLAYER_BAR, GtkBox)

/* Once, before it is shown. */
void cantiga_player_bar_set_queue (CantigaPlayerBar *bar, CantigaQueue *queue);
/* Whose covers what plays from now on wears; NULL for none. */
void cantiga_player_bar_set_covers (CantigaPlayerBar *bar, CantigaCovers *covers);
/* Whether where one is in the title is shown, and can be moved. */
void cantiga_player_bar_show_seek (CantigaPlayerBar *bar, gboolean show);
/* Moves by seconds, as keys do: several add up. */
void cantiga_player_bar_move (CantigaPlayerBar *bar, double seconds);

G_END_DECLS
