#include "ui/home.h"

#include <glib/gi18n.h>

#include "ui/application.h"
#include "ui/licence-words.h"
#include "ui/session-popover.h"

struct _CantigaHome
{
  GtkBox parent_instance;

  /* template */
  AdwViewSwitcherTitle *title;
  AdwViewStack *stack;
  GtkWidget *invite;
  GtkWidget *search;
  GtkMenuButton *menu;
  GtkMenuButton *session;
  CantigaSessionPopover *session_popover;
  CantigaServersPage *servers;
  CantigaLibraryPage *library;
  CantigaLicencesPage *licences;
  AdwViewStackPage *licences_place;
  CantigaSharingPage *sharing;
  AdwViewStackPage *sharing_place;
  GtkWidget *add;

  CantigaVisit *visit; /* owned */
};

G_DEFINE_FINAL_TYPE (CantigaHome, cantiga_home, GTK_TYPE_BOX)

static gboolean
is_signed_in (CantigaHome *self)
{
  return self->visit != NULL && cantiga_visit_get_state (self->visit) == CANTIGA_VISIT_OPEN;
}

static void
page_changed_cb (CantigaHome *self)
{
  gboolean library = cantiga_home_shows_page (self, "library");
  gboolean licences = cantiga_home_shows_page (self, "licences");
  gboolean sharing = cantiga_home_shows_page (self, "sharing");

  gtk_widget_set_visible (self->invite, !library && !licences && !sharing);
  gtk_widget_set_visible (self->add, sharing);
  gtk_widget_set_visible (self->search, (library || licences) && is_signed_in (self));
  adw_view_switcher_title_set_title (self->title,
                                     library && self->visit != NULL ? cantiga_paired_get_name (cantiga_visit_get_paired (self->visit)) : "Cantiga");
}

/* Something ends within two days. */
static void
show_ending (CantigaHome *self)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  guint ending = is_signed_in (self) ? cantiga_licence_words_count_ending (cantiga_catalogue_get_titles (cantiga_visit_get_catalogue (self->visit)), now) : 0;

  adw_view_stack_page_set_needs_attention (self->licences_place, ending > 0);
}

static void
show_session (CantigaHome *self)
{
  gboolean signed_in = is_signed_in (self);
  const CantigaSuite *suite = signed_in ? cantiga_session_get_suite (cantiga_visit_get_session (self->visit)) : NULL;
  gboolean legacy = suite != NULL && cantiga_suite_get_class (suite) == CANTIGA_CLASS_LEGACY;
  g_autofree char *name = NULL;

  page_changed_cb (self);
  show_ending (self);
  gtk_widget_set_visible (GTK_WIDGET (self->session), signed_in);
  if (!signed_in)
    return;
  name = g_strdup_printf (_ ("Signed in to %s"), cantiga_paired_get_name (cantiga_visit_get_paired (self->visit)));
  gtk_menu_button_set_icon_name (self->session, legacy ? "cantiga-channel-legacy-symbolic" : "cantiga-channel-symbolic");
  if (legacy)
    gtk_widget_add_css_class (GTK_WIDGET (self->session), "warning");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->session), "warning");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->session), name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->session), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

void
cantiga_home_set_visit (CantigaHome *self, CantigaVisit *visit)
{
  if (self->visit != NULL)
    g_signal_handlers_disconnect_by_data (self->visit, self);
  g_set_object (&self->visit, visit);
  cantiga_session_popover_set_visit (self->session_popover, visit);
  if (visit != NULL)
    g_signal_connect_swapped (visit, "notify::state", G_CALLBACK (show_session), self);
  show_session (self);
}

CantigaServersPage *
cantiga_home_get_servers (CantigaHome *self)
{
  return self->servers;
}

CantigaLibraryPage *
cantiga_home_get_library (CantigaHome *self)
{
  return self->library;
}

CantigaLicencesPage *
cantiga_home_get_licences (CantigaHome *self)
{
  return self->licences;
}

CantigaSharingPage *
cantiga_home_get_sharing (CantigaHome *self)
{
  return self->sharing;
}

static void
listeners_changed_cb (GListModel *listeners, guint position, guint removed, guint added, CantigaHome *self)
{
  adw_view_stack_page_set_badge_number (self->sharing_place, g_list_model_get_n_items (listeners));
}

void
cantiga_home_set_sharing (CantigaHome *self, CantigaSharing *sharing)
{
  cantiga_sharing_page_set_sharing (self->sharing, sharing);
  g_signal_connect_object (cantiga_sharing_get_listeners (sharing), "items-changed", G_CALLBACK (listeners_changed_cb), self, 0);
  listeners_changed_cb (cantiga_sharing_get_listeners (sharing), 0, 0, 0, self);
}

AdwViewStack *
cantiga_home_get_stack (CantigaHome *self)
{
  return self->stack;
}

AdwViewSwitcherTitle *
cantiga_home_get_title (CantigaHome *self)
{
  return self->title;
}

GMenuModel *
cantiga_home_get_menu (CantigaHome *self)
{
  return gtk_menu_button_get_menu_model (self->menu);
}

void
cantiga_home_show_page (CantigaHome *self, const char *name)
{
  adw_view_stack_set_visible_child_name (self->stack, name);
}

gboolean
cantiga_home_shows_page (CantigaHome *self, const char *name)
{
  return g_strcmp0 (adw_view_stack_get_visible_child_name (self->stack), name) == 0;
}

static void
cantiga_home_dispose (GObject *object)
{
  CantigaHome *self = CANTIGA_HOME (object);

  if (self->visit != NULL)
    g_signal_handlers_disconnect_by_data (self->visit, self);
  g_clear_object (&self->visit);
  G_OBJECT_CLASS (cantiga_home_parent_class)->dispose (object);
}

static void
cantiga_home_class_init (CantigaHomeClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_home_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/home.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaHome, title);
  gtk_widget_class_bind_template_child (widget_class, CantigaHome, stack);
  gtk_widget_class_bind_template_child (widget_class, CantigaHome, invite);
  gtk_widget_class_bind_template_child (widget_class, CantigaHome, search);
  gtk_widget_class_bind_template_child (widget_class, CantigaHome, menu);
  gtk_widget_class_bind_template_child (widget_class, CantigaHome, session);
  gtk_widget_class_bind_template_child (widget_class, CantigaHome, session_popover);
  gtk_widget_class_bind_template_child (widget_class, CantigaHome, servers);
  gtk_widget_class_bind_template_child (widget_class, CantigaHome, library);
  gtk_widget_class_bind_template_child (widget_class, CantigaHome, licences);
  gtk_widget_class_bind_template_child (widget_class, CantigaHome, licences_place);
  gtk_widget_class_bind_template_child (widget_class, CantigaHome, sharing);
  gtk_widget_class_bind_template_child (widget_class, CantigaHome, sharing_place);
  gtk_widget_class_bind_template_child (widget_class, CantigaHome, add);
  gtk_widget_class_bind_template_callback (widget_class, page_changed_cb);
}

static void
cantiga_home_init (CantigaHome *self)
{
  g_type_ensure (CANTIGA_TYPE_SERVERS_PAGE);
  g_type_ensure (CANTIGA_TYPE_LIBRARY_PAGE);
  g_type_ensure (CANTIGA_TYPE_LICENCES_PAGE);
  g_type_ensure (CANTIGA_TYPE_SHARING_PAGE);
  g_type_ensure (CANTIGA_TYPE_SESSION_POPOVER);
  gtk_widget_init_template (GTK_WIDGET (self));
}
