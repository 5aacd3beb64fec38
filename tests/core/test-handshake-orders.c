#include "handshake-fixture.h"

static const char *const suites[] = { "ECDH_EDDSA_AES256_GCM_SHA512", NULL };

/* docs/protocol.md 3.6, as it stands there: which message each state takes. Every other pair must be refused. */
static const struct
{
  CantigaRole role;
  CantigaAwaits awaits;
  Stage message;
} legal[] = {
  { CANTIGA_ROLE_PLAYER, CANTIGA_AWAITS_START, CERTIFICATES }, { CANTIGA_ROLE_PLAYER, CANTIGA_AWAITS_SESSION, SESSION },
  { CANTIGA_ROLE_PLAYER, CANTIGA_AWAITS_SUITE, CHOICE },       { CANTIGA_ROLE_PLAYER, CANTIGA_AWAITS_KEY, SERVER_KEY },
  { CANTIGA_ROLE_SERVER, CANTIGA_AWAITS_HELLO, HELLO },        { CANTIGA_ROLE_SERVER, CANTIGA_AWAITS_SUITE, OFFER },
  { CANTIGA_ROLE_SERVER, CANTIGA_AWAITS_KEY, PLAYER_KEY },
};

static gboolean
is_legal (CantigaRole role, CantigaAwaits awaits, Stage message)
{
  for (gsize i = 0; i < G_N_ELEMENTS (legal); i++)
    if (legal[i].role == role && legal[i].awaits == awaits && legal[i].message == message)
      return TRUE;
  return FALSE;
}

/* The functions of the other role are doors as well, and must be shut. */
static void
use_for_both (Run *run, CantigaHandshake *receiver)
{
  cantiga_handshake_free (receiver == run->player ? run->server : run->player);
  run->player = receiver;
  run->server = receiver;
}

/* Delivers the true message of another stage of this run, or one of a run that got that far. */
static void
check_message (CantigaRole role, Stage delivered, Stage message)
{
  g_autoptr (Run) run = run_new (CANTIGA_AUTH_EDDSA, suites);
  g_autoptr (Run) other = run_new (CANTIGA_AUTH_EDDSA, suites);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) reply = NULL;
  CantigaHandshake *receiver;

  run_until (run, delivered);
  receiver = role == CANTIGA_ROLE_PLAYER ? run->player : run->server;
  if (is_legal (role, cantiga_handshake_get_awaits (receiver), message))
    return;
  run_until (other, message);
  g_clear_pointer (&run->message, g_bytes_unref);
  run->message = g_bytes_ref (other->message);
  use_for_both (run, receiver);
  g_assert_false (deliver_to (run, message, &reply, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_OUT_OF_TURN);
  g_assert_null (reply);
  assert_failed (receiver);
  run->server = NULL;
}

static void
test_every_message_in_every_state (void)
{
  for (guint role = CANTIGA_ROLE_PLAYER; role <= CANTIGA_ROLE_SERVER; role++)
    for (guint delivered = CERTIFICATES; delivered <= DONE; delivered++)
      for (guint message = CERTIFICATES; message < DONE; message++)
        check_message (role, delivered, message);
}

/* Once failed, nothing is taken any more, not even the true message. */
static void
test_after_a_failure (void)
{
  for (guint stage = CERTIFICATES; stage < DONE; stage++)
    {
      g_autoptr (Run) run = run_new (CANTIGA_AUTH_EDDSA, suites);
      g_autoptr (GBytes) true_one = NULL;

      run_until (run, stage);
      true_one = g_steal_pointer (&run->message);
      run->message = g_bytes_new_static ("{}", 2);
      assert_refused (run, CANTIGA_ERROR_MALFORMED);
      g_bytes_unref (run->message);
      run->message = g_steal_pointer (&true_one);
      assert_refused (run, CANTIGA_ERROR_OUT_OF_TURN);
    }
}

