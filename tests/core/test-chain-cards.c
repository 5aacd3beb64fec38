/* Chains of cards, which are as their states make them. */
#include "chain-fixture.h"

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
  state->issuing_key = EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t)2048);
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

/* ---- what a server asks of a card ---- */

#define POLICY "2.16.620.1.1.1.2.4.0.7"

static GPtrArray *
array_of (gpointer first, gpointer second, gpointer third)
{
  GPtrArray *array = g_ptr_array_new ();

  if (first != NULL)
    g_ptr_array_add (array, first);
  if (second != NULL)
    g_ptr_array_add (array, second);
  if (third != NULL)
    g_ptr_array_add (array, third);
  return array;
}

static void
assert_card_accepted (GPtrArray *certificates, const CantigaCardTerms *terms, guint length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) chain = cantiga_card_chain_verify (certificates, terms, NOW, &error);
  g_autoptr (GBytes) card = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (chain->len, ==, length);
  card = cantiga_certificate_encode (chain->pdata[0]);
  g_assert_true (g_bytes_equal (card, certificates->pdata[0]));
}

static void
assert_card_refused (GPtrArray *certificates, const CantigaCardTerms *terms, gint64 now, CantigaError code, const char *why)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_card_chain_verify (certificates, terms, now, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
  if (strstr (error->message, why) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, why);
  g_assert_cmpuint (ERR_peek_error (), ==, 0);
}

/* As sloppy as the rest: without key identifiers. */
static X509_CRL *
list_new (X509 *authority, EVP_PKEY *key, X509 *revoked, gint64 from, gint64 until)
{
  X509_CRL *crl = X509_CRL_new ();
  ASN1_TIME *time = ASN1_TIME_set (NULL, from);

  X509_CRL_set_version (crl, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name (crl, X509_get_subject_name (authority));
  X509_CRL_set1_lastUpdate (crl, time);
  if (revoked != NULL)
    {
      X509_REVOKED *entry = X509_REVOKED_new ();

      X509_REVOKED_set_serialNumber (entry, X509_get_serialNumber (revoked));
      X509_REVOKED_set_revocationDate (entry, time);
      g_assert_cmpint (X509_CRL_add0_revoked (crl, entry), ==, 1);
    }
  ASN1_TIME_set (time, until);
  X509_CRL_set1_nextUpdate (crl, time);
  ASN1_TIME_free (time);
  g_assert_cmpint (X509_CRL_sign (crl, key, EVP_sha256 ()), >, 0);
  return crl;
}

/* P-521, RSA, P-384 and P-256 in one chain. */
static void
test_mixed_keys (State *state, gconstpointer unused)
{
  g_autoptr (EVP_PKEY) key = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "P-384");
  g_autoptr (X509) third = odd_new (&(Odd){ "third", state->issuing, state->issuing_key, key, NULL, { "basicConstraints", "CA:TRUE", NULL } });
  g_autoptr (X509) card = odd_new (&(Odd){ "card", third, key, state->card_key, "SHA384", { "keyUsage", "digitalSignature", NULL } });
  g_autoptr (GPtrArray) certificates = chain_of (card, third, state->issuing);
  g_autoptr (GPtrArray) authorities = array_of (state->root, NULL, NULL);

  assert_card_accepted (certificates, &(CantigaCardTerms){ .authorities = authorities }, 4);
}

static void
test_authorities_complete_a_chain (State *state, gconstpointer unused)
{
  g_autoptr (GPtrArray) alone = chain_of (state->card, NULL, NULL);
  g_autoptr (GPtrArray) authorities = array_of (state->root, state->issuing, NULL);

  assert_card_accepted (alone, &(CantigaCardTerms){ .authorities = authorities }, 2);
}

static X509 *
card_of_policies (State *state, const char *first, const char *second)
{
  const char *const oids[] = { first, second };
  X509 *card = odd_new (&(Odd){ "card", state->issuing, state->issuing_key, state->card_key, NULL, { "keyUsage", "digitalSignature", NULL } });
  CERTIFICATEPOLICIES *policies = CERTIFICATEPOLICIES_new ();

  for (guint i = 0; i < G_N_ELEMENTS (oids); i++)
    {
      POLICYINFO *policy = POLICYINFO_new ();

      policy->policyid = OBJ_txt2obj (oids[i], 1);
      g_assert_cmpint (sk_POLICYINFO_push (policies, policy), >, 0);
    }
  g_assert_cmpint (X509_add1_ext_i2d (card, NID_certificate_policies, policies, 0, 0), ==, 1);
  g_assert_cmpint (X509_sign (card, state->issuing_key, EVP_sha256 ()), >, 0);
  CERTIFICATEPOLICIES_free (policies);
  return card;
}

