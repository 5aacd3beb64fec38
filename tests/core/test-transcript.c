#include "core/transcript.h"

#include <string.h>

#define LITERAL(text) (text), sizeof (text) - 1

/* A transcript to be changed in one place. */
typedef struct
{
  GBytes *server_leaf;
  GBytes *player_leaf;
  GBytes *player_nonce;
  GBytes *server_nonce;
  GBytes *player_public;
  CantigaId session;
  const char *offered[4];
  CantigaTranscript transcript;
} Said;

static Said *
said_new (void)
{
  Said *said = g_new0 (Said, 1);

  said->server_leaf = g_bytes_new_static (LITERAL ("server leaf"));
  said->player_leaf = g_bytes_new_static (LITERAL ("player leaf"));
  said->player_nonce = g_bytes_new_static (LITERAL ("player nonce"));
  said->server_nonce = g_bytes_new_static (LITERAL ("server nonce"));
  said->player_public = g_bytes_new_static (LITERAL ("player public"));
  said->offered[0] = "AB";
  said->offered[1] = "C";
  said->transcript = (CantigaTranscript){
    .server_leaf = said->server_leaf,
    .player_leaf = said->player_leaf,
    .player_nonce = said->player_nonce,
    .session = &said->session,
    .server_nonce = said->server_nonce,
    .offered = said->offered,
    .suite = "AB",
    .group = "x25519",
    .player_public = said->player_public,
  };
  return said;
}

static void
said_free (Said *said)
{
  g_bytes_unref (said->server_leaf);
  g_bytes_unref (said->player_leaf);
  g_bytes_unref (said->player_nonce);
  g_bytes_unref (said->server_nonce);
  g_bytes_unref (said->player_public);
  g_free (said);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Said, said_free)

static void
assert_other_t1 (const CantigaTranscript *changed)
{
  g_autoptr (Said) said = said_new ();
  guint8 t1[32], other[32];

  cantiga_transcript_t1 (&said->transcript, t1);
  cantiga_transcript_t1 (changed, other);
  g_assert_true (memcmp (t1, other, sizeof t1) != 0);
}

static void
test_every_field (void)
{
  g_autoptr (GBytes) different = g_bytes_new_static (LITERAL ("another"));
  GBytes **members[5];
  g_autoptr (Said) said = said_new ();

  members[0] = &said->transcript.server_leaf;
  members[1] = &said->transcript.player_leaf;
  members[2] = &said->transcript.player_nonce;
  members[3] = &said->transcript.server_nonce;
  members[4] = &said->transcript.player_public;
  for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
    {
      GBytes *true_one = *members[i];

      *members[i] = different;
      assert_other_t1 (&said->transcript);
      *members[i] = true_one;
    }
  said->session.bytes[15] = 1;
  assert_other_t1 (&said->transcript);
  said->session.bytes[15] = 0;
  said->transcript.suite = "C";
  assert_other_t1 (&said->transcript);
  said->transcript.suite = "AB";
  said->transcript.group = "ffdhe2048";
  assert_other_t1 (&said->transcript);
}

/* "list(offered suites)": neither order nor borders can be moved. */
static void
test_offered_list (void)
{
  static const char *const lists[][4] = {
    { NULL }, { "AB" }, { "C", "AB" }, { "A", "BC" }, { "ABC" }, { "AB", "C", "" }, { "AB", "C", "C" }, { "", "AB", "C" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autoptr (Said) said = said_new ();

      said->transcript.offered = lists[i];
      assert_other_t1 (&said->transcript);
    }
}

static void
test_moved_border (void)
{
  g_autoptr (Said) said = said_new ();
  g_autoptr (GBytes) longer = g_bytes_new_static (LITERAL ("server leafp"));
  g_autoptr (GBytes) shorter = g_bytes_new_static (LITERAL ("layer leaf"));

  said->transcript.server_leaf = longer;
  said->transcript.player_leaf = shorter;
  assert_other_t1 (&said->transcript);
}

static void
test_t2 (void)
{
  g_autoptr (GBytes) a = g_bytes_new_static (LITERAL ("a"));
  g_autoptr (GBytes) ab = g_bytes_new_static (LITERAL ("ab"));
  g_autoptr (GBytes) bc = g_bytes_new_static (LITERAL ("bc"));
  g_autoptr (GBytes) c = g_bytes_new_static (LITERAL ("c"));
  guint8 t1[32] = { 1 };
  guint8 t2[32], other[32];

  cantiga_transcript_t2 (t1, ab, c, t2);
  cantiga_transcript_t2 (t1, a, bc, other);
  g_assert_true (memcmp (t2, other, sizeof t2) != 0);
  cantiga_transcript_t2 (t1, c, ab, other);
  g_assert_true (memcmp (t2, other, sizeof t2) != 0);
  t1[31] = 1;
  cantiga_transcript_t2 (t1, ab, c, other);
  g_assert_true (memcmp (t2, other, sizeof t2) != 0);
}

static void
test_signed (void)
{
  static const guint8 length[4] = { 0, 0, 0, 32 };
  guint8 t[32];
  g_autoptr (GBytes) field = NULL;
  const guint8 *bytes;

  memset (t, 0x5a, sizeof t);
  field = cantiga_transcript_signed (t);
  g_assert_cmpuint (g_bytes_get_size (field), ==, 36);
  bytes = g_bytes_get_data (field, NULL);
  g_assert_cmpmem (bytes, 4, length, 4);
  g_assert_cmpmem (bytes + 4, 32, t, 32);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/transcript/changes-with-every-field", test_every_field);
  g_test_add_func ("/transcript/holds-the-offered-list-as-it-was-sent", test_offered_list);
  g_test_add_func ("/transcript/keeps-its-fields-apart", test_moved_border);
  g_test_add_func ("/transcript/binds-signature-and-public-value-of-the-answer", test_t2);
  g_test_add_func ("/transcript/is-signed-as-one-field", test_signed);
  return g_test_run ();
}
