/* org.mpris.MediaPlayer2.Player: what plays, and how. Times are in microseconds here. */
#include "ui/mpris-private.h"

static CantigaPlayer *
get_player (CantigaMpris *self)
{
  return cantiga_queue_get_player (cantiga_mpris_get_queue (self));
}

static gboolean
is_playable (CantigaMpris *self)
{
  return cantiga_queue_get_state (cantiga_mpris_get_queue (self)) >= CANTIGA_QUEUE_PLAYING;
}

/* ---- metadata ---- */

CantigaEntry *
cantiga_mpris_get_current (CantigaMpris *self)
{
  CantigaQueue *queue = cantiga_mpris_get_queue (self);

  return cantiga_queue_get_entry (queue, cantiga_queue_get_place (queue));
}

/* "If the same track appears twice in the tracklist, each has an identifier of its own." */
char *
cantiga_mpris_dup_track (CantigaEntry *entry)
{
  return entry != NULL ? g_strdup_printf (MPRIS_TRACK_PATH "%" G_GUINT64_FORMAT, cantiga_entry_get_serial (entry)) : g_strdup (MPRIS_NO_TRACK);
}

static void
add_text (GVariantDict *dict, const char *key, const char *text)
{
  if (text != NULL && *text != '\0')
    g_variant_dict_insert (dict, key, "s", text);
}

GVariant *
cantiga_mpris_describe (CantigaEntry *entry)
{
  CantigaTitle *title = entry != NULL ? cantiga_entry_get_title (entry) : NULL;
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *track = cantiga_mpris_dup_track (entry);

  g_variant_dict_insert (&dict, "mpris:trackid", "o", track);
  if (title == NULL)
    return g_variant_dict_end (&dict);
  g_variant_dict_insert (&dict, "mpris:length", "x", (gint64)(cantiga_title_get_duration (title) * G_USEC_PER_SEC));
  add_text (&dict, "xesam:title", cantiga_title_get_name (title));
  add_text (&dict, "xesam:album", cantiga_title_get_album (title));
  if (*cantiga_title_get_artist (title) != '\0')
    g_variant_dict_insert_value (&dict, "xesam:artist", g_variant_new_strv ((const char *const[]){ cantiga_title_get_artist (title) }, 1));
  if (cantiga_title_get_track (title) > 0)
    g_variant_dict_insert (&dict, "xesam:trackNumber", "i", (gint32)cantiga_title_get_track (title));
  if (cantiga_title_get_year (title) > 0)
    {
      g_autofree char *created = g_strdup_printf ("%04u-01-01T00:00:00Z", cantiga_title_get_year (title));

      g_variant_dict_insert (&dict, "xesam:contentCreated", "s", created);
    }
  return g_variant_dict_end (&dict);
}

/* ---- methods ---- */

static GVariant *
next (CantigaMpris *self, GVariant *parameters)
{
  cantiga_queue_next (cantiga_mpris_get_queue (self));
  return NULL;
}

static GVariant *
previous (CantigaMpris *self, GVariant *parameters)
{
  cantiga_queue_previous (cantiga_mpris_get_queue (self));
  return NULL;
}

static void
toggle_in (CantigaMpris *self, CantigaQueueState state)
{
  CantigaQueue *queue = cantiga_mpris_get_queue (self);

  if (cantiga_queue_get_state (queue) == state)
    cantiga_queue_toggle (queue);
}

static GVariant *
pause_it (CantigaMpris *self, GVariant *parameters)
{
  toggle_in (self, CANTIGA_QUEUE_PLAYING);
  return NULL;
}

static GVariant *
play (CantigaMpris *self, GVariant *parameters)
{
  CantigaQueueState state = cantiga_queue_get_state (cantiga_mpris_get_queue (self));

  if (state == CANTIGA_QUEUE_LOADED || state == CANTIGA_QUEUE_PAUSED)
    toggle_in (self, state);
  return NULL;
}

static GVariant *
play_pause (CantigaMpris *self, GVariant *parameters)
{
  cantiga_queue_toggle (cantiga_mpris_get_queue (self));
  return NULL;
}

static GVariant *
stop (CantigaMpris *self, GVariant *parameters)
{
  cantiga_queue_stop (cantiga_mpris_get_queue (self));
  return NULL;
}

/* The player says when it is there. */
static void
seek_to (CantigaMpris *self, gint64 position)
{
  cantiga_player_seek_exactly (get_player (self), (double)MAX (position, 0) / G_USEC_PER_SEC);
}

static gint64
get_length (CantigaMpris *self)
{
  CantigaTitle *title = cantiga_queue_get_title (cantiga_mpris_get_queue (self));

  return title != NULL ? (gint64)(cantiga_title_get_duration (title) * G_USEC_PER_SEC) : 0;
}

/* "If the seek would go past the end of the track, the player acts as if Next was called." */
static GVariant *
seek (CantigaMpris *self, GVariant *parameters)
{
  gint64 by, position;

  g_variant_get (parameters, "(x)", &by);
  if (!is_playable (self))
    return NULL;
  position = (gint64)(cantiga_player_get_position (get_player (self)) * G_USEC_PER_SEC);
  by = CLAMP (by, -position, G_MAXINT64 - position);
  if (position + by > get_length (self))
    return next (self, NULL);
  seek_to (self, position + by);
  return NULL;
}

