/* client/card-signer.c: what its owner is asked, with SoftHSM's cards and with a module that behaves as told. */
#include "client/card-watch.h"

#include <string.h>

#include <glib/gstdio.h>

#include "card-tests.h"

/* An owner whose answers are known beforehand, and who counts what it was asked. */
#define TEST_TYPE_OWNER (test_owner_get_type ())
G_DECLARE_FINAL_TYPE (TestOwner, test_owner, TEST, OWNER, GObject)
struct _TestOwner
{
  GObject parent;
  const char *pins[4]; /* in the order of asking; NULL: gives up */
  GString *asked;      /* the states, as words */
  GString *awaited;
  gboolean patient;
  const char *then;    /* the words for the module after it was told that no card is there */
  const char *chooses; /* a person's name */
  guint choices;
  guint offered;
  GString *tries; /* left, as each PIN was asked for */
  guint elsewhere;
};

static void test_owner_owner_init (CantigaCardOwnerInterface *iface);
G_DEFINE_FINAL_TYPE_WITH_CODE (TestOwner, test_owner, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (CANTIGA_TYPE_CARD_OWNER, test_owner_owner_init))

static void
test_owner_finalize (GObject *object)
{
  TestOwner *self = TEST_OWNER (object);

  g_string_free (self->asked, TRUE);
  g_string_free (self->awaited, TRUE);
  g_string_free (self->tries, TRUE);
  G_OBJECT_CLASS (test_owner_parent_class)->finalize (object);
}

static void
test_owner_class_init (TestOwnerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_owner_finalize;
}

static void
test_owner_init (TestOwner *self)
{
  self->asked = g_string_new (NULL);
  self->awaited = g_string_new (NULL);
  self->tries = g_string_new (NULL);
}

static void
note_state (GString *text, CantigaCardState state)
{
  g_string_append_printf (text, "%s ", cantiga_card_state_get_name (state));
}

static gboolean
await_card (CantigaCardOwner *owner, CantigaCardState state)
{
  TestOwner *self = TEST_OWNER (owner);

  note_state (self->awaited, state);
  if (self->then != NULL)
    card_tests_write ("mock", self->then);
  return self->patient;
}

static void
choose_card_async (CantigaCardOwner *owner, GPtrArray *found, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  TestOwner *self = TEST_OWNER (owner);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  self->choices++;
  self->offered = found->len;
  for (guint i = 0; i < found->len; i++)
    {
      CantigaCardFound *card = found->pdata[i];
      if (g_strcmp0 (card->name, self->chooses) == 0)
        return g_task_return_pointer (task, cantiga_card_found_ref (card), (GDestroyNotify)cantiga_card_found_unref);
    }
  g_task_return_new_error (task, CANTIGA_ERROR, CANTIGA_ERROR_CARD_NEEDED, "None of these.");
}

