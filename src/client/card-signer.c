#include "client/card-signer.h"

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
  GBytes *chosen; /* the certificate that signed last */
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

/* ---- one signature: look, choose, ask for the PIN, sign ---- */

typedef struct
{
  GBytes *message;
  CantigaCardOwner *owner;
  CantigaCardFound *found;
  CantigaCardState told; /* what the owner heard last; CANTIGA_N_CARD_STATES for nothing */
} Sign;

static void
sign_free (Sign *sign)
{
  g_bytes_unref (sign->message);
  g_clear_object (&sign->owner);
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
static void ask_pin (GTask *task, CantigaCardState state);

static CantigaProof *
proof_of (CantigaCardFound *found, const char *algorithm, GBytes *signature)
{
  g_autoptr (GPtrArray) certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  g_ptr_array_add (certificates, g_bytes_ref (found->certificate));
  return cantiga_proof_new (certificates, algorithm, signature);
}

/* A wrong PIN is asked for anew, never tried again by itself; a card that was taken out is looked for again. */
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
  if (wrong)
    return ask_pin (task, state);
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

static void
pin_asked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  CantigaCardOwner *owner = CANTIGA_CARD_OWNER (source);
  GError *error = NULL;
  CantigaSecret *pin = CANTIGA_CARD_OWNER_GET_IFACE (owner)->ask_pin_finish (owner, result, &error);

  if (pin != NULL)
    sign_with (task, pin);
  else
    g_task_return_error (task, error);
}

static void
ask_pin (GTask *task, CantigaCardState state)
{
  Sign *sign = g_task_get_task_data (task);

  CANTIGA_CARD_OWNER_GET_IFACE (sign->owner)
      ->ask_pin_async (sign->owner, sign->found, state, g_task_get_cancellable (task), pin_asked_cb, g_object_ref (task));
}

/* A PIN that the reader or the card's own window asks for never passes through here. */
static void
use (GTask *task, CantigaCardFound *found)
{
  Sign *sign = g_task_get_task_data (task);

  g_clear_pointer (&sign->found, cantiga_card_found_unref);
  sign->found = cantiga_card_found_ref (found);
  if (found->state == CANTIGA_CARD_STATE_BLOCKED || found->state == CANTIGA_CARD_STATE_CERTIFICATE_INVALID)
    return fail_state (task, found->state);
  if (found->state == CANTIGA_CARD_STATE_READY || found->pin != CANTIGA_CARD_PIN_ASKED)
    return sign_with (task, NULL);
  ask_pin (task, found->state);
}

/* ---- which card ---- */

static void
card_chosen_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  CantigaCardOwner *owner = CANTIGA_CARD_OWNER (source);
  GError *error = NULL;
  g_autoptr (CantigaCardFound) found = CANTIGA_CARD_OWNER_GET_IFACE (owner)->choose_card_finish (owner, result, &error);

  if (found != NULL)
    use (task, found);
  else
    g_task_return_error (task, error);
}

static void
choose (GTask *task, GPtrArray *all)
{
  CantigaCardSigner *self = g_task_get_source_object (task);
  Sign *sign = g_task_get_task_data (task);
  CantigaCardOwnerInterface *iface = CANTIGA_CARD_OWNER_GET_IFACE (sign->owner);

  for (guint i = 0; self->chosen != NULL && i < all->len; i++)
    if (g_bytes_equal (((CantigaCardFound *)all->pdata[i])->certificate, self->chosen))
      return use (task, all->pdata[i]);
  if (all->len == 1 || iface->choose_card_async == NULL)
    return use (task, all->pdata[0]);
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

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GPtrArray) all = cantiga_card_list_finish (CANTIGA_CARD (source), result, &error);

  if (all == NULL)
    return g_task_return_error (task, error);
  if (all->len > 0)
    return choose (task, all);
  await_card (task, cantiga_card_get_last_state (CANTIGA_CARD (source)));
}

static void
look (GTask *task)
{
  CantigaCardSigner *self = g_task_get_source_object (task);

  if (g_task_return_error_if_cancelled (task))
    return;
  cantiga_card_list_async (self->card, g_task_get_cancellable (task), listed_cb, g_object_ref (task));
}

static void
sign_async (CantigaSigner *signer, GBytes *message, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  CantigaCardSigner *self = CANTIGA_CARD_SIGNER (signer);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Sign *sign = g_new0 (Sign, 1);

  sign->message = g_bytes_ref (message);
  sign->owner = g_weak_ref_get (&self->owner);
  sign->told = CANTIGA_N_CARD_STATES;
  g_task_set_source_tag (task, sign_async);
  g_task_set_task_data (task, sign, (GDestroyNotify)sign_free);
  if (sign->owner == NULL)
    return g_task_return_new_error (task, CANTIGA_ERROR, CANTIGA_ERROR_CARD_NEEDED, "Nobody is there to be asked for a card.");
  look (task);
}

static CantigaProof *
sign_finish (CantigaSigner *signer, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, sign_async), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
cantiga_card_signer_signer_init (CantigaSignerInterface *iface)
{
  iface->sign_async = sign_async;
  iface->sign_finish = sign_finish;
}
