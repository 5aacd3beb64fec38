/* Where in the title the sound is: a scale that follows it, shows what is fetched, and moves it. */
#pragma once

#include <adwaita.h>

#include "ui/queue.h"

G_BEGIN_DECLS

/* Signal "moved" (double position, double duration; seconds): what labels beside it say. */
#define CANTIGA_TYPE_SEEK (cantiga_seek_get_type ())
G_DECLARE_FINAL_TYPE (CantigaSeek, cantiga_seek, CANTIGA, SEEK, AdwBin)

/* Once. */
void cantiga_seek_set_queue (CantigaSeek *seek, CantigaQueue *queue);
/* Moves by seconds, as keys do: several add up. */
void cantiga_seek_move (CantigaSeek *seek, double seconds);

G_END_DECLS
