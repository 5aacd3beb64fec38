#include "ui/presence.h"

#include <glib/gi18n.h>

#include "ui/announce.h"
#include "ui/licence-words.h"
#include "ui/mpris.h"
#include "ui/settings.h"

#define DAY (24 * 60 * 60)

struct _CantigaPresence
{
  GObject parent_instance;

  /* borrowed */
  GtkApplication *application;
  CantigaWindow *window;
  CantigaQueue *queue;

  CantigaMpris *mpris; /* owned */
  guint inhibited;     /* the session's cookie, while something plays */
  GtkApplicationInhibitFlags inhibits;
  CantigaTitle *told;  /* of whom it was told last that it plays; compared only */
};

G_DEFINE_FINAL_TYPE (CantigaPresence, cantiga_presence, G_TYPE_OBJECT)

static void
inhibit (CantigaPresence *self, GtkApplicationInhibitFlags inhibits)
{
  const char *why = (inhibits & GTK_APPLICATION_INHIBIT_IDLE) != 0 ? _ ("A film is playing") : _ ("Music is playing");

  if (inhibits == self->inhibits)
    return;
  if (self->inhibited != 0)
    gtk_application_uninhibit (self->application, self->inhibited);
  self->inhibits = inhibits;
  self->inhibited = inhibits != 0 ? gtk_application_inhibit (self->application, NULL, inhibits, why) : 0;
}

/* The computer does not fall asleep under music, nor does its screen go dark over a film. */
static void
stay_awake (CantigaPresence *self)
{
  CantigaQueueState state = cantiga_queue_get_state (self->queue);
  CantigaTitle *title = cantiga_queue_get_title (self->queue);

  if (state != CANTIGA_QUEUE_PLAYING && state != CANTIGA_QUEUE_ASKING)
    inhibit (self, 0);
  else if (title != NULL && cantiga_title_has_picture (title))
    inhibit (self, GTK_APPLICATION_INHIBIT_SUSPEND | GTK_APPLICATION_INHIBIT_IDLE);
  else
    inhibit (self, GTK_APPLICATION_INHIBIT_SUSPEND);
}

/* ---- notifications ---- */

static gboolean
is_looked_at (CantigaPresence *self)
{
  return gtk_widget_get_visible (GTK_WIDGET (self->window)) && gtk_window_is_active (GTK_WINDOW (self->window));
}

static void
notify (CantigaPresence *self, const char *id, const char *title, const char *body)
{
  g_autoptr (GNotification) notification = g_notification_new (title);

  if (body != NULL)
    g_notification_set_body (notification, body);
  g_notification_set_default_action (notification, "app.activate");
  g_application_send_notification (G_APPLICATION (self->application), id, notification);
}

static void
announce_title (CantigaPresence *self, CantigaTitle *title)
{
  const char *artist = cantiga_title_get_artist (title);
  g_autofree char *name = *artist != '\0' ? g_strdup_printf ("%s, %s", cantiga_title_get_name (title), artist) : g_strdup (cantiga_title_get_name (title));
  /* Translators: %s is a title's name, and who plays it: "Ondas do mar de Vigo, Martim Codax". */
  g_autofree char *text = g_strdup_printf (_ ("Playing: %s"), name);

  cantiga_announce (GTK_WIDGET (self->window), text, CANTIGA_SAY_SOON);
}

/* What comes next, for who does something else; never a sound more than the music's. */
static void
tell_title (CantigaPresence *self)
{
  CantigaTitle *title = cantiga_queue_get_title (self->queue);
  gboolean fresh = title != NULL && title != self->told && cantiga_queue_get_state (self->queue) == CANTIGA_QUEUE_PLAYING;

  if (!fresh)
    return;
  if (is_looked_at (self))
    announce_title (self, title);
  else if (self->told != NULL)
    notify (self, "playing", cantiga_title_get_name (title), cantiga_title_get_artist (title));
  self->told = title;
}

void
cantiga_presence_tell_ending (CantigaPresence *self, GListModel *titles)
{
  GSettings *settings = cantiga_settings_get ();
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  guint ending;
  g_autofree char *sentence = NULL;

  if (!g_settings_get_boolean (settings, "tell-ending") || now - g_settings_get_int64 (settings, "ending-told") < DAY)
    return;
  ending = cantiga_licence_words_count_ending (titles, now);
  if (ending == 0)
    return;
  sentence = g_strdup_printf (ngettext ("%u licence ends within two days", "%u licences end within two days", ending), ending);
  notify (self, "ending", sentence, _ ("Hear what is left, or renew it."));
  g_settings_set_int64 (settings, "ending-told", now);
}

/* ---- the background ---- */

