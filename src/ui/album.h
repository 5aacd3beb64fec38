/* The head of an album's page: cover, title, artist, what it holds, what may still be played of it. */
#pragma once

#include <adwaita.h>

#include "ui/covers.h"
#include "ui/group.h"

G_BEGIN_DECLS

/* Property "narrow" (boolean): the cover stands above the words. */
#define CANTIGA_TYPE_ALBUM (cantiga_album_get_type ())
G_DECLARE_FINAL_TYPE (CantigaAlbum, cantiga_album, CANTIGA, ALBUM, AdwBin)

GtkWidget *cantiga_album_new (CantigaGroup *group, CantigaCovers *covers);

G_END_DECLS
