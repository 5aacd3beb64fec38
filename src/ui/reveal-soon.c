#include "ui/reveal-soon.h"

#define WANTED "cantiga-reveal-wanted"
#define WAITING "cantiga-reveal-waiting"

static gboolean
reveal_cb (gpointer bar)
{
  g_object_set_data (bar, WAITING, NULL);
  adw_view_switcher_bar_set_reveal (bar, g_object_get_data (bar, WANTED) != NULL);
  return G_SOURCE_REMOVE;
}

void
cantiga_reveal_soon (AdwViewSwitcherBar *bar, gboolean reveal)
{
  g_object_set_data (G_OBJECT (bar), WANTED, GINT_TO_POINTER (reveal));
  if (g_object_get_data (G_OBJECT (bar), WAITING) != NULL)
    return;
  g_object_set_data (G_OBJECT (bar), WAITING, GINT_TO_POINTER (TRUE));
  g_idle_add_full (G_PRIORITY_HIGH_IDLE, reveal_cb, g_object_ref (bar), g_object_unref);
}
