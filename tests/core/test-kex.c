#include "core/kex-private.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "core/error.h"

static GBytes *
bytes_of_hex (const char *hex)
{
  long length = 0;
  unsigned char *bytes = OPENSSL_hexstr2buf (hex, &length);
  GBytes *copy = g_bytes_new (bytes, (gsize)length);

  g_assert_nonnull (bytes);
  OPENSSL_free (bytes);
  return copy;
}

static CantigaShare *
share_new (CantigaKex kex, const char *group)
{
  g_autoptr (GError) error = NULL;
  CantigaShare *share = cantiga_share_new (kex, group, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (cantiga_share_get_group (share), ==, group);
  return share;
}

static CantigaSecret *
agree (CantigaShare *share, GBytes *peer)
{
  g_autoptr (GError) error = NULL;
  CantigaSecret *secret = cantiga_share_agree (share, peer, &error);

  g_assert_no_error (error);
  return secret;
}

static void
assert_refused (CantigaShare *share, GBytes *peer)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_share_agree (share, peer, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_BAD_PUBLIC_VALUE);
  g_assert_cmpuint (ERR_peek_error (), ==, 0);
}

/* Both sides get the same Z, of the length of the public values. */
static void
assert_agrees (CantigaKex kex, const char *group, gsize length)
{
  g_autoptr (CantigaShare) player = share_new (kex, group);
  g_autoptr (CantigaShare) server = share_new (kex, group);
  g_autoptr (CantigaSecret) here = agree (player, cantiga_share_get_public (server));
  g_autoptr (CantigaSecret) there = agree (server, cantiga_share_get_public (player));

  g_assert_cmpuint (g_bytes_get_size (cantiga_share_get_public (player)), ==, length);
  g_assert_false (g_bytes_equal (cantiga_share_get_public (player), cantiga_share_get_public (server)));
  g_assert_cmpmem (cantiga_secret_bytes (here), cantiga_secret_length (here), cantiga_secret_bytes (there), cantiga_secret_length (there));
  g_assert_cmpuint (cantiga_secret_length (here), ==, length);
}

static void
test_x25519_agrees (void)
{
  assert_agrees (CANTIGA_KEX_ECDH, "x25519", 32);
}

static void
test_dh_agrees (void)
{
  assert_agrees (CANTIGA_KEX_DH, "ffdhe2048", 256);
  assert_agrees (CANTIGA_KEX_DH, "ffdhe3072", 384);
  assert_agrees (CANTIGA_KEX_DH, "ffdhe4096", 512);
}

/* ---- groups ---- */

static void
test_unknown_groups (void)
{
  static const struct
  {
    CantigaKex kex;
    const char *group;
  } unknown[] = {
    { CANTIGA_KEX_DH, "ffdhe1024" }, { CANTIGA_KEX_DH, "ffdhe6144" },   { CANTIGA_KEX_DH, "modp_2048" }, { CANTIGA_KEX_DH, "x25519" },
    { CANTIGA_KEX_DH, "FFDHE2048" }, { CANTIGA_KEX_ECDH, "ffdhe2048" }, { CANTIGA_KEX_ECDH, "x448" },    { CANTIGA_KEX_ECDH, "X25519" },
    { CANTIGA_KEX_ECDH, "" },        { CANTIGA_KEX_ECDH, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (unknown); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (cantiga_share_new (unknown[i].kex, unknown[i].group, &error));
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_BAD_GROUP);
    }
}

static void
test_every_group (void)
{
  for (guint kex = CANTIGA_KEX_DH; kex <= CANTIGA_KEX_ECDH; kex++)
    for (const char *const *group = cantiga_kex_get_groups (kex); *group != NULL; group++)
      {
        g_autoptr (CantigaShare) share = share_new (kex, *group);
        GBytes *p = NULL, *g = NULL;

        g_assert_cmpint (cantiga_group_get_parameters (*group, &p, &g), ==, kex == CANTIGA_KEX_DH);
      }
}

