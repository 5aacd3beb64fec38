/* Holds one child and says how large it becomes: what GTK tells a widget with a layout manager nowhere. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Signal "sized" (int width, int height): before the child is laid out, when it is another size than before. What asks for another layout is best
 * done later. */
#define CANTIGA_TYPE_SIZED (cantiga_sized_get_type ())
G_DECLARE_FINAL_TYPE (CantigaSized, cantiga_sized, CANTIGA, SIZED, GtkWidget)

/* How wide n letters of widget are, in pixels: what is enough for words is more where letters are large. */
int cantiga_sized_measure_chars (GtkWidget *widget, int n);
/* For size_allocate: a child of widget there; at.x counts from where lines begin, which is the right in some languages. */
void cantiga_sized_place (GtkWidget *widget, GtkWidget *child, GtkAllocation at);

G_END_DECLS
