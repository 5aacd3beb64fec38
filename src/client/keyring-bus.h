/* What the keyring's backend needs of the session's bus. Inner to src/client. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Whether anybody there keeps secrets: at once or not at all, as the bus's own patience is 25 seconds and more. CANTIGA_ERROR_KEYRING_ABSENT. */
void cantiga_keyring_reach_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_keyring_reach_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Where it was reached: borrowed from result; NULL if no bus was needed. */
GDBusConnection *cantiga_keyring_reach_get_bus (GAsyncResult *result);

/* In a Flatpak or the like, where libsecret asks the portal for one secret and seals its own file with it. */
gboolean cantiga_keyring_is_sandboxed (void);

/* libsecret before 0.21 subscribes to the portal's answer after it has asked, misses one that comes at once, and waits for ever. From start to stop,
 * `again` is called when an answer came and nothing followed: another question's answer is heard by who missed the first. NULL outside a sandbox,
 * or without a bus. */
typedef struct _CantigaPortalWatch CantigaPortalWatch;

CantigaPortalWatch *cantiga_portal_watch_start (GDBusConnection *bus, void (*again) (gpointer user_data), gpointer user_data);
/* NULL too. */
void cantiga_portal_watch_stop (CantigaPortalWatch *watch);

G_END_DECLS
