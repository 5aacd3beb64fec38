#include "tests/core/chain-fixture.h"

#define CHAINS_MAX 256

static X509_CRL *
list_new (Fixture *fixture, X509 *revoked)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *serial = revoked != NULL ? cantiga_certificate_dup_serial (revoked) : NULL;
  const char *const serials[] = { serial, NULL };
  X509_CRL *crl = cantiga_crl_issue (fixture->authority, fixture->authority_key, 1, serials, NOW, NOW + 7 * DAY, &error);

  g_assert_no_error (error);
  return crl;
}

static void
assert_held (CantigaHeldChains *chains, GPtrArray *chain, gint64 now)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) leaf = cantiga_held_chains_verify (chains, chain, now, &error);
  g_autoptr (GBytes) der = NULL;

  g_assert_no_error (error);
  der = cantiga_certificate_encode (leaf);
  g_assert_true (g_bytes_equal (der, chain->pdata[0]));
}

static void
assert_refused (CantigaHeldChains *chains, GPtrArray *chain, gint64 now, const char *why)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_held_chains_verify (chains, chain, now, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  if (strstr (error->message, why) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, why);
}

/* Another leaf of the same player's key. */
static GPtrArray *
another_chain (Fixture *fixture)
{
  g_autoptr (X509) leaf = issue (fixture->authority, fixture->authority_key, fixture->key, CANTIGA_USAGE_PLAYER, NOW, NOW + 90 * DAY);

  return chain_of (leaf, NULL, NULL);
}

/* That it was kept is seen by the leaf: the very same one, when others have taken the place of what was decoded last. */
static void
test_again (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509_CRL) crl = list_new (fixture, NULL);
  g_autoptr (CantigaHeldChains) chains = cantiga_held_chains_new (fixture->authorities, crl, CANTIGA_USAGE_PLAYER);
  g_autoptr (GPtrArray) chain = chain_of (fixture->leaves[CANTIGA_USAGE_PLAYER], NULL, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) first = cantiga_held_chains_verify (chains, chain, NOW, &error);
  g_autoptr (X509) again = NULL;
  g_autoptr (X509) decoded = NULL;

  g_assert_no_error (error);
  for (guint i = 0; i < CHAINS_MAX - 1; i++)
    {
      g_autoptr (GPtrArray) other = another_chain (fixture);

      assert_held (chains, other, NOW);
    }
  again = cantiga_held_chains_verify (chains, chain, NOW, &error);
  g_assert_no_error (error);
  decoded = cantiga_certificate_decode (chain->pdata[0], &error);
  g_assert_no_error (error);
  g_assert_true (again == first);
  g_assert_true (decoded != first);
}

/* One more than there is room for: nobody is refused for it. */
static void
test_full (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaHeldChains) chains = cantiga_held_chains_new (fixture->authorities, NULL, CANTIGA_USAGE_PLAYER);
  g_autoptr (GPtrArray) chain = chain_of (fixture->leaves[CANTIGA_USAGE_PLAYER], NULL, NULL);

  for (guint i = 0; i <= CHAINS_MAX; i++)
    {
      g_autoptr (GPtrArray) other = another_chain (fixture);

      assert_held (chains, other, NOW);
    }
  assert_held (chains, chain, NOW);
}

