#include "ui/sharing-page.h"

#include <glib/gi18n.h>

#include "core/error.h"
#include "ui/announce.h"
#include "ui/application.h"
#include "ui/error-words.h"
#include "ui/settings.h"
#include "ui/sharing-invite.h"
#include "ui/sharing-rows.h"
#include "ui/spoken-names.h"
#include "ui/toast.h"

struct _CantigaSharingPage
{
  AdwBin parent_instance;

  /* template */
  GtkWidget *intro;
  AdwActionRow *switch_row;
  GtkSpinner *spinner;
  GtkWidget *other_port;
  GtkSwitch *on_switch;
  GtkEditable *name_row;
  AdwActionRow *address_row;
  GtkWidget *firewall_row;
  AdwPreferencesGroup *music;
  AdwPreferencesRow *titles_row;
  AdwPreferencesRow *trouble_row;
  AdwActionRow *progress_row;
  GtkProgressBar *progress;
  AdwExpanderRow *failed_row;
  AdwPreferencesGroup *listeners;
  GtkListBox *listener_rows;
  AdwPreferencesGroup *cards;
  GtkListBox *card_rows;
  GtkWidget *log;
  GtkDropDown *log_choice;
  GtkListView *log_lines;
  GtkRevealer *drop;

  /* owned */
  CantigaSharing *sharing;
  GtkFilter *log_filter;
  GPtrArray *failed; /* rows of what could not be read; borrowed */
  GStrv waiting;     /* files to add once sharing is on */
  gboolean heard;    /* somebody reached this computer once: no firewall stops them */
};

G_DEFINE_FINAL_TYPE (CantigaSharingPage, cantiga_sharing_page, ADW_TYPE_BIN)

static void
show_toast (CantigaSharingPage *self, const char *text)
{
  cantiga_toast_show (cantiga_toast_new (text), GTK_WIDGET (self));
}

/* ---- what is so ---- */

static char *
dup_standing (CantigaSharingPage *self)
{
  const GError *error = cantiga_sharing_get_error (self->sharing);

  switch (cantiga_sharing_get_state (self->sharing))
    {
    case CANTIGA_SHARING_STARTING:
      return g_strdup (_ ("Starting"));
    case CANTIGA_SHARING_STOPPING:
      return g_strdup (_ ("Stopping, when what is under way is done"));
    case CANTIGA_SHARING_ON:
      return g_strdup (_ ("On: who is invited can listen"));
    default:
      break;
    }
  if (error == NULL)
    return g_strdup (_ ("Off"));
  if (g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_BUSY))
    return g_strdup_printf (_ ("Port %u is taken by another program"), g_settings_get_uint (cantiga_settings_get (), "sharing-port"));
  return g_strdup (cantiga_error_words_get (error));
}

static void
show_state (CantigaSharingPage *self)
{
  CantigaSharingState state = cantiga_sharing_get_state (self->sharing);
  gboolean on = state == CANTIGA_SHARING_ON;
  gboolean moves = state == CANTIGA_SHARING_STARTING || state == CANTIGA_SHARING_STOPPING;
  g_autofree char *standing = dup_standing (self);

  if (!moves && gtk_widget_get_mapped (GTK_WIDGET (self)) && g_strcmp0 (adw_action_row_get_subtitle (self->switch_row), standing) != 0)
    cantiga_announce (GTK_WIDGET (self->switch_row), standing, CANTIGA_SAY_SOON);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (self->switch_row), FALSE);
  adw_action_row_set_subtitle (self->switch_row, standing);
  gtk_spinner_set_spinning (self->spinner, moves);
  gtk_switch_set_active (self->on_switch, state == CANTIGA_SHARING_STARTING || on);
  gtk_switch_set_state (self->on_switch, on);
  /* The keyboard would be nowhere. */
  if (moves && gtk_widget_is_focus (GTK_WIDGET (self->on_switch)))
    gtk_widget_grab_focus (GTK_WIDGET (self->switch_row));
  gtk_widget_set_sensitive (GTK_WIDGET (self->on_switch), !moves);
  gtk_widget_set_visible (self->other_port, g_error_matches (cantiga_sharing_get_error (self->sharing), CANTIGA_ERROR, CANTIGA_ERROR_BUSY));
  gtk_widget_set_visible (self->intro, state == CANTIGA_SHARING_OFF);
  gtk_editable_set_editable (self->name_row, state == CANTIGA_SHARING_OFF);
  gtk_widget_set_visible (GTK_WIDGET (self->address_row), on);
  adw_action_row_set_subtitle (self->address_row, on ? cantiga_sharing_get_address (self->sharing) : "");
  gtk_widget_set_visible (self->firewall_row, on && !self->heard);
  gtk_widget_set_visible (GTK_WIDGET (self->music), on);
  gtk_widget_set_visible (GTK_WIDGET (self->listeners), on);
  gtk_widget_set_visible (GTK_WIDGET (self->cards), on && g_list_model_get_n_items (cantiga_sharing_get_cards (self->sharing)) > 0);
  gtk_widget_set_visible (self->log, on);
}

