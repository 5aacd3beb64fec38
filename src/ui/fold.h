/* A widget whose children stand in a CantigaFoldLayout. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define CANTIGA_TYPE_FOLD (cantiga_fold_get_type ())
G_DECLARE_FINAL_TYPE (CantigaFold, cantiga_fold, CANTIGA, FOLD, GtkWidget)

G_END_DECLS
