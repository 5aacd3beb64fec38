#include "client/card-watch.h"

#define LOOK_AGAIN_MS 500

struct _CantigaCardWatch
{
  GObject parent;

  CantigaCardSigner *signer;
  CantigaCardState state;
  GCancellable *looking; /* NULL: stopped */
  guint pause;           /* source, between two looks */
};

G_DEFINE_FINAL_TYPE (CantigaCardWatch, cantiga_card_watch, G_TYPE_OBJECT)

static guint changed_signal;

static void
cantiga_card_watch_finalize (GObject *object)
{
  CantigaCardWatch *self = CANTIGA_CARD_WATCH (object);

  g_clear_handle_id (&self->pause, g_source_remove);
  g_clear_object (&self->looking);
  g_clear_object (&self->signer);
  G_OBJECT_CLASS (cantiga_card_watch_parent_class)->finalize (object);
}

static void
cantiga_card_watch_class_init (CantigaCardWatchClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cantiga_card_watch_finalize;
  changed_signal = g_signal_new ("changed", CANTIGA_TYPE_CARD_WATCH, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
}

static void
cantiga_card_watch_init (CantigaCardWatch *self)
{
  self->state = CANTIGA_CARD_STATE_READY;
}

CantigaCardWatch *
cantiga_card_watch_new (CantigaCardSigner *signer)
{
  CantigaCardWatch *self = g_object_new (CANTIGA_TYPE_CARD_WATCH, NULL);

  self->signer = g_object_ref (signer);
  return self;
}

CantigaCardState
cantiga_card_watch_get_state (CantigaCardWatch *self)
{
  return self->state;
}

static void look (CantigaCardWatch *self);

static gboolean
look_again_cb (gpointer user_data)
{
  CantigaCardWatch *self = user_data;

  self->pause = 0;
  look (self);
  return G_SOURCE_REMOVE;
}

static void
looked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaCardWatch) self = user_data;
  g_autoptr (GError) error = NULL;
  CantigaCardState state = cantiga_card_signer_look_finish (CANTIGA_CARD_SIGNER (source), result, &error);

  /* Stopped, and perhaps started again since. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->looking == NULL)
    return;
  self->pause = g_timeout_add (LOOK_AGAIN_MS, look_again_cb, self);
  if (state == self->state)
    return;
  self->state = state;
  g_signal_emit (self, changed_signal, 0, (int)state);
}

static void
look (CantigaCardWatch *self)
{
  cantiga_card_signer_look_async (self->signer, self->looking, looked_cb, g_object_ref (self));
}

void
cantiga_card_watch_start (CantigaCardWatch *self)
{
  if (self->looking != NULL)
    return;
  self->looking = g_cancellable_new ();
  self->state = CANTIGA_CARD_STATE_READY;
  look (self);
}

void
cantiga_card_watch_stop (CantigaCardWatch *self)
{
  g_clear_handle_id (&self->pause, g_source_remove);
  if (self->looking != NULL)
    g_cancellable_cancel (self->looking);
  g_clear_object (&self->looking);
}
