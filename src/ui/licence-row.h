/* A licence that is held: what is left of it, its end and its plays, renewed or given back from here. */
#pragma once

#include <adwaita.h>

#include "client/held-licence.h"
#include "ui/covers.h"
#include "ui/queue.h"

G_BEGIN_DECLS

/* Signals "renew", "give-back": the person asks for it. */
#define CANTIGA_TYPE_LICENCE_ROW (cantiga_licence_row_get_type ())
G_DECLARE_FINAL_TYPE (CantigaLicenceRow, cantiga_licence_row, CANTIGA, LICENCE_ROW, AdwExpanderRow)

/* title: the catalogue's, NULL if it is no longer there; its numbers are the newer ones. */
GtkWidget *cantiga_licence_row_new (CantigaHeldLicence *licence, CantigaTitle *title, CantigaCovers *covers, CantigaQueue *queue);
CantigaHeldLicence *cantiga_licence_row_get_licence (CantigaLicenceRow *row);
CantigaTitle *cantiga_licence_row_get_title (CantigaLicenceRow *row);
/* Something is asked of the server for it. */
void cantiga_licence_row_set_busy (CantigaLicenceRow *row, gboolean busy);
/* What did not work; NULL to clear. */
void cantiga_licence_row_set_trouble (CantigaLicenceRow *row, const char *sentence);

G_END_DECLS
