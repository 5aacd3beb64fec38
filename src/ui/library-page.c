#include "ui/library-page.h"

#include <glib/gi18n.h>

#include "ui/announce.h"
#include "ui/application.h"
#include "ui/gently.h"
#include "ui/probe.h"
#include "ui/sized.h"
#include "ui/skeleton.h"
#include "ui/tab-leaves.h"
#include "ui/title-factory.h"
#include "ui/title-menu.h"
#include "ui/window.h"

#define COLUMN_WIDTH 170
#define COLUMN_CHARS 22 /* where letters are large, a column is as wide as they need */
#define COLUMNS_MIN 2
#define COLUMNS_MAX 12
#define PATIENCE_MS 150 /* before grey cards */

/* Views of the stack have these names; titles are "grid" or "list". */
static const char *const kinds[] = { "albums", "artists", "titles" };

struct _CantigaLibraryPage
{
  GtkBox parent_instance;

  /* template */
  GtkSearchBar *search_bar;
  GtkSearchEntry *search;
  GtkWidget *toolbar;
  GtkWidget *kind_buttons;
  GtkDropDown *kind_choice;
  GtkLabel *count;
  GtkToggleButton *as_list;
  GtkRevealer *offline;
  GtkLabel *offline_words;
  GtkRevealer *rest;
  GtkSpinner *rest_spinner;
  GtkLabel *rest_words;
  GtkWidget *rest_button;
  GtkStack *stack;
  AdwStatusPage *no_match;
  GtkGridView *grid;
  GtkListView *list;
  GtkGridView *albums;
  GtkGridView *artists;

  /* owned */
  CantigaVisit *visit;
  CantigaShelf *shelf;
  GSimpleAction *kind_action;
  guint patience; /* while the first titles are awaited */
  guint fitting;
  char *found; /* what was announced of it; NULL while nothing is searched for */

  guint columns;
  const char *kind;
  gboolean narrow;
};

enum
{
  PROP_NARROW = 1,
};

G_DEFINE_FINAL_TYPE (CantigaLibraryPage, cantiga_library_page, GTK_TYPE_BOX)

/* ---- what is shown ---- */

static GListModel *
get_model (CantigaLibraryPage *self)
{
  if (g_str_equal (self->kind, "albums"))
    return cantiga_shelf_get_albums (self->shelf);
  if (g_str_equal (self->kind, "artists"))
    return cantiga_shelf_get_artists (self->shelf);
  return cantiga_shelf_get_titles (self->shelf);
}

static gboolean
is_connected (CantigaLibraryPage *self)
{
  return cantiga_visit_get_state (self->visit) != CANTIGA_VISIT_OUT
         || cantiga_session_get_state (cantiga_visit_get_session (self->visit)) == CANTIGA_SESSION_OPEN;
}

static guint
count_all (CantigaLibraryPage *self)
{
  return self->visit != NULL ? g_list_model_get_n_items (cantiga_catalogue_get_titles (cantiga_visit_get_catalogue (self->visit))) : 0;
}

static void
count_shown (CantigaLibraryPage *self, guint n)
{
  g_autofree char *text = NULL;

  if (g_str_equal (self->kind, "albums"))
    text = g_strdup_printf (ngettext ("%u album", "%u albums", n), n);
  else if (g_str_equal (self->kind, "artists"))
    text = g_strdup_printf (ngettext ("%u artist", "%u artists", n), n);
  else
    text = g_strdup_printf (ngettext ("%u title", "%u titles", n), n);
  gtk_label_set_label (self->count, text);
}

static const char *
choose_page (CantigaLibraryPage *self)
{
  gboolean grid = !gtk_toggle_button_get_active (self->as_list);

  if (self->visit != NULL && count_all (self) == 0 && cantiga_visit_get_state (self->visit) == CANTIGA_VISIT_LOADING)
    return "loading";
  if (self->visit == NULL || (count_all (self) == 0 && cantiga_visit_get_state (self->visit) != CANTIGA_VISIT_OPEN))
    return "signed-out";
  if (count_all (self) == 0)
    return "empty";
  if (g_list_model_get_n_items (get_model (self)) == 0)
    return "no-match";
  if (!g_str_equal (self->kind, "titles"))
    return self->kind;
  return grid ? "grid" : "list";
}

