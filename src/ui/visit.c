#include "ui/visit.h"

#include "ui/error-words.h"
#include "ui/settings-wishes.h"

struct _CantigaVisit
{
  GObject parent_instance;

  /* owned */
  CantigaPaired *paired;
  CantigaCard *card;
  CantigaCardSigner *signer; /* NULL if the card is none in a reader */
  CantigaCardWatch *watch;    /* while the session is open; NULL with it */
  CantigaSession *session;
  CantigaCatalogue *catalogue;
  GCancellable *cancellable; /* of signing in and loading */
  GTask *asking;             /* for the PIN */
  GSource *asking_over;      /* it was cancelled */
  GTask *choosing;           /* which card */
  GError *error;

  gboolean own_modules; /* whatever the settings say */
  CantigaVisitState state;
  CantigaStep step; /* the one under way */
};

enum
{
  STEP,
  CARD,
  PRESENCE,
  CHOOSE,
  ELSEWHERE,
  PIN,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

enum
{
  PROP_STATE = 1,
};

static void cantiga_visit_owner_init (CantigaCardOwnerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CantigaVisit, cantiga_visit, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (CANTIGA_TYPE_CARD_OWNER, cantiga_visit_owner_init))

static void
drop_asking_over (CantigaVisit *self)
{
  if (self->asking_over != NULL)
    g_source_destroy (self->asking_over);
  g_clear_pointer (&self->asking_over, g_source_unref);
}

static void
stop_asking (CantigaVisit *self)
{
  g_autoptr (GTask) asking = g_steal_pointer (&self->asking);
  g_autoptr (GTask) choosing = g_steal_pointer (&self->choosing);

  drop_asking_over (self);
  if (asking != NULL)
    g_task_return_new_error (asking, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The PIN was not given.");
  if (choosing != NULL)
    g_task_return_new_error (choosing, G_IO_ERROR, G_IO_ERROR_CANCELLED, "No card was chosen.");
}

static void
cantiga_visit_dispose (GObject *object)
{
  CantigaVisit *self = CANTIGA_VISIT (object);

  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (self->session, self);
  drop_asking_over (self);
  if (self->watch != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->watch, self);
      cantiga_card_watch_stop (self->watch);
    }
  g_clear_object (&self->watch);
  g_clear_object (&self->signer);
  g_clear_object (&self->choosing);
  g_clear_object (&self->catalogue);
  g_clear_object (&self->session);
  g_clear_object (&self->card);
  g_clear_object (&self->paired);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->asking);
  g_clear_error (&self->error);
  G_OBJECT_CLASS (cantiga_visit_parent_class)->dispose (object);
}

static void
cantiga_visit_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_int (value, CANTIGA_VISIT (object)->state);
}

