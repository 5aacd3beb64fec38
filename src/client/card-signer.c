#include "client/card-signer.h"

#include "client/card-choice.h"
#include "client/pause.h"

#define LOOK_AGAIN_MS 500

G_DEFINE_INTERFACE (CantigaCardOwner, cantiga_card_owner, G_TYPE_OBJECT)

static void
cantiga_card_owner_default_init (CantigaCardOwnerInterface *iface)
{
}

struct _CantigaCardSigner
{
  GObject parent;
  CantigaCard *card;
  GWeakRef owner;
  GBytes *chosen; /* the certificate that signed last; NULL for none, or when it may be any again */
  gint64 ended;   /* cantiga_card_signer_get_ended() */

  char *folder; /* where the choice is kept, or NULL */
  char *choice; /* a URI, or NULL */
  enum
  {
    CHOICE_UNREAD,
    CHOICE_KEPT,  /* taken where it is found among several */
    CHOICE_FIXED, /* no other will do */
    CHOICE_OPEN,  /* the owner is asked anew */
  } choice_state;
};

static void cantiga_card_signer_signer_init (CantigaSignerInterface *iface);
G_DEFINE_FINAL_TYPE_WITH_CODE (CantigaCardSigner, cantiga_card_signer, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CANTIGA_TYPE_SIGNER, cantiga_card_signer_signer_init))

static void
cantiga_card_signer_finalize (GObject *object)
{
  CantigaCardSigner *self = CANTIGA_CARD_SIGNER (object);

  g_clear_object (&self->card);
  g_weak_ref_clear (&self->owner);
  g_clear_pointer (&self->chosen, g_bytes_unref);
  g_free (self->folder);
  g_free (self->choice);
  G_OBJECT_CLASS (cantiga_card_signer_parent_class)->finalize (object);
}

static void
cantiga_card_signer_class_init (CantigaCardSignerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cantiga_card_signer_finalize;
}

static void
cantiga_card_signer_init (CantigaCardSigner *self)
{
  g_weak_ref_init (&self->owner, NULL);
}

CantigaSigner *
cantiga_card_signer_new (CantigaCard *card, CantigaCardOwner *owner)
{
  CantigaCardSigner *self = g_object_new (CANTIGA_TYPE_CARD_SIGNER, NULL);

  self->card = g_object_ref (card);
  g_weak_ref_set (&self->owner, owner);
  return CANTIGA_SIGNER (self);
}

void
cantiga_card_signer_remember (CantigaCardSigner *self, const char *folder)
{
  g_free (self->folder);
  self->folder = g_strdup (folder);
}

void
cantiga_card_signer_choose (CantigaCardSigner *self, const char *uri)
{
  g_free (self->choice);
  self->choice = g_strdup (uri);
  self->choice_state = uri != NULL ? CHOICE_FIXED : CHOICE_OPEN;
  cantiga_card_signer_release (self);
}

gint64
cantiga_card_signer_get_ended (CantigaCardSigner *self)
{
  return self->ended;
}

GBytes *
cantiga_card_signer_get_certificate (CantigaCardSigner *self)
{
  return self->chosen;
}

void
cantiga_card_signer_release (CantigaCardSigner *self)
{
  g_clear_pointer (&self->chosen, g_bytes_unref);
}

/* ---- one signature: look, choose, ask for the PIN, sign ---- */

typedef struct
{
  GBytes *message; /* NULL: it is only to be there */
  CantigaCardOwner *owner;
  CantigaCardFound *found;
  gboolean wrong; /* the last PIN was */

  /* While the owner is asked for a PIN. */
  GCancellable *asking;
  guint watching; /* source, between two looks */
  gboolean gone;  /* the card went: what is asked is over */

  CantigaCardState told; /* what the owner heard last; CANTIGA_N_CARD_STATES for nothing */
} Sign;

static void
sign_free (Sign *sign)
{
  g_clear_pointer (&sign->message, g_bytes_unref);
  g_clear_object (&sign->owner);
  g_clear_object (&sign->asking);
  g_clear_pointer (&sign->found, cantiga_card_found_unref);
  g_free (sign);
}

