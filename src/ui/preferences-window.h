/* What can be preferred; all of it takes effect at once, or from the next sign-in on where it says so. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Signal "forget": every server is to be forgotten; the person was asked. */
#define CANTIGA_TYPE_PREFERENCES_WINDOW (cantiga_preferences_window_get_type ())
G_DECLARE_FINAL_TYPE (CantigaPreferencesWindow, cantiga_preferences_window, CANTIGA, PREFERENCES_WINDOW, AdwPreferencesWindow)

GtkWidget *cantiga_preferences_window_new (GtkWindow *parent);
/* "general", "sound", "security". */
void cantiga_preferences_window_show_page (CantigaPreferencesWindow *window, const char *name);

G_END_DECLS
