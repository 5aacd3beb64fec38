#include "client/title.h"

#include "client/follow.h"

#define TEXT_MAX 4096

struct _CantigaTitle
{
  GObject parent;
  CantigaId id;
  char *name;
  char *artist;
  char *album;
  guint track;
  guint year;
  double duration;
  char *type;
  guint64 size;
  guint64 chunks;
  char *cover;
  gboolean exportable;
  char *licence_state;
  int plays_left;
  gint64 expires;
  GError *failure;
};

enum
{
  PROP_ID = 1,
  PROP_NAME,
  PROP_ARTIST,
  PROP_ALBUM,
  PROP_TRACK,
  PROP_YEAR,
  PROP_DURATION,
  PROP_TYPE,
  PROP_SIZE,
  PROP_CHUNKS,
  PROP_COVER,
  PROP_EXPORTABLE,
  PROP_LICENCE_STATE,
  PROP_PLAYS_LEFT,
  PROP_EXPIRES,
  PROP_FAILURE,
  N_PROPS
};
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (CantigaTitle, cantiga_title, G_TYPE_OBJECT)

static void
get_id (CantigaTitle *self, GValue *value)
{
  char text[CANTIGA_ID_TEXT_LENGTH];

  g_value_set_string (value, cantiga_id_format (&self->id, text));
}