static void
test_policy (State *state, gconstpointer unused)
{
  static const char *const asked[] = { "1.2.3.4", POLICY, NULL };
  static const char *const other[] = { "1.2.3.4", NULL };
  g_autoptr (X509) card = card_of_policies (state, "2.16.620.1.1.1.2.10", POLICY);
  g_autoptr (GPtrArray) certificates = chain_of (card, state->issuing, NULL);
  g_autoptr (GPtrArray) without = chain_of (state->card, state->issuing, NULL);
  g_autoptr (GPtrArray) authorities = array_of (state->root, NULL, NULL);
  CantigaCardTerms terms = { .authorities = authorities, .policies = asked };

  assert_card_accepted (certificates, &terms, 3);
  assert_card_refused (without, &terms, NOW, CANTIGA_ERROR_CERTIFICATE_REFUSED, "“card” is not accepted: it was not issued under the policy");
  terms.policies = other;
  assert_card_refused (certificates, &terms, NOW, CANTIGA_ERROR_CERTIFICATE_REFUSED, "under the policy");
}

static void
test_wrong_usage (State *state, gconstpointer unused)
{
  g_autoptr (X509) card
      = odd_new (&(Odd){ "signature", state->issuing, state->issuing_key, state->card_key, NULL, { "keyUsage", "critical,nonRepudiation", NULL } });
  g_autoptr (GPtrArray) certificates = chain_of (card, state->issuing, NULL);
  g_autoptr (GPtrArray) authorities = array_of (state->root, NULL, NULL);

  assert_card_refused (certificates, &(CantigaCardTerms){ .authorities = authorities }, NOW, CANTIGA_ERROR_CERTIFICATE_REFUSED,
                       "it is not for authentication");
}

static void
test_dates (State *state, gconstpointer unused)
{
  g_autoptr (GPtrArray) certificates = chain_of (state->card, state->issuing, NULL);
  g_autoptr (GPtrArray) authorities = array_of (state->root, NULL, NULL);
  const CantigaCardTerms terms = { .authorities = authorities };

  /* The card's own dates are told first only where the chain above still holds: here all have the same. */
  g_assert_null (cantiga_card_chain_verify (certificates, &terms, NOW + 2 * DAY, NULL));
  g_assert_null (cantiga_card_chain_verify (certificates, &terms, NOW - 2 * DAY, NULL));
  g_clear_pointer (&authorities, g_ptr_array_unref);
  authorities = array_of (state->issuing, NULL, NULL);
  ASN1_TIME_set (X509_getm_notAfter (state->card), NOW - 1);
  g_assert_cmpint (X509_sign (state->card, state->issuing_key, EVP_sha256 ()), >, 0);
  g_clear_pointer (&certificates, g_ptr_array_unref);
  certificates = chain_of (state->card, NULL, NULL);
  assert_card_refused (certificates, &(CantigaCardTerms){ .authorities = authorities }, NOW, CANTIGA_ERROR_CARD_EXPIRED, "not valid now");
}

/* Lists of the card's issuer and of the root; the others are of no matter. */
static void
test_lists (State *state, gconstpointer unused)
{
  g_autoptr (GPtrArray) certificates = chain_of (state->card, state->issuing, NULL);
  g_autoptr (GPtrArray) authorities = array_of (state->root, NULL, NULL);
  g_autoptr (X509_CRL) clear = list_new (state->issuing, state->issuing_key, NULL, NOW, NOW + DAY);
  g_autoptr (X509_CRL) revoked = list_new (state->issuing, state->issuing_key, state->card, NOW, NOW + DAY);
  g_autoptr (X509_CRL) of_root = list_new (state->root, state->root_key, NULL, NOW, NOW + DAY);
  g_autoptr (X509_CRL) issuing_revoked = list_new (state->root, state->root_key, state->issuing, NOW, NOW + DAY);
  g_autoptr (GPtrArray) good = array_of (of_root, clear, NULL);
  g_autoptr (GPtrArray) without_root = array_of (clear, NULL, NULL);
  g_autoptr (GPtrArray) bad = array_of (of_root, revoked, NULL);
  g_autoptr (GPtrArray) bad_issuer = array_of (clear, issuing_revoked, NULL);
  g_autoptr (GPtrArray) lacking = array_of (of_root, NULL, NULL);
  CantigaCardTerms terms = { .authorities = authorities, .crls = good };

  assert_card_accepted (certificates, &terms, 3);
  terms.crls = without_root;
  assert_card_accepted (certificates, &terms, 3);
  terms.crls = bad;
  assert_card_refused (certificates, &terms, NOW, CANTIGA_ERROR_CARD_REVOKED, "was revoked");
  terms.crls = bad_issuer;
  assert_card_refused (certificates, &terms, NOW, CANTIGA_ERROR_CERTIFICATE_REFUSED, "it was revoked");
  terms.crls = lacking;
  assert_card_refused (certificates, &terms, NOW, CANTIGA_ERROR_CARD_UNCHECKED, "no revocation list of its authority");
}

