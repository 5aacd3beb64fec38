/* The server's authority, leaves and publisher. Thread: any, once open (immutable; the revocation list is replaced whole). */
#pragma once

#include "core/chain.h"
#include "core/handshake.h"
#include "server/state.h"

G_BEGIN_DECLS

typedef struct _CantigaPki CantigaPki;

/* Used by cantiga_state_init(): makes authority (P-256, 10 years), server leaves for RSA, ECDSA, EDDSA (1 year), publisher (Ed25519, 10 years). */
gboolean cantiga_pki_create (const char *folder, CantigaSecret *master, const char *name, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Leaves past two thirds of their time are issued anew when opened. */
CantigaPki *cantiga_pki_open (CantigaState *state, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Gives the three server leaves new keys; the old ones are on every revocation list from now on. A server that runs takes them up when it is restarted. */
gboolean cantiga_pki_rotate (CantigaState *state, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Another authority (10 years), which issues everything from now on; the one before is the older one, for players that know no other, until it is retired (docs/protocol.md 14.8). A server that runs takes it up
 * when it is restarted. CANTIGA_ERROR_CONFIGURATION while there is an older one. */
gboolean cantiga_pki_rotate_authority (CantigaState *state, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The older one's keys and certificates go; no error if there is none. */
gboolean cantiga_pki_retire_authority (CantigaState *state, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes the private keys in folder to new_folder, under another master key. */
gboolean cantiga_pki_copy_keys (const char *folder, CantigaSecret *master, const char *new_folder, CantigaSecret *new_master, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whose keys are in folder, if they open with master; else NULL. Free with g_free(). */
char *cantiga_pki_dup_server_of (const char *folder, CantigaSecret *master);
void cantiga_pki_free (CantigaPki *pki);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaPki, cantiga_pki_free)

/* The same server under the authority that is being retired, for all functions below; NULL if there is none. Borrowed. */
CantigaPki *cantiga_pki_get_older (CantigaPki *pki);
/* Whether what was issued last to a player is of the authority that is being retired. issuer: as of cantiga_certificate_dup_issuer_key_id(). NULL where it was not kept yet: then it is told by the end of its newest
 * certificate. */
gboolean cantiga_pki_is_of_older (CantigaPki *pki, const char *issuer, gint64 expires);
const char *cantiga_pki_get_name (CantigaPki *pki);
const char *cantiga_pki_get_server (CantigaPki *pki);              /* UUID */
X509 *cantiga_pki_get_authority (CantigaPki *pki);
CantigaIdentity *cantiga_pki_get_identity (CantigaPki *pki, CantigaAuth auth);
CantigaIdentity *cantiga_pki_get_publisher (CantigaPki *pki);
/* Issues a player's certificate (90 days): the chain, leaf first, without the authority (GBytes). uuid: one a player. */
GPtrArray *cantiga_pki_issue_player (CantigaPki *pki, EVP_PKEY *key, const char *name, const char *uuid, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A revocation list of serials (hexadecimal) and of the server's own leaves that were rotated out, good for 7 days. */
X509_CRL *cantiga_pki_issue_crl (CantigaPki *pki, const char *const *serials, gint64 number, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What tells such a list's contents from others', whatever their order; free with g_free(). */
char *cantiga_pki_dup_crl_digest (CantigaPki *pki, const char *const *serials);

G_END_DECLS
