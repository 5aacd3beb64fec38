#include "core/buffer.h"

static void
test_fields (void)
{
  g_autoptr (CantigaBuffer) buffer = cantiga_buffer_new ();
  static const guint8 expected[] = { 0, 0, 0, 2, 'a', 'b', 0, 0, 0, 1, 7, 0, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0 };

  cantiga_buffer_add_field_text (buffer, "ab");
  cantiga_buffer_add_field_u8 (buffer, 7);
  cantiga_buffer_add_field_u32 (buffer, 0x01020304);
  cantiga_buffer_add_field_u64 (buffer, G_GUINT64_CONSTANT (0x0102030405060708));
  cantiga_buffer_add_field (buffer, NULL, 0);
  g_assert_cmpmem (cantiga_buffer_bytes (buffer), cantiga_buffer_length (buffer), expected, sizeof expected);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/buffer/writes-fields-with-their-lengths", test_fields);
  return g_test_run ();
}
