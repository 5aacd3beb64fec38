#include "core/wire.h"

#include <string.h>

/* ---- getters ---- */

static void
assert_decoded (GBytes *decoded, const char *expected)
{
  g_assert_cmpmem (g_bytes_get_data (decoded, NULL), g_bytes_get_size (decoded), expected, strlen (expected));
}

#define SAMPLE                                                                                                                                       \
  "{\"text\":\"caf\\u00e9\",\"int\":5,\"negative\":-7,\"whole\":1e2,\"fraction\":2.5,\"true\":true,\"null\":null,"                                   \
  "\"id\":\"00019aff100000000000000000000000\",\"bytes\":\"Zm9v\",\"list\":[\"Zg==\",\"Zm9v\"],\"texts\":[\"a\",\"bc\"],\"empty\":[],"               \
  "\"mixed\":[\"Zg==\",1],\"with-null\":[null],\"nested\":[[\"Zg==\"]],\"none\":\"\",\"object\":{\"a\":1}}"

static JsonObject *
parse_sample (void)
{
  g_autoptr (GError) error = NULL;
  JsonObject *object = cantiga_json_parse (SAMPLE, strlen (SAMPLE), &error);

  g_assert_no_error (error);
  return object;
}

/* Fails naming the member. */
static void
assert_refused (GError **error, const char *member)
{
  g_assert_error (*error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
  g_assert_nonnull (strstr ((*error)->message, member));
  g_clear_error (error);
}

/* Every member of the sample but the good ones, and one that is not there. */
static const char *const members[] = { "text", "int",   "negative", "whole", "fraction",  "true",   "null", "id",     "bytes",
                                       "list", "texts", "empty",    "mixed", "with-null", "nested", "none", "object", "missing" };

static gboolean
is_among (const char *member, const char *list)
{
  g_auto (GStrv) names = g_strsplit (list, " ", -1);

  return g_strv_contains ((const char *const *)names, member);
}

static void
test_get_text (void)
{
  g_autoptr (JsonObject) object = parse_sample ();
  g_autoptr (GError) error = NULL;
  const char *text = "untouched";

  g_assert_true (cantiga_json_get_text (object, "text", 5, &text, &error));
  g_assert_cmpstr (text, ==, "caf\303\251");
  g_assert_true (cantiga_json_get_text (object, "none", 0, &text, &error));
  text = "untouched";
  g_assert_false (cantiga_json_get_text (object, "text", 4, &text, &error));
  assert_refused (&error, "text");
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (!is_among (members[i], "text id bytes none"))
      {
        g_assert_false (cantiga_json_get_text (object, members[i], 1000, &text, &error));
        assert_refused (&error, members[i]);
      }
  g_assert_cmpstr (text, ==, "untouched");
}

static void
test_get_int (void)
{
  g_autoptr (JsonObject) object = parse_sample ();
  g_autoptr (GError) error = NULL;
  gint64 value = 99;

  g_assert_true (cantiga_json_get_int (object, "int", 5, 5, &value, &error));
  g_assert_cmpint (value, ==, 5);
  g_assert_true (cantiga_json_get_int (object, "negative", G_MININT64, G_MAXINT64, &value, &error));
  g_assert_cmpint (value, ==, -7);
  g_assert_false (cantiga_json_get_int (object, "int", 6, 10, &value, &error));
  assert_refused (&error, "int");
  g_assert_false (cantiga_json_get_int (object, "int", 0, 4, &value, &error));
  assert_refused (&error, "int");
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (!is_among (members[i], "int negative"))
      {
        g_assert_false (cantiga_json_get_int (object, members[i], G_MININT64, G_MAXINT64, &value, &error));
        assert_refused (&error, members[i]);
      }
  g_assert_cmpint (value, ==, -7);
}

static void
test_get_extreme_ints (void)
{
  const char text[] = "{\"most\":9223372036854775807,\"least\":-9223372036854775808}";
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = cantiga_json_parse (text, strlen (text), &error);
  gint64 value;

  g_assert_true (cantiga_json_get_int (object, "most", 0, G_MAXINT64, &value, &error));
  g_assert_cmpint (value, ==, G_MAXINT64);
  g_assert_true (cantiga_json_get_int (object, "least", G_MININT64, 0, &value, &error));
  g_assert_cmpint (value, ==, G_MININT64);
}

static void
test_get_number (void)
{
  g_autoptr (JsonObject) object = parse_sample ();
  g_autoptr (GError) error = NULL;
  double value = 0;

  g_assert_true (cantiga_json_get_number (object, "fraction", 0, 10, &value, &error));
  g_assert_cmpfloat (value, ==, 2.5);
  g_assert_true (cantiga_json_get_number (object, "whole", 0, 100, &value, &error));
  g_assert_cmpfloat (value, ==, 100);
  g_assert_true (cantiga_json_get_number (object, "negative", -7, 0, &value, &error));
  g_assert_cmpfloat (value, ==, -7);
  g_assert_false (cantiga_json_get_number (object, "fraction", 0, 2.4, &value, &error));
  assert_refused (&error, "fraction");
  g_assert_false (cantiga_json_get_number (object, "negative", -6.5, 0, &value, &error));
  assert_refused (&error, "negative");
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (!is_among (members[i], "int negative whole fraction"))
      {
        g_assert_false (cantiga_json_get_number (object, members[i], -1000, 1000, &value, &error));
        assert_refused (&error, members[i]);
      }
  g_assert_cmpfloat (value, ==, -7);
}

static void
test_get_boolean (void)
{
  g_autoptr (JsonObject) object = parse_sample ();
  g_autoptr (GError) error = NULL;
  gboolean value = FALSE;

  g_assert_true (cantiga_json_get_boolean (object, "true", &value, &error));
  g_assert_true (value);
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (!is_among (members[i], "true"))
      {
        g_assert_false (cantiga_json_get_boolean (object, members[i], &value, &error));
        assert_refused (&error, members[i]);
      }
}

static void
test_get_id (void)
{
  g_autoptr (JsonObject) object = parse_sample ();
  g_autoptr (GError) error = NULL;
  const CantigaId expected = { { 0x00, 0x01, 0x9a, 0xff, 0x10 } };
  CantigaId id;

  g_assert_true (cantiga_json_get_id (object, "id", &id, &error));
  g_assert_true (cantiga_id_equal (&id, &expected));
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (!is_among (members[i], "id"))
      {
        g_assert_false (cantiga_json_get_id (object, members[i], &id, &error));
        assert_refused (&error, members[i]);
      }
  g_assert_true (cantiga_id_equal (&id, &expected));
}

static void
test_get_bytes (void)
{
  g_autoptr (JsonObject) object = parse_sample ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = cantiga_json_get_bytes (object, "bytes", 3, 3, &error);
  g_autoptr (GBytes) none = cantiga_json_get_bytes (object, "none", 0, 3, &error);

  assert_decoded (bytes, "foo");
  assert_decoded (none, "");
  g_assert_null (cantiga_json_get_bytes (object, "bytes", 4, 10, &error));
  assert_refused (&error, "bytes");
  g_assert_null (cantiga_json_get_bytes (object, "bytes", 0, 2, &error));
  assert_refused (&error, "bytes");
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (!is_among (members[i], "bytes id"))
      {
        g_assert_null (cantiga_json_get_bytes (object, members[i], 1, 1000, &error));
        assert_refused (&error, members[i]);
      }
}

static void
test_get_bytes_list (void)
{
  g_autoptr (JsonObject) object = parse_sample ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = cantiga_json_get_bytes_list (object, "list", 2, 3, &error);

  g_assert_cmpuint (list->len, ==, 2);
  assert_decoded (list->pdata[0], "f");
  assert_decoded (list->pdata[1], "foo");
  g_assert_null (cantiga_json_get_bytes_list (object, "list", 1, 3, &error));
  assert_refused (&error, "list");
  g_assert_null (cantiga_json_get_bytes_list (object, "list", 2, 2, &error));
  assert_refused (&error, "list");
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (!is_among (members[i], "list"))
      {
        g_assert_null (cantiga_json_get_bytes_list (object, members[i], 10, 1000, &error));
        assert_refused (&error, members[i]);
      }
}

static void
test_get_texts (void)
{
  g_autoptr (JsonObject) object = parse_sample ();
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) texts = cantiga_json_get_texts (object, "texts", 2, 2, &error);
  g_auto (GStrv) empty = cantiga_json_get_texts (object, "empty", 2, 2, &error);

  g_assert_cmpuint (g_strv_length (texts), ==, 2);
  g_assert_cmpstr (texts[0], ==, "a");
  g_assert_cmpstr (texts[1], ==, "bc");
  g_assert_cmpuint (g_strv_length (empty), ==, 0);
  g_assert_null (cantiga_json_get_texts (object, "texts", 1, 2, &error));
  assert_refused (&error, "texts");
  g_assert_null (cantiga_json_get_texts (object, "texts", 2, 1, &error));
  assert_refused (&error, "texts");
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (!is_among (members[i], "texts list empty"))
      {
        g_assert_null (cantiga_json_get_texts (object, members[i], 10, 1000, &error));
        assert_refused (&error, members[i]);
      }
}