/* RFC 7919 A.3. The groups' primes share the digits of e; all but the last 16 bytes of the shorter ones are the beginning of the longest one. */
static const char p_of_4096[]
    = "ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1d8b9c583ce2d3695a9e13641146433fbcc939dce249b3ef97d2fe363630c75d8f681b202aec4617a"
      "d3df1ed5d5fd65612433f51f5f066ed0856365553ded1af3b557135e7f57c935984f0c70e0e68b77e2a689daf3efe8721df158a136ade73530acca4f483a797a"
      "bc0ab182b324fb61d108a94bb2c8e3fbb96adab760d7f4681d4f42a3de394df4ae56ede76372bb190b07a7c8ee0a6d709e02fce1cdf7e2ecc03404cd28342f61"
      "9172fe9ce98583ff8e4f1232eef28183c3fe3b1b4c6fad733bb5fcbc2ec22005c58ef1837d1683b2c6f34a26c1b2effa886b4238611fcfdcde355b3b6519035b"
      "bc34f4def99c023861b46fc9d6e6c9077ad91d2691f7f7ee598cb0fac186d91caefe130985139270b4130c93bc437944f4fd4452e2d74dd364f2e21e71f54bff"
      "5cae82ab9c9df69ee86d2bc522363a0dabc521979b0deada1dbf9a42d5c4484e0abcd06bfa53ddef3c1b20ee3fd59d7c25e41d2b669e1ef16e6f52c3164df4fb"
      "7930e9e4e58857b6ac7d5f42d69f6d187763cf1d5503400487f55ba57e31cc7a7135c886efb4318aed6a1e012d9e6832a907600a918130c46dc778f971ad0038"
      "092999a333cb8b7a1a1db93d7140003c2a4ecea9f98d0acc0a8291cdcec97dcf8ec9b55a7f88a46b4db5a851f44182e1c68a007e5e655f6affffffffffffffff";
static const struct
{
  const char *group;
  gsize shared; /* hexadecimal digits */
  const char *end;
} primes[] = {
  { "ffdhe2048", 480, "886b423861285c97ffffffffffffffff" },
  { "ffdhe3072", 736, "25e41d2b66c62e37ffffffffffffffff" },
  { "ffdhe4096", 992, "c68a007e5e655f6affffffffffffffff" },
};

static void
test_primes (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (primes); i++)
    {
      g_autofree char *digits = g_strndup (p_of_4096, primes[i].shared);
      g_autofree char *whole = g_strconcat (digits, primes[i].end, NULL);
      g_autoptr (GBytes) expected = bytes_of_hex (whole);
      GBytes *p = NULL, *g = NULL, *again = NULL;

      g_assert_true (cantiga_group_get_parameters (primes[i].group, &p, &g));
      g_assert_true (g_bytes_equal (p, expected));
      g_assert_cmpmem (g_bytes_get_data (g, NULL), g_bytes_get_size (g), "\x02", 1);
      g_assert_true (cantiga_group_get_parameters (primes[i].group, &again, &g));
      g_assert_true (again == p);
    }
}

static void
test_no_parameters (void)
{
  GBytes *p = NULL, *g = NULL;

  g_assert_false (cantiga_group_get_parameters ("x25519", &p, &g));
  g_assert_false (cantiga_group_get_parameters ("ffdhe512", &p, &g));
  g_assert_false (cantiga_group_get_parameters (NULL, &p, &g));
  g_assert_null (p);
  g_assert_null (g);
}

/* ---- known answers ---- */

static CantigaShare *
x25519_of (const char *private_hex)
{
  g_autoptr (GBytes) private = bytes_of_hex (private_hex);
  g_autoptr (GError) error = NULL;
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex (NULL, "X25519", NULL, g_bytes_get_data (private, NULL), 32);
  CantigaShare *share = cantiga_share_new_take ("x25519", key, &error);

  g_assert_no_error (error);
  return share;
}

static void
assert_x25519 (const char *private_hex, const char *peer_hex, const char *secret_hex)
{
  g_autoptr (CantigaShare) share = x25519_of (private_hex);
  g_autoptr (GBytes) peer = bytes_of_hex (peer_hex);
  g_autoptr (GBytes) expected = bytes_of_hex (secret_hex);
  g_autoptr (CantigaSecret) secret = agree (share, peer);

  g_assert_cmpmem (cantiga_secret_bytes (secret), cantiga_secret_length (secret), g_bytes_get_data (expected, NULL), g_bytes_get_size (expected));
}

