#include "core/chain.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "core/error.h"

#define DAY (24 * 3600)
#define NOW 1800000000
#define UUID "6f1c8a52-0c5e-4f5c-9f43-2a3f1a5b7c9d"

/* One authority, and a leaf of each usage issued by it. */
typedef struct
{
  EVP_PKEY *authority_key;
  X509 *authority;
  GPtrArray *authorities;
  EVP_PKEY *key;
  X509 *leaves[CANTIGA_USAGE_CARD + 1];
} Fixture;

static EVP_PKEY *
key_new (CantigaAuth auth)
{
  g_autoptr (GError) error = NULL;
  EVP_PKEY *key = cantiga_key_pair_new (auth, &error);

  g_assert_no_error (error);
  return key;
}

static X509 *
authority_new (EVP_PKEY *key, const char *name)
{
  g_autoptr (GError) error = NULL;
  X509 *authority = cantiga_authority_issue (key, name, NOW - DAY, NOW + 1000 * DAY, &error);

  g_assert_no_error (error);
  return authority;
}

static X509 *
issue (X509 *authority, EVP_PKEY *authority_key, EVP_PKEY *key, CantigaUsage usage, gint64 from, gint64 until)
{
  g_autoptr (GError) error = NULL;
  X509 *leaf
      = cantiga_certificate_issue (authority, authority_key, key, usage, "leaf", usage == CANTIGA_USAGE_CARD ? NULL : UUID, from, until, &error);

  g_assert_no_error (error);
  return leaf;
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->authority_key = key_new (CANTIGA_AUTH_ECDSA);
  fixture->authority = authority_new (fixture->authority_key, "authority");
  fixture->authorities = g_ptr_array_new ();
  g_ptr_array_add (fixture->authorities, fixture->authority);
  fixture->key = key_new (CANTIGA_AUTH_ECDSA);
  for (guint usage = 0; usage <= CANTIGA_USAGE_CARD; usage++)
    fixture->leaves[usage] = issue (fixture->authority, fixture->authority_key, fixture->key, usage, NOW, NOW + 90 * DAY);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  for (guint usage = 0; usage <= CANTIGA_USAGE_CARD; usage++)
    X509_free (fixture->leaves[usage]);
  EVP_PKEY_free (fixture->key);
  g_ptr_array_unref (fixture->authorities);
  X509_free (fixture->authority);
  EVP_PKEY_free (fixture->authority_key);
}

/* A chain of up to three certificates, leaf first. */
static GPtrArray *
chain_of (X509 *leaf, X509 *second, X509 *third)
{
  GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  g_ptr_array_add (chain, cantiga_certificate_encode (leaf));
  if (second != NULL)
    g_ptr_array_add (chain, cantiga_certificate_encode (second));
  if (third != NULL)
    g_ptr_array_add (chain, cantiga_certificate_encode (third));
  return chain;
}

static void
assert_chain_accepted (GPtrArray *chain, GPtrArray *authorities, X509_CRL *crl, CantigaUsage usage, gint64 now)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) leaf = cantiga_chain_verify (chain, authorities, crl, usage, now, &error);
  g_autoptr (GBytes) der = NULL;

  g_assert_no_error (error);
  der = cantiga_certificate_encode (leaf);
  g_assert_true (g_bytes_equal (der, chain->pdata[0]));
}

static void
assert_chain_refused (GPtrArray *chain, GPtrArray *authorities, X509_CRL *crl, CantigaUsage usage, gint64 now, const char *why)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_chain_verify (chain, authorities, crl, usage, now, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  g_assert_nonnull (error->message);
  if (strstr (error->message, why) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, why);
  g_assert_cmpuint (ERR_peek_error (), ==, 0);
}

static void
assert_leaf_refused (Fixture *fixture, X509 *leaf, CantigaUsage usage, gint64 now, const char *why)
{
  g_autoptr (GPtrArray) chain = chain_of (leaf, NULL, NULL);

  assert_chain_refused (chain, fixture->authorities, NULL, usage, now, why);
}

