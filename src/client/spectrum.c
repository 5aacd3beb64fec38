#include "client/spectrum.h"

#include <math.h>

#include "client/player.h"

/* How finely it is measured, and how often: 40 a second. */
#define WIDTHS 1024
#define INTERVAL (25 * GST_MSECOND)
/* No more are kept: two seconds of them. */
#define KEPT_MAX 80

typedef struct
{
  GstClockTime due;
  float bands[CANTIGA_SPECTRUM_BANDS];
} Spectrum;

struct _CantigaSpectra
{
  GQueue waiting; /* Spectrum, by time */
  Spectrum *shown;
};

GstElement *
cantiga_spectrum_make_element (void)
{
  GstElement *element = gst_element_factory_make ("spectrum", "cantiga-spectrum");

  if (element != NULL)
    g_object_set (element, "bands", WIDTHS, "interval", (guint64)INTERVAL, "threshold", (int)CANTIGA_SPECTRUM_FLOOR, NULL);
  return element;
}

/* ---- widths → bands ---- */

static double
edge (guint band, guint n_bands)
{
  return CANTIGA_SPECTRUM_LOW * pow (CANTIGA_SPECTRUM_HIGH / CANTIGA_SPECTRUM_LOW, (double)band / n_bands);
}

void
cantiga_spectrum_fold (const float *magnitudes, guint n, guint rate, float *ret_bands, guint n_bands)
{
  double width = (double)rate / 2 / n;

  for (guint band = 0; band < n_bands; band++)
    {
      guint from = (guint)(edge (band, n_bands) / width);
      guint to = (guint)(edge (band + 1, n_bands) / width);
      double power = 0;

      for (guint i = from; i < MAX (to, from + 1) && i < n; i++)
        power += pow (10, magnitudes[i] / 10);
      ret_bands[band] = power > 0 ? CLAMP ((float)(10 * log10 (power)), CANTIGA_SPECTRUM_FLOOR, 0) : CANTIGA_SPECTRUM_FLOOR;
    }
}

/* ---- keeping ---- */

CantigaSpectra *
cantiga_spectra_new (void)
{
  return g_new0 (CantigaSpectra, 1);
}

void
cantiga_spectra_clear (CantigaSpectra *spectra)
{
  g_queue_clear_full (&spectra->waiting, g_free);
  g_clear_pointer (&spectra->shown, g_free);
}

void
cantiga_spectra_free (CantigaSpectra *spectra)
{
  cantiga_spectra_clear (spectra);
  g_free (spectra);
}

static guint
get_rate (GstMessage *message)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (GST_ELEMENT (GST_MESSAGE_SRC (message)), "sink");
  g_autoptr (GstCaps) caps = pad != NULL ? gst_pad_get_current_caps (pad) : NULL;
  int rate = 0;

  if (caps != NULL)
    gst_structure_get_int (gst_caps_get_structure (caps, 0), "rate", &rate);
  return rate > 0 ? (guint)rate : 44100;
}

gboolean
cantiga_spectra_take (CantigaSpectra *spectra, GstMessage *message)
{
  const GstStructure *structure = gst_message_get_structure (message);
  const GValue *list;
  float magnitudes[WIDTHS] = { 0 };
  guint64 due = 0;
  Spectrum *spectrum;
  guint n;

  if (structure == NULL || !gst_structure_has_name (structure, "spectrum"))
    return FALSE;
  list = gst_structure_get_value (structure, "magnitude");
  if (list == NULL || !gst_structure_get_clock_time (structure, "running-time", &due))
    return TRUE;
  n = MIN (gst_value_list_get_size (list), WIDTHS);
  for (guint i = 0; i < n; i++)
    magnitudes[i] = g_value_get_float (gst_value_list_get_value (list, i));
  if (g_queue_get_length (&spectra->waiting) >= KEPT_MAX)
    g_free (g_queue_pop_head (&spectra->waiting));
  spectrum = g_new0 (Spectrum, 1);
  spectrum->due = due;
  cantiga_spectrum_fold (magnitudes, n, get_rate (message), spectrum->bands, CANTIGA_SPECTRUM_BANDS);
  g_queue_push_tail (&spectra->waiting, spectrum);
  return TRUE;
}

const float *
cantiga_spectra_get_due (CantigaSpectra *spectra, GstClockTime now)
{
  Spectrum *head = g_queue_peek_head (&spectra->waiting);

  if (head == NULL || head->due > now)
    return NULL;
  while (head != NULL && head->due <= now)
    {
      g_free (spectra->shown);
      spectra->shown = g_queue_pop_head (&spectra->waiting);
      head = g_queue_peek_head (&spectra->waiting);
    }
  return spectra->shown->bands;
}

GstClockTime
cantiga_spectra_get_next (CantigaSpectra *spectra)
{
  Spectrum *head = g_queue_peek_head (&spectra->waiting);

  return head != NULL ? head->due : GST_CLOCK_TIME_NONE;
}
