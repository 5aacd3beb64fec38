/* What the tests of pairing and renewal share: a server with its authority, an invitation, and the player's keys. */
#pragma once

#include "core/error.h"
#include "core/pairing.h"

#define DAY (24 * 3600)
#define NOW 1800000000
#define SERVER "6f1c8a52-0c5e-4f5c-9f43-2a3f1a5b7c9d"
#define PLAYER "0d9e8f7a-6b5c-4d3e-8f1a-2b3c4d5e6f70"

/* A server with its authority, an invitation to it, and a player with a key of each AUTH. */
typedef struct
{
  EVP_PKEY *authority_key;
  X509 *authority;
  CantigaInvitation *invitation;
  GBytes *offer;
  GPtrArray *keys;
} Fixture;

static inline EVP_PKEY *
key_new (CantigaAuth auth)
{
  g_autoptr (GError) error = NULL;
  EVP_PKEY *key = cantiga_key_pair_new (auth, &error);

  g_assert_no_error (error);
  return key;
}

static inline X509 *
authority_new (EVP_PKEY *key)
{
  g_autoptr (GError) error = NULL;
  X509 *authority = cantiga_authority_issue (key, "authority", NOW - DAY, NOW + 1000 * DAY, &error);

  g_assert_no_error (error);
  return authority;
}

static inline CantigaInvitation *
invite (X509 *authority)
{
  g_autoptr (GError) error = NULL;
  CantigaInvitation *invitation = cantiga_invitation_new ("http://localhost:8080", authority, &error);

  g_assert_no_error (error);
  return invitation;
}

/* A key of each AUTH, made once: RSA keys take their time. */
static inline GPtrArray *
ref_keys (void)
{
  static GPtrArray *keys;

  if (keys == NULL)
    {
      keys = g_ptr_array_new_with_free_func ((GDestroyNotify)EVP_PKEY_free);
      for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
        g_ptr_array_add (keys, key_new (auth));
    }
  return g_ptr_array_ref (keys);
}

static inline void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->authority_key = key_new (CANTIGA_AUTH_ECDSA);
  fixture->authority = authority_new (fixture->authority_key);
  fixture->invitation = invite (fixture->authority);
  fixture->offer = cantiga_pairing_create_offer ("The box", SERVER, fixture->authority);
  fixture->keys = ref_keys ();
}

static inline void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_ptr_array_unref (fixture->keys);
  g_bytes_unref (fixture->offer);
  cantiga_invitation_free (fixture->invitation);
  X509_free (fixture->authority);
  EVP_PKEY_free (fixture->authority_key);
}

static inline GPtrArray *
chain_for (X509 *authority, EVP_PKEY *authority_key, EVP_PKEY *key, CantigaUsage usage)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) leaf = cantiga_certificate_issue (authority, authority_key, key, usage, "player", PLAYER, NOW, NOW + 90 * DAY, &error);
  GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  g_assert_no_error (error);
  g_ptr_array_add (chain, cantiga_certificate_encode (leaf));
  return chain;
}

static inline GPtrArray *
chains_for (X509 *authority, EVP_PKEY *authority_key, GPtrArray *keys)
{
  GPtrArray *chains = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);

  for (guint i = 0; i < keys->len; i++)
    g_ptr_array_add (chains, chain_for (authority, authority_key, keys->pdata[i], CANTIGA_USAGE_PLAYER));
  return chains;
}
