#include "core/pairing.h"

#include <string.h>

#include "core/error.h"

#define NOW 1800000000

/* id: 00 01 … 0f; secret: 20 21 … 3f; pin: e0 e1 … ff; the digits are another library's (Python's base64). */
#define ID "AAECAwQFBgcICQoLDA0ODw"
#define SECRET "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"
#define PIN "4OHi4-Tl5ufo6err7O3u7_Dx8vP09fb3-Pn6-_z9_v8"
#define PARTS ID "." SECRET "." PIN

static X509 *
authority_new (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EVP_PKEY) key = cantiga_key_pair_new (CANTIGA_AUTH_EDDSA, &error);
  X509 *authority = cantiga_authority_issue (key, "authority", NOW, NOW + 60, &error);

  g_assert_no_error (error);
  return authority;
}

static void
test_known_link (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaInvitation) invitation = cantiga_invitation_parse ("cantiga://box.example:8080/#" PARTS, &error);
  g_autofree char *url = NULL;
  char *link;

  g_assert_no_error (error);
  g_assert_cmpstr (invitation->host, ==, "box.example");
  g_assert_cmpuint (invitation->port, ==, 8080);
  g_assert_cmpuint (cantiga_secret_length (invitation->secret), ==, 32);
  for (guint8 i = 0; i < 32; i++)
    {
      g_assert_cmphex (cantiga_secret_bytes (invitation->secret)[i], ==, 0x20 + i);
      g_assert_cmphex (invitation->pin[i], ==, 0xe0 + i);
      if (i < 16)
        g_assert_cmphex (invitation->id.bytes[i], ==, i);
    }
  url = cantiga_invitation_dup_url (invitation);
  g_assert_cmpstr (url, ==, "http://box.example:8080");
  link = cantiga_invitation_format (invitation);
  g_assert_cmpstr (link, ==, "cantiga://box.example:8080/#" PARTS);
  cantiga_link_free (link);
}

static void
test_addresses (void)
{
  static const struct
  {
    const char *address;
    const char *host;
    guint16 port;
  } rows[] = {
    { "localhost:1", "localhost", 1 },
    { "127.0.0.1:8080", "127.0.0.1", 8080 },
    { "a.b-c.d_e.2x:65535", "a.b-c.d_e.2x", 65535 },
    { "Box.Example:8080", "Box.Example", 8080 },
    { "[::1]:8080", "::1", 8080 },
    { "[2001:db8::ff:192.0.2.1]:443", "2001:db8::ff:192.0.2.1", 443 },
    { "123456789012345678901234567890123456789012345678901234567890abc.example:80",
      "123456789012345678901234567890123456789012345678901234567890abc.example", 80 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *link = g_strconcat ("cantiga://", rows[i].address, "/#" PARTS, NULL);
      g_autofree char *expected = g_strconcat ("http://", rows[i].address, NULL);
      g_autofree char *url = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (CantigaInvitation) invitation = cantiga_invitation_parse (link, &error);
      char *again;

      g_assert_no_error (error);
      g_assert_cmpstr (invitation->host, ==, rows[i].host);
      g_assert_cmpuint (invitation->port, ==, rows[i].port);
      url = cantiga_invitation_dup_url (invitation);
      g_assert_cmpstr (url, ==, expected);
      again = cantiga_invitation_format (invitation);
      g_assert_cmpstr (again, ==, link);
      cantiga_link_free (again);
    }
}

static void
test_white_space (void)
{
  static const char *const links[] = {
    " cantiga://h:1/#" PARTS,
    "cantiga://h:1/#" PARTS "\n",
    "\r\n\t cantiga://h:1/#" PARTS " \r\n",
    "Cantiga://h:1/#" PARTS,
  };

  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (CantigaInvitation) invitation = cantiga_invitation_parse (links[i], &error);

      g_assert_no_error (error);
      g_assert_cmpstr (invitation->host, ==, "h");
    }
}