static void
show_music (CantigaSharingPage *self)
{
  const CantigaSharingProgress *progress = cantiga_sharing_get_progress (self->sharing);
  guint titles = cantiga_sharing_get_titles (self->sharing);
  g_autofree char *count = g_strdup_printf (ngettext ("%u title", "%u titles", titles), titles);
  g_autofree char *line = NULL;

  adw_preferences_row_set_title (self->titles_row, titles == 0 ? _ ("Nothing yet: add music to share") : count);
  gtk_widget_set_visible (GTK_WIDGET (self->progress_row), progress->active);
  if (!progress->active)
    return;
  line = progress->name != NULL ? g_strdup_printf (_ ("Adding: %u of %u"), progress->at + 1, progress->n) : g_strdup (_ ("Looking for music"));
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->progress_row), line);
  cantiga_announce (GTK_WIDGET (self->progress_row), line, CANTIGA_SAY_RESTED);
  adw_action_row_set_subtitle (self->progress_row, progress->name != NULL ? progress->name : "");
  gtk_progress_bar_set_fraction (self->progress, progress->n > 0 ? (progress->at + progress->part) / progress->n : 0);
}

static void
show_listeners (CantigaSharingPage *self)
{
  guint n = g_list_model_get_n_items (cantiga_sharing_get_listeners (self->sharing));

  self->heard = self->heard || n > 0;
  gtk_widget_set_visible (GTK_WIDGET (self->listener_rows), n > 0);
  adw_preferences_group_set_description (self->listeners, n == 0 ? _ ("Nobody is here. Invite somebody.") : NULL);
}

static void
changed_cb (CantigaSharingPage *self)
{
  show_listeners (self);
  show_state (self);
  show_music (self);
  if (self->waiting == NULL || cantiga_sharing_get_state (self->sharing) != CANTIGA_SHARING_ON)
    return;
  cantiga_sharing_add (self->sharing, (const char *const *)self->waiting, FALSE);
  g_clear_pointer (&self->waiting, g_strfreev);
}

static void
clear_failed (CantigaSharingPage *self)
{
  for (guint i = 0; i < self->failed->len; i++)
    adw_expander_row_remove (self->failed_row, g_ptr_array_index (self->failed, i));
  g_ptr_array_set_size (self->failed, 0);
}

/* What could not be read stays told where it was tried. */
static void
show_failed (CantigaSharingPage *self, const char *const *failed)
{
  guint n = failed != NULL ? g_strv_length ((char **)failed) : 0;
  g_autofree char *title = g_strdup_printf (ngettext ("%u file could not be read", "%u files could not be read", n), n);

  clear_failed (self);
  gtk_widget_set_visible (GTK_WIDGET (self->failed_row), n > 0);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->failed_row), title);
  for (guint i = 0; i < n; i++)
    {
      GtkWidget *row = adw_action_row_new ();

      adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), failed[i]);
      adw_expander_row_add_row (self->failed_row, row);
      g_ptr_array_add (self->failed, row);
    }
}

static void
added_cb (CantigaSharingPage *self, guint added, guint there, const char *const *failed, const GError *error)
{
  g_autofree char *said = NULL;

  gboolean stopped = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  gtk_widget_set_visible (GTK_WIDGET (self->trouble_row), error != NULL && !stopped);
  if (error != NULL && !stopped)
    return adw_preferences_row_set_title (self->trouble_row, cantiga_error_words_get (error));
  if (stopped)
    return show_toast (self, _ ("Stopped: what was added stays"));
  said = added == 0 && there > 0 ? g_strdup (_ ("It was there already"))
                                 : g_strdup_printf (ngettext ("%u title added", "%u titles added", added), added);
  show_failed (self, failed);
  show_toast (self, said);
}

/* ---- the switch ---- */

static void
start (CantigaSharingPage *self)
{
  GSettings *settings = cantiga_settings_get ();
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (self->name_row)));
  g_autofree char *listen = g_strdup_printf ("0.0.0.0:%u", g_settings_get_uint (settings, "sharing-port"));

  g_settings_set_string (settings, "sharing-name", name);
  cantiga_sharing_start (self->sharing, *name != '\0' ? name : g_get_host_name (), listen);
}

