#include "ui/refusal.h"

#include <glib/gi18n.h>

#include "core/error.h"

/* The first row that fits; %s is the title. */
static const struct
{
  CantigaError code;
  const char *heading;
  const char *body;
  gboolean renewed; /* signing in again helps */
} refusals[] = {
  { CANTIGA_ERROR_LICENCE_EXHAUSTED, N_ ("“%s” has no plays left"), N_ ("Signing in again may give new plays, if its keeper lets it."), TRUE },
  { CANTIGA_ERROR_LICENCE_EXPIRED, N_ ("The licence of “%s” has ended"), N_ ("Signing in again may give a new one, if its keeper lets it."), TRUE },
  { CANTIGA_ERROR_LICENCE_REFUSED, N_ ("“%s” was withdrawn"), N_ ("The keeper of the server has withdrawn your licence. Ask there."), FALSE },
  { CANTIGA_ERROR_TITLE_UNKNOWN, N_ ("“%s” is no longer there"), N_ ("The keeper of the server has taken it away."), FALSE },
  { CANTIGA_ERROR_NOT_AUTHENTICATED, N_ ("“%s” cannot be played"), N_ ("You are signed out. Sign in again to go on."), TRUE },
  { CANTIGA_ERROR_UNREACHABLE, N_ ("“%s” cannot be played"), N_ ("No answer. Check that the box is on and on this network."), TRUE },
  { CANTIGA_ERROR_FORGED, N_ ("“%s” cannot be played"), N_ ("Its file was changed. Tell the keeper of the server."), FALSE },
  { CANTIGA_ERROR_DAMAGED, N_ ("“%s” cannot be played"), N_ ("Its file was changed. Tell the keeper of the server."), FALSE },
};

static gboolean
find_refusal (const GError *error, guint *ret_index)
{
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    if (g_error_matches (error, CANTIGA_ERROR, (int)refusals[i].code))
      {
        *ret_index = i;
        return TRUE;
      }
  return FALSE;
}

/* The formats are ours alone, and translators' of ours: each with one %s. */
static char *
dup_heading (const char *format, CantigaTitle *title)
{
  g_auto (GStrv) parts = g_strsplit (_ (format), "%s", 2);

  return g_strconcat (parts[0], cantiga_title_get_name (title), parts[0] != NULL ? parts[1] : NULL, NULL);
}

char *
cantiga_refusal_dup_sentence (CantigaTitle *title, const GError *error)
{
  guint index;

  return dup_heading (find_refusal (error, &index) ? refusals[index].heading : N_ ("“%s” cannot be played"), title);
}

GtkWidget *
cantiga_refusal_dialog_new (GtkWindow *parent, CantigaTitle *title, const GError *error)
{
  g_autofree char *heading = cantiga_refusal_dup_sentence (title, error);
  guint index;
  gboolean known = find_refusal (error, &index);
  GtkWidget *dialog = adw_message_dialog_new (parent, heading, known ? _ (refusals[index].body) : error->message);

  if (known && refusals[index].renewed)
    {
      adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Not now"), "sign-in", _ ("_Sign in again"), NULL);
      adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "sign-in", ADW_RESPONSE_SUGGESTED);
    }
  else
    adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Close"));
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "close");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "close");
  return dialog;
}
