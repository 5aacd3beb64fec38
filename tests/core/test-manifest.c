#include "core/manifest.h"

#include <string.h>

#include "core/kdf.h"
#include "core/stream.h"

#define HASH 32
#define DAY (24 * 3600)
#define NOW 1800000000
#define LAST_LENGTH 1000
#define CHUNKS 3
#define SIZE (2 * (guint64)CANTIGA_CHUNK_SIZE + LAST_LENGTH)

/* A publisher under an authority, and the signed manifest of a title of three chunks. */
typedef struct
{
  EVP_PKEY *authority_key;
  X509 *authority;
  EVP_PKEY *key;
  guint8 *media;
  guint8 leaves[CHUNKS * HASH];
  CantigaManifest *manifest;
} Fixture;

static GPtrArray *
issue_chain (Fixture *fixture, CantigaUsage usage)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) leaf = cantiga_certificate_issue (fixture->authority, fixture->authority_key, fixture->key, usage, "publisher",
                                                     "6f1c8a52-0c5e-4f5c-9f43-2a3f1a5b7c9d", NOW - DAY, NOW + DAY, &error);
  GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  g_assert_no_error (error);
  g_ptr_array_add (chain, cantiga_certificate_encode (leaf));
  return chain;
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  static const CantigaId title = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) chain = NULL;
  guint8 root[HASH];

  fixture->authority_key = cantiga_key_pair_new (CANTIGA_AUTH_EDDSA, &error);
  fixture->authority = cantiga_authority_issue (fixture->authority_key, "authority", NOW - DAY, NOW + 1000 * DAY, &error);
  fixture->key = cantiga_key_pair_new (CANTIGA_AUTH_EDDSA, &error);
  g_assert_no_error (error);
  fixture->media = g_malloc (SIZE);
  cantiga_random (fixture->media, SIZE);
  for (guint64 i = 0; i < CHUNKS; i++)
    cantiga_merkle_leaf (i, fixture->media + i * CANTIGA_CHUNK_SIZE, i + 1 < CHUNKS ? CANTIGA_CHUNK_SIZE : LAST_LENGTH, fixture->leaves + i * HASH);
  cantiga_merkle_root (fixture->leaves, CHUNKS, root);
  fixture->manifest = cantiga_manifest_new (&title, SIZE, "audio/flac", CANTIGA_CHUNK_SIZE, root);
  chain = issue_chain (fixture, CANTIGA_USAGE_PUBLISHER);
  g_assert_true (cantiga_manifest_sign (fixture->manifest, fixture->key, chain, &error));
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  cantiga_manifest_free (fixture->manifest);
  g_free (fixture->media);
  EVP_PKEY_free (fixture->key);
  X509_free (fixture->authority);
  EVP_PKEY_free (fixture->authority_key);
}

static void
assert_verifies (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (cantiga_manifest_verify (fixture->manifest, fixture->authority, NOW, &error));
  g_assert_no_error (error);
}

