#include "ui/speaker-wish.h"

#include "ui/settings.h"

#define KEY "output"

struct _CantigaSpeakerWish
{
  GObject parent_instance;

  /* owned */
  CantigaPlayer *player;
  CantigaSpeaker *current; /* where it plays; NULL: on the machine's own */
  CantigaSpeaker *failed;  /* it took no sound: not before it comes back anew */
};

G_DEFINE_FINAL_TYPE (CantigaSpeakerWish, cantiga_speaker_wish, G_TYPE_OBJECT)

static guint gone_signal;

CantigaSpeakers *
cantiga_speaker_wish_get_speakers (void)
{
  static CantigaSpeakers *speakers;

  if (speakers == NULL)
    speakers = cantiga_speakers_new ();
  return speakers;
}

void
cantiga_speaker_wish_read (char **ret_id, char **ret_name)
{
  g_settings_get (cantiga_settings_get (), KEY, "(ss)", ret_id, ret_name);
}

void
cantiga_speaker_wish_write (const char *id, const char *name)
{
  g_settings_set (cantiga_settings_get (), KEY, "(ss)", id, name);
}

/* ---- playing there ---- */

static void
play_on (CantigaSpeakerWish *self, CantigaSpeaker *speaker)
{
  if (!g_set_object (&self->current, speaker))
    return;
  cantiga_player_set_sink (self->player, speaker != NULL ? cantiga_speaker_create_sink (speaker) : NULL);
}

/* Who hears nothing misses nothing. */
static void
tell_gone (CantigaSpeakerWish *self, CantigaSpeaker *speaker)
{
  if (cantiga_player_get_state (self->player) != CANTIGA_PLAYER_STOPPED)
    g_signal_emit (self, gone_signal, 0, cantiga_speaker_get_name (speaker));
}

static void
speakers_changed_cb (CantigaSpeakerWish *self)
{
  g_autoptr (CantigaSpeaker) before = self->current != NULL ? g_object_ref (self->current) : NULL;
  g_autofree char *id = NULL, *name = NULL;
  CantigaSpeaker *speaker;

  cantiga_speaker_wish_read (&id, &name);
  speaker = *id != '\0' ? cantiga_speakers_find (cantiga_speaker_wish_get_speakers (), id) : NULL;
  if (speaker == self->failed)
    speaker = NULL;
  play_on (self, speaker);
  if (speaker == NULL && before != NULL && g_str_equal (cantiga_speaker_get_id (before), id))
    tell_gone (self, before);
}

static void
device_lost_cb (CantigaSpeakerWish *self)
{
  g_clear_object (&self->failed);
  self->failed = g_steal_pointer (&self->current);
  if (self->failed != NULL)
    tell_gone (self, self->failed);
}

static void
wish_changed_cb (CantigaSpeakerWish *self)
{
  g_autofree char *id = NULL, *name = NULL;

  cantiga_speaker_wish_read (&id, &name);
  g_clear_object (&self->failed);
  if (*id != '\0')
    {
      GListModel *speakers = cantiga_speakers_get_all (cantiga_speaker_wish_get_speakers ());

      g_signal_handlers_disconnect_by_func (speakers, speakers_changed_cb, self);
      g_signal_connect_object (speakers, "items-changed", G_CALLBACK (speakers_changed_cb), self, G_CONNECT_SWAPPED);
    }
  speakers_changed_cb (self);
}

/* ---- life ---- */

static void
cantiga_speaker_wish_dispose (GObject *object)
{
  CantigaSpeakerWish *self = CANTIGA_SPEAKER_WISH (object);

  g_clear_object (&self->player);
  g_clear_object (&self->current);
  g_clear_object (&self->failed);
  G_OBJECT_CLASS (cantiga_speaker_wish_parent_class)->dispose (object);
}

static void
cantiga_speaker_wish_class_init (CantigaSpeakerWishClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = cantiga_speaker_wish_dispose;
  gone_signal = g_signal_new ("gone", CANTIGA_TYPE_SPEAKER_WISH, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
cantiga_speaker_wish_init (CantigaSpeakerWish *self)
{
}

CantigaSpeakerWish *
cantiga_speaker_wish_new (CantigaPlayer *player)
{
  CantigaSpeakerWish *self = g_object_new (CANTIGA_TYPE_SPEAKER_WISH, NULL);

  self->player = g_object_ref (player);
  g_signal_connect_object (player, "device-lost", G_CALLBACK (device_lost_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (cantiga_settings_get (), "changed::" KEY, G_CALLBACK (wish_changed_cb), self, G_CONNECT_SWAPPED);
  wish_changed_cb (self);
  return self;
}
