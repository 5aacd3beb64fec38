#include "ui/servers-page.h"

#include <glib/gi18n.h>

#include "client/discovery.h"
#include "client/network.h"
#include "core/chain.h"
#include "core/kdf.h"
#include "ui/application.h"
#include "ui/error-words.h"
#include "ui/server-row.h"
#include "ui/toast.h"

#define NAME_MAX_LETTERS 64

struct _CantigaServersPage
{
  AdwBin parent_instance;

  /* template */
  GtkStack *stack;
  GtkListBox *rows;
  AdwStatusPage *trouble;
  GtkWidget *yours;
  AdwPreferencesGroup *found;
  GtkListBox *found_rows;
  GtkSpinner *searching;
  AdwActionRow *demo_row;
  GtkSpinner *demo_spinner;

  /* owned */
  CantigaStore *store;
  CantigaVisit *visit;
  GHashTable *leaving; /* CantigaPaired, hidden until they are forgotten or the person thinks again */
  GtkFilter *filter;
  GtkFilterListModel *shown;
  CantigaDiscovery *discovery;
  GtkFilter *strangers; /* found, and not among those above */
  GtkFilterListModel *found_shown;
  CantigaDemo *demo;
};

G_DEFINE_FINAL_TYPE (CantigaServersPage, cantiga_servers_page, ADW_TYPE_BIN)

/* ---- rows ---- */

static void
show_visit (CantigaServersPage *self)
{
  for (GtkWidget *row = gtk_widget_get_first_child (GTK_WIDGET (self->rows)); row != NULL; row = gtk_widget_get_next_sibling (row))
    if (CANTIGA_IS_SERVER_ROW (row))
      cantiga_server_row_show_visit (CANTIGA_SERVER_ROW (row), self->visit);
}

static void
choose_page (CantigaServersPage *self)
{
  gboolean any = self->shown != NULL && g_list_model_get_n_items (G_LIST_MODEL (self->shown)) > 0;
  gboolean found = g_list_model_get_n_items (G_LIST_MODEL (self->found_shown)) > 0;
  gboolean demo = self->demo != NULL && (cantiga_demo_get_state (self->demo) != CANTIGA_DEMO_OFF || cantiga_demo_get_error (self->demo) != NULL);

  gtk_widget_set_visible (self->yours, any);
  if (self->store != NULL)
    gtk_stack_set_visible_child_name (self->stack, any || found || demo ? "rows" : "empty");
}

static GtkWidget *
create_row (gpointer item, gpointer user_data)
{
  CantigaServersPage *self = user_data;
  GtkWidget *row = cantiga_server_row_new (item);

  cantiga_server_row_show_visit (CANTIGA_SERVER_ROW (row), self->visit);
  return row;
}

/* ---- found on this network ---- */

static gboolean
is_stranger (gpointer found, gpointer user_data)
{
  CantigaServersPage *self = user_data;
  GListModel *servers = self->store != NULL ? cantiga_store_get_servers (self->store) : NULL;
  gboolean known = FALSE;

  for (guint i = 0; servers != NULL && !known && i < g_list_model_get_n_items (servers); i++)
    {
      g_autoptr (CantigaPaired) paired = g_list_model_get_item (servers, i);
      guint8 pin[CANTIGA_HASH_LENGTH];
      g_autofree char *text = NULL;

      cantiga_certificate_pin (cantiga_paired_get_authority (paired), pin);
      text = cantiga_base64url_encode (pin, sizeof pin);
      known = g_strcmp0 (text, cantiga_found_get_pin (found)) == 0;
    }
  return !known;
}

static GtkWidget *
create_found_row (gpointer found, gpointer user_data)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *image = g_object_new (GTK_TYPE_IMAGE, "icon-name", "cantiga-server-symbolic", "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  GtkWidget *add = g_object_new (GTK_TYPE_IMAGE, "icon-name", "list-add-symbolic", "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  g_autofree char *name = g_strdup_printf ("%s, %s", cantiga_found_get_name (found), _ ("New · needs an invitation"));

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), cantiga_found_get_name (found));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), _ ("New · needs an invitation"));
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), image);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), add);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (row), "s", cantiga_found_get_name (found));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (row), "servers.ask-invitation");
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  return row;
}

