#include "core/window.h"

#define STEPS_MAX 12
#define LAST (G_MAXUINT64 - 1)

typedef struct
{
  guint64 counter;
  gboolean fresh;
} Step;

static const struct
{
  const char *what;
  gsize n_steps;
  Step steps[STEPS_MAX];
} cases[] = {
  { "in order", 4, { { 0, TRUE }, { 1, TRUE }, { 2, TRUE }, { 3, TRUE } } },
  { "the first one again", 2, { { 0, TRUE }, { 0, FALSE } } },
  { "the highest one again", 3, { { 0, TRUE }, { 7, TRUE }, { 7, FALSE } } },
  { "out of order", 6, { { 3, TRUE }, { 1, TRUE }, { 2, TRUE }, { 0, TRUE }, { 1, FALSE }, { 4, TRUE } } },
  { "each below once", 5, { { 2, TRUE }, { 0, TRUE }, { 0, FALSE }, { 1, TRUE }, { 1, FALSE } } },
  { "64 below is in, once", 3, { { 64, TRUE }, { 0, TRUE }, { 0, FALSE } } },
  { "65 below is out", 3, { { 65, TRUE }, { 0, FALSE }, { 1, TRUE } } },
  { "63 up remembers the old highest", 4, { { 10, TRUE }, { 73, TRUE }, { 10, FALSE }, { 9, TRUE } } },
  { "64 up remembers the old highest", 4, { { 10, TRUE }, { 74, TRUE }, { 10, FALSE }, { 9, FALSE } } },
  { "65 up leaves the old highest behind", 4, { { 10, TRUE }, { 75, TRUE }, { 10, FALSE }, { 11, TRUE } } },
  { "those below move with it", 6, { { 5, TRUE }, { 3, TRUE }, { 60, TRUE }, { 3, FALSE }, { 4, TRUE }, { 5, FALSE } } },
  { "a leap forgets", 5, { { 5, TRUE }, { 1000, TRUE }, { 5, FALSE }, { 999, TRUE }, { 936, TRUE } } },
  { "begins anywhere", 4, { { 500, TRUE }, { 436, TRUE }, { 435, FALSE }, { 499, TRUE } } },
  { "begins at one", 3, { { 1, TRUE }, { 0, TRUE }, { 0, FALSE } } },
  { "to the end", 5, { { LAST, TRUE }, { LAST, FALSE }, { LAST - 64, TRUE }, { LAST - 65, FALSE }, { G_MAXUINT64, FALSE } } },
  { "the very last is none", 3, { { G_MAXUINT64, FALSE }, { 0, TRUE }, { G_MAXUINT64, FALSE } } },
  { "across 32 bits", 4, { { 0xffffffff, TRUE }, { 0x100000000, TRUE }, { 0xffffffff, FALSE }, { 0xfffffffe, TRUE } } },
};

static void
test_table (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      CantigaWindow window = { 0 };

      g_test_message ("%s", cases[i].what);
      for (gsize step = 0; step < cases[i].n_steps; step++)
        if (cantiga_window_accept (&window, cases[i].steps[step].counter) != cases[i].steps[step].fresh)
          g_error ("%s: step %" G_GSIZE_FORMAT, cases[i].what, step);
    }
}

/* The same against a memory that forgets nothing. */
static void
test_against_a_full_memory (void)
{
  enum
  {
    COUNTERS = 4096
  };
  g_autofree gboolean *seen = g_new0 (gboolean, COUNTERS);
  CantigaWindow window = { 0 };
  gint64 highest = -1;

  for (guint i = 0; i < 20000; i++)
    {
      gint64 near = highest + g_test_rand_int_range (-80, 20);
      gint64 counter = CLAMP (near, 0, COUNTERS - 1);
      gboolean fresh = !seen[counter] && counter >= highest - CANTIGA_WINDOW_WIDTH;

      g_assert_cmpint (cantiga_window_accept (&window, (guint64)counter), ==, fresh);
      seen[counter] |= fresh;
      highest = MAX (highest, counter);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/window/accepts-each-counter-once-within-64-below-the-highest", test_table);
  g_test_add_func ("/window/agrees-with-a-memory-that-forgets-nothing", test_against_a_full_memory);
  return g_test_run ();
}
