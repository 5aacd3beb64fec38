#include "core/ratchet.h"

#include <string.h>

#include "core/kdf.h"

void
cantiga_ratchet_clear (CantigaRatchet *ratchet)
{
  cantiga_key_clear (&ratchet->key);
  ratchet->number = 0;
}

/* "After a message n with text T: K(n+1) = HKDF-D-Extract(salt = rotation, IKM = K(n) || D(T))" (docs/protocol.md 6.1). */
gboolean
cantiga_ratchet_turn (const CantigaRatchet *ratchet, CantigaDigest digest, const CantigaKey *rotation, GBytes *text, CantigaRatchet *ret_next,
                      GError **error)
{
  gsize key_length = ratchet->key.length;
  gsize ikm_length = key_length + cantiga_digest_get_length (digest);
  g_autoptr (CantigaSecret) ikm = cantiga_secret_new (ikm_length);
  guint8 *bytes = cantiga_secret_bytes (ikm);
  gsize text_length;
  gconstpointer start = g_bytes_get_data (text, &text_length);

  memcpy (bytes, ratchet->key.bytes, key_length);
  cantiga_digest (digest, start, text_length, bytes + key_length);
  if (!cantiga_hkdf_extract (digest, rotation->bytes, rotation->length, bytes, ikm_length, &ret_next->key, error))
    return FALSE;
  ret_next->number = ratchet->number + 1;
  return TRUE;
}

void
cantiga_ratchet_commit (CantigaRatchet *ratchet, CantigaRatchet *next)
{
  cantiga_key_clear (&ratchet->key);
  *ratchet = *next;
  cantiga_ratchet_clear (next);
}
