#include "ui/licence-pill.h"

#include <glib/gi18n.h>

#include "ui/licence-words.h"

#define LOOK_AGAIN_SECONDS 60

struct _CantigaLicencePill
{
  GtkWidget parent_instance;

  /* children */
  GtkWidget *box;
  GtkImage *icon;
  GtkStack *numbers; /* two labels: the old number slides out as the new one comes */
  GtkLabel *labels[2];

  /* owned */
  CantigaTitle *title;
  CantigaQueue *queue;
  guint timer;

  gboolean whole;
  guint shown; /* of labels */
};

enum
{
  PROP_WHOLE = 1,
};

G_DEFINE_FINAL_TYPE (CantigaLicencePill, cantiga_licence_pill, GTK_TYPE_WIDGET)

static void
set_style (CantigaLicencePill *self, const char *style)
{
  static const char *const styles[] = { "warning", "error", "accent" };

  for (guint i = 0; i < G_N_ELEMENTS (styles); i++)
    if (g_strcmp0 (styles[i], style) == 0)
      gtk_widget_add_css_class (self->box, styles[i]);
    else
      gtk_widget_remove_css_class (self->box, styles[i]);
}

/* A new title comes as it is; a new number of the same title slides. */
static void
set_text (CantigaLicencePill *self, const char *text, gboolean slide)
{
  if (g_str_equal (gtk_label_get_label (self->labels[self->shown]), text))
    return;
  if (slide)
    self->shown = 1 - self->shown;
  gtk_label_set_label (self->labels[self->shown], text);
  gtk_label_set_label (self->labels[1 - self->shown], slide ? gtk_label_get_label (self->labels[1 - self->shown]) : "");
  gtk_stack_set_visible_child (self->numbers, GTK_WIDGET (self->labels[self->shown]));
}

static void
update (CantigaLicencePill *self, gboolean slide)
{
  gboolean current = self->queue != NULL && cantiga_queue_get_title (self->queue) == self->title;
  gboolean spent = current && cantiga_queue_get_state (self->queue) >= CANTIGA_QUEUE_PLAYING;
  g_auto (CantigaLicenceWords) words = { 0 };
  g_autofree char *name = NULL;

  if (self->title == NULL)
    return gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
  words = cantiga_licence_words (self->title, spent ? CANTIGA_SPENT_NOW : CANTIGA_SPENT_ELSEWHERE, g_get_real_time () / G_USEC_PER_SEC);
  name = g_strdup_printf (_ ("Licence: %s"), words.whole);
  set_style (self, words.style);
  gtk_widget_set_visible (GTK_WIDGET (self->icon), words.icon != NULL);
  gtk_image_set_from_icon_name (self->icon, words.icon);
  set_text (self, self->whole ? words.whole : words.brief, slide);
  gtk_widget_set_visible (GTK_WIDGET (self), *words.brief != '\0');
  gtk_widget_set_tooltip_text (self->box, words.whole);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, *words.brief != '\0' ? name : "", -1);
}

static void
changed_cb (CantigaLicencePill *self)
{
  update (self, TRUE);
}

static gboolean
look_again_cb (gpointer self)
{
  update (self, TRUE);
  return G_SOURCE_CONTINUE;
}

void
cantiga_licence_pill_set (CantigaLicencePill *self, CantigaTitle *title, CantigaQueue *queue)
{
  if (self->title != NULL)
    g_signal_handlers_disconnect_by_data (self->title, self);
  if (self->queue != NULL)
    g_signal_handlers_disconnect_by_data (self->queue, self);
  g_set_object (&self->title, title);
  g_set_object (&self->queue, queue);
  if (title != NULL)
    {
      g_signal_connect_swapped (title, "notify::licence-state", G_CALLBACK (changed_cb), self);
      g_signal_connect_swapped (title, "notify::plays-left", G_CALLBACK (changed_cb), self);
      g_signal_connect_swapped (title, "notify::expires", G_CALLBACK (changed_cb), self);
    }
  if (queue != NULL)
    {
      g_signal_connect_swapped (queue, "notify::title", G_CALLBACK (changed_cb), self);
      g_signal_connect_swapped (queue, "notify::state", G_CALLBACK (changed_cb), self);
    }
  update (self, FALSE);
}

/* Time passes only for who looks. */
static void
cantiga_licence_pill_map (GtkWidget *widget)
{
  CantigaLicencePill *self = CANTIGA_LICENCE_PILL (widget);

  GTK_WIDGET_CLASS (cantiga_licence_pill_parent_class)->map (widget);
  self->timer = g_timeout_add_seconds (LOOK_AGAIN_SECONDS, look_again_cb, self);
}

static void
cantiga_licence_pill_unmap (GtkWidget *widget)
{
  g_clear_handle_id (&CANTIGA_LICENCE_PILL (widget)->timer, g_source_remove);
  GTK_WIDGET_CLASS (cantiga_licence_pill_parent_class)->unmap (widget);
}

static void
cantiga_licence_pill_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CantigaLicencePill *self = CANTIGA_LICENCE_PILL (object);

  self->whole = g_value_get_boolean (value);
  update (self, FALSE);
}

void
cantiga_licence_pill_keep_whole (CantigaLicencePill *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->labels); i++)
    gtk_label_set_ellipsize (self->labels[i], PANGO_ELLIPSIZE_NONE);
}

static void
cantiga_licence_pill_dispose (GObject *object)
{
  CantigaLicencePill *self = CANTIGA_LICENCE_PILL (object);

  cantiga_licence_pill_set (self, NULL, NULL);
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  G_OBJECT_CLASS (cantiga_licence_pill_parent_class)->dispose (object);
}

static void
cantiga_licence_pill_class_init (CantigaLicencePillClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_licence_pill_dispose;
  G_OBJECT_CLASS (klass)->set_property = cantiga_licence_pill_set_property;
  widget_class->map = cantiga_licence_pill_map;
  widget_class->unmap = cantiga_licence_pill_unmap;
  g_object_class_install_property (G_OBJECT_CLASS (klass), PROP_WHOLE,
                                   g_param_spec_boolean ("whole", NULL, NULL, FALSE, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_STATUS);
}

static void
cantiga_licence_pill_init (CantigaLicencePill *self)
{
  self->box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 4);
  self->icon = g_object_new (GTK_TYPE_IMAGE, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  self->numbers = GTK_STACK (gtk_stack_new ());
  gtk_widget_add_css_class (self->box, "licence");
  gtk_widget_set_halign (self->box, GTK_ALIGN_START);
  gtk_widget_set_valign (self->box, GTK_ALIGN_CENTER);
  gtk_image_set_pixel_size (self->icon, 12);
  gtk_stack_set_transition_type (self->numbers, GTK_STACK_TRANSITION_TYPE_SLIDE_UP);
  gtk_stack_set_transition_duration (self->numbers, 200);
  gtk_stack_set_hhomogeneous (self->numbers, FALSE);
  gtk_stack_set_interpolate_size (self->numbers, TRUE);
  for (guint i = 0; i < 2; i++)
    {
      self->labels[i] = GTK_LABEL (gtk_label_new (NULL));
      gtk_label_set_ellipsize (self->labels[i], PANGO_ELLIPSIZE_END);
      gtk_stack_add_child (self->numbers, GTK_WIDGET (self->labels[i]));
    }
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->icon));
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->numbers));
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
}
