/* What GStreamer says of itself. */
#include "client/player-private.h"

static gboolean
is_within (GstMessage *message, gpointer bin)
{
  return bin != NULL && gst_object_has_as_ancestor (GST_MESSAGE_SRC (message), GST_OBJECT (bin));
}

/* ---- going and coming ---- */

typedef struct
{
  CantigaPlayer *player; /* owned */
  CantigaDeck *deck;     /* owned */
  double seconds;
  GstSeekFlags flags;
  gboolean sent;
} Seeking;

static void
seeking_free (gpointer data)
{
  Seeking *seeking = data;

  g_object_unref (seeking->deck);
  g_object_unref (seeking->player);
  g_free (seeking);
}

static gboolean
sought_cb (gpointer user_data)
{
  Seeking *seeking = user_data;
  CantigaPlayer *self = seeking->player;

  if (self->seeking != seeking->deck)
    return G_SOURCE_REMOVE;
  self->seeking = NULL;
  if (!seeking->sent)
    cantiga_player_reopen (self, self->seek >= 0 ? self->seek : seeking->seconds);
  else if (self->seek >= 0 && !self->seek_sent)
    cantiga_player_send_seek (self);
  else
    cantiga_player_apply_state (self);
  return G_SOURCE_REMOVE;
}

/* In a thread of its own: parsers read on right where they are told to go, and what they read comes through the main one. */
static void
seek_cb (GstElement *deck, gpointer user_data)
{
  Seeking *seeking = user_data;

  seeking->sent = cantiga_deck_seek (seeking->deck, seeking->seconds, seeking->flags);
  g_mutex_lock (&seeking->player->lock);
  seeking->player->seeks--;
  g_cond_broadcast (&seeking->player->sought);
  g_mutex_unlock (&seeking->player->lock);
  g_idle_add_full (G_PRIORITY_HIGH, sought_cb, seeking, seeking_free);
}

/* One after another: the next is sent when this one was. */
void
cantiga_player_send_seek (CantigaPlayer *self)
{
  Seeking *seeking;

  if (self->seeking != NULL)
    return;
  seeking = g_new0 (Seeking, 1);
  seeking->player = g_object_ref (self);
  seeking->deck = g_object_ref (self->now.deck);
  seeking->seconds = self->seek;
  seeking->flags = self->seek_flags;
  self->seeking = self->now.deck;
  self->seek_sent = TRUE;
  self->flow = CANTIGA_FLOW_FILLING;
  self->flush_wanted = cantiga_output_get_flushes (self->output) + 1;
  g_mutex_lock (&self->lock);
  self->seeks++;
  g_mutex_unlock (&self->lock);
  gst_element_call_async (GST_ELEMENT (self->now.deck), seek_cb, seeking, NULL);
}

/* A deck is not taken apart under a thread that seeks in it: what it ends and begins anew would be waited for. It takes no longer than a flush, as without its
 * source it awaits nothing; and not for ever, whatever it does. */
void
cantiga_player_end_seek (CantigaPlayer *self)
{
  gint64 ends = g_get_monotonic_time () + G_USEC_PER_SEC;

  if (self->seeking == NULL)
    return;
  cantiga_source_pause (self->now.source);
  g_mutex_lock (&self->lock);
  while (self->seeks > 0 && g_cond_wait_until (&self->sought, &self->lock, ends))
    ;
  g_mutex_unlock (&self->lock);
  self->seeking = NULL;
}

static void
start (CantigaPlayer *self)
{
  self->started = TRUE;
  cantiga_player_tell (self, CANTIGA_PLAYER_TOLD_DURATION);
  cantiga_player_emit (self, CANTIGA_PLAYER_STARTED);
}

