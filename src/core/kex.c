#include "core/kex-private.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "core/error.h"

#define X25519_LENGTH 32

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIGNUM, BN_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OSSL_PARAM, OSSL_PARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)

/* docs/protocol.md 2.1. The default of each KEX comes first. */
static const char *const dh_groups[] = { "ffdhe3072", "ffdhe2048", "ffdhe4096", NULL };
static const char *const ecdh_groups[] = { "x25519", NULL };

/* A registered group's numbers; made once, kept for the life of the program. */
typedef struct
{
  GBytes *p;
  GBytes *g;
  BIGNUM *p_number;
  BIGNUM *p_minus_2;
} Parameters;

struct _CantigaShare
{
  const char *group;            /* static */
  const Parameters *parameters; /* NULL for X25519 */
  EVP_PKEY *key;
  GBytes *public;
};

static const char *
find_group (CantigaKex kex, const char *group)
{
  for (const char *const *known = cantiga_kex_get_groups (kex); *known != NULL; known++)
    if (g_strcmp0 (*known, group) == 0)
      return *known;
  return NULL;
}

const char *const *
cantiga_kex_get_groups (CantigaKex kex)
{
  return kex == CANTIGA_KEX_DH ? dh_groups : ecdh_groups;
}

static GBytes *
bytes_of_number (const BIGNUM *number)
{
  gsize length = (gsize)BN_num_bytes (number);
  guint8 *bytes = g_malloc (length);

  BN_bn2bin (number, bytes);
  return g_bytes_new_take (bytes, length);
}

/* OpenSSL knows the groups by name; a key of the group without public and private part tells its numbers. */
static EVP_PKEY *
read_group (const char *group)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, "DH", NULL);
  EVP_PKEY *key = NULL;
  OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string (OSSL_PKEY_PARAM_GROUP_NAME, (char *)group, 0), OSSL_PARAM_construct_end () };

  if (context == NULL || EVP_PKEY_fromdata_init (context) != 1 || EVP_PKEY_fromdata (context, &key, EVP_PKEY_KEY_PARAMETERS, params) != 1)
    g_error ("OpenSSL does not know the group %s", group);
  return key;
}

static gpointer
read_parameters (gpointer group)
{
  g_autoptr (EVP_PKEY) key = read_group (group);
  g_autoptr (BIGNUM) g = NULL;
  Parameters *parameters = g_new0 (Parameters, 1);

  if (EVP_PKEY_get_bn_param (key, OSSL_PKEY_PARAM_FFC_P, &parameters->p_number) != 1 || EVP_PKEY_get_bn_param (key, OSSL_PKEY_PARAM_FFC_G, &g) != 1)
    g_error ("OpenSSL does not tell the numbers of the group %s", (const char *)group);
  parameters->p_minus_2 = BN_dup (parameters->p_number);
  if (parameters->p_minus_2 == NULL || BN_sub_word (parameters->p_minus_2, 2) != 1)
    g_error ("OpenSSL cannot count");
  parameters->p = bytes_of_number (parameters->p_number);
  parameters->g = bytes_of_number (g);
  return parameters;
}

/* NULL for a group that is not of DH. */
static const Parameters *
parameters_of (const char *group)
{
  static GOnce once[G_N_ELEMENTS (dh_groups)] = { G_ONCE_INIT };

  for (guint i = 0; dh_groups[i] != NULL; i++)
    if (g_strcmp0 (dh_groups[i], group) == 0)
      return g_once (&once[i], read_parameters, (gpointer)dh_groups[i]);
  return NULL;
}

gboolean
cantiga_group_get_parameters (const char *group, GBytes **ret_p, GBytes **ret_g)
{
  const Parameters *parameters = parameters_of (group);

  if (parameters == NULL)
    return FALSE;
  *ret_p = parameters->p;
  *ret_g = parameters->g;
  return TRUE;
}

static EVP_PKEY *
generate (const char *group, const Parameters *parameters)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, parameters != NULL ? "DH" : "X25519", NULL);
  EVP_PKEY *key = NULL;

  if (context == NULL || EVP_PKEY_keygen_init (context) != 1)
    return NULL;
  if (parameters != NULL && EVP_PKEY_CTX_set_group_name (context, group) != 1)
    return NULL;
  return EVP_PKEY_generate (context, &key) == 1 ? key : NULL;
}

/* "big-endian, padded to the length of p" */
static GBytes *
encode_dh_public (EVP_PKEY *key, const Parameters *parameters)
{
  g_autoptr (BIGNUM) number = NULL;
  gsize length = g_bytes_get_size (parameters->p);
  g_autofree guint8 *bytes = g_malloc (length);

  if (EVP_PKEY_get_bn_param (key, OSSL_PKEY_PARAM_PUB_KEY, &number) != 1 || BN_bn2binpad (number, bytes, (int)length) != (int)length)
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&bytes), length);
}

static GBytes *
encode_x25519_public (EVP_PKEY *key)
{
  guint8 bytes[X25519_LENGTH];
  gsize length = sizeof bytes;

  if (EVP_PKEY_get_raw_public_key (key, bytes, &length) != 1 || length != sizeof bytes)
    return NULL;
  return g_bytes_new (bytes, length);
}