/* The dates of the leaf, of the authority and of the list are looked at each time, however often it held. */
static void
test_dates (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509_CRL) crl = list_new (fixture, NULL);
  g_autoptr (CantigaHeldChains) listed = cantiga_held_chains_new (fixture->authorities, crl, CANTIGA_USAGE_PLAYER);
  g_autoptr (CantigaHeldChains) chains = cantiga_held_chains_new (fixture->authorities, NULL, CANTIGA_USAGE_PLAYER);
  g_autoptr (X509) longer = issue (fixture->authority, fixture->authority_key, fixture->key, CANTIGA_USAGE_PLAYER, NOW - DAY, NOW + 2000 * DAY);
  g_autoptr (GPtrArray) chain = chain_of (fixture->leaves[CANTIGA_USAGE_PLAYER], NULL, NULL);
  g_autoptr (X509) shorter = issue (fixture->authority, fixture->authority_key, fixture->key, CANTIGA_USAGE_PLAYER, NOW, NOW + 3 * DAY);
  g_autoptr (GPtrArray) long_chain = chain_of (longer, NULL, NULL);
  g_autoptr (GPtrArray) short_chain = chain_of (shorter, NULL, NULL);

  assert_held (listed, short_chain, NOW + 1);
  assert_held (listed, short_chain, NOW + 3 * DAY - 1);
  assert_refused (listed, short_chain, NOW + 3 * DAY, "it has expired");
  assert_held (listed, chain, NOW + 1);
  assert_held (listed, chain, NOW + 7 * DAY - 1);
  assert_refused (listed, chain, NOW + 7 * DAY, "the revocation list is out of date");
  assert_held (listed, long_chain, NOW);
  assert_refused (listed, long_chain, NOW - 1, "the revocation list is not valid yet");
  assert_held (chains, chain, NOW);
  assert_held (chains, chain, NOW + 90 * DAY - 1);
  assert_refused (chains, chain, NOW + 90 * DAY, "it has expired");
  assert_refused (chains, chain, NOW - 1, "it is not valid yet");
  assert_held (chains, long_chain, NOW);
  assert_refused (chains, long_chain, NOW + 1000 * DAY, "it has expired");
  assert_held (chains, chain, NOW);
}

/* What was revoked is on another list, and that begins with nothing. */
static void
test_revoked (Fixture *fixture, gconstpointer unused)
{
  X509 *leaf = fixture->leaves[CANTIGA_USAGE_PLAYER];
  g_autoptr (X509_CRL) before = list_new (fixture, NULL);
  g_autoptr (X509_CRL) after = list_new (fixture, leaf);
  g_autoptr (CantigaHeldChains) chains = cantiga_held_chains_new (fixture->authorities, before, CANTIGA_USAGE_PLAYER);
  g_autoptr (CantigaHeldChains) next = cantiga_held_chains_new (fixture->authorities, after, CANTIGA_USAGE_PLAYER);
  g_autoptr (GPtrArray) chain = chain_of (leaf, NULL, NULL);

  assert_held (chains, chain, NOW);
  assert_refused (next, chain, NOW, "it was revoked");
  assert_refused (next, chain, NOW, "it was revoked");
}

/* One bit, one certificate more or less, another order: another chain, and checked as such. */
static void
test_other_bytes (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaHeldChains) chains = cantiga_held_chains_new (fixture->authorities, NULL, CANTIGA_USAGE_PLAYER);
  X509 *leaf = fixture->leaves[CANTIGA_USAGE_PLAYER], *other = fixture->leaves[CANTIGA_USAGE_SERVER];
  g_autoptr (GPtrArray) chain = chain_of (leaf, other, NULL);
  g_autoptr (GPtrArray) turned = chain_of (other, leaf, NULL);
  g_autoptr (GPtrArray) bent = chain_of (leaf, other, NULL);
  gsize length;
  guint8 *bytes;

  assert_held (chains, chain, NOW);
  assert_refused (chains, turned, NOW, "it was issued for another use");
  bytes = g_bytes_unref_to_data (g_steal_pointer (&bent->pdata[0]), &length);
  bytes[length - 1] ^= 1;
  bent->pdata[0] = g_bytes_new_take (bytes, length);
  assert_refused (chains, bent, NOW, "its signature does not verify");
  assert_held (chains, chain, NOW);
}

#define ADD(path, function) g_test_add ("/chain-held/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("who-comes-again-is-not-checked-anew", test_again);
  ADD ("when-full-begins-anew", test_full);
  ADD ("dates-are-looked-at-each-time", test_dates);
  ADD ("another-list-is-another-question", test_revoked);
  ADD ("other-bytes-are-another-chain", test_other_bytes);
  return g_test_run ();
}
