#include "ui/queue.h"

/* "Previous" goes to the start of a title that has played longer than this. */
#define JUST_BEGUN_SECONDS 3

struct _CantigaQueue
{
  GObject parent_instance;

  /* owned */
  CantigaPlayer *player;
  CantigaSession *session;
  GPtrArray *titles;
  GCancellable *asking;
  CantigaPlay *play;

  CantigaQueueState state;
  guint place;
  gboolean chosen; /* the person chose this title, and did not only let it follow */
};

enum
{
  PROP_STATE = 1,
  PROP_TITLE,
  PROP_PLACE,
  N_PROPS
};

enum
{
  REFUSED,
  FAILED,
  SILENT,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CantigaQueue, cantiga_queue, G_TYPE_OBJECT)

static void
cantiga_queue_dispose (GObject *object)
{
  CantigaQueue *self = CANTIGA_QUEUE (object);

  if (self->asking != NULL)
    g_cancellable_cancel (self->asking);
  g_clear_object (&self->asking);
  if (self->player != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->player, self);
      cantiga_player_set_state (self->player, CANTIGA_PLAYER_STOPPED);
    }
  g_clear_object (&self->player);
  g_clear_object (&self->play);
  g_clear_object (&self->session);
  g_clear_pointer (&self->titles, g_ptr_array_unref);
  G_OBJECT_CLASS (cantiga_queue_parent_class)->dispose (object);
}

static void
cantiga_queue_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CantigaQueue *self = CANTIGA_QUEUE (object);

  if (id == PROP_STATE)
    g_value_set_int (value, (int)self->state);
  else if (id == PROP_TITLE)
    g_value_set_object (value, cantiga_queue_get_title (self));
  else
    g_value_set_uint (value, self->place);
}

static void
cantiga_queue_class_init (CantigaQueueClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->dispose = cantiga_queue_dispose;
  object_class->get_property = cantiga_queue_get_property;
  props[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, CANTIGA_QUEUE_EMPTY, CANTIGA_QUEUE_PAUSED, CANTIGA_QUEUE_EMPTY, flags);
  props[PROP_TITLE] = g_param_spec_object ("title", NULL, NULL, CANTIGA_TYPE_TITLE, flags);
  props[PROP_PLACE] = g_param_spec_uint ("place", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[REFUSED] = g_signal_new ("refused", CANTIGA_TYPE_QUEUE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3, CANTIGA_TYPE_TITLE,
                                   G_TYPE_ERROR, G_TYPE_BOOLEAN);
  signals[FAILED]
      = g_signal_new ("failed", CANTIGA_TYPE_QUEUE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, CANTIGA_TYPE_TITLE, G_TYPE_ERROR);
  signals[SILENT] = g_signal_new ("silent", CANTIGA_TYPE_QUEUE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
cantiga_queue_init (CantigaQueue *self)
{
}

static void
set_state (CantigaQueue *self, CantigaQueueState state)
{
  if (state == self->state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

CantigaQueueState
cantiga_queue_get_state (CantigaQueue *self)
{
  return self->state;
}

CantigaTitle *
cantiga_queue_get_title (CantigaQueue *self)
{
  return self->titles != NULL ? g_ptr_array_index (self->titles, self->place) : NULL;
}

CantigaPlayer *
cantiga_queue_get_player (CantigaQueue *self)
{
  return self->player;
}

gboolean
cantiga_queue_has_next (CantigaQueue *self)
{
  return self->titles != NULL && self->place + 1 < self->titles->len;
}

/* ---- one title ---- */

static void turn_to (CantigaQueue *self, guint place, gboolean chosen);

static void
stop (CantigaQueue *self)
{
  if (self->asking != NULL)
    g_cancellable_cancel (self->asking);
  g_clear_object (&self->asking);
  cantiga_player_set_state (self->player, CANTIGA_PLAYER_STOPPED);
  g_clear_object (&self->play);
}

void
cantiga_queue_clear (CantigaQueue *self)
{
  stop (self);
  g_clear_pointer (&self->titles, g_ptr_array_unref);
  g_clear_object (&self->session);
  self->place = 0;
  set_state (self, CANTIGA_QUEUE_EMPTY);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TITLE]);
}

static void
pass_on (CantigaQueue *self)
{
  if (cantiga_queue_has_next (self))
    turn_to (self, self->place + 1, FALSE);
  else
    cantiga_queue_clear (self);
}

/* A title that the person chose is answered for; one that only followed is passed over. */
static void
refuse (CantigaQueue *self, const GError *error)
{
  g_autoptr (CantigaTitle) title = g_object_ref (cantiga_queue_get_title (self));
  gboolean chosen = self->chosen;

  if (chosen)
    cantiga_queue_clear (self);
  else
    pass_on (self);
  g_signal_emit (self, signals[REFUSED], 0, title, error, chosen);
}

static void
started_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaQueue) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaPlay) play = cantiga_play_start_finish (CANTIGA_SESSION (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || g_task_get_cancellable (G_TASK (result)) != self->asking || self->asking == NULL)
    return;
  g_clear_object (&self->asking);
  if (play == NULL)
    return refuse (self, error);
  self->play = g_steal_pointer (&play);
  cantiga_player_open (self->player, self->play);
  cantiga_player_set_state (self->player, CANTIGA_PLAYER_PLAYING);
  set_state (self, CANTIGA_QUEUE_PLAYING);
}

static void
turn_to (CantigaQueue *self, guint place, gboolean chosen)
{
  stop (self);
  self->place = place;
  self->chosen = chosen;
  self->asking = g_cancellable_new ();
  set_state (self, CANTIGA_QUEUE_ASKING);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TITLE]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PLACE]);
  cantiga_play_start_async (self->session, cantiga_queue_get_title (self), self->asking, started_cb, g_object_ref (self));
}

