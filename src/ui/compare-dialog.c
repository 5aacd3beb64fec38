#include "ui/compare-dialog.h"

#include <glib/gi18n.h>

#include "core/chain.h"
#include "core/kdf.h"

/* In groups of four: to be read aloud. */
static char *
dup_pinned (CantigaPaired *paired)
{
  guint8 hash[CANTIGA_HASH_LENGTH];
  GString *text = g_string_new (NULL);

  cantiga_certificate_hash (cantiga_paired_get_authority (paired), hash);
  for (guint i = 0; i + 1 < sizeof hash; i += 2)
    g_string_append_printf (text, "%s%02X%02X", i > 0 ? " " : "", hash[i], hash[i + 1]);
  return g_string_free (text, FALSE);
}

GtkWidget *
cantiga_compare_dialog_new (GtkWindow *parent, CantigaPaired *paired)
{
  g_autofree char *pinned = dup_pinned (paired);
  g_autofree char *body
      = g_strdup_printf (_ ("You paired with a server of the fingerprint\n\n%s\n\nIts keeper sees it with “cantigactl pki status”. If it is the same there, "
                            "somebody is between the two of you; if it is another, ask for a new invitation."),
                         pinned);
  GtkWidget *dialog = adw_message_dialog_new (parent, _ ("Not the server you paired with"), body);

  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Close"));
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "close");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "close");
  return dialog;
}
