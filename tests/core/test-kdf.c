#include "core/kdf.h"

#include <string.h>

/* RFC 5869 A.1 */
static void
test_extract (void)
{
  g_auto (CantigaKey) prk = CANTIGA_KEY_INIT;
  g_autoptr (GError) error = NULL;
  guint8 ikm[22], salt[13];
  static const guint8 expected[] = { 0x07, 0x77, 0x09, 0x36, 0x2c, 0x2e, 0x32, 0xdf, 0x0d, 0xdc, 0x3f, 0x0d, 0xc4, 0x7b, 0xba, 0x63,
                                     0x90, 0xb6, 0xc7, 0x3b, 0xb5, 0x0f, 0x9c, 0x31, 0x22, 0xec, 0x84, 0x4a, 0xd7, 0xc2, 0xb3, 0xe5 };

  memset (ikm, 0x0b, sizeof ikm);
  for (guint8 i = 0; i < sizeof salt; i++)
    salt[i] = i;
  g_assert_true (cantiga_hkdf_extract (CANTIGA_DIGEST_SHA256, salt, sizeof salt, ikm, sizeof ikm, &prk, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (prk.bytes, prk.length, expected, sizeof expected);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kdf/extracts-as-rfc-5869-a.1", test_extract);
  return g_test_run ();
}
