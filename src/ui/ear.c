#include "ui/ear.h"

#include <math.h>

#include <glib/gi18n.h>

struct _CantigaEar
{
  GtkWidget *widget; /* borrowed */
  CantigaEarHeard heard;
  CantigaQueue *queue; /* owned */
  gboolean watches;
};

static void
spectrum_cb (CantigaPlayer *player, const float *levels, guint n, CantigaEar *self)
{
  if (self->watches)
    self->heard (self->widget, levels, n);
}

static gboolean
is_seen (CantigaEar *self)
{
  GtkNative *native = gtk_widget_get_native (self->widget);
  GdkSurface *surface = native != NULL ? gtk_native_get_surface (native) : NULL;

  if (!gtk_widget_get_mapped (self->widget) || surface == NULL)
    return FALSE;
  return !GDK_IS_TOPLEVEL (surface) || (gdk_toplevel_get_state (GDK_TOPLEVEL (surface)) & GDK_TOPLEVEL_STATE_MINIMIZED) == 0;
}

static void
look_again (CantigaEar *self)
{
  gboolean watches = self->queue != NULL && is_seen (self) && cantiga_queue_get_state (self->queue) == CANTIGA_QUEUE_PLAYING;

  if (watches == self->watches)
    return;
  self->watches = watches;
  if (watches)
    cantiga_player_watch_spectrum (cantiga_queue_get_player (self->queue));
  else if (self->queue != NULL)
    cantiga_player_unwatch_spectrum (cantiga_queue_get_player (self->queue));
}

static void
stop_following (CantigaEar *self)
{
  if (self->queue == NULL)
    return;
  if (self->watches)
    cantiga_player_unwatch_spectrum (cantiga_queue_get_player (self->queue));
  self->watches = FALSE;
  g_signal_handlers_disconnect_by_data (self->queue, self);
  g_signal_handlers_disconnect_by_data (cantiga_queue_get_player (self->queue), self);
}

void
cantiga_ear_set_queue (CantigaEar *self, CantigaQueue *queue)
{
  stop_following (self);
  g_set_object (&self->queue, queue);
  if (queue == NULL)
    return;
  g_signal_connect_swapped (queue, "notify::state", G_CALLBACK (look_again), self);
  g_signal_connect (cantiga_queue_get_player (queue), "spectrum", G_CALLBACK (spectrum_cb), self);
  look_again (self);
}

static void
mapped_cb (CantigaEar *self)
{
  GdkSurface *surface = gtk_native_get_surface (gtk_widget_get_native (self->widget));

  /* A window that is minimized is mapped all the same. */
  if (GDK_IS_TOPLEVEL (surface))
    g_signal_connect_swapped (surface, "notify::state", G_CALLBACK (look_again), self);
  look_again (self);
}

static void
unmapped_cb (CantigaEar *self)
{
  GtkNative *native = gtk_widget_get_native (self->widget);

  if (native != NULL && gtk_native_get_surface (native) != NULL)
    g_signal_handlers_disconnect_by_data (gtk_native_get_surface (native), self);
  look_again (self);
}

CantigaEar *
cantiga_ear_new (GtkWidget *widget, CantigaEarHeard heard)
{
  CantigaEar *self = g_new0 (CantigaEar, 1);

  self->widget = widget;
  self->heard = heard;
  g_signal_connect_data (widget, "map", G_CALLBACK (mapped_cb), self, NULL, G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  g_signal_connect_data (widget, "unmap", G_CALLBACK (unmapped_cb), self, NULL, G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  return self;
}

void
cantiga_ear_free (CantigaEar *self)
{
  cantiga_ear_set_queue (self, NULL);
  g_signal_handlers_disconnect_by_data (self->widget, self);
  g_free (self);
}

/* ---- the scale ---- */

double
cantiga_ear_get_frequency (double band)
{
  return CANTIGA_SPECTRUM_LOW * pow (CANTIGA_SPECTRUM_HIGH / CANTIGA_SPECTRUM_LOW, band / CANTIGA_SPECTRUM_BANDS);
}

double
cantiga_ear_get_band (double frequency)
{
  return CANTIGA_SPECTRUM_BANDS * log (frequency / CANTIGA_SPECTRUM_LOW) / log (CANTIGA_SPECTRUM_HIGH / CANTIGA_SPECTRUM_LOW);
}

char *
cantiga_ear_dup_words (double frequency, double level)
{
  g_autofree char *pitch = frequency < 1000 ? g_strdup_printf (_ ("%.0f Hz"), frequency) : g_strdup_printf (_ ("%.1f kHz"), frequency / 1000);

  return g_strdup_printf (_ ("%s · %s%.0f dB"), pitch, level < 0 ? "\342\210\222" : "", fabs (level));
}
