#include "core/wire.h"

#include <string.h>

#include "core/secret.h"

static void
test_id (void)
{
  char text[CANTIGA_ID_TEXT_LENGTH];
  CantigaId id, parsed;

  cantiga_id_new_random (&id);
  g_assert_true (cantiga_id_parse (cantiga_id_format (&id, text), &parsed));
  g_assert_true (cantiga_id_equal (&id, &parsed));
  g_assert_cmpuint (cantiga_id_hash (&id), ==, cantiga_id_hash (&parsed));
  parsed.bytes[15] ^= 1;
  g_assert_false (cantiga_id_equal (&id, &parsed));
  g_assert_false (cantiga_id_equal_func (&id, &parsed));
}

static void
test_id_text (void)
{
  CantigaId id = { { 0x00, 0x01, 0x9a, 0xff, 0x10 } };
  char text[CANTIGA_ID_TEXT_LENGTH];

  g_assert_cmpstr (cantiga_id_format (&id, text), ==, "00019aff100000000000000000000000");
}

static void
test_id_refusals (void)
{
  static const char *const texts[] = { "",
                                       "00019aff10000000000000000000000",
                                       "00019aff1000000000000000000000000",
                                       "00019AFF100000000000000000000000",
                                       "0x019aff100000000000000000000000",
                                       "00019aff-1000000000000000000000 ",
                                       "00019aff10000000000000000000000g" };
  const CantigaId before = { { 1, 2, 3 } };
  CantigaId id = before;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_assert_false (cantiga_id_parse (texts[i], &id));
  g_assert_false (cantiga_id_parse (NULL, &id));
  g_assert_true (cantiga_id_equal (&id, &before));
}

/* "Base64 (RFC 4648 §4, padded, nothing else allowed)" (docs/protocol.md 1); decoded: NULL if it is not. */
static const struct
{
  const char *text, *decoded;
} base64s[] = {
  { "", "" },
  { "Zg==", "f" },
  { "Zm8=", "fo" },
  { "Zm9v", "foo" },
  { "Zm9vYg==", "foob" },
  { "Zm9vYmE=", "fooba" },
  { "Zm9vYmFy", "foobar" },
  { "+/+/", "\xfb\xff\xbf" },
  { "Zg", NULL },
  { "Zg=", NULL },
  { "Zg===", NULL },
  { "Z", NULL },
  { "=", NULL },
  { "====", NULL },
  { "Zh==", NULL },
  { "Zm9=", NULL },
  { "Zm9v\n", NULL },
  { " Zm9v", NULL },
  { "Zm 9v", NULL },
  { "-_-_", NULL },
  { "Zm9v=", NULL },
  { "Zg==Zg==", NULL },
  { "Z\303\251==", NULL },
  { "Zm9v%", NULL },
};

static void
assert_decoded (GBytes *decoded, const char *expected)
{
  if (expected == NULL)
    g_assert_null (decoded);
  else
    g_assert_cmpmem (g_bytes_get_data (decoded, NULL), g_bytes_get_size (decoded), expected, strlen (expected));
}

static void
test_base64 (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (base64s); i++)
    {
      g_autoptr (GBytes) decoded = cantiga_base64_decode (base64s[i].text);

      assert_decoded (decoded, base64s[i].decoded);
    }
}

static const struct
{
  const char *text, *decoded;
} base64urls[] = {
  { "", "" },       { "Zg", "f" },    { "Zm8", "fo" },   { "Zm9v", "foo" },  { "-_-_", "\xfb\xff\xbf" },
  { "Zg==", NULL }, { "Zm8=", NULL }, { "Z", NULL },     { "Zm9vY", NULL },  { "+/+/", NULL },
  { "Zh", NULL },   { "Zm9", NULL },  { "Zm 9v", NULL }, { "Zm9v\n", NULL }, { "Zm.9v", NULL },
};

static void
test_base64url (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (base64urls); i++)
    {
      g_autoptr (GBytes) decoded = cantiga_base64url_decode (base64urls[i].text, strlen (base64urls[i].text));

      assert_decoded (decoded, base64urls[i].decoded);
      if (decoded != NULL)
        {
          g_autofree char *again = cantiga_base64url_encode (g_bytes_get_data (decoded, NULL), g_bytes_get_size (decoded));

          g_assert_cmpstr (again, ==, base64urls[i].text);
        }
    }
}

static void
test_base64url_length (void)
{
  g_autoptr (GBytes) part = cantiga_base64url_decode ("Zm9v.and so on", 4);

  assert_decoded (part, "foo");
  g_assert_null (cantiga_base64url_decode ("Zm9v\0Zm9v", 9));
}

static void
test_base64url_every_length (void)
{
  guint8 bytes[200];

  cantiga_random (bytes, sizeof bytes);
  for (gsize length = 0; length <= sizeof bytes; length++)
    {
      g_autofree char *text = cantiga_base64url_encode (bytes, length);
      g_autoptr (GBytes) decoded = cantiga_base64url_decode (text, strlen (text));

      g_assert_null (strpbrk (text, "+/="));
      g_assert_cmpmem (g_bytes_get_data (decoded, NULL), g_bytes_get_size (decoded), bytes, length);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/encoding/reads-back-the-identifiers-that-it-writes", test_id);
  g_test_add_func ("/encoding/writes-identifiers-in-lower-case", test_id_text);
  g_test_add_func ("/encoding/refuses-what-is-no-identifier", test_id_refusals);
  g_test_add_func ("/encoding/takes-base64-and-nothing-else", test_base64);
  g_test_add_func ("/encoding/takes-base64url-without-padding-and-nothing-else", test_base64url);
  g_test_add_func ("/encoding/base64url-stays-within-its-length", test_base64url_length);
  g_test_add_func ("/encoding/base64url-reads-back-every-length", test_base64url_every_length);
  return g_test_run ();
}
