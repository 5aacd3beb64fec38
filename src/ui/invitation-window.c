#include "ui/invitation-window.h"

#include <string.h>

#include <glib/gi18n.h>

#include "client/pair.h"
#include "core/pairing.h"
#include "ui/application.h"
#include "ui/error-words.h"
#include "ui/spoken-names.h"

struct _CantigaInvitationWindow
{
  AdwWindow parent_instance;

  /* template */
  AdwEntryRow *link;
  GtkWidget *verdict;
  GtkImage *verdict_mark;
  GtkLabel *verdict_text;
  GtkButton *pair;
  GtkStack *pair_face;
  GtkSpinner *spinner;

  /* owned */
  CantigaStore *store;
  GCancellable *cancellable; /* while the window is there */
  gboolean pairing;
};

G_DEFINE_FINAL_TYPE (CantigaInvitationWindow, cantiga_invitation_window, ADW_TYPE_WINDOW)

static guint paired_signal;

/* text NULL: there is nothing to say. */
static void
say (CantigaInvitationWindow *self, const char *icon, const char *style, const char *text)
{
  static const char *const styles[] = { "success", "error" };

  gtk_widget_set_visible (self->verdict, text != NULL);
  if (text == NULL)
    return;
  gtk_image_set_from_icon_name (self->verdict_mark, icon);
  for (guint i = 0; i < G_N_ELEMENTS (styles); i++)
    gtk_widget_remove_css_class (GTK_WIDGET (self->verdict_mark), styles[i]);
  gtk_widget_add_css_class (GTK_WIDGET (self->verdict_mark), style);
  gtk_label_set_label (self->verdict_text, text);
}

static void
set_wrong (CantigaInvitationWindow *self, gboolean wrong)
{
  if (wrong)
    gtk_widget_add_css_class (GTK_WIDGET (self->link), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->link), "error");
}

static char *
dup_link (CantigaInvitationWindow *self)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->link))));
}

static void
link_changed_cb (CantigaInvitationWindow *self)
{
  char *link = dup_link (self);
  g_autoptr (CantigaInvitation) invitation = cantiga_invitation_parse (link, NULL);
  g_autofree char *text = NULL;

  if (invitation != NULL)
    text = g_strdup_printf (_ ("A server at %s"), invitation->host);
  else if (*link != '\0')
    text = g_strdup (g_str_has_prefix (link, "cantiga://") ? _ ("The link is not whole. Copy all of it.")
                                                           : _ ("This is not an invitation. One begins with cantiga://"));
  gtk_widget_set_sensitive (GTK_WIDGET (self->pair), invitation != NULL && !self->pairing);
  set_wrong (self, invitation == NULL && *link != '\0');
  say (self, invitation != NULL ? "object-select-symbolic" : "dialog-error-symbolic", invitation != NULL ? "success" : "error", text);
  cantiga_link_free (link);
}

/* ---- pairing ---- */

static void
set_pairing (CantigaInvitationWindow *self, gboolean pairing)
{
  /* An entry that is switched off under the cursor would keep it blinking. */
  if (pairing)
    gtk_window_set_focus (GTK_WINDOW (self), NULL);
  self->pairing = pairing;
  gtk_widget_set_sensitive (GTK_WIDGET (self->pair), !pairing);
  gtk_widget_set_sensitive (GTK_WIDGET (self->link), !pairing);
  gtk_spinner_set_spinning (self->spinner, pairing);
  gtk_stack_set_visible_child_name (self->pair_face, pairing ? "turn" : "word");
}

static const char *
describe_failure (const GError *error)
{
  if (g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_INVITATION_REFUSED))
    return _ ("This invitation has been used or has ended. Ask for a new one.");
  if (g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_SERVER_REFUSED))
    return _ ("This is not the server that the link is from. Don't go on.");
  if (g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_UNREACHABLE))
    return _ ("No answer. Check that the box is on and on this network.");
  return cantiga_error_words_get (error);
}

