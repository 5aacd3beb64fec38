#include "ui/session-popover.h"

#include <glib/gi18n.h>

#include "ui/application.h"
#include "ui/fingerprint.h"

struct _CantigaSessionPopover
{
  GtkPopover parent_instance;

  /* template */
  GtkLabel *server;
  GtkLabel *holder;
  GtkLabel *suite;
  GtkLabel *fingerprint;
  GtkLabel *messages;
  GtkWidget *change;

  CantigaVisit *visit; /* owned */
};

G_DEFINE_FINAL_TYPE (CantigaSessionPopover, cantiga_session_popover, GTK_TYPE_POPOVER)

/* What is signed in to stays so until another one is chosen. */
static void
change_cb (CantigaSessionPopover *self)
{
  gtk_popover_popdown (GTK_POPOVER (self));
  gtk_widget_activate_action (GTK_WIDGET (self), "win.page", "s", "servers");
}

static void
leave_cb (CantigaSessionPopover *self)
{
  gtk_popover_popdown (GTK_POPOVER (self));
  gtk_widget_activate_action (GTK_WIDGET (self), "win.sign-out", NULL);
}

static void
show_number (CantigaSessionPopover *self)
{
  guint64 number = cantiga_session_get_number (cantiga_visit_get_session (self->visit));
  g_autofree char *digits = g_strdup_printf ("%" G_GUINT64_FORMAT, number);
  g_autofree char *text = g_strdup_printf (_ ("Message and key number %s"), digits);

  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    gtk_label_set_label (self->messages, text);
}

static void
show_session (CantigaSessionPopover *self)
{
  CantigaSession *session = cantiga_visit_get_session (self->visit);
  const CantigaSuite *suite = cantiga_session_get_suite (session);
  const char *listener = cantiga_session_get_listener (session);
  g_autofree char *fingerprint = cantiga_fingerprint_dup_lines (cantiga_paired_get_authority (cantiga_visit_get_paired (self->visit)));

  /* Nothing here wraps by itself: GTK 4.8 measures a popover as wider than it becomes, and makes it too low. */
  gtk_label_set_label (self->server, cantiga_paired_get_name (cantiga_visit_get_paired (self->visit)));
  gtk_label_set_label (self->holder, listener != NULL ? listener : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->holder), listener);
  gtk_label_set_label (self->suite, suite != NULL ? cantiga_suite_get_name (suite) : "");
  gtk_label_set_label (self->fingerprint, fingerprint);
}

/* Before it is measured. */
static void
cantiga_session_popover_show (GtkWidget *widget)
{
  CantigaSessionPopover *self = CANTIGA_SESSION_POPOVER (widget);

  if (self->visit != NULL)
    show_session (self);
  GTK_WIDGET_CLASS (cantiga_session_popover_parent_class)->show (widget);
}

static void
cantiga_session_popover_map (GtkWidget *widget)
{
  CantigaSessionPopover *self = CANTIGA_SESSION_POPOVER (widget);

  GTK_WIDGET_CLASS (cantiga_session_popover_parent_class)->map (widget);
  if (self->visit != NULL)
    show_number (self);
  /* Else a label whose words can be marked would be, all of them. */
  gtk_widget_grab_focus (self->change);
}

void
cantiga_session_popover_set_visit (CantigaSessionPopover *self, CantigaVisit *visit)
{
  if (self->visit != NULL)
    g_signal_handlers_disconnect_by_data (cantiga_visit_get_session (self->visit), self);
  g_set_object (&self->visit, visit);
  if (visit != NULL)
    g_signal_connect_swapped (cantiga_visit_get_session (visit), "notify::number", G_CALLBACK (show_number), self);
}

static void
cantiga_session_popover_dispose (GObject *object)
{
  cantiga_session_popover_set_visit (CANTIGA_SESSION_POPOVER (object), NULL);
  G_OBJECT_CLASS (cantiga_session_popover_parent_class)->dispose (object);
}

static void
cantiga_session_popover_class_init (CantigaSessionPopoverClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_session_popover_dispose;
  widget_class->show = cantiga_session_popover_show;
  widget_class->map = cantiga_session_popover_map;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/session-popover.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaSessionPopover, server);
  gtk_widget_class_bind_template_child (widget_class, CantigaSessionPopover, holder);
  gtk_widget_class_bind_template_child (widget_class, CantigaSessionPopover, suite);
  gtk_widget_class_bind_template_child (widget_class, CantigaSessionPopover, fingerprint);
  gtk_widget_class_bind_template_child (widget_class, CantigaSessionPopover, messages);
  gtk_widget_class_bind_template_child (widget_class, CantigaSessionPopover, change);
  gtk_widget_class_bind_template_callback (widget_class, change_cb);
  gtk_widget_class_bind_template_callback (widget_class, leave_cb);
}

static void
cantiga_session_popover_init (CantigaSessionPopover *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
