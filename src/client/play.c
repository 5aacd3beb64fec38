#include "client/play.h"

#include "client/play-private.h"
#include "client/session-private.h"

#define CHUNK_SIZE_MAX (1024 * 1024)

G_DEFINE_FINAL_TYPE (CantigaPlay, cantiga_play, G_TYPE_OBJECT)

enum
{
  PROP_PLAYS_LEFT = 1,
  PROP_EXPIRES,
  PROP_ENDS,
  PROP_SIZE,
  PROP_CHUNKS,
  PROP_TYPE,
  PROP_EXPORTABLE,
  N_PROPS
};
static GParamSpec *props[N_PROPS];

static void
cantiga_play_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CantigaPlay *self = CANTIGA_PLAY (object);

  switch (id)
    {
    case PROP_PLAYS_LEFT:
      return g_value_set_int (value, (int)self->plays_left);
    case PROP_EXPIRES:
      return g_value_set_int64 (value, self->expires);
    case PROP_ENDS:
      return g_value_set_int64 (value, self->ends);
    case PROP_SIZE:
      return g_value_set_uint64 (value, cantiga_play_get_size (self));
    case PROP_CHUNKS:
      return g_value_set_uint64 (value, cantiga_play_get_chunks (self));
    case PROP_TYPE:
      return g_value_set_string (value, cantiga_play_get_media_type (self));
    case PROP_EXPORTABLE:
      return g_value_set_boolean (value, self->exportable);
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
cantiga_play_finalize (GObject *object)
{
  CantigaPlay *self = CANTIGA_PLAY (object);

  g_clear_object (&self->session);
  g_clear_object (&self->title);
  g_clear_pointer (&self->manifest, cantiga_manifest_free);
  g_clear_pointer (&self->stream, cantiga_stream_unref);
  G_OBJECT_CLASS (cantiga_play_parent_class)->finalize (object);
}

static void
cantiga_play_class_init (CantigaPlayClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = cantiga_play_get_property;
  object_class->finalize = cantiga_play_finalize;
  props[PROP_PLAYS_LEFT] = g_param_spec_int ("plays-left", NULL, NULL, 0, G_MAXINT, 0, flags);
  props[PROP_EXPIRES] = g_param_spec_int64 ("expires", NULL, NULL, 0, G_MAXINT64, 0, flags);
  props[PROP_ENDS] = g_param_spec_int64 ("ends", NULL, NULL, 0, G_MAXINT64, 0, flags);
  props[PROP_SIZE] = g_param_spec_uint64 ("size", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[PROP_CHUNKS] = g_param_spec_uint64 ("chunks", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[PROP_TYPE] = g_param_spec_string ("type", NULL, NULL, NULL, flags);
  props[PROP_EXPORTABLE] = g_param_spec_boolean ("exportable", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
cantiga_play_init (CantigaPlay *self)
{
  g_queue_init (&self->waiting);
}

/* ---- the licence's answer (docs/protocol.md 9, 13.2) ---- */

static gboolean
fail_other (GError **error, const char *what)
{
  return cantiga_fail_with (error, CANTIGA_ERROR_FORGED, "The server's licence is for another %s than was asked for: it was refused.", what);
}

/* "that title id, size, type and chunk size are what it asked for and was told." */
static gboolean
check_manifest (CantigaPlay *self, const CantigaManifest *manifest, gint64 chunks, GError **error)
{
  X509 *authority = cantiga_session_get_authority (self->session);

  if (!cantiga_id_equal (&manifest->title, cantiga_title_get_id (self->title)))
    return fail_other (error, "title");
  if (manifest->size != cantiga_title_get_size (self->title) || manifest->chunk_size == 0 || manifest->chunk_size > CHUNK_SIZE_MAX
      || cantiga_manifest_get_chunks (manifest) != (guint64)chunks || (guint64)chunks != cantiga_title_get_chunks (self->title))
    return fail_other (error, "length");
  if (g_strcmp0 (manifest->type, cantiga_title_get_media_type (self->title)) != 0)
    return fail_other (error, "kind of media");
  return cantiga_manifest_verify (manifest, authority, g_get_real_time () / G_USEC_PER_SEC, error);
}

/* A new grant of the same play is for the same bytes, or it is refused. */
static gboolean
take_manifest (CantigaPlay *self, JsonObject *answer, GError **error)
{
  g_autoptr (CantigaManifest) manifest = NULL;
  gint64 chunks;

  if (!cantiga_json_get_int (answer, "chunks", 1, G_MAXINT64, &chunks, error) || (manifest = cantiga_manifest_decode (answer, error)) == NULL
      || !check_manifest (self, manifest, chunks, error))
    return FALSE;
  if (self->manifest == NULL)
    self->manifest = g_steal_pointer (&manifest);
  else if (!cantiga_bytes_equal (self->manifest->root, manifest->root, sizeof manifest->root) || self->manifest->chunk_size != manifest->chunk_size)
    return fail_other (error, "recording");
  return TRUE;
}

typedef struct
{
  gint64 plays_left;
  gint64 expires;
  gint64 ends;
  double duration;
  gboolean exportable;
} Terms;

static gboolean
decode_terms (CantigaPlay *self, JsonObject *answer, Terms *terms, GError **error)
{
  CantigaId id;

  if (!cantiga_json_get_id (answer, "play", &id, error))
    return FALSE;
  if (!cantiga_id_equal (&id, &self->id))
    return fail_other (error, "play");
  return cantiga_json_get_int (answer, "plays_left", 0, G_MAXINT, &terms->plays_left, error)
         && cantiga_json_get_int (answer, "expires", 0, G_MAXINT64, &terms->expires, error)
         && cantiga_json_get_int (answer, "ends", 0, G_MAXINT64, &terms->ends, error)
         && cantiga_json_get_number (answer, "duration", 0, G_MAXINT32, &terms->duration, error)
         && cantiga_json_get_boolean (answer, "exportable", &terms->exportable, error);
}

static void
show_licence (CantigaPlay *self)
{
  cantiga_title_set_licence (self->title, self->plays_left > 0 ? "valid" : "used-up", (int)self->plays_left, self->expires);
}

static void
take_terms (CantigaPlay *self, const Terms *terms)
{
  self->plays_left = (guint)terms->plays_left;
  self->expires = terms->expires;
  self->ends = terms->ends;
  self->duration = terms->duration;
  self->exportable = terms->exportable;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PLAYS_LEFT]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_EXPIRES]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ENDS]);
  if (self->announced)
    show_licence (self);
}

static gboolean
take_licence (CantigaPlay *self, JsonObject *answer, CantigaStream *stream, GError **error)
{
  Terms terms;

  if (!decode_terms (self, answer, &terms, error) || !take_manifest (self, answer, error))
    return FALSE;
  take_terms (self, &terms);
  g_clear_pointer (&self->stream, cantiga_stream_unref);
  self->stream = cantiga_stream_ref (stream);
  self->grant++;
  self->generation = cantiga_session_get_generation (self->session);
  self->grant_state = CANTIGA_GRANT_HELD;
  return TRUE;
}

/* What a refusal says of the title's licence (docs/protocol.md 9.2). */
static void
note_refusal (CantigaPlay *self, const GError *error)
{
  if (g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_LICENCE_EXHAUSTED))
    cantiga_title_set_licence (self->title, "used-up", 0, cantiga_title_get_expires (self->title));
  else if (g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_LICENCE_EXPIRED))
    cantiga_title_set_licence (self->title, "expired", 0, cantiga_title_get_expires (self->title));
  else if (g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_LICENCE_REFUSED))
    cantiga_title_set_licence (self->title, "refused", -1, 0);
}

