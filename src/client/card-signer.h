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
   * NULL with an error: the person gave up; or cancelled, also because the card is not there any more. */
  void (*ask_pin_async) (CantigaCardOwner *owner, CantigaCardFound *found, CantigaCardState state, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data);
  CantigaSecret *(*ask_pin_finish) (CantigaCardOwner *owner, GAsyncResult *result, GError **error);
  /* The PIN is typed on the reader, or in a window of the card's own module (found->pin says which), from now until the signature is there. Not
   * needed. */
  void (*point_elsewhere) (CantigaCardOwner *owner, CantigaCardFound *found);
};

/* A CantigaSigner. The card that signed once is taken again without asking, and without a PIN as long as it needs none; no other card takes its place
 * until cantiga_card_signer_release(). Each card that comes in its stead is told as OTHER_CARD. */
#define CANTIGA_TYPE_CARD_SIGNER (cantiga_card_signer_get_type ())
G_DECLARE_FINAL_TYPE (CantigaCardSigner, cantiga_card_signer, CANTIGA, CARD_SIGNER, GObject)

/* owner is not kept alive: without it, signing fails. */
CantigaSigner *cantiga_card_signer_new (CantigaCard *card, CantigaCardOwner *owner);
/* A choice among several certificates is kept in this state folder, as a PKCS#11 URI, and taken the next time. Before the first signature. */
void cantiga_card_signer_remember (CantigaCardSigner *signer, const char *folder);
/* Another choice than the one that is kept, which it replaces: the certificate of this URI and no other, or NULL: the owner is asked among several. */
void cantiga_card_signer_choose (CantigaCardSigner *signer, const char *uri);
/* The one that signed last; borrowed, NULL for none. */
GBytes *cantiga_card_signer_get_certificate (CantigaCardSigner *signer);
/* When the certificate ended that could not be used last for that reason: seconds since 1970; 0: none. */
gint64 cantiga_card_signer_get_ended (CantigaCardSigner *signer);
/* Any card may sign the next time. */
void cantiga_card_signer_release (CantigaCardSigner *signer);

/* One look for the card that signed: READY if it is there (or none has signed yet), REMOVED, OTHER_CARD, or why no card can be seen. With an error
 * only if cancelled. */
void cantiga_card_signer_look_async (CantigaCardSigner *signer, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
CantigaCardState cantiga_card_signer_look_finish (CantigaCardSigner *signer, GAsyncResult *result, GError **error);

G_END_DECLS
