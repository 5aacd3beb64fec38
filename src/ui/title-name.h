/* What a title in a list is called by who reads the screen aloud. */
#pragma once

#include <gtk/gtk.h>

#include "client/title.h"

G_BEGIN_DECLS

/* "Ondas do mar de Vigo, Martim Codax. Licence: 1 play left · until Friday." On widget and on the list's item around it. */
void cantiga_title_name_show (GtkWidget *widget, CantigaTitle *title);
/* "Play “Ondas do mar de Vigo”". */
void cantiga_title_name_show_button (GtkWidget *button, CantigaTitle *title);
/* Of the button of its menu. */
void cantiga_title_name_show_menu (GtkWidget *button, CantigaTitle *title);

G_END_DECLS
