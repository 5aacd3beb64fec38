#include "core/kdf.h"

#include <string.h>

#include "core/error.h"
#include "test-hex.h"

static const CantigaDigest digests[] = { CANTIGA_DIGEST_SHA256, CANTIGA_DIGEST_SHA512 };

static void
key_from_hex (CantigaKey *key, const char *hex)
{
  guint8 bytes[CANTIGA_KEY_MAX];

  cantiga_key_set (key, bytes, read_hex (hex, bytes));
}

/* The bytes 0, 1, 2 … */
static void
key_counting (CantigaKey *key, gsize length)
{
  for (gsize i = 0; i < length; i++)
    key->bytes[i] = (guint8)i;
  key->length = length;
}

static void
test_digests (void)
{
  guint8 hash[64];

  cantiga_sha256 ("abc", 3, hash);
  assert_hex (hash, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  cantiga_sha256 (NULL, 0, hash);
  assert_hex (hash, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  cantiga_digest (CANTIGA_DIGEST_SHA256, "abc", 3, hash);
  assert_hex (hash, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  cantiga_digest (CANTIGA_DIGEST_SHA512, "abc", 3, hash);
  assert_hex (hash, 64,
              "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

/* RFC 4231, those of its cases whose key fits a CantigaKey. */
static const struct
{
  const char *key, *text, *sha256, *sha512;
} hmacs[] = {
  { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854" },
  { "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
  { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb" },
  { "0102030405060708090a0b0c0d0e0f10111213141516171819",
    "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
    "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd" },
};

static void
test_hmac (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (hmacs); i++)
    {
      g_auto (CantigaKey) key = CANTIGA_KEY_INIT;
      g_autoptr (GError) error = NULL;
      guint8 text[64], mac[64];
      gsize length = read_hex (hmacs[i].text, text);

      key_from_hex (&key, hmacs[i].key);
      g_assert_true (cantiga_hmac (CANTIGA_DIGEST_SHA256, &key, text, length, mac, &error));
      assert_hex (mac, 32, hmacs[i].sha256);
      g_assert_true (cantiga_hmac (CANTIGA_DIGEST_SHA512, &key, text, length, mac, &error));
      assert_hex (mac, 64, hmacs[i].sha512);
    }
}

static void
test_hmac_spans (void)
{
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;
  g_autoptr (GError) error = NULL;
  static const CantigaSpan spans[] = { { "what do ya", 10 }, { NULL, 0 }, { " want for ", 10 }, { "nothing?", 8 } };
  guint8 mac[64];

  key_from_hex (&key, "4a656665");
  g_assert_true (cantiga_hmac_spans (CANTIGA_DIGEST_SHA256, &key, spans, G_N_ELEMENTS (spans), mac, &error));
  assert_hex (mac, 32, hmacs[1].sha256);
}

/* RFC 5869 A.1 to A.3. */
static const struct
{
  const char *ikm, *salt, *prk;
} extracts[] = {
  { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
    "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5" },
  { "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
    "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
    "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f"
    "909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
    "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244" },
  { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04" },
};

static void
test_extract (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (extracts); i++)
    {
      g_auto (CantigaKey) prk = CANTIGA_KEY_INIT;
      g_autoptr (GError) error = NULL;
      guint8 ikm[80], salt[80];
      gsize ikm_length = read_hex (extracts[i].ikm, ikm);
      gsize salt_length = read_hex (extracts[i].salt, salt);

      g_assert_true (cantiga_hkdf_extract (CANTIGA_DIGEST_SHA256, salt, salt_length, ikm, ikm_length, &prk, &error));
      g_assert_no_error (error);
      assert_hex (prk.bytes, prk.length, extracts[i].prk);
    }
}

/* RFC 5869 2.2: PRK = HMAC-Hash (salt, IKM). */
static void
test_extract_is_hmac (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (digests); i++)
    {
      g_auto (CantigaKey) salt = CANTIGA_KEY_INIT;
      g_auto (CantigaKey) prk = CANTIGA_KEY_INIT;
      g_autoptr (GError) error = NULL;
      guint8 ikm[1000], mac[64];

      key_counting (&salt, 32);
      cantiga_random (ikm, sizeof ikm);
      g_assert_true (cantiga_hkdf_extract (digests[i], salt.bytes, salt.length, ikm, sizeof ikm, &prk, &error));
      g_assert_true (cantiga_hmac (digests[i], &salt, ikm, sizeof ikm, mac, &error));
      g_assert_cmpmem (prk.bytes, prk.length, mac, cantiga_digest_get_length (digests[i]));
    }
}

/* Computed with another implementation of HMAC: keys of 0, 1, 2 …, without context and with lp(u64 7). */
static const struct
{
  CantigaDigest digest;
  const char *label;
  gboolean context;
  gsize length;
  const char *expected;
} expansions[] = {
  { CANTIGA_DIGEST_SHA256, CANTIGA_LABEL_CIPHER, FALSE, 32, "8e4efcef0ae83e403eca6b8431681ff59211571a5b308f47bc3d5688015c9152" },
  { CANTIGA_DIGEST_SHA256, CANTIGA_LABEL_CIPHER, FALSE, 16, "8e4efcef0ae83e403eca6b8431681ff5" },
  { CANTIGA_DIGEST_SHA256, CANTIGA_LABEL_CIPHER, FALSE, 64,
    "8e4efcef0ae83e403eca6b8431681ff59211571a5b308f47bc3d5688015c9152bb418c81cfcb8f94ca3948523deeba05327b444fe315ed8e98c7beff96c5571c" },
  { CANTIGA_DIGEST_SHA256, CANTIGA_LABEL_CHUNK, TRUE, 32, "3e06dbbd3455c1fde21fa1d19c28fa77f28e5be780de3704bae8c1d635086a9f" },
  { CANTIGA_DIGEST_SHA512, CANTIGA_LABEL_CIPHER, FALSE, 64,
    "b050dbe1d69d5343b5b741c03395680a2e5f4e72711ff423baf0cf3ebeb895ed4dda4924c3769909ba7173e8097c4570fa0a9e239f4e794c146aac123a967b91" },
  { CANTIGA_DIGEST_SHA512, CANTIGA_LABEL_CHUNK, TRUE, 64,
    "3757225fd7a2cf69762c4def0689d28a9b0ac922d269be90652de01fd7e5f6452470288ecea1e4e65f031c9ee4d3b301f44baeb8de67e32c9c95e74537c29eb6" },
};

static void
test_expand (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (expansions); i++)
    {
      g_auto (CantigaKey) key = CANTIGA_KEY_INIT;
      g_auto (CantigaKey) expanded = CANTIGA_KEY_INIT;
      g_autoptr (CantigaBuffer) context = cantiga_buffer_new ();
      g_autoptr (GError) error = NULL;

      key_counting (&key, cantiga_digest_get_length (expansions[i].digest));
      cantiga_buffer_add_field_u64 (context, 7);
      g_assert_true (cantiga_expand (expansions[i].digest, &key, expansions[i].label, expansions[i].context ? context : NULL, expansions[i].length,
                                     &expanded, &error));
      g_assert_no_error (error);
      assert_hex (expanded.bytes, expanded.length, expansions[i].expected);
    }
}

static void
test_expand_in_place (void)
{
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;
  g_autoptr (GError) error = NULL;

  key_counting (&key, 32);
  g_assert_true (cantiga_expand (CANTIGA_DIGEST_SHA256, &key, CANTIGA_LABEL_CIPHER, NULL, 32, &key, &error));
  assert_hex (key.bytes, key.length, expansions[0].expected);
}

static void
test_failed_context (void)
{
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;
  g_auto (CantigaKey) expanded = CANTIGA_KEY_INIT;
  g_autoptr (CantigaBuffer) context = cantiga_buffer_new ();
  g_autoptr (GError) error = NULL;

  key_counting (&key, 32);
  cantiga_buffer_add (context, "", G_MAXSIZE);
  g_assert_false (cantiga_expand (CANTIGA_DIGEST_SHA256, &key, CANTIGA_LABEL_CHUNK, context, 32, &expanded, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CRYPTO);
  g_assert_cmpuint (expanded.length, ==, 0);
}

static gpointer
expand_often (gpointer unused)
{
  for (guint i = 0; i < 200; i++)
    test_expand ();
  return NULL;
}

static void
test_threads (void)
{
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("expand", expand_often, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* First, while nothing has been fetched. */
  g_test_add_func ("/kdf/threads-do-not-disturb-each-other", test_threads);
  g_test_add_func ("/kdf/hashes-as-fips-180-4", test_digests);
  g_test_add_func ("/kdf/makes-macs-as-rfc-4231", test_hmac);
  g_test_add_func ("/kdf/spans-are-joined", test_hmac_spans);
  g_test_add_func ("/kdf/extracts-as-rfc-5869", test_extract);
  g_test_add_func ("/kdf/extract-is-hmac-under-the-salt", test_extract_is_hmac);
  g_test_add_func ("/kdf/expands-labels-and-contexts-as-lp", test_expand);
  g_test_add_func ("/kdf/a-key-may-be-expanded-into-itself", test_expand_in_place);
  g_test_add_func ("/kdf/refuses-a-context-that-failed", test_failed_context);
  return g_test_run ();
}