static void
assert_refused (const char *link)
{
  g_autoptr (GError) error = NULL;
  CantigaInvitation *invitation = cantiga_invitation_parse (link, &error);

  if (invitation != NULL)
    g_error ("“%s” was taken for an invitation's link", link);
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_INVITATION_REFUSED);
  /* Whatever is wrong with it, it may hold a secret. */
  g_assert_null (strstr (error->message, SECRET));
}

static void
test_bad_addresses (void)
{
  static const char *const addresses[] = {
    "",
    "h",
    ":1",
    "h:",
    "h:0",
    "h:01",
    "h:65536",
    "h:99999999999999999999",
    "h:-1",
    "h:+1",
    "h: 1",
    "h:1 ",
    "h:1a",
    "h:0x1",
    "h h:1",
    "h:1:1",
    "h..h:1",
    ".h:1",
    "h.:1",
    "-h:1",
    "h-:1",
    "1.2.3:1",
    "1.2.3.4.5:1",
    "256.1.1.1:1",
    "h.1:1",
    "h%2e:1",
    "user@h:1",
    "user:word@h:1",
    "h/path:1",
    "h?q:1",
    "h#f:1",
    "h\\:1",
    "h\n:1",
    "h\x1b:1",
    "caf\xc3\xa9:1",
    "::1:8080",
    "[::1]",
    "[::1]8080",
    "[::1]:",
    "[]:1",
    "[:1",
    "[::1:1",
    "[h]:1",
    "[127.0.0.1]:1",
    "[fe80::1%eth0]:1",
    "[::1]x:1",
    "[[::1]]:1",
    "1234567890123456789012345678901234567890123456789012345678901234.example:80",
  };
  g_autofree char *label = g_strnfill (49, 'a');
  /* 254 characters, one more than a name may have */
  g_autofree char *name = g_strjoin (".", label, label, label, label, label, "bbbb", NULL);
  g_autofree char *too_long = g_strconcat ("cantiga://", name, ":1/#" PARTS, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autofree char *link = g_strconcat ("cantiga://", addresses[i], "/#" PARTS, NULL);

      assert_refused (link);
    }
  assert_refused (too_long);
}

static void
test_bad_parts (void)
{
  static const char *const links[] = {
    "",
    " ",
    "cantiga",
    "cantiga://",
    "cantiga://h:1",
    "cantiga://h:1/",
    "cantiga://h:1/#",
    "cantiga:h:1/#" PARTS,
    "cantiga:///#" PARTS,
    "http://h:1/#" PARTS,
    "xcantiga://h:1/#" PARTS,
    "cantiga://h:1#" PARTS,
    "cantiga://h:1/x#" PARTS,
    "cantiga://h:1//#" PARTS,
    "cantiga://h:1/?q=1#" PARTS,
    "cantiga://h:1/##" PARTS,
    "cantiga://h:1/#." PARTS,
    "cantiga://h:1/#" PARTS ".",
    "cantiga://h:1/#" PARTS "A",
    "cantiga://h:1/#" PARTS "\n" PARTS,
    "cantiga://h:1/# " PARTS,
    "cantiga://h:1/#" ID "." SECRET,
    "cantiga://h:1/#" ID "." SECRET ".",
    "cantiga://h:1/#" SECRET "." PIN,
    "cantiga://h:1/#" SECRET "." ID "." PIN,
    "cantiga://h:1/#" ID SECRET "." PIN ".",
    "cantiga://h:1/#" ID "," SECRET "." PIN,
    "cantiga://h:1/#" ID "." SECRET "," PIN,
    /* another alphabet, padding, and bits that no byte has */
    "cantiga://h:1/#" ID "." SECRET ".4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8",
    "cantiga://h:1/#" ID ".ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj+." PIN,
    "cantiga://h:1/#" ID ".ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9." PIN,
    "cantiga://h:1/#" ID ".ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pg==." PIN,
    "cantiga://h:1/#" ID ". CEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8." PIN,
    "cantiga://h:1/#" ID ".ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj=." PIN,
    "cantiga://h:1/#" ID ".!CEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8." PIN,
    "cantiga://h:1/#AAECAwQFBgcICQoLDA0ODx." SECRET "." PIN,
    "cantiga://h:1/#" ID "." SECRET ".4OHi4-Tl5ufo6err7O3u7_Dx8vP09fb3-Pn6-_z9_v9",
  };

  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    assert_refused (links[i]);
}

