/* The first of the window's pages: a header bar over the views (servers, library, licences, sharing). */
#pragma once

#include <adwaita.h>

#include "ui/library-page.h"
#include "ui/licences-page.h"
#include "ui/servers-page.h"
#include "ui/sharing-page.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_HOME (cantiga_home_get_type ())
G_DECLARE_FINAL_TYPE (CantigaHome, cantiga_home, CANTIGA, HOME, GtkBox)

CantigaServersPage *cantiga_home_get_servers (CantigaHome *home);
CantigaLibraryPage *cantiga_home_get_library (CantigaHome *home);
CantigaLicencesPage *cantiga_home_get_licences (CantigaHome *home);
CantigaSharingPage *cantiga_home_get_sharing (CantigaHome *home);
/* Once: what the sharing page shows, and how many listen beside its name. */
void cantiga_home_set_sharing (CantigaHome *home, CantigaSharing *sharing);
AdwViewStack *cantiga_home_get_stack (CantigaHome *home);
/* Its "title-visible" says that the window is narrow. */
AdwViewSwitcherTitle *cantiga_home_get_title (CantigaHome *home);
/* The main menu, for the pages that slide over it. */
GMenuModel *cantiga_home_get_menu (CantigaHome *home);
/* "servers", "library", "licences", "sharing". */
void cantiga_home_show_page (CantigaHome *home, const char *name);
gboolean cantiga_home_shows_page (CantigaHome *home, const char *name);
/* May be NULL. */
void cantiga_home_set_visit (CantigaHome *home, CantigaVisit *visit);

G_END_DECLS
