#include "ui/application.h"

#include <glib/gi18n.h>

#include "ui/about.h"
#include "ui/preferences-window.h"
#include "ui/presence.h"
#include "ui/probe.h"
#include "ui/spoken-names.h"
#include "ui/window.h"

struct _CantigaApplication
{
  AdwApplication parent_instance;

  /* what it was started with */
  char *state;    /* folder; NULL for the default */
  char **modules; /* PKCS#11 modules; NULL for p11-kit's */

  /* owned */
  CantigaPresence *presence; /* as long as there is a window */
  CantigaSharing *sharing;
  CantigaDemo *demo;
  gboolean quitting;
};

G_DEFINE_FINAL_TYPE (CantigaApplication, cantiga_application, ADW_TYPE_APPLICATION)

static const GOptionEntry entries[] = {
  { "state", 0, 0, G_OPTION_ARG_FILENAME, NULL, N_ ("Keep servers and keys in FOLDER"), N_ ("FOLDER") },
  { "card-module", 0, 0, G_OPTION_ARG_FILENAME, NULL, N_ ("Use this PKCS#11 module for cards"), N_ ("MODULE") },
  { "demo", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Try it with music that is made here, and no card"), NULL },
  { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Say the version"), NULL },
  { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, NULL, NULL, N_ ("[INVITATION]") },
  { NULL },
};

static void
cantiga_application_shutdown (GApplication *application)
{
  g_clear_object (&CANTIGA_APPLICATION (application)->presence);
  g_clear_object (&CANTIGA_APPLICATION (application)->sharing);
  g_clear_object (&CANTIGA_APPLICATION (application)->demo);
  G_APPLICATION_CLASS (cantiga_application_parent_class)->shutdown (application);
}

static void
cantiga_application_finalize (GObject *object)
{
  CantigaApplication *self = CANTIGA_APPLICATION (object);

  g_free (self->state);
  g_strfreev (self->modules);
  G_OBJECT_CLASS (cantiga_application_parent_class)->finalize (object);
}

/* Hidden or not. */
static CantigaWindow *
find_window (CantigaApplication *self)
{
  for (GList *each = gtk_application_get_windows (GTK_APPLICATION (self)); each != NULL; each = each->next)
    if (CANTIGA_IS_WINDOW (each->data))
      return each->data;
  return NULL;
}

/* ---- the window ---- */

static void
opened_cb (CantigaApplication *self)
{
  CantigaWindow *window = find_window (self);
  GListModel *titles = window != NULL ? cantiga_window_get_titles (window) : NULL;

  if (titles != NULL)
    cantiga_presence_tell_ending (self->presence, titles);
}

static CantigaWindow *
get_window (CantigaApplication *self)
{
  CantigaWindow *window = find_window (self);

  if (window != NULL)
    return window;
  if (self->sharing == NULL)
    {
      self->sharing = cantiga_sharing_new (NULL);
      self->demo = cantiga_demo_new ();
    }
  window = cantiga_window_new (GTK_APPLICATION (self), self->sharing, self->demo, self->state, (const char *const *)self->modules);
  self->presence = cantiga_presence_new (GTK_APPLICATION (self), window);
  g_signal_connect_object (window, "opened", G_CALLBACK (opened_cb), self, G_CONNECT_SWAPPED);
  return window;
}

static void
cantiga_application_activate (GApplication *application)
{
  gtk_window_present (GTK_WINDOW (get_window (CANTIGA_APPLICATION (application))));
}

/* ---- the command line ---- */

static int
cantiga_application_local_options (GApplication *application, GVariantDict *options)
{
  if (!g_variant_dict_contains (options, "version"))
    return -1;
  g_print ("cantiga " CANTIGA_VERSION "\n");
  return 0;
}

/* Only the first start says where things are: the others speak to it. */
static void
take_places (CantigaApplication *self, GVariantDict *options)
{
  const char *module;

  if (self->state != NULL || self->modules != NULL || gtk_application_get_windows (GTK_APPLICATION (self)) != NULL)
    return;
  g_variant_dict_lookup (options, "state", "^ay", &self->state);
  if (g_variant_dict_lookup (options, "card-module", "^&ay", &module))
    self->modules = g_strdupv ((char **)(const char *[]){ module, NULL });
}

static int
cantiga_application_command_line (GApplication *application, GApplicationCommandLine *line)
{
  CantigaApplication *self = CANTIGA_APPLICATION (application);
  GVariantDict *options = g_application_command_line_get_options_dict (line);
  g_autofree const char **links = NULL;

  take_places (self, options);
  g_application_activate (application);
  if (g_variant_dict_lookup (options, G_OPTION_REMAINING, "^a&s", &links) && links[0] != NULL)
    cantiga_window_invite (get_window (self), links[0]);
  if (g_variant_dict_contains (options, "demo"))
    cantiga_window_start_demo (get_window (self));
  return 0;
}

/* ---- actions ---- */

static void
about_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  cantiga_about_show (gtk_application_get_active_window (self), (const char *const *)CANTIGA_APPLICATION (self)->modules);
}

static void
demo_stopped_cb (GObject *source, GAsyncResult *result, gpointer self)
{
  cantiga_demo_stop_finish (CANTIGA_DEMO (source), result);
  g_application_quit (self);
}

static void
sharing_stopped_cb (GObject *source, GAsyncResult *result, gpointer self)
{
  cantiga_sharing_stop_finish (CANTIGA_SHARING (source), result);
  cantiga_demo_stop_async (CANTIGA_APPLICATION (self)->demo, demo_stopped_cb, self);
}

static void
kept_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  CantigaApplication *self = user_data;
  GList *windows;

  cantiga_window_keep_finish (CANTIGA_WINDOW (source), result);
  g_clear_object (&self->presence);
  while ((windows = gtk_application_get_windows (GTK_APPLICATION (self))) != NULL)
    gtk_window_destroy (windows->data);
  cantiga_sharing_stop_async (self->sharing, sharing_stopped_cb, self);
}

