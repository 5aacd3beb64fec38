/* One signature with a card's authentication key. */
#pragma once

#include "card/survey.h"
#include "core/secret.h"

G_BEGIN_DECLS

typedef struct
{
  CantigaCardState state; /* READY: signed */
  CantigaCardTries tries;
  gsize pin_min;
  gsize pin_max;
  const char *algorithm; /* static; NULL without a signature */
  GBytes *signature;
} CantigaSigned;

void cantiga_signed_clear (CantigaSigned *signed_);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CantigaSigned, cantiga_signed_clear)

/* Signs message as it is with the key of the certificate of that URI. pin may be NULL. A wrong PIN is never tried again. */
void cantiga_sign_with_card (GPtrArray *modules, const char *uri, GBytes *message, CantigaSecret *pin, CantigaSigned *ret_signed);

G_END_DECLS
