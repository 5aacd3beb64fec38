/* Sharing from this computer: the one door to the server inside (server/inside.h), for the pages that show it. Its folder has the keyring's marker
 * beside the server's own folder; the master key is in the keyring, or in a file of mode 0600 where there is none. Thread: main. */
#pragma once

#include <gio/gio.h>

#include "client/keyring.h"
#include "ui/share-entry.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_SHARING_OFF, /* the error says why if it was tried */
  CANTIGA_SHARING_STARTING,
  CANTIGA_SHARING_ON,
  CANTIGA_SHARING_STOPPING,
} CantigaSharingState;

/* What is being added. */
typedef struct
{
  gboolean active;
  guint at, n;   /* the file, from 0, of how many */
  double part;   /* of it, 0 to 1 */
  const char *name;
} CantigaSharingProgress;

/* Signals: "changed": something of state, titles, progress. "joined" (const char *name): an invitation was used. "added" (guint added, guint there,
 * GStrv failed, GError or NULL): adding has ended. */
#define CANTIGA_TYPE_SHARING (cantiga_sharing_get_type ())
G_DECLARE_FINAL_TYPE (CantigaSharing, cantiga_sharing, CANTIGA, SHARING, GObject)

/* folder: NULL for the person's own ($XDG_DATA_HOME/cantiga/sharing). */
CantigaSharing *cantiga_sharing_new (const char *folder);

/* Before it is started: where the master key is kept; AUTOMATIC unless told. */
void cantiga_sharing_set_keyring (CantigaSharing *sharing, CantigaKeyringChoice choice);
/* listen: "0.0.0.0:22684". Asked again while it is on or under way, nothing happens. */
void cantiga_sharing_start (CantigaSharing *sharing, const char *name, const char *listen);
void cantiga_sharing_stop (CantigaSharing *sharing);
/* Done when it is off, by the program's end. */
void cantiga_sharing_stop_async (CantigaSharing *sharing, GAsyncReadyCallback callback, gpointer user_data);
void cantiga_sharing_stop_finish (CantigaSharing *sharing, GAsyncResult *result);

CantigaSharingState cantiga_sharing_get_state (CantigaSharing *sharing);
const GError *cantiga_sharing_get_error (CantigaSharing *sharing);
const char *cantiga_sharing_get_name (CantigaSharing *sharing);
/* Where others reach it, "192.168.1.20:22684"; NULL while it is off. */
const char *cantiga_sharing_get_address (CantigaSharing *sharing);
/* The server's identity (UUID); NULL while it is off. */
const char *cantiga_sharing_get_server (CantigaSharing *sharing);
guint cantiga_sharing_get_titles (CantigaSharing *sharing);
/* Of CantigaShareEntry; they follow. The log has its newest line last. */
GListModel *cantiga_sharing_get_listeners (CantigaSharing *sharing);
GListModel *cantiga_sharing_get_cards (CantigaSharing *sharing);
GListModel *cantiga_sharing_get_log (CantigaSharing *sharing);

/* Files and folders. While it is on, one lot at a time: a second one follows the first. */
void cantiga_sharing_add (CantigaSharing *sharing, const char *const *paths, gboolean exportable);
void cantiga_sharing_stop_adding (CantigaSharing *sharing);
const CantigaSharingProgress *cantiga_sharing_get_progress (CantigaSharing *sharing);

/* The link is a secret: cantiga_link_free(). */
void cantiga_sharing_invite_async (CantigaSharing *sharing, const char *name, gboolean with_card, GAsyncReadyCallback callback, gpointer user_data);
char *cantiga_sharing_invite_finish (CantigaSharing *sharing, GAsyncResult *result, gint64 *ret_expires, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void cantiga_sharing_approve_card (CantigaSharing *sharing, const char *id);
void cantiga_sharing_revoke_card (CantigaSharing *sharing, const char *id);
void cantiga_sharing_add_card_async (CantigaSharing *sharing, const char *path, GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_sharing_add_card_finish (CantigaSharing *sharing, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
