/* Long lists in views. GTK makes some hundreds of widgets at once as soon as a view's list has as many items, whether they are seen or not, and the
 * screen waits meanwhile. Here they come a few at a time, whenever there is nothing else to do. Thread: main. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What all holds, with nothing selected: its start at first, soon all of it. Follows all. */
GtkSelectionModel *cantiga_gently_new (GListModel *all);
/* While more of it is on its way, no more than what fills a window: making widgets would hold the rest up. */
void cantiga_gently_hold (GtkSelectionModel *model, gboolean held);

G_END_DECLS
