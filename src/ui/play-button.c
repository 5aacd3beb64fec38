#include "ui/play-button.h"

#include <glib/gi18n.h>

#include "ui/announce.h"

#define WAIT_MS 1000 /* before it turns */

struct _CantigaPlayButton
{
  GtkWidget parent_instance;

  /* children */
  GtkWidget *button;
  GtkStack *face;
  GtkSpinner *spinner;

  CantigaQueue *queue; /* owned */
  guint waiting;
  gboolean waits; /* for longer than is worth hiding */
};

G_DEFINE_FINAL_TYPE (CantigaPlayButton, cantiga_play_button, GTK_TYPE_WIDGET)

static void
show_face (CantigaPlayButton *self)
{
  CantigaQueueState state = cantiga_queue_get_state (self->queue);
  gboolean plays = state == CANTIGA_QUEUE_PLAYING || state == CANTIGA_QUEUE_ASKING;
  const char *label = plays ? _ ("Pause") : _ ("Play");

  gtk_spinner_set_spinning (self->spinner, self->waits);
  gtk_stack_set_visible_child_name (self->face, self->waits ? "wait" : plays ? "pause" : "play");
  gtk_widget_set_tooltip_text (self->button, label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static gboolean
waited_cb (gpointer user_data)
{
  CantigaPlayButton *self = user_data;

  self->waiting = 0;
  self->waits = TRUE;
  /* Of the two buttons, the one that is seen. */
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    cantiga_announce (GTK_WIDGET (self), _ ("Waiting for the music"), CANTIGA_SAY_SOON);
  show_face (self);
  return G_SOURCE_REMOVE;
}

static void
changed_cb (CantigaPlayButton *self)
{
  CantigaQueueState state = cantiga_queue_get_state (self->queue);
  gboolean awaits
      = state == CANTIGA_QUEUE_ASKING || (state == CANTIGA_QUEUE_PLAYING && cantiga_player_is_buffering (cantiga_queue_get_player (self->queue)));

  if (!awaits)
    {
      g_clear_handle_id (&self->waiting, g_source_remove);
      self->waits = FALSE;
    }
  else if (!self->waits && self->waiting == 0)
    self->waiting = g_timeout_add (WAIT_MS, waited_cb, self);
  show_face (self);
}

void
cantiga_play_button_set_queue (CantigaPlayButton *self, CantigaQueue *queue)
{
  self->queue = g_object_ref (queue);
  g_signal_connect_object (queue, "notify::state", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (cantiga_queue_get_player (queue), "notify::buffering", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  changed_cb (self);
}

static gboolean
cantiga_play_button_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (CANTIGA_PLAY_BUTTON (widget)->button);
}

static void
cantiga_play_button_dispose (GObject *object)
{
  CantigaPlayButton *self = CANTIGA_PLAY_BUTTON (object);

  g_clear_handle_id (&self->waiting, g_source_remove);
  g_clear_pointer (&self->button, gtk_widget_unparent);
  g_clear_object (&self->queue);
  G_OBJECT_CLASS (cantiga_play_button_parent_class)->dispose (object);
}

static void
cantiga_play_button_class_init (CantigaPlayButtonClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_play_button_dispose;
  widget_class->grab_focus = cantiga_play_button_grab_focus;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
}

static void
add_face (CantigaPlayButton *self, const char *name, const char *icon)
{
  gtk_stack_add_named (self->face, g_object_new (GTK_TYPE_IMAGE, "icon-name", icon, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL), name);
}

static void
cantiga_play_button_init (CantigaPlayButton *self)
{
  self->button = gtk_button_new ();
  self->face = GTK_STACK (gtk_stack_new ());
  self->spinner = g_object_new (GTK_TYPE_SPINNER, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  add_face (self, "play", "media-playback-start-symbolic");
  add_face (self, "pause", "media-playback-pause-symbolic");
  gtk_stack_add_named (self->face, GTK_WIDGET (self->spinner), "wait");
  gtk_button_set_child (GTK_BUTTON (self->button), GTK_WIDGET (self->face));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->button), "win.play-pause");
  gtk_widget_add_css_class (self->button, "circular");
  gtk_widget_add_css_class (self->button, "suggested-action");
  gtk_widget_add_css_class (self->button, "play");
  gtk_widget_set_parent (self->button, GTK_WIDGET (self));
}