static void
show_no_match (CantigaLibraryPage *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->search));
  g_autofree char *heading = NULL;

  if (*text == '\0')
    heading = g_strdup (g_str_equal (self->kind, "albums") ? _ ("No albums") : _ ("No artists"));
  else if (g_str_equal (self->kind, "albums"))
    heading = g_strdup_printf (_ ("No album with “%s”"), text);
  else if (g_str_equal (self->kind, "artists"))
    heading = g_strdup_printf (_ ("No artist with “%s”"), text);
  else
    heading = g_strdup_printf (_ ("No title with “%s”"), text);
  adw_status_page_set_title (self->no_match, heading);
  adw_status_page_set_description (self->no_match, *text == '\0' ? _ ("The titles here do not say of which they are.")
                                                                     : _ ("Try other words, or fewer of them."));
  gtk_widget_set_visible (adw_status_page_get_child (self->no_match), *text != '\0');
}

/* Above what is listed: whether the server is there. Below: whether more is to come. */
static void
show_notices (CantigaLibraryPage *self)
{
  gboolean listed = count_all (self) > 0;
  CantigaVisitState state = self->visit != NULL ? cantiga_visit_get_state (self->visit) : CANTIGA_VISIT_OUT;
  gboolean returning = listed && cantiga_session_get_state (cantiga_visit_get_session (self->visit)) == CANTIGA_SESSION_RETURNING;
  gboolean offline = listed && (returning || !is_connected (self));
  gboolean broken = listed && !offline && state == CANTIGA_VISIT_OUT;
  const char *words = returning ? _ ("Connecting again. What is playing plays on.") : _ ("You are not connected. What is playing plays on.");

  if (offline && (!gtk_revealer_get_reveal_child (self->offline) || !g_str_equal (words, gtk_label_get_label (self->offline_words))))
    cantiga_announce (GTK_WIDGET (self), words, CANTIGA_SAY_URGENT);
  gtk_label_set_label (self->offline_words, words);
  gtk_revealer_set_reveal_child (self->offline, offline);
  gtk_label_set_label (self->rest_words, broken ? _ ("The rest did not come.") : _ ("Loading more"));
  gtk_spinner_set_spinning (self->rest_spinner, listed && state == CANTIGA_VISIT_LOADING);
  gtk_widget_set_visible (GTK_WIDGET (self->rest_spinner), !broken);
  gtk_widget_set_visible (self->rest_button, broken);
  gtk_revealer_set_reveal_child (self->rest, broken || (listed && state == CANTIGA_VISIT_LOADING));
}

static void choose_view (CantigaLibraryPage *self);

static gboolean
patience_cb (gpointer user_data)
{
  CantigaLibraryPage *self = user_data;

  self->patience = 0;
  if (g_str_equal (choose_page (self), "loading"))
    gtk_stack_set_visible_child_name (self->stack, "loading");
  return G_SOURCE_REMOVE;
}

/* A view gets its widgets when it is looked at; groups are gathered then, too. */
static void
fill_view (CantigaLibraryPage *self, const char *page)
{
  gboolean list = g_str_equal (page, "list");
  GtkGridView *grid = g_str_equal (page, "grid") ? self->grid : g_str_equal (page, "albums") ? self->albums : g_str_equal (page, "artists") ? self->artists : NULL;
  g_autoptr (GtkSelectionModel) model = NULL;

  if (list ? gtk_list_view_get_model (self->list) != NULL : grid == NULL || gtk_grid_view_get_model (grid) != NULL)
    return;
  model = cantiga_gently_new (get_model (self));
  if (list)
    gtk_list_view_set_model (self->list, model);
  else
    gtk_grid_view_set_model (grid, model);
  if (grid != NULL && grid != self->grid)
    g_signal_connect_object (get_model (self), "items-changed", G_CALLBACK (choose_view), self, G_CONNECT_SWAPPED);
}

/* What is on its way comes first. */
static void
hold_views (CantigaLibraryPage *self)
{
  gboolean loading = self->visit != NULL && cantiga_visit_get_state (self->visit) == CANTIGA_VISIT_LOADING;
  GtkSelectionModel *models[] = { gtk_grid_view_get_model (self->grid), gtk_list_view_get_model (self->list), gtk_grid_view_get_model (self->albums),
                                  gtk_grid_view_get_model (self->artists) };

  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    if (models[i] != NULL)
      cantiga_gently_hold (models[i], loading);
}

/* What is searched for is seen at once, and heard when the typing rests. */
static void
announce_found (CantigaLibraryPage *self, const char *page)
{
  const char *found = g_str_equal (page, "no-match") ? adw_status_page_get_title (self->no_match) : gtk_label_get_label (self->count);

  if (*gtk_editable_get_text (GTK_EDITABLE (self->search)) == '\0')
    found = NULL;
  if (found != NULL && g_strcmp0 (found, self->found) != 0)
    cantiga_announce (GTK_WIDGET (self->count), found, CANTIGA_SAY_RESTED);
  g_free (self->found);
  self->found = g_strdup (found);
}

