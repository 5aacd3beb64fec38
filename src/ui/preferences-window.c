#include "ui/preferences-window.h"

#include <glib/gi18n.h>

#include "core/suite.h"
#include "ui/application.h"
#include "ui/settings.h"
#include "ui/speaker-wish.h"

#define N_CLASSES 3

struct _CantigaPreferencesWindow
{
  AdwPreferencesWindow parent_instance;

  /* template */
  GtkSwitch *keep_playing;
  GtkSwitch *tell_ending;
  GtkSwitch *sign_in_automatically;
  GtkSwitch *restore;
  AdwComboRow *output;
  GtkStringList *outputs;
  AdwComboRow *replay_gain;
  GtkSwitch *gapless;
  GtkSwitch *spectrum;
  GtkSwitch *cover_colour;
  AdwComboRow *card_module;
  AdwPreferencesGroup *suites;

  AdwExpanderRow *classes[N_CLASSES]; /* borrowed */
  GPtrArray *switches;                /* GtkSwitch, borrowed, one a suite in the order of cantiga_suites_all() */
  GPtrArray *output_ids;              /* as many as outputs */
  gboolean listing;                   /* it is not the person who selects */
};

G_DEFINE_FINAL_TYPE (CantigaPreferencesWindow, cantiga_preferences_window, ADW_TYPE_PREFERENCES_WINDOW)

/* ---- suites ---- */

static void
count_suites (CantigaPreferencesWindow *self)
{
  guint on[N_CLASSES] = { 0 }, all[N_CLASSES] = { 0 };
  gsize n;
  const CantigaSuite *suites = cantiga_suites_all (&n);

  for (gsize i = 0; i < n; i++)
    {
      CantigaClass class_ = cantiga_suite_get_class (&suites[i]);

      all[class_]++;
      on[class_] += gtk_switch_get_active (g_ptr_array_index (self->switches, i));
    }
  for (guint i = 0; i < N_CLASSES; i++)
    {
      g_autofree char *subtitle = g_strdup_printf (_ ("%u of %u offered"), on[i], all[i]);

      adw_expander_row_set_subtitle (self->classes[i], subtitle);
    }
}

/* What is as it comes is kept as “default”, so that it follows newer versions of the program. */
static void
suite_switched_cb (CantigaPreferencesWindow *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) chosen = NULL;
  g_auto (GStrv) usual = cantiga_suites_expand ((const char *const[]){ "default", NULL }, NULL);
  gsize n;
  const CantigaSuite *suites = cantiga_suites_all (&n);

  for (gsize i = 0; i < n; i++)
    if (gtk_switch_get_active (g_ptr_array_index (self->switches, i)))
      g_strv_builder_add (builder, cantiga_suite_get_name (&suites[i]));
  chosen = g_strv_builder_end (builder);
  count_suites (self);
  if (chosen[0] == NULL || g_strv_equal ((const char *const *)chosen, (const char *const *)usual))
    g_settings_set_strv (cantiga_settings_get (), "suites", (const char *const[]){ "default", NULL });
  else
    g_settings_set_strv (cantiga_settings_get (), "suites", (const char *const *)chosen);
}

static GtkWidget *
create_suite_row (CantigaPreferencesWindow *self, const CantigaSuite *suite, gboolean on)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *on_switch = gtk_switch_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), cantiga_suite_get_name (suite));
  gtk_switch_set_active (GTK_SWITCH (on_switch), on);
  gtk_widget_set_valign (on_switch, GTK_ALIGN_CENTER);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), on_switch);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), on_switch);
  g_ptr_array_add (self->switches, on_switch);
  g_signal_connect_object (on_switch, "notify::active", G_CALLBACK (suite_switched_cb), self, G_CONNECT_SWAPPED);
  return row;
}

