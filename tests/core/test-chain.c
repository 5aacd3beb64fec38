#include "chain-fixture.h"

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
  EVP_PKEY *authority_keys[CANTIGA_N_AUTHS], *keys[CANTIGA_N_AUTHS];

  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      authority_keys[auth] = key_new (auth);
      keys[auth] = key_new (auth);
    }
  for (guint i = 0; i < CANTIGA_N_AUTHS * CANTIGA_N_AUTHS; i++)
    {
      EVP_PKEY *authority_key = authority_keys[i / CANTIGA_N_AUTHS];
      g_autoptr (X509) authority = authority_new (authority_key, "authority");
      g_autoptr (GPtrArray) authorities = g_ptr_array_new ();
      g_autoptr (X509) leaf = issue (authority, authority_key, keys[i % CANTIGA_N_AUTHS], CANTIGA_USAGE_SERVER, NOW, NOW + DAY);
      g_autoptr (GPtrArray) chain = chain_of (leaf, NULL, NULL);

      g_ptr_array_add (authorities, authority);
      assert_chain_accepted (chain, authorities, NULL, CANTIGA_USAGE_SERVER, NOW);
    }
  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      EVP_PKEY_free (authority_keys[auth]);
      EVP_PKEY_free (keys[auth]);
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
  assert_leaf_refused (fixture, fixture->leaves[CANTIGA_USAGE_PLAYER], CANTIGA_USAGE_PLAYER, NOW - 1, "“leaf” is not accepted: it is not valid yet");
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

/* RFC 5280 4.2.1.1: what an authority issued says by which of its keys. */
static void
test_no_key_identifier (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) leaf
      = odd_new (&(Odd){ "unnamed", BY_AUTHORITY, { "keyUsage", "critical,digitalSignature", "extendedKeyUsage", "clientAuth", NULL } });

  assert_leaf_refused (fixture, leaf, CANTIGA_USAGE_PLAYER, NOW, "Authority Key Identifier");
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

/* Of an authority that lets others issue: what these are for holds for what they issue. */
static void
test_usage_of_authority_between (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (EVP_PKEY) key = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (X509) root = odd_new (&(Odd){ "root", NULL, fixture->authority_key, fixture->authority_key, NULL,
                                           { "basicConstraints", "critical,CA:TRUE", "keyUsage", "critical,keyCertSign,cRLSign", "subjectKeyIdentifier", "hash", NULL } });
  g_autoptr (GPtrArray) authorities = g_ptr_array_new ();

  g_ptr_array_add (authorities, root);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (X509) between = odd_new (&(Odd){ "between", root, fixture->authority_key, key, NULL,
                                                  { "basicConstraints", "critical,CA:TRUE", "keyUsage", "critical,keyCertSign,cRLSign", "extendedKeyUsage",
                                                    i == 0 ? "clientAuth" : "serverAuth", IDENTIFIERS, NULL } });
      g_autoptr (X509) leaf = issue (between, key, fixture->key, CANTIGA_USAGE_PLAYER, NOW, NOW + DAY / 2);
      g_autoptr (GPtrArray) chain = chain_of (leaf, between, NULL);

      if (i == 0)
        assert_chain_accepted (chain, authorities, NULL, CANTIGA_USAGE_PLAYER, NOW);
      else
        assert_chain_refused (chain, authorities, NULL, CANTIGA_USAGE_PLAYER, NOW, "it was issued for another use");
    }
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

#define ADD(path, function) g_test_add ("/chain/" path, Fixture, NULL, set_up, function, tear_down)

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
  ADD ("refuses-what-names-no-key-of-its-authority", test_no_key_identifier);
  ADD ("refuses-a-leaf-that-may-not-sign", test_no_digital_signature);
  ADD ("refuses-a-leaf-of-another-authority", test_other_authority);
  ADD ("refuses-a-leaf-of-another-authority-of-the-same-name", test_authority_of_the_same_name);
  ADD ("refuses-a-chain-that-brings-its-own-authority", test_self_made_chain);
  ADD ("refuses-a-leaf-that-signed-itself", test_self_signed_leaf);
  ADD ("refuses-a-leaf-that-a-leaf-issued", test_leaf_as_authority);
  ADD ("refuses-an-authority-as-leaf", test_authority_as_leaf);
  ADD ("refuses-an-authority-between", test_authority_between);
  ADD ("refuses-one-in-between-that-is-for-another-use", test_usage_of_authority_between);
  ADD ("refuses-a-short-key", test_short_key);
  ADD ("refuses-sha-1", test_sha1);
  ADD ("refuses-a-critical-extension-that-it-does-not-know", test_unknown_critical_extension);
  ADD ("refuses-chains-of-none-and-of-more-than-eight", test_lengths);
  ADD ("refuses-what-is-not-a-certificate", test_not_a_certificate);
  return g_test_run ();
}