/* A certificate as this test wants it: extensions are pairs of OpenSSL's names and values, ended by NULL. */
typedef struct
{
  const char *name;
  X509 *issuer; /* NULL: itself */
  EVP_PKEY *issuer_key;
  EVP_PKEY *key;
  const char *digest;
  const char *extensions[13];
} Odd;

static X509 *
odd_new (const Odd *odd)
{
  X509 *certificate = X509_new ();
  X509 *issuer = odd->issuer != NULL ? odd->issuer : certificate;
  const EVP_MD *digest = odd->digest != NULL ? EVP_get_digestbyname (odd->digest) : EVP_sha256 ();

  g_assert_nonnull (odd->key);
  X509_set_version (certificate, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), 77);
  ASN1_TIME_set (X509_getm_notBefore (certificate), NOW - DAY);
  ASN1_TIME_set (X509_getm_notAfter (certificate), NOW + DAY);
  X509_NAME_add_entry_by_txt (X509_get_subject_name (certificate), "CN", MBSTRING_UTF8, (const guint8 *)odd->name, -1, -1, 0);
  X509_set_issuer_name (certificate, X509_get_subject_name (issuer));
  X509_set_pubkey (certificate, odd->key);
  for (guint i = 0; odd->extensions[i] != NULL; i += 2)
    {
      X509V3_CTX context;
      X509_EXTENSION *extension;

      X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
      X509V3_set_ctx_nodb (&context);
      extension = X509V3_EXT_conf (NULL, &context, odd->extensions[i], odd->extensions[i + 1]);
      g_assert_nonnull (extension);
      X509_add_ext (certificate, extension, -1);
      X509_EXTENSION_free (extension);
    }
  g_assert_cmpint (X509_sign (certificate, odd->issuer_key, EVP_PKEY_is_a (odd->issuer_key, "ED25519") ? NULL : digest), >, 0);
  return certificate;
}

/* An Odd's issuer, keys and digest: a certificate for the fixture's key by its authority. */
#define BY_AUTHORITY fixture->authority, fixture->authority_key, fixture->key, NULL
#define IDENTIFIERS "subjectKeyIdentifier", "hash", "authorityKeyIdentifier", "keyid:always"

/* ---- what is accepted ---- */

static void
test_each_usage (Fixture *fixture, gconstpointer unused)
{
  for (guint usage = 0; usage <= CANTIGA_USAGE_CARD; usage++)
    {
      g_autoptr (GPtrArray) chain = chain_of (fixture->leaves[usage], NULL, NULL);

      assert_chain_accepted (chain, fixture->authorities, NULL, usage, NOW + DAY);
    }
}

/* Authorities and leaves of every AUTH, for every AUTH. */
static void
test_each_auth (void)
{
  for (guint i = 0; i < CANTIGA_N_AUTHS * CANTIGA_N_AUTHS; i++)
    {
      g_autoptr (EVP_PKEY) authority_key = key_new (i / CANTIGA_N_AUTHS);
      g_autoptr (X509) authority = authority_new (authority_key, "authority");
      g_autoptr (GPtrArray) authorities = g_ptr_array_new ();
      g_autoptr (EVP_PKEY) key = key_new (i % CANTIGA_N_AUTHS);
      g_autoptr (X509) leaf = issue (authority, authority_key, key, CANTIGA_USAGE_SERVER, NOW, NOW + DAY);
      g_autoptr (GPtrArray) chain = chain_of (leaf, NULL, NULL);

      g_ptr_array_add (authorities, authority);
      assert_chain_accepted (chain, authorities, NULL, CANTIGA_USAGE_SERVER, NOW);
    }
}

static void
test_one_of_many_authorities (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_EDDSA);
  g_autoptr (X509) other = authority_new (key, "other");
  g_autoptr (GPtrArray) chain = chain_of (fixture->leaves[CANTIGA_USAGE_CARD], NULL, NULL);

  g_ptr_array_insert (fixture->authorities, 0, other);
  assert_chain_accepted (chain, fixture->authorities, NULL, CANTIGA_USAGE_CARD, NOW);
}

/* ---- what is refused ---- */

