/* The first byte chooses which message of the handshake; the rest stands in its place, or, where it is a JSON object, its members do in the honest one's.
 * Whatever it is, a receiver that refuses it has failed for good, and one that takes it goes on. A public value in it is agreed with as well, as if it had been signed. */
#include "tests/fuzz/fuzz.h"

#include "core/kex.h"
#include "tests/core/handshake-fixture.h"

/* The other side's own value: what comes of it is a secret, or a refusal. */
static void
agree (JsonObject *changes)
{
  static CantigaShare *shares[2];
  g_autoptr (GBytes) value = cantiga_json_get_bytes (changes, "public", 1, 1024, NULL);

  for (CantigaKex kex = CANTIGA_KEX_DH; value != NULL && kex <= CANTIGA_KEX_ECDH; kex++)
    {
      g_autoptr (CantigaSecret) secret = NULL;
      g_autoptr (GError) error = NULL;

      if (shares[kex] == NULL)
        shares[kex] = cantiga_share_new (kex, kex == CANTIGA_KEX_DH ? "ffdhe2048" : "x25519", NULL);
      secret = cantiga_share_agree (shares[kex], value, &error);
      g_assert_true ((secret != NULL) == (error == NULL));
      g_assert_true (secret == NULL || cantiga_secret_length (secret) == g_bytes_get_size (value));
    }
}

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
  agree (changes);
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
