/* A server's fingerprint as a person compares it. */
#pragma once

#include <openssl/x509.h>

#include <glib.h>

G_BEGIN_DECLS

/* In two lines, as “cantigactl pki status” has it; g_free(). Main thread. */
char *cantiga_fingerprint_dup_lines (X509 *certificate);

G_END_DECLS
