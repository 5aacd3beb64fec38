/* Whom the keeper trusts to issue cards, and which cards they revoked (docs/protocol.md 7): files, read again when they change. Thread: any. */
#pragma once

#include "core/chain.h"
#include "server/config.h"
#include "server/state.h"

G_BEGIN_DECLS

typedef struct _CantigaAuthorities CantigaAuthorities;

/* CANTIGA_ERROR_CONFIGURATION if a file holds something else, or if something is asked of cards that only authorities can answer and there are none. config must outlive it. */
CantigaAuthorities *cantiga_authorities_new (CantigaState *state, const CantigaConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_authorities_free (CantigaAuthorities *authorities);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaAuthorities, cantiga_authorities_free)

/* The authorities (X509), now. */
GPtrArray *cantiga_authorities_list (CantigaAuthorities *authorities);
/* The revocation lists (X509_CRL), now; NULL if the keeper asks for none. */
GPtrArray *cantiga_authorities_list_crls (CantigaAuthorities *authorities);
/* The card's chain, from the card up (X509), as of cantiga_card_chain_verify(). Where there are no authorities: the card alone, if its dates are right. ret_warning: what could not be read
 * again, and stays as it was before (NULL without). */
GPtrArray *cantiga_authorities_verify (CantigaAuthorities *authorities, GPtrArray *certificates, gint64 now, char **ret_warning,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
