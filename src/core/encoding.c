#include "core/wire.h"

#include <string.h>

#include "core/secret.h"

/* ---- identifiers ---- */

void
cantiga_id_new_random (CantigaId *ret_id)
{
  cantiga_random (ret_id->bytes, sizeof ret_id->bytes);
}

gboolean
cantiga_id_equal (const CantigaId *a, const CantigaId *b)
{
  return cantiga_bytes_equal (a->bytes, b->bytes, sizeof a->bytes);
}

guint
cantiga_id_hash (gconstpointer id)
{
  guint hash;

  /* Identifiers are random: any four bytes are as good as a hash. */
  memcpy (&hash, ((const CantigaId *)id)->bytes, sizeof hash);
  return hash;
}

gboolean
cantiga_id_equal_func (gconstpointer a, gconstpointer b)
{
  return cantiga_id_equal (a, b);
}

char *
cantiga_id_format (const CantigaId *id, char text[CANTIGA_ID_TEXT_LENGTH])
{
  static const char digits[] = "0123456789abcdef";

  for (guint i = 0; i < CANTIGA_ID_LENGTH; i++)
    {
      text[2 * i] = digits[id->bytes[i] >> 4];
      text[2 * i + 1] = digits[id->bytes[i] & 15];
    }
  text[2 * CANTIGA_ID_LENGTH] = '\0';
  return text;
}

/* "32 lower-case hexadecimal digits" (docs/protocol.md 1). */
gboolean
cantiga_id_parse (const char *text, CantigaId *ret_id)
{
  CantigaId id;

  if (text == NULL || strlen (text) != CANTIGA_ID_TEXT_LENGTH - 1 || strspn (text, "0123456789abcdef") != CANTIGA_ID_TEXT_LENGTH - 1)
    return FALSE;
  for (guint i = 0; i < CANTIGA_ID_LENGTH; i++)
    id.bytes[i] = (guint8)(g_ascii_xdigit_value (text[2 * i]) * 16 + g_ascii_xdigit_value (text[2 * i + 1]));
  *ret_id = id;
  return TRUE;
}

/* ---- Base64 ---- */

/* GLib passes over what is not Base64 and over bits that should be zero: whatever does not come out again as it went in is refused. */
GBytes *
cantiga_base64_decode (const char *text)
{
  gsize length;
  g_autofree guchar *bytes = g_base64_decode (text, &length);
  g_autofree char *again = g_base64_encode (bytes, length);

  return g_str_equal (again, text) ? g_bytes_new_take (g_steal_pointer (&bytes), length) : NULL;
}

char *
cantiga_base64url_encode (gconstpointer bytes, gsize length)
{
  char *text = g_base64_encode (bytes, length);

  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  text[strcspn (text, "=")] = '\0';
  return text;
}

GBytes *
cantiga_base64url_decode (const char *text, gsize length)
{
  g_autoptr (GString) padded = g_string_new_len (text, (gssize)length);

  if (strlen (padded->str) != length || strpbrk (padded->str, "+/=") != NULL)
    return NULL;
  g_strdelimit (padded->str, "-", '+');
  g_strdelimit (padded->str, "_", '/');
  while (padded->len % 4 != 0)
    g_string_append_c (padded, '=');
  return cantiga_base64_decode (padded->str);
}
