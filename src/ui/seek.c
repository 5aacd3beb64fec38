#include "ui/seek.h"

#include <glib/gi18n.h>

#include "ui/day-words.h"

#define SCRUB_MS 60   /* sound follows the hand */
#define SETTLE_MS 150 /* after the last key or movement the exact place is sought */
#define STEP_SECONDS 5
#define PAGE_SECONDS 30

struct _CantigaSeek
{
  AdwBin parent_instance;

  GtkScale *scale; /* child */

  /* owned */
  CantigaQueue *queue;
  guint settle; /* while the hand moves: the slider is its, and not the sound's */

  double target;
  gint64 scrubbed;
};

G_DEFINE_FINAL_TYPE (CantigaSeek, cantiga_seek, ADW_TYPE_BIN)

static guint moved_signal;

/* ---- what it shows ---- */

static double
get_duration (CantigaSeek *self)
{
  CantigaTitle *title = cantiga_queue_get_title (self->queue);
  double duration = cantiga_player_get_duration (cantiga_queue_get_player (self->queue));

  return duration > 0 || title == NULL ? duration : cantiga_title_get_duration (title);
}

static void
tell (CantigaSeek *self, double position, double duration)
{
  g_autofree char *elapsed = cantiga_day_words_dup_length (position);
  g_autofree char *whole = cantiga_day_words_dup_length (duration);
  g_autofree char *words = g_strdup_printf (_ ("%s of %s"), elapsed, whole);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self->scale), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, words, -1);
  g_signal_emit (self, moved_signal, 0, position, duration);
}

static void value_changed_cb (CantigaSeek *self);

static void
set_slider (CantigaSeek *self, double position, double duration)
{
  g_signal_handlers_block_by_func (self->scale, value_changed_cb, self);
  gtk_range_set_range (GTK_RANGE (self->scale), 0, MAX (duration, 1));
  gtk_range_set_value (GTK_RANGE (self->scale), position);
  g_signal_handlers_unblock_by_func (self->scale, value_changed_cb, self);
}

/* What is loaded and was not begun has no place yet, whatever was heard before it. */
static double
get_position (CantigaSeek *self)
{
  CantigaPlayer *player = cantiga_queue_get_player (self->queue);

  if (self->settle != 0)
    return self->target;
  return cantiga_player_get_state (player) != CANTIGA_PLAYER_STOPPED ? cantiga_player_get_position (player) : 0;
}

static void
show_place (CantigaSeek *self)
{
  CantigaPlayer *player = cantiga_queue_get_player (self->queue);
  double duration = get_duration (self);
  double position = CLAMP (get_position (self), 0, duration);

  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  set_slider (self, position, duration);
  gtk_range_set_fill_level (GTK_RANGE (self->scale), cantiga_player_get_buffered (player));
  tell (self, position, duration);
}

/* ---- the hand ---- */

static gboolean
settled_cb (gpointer user_data)
{
  CantigaSeek *self = user_data;

  self->settle = 0;
  if (cantiga_queue_get_state (self->queue) >= CANTIGA_QUEUE_PLAYING)
    cantiga_player_seek_exactly (cantiga_queue_get_player (self->queue), self->target);
  return G_SOURCE_REMOVE;
}

static void
aim (CantigaSeek *self, double target)
{
  double duration = get_duration (self);

  self->target = CLAMP (target, 0, duration);
  set_slider (self, self->target, duration);
  tell (self, self->target, duration);
  g_clear_handle_id (&self->settle, g_source_remove);
  self->settle = g_timeout_add (SETTLE_MS, settled_cb, self);
}

/* A hand, a key or a screen reader's: what is set here does not come. */
static void
value_changed_cb (CantigaSeek *self)
{
  gint64 now = g_get_monotonic_time ();

  if (cantiga_queue_get_state (self->queue) < CANTIGA_QUEUE_PLAYING)
    return show_place (self);
  aim (self, gtk_range_get_value (GTK_RANGE (self->scale)));
  if (now - self->scrubbed < SCRUB_MS * 1000)
    return;
  self->scrubbed = now;
  cantiga_player_seek (cantiga_queue_get_player (self->queue), self->target);
}

void
cantiga_seek_move (CantigaSeek *self, double seconds)
{
  double from = self->settle != 0 ? self->target : cantiga_player_get_position (cantiga_queue_get_player (self->queue));

  if (cantiga_queue_get_state (self->queue) >= CANTIGA_QUEUE_PLAYING)
    aim (self, from + seconds);
}

/* ---- what it follows ---- */

static void
title_changed_cb (CantigaSeek *self)
{
  g_clear_handle_id (&self->settle, g_source_remove);
  show_place (self);
}

void
cantiga_seek_set_queue (CantigaSeek *self, CantigaQueue *queue)
{
  CantigaPlayer *player = cantiga_queue_get_player (queue);
  static const char *const followed[] = { "notify::position", "notify::duration", "notify::buffered" };

  self->queue = g_object_ref (queue);
  g_signal_connect_object (queue, "notify::title", G_CALLBACK (title_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (queue, "notify::state", G_CALLBACK (show_place), self, G_CONNECT_SWAPPED);
  for (guint i = 0; i < G_N_ELEMENTS (followed); i++)
    g_signal_connect_object (player, followed[i], G_CALLBACK (show_place), self, G_CONNECT_SWAPPED);
}

static void
cantiga_seek_map (GtkWidget *widget)
{
  CantigaSeek *self = CANTIGA_SEEK (widget);

  GTK_WIDGET_CLASS (cantiga_seek_parent_class)->map (widget);
  if (self->queue != NULL && cantiga_queue_get_state (self->queue) != CANTIGA_QUEUE_EMPTY)
    show_place (self);
}

static void
cantiga_seek_dispose (GObject *object)
{
  CantigaSeek *self = CANTIGA_SEEK (object);

  g_clear_handle_id (&self->settle, g_source_remove);
  g_clear_object (&self->queue);
  G_OBJECT_CLASS (cantiga_seek_parent_class)->dispose (object);
}

static void
cantiga_seek_class_init (CantigaSeekClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = cantiga_seek_dispose;
  GTK_WIDGET_CLASS (klass)->map = cantiga_seek_map;
  moved_signal = g_signal_new ("moved", CANTIGA_TYPE_SEEK, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_DOUBLE, G_TYPE_DOUBLE);
}

static void
cantiga_seek_init (CantigaSeek *self)
{
  GtkAdjustment *place = gtk_adjustment_new (0, 0, 1, STEP_SECONDS, PAGE_SECONDS, 0);

  self->scale = GTK_SCALE (gtk_scale_new (GTK_ORIENTATION_HORIZONTAL, place));
  gtk_range_set_show_fill_level (GTK_RANGE (self->scale), TRUE);
  gtk_range_set_restrict_to_fill_level (GTK_RANGE (self->scale), FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->scale), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Position"), -1);
  g_signal_connect_swapped (self->scale, "value-changed", G_CALLBACK (value_changed_cb), self);
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (self->scale));
}
