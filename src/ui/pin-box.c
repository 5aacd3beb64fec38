#include "ui/pin-box.h"

#include <string.h>

#include <glib/gi18n.h>

#include "ui/announce.h"
#include "ui/application.h"

#define KEPT_SECONDS 60

struct _CantigaPinBox
{
  GtkBox parent_instance;

  /* template */
  GtkLabel *question;
  GtkPasswordEntry *entry; /* a screen reader spells what is typed into any other aloud */
  GtkButton *give;

  GtkText *text; /* borrowed: what is in the entry: a dot for each letter of the PIN */

  /* owned */
  GtkEntryBuffer *pin; /* locked memory */
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
  guint length = gtk_entry_buffer_get_length (self->pin);
  const char *text = gtk_entry_buffer_get_text (self->pin);

  if (self->found != NULL && self->found->kind == CANTIGA_CARD_KIND_CITIZEN && strspn (text, "0123456789") != strlen (text))
    return FALSE;
  return self->found != NULL && length >= self->found->pin_min && length <= self->found->pin_max;
}

static void
changed_cb (CantigaPinBox *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->give), is_whole (self));
  g_clear_handle_id (&self->timer, g_source_remove);
  if (gtk_entry_buffer_get_length (self->pin) > 0)
    self->timer = g_timeout_add_seconds (KEPT_SECONDS, forget_cb, self);
}

/* GTK 4.8 tells each letter that comes into an entry to whoever hears the screen, and Orca says it aloud. So dots come into it, and the PIN goes where nobody is told of it. */
static void
insert_text_cb (GtkEditable *text, const char *letters, int length, int *position, CantigaPinBox *self)
{
  guint n = gtk_entry_buffer_insert_text (self->pin, (guint)*position, letters, (int)g_utf8_strlen (letters, length));

  g_signal_stop_emission_by_name (text, "insert-text");
  g_signal_handlers_block_by_func (text, insert_text_cb, self);
  for (guint i = 0; i < n; i++)
    gtk_editable_insert_text (text, "•", -1, position);
  g_signal_handlers_unblock_by_func (text, insert_text_cb, self);
}

static void
delete_text_cb (GtkEditable *text, int start, int end, CantigaPinBox *self)
{
  gtk_entry_buffer_delete_text (self->pin, (guint)start, end < 0 ? -1 : end - start);
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
  g_clear_object (&self->pin);
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
  gtk_widget_init_template (GTK_WIDGET (self));
  self->pin = gtk_password_entry_buffer_new ();
  self->text = GTK_TEXT (gtk_editable_get_delegate (GTK_EDITABLE (self->entry)));
  gtk_text_set_input_purpose (self->text, GTK_INPUT_PURPOSE_PIN);
  gtk_text_set_input_hints (self->text, GTK_INPUT_HINT_NO_SPELLCHECK | GTK_INPUT_HINT_PRIVATE);
  g_signal_connect (self->text, "insert-text", G_CALLBACK (insert_text_cb), self);
  g_signal_connect (self->text, "delete-text", G_CALLBACK (delete_text_cb), self);
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
  gtk_entry_buffer_set_max_length (self->pin, (int)found->pin_max);
  cantiga_announce_describe (GTK_WIDGET (self->entry), question);
  /* The keyboard comes back to where it was a moment ago: newer screen readers say nothing of that. */
  if (state == CANTIGA_CARD_STATE_PIN_WRONG || state == CANTIGA_CARD_STATE_LAST_TRY)
    cantiga_announce (GTK_WIDGET (self->entry), question, CANTIGA_SAY_URGENT);
  if (state == CANTIGA_CARD_STATE_LAST_TRY)
    gtk_widget_add_css_class (GTK_WIDGET (self->entry), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->entry), "error");
}

CantigaSecret *
cantiga_pin_box_take (CantigaPinBox *self)
{
  CantigaSecret *pin;

  if (!is_whole (self))
    return NULL;
  pin = cantiga_secret_new_copy ((const guint8 *)gtk_entry_buffer_get_text (self->pin), gtk_entry_buffer_get_bytes (self->pin));
  cantiga_pin_box_empty (self);
  /* The question is answered: who types faster than it is said does not hear it of what comes after. */
  cantiga_announce (GTK_WIDGET (self->entry), "", CANTIGA_SAY_SOON);
  return pin;
}

void
cantiga_pin_box_empty (CantigaPinBox *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->text), "");
}
