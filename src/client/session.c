#include "client/session.h"

#include "client/session-private.h"

#define RETURN_LIMIT_MS 60000
#define RETURN_PAUSE_MS 200
#define RETURN_PAUSE_MAX_MS 2000

G_DEFINE_FINAL_TYPE (CantigaSession, cantiga_session, G_TYPE_OBJECT)

enum
{
  PROP_STATE = 1,
  PROP_LISTENER,
  PROP_SUITE,
  PROP_NUMBER,
  N_PROPS
};
static GParamSpec *props[N_PROPS];
static guint step_signal;

static void
cantiga_session_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CantigaSession *self = CANTIGA_SESSION (object);

  switch (id)
    {
    case PROP_STATE:
      return g_value_set_int (value, self->state);
    case PROP_LISTENER:
      return g_value_set_string (value, self->listener);
    case PROP_SUITE:
      return g_value_set_static_string (value, self->generation > 0 ? cantiga_suite_get_name (&self->suite) : NULL);
    case PROP_NUMBER:
      return g_value_set_uint64 (value, cantiga_session_get_number (self));
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
cantiga_session_dispose (GObject *object)
{
  CantigaSession *self = CANTIGA_SESSION (object);

  g_clear_handle_id (&self->pause, g_source_remove);
  G_OBJECT_CLASS (cantiga_session_parent_class)->dispose (object);
}

static void
cantiga_session_finalize (GObject *object)
{
  CantigaSession *self = CANTIGA_SESSION (object);

  g_clear_pointer (&self->channel, cantiga_channel_free);
  g_clear_pointer (&self->transport, cantiga_transport_unref);
  g_clear_object (&self->store);
  g_clear_object (&self->paired);
  g_clear_object (&self->signer);
  g_clear_object (&self->returning);
  g_clear_error (&self->reason);
  g_strfreev (self->suites);
  g_free (self->listener);
  X509_free (self->authority);
  G_OBJECT_CLASS (cantiga_session_parent_class)->finalize (object);
}

static void
cantiga_session_class_init (CantigaSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = cantiga_session_get_property;
  object_class->dispose = cantiga_session_dispose;
  object_class->finalize = cantiga_session_finalize;
  props[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, 0, CANTIGA_SESSION_RETURNING, 0, flags);
  props[PROP_LISTENER] = g_param_spec_string ("listener", NULL, NULL, NULL, flags);
  props[PROP_SUITE] = g_param_spec_string ("suite", NULL, NULL, NULL, flags);
  props[PROP_NUMBER] = g_param_spec_uint64 ("number", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
  step_signal
      = g_signal_new ("step", CANTIGA_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3, G_TYPE_INT, G_TYPE_INT, G_TYPE_STRING);
}

static void
cantiga_session_init (CantigaSession *self)
{
  self->return_limit = RETURN_LIMIT_MS;
  g_queue_init (&self->calls);
}

static GStrv
expand_suites (const char *const *suites, GError **error)
{
  static const char *const usual[] = { "default", NULL };
  g_autoptr (GError) failure = NULL;
  g_auto (GStrv) expanded = cantiga_suites_expand (suites != NULL && suites[0] != NULL ? suites : usual, &failure);

  if (expanded != NULL && expanded[0] != NULL)
    return g_steal_pointer (&expanded);
  cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "%s",
                     failure != NULL ? failure->message : "No cipher suite is left: legacy ones must be named in full.");
  return NULL;
}

CantigaSession *
cantiga_session_new (CantigaStore *store, CantigaPaired *paired, const char *const *suites, CantigaSigner *signer, GError **error)
{
  g_autoptr (CantigaTransport) transport = cantiga_transport_new (cantiga_paired_get_url (paired), error);
  g_auto (GStrv) expanded = transport != NULL ? expand_suites (suites, error) : NULL;
  CantigaSession *self;

  if (expanded == NULL)
    return NULL;
  self = g_object_new (CANTIGA_TYPE_SESSION, NULL);
  self->store = g_object_ref (store);
  self->paired = g_object_ref (paired);
  self->signer = g_object_ref (signer);
  self->transport = g_steal_pointer (&transport);
  self->suites = g_steal_pointer (&expanded);
  return self;
}

gboolean
cantiga_session_set_suites (CantigaSession *self, const char *const *suites, GError **error)
{
  g_auto (GStrv) expanded = expand_suites (suites, error);

  if (expanded == NULL)
    return FALSE;
  g_strfreev (self->suites);
  self->suites = g_steal_pointer (&expanded);
  return TRUE;
}

/* ---- what it says of itself ---- */

CantigaPaired *
cantiga_session_get_paired (CantigaSession *self)
{
  return self->paired;
}

CantigaSessionState
cantiga_session_get_state (CantigaSession *self)
{
  return self->state;
}

X509 *
cantiga_session_get_authority (CantigaSession *self)
{
  g_return_val_if_fail (CANTIGA_IS_SESSION (self), NULL);
  return self->authority != NULL ? self->authority : cantiga_paired_get_authority (self->paired);
}

const char *
cantiga_session_get_listener (CantigaSession *self)
{
  return self->listener;
}

const CantigaSuite *
cantiga_session_get_suite (CantigaSession *self)
{
  return self->generation > 0 ? &self->suite : NULL;
}

guint64
cantiga_session_get_number (CantigaSession *self)
{
  return self->channel != NULL ? cantiga_channel_get_number (self->channel) : 0;
}

guint
cantiga_session_get_generation (CantigaSession *self)
{
  return self->generation;
}

void
cantiga_session_set_return_limit (CantigaSession *self, guint milliseconds)
{
  self->return_limit = milliseconds;
}

CantigaTransport *
cantiga_session_get_transport (CantigaSession *self)
{
  return self->transport;
}

const CantigaId *
cantiga_session_get_id (CantigaSession *self)
{
  return self->state == CANTIGA_SESSION_OPEN ? cantiga_channel_get_session (self->channel) : NULL;
}

void
cantiga_session_notify_number (CantigaSession *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_NUMBER]);
}

