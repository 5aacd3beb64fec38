#include "ui/window-private.h"

#include <glib/gi18n.h>

#include "ui/again-dialog.h"
#include "ui/application.h"
#include "ui/card-words.h"
#include "ui/error-words.h"
#include "ui/invitation-window.h"
#include "ui/probe.h"
#include "ui/refusal.h"
#include "ui/reveal-soon.h"
#include "ui/settings.h"
#include "ui/settings-wishes.h"
#include "ui/sized.h"
#include "ui/toast.h"

#define NOW_UP_MS 250
#define NOW_DOWN_MS 200
#define HEIGHT_FOR_SEEK 420

G_DEFINE_FINAL_TYPE (CantigaWindow, cantiga_window, ADW_TYPE_APPLICATION_WINDOW)

void
cantiga_window_toast (CantigaWindow *self, const char *text)
{
  cantiga_toast_show (cantiga_toast_new (text), GTK_WIDGET (self->toasts));
}

AdwToast *
cantiga_window_toast_undo (CantigaWindow *self, const char *text)
{
  AdwToast *toast = cantiga_toast_new_undo (text);

  cantiga_toast_show (toast, GTK_WIDGET (self->toasts));
  return toast;
}

static void
show_trouble (CantigaWindow *self, const char *heading, const char *body)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (self), heading, body);

  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Close"));
  gtk_window_present (GTK_WINDOW (dialog));
}

/* ---- pages ---- */

static void reveal_bar (CantigaWindow *self);

/* The bar of views at the bottom belongs to the first page, where it is too narrow for the one at the top. */
static void
page_changed_cb (CantigaWindow *self)
{
  gboolean home = !cantiga_window_shows_now (self) && adw_leaflet_get_visible_child (self->pages) == GTK_WIDGET (self->home);

  if (self->switcher == NULL)
    return;
  reveal_bar (self);
  cantiga_reveal_soon (self->switcher, home && adw_view_switcher_title_get_title_visible (cantiga_home_get_title (self->home)));
  cantiga_window_update_actions (self);
}

/* The bar stands under every page but the one that shows more of the same. */
static void
reveal_bar (CantigaWindow *self)
{
  gboolean loaded = self->queue != NULL && cantiga_queue_get_state (self->queue) != CANTIGA_QUEUE_EMPTY;

  gtk_revealer_set_reveal_child (self->bar_revealer, loaded && !cantiga_window_shows_now (self));
}

gboolean
cantiga_window_shows_now (CantigaWindow *self)
{
  return g_strcmp0 (gtk_stack_get_visible_child_name (self->root), "now") == 0;
}

void
cantiga_window_show_pages (CantigaWindow *self)
{
  if (!cantiga_window_shows_now (self))
    return;
  cantiga_window_set_full (self, FALSE);
  gtk_stack_set_transition_duration (self->root, NOW_DOWN_MS);
  gtk_stack_set_visible_child_full (self->root, "pages", GTK_STACK_TRANSITION_TYPE_UNDER_DOWN);
}

void
cantiga_window_show_now (CantigaWindow *self, const char *pane)
{
  gtk_stack_set_transition_duration (self->root, NOW_UP_MS);
  gtk_stack_set_visible_child_full (self->root, "now", GTK_STACK_TRANSITION_TYPE_OVER_UP);
  cantiga_now_playing_show_pane (self->now, pane);
}

/* A sign-in that was left is broken off. */
static void
leave_page (CantigaWindow *self, GtkWidget *page)
{
  if (page == GTK_WIDGET (self->sign_in))
    {
      self->sign_in = NULL;
      if (self->visit != NULL && cantiga_visit_get_state (self->visit) != CANTIGA_VISIT_OPEN)
        cantiga_visit_stop (self->visit);
    }
  adw_leaflet_remove (self->pages, page);
}

/* Pages that were left go once they have slid away; not from under the leaflet, which still speaks of them. */
static gboolean
remove_left_cb (gpointer user_data)
{
  CantigaWindow *self = user_data;
  GtkWidget *left;

  if (self->home == NULL || adw_leaflet_get_child_transition_running (self->pages))
    return G_SOURCE_REMOVE;
  while ((left = adw_leaflet_get_adjacent_child (self->pages, ADW_NAVIGATION_DIRECTION_FORWARD)) != NULL)
    leave_page (self, left);
  cantiga_window_update_actions (self);
  return G_SOURCE_REMOVE;
}

static void
slid_cb (CantigaWindow *self)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, remove_left_cb, g_object_ref (self), g_object_unref);
}

