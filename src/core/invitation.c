#include "core/pairing.h"

#include <string.h>

#include <openssl/evp.h>

#include "core/error.h"

#define LINK_SCHEME "cantiga://"
#define URL_SCHEME "http://"
#define HOST_MAX 253 /* RFC 1035, without the final dot */

/* Of the link's three parts, in base64url without padding (docs/protocol.md 14.1). */
#define SECRET_LENGTH 32
#define PIN_LENGTH 32
#define ID_DIGITS 22
#define SECRET_DIGITS 43
#define PIN_DIGITS 43
#define SECRET_AT (ID_DIGITS + 1)
#define PIN_AT (SECRET_AT + SECRET_DIGITS + 1)
#define PARTS_LENGTH (PIN_AT + PIN_DIGITS)

/* ---- host and port ---- */

static gboolean
is_ipv6 (const char *host)
{
  return strspn (host, "0123456789abcdefABCDEF:.") == strlen (host) && strchr (host, ':') != NULL && g_hostname_is_ip_address (host);
}

/* An ASCII host name or an IPv4 address. */
static gboolean
is_name (const char *host)
{
  g_auto (GStrv) labels = g_strsplit (host, ".", -1);
  const char *last = host;

  if (*host == '\0' || strlen (host) > HOST_MAX)
    return FALSE;
  for (guint i = 0; labels[i] != NULL; i++)
    {
      gsize length = strlen (labels[i]);

      last = labels[i];
      if (length == 0 || length > 63 || labels[i][0] == '-' || labels[i][length - 1] == '-')
        return FALSE;
      for (gsize j = 0; j < length; j++)
        if (!g_ascii_isalnum (labels[i][j]) && labels[i][j] != '-' && labels[i][j] != '_')
          return FALSE;
    }
  /* No name ends in a number. */
  return strspn (last, "0123456789") < strlen (last) || g_hostname_is_ip_address (host);
}

static gboolean
parse_port (const char *text, guint16 *ret_port)
{
  guint64 port;

  if (*text == '0' || !g_ascii_string_to_unsigned (text, 10, 1, 65535, &port, NULL))
    return FALSE;
  *ret_port = (guint16)port;
  return TRUE;
}

/* "host:port" or "[IPv6]:port", nothing else. */
static gboolean
parse_host_and_port (const char *text, gsize length, char **ret_host, guint16 *ret_port)
{
  g_autofree char *copy = g_strndup (text, length);
  char *colon = strrchr (copy, ':');
  char *host = copy;

  if (colon == NULL || !parse_port (colon + 1, ret_port))
    return FALSE;
  *colon = '\0';
  if (*host == '[')
    {
      gsize end = strlen (host) - 1;

      if (host[end] != ']')
        return FALSE;
      host[end] = '\0';
      if (!is_ipv6 (++host))
        return FALSE;
    }
  else if (!is_name (host))
    return FALSE;
  *ret_host = g_strdup (host);
  return TRUE;
}

static char *
format_host_and_port (const CantigaInvitation *invitation)
{
  return g_strdup_printf (strchr (invitation->host, ':') != NULL ? "[%s]:%u" : "%s:%u", invitation->host, (guint)invitation->port);
}

/* ---- the secret, which passes through no memory that is not wiped ---- */

/* SECRET_DIGITS of base64url and a zero. */
static CantigaSecret *
encode_secret (CantigaSecret *secret)
{
  CantigaSecret *text = cantiga_secret_new (SECRET_DIGITS + 1);
  char *digits = (char *)cantiga_secret_bytes (text);
  int length = EVP_EncodeBlock ((guint8 *)digits, cantiga_secret_bytes (secret), SECRET_LENGTH);

  g_assert (length == SECRET_DIGITS + 1);
  cantiga_secret_truncate (text, SECRET_DIGITS);
  g_strdelimit (digits, "+", '-');
  g_strdelimit (digits, "/", '_');
  return text;
}

/* NULL if the digits are not those of 32 bytes. */
static CantigaSecret *
decode_secret (const char *digits)
{
  g_autoptr (CantigaSecret) text = cantiga_secret_new (SECRET_DIGITS + 1);
  g_autoptr (CantigaSecret) secret = cantiga_secret_new (SECRET_LENGTH + 1);
  g_autoptr (CantigaSecret) again = NULL;
  char *copy = (char *)cantiga_secret_bytes (text);

  memcpy (copy, digits, SECRET_DIGITS);
  g_strdelimit (copy, "-", '+');
  g_strdelimit (copy, "_", '/');
  copy[SECRET_DIGITS] = '=';
  if (EVP_DecodeBlock (cantiga_secret_bytes (secret), (guint8 *)copy, SECRET_DIGITS + 1) != SECRET_LENGTH + 1)
    return NULL;
  cantiga_secret_truncate (secret, SECRET_LENGTH);
  /* OpenSSL takes more than the one way to write them. */
  again = encode_secret (secret);
  return cantiga_bytes_equal (cantiga_secret_bytes (again), digits, SECRET_DIGITS) ? g_steal_pointer (&secret) : NULL;
}