static void
test_get_containers (void)
{
  g_autoptr (JsonObject) object = parse_sample ();
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (cantiga_json_get_object (object, "object", &error));
  g_assert_nonnull (cantiga_json_get_array (object, "texts", 2, &error));
  g_assert_null (cantiga_json_get_array (object, "texts", 1, &error));
  assert_refused (&error, "texts");
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      if (!is_among (members[i], "object"))
        {
          g_assert_null (cantiga_json_get_object (object, members[i], &error));
          assert_refused (&error, members[i]);
        }
      if (!is_among (members[i], "list texts empty mixed with-null nested"))
        {
          g_assert_null (cantiga_json_get_array (object, members[i], 10, &error));
          assert_refused (&error, members[i]);
        }
    }
}

static void
test_has (void)
{
  g_autoptr (JsonObject) object = parse_sample ();

  g_assert_true (cantiga_json_has (object, "none"));
  g_assert_false (cantiga_json_has (object, "null"));
  g_assert_false (cantiga_json_has (object, "missing"));
}

/* ---- setters ---- */

static void
assert_formats (JsonObject *object, const char *expected)
{
  g_autoptr (GBytes) formatted = cantiga_json_format (object);

  g_assert_cmpmem (g_bytes_get_data (formatted, NULL), g_bytes_get_size (formatted), expected, strlen (expected));
}