/* Before page stands on top of it, what was left before must be gone. */
void
cantiga_window_push (CantigaWindow *self, GtkWidget *page)
{
  GtkWidget *left;

  while ((left = adw_leaflet_get_adjacent_child (self->pages, ADW_NAVIGATION_DIRECTION_FORWARD)) != NULL)
    leave_page (self, left);
  adw_leaflet_append (self->pages, page);
  adw_leaflet_set_visible_child (self->pages, page);
}

gboolean
cantiga_window_go_back (CantigaWindow *self)
{
  gboolean went = adw_leaflet_navigate (self->pages, ADW_NAVIGATION_DIRECTION_BACK);

  slid_cb (self);
  return went;
}

void
cantiga_window_go_home (CantigaWindow *self)
{
  adw_leaflet_set_visible_child (self->pages, GTK_WIDGET (self->home));
  slid_cb (self);
}

static void
signed_in_cb (CantigaSignInPage *page, CantigaWindow *self)
{
  g_signal_emit_by_name (self, "opened");
  cantiga_window_keep_later (self);
  cantiga_home_show_page (self->home, "library");
  cantiga_window_go_home (self);
  cantiga_library_page_focus (cantiga_home_get_library (self->home));
}

static void
drop_sign_in (CantigaWindow *self)
{
  GtkWidget *page = GTK_WIDGET (self->sign_in);

  if (page == NULL)
    return;
  self->sign_in = NULL;
  adw_leaflet_set_visible_child (self->pages, GTK_WIDGET (self->home));
  adw_leaflet_remove (self->pages, page);
}

void
cantiga_window_open_sign_in (CantigaWindow *self)
{
  if (self->sign_in != NULL)
    return adw_leaflet_set_visible_child (self->pages, GTK_WIDGET (self->sign_in));
  self->sign_in = cantiga_sign_in_page_new (self->visit);
  g_signal_connect (self->sign_in, "finished", G_CALLBACK (signed_in_cb), self);
  cantiga_window_push (self, GTK_WIDGET (self->sign_in));
}

/* ---- the visit ---- */

/* A session that comes back by itself may need the PIN again. */
static void
pin_wanted_cb (CantigaVisit *visit, CantigaCardFound *found, int state, CantigaWindow *self)
{
  if (self->sign_in != NULL)
    return;
  cantiga_window_open_sign_in (self);
  g_signal_emit_by_name (visit, "pin", found, state);
}

static void
dismiss_card_toast (CantigaWindow *self)
{
  if (self->card_toast != NULL)
    adw_toast_dismiss (self->card_toast);
  g_clear_weak_pointer (&self->card_toast);
}

/* It stands until the card is back. */
static void
show_card_toast (CantigaWindow *self, const char *text)
{
  AdwToast *toast = cantiga_toast_new (text);

  dismiss_card_toast (self);
  adw_toast_set_timeout (toast, 0);
  g_set_weak_pointer (&self->card_toast, toast);
  cantiga_toast_show (toast, GTK_WIDGET (self->toasts));
}

/* Nothing stops for it: what plays, plays on. */
static void
card_presence_cb (CantigaVisit *visit, int state, CantigaWindow *self)
{
  dismiss_card_toast (self);
  if (state == CANTIGA_CARD_STATE_READY)
    cantiga_window_toast (self, _ ("Card put in"));
  else if (state == CANTIGA_CARD_STATE_REMOVED)
    show_card_toast (self, _ ("The card was taken out. What is playing plays on."));
  else
    show_card_toast (self, cantiga_card_words_get_sentence (state));
}

/* A play waits for the card. */
static void
card_wanted_cb (CantigaVisit *visit, int state, CantigaWindow *self)
{
  const char *sentence = cantiga_card_words_get_sentence (state);
  const char *remedy = cantiga_card_words_get_remedy (state);
  g_autofree char *text = *remedy != '\0' ? g_strdup_printf ("%s %s", sentence, remedy) : g_strdup (sentence);

  if (cantiga_visit_get_state (visit) == CANTIGA_VISIT_OPEN)
    show_card_toast (self, text);
}

/* A return is no page: only its end is told, as its beginning was. */
static void
session_state_cb (CantigaWindow *self, GParamSpec *pspec, CantigaSession *session)
{
  CantigaSessionState state = cantiga_session_get_state (session);

  if (self->returning && state == CANTIGA_SESSION_OPEN)
    cantiga_window_toast (self, _ ("Signed in again"));
  self->returning = state == CANTIGA_SESSION_RETURNING;
}