/* NULL: what was found says enough, or it is too soon. */
static const char *
say_found (CantigaDiscoveryState state, guint n)
{
  if (state == CANTIGA_DISCOVERY_ABSENT)
    return _ ("This computer cannot search. An invitation works all the same.");
  if (n > 0)
    return NULL;
  if (!cantiga_network_is_there ())
    return _ ("You are not on a network");
  return state == CANTIGA_DISCOVERY_FOLLOWING ? _ ("Nothing new found") : NULL;
}

static void
show_searching (CantigaServersPage *self)
{
  CantigaDiscoveryState state = cantiga_discovery_get_state (self->discovery);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->found_shown));

  gtk_widget_set_visible (GTK_WIDGET (self->searching), state == CANTIGA_DISCOVERY_SEARCHING);
  gtk_spinner_set_spinning (self->searching, state == CANTIGA_DISCOVERY_SEARCHING);
  gtk_widget_set_visible (GTK_WIDGET (self->found_rows), n > 0);
  adw_preferences_group_set_description (self->found, say_found (state, n));
  choose_page (self);
}

static void
search (CantigaServersPage *self)
{
  self->discovery = cantiga_discovery_new ();
  self->strangers = GTK_FILTER (gtk_custom_filter_new (is_stranger, self, NULL));
  self->found_shown = gtk_filter_list_model_new (G_LIST_MODEL (g_object_ref (self->discovery)), g_object_ref (self->strangers));
  gtk_list_box_bind_model (self->found_rows, G_LIST_MODEL (self->found_shown), create_found_row, self, NULL);
  g_signal_connect_object (self->discovery, "notify::state", G_CALLBACK (show_searching), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->found_shown, "items-changed", G_CALLBACK (show_searching), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (g_network_monitor_get_default (), "network-changed", G_CALLBACK (show_searching), self, G_CONNECT_SWAPPED);
  show_searching (self);
}

static void
paste_cb (CantigaServersPage *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.paste-invitation", NULL);
}

/* Pairing proves who it is; until then, only a person can say whom to ask. */
static void
ask_invitation (GtkWidget *widget, const char *action, GVariant *name)
{
  g_autofree char *heading = g_strdup_printf (_ ("“%s” lets in whom it has invited"), g_variant_get_string (name, NULL));
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (widget)), heading,
                                              _ ("Ask whoever keeps it for an invitation: a link that begins with cantiga://. Then paste it here."));

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Close"), "paste", _ ("_Paste invitation"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "paste", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "close");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "close");
  g_signal_connect_object (dialog, "response::paste", G_CALLBACK (paste_cb), widget, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* ---- the demo ---- */

static const char *
say_demo (CantigaServersPage *self)
{
  const GError *error = cantiga_demo_get_error (self->demo);

  switch (cantiga_demo_get_state (self->demo))
    {
    case CANTIGA_DEMO_MUSIC:
      return _ ("Making the music. This takes a moment, once");
    case CANTIGA_DEMO_SERVER:
      return _ ("Starting its server");
    case CANTIGA_DEMO_ON:
      return _ ("Ready");
    default:
      return error != NULL ? cantiga_error_words_get (error) : _ ("Music made on this computer, no card needed");
    }
}

static void
show_demo (CantigaServersPage *self)
{
  CantigaDemoState state = cantiga_demo_get_state (self->demo);
  gboolean busy = state == CANTIGA_DEMO_MUSIC || state == CANTIGA_DEMO_SERVER;

  adw_action_row_set_subtitle (self->demo_row, say_demo (self));
  gtk_widget_set_visible (GTK_WIDGET (self->demo_spinner), busy);
  gtk_spinner_set_spinning (self->demo_spinner, busy);
  choose_page (self);
}

void
cantiga_servers_page_set_demo (CantigaServersPage *self, CantigaDemo *demo)
{
  self->demo = g_object_ref (demo);
  g_signal_connect_object (demo, "notify::state", G_CALLBACK (show_demo), self, G_CONNECT_SWAPPED);
  show_demo (self);
}

/* ---- yours ---- */

static void
servers_changed_cb (CantigaServersPage *self)
{
  gtk_filter_changed (self->strangers, GTK_FILTER_CHANGE_DIFFERENT);
  choose_page (self);
}

static gboolean
is_staying (gpointer item, gpointer user_data)
{
  return !g_hash_table_contains (CANTIGA_SERVERS_PAGE (user_data)->leaving, item);
}

void
cantiga_servers_page_set_store (CantigaServersPage *self, CantigaStore *store)
{
  self->store = g_object_ref (store);
  self->filter = GTK_FILTER (gtk_custom_filter_new (is_staying, self, NULL));
  self->shown = gtk_filter_list_model_new (g_object_ref (cantiga_store_get_servers (store)), g_object_ref (self->filter));
  gtk_list_box_bind_model (self->rows, G_LIST_MODEL (self->shown), create_row, self, NULL);
  g_signal_connect_object (self->shown, "items-changed", G_CALLBACK (servers_changed_cb), self, G_CONNECT_SWAPPED);
  servers_changed_cb (self);
  /* Who starts with the keyboard starts here, and not in the window's header. */
  if (gtk_widget_get_child_visible (GTK_WIDGET (self)))
    gtk_widget_child_focus (gtk_stack_get_visible_child (self->stack), GTK_DIR_TAB_FORWARD);
}

void
cantiga_servers_page_show_trouble (CantigaServersPage *self, const GError *error)
{
  adw_status_page_set_description (self->trouble, cantiga_error_words_get (error));
  gtk_stack_set_visible_child_name (self->stack, "trouble");
}

void
cantiga_servers_page_set_visit (CantigaServersPage *self, CantigaVisit *visit)
{
  if (self->visit != NULL)
    g_signal_handlers_disconnect_by_data (self->visit, self);
  g_set_object (&self->visit, visit);
  if (visit != NULL)
    g_signal_connect_swapped (visit, "notify::state", G_CALLBACK (show_visit), self);
  show_visit (self);
}

/* ---- what can be done with a server ---- */

static CantigaPaired *
find_paired (CantigaServersPage *self, GVariant *server)
{
  return self->store != NULL ? cantiga_store_find (self->store, g_variant_get_string (server, NULL), NULL) : NULL;
}

static void
copy_fingerprint (GtkWidget *widget, const char *action, GVariant *server)
{
  CantigaServersPage *self = CANTIGA_SERVERS_PAGE (widget);
  CantigaPaired *paired = find_paired (self, server);
  g_autofree char *fingerprint = NULL;

  if (paired == NULL)
    return;
  fingerprint = cantiga_certificate_dup_fingerprint (cantiga_paired_get_authority (paired));
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), fingerprint);
  cantiga_toast_show (cantiga_toast_new (_ ("Copied")), GTK_WIDGET (self));
}

