/* A card that is no more than a key in memory, for a demo on a computer without a reader: made when it is asked for, gone with the program, without a
 * PIN. It is worth nothing beyond the demo's own server. Thread: main. */
#pragma once

#include "client/signer.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_MADE_CARD (cantiga_made_card_get_type ())
G_DECLARE_FINAL_TYPE (CantigaMadeCard, cantiga_made_card, CANTIGA, MADE_CARD, GObject)

/* holder: whose name is on it. A CantigaSigner; NULL with CANTIGA_ERROR_INTERNAL. */
CantigaSigner *cantiga_made_card_new (const char *holder, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
