#include "ui/licences-page.h"

#include <glib/gi18n.h>

#include "client/licences.h"
#include "ui/application.h"
#include "ui/error-words.h"
#include "ui/held-words.h"
#include "ui/licence-row.h"
#include "ui/window.h"

#define SHOWN_AT_FIRST 200
#define LOAD_AFTER_MS 500

typedef enum
{
  ENDING,
  OPEN,
  OVER,
  N_KINDS
} Kind;

struct _CantigaLicencesPage
{
  AdwBin parent_instance;

  /* template */
  GtkStack *stack;
  GtkSpinner *spinner;
  AdwStatusPage *trouble;
  GtkWidget *groups[N_KINDS];
  GtkListBox *lists[N_KINDS];
  GtkWidget *more[N_KINDS];

  /* owned */
  CantigaVisit *visit; /* NULL while there is none */
  CantigaCovers *covers;
  CantigaQueue *queue;
  GListModel *licences; /* CantigaHeldLicence, as the server told them last; NULL before */
  GListStore *stores[N_KINDS];
  GtkSliceListModel *slices[N_KINDS];
  GHashTable *rows;    /* CantigaHeldLicence → its row */
  GHashTable *leaving; /* CantigaHeldLicence: given back unless the person thinks again */
  GCancellable *cancellable; /* of loading */
  CantigaTitle *wanted;      /* to be opened */
  guint timer;
};

G_DEFINE_FINAL_TYPE (CantigaLicencesPage, cantiga_licences_page, ADW_TYPE_BIN)

static void load (CantigaLicencesPage *self);
static void arrange (CantigaLicencesPage *self);

static CantigaWindow *
get_window (CantigaLicencesPage *self)
{
  return CANTIGA_WINDOW (gtk_widget_get_root (GTK_WIDGET (self)));
}

/* ---- which page ---- */

static gboolean
is_open (CantigaLicencesPage *self)
{
  return self->visit != NULL && cantiga_visit_get_state (self->visit) == CANTIGA_VISIT_OPEN;
}

static void
choose_page (CantigaLicencesPage *self)
{
  guint n = 0;
  const char *page = "rows";

  for (guint kind = 0; kind < N_KINDS; kind++)
    n += g_list_model_get_n_items (G_LIST_MODEL (self->stores[kind]));
  if (!is_open (self))
    page = "signed-out";
  else if (self->licences == NULL)
    page = "loading";
  else if (n == 0)
    page = "empty";
  gtk_stack_set_visible_child_name (self->stack, page);
}

/* ---- renewing ---- */

static void
renewed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaLicenceRow) row = user_data;
  CantigaLicencesPage *self = CANTIGA_LICENCES_PAGE (gtk_widget_get_ancestor (GTK_WIDGET (row), CANTIGA_TYPE_LICENCES_PAGE));
  g_autoptr (GError) error = NULL;
  gboolean renewed = cantiga_session_renew_licence_finish (CANTIGA_SESSION (source), result, &error);
  int plays = cantiga_held_licence_get_plays_left (cantiga_licence_row_get_licence (row));
  g_autofree char *said = g_strdup_printf (ngettext ("%d new play", "%d new plays", plays), plays);

  cantiga_licence_row_set_busy (row, FALSE);
  if (self == NULL)
    return;
  if (!renewed)
    return cantiga_licence_row_set_trouble (row, cantiga_error_words_get (error));
  cantiga_window_toast (get_window (self), said);
  arrange (self);
}

static void
renew_cb (CantigaLicenceRow *row, CantigaLicencesPage *self)
{
  if (!is_open (self))
    return;
  cantiga_licence_row_set_trouble (row, NULL);
  cantiga_licence_row_set_busy (row, TRUE);
  cantiga_session_renew_licence_async (cantiga_visit_get_session (self->visit), cantiga_licence_row_get_licence (row),
                                       cantiga_licence_row_get_title (row), NULL, renewed_cb, g_object_ref (row));
}

/* ---- giving back ---- */

/* What a toast knows of a licence that is given back unless it is undone. */
typedef struct
{
  CantigaLicencesPage *page;
  CantigaLicenceRow *row;
  CantigaSession *session;
} Leaving;

static void
leaving_free (gpointer data, GClosure *closure)
{
  Leaving *leaving = data;

  g_object_unref (leaving->page);
  g_object_unref (leaving->row);
  g_object_unref (leaving->session);
  g_free (leaving);
}

