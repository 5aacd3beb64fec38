/* A title's turn: its licence is asked for, it is played, the next one is made ready before it ends, and no play is lost on the way. */
#include "ui/queue-private.h"

/* ---- plays that nobody heard ---- */

static void
end_told_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  /* A server that did not hear it ends the play by its window, or gives it back by itself: nothing is lost. */
  (void)!cantiga_play_end_finish (CANTIGA_PLAY (source), result, NULL);
}

static void
keep (CantigaQueue *self, CantigaPlay *play)
{
  g_ptr_array_add (self->spared, g_object_ref (play));
}

/* docs/protocol.md 9.3: ended before its first chunk, it costs nothing. After that it is spent; but it goes on for free when its title's turn comes
 * within its time. */
static void
spare (CantigaQueue *self, CantigaPlay *play)
{
  if (cantiga_play_has_begun (play))
    keep (self, play);
  else
    cantiga_play_end_async (play, NULL, end_told_cb, NULL);
}

static CantigaPlay *
take_spared (CantigaQueue *self, CantigaTitle *title)
{
  gint64 needed = g_get_real_time () / G_USEC_PER_SEC + (gint64)cantiga_title_get_duration (title);
  guint i = 0;

  while (i < self->spared->len)
    {
      g_autoptr (CantigaPlay) play = NULL;

      if (!cantiga_id_equal (cantiga_title_get_id (cantiga_play_get_title (self->spared->pdata[i])), cantiga_title_get_id (title)))
        {
          i++;
          continue;
        }
      play = g_ptr_array_steal_index (self->spared, i);
      if (cantiga_play_get_ends (play) >= needed)
        return g_steal_pointer (&play);
    }
  return NULL;
}

/* ---- letting go ---- */

static void
drop_next (CantigaQueue *self)
{
  g_autoptr (CantigaPlay) next = g_steal_pointer (&self->next);

  self->next_state = CANTIGA_NEXT_NONE;
  g_clear_error (&self->next_error);
  if (next == NULL)
    return;
  spare (self, next);
  cantiga_player_set_next (self->player, NULL);
}

void
cantiga_queue_let_go (CantigaQueue *self)
{
  self->number++;
  self->withheld = FALSE;
  self->ending = FALSE;
  self->lost = FALSE;
  drop_next (self);
  if (self->play != NULL && !self->heard)
    spare (self, self->play);
  cantiga_player_set_state (self->player, CANTIGA_PLAYER_STOPPED);
  g_clear_object (&self->play);
  self->heard = FALSE;
}

/* Nothing follows: the queue waits at its start. */
static void
finish (CantigaQueue *self)
{
  cantiga_queue_let_go (self);
  self->place = 0;
  self->from = 0;
  self->passed = 0;
  cantiga_queue_set_state (self, CANTIGA_QUEUE_LOADED);
  cantiga_queue_tell (self);
}

/* ---- what goes wrong ---- */

/* Of the server, the card or the sound device, and no fault of the title's: the next one would fare no better. */
static gboolean
is_of_the_line (const GError *error)
{
  if (error->domain != CANTIGA_ERROR)
    return TRUE;
  switch (error->code)
    {
    case CANTIGA_ERROR_LICENCE_EXHAUSTED:
    case CANTIGA_ERROR_LICENCE_EXPIRED:
    case CANTIGA_ERROR_LICENCE_REFUSED:
    case CANTIGA_ERROR_PLAY_OVER:
    case CANTIGA_ERROR_NOT_FOUND:
    case CANTIGA_ERROR_TITLE_UNKNOWN:
    case CANTIGA_ERROR_GRANT_UNKNOWN:
    case CANTIGA_ERROR_INTERNAL:
    case CANTIGA_ERROR_TITLE_DAMAGED:
    case CANTIGA_ERROR_FORGED:
    case CANTIGA_ERROR_DAMAGED:
    case CANTIGA_ERROR_MEDIA:
    case CANTIGA_ERROR_MALFORMED:
      return FALSE;
    default:
      return TRUE;
    }
}

/* Over a title that cannot be played. */
static void
pass_on (CantigaQueue *self)
{
  guint length = cantiga_order_get_length (self->order);

  if (++self->passed >= length)
    finish (self);
  else if (self->place + 1 < length)
    cantiga_queue_turn_to (self, self->place + 1, FALSE);
  else if (self->repeat == CANTIGA_REPEAT_ALL && self->agreed)
    cantiga_queue_wrap (self, FALSE);
  else
    finish (self);
}

/* It stays where it is, with its play, and goes on when the server is back. */
static void
wait_for_the_line (CantigaQueue *self, double from)
{
  if (self->play != NULL)
    keep (self, self->play);
  self->heard = TRUE; /* as far as it goes: it is kept */
  cantiga_queue_let_go (self);
  self->from = from;
  self->lost = TRUE;
  cantiga_queue_set_state (self, CANTIGA_QUEUE_LOADED);
  cantiga_queue_tell (self);
}

