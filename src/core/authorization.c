#include "core/authorization.h"

#include <string.h>

#define SCHEME "Cantiga "
#define PARTS_MAX 2

/* "A request without a body (GET) carries `Authorization: Cantiga <session, hexadecimal>.<envelope, base64url without padding>` …
 * A request with a body (POST) carries `Authorization: Cantiga <session>`" (docs/protocol.md 5.4). */
char *
cantiga_authorization_create (const CantigaId *session, GBytes *envelope_or_null)
{
  char text[CANTIGA_ID_TEXT_LENGTH];
  g_autofree char *encoded = NULL;
  gconstpointer bytes;
  gsize length;

  cantiga_id_format (session, text);
  if (envelope_or_null == NULL)
    return g_strconcat (SCHEME, text, NULL);
  bytes = g_bytes_get_data (envelope_or_null, &length);
  encoded = cantiga_base64url_encode (bytes, length);
  return g_strconcat (SCHEME, text, ".", encoded, NULL);
}

static gboolean
parse (const char *header, CantigaId *ret_session, GStrv *ret_parts)
{
  g_auto (GStrv) parts = NULL;
  guint n_parts;

  /* RFC 9110 11.1: the scheme's name is without regard to case. */
  if (header == NULL || g_ascii_strncasecmp (header, SCHEME, strlen (SCHEME)) != 0)
    return FALSE;
  parts = g_strsplit (header + strlen (SCHEME), ".", PARTS_MAX + 2);
  n_parts = g_strv_length (parts);
  if (n_parts < 1 || n_parts > PARTS_MAX + 1)
    return FALSE;
  for (guint i = 1; i < n_parts; i++)
    if (*parts[i] == '\0')
      return FALSE;
  if (!cantiga_id_parse (parts[0], ret_session))
    return FALSE;
  *ret_parts = g_strdupv (parts + 1);
  return TRUE;
}

gboolean
cantiga_authorization_consume (const char *header, CantigaId *ret_session, GStrv *ret_parts, GError **error)
{
  return parse (header, ret_session, ret_parts) || cantiga_fail (error, CANTIGA_ERROR_NOT_AUTHENTICATED);
}
