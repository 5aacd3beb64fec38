#include "ui/now-playing.h"

#include <glib/gi18n.h>

#include "ui/application.h"
#include "ui/channel-pane.h"
#include "ui/cover.h"
#include "ui/day-words.h"
#include "ui/fold.h"
#include "ui/licence-pill.h"
#include "ui/play-button.h"
#include "ui/queue-pane.h"
#include "ui/refusal.h"
#include "ui/repeat-button.h"
#include "ui/reveal-soon.h"
#include "ui/screen.h"
#include "ui/seek.h"
#include "ui/settings.h"
#include "ui/sized.h"
#include "ui/sound-pane.h"
#include "ui/spectrum.h"
#include "ui/video.h"
#include "ui/wash.h"
#include "ui/window.h"

#define COVER_SIDE 200
#define COVER_SIDE_LARGE 320
#define COVER_SIDE_SMALL 120
#define HEIGHT_LARGE 760
#define HEIGHT_SMALL 600

struct _CantigaNowPlaying
{
  AdwBin parent_instance;

  /* template */
  GtkStack *stack; /* "panes", or "screen" alone */
  CantigaScreen *screen;
  AdwLeaflet *leaflet;
  AdwViewSwitcherTitle *pane_title;
  AdwViewSwitcherBar *pane_bar;
  CantigaWash *wash;
  GtkStack *picture_stack; /* "cover" or "video" */
  CantigaCover *cover;
  GtkPicture *picture;
  GtkLabel *name;
  GtkWidget *artist;
  GtkLabel *artist_name;
  CantigaLicencePill *pill;
  GtkLabel *trouble;
  CantigaSpectrum *spectrum;
  CantigaSeek *seek;
  GtkLabel *elapsed;
  GtkLabel *remaining;
  CantigaPlayButton *play;
  CantigaRepeatButton *repeat;
  AdwViewStack *panes;
  CantigaQueuePane *queue_pane;
  CantigaSoundPane *sound_pane;
  CantigaChannelPane *channel_pane;

  /* owned */
  CantigaQueue *queue;
  CantigaSession *session;
  CantigaCovers *covers;
  GSignalGroup *failures; /* of the title that is shown */
  GdkPaintable *video;
  guint fitting;

  double position;
  double duration;
  gboolean total; /* the whole length, not what remains */
};

G_DEFINE_FINAL_TYPE (CantigaNowPlaying, cantiga_now_playing, ADW_TYPE_BIN)

/* ---- time ---- */

static void
show_times (CantigaNowPlaying *self)
{
  g_autofree char *elapsed = cantiga_day_words_dup_length (self->position);
  g_autofree char *left = cantiga_day_words_dup_length (self->duration - self->position);
  g_autofree char *whole = cantiga_day_words_dup_length (self->duration);
  g_autofree char *remaining = g_strconcat ("\342\210\222", left, NULL);

  gtk_label_set_label (self->elapsed, elapsed);
  gtk_label_set_label (self->remaining, self->total ? whole : remaining);
}

static void
moved_cb (CantigaNowPlaying *self, double position, double duration)
{
  self->position = position;
  self->duration = duration;
  show_times (self);
}

static void
remaining_clicked_cb (CantigaNowPlaying *self)
{
  self->total = !self->total;
  show_times (self);
}

void
cantiga_now_playing_move (CantigaNowPlaying *self, double seconds)
{
  cantiga_seek_move (self->seek, seconds);
}

/* ---- what plays ---- */

static void
cover_shown_cb (CantigaNowPlaying *self)
{
  gboolean wanted = g_settings_get_boolean (cantiga_settings_get (), "cover-colour");

  cantiga_wash_set (self->wash, wanted ? cantiga_cover_get_texture (self->cover) : NULL);
}

static void
show_trouble (CantigaNowPlaying *self)
{
  gboolean lost = self->session != NULL && cantiga_session_get_state (self->session) == CANTIGA_SESSION_RETURNING;

  CantigaTitle *title = self->queue != NULL ? cantiga_queue_get_title (self->queue) : NULL;
  g_autofree char *reason = !lost && title != NULL ? cantiga_refusal_dup_reason (title) : NULL;

  gtk_label_set_label (self->trouble, lost ? _ ("Connecting again") : reason != NULL ? reason : "");
  gtk_widget_set_visible (GTK_WIDGET (self->trouble), lost || reason != NULL);
}

static void
show_title (CantigaNowPlaying *self)
{
  CantigaTitle *title = cantiga_queue_get_title (self->queue);

  g_signal_group_set_target (self->failures, title);
  show_trouble (self);
  if (title == NULL)
    return;
  gtk_label_set_label (self->name, cantiga_title_get_name (title));
  gtk_label_set_label (self->artist_name, cantiga_title_get_artist (title));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->artist), GTK_ACCESSIBLE_PROPERTY_LABEL, cantiga_title_get_artist (title), -1);
  gtk_widget_set_visible (self->artist, *cantiga_title_get_artist (title) != '\0');
  cantiga_cover_set (self->cover, title, self->covers);
  cantiga_licence_pill_set (self->pill, title, self->queue);
  cantiga_screen_set_title (self->screen, title);
}

