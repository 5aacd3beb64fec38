#include "client/pause.h"

#define PATIENCE_MIN_MS 500

void
cantiga_pause (GTask *task, guint milliseconds, GSourceFunc callback)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autoptr (GSource) pause = g_timeout_source_new (milliseconds);

  if (cancellable != NULL)
    {
      g_autoptr (GSource) cancelled = g_cancellable_source_new (cancellable);
      g_source_set_dummy_callback (cancelled);
      g_source_add_child_source (pause, cancelled);
    }
  g_task_attach_source (task, pause, callback);
}

gboolean
cantiga_error_is_patience (const GError *error)
{
  return g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_SLOW_DOWN) || g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_BUSY);
}

guint
cantiga_patience (guint retry_after, guint most)
{
  return CLAMP (retry_after * 1000, PATIENCE_MIN_MS, most);
}
