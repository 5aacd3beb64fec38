/* Wears a title's licence: "3 plays", "1 play · until Friday", "Used up"; the number falls as it is spent. */
#pragma once

#include "ui/queue.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Property "whole" (boolean): the long form. */
#define CANTIGA_TYPE_LICENCE_PILL (cantiga_licence_pill_get_type ())
G_DECLARE_FINAL_TYPE (CantigaLicencePill, cantiga_licence_pill, CANTIGA, LICENCE_PILL, GtkWidget)

/* Both NULL to let go. queue says which title is spent now. */
void cantiga_licence_pill_set (CantigaLicencePill *pill, CantigaTitle *title, CantigaQueue *queue);

/* Its words are never cut: what stands beside it makes room. */
void cantiga_licence_pill_keep_whole (CantigaLicencePill *pill);

G_END_DECLS
