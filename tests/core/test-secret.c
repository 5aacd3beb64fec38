#include "core/secret.h"

#include <string.h>

#include <openssl/crypto.h>

static gboolean
is_zero (const guint8 *bytes, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (bytes[i] != 0)
      return FALSE;
  return TRUE;
}

static void
test_zeroed (void)
{
  g_autoptr (CantigaSecret) secret = cantiga_secret_new (100);

  g_assert_cmpuint (cantiga_secret_length (secret), ==, 100);
  g_assert_true (is_zero (cantiga_secret_bytes (secret), 101));
}

static void
test_copy (void)
{
  g_autoptr (CantigaSecret) secret = cantiga_secret_new_copy ((const guint8 *)"1234", 4);

  g_assert_cmpmem (cantiga_secret_bytes (secret), cantiga_secret_length (secret), "1234", 4);
  g_assert_cmpstr ((const char *)cantiga_secret_bytes (secret), ==, "1234");
}

static void
test_empty (void)
{
  g_autoptr (CantigaSecret) secret = cantiga_secret_new_copy (NULL, 0);

  g_assert_cmpuint (cantiga_secret_length (secret), ==, 0);
  g_assert_cmpstr ((const char *)cantiga_secret_bytes (secret), ==, "");
}

static void
test_secure_heap (void)
{
  g_autoptr (CantigaSecret) secret = cantiga_secret_new (32);

  g_assert_cmpint (CRYPTO_secure_allocated (cantiga_secret_bytes (secret)), ==, 1);
}

/* Four times what the secure heap has: none may fail, and OpenSSL's half stays free. */
static void
test_full_heap (void)
{
  g_autoptr (GPtrArray) secrets = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_secret_free);
  gsize used = CRYPTO_secure_used ();

  for (guint i = 0; i < 1024; i++)
    {
      CantigaSecret *secret = cantiga_secret_new (4000);

      memset (cantiga_secret_bytes (secret), (int)(i & 0xff), 4000);
      g_ptr_array_add (secrets, secret);
    }
  for (guint i = 0; i < secrets->len; i++)
    g_assert_cmpuint (cantiga_secret_bytes (secrets->pdata[i])[3999], ==, i & 0xff);
  g_assert_cmpuint (CRYPTO_secure_used (), <=, 512 * 1024);
  g_clear_pointer (&secrets, g_ptr_array_unref);
  g_assert_cmpuint (CRYPTO_secure_used (), ==, used);
}

static void
test_large (void)
{
  g_autoptr (CantigaSecret) secret = cantiga_secret_new (3 * 1024 * 1024);

  g_assert_true (is_zero (cantiga_secret_bytes (secret), cantiga_secret_length (secret) + 1));
}

static void
test_truncate (void)
{
  g_autoptr (CantigaSecret) secret = cantiga_secret_new_copy ((const guint8 *)"passphrase\n\n", 12);

  cantiga_secret_truncate (secret, 4);
  g_assert_cmpstr ((const char *)cantiga_secret_bytes (secret), ==, "pass");
  g_assert_cmpuint (cantiga_secret_length (secret), ==, 4);
  g_assert_true (is_zero (cantiga_secret_bytes (secret) + 4, 9));
}

static void
test_key_set (void)
{
  CantigaKey key = CANTIGA_KEY_INIT;

  memset (key.bytes, 0xff, sizeof key.bytes);
  cantiga_key_set (&key, (const guint8 *)"0123456789abcdef", 16);
  g_assert_cmpmem (key.bytes, key.length, "0123456789abcdef", 16);
  g_assert_true (is_zero (key.bytes + 16, sizeof key.bytes - 16));
  cantiga_key_clear (&key);
  g_assert_true (is_zero ((const guint8 *)&key, sizeof key));
}

static void
test_key_of_its_own (void)
{
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;

  cantiga_key_set (&key, (const guint8 *)"0123456789", 10);
  cantiga_key_set (&key, key.bytes + 2, 5);
  g_assert_cmpmem (key.bytes, key.length, "23456", 5);
}

static void
test_equal (void)
{
  guint8 a[64], b[64];

  cantiga_random (a, sizeof a);
  memcpy (b, a, sizeof b);
  g_assert_true (cantiga_bytes_equal (a, b, sizeof a));
  g_assert_true (cantiga_bytes_equal (NULL, NULL, 0));
  for (guint bit = 0; bit < sizeof a * 8; bit++)
    {
      b[bit / 8] ^= (guint8)(1u << (bit % 8));
      g_assert_false (cantiga_bytes_equal (a, b, sizeof a));
      b[bit / 8] ^= (guint8)(1u << (bit % 8));
    }
}

static void
test_wipe (void)
{
  guint8 bytes[40];

  memset (bytes, 0xa5, sizeof bytes);
  cantiga_wipe (bytes + 4, 32);
  g_assert_true (is_zero (bytes + 4, 32));
  g_assert_cmpuint (bytes[3], ==, 0xa5);
  g_assert_cmpuint (bytes[36], ==, 0xa5);
}

static void
test_random (void)
{
  g_autoptr (CantigaSecret) a = cantiga_secret_new_random (32);
  g_autoptr (CantigaSecret) b = cantiga_secret_new_random (32);

  g_assert_false (is_zero (cantiga_secret_bytes (a), 32));
  g_assert_false (cantiga_bytes_equal (cantiga_secret_bytes (a), cantiga_secret_bytes (b), 32));
}

static gpointer
make_secrets (gpointer mark)
{
  for (guint i = 0; i < 500; i++)
    {
      g_autoptr (CantigaSecret) secret = cantiga_secret_new (1 + i);

      memset (cantiga_secret_bytes (secret), GPOINTER_TO_INT (mark), 1 + i);
      g_assert_cmpuint (cantiga_secret_bytes (secret)[i], ==, GPOINTER_TO_UINT (mark));
    }
  return NULL;
}

static void
test_threads (void)
{
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("secrets", make_secrets, GUINT_TO_POINTER (i + 1));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* First, while the heap has not been started. */
  g_test_add_func ("/secret/threads-may-make-the-first-ones-together", test_threads);
  g_test_add_func ("/secret/is-zeroed-when-new", test_zeroed);
  g_test_add_func ("/secret/copies-bytes-and-ends-them-with-zero", test_copy);
  g_test_add_func ("/secret/may-be-empty", test_empty);
  g_test_add_func ("/secret/lives-on-the-secure-heap", test_secure_heap);
  g_test_add_func ("/secret/never-fails-when-the-secure-heap-is-full", test_full_heap);
  g_test_add_func ("/secret/may-be-larger-than-the-secure-heap", test_large);
  g_test_add_func ("/secret/truncating-wipes-the-rest", test_truncate);
  g_test_add_func ("/secret/a-key-forgets-what-it-held", test_key_set);
  g_test_add_func ("/secret/a-key-may-be-set-from-its-own-bytes", test_key_of_its_own);
  g_test_add_func ("/secret/comparing-sees-every-bit", test_equal);
  g_test_add_func ("/secret/wiping-stays-within-its-bounds", test_wipe);
  g_test_add_func ("/secret/random-secrets-differ", test_random);
  return g_test_run ();
}
