#include "ui/title-trouble.h"

#include <glib/gi18n.h>

#include "ui/application.h"
#include "ui/aside.h"
#include "ui/refusal.h"

struct _CantigaTitleTrouble
{
  AdwBin parent_instance;

  GtkLabel *reason; /* template */

  CantigaTitle *title; /* owned */
};

G_DEFINE_FINAL_TYPE (CantigaTitleTrouble, cantiga_title_trouble, ADW_TYPE_BIN)

static guint retry_signal;

static void
retry_clicked_cb (CantigaTitleTrouble *self)
{
  g_signal_emit (self, retry_signal, 0);
}

static void
show_reason (CantigaTitleTrouble *self)
{
  g_autofree char *reason = self->title != NULL ? cantiga_refusal_dup_reason (self->title) : NULL;

  gtk_label_set_label (self->reason, reason != NULL ? reason : "");
  gtk_widget_set_visible (GTK_WIDGET (self), reason != NULL);
}

void
cantiga_title_trouble_set (CantigaTitleTrouble *self, CantigaTitle *title)
{
  if (self->title != NULL)
    g_signal_handlers_disconnect_by_data (self->title, self);
  g_set_object (&self->title, title);
  if (title != NULL)
    g_signal_connect_swapped (title, "notify::failure", G_CALLBACK (show_reason), self);
  show_reason (self);
}

static void
cantiga_title_trouble_dispose (GObject *object)
{
  CantigaTitleTrouble *self = CANTIGA_TITLE_TROUBLE (object);

  if (self->title != NULL)
    g_signal_handlers_disconnect_by_data (self->title, self);
  g_clear_object (&self->title);
  G_OBJECT_CLASS (cantiga_title_trouble_parent_class)->dispose (object);
}

static void
cantiga_title_trouble_class_init (CantigaTitleTroubleClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_title_trouble_dispose;
  retry_signal = g_signal_new ("retry", CANTIGA_TYPE_TITLE_TROUBLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/title-trouble.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaTitleTrouble, reason);
  gtk_widget_class_bind_template_callback (widget_class, retry_clicked_cb);
}

static void
cantiga_title_trouble_init (CantigaTitleTrouble *self)
{
  g_type_ensure (CANTIGA_TYPE_ASIDE);
  gtk_widget_init_template (GTK_WIDGET (self));
}
