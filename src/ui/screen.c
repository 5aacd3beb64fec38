#include "ui/screen.h"

#include "ui/application.h"
#include "ui/day-words.h"
#include "ui/play-button.h"
#include "ui/seek.h"

#define REST_MS 2500

struct _CantigaScreen
{
  AdwBin parent_instance;

  /* template */
  GtkPicture *picture;
  GtkRevealer *controls;
  GtkLabel *name;
  CantigaSeek *seek;
  GtkLabel *elapsed;
  GtkLabel *remaining;
  CantigaPlayButton *play;

  guint rest;
  double x, y; /* where the pointer was: windows say that it moved when they did */
};

G_DEFINE_FINAL_TYPE (CantigaScreen, cantiga_screen, ADW_TYPE_BIN)

static void
moved_cb (CantigaScreen *self, double position, double duration)
{
  g_autofree char *elapsed = cantiga_day_words_dup_length (position);
  g_autofree char *left = cantiga_day_words_dup_length (duration - position);
  g_autofree char *remaining = g_strconcat ("\342\210\222", left, NULL);

  gtk_label_set_label (self->elapsed, elapsed);
  gtk_label_set_label (self->remaining, remaining);
}

/* ---- the pointer ---- */

static gboolean
rested_cb (gpointer user_data)
{
  CantigaScreen *self = user_data;
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self)));

  /* Who goes through the buttons by keyboard keeps them meanwhile. */
  if (focus != NULL && gtk_widget_is_ancestor (focus, GTK_WIDGET (self->controls)) && gtk_widget_has_visible_focus (focus))
    return G_SOURCE_CONTINUE;
  self->rest = 0;
  gtk_revealer_set_reveal_child (self->controls, FALSE);
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), "none");
  return G_SOURCE_REMOVE;
}

static void
wake (CantigaScreen *self)
{
  gtk_revealer_set_reveal_child (self->controls, TRUE);
  gtk_widget_set_cursor (GTK_WIDGET (self), NULL);
  g_clear_handle_id (&self->rest, g_source_remove);
  self->rest = g_timeout_add (REST_MS, rested_cb, self);
}

static void
motion_cb (CantigaScreen *self, double x, double y)
{
  if (x == self->x && y == self->y)
    return;
  self->x = x;
  self->y = y;
  wake (self);
}

static gboolean
key_cb (CantigaScreen *self)
{
  wake (self);
  return GDK_EVENT_PROPAGATE;
}

static void
pressed_cb (CantigaScreen *self, int n)
{
  if (n == 2)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.full", NULL);
}

/* ---- the screen ---- */

void
cantiga_screen_set_queue (CantigaScreen *self, CantigaQueue *queue)
{
  cantiga_seek_set_queue (self->seek, queue);
  cantiga_play_button_set_queue (self->play, queue);
}

void
cantiga_screen_set_paintable (CantigaScreen *self, GdkPaintable *paintable)
{
  gtk_picture_set_paintable (self->picture, paintable);
}

void
cantiga_screen_set_title (CantigaScreen *self, CantigaTitle *title)
{
  gtk_label_set_label (self->name, cantiga_title_get_name (title));
}

static void
cantiga_screen_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (cantiga_screen_parent_class)->map (widget);
  wake (CANTIGA_SCREEN (widget));
  gtk_widget_grab_focus (GTK_WIDGET (CANTIGA_SCREEN (widget)->play));
}

static void
cantiga_screen_unmap (GtkWidget *widget)
{
  g_clear_handle_id (&CANTIGA_SCREEN (widget)->rest, g_source_remove);
  GTK_WIDGET_CLASS (cantiga_screen_parent_class)->unmap (widget);
}

static void
cantiga_screen_dispose (GObject *object)
{
  g_clear_handle_id (&CANTIGA_SCREEN (object)->rest, g_source_remove);
  G_OBJECT_CLASS (cantiga_screen_parent_class)->dispose (object);
}

static void
cantiga_screen_class_init (CantigaScreenClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_screen_dispose;
  widget_class->map = cantiga_screen_map;
  widget_class->unmap = cantiga_screen_unmap;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/screen.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaScreen, picture);
  gtk_widget_class_bind_template_child (widget_class, CantigaScreen, controls);
  gtk_widget_class_bind_template_child (widget_class, CantigaScreen, name);
  gtk_widget_class_bind_template_child (widget_class, CantigaScreen, seek);
  gtk_widget_class_bind_template_child (widget_class, CantigaScreen, elapsed);
  gtk_widget_class_bind_template_child (widget_class, CantigaScreen, remaining);
  gtk_widget_class_bind_template_child (widget_class, CantigaScreen, play);
  gtk_widget_class_bind_template_callback (widget_class, moved_cb);
  gtk_widget_class_bind_template_callback (widget_class, motion_cb);
  gtk_widget_class_bind_template_callback (widget_class, key_cb);
  gtk_widget_class_bind_template_callback (widget_class, pressed_cb);
}

static void
cantiga_screen_init (CantigaScreen *self)
{
  g_type_ensure (CANTIGA_TYPE_PLAY_BUTTON);
  g_type_ensure (CANTIGA_TYPE_SEEK);
  gtk_widget_init_template (GTK_WIDGET (self));
}
