/* A catalogue's titles as they are looked for: searched, sorted, gathered into albums and artists. Thread: main. */
#pragma once

#include <gtk/gtk.h>

#include "ui/group.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_SHELF (cantiga_shelf_get_type ())
G_DECLARE_FINAL_TYPE (CantigaShelf, cantiga_shelf, CANTIGA, SHELF, GObject)

CantigaShelf *cantiga_shelf_new (void);
/* Of CantigaTitle; NULL for none. */
void cantiga_shelf_set_all (CantigaShelf *shelf, GListModel *all);
/* Each word must be part of name, artist or album, whatever its case and accents. */
void cantiga_shelf_search (CantigaShelf *shelf, const char *text);
/* "title", "artist", "album", "length". */
void cantiga_shelf_sort (CantigaShelf *shelf, const char *order);

/* What is found, sorted: of CantigaTitle, CantigaGroup, CantigaGroup. The groups are gathered when they are first asked for. */
GListModel *cantiga_shelf_get_titles (CantigaShelf *shelf);
GListModel *cantiga_shelf_get_albums (CantigaShelf *shelf);
GListModel *cantiga_shelf_get_artists (CantigaShelf *shelf);
/* Whatever is searched for. NULL if it has none. */
CantigaGroup *cantiga_shelf_find_album (CantigaShelf *shelf, CantigaTitle *title);
CantigaGroup *cantiga_shelf_find_artist (CantigaShelf *shelf, const char *artist);
/* The albums that hold something of artist, in order. */
GPtrArray *cantiga_shelf_find_albums_of (CantigaShelf *shelf, const char *artist);

G_END_DECLS
