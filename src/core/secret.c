#include "core/secret.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#define HEAP_SIZE (1024 * 1024)
#define HEAP_SMALLEST 32

struct _CantigaSecret
{
  guint8 *bytes;
  gsize length;
  gsize size;   /* of the memory behind bytes; at least length + 1 */
  gsize mapped; /* of the pages of its own, 0 if it is on the secure heap */
};

static gpointer
start_heap (gpointer unused)
{
  /* 2 says that the heap is there but could not be locked (RLIMIT_MEMLOCK): still guarded, still not dumped. */
  return GINT_TO_POINTER (CRYPTO_secure_malloc_init (HEAP_SIZE, HEAP_SMALLEST));
}

static gboolean
heap_has_room (gsize size)
{
  static GOnce once = G_ONCE_INIT;

  g_once (&once, start_heap, NULL);
  if (CRYPTO_secure_malloc_initialized () != 1)
    return FALSE;
  /* OpenSSL keeps private keys on the same heap, and fails when it is full: half of it stays OpenSSL's. */
  return size <= HEAP_SIZE / 16 && CRYPTO_secure_used () + size <= HEAP_SIZE / 2;
}

/* Pages of its own, so that locking them and keeping them out of a core dump touches nothing else. */
static guint8 *
map_pages (gsize size, gsize *ret_mapped)
{
  gsize page = (gsize)sysconf (_SC_PAGESIZE);
  gsize mapped = (size + page - 1) / page * page;
  guint8 *bytes = mmap (NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  if (mapped < size || bytes == MAP_FAILED)
    g_error ("No memory for a secret of %" G_GSIZE_FORMAT " bytes", size);
  /* Both may be refused (limits, an old kernel); the secret is then as safe as any other memory. */
  (void)mlock (bytes, mapped);
  (void)madvise (bytes, mapped, MADV_DONTDUMP);
  *ret_mapped = mapped;
  return bytes;
}

CantigaSecret *
cantiga_secret_new (gsize length)
{
  CantigaSecret *secret = g_new0 (CantigaSecret, 1);

  g_assert (length < G_MAXSIZE / 2);
  secret->length = length;
  secret->size = length + 1;
  if (heap_has_room (secret->size))
    secret->bytes = OPENSSL_secure_zalloc (secret->size);
  if (secret->bytes == NULL)
    secret->bytes = map_pages (secret->size, &secret->mapped);
  return secret;
}

CantigaSecret *
cantiga_secret_new_copy (const guint8 *bytes, gsize length)
{
  CantigaSecret *secret = cantiga_secret_new (length);

  if (length > 0)
    memcpy (secret->bytes, bytes, length);
  return secret;
}

CantigaSecret *
cantiga_secret_new_random (gsize length)
{
  CantigaSecret *secret = cantiga_secret_new (length);

  cantiga_random (secret->bytes, length);
  return secret;
}

void
cantiga_secret_free (CantigaSecret *secret)
{
  if (secret == NULL)
    return;
  cantiga_wipe (secret->bytes, secret->size);
  if (secret->mapped > 0)
    munmap (secret->bytes, secret->mapped);
  else
    OPENSSL_secure_free (secret->bytes);
  g_free (secret);
}

guint8 *
cantiga_secret_bytes (CantigaSecret *secret)
{
  return secret->bytes;
}

gsize
cantiga_secret_length (const CantigaSecret *secret)
{
  return secret->length;
}

void
cantiga_secret_truncate (CantigaSecret *secret, gsize length)
{
  g_assert (length <= secret->length);
  cantiga_wipe (secret->bytes + length, secret->size - length);
  secret->length = length;
}

void
cantiga_key_clear (CantigaKey *key)
{
  cantiga_wipe (key, sizeof *key);
}

void
cantiga_key_set (CantigaKey *key, const guint8 *bytes, gsize length)
{
  g_assert (length <= CANTIGA_KEY_MAX);
  /* bytes may be the key's own. */
  if (length > 0)
    memmove (key->bytes, bytes, length);
  cantiga_wipe (key->bytes + length, CANTIGA_KEY_MAX - length);
  key->length = length;
}

gboolean
cantiga_bytes_equal (gconstpointer a, gconstpointer b, gsize length)
{
  return length == 0 || CRYPTO_memcmp (a, b, length) == 0;
}

void
cantiga_wipe (gpointer bytes, gsize length)
{
  if (length > 0)
    OPENSSL_cleanse (bytes, length);
}

void
cantiga_random (gpointer bytes, gsize length)
{
  guint8 *at = bytes;

  while (length > 0)
    {
      int part = (int)MIN (length, 1u << 20);

      if (RAND_bytes (at, part) != 1)
        g_error ("The system has no source of random bytes");
      at += part;
      length -= (gsize)part;
    }
}
