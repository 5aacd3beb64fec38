#include "client/spectrum.h"

#include "client/player.h"

#define WIDTHS 1024
#define RATE 48000

static guint
find_loudest (double hertz)
{
  float widths[WIDTHS], bands[CANTIGA_SPECTRUM_BANDS];
  guint loudest = 0;

  for (guint i = 0; i < WIDTHS; i++)
    widths[i] = CANTIGA_SPECTRUM_FLOOR;
  widths[(guint)(hertz / (RATE / 2.0 / WIDTHS))] = -10;
  cantiga_spectrum_fold (widths, WIDTHS, RATE, bands, CANTIGA_SPECTRUM_BANDS);
  for (guint i = 0; i < CANTIGA_SPECTRUM_BANDS; i++)
    {
      g_assert_cmpfloat (bands[i], >=, CANTIGA_SPECTRUM_FLOOR);
      g_assert_cmpfloat (bands[i], <=, 0);
      if (bands[i] > bands[loudest])
        loudest = i;
    }
  g_assert_cmpfloat (bands[loudest], >, -10.5f);
  return loudest;
}

static void
test_tones_go_up (void)
{
  static const double tones[] = { 100, 440, 1000, 4000, 15000 };
  guint before = 0;

  for (guint i = 0; i < G_N_ELEMENTS (tones); i++)
    {
      guint loudest = find_loudest (tones[i]);

      g_assert_cmpuint (loudest, >, before);
      before = loudest;
    }
  g_assert_cmpuint (before, >=, CANTIGA_SPECTRUM_BANDS - 3);
}

/* The lowest bands are narrower than what is measured: none of them stays empty. */
static void
test_no_band_is_empty (void)
{
  float widths[WIDTHS], bands[CANTIGA_SPECTRUM_BANDS];

  for (guint i = 0; i < WIDTHS; i++)
    widths[i] = -40;
  cantiga_spectrum_fold (widths, WIDTHS, RATE, bands, CANTIGA_SPECTRUM_BANDS);
  for (guint i = 0; i < CANTIGA_SPECTRUM_BANDS; i++)
    g_assert_cmpfloat (bands[i], >=, -40.1f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/spectrum/tones-go-up", test_tones_go_up);
  g_test_add_func ("/spectrum/no-band-is-empty", test_no_band_is_empty);
  return g_test_run ();
}
