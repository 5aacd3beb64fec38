/* A title is heard: GStreamer plays, a line follows, keys are obeyed. */
#include "terminal/journey.h"
#include "terminal/screen.h"

#define SEEK_SECONDS 10
#define LINE_MILLISECONDS 200

/* One hearing. */
typedef struct
{
  CantigaJourney *journey;
  CantigaPlay *play;
  enum
  {
    HEARING,
    HEARD,
    LEFT,
    FAILED
  } state;
  gboolean silence_said;
  GError *error;
} Hearing;

static void
ended_cb (CantigaPlayer *player, Hearing *hearing)
{
  hearing->state = HEARD;
}

static void
failed_cb (CantigaPlayer *player, const GError *error, Hearing *hearing)
{
  if (hearing->state != HEARING)
    return;
  hearing->state = FAILED;
  hearing->error = g_error_copy (error);
}

static void
silent_cb (CantigaPlayer *player, Hearing *hearing)
{
  if (!hearing->silence_said)
    cantiga_screen_say ("! There is no sound device here: the title plays in silence.");
  hearing->silence_said = TRUE;
}

/* Nothing stops for it: the next title asks. */
static void
card_changed_cb (CantigaCardWatch *watch, int state, Hearing *hearing)
{
  if (state == CANTIGA_CARD_STATE_READY)
    cantiga_screen_say ("✓ The card is back.");
  else
    cantiga_screen_say ("! %s This title plays on; the next one asks for the card.", cantiga_card_state_get_sentence (state));
}

static void
key_cb (CantigaScreenKey key, gpointer user_data)
{
  Hearing *hearing = user_data;
  CantigaPlayer *player = hearing->journey->player;
  double position = cantiga_player_get_position (player);

  switch (key)
    {
    case CANTIGA_SCREEN_KEY_QUIT:
      hearing->state = LEFT;
      break;
    case CANTIGA_SCREEN_KEY_PAUSE:
      cantiga_player_set_state (player, cantiga_player_get_state (player) == CANTIGA_PLAYER_PLAYING ? CANTIGA_PLAYER_PAUSED : CANTIGA_PLAYER_PLAYING);
      break;
    case CANTIGA_SCREEN_KEY_BACK:
      cantiga_player_seek (player, position - SEEK_SECONDS);
      break;
    case CANTIGA_SCREEN_KEY_FORWARD:
      cantiga_player_seek (player, MIN (position + SEEK_SECONDS, cantiga_player_get_duration (player)));
      break;
    default:
      break;
    }
}

static const char *
name_state (CantigaPlayer *player, CantigaSession *session)
{
  if (cantiga_session_get_state (session) == CANTIGA_SESSION_RETURNING)
    return "signing in again";
  if (cantiga_player_get_state (player) == CANTIGA_PLAYER_PAUSED)
    return "paused";
  return cantiga_player_is_buffering (player) ? "waiting" : "";
}

#define BAR 24

static gboolean
draw_cb (gpointer user_data)
{
  Hearing *hearing = user_data;
  CantigaPlayer *player = hearing->journey->player;
  double position = cantiga_player_get_position (player);
  double duration = MAX (cantiga_player_get_duration (player), 0.001);
  guint full = (guint)CLAMP (position / duration * BAR, 0, BAR);
  g_autoptr (GString) bar = g_string_new (NULL);

  for (guint i = 0; i < BAR; i++)
    g_string_append (bar, i < full ? "━" : "─");
  cantiga_screen_draw ("♪ %s  %u:%02u %s %u:%02u  %s  (q leaves, space pauses, ← → seek)",
                       cantiga_title_get_name (cantiga_play_get_title (hearing->play)), (guint)position / 60, (guint)position % 60, bar->str,
                       (guint)duration / 60, (guint)duration % 60, name_state (player, hearing->journey->session));
  return G_SOURCE_CONTINUE;
}

static void
hear (Hearing *hearing)
{
  CantigaPlayer *player = hearing->journey->player;
  guint drawing = g_timeout_add (LINE_MILLISECONDS, draw_cb, hearing);

  g_signal_connect (player, "ended", G_CALLBACK (ended_cb), hearing);
  g_signal_connect (player, "failed", G_CALLBACK (failed_cb), hearing);
  g_signal_connect (player, "silent", G_CALLBACK (silent_cb), hearing);
  g_signal_connect (hearing->journey->watch, "changed", G_CALLBACK (card_changed_cb), hearing);
  cantiga_card_watch_start (hearing->journey->watch);
  cantiga_screen_start_keys (key_cb, hearing);
  cantiga_player_open (player, hearing->play);
  cantiga_player_set_state (player, CANTIGA_PLAYER_PLAYING);
  while (hearing->state == HEARING && !g_cancellable_is_cancelled (hearing->journey->cancellable))
    g_main_context_iteration (NULL, TRUE);
  cantiga_screen_stop_keys ();
  cantiga_card_watch_stop (hearing->journey->watch);
  g_signal_handlers_disconnect_by_data (hearing->journey->watch, hearing);
  g_source_remove (drawing);
  g_signal_handlers_disconnect_by_data (player, hearing);
}

gboolean
cantiga_journey_hear (CantigaJourney *journey, CantigaTitle *title, GError **error)
{
  g_autoptr (CantigaPlay) play = cantiga_journey_start_play (journey, title, error);
  Hearing hearing = { .journey = journey, .play = play, .state = HEARING };
  guint64 fetched;

  if (play == NULL)
    return FALSE;
  hear (&hearing);
  fetched = cantiga_player_get_source (journey->player) != NULL ? cantiga_source_get_fetched (cantiga_player_get_source (journey->player)) : 0;
  cantiga_player_set_state (journey->player, CANTIGA_PLAYER_STOPPED);
  if (hearing.error != NULL)
    {
      g_propagate_error (error, hearing.error);
      return FALSE;
    }
  if (g_cancellable_set_error_if_cancelled (journey->cancellable, error))
    return FALSE;
  if (hearing.state == HEARD)
    {
      cantiga_journey_end_play (journey, play);
      cantiga_screen_say ("✓ heard to the end");
    }
  cantiga_journey_print_play (journey, play, fetched, cantiga_play_get_size (play));
  return TRUE;
}
