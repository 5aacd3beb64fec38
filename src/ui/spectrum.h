/* The spectrum of what plays: a bar a band, and where each was highest a moment ago. */
#pragma once

#include <gtk/gtk.h>

#include "ui/queue.h"

G_BEGIN_DECLS

/* Property "pointed" (string; read-only, notified): what stands under the pointer or the keyboard's mark, "" for nothing; "height" (int): what it
 * asks for. */
#define CANTIGA_TYPE_SPECTRUM (cantiga_spectrum_get_type ())
G_DECLARE_FINAL_TYPE (CantigaSpectrum, cantiga_spectrum, CANTIGA, SPECTRUM, GtkWidget)

void cantiga_spectrum_set_queue (CantigaSpectrum *spectrum, CantigaQueue *queue);

G_END_DECLS