static void
stop_answered_cb (CantigaSharingPage *self, const char *response)
{
  if (g_str_equal (response, "stop"))
    cantiga_sharing_stop (self->sharing);
}

static void
ask_to_stop (CantigaSharingPage *self, guint n)
{
  g_autofree char *heading = g_strdup_printf (ngettext ("%u person is listening", "%u people are listening", n), n);
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), heading,
                                              _ ("What they hear breaks off. No play of theirs is lost: they can go on when you share again."));

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "stop", _ ("_Stop sharing"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "stop", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (stop_answered_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* The switch shows what is so, and not what was asked for. */
static gboolean
switched_cb (GtkSwitch *on_switch, gboolean on, CantigaSharingPage *self)
{
  CantigaSharingState state = cantiga_sharing_get_state (self->sharing);
  guint n = g_list_model_get_n_items (cantiga_sharing_get_listeners (self->sharing));

  if (on && state == CANTIGA_SHARING_OFF)
    start (self);
  else if (!on && state == CANTIGA_SHARING_ON && n > 0)
    {
      ask_to_stop (self, n);
      gtk_switch_set_active (on_switch, TRUE);
    }
  else if (!on && state == CANTIGA_SHARING_ON)
    cantiga_sharing_stop (self->sharing);
  return GDK_EVENT_STOP;
}

static void
use_other_port (GtkWidget *widget, const char *action, GVariant *parameter)
{
  CantigaSharingPage *self = CANTIGA_SHARING_PAGE (widget);

  g_settings_set_uint (cantiga_settings_get (), "sharing-port", 0);
  start (self);
}

/* ---- adding ---- */

void
cantiga_sharing_page_add_files (CantigaSharingPage *self, const char *const *paths)
{
  if (cantiga_sharing_get_state (self->sharing) == CANTIGA_SHARING_ON)
    return cantiga_sharing_add (self->sharing, paths, FALSE);
  g_strfreev (self->waiting);
  self->waiting = g_strdupv ((char **)paths);
  if (cantiga_sharing_get_state (self->sharing) == CANTIGA_SHARING_OFF)
    start (self);
}

static void
add_all (CantigaSharingPage *self, GListModel *files)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) paths = NULL;

  for (guint i = 0; i < g_list_model_get_n_items (files); i++)
    {
      g_autoptr (GFile) file = g_list_model_get_item (files, i);
      g_autofree char *path = g_file_get_path (file);

      if (path != NULL)
        g_strv_builder_add (builder, path);
    }
  paths = g_strv_builder_end (builder);
  if (paths[0] != NULL)
    cantiga_sharing_page_add_files (self, (const char *const *)paths);
}

static void
chosen_cb (GtkNativeDialog *dialog, int response, CantigaSharingPage *self)
{
  g_autoptr (GListModel) files = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog)) : NULL;

  if (files != NULL)
    add_all (self, files);
  g_object_unref (dialog);
}

static void
choose (CantigaSharingPage *self, GtkFileChooserAction action, const char *title)
{
  GtkFileChooserNative *dialog
      = gtk_file_chooser_native_new (title, GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), action, _ ("_Add"), _ ("_Cancel"));
  const char *music = g_get_user_special_dir (G_USER_DIRECTORY_MUSIC);
  g_autoptr (GFile) folder = music != NULL ? g_file_new_for_path (music) : NULL;

  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (dialog), TRUE);
  if (folder != NULL)
    gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (dialog), folder, NULL);
  g_signal_connect_object (dialog, "response", G_CALLBACK (chosen_cb), self, 0);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

void
cantiga_sharing_page_add (CantigaSharingPage *self)
{
  choose (self, GTK_FILE_CHOOSER_ACTION_OPEN, _ ("Add music"));
}

static void
add (GtkWidget *widget, const char *action, GVariant *parameter)
{
  cantiga_sharing_page_add (CANTIGA_SHARING_PAGE (widget));
}

static void
add_folder (GtkWidget *widget, const char *action, GVariant *parameter)
{
  choose (CANTIGA_SHARING_PAGE (widget), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _ ("Add a folder of music"));
}

static void
stop_adding (GtkWidget *widget, const char *action, GVariant *parameter)
{
  cantiga_sharing_stop_adding (CANTIGA_SHARING_PAGE (widget)->sharing);
}

static GdkDragAction
drop_entered_cb (CantigaSharingPage *self)
{
  gtk_revealer_set_reveal_child (self->drop, TRUE);
  return GDK_ACTION_COPY;
}

