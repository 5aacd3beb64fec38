#include "ui/player-bar.h"

#include <glib/gi18n.h>

#include "ui/application.h"
#include "ui/cover.h"
#include "ui/day-words.h"
#include "ui/fold.h"
#include "ui/licence-pill.h"

#define TICK_MS 250
#define SCRUB_MS 60   /* sound follows the hand */
#define SETTLE_MS 150 /* after the last key or movement the exact place is sought */
#define WAIT_MS 1000  /* before a spinner */

struct _CantigaPlayerBar
{
  GtkBox parent_instance;

  /* template */
  GtkLabel *elapsed;
  GtkLabel *remaining;
  GtkScale *seek;
  CantigaCover *cover;
  GtkLabel *name;
  GtkLabel *artist;
  CantigaLicencePill *pill;
  GtkButton *play;
  GtkStack *play_face;
  GtkSpinner *spinner;
  GtkButton *mute;
  GtkScale *volume;

  /* owned */
  CantigaQueue *queue;
  CantigaCovers *covers;
  guint tick;
  guint settle; /* while the hand moves: the slider is its, and not the sound's */
  double target;
  gint64 scrubbed;
  gint64 waiting_since; /* 0: sound comes */
};

G_DEFINE_FINAL_TYPE (CantigaPlayerBar, cantiga_player_bar, GTK_TYPE_BOX)

/* ---- time ---- */

static double
get_duration (CantigaPlayerBar *self)
{
  CantigaTitle *title = cantiga_queue_get_title (self->queue);
  double duration = cantiga_player_get_duration (cantiga_queue_get_player (self->queue));

  return duration > 0 || title == NULL ? duration : cantiga_title_get_duration (title);
}

static void
show_times (CantigaPlayerBar *self, double position, double duration)
{
  g_autofree char *elapsed = cantiga_day_words_dup_length (position);
  g_autofree char *left = cantiga_day_words_dup_length (duration - position);
  g_autofree char *whole = cantiga_day_words_dup_length (duration);
  g_autofree char *remaining = g_strconcat ("\342\210\222", left, NULL);
  g_autofree char *words = g_strdup_printf (_ ("%s of %s"), elapsed, whole);

  gtk_label_set_label (self->elapsed, elapsed);
  gtk_label_set_label (self->remaining, remaining);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->seek), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, words, -1);
}

static void
show_face (CantigaPlayerBar *self)
{
  CantigaQueueState state = cantiga_queue_get_state (self->queue);
  CantigaPlayer *player = cantiga_queue_get_player (self->queue);
  gboolean waits = state == CANTIGA_QUEUE_ASKING || (state == CANTIGA_QUEUE_PLAYING && cantiga_player_is_buffering (player));
  gint64 now = g_get_monotonic_time ();
  const char *label = state == CANTIGA_QUEUE_PLAYING || state == CANTIGA_QUEUE_ASKING ? _ ("Pause") : _ ("Play");

  if (!waits)
    self->waiting_since = 0;
  else if (self->waiting_since == 0)
    self->waiting_since = now;
  waits = waits && now - self->waiting_since > WAIT_MS * 1000;
  gtk_spinner_set_spinning (self->spinner, waits);
  gtk_stack_set_visible_child_name (self->play_face, waits ? "wait" : state == CANTIGA_QUEUE_PAUSED || state == CANTIGA_QUEUE_LOADED ? "play" : "pause");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->play), label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->play), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void seek_changed_cb (CantigaPlayerBar *self);

static void
set_slider (CantigaPlayerBar *self, double position)
{
  g_signal_handlers_block_by_func (self->seek, seek_changed_cb, self);
  gtk_range_set_value (GTK_RANGE (self->seek), position);
  g_signal_handlers_unblock_by_func (self->seek, seek_changed_cb, self);
}

static void
show_place (CantigaPlayerBar *self)
{
  double duration = get_duration (self);
  double position = self->settle != 0 ? self->target : cantiga_player_get_position (cantiga_queue_get_player (self->queue));

  position = CLAMP (position, 0, duration);
  g_signal_handlers_block_by_func (self->seek, seek_changed_cb, self);
  gtk_range_set_range (GTK_RANGE (self->seek), 0, MAX (duration, 1));
  g_signal_handlers_unblock_by_func (self->seek, seek_changed_cb, self);
  if (self->settle == 0)
    set_slider (self, position);
  gtk_range_set_fill_level (GTK_RANGE (self->seek), cantiga_player_get_buffered (cantiga_queue_get_player (self->queue)));
  show_times (self, position, duration);
}

static gboolean
tick_cb (gpointer user_data)
{
  CantigaPlayerBar *self = user_data;

  show_place (self);
  show_face (self);
  return G_SOURCE_CONTINUE;
}

