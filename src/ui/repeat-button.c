#include "ui/repeat-button.h"

#include <glib/gi18n.h>

struct _CantigaRepeatButton
{
  AdwBin parent_instance;

  GtkButton *button;   /* child */
  CantigaQueue *queue; /* owned */
};

G_DEFINE_FINAL_TYPE (CantigaRepeatButton, cantiga_repeat_button, ADW_TYPE_BIN)

static void
show_repeat (CantigaRepeatButton *self)
{
  CantigaRepeat repeat = cantiga_queue_get_repeat (self->queue);
  static const char *const icons[]
      = { "media-playlist-consecutive-symbolic", "media-playlist-repeat-symbolic", "media-playlist-repeat-song-symbolic" };
  const char *const labels[] = { _ ("Repeat: off"), _ ("Repeat: all"), _ ("Repeat: this title") };

  gtk_button_set_icon_name (self->button, icons[repeat]);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->button), labels[repeat]);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, labels[repeat], -1);
}

void
cantiga_repeat_button_set_queue (CantigaRepeatButton *self, CantigaQueue *queue)
{
  self->queue = g_object_ref (queue);
  g_signal_connect_object (queue, "notify::repeat", G_CALLBACK (show_repeat), self, G_CONNECT_SWAPPED);
  show_repeat (self);
}

static void
cantiga_repeat_button_dispose (GObject *object)
{
  g_clear_object (&CANTIGA_REPEAT_BUTTON (object)->queue);
  G_OBJECT_CLASS (cantiga_repeat_button_parent_class)->dispose (object);
}

static void
cantiga_repeat_button_class_init (CantigaRepeatButtonClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = cantiga_repeat_button_dispose;
}

static void
cantiga_repeat_button_init (CantigaRepeatButton *self)
{
  self->button = GTK_BUTTON (gtk_button_new ());
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->button), "win.repeat");
  gtk_widget_add_css_class (GTK_WIDGET (self->button), "flat");
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (self->button));
}
