/* What of the program stands outside its window: MPRIS, staying awake while something plays, playing on in the background, notifications. */
#pragma once

#include "ui/window.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_PRESENCE (cantiga_presence_get_type ())
G_DECLARE_FINAL_TYPE (CantigaPresence, cantiga_presence, CANTIGA, PRESENCE, GObject)

/* Of this window, from now on; both are borrowed, and outlive it. */
CantigaPresence *cantiga_presence_new (GtkApplication *application, CantigaWindow *window);
/* Of these titles (CantigaTitle), tells of licences that end within two days; once a day at most, and if it is wished. */
void cantiga_presence_tell_ending (CantigaPresence *presence, GListModel *titles);

G_END_DECLS