static void
paired_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaInvitationWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaPaired) paired = cantiga_pair_finish (CANTIGA_STORE (source), result, &error);

  if (paired != NULL)
    {
      g_signal_emit (self, paired_signal, 0, paired);
      gtk_window_destroy (GTK_WINDOW (self));
      return;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  set_pairing (self, FALSE);
  set_wrong (self, TRUE);
  say (self, "dialog-error-symbolic", "error", describe_failure (error));
  gtk_widget_grab_focus (GTK_WIDGET (self->link));
}

static void
pair_cb (CantigaInvitationWindow *self)
{
  char *link;

  if (!gtk_widget_is_sensitive (GTK_WIDGET (self->pair)))
    return;
  link = dup_link (self);
  say (self, NULL, NULL, NULL);
  set_pairing (self, TRUE);
  cantiga_pair_async (self->store, link, self->cancellable, paired_cb, g_object_ref (self));
  cantiga_link_free (link);
}

/* ---- what the clipboard has ---- */

static void
clipboard_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaInvitationWindow) self = user_data;
  char *text = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (source), result, NULL);
  g_autoptr (CantigaInvitation) invitation = NULL;

  if (text == NULL)
    return;
  g_strstrip (text);
  invitation = cantiga_invitation_parse (text, NULL);
  if (invitation != NULL && !g_cancellable_is_cancelled (self->cancellable) && *gtk_editable_get_text (GTK_EDITABLE (self->link)) == '\0')
    {
      gtk_editable_set_text (GTK_EDITABLE (self->link), text);
      gtk_widget_grab_focus (GTK_WIDGET (self->pair));
    }
  cantiga_link_free (text);
}

/* ---- the window ---- */

static void
cantiga_invitation_window_dispose (GObject *object)
{
  CantigaInvitationWindow *self = CANTIGA_INVITATION_WINDOW (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (cantiga_invitation_window_parent_class)->dispose (object);
}

static void
cantiga_invitation_window_finalize (GObject *object)
{
  g_object_unref (CANTIGA_INVITATION_WINDOW (object)->cancellable);
  G_OBJECT_CLASS (cantiga_invitation_window_parent_class)->finalize (object);
}

static void
cantiga_invitation_window_class_init (CantigaInvitationWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_invitation_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = cantiga_invitation_window_finalize;
  paired_signal
      = g_signal_new ("paired", CANTIGA_TYPE_INVITATION_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, CANTIGA_TYPE_PAIRED);
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/invitation-window.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaInvitationWindow, link);
  gtk_widget_class_bind_template_child (widget_class, CantigaInvitationWindow, verdict);
  gtk_widget_class_bind_template_child (widget_class, CantigaInvitationWindow, verdict_mark);
  gtk_widget_class_bind_template_child (widget_class, CantigaInvitationWindow, verdict_text);
  gtk_widget_class_bind_template_child (widget_class, CantigaInvitationWindow, pair);
  gtk_widget_class_bind_template_child (widget_class, CantigaInvitationWindow, pair_face);
  gtk_widget_class_bind_template_child (widget_class, CantigaInvitationWindow, spinner);
  gtk_widget_class_bind_template_callback (widget_class, link_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, pair_cb);
}

static void
cantiga_invitation_window_init (CantigaInvitationWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  cantiga_spoken_names_set_entry (self->link);
  self->cancellable = g_cancellable_new ();
}

CantigaInvitationWindow *
cantiga_invitation_window_new (GtkWindow *parent, CantigaStore *store, const char *link)
{
  CantigaInvitationWindow *self = g_object_new (CANTIGA_TYPE_INVITATION_WINDOW, "transient-for", parent, NULL);

  self->store = g_object_ref (store);
  gtk_widget_grab_focus (GTK_WIDGET (self->link));
  if (link != NULL)
    {
      gtk_editable_set_text (GTK_EDITABLE (self->link), link);
      gtk_widget_grab_focus (GTK_WIDGET (self->pair));
    }
  else
    gdk_clipboard_read_text_async (gtk_widget_get_clipboard (GTK_WIDGET (parent)), self->cancellable, clipboard_read_cb, g_object_ref (self));
  return self;
}