/* The first sample of a start, or of a seek, is at the device: of the last seek, and not of one that it overtook. */
void
cantiga_player_flow (CantigaPlayer *self)
{
  gboolean sought = self->seek >= 0;

  if (self->flow == CANTIGA_FLOW_NONE || self->flush_seen < self->flush_wanted)
    return;
  if (sought && !self->seek_sent)
    return cantiga_player_send_seek (self);
  self->flow = CANTIGA_FLOW_FLOWING;
  self->seek = CANTIGA_SEEK_NONE;
  cantiga_player_apply_state (self);
  if (!self->started)
    start (self);
  if (sought)
    cantiga_player_emit_seeked (self);
  cantiga_player_look_at_time (self);
  cantiga_player_look_at_chunks (self);
}

static void
end (CantigaPlayer *self)
{
  if (self->flow == CANTIGA_FLOW_NONE || self->seek >= 0)
    return;
  if (!self->started)
    start (self);
  cantiga_player_emit (self, CANTIGA_PLAYER_ENDED);
}

/* ---- what fails ---- */

/* A device that goes is looked for anew, once; what plays goes on where it is. The machine's own stands in for one that was chosen. */
static void
sound_failed (CantigaPlayer *self)
{
  double position = cantiga_player_get_position (self);
  g_autoptr (GError) error = NULL;

  if (self->chosen)
    {
      cantiga_player_set_sink (self, NULL);
      return cantiga_player_emit (self, CANTIGA_PLAYER_DEVICE_LOST);
    }
  if (!self->dumb && self->now.play != NULL)
    {
      self->dumb = TRUE;
      return cantiga_player_renew (self, position);
    }
  error = g_error_new_literal (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE, "The sound device does not take sound: choose another one.");
  cantiga_player_fail (self, error);
}

static void
element_failed (CantigaPlayer *self, GstMessage *message)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (GError) error = NULL;

  gst_message_parse_error (message, &reason, NULL);
  error = g_error_new (CANTIGA_ERROR, CANTIGA_ERROR_MEDIA, "The title cannot be played: %s", reason->message);
  if (is_within (message, self->next.deck))
    cantiga_player_fail_next (self, error);
  else if (is_within (message, self->now.deck))
    cantiga_player_fail (self, error);
  else if (self->now.play != NULL && is_within (message, self->output))
    sound_failed (self);
  else if (self->now.play != NULL)
    cantiga_player_fail (self, error);
}

/* autoaudiosink warns when it finds no device, and goes on with a sink that only keeps time. */
static void
element_warned (CantigaPlayer *self, GstMessage *message)
{
  g_autoptr (GError) warning = NULL;

  gst_message_parse_warning (message, &warning, NULL);
  if (warning->domain == GST_RESOURCE_ERROR && is_within (message, self->output))
    cantiga_player_emit (self, CANTIGA_PLAYER_SILENT);
}

void
cantiga_player_pass_over_messages (CantigaPlayer *self)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);
  GstMessage *message;

  while ((message = gst_bus_pop (bus)) != NULL)
    {
      if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING)
        element_warned (self, message);
      gst_message_unref (message);
    }
}

static void
element_said (CantigaPlayer *self, GstMessage *message)
{
  const GstStructure *structure = gst_message_get_structure (message);

  if (structure != NULL && gst_structure_has_name (structure, CANTIGA_OUTPUT_FLUSHED))
    gst_structure_get_uint (structure, "number", &self->flush_seen);
  else
    cantiga_player_take_spectrum (self, message);
}

gboolean
cantiga_player_message_cb (GstBus *bus, GstMessage *message, gpointer user_data)
{
  g_autoptr (CantigaPlayer) self = g_object_ref (user_data);

  switch (GST_MESSAGE_TYPE (message))
    {
    case GST_MESSAGE_EOS:
      end (self);
      break;
    case GST_MESSAGE_ERROR:
      element_failed (self, message);
      break;
    case GST_MESSAGE_WARNING:
      element_warned (self, message);
      break;
    case GST_MESSAGE_ASYNC_DONE:
      cantiga_player_flow (self);
      break;
    case GST_MESSAGE_ELEMENT:
      element_said (self, message);
      break;
    default:
      break;
    }
  return G_SOURCE_CONTINUE;
}