static void
test_forged (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) chain = chain_of (fixture->leaves[CANTIGA_USAGE_PLAYER], NULL, NULL);
  gsize length = 0;
  guint8 *der = g_bytes_unref_to_data (chain->pdata[0], &length);
  guint8 *name = memmem (der, length, "leaf", 4);

  g_assert_nonnull (name);
  name[0] = 'L';
  chain->pdata[0] = g_bytes_new_take (der, length);
  assert_chain_refused (chain, fixture->authorities, NULL, CANTIGA_USAGE_PLAYER, NOW, "“Leaf” is not accepted: its signature does not verify");
}

static void
test_expired (Fixture *fixture, gconstpointer unused)
{
  assert_leaf_refused (fixture, fixture->leaves[CANTIGA_USAGE_PLAYER], CANTIGA_USAGE_PLAYER, NOW + 91 * DAY,
                       "“leaf” is not accepted: it has expired");
}

static void
test_not_yet_valid (Fixture *fixture, gconstpointer unused)
{
  assert_leaf_refused (fixture, fixture->leaves[CANTIGA_USAGE_PLAYER], CANTIGA_USAGE_PLAYER, NOW - 1,
                       "“leaf” is not accepted: it is not valid yet");
}

static void
test_expired_authority (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) leaf = issue (fixture->authority, fixture->authority_key, fixture->key, CANTIGA_USAGE_PLAYER, NOW, NOW + 2000 * DAY);

  assert_leaf_refused (fixture, leaf, CANTIGA_USAGE_PLAYER, NOW + 1001 * DAY, "“authority” is not accepted: it has expired");
}

/* Each of our usages is good for itself alone. */
static void
test_wrong_usage (Fixture *fixture, gconstpointer unused)
{
  for (guint of = 0; of <= CANTIGA_USAGE_CARD; of++)
    for (guint usage = 0; usage < CANTIGA_USAGE_CARD; usage++)
      if (of != usage)
        assert_leaf_refused (fixture, fixture->leaves[of], usage, NOW, "it was issued for another use");
}

static void
test_wrong_usage_of_card (Fixture *fixture, gconstpointer unused)
{
  assert_leaf_refused (fixture, fixture->leaves[CANTIGA_USAGE_SERVER], CANTIGA_USAGE_CARD, NOW, "it was issued for another use");
  assert_leaf_refused (fixture, fixture->leaves[CANTIGA_USAGE_PUBLISHER], CANTIGA_USAGE_CARD, NOW, "it was issued for another use");
}

static void
test_two_usages (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) leaf = odd_new (
      &(Odd){ "both", BY_AUTHORITY, { "keyUsage", "critical,digitalSignature", "extendedKeyUsage", "clientAuth,serverAuth", IDENTIFIERS, NULL } });

  assert_leaf_refused (fixture, leaf, CANTIGA_USAGE_PLAYER, NOW, "it was issued for another use");
  assert_leaf_refused (fixture, leaf, CANTIGA_USAGE_SERVER, NOW, "it was issued for another use");
}

static void
test_no_usage (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) leaf = odd_new (&(Odd){ "none", BY_AUTHORITY, { "keyUsage", "critical,digitalSignature", IDENTIFIERS, NULL } });

  for (guint usage = 0; usage < CANTIGA_USAGE_CARD; usage++)
    assert_leaf_refused (fixture, leaf, usage, NOW, "it was issued for another use");
}

static void
test_any_usage (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) leaf = odd_new (
      &(Odd){ "any", BY_AUTHORITY, { "keyUsage", "critical,digitalSignature", "extendedKeyUsage", "anyExtendedKeyUsage", IDENTIFIERS, NULL } });

  for (guint usage = 0; usage < CANTIGA_USAGE_CARD; usage++)
    assert_leaf_refused (fixture, leaf, usage, NOW, "it was issued for another use");
}

static void
test_no_digital_signature (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) leaf = odd_new (
      &(Odd){ "seal", BY_AUTHORITY, { "keyUsage", "critical,keyAgreement", "extendedKeyUsage", CANTIGA_PUBLISHER_OID, IDENTIFIERS, NULL } });

  assert_leaf_refused (fixture, leaf, CANTIGA_USAGE_PUBLISHER, NOW, "it is not for signing");
}

