#include "ui/queue-private.h"

/* "Previous" goes to the start of a title that has played longer than this. */
#define JUST_BEGUN_SECONDS 3

enum
{
  PROP_STATE = 1,
  PROP_TITLE,
  PROP_PLACE,
  PROP_NEXT_TITLE,
  PROP_PLAYS_LEFT,
  PROP_SHUFFLE,
  PROP_REPEAT,
  PROP_GAPLESS,
  PROP_HELD,
  N_PROPS
};

enum
{
  REFUSED,
  FAILED,
  SILENT,
  AGAIN,
  AWAITS,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static void cantiga_queue_list_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CantigaQueue, cantiga_queue, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, cantiga_queue_list_init))

/* ---- a list ---- */

static GType
get_item_type (GListModel *list)
{
  return CANTIGA_TYPE_ENTRY;
}

static guint
get_n_items (GListModel *list)
{
  return cantiga_order_get_length (CANTIGA_QUEUE (list)->order);
}

static gpointer
get_item (GListModel *list, guint place)
{
  CantigaEntry *entry = cantiga_queue_get_entry (CANTIGA_QUEUE (list), place);

  return entry != NULL ? g_object_ref (entry) : NULL;
}

static void
cantiga_queue_list_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* ---- life ---- */

static void
cantiga_queue_dispose (GObject *object)
{
  CantigaQueue *self = CANTIGA_QUEUE (object);

  self->number++;
  if (self->player != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->player, self);
      cantiga_player_set_state (self->player, CANTIGA_PLAYER_STOPPED);
    }
  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (self->session, self);
  g_clear_object (&self->player);
  g_clear_object (&self->play);
  g_clear_object (&self->next);
  g_clear_object (&self->session);
  g_clear_object (&self->shown_title);
  g_clear_object (&self->shown_next);
  g_clear_error (&self->next_error);
  G_OBJECT_CLASS (cantiga_queue_parent_class)->dispose (object);
}

static void
cantiga_queue_finalize (GObject *object)
{
  CantigaQueue *self = CANTIGA_QUEUE (object);

  cantiga_order_free (self->order);
  g_ptr_array_unref (self->spared);
  G_OBJECT_CLASS (cantiga_queue_parent_class)->finalize (object);
}

