/* Cards that wait for the keeper. */
#include "tests/server/ledger-fixture.h"

static void
assert_standing (Fixture *fixture, X509 *card, CantigaError code)
{
  g_autoptr (GError) error = NULL;
  CantigaId id;

  if (code == CANTIGA_N_ERRORS)
    g_assert_true (cantiga_ledger_find_card (fixture->ledger, card, &id, &error));
  else
    {
      g_assert_false (cantiga_ledger_find_card (fixture->ledger, card, &id, &error));
      g_assert_error (error, CANTIGA_ERROR, (int)code);
    }
}

static void
note (Fixture *fixture, X509 *card)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (cantiga_ledger_note_card (fixture->ledger, card, NOW, &error));
  g_assert_no_error (error);
}

/* The one card that there is; free with cantiga_card_row_free(). */
static CantigaCardRow *
only_card (Fixture *fixture)
{
  g_autoptr (GPtrArray) cards = cantiga_ledger_list_cards (fixture->ledger, NULL);

  g_assert_cmpuint (cards->len, ==, 1);
  return g_ptr_array_steal_index (cards, 0);
}

static void
test_waits (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) ana = certificate_new ("ANA");
  g_autoptr (CantigaCardRow) card = NULL;

  note (fixture, ana);
  note (fixture, ana);
  reopen (fixture);
  card = only_card (fixture);
  g_assert_cmpstr (card->name, ==, "ANA");
  g_assert_cmpint (card->waiting, ==, NOW);
  g_assert_cmpint (cantiga_card_row_get_standing (card), ==, CANTIGA_CARD_WAITS);
  assert_standing (fixture, ana, CANTIGA_ERROR_CARD_WAITING);
  assert_whole (fixture->ledger);
}

static void
test_approved (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) ana = certificate_new ("ANA");
  g_autoptr (CantigaCardRow) card = NULL;
  g_autoptr (GError) error = NULL;

  note (fixture, ana);
  card = only_card (fixture);
  g_assert_true (cantiga_ledger_approve_card (fixture->ledger, &card->id, &error));
  g_assert_true (cantiga_ledger_approve_card (fixture->ledger, &card->id, &error));
  g_assert_no_error (error);
  assert_standing (fixture, ana, CANTIGA_N_ERRORS);
  /* Noted again, it does not wait again. */
  note (fixture, ana);
  assert_standing (fixture, ana, CANTIGA_N_ERRORS);
}

static void
test_turned_away (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) ana = certificate_new ("ANA");
  g_autoptr (CantigaCardRow) card = NULL;
  g_autoptr (GError) error = NULL;

  note (fixture, ana);
  card = only_card (fixture);
  g_assert_true (cantiga_ledger_revoke_card (fixture->ledger, &card->id, NOW, &error));
  assert_standing (fixture, ana, CANTIGA_ERROR_CARD_REVOKED);
  note (fixture, ana);
  assert_standing (fixture, ana, CANTIGA_ERROR_CARD_REVOKED);
  g_assert_false (cantiga_ledger_approve_card (fixture->ledger, &card->id, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD_REVOKED);
}

static void
test_added (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) ana = certificate_new ("ANA");
  gboolean is_new;
  CantigaId id;

  note (fixture, ana);
  g_assert_true (cantiga_ledger_add_card (fixture->ledger, ana, NOW, &id, &is_new, NULL));
  g_assert_false (is_new);
  assert_standing (fixture, ana, CANTIGA_N_ERRORS);
}

/* docs/protocol.md 14.5: an invitation with a card lets it in, also if it waited before. */
static void
test_invited (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (X509) ana = certificate_new ("ANA");
  g_autoptr (CantigaInvitation) invitation = invite (fixture, TRUE);
  gboolean taken = FALSE;
  CantigaId id;

  note (fixture, ana);
  g_assert_true (use (fixture, invitation, request, NOW, NULL));
  g_assert_true (cantiga_ledger_take_first_card (fixture->ledger, PLAYER, ana, NOW, &taken, &id, NULL));
  g_assert_true (taken);
  assert_standing (fixture, ana, CANTIGA_N_ERRORS);
}

static void
test_unknown (Fixture *fixture, gconstpointer unused)
{
  const CantigaId id = id_of (7);
  g_autoptr (GError) error = NULL;

  g_assert_false (cantiga_ledger_approve_card (fixture->ledger, &id, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
}

static void
test_not_endlessly_many (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (EVP_PKEY) key = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i <= CANTIGA_CARDS_WAITING_MAX; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      g_autoptr (X509) card = cantiga_authority_issue (key, name, NOW, NOW + 1, NULL);

      g_assert_true (cantiga_ledger_note_card (fixture->ledger, card, NOW, &error) == (i < CANTIGA_CARDS_WAITING_MAX));
    }
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD_UNKNOWN);
}

#define ADD(path, function) g_test_add ("/cards/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("noted-one-waits", test_waits);
  ADD ("approved-one-is-in", test_approved);
  ADD ("turned-away-one-stays-out", test_turned_away);
  ADD ("one-that-waits-is-let-in-by-its-file", test_added);
  ADD ("one-that-waits-is-let-in-by-an-invitation", test_invited);
  ADD ("unknown-one-is-not-approved", test_unknown);
  ADD ("not-endlessly-many-wait", test_not_endlessly_many);
  return g_test_run ();
}
