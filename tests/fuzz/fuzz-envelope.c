/* The first byte chooses the suite; the rest is an envelope, and then a text whose envelope is changed by its own bytes: neither may open. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/channel.h"

static const guint8 key_bytes[64] = "a key that all of these envelopes are sealed under, 64 bytes lo";

static void
assert_closed (const CantigaSuite *suite, const CantigaKey *key, const CantigaPlace *place, GBytes *envelope)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text = cantiga_envelope_open (suite, key, place, envelope, &error);
  CantigaKind kind;
  guint64 number;

  g_assert_null (text);
  g_assert_nonnull (error);
  (void)cantiga_envelope_peek (envelope, &kind, &number);
}

static void
change_one (GBytes *envelope, const guint8 *bytes, gsize length, GBytes **ret_changed)
{
  gsize whole = g_bytes_get_size (envelope);
  guint8 *copy = g_memdup2 (g_bytes_get_data (envelope, NULL), whole);
  gsize at = length > 1 ? (bytes[0] << 8 | bytes[1]) % whole : 0;

  copy[at] ^= (guint8)(1 << (length > 2 ? bytes[2] & 7 : 0));
  *ret_changed = g_bytes_new_take (copy, whole);
}

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) given = NULL, sealed = NULL, opened = NULL, changed = NULL;
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;
  const CantigaId session = { { 1, 2, 3 } };
  const CantigaPlace place = { CANTIGA_ROLE_PLAYER, &session, CANTIGA_KIND_CONTROL, 7, "POST", "/api/cc", 0, NULL, 0 };
  const CantigaSuite *suites;
  gsize n;

  if (length == 0)
    return 0;
  suites = cantiga_suites_all (&n);
  suites += bytes[0] % n;
  cantiga_key_set (&key, key_bytes, cantiga_digest_get_length (suites->digest));
  given = g_bytes_new (bytes + 1, length - 1);
  assert_closed (suites, &key, &place, given);
  sealed = cantiga_envelope_seal (suites, &key, &place, given, &error);
  g_assert_no_error (error);
  opened = cantiga_envelope_open (suites, &key, &place, sealed, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (opened, given));
  change_one (sealed, bytes + 1, length - 1, &changed);
  assert_closed (suites, &key, &place, changed);
  return 0;
}