/* A place outside of the title, or in another one, is none. */
static GVariant *
set_position (CantigaMpris *self, GVariant *parameters)
{
  g_autofree char *current = cantiga_mpris_dup_track (cantiga_mpris_get_current (self));
  const char *track;
  gint64 position;

  g_variant_get (parameters, "(&ox)", &track, &position);
  if (is_playable (self) && g_str_equal (track, current) && position >= 0 && position <= get_length (self))
    seek_to (self, position);
  return NULL;
}

static GVariant *
open_uri (CantigaMpris *self, GVariant *parameters)
{
  const char *link;

  g_variant_get (parameters, "(&s)", &link);
  if (g_str_has_prefix (link, "cantiga:"))
    g_signal_emit_by_name (self, "open", link);
  return NULL;
}

static const CantigaMprisMethod methods[] = {
  { "Next", next },
  { "Previous", previous },
  { "Pause", pause_it },
  { "PlayPause", play_pause },
  { "Stop", stop },
  { "Play", play },
  { "Seek", seek },
  { "SetPosition", set_position },
  { "OpenUri", open_uri },
  { NULL },
};

/* ---- properties ---- */

static GVariant *
get_status (CantigaMpris *self)
{
  switch (cantiga_queue_get_state (cantiga_mpris_get_queue (self)))
    {
    case CANTIGA_QUEUE_ASKING:
    case CANTIGA_QUEUE_PLAYING:
      return g_variant_new_string ("Playing");
    case CANTIGA_QUEUE_PAUSED:
      return g_variant_new_string ("Paused");
    default:
      return g_variant_new_string ("Stopped");
    }
}

static const char *const loops[] = {
  [CANTIGA_REPEAT_OFF] = "None",
  [CANTIGA_REPEAT_ALL] = "Playlist",
  [CANTIGA_REPEAT_ONE] = "Track",
};

static GVariant *
get_loop (CantigaMpris *self)
{
  return g_variant_new_string (loops[cantiga_queue_get_repeat (cantiga_mpris_get_queue (self))]);
}

static void
set_loop (CantigaMpris *self, GVariant *value)
{
  for (guint i = 0; i < G_N_ELEMENTS (loops); i++)
    if (g_str_equal (loops[i], g_variant_get_string (value, NULL)))
      cantiga_queue_set_repeat (cantiga_mpris_get_queue (self), (CantigaRepeat)i);
}

static GVariant *
get_shuffle (CantigaMpris *self)
{
  return g_variant_new_boolean (cantiga_queue_get_shuffle (cantiga_mpris_get_queue (self)));
}

static void
set_shuffle (CantigaMpris *self, GVariant *value)
{
  cantiga_queue_set_shuffle (cantiga_mpris_get_queue (self), g_variant_get_boolean (value));
}

static GVariant *
get_metadata (CantigaMpris *self)
{
  return cantiga_mpris_describe (cantiga_mpris_get_current (self));
}

static GVariant *
get_volume (CantigaMpris *self)
{
  CantigaPlayer *player = get_player (self);

  return g_variant_new_double (cantiga_player_is_muted (player) ? 0 : cantiga_player_get_volume (player));
}

static void
set_volume (CantigaMpris *self, GVariant *value)
{
  CantigaPlayer *player = get_player (self);

  cantiga_player_set_muted (player, FALSE);
  cantiga_player_set_volume (player, CLAMP (g_variant_get_double (value), 0, 1));
}

static GVariant *
get_position (CantigaMpris *self)
{
  return g_variant_new_int64 (is_playable (self) ? (gint64)(cantiga_player_get_position (get_player (self)) * G_USEC_PER_SEC) : 0);
}

static GVariant *
get_one (CantigaMpris *self)
{
  return g_variant_new_double (1.0);
}

/* The only rate there is; "a client should not set it to 0". */
static void
set_rate (CantigaMpris *self, GVariant *value)
{
  if (g_variant_get_double (value) == 0.0)
    pause_it (self, NULL);
}

static GVariant *
can_go_next (CantigaMpris *self)
{
  return g_variant_new_boolean (cantiga_queue_has_next (cantiga_mpris_get_queue (self)));
}

static GVariant *
has_title (CantigaMpris *self)
{
  return g_variant_new_boolean (cantiga_queue_get_title (cantiga_mpris_get_queue (self)) != NULL);
}

static GVariant *
can_control (CantigaMpris *self)
{
  return g_variant_new_boolean (TRUE);
}

static const CantigaMprisProperty properties[] = {
  { "PlaybackStatus", get_status },
  { "LoopStatus", get_loop, set_loop },
  { "Shuffle", get_shuffle, set_shuffle },
  { "Rate", get_one, set_rate },
  { "MinimumRate", get_one },
  { "MaximumRate", get_one },
  { "Metadata", get_metadata },
  { "Volume", get_volume, set_volume },
  { "Position", get_position },
  { "CanGoNext", can_go_next },
  { "CanGoPrevious", has_title },
  { "CanPlay", has_title },
  { "CanPause", has_title },
  { "CanSeek", has_title },
  { "CanControl", can_control },
  { NULL },
};

const CantigaMprisInterface cantiga_mpris_player = { "org.mpris.MediaPlayer2.Player", methods, properties };
