/* Proves the card in the reader to a session, asking its owner (a terminal, a window) what a person must say: which card, which PIN, whether to wait.
 * Thread: main. */
#pragma once

#include "client/card.h"
#include "client/signer.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_CARD_OWNER (cantiga_card_owner_get_type ())
G_DECLARE_INTERFACE (CantigaCardOwner, cantiga_card_owner, CANTIGA, CARD_OWNER, GObject)

struct _CantigaCardOwnerInterface
{
  GTypeInterface parent;

  /* There is no card that can be used, and this is why; said again when it changes. TRUE: go on looking (twice a second, until cancelled); FALSE, or
   * no such function: give up with the state's error. */
  gboolean (*await_card) (CantigaCardOwner *owner, CantigaCardState state);
  /* Which of several (CantigaCardFound; two or more). NULL with an error: none. Not needed: the first is taken. */
  void (*choose_card_async) (CantigaCardOwner *owner, GPtrArray *found, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  CantigaCardFound *(*choose_card_finish) (CantigaCardOwner *owner, GAsyncResult *result, GError **error);
  /* The PIN of found, whose tries and lengths say what to warn of. state: PIN_WANTED, LAST_TRY, or PIN_WRONG after a wrong one with more tries left.
   * NULL with an error: the person gave up. */
  void (*ask_pin_async) (CantigaCardOwner *owner, CantigaCardFound *found, CantigaCardState state, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data);
  CantigaSecret *(*ask_pin_finish) (CantigaCardOwner *owner, GAsyncResult *result, GError **error);
};

/* A CantigaSigner. The card that signed once is taken again without asking, and without a PIN as long as it needs none. */
#define CANTIGA_TYPE_CARD_SIGNER (cantiga_card_signer_get_type ())
G_DECLARE_FINAL_TYPE (CantigaCardSigner, cantiga_card_signer, CANTIGA, CARD_SIGNER, GObject)

/* owner is not kept alive: without it, signing fails. */
CantigaSigner *cantiga_card_signer_new (CantigaCard *card, CantigaCardOwner *owner);

G_END_DECLS
