/* Grey cards in place of those that are still to come. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define CANTIGA_TYPE_SKELETON (cantiga_skeleton_get_type ())
G_DECLARE_FINAL_TYPE (CantigaSkeleton, cantiga_skeleton, CANTIGA, SKELETON, GtkWidget)

G_END_DECLS