static void
test_format (void)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (GBytes) bytes = g_bytes_new_static ("foo", 3);
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  static const char *const texts[] = { "x", "\"\n\303\251", NULL };
  const CantigaId id = { { 0x00, 0x01, 0x9a, 0xff, 0x10 } };

  assert_formats (object, "{}");
  cantiga_json_set_bytes (object, "n", "\0\xff", 2);
  cantiga_json_set_bytes (object, "e", NULL, 0);
  cantiga_json_set_gbytes (object, "g", bytes);
  g_ptr_array_add (list, bytes);
  g_ptr_array_add (list, bytes);
  cantiga_json_set_bytes_list (object, "l", list);
  cantiga_json_set_id (object, "i", &id);
  cantiga_json_set_texts (object, "t", texts);
  assert_formats (object, "{\"n\":\"AP8=\",\"e\":\"\",\"g\":\"Zm9v\",\"l\":[\"Zm9v\",\"Zm9v\"],\"i\":\"00019aff100000000000000000000000\","
                          "\"t\":[\"x\",\"\\\"\\n\303\251\"]}");
}

/* ---- mutations ---- */

static void
mutate (GByteArray *text)
{
  static const char words[] = "{}[]:,\"\\u0/*-+eE.x\n\t\xc3\xff tfn1";
  guint wanted = (guint)g_test_rand_int_range (1, 24);
  guint at = text->len > 0 ? (guint)g_test_rand_int_range (0, (gint32)text->len) : 0;
  guint8 byte = (guint8)words[g_test_rand_int_range (0, sizeof words - 1)];

  switch (text->len > 0 ? g_test_rand_int_range (0, 5) : 4)
    {
    case 0:
      text->data[at] ^= (guint8)(1u << g_test_rand_int_range (0, 8));
      break;
    case 1:
      text->data[at] = byte;
      break;
    case 2:
      g_byte_array_remove_range (text, at, MIN (text->len - at, wanted / 3 + 1));
      break;
    case 3:
      {
        /* A piece of it again, elsewhere: members twice, brackets twice. */
        guint length = MIN (text->len - at, wanted);
        g_autofree guint8 *piece = g_memdup2 (text->data + at, length);
        guint to = (guint)g_test_rand_int_range (0, (gint32)text->len + 1);

        g_byte_array_set_size (text, text->len + length);
        memmove (text->data + to + length, text->data + to, text->len - length - to);
        memcpy (text->data + to, piece, length);
        break;
      }
    default:
      g_byte_array_append (text, &byte, 1);
      break;
    }
}

static void
ask_everything (JsonObject *object)
{
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      const char *text = NULL;
      gint64 whole = 0;
      double number = 0;
      CantigaId id;
      g_autoptr (GBytes) bytes = cantiga_json_get_bytes (object, members[i], 0, 100, NULL);
      g_autoptr (GPtrArray) list = cantiga_json_get_bytes_list (object, members[i], 4, 100, NULL);
      g_auto (GStrv) texts = cantiga_json_get_texts (object, members[i], 4, 100, NULL);

      if (cantiga_json_get_text (object, members[i], 100, &text, NULL))
        g_assert_true (g_utf8_validate (text, -1, NULL));
      if (cantiga_json_get_int (object, members[i], -10, 10, &whole, NULL))
        g_assert_true (whole >= -10 && whole <= 10);
      if (cantiga_json_get_number (object, members[i], -10, 10, &number, NULL))
        g_assert_true (number >= -10 && number <= 10);
      if (cantiga_json_get_id (object, members[i], &id, NULL))
        g_assert_nonnull (text);
    }
}

