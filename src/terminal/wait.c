#include "terminal/wait.h"

void
cantiga_wait_clear (CantigaWait *wait)
{
  g_clear_object (&wait->result);
}

void
cantiga_wait_done_cb (GObject *object, GAsyncResult *result, gpointer wait)
{
  g_set_object (&((CantigaWait *)wait)->result, result);
}

GAsyncResult *
cantiga_wait_for (CantigaWait *wait)
{
  while (wait->result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return wait->result;
}