static void
make_suites (CantigaPreferencesWindow *self)
{
  const char *const titles[N_CLASSES] = { [CANTIGA_CLASS_STRONG] = C_ ("cipher class", "Strong"), [CANTIGA_CLASS_SOUND] = C_ ("cipher class", "Sound"), [CANTIGA_CLASS_LEGACY] = _ ("Legacy: only for old servers") };
  g_auto (GStrv) wished = g_settings_get_strv (cantiga_settings_get (), "suites");
  g_auto (GStrv) on = cantiga_suites_expand ((const char *const *)wished, NULL);
  gsize n;
  const CantigaSuite *suites = cantiga_suites_all (&n);

  for (guint i = 0; i < N_CLASSES; i++)
    {
      self->classes[i] = ADW_EXPANDER_ROW (adw_expander_row_new ());
      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->classes[i]), titles[i]);
      adw_preferences_group_add (self->suites, GTK_WIDGET (self->classes[i]));
    }
  adw_expander_row_add_prefix (self->classes[CANTIGA_CLASS_LEGACY],
                               g_object_new (GTK_TYPE_IMAGE, "icon-name", "dialog-warning-symbolic", "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL));
  for (gsize i = 0; i < n; i++)
    adw_expander_row_add_row (self->classes[cantiga_suite_get_class (&suites[i])],
                              create_suite_row (self, &suites[i], on != NULL && g_strv_contains ((const char *const *)on, cantiga_suite_get_name (&suites[i]))));
  count_suites (self);
}

/* ---- where sound goes ---- */

static void
add_output (CantigaPreferencesWindow *self, const char *id, const char *name)
{
  g_ptr_array_add (self->output_ids, g_strdup (id));
  gtk_string_list_append (self->outputs, name);
}

/* One that was chosen and is not there stays chosen. */
static void
list_outputs (CantigaPreferencesWindow *self)
{
  GListModel *speakers = cantiga_speakers_get_all (cantiga_speaker_wish_get_speakers ());
  g_autofree char *wished = NULL, *name = NULL, *missing = NULL;
  guint place;

  cantiga_speaker_wish_read (&wished, &name);
  missing = g_strdup_printf (_ ("%s (not there)"), name);
  self->listing = TRUE;
  gtk_string_list_splice (self->outputs, 0, self->output_ids->len, NULL);
  g_ptr_array_set_size (self->output_ids, 0);
  add_output (self, "", _ ("Automatic"));
  for (guint i = 0; i < g_list_model_get_n_items (speakers); i++)
    {
      g_autoptr (CantigaSpeaker) speaker = g_list_model_get_item (speakers, i);

      add_output (self, cantiga_speaker_get_id (speaker), cantiga_speaker_get_name (speaker));
    }
  if (*wished != '\0' && cantiga_speakers_find (cantiga_speaker_wish_get_speakers (), wished) == NULL)
    add_output (self, wished, missing);
  if (g_ptr_array_find_with_equal_func (self->output_ids, wished, g_str_equal, &place))
    adw_combo_row_set_selected (self->output, place);
  self->listing = FALSE;
}

static void
output_selected_cb (CantigaPreferencesWindow *self)
{
  guint place = adw_combo_row_get_selected (self->output);
  const char *id = place < self->output_ids->len ? self->output_ids->pdata[place] : NULL;
  CantigaSpeaker *speaker = id != NULL ? cantiga_speakers_find (cantiga_speaker_wish_get_speakers (), id) : NULL;

  if (self->listing || id == NULL)
    return;
  if (*id == '\0' || speaker != NULL)
    cantiga_speaker_wish_write (id, speaker != NULL ? cantiga_speaker_get_name (speaker) : "");
}

static void
make_outputs (CantigaPreferencesWindow *self)
{
  self->output_ids = g_ptr_array_new_with_free_func (g_free);
  list_outputs (self);
  g_signal_connect_object (self->output, "notify::selected", G_CALLBACK (output_selected_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (cantiga_speakers_get_all (cantiga_speaker_wish_get_speakers ()), "items-changed", G_CALLBACK (list_outputs), self,
                           G_CONNECT_SWAPPED);
}

/* ---- forgetting ---- */

static void
forget_answered_cb (CantigaPreferencesWindow *self, const char *response)
{
  if (!g_str_equal (response, "forget"))
    return;
  g_signal_emit_by_name (self, "forget");
  gtk_window_close (GTK_WINDOW (self));
}

static void
forget_cb (CantigaPreferencesWindow *self)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (self), _ ("Forget this computer?"),
                                              _ ("Its keys for every server are erased. Licences stay at the servers, but each needs a new invitation."));

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "forget", _ ("_Forget"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "forget", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (forget_answered_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* ---- the window ---- */

/* A choice of a list is a word in the settings, numbered as in the list. */
static gboolean
word_to_place (GValue *place, GVariant *word, gpointer key)
{
  g_value_set_uint (place, (guint)g_settings_get_enum (cantiga_settings_get (), key));
  return TRUE;
}

static GVariant *
place_to_word (const GValue *place, const GVariantType *type, gpointer key)
{
  static const char *const gains[] = { "off", "title", "album" };
  static const char *const modules[] = { "automatic", "opensc", "autenticacao-gov" };
  const char *const *words = g_str_equal (key, "replay-gain") ? gains : modules;

  return g_variant_new_string (words[MIN (g_value_get_uint (place), G_N_ELEMENTS (gains) - 1)]);
}

static void
bind_all (CantigaPreferencesWindow *self)
{
  GSettings *settings = cantiga_settings_get ();
  const struct
  {
    const char *key;
    GtkSwitch *on_switch;
  } switches[] = {
    { "keep-playing", self->keep_playing },
    { "tell-ending", self->tell_ending },
    { "sign-in-automatically", self->sign_in_automatically },
    { "restore", self->restore },
    { "gapless", self->gapless },
    { "spectrum", self->spectrum },
    { "cover-colour", self->cover_colour },
  };

  for (guint i = 0; i < G_N_ELEMENTS (switches); i++)
    g_settings_bind (settings, switches[i].key, switches[i].on_switch, "active", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind_with_mapping (settings, "replay-gain", self->replay_gain, "selected", G_SETTINGS_BIND_DEFAULT, word_to_place, place_to_word,
                                (gpointer) "replay-gain", NULL);
  g_settings_bind_with_mapping (settings, "card-module", self->card_module, "selected", G_SETTINGS_BIND_DEFAULT, word_to_place, place_to_word,
                                (gpointer) "card-module", NULL);
}

static void
cantiga_preferences_window_finalize (GObject *object)
{
  g_ptr_array_unref (CANTIGA_PREFERENCES_WINDOW (object)->switches);
  g_ptr_array_unref (CANTIGA_PREFERENCES_WINDOW (object)->output_ids);
  G_OBJECT_CLASS (cantiga_preferences_window_parent_class)->finalize (object);
}

static void
cantiga_preferences_window_class_init (CantigaPreferencesWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = cantiga_preferences_window_finalize;
  g_signal_new ("forget", CANTIGA_TYPE_PREFERENCES_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/preferences-window.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaPreferencesWindow, keep_playing);
  gtk_widget_class_bind_template_child (widget_class, CantigaPreferencesWindow, tell_ending);
  gtk_widget_class_bind_template_child (widget_class, CantigaPreferencesWindow, sign_in_automatically);
  gtk_widget_class_bind_template_child (widget_class, CantigaPreferencesWindow, restore);
  gtk_widget_class_bind_template_child (widget_class, CantigaPreferencesWindow, output);
  gtk_widget_class_bind_template_child (widget_class, CantigaPreferencesWindow, outputs);
  gtk_widget_class_bind_template_child (widget_class, CantigaPreferencesWindow, replay_gain);
  gtk_widget_class_bind_template_child (widget_class, CantigaPreferencesWindow, gapless);
  gtk_widget_class_bind_template_child (widget_class, CantigaPreferencesWindow, spectrum);
  gtk_widget_class_bind_template_child (widget_class, CantigaPreferencesWindow, cover_colour);
  gtk_widget_class_bind_template_child (widget_class, CantigaPreferencesWindow, card_module);
  gtk_widget_class_bind_template_child (widget_class, CantigaPreferencesWindow, suites);
  gtk_widget_class_bind_template_callback (widget_class, forget_cb);
}

static void
cantiga_preferences_window_init (CantigaPreferencesWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->switches = g_ptr_array_new ();
  bind_all (self);
  make_outputs (self);
  make_suites (self);
}

GtkWidget *
cantiga_preferences_window_new (GtkWindow *parent)
{
  return g_object_new (CANTIGA_TYPE_PREFERENCES_WINDOW, "transient-for", parent, NULL);
}

void
cantiga_preferences_window_show_page (CantigaPreferencesWindow *self, const char *name)
{
  adw_preferences_window_set_visible_page_name (ADW_PREFERENCES_WINDOW (self), name);
}
