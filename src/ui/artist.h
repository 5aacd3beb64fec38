/* The head of an artist's page: face, name, albums. */
#pragma once

#include <adwaita.h>

#include "ui/covers.h"
#include "ui/group.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_ARTIST (cantiga_artist_get_type ())
G_DECLARE_FINAL_TYPE (CantigaArtist, cantiga_artist, CANTIGA, ARTIST, AdwBin)

/* albums: CantigaGroup. */
GtkWidget *cantiga_artist_new (CantigaGroup *group, GPtrArray *albums, CantigaCovers *covers);

G_END_DECLS
