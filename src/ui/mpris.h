/* The player on the session bus as other programs see it: org.mpris.MediaPlayer2.io.github.cantiga.Cantiga, for media keys, the lock screen, headsets. */
#pragma once

#include <gio/gio.h>

#include "ui/queue.h"

G_BEGIN_DECLS

/* Signals: "raise": show the window; "quit"; "open" (const char *link): an invitation; "full" (gboolean): over the whole screen, or not. */
#define CANTIGA_TYPE_MPRIS (cantiga_mpris_get_type ())
G_DECLARE_FINAL_TYPE (CantigaMpris, cantiga_mpris, CANTIGA, MPRIS, GObject)

/* On connection from now on, until it is let go. */
CantigaMpris *cantiga_mpris_new (GDBusConnection *connection, CantigaQueue *queue);
/* Whether what plays could be over the whole screen, and whether it is. */
void cantiga_mpris_set_screen (CantigaMpris *mpris, gboolean can_be_full, gboolean full);

G_END_DECLS