static void
assert_refused (Fixture *fixture, CantigaError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (cantiga_manifest_verify (fixture->manifest, fixture->authority, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
}

static void
test_counts (void)
{
  static const struct
  {
    guint64 size, chunks;
    gsize last;
  } cases[] = {
    { 1, 1, 1 },
    { CANTIGA_CHUNK_SIZE - 1, 1, CANTIGA_CHUNK_SIZE - 1 },
    { CANTIGA_CHUNK_SIZE, 1, CANTIGA_CHUNK_SIZE },
    { CANTIGA_CHUNK_SIZE + 1, 2, 1 },
    { (guint64)CANTIGA_CHUNKS_MAX * CANTIGA_CHUNK_SIZE, CANTIGA_CHUNKS_MAX, CANTIGA_CHUNK_SIZE },
  };
  static const CantigaId title;
  static const guint8 root[HASH];

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (CantigaManifest) manifest = cantiga_manifest_new (&title, cases[i].size, "audio/ogg", CANTIGA_CHUNK_SIZE, root);

      g_assert_cmpuint (cantiga_manifest_get_chunks (manifest), ==, cases[i].chunks);
      g_assert_cmpuint (cantiga_manifest_get_chunk_length (manifest, cases[i].chunks - 1), ==, cases[i].last);
      if (cases[i].chunks > 1)
        g_assert_cmpuint (cantiga_manifest_get_chunk_length (manifest, 0), ==, CANTIGA_CHUNK_SIZE);
    }
}

/* docs/protocol.md 13.2, written out here a second time. */
static void
test_signed_bytes (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  guint8 text[20 + 12 + 4 + 10 + 8 + 36] = { 0, 0, 0, 16 };

  memcpy (text + 4, fixture->manifest->title.bytes, 16);
  memcpy (text + 20, "\0\0\0\x08\0\0\0\0\0\x08\x03\xe8", 12);
  memcpy (text + 32,
          "\0\0\0\x0a"
          "audio/flac",
          14);
  memcpy (text + 46, "\0\0\0\x04\0\x04\0\0", 8);
  memcpy (text + 54, "\0\0\0\x20", 4);
  memcpy (text + 58, fixture->manifest->root, HASH);
  g_assert_true (cantiga_verify (fixture->key, "cantiga/1 manifest", text, sizeof text, fixture->manifest->signature, &error));
  g_assert_no_error (error);
}

static void
test_verifies (Fixture *fixture, gconstpointer unused)
{
  assert_verifies (fixture);
}

static void
test_tampered (Fixture *fixture, gconstpointer unused)
{
  CantigaManifest *manifest = fixture->manifest;

  manifest->title.bytes[7] ^= 1;
  assert_refused (fixture, CANTIGA_ERROR_FORGED);
  manifest->title.bytes[7] ^= 1;
  manifest->size++;
  assert_refused (fixture, CANTIGA_ERROR_FORGED);
  manifest->size--;
  manifest->type[0] = 'A';
  assert_refused (fixture, CANTIGA_ERROR_FORGED);
  manifest->type[0] = 'a';
  manifest->chunk_size /= 2;
  assert_refused (fixture, CANTIGA_ERROR_FORGED);
  manifest->chunk_size *= 2;
  manifest->root[31] ^= 0x80;
  assert_refused (fixture, CANTIGA_ERROR_FORGED);
  manifest->root[31] ^= 0x80;
  assert_verifies (fixture);
}

static void
test_no_signature (Fixture *fixture, gconstpointer unused)
{
  g_clear_pointer (&fixture->manifest->signature, g_bytes_unref);
  assert_refused (fixture, CANTIGA_ERROR_FORGED);
}

static void
test_other_key (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EVP_PKEY) other = cantiga_key_pair_new (CANTIGA_AUTH_EDDSA, &error);
  g_autoptr (GPtrArray) chain = g_ptr_array_ref (fixture->manifest->certificates);

  g_assert_true (cantiga_manifest_sign (fixture->manifest, other, chain, &error));
  g_assert_no_error (error);
  assert_refused (fixture, CANTIGA_ERROR_FORGED);
}

/* A server's or player's certificate of the same authority publishes nothing. */
static void
test_other_usage (Fixture *fixture, gconstpointer unused)
{
  static const CantigaUsage usages[] = { CANTIGA_USAGE_PLAYER, CANTIGA_USAGE_SERVER, CANTIGA_USAGE_CARD };

  for (guint i = 0; i < G_N_ELEMENTS (usages); i++)
    {
      g_ptr_array_unref (fixture->manifest->certificates);
      fixture->manifest->certificates = issue_chain (fixture, usages[i]);
      assert_refused (fixture, CANTIGA_ERROR_CERTIFICATE_REFUSED);
    }
}

