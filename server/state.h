/* The server's state folder (0700), and what is kept in it:
 *   master.key        32 bytes, 0600; or given from outside (server/master.h)
 *   server.conf       may be absent: everything has a default
 *   pki/              authority, three server leaves, publisher: certificates in PEM (.pem), keys in PKCS#8/PBES2 (.key); serials of leaves that were rotated out (revoked)
 *   pki/card-authorities/   PEM files of card authorities, if the keeper wants cards chained to them
 *   ledger.sqlite     cards, players, invitations, licences, plays, titles
 *   library/          sealed titles
 *   .lock             held by every program that has the state open
 *   .serving          held by the server whose ledger is in the state
 *   NAME.replaced.N   what a restored backup took the place of
 *   .backup           a backup that is being made, or was killed half way
 *   .rotating, .rotated   a change of the master key that is under way, or was killed half way (server/rotation.h)
 * Thread: any, once open. */
#pragma once

#include "core/secret.h"

G_BEGIN_DECLS

typedef struct _CantigaState CantigaState;

/* Makes the folder and everything in it. CANTIGA_ERROR_CONFIGURATION if there is one already: nothing is changed. name: the server's, shown to listeners. A run that was killed
 * half way leaves nothing that looks whole: the folder is built beside its place and renamed, or a marker written last. */
gboolean cantiga_state_init (const char *folder, const char *name, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether there is one, or what is left of one: init would refuse. */
gboolean cantiga_state_exists (const char *folder);
/* Opens one; refuses a folder or key that others can read, with what to type. Finishes what another program was killed at. CANTIGA_ERROR_BUSY while the master key is being changed. */
CantigaState *cantiga_state_open (const char *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_state_free (CantigaState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaState, cantiga_state_free)

const char *cantiga_state_get_folder (CantigaState *state);
CantigaSecret *cantiga_state_get_master (CantigaState *state);
/* FALSE: it was given from outside. */
gboolean cantiga_state_keeps_master (CantigaState *state);
/* A change of the master key that another program was stopped at was finished when this was opened. */
gboolean cantiga_state_finished_rotation (CantigaState *state);
/* Keeps every other program from opening the state, as long as this one has it open. CANTIGA_ERROR_BUSY if one has. */
gboolean cantiga_state_lock_alone (CantigaState *state, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Puts parts of a state (ledger.sqlite, pki, library, master.key, server.conf, audit.log) in their place that build makes in building; what stands there is set aside (NAME.replaced.1, …). A run that was killed is
 * forgotten, or finished by who opens the state next. The folder is made if it is not there. CANTIGA_ERROR_BUSY if a program has the state open. */
typedef gboolean (*CantigaStateBuild) (const char *building, gpointer user_data, GError **error);
gboolean cantiga_state_replace (const char *folder, CantigaStateBuild build, gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For a server whose ledger is in the state: from now on no other one may serve it, until the state is freed or the program dies. CANTIGA_ERROR_BUSY if one does. */
gboolean cantiga_state_lock_serving (CantigaState *state, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Where its ledger is: configured, or else its own file; free with g_free(). */
char *cantiga_state_dup_ledger (CantigaState *state, const char *configured);
/* A path within it; free with g_free(). */
char *cantiga_state_dup_path (CantigaState *state, const char *name);

G_END_DECLS
