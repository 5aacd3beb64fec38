#include "ui/player-bar.h"

#include <glib/gi18n.h>

#include "ui/application.h"
#include "ui/cover.h"
#include "ui/day-words.h"
#include "ui/fold.h"
#include "ui/licence-pill.h"
#include "ui/play-button.h"
#include "ui/refusal.h"
#include "ui/repeat-button.h"
#include "ui/seek.h"

struct _CantigaPlayerBar
{
  GtkBox parent_instance;

  /* template */
  GtkWidget *seek_row;
  GtkLabel *elapsed;
  GtkLabel *remaining;
  CantigaSeek *seek;
  CantigaCover *cover;
  GtkLabel *name;
  GtkLabel *artist;
  CantigaLicencePill *pill;
  CantigaPlayButton *play;
  CantigaRepeatButton *repeat;
  GtkButton *mute;
  GtkScale *volume;

  /* owned */
  CantigaQueue *queue;
  CantigaCovers *covers;
  GSignalGroup *failures; /* of the title that is shown */
};

G_DEFINE_FINAL_TYPE (CantigaPlayerBar, cantiga_player_bar, GTK_TYPE_BOX)

/* ---- time ---- */

static void
moved_cb (CantigaPlayerBar *self, double position, double duration)
{
  g_autofree char *elapsed = cantiga_day_words_dup_length (position);
  g_autofree char *left = cantiga_day_words_dup_length (duration - position);
  g_autofree char *remaining = g_strconcat ("\342\210\222", left, NULL);

  gtk_label_set_label (self->elapsed, elapsed);
  gtk_label_set_label (self->remaining, remaining);
}

void
cantiga_player_bar_move (CantigaPlayerBar *self, double seconds)
{
  cantiga_seek_move (self->seek, seconds);
}

void
cantiga_player_bar_show_seek (CantigaPlayerBar *self, gboolean show)
{
  gtk_widget_set_visible (self->seek_row, show);
}

/* ---- volume ---- */

static void
show_volume (CantigaPlayerBar *self)
{
  CantigaPlayer *player = cantiga_queue_get_player (self->queue);
  gboolean muted = cantiga_player_is_muted (player);
  double volume = cantiga_player_get_volume (player);
  g_autofree char *words = muted ? g_strdup (_ ("Muted")) : g_strdup_printf (_ ("%d %%"), (int)(volume * 100 + 0.5));
  const char *icon = muted || volume == 0 ? "audio-volume-muted-symbolic"
                     : volume < 0.34      ? "audio-volume-low-symbolic"
                     : volume < 0.67      ? "audio-volume-medium-symbolic"
                                          : "audio-volume-high-symbolic";
  const char *label = muted ? _ ("Unmute") : _ ("Mute");

  gtk_button_set_icon_name (self->mute, icon);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->volume), words);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->mute), label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->mute), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

/* ---- the title ---- */

/* Who made it; or why it cannot be heard. */
static void
show_artist (CantigaPlayerBar *self)
{
  CantigaTitle *title = cantiga_queue_get_title (self->queue);
  g_autofree char *reason = title != NULL ? cantiga_refusal_dup_reason (title) : NULL;

  if (title == NULL)
    return;
  gtk_label_set_label (self->artist, reason != NULL ? reason : cantiga_title_get_artist (title));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->artist), reason);
}

static void
show_title (CantigaPlayerBar *self)
{
  CantigaTitle *title = cantiga_queue_get_title (self->queue);

  g_signal_group_set_target (self->failures, title);
  /* The bar keeps its last looks while it slides away. */
  if (title == NULL)
    return;
  gtk_label_set_label (self->name, cantiga_title_get_name (title));
  show_artist (self);
  cantiga_cover_set (self->cover, title, self->covers);
  cantiga_licence_pill_set (self->pill, title, self->queue);
}

static void
text_clicked_cb (CantigaPlayerBar *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.now-playing", NULL);
}

void
cantiga_player_bar_set_covers (CantigaPlayerBar *self, CantigaCovers *covers)
{
  g_set_object (&self->covers, covers);
}

void
cantiga_player_bar_set_queue (CantigaPlayerBar *self, CantigaQueue *queue)
{
  CantigaPlayer *player = cantiga_queue_get_player (queue);

  self->queue = g_object_ref (queue);
  g_signal_connect_object (queue, "notify::title", G_CALLBACK (show_title), self, G_CONNECT_SWAPPED);
  cantiga_seek_set_queue (self->seek, queue);
  cantiga_play_button_set_queue (self->play, queue);
  cantiga_repeat_button_set_queue (self->repeat, queue);
  g_signal_connect_object (player, "notify::volume", G_CALLBACK (show_volume), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (player, "notify::muted", G_CALLBACK (show_volume), self, G_CONNECT_SWAPPED);
  g_object_bind_property (player, "volume", gtk_range_get_adjustment (GTK_RANGE (self->volume)), "value",
                          G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
  show_volume (self);
}

/* ---- the bar ---- */

static void
cantiga_player_bar_dispose (GObject *object)
{
  CantigaPlayerBar *self = CANTIGA_PLAYER_BAR (object);

  g_clear_object (&self->failures);
  g_clear_object (&self->covers);
  g_clear_object (&self->queue);
  G_OBJECT_CLASS (cantiga_player_bar_parent_class)->dispose (object);
}

static void
cantiga_player_bar_class_init (CantigaPlayerBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_player_bar_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/player-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, seek_row);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, elapsed);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, remaining);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, seek);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, cover);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, name);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, artist);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, pill);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, play);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, repeat);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, mute);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, volume);
  gtk_widget_class_bind_template_callback (widget_class, moved_cb);
  gtk_widget_class_bind_template_callback (widget_class, text_clicked_cb);
}

static void
cantiga_player_bar_init (CantigaPlayerBar *self)
{
  g_type_ensure (CANTIGA_TYPE_FOLD);
  g_type_ensure (CANTIGA_TYPE_COVER);
  g_type_ensure (CANTIGA_TYPE_LICENCE_PILL);
  g_type_ensure (CANTIGA_TYPE_PLAY_BUTTON);
  g_type_ensure (CANTIGA_TYPE_REPEAT_BUTTON);
  g_type_ensure (CANTIGA_TYPE_SEEK);
  gtk_widget_init_template (GTK_WIDGET (self));
  self->failures = g_signal_group_new (CANTIGA_TYPE_TITLE);
  g_signal_group_connect_swapped (self->failures, "notify::failure", G_CALLBACK (show_artist), self);
}