/* A tag of a file may hold any of them. */
static void
test_control_characters (void)
{
  for (char c = 0x01; c < 0x20; c++)
    {
      const char text[] = { 'a', c, c, 'b', '\0' };
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) object = json_object_new ();
      g_autoptr (JsonObject) again = NULL;
      g_autoptr (GBytes) formatted = NULL;

      json_object_set_string_member (object, "text", text);
      formatted = cantiga_json_format (object);
      again = cantiga_json_parse (g_bytes_get_data (formatted, NULL), g_bytes_get_size (formatted), &error);
      g_assert_no_error (error);
      g_assert_cmpstr (json_object_get_string_member (again, "text"), ==, text);
    }
}

/* json-glib writes 1e17 and larger fractions as "1e+17.0" (none of the protocol's members is that large). */
static gboolean
has_miswritten_number (GBytes *formatted)
{
  g_autofree char *text = g_strndup (g_bytes_get_data (formatted, NULL), g_bytes_get_size (formatted));

  return g_regex_match_simple ("e[+-]?[0-9]+\\.0", text, 0, 0);
}

/* What is taken can be written and taken again; what is not is refused in words. Memory of just its length: reading past it is seen under ASan. */
static gboolean
try_message (const guint8 *bytes, gsize length)
{
  g_autofree guint8 *copy = g_memdup2 (bytes, length);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = cantiga_json_parse (copy, length, &error);
  g_autoptr (GBytes) formatted = NULL;
  g_autoptr (JsonObject) again = NULL;

  if (object == NULL)
    {
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
      return FALSE;
    }
  ask_everything (object);
  formatted = cantiga_json_format (object);
  if (has_miswritten_number (formatted))
    return TRUE;
  again = cantiga_json_parse (g_bytes_get_data (formatted, NULL), g_bytes_get_size (formatted), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (json_object_get_size (again), ==, json_object_get_size (object));
  return TRUE;
}

static void
test_mutations (void)
{
  guint taken = 0;

  for (guint i = 0; i < 20000; i++)
    {
      g_autoptr (GByteArray) text = g_byte_array_new ();

      g_byte_array_append (text, (const guint8 *)SAMPLE, strlen (SAMPLE));
      for (gint32 n = g_test_rand_int_range (1, 5); n > 0; n--)
        mutate (text);
      taken += try_message (text->data, text->len);
    }
  /* Some mutations only change a text or a number: both ways were walked. */
  g_assert_cmpuint (taken, >, 100);
  g_assert_cmpuint (taken, <, 19900);
}

static void
test_cuts (void)
{
  for (gsize length = 0; length < strlen (SAMPLE); length++)
    g_assert_false (try_message ((const guint8 *)SAMPLE, length));
  g_assert_true (try_message ((const guint8 *)SAMPLE, strlen (SAMPLE)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/refuses-a-message-cut-short-anywhere", test_cuts);
  g_test_add_func ("/wire/survives-mutations", test_mutations);
  g_test_add_func ("/wire/gets-strings-only", test_get_text);
  g_test_add_func ("/wire/gets-whole-numbers-only", test_get_int);
  g_test_add_func ("/wire/gets-the-extreme-whole-numbers", test_get_extreme_ints);
  g_test_add_func ("/wire/gets-numbers-only", test_get_number);
  g_test_add_func ("/wire/gets-booleans-only", test_get_boolean);
  g_test_add_func ("/wire/gets-identifiers-only", test_get_id);
  g_test_add_func ("/wire/gets-bytes-of-the-right-length-only", test_get_bytes);
  g_test_add_func ("/wire/gets-lists-of-bytes-only", test_get_bytes_list);
  g_test_add_func ("/wire/gets-lists-of-strings-only", test_get_texts);
  g_test_add_func ("/wire/gets-objects-and-arrays-only", test_get_containers);
  g_test_add_func ("/wire/a-null-is-not-there", test_has);
  g_test_add_func ("/wire/formats-compactly", test_format);
  g_test_add_func ("/wire/formats-control-characters-so-that-they-come-back", test_control_characters);
  return g_test_run ();
}
