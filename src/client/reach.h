/* Whether a server that this player is paired with answers at its address, asked without signing in (docs/protocol.md 14.2). It proves nothing: signing
 * in does. Thread: main. */
#pragma once

#include "client/paired.h"

G_BEGIN_DECLS

/* Some seconds at most. */
void cantiga_reach_async (CantigaPaired *paired, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/* FALSE: nobody answers there, or it is another server. CANTIGA_ERROR_UNREACHABLE, CANTIGA_ERROR_NOT_FOUND, G_IO_ERROR_CANCELLED … */
gboolean cantiga_reach_finish (CantigaPaired *paired, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