static void
fail_state (GTask *task, CantigaCardState state)
{
  GError *error = NULL;

  cantiga_card_state_fail (&error, state);
  g_task_return_error (task, error);
}

static void look (GTask *task);
static void watched_cb (GObject *source, GAsyncResult *result, gpointer user_data);

static CantigaProof *
proof_of (CantigaCardFound *found, const char *algorithm, GBytes *signature)
{
  g_autoptr (GPtrArray) certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  g_ptr_array_add (certificates, g_bytes_ref (found->certificate));
  return cantiga_proof_new (certificates, algorithm, signature);
}

/* A wrong PIN is asked for anew, with the tries that are left now, and never tried again by itself; a card that was taken out is looked for again. */
static void
sign_failed (GTask *task, GError *error)
{
  CantigaCardSigner *self = g_task_get_source_object (task);
  Sign *sign = g_task_get_task_data (task);
  CantigaCardState state = cantiga_card_get_last_state (self->card);
  gboolean wrong = g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_PIN_WRONG) && sign->found->pin == CANTIGA_CARD_PIN_ASKED;
  gboolean gone = g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD)
                  && (state == CANTIGA_CARD_STATE_REMOVED || state == CANTIGA_CARD_STATE_NO_CARD || state == CANTIGA_CARD_STATE_PIN_WANTED);

  if (!wrong && !gone)
    return g_task_return_error (task, error);
  g_error_free (error);
  /* One of the wrong form was not tried. */
  sign->wrong = wrong && state != CANTIGA_CARD_STATE_PIN_WANTED;
  look (task);
}

static void
signed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  CantigaCardSigner *self = g_task_get_source_object (task);
  Sign *sign = g_task_get_task_data (task);
  GError *error = NULL;
  const char *algorithm;
  g_autoptr (GBytes) signature = cantiga_card_sign_finish (CANTIGA_CARD (source), result, &algorithm, &error);

  if (signature == NULL)
    return sign_failed (task, error);
  g_clear_pointer (&self->chosen, g_bytes_unref);
  self->chosen = g_bytes_ref (sign->found->certificate);
  g_task_return_pointer (task, proof_of (sign->found, algorithm, signature), (GDestroyNotify)cantiga_proof_free);
}

static void
sign_with (GTask *task, CantigaSecret *pin)
{
  CantigaCardSigner *self = g_task_get_source_object (task);
  Sign *sign = g_task_get_task_data (task);

  cantiga_card_sign_async (self->card, sign->found, sign->message, pin, g_task_get_cancellable (task), signed_cb, g_object_ref (task));
}

static CantigaCardFound *
find_certificate (GPtrArray *all, GBytes *certificate)
{
  for (guint i = 0; i < all->len; i++)
    if (g_bytes_equal (((CantigaCardFound *)all->pdata[i])->certificate, certificate))
      return all->pdata[i];
  return NULL;
}

static gboolean
watch_cb (gpointer user_data)
{
  GTask *task = user_data;
  CantigaCardSigner *self = g_task_get_source_object (task);
  Sign *sign = g_task_get_task_data (task);

  sign->watching = 0;
  cantiga_card_list_async (self->card, sign->asking, watched_cb, g_object_ref (task));
  return G_SOURCE_REMOVE;
}

static void
watch (GTask *task)
{
  Sign *sign = g_task_get_task_data (task);

  sign->watching = g_timeout_add_full (G_PRIORITY_DEFAULT, LOOK_AGAIN_MS, watch_cb, g_object_ref (task), g_object_unref);
}

/* Nobody types a PIN for a card that is gone. */
static void
watched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Sign *sign = g_task_get_task_data (task);
  g_autoptr (GPtrArray) all = cantiga_card_list_finish (CANTIGA_CARD (source), result, NULL);

  if (sign->asking == NULL || g_cancellable_is_cancelled (sign->asking))
    return;
  if (all != NULL && find_certificate (all, sign->found->certificate) == NULL)
    {
      sign->gone = TRUE;
      g_cancellable_cancel (sign->asking);
    }
  else
    watch (task);
}

static void
cancel_asking_cb (GCancellable *cancellable, gpointer asking)
{
  g_cancellable_cancel (asking);
}