/* The window goes at once; the server inside answers what is under way first. */
static void
quit_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  CantigaApplication *self = user_data;
  CantigaWindow *window = find_window (self);

  if (window == NULL)
    return g_application_quit (G_APPLICATION (self));
  if (self->quitting)
    return;
  self->quitting = TRUE;
  g_application_hold (G_APPLICATION (self));
  cantiga_window_keep_size (window);
  gtk_widget_set_visible (GTK_WIDGET (window), FALSE);
  cantiga_window_keep_async (window, kept_cb, self);
}

static void
activate_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  g_application_activate (self);
}

static void
preferences_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  CantigaWindow *window = get_window (user_data);
  GtkWidget *preferences = cantiga_preferences_window_new (GTK_WINDOW (window));

  if (parameter != NULL)
    cantiga_preferences_window_show_page (CANTIGA_PREFERENCES_WINDOW (preferences), g_variant_get_string (parameter, NULL));
  g_signal_connect_object (preferences, "forget", G_CALLBACK (cantiga_window_forget_all), window, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (preferences));
}

static const GActionEntry actions[] = {
  { .name = "about", .activate = about_cb },
  { .name = "quit", .activate = quit_cb },
  { .name = "activate", .activate = activate_cb },
  { .name = "preferences", .activate = preferences_cb },
  { .name = "preferences-page", .parameter_type = "s", .activate = preferences_cb },
};

static const struct
{
  const char *action;
  const char *keys[3];
} accels[] = {
  { "app.quit", { "<Control>q" } },
  { "app.preferences", { "<Control>comma" } },
  { "window.close", { "<Control>w" } },
  { "win.show-help-overlay", { "<Control>question" } },
  { "win.page::servers", { "<Control>1" } },
  { "win.page::library", { "<Control>2" } },
  { "win.page::licences", { "<Control>3" } },
  { "win.page::sharing", { "<Control>4" } },
  { "win.add-music", { "<Control>o" } },
  { "win.search", { "<Control>f" } },
  { "win.back", { "<Alt>Left" } },
  { "win.next", { "<Control>n" } },
  { "win.previous", { "<Control>b" } },
  { "win.mute", { "<Control>m" } },
  { "win.shuffle", { "<Control>s" } },
  { "win.repeat", { "<Control>r" } },
  { "win.now-playing", { "<Control>u" } },
  { "win.show-pane::queue", { "F9" } },
  { "win.full", { "F11" } },
  { "win.louder", { "<Control>Up" } },
  { "win.quieter", { "<Control>Down" } },
  { "win.forward", { "<Control><Shift>Right" } },
  { "win.backward", { "<Control><Shift>Left" } },
};

static void
cantiga_application_startup (GApplication *application)
{
  G_APPLICATION_CLASS (cantiga_application_parent_class)->startup (application);
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions), application);
  for (guint i = 0; i < G_N_ELEMENTS (accels); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (application), accels[i].action, accels[i].keys);
  gtk_window_set_default_icon_name (CANTIGA_APPLICATION_ID);
  /* Words that can be marked are not all marked only because the keyboard came by. */
  g_object_set (gtk_settings_get_default (), "gtk-label-select-on-focus", FALSE, NULL);
  cantiga_spoken_names_mend ();
  cantiga_probe_start (G_ACTION_MAP (application));
}

static void
cantiga_application_class_init (CantigaApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = cantiga_application_finalize;
  application_class->startup = cantiga_application_startup;
  application_class->shutdown = cantiga_application_shutdown;
  application_class->activate = cantiga_application_activate;
  application_class->handle_local_options = cantiga_application_local_options;
  application_class->command_line = cantiga_application_command_line;
}

static void
cantiga_application_init (CantigaApplication *self)
{
  g_application_add_main_option_entries (G_APPLICATION (self), entries);
  g_application_set_option_context_parameter_string (G_APPLICATION (self), _ ("– hear music that is kept for you"));
}

CantigaApplication *
cantiga_application_new (void)
{
  return g_object_new (CANTIGA_TYPE_APPLICATION, "application-id", CANTIGA_APPLICATION_ID, "resource-base-path", "/io/github/cantiga/Cantiga",
                       "flags", G_APPLICATION_HANDLES_COMMAND_LINE, NULL);
}
