/* Changing the master key of a state (docs/protocol.md 13.6): prepared beside, valid by one rename, then put in its place. A run that was killed is forgotten or finished by whoever
 * opens the state next. Thread: any; cantiga_rotation_run() with no other program at the state (cantiga_state_lock_alone()). */
#pragma once

#include "server/state.h"

G_BEGIN_DECLS

/* From the state's master key to new_master, which is also written to its place if the state keeps its own. ledger: the address of one in PostgreSQL, which is sealed anew in its place, and whose commit is what
 * makes all of it valid (CANTIGA_ERROR_BUSY if any server has it open, on whatever machine); NULL: it is in the state. ret_left: names of files of the library that did not open and stay as they
 * are (char *). The state is of no use after it: open it again. */
gboolean cantiga_rotation_run (CantigaState *state, const char *ledger, CantigaSecret *new_master, GPtrArray **ret_left, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether one waits to be put in its place. */
gboolean cantiga_rotation_is_ready (const char *folder);
/* Puts it there: again and again, if need be. No key is needed, but a ledger in PostgreSQL must be there to say whether it is valid (CANTIGA_ERROR_BUSY); if it is not, it is forgotten. ret_finished: it
 * was, and now is in its place. With the folder locked. */
gboolean cantiga_rotation_finish (const char *folder, gboolean *ret_finished, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
