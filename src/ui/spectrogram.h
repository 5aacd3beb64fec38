/* The last seconds of what plays: time to the right, pitch upwards, loudness as light. */
#pragma once

#include <gtk/gtk.h>

#include "ui/queue.h"

G_BEGIN_DECLS

/* Property "pointed" (string; read-only, notified): what stands under the pointer, "" for nothing. */
#define CANTIGA_TYPE_SPECTROGRAM (cantiga_spectrogram_get_type ())
G_DECLARE_FINAL_TYPE (CantigaSpectrogram, cantiga_spectrogram, CANTIGA, SPECTROGRAM, GtkWidget)

void cantiga_spectrogram_set_queue (CantigaSpectrogram *spectrogram, CantigaQueue *queue);

G_END_DECLS
