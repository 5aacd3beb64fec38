#include "ui/title-row.h"

#include "ui/application.h"
#include "ui/cover.h"
#include "ui/day-words.h"
#include "ui/fold.h"
#include "ui/licence-pill.h"
#include "ui/title-lines.h"
#include "ui/title-menu.h"
#include "ui/title-name.h"
#include "ui/title-trouble.h"

struct _CantigaTitleRow
{
  AdwBin parent_instance;

  /* template */
  CantigaCover *cover;
  GtkLabel *number;
  GtkWidget *mark;
  GtkLabel *name;
  GtkLabel *about;
  CantigaLicencePill *pill;
  CantigaTitleTrouble *trouble;
  GtkLabel *duration;
  GtkWidget *more;

  /* owned */
  CantigaTitle *title;
  CantigaQueue *queue;

  gboolean numbered; /* shows the track's number, not the cover */
};

G_DEFINE_FINAL_TYPE (CantigaTitleRow, cantiga_title_row, ADW_TYPE_BIN)

static void
more_clicked_cb (CantigaTitleRow *self)
{
  cantiga_title_menu_open (GTK_WIDGET (self));
}

/* As a click on the row. */
static void
retry_cb (CantigaTitleRow *self)
{
  (void)gtk_widget_activate (gtk_widget_get_parent (GTK_WIDGET (self)));
}

static GPtrArray *
about_menu (GtkWidget *widget)
{
  return cantiga_title_menu_about_one (CANTIGA_TITLE_ROW (widget)->title);
}

static void
name_row (CantigaTitleRow *self)
{
  cantiga_title_name_show (GTK_WIDGET (self), self->title);
}

/* The one that plays is known by its mark and its weight, not by colour alone. */
static void
mark_playing (CantigaTitleRow *self)
{
  gboolean current = self->queue != NULL && self->title != NULL && cantiga_queue_get_title (self->queue) == self->title;

  gtk_widget_set_visible (self->mark, current);
  gtk_widget_set_visible (GTK_WIDGET (self->number), self->numbered && !current);
  if (current)
    gtk_widget_add_css_class (GTK_WIDGET (self->name), "heading");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->name), "heading");
}

static void
show_number (CantigaTitleRow *self)
{
  g_autofree char *number = g_strdup_printf ("%u", cantiga_title_get_track (self->title));

  gtk_label_set_label (self->number, cantiga_title_get_track (self->title) > 0 ? number : "");
}

static void
let_go (CantigaTitleRow *self)
{
  if (self->title != NULL)
    g_signal_handlers_disconnect_by_data (self->title, self);
  if (self->queue != NULL)
    g_signal_handlers_disconnect_by_data (self->queue, self);
}

void
cantiga_title_row_set (CantigaTitleRow *self, CantigaTitle *title, CantigaCovers *covers, CantigaQueue *queue)
{
  g_autofree char *about = NULL, *duration = NULL;

  let_go (self);
  g_set_object (&self->title, title);
  g_set_object (&self->queue, queue);
  if (!self->numbered)
    cantiga_cover_set (self->cover, title, covers);
  cantiga_licence_pill_set (self->pill, title, queue);
  cantiga_title_trouble_set (self->trouble, title);
  mark_playing (self);
  if (queue != NULL)
    g_signal_connect_swapped (queue, "notify::title", G_CALLBACK (mark_playing), self);
  if (title == NULL)
    return;
  about = g_strjoin (*cantiga_title_get_artist (title) != '\0' && *cantiga_title_get_album (title) != '\0' ? " · " : "",
                     cantiga_title_get_artist (title), cantiga_title_get_album (title), NULL);
  duration = cantiga_day_words_dup_length (cantiga_title_get_duration (title));
  gtk_label_set_label (self->name, cantiga_title_get_name (title));
  gtk_label_set_label (self->about, about);
  gtk_label_set_label (self->duration, duration);
  show_number (self);
  cantiga_title_name_show_menu (self->more, title);
  g_signal_connect_swapped (title, "notify", G_CALLBACK (name_row), self);
  name_row (self);
}

static void
cantiga_title_row_dispose (GObject *object)
{
  CantigaTitleRow *self = CANTIGA_TITLE_ROW (object);

  let_go (self);
  g_clear_object (&self->title);
  g_clear_object (&self->queue);
  G_OBJECT_CLASS (cantiga_title_row_parent_class)->dispose (object);
}

static void
cantiga_title_row_class_init (CantigaTitleRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_title_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/title-row.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleRow, cover);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleRow, number);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleRow, mark);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleRow, name);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleRow, about);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleRow, pill);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleRow, duration);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleRow, more);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleRow, trouble);
  gtk_widget_class_bind_template_callback (widget_class, more_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, retry_cb);
}

static void
cantiga_title_row_init (CantigaTitleRow *self)
{
  g_type_ensure (CANTIGA_TYPE_FOLD);
  g_type_ensure (CANTIGA_TYPE_COVER);
  g_type_ensure (CANTIGA_TYPE_LICENCE_PILL);
  g_type_ensure (CANTIGA_TYPE_TITLE_LINES);
  g_type_ensure (CANTIGA_TYPE_TITLE_TROUBLE);
  gtk_widget_init_template (GTK_WIDGET (self));
  cantiga_title_menu_attach (GTK_WIDGET (self), about_menu);
}

GtkWidget *
cantiga_title_row_new (gboolean numbered)
{
  CantigaTitleRow *self = g_object_new (CANTIGA_TYPE_TITLE_ROW, NULL);

  self->numbered = numbered;
  gtk_widget_set_visible (GTK_WIDGET (self->cover), !numbered);
  gtk_widget_set_visible (GTK_WIDGET (self->number), numbered);
  return GTK_WIDGET (self);
}
