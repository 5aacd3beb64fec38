/* What keys, menus and buttons ask of the window. */
#include "ui/window-private.h"

#define VOLUME_STEP 0.05
#define MOVE_SECONDS 10
#define BACK_BUTTON 8

static void
visit_cb (GSimpleAction *action, GVariant *server, gpointer user_data)
{
  CantigaWindow *self = user_data;
  CantigaPaired *paired = self->store != NULL ? cantiga_store_find (self->store, g_variant_get_string (server, NULL), NULL) : NULL;

  if (paired != NULL)
    cantiga_window_visit (self, paired);
}

/* To the server that there was, or the only one; else it is the person's to choose. */
static void
sign_in_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  CantigaWindow *self = user_data;
  GListModel *servers = self->store != NULL ? cantiga_store_get_servers (self->store) : NULL;
  CantigaPaired *paired = self->visit != NULL ? cantiga_visit_get_paired (self->visit) : NULL;

  if (paired == NULL && servers != NULL && g_list_model_get_n_items (servers) == 1)
    paired = cantiga_store_find (self->store, NULL, NULL);
  if (paired != NULL)
    cantiga_window_visit (self, paired);
  else
    cantiga_home_show_page (self->home, "servers");
}

static void
sign_out_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  cantiga_window_sign_out (self);
}

static void
paste_invitation_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  cantiga_window_invite (self, NULL);
}

static void
demo_changed_cb (CantigaWindow *self)
{
  if (cantiga_demo_get_state (self->demo) == CANTIGA_DEMO_ON)
    cantiga_window_visit (self, cantiga_demo_get_paired (self->demo));
}

void
cantiga_window_start_demo (CantigaWindow *self)
{
  if (cantiga_demo_get_state (self->demo) == CANTIGA_DEMO_ON)
    return cantiga_window_visit (self, cantiga_demo_get_paired (self->demo));
  cantiga_home_show_page (self->home, "servers");
  cantiga_demo_start (self->demo);
}

void
cantiga_window_take_demo (CantigaWindow *self, CantigaDemo *demo)
{
  self->demo = g_object_ref (demo);
  g_signal_connect_object (demo, "notify::state", G_CALLBACK (demo_changed_cb), self, G_CONNECT_SWAPPED);
  cantiga_servers_page_set_demo (cantiga_home_get_servers (self->home), demo);
}

static void
demo_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  cantiga_window_start_demo (self);
}

static void
add_music_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  CantigaWindow *self = user_data;

  cantiga_home_show_page (self->home, "sharing");
  cantiga_sharing_page_add (cantiga_home_get_sharing (self->home));
}

/* As a file manager or a script asks. */
static void
share_files_cb (GSimpleAction *action, GVariant *paths, gpointer user_data)
{
  CantigaWindow *self = user_data;
  g_autofree const char **list = g_variant_get_strv (paths, NULL);

  cantiga_home_show_page (self->home, "sharing");
  cantiga_sharing_page_add_files (cantiga_home_get_sharing (self->home), list);
}

static void
page_cb (GSimpleAction *action, GVariant *name, gpointer user_data)
{
  CantigaWindow *self = user_data;

  cantiga_window_show_pages (self);
  cantiga_window_go_home (self);
  cantiga_home_show_page (self->home, g_variant_get_string (name, NULL));
}

static void
search_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  CantigaWindow *self = user_data;

  cantiga_window_show_pages (self);
  cantiga_window_go_home (self);
  cantiga_home_show_page (self->home, "library");
  cantiga_library_page_search (cantiga_home_get_library (self->home));
}

/* From Now playing first, then page by page. */
static gboolean
go_back (CantigaWindow *self)
{
  if (!cantiga_window_shows_now (self))
    return cantiga_window_go_back (self);
  if (cantiga_now_playing_is_full (self->now))
    cantiga_window_set_full (self, FALSE);
  else if (!cantiga_now_playing_go_back (self->now))
    cantiga_window_show_pages (self);
  return TRUE;
}

static void
back_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  go_back (self);
}

static void
play_pause_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  cantiga_queue_toggle (CANTIGA_WINDOW (self)->queue);
}

static void
next_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  cantiga_queue_next (CANTIGA_WINDOW (self)->queue);
}

static void
previous_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  cantiga_queue_previous (CANTIGA_WINDOW (self)->queue);
}

static void
move_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  gboolean forward = g_str_equal (g_action_get_name (G_ACTION (action)), "forward");

  if (cantiga_window_shows_now (self))
    cantiga_now_playing_move (CANTIGA_WINDOW (self)->now, forward ? MOVE_SECONDS : -MOVE_SECONDS);
  else
    cantiga_player_bar_move (CANTIGA_WINDOW (self)->bar, forward ? MOVE_SECONDS : -MOVE_SECONDS);
}

