/* Files whose every part opens, and whose parts do not agree: who has the master key, or a fault of ours, could write them. */
#include "sealed-made.h"

#include "sealed-fixture.h"

static const guint8 song[] = "a song";

/* As the writer would have it, of a chunk with that leaf. */
static GBytes *
metadata_of (const guint8 *root)
{
  g_autoptr (JsonObject) object = json_object_new ();

  for (const char *const *member = (const char *const[]){ "name", "artist", "album", "cover_type", NULL }; *member != NULL; member++)
    json_object_set_string_member (object, *member, "a word");
  json_object_set_string_member (object, "type", "audio/ogg");
  json_object_set_int_member (object, "track", 1);
  json_object_set_int_member (object, "year", 1280);
  json_object_set_double_member (object, "duration", 1);
  json_object_set_boolean_member (object, "exportable", FALSE);
  cantiga_json_set_bytes (object, "root", root, CANTIGA_HASH_LENGTH);
  cantiga_json_set_bytes (object, "signature", (const guint8 *)"signature", 9);
  return cantiga_json_format (object);
}

static CantigaSealed *
open_made (Fixture *fixture, const guint8 *leaf, GBytes *metadata, GError **error)
{
  g_autoptr (GByteArray) file = sealed_made (fixture->master, song, sizeof song, leaf, metadata);
  g_autofree char *path = path_of (fixture, 1, "");

  g_assert_true (g_file_set_contents (path, (const char *)file->data, (gssize)file->len, NULL));
  return cantiga_sealed_open (path, fixture->master, error);
}

static void
assert_damaged (const GError *error, const char *why)
{
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED);
  if (strstr (error->message, why) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, why);
}

static void
make_leaf (guint8 leaf[CANTIGA_HASH_LENGTH], guint8 root[CANTIGA_HASH_LENGTH])
{
  cantiga_merkle_leaf (0, song, sizeof song, leaf);
  cantiga_merkle_root (leaf, 1, root);
}

static void
test_agreeing (Fixture *fixture, gconstpointer unused)
{
  guint8 leaf[CANTIGA_HASH_LENGTH], root[CANTIGA_HASH_LENGTH];
  g_autoptr (GBytes) metadata = NULL;
  g_autoptr (CantigaSealed) sealed = NULL;
  g_autoptr (GError) error = NULL;

  make_leaf (leaf, root);
  metadata = metadata_of (root);
  sealed = open_made (fixture, leaf, metadata, &error);
  g_assert_no_error (error);
  g_assert_true (cantiga_sealed_verify (sealed, NULL, NULL, &error));
}

static void
test_other_root (Fixture *fixture, gconstpointer unused)
{
  guint8 leaf[CANTIGA_HASH_LENGTH], root[CANTIGA_HASH_LENGTH];
  g_autoptr (GBytes) metadata = NULL;
  g_autoptr (CantigaSealed) sealed = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) merkle_error = NULL;

  make_leaf (leaf, root);
  root[0] ^= 1;
  metadata = metadata_of (root);
  sealed = open_made (fixture, leaf, metadata, &error);
  g_assert_no_error (error);
  g_assert_false (cantiga_sealed_verify (sealed, NULL, NULL, &error));
  assert_damaged (error, "leaves do not have its root");
  g_assert_null (cantiga_sealed_read_merkle (sealed, &merkle_error));
  assert_damaged (merkle_error, "leaves do not have its root");
}

static void
test_other_leaf (Fixture *fixture, gconstpointer unused)
{
  guint8 leaf[CANTIGA_HASH_LENGTH], root[CANTIGA_HASH_LENGTH];
  g_autoptr (GBytes) metadata = NULL;
  g_autoptr (CantigaSealed) sealed = NULL;
  g_autoptr (GError) error = NULL;

  cantiga_merkle_leaf (0, "another song", 12, leaf);
  cantiga_merkle_root (leaf, 1, root);
  metadata = metadata_of (root);
  sealed = open_made (fixture, leaf, metadata, &error);
  g_assert_no_error (error);
  g_assert_false (cantiga_sealed_verify (sealed, NULL, NULL, &error));
  assert_damaged (error, "Chunk 0 does not have its leaf");
}

static void
test_no_metadata (Fixture *fixture, gconstpointer unused)
{
  static const char *const texts[] = { "[]", "{\"name\": 7}", "{", "\xff" };
  guint8 leaf[CANTIGA_HASH_LENGTH], root[CANTIGA_HASH_LENGTH];

  make_leaf (leaf, root);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GBytes) metadata = g_bytes_new_static (texts[i], strlen (texts[i]));
      g_autoptr (GError) error = NULL;

      g_assert_null (open_made (fixture, leaf, metadata, &error));
      assert_damaged (error, "metadata cannot be read");
    }
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/sealed-made/opens-what-agrees", test_agreeing);
  ADD ("/sealed-made/refuses-leaves-of-another-root", test_other_root);
  ADD ("/sealed-made/refuses-a-chunk-of-another-leaf", test_other_leaf);
  ADD ("/sealed-made/refuses-metadata-that-is-none", test_no_metadata);
  return g_test_run ();
}
