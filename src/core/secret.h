/* The one owner of secret bytes: the only code that wipes them and the only code that compares them.
 *
 * Two shapes: CantigaKey, a value on the stack for keys whose size a suite fixes; CantigaSecret, on
 * OpenSSL's secure heap (locked, not dumped, wiped when freed) for what lives longer or has a person's length (a PIN, a
 * passphrase, a master key). Neither is ever put into a GBytes, GString, GValue, JSON node or log. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CANTIGA_KEY_MAX 64

/* A key of up to 64 bytes. Declare as `g_auto (CantigaKey) key = CANTIGA_KEY_INIT;`: leaving the block wipes it. */
typedef struct
{
  guint8 bytes[CANTIGA_KEY_MAX];
  gsize length;
} CantigaKey;

#define CANTIGA_KEY_INIT { { 0 }, 0 }

void cantiga_key_clear (CantigaKey *key);
/* Copies length (at most 64) bytes. */
void cantiga_key_set (CantigaKey *key, const guint8 *bytes, gsize length);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CantigaKey, cantiga_key_clear)

typedef struct _CantigaSecret CantigaSecret;

/* Room for length bytes, zeroed. Never NULL. */
CantigaSecret *cantiga_secret_new (gsize length);
CantigaSecret *cantiga_secret_new_copy (const guint8 *bytes, gsize length);
/* length bytes from the system's random source. */
CantigaSecret *cantiga_secret_new_random (gsize length);
void cantiga_secret_free (CantigaSecret *secret);
/* The bytes, followed by a zero byte that is not counted; valid as long as the secret. */
guint8 *cantiga_secret_bytes (CantigaSecret *secret);
gsize cantiga_secret_length (const CantigaSecret *secret);
/* Makes it shorter (wipes the rest); never longer. */
void cantiga_secret_truncate (CantigaSecret *secret, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaSecret, cantiga_secret_free)

/* Constant time in length. */
gboolean cantiga_bytes_equal (gconstpointer a, gconstpointer b, gsize length);
/* Zeroes memory in a way that the compiler keeps. */
void cantiga_wipe (gpointer bytes, gsize length);
/* Fills bytes from the system's random source; ends the program if there is none. */
void cantiga_random (gpointer bytes, gsize length);

G_END_DECLS
