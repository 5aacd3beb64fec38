/* Spectra of what is heard: measured ahead of it, kept until they are due. Inner to src/client; main thread. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct _CantigaSpectra CantigaSpectra;

/* The element that measures. NULL if GStreamer lacks it. */
GstElement *cantiga_spectrum_make_element (void);
/* Sums equal widths of frequency up to half of rate (magnitudes in dB, n of them) to bands of equal width to the ear; bands without a width of their
 * own take what lies nearest. */
void cantiga_spectrum_fold (const float *magnitudes, guint n, guint rate, float *ret_bands, guint n_bands);

CantigaSpectra *cantiga_spectra_new (void);
void cantiga_spectra_free (CantigaSpectra *spectra);
void cantiga_spectra_clear (CantigaSpectra *spectra);
/* message: the element's. FALSE: it is another's. */
gboolean cantiga_spectra_take (CantigaSpectra *spectra, GstMessage *message);
/* The latest that is due at now (running time); NULL: none since it was last asked. Valid until the next call. */
const float *cantiga_spectra_get_due (CantigaSpectra *spectra, GstClockTime now);
/* When the next one is due; GST_CLOCK_TIME_NONE. */
GstClockTime cantiga_spectra_get_next (CantigaSpectra *spectra);

G_END_DECLS