static void
cantiga_queue_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CantigaQueue *self = CANTIGA_QUEUE (object);

  switch (id)
    {
    case PROP_STATE:
      return g_value_set_int (value, (int)self->state);
    case PROP_TITLE:
      return g_value_set_object (value, cantiga_queue_get_title (self));
    case PROP_PLACE:
      return g_value_set_uint (value, self->place);
    case PROP_NEXT_TITLE:
      return g_value_set_object (value, cantiga_queue_get_next_title (self));
    case PROP_PLAYS_LEFT:
      return g_value_set_int (value, cantiga_queue_get_plays_left (self));
    case PROP_SHUFFLE:
      return g_value_set_boolean (value, self->shuffle);
    case PROP_REPEAT:
      return g_value_set_int (value, (int)self->repeat);
    case PROP_GAPLESS:
      return g_value_set_boolean (value, self->gapless);
    case PROP_HELD:
      return g_value_set_boolean (value, self->held);
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
cantiga_queue_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CantigaQueue *self = CANTIGA_QUEUE (object);

  switch (id)
    {
    case PROP_SHUFFLE:
      return cantiga_queue_set_shuffle (self, g_value_get_boolean (value));
    case PROP_REPEAT:
      return cantiga_queue_set_repeat (self, (CantigaRepeat)g_value_get_int (value));
    case PROP_GAPLESS:
      return cantiga_queue_set_gapless (self, g_value_get_boolean (value));
    case PROP_HELD:
      return cantiga_queue_set_held (self, g_value_get_boolean (value));
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
install_properties (GObjectClass *object_class)
{
  GParamFlags told = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  GParamFlags set = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  props[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, CANTIGA_QUEUE_EMPTY, CANTIGA_QUEUE_PAUSED, CANTIGA_QUEUE_EMPTY, told);
  props[PROP_TITLE] = g_param_spec_object ("title", NULL, NULL, CANTIGA_TYPE_TITLE, told);
  props[PROP_PLACE] = g_param_spec_uint ("place", NULL, NULL, 0, G_MAXUINT, 0, told);
  props[PROP_NEXT_TITLE] = g_param_spec_object ("next-title", NULL, NULL, CANTIGA_TYPE_TITLE, told);
  props[PROP_PLAYS_LEFT] = g_param_spec_int ("plays-left", NULL, NULL, -1, G_MAXINT, -1, told);
  props[PROP_SHUFFLE] = g_param_spec_boolean ("shuffle", NULL, NULL, FALSE, set);
  props[PROP_REPEAT] = g_param_spec_int ("repeat", NULL, NULL, CANTIGA_REPEAT_OFF, CANTIGA_REPEAT_ONE, CANTIGA_REPEAT_OFF, set);
  props[PROP_GAPLESS] = g_param_spec_boolean ("gapless", NULL, NULL, TRUE, set);
  props[PROP_HELD] = g_param_spec_boolean ("held", NULL, NULL, FALSE, set);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static guint
new_signal (const char *name, guint n, ...)
{
  va_list types;
  guint id;

  va_start (types, n);
  id = g_signal_new_valist (name, CANTIGA_TYPE_QUEUE, G_SIGNAL_RUN_LAST, NULL, NULL, NULL, NULL, G_TYPE_NONE, n, types);
  va_end (types);
  return id;
}

static void
cantiga_queue_class_init (CantigaQueueClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = cantiga_queue_dispose;
  object_class->finalize = cantiga_queue_finalize;
  object_class->get_property = cantiga_queue_get_property;
  object_class->set_property = cantiga_queue_set_property;
  install_properties (object_class);
  signals[REFUSED] = new_signal ("refused", 3, CANTIGA_TYPE_TITLE, G_TYPE_ERROR, G_TYPE_BOOLEAN);
  signals[FAILED] = new_signal ("failed", 3, CANTIGA_TYPE_TITLE, G_TYPE_ERROR, G_TYPE_BOOLEAN);
  signals[SILENT] = new_signal ("silent", 0);
  signals[AGAIN] = new_signal ("again", 2, CANTIGA_TYPE_TITLE, G_TYPE_BOOLEAN);
  signals[AWAITS] = new_signal ("awaits", 0);
}

static void
cantiga_queue_init (CantigaQueue *self)
{
  self->order = cantiga_order_new ();
  self->spared = g_ptr_array_new_with_free_func (g_object_unref);
  self->gapless = TRUE;
  self->shown_left = -1;
}

static void
player_silent_cb (CantigaPlayer *player, CantigaQueue *self)
{
  g_signal_emit (self, signals[SILENT], 0);
}

CantigaQueue *
cantiga_queue_new_for_player (CantigaPlayer *player)
{
  CantigaQueue *self = g_object_new (CANTIGA_TYPE_QUEUE, NULL);

  self->player = g_object_ref (player);
  g_signal_connect (self->player, "silent", G_CALLBACK (player_silent_cb), self);
  cantiga_queue_connect_player (self);
  return self;
}

CantigaQueue *
cantiga_queue_new (GError **error)
{
  g_autoptr (CantigaPlayer) player = cantiga_player_new (NULL, error);

  return player != NULL ? cantiga_queue_new_for_player (player) : NULL;
}

/* ---- what it says ---- */

CantigaQueueState
cantiga_queue_get_state (CantigaQueue *self)
{
  return self->state;
}

CantigaTitle *
cantiga_queue_get_title (CantigaQueue *self)
{
  return cantiga_order_get (self->order, self->place);
}

guint
cantiga_queue_get_place (CantigaQueue *self)
{
  return self->place;
}

CantigaEntry *
cantiga_queue_get_entry (CantigaQueue *self, guint place)
{
  return cantiga_order_get_entry (self->order, place);
}

CantigaTitle *
cantiga_queue_get_title_at (CantigaQueue *self, guint place)
{
  return cantiga_order_get (self->order, place);
}

guint
cantiga_queue_find_following (CantigaQueue *self)
{
  guint length = cantiga_order_get_length (self->order);

  if (length == 0)
    return CANTIGA_PLACE_NONE;
  switch (self->repeat)
    {
    case CANTIGA_REPEAT_ONE:
      return self->agreed && cantiga_queue_get_plays_left (self) != 0 ? self->place : CANTIGA_PLACE_NONE;
    case CANTIGA_REPEAT_ALL:
      if (self->place + 1 == length && self->agreed && !self->shuffle)
        return 0;
      G_GNUC_FALLTHROUGH;
    case CANTIGA_REPEAT_OFF:
    default:
      return self->place + 1 < length ? self->place + 1 : CANTIGA_PLACE_NONE;
    }
}

CantigaTitle *
cantiga_queue_get_next_title (CantigaQueue *self)
{
  return cantiga_order_get (self->order, cantiga_queue_find_following (self));
}

int
cantiga_queue_get_plays_left (CantigaQueue *self)
{
  return self->play != NULL && self->heard ? (int)cantiga_play_get_plays_left (self->play) : -1;
}

CantigaPlayer *
cantiga_queue_get_player (CantigaQueue *self)
{
  return self->player;
}

CantigaSession *
cantiga_queue_get_session (CantigaQueue *self)
{
  return self->session;
}

gboolean
cantiga_queue_has_next (CantigaQueue *self)
{
  guint length = cantiga_order_get_length (self->order);

  return self->place + 1 < length || (length > 0 && self->repeat == CANTIGA_REPEAT_ALL);
}

double
cantiga_queue_get_seconds_left (CantigaQueue *self)
{
  double seconds = 0;

  for (guint i = self->place; i < cantiga_order_get_length (self->order); i++)
    seconds += cantiga_title_get_duration (cantiga_order_get (self->order, i));
  return MAX (seconds - (self->state >= CANTIGA_QUEUE_PLAYING ? cantiga_player_get_position (self->player) : self->from), 0);
}

guint
cantiga_queue_get_plays_due (CantigaQueue *self)
{
  guint from = self->state >= CANTIGA_QUEUE_PLAYING ? self->place + 1 : self->place;
  guint length = cantiga_order_get_length (self->order);

  return length > from ? length - from : 0;
}

void
cantiga_queue_set_state (CantigaQueue *self, CantigaQueueState state)
{
  if (state == self->state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

void
cantiga_queue_tell (CantigaQueue *self)
{
  g_autoptr (CantigaQueue) kept = g_object_ref (self);
  guint place = self->place;
  int left = cantiga_queue_get_plays_left (self);

  g_object_freeze_notify (G_OBJECT (self));
  if (g_set_object (&self->shown_title, cantiga_queue_get_title (self)))
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TITLE]);
  if (g_set_object (&self->shown_next, cantiga_queue_get_next_title (self)))
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_NEXT_TITLE]);
  if (place != self->shown_place)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PLACE]);
  if (left != self->shown_left)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PLAYS_LEFT]);
  self->shown_place = place;
  self->shown_left = left;
  g_object_thaw_notify (G_OBJECT (self));
}