/* Time is looked at only while it moves and somebody can see it. */
static void
start_or_stop_ticking (CantigaPlayerBar *self)
{
  CantigaQueueState state = self->queue != NULL ? cantiga_queue_get_state (self->queue) : CANTIGA_QUEUE_EMPTY;
  gboolean ticks = gtk_widget_get_mapped (GTK_WIDGET (self)) && (state == CANTIGA_QUEUE_PLAYING || state == CANTIGA_QUEUE_ASKING);

  if (ticks && self->tick == 0)
    self->tick = g_timeout_add (TICK_MS, tick_cb, self);
  else if (!ticks)
    g_clear_handle_id (&self->tick, g_source_remove);
  if (state != CANTIGA_QUEUE_EMPTY)
    tick_cb (self);
}

/* ---- the hand ---- */

static gboolean
settled_cb (gpointer user_data)
{
  CantigaPlayerBar *self = user_data;

  self->settle = 0;
  if (cantiga_queue_get_state (self->queue) >= CANTIGA_QUEUE_PLAYING)
    cantiga_player_seek_exactly (cantiga_queue_get_player (self->queue), self->target);
  return G_SOURCE_REMOVE;
}

static void
aim (CantigaPlayerBar *self, double target)
{
  self->target = CLAMP (target, 0, get_duration (self));
  set_slider (self, self->target);
  show_times (self, self->target, get_duration (self));
  g_clear_handle_id (&self->settle, g_source_remove);
  self->settle = g_timeout_add (SETTLE_MS, settled_cb, self);
}

/* A hand, a key or a screen reader's: what this bar sets itself does not come here. */
static void
seek_changed_cb (CantigaPlayerBar *self)
{
  gint64 now = g_get_monotonic_time ();

  if (cantiga_queue_get_state (self->queue) < CANTIGA_QUEUE_PLAYING)
    return;
  aim (self, gtk_range_get_value (GTK_RANGE (self->seek)));
  if (now - self->scrubbed < SCRUB_MS * 1000)
    return;
  self->scrubbed = now;
  cantiga_player_seek (cantiga_queue_get_player (self->queue), self->target);
}

void
cantiga_player_bar_move (CantigaPlayerBar *self, double seconds)
{
  double from = self->settle != 0 ? self->target : cantiga_player_get_position (cantiga_queue_get_player (self->queue));

  if (cantiga_queue_get_state (self->queue) >= CANTIGA_QUEUE_PLAYING)
    aim (self, from + seconds);
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

static void
show_title (CantigaPlayerBar *self)
{
  CantigaTitle *title = cantiga_queue_get_title (self->queue);

  g_clear_handle_id (&self->settle, g_source_remove);
  /* The bar keeps its last looks while it slides away. */
  if (title != NULL)
    {
      gtk_label_set_label (self->name, cantiga_title_get_name (title));
      gtk_label_set_label (self->artist, cantiga_title_get_artist (title));
      cantiga_cover_set (self->cover, title, self->covers);
      cantiga_licence_pill_set (self->pill, title, self->queue);
    }
  start_or_stop_ticking (self);
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
  g_signal_connect_object (queue, "notify::state", G_CALLBACK (start_or_stop_ticking), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (player, "notify::volume", G_CALLBACK (show_volume), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (player, "notify::muted", G_CALLBACK (show_volume), self, G_CONNECT_SWAPPED);
  g_object_bind_property (player, "volume", gtk_range_get_adjustment (GTK_RANGE (self->volume)), "value",
                          G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
  show_volume (self);
}

/* ---- the bar ---- */

static void
cantiga_player_bar_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (cantiga_player_bar_parent_class)->map (widget);
  start_or_stop_ticking (CANTIGA_PLAYER_BAR (widget));
}

static void
cantiga_player_bar_unmap (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (cantiga_player_bar_parent_class)->unmap (widget);
  g_clear_handle_id (&CANTIGA_PLAYER_BAR (widget)->tick, g_source_remove);
}

static void
cantiga_player_bar_dispose (GObject *object)
{
  CantigaPlayerBar *self = CANTIGA_PLAYER_BAR (object);

  g_clear_handle_id (&self->tick, g_source_remove);
  g_clear_handle_id (&self->settle, g_source_remove);
  g_clear_object (&self->covers);
  g_clear_object (&self->queue);
  G_OBJECT_CLASS (cantiga_player_bar_parent_class)->dispose (object);
}

static void
cantiga_player_bar_class_init (CantigaPlayerBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_player_bar_dispose;
  widget_class->map = cantiga_player_bar_map;
  widget_class->unmap = cantiga_player_bar_unmap;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/player-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, elapsed);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, remaining);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, seek);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, cover);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, name);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, artist);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, pill);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, play);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, play_face);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, spinner);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, mute);
  gtk_widget_class_bind_template_child (widget_class, CantigaPlayerBar, volume);
  gtk_widget_class_bind_template_callback (widget_class, seek_changed_cb);
}

static void
cantiga_player_bar_init (CantigaPlayerBar *self)
{
  g_type_ensure (CANTIGA_TYPE_FOLD);
  g_type_ensure (CANTIGA_TYPE_COVER);
  g_type_ensure (CANTIGA_TYPE_LICENCE_PILL);
  gtk_widget_init_template (GTK_WIDGET (self));
}