static void
stop_watching (Sign *sign)
{
  g_clear_handle_id (&sign->watching, g_source_remove);
  if (sign->asking != NULL)
    g_cancellable_cancel (sign->asking);
  g_clear_object (&sign->asking);
}

static void
pin_asked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Sign *sign = g_task_get_task_data (task);
  CantigaCardOwner *owner = CANTIGA_CARD_OWNER (source);
  GError *error = NULL;
  CantigaSecret *pin = CANTIGA_CARD_OWNER_GET_IFACE (owner)->ask_pin_finish (owner, result, &error);
  gboolean gone = sign->gone && !g_cancellable_is_cancelled (g_task_get_cancellable (task));

  stop_watching (sign);
  if (pin != NULL)
    return sign_with (task, pin);
  if (!gone)
    return g_task_return_error (task, error);
  g_error_free (error);
  look (task);
}

static void
ask_pin (GTask *task, CantigaCardState state)
{
  Sign *sign = g_task_get_task_data (task);

  sign->gone = FALSE;
  sign->asking = g_cancellable_new ();
  if (g_task_get_cancellable (task) != NULL)
    g_cancellable_connect (g_task_get_cancellable (task), G_CALLBACK (cancel_asking_cb), g_object_ref (sign->asking), g_object_unref);
  watch (task);
  CANTIGA_CARD_OWNER_GET_IFACE (sign->owner)->ask_pin_async (sign->owner, sign->found, state, sign->asking, pin_asked_cb, g_object_ref (task));
}

/* With the day, where it is one that is over: who reads it knows at once whether it is the card or the clock. */
static void
fail_not_valid (GTask *task, CantigaCardFound *found)
{
  CantigaCardSigner *self = g_task_get_source_object (task);
  g_autoptr (GDateTime) day = g_date_time_new_from_unix_local (found->not_after);
  g_autofree char *text = day != NULL ? g_date_time_format (day, "%F") : NULL;

  if (text == NULL || found->not_after > g_get_real_time () / G_USEC_PER_SEC)
    return fail_state (task, CANTIGA_CARD_STATE_CERTIFICATE_INVALID);
  self->ended = found->not_after;
  g_task_return_new_error (task, CANTIGA_ERROR, CANTIGA_ERROR_CARD, "The card's certificate ended on %s. Renew the card, or use another one.", text);
}

/* A PIN that the reader or the card's own window asks for never passes through here. */
static void
use (GTask *task, CantigaCardFound *found)
{
  Sign *sign = g_task_get_task_data (task);
  gboolean wrong = sign->wrong && g_bytes_equal (sign->found->certificate, found->certificate);

  g_clear_pointer (&sign->found, cantiga_card_found_unref);
  sign->found = cantiga_card_found_ref (found);
  sign->wrong = FALSE;
  sign->told = CANTIGA_N_CARD_STATES;
  if (found->state == CANTIGA_CARD_STATE_CERTIFICATE_INVALID)
    return fail_not_valid (task, found);
  if (found->state == CANTIGA_CARD_STATE_BLOCKED)
    return fail_state (task, found->state);
  if (found->state != CANTIGA_CARD_STATE_READY && found->pin != CANTIGA_CARD_PIN_ASKED
      && CANTIGA_CARD_OWNER_GET_IFACE (sign->owner)->point_elsewhere != NULL)
    CANTIGA_CARD_OWNER_GET_IFACE (sign->owner)->point_elsewhere (sign->owner, found);
  if (found->state == CANTIGA_CARD_STATE_READY || found->pin != CANTIGA_CARD_PIN_ASKED)
    return sign_with (task, NULL);
  ask_pin (task, wrong && found->state == CANTIGA_CARD_STATE_PIN_WANTED ? CANTIGA_CARD_STATE_PIN_WRONG : found->state);
}

/* ---- which card ---- */

/* A choice that cannot be kept is made again the next time: no reason not to sign. */
static void
choice_saved_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  (void)!cantiga_card_choice_save_finish (result, NULL);
  g_object_unref (user_data);
}

