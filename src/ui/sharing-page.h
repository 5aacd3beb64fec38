/* Sharing from this computer: the switch, the music, who listens, the cards, what happened. */
#pragma once

#include <adwaita.h>

#include "ui/share.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_SHARING_PAGE (cantiga_sharing_page_get_type ())
G_DECLARE_FINAL_TYPE (CantigaSharingPage, cantiga_sharing_page, CANTIGA, SHARING_PAGE, AdwBin)

/* Once, before it is shown. */
void cantiga_sharing_page_set_sharing (CantigaSharingPage *page, CantigaSharing *sharing);
/* Asks for files to add, as its button does; sharing is switched on first if need be. */
void cantiga_sharing_page_add (CantigaSharingPage *page);
void cantiga_sharing_page_add_files (CantigaSharingPage *page, const char *const *paths);

G_END_DECLS
