#include "ui/title-row.h"

#include "ui/application.h"
#include "ui/cover.h"
#include "ui/day-words.h"
#include "ui/fold.h"
#include "ui/licence-pill.h"
#include "ui/title-name.h"

struct _CantigaTitleRow
{
  AdwBin parent_instance;

  /* template */
  CantigaCover *cover;
  GtkWidget *mark;
  GtkLabel *name;
  GtkLabel *about;
  CantigaLicencePill *pill;
  GtkLabel *duration;
  GtkButton *play;

  /* owned */
  CantigaTitle *title;
  CantigaQueue *queue;
};

G_DEFINE_FINAL_TYPE (CantigaTitleRow, cantiga_title_row, ADW_TYPE_BIN)

static guint play_signal;

static void
play_clicked_cb (CantigaTitleRow *self)
{
  g_signal_emit (self, play_signal, 0);
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
  if (current)
    gtk_widget_add_css_class (GTK_WIDGET (self->name), "heading");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->name), "heading");
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
  cantiga_cover_set (self->cover, title, covers);
  cantiga_licence_pill_set (self->pill, title, queue);
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
  cantiga_title_name_show_button (GTK_WIDGET (self->play), title);
  g_signal_connect_swapped (title, "notify", G_CALLBACK (name_row), self);
  name_row (self);
}

CantigaTitle *
cantiga_title_row_get_title (CantigaTitleRow *self)
{
  return self->title;
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
  play_signal = g_signal_new ("play", CANTIGA_TYPE_TITLE_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/title-row.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleRow, cover);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleRow, mark);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleRow, name);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleRow, about);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleRow, pill);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleRow, duration);
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleRow, play);
  gtk_widget_class_bind_template_callback (widget_class, play_clicked_cb);
}

static void
cantiga_title_row_init (CantigaTitleRow *self)
{
  g_type_ensure (CANTIGA_TYPE_FOLD);
  g_type_ensure (CANTIGA_TYPE_COVER);
  g_type_ensure (CANTIGA_TYPE_LICENCE_PILL);
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
cantiga_title_row_new (void)
{
  return g_object_new (CANTIGA_TYPE_TITLE_ROW, NULL);
}