static void
keep_choice (CantigaCardSigner *self, const char *uri)
{
  g_autofree char *choice = g_strdup (uri);

  g_free (self->choice);
  self->choice = g_steal_pointer (&choice);
  if (self->choice_state != CHOICE_FIXED)
    self->choice_state = CHOICE_KEPT;
  if (self->folder != NULL)
    cantiga_card_choice_save_async (self->folder, self->choice, NULL, choice_saved_cb, g_object_ref (self));
}

static void
card_chosen_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  CantigaCardOwner *owner = CANTIGA_CARD_OWNER (source);
  GError *error = NULL;
  g_autoptr (CantigaCardFound) found = CANTIGA_CARD_OWNER_GET_IFACE (owner)->choose_card_finish (owner, result, &error);

  if (found == NULL)
    return g_task_return_error (task, error);
  keep_choice (g_task_get_source_object (task), found->uri);
  use (task, found);
}

static CantigaCardFound *
find_uri (GPtrArray *all, const char *uri)
{
  for (guint i = 0; uri != NULL && i < all->len; i++)
    if (g_str_equal (((CantigaCardFound *)all->pdata[i])->uri, uri))
      return all->pdata[i];
  return NULL;
}

static void await_card (GTask *task, CantigaCardState state);

/* What this signer is bound to, by a signature or by a choice that was fixed; FALSE for nothing. ret_found NULL: it is not there. */
static gboolean
is_bound (CantigaCardSigner *self, GPtrArray *all, CantigaCardFound **ret_found)
{
  if (self->chosen != NULL)
    *ret_found = find_certificate (all, self->chosen);
  else if (self->choice_state == CHOICE_FIXED)
    *ret_found = find_uri (all, self->choice);
  else
    return FALSE;
  return TRUE;
}

static void
choose (GTask *task, GPtrArray *all)
{
  CantigaCardSigner *self = g_task_get_source_object (task);
  Sign *sign = g_task_get_task_data (task);
  CantigaCardOwnerInterface *iface = CANTIGA_CARD_OWNER_GET_IFACE (sign->owner);
  CantigaCardFound *found;

  if (is_bound (self, all, &found))
    return found != NULL ? use (task, found) : await_card (task, CANTIGA_CARD_STATE_OTHER_CARD);
  found = self->choice_state == CHOICE_KEPT ? find_uri (all, self->choice) : NULL;
  if (found == NULL && (all->len == 1 || iface->choose_card_async == NULL))
    found = all->pdata[0];
  if (found != NULL)
    return use (task, found);
  iface->choose_card_async (sign->owner, all, g_task_get_cancellable (task), card_chosen_cb, g_object_ref (task));
}

static gboolean
look_again_cb (gpointer user_data)
{
  look (user_data);
  return G_SOURCE_REMOVE;
}

/* The owner hears a state once, and says whether to go on looking. */
static void
await_card (GTask *task, CantigaCardState state)
{
  Sign *sign = g_task_get_task_data (task);
  CantigaCardOwnerInterface *iface = CANTIGA_CARD_OWNER_GET_IFACE (sign->owner);

  if (state != sign->told && (iface->await_card == NULL || !iface->await_card (sign->owner, state)))
    return fail_state (task, state);
  sign->told = state;
  cantiga_pause (task, LOOK_AGAIN_MS, look_again_cb);
}

/* The one that signed, or why it is not there. */
static CantigaCardState
state_of_chosen (CantigaCardSigner *self, GPtrArray *all)
{
  CantigaCardState state = cantiga_card_get_last_state (self->card);

  if (self->chosen == NULL || (all != NULL && find_certificate (all, self->chosen) != NULL))
    return CANTIGA_CARD_STATE_READY;
  if (all != NULL && all->len > 0)
    return CANTIGA_CARD_STATE_OTHER_CARD;
  return state == CANTIGA_CARD_STATE_NO_CARD ? CANTIGA_CARD_STATE_REMOVED : state;
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  CantigaCardSigner *self = g_task_get_source_object (task);
  Sign *sign = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GPtrArray) all = cantiga_card_list_finish (CANTIGA_CARD (source), result, &error);

  if (all == NULL)
    return g_task_return_error (task, error);
  if (sign->message == NULL && state_of_chosen (self, all) == CANTIGA_CARD_STATE_READY)
    return g_task_return_boolean (task, TRUE);
  if (sign->message == NULL)
    return await_card (task, state_of_chosen (self, all));
  if (all->len > 0)
    return choose (task, all);
  /* It was there before. */
  if (sign->found != NULL && cantiga_card_get_last_state (self->card) == CANTIGA_CARD_STATE_NO_CARD)
    return await_card (task, CANTIGA_CARD_STATE_REMOVED);
  await_card (task, cantiga_card_get_last_state (self->card));
}