static void
test_other_authority (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EVP_PKEY) key = cantiga_key_pair_new (CANTIGA_AUTH_EDDSA, &error);
  g_autoptr (X509) other = cantiga_authority_issue (key, "authority", NOW - DAY, NOW + DAY, &error);

  g_assert_false (cantiga_manifest_verify (fixture->manifest, other, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

static void
test_no_publisher (Fixture *fixture, gconstpointer unused)
{
  g_clear_pointer (&fixture->manifest->certificates, g_ptr_array_unref);
  assert_refused (fixture, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  fixture->manifest->certificates = g_ptr_array_new ();
  assert_refused (fixture, CANTIGA_ERROR_CERTIFICATE_REFUSED);
}

/* ---- chunks: docs/protocol.md 10.3 ---- */

static GByteArray *
make_text (Fixture *fixture, guint64 index)
{
  g_autoptr (CantigaMerkle) merkle = cantiga_merkle_new (fixture->leaves, CHUNKS);
  GByteArray *text = g_byte_array_new ();
  guint8 path[CANTIGA_MERKLE_PATH_MAX * HASH];
  guint8 n = (guint8)cantiga_merkle_path (merkle, index, path);

  g_byte_array_append (text, &n, 1);
  g_byte_array_append (text, path, n * HASH);
  g_byte_array_append (text, fixture->media + index * CANTIGA_CHUNK_SIZE, (guint)cantiga_manifest_get_chunk_length (fixture->manifest, index));
  return text;
}

static gboolean
check_chunk (Fixture *fixture, guint64 index, GByteArray *text, gconstpointer expected)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text->data, text->len);
  g_autoptr (GError) error = NULL;
  const guint8 *chunk = NULL;
  gsize length = 0;

  if (cantiga_manifest_check_chunk (fixture->manifest, index, bytes, &chunk, &length, &error))
    {
      g_assert_no_error (error);
      g_assert_cmpmem (chunk, length, expected, cantiga_manifest_get_chunk_length (fixture->manifest, index));
      return TRUE;
    }
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_FORGED);
  g_assert_null (chunk);
  g_assert_cmpuint (length, ==, 0);
  return FALSE;
}

static void
test_chunks (Fixture *fixture, gconstpointer unused)
{
  for (guint64 index = 0; index < CHUNKS; index++)
    {
      g_autoptr (GByteArray) text = make_text (fixture, index);

      g_assert_true (check_chunk (fixture, index, text, fixture->media + index * CANTIGA_CHUNK_SIZE));
    }
}

static void
test_chunks_flipped (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) text = make_text (fixture, CHUNKS - 1);

  for (guint i = 0; i < text->len; i++)
    {
      text->data[i] ^= 0x40;
      g_assert_false (check_chunk (fixture, CHUNKS - 1, text, NULL));
      text->data[i] ^= 0x40;
    }
}

static void
test_chunks_elsewhere (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) text = make_text (fixture, 0);

  g_assert_false (check_chunk (fixture, 1, text, NULL));
  g_assert_false (check_chunk (fixture, 2, text, NULL));
  g_assert_false (check_chunk (fixture, CHUNKS, text, NULL));
  g_assert_false (check_chunk (fixture, G_MAXUINT64, text, NULL));
}

/* "The player checks each chunk's length and path" (docs/protocol.md 10.5): the root is that of these chunks, but the size that was signed is not theirs. */
static void
test_chunks_of_another_size (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) text = make_text (fixture, CHUNKS - 1);

  g_assert_true (check_chunk (fixture, CHUNKS - 1, text, fixture->media + (CHUNKS - 1) * CANTIGA_CHUNK_SIZE));
  fixture->manifest->size--;
  g_assert_false (check_chunk (fixture, CHUNKS - 1, text, NULL));
  fixture->manifest->size += 2;
  g_assert_false (check_chunk (fixture, CHUNKS - 1, text, NULL));
}

static void
test_chunks_cut (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GByteArray) text = make_text (fixture, CHUNKS - 1);

  for (guint length = 0; length < text->len; length++)
    {
      g_autoptr (GByteArray) cut = g_byte_array_new ();

      g_byte_array_append (cut, text->data, length);
      g_assert_false (check_chunk (fixture, CHUNKS - 1, cut, NULL));
    }
  g_byte_array_append (text, (const guint8 *)"", 1);
  g_assert_false (check_chunk (fixture, CHUNKS - 1, text, NULL));
}

/* ---- JSON: docs/protocol.md 9, 9.4 ---- */