void
cantiga_queue_emit_refused (CantigaQueue *self, CantigaTitle *title, const GError *error, gboolean chosen)
{
  g_signal_emit (self, signals[REFUSED], 0, title, error, chosen);
}

void
cantiga_queue_emit_failed (CantigaQueue *self, CantigaTitle *title, const GError *error, gboolean counted)
{
  g_signal_emit (self, signals[FAILED], 0, title, error, counted);
}

void
cantiga_queue_emit_awaits (CantigaQueue *self)
{
  g_signal_emit (self, signals[AWAITS], 0);
}

void
cantiga_queue_emit_order (CantigaQueue *self, guint place, guint removed, guint added)
{
  g_list_model_items_changed (G_LIST_MODEL (self), place, removed, added);
}

/* ---- what is in it: queue-edit.c has the rest ---- */

void
cantiga_queue_clear (CantigaQueue *self)
{
  guint length = cantiga_order_get_length (self->order);

  cantiga_queue_let_go (self);
  cantiga_order_clear (self->order);
  cantiga_queue_take_session (self, NULL);
  self->place = 0;
  self->from = 0;
  self->passed = 0;
  self->question = CANTIGA_QUESTION_NONE;
  if (length > 0)
    cantiga_queue_emit_order (self, 0, length, 0);
  cantiga_queue_set_state (self, CANTIGA_QUEUE_EMPTY);
  cantiga_queue_tell (self);
}

/* ---- what the person wants ---- */

void
cantiga_queue_stop (CantigaQueue *self)
{
  if (self->state <= CANTIGA_QUEUE_LOADED)
    return;
  cantiga_queue_let_go (self);
  self->from = 0;
  cantiga_queue_set_state (self, CANTIGA_QUEUE_LOADED);
  cantiga_queue_tell (self);
}