static void
renamed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaServersPage) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!cantiga_store_rename_finish (CANTIGA_STORE (source), result, &error))
    cantiga_toast_show (cantiga_toast_new (cantiga_error_words_get (error)), GTK_WIDGET (self));
  show_visit (self);
}

static void
rename_answered_cb (AdwMessageDialog *dialog, const char *response, CantigaServersPage *self)
{
  CantigaPaired *paired = g_object_get_data (G_OBJECT (dialog), "paired");
  GtkWidget *entry = adw_message_dialog_get_extra_child (dialog);
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (entry))));

  if (*name != '\0')
    cantiga_store_rename_async (self->store, paired, name, NULL, renamed_cb, g_object_ref (self));
}

static void
rename_server (GtkWidget *widget, const char *action, GVariant *server)
{
  CantigaServersPage *self = CANTIGA_SERVERS_PAGE (widget);
  CantigaPaired *paired = find_paired (self, server);
  GtkWidget *dialog, *entry;

  if (paired == NULL)
    return;
  dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (widget)), _ ("Rename"), _ ("Only this computer calls it so."));
  entry = g_object_new (GTK_TYPE_ENTRY, "text", cantiga_paired_get_name (paired), "max-length", NAME_MAX_LETTERS, "activates-default", TRUE, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Name"), -1);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), entry);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "rename", _ ("_Rename"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "rename", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "rename");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_object_set_data_full (G_OBJECT (dialog), "paired", g_object_ref (paired), g_object_unref);
  g_signal_connect_object (dialog, "response::rename", G_CALLBACK (rename_answered_cb), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

typedef struct
{
  CantigaServersPage *page;
  CantigaPaired *paired;
} Leaving;

static void
leaving_free (gpointer leaving, GClosure *closure)
{
  g_object_unref (((Leaving *)leaving)->page);
  g_object_unref (((Leaving *)leaving)->paired);
  g_free (leaving);
}

static void
stay_cb (AdwToast *undone, Leaving *leaving)
{
  g_hash_table_remove (leaving->page->leaving, leaving->paired);
  gtk_filter_changed (leaving->page->filter, GTK_FILTER_CHANGE_LESS_STRICT);
}

static void
forgotten_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaServersPage) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!cantiga_store_forget_finish (CANTIGA_STORE (source), result, &error))
    cantiga_servers_page_show_trouble (self, error);
}

