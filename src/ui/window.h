/* The window: its pages, the visit that they show, the queue that plays whatever page is open. */
#pragma once

#include <adwaita.h>

#include "ui/queue.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_WINDOW (cantiga_window_get_type ())
G_DECLARE_FINAL_TYPE (CantigaWindow, cantiga_window, CANTIGA, WINDOW, AdwApplicationWindow)

/* state: the folder of servers and keys, NULL for the default; modules: PKCS#11 modules, NULL for p11-kit's. */
CantigaWindow *cantiga_window_new (GtkApplication *application, const char *state, const char *const *modules);
/* Asks whether to pair by this link. */
void cantiga_window_invite (CantigaWindow *window, const char *link);
/* NULL where nothing can be played. */
CantigaQueue *cantiga_window_get_queue (CantigaWindow *window);

G_END_DECLS
