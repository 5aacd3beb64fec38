#include "ui/licence-row.h"

#include <glib/gi18n.h>

#include "ui/application.h"
#include "ui/cover.h"
#include "ui/held-words.h"
#include "ui/licence-pill.h"

#define NAME_LINES 2

struct _CantigaLicenceRow
{
  AdwExpanderRow parent_instance;

  /* template */
  CantigaCover *cover;
  CantigaLicencePill *pill;
  GtkSpinner *spinner;
  GtkLabel *dots;
  GtkLabel *left;
  GtkLabel *end;
  GtkLabel *heard;
  GtkLabel *renewal;
  GtkLabel *trouble;
  GtkWidget *details;
  GtkWidget *buttons;
  GtkWidget *renew;
  GtkWidget *give_back;

  /* owned */
  CantigaHeldLicence *licence;
  CantigaTitle *title; /* NULL if it is no longer there */
};

enum
{
  RENEW,
  GIVE_BACK,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CantigaLicenceRow, cantiga_licence_row, ADW_TYPE_EXPANDER_ROW)

static void
renew_clicked_cb (CantigaLicenceRow *self)
{
  g_signal_emit (self, signals[RENEW], 0);
}

static void
give_back_clicked_cb (CantigaLicenceRow *self)
{
  g_signal_emit (self, signals[GIVE_BACK], 0);
}

/* ---- what it says ---- */

static void
show_or_hide (GtkLabel *label, const char *text)
{
  gtk_label_set_label (label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL);
}

static const char *
get_name (CantigaLicenceRow *self)
{
  const char *name = cantiga_held_licence_get_name (self->licence);

  return *name != '\0' ? name : _ ("A title that is no longer there");
}

static void
name_list (GtkWidget *list, const char *name)
{
  if (GTK_IS_LIST_BOX (list))
    gtk_accessible_update_property (GTK_ACCESSIBLE (list), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

/* AdwExpanderRow is made of two lists; the first has its header, a row within the row, which has the focus. */
static GtkWidget *
get_head (CantigaLicenceRow *self)
{
  return gtk_widget_get_first_child (gtk_widget_get_first_child (GTK_WIDGET (self)));
}

static void
name_row (CantigaLicenceRow *self, const char *left, const char *end)
{
  GtkWidget *head = get_head (self);
  GtkWidget *header = gtk_widget_get_first_child (head), *rest = gtk_widget_get_parent (self->details);
  g_autofree char *name = g_strdup_printf ("%s. %s. %s", get_name (self), left, end);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  name_list (head, get_name (self));
  name_list (rest, get_name (self));
  if (GTK_IS_ACCESSIBLE (header))
    {
      gtk_accessible_reset_relation (GTK_ACCESSIBLE (header), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
      gtk_accessible_update_property (GTK_ACCESSIBLE (header), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    }
}

static void
show_licence (CantigaLicenceRow *self)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gboolean open = cantiga_held_words_is_open (self->licence, now);
  gboolean renewable = g_str_equal (cantiga_held_licence_get_renewal (self->licence), "now");
  g_autofree char *dots = cantiga_held_words_dup_dots (self->licence);
  g_autofree char *left = cantiga_held_words_dup_left (self->licence);
  g_autofree char *end = cantiga_held_words_dup_end (self->licence, now);
  g_autofree char *made = cantiga_held_words_dup_made (self->licence);
  g_autofree char *when = g_strdup_printf ("%s · %s", end, made);
  g_autofree char *heard = cantiga_held_words_dup_heard (self->licence, now);
  g_autofree char *renewal = cantiga_held_words_dup_renewal (self->licence);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), get_name (self));
  adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (self), cantiga_held_licence_get_artist (self->licence));
  show_or_hide (self->dots, dots);
  gtk_label_set_label (self->left, left);
  gtk_label_set_label (self->end, when);
  show_or_hide (self->heard, heard);
  show_or_hide (self->renewal, renewal);
  gtk_widget_set_visible (self->renew, renewable);
  gtk_widget_set_visible (self->give_back, open);
  gtk_widget_set_visible (self->buttons, renewable || open);
  name_row (self, left, end);
}

/* A play that is spent is known to the catalogue's title first. */
static void
title_changed_cb (CantigaLicenceRow *self)
{
  const char *state = cantiga_title_get_licence_state (self->title);

  cantiga_held_licence_follow_title (self->licence, state, cantiga_title_get_plays_left (self->title), cantiga_title_get_expires (self->title));
}