CantigaShare *
cantiga_share_new_take (const char *group, EVP_PKEY *key, GError **error)
{
  g_autoptr (CantigaShare) share = g_new0 (CantigaShare, 1);

  share->group = group;
  share->parameters = parameters_of (group);
  share->key = key;
  if (key != NULL)
    share->public = share->parameters != NULL ? encode_dh_public (key, share->parameters) : encode_x25519_public (key);
  if (share->public == NULL)
    {
      cantiga_fail_crypto (error, "making a share of the key exchange");
      return NULL;
    }
  return g_steal_pointer (&share);
}

CantigaShare *
cantiga_share_new (CantigaKex kex, const char *group, GError **error)
{
  const char *known = find_group (kex, group);

  if (known == NULL)
    {
      cantiga_fail (error, CANTIGA_ERROR_BAD_GROUP);
      return NULL;
    }
  return cantiga_share_new_take (known, generate (known, parameters_of (known)), error);
}

void
cantiga_share_free (CantigaShare *share)
{
  if (share == NULL)
    return;
  /* OpenSSL wipes the private part of a key that it frees. */
  EVP_PKEY_free (share->key);
  g_clear_pointer (&share->public, g_bytes_unref);
  g_free (share);
}

const char *
cantiga_share_get_group (const CantigaShare *share)
{
  return share->group;
}

GBytes *
cantiga_share_get_public (CantigaShare *share)
{
  return share->public;
}

/* The public value as a key of the group, if it is of the length of p and within 2 … p-2 (docs/protocol.md 3.8); else NULL. */
static EVP_PKEY *
decode_dh_public (const CantigaShare *share, GBytes *public)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (public, &length);
  g_autoptr (BIGNUM) number = NULL;
  g_autoptr (OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new ();
  g_autoptr (OSSL_PARAM) params = NULL;
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, "DH", NULL);
  EVP_PKEY *key = NULL;

  if (length != g_bytes_get_size (share->parameters->p))
    return NULL;
  number = BN_bin2bn (bytes, (int)length, NULL);
  if (number == NULL || BN_is_zero (number) || BN_is_one (number) || BN_cmp (number, share->parameters->p_minus_2) > 0)
    return NULL;
  if (builder == NULL || OSSL_PARAM_BLD_push_utf8_string (builder, OSSL_PKEY_PARAM_GROUP_NAME, share->group, 0) != 1
      || OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_PUB_KEY, number) != 1)
    return NULL;
  params = OSSL_PARAM_BLD_to_param (builder);
  if (params == NULL || context == NULL || EVP_PKEY_fromdata_init (context) != 1
      || EVP_PKEY_fromdata (context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
    return NULL;
  return key;
}

static EVP_PKEY *
decode_public (const CantigaShare *share, GBytes *public)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (public, &length);

  if (share->parameters != NULL)
    return decode_dh_public (share, public);
  return length == X25519_LENGTH ? EVP_PKEY_new_raw_public_key_ex (NULL, "X25519", NULL, bytes, length) : NULL;
}

static gboolean
is_valid (EVP_PKEY *peer)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey (NULL, peer, NULL);

  return context != NULL && EVP_PKEY_public_check (context) == 1;
}

/* Z; NULL where OpenSSL refuses, which it does for a result that is no secret. */
static CantigaSecret *
derive (CantigaShare *share, EVP_PKEY *peer)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey (NULL, share->key, NULL);
  g_autoptr (CantigaSecret) secret = cantiga_secret_new (g_bytes_get_size (share->public));
  gsize length = cantiga_secret_length (secret);

  if (context == NULL || EVP_PKEY_derive_init (context) != 1)
    return NULL;
  /* "Z is the shared value: for DH big-endian, padded to the length of p" */
  if (share->parameters != NULL && EVP_PKEY_CTX_set_dh_pad (context, 1) != 1)
    return NULL;
  if (EVP_PKEY_derive_set_peer_ex (context, peer, FALSE) != 1 || EVP_PKEY_derive (context, cantiga_secret_bytes (secret), &length) != 1
      || length != cantiga_secret_length (secret))
    return NULL;
  return g_steal_pointer (&secret);
}

static gboolean
is_all_zero (CantigaSecret *secret)
{
  static const guint8 zeros[X25519_LENGTH];

  return cantiga_secret_length (secret) == sizeof zeros && cantiga_bytes_equal (cantiga_secret_bytes (secret), zeros, sizeof zeros);
}

CantigaSecret *
cantiga_share_agree (CantigaShare *share, GBytes *peer_public, GError **error)
{
  g_autoptr (EVP_PKEY) peer = decode_public (share, peer_public);
  g_autoptr (CantigaSecret) secret = peer != NULL && is_valid (peer) ? derive (share, peer) : NULL;

  if (secret == NULL || is_all_zero (secret))
    {
      ERR_clear_error ();
      cantiga_fail (error, CANTIGA_ERROR_BAD_PUBLIC_VALUE);
      return NULL;
    }
  return g_steal_pointer (&secret);
}
