#include "ui/sharing-invite.h"

#include <glib/gi18n.h>

#include "core/pairing.h"
#include "ui/application.h"
#include "ui/error-words.h"
#include "ui/qr.h"
#include "ui/spoken-names.h"

struct _CantigaSharingInvite
{
  AdwWindow parent_instance;

  /* template */
  GtkStack *stack;
  GtkEditable *name;
  GtkSwitch *with_card;
  GtkWidget *invite;
  GtkLabel *trouble;
  GtkPicture *qr;
  GtkLabel *left;
  AdwActionRow *link_row;
  GtkButton *copy;
  AdwStatusPage *joined;

  /* owned */
  CantigaSharing *sharing;
  char *link;
  char *who; /* whom the invitation is for */
  gint64 expires;
  guint tick;
};

G_DEFINE_FINAL_TYPE (CantigaSharingInvite, cantiga_sharing_invite, ADW_TYPE_WINDOW)

/* ---- the invitation ---- */

static gboolean
tick_cb (gpointer user_data)
{
  CantigaSharingInvite *self = user_data;
  gint64 left = self->expires - g_get_real_time () / G_USEC_PER_SEC;
  g_autofree char *words = NULL;

  if (left > 0)
    words = g_strdup_printf (_ ("%d:%02d left"), (int)(left / 60), (int)(left % 60));
  gtk_label_set_label (self->left, words != NULL ? words : _ ("This invitation has ended: make another one."));
  if (left > 0)
    return G_SOURCE_CONTINUE;
  self->tick = 0;
  return G_SOURCE_REMOVE;
}

static void
show_link (CantigaSharingInvite *self)
{
  g_autoptr (GdkTexture) code = cantiga_qr_new (self->link);

  gtk_picture_set_paintable (self->qr, GDK_PAINTABLE (code));
  adw_action_row_set_subtitle (self->link_row, self->link);
  gtk_stack_set_visible_child_name (self->stack, "show");
  gtk_widget_grab_focus (GTK_WIDGET (self->copy));
  g_clear_handle_id (&self->tick, g_source_remove);
  if (tick_cb (self))
    self->tick = g_timeout_add_seconds (1, tick_cb, self);
}

static void
invited_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaSharingInvite) self = user_data;
  g_autoptr (GError) error = NULL;
  char *link = cantiga_sharing_invite_finish (CANTIGA_SHARING (source), result, &self->expires, &error);

  gtk_widget_set_sensitive (self->invite, TRUE);
  if (link == NULL)
    {
      gtk_label_set_label (self->trouble, cantiga_error_words_get (error));
      gtk_widget_set_visible (GTK_WIDGET (self->trouble), TRUE);
      return;
    }
  g_clear_pointer (&self->link, cantiga_link_free);
  self->link = link;
  if (gtk_widget_get_root (GTK_WIDGET (self->stack)) != NULL)
    show_link (self);
}

static void
invite_cb (CantigaSharingInvite *self)
{
  const char *name = gtk_editable_get_text (self->name);

  if (!gtk_widget_is_sensitive (self->invite))
    return;
  g_free (self->who);
  self->who = g_strstrip (g_strdup (*name != '\0' ? name : _ ("Guest")));
  gtk_widget_set_sensitive (self->invite, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->trouble), FALSE);
  cantiga_sharing_invite_async (self->sharing, self->who, gtk_switch_get_active (self->with_card), invited_cb, g_object_ref (self));
}

static void
copy_cb (CantigaSharingInvite *self)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), self->link);
  gtk_button_set_label (self->copy, _ ("Copied"));
}

static void
joined_cb (CantigaSharingInvite *self, const char *who)
{
  g_autofree char *sentence = NULL;
  g_autofree char *escaped = NULL;

  if (self->link == NULL || g_strcmp0 (who, self->who) != 0)
    return;
  sentence = g_strdup_printf (_ ("%s has joined"), who);
  escaped = g_markup_escape_text (sentence, -1);
  adw_status_page_set_title (self->joined, escaped);
  g_clear_handle_id (&self->tick, g_source_remove);
  gtk_stack_set_visible_child_name (self->stack, "joined");
}

/* ---- the window ---- */

static void
cantiga_sharing_invite_dispose (GObject *object)
{
  CantigaSharingInvite *self = CANTIGA_SHARING_INVITE (object);

  g_clear_handle_id (&self->tick, g_source_remove);
  g_clear_object (&self->sharing);
  G_OBJECT_CLASS (cantiga_sharing_invite_parent_class)->dispose (object);
}

static void
cantiga_sharing_invite_finalize (GObject *object)
{
  CantigaSharingInvite *self = CANTIGA_SHARING_INVITE (object);

  g_clear_pointer (&self->link, cantiga_link_free);
  g_free (self->who);
  G_OBJECT_CLASS (cantiga_sharing_invite_parent_class)->finalize (object);
}

static void
cantiga_sharing_invite_class_init (CantigaSharingInviteClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_sharing_invite_dispose;
  G_OBJECT_CLASS (klass)->finalize = cantiga_sharing_invite_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/sharing-invite.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingInvite, stack);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingInvite, name);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingInvite, with_card);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingInvite, invite);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingInvite, trouble);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingInvite, qr);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingInvite, left);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingInvite, link_row);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingInvite, copy);
  gtk_widget_class_bind_template_child (widget_class, CantigaSharingInvite, joined);
  gtk_widget_class_bind_template_callback (widget_class, invite_cb);
  gtk_widget_class_bind_template_callback (widget_class, copy_cb);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
cantiga_sharing_invite_init (CantigaSharingInvite *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  cantiga_spoken_names_set_entry (ADW_ENTRY_ROW (self->name));
}

GtkWidget *
cantiga_sharing_invite_new (GtkWindow *parent, CantigaSharing *sharing)
{
  CantigaSharingInvite *self = g_object_new (CANTIGA_TYPE_SHARING_INVITE, "transient-for", parent, NULL);

  self->sharing = g_object_ref (sharing);
  g_signal_connect_object (sharing, "joined", G_CALLBACK (joined_cb), self, G_CONNECT_SWAPPED);
  return GTK_WIDGET (self);
}