static void
ask_licence (CantigaPlay *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (JsonObject) body = json_object_new ();

  cantiga_json_set_id (body, "title", cantiga_title_get_id (self->title));
  cantiga_json_set_id (body, "play", &self->id);
  cantiga_session_call_async (self->session, "POST", "/api/license", body, cancellable, callback, user_data);
}

/* ---- the first grant ---- */

static void
started_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  CantigaPlay *self = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (CantigaStream) stream = NULL;
  g_autoptr (JsonObject) answer = cantiga_session_call_finish_stream (CANTIGA_SESSION (source), result, &stream, &error);

  if (answer != NULL && take_licence (self, answer, stream, &error))
    return g_task_return_boolean (task, TRUE);
  note_refusal (self, error);
  g_task_return_error (task, error);
}

/* What plays, plays on without its card; the next title asks for it. */
static void
card_confirmed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (cantiga_signer_confirm_finish (CANTIGA_SIGNER (source), result, &error))
    ask_licence (g_task_get_task_data (task), g_task_get_cancellable (task), started_cb, g_object_ref (task));
  else
    g_task_return_error (task, error);
}

static void
start (CantigaSession *session, CantigaTitle *title, gboolean announced, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (session, cancellable, callback, user_data);
  CantigaPlay *self = g_object_new (CANTIGA_TYPE_PLAY, NULL);

  self->session = g_object_ref (session);
  self->title = g_object_ref (title);
  self->announced = announced;
  cantiga_id_new_random (&self->id);
  g_task_set_source_tag (task, cantiga_play_start_async);
  g_task_set_task_data (task, self, g_object_unref);
  cantiga_signer_confirm_async (session->signer, cancellable, card_confirmed_cb, g_object_ref (task));
}

