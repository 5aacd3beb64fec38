/* Asks before repeating spends plays a second time. */
#pragma once

#include <adwaita.h>

#include "client/title.h"

G_BEGIN_DECLS

/* Response "again": it is to be heard again; else not. all: the whole queue, of which title is the first. */
GtkWidget *cantiga_again_dialog_new (GtkWindow *parent, CantigaTitle *title, gboolean all);

G_END_DECLS