static void
set_visit (CantigaWindow *self, CantigaVisit *visit)
{
  dismiss_card_toast (self);
  self->returning = FALSE;
  if (self->visit != NULL)
    {
      g_signal_handlers_disconnect_by_data (cantiga_visit_get_session (self->visit), self);
      g_signal_handlers_disconnect_by_data (self->visit, self);
      cantiga_visit_leave (self->visit);
    }
  g_set_object (&self->visit, visit);
  g_clear_object (&self->covers);
  if (visit != NULL)
    {
      self->covers = cantiga_covers_new (cantiga_visit_get_catalogue (visit));
      g_signal_connect_swapped (visit, "notify::state", G_CALLBACK (cantiga_window_update_actions), self);
      g_signal_connect_swapped (cantiga_visit_get_session (visit), "notify::state", G_CALLBACK (session_state_cb), self);
      g_signal_connect (visit, "pin", G_CALLBACK (pin_wanted_cb), self);
      g_signal_connect (visit, "presence", G_CALLBACK (card_presence_cb), self);
      g_signal_connect (visit, "card", G_CALLBACK (card_wanted_cb), self);
    }
  cantiga_home_set_visit (self->home, visit);
  cantiga_servers_page_set_visit (cantiga_home_get_servers (self->home), visit);
  cantiga_library_page_set_visit (cantiga_home_get_library (self->home), visit, self->covers, self->queue);
  cantiga_licences_page_set_visit (cantiga_home_get_licences (self->home), visit, self->covers, self->queue);
  cantiga_player_bar_set_covers (self->bar, self->covers);
  cantiga_now_playing_set_session (self->now, visit != NULL ? cantiga_visit_get_session (visit) : NULL, self->covers);
  cantiga_window_update_actions (self);
}

void
cantiga_window_sign_out (CantigaWindow *self)
{
  if (self->queue != NULL)
    cantiga_queue_clear (self->queue);
  set_visit (self, NULL);
}

static CantigaVisit *
create_visit (CantigaWindow *self, CantigaPaired *paired, GError **error)
{
  if (paired == cantiga_demo_get_paired (self->demo))
    return cantiga_visit_new_with_signer (cantiga_demo_get_store (self->demo), paired, cantiga_demo_get_signer (self->demo), error);
  return cantiga_visit_new (self->store, paired, (const char *const *)self->modules, error);
}

void
cantiga_window_visit (CantigaWindow *self, CantigaPaired *paired)
{
  gboolean same = self->visit != NULL && cantiga_visit_get_paired (self->visit) == paired;
  g_autoptr (CantigaVisit) visit = NULL;
  g_autoptr (GError) error = NULL;

  if (same && cantiga_visit_get_state (self->visit) == CANTIGA_VISIT_OPEN)
    return cantiga_home_show_page (self->home, "library");
  if (!same)
    {
      visit = create_visit (self, paired, &error);
      if (visit == NULL)
        return show_trouble (self, _ ("This server cannot be used"), cantiga_error_words_get (error));
      drop_sign_in (self);
      cantiga_window_sign_out (self);
      set_visit (self, visit);
    }
  cantiga_window_open_sign_in (self);
  cantiga_visit_start (self->visit);
}

/* ---- invitations ---- */

static void
paired_cb (CantigaInvitationWindow *window, CantigaPaired *paired, CantigaWindow *self)
{
  cantiga_window_go_home (self);
  cantiga_window_visit (self, paired);
}

void
cantiga_window_invite (CantigaWindow *self, const char *link)
{
  CantigaInvitationWindow *window;

  if (self->store == NULL)
    {
      g_free (self->link);
      self->link = g_strdup (link);
      return;
    }
  window = cantiga_invitation_window_new (GTK_WINDOW (self), self->store, link);
  g_signal_connect_object (window, "paired", G_CALLBACK (paired_cb), self, 0);
  gtk_window_present (GTK_WINDOW (window));
}

static void
store_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  CantigaStore *store = cantiga_store_open_finish (result, &error);

  if (self->home == NULL)
    {
      g_clear_object (&store);
      return;
    }
  if (store == NULL)
    return cantiga_servers_page_show_trouble (cantiga_home_get_servers (self->home), error);
  self->store = store;
  cantiga_window_update_actions (self);
  cantiga_servers_page_set_store (cantiga_home_get_servers (self->home), store);
  if (self->link != NULL)
    cantiga_window_invite (self, self->link);
  g_clear_pointer (&self->link, g_free);
  cantiga_window_restore (self);
}