static void
test_other_authority (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (X509) other = authority_new (key, "other");
  g_autoptr (X509) leaf = issue (other, key, fixture->key, CANTIGA_USAGE_PLAYER, NOW, NOW + DAY);

  assert_leaf_refused (fixture, leaf, CANTIGA_USAGE_PLAYER, NOW, "“leaf” is not accepted: it was issued by another authority");
}

static void
test_authority_of_the_same_name (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (X509) other = authority_new (key, "authority");
  g_autoptr (X509) leaf = issue (other, key, fixture->key, CANTIGA_USAGE_PLAYER, NOW, NOW + DAY);

  assert_leaf_refused (fixture, leaf, CANTIGA_USAGE_PLAYER, NOW, "it was issued by another authority");
}

/* The chain brings an authority of its own along. */
static void
test_self_made_chain (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (X509) other = authority_new (key, "other");
  g_autoptr (X509) leaf = issue (other, key, fixture->key, CANTIGA_USAGE_PLAYER, NOW, NOW + DAY);
  g_autoptr (GPtrArray) chain = chain_of (leaf, other, NULL);

  assert_chain_refused (chain, fixture->authorities, NULL, CANTIGA_USAGE_PLAYER, NOW, "“other” is not accepted: it is another authority's");
  assert_chain_refused (chain, fixture->authorities, NULL, CANTIGA_USAGE_CARD, NOW, "is not accepted");
}

static void
test_self_signed_leaf (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) leaf = odd_new (&(Odd){ "self",
                                           NULL,
                                           fixture->key,
                                           fixture->key,
                                           NULL,
                                           { "basicConstraints", "critical,CA:FALSE", "keyUsage", "critical,digitalSignature", "extendedKeyUsage",
                                             "clientAuth", "subjectKeyIdentifier", "hash", NULL } });

  assert_leaf_refused (fixture, leaf, CANTIGA_USAGE_PLAYER, NOW, "it was issued by no authority but itself");
  assert_leaf_refused (fixture, leaf, CANTIGA_USAGE_CARD, NOW, "it was issued by no authority but itself");
}

/* One who has a certificate cannot issue others with it. */
static void
test_leaf_as_authority (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_ECDSA);
  X509 *player = fixture->leaves[CANTIGA_USAGE_PLAYER];
  g_autoptr (X509) leaf = issue (player, fixture->key, key, CANTIGA_USAGE_PLAYER, NOW, NOW + DAY);
  g_autoptr (GPtrArray) chain = chain_of (leaf, player, NULL);

  assert_chain_refused (chain, fixture->authorities, NULL, CANTIGA_USAGE_PLAYER, NOW, "is not accepted");
  assert_chain_refused (chain, fixture->authorities, NULL, CANTIGA_USAGE_CARD, NOW, "is not accepted");
}

static void
test_authority_as_leaf (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) leaf = odd_new (&(Odd){ "both",
                                           fixture->authority,
                                           fixture->authority_key,
                                           fixture->key,
                                           NULL,
                                           { "basicConstraints", "critical,CA:TRUE", "keyUsage", "critical,digitalSignature,keyCertSign",
                                             "extendedKeyUsage", "clientAuth", IDENTIFIERS, NULL } });

  assert_leaf_refused (fixture, leaf, CANTIGA_USAGE_PLAYER, NOW, "is not accepted");
  assert_leaf_refused (fixture, leaf, CANTIGA_USAGE_CARD, NOW, "“both” is not accepted: it is an authority's");
  assert_leaf_refused (fixture, fixture->authority, CANTIGA_USAGE_PLAYER, NOW, "is not accepted");
}

/* Our own authority has pathlen 0. */
static void
test_authority_between (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (X509) between
      = odd_new (&(Odd){ "between",
                         fixture->authority,
                         fixture->authority_key,
                         key,
                         NULL,
                         { "basicConstraints", "critical,CA:TRUE", "keyUsage", "critical,keyCertSign,cRLSign", IDENTIFIERS, NULL } });
  g_autoptr (X509) leaf = issue (between, key, fixture->key, CANTIGA_USAGE_PLAYER, NOW, NOW + DAY / 2);
  g_autoptr (GPtrArray) chain = chain_of (leaf, between, NULL);

  assert_chain_refused (chain, fixture->authorities, NULL, CANTIGA_USAGE_PLAYER, NOW, "it may not have others issue certificates");
}

