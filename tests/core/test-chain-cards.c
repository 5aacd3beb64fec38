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
  return g_test_run ();
}