/* ---- the queue ---- */

static void
queue_changed_cb (CantigaWindow *self)
{
  reveal_bar (self);
  cantiga_window_update_actions (self);
}

static void
refusal_answered_cb (AdwMessageDialog *dialog, const char *response, CantigaWindow *self)
{
  CantigaPaired *paired;

  if (!g_str_equal (response, "sign-in") || self->visit == NULL)
    return;
  paired = g_object_ref (cantiga_visit_get_paired (self->visit));
  cantiga_window_sign_out (self);
  cantiga_window_visit (self, paired);
  g_object_unref (paired);
}

static void
refused_cb (CantigaQueue *queue, CantigaTitle *title, const GError *error, gboolean chosen, CantigaWindow *self)
{
  if (!chosen)
    {
      g_autofree char *sentence = cantiga_refusal_dup_sentence (title, error);

      return cantiga_window_toast (self, sentence);
    }
  cantiga_refusal_show (self, cantiga_queue_get_session (queue), title, error, G_CALLBACK (refusal_answered_cb), self);
}

/* The queue passed on, or stands. */
static void
failed_cb (CantigaQueue *queue, CantigaTitle *title, const GError *error, gboolean counted, CantigaWindow *self)
{
  g_autofree char *sentence = cantiga_refusal_dup_sentence (title, error);
  g_autofree char *free = g_strdup_printf ("%s. %s", sentence, _ ("That play was not counted."));

  cantiga_window_toast (self, counted ? sentence : free);
}

static void
started_cb (CantigaWindow *self)
{
  cantiga_probe_mark (GTK_WIDGET (self), "sound", 0);
}

static void
again_answered_cb (AdwMessageDialog *dialog, const char *response, CantigaQueue *queue)
{
  cantiga_queue_answer (queue, g_str_equal (response, "again"));
}

