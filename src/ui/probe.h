/* How long the main loop was away, for tests and benchmarks: with CANTIGA_PROBE in the environment, the program has an action "longest-gap" whose state
 * (dd) is the longest time between two turns of its loop and the most of the processor's time that went into one, in milliseconds. Changing the state
 * starts anew. Without CANTIGA_PROBE there is nothing of it. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void cantiga_probe_start (GActionMap *map);

G_END_DECLS
