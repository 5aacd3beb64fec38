/* The server is not the one that was paired with: what to compare, and with whom. */
#pragma once

#include <adwaita.h>

#include "client/paired.h"

G_BEGIN_DECLS

GtkWidget *cantiga_compare_dialog_new (GtkWindow *parent, CantigaPaired *paired);

G_END_DECLS
