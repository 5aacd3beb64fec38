/* Waiting without blocking, and when to try again. Inner to src/client. */
#pragma once

#include <gio/gio.h>

#include "core/error.h"

G_BEGIN_DECLS

/* Calls callback (task as its data) once: after milliseconds, or as soon as task's cancellable is cancelled. */
void cantiga_pause (GTask *task, guint milliseconds, GSourceFunc callback);
/* Whether the server asked for patience (429, 503). */
gboolean cantiga_error_is_patience (const GError *error);
/* How long to wait when it did, in ms: its Retry-After, at least half a second, at most most. */
guint cantiga_patience (guint retry_after, guint most);

G_END_DECLS