/* A message after the last one ends a session whose channel was not taken. */
static void
test_after_the_end (void)
{
  g_autoptr (Run) run = run_new (CANTIGA_AUTH_EDDSA, suites);
  g_autoptr (GBytes) request = NULL;

  run_until (run, PLAYER_KEY);
  request = g_bytes_ref (run->message);
  run_until (run, DONE);
  g_assert_cmpint (cantiga_handshake_get_awaits (run->server), ==, CANTIGA_AWAITS_NOTHING);
  run->message = g_steal_pointer (&request);
  run->stage = PLAYER_KEY;
  assert_refused (run, CANTIGA_ERROR_OUT_OF_TURN);
}

typedef enum
{
  REMOVED,
  NUMBER,
  NULLED,
  EMPTY_TEXT,
  EMPTY_ARRAY,
  OBJECT,
  N_SPOILINGS,
} Spoiling;

static void
spoil (JsonObject *message, const char *member, Spoiling how)
{
  switch (how)
    {
    case REMOVED:
      json_object_remove_member (message, member);
      break;
    case NUMBER:
      json_object_set_double_member (message, member, 0.5);
      break;
    case NULLED:
      json_object_set_null_member (message, member);
      break;
    case EMPTY_TEXT:
      json_object_set_string_member (message, member, "");
      break;
    case EMPTY_ARRAY:
      json_object_set_array_member (message, member, json_array_new ());
      break;
    case OBJECT:
      json_object_set_object_member (message, member, json_object_new ());
      break;
    case N_SPOILINGS:
      g_assert_not_reached ();
    }
}

/* Of the right type, and judged by what they say. */
static const struct
{
  const char *member;
  Spoiling how;
  CantigaError code;
} judged[] = {
  { "server", EMPTY_TEXT, CANTIGA_ERROR_SERVER_REFUSED },
  { "suites", EMPTY_ARRAY, CANTIGA_ERROR_NO_COMMON_SUITE },
  { "suite", EMPTY_TEXT, CANTIGA_ERROR_NO_COMMON_SUITE },
  { "group", EMPTY_TEXT, CANTIGA_ERROR_BAD_GROUP },
};

static CantigaError
expected (const char *member, Spoiling how)
{
  for (gsize i = 0; i < G_N_ELEMENTS (judged); i++)
    if (judged[i].how == how && g_str_equal (judged[i].member, member))
      return judged[i].code;
  return CANTIGA_ERROR_MALFORMED;
}

static void
check_spoilt (Stage stage, const char *member, Spoiling how)
{
  g_autoptr (Run) run = run_new (CANTIGA_AUTH_EDDSA, suites);
  g_autoptr (JsonObject) message = NULL;

  /* A name is only for people to read. */
  if (how == EMPTY_TEXT && g_str_equal (member, "name"))
    return;
  g_test_message ("stage %d: %s %d", stage, member, how);
  run_until (run, stage);
  message = run_take_message (run);
  spoil (message, member, how);
  run_put_message (run, message);
  assert_refused (run, expected (member, how));
}

/* "missing or ill-typed ones refused (400)" (docs/protocol.md 3). */
static void
test_every_member (void)
{
  guint n_members = 0;

  for (guint stage = CERTIFICATES; stage < DONE; stage++)
    {
      g_autoptr (Run) run = run_new (CANTIGA_AUTH_EDDSA, suites);
      g_autoptr (JsonObject) message = NULL;
      g_autoptr (GList) members = NULL;

      run_until (run, stage);
      message = run_take_message (run);
      members = json_object_get_members (message);
      n_members += g_list_length (members);
      for (GList *member = members; member != NULL; member = member->next)
        for (guint how = REMOVED; how < N_SPOILINGS; how++)
          check_spoilt (stage, member->data, how);
    }
  g_assert_cmpuint (n_members, ==, 5 + 3 + 2 + 2 + 1 + 4 + 3);
}

