/* Hears the spectrum of what plays for one widget: only while the widget can be seen and sound moves, so that nothing is computed for nobody. */
#pragma once

#include <gtk/gtk.h>

#include "ui/queue.h"

G_BEGIN_DECLS

/* levels: decibels of CANTIGA_SPECTRUM_BANDS bands. */
typedef void (*CantigaEarHeard) (GtkWidget *widget, const float *levels, guint n);

typedef struct _CantigaEar CantigaEar;

/* widget: borrowed; frees the ear before it goes. */
CantigaEar *cantiga_ear_new (GtkWidget *widget, CantigaEarHeard heard);
void cantiga_ear_free (CantigaEar *ear);
/* NULL for nobody. */
void cantiga_ear_set_queue (CantigaEar *ear, CantigaQueue *queue);
/* The middle of a band in hertz. */
double cantiga_ear_get_frequency (double band);
/* The inverse: where among the bands, 0 to their number. */
double cantiga_ear_get_band (double frequency);
/* "1.2 kHz · −32 dB". Free with g_free(). */
char *cantiga_ear_dup_words (double frequency, double level);

G_END_DECLS