/* A title that the person chose is answered for; one that only followed is passed over. */
static void
refuse (CantigaQueue *self, const GError *error)
{
  g_autoptr (CantigaTitle) title = g_object_ref (cantiga_queue_get_title (self));
  gboolean chosen = self->chosen;

  cantiga_title_set_failure (title, error);
  if (is_of_the_line (error))
    wait_for_the_line (self, self->from);
  else if (chosen)
    cantiga_queue_clear (self);
  else
    pass_on (self);
  cantiga_queue_emit_refused (self, title, error, chosen);
}

/* ---- one title ---- */

/* Takes play. */
static void
begin (CantigaQueue *self, CantigaPlay *play)
{
  g_set_object (&self->play, play);
  g_object_unref (play);
  self->heard = FALSE;
  cantiga_player_open (self->player, self->play);
  if (self->from > 0)
    cantiga_player_seek_exactly (self->player, self->from);
  cantiga_player_set_state (self->player, CANTIGA_PLAYER_PLAYING);
  cantiga_queue_set_state (self, CANTIGA_QUEUE_PLAYING);
}

/* Takes play. */
static void
make_ready (CantigaQueue *self, CantigaPlay *play)
{
  g_set_object (&self->next, play);
  g_object_unref (play);
  self->next_state = CANTIGA_NEXT_READY;
  cantiga_player_set_next (self->player, self->next);
}

typedef struct
{
  CantigaQueue *queue; /* owned */
  guint number;
} Asking;

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Asking *asking = user_data;
  g_autoptr (CantigaQueue) self = asking->queue;
  g_autoptr (GError) error = NULL;
  CantigaPlay *play = cantiga_play_start_finish (CANTIGA_SESSION (source), result, &error);

  if (asking->number != self->number)
    {
      if (play != NULL)
        spare (self, play);
      g_clear_object (&play);
    }
  else if (self->state == CANTIGA_QUEUE_ASKING)
    {
      if (play != NULL)
        begin (self, play);
      else
        refuse (self, error);
    }
  else if (play != NULL)
    make_ready (self, play);
  else
    {
      self->next_state = CANTIGA_NEXT_REFUSED;
      self->next_error = g_steal_pointer (&error);
    }
}

static void
ask (CantigaQueue *self, CantigaTitle *title)
{
  Asking *asking = g_new0 (Asking, 1);

  asking->queue = g_object_ref (self);
  asking->number = ++self->number;
  cantiga_play_prepare_async (self->session, title, NULL, answered_cb, asking);
}

void
cantiga_queue_take_turn (CantigaQueue *self, gboolean chosen)
{
  double from = self->from;
  CantigaPlay *play;

  cantiga_queue_let_go (self);
  self->from = from;
  self->chosen = chosen;
  self->question = CANTIGA_QUESTION_NONE;
  cantiga_title_set_failure (cantiga_queue_get_title (self), NULL);
  cantiga_queue_set_state (self, CANTIGA_QUEUE_ASKING);
  cantiga_queue_tell (self);
  self->withheld = self->held;
  if (self->withheld)
    return cantiga_queue_emit_awaits (self);
  play = take_spared (self, cantiga_queue_get_title (self));
  if (play != NULL)
    begin (self, play);
  else
    ask (self, cantiga_queue_get_title (self));
}

void
cantiga_queue_turn_to (CantigaQueue *self, guint place, gboolean chosen)
{
  self->place = place;
  self->from = 0;
  cantiga_queue_take_turn (self, chosen);
}

void
cantiga_queue_wrap (CantigaQueue *self, gboolean chosen)
{
  guint length = cantiga_order_get_length (self->order);

  if (self->shuffle)
    {
      cantiga_order_shuffle (self->order, 0);
      cantiga_queue_emit_order (self, 0, length, length);
    }
  cantiga_queue_turn_to (self, 0, chosen);
}

/* ---- the next one, while this one plays ---- */

/* Asked for ahead only if it will play: what it says otherwise is for when its turn comes. */
static gboolean
may_join (CantigaQueue *self, CantigaTitle *next)
{
  const char *state = cantiga_title_get_licence_state (next);

  return self->gapless && !self->held && !cantiga_title_has_picture (next) && !cantiga_title_has_picture (cantiga_queue_get_title (self))
         && (g_str_equal (state, "none") || g_str_equal (state, "valid"));
}

static void
prepare_next (CantigaQueue *self)
{
  guint place = cantiga_queue_find_following (self);
  CantigaTitle *title = cantiga_order_get (self->order, place);
  CantigaPlay *play;

  if (!self->ending || self->next_state != CANTIGA_NEXT_NONE || title == NULL || !may_join (self, title))
    return;
  self->next_place = place;
  play = take_spared (self, title);
  if (play != NULL)
    return make_ready (self, play);
  self->next_state = CANTIGA_NEXT_ASKED;
  ask (self, title);
}

void
cantiga_queue_revise_next (CantigaQueue *self)
{
  guint place = cantiga_queue_find_following (self);
  CantigaTitle *title = cantiga_order_get (self->order, place);

  if (self->next_state != CANTIGA_NEXT_NONE
      && (title == NULL || !may_join (self, title) || self->next == NULL || cantiga_play_get_title (self->next) != title))
    {
      self->number++;
      drop_next (self);
    }
  self->next_place = place;
  prepare_next (self);
}

