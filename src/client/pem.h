/* Certificates as PEM, for the state folder. Inner to src/client. */
#pragma once

#include "core/chain.h"

G_BEGIN_DECLS

GBytes *cantiga_pem_encode_certificate (X509 *certificate, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* certificates: GBytes, DER. */
GBytes *cantiga_pem_encode (GPtrArray *certificates, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* GBytes, DER; at least one. CANTIGA_ERROR_DAMAGED. */
GPtrArray *cantiga_pem_decode (GBytes *pem, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
