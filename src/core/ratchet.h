/* One direction's chain: a key and the number of its next message (docs/protocol.md 6.1). The next state is made beside the present one and
 * committed once all went well, so that a forged or damaged message changes nothing. */
#pragma once

#include "core/secret.h"
#include "core/suite.h"

G_BEGIN_DECLS

/* A plain value. Declare as `g_auto (CantigaRatchet) next = CANTIGA_RATCHET_INIT;`. */
typedef struct
{
  CantigaKey key;
  guint64 number;
} CantigaRatchet;

#define CANTIGA_RATCHET_INIT { CANTIGA_KEY_INIT, 0 }

void cantiga_ratchet_clear (CantigaRatchet *ratchet);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CantigaRatchet, cantiga_ratchet_clear)

/* Where the chain stands after a message of this text. */
gboolean cantiga_ratchet_turn (const CantigaRatchet *ratchet, CantigaDigest digest, const CantigaKey *rotation, GBytes *text,
                               CantigaRatchet *ret_next, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Puts next in the place of ratchet, whose key is wiped; next is cleared. */
void cantiga_ratchet_commit (CantigaRatchet *ratchet, CantigaRatchet *next);

G_END_DECLS