/* The panes are chosen below where they find no room above. */
static void
narrowed_cb (CantigaNowPlaying *self)
{
  cantiga_reveal_soon (self->pane_bar, adw_view_switcher_title_get_title_visible (self->pane_title));
}

static void
artist_clicked_cb (CantigaNowPlaying *self)
{
  CantigaTitle *title = cantiga_queue_get_title (self->queue);

  if (title != NULL)
    cantiga_window_open_artist (CANTIGA_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), cantiga_title_get_artist (title));
}

/* Nobody asked for this one: it is not there where less motion is wished for. */
static void
show_spectrum (CantigaNowPlaying *self)
{
  gboolean wanted = g_settings_get_boolean (cantiga_settings_get (), "spectrum") && adw_get_enable_animations (GTK_WIDGET (self));

  gtk_widget_set_visible (GTK_WIDGET (self->spectrum), wanted && !cantiga_now_playing_has_picture (self));
}

/* ---- pictures ---- */

gboolean
cantiga_now_playing_has_picture (CantigaNowPlaying *self)
{
  CantigaTitle *title = self->queue != NULL ? cantiga_queue_get_title (self->queue) : NULL;

  return self->video != NULL && title != NULL && cantiga_title_has_picture (title) && cantiga_queue_get_state (self->queue) >= CANTIGA_QUEUE_ASKING;
}

static void
show_picture_or_cover (CantigaNowPlaying *self)
{
  gboolean has = cantiga_now_playing_has_picture (self);

  gtk_stack_set_visible_child_name (self->picture_stack, has ? "video" : "cover");
  show_spectrum (self);
  if (!has)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.leave-full", NULL);
}

static void
make_video (CantigaNowPlaying *self)
{
  GstElement *sink = cantiga_video_make_sink (&self->video);

  if (sink == NULL)
    return;
  cantiga_player_set_video_sink (cantiga_queue_get_player (self->queue), sink);
  gtk_picture_set_paintable (self->picture, self->video);
  cantiga_screen_set_paintable (self->screen, self->video);
}

void
cantiga_now_playing_set_full (CantigaNowPlaying *self, gboolean full)
{
  gtk_stack_set_visible_child_name (self->stack, full && cantiga_now_playing_has_picture (self) ? "screen" : "panes");
}

gboolean
cantiga_now_playing_is_full (CantigaNowPlaying *self)
{
  return g_str_equal (gtk_stack_get_visible_child_name (self->stack), "screen");
}

static void
picture_pressed_cb (CantigaNowPlaying *self, int n)
{
  if (n == 2)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.full", NULL);
}

/* ---- what it is given ---- */

