/* One row of widgets that folds: as the width shrinks, the children with the highest "keep" leave first, and those with keep 0 stay; its minimum is
 * theirs. Children with "grow" share what is over. Hidden by gtk_widget_set_child_visible(), so that "visible" stays the owner's. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Properties of a child: "keep" (int), "grow" (boolean). */
#define CANTIGA_TYPE_FOLD_CHILD (cantiga_fold_child_get_type ())
G_DECLARE_FINAL_TYPE (CantigaFoldChild, cantiga_fold_child, CANTIGA, FOLD_CHILD, GtkLayoutChild)

#define CANTIGA_TYPE_FOLD_LAYOUT (cantiga_fold_layout_get_type ())
G_DECLARE_FINAL_TYPE (CantigaFoldLayout, cantiga_fold_layout, CANTIGA, FOLD_LAYOUT, GtkLayoutManager)

G_END_DECLS