static CantigaCardFound *
choose_card_finish (CantigaCardOwner *owner, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
ask_pin_async (CantigaCardOwner *owner, CantigaCardFound *found, CantigaCardState state, GCancellable *cancellable, GAsyncReadyCallback callback,
               gpointer user_data)
{
  TestOwner *self = TEST_OWNER (owner);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  const char *pin = self->pins[0];

  note_state (self->asked, state);
  g_string_append_printf (self->tries, "%d ", cantiga_card_tries_get_left (found->tries, found->kind));
  memmove (self->pins, self->pins + 1, sizeof self->pins - sizeof self->pins[0]);
  if (pin == NULL)
    return g_task_return_new_error (task, CANTIGA_ERROR, CANTIGA_ERROR_CARD_NEEDED, "No PIN today.");
  g_task_return_pointer (task, cantiga_secret_new_copy ((const guint8 *)pin, strlen (pin)), (GDestroyNotify)cantiga_secret_free);
}

static CantigaSecret *
ask_pin_finish (CantigaCardOwner *owner, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
point_elsewhere (CantigaCardOwner *owner, CantigaCardFound *found)
{
  g_assert_cmpint (found->pin, !=, CANTIGA_CARD_PIN_ASKED);
  TEST_OWNER (owner)->elsewhere++;
}

static void
test_owner_owner_init (CantigaCardOwnerInterface *iface)
{
  iface->point_elsewhere = point_elsewhere;
  iface->await_card = await_card;
  iface->choose_card_async = choose_card_async;
  iface->choose_card_finish = choose_card_finish;
  iface->ask_pin_async = ask_pin_async;
  iface->ask_pin_finish = ask_pin_finish;
}

/* ---- a signer, and one signature of it ---- */

typedef struct
{
  TestOwner *owner;
  CantigaCard *card;
  CantigaSigner *signer;
} Fixture;

static void
use_card (Fixture *fixture, const char *program, const char *module)
{
  const char *const modules[] = { module, NULL };

  fixture->owner = g_object_new (TEST_TYPE_OWNER, NULL);
  fixture->card = cantiga_card_new (program, modules);
  fixture->signer = cantiga_card_signer_new (fixture->card, CANTIGA_CARD_OWNER (fixture->owner));
}

static void
set_up_mock (Fixture *fixture, gconstpointer words)
{
  g_autofree char *words_path = card_tests_path ("mock");
  g_autofree char *lines = g_strdup_printf ("export CANTIGA_MOCK_CARD=%s", words_path);
  g_autofree char *program = card_tests_program ("program", lines);

  card_tests_write ("mock", words);
  use_card (fixture, program, g_getenv ("CANTIGA_MOCK_MODULE"));
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_clear_object (&fixture->signer);
  g_clear_object (&fixture->card);
  g_clear_object (&fixture->owner);
}

static void
take_result_cb (GObject *source, GAsyncResult *result, gpointer slot)
{
  *(GAsyncResult **)slot = g_object_ref (result);
}

static gboolean
is_there (gpointer slot)
{
  return *(GAsyncResult **)slot != NULL;
}

static CantigaProof *
sign (Fixture *fixture, GError **error)
{
  g_autoptr (GBytes) message = card_tests_message ();
  g_autoptr (GAsyncResult) result = NULL;

  cantiga_signer_sign_async (fixture->signer, message, NULL, take_result_cb, &result);
  card_tests_wait (is_there, &result);
  return cantiga_signer_sign_finish (fixture->signer, result, error);
}

static void
assert_signs (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaProof) proof = sign (fixture, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (proof->certificates->len, ==, 1);
  g_assert_true (g_str_equal (proof->algorithm, "ecdsa-sha256") || g_str_equal (proof->algorithm, "rsa-pkcs1-sha256"));
  g_assert_cmpuint (g_bytes_get_size (proof->signature), >, 60);
}

static void
assert_fails (Fixture *fixture, CantigaError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (sign (fixture, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
}

/* ---- PINs ---- */

static void
test_asks_once (Fixture *fixture, gconstpointer unused)
{
  fixture->owner->pins[0] = "1234";
  assert_signs (fixture);
  assert_signs (fixture);
  g_assert_cmpstr (fixture->owner->asked->str, ==, "pin-wanted ");
  g_assert_cmpuint (fixture->owner->choices, ==, 0);
}

static void
test_wrong_pin_is_asked_for_again (Fixture *fixture, gconstpointer unused)
{
  fixture->owner->pins[0] = "1111";
  fixture->owner->pins[1] = "2222";
  fixture->owner->pins[2] = "1234";
  assert_signs (fixture);
  g_assert_cmpstr (fixture->owner->asked->str, ==, "pin-wanted pin-wrong last-try ");
  g_assert_cmpstr (fixture->owner->tries->str, ==, "3 2 1 ");
}

/* Of other cards nobody knows how many tries they have, but for the last. */
static void
test_tries_of_another_card (Fixture *fixture, gconstpointer unused)
{
  fixture->owner->pins[0] = "1111";
  fixture->owner->pins[1] = "2222";
  fixture->owner->pins[2] = "1234";
  assert_signs (fixture);
  g_assert_cmpstr (fixture->owner->tries->str, ==, "-1 -1 1 ");
}

static void
test_blocked_pin_ends_it (Fixture *fixture, gconstpointer unused)
{
  fixture->owner->pins[0] = "1111";
  fixture->owner->pins[1] = "2222";
  fixture->owner->pins[2] = "3333";
  fixture->owner->pins[3] = "1234";
  assert_fails (fixture, CANTIGA_ERROR_PIN_BLOCKED);
  g_assert_cmpstr (fixture->owner->pins[0], ==, "1234");
  assert_fails (fixture, CANTIGA_ERROR_PIN_BLOCKED);
  g_assert_cmpstr (fixture->owner->pins[0], ==, "1234");
}

static void
test_person_may_give_up (Fixture *fixture, gconstpointer unused)
{
  fixture->owner->pins[0] = "1111";
  assert_fails (fixture, CANTIGA_ERROR_CARD_NEEDED);
  g_assert_cmpstr (fixture->owner->asked->str, ==, "pin-wanted pin-wrong ");
}

static void
test_asks_for_no_pin_that_is_typed_elsewhere (Fixture *fixture, gconstpointer unused)
{
  assert_signs (fixture);
  g_assert_cmpstr (fixture->owner->asked->str, ==, "");
  g_assert_cmpuint (fixture->owner->elsewhere, ==, 1);
}

/* ---- waiting for a card ---- */

static void
test_waits_for_a_card (Fixture *fixture, gconstpointer unused)
{
  fixture->owner->patient = TRUE;
  fixture->owner->then = "";
  fixture->owner->pins[0] = "1234";
  assert_signs (fixture);
  g_assert_cmpstr (fixture->owner->awaited->str, ==, "no-card ");
}

static void
test_does_not_wait_unasked (Fixture *fixture, gconstpointer unused)
{
  assert_fails (fixture, CANTIGA_ERROR_CARD);
  g_assert_cmpstr (fixture->owner->awaited->str, ==, "no-card ");
}

static void
test_expired_card_is_no_card (Fixture *fixture, gconstpointer unused)
{
  assert_fails (fixture, CANTIGA_ERROR_CARD);
  g_assert_cmpstr (fixture->owner->asked->str, ==, "");
}

static gboolean
has_been_told (gpointer owner)
{
  return ((TestOwner *)owner)->awaited->len > 0;
}

static void
test_waiting_can_be_cancelled (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GBytes) message = card_tests_message ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  fixture->owner->patient = TRUE;
  cantiga_signer_sign_async (fixture->signer, message, cancellable, take_result_cb, &result);
  card_tests_wait (has_been_told, fixture->owner);
  g_cancellable_cancel (cancellable);
  card_tests_wait (is_there, &result);
  g_assert_null (cantiga_signer_sign_finish (fixture->signer, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_without_an_owner (Fixture *fixture, gconstpointer unused)
{
  g_clear_object (&fixture->owner);
  assert_fails (fixture, CANTIGA_ERROR_CARD_NEEDED);
}

/* ---- several cards ---- */

static char *several_program;
static char *several_module;

static void
set_up_several (Fixture *fixture, gconstpointer unused)
{
  use_card (fixture, several_program, several_module);
}

static void
test_asks_which (Fixture *fixture, gconstpointer unused)
{
  fixture->owner->chooses = "ANA COSTA";
  fixture->owner->pins[0] = "1234";
  assert_signs (fixture);
  g_assert_cmpuint (fixture->owner->offered, ==, 2);
  assert_signs (fixture);
  g_assert_cmpuint (fixture->owner->choices, ==, 1);
  g_assert_cmpstr (fixture->owner->asked->str, ==, "pin-wanted ");
}

static void
test_may_choose_none (Fixture *fixture, gconstpointer unused)
{
  fixture->owner->chooses = "NOBODY";
  assert_fails (fixture, CANTIGA_ERROR_CARD_NEEDED);
}

/* ---- a choice that is kept ---- */

/* Another program's start, with the same state folder. */
static void
start_anew (Fixture *fixture)
{
  tear_down (fixture, NULL);
  set_up_several (fixture, NULL);
  cantiga_card_signer_remember (CANTIGA_CARD_SIGNER (fixture->signer), card_tests_folder ());
  fixture->owner->pins[0] = "1234";
}

static char *
dup_signer_name (Fixture *fixture)
{
  g_autoptr (GPtrArray) all = card_tests_list (fixture->card, NULL);

  for (guint i = 0; i < all->len; i++)
    if (((CantigaCardFound *)all->pdata[i])->state == CANTIGA_CARD_STATE_READY)
      return g_strdup (((CantigaCardFound *)all->pdata[i])->name);
  return NULL;
}

static void
assert_signs_as (Fixture *fixture, const char *name)
{
  g_autofree char *signer = NULL;

  assert_signs (fixture);
  signer = dup_signer_name (fixture);
  g_assert_cmpstr (signer, ==, name);
}

static gboolean
is_kept (gpointer path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
test_choice_is_kept (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = card_tests_path ("card");
  g_autofree char *text = NULL;
  GStatBuf about;

  start_anew (fixture);
  fixture->owner->chooses = "ANA COSTA";
  assert_signs_as (fixture, "ANA COSTA");
  g_assert_cmpuint (fixture->owner->choices, ==, 1);
  card_tests_wait (is_kept, path);
  text = card_tests_read ("card");
  g_assert_true (g_str_has_prefix (text, "pkcs11:"));
  g_assert_cmpint (g_stat (path, &about), ==, 0);
  g_assert_cmpuint (about.st_mode & 0777, ==, 0600);
  start_anew (fixture);
  assert_signs_as (fixture, "ANA COSTA");
  g_assert_cmpuint (fixture->owner->choices, ==, 0);
}

static gboolean
is_another (gpointer text)
{
  g_autofree char *now = card_tests_read ("card");

  return !g_str_equal (now, text);
}

static void
test_choice_is_made_again (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *before = card_tests_read ("card");

  start_anew (fixture);
  cantiga_card_signer_choose (CANTIGA_CARD_SIGNER (fixture->signer), NULL);
  fixture->owner->chooses = "RUI SANTOS";
  assert_signs_as (fixture, "RUI SANTOS");
  g_assert_cmpuint (fixture->owner->choices, ==, 1);
  card_tests_wait (is_another, before);
  start_anew (fixture);
  assert_signs_as (fixture, "RUI SANTOS");
}

static void
test_choice_by_address (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaCardFound) ana = NULL;
  g_autoptr (CantigaCardFound) rui = NULL;

  start_anew (fixture);
  ana = card_tests_find (fixture->card, "ANA COSTA");
  rui = card_tests_find (fixture->card, "RUI SANTOS");
  cantiga_card_signer_choose (CANTIGA_CARD_SIGNER (fixture->signer), ana->uri);
  assert_signs_as (fixture, "ANA COSTA");
  g_assert_cmpuint (fixture->owner->choices, ==, 0);
  /* No other will do, and its holder's PIN is not asked for. */
  start_anew (fixture);
  cantiga_card_signer_choose (CANTIGA_CARD_SIGNER (fixture->signer), "pkcs11:token=nowhere;id=%01;type=cert");
  assert_fails (fixture, CANTIGA_ERROR_CARD);
  g_assert_cmpstr (fixture->owner->awaited->str, ==, "other-card ");
  g_assert_cmpstr (fixture->owner->asked->str, ==, "");
}

static void
test_damaged_choice_is_none (Fixture *fixture, gconstpointer unused)
{
  static const char *const damaged[] = { "", "http://nowhere", "pkcs11:token=%ff\nid=1", "\xff\xfe" };

  for (guint i = 0; i < G_N_ELEMENTS (damaged); i++)
    {
      card_tests_write ("card", damaged[i]);
      start_anew (fixture);
      fixture->owner->chooses = "ANA COSTA";
      assert_signs_as (fixture, "ANA COSTA");
      g_assert_cmpuint (fixture->owner->choices, ==, 1);
      /* It is kept behind the signature's back; written late, it would stand over the next damaged one. */
      card_tests_wait (is_another, (gpointer)damaged[i]);
    }
}

/* ---- the card that signed, afterwards ---- */

static gboolean
confirm (Fixture *fixture, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  cantiga_signer_confirm_async (fixture->signer, NULL, take_result_cb, &result);
  card_tests_wait (is_there, &result);
  return cantiga_signer_confirm_finish (fixture->signer, result, error);
}

static void
test_confirms_that_it_is_there (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (confirm (fixture, &error));
  fixture->owner->pins[0] = "1234";
  assert_signs (fixture);
  g_assert_true (confirm (fixture, &error));
  card_tests_write ("mock", "empty");
  g_assert_false (confirm (fixture, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD);
  g_clear_error (&error);
  fixture->owner->patient = TRUE;
  fixture->owner->then = "";
  g_assert_true (confirm (fixture, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->owner->awaited->str, ==, "removed removed ");
  g_assert_cmpstr (fixture->owner->asked->str, ==, "pin-wanted ");
}

static void
note_change_cb (CantigaCardWatch *watch, int state, GString *changes)
{
  note_state (changes, state);
}

static gboolean
is_removed (gpointer watch)
{
  return cantiga_card_watch_get_state (watch) == CANTIGA_CARD_STATE_REMOVED;
}

static gboolean
is_ready (gpointer watch)
{
  return cantiga_card_watch_get_state (watch) == CANTIGA_CARD_STATE_READY;
}

static void
test_watch_tells_changes (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaCardWatch) watch = cantiga_card_watch_new (CANTIGA_CARD_SIGNER (fixture->signer));
  GString *changes = g_string_new (NULL);

  fixture->owner->pins[0] = "1234";
  assert_signs (fixture);
  g_signal_connect (watch, "changed", G_CALLBACK (note_change_cb), changes);
  cantiga_card_watch_start (watch);
  card_tests_write ("mock", "empty");
  card_tests_wait (is_removed, watch);
  card_tests_write ("mock", "");
  card_tests_wait (is_ready, watch);
  cantiga_card_watch_stop (watch);
  g_assert_cmpstr (changes->str, ==, "removed ready ");
  g_string_free (changes, TRUE);
}

#define ADD(path, words, function) g_test_add (path, Fixture, words, set_up_mock, function, tear_down)

int
main (int argc, char **argv)
{
  g_autofree char *lines = NULL;
  int failed;

  g_test_init (&argc, &argv, NULL);
  card_tests_make_card (NULL, "rsa", "RUI SANTOS");
  card_tests_make_card ("--add", "ec", "ANA COSTA");
  lines = g_strdup_printf ("export SOFTHSM2_CONF=%s/hsm/softhsm2.conf", card_tests_folder ());
  several_program = card_tests_program ("several", lines);
  several_module = card_tests_softhsm ();
  ADD ("/signer/asks-for-the-pin-once", "", test_asks_once);
  ADD ("/signer/asks-again-after-a-wrong-pin", "", test_wrong_pin_is_asked_for_again);
  ADD ("/signer/ends-at-a-blocked-pin", "", test_blocked_pin_ends_it);
  ADD ("/signer/the-person-may-give-up", "", test_person_may_give_up);
  ADD ("/signer/asks-for-no-pin-that-the-reader-asks-for", "pad", test_asks_for_no_pin_that_is_typed_elsewhere);
  ADD ("/signer/asks-for-no-pin-that-a-window-asks-for", "own-dialog", test_asks_for_no_pin_that_is_typed_elsewhere);
  ADD ("/signer/waits-for-a-card", "empty", test_waits_for_a_card);
  ADD ("/signer/does-not-wait-unasked", "empty", test_does_not_wait_unasked);
  ADD ("/signer/refuses-a-card-that-expired", "expired", test_expired_card_is_no_card);
  ADD ("/signer/waiting-can-be-cancelled", "empty", test_waiting_can_be_cancelled);
  ADD ("/signer/needs-somebody-to-ask", "", test_without_an_owner);
  g_test_add ("/signer/asks-which-of-several-cards-once", Fixture, NULL, set_up_several, test_asks_which, tear_down);
  g_test_add ("/signer/the-person-may-choose-none", Fixture, NULL, set_up_several, test_may_choose_none, tear_down);
  ADD ("/signer/knows-no-number-of-tries-of-other-cards", "other", test_tries_of_another_card);
  g_test_add ("/signer/keeps-a-choice", Fixture, NULL, set_up_several, test_choice_is_kept, tear_down);
  g_test_add ("/signer/makes-a-choice-again", Fixture, NULL, set_up_several, test_choice_is_made_again, tear_down);
  g_test_add ("/signer/takes-a-choice-by-address", Fixture, NULL, set_up_several, test_choice_by_address, tear_down);
  g_test_add ("/signer/takes-a-damaged-choice-for-none", Fixture, NULL, set_up_several, test_damaged_choice_is_none, tear_down);
  ADD ("/signer/confirms-that-the-card-is-there", "", test_confirms_that_it_is_there);
  ADD ("/signer/tells-when-the-card-goes-and-comes", "", test_watch_tells_changes);
  failed = g_test_run ();
  g_free (several_program);
  g_free (several_module);
  card_tests_end ();
  return failed;
}