static Leaving *
leaving_new (CantigaLicencesPage *self, CantigaLicenceRow *row)
{
  Leaving *leaving = g_new (Leaving, 1);

  *leaving = (Leaving){ g_object_ref (self), g_object_ref (row), g_object_ref (cantiga_visit_get_session (self->visit)) };
  return leaving;
}

static void
given_back_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Leaving *leaving = user_data;
  CantigaLicencesPage *self = leaving->page;
  g_autoptr (GError) error = NULL;

  g_hash_table_remove (self->leaving, cantiga_licence_row_get_licence (leaving->row));
  if (!cantiga_session_return_licence_finish (CANTIGA_SESSION (source), result, &error))
    {
      cantiga_licence_row_set_trouble (leaving->row, cantiga_error_words_get (error));
      adw_expander_row_set_expanded (ADW_EXPANDER_ROW (leaving->row), TRUE);
    }
  else
    load (self);
  arrange (self);
  leaving_free (leaving, NULL);
}

static void
stay_cb (AdwToast *undone, Leaving *leaving)
{
  g_hash_table_remove (leaving->page->leaving, cantiga_licence_row_get_licence (leaving->row));
  arrange (leaving->page);
}

/* Nobody thought again: now the server is told. */
static void
leave_cb (AdwToast *dismissed, Leaving *leaving)
{
  CantigaLicencesPage *self = leaving->page;

  if (g_hash_table_contains (self->leaving, cantiga_licence_row_get_licence (leaving->row)) && is_open (self)
      && cantiga_visit_get_session (self->visit) == leaving->session)
    cantiga_session_return_licence_async (leaving->session, cantiga_licence_row_get_licence (leaving->row),
                                          cantiga_licence_row_get_title (leaving->row), NULL, given_back_cb, leaving_new (self, leaving->row));
}

/* The focus of a row that goes is its neighbour's: left to itself it goes into the toast, which then stands for as long as it has it. */
static void
focus_neighbour (CantigaLicencesPage *self, GtkWidget *row)
{
  GtkWidget *neighbour = gtk_widget_get_next_sibling (row);

  if (neighbour == NULL)
    neighbour = gtk_widget_get_prev_sibling (row);
  for (guint kind = 0; neighbour == NULL && kind < N_KINDS; kind++)
    {
      GtkWidget *first = gtk_widget_get_first_child (GTK_WIDGET (self->lists[kind]));

      neighbour = first != row ? first : NULL;
    }
  if (neighbour != NULL && gtk_widget_get_focus_child (row) != NULL)
    (void)gtk_widget_child_focus (neighbour, GTK_DIR_TAB_FORWARD);
}

static void
give_back_cb (CantigaLicenceRow *row, CantigaLicencesPage *self)
{
  AdwToast *toast;

  if (!is_open (self))
    return;
  cantiga_licence_row_set_trouble (row, NULL);
  g_hash_table_add (self->leaving, g_object_ref (cantiga_licence_row_get_licence (row)));
  toast = cantiga_window_toast_undo (get_window (self), _ ("Given back"));
  g_signal_connect_data (toast, "button-clicked", G_CALLBACK (stay_cb), leaving_new (self, row), leaving_free, 0);
  g_signal_connect_data (toast, "dismissed", G_CALLBACK (leave_cb), leaving_new (self, row), leaving_free, 0);
  focus_neighbour (self, GTK_WIDGET (row));
  arrange (self);
}

/* ---- rows ---- */

static CantigaTitle *
find_title (CantigaLicencesPage *self, CantigaHeldLicence *licence)
{
  GListModel *titles = cantiga_catalogue_get_titles (cantiga_visit_get_catalogue (self->visit));

  for (guint i = 0; i < g_list_model_get_n_items (titles); i++)
    {
      g_autoptr (CantigaTitle) title = g_list_model_get_item (titles, i);

      if (cantiga_id_equal (cantiga_title_get_id (title), cantiga_held_licence_get_title (licence)))
        return title; /* the catalogue keeps it */
    }
  return NULL;
}

