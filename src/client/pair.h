/* From an invitation's link to a paired server (docs/protocol.md 14.1 to 14.4). Thread: main; keys are made in GTask's pool. */
#pragma once

#include "client/store.h"

G_BEGIN_DECLS

/* link: "cantiga://…"; copied to locked memory, the caller wipes its own. The paired server is in store when this is done.
 * CANTIGA_ERROR_INVITATION_REFUSED, CANTIGA_ERROR_SERVER_REFUSED, CANTIGA_ERROR_UNREACHABLE … */
void cantiga_pair_async (CantigaStore *store, const char *link, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/* Transfer full. */
CantigaPaired *cantiga_pair_finish (CantigaStore *store, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
