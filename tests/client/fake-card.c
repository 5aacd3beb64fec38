#include "fake.h"

#include <openssl/evp.h>

static void fake_card_signer_init (CantigaSignerInterface *iface);
G_DEFINE_FINAL_TYPE_WITH_CODE (FakeCard, fake_card, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (CANTIGA_TYPE_SIGNER, fake_card_signer_init))

static void
fake_card_finalize (GObject *object)
{
  FakeCard *self = FAKE_CARD (object);

  EVP_PKEY_free (self->key);
  g_ptr_array_unref (self->certificates);
  g_clear_error (&self->error);
  g_clear_object (&self->held);
  g_clear_pointer (&self->message, g_bytes_unref);
  G_OBJECT_CLASS (fake_card_parent_class)->finalize (object);
}

static void
fake_card_class_init (FakeCardClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_card_finalize;
}

static void
fake_card_init (FakeCard *self)
{
}

FakeCard *
fake_card_new (EVP_PKEY *key, GPtrArray *certificates)
{
  FakeCard *self = g_object_new (FAKE_TYPE_CARD, NULL);

  g_assert_cmpint (EVP_PKEY_up_ref (key), ==, 1);
  self->key = key;
  self->certificates = g_ptr_array_ref (certificates);
  return self;
}

static CantigaProof *
sign (FakeCard *self, GBytes *message)
{
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  guint8 bytes[512];
  size_t length = sizeof bytes;
  g_autoptr (GBytes) signature = NULL;

  g_assert_cmpint (EVP_DigestSignInit (context, NULL, EVP_sha256 (), NULL, self->key), ==, 1);
  g_assert_cmpint (EVP_DigestSign (context, bytes, &length, g_bytes_get_data (message, NULL), g_bytes_get_size (message)), ==, 1);
  EVP_MD_CTX_free (context);
  signature = g_bytes_new (bytes, length);
  self->signatures++;
  return cantiga_proof_new (self->certificates, "ecdsa-sha256", signature);
}

static void
fake_card_sign_async (CantigaSigner *signer, GBytes *message, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  FakeCard *self = FAKE_CARD (signer);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  if (self->error != NULL)
    return g_task_return_error (task, g_error_copy (self->error));
  if (!self->hold)
    return g_task_return_pointer (task, sign (self, message), (GDestroyNotify)cantiga_proof_free);
  g_set_object (&self->held, task);
  g_clear_pointer (&self->message, g_bytes_unref);
  self->message = g_bytes_ref (message);
}

void
fake_card_release (FakeCard *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->held);

  g_task_return_pointer (task, sign (self, self->message), (GDestroyNotify)cantiga_proof_free);
}

static CantigaProof *
fake_card_sign_finish (CantigaSigner *signer, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
fake_card_signer_init (CantigaSignerInterface *iface)
{
  iface->sign_async = fake_card_sign_async;
  iface->sign_finish = fake_card_sign_finish;
}