/* Nobody thought again: now the keys go. */
static void
leave_cb (AdwToast *dismissed, Leaving *leaving)
{
  CantigaServersPage *self = leaving->page;

  if (g_hash_table_contains (self->leaving, leaving->paired))
    cantiga_store_forget_async (self->store, leaving->paired, NULL, forgotten_cb, g_object_ref (self));
}

static Leaving *
leaving_new (CantigaServersPage *self, CantigaPaired *paired)
{
  Leaving *leaving = g_new0 (Leaving, 1);

  leaving->page = g_object_ref (self);
  leaving->paired = g_object_ref (paired);
  return leaving;
}

static void
forget (GtkWidget *widget, const char *action, GVariant *server)
{
  CantigaServersPage *self = CANTIGA_SERVERS_PAGE (widget);
  CantigaPaired *paired = find_paired (self, server);
  AdwToast *said;

  if (paired == NULL)
    return;
  if (self->visit != NULL && cantiga_visit_get_paired (self->visit) == paired)
    gtk_widget_activate_action (widget, "win.sign-out", NULL);
  g_hash_table_add (self->leaving, g_object_ref (paired));
  gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_MORE_STRICT);
  said = cantiga_toast_new_undo (_ ("Forgotten"));
  g_signal_connect_data (said, "button-clicked", G_CALLBACK (stay_cb), leaving_new (self, paired), leaving_free, 0);
  g_signal_connect_data (said, "dismissed", G_CALLBACK (leave_cb), leaving_new (self, paired), leaving_free, 0);
  cantiga_toast_show (said, GTK_WIDGET (self));
}

/* ---- the page ---- */

static void
cantiga_servers_page_dispose (GObject *object)
{
  CantigaServersPage *self = CANTIGA_SERVERS_PAGE (object);

  cantiga_servers_page_set_visit (self, NULL);
  if (self->found_rows != NULL)
    gtk_list_box_bind_model (self->found_rows, NULL, NULL, NULL, NULL);
  self->found_rows = NULL;
  g_clear_object (&self->found_shown);
  g_clear_object (&self->strangers);
  g_clear_object (&self->discovery);
  g_clear_object (&self->demo);
  g_clear_object (&self->shown);
  g_clear_object (&self->filter);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (cantiga_servers_page_parent_class)->dispose (object);
}

static void
cantiga_servers_page_finalize (GObject *object)
{
  g_hash_table_unref (CANTIGA_SERVERS_PAGE (object)->leaving);
  G_OBJECT_CLASS (cantiga_servers_page_parent_class)->finalize (object);
}

static void
cantiga_servers_page_class_init (CantigaServersPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_servers_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = cantiga_servers_page_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/servers-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaServersPage, stack);
  gtk_widget_class_bind_template_child (widget_class, CantigaServersPage, rows);
  gtk_widget_class_bind_template_child (widget_class, CantigaServersPage, trouble);
  gtk_widget_class_bind_template_child (widget_class, CantigaServersPage, yours);
  gtk_widget_class_bind_template_child (widget_class, CantigaServersPage, found);
  gtk_widget_class_bind_template_child (widget_class, CantigaServersPage, found_rows);
  gtk_widget_class_bind_template_child (widget_class, CantigaServersPage, searching);
  gtk_widget_class_bind_template_child (widget_class, CantigaServersPage, demo_row);
  gtk_widget_class_bind_template_child (widget_class, CantigaServersPage, demo_spinner);
  gtk_widget_class_install_action (widget_class, "servers.ask-invitation", "s", ask_invitation);
  gtk_widget_class_install_action (widget_class, "servers.copy-fingerprint", "s", copy_fingerprint);
  gtk_widget_class_install_action (widget_class, "servers.rename", "s", rename_server);
  gtk_widget_class_install_action (widget_class, "servers.forget", "s", forget);
}

static void
cantiga_servers_page_init (CantigaServersPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->leaving = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  search (self);
}