/* Where there is a portal, it is told; a desktop that says no ends the program as it would any other. Nobody waits for an answer. */
static void
ask_for_background (CantigaPresence *self)
{
  GDBusConnection *connection = g_application_get_dbus_connection (G_APPLICATION (self->application));
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (NULL);

  if (connection == NULL)
    return;
  g_variant_dict_insert (&options, "reason", "s", _ ("The music goes on"));
  g_dbus_connection_call (connection, "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Background",
                          "RequestBackground", g_variant_new ("(s@a{sv})", "", g_variant_dict_end (&options)), NULL,
                          G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
}

static gboolean
close_asked_cb (CantigaPresence *self)
{
  GSettings *settings = cantiga_settings_get ();
  CantigaQueueState state = cantiga_queue_get_state (self->queue);

  if (!g_settings_get_boolean (settings, "keep-playing") || (state != CANTIGA_QUEUE_PLAYING && state != CANTIGA_QUEUE_ASKING))
    {
      g_action_group_activate_action (G_ACTION_GROUP (self->application), "quit", NULL);
      return GDK_EVENT_STOP;
    }
  gtk_widget_set_visible (GTK_WIDGET (self->window), FALSE);
  ask_for_background (self);
  if (!g_settings_get_boolean (settings, "keep-playing-told"))
    notify (self, "background", _ ("Cantiga plays on"), _ ("Quit it from its menu, or stop the music. This can be changed in the preferences."));
  g_settings_set_boolean (settings, "keep-playing-told", TRUE);
  return GDK_EVENT_STOP;
}

/* Nothing is left to hear of a program that nobody sees. */
static gboolean
end_unseen_cb (gpointer user_data)
{
  CantigaPresence *self = user_data;

  if (!gtk_widget_get_visible (GTK_WIDGET (self->window)) && cantiga_queue_get_state (self->queue) <= CANTIGA_QUEUE_LOADED)
    g_action_group_activate_action (G_ACTION_GROUP (self->application), "quit", NULL);
  return G_SOURCE_REMOVE;
}

static void
state_changed_cb (CantigaPresence *self)
{
  CantigaQueueState state = cantiga_queue_get_state (self->queue);

  stay_awake (self);
  tell_title (self);
  if (state <= CANTIGA_QUEUE_LOADED && !gtk_widget_get_visible (GTK_WIDGET (self->window)) && gtk_widget_get_realized (GTK_WIDGET (self->window)))
    g_idle_add_full (G_PRIORITY_LOW, end_unseen_cb, g_object_ref (self), g_object_unref);
}

/* ---- what others ask over the bus ---- */

static void
raise_cb (CantigaPresence *self)
{
  g_application_activate (G_APPLICATION (self->application));
}

static void
quit_asked_cb (CantigaPresence *self)
{
  g_action_group_activate_action (G_ACTION_GROUP (self->application), "quit", NULL);
}

static void
open_cb (CantigaPresence *self, const char *link)
{
  raise_cb (self);
  cantiga_window_invite (self->window, link);
}

static void
full_cb (CantigaPresence *self, gboolean full)
{
  cantiga_window_set_full (self->window, full);
}

static void
screen_changed_cb (CantigaPresence *self)
{
  if (self->mpris != NULL)
    cantiga_mpris_set_screen (self->mpris, cantiga_window_can_be_full (self->window), cantiga_window_is_full (self->window));
}

static void
start_mpris (CantigaPresence *self)
{
  GDBusConnection *connection = g_application_get_dbus_connection (G_APPLICATION (self->application));

  if (connection == NULL)
    return;
  self->mpris = cantiga_mpris_new (connection, self->queue);
  g_signal_connect_object (self->mpris, "raise", G_CALLBACK (raise_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->mpris, "quit", G_CALLBACK (quit_asked_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->mpris, "open", G_CALLBACK (open_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->mpris, "full", G_CALLBACK (full_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->window, "screen", G_CALLBACK (screen_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->queue, "notify::state", G_CALLBACK (screen_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->queue, "notify::title", G_CALLBACK (screen_changed_cb), self, G_CONNECT_SWAPPED);
}

/* ---- life ---- */

static void
cantiga_presence_dispose (GObject *object)
{
  CantigaPresence *self = CANTIGA_PRESENCE (object);

  inhibit (self, 0);
  g_clear_object (&self->mpris);
  G_OBJECT_CLASS (cantiga_presence_parent_class)->dispose (object);
}

static void
cantiga_presence_class_init (CantigaPresenceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = cantiga_presence_dispose;
}

static void
cantiga_presence_init (CantigaPresence *self)
{
}

CantigaPresence *
cantiga_presence_new (GtkApplication *application, CantigaWindow *window)
{
  CantigaPresence *self = g_object_new (CANTIGA_TYPE_PRESENCE, NULL);

  self->application = application;
  self->window = window;
  self->queue = cantiga_window_get_queue (window);
  if (self->queue == NULL)
    return self;
  g_signal_connect_object (self->queue, "notify::state", G_CALLBACK (state_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->queue, "notify::title", G_CALLBACK (tell_title), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->queue, "notify::title", G_CALLBACK (stay_awake), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (window, "close-request", G_CALLBACK (close_asked_cb), self, G_CONNECT_SWAPPED);
  start_mpris (self);
  return self;
}
