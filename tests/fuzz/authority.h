/* An authority whose key everyone has: its bytes are 0, 1, 2 … (make-corpus.py has it too). What it signs anew after it was changed is read to its end, where else nothing would get past the signature. */
#pragma once

#include <openssl/evp.h>

#include "core/chain.h"

#define NOW 1800000000
#define YEAR (365 * 24 * 3600)

static inline EVP_PKEY *
fuzz_authority_key (void)
{
  static EVP_PKEY *key;
  guint8 bytes[32];

  for (guint8 i = 0; i < sizeof bytes; i++)
    bytes[i] = i;
  if (key == NULL)
    key = EVP_PKEY_new_raw_private_key (EVP_PKEY_ED25519, NULL, bytes, sizeof bytes);
  g_assert_nonnull (key);
  return key;
}

static inline X509 *
fuzz_authority (void)
{
  static X509 *authority;

  if (authority == NULL)
    authority = cantiga_authority_issue (fuzz_authority_key (), "authority", NOW - 10 * YEAR, NOW + 10 * YEAR, NULL);
  g_assert_nonnull (authority);
  return authority;
}