static JsonObject *
make_answer (Fixture *fixture)
{
  JsonObject *answer = json_object_new ();

  cantiga_json_set_id (answer, "title", &fixture->manifest->title);
  json_object_set_int_member (answer, "size", (gint64)SIZE);
  json_object_set_string_member (answer, "type", "audio/flac");
  json_object_set_int_member (answer, "chunk_size", CANTIGA_CHUNK_SIZE);
  json_object_set_int_member (answer, "chunks", CHUNKS);
  json_object_set_object_member (answer, "manifest", cantiga_manifest_encode (fixture->manifest));
  return answer;
}

static void
test_round_trip (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (JsonObject) answer = make_answer (fixture);
  g_autoptr (GError) error = NULL;
  CantigaManifest *decoded = cantiga_manifest_decode (answer, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (decoded->certificates->len, ==, 1);
  cantiga_manifest_free (fixture->manifest);
  fixture->manifest = decoded;
  assert_verifies (fixture);
}

static void
refuse_answer (JsonObject *answer)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_manifest_decode (answer, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
}

static void
test_numbers_refused (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    const char *member;
    gint64 value;
  } cases[] = {
    { "size", 0 },
    { "size", -1 },
    { "size", CANTIGA_CHUNK_SIZE },
    { "size", 3 * CANTIGA_CHUNK_SIZE + 1 },
    { "size", G_MAXINT64 },
    { "chunk_size", 0 },
    { "chunk_size", CANTIGA_CHUNK_SIZE / 2 },
    { "chunk_size", CANTIGA_CHUNK_SIZE + 1 },
    { "chunk_size", (gint64)CANTIGA_CHUNK_SIZE + ((gint64)1 << 32) },
    { "chunks", 0 },
    { "chunks", CHUNKS + 1 },
    { "chunks", CHUNKS - 1 },
    { "chunks", G_MAXINT64 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonObject) answer = make_answer (fixture);

      json_object_set_int_member (answer, cases[i].member, cases[i].value);
      refuse_answer (answer);
    }
}

static void
test_members_missing (Fixture *fixture, gconstpointer unused)
{
  static const char *const members[] = { "title", "size", "type", "chunk_size", "chunks", "manifest" };
  static const char *const inner[] = { "root", "signature", "certificates" };

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      g_autoptr (JsonObject) answer = make_answer (fixture);

      json_object_remove_member (answer, members[i]);
      refuse_answer (answer);
    }
  for (guint i = 0; i < G_N_ELEMENTS (inner); i++)
    {
      g_autoptr (JsonObject) answer = make_answer (fixture);

      json_object_remove_member (json_object_get_object_member (answer, "manifest"), inner[i]);
      refuse_answer (answer);
    }
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/manifest/counts-chunks-and-their-lengths", test_counts);
  ADD ("/manifest/signs-the-bytes-of-13.2", test_signed_bytes);
  ADD ("/manifest/verifies", test_verifies);
  ADD ("/manifest/refuses-each-field-tampered-with", test_tampered);
  ADD ("/manifest/refuses-one-without-signature", test_no_signature);
  ADD ("/manifest/refuses-another-keys-signature", test_other_key);
  ADD ("/manifest/refuses-certificates-of-other-usages", test_other_usage);
  ADD ("/manifest/refuses-another-authority", test_other_authority);
  ADD ("/manifest/refuses-one-without-publisher", test_no_publisher);
  ADD ("/manifest/lets-true-chunks-through", test_chunks);
  ADD ("/manifest/refuses-a-chunk-with-any-byte-changed", test_chunks_flipped);
  ADD ("/manifest/refuses-a-chunk-in-anothers-place", test_chunks_elsewhere);
  ADD ("/manifest/refuses-a-chunk-of-any-other-length", test_chunks_cut);
  ADD ("/manifest/refuses-a-chunk-of-a-length-that-was-not-signed", test_chunks_of_another_size);
  ADD ("/manifest/comes-back-from-json", test_round_trip);
  ADD ("/manifest/refuses-numbers-that-cannot-be", test_numbers_refused);
  ADD ("/manifest/refuses-missing-members", test_members_missing);
  return g_test_run ();
}