static void
test_old_lists (State *state, gconstpointer unused)
{
  g_autoptr (GPtrArray) certificates = chain_of (state->card, state->issuing, NULL);
  g_autoptr (GPtrArray) authorities = array_of (state->root, NULL, NULL);
  g_autoptr (X509_CRL) old = list_new (state->issuing, state->issuing_key, NULL, NOW - 9, NOW - 1);
  g_autoptr (X509_CRL) old_revoked = list_new (state->issuing, state->issuing_key, state->card, NOW - 9, NOW - 1);
  g_autoptr (X509_CRL) fresh = list_new (state->issuing, state->issuing_key, NULL, NOW - 1, NOW + DAY);
  g_autoptr (GPtrArray) lists = array_of (old, NULL, NULL);
  g_autoptr (GPtrArray) revoked = array_of (old_revoked, NULL, NULL);
  g_autoptr (X509_CRL) early = list_new (state->issuing, state->issuing_key, NULL, NOW + 9, NOW + DAY);
  g_autoptr (GPtrArray) both = array_of (old_revoked, fresh, NULL);
  g_autoptr (GPtrArray) of_tomorrow = array_of (early, NULL, NULL);
  CantigaCardTerms terms = { .authorities = authorities, .crls = lists };

  assert_card_refused (certificates, &terms, NOW, CANTIGA_ERROR_CARD_UNCHECKED, "the revocation list is out of date");
  terms.take_expired_crls = TRUE;
  assert_card_accepted (certificates, &terms, 3);
  /* What an old list says still counts. */
  terms.crls = revoked;
  assert_card_refused (certificates, &terms, NOW, CANTIGA_ERROR_CARD_REVOKED, "was revoked");
  terms.crls = of_tomorrow;
  assert_card_refused (certificates, &terms, NOW, CANTIGA_ERROR_CARD_UNCHECKED, "the revocation list is not valid yet");
  /* The newer one of two is looked at. */
  terms.take_expired_crls = FALSE;
  terms.crls = both;
  assert_card_accepted (certificates, &terms, 3);
}

static void
test_forged_list (State *state, gconstpointer unused)
{
  g_autoptr (GPtrArray) certificates = chain_of (state->card, state->issuing, NULL);
  g_autoptr (GPtrArray) authorities = array_of (state->root, NULL, NULL);
  g_autoptr (EVP_PKEY) forger = key_new (CANTIGA_AUTH_ECDSA);
  g_autoptr (X509_CRL) forged = list_new (state->issuing, state->issuing_key, NULL, NOW, NOW + DAY);
  g_autoptr (GPtrArray) lists = array_of (forged, NULL, NULL);

  g_assert_cmpint (X509_CRL_sign (forged, forger, EVP_sha256 ()), >, 0);
  assert_card_refused (certificates, &(CantigaCardTerms){ .authorities = authorities, .crls = lists }, NOW, CANTIGA_ERROR_CARD_UNCHECKED,
                       "signature");
}

/* As from a file: OpenSSL looks at extensions when it reads. */
static X509_CRL *
reread (X509_CRL *crl)
{
  g_autoptr (GBytes) der = cantiga_crl_encode (crl);

  return cantiga_crl_decode (der, NULL);
}