static void
test_short_key (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (EVP_PKEY) key = EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t)1024);
  g_autoptr (X509) leaf = odd_new (&(Odd){ "short",
                                           fixture->authority,
                                           fixture->authority_key,
                                           key,
                                           NULL,
                                           { "keyUsage", "critical,digitalSignature", "extendedKeyUsage", "clientAuth", IDENTIFIERS, NULL } });

  assert_leaf_refused (fixture, leaf, CANTIGA_USAGE_PLAYER, NOW, "“short” is not accepted: its key is too short");
  assert_leaf_refused (fixture, leaf, CANTIGA_USAGE_CARD, NOW, "its key is too short");
}

static void
test_sha1 (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) leaf = odd_new (&(Odd){ "old",
                                           fixture->authority,
                                           fixture->authority_key,
                                           fixture->key,
                                           "SHA1",
                                           { "keyUsage", "critical,digitalSignature", "extendedKeyUsage", "clientAuth", IDENTIFIERS, NULL } });

  assert_leaf_refused (fixture, leaf, CANTIGA_USAGE_PLAYER, NOW, "“old” is not accepted: it is signed with a digest that is too weak");
  assert_leaf_refused (fixture, leaf, CANTIGA_USAGE_CARD, NOW, "it is signed with a digest that is too weak");
}

static void
test_unknown_critical_extension (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) leaf = odd_new (
      &(Odd){ "odd",
              fixture->authority,
              fixture->authority_key,
              fixture->key,
              NULL,
              { "keyUsage", "critical,digitalSignature", "extendedKeyUsage", "clientAuth", "1.2.3.4.5", "critical,ASN1:NULL", IDENTIFIERS, NULL } });

  assert_leaf_refused (fixture, leaf, CANTIGA_USAGE_PLAYER, NOW, "“odd” is not accepted");
}

static void
test_lengths (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) chain = chain_of (fixture->leaves[CANTIGA_USAGE_PLAYER], NULL, NULL);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  assert_chain_refused (none, fixture->authorities, NULL, CANTIGA_USAGE_PLAYER, NOW, "1 to 8 certificates");
  assert_chain_refused (chain, none, NULL, CANTIGA_USAGE_PLAYER, NOW, "no authority");
  while (chain->len < 8)
    g_ptr_array_add (chain, cantiga_certificate_encode (fixture->authority));
  assert_chain_accepted (chain, fixture->authorities, NULL, CANTIGA_USAGE_PLAYER, NOW);
  g_ptr_array_add (chain, cantiga_certificate_encode (fixture->authority));
  assert_chain_refused (chain, fixture->authorities, NULL, CANTIGA_USAGE_PLAYER, NOW, "1 to 8 certificates");
}

static void
test_not_a_certificate (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) chain = chain_of (fixture->leaves[CANTIGA_USAGE_PLAYER], NULL, NULL);

  g_ptr_array_add (chain, g_bytes_new_static ("0\x03\x02\x01\x01", 5));
  assert_chain_refused (chain, fixture->authorities, NULL, CANTIGA_USAGE_PLAYER, NOW, "not a certificate");
}

/* ---- cards ---- */

static X509 *
card_new (Fixture *fixture, const char *key_usage, const char *extended)
{
  return odd_new (
      &(Odd){ "card",
              fixture->authority,
              fixture->authority_key,
              fixture->key,
              NULL,
              { key_usage != NULL  ? "keyUsage"
                : extended != NULL ? "extendedKeyUsage"
                                   : NULL,
                key_usage != NULL ? key_usage : extended, key_usage != NULL && extended != NULL ? "extendedKeyUsage" : NULL, extended, NULL } });
}

