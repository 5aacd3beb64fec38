/* cantiga-play: the player in a terminal. */
#include <locale.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <glib-unix.h>
#include <openssl/crypto.h>

#include "terminal/cards.h"
#include "terminal/doctor.h"
#include "terminal/journey.h"
#include "terminal/screen.h"

/* A PIN and keys are in this memory: no core of it, and no file for others. */
static void
keep_to_oneself (void)
{
  const struct rlimit none = { 0, 0 };

  umask (077);
  (void)!prctl (PR_SET_DUMPABLE, 0);
  (void)!setrlimit (RLIMIT_CORE, &none);
}

static gboolean
interrupted_cb (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_CONTINUE;
}

static gboolean
play_title (CantigaJourney *journey, const char *words, GError **error)
{
  CantigaTitle *found = cantiga_journey_find_title (journey, words, error);
  g_autoptr (CantigaTitle) title = found != NULL ? g_object_ref (found) : NULL;

  if (title == NULL)
    return FALSE;
  return journey->options->output != NULL ? cantiga_journey_fetch (journey, title, error) : cantiga_journey_hear (journey, title, error);
}

static gboolean
change_licence (CantigaJourney *journey, GError **error)
{
  const char *renew = journey->options->renew;
  CantigaTitle *title = cantiga_journey_find_title (journey, renew != NULL ? renew : journey->options->give_back, error);

  if (title == NULL)
    return FALSE;
  return renew != NULL ? cantiga_journey_renew_licence (journey, title, error) : cantiga_journey_return_licence (journey, title, error);
}

/* Refused titles and wrong numbers are said; the catalogue comes again. Only what ends the session, or the person, ends this. */
static gboolean
choose_titles (CantigaJourney *journey, GError **error)
{
  for (;;)
    {
      g_autoptr (GError) failure = NULL;
      g_autofree char *answer = NULL;

      cantiga_journey_print_catalogue (journey);
      answer = cantiga_screen_ask ("A number, or q to leave: ", journey->cancellable, &failure);
      if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CLOSED) || (answer != NULL && g_ascii_strcasecmp (g_strstrip (answer), "q") == 0))
        return TRUE;
      if (answer != NULL && (*answer == '\0' || play_title (journey, answer, &failure)))
        continue;
      if (cantiga_session_get_state (journey->session) == CANTIGA_SESSION_SIGNED_OUT || g_cancellable_is_cancelled (journey->cancellable))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      cantiga_screen_complain ("✗ %s", failure->message);
    }
}

static gboolean
run_journey (CantigaJourney *journey, GError **error)
{
  CantigaOptions *options = journey->options;

  if (options->command == CANTIGA_COMMAND_DOCTOR)
    return cantiga_doctor_run (options, journey->cancellable, error);
  if (options->command == CANTIGA_COMMAND_CARDS)
    return cantiga_cards_run (options, journey->cancellable, error);
  if (options->find)
    return cantiga_journey_find_servers (journey, error);
  if (!cantiga_journey_sign_in (journey, error))
    return FALSE;
  if (options->list)
    {
      cantiga_journey_print_catalogue (journey);
      return TRUE;
    }
  if (options->licences)
    return cantiga_journey_show_licences (journey, error);
  if (options->renew != NULL || options->give_back != NULL)
    return change_licence (journey, error);
  return options->title != NULL ? play_title (journey, options->title, error) : choose_titles (journey, error);
}

static CantigaExit
run (CantigaOptions *options)
{
  CantigaJourney journey = { .options = options, .cancellable = g_cancellable_new () };
  g_autoptr (GError) error = NULL;
  guint interrupt = g_unix_signal_add (SIGINT, interrupted_cb, journey.cancellable);
  guint terminate = g_unix_signal_add (SIGTERM, interrupted_cb, journey.cancellable);

  cantiga_screen_set_aside (options->json);
  if (!run_journey (&journey, &error))
    cantiga_screen_complain ("cantiga-play: %s", g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? "Stopped." : error->message);
  cantiga_journey_leave (&journey);
  g_source_remove (interrupt);
  g_source_remove (terminate);
  cantiga_journey_clear (&journey);
  return cantiga_error_to_exit (error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  CantigaOptions options = { 0 };
  CantigaExit code = CANTIGA_EXIT_DONE;

  setlocale (LC_ALL, "");
  signal (SIGPIPE, SIG_IGN);
  /* A chunk that nobody wants any more may still be opened in a thread of GLib's pool when this one ends: OpenSSL must not be cleared away under it.
   */
  (void)!OPENSSL_init_crypto (OPENSSL_INIT_NO_ATEXIT, NULL);
  /* GStreamer tries OpenAL among its sinks, and OpenAL complains on stderr by itself where there is no device: what there is to say, we say. */
  g_setenv ("ALSOFT_LOGLEVEL", "0", FALSE);
  keep_to_oneself ();
  if (!cantiga_options_parse (&options, argc, argv, &error))
    {
      cantiga_screen_complain ("cantiga-play: %s", error->message);
      code = CANTIGA_EXIT_USAGE;
    }
  else if (options.version)
    g_print ("cantiga-play " CANTIGA_VERSION "\n");
  else
    code = run (&options);
  cantiga_options_clear (&options);
  return code;
}
