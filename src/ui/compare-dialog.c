#include "ui/compare-dialog.h"

#include <glib/gi18n.h>

#include "ui/fingerprint.h"

GtkWidget *
cantiga_compare_dialog_new (GtkWindow *parent, CantigaPaired *paired)
{
  g_autofree char *pinned = cantiga_fingerprint_dup_lines (cantiga_paired_get_authority (paired));
  g_autofree char *body = g_strdup_printf (
      _ ("You paired with a server of the fingerprint\n\n%s\n\nIts keeper sees it with “cantigactl pki status”. If it is the same there, "
         "somebody is between the two of you; if it is another, ask for a new invitation."),
      pinned);
  GtkWidget *dialog = adw_message_dialog_new (parent, _ ("Not the server you paired with"), body);

  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Close"));
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "close");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "close");
  return dialog;
}
