/* sign-in STATE MODULE PIN TIMES: signs in to the server that STATE is paired with, again and again, and tells what each step took: a line a time, the
 * milliseconds from its beginning to the end of each step, blanks between. */
#include <stdlib.h>

#include <gst/gst.h>

#include "ear.h"

typedef struct
{
  gint64 begun;   /* monotonic, microseconds */
  GString *told;
} Time;

static void
step_cb (CantigaSession *session, int step, int state, const char *detail, gpointer user_data)
{
  Time *time = user_data;

  if (state == CANTIGA_STEP_DONE)
    g_string_append_printf (time->told, "%.2f ", (double)(g_get_monotonic_time () - time->begun) / 1000);
}

static gboolean
sign_in (CantigaSession *session, Time *time, GError **error)
{
  g_autoptr (GAsyncResult) signed_in = NULL;

  g_string_truncate (time->told, 0);
  time->begun = g_get_monotonic_time ();
  cantiga_session_sign_in_async (session, NULL, ear_done_cb, &signed_in);
  if (!cantiga_session_sign_in_finish (session, ear_await (&signed_in), error))
    return FALSE;
  g_print ("%s\n", time->told->str);
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) told = g_string_new (NULL);
  g_autoptr (CantigaSession) session = NULL;
  Time time = { .told = told };

  if (argc != 5)
    {
      g_printerr ("sign-in STATE MODULE PIN TIMES\n");
      return 2;
    }
  gst_init (NULL, NULL);
  session = ear_sign_in (argv[1], argv[2], argv[3], &error);
  if (session != NULL)
    g_signal_connect (session, "step", G_CALLBACK (step_cb), &time);
  for (int i = 0; session != NULL && error == NULL && i < atoi (argv[4]); i++)
    if (!sign_in (session, &time, &error))
      break;
  if (error != NULL)
    g_printerr ("sign-in: %s\n", error->message);
  return error != NULL;
}
