/* A play is asked for, said, and ended. */
#include <stdio.h>

#include "terminal/journey.h"
#include "terminal/screen.h"
#include "terminal/wait.h"

static void
say_licence (CantigaPlay *play, gboolean made)
{
  guint left = cantiga_play_get_plays_left (play);
  g_autoptr (GDateTime) expires = g_date_time_new_from_unix_local (cantiga_play_get_expires (play));
  g_autofree char *until = expires != NULL ? g_date_time_format (expires, "%Y-%m-%d %H:%M") : g_strdup ("");

  if (made)
    cantiga_screen_say ("✓ licence made, %u more %s, until %s", left, left == 1 ? "play" : "plays", until);
  else
    cantiga_screen_say ("✓ %u %s left, until %s", left, left == 1 ? "play" : "plays", until);
}

static CantigaPlay *
ask_play (CantigaJourney *journey, CantigaTitle *title, GError **error)
{
  g_auto (CantigaWait) wait = { 0 };

  cantiga_screen_draw ("… asking for the licence");
  cantiga_play_start_async (journey->session, title, journey->cancellable, cantiga_wait_done_cb, &wait);
  return cantiga_play_start_finish (journey->session, cantiga_wait_for (&wait), error);
}

CantigaPlay *
cantiga_journey_start_play (CantigaJourney *journey, CantigaTitle *title, GError **error)
{
  gboolean made = g_str_equal (cantiga_title_get_licence_state (title), "none");
  g_autoptr (GError) refusal = NULL;
  CantigaPlay *play = ask_play (journey, title, &refusal);

  if (g_error_matches (refusal, CANTIGA_ERROR, CANTIGA_ERROR_TOO_MANY_PLAYS))
    play = cantiga_journey_take_over (journey, refusal, error) ? ask_play (journey, title, error) : NULL;
  else if (play == NULL)
    g_propagate_error (error, g_steal_pointer (&refusal));
  if (play != NULL)
    say_licence (play, made);
  return play;
}

void
cantiga_journey_end_play (CantigaJourney *journey, CantigaPlay *play)
{
  g_auto (CantigaWait) wait = { 0 };
  g_autoptr (GError) error = NULL;

  cantiga_play_end_async (play, journey->cancellable, cantiga_wait_done_cb, &wait);
  if (!cantiga_play_end_finish (play, cantiga_wait_for (&wait), &error))
    cantiga_screen_complain ("The server was not told that the title ended: %s", error->message);
}

void
cantiga_journey_print_play (CantigaJourney *journey, CantigaPlay *play, guint64 chunks, guint64 bytes)
{
  JsonObject *object;
  g_autoptr (GBytes) text = NULL;

  if (!journey->options->json)
    return;
  object = json_object_new ();
  json_object_set_string_member (object, "title", cantiga_title_get_name (cantiga_play_get_title (play)));
  cantiga_json_set_id (object, "id", cantiga_title_get_id (cantiga_play_get_title (play)));
  json_object_set_int_member (object, "plays_left", cantiga_play_get_plays_left (play));
  json_object_set_int_member (object, "expires", cantiga_play_get_expires (play));
  json_object_set_string_member (object, "suite", cantiga_suite_get_name (cantiga_session_get_suite (journey->session)));
  json_object_set_int_member (object, "chunks", (gint64)chunks);
  json_object_set_int_member (object, "bytes", (gint64)bytes);
  text = cantiga_json_format (object);
  json_object_unref (object);
  printf ("%.*s\n", (int)g_bytes_get_size (text), (const char *)g_bytes_get_data (text, NULL));
}