void
cantiga_queue_toggle (CantigaQueue *self)
{
  switch (self->state)
    {
    case CANTIGA_QUEUE_LOADED:
      cantiga_queue_take_turn (self, TRUE);
      break;
    case CANTIGA_QUEUE_PLAYING:
      cantiga_player_set_state (self->player, CANTIGA_PLAYER_PAUSED);
      cantiga_queue_set_state (self, CANTIGA_QUEUE_PAUSED);
      break;
    case CANTIGA_QUEUE_PAUSED:
      cantiga_player_set_state (self->player, CANTIGA_PLAYER_PLAYING);
      cantiga_queue_set_state (self, CANTIGA_QUEUE_PLAYING);
      break;
    case CANTIGA_QUEUE_ASKING:
    case CANTIGA_QUEUE_EMPTY:
    default:
      break;
    }
}

void
cantiga_queue_next (CantigaQueue *self)
{
  if (self->place + 1 < cantiga_order_get_length (self->order))
    cantiga_queue_turn_to (self, self->place + 1, TRUE);
  else if (cantiga_queue_has_next (self))
    cantiga_queue_wrap (self, TRUE);
}

void
cantiga_queue_previous (CantigaQueue *self)
{
  if (self->state == CANTIGA_QUEUE_EMPTY)
    return;
  if (self->place > 0 && (self->play == NULL || cantiga_player_get_position (self->player) < JUST_BEGUN_SECONDS))
    cantiga_queue_turn_to (self, self->place - 1, TRUE);
  else if (self->play != NULL)
    cantiga_player_seek_exactly (self->player, 0);
}

void
cantiga_queue_go_to (CantigaQueue *self, guint place)
{
  if (place < cantiga_order_get_length (self->order))
    cantiga_queue_turn_to (self, place, TRUE);
}

gboolean
cantiga_queue_get_gapless (CantigaQueue *self)
{
  return self->gapless;
}

void
cantiga_queue_set_gapless (CantigaQueue *self, gboolean gapless)
{
  if (gapless == self->gapless)
    return;
  self->gapless = gapless;
  cantiga_queue_revise_next (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_GAPLESS]);
}

gboolean
cantiga_queue_get_shuffle (CantigaQueue *self)
{
  return self->shuffle;
}

/* Shuffled, what plays is the first, so that all others follow it. */
void
cantiga_queue_set_shuffle (CantigaQueue *self, gboolean shuffle)
{
  guint length = cantiga_order_get_length (self->order);

  if (shuffle == self->shuffle)
    return;
  self->shuffle = shuffle;
  if (shuffle && length > 0)
    {
      cantiga_order_swap (self->order, 0, self->place);
      cantiga_order_shuffle (self->order, 1);
      self->place = 0;
    }
  else if (length > 0)
    self->place = cantiga_order_unshuffle (self->order, self->place);
  cantiga_queue_emit_order (self, 0, length, length);
  cantiga_queue_revise_next (self);
  cantiga_queue_tell (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SHUFFLE]);
}

/* ---- repeating, which asks once ---- */

CantigaRepeat
cantiga_queue_get_repeat (CantigaQueue *self)
{
  return self->repeat;
}

void
cantiga_queue_set_repeat (CantigaQueue *self, CantigaRepeat repeat)
{
  if (repeat == self->repeat)
    return;
  self->repeat = repeat;
  self->agreed = FALSE;
  cantiga_queue_revise_next (self);
  cantiga_queue_tell (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_REPEAT]);
}

void
cantiga_queue_ask_again (CantigaQueue *self, CantigaQuestion question)
{
  cantiga_queue_let_go (self);
  self->from = 0;
  if (question == CANTIGA_QUESTION_ALL)
    self->place = 0;
  self->question = question;
  cantiga_queue_set_state (self, CANTIGA_QUEUE_LOADED);
  cantiga_queue_tell (self);
  g_signal_emit (self, signals[AGAIN], 0, cantiga_queue_get_title (self), question == CANTIGA_QUESTION_ALL);
}

void
cantiga_queue_answer (CantigaQueue *self, gboolean again)
{
  CantigaQuestion question = self->question;

  if (question == CANTIGA_QUESTION_NONE)
    return;
  self->question = CANTIGA_QUESTION_NONE;
  self->agreed = again;
  if (!again)
    return cantiga_queue_tell (self);
  if (question == CANTIGA_QUESTION_ALL)
    cantiga_queue_wrap (self, FALSE);
  else
    cantiga_queue_turn_to (self, self->place, FALSE);
}

/* ---- a card that is out ---- */

void
cantiga_queue_set_held (CantigaQueue *self, gboolean held)
{
  if (held == self->held)
    return;
  self->held = held;
  if (!held && self->withheld)
    cantiga_queue_take_turn (self, self->chosen);
  else
    cantiga_queue_revise_next (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HELD]);
}
