/* Who one is to which server, and what the channel between them is. */
#pragma once

#include <gtk/gtk.h>

#include "ui/visit.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_SESSION_POPOVER (cantiga_session_popover_get_type ())
G_DECLARE_FINAL_TYPE (CantigaSessionPopover, cantiga_session_popover, CANTIGA, SESSION_POPOVER, GtkPopover)

/* May be NULL. */
void cantiga_session_popover_set_visit (CantigaSessionPopover *popover, CantigaVisit *visit);

G_END_DECLS