/* A row goes with its licence from one group to the next as it is. */
static GtkWidget *
create_row (gpointer licence, gpointer user_data)
{
  CantigaLicencesPage *self = user_data;
  GtkWidget *row = g_hash_table_lookup (self->rows, licence);

  if (row == NULL)
    {
      row = cantiga_licence_row_new (licence, find_title (self, licence), self->covers, self->queue);
      g_signal_connect_object (row, "renew", G_CALLBACK (renew_cb), self, 0);
      g_signal_connect_object (row, "give-back", G_CALLBACK (give_back_cb), self, 0);
      g_hash_table_insert (self->rows, g_object_ref (licence), g_object_ref_sink (row));
    }
  return g_object_ref (row);
}

static gboolean
is_of_kind (CantigaLicencesPage *self, CantigaHeldLicence *licence, Kind kind, gint64 now)
{
  if (g_hash_table_contains (self->leaving, licence))
    return FALSE;
  if (!cantiga_held_words_is_open (licence, now))
    return kind == OVER;
  return kind == (cantiga_held_words_ends_soon (licence, now) ? ENDING : OPEN);
}

static int
compare_expires (gconstpointer a, gconstpointer b)
{
  gint64 first = cantiga_held_licence_get_expires (*(CantigaHeldLicence *const *)a);
  gint64 second = cantiga_held_licence_get_expires (*(CantigaHeldLicence *const *)b);

  return (first > second) - (first < second);
}

static GPtrArray *
collect (CantigaLicencesPage *self, Kind kind, gint64 now)
{
  GPtrArray *found = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; self->licences != NULL && i < g_list_model_get_n_items (self->licences); i++)
    {
      g_autoptr (CantigaHeldLicence) licence = g_list_model_get_item (self->licences, i);

      if (is_of_kind (self, licence, kind, now))
        g_ptr_array_add (found, g_steal_pointer (&licence));
    }
  if (kind == ENDING)
    g_ptr_array_sort (found, compare_expires);
  return found;
}

/* Rows that stay are left alone: they have the focus, and are open. */
static void
drop_unwanted (GListStore *store, GPtrArray *wanted)
{
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (store)); i > 0; i--)
    {
      g_autoptr (GObject) item = g_list_model_get_item (G_LIST_MODEL (store), i - 1);

      if (!g_ptr_array_find (wanted, item, NULL))
        g_list_store_remove (store, i - 1);
    }
}

static void
take_wanted (GListStore *store, GPtrArray *wanted)
{
  for (guint i = 0; i < wanted->len; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (G_LIST_MODEL (store), i);
      guint there;

      if (item == wanted->pdata[i])
        continue;
      if (g_list_store_find (store, wanted->pdata[i], &there))
        g_list_store_remove (store, there);
      g_list_store_insert (store, i, wanted->pdata[i]);
    }
}

static void
show_counts (CantigaLicencesPage *self)
{
  for (guint kind = 0; kind < N_KINDS; kind++)
    {
      guint n = g_list_model_get_n_items (G_LIST_MODEL (self->stores[kind]));

      gtk_widget_set_visible (self->groups[kind], n > 0);
      gtk_widget_set_visible (self->more[kind], n > gtk_slice_list_model_get_size (self->slices[kind]));
    }
  choose_page (self);
}

/* Every licence into its group. All leave first, so that a row has no parent when it comes to another group. */
static void
arrange (CantigaLicencesPage *self)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  GPtrArray *wanted[N_KINDS];

  for (guint kind = 0; kind < N_KINDS; kind++)
    {
      wanted[kind] = collect (self, kind, now);
      drop_unwanted (self->stores[kind], wanted[kind]);
    }
  for (guint kind = 0; kind < N_KINDS; kind++)
    {
      take_wanted (self->stores[kind], wanted[kind]);
      g_ptr_array_unref (wanted[kind]);
    }
  show_counts (self);
}

static void
show_more (GtkWidget *widget, const char *action, GVariant *parameter)
{
  CantigaLicencesPage *self = CANTIGA_LICENCES_PAGE (widget);
  guint kind = (guint)g_variant_get_int32 (parameter);

  g_return_if_fail (kind < N_KINDS);
  gtk_slice_list_model_set_size (self->slices[kind], gtk_slice_list_model_get_size (self->slices[kind]) + SHOWN_AT_FIRST);
  show_counts (self);
}

/* ---- one of them, asked for elsewhere ---- */

