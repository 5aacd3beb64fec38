#include "ui/refusal.h"

#include <glib/gi18n.h>

#include "client/licences.h"
#include "core/error.h"
#include "ui/error-words.h"
#include "ui/held-words.h"

/* The first row that fits; %s is the title. */
static const struct
{
  CantigaError code;
  const char *heading;
  const char *body; /* what is so, and what to do */
  gboolean renewed;  /* signing in again helps */
  const char *state; /* of the title's licence; NULL: whichever */
} refusals[] = {
  { CANTIGA_ERROR_LICENCE_EXHAUSTED, N_ ("“%s” has no plays left"), N_ ("Signing in again may give new plays, if its keeper lets it."), TRUE },
  { CANTIGA_ERROR_LICENCE_EXPIRED, N_ ("The licence of “%s” has ended"), N_ ("Signing in again may give a new one, if its keeper lets it."), TRUE },
  { CANTIGA_ERROR_LICENCE_REFUSED, N_ ("You gave back the licence of “%s”"), N_ ("Signing in again gives a new one."), TRUE, "returned" },
  { CANTIGA_ERROR_LICENCE_REFUSED, N_ ("“%s” has no plays left"), N_ ("Signing in again may give new plays, if its keeper lets it."), TRUE, "used-up" },
  { CANTIGA_ERROR_LICENCE_REFUSED, N_ ("The licence of “%s” has ended"), N_ ("Signing in again may give a new one, if its keeper lets it."), TRUE, "expired" },
  { CANTIGA_ERROR_LICENCE_REFUSED, N_ ("“%s” was withdrawn"), N_ ("The keeper of the server has withdrawn your licence. Ask there."), FALSE },
  { CANTIGA_ERROR_TITLE_UNKNOWN, N_ ("“%s” is no longer there"), N_ ("The keeper of the server has taken it away."), FALSE },
  { CANTIGA_ERROR_NOT_AUTHENTICATED, N_ ("“%s” cannot be played"), N_ ("You are signed out. Sign in again to go on."), TRUE },
  { CANTIGA_ERROR_UNREACHABLE, N_ ("“%s” cannot be played"), N_ ("No answer. Check that the box is on and on this network."), TRUE },
  { CANTIGA_ERROR_PLAY_OVER, N_ ("The play of “%s” is over"), N_ ("It was paused for too long. Playing it again uses another play."), FALSE },
  { CANTIGA_ERROR_INTERNAL, N_ ("“%s” cannot be played"), N_ ("The server could not read its file. Tell its keeper."), FALSE },
  { CANTIGA_ERROR_TITLE_DAMAGED, N_ ("“%s” cannot be played"), N_ ("Its file was changed. Tell the keeper of the server."), FALSE },
  { CANTIGA_ERROR_MEDIA, N_ ("“%s” cannot be played"), N_ ("This computer cannot play its kind of file: GStreamer's plugins for it may be missing."), FALSE },
  { CANTIGA_ERROR_FORGED, N_ ("“%s” cannot be played"), N_ ("Its file was changed. Tell the keeper of the server."), FALSE },
  { CANTIGA_ERROR_DAMAGED, N_ ("“%s” cannot be played"), N_ ("Its file was changed. Tell the keeper of the server."), FALSE },
};

static gboolean
find_refusal (CantigaTitle *title, const GError *error, guint *ret_index)
{
  const char *state = cantiga_title_get_licence_state (title);

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    if (g_error_matches (error, CANTIGA_ERROR, (int)refusals[i].code) && (refusals[i].state == NULL || g_str_equal (refusals[i].state, state)))
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

  return dup_heading (find_refusal (title, error, &index) ? refusals[index].heading : N_ ("“%s” cannot be played"), title);
}

/* The licence's own words say what is to be said of it (ui/licence-words.h). */
static gboolean
is_of_licence (const GError *error)
{
  return g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_LICENCE_EXHAUSTED) || g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_LICENCE_EXPIRED)
         || g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_LICENCE_REFUSED);
}

static gboolean
is_of_file (const GError *error)
{
  return g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_FORGED) || g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED)
         || g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_TITLE_DAMAGED);
}

char *
cantiga_refusal_dup_reason (CantigaTitle *title)
{
  const GError *error = cantiga_title_get_failure (title);
  guint index;

  if (error == NULL || is_of_licence (error))
    return NULL;
  if (is_of_file (error))
    return g_strdup_printf ("%s %s", _ ("This title cannot be played: its file was changed."), _ ("Tell the keeper of the server."));
  return g_strdup (find_refusal (title, error, &index) ? _ (refusals[index].body) : cantiga_error_words_get (error));
}

/* ---- what became of the licence ---- */

