/* The titles of the server that one is signed in to: grid or list, searched and sorted. */
#pragma once

#include <adwaita.h>

#include "ui/covers.h"
#include "ui/queue.h"
#include "ui/visit.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_LIBRARY_PAGE (cantiga_library_page_get_type ())
G_DECLARE_FINAL_TYPE (CantigaLibraryPage, cantiga_library_page, CANTIGA, LIBRARY_PAGE, GtkBox)

/* visit NULL: signed out. queue plays what is activated. */
void cantiga_library_page_set_visit (CantigaLibraryPage *page, CantigaVisit *visit, CantigaCovers *covers, CantigaQueue *queue);
void cantiga_library_page_search (CantigaLibraryPage *page);
/* Closes the search if it is open. */
gboolean cantiga_library_page_close_search (CantigaLibraryPage *page);
/* Letters typed anywhere in widget search. */
void cantiga_library_page_capture_keys (CantigaLibraryPage *page, GtkWidget *widget);

G_END_DECLS
