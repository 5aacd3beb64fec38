/* The person at the terminal as the owner of a card: which card, which PIN, whether to wait for one. Thread: main. */
#pragma once

#include "client/card-signer.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_TERMINAL_OWNER (cantiga_terminal_owner_get_type ())
G_DECLARE_FINAL_TYPE (CantigaTerminalOwner, cantiga_terminal_owner, CANTIGA, TERMINAL_OWNER, GObject)

/* pin: of --pin-fd, taken; NULL: it is asked for. last_try: that PIN may be the last try. */
CantigaTerminalOwner *cantiga_terminal_owner_new (CantigaSecret *pin, gboolean last_try);

G_END_DECLS
