#include "core/window.h"

/* The highest goes up by steps: it becomes one of those below, and they move away from it. */
static void
advance (CantigaWindow *window, guint64 counter)
{
  guint64 steps = counter - window->next + 1;

  if (window->next == 0 || steps > CANTIGA_WINDOW_WIDTH)
    window->below = 0;
  else
    window->below = (steps < CANTIGA_WINDOW_WIDTH ? window->below << steps : 0) | G_GUINT64_CONSTANT (1) << (steps - 1);
  window->next = counter + 1;
}

gboolean
cantiga_window_accept (CantigaWindow *window, guint64 counter)
{
  guint64 behind, bit;

  /* The last of all counters has no next one. */
  if (counter == G_MAXUINT64)
    return FALSE;
  if (counter >= window->next)
    {
      advance (window, counter);
      return TRUE;
    }
  behind = window->next - 1 - counter;
  if (behind == 0 || behind > CANTIGA_WINDOW_WIDTH)
    return FALSE;
  bit = G_GUINT64_CONSTANT (1) << (behind - 1);
  if ((window->below & bit) != 0)
    return FALSE;
  window->below |= bit;
  return TRUE;
}
