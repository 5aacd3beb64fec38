#include "core/secret.h"

#include <string.h>

static void
test_zeroed (void)
{
  g_autoptr (CantigaSecret) secret = cantiga_secret_new (100);
  static const guint8 zeros[101] = { 0 };

  g_assert_cmpmem (cantiga_secret_bytes (secret), cantiga_secret_length (secret) + 1, zeros, 101);
}

static void
test_copy (void)
{
  g_autoptr (CantigaSecret) secret = cantiga_secret_new_copy ((const guint8 *)"1234", 4);

  g_assert_cmpmem (cantiga_secret_bytes (secret), cantiga_secret_length (secret), "1234", 4);
  g_assert_cmpstr ((const char *)cantiga_secret_bytes (secret), ==, "1234");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/secret/is-zeroed-when-new", test_zeroed);
  g_test_add_func ("/secret/copies-bytes-and-ends-them-with-zero", test_copy);
  return g_test_run ();
}
