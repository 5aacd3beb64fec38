#include "core/buffer.h"

static void
test_fields (void)
{
  g_autoptr (CantigaBuffer) buffer = cantiga_buffer_new ();
  g_autoptr (GBytes) bytes = g_bytes_new_static ("xyz", 3);
  static const guint8 expected[]
      = { 0, 0, 0, 2, 'a', 'b', 0, 0, 0, 1, 7, 0, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 3, 'x', 'y', 'z' };

  cantiga_buffer_add_field_text (buffer, "ab");
  cantiga_buffer_add_field_u8 (buffer, 7);
  cantiga_buffer_add_field_u32 (buffer, 0x01020304);
  cantiga_buffer_add_field_u64 (buffer, G_GUINT64_CONSTANT (0x0102030405060708));
  cantiga_buffer_add_field (buffer, NULL, 0);
  cantiga_buffer_add_field_bytes (buffer, bytes);
  g_assert_false (cantiga_buffer_failed (buffer));
  g_assert_cmpmem (cantiga_buffer_bytes (buffer), cantiga_buffer_length (buffer), expected, sizeof expected);
}

static void
test_plain (void)
{
  g_autoptr (CantigaBuffer) buffer = cantiga_buffer_new ();
  static const guint8 expected[] = { 0xff, 0xfe, 0xdc, 0xba, 0x98, 0x80, 0, 0, 0, 0, 0, 0, 1, 'z' };

  cantiga_buffer_add_u8 (buffer, 0xff);
  cantiga_buffer_add_u32 (buffer, 0xfedcba98);
  cantiga_buffer_add_u64 (buffer, G_GUINT64_CONSTANT (0x8000000000000001));
  cantiga_buffer_add (buffer, "z", 1);
  cantiga_buffer_add (buffer, NULL, 0);
  g_assert_cmpmem (cantiga_buffer_bytes (buffer), cantiga_buffer_length (buffer), expected, sizeof expected);
}

/* Its length is looked at before its bytes are. */
static void
test_sticky_failure (void)
{
  g_autoptr (CantigaBuffer) buffer = cantiga_buffer_new ();

  cantiga_buffer_add_u8 (buffer, 1);
  cantiga_buffer_add_field (buffer, "", (gsize)G_MAXUINT32 + 1);
  g_assert_true (cantiga_buffer_failed (buffer));
  cantiga_buffer_add_u8 (buffer, 1);
  g_assert_true (cantiga_buffer_failed (buffer));
  g_assert_cmpuint (cantiga_buffer_length (buffer), ==, 0);
}

static void
test_no_half_texts (void)
{
  CantigaBuffer *buffer = cantiga_buffer_new ();

  cantiga_buffer_add_u8 (buffer, 1);
  cantiga_buffer_add (buffer, "", G_MAXSIZE);
  g_assert_null (cantiga_buffer_free_to_bytes (buffer));
}

static void
test_to_bytes (void)
{
  CantigaBuffer *buffer = cantiga_buffer_new ();
  g_autoptr (GBytes) bytes = NULL;

  cantiga_buffer_add_field_text (buffer, "a");
  bytes = cantiga_buffer_free_to_bytes (buffer);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "\0\0\0\1a", 5);
}

static void
test_cursor (void)
{
  static const guint8 bytes[] = { 9, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 'x', 'y' };
  CantigaCursor cursor = cantiga_cursor (bytes, sizeof bytes);

  g_assert_cmpuint (cantiga_cursor_take_u8 (&cursor), ==, 9);
  g_assert_cmpuint (cantiga_cursor_take_u32 (&cursor), ==, 0x01020304);
  g_assert_cmpuint (cantiga_cursor_take_u64 (&cursor), ==, G_GUINT64_CONSTANT (0x0102030405060708));
  g_assert_cmpmem (cantiga_cursor_take (&cursor, 2), 2, "xy", 2);
  g_assert_nonnull (cantiga_cursor_take (&cursor, 0));
  g_assert_false (cursor.failed);
  g_assert_cmpuint (cursor.at, ==, cursor.length);
}

static void
test_cursor_past_the_end (void)
{
  static const guint8 bytes[] = { 1, 2, 3, 4, 5 };
  CantigaCursor cursor = cantiga_cursor (bytes, sizeof bytes);

  g_assert_cmpuint (cantiga_cursor_take_u64 (&cursor), ==, 0);
  g_assert_true (cursor.failed);
  g_assert_cmpuint (cantiga_cursor_take_u8 (&cursor), ==, 0);
  g_assert_cmpuint (cantiga_cursor_take_u32 (&cursor), ==, 0);
  g_assert_null (cantiga_cursor_take (&cursor, 0));
}

static void
test_cursor_huge (void)
{
  static const guint8 bytes[] = { 1, 2, 3 };
  CantigaCursor cursor = cantiga_cursor (bytes, sizeof bytes);

  g_assert_cmpuint (cantiga_cursor_take_u8 (&cursor), ==, 1);
  g_assert_null (cantiga_cursor_take (&cursor, G_MAXSIZE));
  g_assert_true (cursor.failed);
}

static void
test_memory (void)
{
  guint8 bytes[9];

  cantiga_put_u32 (bytes + 1, 0xdeadbeef);
  g_assert_cmpmem (bytes + 1, 4, "\xde\xad\xbe\xef", 4);
  g_assert_cmpuint (cantiga_get_u32 (bytes + 1), ==, 0xdeadbeef);
  cantiga_put_u64 (bytes + 1, G_GUINT64_CONSTANT (0xdeadbeef01020304));
  g_assert_cmpmem (bytes + 1, 8, "\xde\xad\xbe\xef\1\2\3\4", 8);
  g_assert_cmpuint (cantiga_get_u64 (bytes + 1), ==, G_GUINT64_CONSTANT (0xdeadbeef01020304));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/buffer/writes-fields-with-their-lengths", test_fields);
  g_test_add_func ("/buffer/writes-integers-big-endian", test_plain);
  g_test_add_func ("/buffer/a-field-of-4-gib-makes-it-fail-for-good", test_sticky_failure);
  g_test_add_func ("/buffer/a-failed-one-becomes-no-bytes", test_no_half_texts);
  g_test_add_func ("/buffer/becomes-bytes", test_to_bytes);
  g_test_add_func ("/buffer/a-cursor-reads-what-was-written", test_cursor);
  g_test_add_func ("/buffer/a-cursor-stays-within-its-bytes", test_cursor_past_the_end);
  g_test_add_func ("/buffer/a-cursor-survives-a-huge-length", test_cursor_huge);
  g_test_add_func ("/buffer/puts-and-gets-unaligned-integers", test_memory);
  return g_test_run ();
}
