#include "core/sealed.h"

#include <math.h>
#include <string.h>

static CantigaMetadata *
make_metadata (void)
{
  CantigaMetadata *metadata = cantiga_metadata_new ();

  g_free (metadata->name);
  metadata->name = g_strdup ("Ay ondas que eu vin veer \"\\\n");
  g_free (metadata->artist);
  metadata->artist = g_strdup ("Martin Codax");
  g_free (metadata->type);
  metadata->type = g_strdup ("audio/ogg");
  metadata->track = 7;
  metadata->year = 1230;
  metadata->duration = 125.5;
  metadata->exportable = TRUE;
  metadata->root[0] = 0xab;
  metadata->root[31] = 0xcd;
  return metadata;
}

static void
assert_equal (const CantigaMetadata *a, const CantigaMetadata *b)
{
  g_assert_cmpstr (a->name, ==, b->name);
  g_assert_cmpstr (a->artist, ==, b->artist);
  g_assert_cmpstr (a->album, ==, b->album);
  g_assert_cmpstr (a->type, ==, b->type);
  g_assert_cmpstr (a->cover_type, ==, b->cover_type);
  g_assert_cmpuint (a->track, ==, b->track);
  g_assert_cmpuint (a->year, ==, b->year);
  g_assert_cmpfloat (a->duration, ==, b->duration);
  g_assert_cmpint (a->exportable, ==, b->exportable);
  g_assert_cmpmem (a->root, 32, b->root, 32);
  g_assert_true (a->signature == b->signature || g_bytes_equal (a->signature, b->signature));
}

/* As text, as it goes into the file. */
static CantigaMetadata *
through_json (const CantigaMetadata *metadata)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = cantiga_metadata_encode (metadata);
  g_autoptr (GBytes) text = cantiga_json_format (object);
  g_autoptr (JsonObject) again = cantiga_json_parse (g_bytes_get_data (text, NULL), g_bytes_get_size (text), &error);
  CantigaMetadata *decoded;

  g_assert_no_error (error);
  decoded = cantiga_metadata_decode (again, &error);
  g_assert_no_error (error);
  return decoded;
}

static void
test_round_trip (void)
{
  g_autoptr (CantigaMetadata) metadata = make_metadata ();
  g_autoptr (CantigaMetadata) unsigned_one = through_json (metadata);
  g_autoptr (CantigaMetadata) signed_one = NULL;

  assert_equal (unsigned_one, metadata);
  g_assert_null (unsigned_one->signature);
  metadata->signature = g_bytes_new ("signature", 9);
  signed_one = through_json (metadata);
  assert_equal (signed_one, metadata);
}

static void
test_copy (void)
{
  g_autoptr (CantigaMetadata) metadata = make_metadata ();
  g_autoptr (CantigaMetadata) copy = NULL;

  metadata->signature = g_bytes_new ("signature", 9);
  copy = cantiga_metadata_copy (metadata);
  assert_equal (copy, metadata);
  copy->name[0] = 'O';
  g_assert_cmpint (metadata->name[0], ==, 'A');
}

static void
refuse (JsonObject *object)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_metadata_decode (object, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
}

static void
test_missing (void)
{
  static const char *const members[] = { "name", "artist", "album", "track", "year", "duration", "type", "cover_type", "exportable", "root" };
  g_autoptr (CantigaMetadata) metadata = make_metadata ();

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      g_autoptr (JsonObject) object = cantiga_metadata_encode (metadata);

      json_object_remove_member (object, members[i]);
      refuse (object);
      json_object_set_null_member (object, members[i]);
      refuse (object);
    }
}

static void
test_texts (void)
{
  g_autoptr (CantigaMetadata) metadata = make_metadata ();
  g_autofree char *longest = g_strnfill (CANTIGA_METADATA_TEXT_MAX, 'a');
  g_autofree char *too_long = g_strnfill (CANTIGA_METADATA_TEXT_MAX + 1, 'a');
  const struct
  {
    const char *member, *value;
    gboolean good;
  } cases[] = {
    { "name", longest, TRUE },  { "name", too_long, FALSE },  { "name", "", FALSE }, { "artist", "", TRUE },     { "artist", too_long, FALSE },
    { "album", longest, TRUE }, { "album", too_long, FALSE }, { "type", "", FALSE }, { "type", longest, FALSE }, { "cover_type", longest, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonObject) object = cantiga_metadata_encode (metadata);
      g_autoptr (CantigaMetadata) decoded = NULL;

      json_object_set_string_member (object, cases[i].member, cases[i].value);
      if (cases[i].good)
        decoded = cantiga_metadata_decode (object, NULL);
      else
        refuse (object);
      g_assert_cmpint (decoded != NULL, ==, cases[i].good);
    }
}

static void
test_numbers (void)
{
  static const struct
  {
    const char *member;
    double value;
  } cases[] = { { "track", -1 },     { "track", 4294967296.0 }, { "year", -5 },      { "duration", -0.5 },
                { "duration", NAN }, { "duration", INFINITY },  { "duration", 1e12 } };
  g_autoptr (CantigaMetadata) metadata = make_metadata ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonObject) object = cantiga_metadata_encode (metadata);

      if (g_str_equal (cases[i].member, "duration"))
        json_object_set_double_member (object, cases[i].member, cases[i].value);
      else
        json_object_set_int_member (object, cases[i].member, (gint64)cases[i].value);
      refuse (object);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metadata/comes-back-from-json", test_round_trip);
  g_test_add_func ("/metadata/copies-deeply", test_copy);
  g_test_add_func ("/metadata/refuses-missing-members", test_missing);
  g_test_add_func ("/metadata/bounds-its-texts", test_texts);
  g_test_add_func ("/metadata/bounds-its-numbers", test_numbers);
  return g_test_run ();
}