/* RFC 5280 5.2.6: the whole list says that there are lists of changes. */
static void
announce_changes (X509_CRL *crl, EVP_PKEY *key)
{
  X509_EXTENSION *freshest = X509V3_EXT_conf_nid (NULL, NULL, NID_freshest_crl, (char *)"URI:http://state.example/changes.crl");

  g_assert_nonnull (freshest);
  g_assert_cmpint (X509_CRL_add_ext (crl, freshest, -1), ==, 1);
  g_assert_cmpint (X509_CRL_sign (crl, key, EVP_sha256 ()), >, 0);
  X509_EXTENSION_free (freshest);
}

/* A list of what changed since another is no list by itself, and is heeded beside that one. */
static void
test_list_of_changes (State *state, gconstpointer unused)
{
  g_autoptr (GPtrArray) certificates = chain_of (state->card, state->issuing, NULL);
  g_autoptr (GPtrArray) authorities = array_of (state->root, NULL, NULL);
  g_autoptr (X509_CRL) base = cantiga_crl_issue (state->issuing, state->issuing_key, 5, NULL, NOW - 9, NOW + DAY, NULL);
  g_autofree char *serial = cantiga_certificate_dup_serial (state->card);
  const char *const serials[] = { serial, NULL };
  g_autoptr (X509_CRL) changes = cantiga_crl_issue (state->issuing, state->issuing_key, 6, serials, NOW, NOW + DAY, NULL);
  g_autoptr (X509_CRL) nothing = cantiga_crl_issue (state->issuing, state->issuing_key, 6, NULL, NOW, NOW + DAY, NULL);
  ASN1_INTEGER *since = ASN1_INTEGER_new ();
  g_autoptr (GPtrArray) both = array_of (base, changes, NULL);
  g_autoptr (GPtrArray) alone = array_of (nothing, NULL, NULL);
  CantigaCardTerms terms = { .authorities = authorities, .crls = both };

  g_assert_cmpint (ASN1_INTEGER_set (since, 5), ==, 1);
  g_assert_cmpint (X509_CRL_add1_ext_i2d (changes, NID_delta_crl, since, 1, 0), ==, 1);
  g_assert_cmpint (X509_CRL_add1_ext_i2d (nothing, NID_delta_crl, since, 1, 0), ==, 1);
  g_assert_cmpint (X509_CRL_sign (changes, state->issuing_key, EVP_sha256 ()), >, 0);
  g_assert_cmpint (X509_CRL_sign (nothing, state->issuing_key, EVP_sha256 ()), >, 0);
  ASN1_INTEGER_free (since);
  announce_changes (base, state->issuing_key);
  both->pdata[0] = reread (base);
  both->pdata[1] = reread (changes);
  alone->pdata[0] = reread (nothing);
  assert_card_refused (certificates, &terms, NOW, CANTIGA_ERROR_CARD_REVOKED, "was revoked");
  terms.crls = alone;
  assert_card_refused (certificates, &terms, NOW, CANTIGA_ERROR_CARD_UNCHECKED, "no revocation list");
  X509_CRL_free (both->pdata[0]);
  X509_CRL_free (both->pdata[1]);
  X509_CRL_free (alone->pdata[0]);
}

#define ADD_STATE(path, function) g_test_add ("/chain/" path, State, NULL, state_set_up, function, state_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/chain/knows-cards-by-their-usages", Fixture, NULL, set_up, test_card_usages, tear_down);
  ADD_STATE ("accepts-a-sloppy-state's-card", test_state_root);
  ADD_STATE ("accepts-a-card-by-its-issuing-authority-alone", test_state_issuing_authority_alone);
  ADD_STATE ("refuses-a-player-by-an-issuing-authority-alone", test_issuing_authority_alone_is_not_ours);
  ADD_STATE ("refuses-a-card-that-its-state-revoked", test_state_list);
  ADD_STATE ("knows-cards-of-four-kinds-of-keys", test_mixed_keys);
  ADD_STATE ("completes-a-card's-chain-from-the-authorities", test_authorities_complete_a_chain);
  ADD_STATE ("asks-for-a-card's-policy", test_policy);
  ADD_STATE ("refuses-a-signature-certificate", test_wrong_usage);
  ADD_STATE ("refuses-a-card-past-its-end", test_dates);
  ADD_STATE ("looks-at-all-lists-of-a-card's-chain", test_lists);
  ADD_STATE ("does-not-rely-on-old-lists", test_old_lists);
  ADD_STATE ("does-not-rely-on-a-forged-list", test_forged_list);
  ADD_STATE ("heeds-a-list-of-changes-beside-the-whole-one", test_list_of_changes);
  return g_test_run ();
}
