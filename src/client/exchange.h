/* One sealed message and its answer, whatever the network does to them (docs/protocol.md 5, 6.2). Inner to src/client. */
#pragma once

#include "client/transport.h"
#include "core/channel.h"

G_BEGIN_DECLS

/* channel is the caller's and stays so until the answer is there; nothing else is sealed on it meanwhile. body: NULL for GET. A lost or damaged
 * answer is asked again with the same bytes, three times; 429 and 503 are waited out. cancellable breaks the channel's turn: only for whoever gives
 * the channel up with it. */
void cantiga_exchange_async (CantigaTransport *transport, CantigaChannel *channel, const char *method, const char *path, JsonObject *body,
                             GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/* The answer, which may be a sealed problem: the channel goes on. With an error the channel is lost. ret_stream (may be NULL): of an answer that
 * carries a grant. */
JsonObject *cantiga_exchange_finish (GAsyncResult *result, CantigaStream **ret_stream, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
