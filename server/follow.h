/* A library that follows folders: what is put into them is sealed and listed, what is taken out goes from the list. One thread of its own; it reads
 * strangers' files through the same child as every import (server/import.h).
 *
 * A file is taken once whoever wrote it has closed it and it stayed as it is for a while; one that is still being copied is not. A file that is renamed or
 * moved stays the same title. A folder that is gone, or empty as a whole, takes nothing out of the library: a disk that is not mounted looks so. */
#pragma once

#include "server/import.h"

G_BEGIN_DECLS

typedef struct _CantigaFollow CantigaFollow;

typedef enum
{
  CANTIGA_FOLLOW_ADDED,
  CANTIGA_FOLLOW_REMOVED,
  CANTIGA_FOLLOW_PASSED_OVER, /* not media, or not to be read: detail says why */
  CANTIGA_FOLLOW_FAILED,      /* the store failed, or a folder is not there: detail says why */
} CantigaFollowEvent;
/* From the follower's thread. title: of what was added. */
typedef void (*CantigaFollowFunc) (CantigaFollowEvent event, const char *path, const CantigaTitle *title, const char *detail, gpointer user_data);

/* What it works with is borrowed; folders are absolute paths. */
CantigaFollow *cantiga_follow_start (CantigaState *state, CantigaPki *pki, CantigaLedger *ledger, const char *const *folders, gboolean exportable,
                                     CantigaFollowFunc func, gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Waits for the file under way to be given up; nothing half made stays. */
void cantiga_follow_stop (CantigaFollow *follow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaFollow, cantiga_follow_stop)

G_END_DECLS
