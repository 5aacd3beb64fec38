/* The Authorization header of sealed requests and of chunk requests (docs/protocol.md 5.4, 10.2). */
#pragma once

#include "core/wire.h"

G_BEGIN_DECLS

/* "Cantiga <session>" and, for a request without body, ".<envelope>" (5.4). Free with g_free(). */
char *cantiga_authorization_create (const CantigaId *session, GBytes *envelope_or_null);
/* Takes apart "Cantiga <session>[.<rest>[.<rest2>]]"; ret_parts: 0 to 2 strings after the session, free with g_strfreev(). CANTIGA_ERROR_NOT_AUTHENTICATED. */
gboolean cantiga_authorization_consume (const char *header, CantigaId *ret_session, GStrv *ret_parts, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
