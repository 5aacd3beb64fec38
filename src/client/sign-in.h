/* One way from nothing to an open channel: handshake and card proof, a step at a time (docs/protocol.md 3, 7). Inner to src/client. */
#pragma once

#include "client/session.h"

G_BEGIN_DECLS

/* Where to, as whom; all borrowed but copied by reference. */
typedef struct
{
  CantigaTransport *transport;
  CantigaStore *store;
  CantigaPaired *paired;
  GStrv suites; /* expanded, strongest first */
  CantigaSigner *signer;
} CantigaSignInTerms;

/* detail may be NULL. */
typedef void (*CantigaSignInStepFunc) (CantigaStep step, CantigaStepState state, const char *detail, gpointer user_data);

/* What it leads to. */
typedef struct
{
  CantigaChannel *channel;
  char *listener;
  X509 *authority;            /* that it was opened under */
  gboolean is_asked_to_renew; /* docs/protocol.md 14.8 */
  gint64 crl_number;
  gint64 not_before; /* of this player's certificate */
  gint64 not_after;
} CantigaSignedIn;

void cantiga_signed_in_free (CantigaSignedIn *signed_in);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaSignedIn, cantiga_signed_in_free)

/* step may be NULL; it is not called after the callback. */
void cantiga_sign_in_async (const CantigaSignInTerms *terms, CantigaSignInStepFunc step, gpointer step_data, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
CantigaSignedIn *cantiga_sign_in_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