static void
open_wanted (CantigaLicencesPage *self)
{
  g_autoptr (CantigaTitle) wanted = g_steal_pointer (&self->wanted);

  for (guint i = 0; wanted != NULL && i < g_list_model_get_n_items (self->licences); i++)
    {
      g_autoptr (CantigaHeldLicence) licence = g_list_model_get_item (self->licences, i);
      GtkWidget *row = g_hash_table_lookup (self->rows, licence);

      if (row != NULL && cantiga_id_equal (cantiga_held_licence_get_title (licence), cantiga_title_get_id (wanted)))
        {
          adw_expander_row_set_expanded (ADW_EXPANDER_ROW (row), TRUE);
          gtk_widget_child_focus (row, GTK_DIR_TAB_FORWARD);
          return;
        }
    }
  if (wanted != NULL)
    cantiga_window_toast (get_window (self), _ ("No licence yet: you get one when you first play it"));
}

void
cantiga_licences_page_show_title (CantigaLicencesPage *self, CantigaTitle *title)
{
  g_set_object (&self->wanted, title);
  load (self);
}

/* ---- loading ---- */

/* The objects of licences that stay are kept: they follow. */
static void
take (CantigaLicencesPage *self, GListModel *newer)
{
  g_autoptr (GHashTable) known = g_hash_table_new (cantiga_id_hash, cantiga_id_equal_func);
  GListStore *all = g_list_store_new (CANTIGA_TYPE_HELD_LICENCE);

  for (guint i = 0; self->licences != NULL && i < g_list_model_get_n_items (self->licences); i++)
    {
      g_autoptr (CantigaHeldLicence) licence = g_list_model_get_item (self->licences, i);

      g_hash_table_insert (known, (gpointer)cantiga_held_licence_get_title (licence), licence);
    }
  for (guint i = 0; i < g_list_model_get_n_items (newer); i++)
    {
      g_autoptr (CantigaHeldLicence) licence = g_list_model_get_item (newer, i);
      CantigaHeldLicence *there = g_hash_table_lookup (known, cantiga_held_licence_get_title (licence));

      if (there != NULL)
        cantiga_held_licence_follow (there, licence);
      g_list_store_append (all, there != NULL ? there : licence);
    }
  g_set_object (&self->licences, G_LIST_MODEL (all));
  g_object_unref (all);
}

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaLicencesPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GListModel) licences = cantiga_session_list_licences_finish (CANTIGA_SESSION (source), result, &error);

  if (self->cancellable == NULL || g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return;
  g_clear_object (&self->cancellable);
  if (licences != NULL)
    {
      take (self, licences);
      arrange (self);
      open_wanted (self);
    }
  else if (self->licences == NULL && is_open (self))
    {
      adw_status_page_set_description (self->trouble, cantiga_error_words_get (error));
      gtk_stack_set_visible_child_name (self->stack, "trouble");
    }
}

static void
stop_loading (CantigaLicencesPage *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

/* What is there already stays until the newer ones are here. */
static void
load (CantigaLicencesPage *self)
{
  stop_loading (self);
  choose_page (self);
  if (!is_open (self))
    return;
  self->cancellable = g_cancellable_new ();
  cantiga_session_list_licences_async (cantiga_visit_get_session (self->visit), self->cancellable, loaded_cb, g_object_ref (self));
}

static gboolean
load_cb (gpointer user_data)
{
  CantigaLicencesPage *self = user_data;

  self->timer = 0;
  load (self);
  return G_SOURCE_REMOVE;
}

/* Plays are spent while one looks: their days and hours follow. */
static void
load_later_cb (CantigaLicencesPage *self)
{
  if (gtk_widget_get_mapped (GTK_WIDGET (self)) && self->timer == 0)
    self->timer = g_timeout_add (LOAD_AFTER_MS, load_cb, self);
}

static void
try_again (GtkWidget *widget, const char *action, GVariant *parameter)
{
  load (CANTIGA_LICENCES_PAGE (widget));
}

static void
state_changed_cb (CantigaLicencesPage *self)
{
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    load (self);
  else
    choose_page (self);
}

void
cantiga_licences_page_set_visit (CantigaLicencesPage *self, CantigaVisit *visit, CantigaCovers *covers, CantigaQueue *queue)
{
  stop_loading (self);
  if (self->visit != NULL)
    g_signal_handlers_disconnect_by_data (self->visit, self);
  if (self->queue != NULL)
    g_signal_handlers_disconnect_by_data (self->queue, self);
  g_set_object (&self->visit, visit);
  g_set_object (&self->covers, covers);
  g_set_object (&self->queue, queue);
  g_clear_object (&self->licences);
  g_clear_object (&self->wanted);
  arrange (self);
  g_hash_table_remove_all (self->rows);
  g_hash_table_remove_all (self->leaving);
  if (visit != NULL)
    g_signal_connect_swapped (visit, "notify::state", G_CALLBACK (state_changed_cb), self);
  if (queue != NULL)
    {
      g_signal_connect_swapped (queue, "notify::plays-left", G_CALLBACK (load_later_cb), self);
      g_signal_connect_swapped (queue, "notify::state", G_CALLBACK (load_later_cb), self);
    }
}

/* ---- the page ---- */

static void
cantiga_licences_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (cantiga_licences_page_parent_class)->map (widget);
  load (CANTIGA_LICENCES_PAGE (widget));
}

