/* The first byte chooses which message of the handshake; the rest stands in its place, or, where it is a JSON object, its members do in the honest one's.
 * Whatever it is, a receiver that refuses it has failed for good, and one that takes it goes on. */
#include "tests/fuzz/fuzz.h"

#include "tests/core/handshake-fixture.h"

static void
change_message (Run *run, const guint8 *bytes, gsize length)
{
  g_autoptr (JsonObject) changes = cantiga_json_parse (bytes, length, NULL);
  g_autoptr (JsonObject) message = NULL;
  g_autoptr (GList) members = NULL;

  if (changes == NULL)
    {
      g_bytes_unref (run->message);
      run->message = g_bytes_new (bytes, length);
      return;
    }
  message = run_take_message (run);
  members = json_object_get_members (changes);
  for (GList *at = members; at != NULL; at = at->next)
    json_object_set_member (message, at->data, json_object_dup_member (changes, at->data));
  run_put_message (run, message);
}

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  const World *world = get_world ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) reply = NULL;
  g_autoptr (Run) run = NULL;
  CantigaId session;
  Stage stage;

  if (length == 0)
    return 0;
  stage = bytes[0] % DONE;
  /* One of each exchange: DH takes its time, so rarely. */
  run = run_new (bytes[0] % 3 == 0 ? CANTIGA_AUTH_EDDSA : CANTIGA_AUTH_ECDSA, (const char *const *)world->all_suites);
  run_until (run, stage);
  change_message (run, bytes + 1, length - 1);
  (void)!cantiga_handshake_peek_session (run->message, &session, NULL);
  if (!deliver_to (run, stage, &reply, &error))
    {
      g_assert_nonnull (error);
      assert_failed (receiver_of (run, stage));
    }
  return 0;
}