void
cantiga_session_show_step (CantigaSession *self, CantigaStep step, CantigaStepState state, const char *detail)
{
  g_signal_emit (self, step_signal, 0, (int)step, (int)state, detail);
}

/* ---- states ---- */

static const gboolean legal[4][4] = {
  [CANTIGA_SESSION_SIGNED_OUT] = { [CANTIGA_SESSION_SIGNING_IN] = TRUE },
  [CANTIGA_SESSION_SIGNING_IN] = { [CANTIGA_SESSION_OPEN] = TRUE, [CANTIGA_SESSION_SIGNED_OUT] = TRUE },
  [CANTIGA_SESSION_OPEN] = { [CANTIGA_SESSION_RETURNING] = TRUE, [CANTIGA_SESSION_SIGNING_IN] = TRUE, [CANTIGA_SESSION_SIGNED_OUT] = TRUE },
  [CANTIGA_SESSION_RETURNING] = { [CANTIGA_SESSION_OPEN] = TRUE, [CANTIGA_SESSION_SIGNING_IN] = TRUE, [CANTIGA_SESSION_SIGNED_OUT] = TRUE },
};

static void
session_set_state (CantigaSession *self, CantigaSessionState state)
{
  if (state == self->state)
    return;
  g_assert (legal[self->state][state]);
  self->state = state;
  if (state != CANTIGA_SESSION_OPEN)
    g_clear_pointer (&self->channel, cantiga_channel_free);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

static void
note_kept_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  /* That the last use could not be written down stops nobody from listening; the next session tries again. */
  if (!cantiga_store_note_finish (CANTIGA_STORE (source), result, NULL))
    return;
}

/* docs/protocol.md 14.6: "From two thirds of that on the player renews". */
static gboolean
is_renewal_due (const CantigaSignedIn *signed_in, gint64 now)
{
  return signed_in->not_after > signed_in->not_before && now - signed_in->not_before >= (signed_in->not_after - signed_in->not_before) / 3 * 2;
}

static void
session_adopt (CantigaSession *self, CantigaSignedIn *signed_in)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  self->channel = g_steal_pointer (&signed_in->channel);
  self->suite = *cantiga_channel_get_suite (self->channel);
  g_free (self->listener);
  self->listener = g_steal_pointer (&signed_in->listener);
  X509_free (self->authority);
  self->authority = g_steal_pointer (&signed_in->authority);
  self->generation++;
  g_clear_error (&self->reason);
  cantiga_store_note_async (self->store, self->paired, signed_in->crl_number, now, NULL, note_kept_cb, NULL);
  session_set_state (self, CANTIGA_SESSION_OPEN);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LISTENER]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SUITE]);
  if (signed_in->is_asked_to_renew || is_renewal_due (signed_in, now))
    cantiga_session_renew_async (self, NULL, NULL, NULL);
}

static CantigaSignInTerms
session_get_terms (CantigaSession *self)
{
  return (CantigaSignInTerms){ self->transport, self->store, self->paired, self->suites, self->signer };
}

static void
stop_returning (CantigaSession *self)
{
  g_clear_handle_id (&self->pause, g_source_remove);
  if (self->returning != NULL)
    g_cancellable_cancel (self->returning);
  g_clear_object (&self->returning);
}

