/* Asks the responder that a card's certificate names whether the card was revoked (docs/protocol.md 7), where the keeper allows it. Answers are kept until they end. Thread: any but a
 * worker: cantiga_ocsp_check() waits, never longer than [cards] ocsp-timeout. */
#pragma once

#include "core/ocsp.h"
#include "server/config.h"

G_BEGIN_DECLS

typedef struct _CantigaOcsp CantigaOcsp;

/* config must outlive it. */
CantigaOcsp *cantiga_ocsp_new (const CantigaConfig *config);
void cantiga_ocsp_free (CantigaOcsp *ocsp);
/* From now on; config outlives it. */
void cantiga_ocsp_set_config (CantigaOcsp *ocsp, const CantigaConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaOcsp, cantiga_ocsp_free)
/* Who waits is told at once that there is no answer; so is everybody from now on. */
void cantiga_ocsp_stop (CantigaOcsp *ocsp);

/* Whether the card may be let in: CANTIGA_ERROR_CARD_REVOKED, CANTIGA_ERROR_CERTIFICATE_REFUSED if its authority does not know it, and with ocsp = hard CANTIGA_ERROR_CARD_UNCHECKED if there
 * is no answer. A card that names no responder is not asked about. ret_warning: why there was no answer (NULL if there was). */
gboolean cantiga_ocsp_check (CantigaOcsp *ocsp, X509 *card, X509 *issuer, gint64 now, char **ret_warning, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
