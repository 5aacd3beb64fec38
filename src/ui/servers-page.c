#include "ui/servers-page.h"

#include <glib/gi18n.h>

#include "core/chain.h"
#include "core/kdf.h"
#include "ui/application.h"
#include "ui/server-row.h"

#define UNDO_SECONDS 6

struct _CantigaServersPage
{
  AdwBin parent_instance;

  /* template */
  GtkStack *stack;
  GtkListBox *rows;
  AdwStatusPage *trouble;

  /* owned */
  CantigaStore *store;
  CantigaVisit *visit;
  GHashTable *leaving; /* CantigaPaired, hidden until they are forgotten or the person thinks again */
  GtkFilter *filter;
  GtkFilterListModel *shown;
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
  gtk_stack_set_visible_child_name (self->stack, g_list_model_get_n_items (G_LIST_MODEL (self->shown)) > 0 ? "rows" : "empty");
}

static GtkWidget *
create_row (gpointer item, gpointer user_data)
{
  CantigaServersPage *self = user_data;
  GtkWidget *row = cantiga_server_row_new (item);

  cantiga_server_row_show_visit (CANTIGA_SERVER_ROW (row), self->visit);
  return row;
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
  g_signal_connect_object (self->shown, "items-changed", G_CALLBACK (choose_page), self, G_CONNECT_SWAPPED);
  choose_page (self);
}

void
cantiga_servers_page_show_trouble (CantigaServersPage *self, const GError *error)
{
  adw_status_page_set_description (self->trouble, error->message);
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

static void
show_toast (CantigaServersPage *self, AdwToast *toast)
{
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  adw_toast_overlay_add_toast (ADW_TOAST_OVERLAY (gtk_widget_get_ancestor (GTK_WIDGET (self), ADW_TYPE_TOAST_OVERLAY)), toast);
}

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
  g_autoptr (GString) text = g_string_new (NULL);
  guint8 hash[CANTIGA_HASH_LENGTH];

  if (paired == NULL)
    return;
  cantiga_certificate_hash (cantiga_paired_get_authority (paired), hash);
  for (guint i = 0; i < sizeof hash; i++)
    g_string_append_printf (text, i % 2 == 0 && i > 0 ? " %02X" : "%02X", hash[i]);
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text->str);
  show_toast (self, adw_toast_new (_ ("Copied")));
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
  said = adw_toast_new (_ ("Forgotten"));
  adw_toast_set_button_label (said, _ ("Undo"));
  adw_toast_set_timeout (said, UNDO_SECONDS);
  g_signal_connect_data (said, "button-clicked", G_CALLBACK (stay_cb), leaving_new (self, paired), leaving_free, 0);
  g_signal_connect_data (said, "dismissed", G_CALLBACK (leave_cb), leaving_new (self, paired), leaving_free, 0);
  show_toast (self, said);
}

/* ---- the page ---- */

static void
cantiga_servers_page_dispose (GObject *object)
{
  CantigaServersPage *self = CANTIGA_SERVERS_PAGE (object);

  cantiga_servers_page_set_visit (self, NULL);
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
  gtk_widget_class_install_action (widget_class, "servers.copy-fingerprint", "s", copy_fingerprint);
  gtk_widget_class_install_action (widget_class, "servers.forget", "s", forget);
}

static void
cantiga_servers_page_init (CantigaServersPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->leaving = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
}
