/* Whoever proves a card to a session (docs/protocol.md 7): the card in the reader (client/card-signer.h), or a key in a test. Thread: main. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A card's proof. */
typedef struct
{
  GPtrArray *certificates; /* GBytes, DER, the card's first */
  char *algorithm;         /* "rsa-pkcs1-sha256" or "ecdsa-sha256" */
  GBytes *signature;       /* ECDSA: DER */
} CantigaProof;

CantigaProof *cantiga_proof_new (GPtrArray *certificates, const char *algorithm, GBytes *signature);
void cantiga_proof_free (CantigaProof *proof);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaProof, cantiga_proof_free)

#define CANTIGA_TYPE_SIGNER (cantiga_signer_get_type ())
G_DECLARE_INTERFACE (CantigaSigner, cantiga_signer, CANTIGA, SIGNER, GObject)

/* sign_async signs message as it is; it may ask its owner for a card and a PIN first, and take as long as the person does. confirm_async (may be NULL:
 * nothing to confirm) makes sure that the card that signed is still there, and asks its owner for it if it is not. */
struct _CantigaSignerInterface
{
  GTypeInterface parent;
  void (*sign_async) (CantigaSigner *signer, GBytes *message, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  CantigaProof *(*sign_finish) (CantigaSigner *signer, GAsyncResult *result, GError **error);
  void (*confirm_async) (CantigaSigner *signer, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*confirm_finish) (CantigaSigner *signer, GAsyncResult *result, GError **error);
};

void cantiga_signer_sign_async (CantigaSigner *signer, GBytes *message, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
CantigaProof *cantiga_signer_sign_finish (CantigaSigner *signer, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Before what a card is needed for, and a session alone is not: a play. */
void cantiga_signer_confirm_async (CantigaSigner *signer, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_signer_confirm_finish (CantigaSigner *signer, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