/* p and g too, where the key exchange is DH. */
static void
test_parameters (void)
{
  static const char *const dh[] = { "DH_EDDSA_AES256_GCM_SHA512", NULL };
  static const char *const members[] = { "p", "g" };
  CantigaServerTerms terms = terms_of (get_world ());

  for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
    for (guint how = REMOVED; how < N_SPOILINGS; how++)
      {
        g_autoptr (Run) run = run_new_with (&terms, get_world ()->players[CANTIGA_AUTH_EDDSA], dh, "ffdhe2048");
        g_autoptr (JsonObject) message = NULL;

        run_until (run, PLAYER_KEY);
        message = run_take_message (run);
        spoil (message, members[i], how);
        run_put_message (run, message);
        assert_refused (run, CANTIGA_ERROR_MALFORMED);
      }
}

static void
test_not_json (void)
{
  static const char *const bodies[] = { "", "[]", "{", "null", "{}{}", "\xff", "{\"protocol\":1,\"protocol\":1}" };

  for (guint stage = CERTIFICATES; stage < DONE; stage++)
    for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++)
      {
        g_autoptr (Run) run = run_new (CANTIGA_AUTH_EDDSA, suites);

        run_until (run, stage);
        g_bytes_unref (run->message);
        run->message = g_bytes_new_static (bodies[i], strlen (bodies[i]));
        assert_refused (run, CANTIGA_ERROR_MALFORMED);
      }
}

static void
test_other_version (void)
{
  static const Stage stages[] = { CERTIFICATES, HELLO };

  for (gsize i = 0; i < G_N_ELEMENTS (stages); i++)
    {
      g_autoptr (Run) run = run_new (CANTIGA_AUTH_EDDSA, suites);
      g_autoptr (JsonObject) message = NULL;

      run_until (run, stages[i]);
      message = run_take_message (run);
      json_object_set_int_member (message, "protocol", 2);
      run_put_message (run, message);
      assert_refused (run, CANTIGA_ERROR_PROTOCOL_VERSION);
    }
}

/* "At most 72 names of at most 40 bytes" (docs/protocol.md 3.3). */
static void
test_limits_of_the_offer (void)
{
  const char *many[74] = { NULL };
  const char *wide[] = { "ECDH_EDDSA_AES256_GCM_SHA512", "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX", NULL };
  const char *const *lists[] = { many, wide };

  for (gsize i = 0; i < 73; i++)
    many[i] = suites[0];
  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autoptr (Run) run = run_new (CANTIGA_AUTH_EDDSA, suites);
      g_autoptr (JsonObject) message = NULL;

      run_until (run, OFFER);
      message = run_take_message (run);
      cantiga_json_set_texts (message, "suites", lists[i]);
      run_put_message (run, message);
      assert_refused (run, CANTIGA_ERROR_MALFORMED);
    }
}

/* The player is told what the server was told to say. */
static void
test_problem (void)
{
  static const Stage stages[] = { CERTIFICATES, SESSION, CHOICE, SERVER_KEY };
  static const char problem[] = "{\"type\":\"/problems/certificate-refused\",\"title\":\"No.\",\"status\":401}";

  for (gsize i = 0; i < G_N_ELEMENTS (stages); i++)
    {
      g_autoptr (Run) run = run_new (CANTIGA_AUTH_EDDSA, suites);

      run_until (run, stages[i]);
      g_bytes_unref (run->message);
      run->message = g_bytes_new_static (problem, strlen (problem));
      assert_refused (run, CANTIGA_ERROR_CERTIFICATE_REFUSED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/handshake/orders/takes-no-message-but-the-next", test_every_message_in_every_state);
  g_test_add_func ("/handshake/orders/takes-nothing-after-a-failure", test_after_a_failure);
  g_test_add_func ("/handshake/orders/takes-nothing-after-the-end", test_after_the_end);
  g_test_add_func ("/handshake/orders/needs-every-member-in-its-form", test_every_member);
  g_test_add_func ("/handshake/orders/needs-p-and-g-with-dh", test_parameters);
  g_test_add_func ("/handshake/orders/takes-nothing-but-json", test_not_json);
  g_test_add_func ("/handshake/orders/takes-no-other-version", test_other_version);
  g_test_add_func ("/handshake/orders/takes-no-offer-past-its-limits", test_limits_of_the_offer);
  g_test_add_func ("/handshake/orders/turns-a-problem-into-its-error", test_problem);
  return g_test_run ();
}