static void
end_told_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  /* A server that did not hear it ends the play by its window: nothing is lost. */
  (void)!cantiga_play_end_finish (CANTIGA_PLAY (source), result, NULL);
}

static void
player_ended_cb (CantigaPlayer *player, CantigaQueue *self)
{
  if (self->play == NULL)
    return;
  cantiga_play_end_async (self->play, NULL, end_told_cb, NULL);
  pass_on (self);
}

static void
player_failed_cb (CantigaPlayer *player, const GError *error, CantigaQueue *self)
{
  g_autoptr (CantigaTitle) title = NULL;

  if (self->play == NULL)
    return;
  title = g_object_ref (cantiga_queue_get_title (self));
  pass_on (self);
  g_signal_emit (self, signals[FAILED], 0, title, error);
}

static void
player_silent_cb (CantigaPlayer *player, CantigaQueue *self)
{
  g_signal_emit (self, signals[SILENT], 0);
}

CantigaQueue *
cantiga_queue_new (GError **error)
{
  g_autoptr (CantigaPlayer) player = cantiga_player_new (NULL, error);
  CantigaQueue *self;

  if (player == NULL)
    return NULL;
  self = g_object_new (CANTIGA_TYPE_QUEUE, NULL);
  self->player = g_steal_pointer (&player);
  g_signal_connect (self->player, "ended", G_CALLBACK (player_ended_cb), self);
  g_signal_connect (self->player, "failed", G_CALLBACK (player_failed_cb), self);
  g_signal_connect (self->player, "silent", G_CALLBACK (player_silent_cb), self);
  return self;
}

/* ---- what the person wants ---- */

void
cantiga_queue_play (CantigaQueue *self, CantigaSession *session, GPtrArray *titles, guint place)
{
  CantigaTitle *current = cantiga_queue_get_title (self);
  gboolean same = current != NULL && current == g_ptr_array_index (titles, place);

  g_ptr_array_ref (titles);
  g_clear_pointer (&self->titles, g_ptr_array_unref);
  self->titles = titles;
  g_set_object (&self->session, session);
  if (!same)
    return turn_to (self, place, TRUE);
  self->place = place;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PLACE]);
  if (self->state == CANTIGA_QUEUE_PAUSED)
    cantiga_queue_toggle (self);
}

void
cantiga_queue_toggle (CantigaQueue *self)
{
  if (self->state == CANTIGA_QUEUE_PLAYING)
    {
      cantiga_player_set_state (self->player, CANTIGA_PLAYER_PAUSED);
      set_state (self, CANTIGA_QUEUE_PAUSED);
    }
  else if (self->state == CANTIGA_QUEUE_PAUSED)
    {
      cantiga_player_set_state (self->player, CANTIGA_PLAYER_PLAYING);
      set_state (self, CANTIGA_QUEUE_PLAYING);
    }
}

void
cantiga_queue_next (CantigaQueue *self)
{
  if (cantiga_queue_has_next (self))
    turn_to (self, self->place + 1, TRUE);
}

void
cantiga_queue_previous (CantigaQueue *self)
{
  if (self->titles == NULL)
    return;
  if (self->place > 0 && cantiga_player_get_position (self->player) < JUST_BEGUN_SECONDS)
    turn_to (self, self->place - 1, TRUE);
  else if (self->play != NULL)
    cantiga_player_seek_exactly (self->player, 0);
}
