#include "core/card-state.h"

static void
test_names_lead_back (void)
{
  for (guint i = 0; i < CANTIGA_N_CARD_STATES; i++)
    {
      CantigaCardState state = CANTIGA_N_CARD_STATES;

      g_assert_true (cantiga_card_state_parse (cantiga_card_state_get_name (i), &state));
      g_assert_cmpuint (state, ==, i);
    }
}

static void
test_words_lead_back (void)
{
  CantigaCardTries tries = 0;
  CantigaCardPin pin = 0;
  CantigaCardKind kind = 0;

  for (guint i = 0; i < CANTIGA_N_CARD_TRIES; i++)
    g_assert_true (cantiga_card_tries_parse (cantiga_card_tries_get_name (i), &tries) && tries == i);
  for (guint i = 0; i < CANTIGA_N_CARD_PINS; i++)
    g_assert_true (cantiga_card_pin_parse (cantiga_card_pin_get_name (i), &pin) && pin == i);
  for (guint i = 0; i < CANTIGA_N_CARD_KINDS; i++)
    g_assert_true (cantiga_card_kind_parse (cantiga_card_kind_get_name (i), &kind) && kind == i);
}

static void
test_unknown_words_change_nothing (void)
{
  static const char *const words[] = { "", "READY", "ready ", "pin", NULL };
  CantigaCardState state = CANTIGA_CARD_STATE_SILENT;
  CantigaCardTries tries = CANTIGA_CARD_TRIES_LAST;
  CantigaCardPin pin = CANTIGA_CARD_PIN_PAD;
  CantigaCardKind kind = CANTIGA_CARD_KIND_PIV;

  for (guint i = 0; i < G_N_ELEMENTS (words); i++) /* the NULL too */
    {
      g_assert_false (cantiga_card_state_parse (words[i], &state));
      g_assert_false (cantiga_card_tries_parse (words[i], &tries));
      g_assert_false (cantiga_card_pin_parse (words[i], &pin));
      g_assert_false (cantiga_card_kind_parse (words[i], &kind));
    }
  g_assert_cmpint (state, ==, CANTIGA_CARD_STATE_SILENT);
  g_assert_cmpint (tries, ==, CANTIGA_CARD_TRIES_LAST);
  g_assert_cmpint (pin, ==, CANTIGA_CARD_PIN_PAD);
  g_assert_cmpint (kind, ==, CANTIGA_CARD_KIND_PIV);
}

/* Traps of other programs: a blocked card shown as an exception, a state without a way out of it. */
static void
test_every_state_says_what_to_do (void)
{
  for (guint i = 0; i < CANTIGA_N_CARD_STATES; i++)
    {
      g_assert_true (g_str_has_suffix (cantiga_card_state_get_sentence (i), "."));
      g_assert_true (i == CANTIGA_CARD_STATE_READY || g_str_has_suffix (cantiga_card_state_get_remedy (i), "."));
      for (guint j = 0; j < i; j++)
        g_assert_cmpstr (cantiga_card_state_get_sentence (i), !=, cantiga_card_state_get_sentence (j));
    }
}

static void
test_error_carries_sentence_and_remedy (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (cantiga_card_state_fail (&error, CANTIGA_CARD_STATE_NO_CARD));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD);
  g_assert_cmpstr (error->message, ==, "There is no card in the reader. Put the card in, chip first.");
}

static void
test_pin_errors_are_their_own (void)
{
  g_assert_cmpint (cantiga_card_state_get_error (CANTIGA_CARD_STATE_PIN_WRONG), ==, CANTIGA_ERROR_PIN_WRONG);
  g_assert_cmpint (cantiga_card_state_get_error (CANTIGA_CARD_STATE_LAST_TRY), ==, CANTIGA_ERROR_PIN_WRONG);
  g_assert_cmpint (cantiga_card_state_get_error (CANTIGA_CARD_STATE_BLOCKED), ==, CANTIGA_ERROR_PIN_BLOCKED);
  g_assert_cmpint (cantiga_card_state_get_error (CANTIGA_CARD_STATE_SILENT), ==, CANTIGA_ERROR_CARD);
}

/* What is left of three is known of the Citizen Card; of others, what they say themselves: the last, and none. */
static void
test_tries_that_are_left (void)
{
  g_assert_cmpint (cantiga_card_tries_get_left (CANTIGA_CARD_TRIES_NORMAL, CANTIGA_CARD_KIND_CITIZEN), ==, 3);
  g_assert_cmpint (cantiga_card_tries_get_left (CANTIGA_CARD_TRIES_LOW, CANTIGA_CARD_KIND_CITIZEN), ==, 2);
  for (guint kind = 0; kind < CANTIGA_N_CARD_KINDS; kind++)
    {
      g_assert_cmpint (cantiga_card_tries_get_left (CANTIGA_CARD_TRIES_LAST, kind), ==, 1);
      g_assert_cmpint (cantiga_card_tries_get_left (CANTIGA_CARD_TRIES_BLOCKED, kind), ==, 0);
      if (kind == CANTIGA_CARD_KIND_CITIZEN)
        continue;
      g_assert_cmpint (cantiga_card_tries_get_left (CANTIGA_CARD_TRIES_NORMAL, kind), ==, -1);
      g_assert_cmpint (cantiga_card_tries_get_left (CANTIGA_CARD_TRIES_LOW, kind), ==, -1);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/card-state/names-lead-back", test_names_lead_back);
  g_test_add_func ("/card-state/words-lead-back", test_words_lead_back);
  g_test_add_func ("/card-state/unknown-words-change-nothing", test_unknown_words_change_nothing);
  g_test_add_func ("/card-state/every-state-says-what-to-do", test_every_state_says_what_to_do);
  g_test_add_func ("/card-state/error-carries-sentence-and-remedy", test_error_carries_sentence_and_remedy);
  g_test_add_func ("/card-state/tries-that-are-left", test_tries_that_are_left);
  g_test_add_func ("/card-state/pin-errors-are-their-own", test_pin_errors_are_their_own);
  return g_test_run ();
}
