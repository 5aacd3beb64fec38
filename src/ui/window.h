/* The window: its pages, the visit that they show, the queue that plays whatever page is open. */
#pragma once

#include <adwaita.h>

#include "ui/demo.h"
#include "ui/queue.h"
#include "ui/share.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_WINDOW (cantiga_window_get_type ())
G_DECLARE_FINAL_TYPE (CantigaWindow, cantiga_window, CANTIGA, WINDOW, AdwApplicationWindow)

/* Signals "opened": a catalogue is there; "screen": what plays is over the whole screen, or is no longer.
 * state: the folder of servers and keys, NULL for the default; modules: PKCS#11 modules, NULL for p11-kit's. */
CantigaWindow *cantiga_window_new (GtkApplication *application, CantigaSharing *sharing, CantigaDemo *demo, const char *state, const char *const *modules);
/* Goes to the demo's library; makes the demo first, if need be. */
void cantiga_window_start_demo (CantigaWindow *window);
/* Asks whether to pair by this link. */
void cantiga_window_invite (CantigaWindow *window, const char *link);
/* Keeps where it is for the next start; before it is destroyed by the program's end. */
void cantiga_window_keep_async (CantigaWindow *window, GAsyncReadyCallback callback, gpointer user_data);
void cantiga_window_keep_finish (CantigaWindow *window, GAsyncResult *result);
/* Its size too, in the settings. */
void cantiga_window_keep_size (CantigaWindow *window);
/* Erases the keys for every server. */
void cantiga_window_forget_all (CantigaWindow *window);
/* NULL where nothing can be played. */
CantigaQueue *cantiga_window_get_queue (CantigaWindow *window);

/* What plays over the whole screen: a film can be. */
gboolean cantiga_window_can_be_full (CantigaWindow *window);
gboolean cantiga_window_is_full (CantigaWindow *window);
void cantiga_window_set_full (CantigaWindow *window, gboolean full);

/* What pages ask of it; titles: CantigaTitle. */
void cantiga_window_play (CantigaWindow *window, GPtrArray *titles, guint place);
void cantiga_window_shuffle (CantigaWindow *window, GPtrArray *titles);
/* Behind what plays, or behind all; says so, and lets it be undone. */
void cantiga_window_enqueue (CantigaWindow *window, GPtrArray *titles, gboolean next);
void cantiga_window_open_album (CantigaWindow *window, CantigaTitle *title);
void cantiga_window_open_artist (CantigaWindow *window, const char *artist);
void cantiga_window_show_licence (CantigaWindow *window, CantigaTitle *title);
void cantiga_window_toast (CantigaWindow *window, const char *text);
/* A toast with "Undo": its "button-clicked" is the caller's. Borrowed. */
AdwToast *cantiga_window_toast_undo (CantigaWindow *window, const char *text);
/* The titles of the catalogue that is open; NULL if none is. */
GListModel *cantiga_window_get_titles (CantigaWindow *window);

G_END_DECLS