void
cantiga_now_playing_set_queue (CantigaNowPlaying *self, CantigaQueue *queue)
{
  self->queue = g_object_ref (queue);
  make_video (self);
  cantiga_seek_set_queue (self->seek, queue);
  cantiga_play_button_set_queue (self->play, queue);
  cantiga_repeat_button_set_queue (self->repeat, queue);
  cantiga_spectrum_set_queue (self->spectrum, queue);
  cantiga_queue_pane_set_queue (self->queue_pane, queue, NULL);
  cantiga_sound_pane_set_queue (self->sound_pane, queue);
  cantiga_channel_pane_set_queue (self->channel_pane, queue);
  cantiga_screen_set_queue (self->screen, queue);
  g_signal_connect_object (queue, "notify::title", G_CALLBACK (show_title), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (queue, "notify::title", G_CALLBACK (show_picture_or_cover), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (queue, "notify::state", G_CALLBACK (show_picture_or_cover), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (cantiga_settings_get (), "changed::cover-colour", G_CALLBACK (cover_shown_cb), self, G_CONNECT_SWAPPED);
  show_title (self);
  show_spectrum (self);
}

void
cantiga_now_playing_set_session (CantigaNowPlaying *self, CantigaSession *session, CantigaCovers *covers)
{
  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (self->session, self);
  g_set_object (&self->session, session);
  g_set_object (&self->covers, covers);
  if (session != NULL)
    g_signal_connect_swapped (session, "notify::state", G_CALLBACK (show_trouble), self);
  cantiga_channel_pane_set_session (self->channel_pane, session);
  if (self->queue != NULL)
    cantiga_queue_pane_set_queue (self->queue_pane, self->queue, covers);
  show_trouble (self);
}

/* ---- panes ---- */

void
cantiga_now_playing_show_pane (CantigaNowPlaying *self, const char *pane)
{
  /* Where one pane alone is seen, that nothing plays is said by the queue. */
  if (pane == NULL && (self->queue == NULL || cantiga_queue_get_title (self->queue) == NULL))
    pane = "queue";
  adw_leaflet_set_visible_child_name (self->leaflet, pane != NULL ? "more" : "cover");
  if (pane == NULL)
    {
      gtk_widget_grab_focus (GTK_WIDGET (self->play));
      return;
    }
  adw_view_stack_set_visible_child_name (self->panes, pane);
  if (g_str_equal (pane, "queue"))
    gtk_widget_grab_focus (GTK_WIDGET (self->queue_pane));
  else
    gtk_widget_child_focus (adw_view_stack_get_visible_child (self->panes), GTK_DIR_TAB_FORWARD);
}

gboolean
cantiga_now_playing_go_back (CantigaNowPlaying *self)
{
  return adw_leaflet_get_folded (self->leaflet) && adw_leaflet_navigate (self->leaflet, ADW_NAVIGATION_DIRECTION_BACK);
}

static void
cover_clicked_cb (CantigaNowPlaying *self)
{
  cantiga_now_playing_show_pane (self, NULL);
}

static void
more_clicked_cb (CantigaNowPlaying *self)
{
  adw_leaflet_set_visible_child_name (self->leaflet, "more");
}

/* ---- the cover gives way first ---- */

static gboolean
fit_cb (gpointer user_data)
{
  CantigaNowPlaying *self = user_data;
  int height = gtk_widget_get_height (GTK_WIDGET (self));
  int side = height > HEIGHT_LARGE ? COVER_SIDE_LARGE : height < HEIGHT_SMALL ? COVER_SIDE_SMALL : COVER_SIDE;

  self->fitting = 0;
  g_object_set (self->cover, "side", side, NULL);
  gtk_widget_set_size_request (GTK_WIDGET (self->picture), -1, side);
  return G_SOURCE_REMOVE;
}

/* Not from within an allocation. */
static void
sized_cb (CantigaNowPlaying *self)
{
  if (self->fitting == 0)
    self->fitting = g_idle_add_full (G_PRIORITY_HIGH_IDLE, fit_cb, self, NULL);
}

/* ---- the page ---- */

static void
cantiga_now_playing_dispose (GObject *object)
{
  CantigaNowPlaying *self = CANTIGA_NOW_PLAYING (object);

  g_clear_handle_id (&self->fitting, g_source_remove);
  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (self->session, self);
  g_clear_object (&self->session);
  g_clear_object (&self->covers);
  g_clear_object (&self->failures);
  g_clear_object (&self->video);
  g_clear_object (&self->queue);
  G_OBJECT_CLASS (cantiga_now_playing_parent_class)->dispose (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, stack);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, screen);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, leaflet);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, pane_title);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, pane_bar);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, wash);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, picture_stack);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, cover);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, picture);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, name);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, artist);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, artist_name);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, pill);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, trouble);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, spectrum);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, seek);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, elapsed);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, remaining);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, play);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, repeat);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, panes);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, queue_pane);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, sound_pane);
  gtk_widget_class_bind_template_child (widget_class, CantigaNowPlaying, channel_pane);
  gtk_widget_class_bind_template_callback (widget_class, moved_cb);
  gtk_widget_class_bind_template_callback (widget_class, sized_cb);
  gtk_widget_class_bind_template_callback (widget_class, remaining_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, artist_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, narrowed_cb);
  gtk_widget_class_bind_template_callback (widget_class, cover_shown_cb);
  gtk_widget_class_bind_template_callback (widget_class, cover_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, more_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, picture_pressed_cb);
}

static void
cantiga_now_playing_class_init (CantigaNowPlayingClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_now_playing_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/now-playing.ui");
  bind_template (widget_class);
}

static void
ensure_types (void)
{
  g_type_ensure (CANTIGA_TYPE_FOLD);
  g_type_ensure (CANTIGA_TYPE_COVER);
  g_type_ensure (CANTIGA_TYPE_CHANNEL_PANE);
  g_type_ensure (CANTIGA_TYPE_LICENCE_PILL);
  g_type_ensure (CANTIGA_TYPE_PLAY_BUTTON);
  g_type_ensure (CANTIGA_TYPE_QUEUE_PANE);
  g_type_ensure (CANTIGA_TYPE_REPEAT_BUTTON);
  g_type_ensure (CANTIGA_TYPE_SCREEN);
  g_type_ensure (CANTIGA_TYPE_SEEK);
  g_type_ensure (CANTIGA_TYPE_SIZED);
  g_type_ensure (CANTIGA_TYPE_SOUND_PANE);
  g_type_ensure (CANTIGA_TYPE_SPECTRUM);
  g_type_ensure (CANTIGA_TYPE_WASH);
}

static void
cantiga_now_playing_init (CantigaNowPlaying *self)
{
  ensure_types ();
  gtk_widget_init_template (GTK_WIDGET (self));
  self->failures = g_signal_group_new (CANTIGA_TYPE_TITLE);
  g_signal_group_connect_swapped (self->failures, "notify::failure", G_CALLBACK (show_trouble), self);
  g_signal_connect_object (cantiga_settings_get (), "changed::spectrum", G_CALLBACK (show_spectrum), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_widget_get_settings (GTK_WIDGET (self)), "notify::gtk-enable-animations", G_CALLBACK (show_spectrum), self,
                           G_CONNECT_SWAPPED);
}
