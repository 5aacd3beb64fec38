#include "ui/library-page.h"

#include <string.h>

#include <glib/gi18n.h>

#include "ui/application.h"
#include "ui/title-card.h"
#include "ui/title-row.h"

#define COLUMN_WIDTH 170
#define COLUMNS_MIN 2
#define COLUMNS_MAX 12

struct _CantigaLibraryPage
{
  GtkBox parent_instance;

  /* template */
  GtkSearchBar *search_bar;
  GtkSearchEntry *search;
  GtkWidget *toolbar;
  GtkLabel *count;
  GtkToggleButton *as_list;
  GtkStack *stack;
  AdwStatusPage *no_match;
  GtkGridView *grid;
  GtkListView *list;

  /* owned */
  CantigaVisit *visit;
  CantigaQueue *queue;
  CantigaCovers *covers;
  GtkFilterListModel *filtered;
  GtkSortListModel *shown;
  GtkFilter *filter;
  GtkSorter *sorter;
  char *wanted; /* what is searched for, folded */
  char *order;  /* "title", "artist", "album", "length" */
};

G_DEFINE_FINAL_TYPE (CantigaLibraryPage, cantiga_library_page, GTK_TYPE_BOX)

/* ---- search and order ---- */

/* Without case and accents: "cancao" finds "Canção". */
static char *
fold (const char *text)
{
  g_autofree char *apart = g_utf8_normalize (text, -1, G_NORMALIZE_ALL);
  g_autoptr (GString) plain = g_string_new (NULL);

  for (const char *at = apart; at != NULL && *at != '\0'; at = g_utf8_next_char (at))
    if (!g_unichar_ismark (g_utf8_get_char (at)))
      g_string_append_unichar (plain, g_utf8_get_char (at));
  return g_utf8_casefold (plain->str, -1);
}

static gboolean
has_words (const char *text, const char *wanted)
{
  g_autofree char *folded = fold (text);

  return strstr (folded, wanted) != NULL;
}

static gboolean
is_wanted (gpointer item, gpointer user_data)
{
  CantigaLibraryPage *self = user_data;
  CantigaTitle *title = item;

  if (self->wanted == NULL || *self->wanted == '\0')
    return TRUE;
  return has_words (cantiga_title_get_name (title), self->wanted) || has_words (cantiga_title_get_artist (title), self->wanted)
         || has_words (cantiga_title_get_album (title), self->wanted);
}

static int
compare_texts (const char *a, const char *b)
{
  return g_utf8_collate (a, b);
}

static int
compare_numbers (double a, double b)
{
  return (a > b) - (a < b);
}

static int
compare (gconstpointer a, gconstpointer b, gpointer user_data)
{
  CantigaLibraryPage *self = user_data;
  CantigaTitle *one = (CantigaTitle *)a, *other = (CantigaTitle *)b;
  int order = 0;

  if (g_str_equal (self->order, "artist"))
    order = compare_texts (cantiga_title_get_artist (one), cantiga_title_get_artist (other));
  else if (g_str_equal (self->order, "length"))
    order = compare_numbers (cantiga_title_get_duration (one), cantiga_title_get_duration (other));
  if (order == 0 && !g_str_equal (self->order, "title"))
    order = compare_texts (cantiga_title_get_album (one), cantiga_title_get_album (other));
  if (order == 0 && g_str_equal (self->order, "album"))
    order = compare_numbers (cantiga_title_get_track (one), cantiga_title_get_track (other));
  return order != 0 ? order : compare_texts (cantiga_title_get_name (one), cantiga_title_get_name (other));
}

static void
search_changed_cb (CantigaLibraryPage *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->search));
  g_autofree char *sentence = g_strdup_printf (_ ("No title with “%s”"), text);

  g_free (self->wanted);
  self->wanted = fold (text);
  g_strstrip (self->wanted);
  adw_status_page_set_title (self->no_match, sentence);
  gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_DIFFERENT);
}

static void
clear_search (GtkWidget *widget, const char *action, GVariant *parameter)
{
  CantigaLibraryPage *self = CANTIGA_LIBRARY_PAGE (widget);

  gtk_editable_set_text (GTK_EDITABLE (self->search), "");
  gtk_widget_grab_focus (GTK_WIDGET (self->search));
}

void
cantiga_library_page_search (CantigaLibraryPage *self)
{
  gtk_search_bar_set_search_mode (self->search_bar, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->search));
}

gboolean
cantiga_library_page_close_search (CantigaLibraryPage *self)
{
  gboolean open = gtk_search_bar_get_search_mode (self->search_bar);

  gtk_search_bar_set_search_mode (self->search_bar, FALSE);
  return open;
}

void
cantiga_library_page_capture_keys (CantigaLibraryPage *self, GtkWidget *widget)
{
  gtk_search_bar_set_key_capture_widget (self->search_bar, widget);
}

/* ---- what is shown ---- */

static void
count_titles (CantigaLibraryPage *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->shown));
  g_autofree char *text = g_strdup_printf (ngettext ("%u title", "%u titles", n), n);

  gtk_label_set_label (self->count, text);
}

