#include "client/sighting.h"

#include "core/pairing.h"

#define NAME_MAX_CHARACTERS 64

CantigaSighting *
cantiga_sighting_new (gint32 interface, gint32 protocol, const char *name, const char *domain)
{
  CantigaSighting *sighting = g_new0 (CantigaSighting, 1);

  sighting->interface = interface;
  sighting->protocol = protocol;
  sighting->name = g_strdup (name);
  sighting->domain = g_strdup (domain);
  return sighting;
}

void
cantiga_sighting_free (CantigaSighting *sighting)
{
  cantiga_found_facts_clear (&sighting->facts);
  g_free (sighting->name);
  g_free (sighting->domain);
  g_free (sighting->resolver);
  g_free (sighting);
}

/* The value of key in a TXT record, or NULL. */
static char *
dup_text (GVariant *texts, const char *key)
{
  GVariantIter iter;
  GVariant *each;
  char *found = NULL;

  g_variant_iter_init (&iter, texts);
  while (found == NULL && (each = g_variant_iter_next_value (&iter)) != NULL)
    {
      gsize length;
      const char *bytes = g_variant_get_fixed_array (each, &length, 1);
      gsize start = strlen (key) + 1;
      /* No bytes at all are at no address. */
      g_autofree char *text = g_strndup (length > 0 ? bytes : "", length);

      if (strlen (text) == length && length >= start && g_str_has_prefix (text, key) && text[start - 1] == '=' && g_utf8_validate (text, -1, NULL))
        found = g_strdup (text + start);
      g_variant_unref (each);
    }
  return found;
}

static gboolean
is_pin (const char *text)
{
  g_autoptr (GBytes) bytes = text != NULL ? cantiga_base64url_decode (text, strlen (text)) : NULL;

  return bytes != NULL && g_bytes_get_size (bytes) == 32;
}

/* Fit to be shown: no control characters, not endless. */
static char *
dup_clean (const char *text)
{
  g_autofree char *cut = g_utf8_substring (text, 0, MIN (g_utf8_strlen (text, -1), NAME_MAX_CHARACTERS));
  GString *clean = g_string_new (NULL);

  for (const char *at = cut; *at != '\0'; at = g_utf8_next_char (at))
    g_string_append_unichar (clean, g_unichar_iscntrl (g_utf8_get_char (at)) ? ' ' : g_utf8_get_char (at));
  return g_string_free (clean, FALSE);
}

/* An IPv6 address that means something on one link only is no address to remember. */
static gboolean
is_reachable (const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  return address != NULL && !g_inet_address_get_is_any (address) && !g_inet_address_get_is_multicast (address)
         && (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4 || !g_inet_address_get_is_link_local (address));
}

void
cantiga_sighting_resolve (CantigaSighting *sighting, const char *host, const char *address, guint16 port, GVariant *texts)
{
  g_autofree char *protocol = dup_text (texts, "protocol");
  g_autofree char *name = dup_text (texts, "name");
  g_autofree char *pin = dup_text (texts, "pin");
  g_autofree char *pairing = dup_text (texts, "pairing");

  sighting->is_answered = TRUE;
  sighting->is_resolved = g_strcmp0 (protocol, "1") == 0 && is_pin (pin) && port != 0 && is_reachable (address);
  cantiga_found_facts_clear (&sighting->facts);
  if (!sighting->is_resolved)
    return;
  sighting->facts = (CantigaFoundFacts){
    .name = dup_clean (name != NULL && *name != '\0' ? name : sighting->name),
    .host = dup_clean (host),
    .address = g_strdup (address),
    .port = port,
    .pin = g_steal_pointer (&pin),
    .pairing = g_strcmp0 (pairing, "yes") == 0,
  };
}

gboolean
cantiga_sighting_is_of_same (const CantigaSighting *sighting, const CantigaSighting *other)
{
  return sighting->is_resolved && other->is_resolved && g_str_equal (sighting->facts.pin, other->facts.pin)
         && g_str_equal (sighting->facts.name, other->facts.name);
}