static void
choose_view (CantigaLibraryPage *self)
{
  const char *page = choose_page (self);
  gboolean titled = count_all (self) > 0;
  gboolean titles = g_str_equal (self->kind, "titles");

  fill_view (self, page);
  hold_views (self);
  if (g_str_equal (page, "no-match"))
    show_no_match (self);
  if (!g_str_equal (page, "loading"))
    gtk_stack_set_visible_child_name (self->stack, page);
  else if (self->patience == 0)
    self->patience = g_timeout_add (PATIENCE_MS, patience_cb, self);
  gtk_widget_set_visible (self->toolbar, titled);
  gtk_widget_set_visible (GTK_WIDGET (self->search_bar), titled);
  gtk_widget_set_visible (GTK_WIDGET (self->as_list), titles);
  gtk_widget_set_visible (self->kind_buttons, !self->narrow);
  gtk_widget_set_visible (GTK_WIDGET (self->kind_choice), self->narrow);
  show_notices (self);
  if (self->visit != NULL)
    cantiga_probe_mark (GTK_WIDGET (self), cantiga_visit_get_state (self->visit) == CANTIGA_VISIT_OPEN ? "open" : "loading", count_all (self));
  count_shown (self, titled ? g_list_model_get_n_items (get_model (self)) : 0);
  announce_found (self, page);
}

/* GTK keeps rows of widgets for each column it may need: no more than fit. */
static gboolean
fit_cb (gpointer user_data)
{
  CantigaLibraryPage *self = user_data;
  GtkGridView *views[] = { self->grid, self->albums, self->artists };

  self->fitting = 0;
  for (guint i = 0; i < G_N_ELEMENTS (views); i++)
    gtk_grid_view_set_max_columns (views[i], self->columns);
  return G_SOURCE_REMOVE;
}

/* Not from within an allocation. */
static void
sized_cb (CantigaLibraryPage *self, int width)
{
  int column = MAX (COLUMN_WIDTH, cantiga_sized_measure_chars (GTK_WIDGET (self), COLUMN_CHARS));
  guint columns = (guint)CLAMP (width / column, COLUMNS_MIN, COLUMNS_MAX);

  if (columns == self->columns)
    return;
  self->columns = columns;
  if (self->fitting == 0)
    self->fitting = g_idle_add_full (G_PRIORITY_HIGH_IDLE, fit_cb, self, NULL);
}

/* ---- search ---- */

static void
search_changed_cb (CantigaLibraryPage *self)
{
  cantiga_shelf_search (self->shelf, gtk_editable_get_text (GTK_EDITABLE (self->search)));
  choose_view (self);
}

static void
clear_search (CantigaLibraryPage *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->search), "");
  gtk_widget_grab_focus (GTK_WIDGET (self->search));
}

/* Escape clears first, then closes. */
static void
search_stopped_cb (CantigaLibraryPage *self)
{
  if (*gtk_editable_get_text (GTK_EDITABLE (self->search)) == '\0')
    return;
  g_signal_stop_emission_by_name (self->search, "stop-search");
  clear_search (self);
}

static gboolean
search_key_cb (CantigaLibraryPage *self, guint key)
{
  return key == GDK_KEY_Down && gtk_widget_child_focus (GTK_WIDGET (self->stack), GTK_DIR_TAB_FORWARD);
}

void
cantiga_library_page_search (CantigaLibraryPage *self)
{
  gtk_search_bar_set_search_mode (self->search_bar, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->search));
}

void
cantiga_library_page_focus (CantigaLibraryPage *self)
{
  gtk_widget_child_focus (gtk_stack_get_visible_child (self->stack), GTK_DIR_TAB_FORWARD);
}

gboolean
cantiga_library_page_close_search (CantigaLibraryPage *self)
{
  gboolean open = gtk_search_bar_get_search_mode (self->search_bar);

  gtk_search_bar_set_search_mode (self->search_bar, FALSE);
  return open;
}

CantigaShelf *
cantiga_library_page_get_shelf (CantigaLibraryPage *self)
{
  return self->shelf;
}

/* ---- activating ---- */

