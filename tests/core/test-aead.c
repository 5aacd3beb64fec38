#include "core/aead.h"

#include <string.h>

#include "core/error.h"

static const CantigaCipher ciphers[] = { CANTIGA_CIPHER_AES256_GCM, CANTIGA_CIPHER_CHACHA20_POLY1305, CANTIGA_CIPHER_AES128_GCM,
                                         CANTIGA_CIPHER_AES256_CBC, CANTIGA_CIPHER_AES128_CBC,        CANTIGA_CIPHER_EDE_CBC };
static const gsize lengths[] = { 0, 1, 15, 16, 17, 255, 65536 };

/* Runs check for every cipher with every digest. */
static void
for_every_cipher (void (*check) (const CantigaSuite *suite, const CantigaKey *key))
{
  CantigaKey key = CANTIGA_KEY_INIT;

  for (guint digest = CANTIGA_DIGEST_SHA256; digest <= CANTIGA_DIGEST_SHA512; digest++)
    for (guint i = 0; i < G_N_ELEMENTS (ciphers); i++)
      {
        CantigaSuite suite = { CANTIGA_KEX_ECDH, CANTIGA_AUTH_ECDSA, ciphers[i], digest };

        key.length = cantiga_digest_get_length (digest);
        cantiga_random (key.bytes, key.length);
        check (&suite, &key);
      }
}

static void
check_round_trip (const CantigaSuite *suite, const CantigaKey *key)
{
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree guint8 *text = g_malloc (lengths[i] + 1);
      gsize sealed_length = cantiga_aead_sealed_length (suite, lengths[i]);
      g_autofree guint8 *sealed = g_malloc (sealed_length);
      g_autofree guint8 *opened = g_malloc (cantiga_aead_text_bound (suite, sealed_length) + 1);
      gsize opened_length = G_MAXSIZE;

      cantiga_random (text, lengths[i]);
      g_assert_true (cantiga_aead_seal (suite, key, "ad", 2, "header", 6, text, lengths[i], sealed, &error));
      g_assert_no_error (error);
      g_assert_true (cantiga_aead_open (suite, key, "ad", 2, "header", 6, sealed, sealed_length, opened, &opened_length, &error));
      g_assert_no_error (error);
      g_assert_cmpmem (opened, opened_length, text, lengths[i]);
    }
}

static void
test_round_trip (void)
{
  for_every_cipher (check_round_trip);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/aead/opens-what-it-sealed-at-every-length", test_round_trip);
  return g_test_run ();
}
