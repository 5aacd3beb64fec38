/* Takes an invitation, says what is wrong with it as it is typed, and pairs. */
#pragma once

#include <adwaita.h>

#include "client/store.h"

G_BEGIN_DECLS

/* Signal "paired" (CantigaPaired): done, and the window closes. */
#define CANTIGA_TYPE_INVITATION_WINDOW (cantiga_invitation_window_get_type ())
G_DECLARE_FINAL_TYPE (CantigaInvitationWindow, cantiga_invitation_window, CANTIGA, INVITATION_WINDOW, AdwWindow)

/* link: NULL to look into the clipboard. */
CantigaInvitationWindow *cantiga_invitation_window_new (GtkWindow *parent, CantigaStore *store, const char *link);

G_END_DECLS