static void
again_cb (CantigaQueue *queue, CantigaTitle *title, gboolean all, CantigaWindow *self)
{
  GtkWidget *dialog = cantiga_again_dialog_new (GTK_WINDOW (self), title, all);

  g_signal_connect_object (dialog, "response", G_CALLBACK (again_answered_cb), queue, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
make_queue (CantigaWindow *self)
{
  g_autoptr (GError) error = NULL;

  self->queue = cantiga_queue_new (&error);
  if (self->queue == NULL)
    return show_trouble (self, _ ("Nothing can be played on this computer"), cantiga_error_words_get (error));
  g_signal_connect_object (self->queue, "notify::state", G_CALLBACK (queue_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->queue, "notify::place", G_CALLBACK (cantiga_window_update_actions), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->queue, "refused", G_CALLBACK (refused_cb), self, 0);
  g_signal_connect_object (self->queue, "failed", G_CALLBACK (failed_cb), self, 0);
  g_signal_connect_object (self->queue, "again", G_CALLBACK (again_cb), self, 0);
  g_signal_connect_object (cantiga_queue_get_player (self->queue), "started", G_CALLBACK (started_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->queue, "notify", G_CALLBACK (cantiga_window_keep_later), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->queue, "items-changed", G_CALLBACK (cantiga_window_keep_later), self, G_CONNECT_SWAPPED);
  cantiga_settings_bind_queue (self->queue);
  cantiga_window_follow_sound (self);
  cantiga_player_bar_set_queue (self->bar, self->queue);
  cantiga_now_playing_set_queue (self->now, self->queue);
}

/* ---- for the program around it ---- */

static void
forgotten_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaWindow) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!cantiga_store_forget_finish (CANTIGA_STORE (source), result, &error))
    show_trouble (self, _ ("Not everything was erased"), cantiga_error_words_get (error));
}

void
cantiga_window_forget_all (CantigaWindow *self)
{
  GListModel *servers = self->store != NULL ? cantiga_store_get_servers (self->store) : NULL;

  if (servers == NULL)
    return;
  cantiga_window_sign_out (self);
  for (guint i = 0; i < g_list_model_get_n_items (servers); i++)
    {
      g_autoptr (CantigaPaired) paired = g_list_model_get_item (servers, i);

      cantiga_store_forget_async (self->store, paired, NULL, forgotten_cb, g_object_ref (self));
    }
}

GListModel *
cantiga_window_get_titles (CantigaWindow *self)
{
  gboolean open = self->visit != NULL && cantiga_visit_get_state (self->visit) == CANTIGA_VISIT_OPEN;

  return open ? cantiga_catalogue_get_titles (cantiga_visit_get_catalogue (self->visit)) : NULL;
}

CantigaQueue *
cantiga_window_get_queue (CantigaWindow *self)
{
  return self->queue;
}

/* ---- the window ---- */

/* A phone that lies on its side: the page gets the height of the bar's seek row. */
static gboolean
fit_cb (gpointer user_data)
{
  CantigaWindow *self = user_data;

  self->fitting = 0;
  cantiga_player_bar_show_seek (self->bar, gtk_widget_get_height (GTK_WIDGET (self)) >= HEIGHT_FOR_SEEK);
  return G_SOURCE_REMOVE;
}

/* Not from within an allocation. */
static void
sized_cb (CantigaWindow *self)
{
  if (self->fitting == 0)
    self->fitting = g_idle_add_full (G_PRIORITY_HIGH_IDLE, fit_cb, self, NULL);
}

static void
cantiga_window_dispose (GObject *object)
{
  CantigaWindow *self = CANTIGA_WINDOW (object);

  if (self->queue != NULL)
    cantiga_queue_clear (self->queue);
  if (self->visit != NULL)
    {
      g_signal_handlers_disconnect_by_data (cantiga_visit_get_session (self->visit), self);
      g_signal_handlers_disconnect_by_data (self->visit, self);
      cantiga_visit_leave (self->visit);
    }
  self->home = NULL;
  self->sign_in = NULL;
  g_clear_weak_pointer (&self->card_toast);
  g_clear_handle_id (&self->keeping, g_source_remove);
  g_clear_handle_id (&self->fitting, g_source_remove);
  g_clear_object (&self->visit);
  g_clear_object (&self->demo);
  g_clear_object (&self->covers);
  g_clear_object (&self->wish);
  g_clear_object (&self->queue);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (cantiga_window_parent_class)->dispose (object);
}

static void
cantiga_window_finalize (GObject *object)
{
  CantigaWindow *self = CANTIGA_WINDOW (object);

  g_strfreev (self->modules);
  g_free (self->link);
  G_OBJECT_CLASS (cantiga_window_parent_class)->finalize (object);
}

static void
cantiga_window_class_init (CantigaWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = cantiga_window_finalize;
  g_signal_new ("opened", CANTIGA_TYPE_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new ("screen", CANTIGA_TYPE_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/window.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, CantigaWindow, root);
  gtk_widget_class_bind_template_child (widget_class, CantigaWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, CantigaWindow, home);
  gtk_widget_class_bind_template_child (widget_class, CantigaWindow, now);
  gtk_widget_class_bind_template_child (widget_class, CantigaWindow, bar_revealer);
  gtk_widget_class_bind_template_child (widget_class, CantigaWindow, bar);
  gtk_widget_class_bind_template_child (widget_class, CantigaWindow, switcher);
  gtk_widget_class_bind_template_callback (widget_class, sized_cb);
  gtk_widget_class_bind_template_callback (widget_class, slid_cb);
  gtk_widget_class_bind_template_callback (widget_class, page_changed_cb);
}

static void
cantiga_window_init (CantigaWindow *self)
{
  g_type_ensure (CANTIGA_TYPE_HOME);
  g_type_ensure (CANTIGA_TYPE_NOW_PLAYING);
  g_type_ensure (CANTIGA_TYPE_PLAYER_BAR);
  g_type_ensure (CANTIGA_TYPE_SIZED);
  gtk_widget_init_template (GTK_WIDGET (self));
  adw_view_switcher_bar_set_stack (self->switcher, cantiga_home_get_stack (self->home));
  g_signal_connect_swapped (cantiga_home_get_title (self->home), "notify::title-visible", G_CALLBACK (page_changed_cb), self);
  cantiga_window_install_actions (self);
}

static void
mapped_cb (CantigaWindow *self)
{
  cantiga_probe_mark (GTK_WIDGET (self), "window", 0);
}

CantigaWindow *
cantiga_window_new (GtkApplication *application, CantigaSharing *sharing, CantigaDemo *demo, const char *state, const char *const *modules)
{
  CantigaWindow *self = g_object_new (CANTIGA_TYPE_WINDOW, "application", application, NULL);

  g_signal_connect (self, "map", G_CALLBACK (mapped_cb), NULL);
  self->modules = g_strdupv ((char **)modules);
  cantiga_window_take_demo (self, demo);
  cantiga_window_restore_size (self);
  cantiga_home_set_sharing (self->home, sharing);
  make_queue (self);
  cantiga_window_update_actions (self);
  cantiga_store_open_async (state, NULL, store_opened_cb, g_object_ref (self));
  return self;
}
