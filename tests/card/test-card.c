/* client/card.c and cantiga-card with real modules: SoftHSM with three Citizen Cards in software. */
#include "card-tests.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/chain.h"

#define RSA_PERSON "JOSÉ MARIA DA SILVA"
#define EC_PERSON "ANA LÚCIA COSTA"
#define OTHER_PERSON "RUI PEDRO SANTOS"

static char *program;
static char *module;

static CantigaCard *
card_new (void)
{
  const char *const modules[] = { module, NULL };

  return cantiga_card_new (program, modules);
}

static void
test_lists_every_person (void)
{
  static const char *const people[] = { RSA_PERSON, EC_PERSON, OTHER_PERSON };
  g_autoptr (CantigaCard) card = card_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = card_tests_list (card, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (all->len, ==, G_N_ELEMENTS (people));
  g_assert_cmpint (cantiga_card_get_last_state (card), ==, CANTIGA_CARD_STATE_PIN_WANTED);
  for (guint i = 0; i < G_N_ELEMENTS (people); i++)
    {
      g_autoptr (CantigaCardFound) found = card_tests_find (card, people[i]);

      g_assert_cmpint (found->kind, ==, CANTIGA_CARD_KIND_CITIZEN);
      g_assert_cmpint (found->state, ==, CANTIGA_CARD_STATE_PIN_WANTED);
      g_assert_cmpint (found->tries, ==, CANTIGA_CARD_TRIES_NORMAL);
      g_assert_cmpint (found->pin, ==, CANTIGA_CARD_PIN_ASKED);
      g_assert_cmpuint (found->pin_min, ==, 4);
      g_assert_cmpuint (found->pin_max, ==, 8);
      g_assert_cmpstr (found->token, ==, "CARTAO DE CIDADAO");
      g_assert_cmpint (found->not_after, >, g_get_real_time () / G_USEC_PER_SEC);
    }
}

/* docs/protocol.md 7: "Only a card's *authentication* key is ever used." */
static void
test_never_shows_a_signature_certificate (void)
{
  g_autoptr (CantigaCard) card = card_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = card_tests_list (card, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < all->len; i++)
    g_assert_cmpstr (((CantigaCardFound *)g_ptr_array_index (all, i))->label, ==, "CITIZEN AUTHENTICATION CERTIFICATE");
}

static void
test_certificate_is_the_card_s (void)
{
  g_autoptr (CantigaCard) card = card_new ();
  g_autoptr (CantigaCardFound) found = card_tests_find (card, OTHER_PERSON);
  g_autofree char *pem = card_tests_read ("hsm/card.pem");
  g_autoptr (GBytes) file = g_bytes_new (pem, strlen (pem));
  g_autoptr (X509) certificate = cantiga_certificate_decode_any (file, NULL);
  g_autoptr (GBytes) der = cantiga_certificate_encode (certificate);

  g_assert_true (g_bytes_equal (found->certificate, der));
}

static void
assert_signs (const char *person, const char *wanted)
{
  g_autoptr (CantigaCard) card = card_new ();
  g_autoptr (CantigaCardFound) found = card_tests_find (card, person);
  g_autoptr (GError) error = NULL;
  const char *algorithm;
  g_autoptr (GBytes) signature = card_tests_sign (card, found, "1234", &algorithm, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (algorithm, ==, wanted);
  card_tests_assert_signed (found, algorithm, signature);
  g_assert_cmpint (cantiga_card_get_last_state (card), ==, CANTIGA_CARD_STATE_READY);
}

static void
test_signs_with_rsa (void)
{
  assert_signs (RSA_PERSON, "rsa-pkcs1-sha256");
}

static void
test_signs_with_ec (void)
{
  assert_signs (EC_PERSON, "ecdsa-sha256");
}

/* What signing in again by itself rests on. */
static void
test_signs_again_without_a_pin (void)
{
  g_autoptr (CantigaCard) card = card_new ();
  g_autoptr (CantigaCardFound) found = card_tests_find (card, RSA_PERSON);
  g_autoptr (CantigaCardFound) later = NULL;
  g_autoptr (GError) error = NULL;
  const char *algorithm;
  g_autoptr (GBytes) first = card_tests_sign (card, found, "1234", NULL, &error);
  g_autoptr (GBytes) second = card_tests_sign (card, found, NULL, &algorithm, &error);

  g_assert_no_error (error);
  card_tests_assert_signed (found, algorithm, second);
  later = card_tests_find (card, RSA_PERSON);
  g_assert_cmpint (later->state, ==, CANTIGA_CARD_STATE_READY);
}

static void
test_one_person_s_pin_opens_no_other_card (void)
{
  g_autoptr (CantigaCard) card = card_new ();
  g_autoptr (CantigaCardFound) found = card_tests_find (card, RSA_PERSON);
  g_autoptr (CantigaCardFound) other = card_tests_find (card, OTHER_PERSON);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) signature = card_tests_sign (card, found, "1234", NULL, &error);

  g_assert_no_error (error);
  g_assert_null (card_tests_sign (card, other, NULL, NULL, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD);
  g_assert_cmpint (cantiga_card_get_last_state (card), ==, CANTIGA_CARD_STATE_PIN_WANTED);
}

static void
test_asks_for_the_pin (void)
{
  g_autoptr (CantigaCard) card = card_new ();
  g_autoptr (CantigaCardFound) found = card_tests_find (card, EC_PERSON);
  g_autoptr (GError) error = NULL;

  g_assert_null (card_tests_sign (card, found, NULL, NULL, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD);
  g_assert_cmpstr (error->message, ==, "The card asks for its authentication PIN. Type the PIN.");
  g_assert_cmpint (cantiga_card_get_last_state (card), ==, CANTIGA_CARD_STATE_PIN_WANTED);
}

static void
test_refuses_a_wrong_pin (void)
{
  g_autoptr (CantigaCard) card = card_new ();
  g_autoptr (CantigaCardFound) found = card_tests_find (card, EC_PERSON);
  g_autoptr (CantigaCardFound) later = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (card_tests_sign (card, found, "4321", NULL, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_PIN_WRONG);
  g_assert_cmpstr (error->message, ==, "The PIN is wrong. Type it again.");
  g_assert_cmpint (cantiga_card_get_last_state (card), ==, CANTIGA_CARD_STATE_PIN_WRONG);
  later = card_tests_find (card, EC_PERSON);
  g_assert_cmpint (later->tries, ==, CANTIGA_CARD_TRIES_LOW);
}

static void
test_takes_the_right_pin_after_a_wrong_one (void)
{
  g_autoptr (CantigaCard) card = card_new ();
  g_autoptr (CantigaCardFound) found = card_tests_find (card, EC_PERSON);
  g_autoptr (GBytes) refused = card_tests_sign (card, found, "4321", NULL, NULL);
  g_autoptr (GError) error = NULL;
  const char *algorithm;
  g_autoptr (GBytes) signature = card_tests_sign (card, found, "1234", &algorithm, &error);

  g_assert_null (refused);
  g_assert_no_error (error);
  card_tests_assert_signed (found, algorithm, signature);
}

/* The card is signed in to already: the PIN is tried all the same, since whoever typed it wants to know. */
static void
test_refuses_a_wrong_pin_after_the_right_one (void)
{
  g_autoptr (CantigaCard) card = card_new ();
  g_autoptr (CantigaCardFound) found = card_tests_find (card, RSA_PERSON);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) signature = card_tests_sign (card, found, "1234", NULL, &error);

  g_assert_no_error (error);
  g_assert_null (card_tests_sign (card, found, "4321", NULL, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_PIN_WRONG);
}

static void
test_pin_of_another_form_is_not_tried (void)
{
  static const char *const pins[]
      = { "", "1", "123", "123456789", "12a4", "١٢٣٤", "12345678901234567890123456789012345678901234567890123456789012345" };
  g_autoptr (CantigaCard) card = card_new ();
  g_autoptr (CantigaCardFound) found = card_tests_find (card, OTHER_PERSON);
  g_autoptr (CantigaCardFound) later = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (pins); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (card_tests_sign (card, found, pins[i], NULL, &error));
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_PIN_WRONG);
      g_assert_nonnull (strstr (error->message, "was not tried"));
      g_assert_cmpint (cantiga_card_get_last_state (card), ==, CANTIGA_CARD_STATE_PIN_WANTED);
    }
  later = card_tests_find (card, OTHER_PERSON);
  g_assert_cmpint (later->tries, ==, CANTIGA_CARD_TRIES_NORMAL);
}

static void
test_tells_a_module_that_is_not_there (void)
{
  const char *const modules[] = { "/nowhere/module.so", NULL };
  g_autoptr (CantigaCard) card = cantiga_card_new (program, modules);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = card_tests_list (card, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (all->len, ==, 0);
  g_assert_cmpint (cantiga_card_get_last_state (card), ==, CANTIGA_CARD_STATE_NO_MODULE);
}

static void
test_loads_several_modules (void)
{
  const char *const modules[] = { "/nowhere/module.so", module, NULL };
  g_autoptr (CantigaCard) card = cantiga_card_new (program, modules);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = card_tests_list (card, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (all->len, ==, 3);
}

static void
test_tells_a_program_that_is_not_there (void)
{
  g_autoptr (CantigaCard) card = cantiga_card_new ("/nowhere/cantiga-card", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (card_tests_list (card, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD);
  g_assert_cmpint (cantiga_card_get_last_state (card), ==, CANTIGA_CARD_STATE_CRASHED);
}

/* p11-kit takes no user's configuration as root: cantiga-card then runs as another user, with a copy of everything that user needs. */
static void
test_follows_p11_kit_s_configuration (void)
{
  g_autofree char *lines = g_strdup_printf (
      "cd %1$s && mkdir -p config/pkcs11/modules && cp -r hsm hsm-of-user && cp hsm/softhsm2.module config/pkcs11/modules/\n"
      "sed 's,/hsm/,/hsm-of-user/,' hsm/softhsm2.conf > hsm-of-user/softhsm2.conf\n"
      "echo 'user-config: only' > config/pkcs11/pkcs11.conf && cp \"$CANTIGA_CARD_HELPER\" cantiga-card\n"
      "export XDG_CONFIG_HOME=%1$s/config SOFTHSM2_CONF=%1$s/hsm-of-user/softhsm2.conf\n"
      "[ $(id -u) != 0 ] || { chown -R nobody . && exec setpriv --reuid nobody --regid nogroup --clear-groups ./cantiga-card \"$@\"; }",
      card_tests_folder ());
  g_autofree char *user = card_tests_program ("as-user", lines);
  g_autoptr (CantigaCard) card = cantiga_card_new (user, NULL);
  g_autoptr (CantigaCardFound) found = card_tests_find (card, RSA_PERSON);
  g_autoptr (GError) error = NULL;
  const char *algorithm;
  g_autoptr (GBytes) signature = card_tests_sign (card, found, "1234", &algorithm, &error);

  g_assert_no_error (error);
  card_tests_assert_signed (found, algorithm, signature);
}

static void
count_answer_cb (GObject *card, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = cantiga_card_list_finish (CANTIGA_CARD (card), result, &error);

  g_assert_no_error (error);
  (*(guint *)user_data)++;
}

static gboolean
is_ten (gpointer number)
{
  return *(guint *)number == 10;
}

static void
test_requests_wait_for_each_other (void)
{
  g_autoptr (CantigaCard) card = card_new ();
  guint answers = 0;

  for (guint i = 0; i < 10; i++)
    cantiga_card_list_async (card, NULL, count_answer_cb, &answers);
  card_tests_wait (is_ten, &answers);
}

int
main (int argc, char *argv[])
{
  g_autofree char *lines = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  card_tests_make_card (NULL, "rsa", RSA_PERSON);
  card_tests_make_card ("--add", "ec", EC_PERSON);
  card_tests_make_card ("--add", "rsa", OTHER_PERSON);
  lines = g_strdup_printf ("export SOFTHSM2_CONF=%s/hsm/softhsm2.conf", card_tests_folder ());
  program = card_tests_program ("program", lines);
  module = card_tests_softhsm ();

  g_test_add_func ("/card/lists-every-person", test_lists_every_person);
  g_test_add_func ("/card/never-shows-a-signature-certificate", test_never_shows_a_signature_certificate);
  g_test_add_func ("/card/certificate-is-the-card-s", test_certificate_is_the_card_s);
  g_test_add_func ("/card/signs-with-rsa", test_signs_with_rsa);
  g_test_add_func ("/card/signs-with-ec", test_signs_with_ec);
  g_test_add_func ("/card/signs-again-without-a-pin", test_signs_again_without_a_pin);
  g_test_add_func ("/card/one-person-s-pin-opens-no-other-card", test_one_person_s_pin_opens_no_other_card);
  g_test_add_func ("/card/asks-for-the-pin", test_asks_for_the_pin);
  g_test_add_func ("/card/refuses-a-wrong-pin", test_refuses_a_wrong_pin);
  g_test_add_func ("/card/takes-the-right-pin-after-a-wrong-one", test_takes_the_right_pin_after_a_wrong_one);
  g_test_add_func ("/card/refuses-a-wrong-pin-after-the-right-one", test_refuses_a_wrong_pin_after_the_right_one);
  g_test_add_func ("/card/pin-of-another-form-is-not-tried", test_pin_of_another_form_is_not_tried);
  g_test_add_func ("/card/tells-a-module-that-is-not-there", test_tells_a_module_that_is_not_there);
  g_test_add_func ("/card/loads-several-modules", test_loads_several_modules);
  g_test_add_func ("/card/tells-a-program-that-is-not-there", test_tells_a_program_that_is_not_there);
  g_test_add_func ("/card/follows-p11-kit-s-configuration", test_follows_p11_kit_s_configuration);
  g_test_add_func ("/card/requests-wait-for-each-other", test_requests_wait_for_each_other);
  result = g_test_run ();
  card_tests_end ();
  g_free (program);
  g_free (module);
  return result;
}
