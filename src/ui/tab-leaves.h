/* Lists and grids that the Tab key goes past: GTK before 4.12 takes it through every item, and what stands behind ten thousand titles is out of reach. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_TAB_ON,   /* Tab alone: what stands at the head of the list has buttons of its own, and Shift+Tab goes back to them */
  CANTIGA_TAB_BOTH, /* Shift+Tab too */
} CantigaTab;

/* view: a GtkListView or GtkGridView. Arrow keys move within it as they did. */
void cantiga_tab_leaves (GtkWidget *view, CantigaTab tab);

G_END_DECLS