static void
title_activated_cb (CantigaLibraryPage *self, guint position)
{
  GListModel *model = cantiga_shelf_get_titles (self->shelf);
  guint n = g_list_model_get_n_items (model);
  g_autoptr (GPtrArray) titles = g_ptr_array_new_full (n, g_object_unref);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (titles, g_list_model_get_item (model, i));
  if (position < n)
    cantiga_window_play (CANTIGA_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), titles, position);
}

static void
group_activated_cb (CantigaLibraryPage *self, guint position)
{
  CantigaWindow *window = CANTIGA_WINDOW (gtk_widget_get_root (GTK_WIDGET (self)));
  g_autoptr (CantigaGroup) group = g_list_model_get_item (get_model (self), position);

  if (group == NULL)
    return;
  if (cantiga_group_get_kind (group) == CANTIGA_GROUP_ALBUM)
    cantiga_window_open_album (window, cantiga_group_get_titles (group)->pdata[0]);
  else
    cantiga_window_open_artist (window, cantiga_group_get_name (group));
}

/* ---- the visit ---- */

static void
make_items (CantigaLibraryPage *self, CantigaCovers *covers, CantigaQueue *queue)
{
  g_autoptr (GtkListItemFactory) cards = cantiga_title_factory_new_cards (covers, queue);
  g_autoptr (GtkListItemFactory) rows = cantiga_title_factory_new_rows (covers, queue, FALSE);
  g_autoptr (GtkListItemFactory) groups = cantiga_group_factory_new_cards (covers);

  gtk_grid_view_set_factory (self->grid, cards);
  gtk_list_view_set_factory (self->list, rows);
  gtk_grid_view_set_factory (self->albums, groups);
  gtk_grid_view_set_factory (self->artists, groups);
}

static void
let_go (CantigaLibraryPage *self)
{
  if (self->visit == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->visit, self);
  g_signal_handlers_disconnect_by_data (cantiga_visit_get_session (self->visit), self);
}

void
cantiga_library_page_set_visit (CantigaLibraryPage *self, CantigaVisit *visit, CantigaCovers *covers, CantigaQueue *queue)
{
  let_go (self);
  cantiga_shelf_set_all (self->shelf, NULL);
  g_set_object (&self->visit, visit);
  make_items (self, covers, queue);
  if (visit != NULL)
    {
      cantiga_shelf_set_all (self->shelf, cantiga_catalogue_get_titles (cantiga_visit_get_catalogue (visit)));
      g_signal_connect_swapped (visit, "notify::state", G_CALLBACK (choose_view), self);
      g_signal_connect_swapped (cantiga_visit_get_session (visit), "notify::state", G_CALLBACK (choose_view), self);
    }
  choose_view (self);
}

static void
reloaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaLibraryPage) self = user_data;

  /* What did not come leaves the page as it is, with its button. */
  if (cantiga_catalogue_load_finish (CANTIGA_CATALOGUE (source), result, NULL))
    choose_view (self);
}

/* ---- actions ---- */

static void
reload_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  CantigaLibraryPage *self = user_data;

  if (self->visit == NULL)
    return;
  if (cantiga_visit_get_state (self->visit) == CANTIGA_VISIT_OUT)
    cantiga_visit_start (self->visit);
  else
    cantiga_catalogue_load_async (cantiga_visit_get_catalogue (self->visit), NULL, reloaded_cb, g_object_ref (self));
}

static void
clear_search_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  clear_search (self);
}

static void
sort_cb (GSimpleAction *action, GVariant *order, gpointer user_data)
{
  CantigaLibraryPage *self = user_data;

  g_simple_action_set_state (action, order);
  cantiga_shelf_sort (self->shelf, g_variant_get_string (order, NULL));
}

static void
kind_cb (GSimpleAction *action, GVariant *kind, gpointer user_data)
{
  CantigaLibraryPage *self = user_data;

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (kinds[i], g_variant_get_string (kind, NULL)))
      {
        self->kind = kinds[i];
        g_simple_action_set_state (action, kind);
        gtk_drop_down_set_selected (self->kind_choice, i);
      }
  choose_view (self);
}

static void
name_focusable (GtkWidget *widget, const char *name)
{
  if (gtk_widget_get_focusable (widget))
    gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    name_focusable (child, name);
}

/* What has the focus is the button within, to which GTK 4.8 gives no name. */
static void
name_choice (CantigaLibraryPage *self)
{
  const char *kind = gtk_string_object_get_string (gtk_drop_down_get_selected_item (self->kind_choice));
  g_autofree char *name = g_strdup_printf (_ ("Show: %s"), kind);

  name_focusable (gtk_widget_get_first_child (GTK_WIDGET (self->kind_choice)), name);
}

