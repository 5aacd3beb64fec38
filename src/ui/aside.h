/* Words, and the buttons that belong to them: beside the words where there is room, else in a row below them. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The first child is the words, and gets all width that is left; the others are the buttons. */
#define CANTIGA_TYPE_ASIDE (cantiga_aside_get_type ())
G_DECLARE_FINAL_TYPE (CantigaAside, cantiga_aside, CANTIGA, ASIDE, GtkWidget)

G_END_DECLS