void
cantiga_play_start_async (CantigaSession *session, CantigaTitle *title, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CANTIGA_IS_SESSION (session) && CANTIGA_IS_TITLE (title));
  start (session, title, TRUE, cancellable, callback, user_data);
}

void
cantiga_play_prepare_async (CantigaSession *session, CantigaTitle *title, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CANTIGA_IS_SESSION (session) && CANTIGA_IS_TITLE (title));
  start (session, title, FALSE, cancellable, callback, user_data);
}

void
cantiga_play_announce (CantigaPlay *self)
{
  g_return_if_fail (CANTIGA_IS_PLAY (self));
  self->announced = TRUE;
  show_licence (self);
}

CantigaPlay *
cantiga_play_start_finish (CantigaSession *session, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_play_start_async), NULL);
  return g_task_propagate_boolean (G_TASK (result), error) ? g_object_ref (g_task_get_task_data (G_TASK (result))) : NULL;
}

/* ---- further grants: "the same play asked again … costs nothing" (docs/protocol.md 9) ---- */

static void
grant_renewed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaPlay) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaStream) stream = NULL;
  g_autoptr (JsonObject) answer = cantiga_session_call_finish_stream (CANTIGA_SESSION (source), result, &stream, &error);

  if (answer != NULL && take_licence (self, answer, stream, &error))
    return cantiga_play_pump (self);
  self->grant_state = CANTIGA_GRANT_LAPSED;
  note_refusal (self, error);
  cantiga_play_fail_reads (self, error);
}

void
cantiga_play_renew_grant (CantigaPlay *self)
{
  if (self->grant_state == CANTIGA_GRANT_ASKED)
    return;
  self->grant_state = CANTIGA_GRANT_ASKED;
  ask_licence (self, NULL, grant_renewed_cb, g_object_ref (self));
}

/* ---- the end ---- */

void
cantiga_play_end_async (CantigaPlay *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (JsonObject) body = json_object_new ();

  g_return_if_fail (CANTIGA_IS_PLAY (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, cantiga_play_end_async);
  cantiga_json_set_id (body, "play", &self->id);
  cantiga_session_call_async (self->session, "POST", "/api/end", body, cancellable, cantiga_session_called_cb, g_object_ref (task));
}

gboolean
cantiga_play_end_finish (CantigaPlay *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_play_end_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- what it says ---- */

CantigaTitle *
cantiga_play_get_title (CantigaPlay *self)
{
  return self->title;
}

gboolean
cantiga_play_has_begun (CantigaPlay *self)
{
  return self->received || self->in_flight > 0;
}

const CantigaId *
cantiga_play_get_id (CantigaPlay *self)
{
  return &self->id;
}

guint
cantiga_play_get_plays_left (CantigaPlay *self)
{
  return self->plays_left;
}

gint64
cantiga_play_get_expires (CantigaPlay *self)
{
  return self->expires;
}

gint64
cantiga_play_get_ends (CantigaPlay *self)
{
  return self->ends;
}

guint64
cantiga_play_get_size (CantigaPlay *self)
{
  return self->manifest->size;
}

const char *
cantiga_play_get_media_type (CantigaPlay *self)
{
  return self->manifest->type;
}

double
cantiga_play_get_duration (CantigaPlay *self)
{
  return self->duration;
}

guint64
cantiga_play_get_chunks (CantigaPlay *self)
{
  return cantiga_manifest_get_chunks (self->manifest);
}

guint32
cantiga_play_get_chunk_size (CantigaPlay *self)
{
  return self->manifest->chunk_size;
}

gsize
cantiga_play_get_chunk_length (CantigaPlay *self, guint64 index)
{
  return cantiga_manifest_get_chunk_length (self->manifest, index);
}

gboolean
cantiga_play_is_exportable (CantigaPlay *self)
{
  return self->exportable;
}