/* ---- invitations ---- */

CantigaInvitation *
cantiga_invitation_new (const char *url, X509 *authority, GError **error)
{
  g_autoptr (CantigaInvitation) invitation = g_new0 (CantigaInvitation, 1);

  if (!g_str_has_prefix (url, URL_SCHEME)
      || !parse_host_and_port (url + strlen (URL_SCHEME), strlen (url + strlen (URL_SCHEME)), &invitation->host, &invitation->port))
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "The server's address “%s” is not of the form http://host:port.", url);
      return NULL;
    }
  cantiga_id_new_random (&invitation->id);
  invitation->secret = cantiga_secret_new_random (SECRET_LENGTH);
  cantiga_certificate_pin (authority, invitation->pin);
  return g_steal_pointer (&invitation);
}

void
cantiga_invitation_free (CantigaInvitation *invitation)
{
  if (invitation == NULL)
    return;
  g_free (invitation->host);
  cantiga_secret_free (invitation->secret);
  g_free (invitation);
}

static gboolean
decode_part (const char *digits, gsize n, guint8 *ret_bytes, gsize length)
{
  g_autoptr (GBytes) bytes = cantiga_base64url_decode (digits, n);

  if (bytes == NULL || g_bytes_get_size (bytes) != length)
    return FALSE;
  memcpy (ret_bytes, g_bytes_get_data (bytes, NULL), length);
  return TRUE;
}

/* "<id>.<secret>.<pin>": the lengths being fixed, so are the places of the dots. */
static gboolean
parse_parts (const char *text, gsize length, CantigaInvitation *invitation)
{
  if (length != PARTS_LENGTH || text[SECRET_AT - 1] != '.' || text[PIN_AT - 1] != '.')
    return FALSE;
  invitation->secret = decode_secret (text + SECRET_AT);
  return invitation->secret != NULL && decode_part (text, ID_DIGITS, invitation->id.bytes, CANTIGA_ID_LENGTH)
         && decode_part (text + PIN_AT, PIN_DIGITS, invitation->pin, PIN_LENGTH);
}

/* What is wrong with the link, or NULL. Only its address is ever copied: the rest holds the secret. */
static const char *
parse_link (const char *link, gsize length, CantigaInvitation *invitation)
{
  gsize scheme = strlen (LINK_SCHEME);
  const char *parts;

  if (length < scheme || g_ascii_strncasecmp (link, LINK_SCHEME, scheme) != 0)
    return "it does not begin with " LINK_SCHEME;
  parts = memmem (link + scheme, length - scheme, "/#", 2);
  if (parts == NULL)
    return "it is not whole: copy all of it";
  if (!parse_host_and_port (link + scheme, (gsize)(parts - link) - scheme, &invitation->host, &invitation->port))
    return "its address is not of the form host:port";
  parts += strlen ("/#");
  if (!parse_parts (parts, length - (gsize)(parts - link), invitation))
    return "it is not whole, or was changed: copy all of it";
  return NULL;
}

CantigaInvitation *
cantiga_invitation_parse (const char *link, GError **error)
{
  g_autoptr (CantigaInvitation) invitation = g_new0 (CantigaInvitation, 1);
  const char *why;
  gsize length;

  /* A link that was copied and pasted brings the line's end along. */
  while (g_ascii_isspace (*link))
    link++;
  length = strlen (link);
  while (length > 0 && g_ascii_isspace (link[length - 1]))
    length--;
  why = parse_link (link, length, invitation);
  if (why != NULL)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_INVITATION_REFUSED, "This is not an invitation's link: %s.", why);
      return NULL;
    }
  return g_steal_pointer (&invitation);
}

char *
cantiga_invitation_format (const CantigaInvitation *invitation)
{
  g_autofree char *address = format_host_and_port (invitation);
  g_autofree char *id = cantiga_base64url_encode (invitation->id.bytes, CANTIGA_ID_LENGTH);
  g_autofree char *pin = cantiga_base64url_encode (invitation->pin, PIN_LENGTH);
  g_autoptr (CantigaSecret) secret = encode_secret (invitation->secret);
  gsize size = strlen (LINK_SCHEME) + strlen (address) + strlen ("/#") + PARTS_LENGTH + 1;
  char *link = g_malloc (size);
  int length = g_snprintf (link, size, LINK_SCHEME "%s/#%s.%s.%s", address, id, (const char *)cantiga_secret_bytes (secret), pin);

  g_assert ((gsize)length == size - 1);
  return link;
}

void
cantiga_link_free (char *link)
{
  if (link == NULL)
    return;
  cantiga_wipe (link, strlen (link));
  g_free (link);
}

char *
cantiga_invitation_dup_url (const CantigaInvitation *invitation)
{
  g_autofree char *address = format_host_and_port (invitation);

  return g_strconcat (URL_SCHEME, address, NULL);
}
