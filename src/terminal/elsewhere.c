/* The listener hears something at another player already: it is ended there, if the person says so. */
#include <unistd.h>

#include "client/live-plays.h"
#include "terminal/journey.h"
#include "terminal/screen.h"
#include "terminal/wait.h"

static GPtrArray *
load_plays (CantigaJourney *journey, GError **error)
{
  g_auto (CantigaWait) wait = { 0 };

  cantiga_session_list_plays_async (journey->session, journey->cancellable, cantiga_wait_done_cb, &wait);
  return cantiga_session_list_plays_finish (journey->session, cantiga_wait_for (&wait), error);
}

static gboolean
end_play (CantigaJourney *journey, const CantigaLivePlay *play, GError **error)
{
  g_auto (CantigaWait) wait = { 0 };

  cantiga_session_end_play_async (journey->session, &play->play, journey->cancellable, cantiga_wait_done_cb, &wait);
  if (!cantiga_session_end_play_finish (journey->session, cantiga_wait_for (&wait), error))
    return FALSE;
  cantiga_screen_say ("✓ ended “%s” on “%s”", play->name, play->player);
  return TRUE;
}

/* Without a terminal nobody can be asked: --take-over says it beforehand. */
static gboolean
ask_person (CantigaJourney *journey, GPtrArray *plays, GError **error)
{
  g_autofree char *answer = NULL;

  if (journey->options->take_over)
    return TRUE;
  for (guint i = 0; i < plays->len; i++)
    {
      const CantigaLivePlay *play = g_ptr_array_index (plays, i);

      cantiga_screen_say ("  “%s” on “%s”%s", play->name, play->player, play->here ? " (this player)" : "");
    }
  answer = isatty (STDIN_FILENO) ? cantiga_screen_ask ("End it there, and hear it here? (y or n): ", journey->cancellable, error) : NULL;
  return answer != NULL && g_ascii_strcasecmp (g_strstrip (answer), "y") == 0;
}

gboolean
cantiga_journey_take_over (CantigaJourney *journey, const GError *refusal, GError **error)
{
  g_autoptr (GPtrArray) plays = load_plays (journey, error);
  g_autoptr (GError) failure = NULL;

  if (plays == NULL)
    return FALSE;
  cantiga_screen_say ("✗ %s", refusal->message);
  if (!ask_person (journey, plays, &failure))
    {
      if (error != NULL)
        *error = failure != NULL ? g_steal_pointer (&failure) : g_error_copy (refusal);
      return FALSE;
    }
  for (guint i = 0; i < plays->len; i++)
    if (!end_play (journey, g_ptr_array_index (plays, i), error))
      return FALSE;
  return TRUE;
}