static void
cantiga_title_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CantigaTitle *self = CANTIGA_TITLE (object);

  switch (id)
    {
    case PROP_ID:
      return get_id (self, value);
    case PROP_NAME:
      return g_value_set_string (value, self->name);
    case PROP_ARTIST:
      return g_value_set_string (value, self->artist);
    case PROP_ALBUM:
      return g_value_set_string (value, self->album);
    case PROP_TRACK:
      return g_value_set_uint (value, self->track);
    case PROP_YEAR:
      return g_value_set_uint (value, self->year);
    case PROP_DURATION:
      return g_value_set_double (value, self->duration);
    case PROP_TYPE:
      return g_value_set_string (value, self->type);
    case PROP_SIZE:
      return g_value_set_uint64 (value, self->size);
    case PROP_CHUNKS:
      return g_value_set_uint64 (value, self->chunks);
    case PROP_COVER:
      return g_value_set_string (value, self->cover);
    case PROP_EXPORTABLE:
      return g_value_set_boolean (value, self->exportable);
    case PROP_LICENCE_STATE:
      return g_value_set_string (value, self->licence_state);
    case PROP_PLAYS_LEFT:
      return g_value_set_int (value, self->plays_left);
    case PROP_EXPIRES:
      return g_value_set_int64 (value, self->expires);
    case PROP_FAILURE:
      return g_value_set_boxed (value, self->failure);
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
cantiga_title_finalize (GObject *object)
{
  CantigaTitle *self = CANTIGA_TITLE (object);

  g_free (self->name);
  g_free (self->artist);
  g_free (self->album);
  g_free (self->type);
  g_free (self->cover);
  g_free (self->licence_state);
  g_clear_error (&self->failure);
  G_OBJECT_CLASS (cantiga_title_parent_class)->finalize (object);
}

static void
cantiga_title_class_init (CantigaTitleClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = cantiga_title_get_property;
  object_class->finalize = cantiga_title_finalize;
  props[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  props[PROP_ARTIST] = g_param_spec_string ("artist", NULL, NULL, NULL, flags);
  props[PROP_ALBUM] = g_param_spec_string ("album", NULL, NULL, NULL, flags);
  props[PROP_TRACK] = g_param_spec_uint ("track", NULL, NULL, 0, G_MAXUINT, 0, flags);
  props[PROP_YEAR] = g_param_spec_uint ("year", NULL, NULL, 0, G_MAXUINT, 0, flags);
  props[PROP_DURATION] = g_param_spec_double ("duration", NULL, NULL, 0, G_MAXDOUBLE, 0, flags);
  props[PROP_TYPE] = g_param_spec_string ("type", NULL, NULL, NULL, flags);
  props[PROP_SIZE] = g_param_spec_uint64 ("size", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[PROP_CHUNKS] = g_param_spec_uint64 ("chunks", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[PROP_COVER] = g_param_spec_string ("cover", NULL, NULL, NULL, flags);
  props[PROP_EXPORTABLE] = g_param_spec_boolean ("exportable", NULL, NULL, FALSE, flags);
  props[PROP_LICENCE_STATE] = g_param_spec_string ("licence-state", NULL, NULL, NULL, flags);
  props[PROP_PLAYS_LEFT] = g_param_spec_int ("plays-left", NULL, NULL, -1, G_MAXINT, -1, flags);
  props[PROP_EXPIRES] = g_param_spec_int64 ("expires", NULL, NULL, 0, G_MAXINT64, 0, flags);
  props[PROP_FAILURE] = g_param_spec_boxed ("failure", NULL, NULL, G_TYPE_ERROR, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
cantiga_title_init (CantigaTitle *self)
{
  self->licence_state = g_strdup ("none");
  self->plays_left = -1;
}

/* ---- from the wire ---- */

static gboolean
decode_text (JsonObject *object, const char *member, char **ret_text, GError **error)
{
  const char *text;

  if (!cantiga_json_get_text (object, member, TEXT_MAX, &text, error))
    return FALSE;
  *ret_text = g_strdup (text);
  return TRUE;
}

static gboolean
decode_uint (JsonObject *object, const char *member, guint *ret_value, GError **error)
{
  gint64 value;

  if (!cantiga_json_get_int (object, member, 0, G_MAXINT, &value, error))
    return FALSE;
  *ret_value = (guint)value;
  return TRUE;
}

static gboolean
decode_names (CantigaTitle *self, JsonObject *object, GError **error)
{
  return cantiga_json_get_id (object, "id", &self->id, error) && decode_text (object, "name", &self->name, error)
         && decode_text (object, "artist", &self->artist, error) && decode_text (object, "album", &self->album, error)
         && decode_uint (object, "track", &self->track, error) && decode_uint (object, "year", &self->year, error);
}

static gboolean
decode_media (CantigaTitle *self, JsonObject *object, GError **error)
{
  gint64 size, chunks;

  if (!cantiga_json_get_number (object, "duration", 0, G_MAXINT32, &self->duration, error) || !decode_text (object, "type", &self->type, error)
      || !cantiga_json_get_int (object, "size", 0, G_MAXINT64, &size, error)
      || !cantiga_json_get_int (object, "chunks", 0, G_MAXINT64, &chunks, error)
      || !cantiga_json_get_boolean (object, "exportable", &self->exportable, error))
    return FALSE;
  self->size = (guint64)size;
  self->chunks = (guint64)chunks;
  return !cantiga_json_has (object, "cover") || decode_text (object, "cover", &self->cover, error);
}

static gboolean
decode_licence (CantigaTitle *self, JsonObject *object, GError **error)
{
  JsonObject *licence;
  const char *state;
  gint64 plays_left = -1, expires = 0;

  if (!cantiga_json_has (object, "licence"))
    return TRUE;
  if ((licence = cantiga_json_get_object (object, "licence", error)) == NULL || !cantiga_json_get_text (licence, "state", TEXT_MAX, &state, error)
      || (cantiga_json_has (licence, "plays_left") && !cantiga_json_get_int (licence, "plays_left", 0, G_MAXINT, &plays_left, error))
      || (cantiga_json_has (licence, "expires") && !cantiga_json_get_int (licence, "expires", 0, G_MAXINT64, &expires, error)))
    return FALSE;
  /* In these states there is no licence that could have plays left or an end. */
  if (g_str_equal (state, "none") || g_str_equal (state, "refused"))
    cantiga_title_set_licence (self, state, -1, 0);
  else
    cantiga_title_set_licence (self, state, (int)plays_left, expires);
  return TRUE;
}

CantigaTitle *
cantiga_title_decode (JsonObject *object, GError **error)
{
  g_autoptr (CantigaTitle) self = g_object_new (CANTIGA_TYPE_TITLE, NULL);

  if (!decode_names (self, object, error) || !decode_media (self, object, error) || !decode_licence (self, object, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* ---- following ---- */

void
cantiga_title_follow (CantigaTitle *self, CantigaTitle *newer)
{
  g_return_if_fail (cantiga_id_equal (&self->id, &newer->id));
  g_object_freeze_notify (G_OBJECT (self));
  cantiga_follow_text (self, &self->name, newer->name, props[PROP_NAME]);
  cantiga_follow_text (self, &self->artist, newer->artist, props[PROP_ARTIST]);
  cantiga_follow_text (self, &self->album, newer->album, props[PROP_ALBUM]);
  cantiga_follow_text (self, &self->type, newer->type, props[PROP_TYPE]);
  cantiga_follow_text (self, &self->cover, newer->cover, props[PROP_COVER]);
  cantiga_follow_uint (self, &self->track, newer->track, props[PROP_TRACK]);
  cantiga_follow_uint (self, &self->year, newer->year, props[PROP_YEAR]);
  cantiga_follow_uint64 (self, &self->size, newer->size, props[PROP_SIZE]);
  cantiga_follow_uint64 (self, &self->chunks, newer->chunks, props[PROP_CHUNKS]);
  cantiga_follow_double (self, &self->duration, newer->duration, props[PROP_DURATION]);
  cantiga_follow_int (self, &self->exportable, newer->exportable, props[PROP_EXPORTABLE]);
  cantiga_title_set_licence (self, newer->licence_state, newer->plays_left, newer->expires);
  g_object_thaw_notify (G_OBJECT (self));
}

void
cantiga_title_set_licence (CantigaTitle *self, const char *state, int plays_left, gint64 expires)
{
  g_return_if_fail (CANTIGA_IS_TITLE (self));
  /* The server answers for one that was spent or given back in this session as for one that was withdrawn (docs/protocol.md 9.2, 9.8). */
  if (g_str_equal (state, "refused") && g_strv_contains ((const char *const[]){ "used-up", "expired", "returned", NULL }, self->licence_state))
    return;
  cantiga_follow_text (self, &self->licence_state, state, props[PROP_LICENCE_STATE]);
  cantiga_follow_int (self, &self->plays_left, plays_left, props[PROP_PLAYS_LEFT]);
  cantiga_follow_int64 (self, &self->expires, expires, props[PROP_EXPIRES]);
}

void
cantiga_title_set_failure (CantigaTitle *self, const GError *error)
{
  g_return_if_fail (CANTIGA_IS_TITLE (self));
  if (error == NULL && self->failure == NULL)
    return;
  g_clear_error (&self->failure);
  self->failure = error != NULL ? g_error_copy (error) : NULL;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FAILURE]);
}

/* ---- what it says ---- */

const CantigaId *
cantiga_title_get_id (CantigaTitle *self)
{
  return &self->id;
}

const char *
cantiga_title_get_name (CantigaTitle *self)
{
  return self->name;
}

const char *
cantiga_title_get_artist (CantigaTitle *self)
{
  return self->artist;
}

const char *
cantiga_title_get_album (CantigaTitle *self)
{
  return self->album;
}

guint
cantiga_title_get_track (CantigaTitle *self)
{
  return self->track;
}

guint
cantiga_title_get_year (CantigaTitle *self)
{
  return self->year;
}

double
cantiga_title_get_duration (CantigaTitle *self)
{
  return self->duration;
}

const char *
cantiga_title_get_media_type (CantigaTitle *self)
{
  return self->type;
}

gboolean
cantiga_title_has_picture (CantigaTitle *self)
{
  return g_str_has_prefix (self->type, "video/");
}

guint64
cantiga_title_get_size (CantigaTitle *self)
{
  return self->size;
}

guint64
cantiga_title_get_chunks (CantigaTitle *self)
{
  return self->chunks;
}

const char *
cantiga_title_get_cover (CantigaTitle *self)
{
  return self->cover;
}

gboolean
cantiga_title_is_exportable (CantigaTitle *self)
{
  return self->exportable;
}

const char *
cantiga_title_get_licence_state (CantigaTitle *self)
{
  return self->licence_state;
}

int
cantiga_title_get_plays_left (CantigaTitle *self)
{
  return self->plays_left;
}

gint64
cantiga_title_get_expires (CantigaTitle *self)
{
  return self->expires;
}

const GError *
cantiga_title_get_failure (CantigaTitle *self)
{
  return self->failure;
}