static void
cantiga_visit_class_init (CantigaVisitClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = cantiga_visit_dispose;
  object_class->get_property = cantiga_visit_get_property;
  g_object_class_install_property (object_class, PROP_STATE,
                                   g_param_spec_int ("state", NULL, NULL, 0, CANTIGA_VISIT_OPEN, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  signals[STEP]
      = g_signal_new ("step", CANTIGA_TYPE_VISIT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3, G_TYPE_INT, G_TYPE_INT, G_TYPE_STRING);
  signals[CARD] = g_signal_new ("card", CANTIGA_TYPE_VISIT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[PRESENCE] = g_signal_new ("presence", CANTIGA_TYPE_VISIT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[CHOOSE] = g_signal_new ("choose", CANTIGA_TYPE_VISIT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_PTR_ARRAY);
  signals[ELSEWHERE]
      = g_signal_new ("elsewhere", CANTIGA_TYPE_VISIT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, CANTIGA_TYPE_CARD_FOUND);
  signals[PIN]
      = g_signal_new ("pin", CANTIGA_TYPE_VISIT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, CANTIGA_TYPE_CARD_FOUND, G_TYPE_INT);
}

static void
cantiga_visit_init (CantigaVisit *self)
{
}

static void
set_state (CantigaVisit *self, CantigaVisitState state)
{
  if (state == self->state)
    return;
  self->state = state;
  g_object_notify (G_OBJECT (self), "state");
}

/* ---- what the session says ---- */

/* The failed one is told with its error, once that is here. */
static void
session_step_cb (CantigaSession *session, int step, int state, const char *detail, CantigaVisit *self)
{
  self->step = step;
  if (state != CANTIGA_STEP_FAILED)
    g_signal_emit (self, signals[STEP], 0, step, state, detail);
}

static void
presence_changed_cb (CantigaCardWatch *watch, int state, CantigaVisit *self)
{
  g_signal_emit (self, signals[PRESENCE], 0, state);
}

static void
session_state_cb (CantigaSession *session, GParamSpec *pspec, CantigaVisit *self)
{
  if (self->watch != NULL && cantiga_session_get_state (session) == CANTIGA_SESSION_OPEN)
    cantiga_card_watch_start (self->watch);
  else if (self->watch != NULL)
    cantiga_card_watch_stop (self->watch);
  if (self->state != CANTIGA_VISIT_OPEN || cantiga_session_get_state (session) != CANTIGA_SESSION_SIGNED_OUT)
    return;
  if (self->error == NULL)
    g_set_error_literal (&self->error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_AUTHENTICATED, cantiga_error_get_sentence (CANTIGA_ERROR_NOT_AUTHENTICATED));
  set_state (self, CANTIGA_VISIT_OUT);
}

static gboolean
open_session (CantigaVisit *self, CantigaStore *store, CantigaSigner *signer, GError **error)
{
  g_auto (GStrv) suites = cantiga_settings_dup_suites ();

  self->session = cantiga_session_new (store, self->paired, (const char *const *)suites, signer, error);
  if (self->session == NULL)
    return FALSE;
  self->catalogue = cantiga_catalogue_new (self->session);
  g_signal_connect (self->session, "step", G_CALLBACK (session_step_cb), self);
  g_signal_connect (self->session, "notify::state", G_CALLBACK (session_state_cb), self);
  return TRUE;
}

CantigaVisit *
cantiga_visit_new (CantigaStore *store, CantigaPaired *paired, const char *const *modules, GError **error)
{
  g_autoptr (CantigaVisit) self = g_object_new (CANTIGA_TYPE_VISIT, NULL);
  g_autoptr (CantigaSigner) signer = NULL;

  self->paired = g_object_ref (paired);
  self->own_modules = modules != NULL;
  self->card = cantiga_card_new (NULL, modules);
  signer = cantiga_card_signer_new (self->card, CANTIGA_CARD_OWNER (self));
  self->signer = g_object_ref (CANTIGA_CARD_SIGNER (signer));
  cantiga_card_signer_remember (self->signer, cantiga_store_get_path (store));
  self->watch = cantiga_card_watch_new (self->signer);
  g_signal_connect (self->watch, "changed", G_CALLBACK (presence_changed_cb), self);
  return open_session (self, store, signer, error) ? g_steal_pointer (&self) : NULL;
}

CantigaVisit *
cantiga_visit_new_with_signer (CantigaStore *store, CantigaPaired *paired, CantigaSigner *signer, GError **error)
{
  g_autoptr (CantigaVisit) self = g_object_new (CANTIGA_TYPE_VISIT, NULL);

  self->paired = g_object_ref (paired);
  self->card = cantiga_card_new (NULL, NULL);
  return open_session (self, store, signer, error) ? g_steal_pointer (&self) : NULL;
}

CantigaPaired *
cantiga_visit_get_paired (CantigaVisit *self)
{
  return self->paired;
}

CantigaSession *
cantiga_visit_get_session (CantigaVisit *self)
{
  return self->session;
}

CantigaCatalogue *
cantiga_visit_get_catalogue (CantigaVisit *self)
{
  return self->catalogue;
}

CantigaVisitState
cantiga_visit_get_state (CantigaVisit *self)
{
  return self->state;
}

const GError *
cantiga_visit_get_error (CantigaVisit *self)
{
  return self->error;
}

CantigaCardState
cantiga_visit_get_card_state (CantigaVisit *self)
{
  return cantiga_card_get_last_state (self->card);
}

gint64
cantiga_visit_get_card_ended (CantigaVisit *self)
{
  return self->signer != NULL ? cantiga_card_signer_get_ended (self->signer) : 0;
}

CantigaCard *
cantiga_visit_get_card (CantigaVisit *self)
{
  return self->card;
}

GBytes *
cantiga_visit_get_certificate (CantigaVisit *self)
{
  return self->signer != NULL ? cantiga_card_signer_get_certificate (self->signer) : NULL;
}

/* ---- signing in, then the catalogue ---- */

static void
fail (CantigaVisit *self, GError *error)
{
  stop_asking (self);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);
  self->error = error;
  set_state (self, CANTIGA_VISIT_OUT);
  g_signal_emit (self, signals[STEP], 0, (int)self->step, CANTIGA_STEP_FAILED, cantiga_error_words_get (error));
}

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaVisit) self = user_data;
  GError *error = NULL;

  if (!cantiga_catalogue_load_finish (CANTIGA_CATALOGUE (source), result, &error))
    return fail (self, error);
  g_clear_object (&self->cancellable);
  set_state (self, CANTIGA_VISIT_OPEN);
}

static void
load (CantigaVisit *self)
{
  self->step = CANTIGA_STEP_CATALOGUE;
  set_state (self, CANTIGA_VISIT_LOADING);
  cantiga_catalogue_load_async (self->catalogue, self->cancellable, loaded_cb, g_object_ref (self));
}

static void
signed_in_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaVisit) self = user_data;
  GError *error = NULL;

  if (!cantiga_session_sign_in_finish (CANTIGA_SESSION (source), result, &error))
    return fail (self, error);
  stop_asking (self);
  load (self);
}

