/* What the window says of the devices that sound goes to. */
#include "ui/window-private.h"

#include <glib/gi18n.h>

/* Said when something is to be heard, and once: it does not get better by itself. */
static void
tell_silence (CantigaWindow *self)
{
  if (!self->silent || cantiga_queue_get_state (self->queue) != CANTIGA_QUEUE_PLAYING)
    return;
  self->silent = FALSE;
  cantiga_window_toast (self, _ ("No sound device: it plays in silence"));
}

static void
silent_cb (CantigaQueue *queue, CantigaWindow *self)
{
  g_signal_handlers_disconnect_by_func (queue, silent_cb, self);
  self->silent = TRUE;
  tell_silence (self);
}

static void
gone_cb (CantigaWindow *self, const char *name)
{
  g_autofree char *text = g_strdup_printf (_ ("“%s” is gone: it plays on the computer's own sound device"), name);

  cantiga_window_toast (self, text);
}

void
cantiga_window_follow_sound (CantigaWindow *self)
{
  self->wish = cantiga_speaker_wish_new (cantiga_queue_get_player (self->queue));
  g_signal_connect_object (self->wish, "gone", G_CALLBACK (gone_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->queue, "silent", G_CALLBACK (silent_cb), self, 0);
  g_signal_connect_object (self->queue, "notify::state", G_CALLBACK (tell_silence), self, G_CONNECT_SWAPPED);
}
