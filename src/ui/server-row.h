/* A paired server in the list: its name, how one stands with it, what can be done with it. */
#pragma once

#include <adwaita.h>

#include "ui/visit.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_SERVER_ROW (cantiga_server_row_get_type ())
G_DECLARE_FINAL_TYPE (CantigaServerRow, cantiga_server_row, CANTIGA, SERVER_ROW, AdwActionRow)

GtkWidget *cantiga_server_row_new (CantigaPaired *paired);
CantigaPaired *cantiga_server_row_get_paired (CantigaServerRow *row);
/* The visit there is, to whichever server; may be NULL. */
void cantiga_server_row_show_visit (CantigaServerRow *row, CantigaVisit *visit);

G_END_DECLS