CantigaHeldLicence *
cantiga_licence_row_get_licence (CantigaLicenceRow *self)
{
  return self->licence;
}

CantigaTitle *
cantiga_licence_row_get_title (CantigaLicenceRow *self)
{
  return self->title;
}

void
cantiga_licence_row_set_busy (CantigaLicenceRow *self, gboolean busy)
{
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), busy);
  gtk_spinner_set_spinning (self->spinner, busy);
  gtk_widget_set_sensitive (self->buttons, !busy);
}

void
cantiga_licence_row_set_trouble (CantigaLicenceRow *self, const char *sentence)
{
  show_or_hide (self->trouble, sentence);
}

/* ---- the row ---- */

static void
cantiga_licence_row_dispose (GObject *object)
{
  CantigaLicenceRow *self = CANTIGA_LICENCE_ROW (object);

  if (self->licence != NULL)
    g_signal_handlers_disconnect_by_data (self->licence, self);
  if (self->title != NULL)
    g_signal_handlers_disconnect_by_data (self->title, self);
  g_clear_object (&self->licence);
  g_clear_object (&self->title);
  G_OBJECT_CLASS (cantiga_licence_row_parent_class)->dispose (object);
}

static void
cantiga_licence_row_class_init (CantigaLicenceRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_licence_row_dispose;
  signals[RENEW] = g_signal_new ("renew", CANTIGA_TYPE_LICENCE_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[GIVE_BACK] = g_signal_new ("give-back", CANTIGA_TYPE_LICENCE_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/licence-row.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaLicenceRow, cover);
  gtk_widget_class_bind_template_child (widget_class, CantigaLicenceRow, pill);
  gtk_widget_class_bind_template_child (widget_class, CantigaLicenceRow, spinner);
  gtk_widget_class_bind_template_child (widget_class, CantigaLicenceRow, dots);
  gtk_widget_class_bind_template_child (widget_class, CantigaLicenceRow, left);
  gtk_widget_class_bind_template_child (widget_class, CantigaLicenceRow, end);
  gtk_widget_class_bind_template_child (widget_class, CantigaLicenceRow, heard);
  gtk_widget_class_bind_template_child (widget_class, CantigaLicenceRow, renewal);
  gtk_widget_class_bind_template_child (widget_class, CantigaLicenceRow, trouble);
  gtk_widget_class_bind_template_child (widget_class, CantigaLicenceRow, details);
  gtk_widget_class_bind_template_child (widget_class, CantigaLicenceRow, buttons);
  gtk_widget_class_bind_template_child (widget_class, CantigaLicenceRow, renew);
  gtk_widget_class_bind_template_child (widget_class, CantigaLicenceRow, give_back);
  gtk_widget_class_bind_template_callback (widget_class, renew_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, give_back_clicked_cb);
}

/* Beside a pill in a narrow window a name would become a column of words. */
static void
limit_lines (CantigaLicenceRow *self)
{
  GtkWidget *header = gtk_widget_get_first_child (get_head (self));

  if (!ADW_IS_ACTION_ROW (header))
    return;
  adw_action_row_set_title_lines (ADW_ACTION_ROW (header), NAME_LINES);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (header), 1);
}

static void
cantiga_licence_row_init (CantigaLicenceRow *self)
{
  g_type_ensure (CANTIGA_TYPE_COVER);
  g_type_ensure (CANTIGA_TYPE_LICENCE_PILL);
  gtk_widget_init_template (GTK_WIDGET (self));
  cantiga_licence_pill_keep_whole (self->pill);
  limit_lines (self);
}

GtkWidget *
cantiga_licence_row_new (CantigaHeldLicence *licence, CantigaTitle *title, CantigaCovers *covers, CantigaQueue *queue)
{
  CantigaLicenceRow *self = g_object_new (CANTIGA_TYPE_LICENCE_ROW, NULL);

  self->licence = g_object_ref (licence);
  g_set_object (&self->title, title);
  cantiga_cover_set (self->cover, title, covers);
  cantiga_licence_pill_set (self->pill, title, queue);
  gtk_widget_set_visible (GTK_WIDGET (self->pill), title != NULL);
  g_signal_connect_swapped (licence, "notify", G_CALLBACK (show_licence), self);
  if (title != NULL)
    g_signal_connect_swapped (title, "notify", G_CALLBACK (title_changed_cb), self);
  show_licence (self);
  return GTK_WIDGET (self);
}