static void
mute_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  CantigaPlayer *player = cantiga_queue_get_player (CANTIGA_WINDOW (self)->queue);

  cantiga_player_set_muted (player, !cantiga_player_is_muted (player));
}

static void
volume_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  CantigaPlayer *player = cantiga_queue_get_player (CANTIGA_WINDOW (self)->queue);
  gboolean louder = g_str_equal (g_action_get_name (G_ACTION (action)), "louder");

  cantiga_player_set_volume (player, cantiga_player_get_volume (player) + (louder ? VOLUME_STEP : -VOLUME_STEP));
}

static void
shuffle_cb (GSimpleAction *action, GVariant *shuffle, gpointer self)
{
  if (CANTIGA_WINDOW (self)->queue != NULL)
    cantiga_queue_set_shuffle (CANTIGA_WINDOW (self)->queue, g_variant_get_boolean (shuffle));
}

/* Off, all, this one, and off again. */
static void
repeat_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  CantigaQueue *queue = CANTIGA_WINDOW (self)->queue;

  cantiga_queue_set_repeat (queue, (cantiga_queue_get_repeat (queue) + 1) % (CANTIGA_REPEAT_ONE + 1));
}

/* There and back. */
static void
now_playing_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  CantigaWindow *self = user_data;

  if (cantiga_window_shows_now (self))
    cantiga_window_show_pages (self);
  else
    cantiga_window_show_now (self, NULL);
}

static void
show_pane_cb (GSimpleAction *action, GVariant *pane, gpointer self)
{
  cantiga_window_show_now (self, g_variant_get_string (pane, NULL));
}

/* ---- the whole screen ---- */

gboolean
cantiga_window_can_be_full (CantigaWindow *self)
{
  return cantiga_now_playing_has_picture (self->now);
}

gboolean
cantiga_window_is_full (CantigaWindow *self)
{
  return cantiga_now_playing_is_full (self->now);
}

void
cantiga_window_set_full (CantigaWindow *self, gboolean full)
{
  if (full == cantiga_window_is_full (self) || (full && !cantiga_window_can_be_full (self)))
    return;
  if (full)
    {
      cantiga_window_show_now (self, NULL);
      gtk_window_fullscreen (GTK_WINDOW (self));
    }
  else
    gtk_window_unfullscreen (GTK_WINDOW (self));
  cantiga_now_playing_set_full (self->now, full);
  g_signal_emit_by_name (self, "screen");
}

/* Whoever manages the windows may take it back. */
static void
fullscreened_cb (CantigaWindow *self)
{
  if (!gtk_window_is_fullscreen (GTK_WINDOW (self)))
    cantiga_window_set_full (self, FALSE);
}

static void
full_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  cantiga_window_set_full (self, !cantiga_now_playing_is_full (CANTIGA_WINDOW (self)->now));
}

static void
leave_full_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  cantiga_window_set_full (self, FALSE);
}

/* ---- all of them ---- */

static const GActionEntry actions[] = {
  { .name = "visit", .parameter_type = "s", .activate = visit_cb },
  { .name = "sign-in", .activate = sign_in_cb },
  { .name = "sign-out", .activate = sign_out_cb },
  { .name = "paste-invitation", .activate = paste_invitation_cb },
  { .name = "demo", .activate = demo_cb },
  { .name = "add-music", .activate = add_music_cb },
  { .name = "share-files", .parameter_type = "as", .activate = share_files_cb },
  { .name = "page", .parameter_type = "s", .activate = page_cb },
  { .name = "search", .activate = search_cb },
  { .name = "back", .activate = back_cb },
  { .name = "play-pause", .activate = play_pause_cb },
  { .name = "next", .activate = next_cb },
  { .name = "previous", .activate = previous_cb },
  { .name = "forward", .activate = move_cb },
  { .name = "backward", .activate = move_cb },
  { .name = "mute", .activate = mute_cb },
  { .name = "now-playing", .activate = now_playing_cb },
  { .name = "show-pane", .parameter_type = "s", .activate = show_pane_cb },
  { .name = "full", .activate = full_cb },
  { .name = "leave-full", .activate = leave_full_cb },
  { .name = "shuffle", .state = "false", .change_state = shuffle_cb },
  { .name = "repeat", .activate = repeat_cb },
  { .name = "louder", .activate = volume_cb },
  { .name = "quieter", .activate = volume_cb },
};

static void
enable (CantigaWindow *self, const char *name, gboolean enabled)
{
  g_simple_action_set_enabled (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self), name)), enabled);
}