static void
drop_left_cb (CantigaSharingPage *self)
{
  gtk_revealer_set_reveal_child (self->drop, FALSE);
}

static gboolean
dropped_cb (CantigaSharingPage *self, const GValue *value)
{
  g_autoptr (GListStore) files = g_list_store_new (G_TYPE_FILE);

  drop_left_cb (self);
  for (GSList *each = g_value_get_boxed (value); each != NULL; each = each->next)
    g_list_store_append (files, each->data);
  add_all (self, G_LIST_MODEL (files));
  return TRUE;
}

static void
accept_drops (CantigaSharingPage *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  g_signal_connect_swapped (target, "enter", G_CALLBACK (drop_entered_cb), self);
  g_signal_connect_swapped (target, "leave", G_CALLBACK (drop_left_cb), self);
  g_signal_connect_swapped (target, "drop", G_CALLBACK (dropped_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}

/* ---- people ---- */

static void
invite (GtkWidget *widget, const char *action, GVariant *parameter)
{
  CantigaSharingPage *self = CANTIGA_SHARING_PAGE (widget);

  gtk_window_present (GTK_WINDOW (cantiga_sharing_invite_new (GTK_WINDOW (gtk_widget_get_root (widget)), self->sharing)));
}

static void
approve_card (GtkWidget *widget, const char *action, GVariant *id)
{
  cantiga_sharing_approve_card (CANTIGA_SHARING_PAGE (widget)->sharing, g_variant_get_string (id, NULL));
}

static void
revoke_answered_cb (AdwMessageDialog *dialog, const char *response, CantigaSharingPage *self)
{
  if (g_str_equal (response, "revoke"))
    cantiga_sharing_revoke_card (self->sharing, g_object_get_data (G_OBJECT (dialog), "card"));
}

static void
revoke_card (GtkWidget *widget, const char *action, GVariant *id)
{
  GtkWidget *dialog
      = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (widget)), _ ("Revoke this card?"), _ ("Its holder hears nothing more from here."));

  g_object_set_data_full (G_OBJECT (dialog), "card", g_variant_dup_string (id, NULL), g_free);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "revoke", _ ("_Revoke"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "revoke", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (revoke_answered_cb), widget, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* ---- copying ---- */

static void
copy (CantigaSharingPage *self, const char *text)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
  show_toast (self, _ ("Copied"));
}

static void
copy_address (GtkWidget *widget, const char *action, GVariant *parameter)
{
  copy (CANTIGA_SHARING_PAGE (widget), cantiga_sharing_get_address (CANTIGA_SHARING_PAGE (widget)->sharing));
}

/* For whichever of the two there is. */
static void
copy_firewall (GtkWidget *widget, const char *action, GVariant *parameter)
{
  CantigaSharingPage *self = CANTIGA_SHARING_PAGE (widget);
  const char *port = strrchr (cantiga_sharing_get_address (self->sharing), ':') + 1;
  g_autofree char *ufw = g_find_program_in_path ("ufw");
  g_autofree char *command = ufw != NULL ? g_strdup_printf ("sudo ufw allow %s/tcp", port) : g_strdup_printf ("sudo firewall-cmd --add-port=%s/tcp", port);

  copy (self, command);
}

static void
copy_log (GtkWidget *widget, const char *action, GVariant *parameter)
{
  CantigaSharingPage *self = CANTIGA_SHARING_PAGE (widget);
  GListModel *lines = cantiga_sharing_get_log (self->sharing);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (lines); i++)
    {
      g_autoptr (CantigaShareEntry) entry = g_list_model_get_item (lines, i);
      g_autofree char *line = cantiga_sharing_rows_dup_line (entry);

      g_string_append_printf (text, "%s\n", line);
    }
  copy (self, text->str);
}

/* ---- the log ---- */

static gboolean
shows_line (gpointer item, gpointer user_data)
{
  CantigaSharingPage *self = user_data;
  guint choice = gtk_drop_down_get_selected (self->log_choice);

  return choice == 0 || CANTIGA_SHARE_ENTRY (item)->kind == (choice == 1 ? CANTIGA_SHARE_PEOPLE : CANTIGA_SHARE_REFUSAL);
}

static void
log_chosen_cb (CantigaSharingPage *self)
{
  if (self->log_filter != NULL)
    gtk_filter_changed (self->log_filter, GTK_FILTER_CHANGE_DIFFERENT);
}