static void
cantiga_licences_page_dispose (GObject *object)
{
  CantigaLicencesPage *self = CANTIGA_LICENCES_PAGE (object);

  if (self->rows != NULL)
    cantiga_licences_page_set_visit (self, NULL, NULL, NULL);
  g_clear_pointer (&self->rows, g_hash_table_unref);
  g_clear_pointer (&self->leaving, g_hash_table_unref);
  for (guint kind = 0; kind < N_KINDS; kind++)
    {
      g_clear_object (&self->slices[kind]);
      g_clear_object (&self->stores[kind]);
    }
  G_OBJECT_CLASS (cantiga_licences_page_parent_class)->dispose (object);
}

static void
cantiga_licences_page_class_init (CantigaLicencesPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  static const char *const kinds[N_KINDS][3]
      = { { "ending", "ending_list", "ending_more" }, { "open", "open_list", "open_more" }, { "over", "over_list", "over_more" } };

  G_OBJECT_CLASS (klass)->dispose = cantiga_licences_page_dispose;
  widget_class->map = cantiga_licences_page_map;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/licences-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaLicencesPage, stack);
  gtk_widget_class_bind_template_child (widget_class, CantigaLicencesPage, spinner);
  gtk_widget_class_bind_template_child (widget_class, CantigaLicencesPage, trouble);
  for (gsize kind = 0; kind < N_KINDS; kind++)
    {
      gtk_widget_class_bind_template_child_full (widget_class, kinds[kind][0], FALSE,
                                                 G_STRUCT_OFFSET (CantigaLicencesPage, groups) + (gssize)(kind * sizeof (GtkWidget *)));
      gtk_widget_class_bind_template_child_full (widget_class, kinds[kind][1], FALSE,
                                                 G_STRUCT_OFFSET (CantigaLicencesPage, lists) + (gssize)(kind * sizeof (GtkListBox *)));
      gtk_widget_class_bind_template_child_full (widget_class, kinds[kind][2], FALSE,
                                                 G_STRUCT_OFFSET (CantigaLicencesPage, more) + (gssize)(kind * sizeof (GtkWidget *)));
    }
  gtk_widget_class_install_action (widget_class, "licences.show-more", "i", show_more);
  gtk_widget_class_install_action (widget_class, "licences.try-again", NULL, try_again);
}

static void
cantiga_licences_page_init (CantigaLicencesPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  /* One that is not seen would turn all the same, and costs. */
  g_signal_connect_swapped (self->spinner, "map", G_CALLBACK (gtk_spinner_start), self->spinner);
  g_signal_connect_swapped (self->spinner, "unmap", G_CALLBACK (gtk_spinner_stop), self->spinner);
  self->rows = g_hash_table_new_full (NULL, NULL, g_object_unref, g_object_unref);
  self->leaving = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  for (guint kind = 0; kind < N_KINDS; kind++)
    {
      self->stores[kind] = g_list_store_new (CANTIGA_TYPE_HELD_LICENCE);
      self->slices[kind] = gtk_slice_list_model_new (g_object_ref (G_LIST_MODEL (self->stores[kind])), 0, SHOWN_AT_FIRST);
      gtk_list_box_bind_model (self->lists[kind], G_LIST_MODEL (self->slices[kind]), create_row, self, NULL);
    }
}
