/* The titles of the server that one is signed in to, its albums and artists: searched and sorted. */
#pragma once

#include <adwaita.h>

#include "ui/covers.h"
#include "ui/queue.h"
#include "ui/shelf.h"
#include "ui/visit.h"

G_BEGIN_DECLS

/* Property "narrow" (boolean, write-only): there is no room for many buttons. */
#define CANTIGA_TYPE_LIBRARY_PAGE (cantiga_library_page_get_type ())
G_DECLARE_FINAL_TYPE (CantigaLibraryPage, cantiga_library_page, CANTIGA, LIBRARY_PAGE, GtkBox)

/* visit NULL: signed out. queue plays what is activated. */
void cantiga_library_page_set_visit (CantigaLibraryPage *page, CantigaVisit *visit, CantigaCovers *covers, CantigaQueue *queue);
void cantiga_library_page_search (CantigaLibraryPage *page);
/* The keyboard is at what is listed. */
void cantiga_library_page_focus (CantigaLibraryPage *page);
/* Closes the search if it is open. */
gboolean cantiga_library_page_close_search (CantigaLibraryPage *page);
/* Borrowed. */
CantigaShelf *cantiga_library_page_get_shelf (CantigaLibraryPage *page);

G_END_DECLS
