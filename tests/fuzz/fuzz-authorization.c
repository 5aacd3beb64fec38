/* An Authorization header, taken apart; and its second and third part as those of a request for a chunk, which nobody can make up. The header as a path, too: a request that was signed is taken
 * for that path, once. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/authorization.h"
#include "core/channel.h"
#include "core/stream.h"

static CantigaStream *
stream_new (const CantigaId *session)
{
  static const guint8 key_bytes[64] = "a key";
  const CantigaId grant = { { 7 } };
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;
  CantigaSuite suite;

  g_assert_true (cantiga_suite_parse ("ECDH_ECDSA_AES256_GCM_SHA512", &suite));
  cantiga_key_set (&key, key_bytes, 64);
  return cantiga_stream_new (&suite, session, &grant, &key, NULL);
}

static void
ask_signed (const char *path)
{
  const CantigaId session = { { 1 } };
  g_autoptr (CantigaStream) player = stream_new (&session);
  g_autoptr (CantigaStream) server = stream_new (&session);
  g_autofree char *header = NULL;
  g_auto (GStrv) parts = NULL;
  CantigaChunkRequest sent, taken;
  CantigaId named;

  g_assert_true (cantiga_stream_create_request (player, "GET", path, &sent, &header, NULL));
  g_assert_true (cantiga_authorization_consume (header, &named, &parts, NULL));
  g_assert_true (cantiga_id_equal (&named, &session));
  g_assert_false (cantiga_stream_consume_request (server, "POST", path, parts[0], parts[1], &taken, NULL));
  g_assert_true (cantiga_stream_consume_request (server, "GET", path, parts[0], parts[1], &taken, NULL));
  g_assert_false (cantiga_stream_consume_request (server, "GET", path, parts[0], parts[1], &taken, NULL));
}

static void
ask_chunk (const CantigaId *session, const char *counter, const char *mac)
{
  g_autoptr (CantigaStream) stream = stream_new (session);
  g_autoptr (GError) error = NULL;
  CantigaChunkRequest request;

  g_assert_false (cantiga_stream_consume_request (stream, "GET", "/api/download", counter, mac, &request, &error));
  g_assert_nonnull (error);
}

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  g_autofree char *header = g_strndup ((const char *)bytes, length);
  g_auto (GStrv) parts = NULL;
  g_autoptr (GError) error = NULL;
  CantigaId session;

  ask_signed (header);
  if (!cantiga_authorization_consume (header, &session, &parts, &error))
    {
      g_assert_nonnull (error);
      return 0;
    }
  g_assert_cmpuint (g_strv_length (parts), <=, 2);
  if (g_strv_length (parts) == 2)
    ask_chunk (&session, parts[0], parts[1]);
  for (guint i = 0; parts[i] != NULL; i++)
    {
      g_autoptr (GBytes) decoded = cantiga_base64url_decode (parts[i], strlen (parts[i]));

      g_assert_true (decoded == NULL || g_bytes_get_size (decoded) <= strlen (parts[i]));
    }
  return 0;
}