/* They may be others than at the last try; what is no wish leaves those of before. */
static void
take_settings (CantigaVisit *self)
{
  g_auto (GStrv) suites = cantiga_settings_dup_suites ();
  g_auto (GStrv) modules = self->own_modules ? NULL : cantiga_settings_dup_modules ();

  if (!self->own_modules)
    cantiga_card_set_modules (self->card, (const char *const *)modules);
  (void)!cantiga_session_set_suites (self->session, (const char *const *)suites, NULL);
}

void
cantiga_visit_start (CantigaVisit *self)
{
  if (self->state != CANTIGA_VISIT_OUT)
    return;
  g_clear_error (&self->error);
  self->cancellable = g_cancellable_new ();
  if (cantiga_session_get_state (self->session) == CANTIGA_SESSION_OPEN)
    return load (self);
  /* Whoever signs in anew may do so with another card. */
  if (self->signer != NULL)
    cantiga_card_signer_release (self->signer);
  take_settings (self);
  self->step = CANTIGA_STEP_CERTIFICATES;
  set_state (self, CANTIGA_VISIT_SIGNING_IN);
  cantiga_session_sign_in_async (self->session, self->cancellable, signed_in_cb, g_object_ref (self));
}

void
cantiga_visit_stop (CantigaVisit *self)
{
  stop_asking (self);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
}

static void
left_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  /* Signed out here in any case; a server that did not hear it ends the session by itself. */
  (void)!cantiga_session_leave_finish (CANTIGA_SESSION (source), result, NULL);
}

void
cantiga_visit_leave (CantigaVisit *self)
{
  cantiga_visit_stop (self);
  if (cantiga_session_get_state (self->session) == CANTIGA_SESSION_OPEN)
    cantiga_session_leave_async (self->session, NULL, left_cb, NULL);
  if (self->cancellable == NULL)
    set_state (self, CANTIGA_VISIT_OUT);
}

/* ---- the card's owner ---- */

/* Whoever looks at the screen can put a card in. */
static gboolean
await_card (CantigaCardOwner *owner, CantigaCardState state)
{
  g_signal_emit (owner, signals[CARD], 0, (int)state);
  return TRUE;
}

void
cantiga_visit_choose_anew (CantigaVisit *self)
{
  if (self->signer != NULL)
    cantiga_card_signer_choose (self->signer, NULL);
}

void
cantiga_visit_give_choice (CantigaVisit *self, CantigaCardFound *found)
{
  g_autoptr (GTask) choosing = g_steal_pointer (&self->choosing);

  if (choosing != NULL)
    g_task_return_pointer (choosing, cantiga_card_found_ref (found), (GDestroyNotify)cantiga_card_found_unref);
}

static void
choose_card_async (CantigaCardOwner *owner, GPtrArray *found, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  CantigaVisit *self = CANTIGA_VISIT (owner);

  stop_asking (self);
  self->choosing = g_task_new (self, cancellable, callback, user_data);
  g_signal_emit (self, signals[CHOOSE], 0, found);
}

static CantigaCardFound *
choose_card_finish (CantigaCardOwner *owner, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
point_elsewhere (CantigaCardOwner *owner, CantigaCardFound *found)
{
  g_signal_emit (owner, signals[ELSEWHERE], 0, found);
}

void
cantiga_visit_give_pin (CantigaVisit *self, CantigaSecret *pin)
{
  g_autoptr (GTask) asking = g_steal_pointer (&self->asking);

  drop_asking_over (self);
  if (asking != NULL)
    g_task_return_pointer (asking, pin, (GDestroyNotify)cantiga_secret_free);
  else
    cantiga_secret_free (pin);
}

/* The card went while its PIN was asked for, or signing in was stopped. */
static gboolean
asking_over_cb (GCancellable *cancellable, gpointer self)
{
  stop_asking (self);
  return G_SOURCE_REMOVE;
}

static void
ask_pin_async (CantigaCardOwner *owner, CantigaCardFound *found, CantigaCardState state, GCancellable *cancellable, GAsyncReadyCallback callback,
               gpointer user_data)
{
  CantigaVisit *self = CANTIGA_VISIT (owner);

  stop_asking (self);
  self->asking = g_task_new (self, cancellable, callback, user_data);
  if (cancellable != NULL)
    {
      self->asking_over = g_cancellable_source_new (cancellable);
      g_source_set_callback (self->asking_over, G_SOURCE_FUNC (asking_over_cb), self, NULL);
      g_source_attach (self->asking_over, NULL);
    }
  g_signal_emit (self, signals[PIN], 0, found, (int)state);
}

static CantigaSecret *
ask_pin_finish (CantigaCardOwner *owner, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
cantiga_visit_owner_init (CantigaCardOwnerInterface *iface)
{
  iface->await_card = await_card;
  iface->choose_card_async = choose_card_async;
  iface->choose_card_finish = choose_card_finish;
  iface->point_elsewhere = point_elsewhere;
  iface->ask_pin_async = ask_pin_async;
  iface->ask_pin_finish = ask_pin_finish;
}