static void
bind_log (CantigaSharingPage *self)
{
  g_autoptr (GtkListItemFactory) factory = cantiga_sharing_rows_create_log_factory ();
  g_autoptr (GtkNoSelection) shown = NULL;

  self->log_filter = GTK_FILTER (gtk_custom_filter_new (shows_line, self, NULL));
  shown = gtk_no_selection_new (
      G_LIST_MODEL (gtk_filter_list_model_new (g_object_ref (cantiga_sharing_get_log (self->sharing)), g_object_ref (self->log_filter))));
  gtk_list_view_set_factory (self->log_lines, factory);
  gtk_list_view_set_model (self->log_lines, GTK_SELECTION_MODEL (shown));
}

/* ---- the page ---- */

void
cantiga_sharing_page_set_sharing (CantigaSharingPage *self, CantigaSharing *sharing)
{
  g_autofree char *name = g_settings_get_string (cantiga_settings_get (), "sharing-name");
  g_autofree char *own = g_strdup_printf (_ ("Music of %s"), g_get_real_name ());
  gboolean nameless = g_str_equal (g_get_real_name (), "Unknown") || *g_get_real_name () == '\0';

  self->sharing = g_object_ref (sharing);
  gtk_editable_set_text (self->name_row, *name != '\0' ? name : nameless ? g_get_host_name () : own);
  gtk_list_box_bind_model (self->listener_rows, cantiga_sharing_get_listeners (sharing), cantiga_sharing_rows_create_listener, NULL, NULL);
  gtk_list_box_bind_model (self->card_rows, cantiga_sharing_get_cards (sharing), cantiga_sharing_rows_create_card, NULL, NULL);
  bind_log (self);
  g_signal_connect_object (sharing, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (sharing, "added", G_CALLBACK (added_cb), self, G_CONNECT_SWAPPED);
  changed_cb (self);
}

static void
cantiga_sharing_page_dispose (GObject *object)
{
  CantigaSharingPage *self = CANTIGA_SHARING_PAGE (object);

  g_clear_object (&self->sharing);
  g_clear_object (&self->log_filter);
  G_OBJECT_CLASS (cantiga_sharing_page_parent_class)->dispose (object);
}

static void
cantiga_sharing_page_finalize (GObject *object)
{
  CantigaSharingPage *self = CANTIGA_SHARING_PAGE (object);

  g_ptr_array_unref (self->failed);
  g_strfreev (self->waiting);
  G_OBJECT_CLASS (cantiga_sharing_page_parent_class)->finalize (object);
}

static void
install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "sharing.use-other-port", NULL, use_other_port);
  gtk_widget_class_install_action (widget_class, "sharing.add", NULL, add);
  gtk_widget_class_install_action (widget_class, "sharing.add-folder", NULL, add_folder);
  gtk_widget_class_install_action (widget_class, "sharing.stop-adding", NULL, stop_adding);
  gtk_widget_class_install_action (widget_class, "sharing.invite", NULL, invite);
  gtk_widget_class_install_action (widget_class, "sharing.approve-card", "s", approve_card);
  gtk_widget_class_install_action (widget_class, "sharing.revoke-card", "s", revoke_card);
  gtk_widget_class_install_action (widget_class, "sharing.copy-address", NULL, copy_address);
  gtk_widget_class_install_action (widget_class, "sharing.copy-firewall", NULL, copy_firewall);
  gtk_widget_class_install_action (widget_class, "sharing.copy-log", NULL, copy_log);
}

static void
cantiga_sharing_page_class_init (CantigaSharingPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_sharing_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = cantiga_sharing_page_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/sharing-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, intro);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, switch_row);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, spinner);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, other_port);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, on_switch);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, name_row);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, address_row);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, firewall_row);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, music);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, titles_row);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, trouble_row);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, progress_row);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, progress);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, failed_row);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, listeners);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, listener_rows);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, cards);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, card_rows);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, log);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, log_choice);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, log_lines);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingPage, drop);
  gtk_widget_class_bind_template_callback (widget_class, switched_cb);
  gtk_widget_class_bind_template_callback (widget_class, log_chosen_cb);
  install_actions (widget_class);
}

static void
cantiga_sharing_page_init (CantigaSharingPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  cantiga_spoken_names_set_entry (ADW_ENTRY_ROW (self->name_row));
  /* A group with a title would give its list the title for a name. */
  gtk_accessible_update_property (GTK_ACCESSIBLE (gtk_widget_get_ancestor (GTK_WIDGET (self->switch_row), GTK_TYPE_LIST_BOX)),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Share from this computer"), -1);
  self->failed = g_ptr_array_new ();
  accept_drops (self);
}
