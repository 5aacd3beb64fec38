#include "ui/again-dialog.h"

#include <glib/gi18n.h>

static char *
dup_cost (CantigaTitle *title, gboolean all)
{
  int left = cantiga_title_get_plays_left (title);

  if (all)
    return g_strdup (_ ("This uses one play of each title."));
  if (left < 0)
    return g_strdup (_ ("This uses one play."));
  return g_strdup_printf (ngettext ("This uses the one play left.", "This uses 1 of the %d plays left.", (gulong)left), left);
}

GtkWidget *
cantiga_again_dialog_new (GtkWindow *parent, CantigaTitle *title, gboolean all)
{
  g_autofree char *cost = dup_cost (title, all);
  GtkWidget *dialog = adw_message_dialog_new (parent, all ? _ ("Hear them all again?") : _ ("Hear it again?"), cost);

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "stop", _ ("_Stop"), "again", _ ("Hear _again"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "again", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "stop");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "stop");
  return dialog;
}
