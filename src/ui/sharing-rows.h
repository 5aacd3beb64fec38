/* The rows of the sharing page's lists. */
#pragma once

#include <adwaita.h>

#include "ui/share-entry.h"

G_BEGIN_DECLS

/* Of a listener, and of a card with what can be done with it; for gtk_list_box_bind_model(). */
GtkWidget *cantiga_sharing_rows_create_listener (gpointer entry, gpointer unused);
GtkWidget *cantiga_sharing_rows_create_card (gpointer entry, gpointer unused);
/* What makes and fills the lines of the log. Transfer full. */
GtkListItemFactory *cantiga_sharing_rows_create_log_factory (void);
/* "21:04  Ana signed in"; free with g_free(). */
char *cantiga_sharing_rows_dup_line (CantigaShareEntry *entry);

G_END_DECLS
