#include "ui/sound-pane.h"

#include <glib/gi18n.h>

#include "ui/application.h"
#include "ui/settings.h"
#include "ui/spectrogram.h"
#include "ui/spectrum.h"

struct _CantigaSoundPane
{
  GtkBox parent_instance;

  /* template */
  GtkStack *stack;
  CantigaSpectrum *spectrum;
  CantigaSpectrogram *spectrogram;
  GtkLabel *pointed;

  CantigaQueue *queue; /* owned */
  gboolean asked;      /* to draw although less motion is wished for */
};

G_DEFINE_FINAL_TYPE (CantigaSoundPane, cantiga_sound_pane, GTK_TYPE_BOX)

static void
pointed_cb (CantigaSoundPane *self, GParamSpec *pspec, GObject *picture)
{
  g_autofree char *words = NULL;

  g_object_get (picture, "pointed", &words, NULL);
  gtk_label_set_label (self->pointed, words != NULL && *words != '\0' ? words : _ ("30 Hz to 18 kHz, the last 20 seconds"));
}

/* Where less motion is wished for, what moves by itself waits until it is asked for. */
static void
choose_page (CantigaSoundPane *self)
{
  gboolean loaded = self->queue != NULL && cantiga_queue_get_state (self->queue) != CANTIGA_QUEUE_EMPTY;
  gboolean still = !self->asked && !adw_get_enable_animations (GTK_WIDGET (self));

  gtk_stack_set_visible_child_name (self->stack, !g_settings_get_boolean (cantiga_settings_get (), "spectrum") ? "off"
                                                 : !loaded                                                     ? "nothing"
                                                 : still                                                       ? "still"
                                                                                                               : "sound");
}

static void
turn_on_cb (CantigaSoundPane *self)
{
  g_settings_set_boolean (cantiga_settings_get (), "spectrum", TRUE);
}

static void
draw_cb (CantigaSoundPane *self)
{
  self->asked = TRUE;
  choose_page (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->spectrum));
}

void
cantiga_sound_pane_set_queue (CantigaSoundPane *self, CantigaQueue *queue)
{
  self->queue = g_object_ref (queue);
  cantiga_spectrum_set_queue (self->spectrum, queue);
  cantiga_spectrogram_set_queue (self->spectrogram, queue);
  g_signal_connect_object (queue, "notify::state", G_CALLBACK (choose_page), self, G_CONNECT_SWAPPED);
  choose_page (self);
}

static void
cantiga_sound_pane_dispose (GObject *object)
{
  g_clear_object (&CANTIGA_SOUND_PANE (object)->queue);
  G_OBJECT_CLASS (cantiga_sound_pane_parent_class)->dispose (object);
}

static void
cantiga_sound_pane_class_init (CantigaSoundPaneClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_sound_pane_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/sound-pane.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaSoundPane, stack);
  gtk_widget_class_bind_template_child (widget_class, CantigaSoundPane, spectrum);
  gtk_widget_class_bind_template_child (widget_class, CantigaSoundPane, spectrogram);
  gtk_widget_class_bind_template_child (widget_class, CantigaSoundPane, pointed);
  gtk_widget_class_bind_template_callback (widget_class, pointed_cb);
  gtk_widget_class_bind_template_callback (widget_class, turn_on_cb);
  gtk_widget_class_bind_template_callback (widget_class, draw_cb);
}

static void
cantiga_sound_pane_init (CantigaSoundPane *self)
{
  g_type_ensure (CANTIGA_TYPE_SPECTRUM);
  g_type_ensure (CANTIGA_TYPE_SPECTROGRAM);
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_object (cantiga_settings_get (), "changed::spectrum", G_CALLBACK (choose_page), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_widget_get_settings (GTK_WIDGET (self)), "notify::gtk-enable-animations", G_CALLBACK (choose_page), self,
                           G_CONNECT_SWAPPED);
}