/* ---- what the player says ---- */

static void
started_cb (CantigaPlayer *player, CantigaQueue *self)
{
  if (self->play == NULL)
    return;
  self->heard = TRUE;
  self->passed = 0;
  self->from = 0;
  cantiga_title_set_failure (cantiga_play_get_title (self->play), NULL);
  cantiga_play_announce (self->play);
  cantiga_queue_tell (self);
}

static void
ending_cb (CantigaPlayer *player, CantigaQueue *self)
{
  self->ending = TRUE;
  prepare_next (self);
}

static void
advanced_cb (CantigaPlayer *player, CantigaQueue *self)
{
  cantiga_play_end_async (self->play, NULL, end_told_cb, NULL);
  g_set_object (&self->play, self->next);
  g_clear_object (&self->next);
  self->next_state = CANTIGA_NEXT_NONE;
  self->ending = FALSE;
  self->chosen = FALSE;
  self->place = self->next_place;
  started_cb (player, self);
}

/* Its licence was asked for while the title before it played: the answer, or what was answered, is what counts. */
static void
turn_to_next (CantigaQueue *self)
{
  CantigaNextState state = self->next_state;
  g_autoptr (GError) error = g_steal_pointer (&self->next_error);
  guint number = self->number;

  if (state != CANTIGA_NEXT_ASKED && state != CANTIGA_NEXT_REFUSED)
    return cantiga_queue_turn_to (self, cantiga_queue_find_following (self), FALSE);
  cantiga_queue_let_go (self);
  self->number = number; /* the question stands */
  self->from = 0;
  self->place = self->next_place;
  self->chosen = FALSE;
  cantiga_queue_set_state (self, CANTIGA_QUEUE_ASKING);
  cantiga_queue_tell (self);
  if (error != NULL)
    refuse (self, error);
}

static void
ended_cb (CantigaPlayer *player, CantigaQueue *self)
{
  guint last = cantiga_order_get_length (self->order) - 1;

  if (self->play == NULL)
    return;
  self->heard = TRUE;
  cantiga_play_end_async (self->play, NULL, end_told_cb, NULL);
  if (self->repeat == CANTIGA_REPEAT_ONE)
    {
      if (cantiga_play_get_plays_left (self->play) == 0)
        return cantiga_queue_stop (self);
      if (!self->agreed)
        return cantiga_queue_ask_again (self, CANTIGA_QUESTION_ONE);
    }
  else if (self->place == last && self->repeat == CANTIGA_REPEAT_ALL)
    {
      if (!self->agreed)
        return cantiga_queue_ask_again (self, CANTIGA_QUESTION_ALL);
      if (self->next_state == CANTIGA_NEXT_NONE)
        return cantiga_queue_wrap (self, FALSE);
    }
  if (cantiga_queue_find_following (self) == CANTIGA_PLACE_NONE)
    finish (self);
  else
    turn_to_next (self);
}

/* It was paused for longer than a play lasts: whether it is worth another one is the person's to say. */
static void
stand (CantigaQueue *self, double position)
{
  self->heard = TRUE;
  cantiga_queue_let_go (self);
  self->from = position;
  cantiga_queue_set_state (self, CANTIGA_QUEUE_LOADED);
  cantiga_queue_tell (self);
}

static void
failed_cb (CantigaPlayer *player, const GError *error, CantigaQueue *self)
{
  g_autoptr (CantigaTitle) title = NULL;
  double position = cantiga_player_get_position (player);
  gboolean counted;

  if (self->play == NULL)
    return;
  title = g_object_ref (cantiga_queue_get_title (self));
  cantiga_title_set_failure (title, error);
  counted = is_of_the_line (error) || cantiga_play_has_begun (self->play); /* one that waits for the line goes on */
  if (is_of_the_line (error))
    wait_for_the_line (self, position);
  else if (g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_PLAY_OVER))
    stand (self, position);
  else
    pass_on (self);
  cantiga_queue_emit_failed (self, title, error, counted);
}

/* Its turn comes all the same, and then it is asked for anew. */
static void
next_failed_cb (CantigaPlayer *player, const GError *error, CantigaQueue *self)
{
  if (self->next != NULL && !g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_PLAY_OVER))
    spare (self, self->next);
  g_clear_object (&self->next);
  self->next_state = CANTIGA_NEXT_NONE;
}

void
cantiga_queue_connect_player (CantigaQueue *self)
{
  g_signal_connect (self->player, "started", G_CALLBACK (started_cb), self);
  g_signal_connect (self->player, "ending", G_CALLBACK (ending_cb), self);
  g_signal_connect (self->player, "advanced", G_CALLBACK (advanced_cb), self);
  g_signal_connect (self->player, "ended", G_CALLBACK (ended_cb), self);
  g_signal_connect (self->player, "failed", G_CALLBACK (failed_cb), self);
  g_signal_connect (self->player, "next-failed", G_CALLBACK (next_failed_cb), self);
}