static const char *
choose_page (CantigaLibraryPage *self)
{
  if (self->visit == NULL || cantiga_visit_get_state (self->visit) != CANTIGA_VISIT_OPEN)
    return "signed-out";
  if (g_list_model_get_n_items (cantiga_catalogue_get_titles (cantiga_visit_get_catalogue (self->visit))) == 0)
    return "empty";
  if (g_list_model_get_n_items (G_LIST_MODEL (self->shown)) == 0)
    return "no-match";
  return gtk_toggle_button_get_active (self->as_list) ? "list" : "grid";
}

static void
choose_view (CantigaLibraryPage *self)
{
  const char *page = choose_page (self);
  gboolean titled = !g_str_equal (page, "signed-out") && !g_str_equal (page, "empty");

  gtk_stack_set_visible_child_name (self->stack, page);
  gtk_widget_set_visible (self->toolbar, titled);
  gtk_widget_set_visible (GTK_WIDGET (self->search_bar), titled);
  count_titles (self);
}

/* GTK keeps rows of widgets for each column it may need: no more than fit. */
static void
cantiga_library_page_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  CantigaLibraryPage *self = CANTIGA_LIBRARY_PAGE (widget);
  guint columns = CLAMP (width / COLUMN_WIDTH, COLUMNS_MIN, COLUMNS_MAX);

  if (gtk_grid_view_get_max_columns (self->grid) != columns)
    gtk_grid_view_set_max_columns (self->grid, columns);
  GTK_WIDGET_CLASS (cantiga_library_page_parent_class)->size_allocate (widget, width, height, baseline);
}

/* ---- playing ---- */

static void
play_from (CantigaLibraryPage *self, guint position)
{
  GListModel *model = G_LIST_MODEL (self->shown);
  guint n = g_list_model_get_n_items (model);
  g_autoptr (GPtrArray) titles = g_ptr_array_new_full (n, g_object_unref);

  if (self->queue == NULL || self->visit == NULL || position >= n)
    return;
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (titles, g_list_model_get_item (model, i));
  cantiga_queue_play (self->queue, cantiga_visit_get_session (self->visit), titles, position);
}

static void
activated_cb (CantigaLibraryPage *self, guint position)
{
  play_from (self, position);
}

static void
play_title (CantigaLibraryPage *self, CantigaTitle *title)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->shown)); i++)
    {
      g_autoptr (CantigaTitle) at = g_list_model_get_item (G_LIST_MODEL (self->shown), i);

      if (at == title)
        return play_from (self, i);
    }
}

static void
card_play_cb (CantigaTitleCard *card, CantigaLibraryPage *self)
{
  play_title (self, cantiga_title_card_get_title (card));
}

static void
row_play_cb (CantigaTitleRow *row, CantigaLibraryPage *self)
{
  play_title (self, cantiga_title_row_get_title (row));
}

/* ---- cards and rows ---- */

static void
card_setup_cb (GtkSignalListItemFactory *factory, GtkListItem *item, CantigaLibraryPage *self)
{
  GtkWidget *card = cantiga_title_card_new ();

  g_signal_connect (card, "play", G_CALLBACK (card_play_cb), self);
  gtk_list_item_set_child (item, card);
}

static void
card_bind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, CantigaLibraryPage *self)
{
  cantiga_title_card_set (CANTIGA_TITLE_CARD (gtk_list_item_get_child (item)), gtk_list_item_get_item (item), self->covers, self->queue);
}

static void
card_unbind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, CantigaLibraryPage *self)
{
  cantiga_title_card_set (CANTIGA_TITLE_CARD (gtk_list_item_get_child (item)), NULL, NULL, NULL);
}

static void
row_setup_cb (GtkSignalListItemFactory *factory, GtkListItem *item, CantigaLibraryPage *self)
{
  GtkWidget *row = cantiga_title_row_new ();

  g_signal_connect (row, "play", G_CALLBACK (row_play_cb), self);
  gtk_list_item_set_child (item, row);
}

static void
row_bind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, CantigaLibraryPage *self)
{
  cantiga_title_row_set (CANTIGA_TITLE_ROW (gtk_list_item_get_child (item)), gtk_list_item_get_item (item), self->covers, self->queue);
}

static void
row_unbind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, CantigaLibraryPage *self)
{
  cantiga_title_row_set (CANTIGA_TITLE_ROW (gtk_list_item_get_child (item)), NULL, NULL, NULL);
}

static GtkListItemFactory *
make_factory (CantigaLibraryPage *self, GCallback setup, GCallback bind, GCallback unbind)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", setup, self);
  g_signal_connect (factory, "bind", bind, self);
  g_signal_connect (factory, "unbind", unbind, self);
  return factory;
}