static void
test_card_usages (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    const char *key_usage, *extended;
    const char *why; /* NULL: accepted */
  } cards[] = {
    { NULL, NULL, NULL },
    { "digitalSignature", NULL, NULL },
    { "critical,digitalSignature,keyAgreement", "clientAuth,emailProtection", NULL },
    { "digitalSignature,nonRepudiation", NULL, NULL },
    { NULL, "clientAuth", NULL },
    { "critical,nonRepudiation", NULL, "it is not for authentication" },
    { "keyEncipherment", "clientAuth", "it is not for authentication" },
    { "digitalSignature", "emailProtection", "it was issued for another use" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cards); i++)
    {
      g_autoptr (X509) card = card_new (fixture, cards[i].key_usage, cards[i].extended);
      g_autoptr (GPtrArray) chain = chain_of (card, NULL, NULL);

      if (cards[i].why == NULL)
        assert_chain_accepted (chain, fixture->authorities, NULL, CANTIGA_USAGE_CARD, NOW);
      else
        assert_chain_refused (chain, fixture->authorities, NULL, CANTIGA_USAGE_CARD, NOW, cards[i].why);
    }
}

/* State root → issuing authority → card, with what states leave out: no key identifiers, basicConstraints not critical. */
typedef struct
{
  EVP_PKEY *root_key, *issuing_key, *card_key;
  X509 *root, *issuing, *card;
} State;

static void
state_set_up (State *state, gconstpointer unused)
{
  state->root_key = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "P-521");
  state->issuing_key = key_new (CANTIGA_AUTH_RSA);
  state->card_key = key_new (CANTIGA_AUTH_ECDSA);
  state->root = odd_new (&(Odd){ "root", NULL, state->root_key, state->root_key, "SHA512", { "basicConstraints", "CA:TRUE", NULL } });
  state->issuing = odd_new (&(Odd){ "issuing",
                                    state->root,
                                    state->root_key,
                                    state->issuing_key,
                                    NULL,
                                    { "basicConstraints", "CA:TRUE", "keyUsage", "keyCertSign,cRLSign", "subjectKeyIdentifier", "hash", NULL } });
  state->card = odd_new (&(Odd){ "card", state->issuing, state->issuing_key, state->card_key, NULL, { "keyUsage", "digitalSignature", NULL } });
}

static void
state_tear_down (State *state, gconstpointer unused)
{
  X509_free (state->card);
  X509_free (state->issuing);
  X509_free (state->root);
  EVP_PKEY_free (state->card_key);
  EVP_PKEY_free (state->issuing_key);
  EVP_PKEY_free (state->root_key);
}

static void
test_state_root (State *state, gconstpointer unused)
{
  g_autoptr (GPtrArray) authorities = g_ptr_array_new ();
  g_autoptr (GPtrArray) chain = chain_of (state->card, state->issuing, NULL);
  g_autoptr (GPtrArray) alone = chain_of (state->card, NULL, NULL);

  g_ptr_array_add (authorities, state->root);
  assert_chain_accepted (chain, authorities, NULL, CANTIGA_USAGE_CARD, NOW);
  assert_chain_refused (alone, authorities, NULL, CANTIGA_USAGE_CARD, NOW, "it was issued by another authority");
}

static void
test_state_issuing_authority_alone (State *state, gconstpointer unused)
{
  g_autoptr (GPtrArray) authorities = g_ptr_array_new ();
  g_autoptr (GPtrArray) alone = chain_of (state->card, NULL, NULL);

  g_ptr_array_add (authorities, state->issuing);
  assert_chain_accepted (alone, authorities, NULL, CANTIGA_USAGE_CARD, NOW);
}

/* Only for cards: for ourselves an authority is one that signed itself. */
static void
test_issuing_authority_alone_is_not_ours (State *state, gconstpointer unused)
{
  g_autoptr (GPtrArray) authorities = g_ptr_array_new ();
  g_autoptr (X509) leaf = odd_new (&(Odd){ "player",
                                           state->issuing,
                                           state->issuing_key,
                                           state->card_key,
                                           NULL,
                                           { "keyUsage", "critical,digitalSignature", "extendedKeyUsage", "clientAuth", IDENTIFIERS, NULL } });
  g_autoptr (GPtrArray) chain = chain_of (leaf, NULL, NULL);

  g_ptr_array_add (authorities, state->issuing);
  assert_chain_refused (chain, authorities, NULL, CANTIGA_USAGE_PLAYER, NOW, "is not accepted");
}