static void
look (GTask *task)
{
  CantigaCardSigner *self = g_task_get_source_object (task);

  if (g_task_return_error_if_cancelled (task))
    return;
  cantiga_card_list_async (self->card, g_task_get_cancellable (task), listed_cb, g_object_ref (task));
}

/* What cannot be read counts as no choice. */
static void
choice_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  CantigaCardSigner *self = g_task_get_source_object (task);
  g_autofree char *choice = cantiga_card_choice_load_finish (result, NULL);

  if (self->choice_state == CHOICE_UNREAD)
    {
      self->choice = g_steal_pointer (&choice);
      self->choice_state = CHOICE_KEPT;
    }
  look (task);
}

/* NULL, and task has failed, if nobody is there to be asked. */
static Sign *
sign_new (GTask *task, GBytes *message)
{
  CantigaCardSigner *self = g_task_get_source_object (task);
  Sign *sign = g_new0 (Sign, 1);

  self->ended = 0;
  sign->message = message != NULL ? g_bytes_ref (message) : NULL;
  sign->owner = g_weak_ref_get (&self->owner);
  sign->told = CANTIGA_N_CARD_STATES;
  g_task_set_task_data (task, sign, (GDestroyNotify)sign_free);
  if (sign->owner != NULL)
    return sign;
  g_task_return_new_error (task, CANTIGA_ERROR, CANTIGA_ERROR_CARD_NEEDED, "Nobody is there to be asked for a card.");
  return NULL;
}

static void
sign_async (CantigaSigner *signer, GBytes *message, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  CantigaCardSigner *self = CANTIGA_CARD_SIGNER (signer);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, sign_async);
  if (sign_new (task, message) == NULL)
    return;
  if (self->choice_state == CHOICE_FIXED)
    keep_choice (self, self->choice);
  if (self->choice_state == CHOICE_UNREAD && self->folder != NULL)
    cantiga_card_choice_load_async (self->folder, cancellable, choice_read_cb, g_object_ref (task));
  else
    look (task);
}

static CantigaProof *
sign_finish (CantigaSigner *signer, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, sign_async), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
confirm_async (CantigaSigner *signer, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (signer, cancellable, callback, user_data);

  g_task_set_source_tag (task, confirm_async);
  if (CANTIGA_CARD_SIGNER (signer)->chosen == NULL)
    g_task_return_boolean (task, TRUE);
  else if (sign_new (task, NULL) != NULL)
    look (task);
}

static gboolean
confirm_finish (CantigaSigner *signer, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, confirm_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
cantiga_card_signer_signer_init (CantigaSignerInterface *iface)
{
  iface->sign_async = sign_async;
  iface->sign_finish = sign_finish;
  iface->confirm_async = confirm_async;
  iface->confirm_finish = confirm_finish;
}

/* ---- one look ---- */

static void
looked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = cantiga_card_list_finish (CANTIGA_CARD (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_int (task, (gssize)state_of_chosen (g_task_get_source_object (task), all));
}

void
cantiga_card_signer_look_async (CantigaCardSigner *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, cantiga_card_signer_look_async);
  cantiga_card_list_async (self->card, cancellable, looked_cb, task);
}

CantigaCardState
cantiga_card_signer_look_finish (CantigaCardSigner *self, GAsyncResult *result, GError **error)
{
  gssize state;

  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_card_signer_look_async), CANTIGA_CARD_STATE_CRASHED);
  state = g_task_propagate_int (G_TASK (result), error);
  return state >= 0 ? (CantigaCardState)state : CANTIGA_CARD_STATE_CRASHED;
}