static void
fill_views (CantigaLibraryPage *self)
{
  g_autoptr (GtkListItemFactory) cards = make_factory (self, G_CALLBACK (card_setup_cb), G_CALLBACK (card_bind_cb), G_CALLBACK (card_unbind_cb));
  g_autoptr (GtkListItemFactory) rows = make_factory (self, G_CALLBACK (row_setup_cb), G_CALLBACK (row_bind_cb), G_CALLBACK (row_unbind_cb));
  g_autoptr (GtkSelectionModel) cards_model = GTK_SELECTION_MODEL (gtk_no_selection_new (g_object_ref (G_LIST_MODEL (self->shown))));
  g_autoptr (GtkSelectionModel) rows_model = GTK_SELECTION_MODEL (gtk_no_selection_new (g_object_ref (G_LIST_MODEL (self->shown))));

  gtk_grid_view_set_factory (self->grid, cards);
  gtk_grid_view_set_model (self->grid, cards_model);
  gtk_list_view_set_factory (self->list, rows);
  gtk_list_view_set_model (self->list, rows_model);
}

/* ---- the visit ---- */

void
cantiga_library_page_set_visit (CantigaLibraryPage *self, CantigaVisit *visit, CantigaCovers *covers, CantigaQueue *queue)
{
  if (self->visit != NULL)
    g_signal_handlers_disconnect_by_data (self->visit, self);
  gtk_filter_list_model_set_model (self->filtered, NULL);
  g_set_object (&self->visit, visit);
  g_set_object (&self->queue, queue);
  g_set_object (&self->covers, covers);
  if (visit != NULL)
    {
      gtk_filter_list_model_set_model (self->filtered, cantiga_catalogue_get_titles (cantiga_visit_get_catalogue (visit)));
      g_signal_connect_swapped (visit, "notify::state", G_CALLBACK (choose_view), self);
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

static void
reload (GtkWidget *widget, const char *action, GVariant *parameter)
{
  CantigaLibraryPage *self = CANTIGA_LIBRARY_PAGE (widget);

  if (self->visit != NULL)
    cantiga_catalogue_load_async (cantiga_visit_get_catalogue (self->visit), NULL, reloaded_cb, g_object_ref (self));
}

/* ---- the page ---- */

static void
sort_cb (GSimpleAction *action, GVariant *order, gpointer user_data)
{
  CantigaLibraryPage *self = user_data;

  g_free (self->order);
  self->order = g_variant_dup_string (order, NULL);
  g_simple_action_set_state (action, order);
  gtk_sorter_changed (self->sorter, GTK_SORTER_CHANGE_DIFFERENT);
}

static void
activate_action_cb (GSimpleAction *action, GVariant *parameter, gpointer self)
{
  if (g_str_equal (g_action_get_name (G_ACTION (action)), "reload"))
    reload (self, NULL, NULL);
  else
    clear_search (self, NULL, NULL);
}

static const GActionEntry actions[] = {
  { .name = "sort", .parameter_type = "s", .state = "'title'", .change_state = sort_cb },
  { .name = "reload", .activate = activate_action_cb },
  { .name = "clear-search", .activate = activate_action_cb },
};

static void
cantiga_library_page_dispose (GObject *object)
{
  CantigaLibraryPage *self = CANTIGA_LIBRARY_PAGE (object);

  if (self->visit != NULL)
    g_signal_handlers_disconnect_by_data (self->visit, self);
  g_clear_object (&self->visit);
  g_clear_object (&self->queue);
  g_clear_object (&self->covers);
  g_clear_object (&self->shown);
  g_clear_object (&self->filtered);
  g_clear_object (&self->filter);
  g_clear_object (&self->sorter);
  G_OBJECT_CLASS (cantiga_library_page_parent_class)->dispose (object);
}

static void
cantiga_library_page_finalize (GObject *object)
{
  CantigaLibraryPage *self = CANTIGA_LIBRARY_PAGE (object);

  g_free (self->wanted);
  g_free (self->order);
  G_OBJECT_CLASS (cantiga_library_page_parent_class)->finalize (object);
}

static void
cantiga_library_page_class_init (CantigaLibraryPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_library_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = cantiga_library_page_finalize;
  widget_class->size_allocate = cantiga_library_page_size_allocate;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/library-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, search_bar);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, search);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, toolbar);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, count);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, as_list);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, stack);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, no_match);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, grid);
  gtk_widget_class_bind_template_child (widget_class, CantigaLibraryPage, list);
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, choose_view);
  gtk_widget_class_bind_template_callback (widget_class, activated_cb);
}

static void
cantiga_library_page_init (CantigaLibraryPage *self)
{
  g_autoptr (GSimpleActionGroup) group = g_simple_action_group_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  self->order = g_strdup ("title");
  self->filter = GTK_FILTER (gtk_custom_filter_new (is_wanted, self, NULL));
  self->sorter = GTK_SORTER (gtk_custom_sorter_new (compare, self, NULL));
  self->filtered = gtk_filter_list_model_new (NULL, g_object_ref (self->filter));
  self->shown = gtk_sort_list_model_new (g_object_ref (G_LIST_MODEL (self->filtered)), g_object_ref (self->sorter));
  g_signal_connect_object (self->shown, "items-changed", G_CALLBACK (choose_view), self, G_CONNECT_SWAPPED);
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search));
  g_action_map_add_action_entries (G_ACTION_MAP (group), actions, G_N_ELEMENTS (actions), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "library", G_ACTION_GROUP (group));
  fill_views (self);
  choose_view (self);
}