/* A link that lost any one of its characters. */
static void
test_incomplete (void)
{
  static const char whole[] = "cantiga://h.example:8080/#" PARTS;
  gsize length = strlen (whole);

  for (gsize cut = 0; cut < length; cut++)
    {
      g_autofree char *shorter = g_strndup (whole, cut);

      assert_refused (shorter);
    }
  for (gsize without = strlen ("cantiga://h.example:8080"); without < length; without++)
    {
      g_autofree char *link = g_strdup (whole);

      memmove (link + without, link + without + 1, length - without);
      assert_refused (link);
    }
}

static void
test_new (void)
{
  g_autoptr (X509) authority = authority_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaInvitation) invitation = cantiga_invitation_new ("http://[::1]:8080", authority, &error);
  g_autoptr (CantigaInvitation) other = cantiga_invitation_new ("http://[::1]:8080", authority, &error);
  g_autoptr (CantigaInvitation) read_back = NULL;
  guint8 pin[32];
  char *link;

  g_assert_no_error (error);
  cantiga_certificate_pin (authority, pin);
  g_assert_cmpmem (invitation->pin, 32, pin, 32);
  g_assert_cmpstr (invitation->host, ==, "::1");
  g_assert_cmpuint (cantiga_secret_length (invitation->secret), ==, 32);
  g_assert_false (cantiga_id_equal (&invitation->id, &other->id));
  g_assert_false (cantiga_bytes_equal (cantiga_secret_bytes (invitation->secret), cantiga_secret_bytes (other->secret), 32));
  link = cantiga_invitation_format (invitation);
  read_back = cantiga_invitation_parse (link, &error);
  g_assert_no_error (error);
  g_assert_true (cantiga_id_equal (&invitation->id, &read_back->id));
  g_assert_true (cantiga_bytes_equal (cantiga_secret_bytes (invitation->secret), cantiga_secret_bytes (read_back->secret), 32));
  cantiga_link_free (link);
}

/* Random secrets have every digit in every place. */
static void
test_many (void)
{
  g_autoptr (X509) authority = authority_new ();

  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (CantigaInvitation) invitation = cantiga_invitation_new ("http://h:1", authority, &error);
      char *link = cantiga_invitation_format (invitation);
      g_autoptr (CantigaInvitation) read_back = cantiga_invitation_parse (link, &error);

      g_assert_no_error (error);
      g_assert_true (cantiga_bytes_equal (cantiga_secret_bytes (invitation->secret), cantiga_secret_bytes (read_back->secret), 32));
      cantiga_link_free (link);
    }
}

static void
test_bad_urls (void)
{
  static const char *const urls[]
      = { "",          "h:1",           "https://h:1",   "HTTP://h:1", "http://",     "http://h",    "http://h:0", "http://h:1/",   "http://user@h:1",
          "http://:1", "http://h:1/#x", "cantiga://h:1", "http://::1", "http://h:1 ", "http:// h:1", "ftp://h:1",  "http://h:80?q", "http://[::1]" };
  g_autoptr (X509) authority = authority_new ();

  for (guint i = 0; i < G_N_ELEMENTS (urls); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (cantiga_invitation_new (urls[i], authority, &error));
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/invitation/reads-and-writes-a-known-link", test_known_link);
  g_test_add_func ("/invitation/knows-names-and-addresses", test_addresses);
  g_test_add_func ("/invitation/forgives-white-space-around-it", test_white_space);
  g_test_add_func ("/invitation/refuses-bad-addresses", test_bad_addresses);
  g_test_add_func ("/invitation/refuses-bad-parts", test_bad_parts);
  g_test_add_func ("/invitation/refuses-a-link-that-lost-a-character", test_incomplete);
  g_test_add_func ("/invitation/is-random-and-pins-the-authority", test_new);
  g_test_add_func ("/invitation/reads-every-secret-that-it-writes", test_many);
  g_test_add_func ("/invitation/refuses-urls-that-a-link-cannot-say", test_bad_urls);
  return g_test_run ();
}