void
cantiga_session_over (CantigaSession *self)
{
  stop_returning (self);
  g_clear_error (&self->reason);
  if (self->state != CANTIGA_SESSION_SIGNING_IN)
    session_set_state (self, CANTIGA_SESSION_SIGNED_OUT);
}

/* ---- signing in ---- */

static void
step_shown_cb (CantigaStep step, CantigaStepState state, const char *detail, gpointer user_data)
{
  cantiga_session_show_step (user_data, step, state, detail);
}

static void
signed_in_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  CantigaSession *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSignedIn) signed_in = cantiga_sign_in_finish (result, &error);

  if (signed_in != NULL)
    {
      session_adopt (self, signed_in);
      g_task_return_boolean (task, TRUE);
    }
  else
    {
      session_set_state (self, CANTIGA_SESSION_SIGNED_OUT);
      g_set_error_literal (&self->reason, error->domain, error->code, error->message);
      g_task_return_error (task, g_steal_pointer (&error));
    }
  cantiga_session_pump (self);
}

gboolean
cantiga_session_start_sign_in (CantigaSession *self)
{
  GTask *task = g_steal_pointer (&self->sign_in);
  CantigaSignInTerms terms = session_get_terms (self);

  if (task == NULL)
    return FALSE;
  stop_returning (self);
  g_clear_error (&self->reason);
  session_set_state (self, CANTIGA_SESSION_SIGNING_IN);
  cantiga_sign_in_async (&terms, step_shown_cb, self, g_task_get_cancellable (task), signed_in_cb, task);
  return TRUE;
}

void
cantiga_session_sign_in_async (CantigaSession *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (CANTIGA_IS_SESSION (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, cantiga_session_sign_in_async);
  if (self->sign_in != NULL || self->state == CANTIGA_SESSION_SIGNING_IN)
    return g_task_return_new_error (task, CANTIGA_ERROR, CANTIGA_ERROR_OUT_OF_TURN, "Signing in is under way already.");
  self->sign_in = g_steal_pointer (&task);
  cantiga_session_pump (self);
}

gboolean
cantiga_session_sign_in_finish (CantigaSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_session_sign_in_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- signing in again by itself ---- */

static void try_return (CantigaSession *self);

static gboolean
return_pause_over_cb (gpointer user_data)
{
  CantigaSession *self = user_data;

  self->pause = 0;
  try_return (self);
  return G_SOURCE_REMOVE;
}

/* What may pass by itself; anything else is a refusal that no patience changes. */
static gboolean
may_try_again (CantigaSession *self, const GError *error)
{
  static const CantigaError passing[]
      = { CANTIGA_ERROR_UNREACHABLE, CANTIGA_ERROR_NOT_AUTHENTICATED, CANTIGA_ERROR_OUT_OF_TURN, CANTIGA_ERROR_TOO_SLOW,
          CANTIGA_ERROR_BUSY,        CANTIGA_ERROR_SLOW_DOWN,         CANTIGA_ERROR_INTERNAL,    CANTIGA_ERROR_FORGED };

  if (g_get_monotonic_time () >= self->deadline)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (passing); i++)
    if (g_error_matches (error, CANTIGA_ERROR, passing[i]))
      return TRUE;
  return FALSE;
}

static void
return_failed (CantigaSession *self, const GError *error)
{
  if (may_try_again (self, error))
    {
      self->pause = g_timeout_add (self->pause_ms, return_pause_over_cb, self);
      self->pause_ms = MIN (self->pause_ms * 2, RETURN_PAUSE_MAX_MS);
      return;
    }
  session_set_state (self, CANTIGA_SESSION_SIGNED_OUT);
  g_set_error_literal (&self->reason, error->domain, error->code, error->message);
  cantiga_session_pump (self);
}

static void
returned_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaSession) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSignedIn) signed_in = cantiga_sign_in_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->state != CANTIGA_SESSION_RETURNING)
    return;
  g_clear_object (&self->returning);
  if (signed_in == NULL)
    return return_failed (self, error);
  session_adopt (self, signed_in);
  cantiga_session_pump (self);
}

static void
try_return (CantigaSession *self)
{
  CantigaSignInTerms terms = session_get_terms (self);

  self->returning = g_cancellable_new ();
  cantiga_sign_in_async (&terms, NULL, NULL, self->returning, returned_cb, g_object_ref (self));
}

void
cantiga_session_lost (CantigaSession *self)
{
  if (self->state != CANTIGA_SESSION_OPEN)
    return;
  session_set_state (self, CANTIGA_SESSION_RETURNING);
  if (self->sign_in != NULL)
    return; /* asked for anyway: cantiga_session_pump() starts it */
  self->deadline = g_get_monotonic_time () + (gint64)self->return_limit * 1000;
  self->pause_ms = RETURN_PAUSE_MS;
  try_return (self);
}
