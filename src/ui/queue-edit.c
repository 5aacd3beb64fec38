/* What is in the queue, and in which order. */
#include "core/error.h"
#include "ui/queue-private.h"

/* ---- whose titles they are ---- */

/* What is said of a server that was gone. */
static void
forget_silence (CantigaQueue *self)
{
  for (guint i = 0; i < cantiga_order_get_length (self->order); i++)
    if (g_error_matches (cantiga_title_get_failure (cantiga_order_get (self->order, i)), CANTIGA_ERROR, CANTIGA_ERROR_UNREACHABLE))
      cantiga_title_set_failure (cantiga_order_get (self->order, i), NULL);
}

/* A title that stopped because the server was gone goes on when it is back. */
static void
session_changed_cb (CantigaSession *session, GParamSpec *pspec, CantigaQueue *self)
{
  if (cantiga_session_get_state (session) != CANTIGA_SESSION_OPEN)
    return;
  forget_silence (self);
  if (self->lost && self->state == CANTIGA_QUEUE_LOADED)
    cantiga_queue_take_turn (self, FALSE);
}

void
cantiga_queue_take_session (CantigaQueue *self, CantigaSession *session)
{
  if (session == self->session)
    return;
  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (self->session, self);
  g_set_object (&self->session, session);
  g_ptr_array_set_size (self->spared, 0);
  if (session != NULL)
    g_signal_connect (session, "notify::state", G_CALLBACK (session_changed_cb), self);
}

/* ---- all of them ---- */

/* Fills the queue anew; the title at place is its place afterwards. */
static void
fill (CantigaQueue *self, CantigaSession *session, GPtrArray *titles, guint place)
{
  guint before = cantiga_order_get_length (self->order);

  cantiga_queue_take_session (self, session);
  cantiga_order_clear (self->order);
  cantiga_order_insert (self->order, 0, titles);
  self->place = place;
  self->passed = 0;
  self->agreed = FALSE;
  self->question = CANTIGA_QUESTION_NONE;
  if (self->shuffle)
    {
      cantiga_order_swap (self->order, 0, place);
      cantiga_order_shuffle (self->order, 1);
      self->place = 0;
    }
  cantiga_queue_emit_order (self, 0, before, titles->len);
}

void
cantiga_queue_play (CantigaQueue *self, CantigaSession *session, GPtrArray *titles, guint place)
{
  g_autoptr (GPtrArray) kept = g_ptr_array_ref (titles);
  CantigaTitle *current = cantiga_queue_get_title (self);
  gboolean same;

  g_return_if_fail (place < titles->len);
  same = current == g_ptr_array_index (titles, place) && self->state >= CANTIGA_QUEUE_ASKING;
  if (!same)
    cantiga_queue_let_go (self);
  fill (self, session, titles, place);
  if (!same)
    return cantiga_queue_turn_to (self, self->place, TRUE);
  cantiga_queue_revise_next (self);
  cantiga_queue_tell (self);
  if (self->state == CANTIGA_QUEUE_PAUSED)
    cantiga_queue_toggle (self);
}

void
cantiga_queue_load (CantigaQueue *self, CantigaSession *session, GPtrArray *titles, guint place, double seconds)
{
  g_return_if_fail (place < titles->len);
  cantiga_queue_let_go (self);
  fill (self, session, titles, place);
  self->from = MAX (seconds, 0);
  cantiga_queue_set_state (self, CANTIGA_QUEUE_LOADED);
  cantiga_queue_tell (self);
}

/* ---- some of them ---- */

static void
insert (CantigaQueue *self, CantigaSession *session, GPtrArray *titles, guint place)
{
  if (titles->len == 0)
    return;
  if (self->state == CANTIGA_QUEUE_EMPTY)
    return cantiga_queue_play (self, session, titles, 0);
  if (session != self->session)
    return;
  cantiga_order_insert (self->order, place, titles);
  cantiga_queue_emit_order (self, place, 0, titles->len);
  cantiga_queue_revise_next (self);
  cantiga_queue_tell (self);
}

void
cantiga_queue_append (CantigaQueue *self, CantigaSession *session, GPtrArray *titles)
{
  insert (self, session, titles, cantiga_order_get_length (self->order));
}

void
cantiga_queue_play_next (CantigaQueue *self, CantigaSession *session, GPtrArray *titles)
{
  insert (self, session, titles, self->place + 1);
}

/* What plays is taken out: the one that stands in its place now has its turn, as far as anything played. */
static void
remove_current (CantigaQueue *self)
{
  gboolean playing = self->state >= CANTIGA_QUEUE_ASKING;

  cantiga_queue_let_go (self);
  cantiga_order_remove (self->order, self->place);
  cantiga_queue_emit_order (self, self->place, 1, 0);
  self->from = 0;
  if (playing && self->place < cantiga_order_get_length (self->order))
    return cantiga_queue_turn_to (self, self->place, FALSE);
  self->place = MIN (self->place, cantiga_order_get_length (self->order) - 1);
  cantiga_queue_set_state (self, CANTIGA_QUEUE_LOADED);
  cantiga_queue_tell (self);
}

void
cantiga_queue_remove (CantigaQueue *self, guint place)
{
  if (place >= cantiga_order_get_length (self->order))
    return;
  if (cantiga_order_get_length (self->order) == 1)
    return cantiga_queue_clear (self);
  if (place == self->place)
    return remove_current (self);
  cantiga_order_remove (self->order, place);
  if (place < self->place)
    self->place--;
  cantiga_queue_emit_order (self, place, 1, 0);
  cantiga_queue_revise_next (self);
  cantiga_queue_tell (self);
}

void
cantiga_queue_move (CantigaQueue *self, guint from, guint to)
{
  guint length = cantiga_order_get_length (self->order);

  if (from >= length || to >= length || from == to)
    return;
  cantiga_order_move (self->order, from, to);
  if (from == self->place)
    self->place = to;
  else if (from < self->place && to >= self->place)
    self->place--;
  else if (from > self->place && to <= self->place)
    self->place++;
  cantiga_queue_emit_order (self, MIN (from, to), MAX (from, to) - MIN (from, to) + 1, MAX (from, to) - MIN (from, to) + 1);
  cantiga_queue_revise_next (self);
  cantiga_queue_tell (self);
}
