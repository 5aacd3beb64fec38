#include "ui/pin-box.h"

#include <string.h>

#include <glib/gi18n.h>

#include "ui/application.h"

#define KEPT_SECONDS 60

struct _CantigaPinBox
{
  GtkBox parent_instance;

  /* template */
  GtkLabel *question;
  GtkEntry *entry;
  GtkButton *give;

  /* owned */
  CantigaCardFound *found;
  guint timer;
};

G_DEFINE_FINAL_TYPE (CantigaPinBox, cantiga_pin_box, GTK_TYPE_BOX)

static guint given_signal;

static gboolean
forget_cb (gpointer user_data)
{
  CantigaPinBox *self = user_data;

  self->timer = 0;
  cantiga_pin_box_empty (self);
  return G_SOURCE_REMOVE;
}

static gboolean
is_whole (CantigaPinBox *self)
{
  guint length = gtk_entry_get_text_length (self->entry);
  const char *text = gtk_entry_buffer_get_text (gtk_entry_get_buffer (self->entry));

  if (self->found != NULL && self->found->kind == CANTIGA_CARD_KIND_CITIZEN && strspn (text, "0123456789") != strlen (text))
    return FALSE;
  return self->found != NULL && length >= self->found->pin_min && length <= self->found->pin_max;
}

static void
changed_cb (CantigaPinBox *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->give), is_whole (self));
  g_clear_handle_id (&self->timer, g_source_remove);
  if (gtk_entry_get_text_length (self->entry) > 0)
    self->timer = g_timeout_add_seconds (KEPT_SECONDS, forget_cb, self);
}

static void
give_cb (CantigaPinBox *self)
{
  if (is_whole (self))
    g_signal_emit (self, given_signal, 0);
}

static void
cantiga_pin_box_unmap (GtkWidget *widget)
{
  cantiga_pin_box_empty (CANTIGA_PIN_BOX (widget));
  GTK_WIDGET_CLASS (cantiga_pin_box_parent_class)->unmap (widget);
}

static gboolean
cantiga_pin_box_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (CANTIGA_PIN_BOX (widget)->entry));
}

static void
cantiga_pin_box_dispose (GObject *object)
{
  CantigaPinBox *self = CANTIGA_PIN_BOX (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_pointer (&self->found, cantiga_card_found_unref);
  G_OBJECT_CLASS (cantiga_pin_box_parent_class)->dispose (object);
}

static void
cantiga_pin_box_class_init (CantigaPinBoxClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_pin_box_dispose;
  widget_class->unmap = cantiga_pin_box_unmap;
  widget_class->grab_focus = cantiga_pin_box_grab_focus;
  given_signal = g_signal_new ("given", CANTIGA_TYPE_PIN_BOX, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/pin-box.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaPinBox, question);
  gtk_widget_class_bind_template_child (widget_class, CantigaPinBox, entry);
  gtk_widget_class_bind_template_child (widget_class, CantigaPinBox, give);
  gtk_widget_class_bind_template_callback (widget_class, changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, give_cb);
}

static void
cantiga_pin_box_init (CantigaPinBox *self)
{
  g_autoptr (GtkEntryBuffer) locked = gtk_password_entry_buffer_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_entry_set_buffer (self->entry, locked);
}

GtkWidget *
cantiga_pin_box_new (void)
{
  return g_object_new (CANTIGA_TYPE_PIN_BOX, NULL);
}

static char *
dup_tries (CantigaCardFound *found, CantigaCardState state)
{
  gboolean wrong = state == CANTIGA_CARD_STATE_PIN_WRONG;
  int left = cantiga_card_tries_get_left (found->tries, found->kind);

  if (state == CANTIGA_CARD_STATE_LAST_TRY || found->tries == CANTIGA_CARD_TRIES_LAST)
    return g_strdup (_ ("Last try: a wrong PIN now blocks it"));
  if (wrong && (left <= 0 || found->tries == CANTIGA_CARD_TRIES_NORMAL))
    return g_strdup (_ ("Wrong PIN. There are more tries"));
  if (wrong)
    return g_strdup_printf (ngettext ("Wrong PIN. %d try left", "Wrong PIN. %d tries left", (gulong)left), left);
  if (left > 0)
    return g_strdup_printf (ngettext ("Authentication PIN · %d try left", "Authentication PIN · %d tries left", (gulong)left), left);
  return g_strdup (found->tries == CANTIGA_CARD_TRIES_LOW ? _ ("Authentication PIN · a wrong one was given before") : _ ("Authentication PIN"));
}

void
cantiga_pin_box_ask (CantigaPinBox *self, CantigaCardFound *found, CantigaCardState state)
{
  g_autofree char *tries = dup_tries (found, state);
  g_autofree char *question = g_strdup_printf ("%s\n%s", found->name, tries);

  cantiga_card_found_ref (found);
  g_clear_pointer (&self->found, cantiga_card_found_unref);
  self->found = found;
  cantiga_pin_box_empty (self);
  gtk_label_set_label (self->question, question);
  gtk_entry_set_max_length (self->entry, (int)found->pin_max);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, question, -1);
  if (state == CANTIGA_CARD_STATE_LAST_TRY)
    gtk_widget_add_css_class (GTK_WIDGET (self->entry), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->entry), "error");
}

CantigaSecret *
cantiga_pin_box_take (CantigaPinBox *self)
{
  GtkEntryBuffer *buffer = gtk_entry_get_buffer (self->entry);
  CantigaSecret *pin;

  if (!is_whole (self))
    return NULL;
  pin = cantiga_secret_new_copy ((const guint8 *)gtk_entry_buffer_get_text (buffer), gtk_entry_buffer_get_bytes (buffer));
  cantiga_pin_box_empty (self);
  return pin;
}

void
cantiga_pin_box_empty (CantigaPinBox *self)
{
  gtk_entry_buffer_set_text (gtk_entry_get_buffer (self->entry), "", 0);
}