static void
test_state_list (State *state, gconstpointer unused)
{
  g_autoptr (GPtrArray) authorities = g_ptr_array_new ();
  g_autoptr (GPtrArray) chain = chain_of (state->card, state->issuing, NULL);
  g_autofree char *serial = cantiga_certificate_dup_serial (state->card);
  const char *const serials[] = { serial, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (X509_CRL) clear = cantiga_crl_issue (state->issuing, state->issuing_key, 1, NULL, NOW, NOW + DAY, &error);
  g_autoptr (X509_CRL) revoked = cantiga_crl_issue (state->issuing, state->issuing_key, 2, serials, NOW, NOW + DAY, &error);

  g_assert_no_error (error);
  g_ptr_array_add (authorities, state->root);
  assert_chain_accepted (chain, authorities, clear, CANTIGA_USAGE_CARD, NOW);
  assert_chain_refused (chain, authorities, revoked, CANTIGA_USAGE_CARD, NOW, "“card” is not accepted: it was revoked");
}

#define ADD(path, function) g_test_add ("/chain/" path, Fixture, NULL, set_up, function, tear_down)
#define ADD_STATE(path, function) g_test_add ("/chain/" path, State, NULL, state_set_up, function, state_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("accepts-a-leaf-of-each-usage", test_each_usage);
  g_test_add_func ("/chain/accepts-leaves-and-authorities-of-each-auth", test_each_auth);
  ADD ("accepts-what-one-of-many-authorities-issued", test_one_of_many_authorities);
  ADD ("refuses-a-forged-leaf", test_forged);
  ADD ("refuses-an-expired-leaf", test_expired);
  ADD ("refuses-a-leaf-not-yet-valid", test_not_yet_valid);
  ADD ("refuses-an-expired-authority", test_expired_authority);
  ADD ("refuses-a-leaf-of-another-usage", test_wrong_usage);
  ADD ("refuses-our-servers-and-publishers-as-cards", test_wrong_usage_of_card);
  ADD ("refuses-a-leaf-of-two-usages", test_two_usages);
  ADD ("refuses-a-leaf-of-no-usage", test_no_usage);
  ADD ("refuses-a-leaf-of-any-usage", test_any_usage);
  ADD ("refuses-a-leaf-that-may-not-sign", test_no_digital_signature);
  ADD ("refuses-a-leaf-of-another-authority", test_other_authority);
  ADD ("refuses-a-leaf-of-another-authority-of-the-same-name", test_authority_of_the_same_name);
  ADD ("refuses-a-chain-that-brings-its-own-authority", test_self_made_chain);
  ADD ("refuses-a-leaf-that-signed-itself", test_self_signed_leaf);
  ADD ("refuses-a-leaf-that-a-leaf-issued", test_leaf_as_authority);
  ADD ("refuses-an-authority-as-leaf", test_authority_as_leaf);
  ADD ("refuses-an-authority-between", test_authority_between);
  ADD ("refuses-a-short-key", test_short_key);
  ADD ("refuses-sha-1", test_sha1);
  ADD ("refuses-a-critical-extension-that-it-does-not-know", test_unknown_critical_extension);
  ADD ("refuses-chains-of-none-and-of-more-than-eight", test_lengths);
  ADD ("refuses-what-is-not-a-certificate", test_not_a_certificate);
  ADD ("knows-cards-by-their-usages", test_card_usages);
  ADD_STATE ("accepts-a-sloppy-state's-card", test_state_root);
  ADD_STATE ("accepts-a-card-by-its-issuing-authority-alone", test_state_issuing_authority_alone);
  ADD_STATE ("refuses-a-player-by-an-issuing-authority-alone", test_issuing_authority_alone_is_not_ours);
  ADD_STATE ("refuses-a-card-that-its-state-revoked", test_state_list);
  return g_test_run ();
}
