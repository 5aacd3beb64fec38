#include "client/made-card.h"

#include "core/chain.h"

#define HOUR (60 * 60)
#define GOOD_FOR (30 * 24 * HOUR)

struct _CantigaMadeCard
{
  GObject parent;

  /* owned */
  EVP_PKEY *key;
  GPtrArray *certificates; /* GBytes: the card's, its authority's */
};

static void cantiga_made_card_signer_init (CantigaSignerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CantigaMadeCard, cantiga_made_card, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (CANTIGA_TYPE_SIGNER, cantiga_made_card_signer_init))

static void
cantiga_made_card_finalize (GObject *object)
{
  CantigaMadeCard *self = CANTIGA_MADE_CARD (object);

  g_clear_pointer (&self->key, EVP_PKEY_free);
  g_clear_pointer (&self->certificates, g_ptr_array_unref);
  G_OBJECT_CLASS (cantiga_made_card_parent_class)->finalize (object);
}

static void
cantiga_made_card_class_init (CantigaMadeCardClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cantiga_made_card_finalize;
}

static void
cantiga_made_card_init (CantigaMadeCard *self)
{
}

static void
sign_async (CantigaSigner *signer, GBytes *message, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  CantigaMadeCard *self = CANTIGA_MADE_CARD (signer);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;
  g_autoptr (GBytes) signature = cantiga_sign_card (self->key, g_bytes_get_data (message, NULL), g_bytes_get_size (message), &error);

  if (signature != NULL)
    g_task_return_pointer (task, cantiga_proof_new (self->certificates, "ecdsa-sha256", signature), (GDestroyNotify)cantiga_proof_free);
  else
    g_task_return_error (task, error);
}

static CantigaProof *
sign_finish (CantigaSigner *signer, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
cantiga_made_card_signer_init (CantigaSignerInterface *iface)
{
  iface->sign_async = sign_async;
  iface->sign_finish = sign_finish;
}

CantigaSigner *
cantiga_made_card_new (const char *holder, GError **error)
{
  g_autoptr (CantigaMadeCard) self = g_object_new (CANTIGA_TYPE_MADE_CARD, NULL);
  g_autoptr (EVP_PKEY) authority_key = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, error);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (X509) authority = NULL, card = NULL;

  self->key = authority_key != NULL ? cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, error) : NULL;
  if (self->key == NULL)
    return NULL;
  authority = cantiga_authority_issue (authority_key, "Cantiga's demo", now - HOUR, now + GOOD_FOR, error);
  if (authority == NULL)
    return NULL;
  card = cantiga_certificate_issue (authority, authority_key, self->key, CANTIGA_USAGE_CARD, holder, NULL, now - HOUR, now + GOOD_FOR, error);
  if (card == NULL)
    return NULL;
  self->certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_ptr_array_add (self->certificates, cantiga_certificate_encode (card));
  g_ptr_array_add (self->certificates, cantiga_certificate_encode (authority));
  return CANTIGA_SIGNER (g_steal_pointer (&self));
}