/* RFC 7748 5.2 and 6.1 */
static void
test_x25519_vectors (void)
{
  assert_x25519 ("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
                 "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
                 "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  assert_x25519 ("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
                 "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
                 "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
  assert_x25519 ("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
                 "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
                 "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  assert_x25519 ("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
                 "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
                 "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

/* RFC 7748 6.1 */
static void
test_x25519_public (void)
{
  g_autoptr (CantigaShare) share = x25519_of ("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  g_autoptr (GBytes) expected = bytes_of_hex ("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");

  g_assert_true (g_bytes_equal (cantiga_share_get_public (share), expected));
}

/* A share whose private number is exponent: its public value is 2^exponent. */
static CantigaShare *
dh_of (const char *group, unsigned long exponent)
{
  GBytes *p = NULL, *g = NULL;
  BIGNUM *private = BN_new (), *public = BN_new ();
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new ();
  OSSL_PARAM *params;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, "DH", NULL);
  EVP_PKEY *key = NULL;
  g_autoptr (GError) error = NULL;
  CantigaShare *share;

  g_assert_true (cantiga_group_get_parameters (group, &p, &g));
  g_assert_cmpuint (exponent, <, 8 * g_bytes_get_size (p) - 1);
  BN_set_word (private, exponent);
  BN_one (public);
  BN_lshift (public, public, (int)exponent);
  OSSL_PARAM_BLD_push_utf8_string (builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_PUB_KEY, public);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_PRIV_KEY, private);
  params = OSSL_PARAM_BLD_to_param (builder);
  g_assert_cmpint (EVP_PKEY_fromdata_init (context), ==, 1);
  g_assert_cmpint (EVP_PKEY_fromdata (context, &key, EVP_PKEY_KEYPAIR, params), ==, 1);
  share = cantiga_share_new_take (group, key, &error);
  g_assert_no_error (error);
  OSSL_PARAM_free (params);
  OSSL_PARAM_BLD_free (builder);
  EVP_PKEY_CTX_free (context);
  BN_free (private);
  BN_free (public);
  return share;
}

/* 2^exponent, in length bytes. */
static GBytes *
power_of_2 (gsize exponent, gsize length)
{
  guint8 *bytes = g_malloc0 (length);

  bytes[length - 1 - exponent / 8] = (guint8)(1u << (exponent % 8));
  return g_bytes_new_take (bytes, length);
}

/* "Z is the shared value: for DH big-endian, padded to the length of p", and so is the public value: small numbers show it. */
static void
test_padding (void)
{
  static const gsize lengths[] = { 256, 384, 512 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (CantigaShare) share = dh_of (primes[i].group, 300);
      g_autoptr (GBytes) public = power_of_2 (300, lengths[i]);
      g_autoptr (GBytes) peer = power_of_2 (5, lengths[i]);
      g_autoptr (GBytes) expected = power_of_2 (1500, lengths[i]);
      g_autoptr (CantigaSecret) secret = agree (share, peer);

      g_assert_true (g_bytes_equal (cantiga_share_get_public (share), public));
      g_assert_cmpmem (cantiga_secret_bytes (secret), cantiga_secret_length (secret), g_bytes_get_data (expected, NULL), g_bytes_get_size (expected));
    }
}

/* ---- what is refused (docs/protocol.md 3.8) ---- */

/* p + difference, in length bytes. */
static GBytes *
near_p (const char *group, int difference)
{
  GBytes *p = NULL, *g = NULL;
  BIGNUM *number;
  gsize length;
  guint8 *bytes;

  g_assert_true (cantiga_group_get_parameters (group, &p, &g));
  length = g_bytes_get_size (p);
  bytes = g_malloc (length);
  number = BN_bin2bn (g_bytes_get_data (p, NULL), (int)length, NULL);
  g_assert_true (difference < 0 ? BN_sub_word (number, (BN_ULONG)-difference) : BN_add_word (number, (BN_ULONG)difference));
  g_assert_cmpint (BN_bn2binpad (number, bytes, (int)length), ==, (int)length);
  BN_free (number);
  return g_bytes_new_take (bytes, length);
}

static void
assert_dh_refuses_small (gsize value)
{
  for (guint i = 0; i < G_N_ELEMENTS (primes); i++)
    {
      g_autoptr (CantigaShare) share = share_new (CANTIGA_KEX_DH, primes[i].group);
      gsize length = g_bytes_get_size (cantiga_share_get_public (share));
      guint8 *bytes = g_malloc0 (length);
      g_autoptr (GBytes) peer = NULL;

      bytes[length - 1] = (guint8)value;
      peer = g_bytes_new_take (bytes, length);
      assert_refused (share, peer);
    }
}

static void
assert_dh_refuses_near_p (int difference)
{
  for (guint i = 0; i < G_N_ELEMENTS (primes); i++)
    {
      g_autoptr (CantigaShare) share = share_new (CANTIGA_KEX_DH, primes[i].group);
      g_autoptr (GBytes) peer = near_p (primes[i].group, difference);

      assert_refused (share, peer);
    }
}

static void
test_refuses_0 (void)
{
  assert_dh_refuses_small (0);
}

static void
test_refuses_1 (void)
{
  assert_dh_refuses_small (1);
}

static void
test_refuses_p_minus_1 (void)
{
  assert_dh_refuses_near_p (-1);
}

static void
test_refuses_p (void)
{
  assert_dh_refuses_near_p (0);
}

static void
test_refuses_more_than_p (void)
{
  assert_dh_refuses_near_p (1);
  assert_dh_refuses_near_p (2);
}

/* A player gets no further with a value of the group that is too short, has a zero in front, or is another group's. */
static void
test_refuses_dh_lengths (void)
{
  g_autoptr (CantigaShare) share = share_new (CANTIGA_KEX_DH, "ffdhe2048");
  g_autoptr (CantigaShare) peer = share_new (CANTIGA_KEX_DH, "ffdhe2048");
  g_autoptr (CantigaShare) other = share_new (CANTIGA_KEX_DH, "ffdhe3072");
  GBytes *public = cantiga_share_get_public (peer);
  g_autoptr (GBytes) cut = g_bytes_new_from_bytes (public, 0, 255);
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  guint8 longer[257] = { 0 };
  g_autoptr (GBytes) padded = NULL;

  memcpy (longer + 1, g_bytes_get_data (public, NULL), 256);
  padded = g_bytes_new_static (longer, sizeof longer);
  assert_refused (share, cut);
  assert_refused (share, empty);
  assert_refused (share, padded);
  assert_refused (share, cantiga_share_get_public (other));
}

static void
test_refuses_x25519_lengths (void)
{
  g_autoptr (CantigaShare) share = share_new (CANTIGA_KEX_ECDH, "x25519");
  g_autoptr (CantigaShare) peer = share_new (CANTIGA_KEX_ECDH, "x25519");
  g_autoptr (GBytes) cut = g_bytes_new_from_bytes (cantiga_share_get_public (peer), 0, 31);
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  guint8 longer[33] = { 0 };
  g_autoptr (GBytes) padded = NULL;

  memcpy (longer, g_bytes_get_data (cantiga_share_get_public (peer), NULL), 32);
  padded = g_bytes_new_static (longer, sizeof longer);
  assert_refused (share, cut);
  assert_refused (share, empty);
  assert_refused (share, padded);
}

/* Points of small order, with which every share agrees on zero (RFC 7748 7): 0, 1, p-1, p, p+1 and the two of order 8. */
static void
test_refuses_x25519_zero (void)
{
  static const char *const points[] = {
    "0000000000000000000000000000000000000000000000000000000000000000", "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  };
  g_autoptr (CantigaShare) share = share_new (CANTIGA_KEX_ECDH, "x25519");

  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    {
      g_autoptr (GBytes) peer = bytes_of_hex (points[i]);

      assert_refused (share, peer);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kex/agrees-by-x25519", test_x25519_agrees);
  g_test_add_func ("/kex/agrees-by-each-dh-group", test_dh_agrees);
  g_test_add_func ("/kex/refuses-groups-that-a-kex-does-not-have", test_unknown_groups);
  g_test_add_func ("/kex/has-a-share-of-every-group-that-it-names", test_every_group);
  g_test_add_func ("/kex/has-the-primes-of-rfc-7919", test_primes);
  g_test_add_func ("/kex/has-parameters-for-dh-alone", test_no_parameters);
  g_test_add_func ("/kex/agrees-by-x25519-as-rfc-7748", test_x25519_vectors);
  g_test_add_func ("/kex/has-the-public-value-of-rfc-7748", test_x25519_public);
  g_test_add_func ("/kex/pads-dh-to-the-length-of-p", test_padding);
  g_test_add_func ("/kex/refuses-0", test_refuses_0);
  g_test_add_func ("/kex/refuses-1", test_refuses_1);
  g_test_add_func ("/kex/refuses-p-minus-1", test_refuses_p_minus_1);
  g_test_add_func ("/kex/refuses-p", test_refuses_p);
  g_test_add_func ("/kex/refuses-more-than-p", test_refuses_more_than_p);
  g_test_add_func ("/kex/refuses-dh-values-of-another-length", test_refuses_dh_lengths);
  g_test_add_func ("/kex/refuses-x25519-values-of-another-length", test_refuses_x25519_lengths);
  g_test_add_func ("/kex/refuses-x25519-points-that-agree-on-zero", test_refuses_x25519_zero);
  return g_test_run ();
}
