/* The listener's licences: those that end soon, the others, and those that are used up or ended. */
#pragma once

#include <adwaita.h>

#include "ui/covers.h"
#include "ui/queue.h"
#include "ui/visit.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_LICENCES_PAGE (cantiga_licences_page_get_type ())
G_DECLARE_FINAL_TYPE (CantigaLicencesPage, cantiga_licences_page, CANTIGA, LICENCES_PAGE, AdwBin)

/* visit, covers: NULL while there is none. */
void cantiga_licences_page_set_visit (CantigaLicencesPage *page, CantigaVisit *visit, CantigaCovers *covers, CantigaQueue *queue);
/* Opens the licence of title, once they are here. */
void cantiga_licences_page_show_title (CantigaLicencesPage *page, CantigaTitle *title);

G_END_DECLS
