/* Invitations and what is said with them (docs/protocol.md 14; docs/pairing.pv). */
#pragma once

#include "core/chain.h"
#include "core/wire.h"

G_BEGIN_DECLS

typedef struct
{
  char *host;            /* as in the link; IPv6 without brackets */
  guint16 port;
  CantigaId id;
  CantigaSecret *secret; /* 32 bytes */
  guint8 pin[32];
} CantigaInvitation;

/* For a server at url, which is "http://host:port" and nothing else; CANTIGA_ERROR_CONFIGURATION. */
CantigaInvitation *cantiga_invitation_new (const char *url, X509 *authority, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* CANTIGA_ERROR_INVITATION_REFUSED with what is wrong with the link. */
CantigaInvitation *cantiga_invitation_parse (const char *link, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_invitation_free (CantigaInvitation *invitation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaInvitation, cantiga_invitation_free)
/* The link holds the secret: wipe and free with cantiga_link_free(). */
char *cantiga_invitation_format (const CantigaInvitation *invitation);
void cantiga_link_free (char *link);
/* "http://host:port". */
char *cantiga_invitation_dup_url (const CantigaInvitation *invitation);

/* Player: 14.2's body → 14.3's body. keys: EVP_PKEY, one a certificate wanted, 1 to 3, each of another AUTH. ret_authority, ret_server: pinned if 14.4
 * succeeds. CANTIGA_ERROR_SERVER_REFUSED if it is not the server that the invitation is from. */
gboolean cantiga_pairing_create_request (const CantigaInvitation *invitation, GBytes *offer, GPtrArray *keys, GBytes **ret_request, X509 **ret_authority,
                                         char **ret_server, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Player: 14.4's body → identities (CantigaIdentity), in the order of keys. CANTIGA_ERROR_SERVER_REFUSED if the mac is not the server's,
 * CANTIGA_ERROR_CERTIFICATE_REFUSED if a certificate is not for its key or not of authority. */
GPtrArray *cantiga_pairing_consume_answer (const CantigaInvitation *invitation, GBytes *answer, GPtrArray *keys, X509 *authority, const char *server,
                                           gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Server: body of 14.2. */
GBytes *cantiga_pairing_create_offer (const char *name, const char *server, X509 *authority);
/* Server: which invitation a body of 14.3 speaks of. */
gboolean cantiga_pairing_peek (GBytes *request, CantigaId *ret_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Server: checks the mac and the CSRs; returns EVP_PKEYs. CANTIGA_ERROR_INVITATION_REFUSED. */
GPtrArray *cantiga_pairing_consume_request (GBytes *request, const CantigaId *id, CantigaSecret *secret, X509 *authority, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Server: chains is a GPtrArray of GPtrArray of GBytes. */
GBytes *cantiga_pairing_create_answer (const CantigaId *id, CantigaSecret *secret, const char *server, GPtrArray *chains, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Renewal (14.6), both ends: requests with CN = session; answers without mac. */
GBytes *cantiga_renewal_create_request (const CantigaId *session, GPtrArray *keys, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *cantiga_renewal_consume_request (GBytes *request, const CantigaId *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* authority: one that the player is to pin in the place of the session's, or NULL (14.8). */
GBytes *cantiga_renewal_create_answer (GPtrArray *chains, X509 *authority);
/* authority: the session's. ret_authority: the one to pin from now on, if it is another; else NULL. */
GPtrArray *cantiga_renewal_consume_answer (GBytes *answer, GPtrArray *keys, X509 *authority, gint64 now, X509 **ret_authority, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
