#include "client/held-licence.h"

#include "client/follow.h"

#define TEXT_MAX 4096
#define HISTORY_MAX 100

struct _CantigaHeldLicence
{
  GObject parent;
  CantigaId title;
  char *name;
  char *artist;
  char *album;
  char *cover;
  gboolean removed;
  char *state;
  char *renewal;
  int plays;
  int plays_left;
  gint64 made;
  gint64 expires;
  gint64 renewal_from;
  GPtrArray *history; /* CantigaHeldPlay */
};

enum
{
  PROP_NAME = 1,
  PROP_ARTIST,
  PROP_ALBUM,
  PROP_COVER,
  PROP_REMOVED,
  PROP_STATE,
  PROP_RENEWAL,
  PROP_PLAYS,
  PROP_PLAYS_LEFT,
  PROP_MADE,
  PROP_EXPIRES,
  PROP_RENEWAL_FROM,
  N_PROPS
};
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (CantigaHeldLicence, cantiga_held_licence, G_TYPE_OBJECT)

static void
held_play_free (gpointer pointer)
{
  CantigaHeldPlay *play = pointer;

  g_free (play->state);
  g_free (play->player);
  g_free (play);
}

static void
cantiga_held_licence_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CantigaHeldLicence *self = CANTIGA_HELD_LICENCE (object);

  switch (id)
    {
    case PROP_NAME:
      return g_value_set_string (value, self->name);
    case PROP_ARTIST:
      return g_value_set_string (value, self->artist);
    case PROP_ALBUM:
      return g_value_set_string (value, self->album);
    case PROP_COVER:
      return g_value_set_string (value, self->cover);
    case PROP_REMOVED:
      return g_value_set_boolean (value, self->removed);
    case PROP_STATE:
      return g_value_set_string (value, self->state);
    case PROP_RENEWAL:
      return g_value_set_string (value, self->renewal);
    case PROP_PLAYS:
      return g_value_set_int (value, self->plays);
    case PROP_PLAYS_LEFT:
      return g_value_set_int (value, self->plays_left);
    case PROP_MADE:
      return g_value_set_int64 (value, self->made);
    case PROP_EXPIRES:
      return g_value_set_int64 (value, self->expires);
    case PROP_RENEWAL_FROM:
      return g_value_set_int64 (value, self->renewal_from);
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
cantiga_held_licence_finalize (GObject *object)
{
  CantigaHeldLicence *self = CANTIGA_HELD_LICENCE (object);

  g_free (self->name);
  g_free (self->artist);
  g_free (self->album);
  g_free (self->cover);
  g_free (self->state);
  g_free (self->renewal);
  g_ptr_array_unref (self->history);
  G_OBJECT_CLASS (cantiga_held_licence_parent_class)->finalize (object);
}

static void
cantiga_held_licence_class_init (CantigaHeldLicenceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = cantiga_held_licence_get_property;
  object_class->finalize = cantiga_held_licence_finalize;
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  props[PROP_ARTIST] = g_param_spec_string ("artist", NULL, NULL, NULL, flags);
  props[PROP_ALBUM] = g_param_spec_string ("album", NULL, NULL, NULL, flags);
  props[PROP_COVER] = g_param_spec_string ("cover", NULL, NULL, NULL, flags);
  props[PROP_REMOVED] = g_param_spec_boolean ("removed", NULL, NULL, FALSE, flags);
  props[PROP_STATE] = g_param_spec_string ("state", NULL, NULL, NULL, flags);
  props[PROP_RENEWAL] = g_param_spec_string ("renewal", NULL, NULL, NULL, flags);
  props[PROP_PLAYS] = g_param_spec_int ("plays", NULL, NULL, 0, G_MAXINT, 0, flags);
  props[PROP_PLAYS_LEFT] = g_param_spec_int ("plays-left", NULL, NULL, 0, G_MAXINT, 0, flags);
  props[PROP_MADE] = g_param_spec_int64 ("made", NULL, NULL, 0, G_MAXINT64, 0, flags);
  props[PROP_EXPIRES] = g_param_spec_int64 ("expires", NULL, NULL, 0, G_MAXINT64, 0, flags);
  props[PROP_RENEWAL_FROM] = g_param_spec_int64 ("renewal-from", NULL, NULL, 0, G_MAXINT64, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
cantiga_held_licence_init (CantigaHeldLicence *self)
{
  self->history = g_ptr_array_new_with_free_func (held_play_free);
}

/* ---- from the wire ---- */

static gboolean
decode_text (JsonObject *object, const char *member, char **text, GError **error)
{
  const char *found;

  if (!cantiga_json_get_text (object, member, TEXT_MAX, &found, error))
    return FALSE;
  *text = g_strdup (found);
  return TRUE;
}

static gboolean
decode_count (JsonObject *object, const char *member, int *ret_count, GError **error)
{
  gint64 count;

  if (!cantiga_json_get_int (object, member, 0, G_MAXINT, &count, error))
    return FALSE;
  *ret_count = (int)count;
  return TRUE;
}

static gboolean
decode_time (JsonObject *object, const char *member, gint64 *ret_time, GError **error)
{
  return cantiga_json_get_int (object, member, 0, G_MAXINT64, ret_time, error);
}

static gboolean
decode_play (CantigaHeldLicence *self, JsonNode *item, GError **error)
{
  CantigaHeldPlay *play = g_new0 (CantigaHeldPlay, 1);
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (item) ? json_node_get_object (item) : NULL;

  g_ptr_array_add (self->history, play);
  if (object == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "A licence's history holds what is not a play.");
  return cantiga_json_get_id (object, "play", &play->play, error) && decode_time (object, "at", &play->at, error)
         && decode_time (object, "until", &play->until, error) && decode_text (object, "state", &play->state, error)
         && decode_text (object, "player", &play->player, error);
}

static gboolean
decode_history (CantigaHeldLicence *self, JsonObject *object, GError **error)
{
  JsonArray *array = cantiga_json_get_array (object, "history", HISTORY_MAX, error);

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    if (!decode_play (self, json_array_get_element (array, i), error))
      return FALSE;
  return array != NULL;
}

static gboolean
decode_names (CantigaHeldLicence *self, JsonObject *object, GError **error)
{
  return cantiga_json_get_id (object, "title", &self->title, error) && decode_text (object, "name", &self->name, error)
         && decode_text (object, "artist", &self->artist, error) && decode_text (object, "album", &self->album, error)
         && (!cantiga_json_has (object, "cover") || decode_text (object, "cover", &self->cover, error))
         && cantiga_json_get_boolean (object, "removed", &self->removed, error);
}

static gboolean
decode_counts (CantigaHeldLicence *self, JsonObject *object, GError **error)
{
  return decode_text (object, "state", &self->state, error) && decode_text (object, "renewal", &self->renewal, error)
         && decode_count (object, "plays", &self->plays, error) && decode_count (object, "plays_left", &self->plays_left, error)
         && decode_time (object, "made", &self->made, error) && decode_time (object, "expires", &self->expires, error)
         && decode_time (object, "renewal_from", &self->renewal_from, error);
}

CantigaHeldLicence *
cantiga_held_licence_decode (JsonObject *object, GError **error)
{
  g_autoptr (CantigaHeldLicence) self = g_object_new (CANTIGA_TYPE_HELD_LICENCE, NULL);

  if (!decode_names (self, object, error) || !decode_counts (self, object, error) || !decode_history (self, object, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* ---- following ---- */

void
cantiga_held_licence_follow (CantigaHeldLicence *self, CantigaHeldLicence *newer)
{
  g_return_if_fail (cantiga_id_equal (&self->title, &newer->title));
  g_object_freeze_notify (G_OBJECT (self));
  g_ptr_array_unref (self->history);
  self->history = g_ptr_array_ref (newer->history);
  cantiga_follow_text (self, &self->name, newer->name, props[PROP_NAME]);
  cantiga_follow_text (self, &self->artist, newer->artist, props[PROP_ARTIST]);
  cantiga_follow_text (self, &self->album, newer->album, props[PROP_ALBUM]);
  cantiga_follow_text (self, &self->cover, newer->cover, props[PROP_COVER]);
  cantiga_follow_int (self, &self->removed, newer->removed, props[PROP_REMOVED]);
  cantiga_follow_text (self, &self->state, newer->state, props[PROP_STATE]);
  cantiga_follow_text (self, &self->renewal, newer->renewal, props[PROP_RENEWAL]);
  cantiga_follow_int (self, &self->plays, newer->plays, props[PROP_PLAYS]);
  /* Told in any case: what was heard is no property, and whoever shows it looks again when this is told. */
  self->plays_left = newer->plays_left;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PLAYS_LEFT]);
  cantiga_follow_int64 (self, &self->made, newer->made, props[PROP_MADE]);
  cantiga_follow_int64 (self, &self->expires, newer->expires, props[PROP_EXPIRES]);
  cantiga_follow_int64 (self, &self->renewal_from, newer->renewal_from, props[PROP_RENEWAL_FROM]);
  g_object_thaw_notify (G_OBJECT (self));
}

void
cantiga_held_licence_follow_title (CantigaHeldLicence *self, const char *state, int plays_left, gint64 expires)
{
  g_return_if_fail (CANTIGA_IS_HELD_LICENCE (self));
  if (g_str_equal (state, "none") || g_str_equal (state, "refused") || plays_left < 0)
    return;
  g_object_freeze_notify (G_OBJECT (self));
  cantiga_follow_text (self, &self->state, state, props[PROP_STATE]);
  cantiga_follow_int (self, &self->plays_left, plays_left, props[PROP_PLAYS_LEFT]);
  cantiga_follow_int64 (self, &self->expires, expires, props[PROP_EXPIRES]);
  g_object_thaw_notify (G_OBJECT (self));
}

void
cantiga_held_licence_set_returned (CantigaHeldLicence *self)
{
  g_return_if_fail (CANTIGA_IS_HELD_LICENCE (self));
  cantiga_follow_text (self, &self->state, "returned", props[PROP_STATE]);
  cantiga_follow_int (self, &self->plays, 0, props[PROP_PLAYS]);
  cantiga_follow_int (self, &self->plays_left, 0, props[PROP_PLAYS_LEFT]);
}

/* ---- what it says ---- */

const CantigaId *
cantiga_held_licence_get_title (CantigaHeldLicence *self)
{
  return &self->title;
}

const char *
cantiga_held_licence_get_name (CantigaHeldLicence *self)
{
  return self->name;
}

const char *
cantiga_held_licence_get_artist (CantigaHeldLicence *self)
{
  return self->artist;
}

const char *
cantiga_held_licence_get_album (CantigaHeldLicence *self)
{
  return self->album;
}

const char *
cantiga_held_licence_get_cover (CantigaHeldLicence *self)
{
  return self->cover;
}

gboolean
cantiga_held_licence_is_removed (CantigaHeldLicence *self)
{
  return self->removed;
}

const char *
cantiga_held_licence_get_state (CantigaHeldLicence *self)
{
  return self->state;
}

const char *
cantiga_held_licence_get_renewal (CantigaHeldLicence *self)
{
  return self->renewal;
}

int
cantiga_held_licence_get_plays (CantigaHeldLicence *self)
{
  return self->plays;
}

int
cantiga_held_licence_get_plays_left (CantigaHeldLicence *self)
{
  return self->plays_left;
}

gint64
cantiga_held_licence_get_made (CantigaHeldLicence *self)
{
  return self->made;
}

gint64
cantiga_held_licence_get_expires (CantigaHeldLicence *self)
{
  return self->expires;
}

gint64
cantiga_held_licence_get_renewal_from (CantigaHeldLicence *self)
{
  return self->renewal_from;
}

GPtrArray *
cantiga_held_licence_get_history (CantigaHeldLicence *self)
{
  return self->history;
}
