/* Questions to an authority's OCSP responder, and its answers (RFC 6960). OpenSSL does the work; who carries them is the caller's. */
#pragma once

#include "core/chain.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_OCSP_GOOD,
  CANTIGA_OCSP_REVOKED,
  CANTIGA_OCSP_UNKNOWN, /* the authority does not know the certificate */
} CantigaOcspStatus;

/* Where the certificate's authority answers (http alone: answers are signed), or NULL; free with g_free(). */
char *cantiga_ocsp_dup_url (X509 *certificate);

typedef struct _CantigaOcspQuestion CantigaOcspQuestion;

CantigaOcspQuestion *cantiga_ocsp_question_new (X509 *certificate, X509 *issuer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_ocsp_question_free (CantigaOcspQuestion *question);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaOcspQuestion, cantiga_ocsp_question_free)
/* DER. */
GBytes *cantiga_ocsp_question_encode (CantigaOcspQuestion *question);
/* An answer to it (DER), signed by the issuer or by whom the issuer entitled to answer, and in its time. ret_until: until when it holds; now, if it does not say. CANTIGA_ERROR_CARD_UNCHECKED. */
gboolean cantiga_ocsp_question_consume_answer (CantigaOcspQuestion *question, GBytes *answer, gint64 now, CantigaOcspStatus *ret_status, gint64 *ret_until,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
