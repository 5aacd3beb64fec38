/* A window that makes an invitation, shows it as link and code, and sees it used. */
#pragma once

#include <adwaita.h>

#include "ui/share.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_SHARING_INVITE (cantiga_sharing_invite_get_type ())
G_DECLARE_FINAL_TYPE (CantigaSharingInvite, cantiga_sharing_invite, CANTIGA, SHARING_INVITE, AdwWindow)

GtkWidget *cantiga_sharing_invite_new (GtkWindow *parent, CantigaSharing *sharing);

G_END_DECLS