void
cantiga_window_update_actions (CantigaWindow *self)
{
  gboolean loaded = self->queue != NULL && cantiga_queue_get_state (self->queue) != CANTIGA_QUEUE_EMPTY;
  gboolean playable = self->queue != NULL && cantiga_queue_get_state (self->queue) >= CANTIGA_QUEUE_PLAYING;

  enable (self, "paste-invitation", self->store != NULL);
  enable (self, "sign-in", self->store != NULL);
  enable (self, "visit", self->store != NULL);
  enable (self, "sign-out", self->visit != NULL);
  enable (self, "search", self->visit != NULL && cantiga_visit_get_state (self->visit) == CANTIGA_VISIT_OPEN);
  enable (self, "back", cantiga_window_shows_now (self) || adw_leaflet_get_visible_child (self->pages) != GTK_WIDGET (self->home));
  enable (self, "play-pause", loaded && cantiga_queue_get_state (self->queue) != CANTIGA_QUEUE_ASKING);
  enable (self, "next", loaded && cantiga_queue_has_next (self->queue));
  enable (self, "previous", loaded);
  enable (self, "forward", playable);
  enable (self, "backward", playable);
  enable (self, "mute", self->queue != NULL);
  enable (self, "now-playing", self->queue != NULL);
  enable (self, "show-pane", self->queue != NULL);
  enable (self, "shuffle", self->queue != NULL);
  enable (self, "repeat", self->queue != NULL);
  enable (self, "louder", self->queue != NULL);
  enable (self, "quieter", self->queue != NULL);
}

/* ---- keys that mean different things in different places ---- */

static gboolean
types_text (CantigaWindow *self)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));

  return focus != NULL && (GTK_IS_EDITABLE (focus) || GTK_IS_TEXT_VIEW (focus));
}

/* Where one listens, and not where one signs in or chooses a server. */
static gboolean
is_listening (CantigaWindow *self)
{
  return self->sign_in == NULL
         && (cantiga_window_shows_now (self) || adw_leaflet_get_visible_child (self->pages) != GTK_WIDGET (self->home)
             || cantiga_home_shows_page (self->home, "library"));
}

/* Space is for the music there, whatever has the focus: a row is not started again by it. */
static gboolean
space (CantigaWindow *self)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));
  gboolean loaded = self->queue != NULL && cantiga_queue_get_state (self->queue) != CANTIGA_QUEUE_EMPTY;

  if (!is_listening (self) || types_text (self))
    return GDK_EVENT_PROPAGATE;
  if (loaded)
    cantiga_queue_toggle (self->queue);
  return loaded || !GTK_IS_BUTTON (focus);
}

static gboolean
escape (CantigaWindow *self)
{
  if (cantiga_window_shows_now (self) || adw_leaflet_get_visible_child (self->pages) != GTK_WIDGET (self->home))
    return go_back (self);
  return cantiga_home_shows_page (self->home, "library") && !types_text (self)
         && cantiga_library_page_close_search (cantiga_home_get_library (self->home));
}

/* The mouse's own button for it. */
static void
back_pressed_cb (GtkGestureClick *click, int n, double x, double y, CantigaWindow *self)
{
  if (go_back (self))
    gtk_gesture_set_state (GTK_GESTURE (click), GTK_EVENT_SEQUENCE_CLAIMED);
}

static gboolean
key_pressed_cb (GtkEventControllerKey *controller, guint key, guint code, GdkModifierType modifiers, CantigaWindow *self)
{
  GdkModifierType held = modifiers & gtk_accelerator_get_default_mod_mask ();

  if (key == GDK_KEY_space && held == 0)
    return space (self);
  if (key == GDK_KEY_Escape && held == 0)
    return escape (self);
  if ((key == GDK_KEY_v || key == GDK_KEY_V) && held == GDK_CONTROL_MASK && !types_text (self) && self->sign_in == NULL && self->store != NULL
      && cantiga_home_shows_page (self->home, "servers"))
    {
      cantiga_window_invite (self, NULL);
      return GDK_EVENT_STOP;
    }
  return GDK_EVENT_PROPAGATE;
}

void
cantiga_window_install_actions (CantigaWindow *self)
{
  GtkEventController *keys = gtk_event_controller_key_new ();
  GtkGesture *back = gtk_gesture_click_new ();

  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (key_pressed_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (back), BACK_BUTTON);
  g_signal_connect (back, "pressed", G_CALLBACK (back_pressed_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (back));
  g_signal_connect (self, "notify::fullscreened", G_CALLBACK (fullscreened_cb), NULL);
}