/* A dialog that waits for the licences. */
typedef struct
{
  CantigaWindow *window;
  CantigaTitle *title;
  GError *error;
  GCallback answered;
  gpointer object;
} Refusal;

static void
refusal_free (Refusal *refusal)
{
  g_object_unref (refusal->window);
  g_object_unref (refusal->title);
  g_object_unref (refusal->object);
  g_error_free (refusal->error);
  g_free (refusal);
}

static CantigaHeldLicence *
find_held (GListModel *licences, CantigaTitle *title)
{
  for (guint i = 0; licences != NULL && i < g_list_model_get_n_items (licences); i++)
    {
      g_autoptr (CantigaHeldLicence) held = g_list_model_get_item (licences, i);

      if (cantiga_id_equal (cantiga_held_licence_get_title (held), cantiga_title_get_id (title)))
        return held; /* the list keeps it */
    }
  return NULL;
}

static gboolean
is_renewed_by_signing_in (CantigaHeldLicence *held)
{
  const char *renewal = cantiga_held_licence_get_renewal (held);

  return g_str_equal (renewal, "sign-in") || g_str_equal (renewal, "now");
}

static char *
dup_body (CantigaHeldLicence *held)
{
  int plays = cantiga_held_licence_get_plays (held), heard = plays - cantiga_held_licence_get_plays_left (held);
  g_autofree char *spent = g_strdup_printf (_ ("You have heard it %d of %d times."), heard, plays);
  g_autofree char *gives
      = is_renewed_by_signing_in (held)
            ? g_strdup_printf (ngettext ("Signing in again gives %d new play.", "Signing in again gives %d new plays.", plays), plays)
            : cantiga_held_words_dup_renewal (held);

  return g_strdup_printf ("%s %s", spent, gives);
}

/* ---- the dialog ---- */

static void
show_licence_cb (CantigaTitle *title, const char *response, GtkWidget *dialog)
{
  cantiga_window_show_licence (CANTIGA_WINDOW (gtk_window_get_transient_for (GTK_WINDOW (dialog))), title);
}

static void
add_responses (AdwMessageDialog *dialog, gboolean renewed, gboolean held)
{
  adw_message_dialog_add_response (dialog, "close", renewed ? _ ("_Not now") : _ ("_Close"));
  if (renewed)
    {
      adw_message_dialog_add_response (dialog, "sign-in", _ ("_Sign in again"));
      adw_message_dialog_set_response_appearance (dialog, "sign-in", ADW_RESPONSE_SUGGESTED);
    }
  else if (held)
    adw_message_dialog_add_response (dialog, "licence", _ ("_Show licence"));
  adw_message_dialog_set_default_response (dialog, "close");
  adw_message_dialog_set_close_response (dialog, "close");
}

/* held: NULL if nothing is known of it. */
static void
present (Refusal *refusal, CantigaHeldLicence *held)
{
  g_autofree char *heading = cantiga_refusal_dup_sentence (refusal->title, refusal->error);
  g_autofree char *body = held != NULL ? dup_body (held) : NULL;
  guint index;
  gboolean known = find_refusal (refusal->title, refusal->error, &index);
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (refusal->window), heading,
                                              body != NULL ? body
                                              : known      ? _ (refusals[index].body)
                                                           : cantiga_error_words_get (refusal->error));

  add_responses (ADW_MESSAGE_DIALOG (dialog), known && refusals[index].renewed && (held == NULL || is_renewed_by_signing_in (held)), held != NULL);
  g_signal_connect_object (dialog, "response::licence", G_CALLBACK (show_licence_cb), refusal->title, G_CONNECT_SWAPPED);
  g_signal_connect_object (dialog, "response", refusal->answered, refusal->object, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Refusal *refusal = user_data;
  g_autoptr (GListModel) licences = cantiga_session_list_licences_finish (CANTIGA_SESSION (source), result, NULL);

  if (gtk_widget_get_realized (GTK_WIDGET (refusal->window)))
    present (refusal, find_held (licences, refusal->title));
  refusal_free (refusal);
}

void
cantiga_refusal_show (CantigaWindow *window, CantigaSession *session, CantigaTitle *title, const GError *error, GCallback answered, gpointer object)
{
  gboolean spent = g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_LICENCE_EXHAUSTED)
                   || g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_LICENCE_EXPIRED);
  Refusal *refusal = g_new (Refusal, 1);

  *refusal = (Refusal){ g_object_ref (window), g_object_ref (title), g_error_copy (error), answered, g_object_ref (object) };
  if (spent && session != NULL)
    return cantiga_session_list_licences_async (session, NULL, listed_cb, refusal);
  present (refusal, NULL);
  refusal_free (refusal);
}
