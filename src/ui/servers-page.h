/* The servers that this player is paired with, those that the network has, and where to begin. */
#pragma once

#include <adwaita.h>

#include "ui/demo.h"
#include "ui/visit.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_SERVERS_PAGE (cantiga_servers_page_get_type ())
G_DECLARE_FINAL_TYPE (CantigaServersPage, cantiga_servers_page, CANTIGA, SERVERS_PAGE, AdwBin)

void cantiga_servers_page_set_store (CantigaServersPage *page, CantigaStore *store);
/* The store could not be opened. */
void cantiga_servers_page_show_trouble (CantigaServersPage *page, const GError *error);
/* Once: what "Try the demo" says. */
void cantiga_servers_page_set_demo (CantigaServersPage *page, CantigaDemo *demo);
/* May be NULL. */
void cantiga_servers_page_set_visit (CantigaServersPage *page, CantigaVisit *visit);

G_END_DECLS