static void
kind_chosen_cb (CantigaLibraryPage *self)
{
  guint chosen = gtk_drop_down_get_selected (self->kind_choice);

  name_choice (self);
  if (chosen < G_N_ELEMENTS (kinds) && self->kind_action != NULL && self->kind != kinds[chosen])
    g_action_change_state (G_ACTION (self->kind_action), g_variant_new_string (kinds[chosen]));
}

static const GActionEntry actions[] = {
  { .name = "sort", .parameter_type = "s", .state = "'title'", .change_state = sort_cb },
  { .name = "kind", .parameter_type = "s", .state = "'titles'", .change_state = kind_cb },
  { .name = "reload", .activate = reload_cb },
  { .name = "clear-search", .activate = clear_search_cb },
};

/* ---- the page ---- */

static void
cantiga_library_page_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CantigaLibraryPage *self = CANTIGA_LIBRARY_PAGE (object);

  self->narrow = g_value_get_boolean (value);
  choose_view (self);
}

static void
cantiga_library_page_dispose (GObject *object)
{
  CantigaLibraryPage *self = CANTIGA_LIBRARY_PAGE (object);

  let_go (self);
  g_clear_handle_id (&self->patience, g_source_remove);
  g_clear_handle_id (&self->fitting, g_source_remove);
  g_clear_object (&self->visit);
  if (self->shelf != NULL)
    g_signal_handlers_disconnect_by_data (cantiga_shelf_get_titles (self->shelf), self);
  g_clear_object (&self->shelf);
  g_clear_object (&self->kind_action);
  g_clear_pointer (&self->found, g_free);
  G_OBJECT_CLASS (cantiga_library_page_parent_class)->dispose (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, search_bar);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, search);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, toolbar);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, kind_buttons);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, kind_choice);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, count);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, as_list);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, offline);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, offline_words);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, rest);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, rest_spinner);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, rest_words);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, rest_button);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, stack);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, no_match);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, grid);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, list);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, albums);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, artists);
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_stopped_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_key_cb);
  gtk_widget_class_bind_template_callback (widget_class, choose_view);
  gtk_widget_class_bind_template_callback (widget_class, sized_cb);
  gtk_widget_class_bind_template_callback (widget_class, kind_chosen_cb);
  gtk_widget_class_bind_template_callback (widget_class, title_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, group_activated_cb);
}

static void
cantiga_library_page_class_init (CantigaLibraryPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = cantiga_library_page_dispose;
  object_class->set_property = cantiga_library_page_set_property;
  g_object_class_install_property (object_class, PROP_NARROW,
                                   g_param_spec_boolean ("narrow", NULL, NULL, FALSE, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/library-page.ui");
  bind_template (widget_class);
}

static void
shown_cb (CantigaLibraryPage *self)
{
  cantiga_probe_mark (GTK_WIDGET (self), "shown", count_all (self));
}

static void
attach_views (CantigaLibraryPage *self)
{
  GtkWidget *views[] = { GTK_WIDGET (self->grid), GTK_WIDGET (self->list), GTK_WIDGET (self->albums), GTK_WIDGET (self->artists) };

  for (guint i = 0; i < G_N_ELEMENTS (views); i++)
    {
      cantiga_title_menu_attach_keys (views[i]);
      cantiga_tab_leaves (views[i], CANTIGA_TAB_BOTH);
    }
  g_signal_connect_swapped (cantiga_shelf_get_titles (self->shelf), "items-changed", G_CALLBACK (choose_view), self);
}

static void
cantiga_library_page_init (CantigaLibraryPage *self)
{
  g_autoptr (GSimpleActionGroup) group = g_simple_action_group_new ();

  g_type_ensure (CANTIGA_TYPE_SIZED);
  g_type_ensure (CANTIGA_TYPE_SKELETON);
  self->kind = kinds[2];
  self->shelf = cantiga_shelf_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  name_choice (self);
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search));
  gtk_search_bar_set_key_capture_widget (self->search_bar, GTK_WIDGET (self->stack));
  g_action_map_add_action_entries (G_ACTION_MAP (group), actions, G_N_ELEMENTS (actions), self);
  self->kind_action = g_object_ref (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (group), "kind")));
  gtk_widget_insert_action_group (GTK_WIDGET (self), "library", G_ACTION_GROUP (group));
  attach_views (self);
  g_signal_connect (self, "map", G_CALLBACK (shown_cb), NULL);
  choose_view (self);
}
