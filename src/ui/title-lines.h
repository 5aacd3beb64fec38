/* A title's name, what else it says of itself, and its licence: the licence at the end where there is room, else under the name. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Its three children are, in this order, those three. */
#define CANTIGA_TYPE_TITLE_LINES (cantiga_title_lines_get_type ())
G_DECLARE_FINAL_TYPE (CantigaTitleLines, cantiga_title_lines, CANTIGA, TITLE_LINES, GtkWidget)

G_END_DECLS
