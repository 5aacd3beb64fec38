/* How long the main loop was away, for tests and benchmarks: with CANTIGA_PROBE in the environment, the program has an action "longest-gap" whose
 * state (dd) is the longest time between two turns of its loop and the most of the processor's time that went into one, in milliseconds. Changing the
 * state starts anew. Without CANTIGA_PROBE there is nothing of it. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void cantiga_probe_start (GActionMap *map);
/* Says on stderr "probe WHAT N MICROSECONDS": now, and "probe WHAT-painted …" once the next frame is drawn in which widget is shown. */
void cantiga_probe_mark (GtkWidget *widget, const char *what, guint n);

G_END_DECLS
