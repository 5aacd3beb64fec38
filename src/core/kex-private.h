/* Shares with a private part that is known beforehand: for the tests' vectors alone. */
#pragma once

#include <openssl/evp.h>

#include "core/kex.h"

G_BEGIN_DECLS

/* Takes key, which is of group. */
CantigaShare *cantiga_share_new_take (const char *group, EVP_PKEY *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
