/* A link: what is taken for an invitation is written again and read to the same. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/pairing.h"

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  g_autofree char *link = g_strndup ((const char *)bytes, length);
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaInvitation) invitation = cantiga_invitation_parse (link, &error);
  g_autoptr (CantigaInvitation) again = NULL;
  g_autofree char *written = NULL, *url = NULL;

  if (invitation == NULL)
    {
      g_assert_nonnull (error);
      return 0;
    }
  written = cantiga_invitation_format (invitation);
  again = cantiga_invitation_parse (written, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again->host, ==, invitation->host);
  g_assert_cmpuint (again->port, ==, invitation->port);
  g_assert_cmpmem (again->pin, sizeof again->pin, invitation->pin, sizeof invitation->pin);
  g_assert_true (cantiga_id_equal (&again->id, &invitation->id));
  url = cantiga_invitation_dup_url (invitation);
  g_assert_true (g_str_has_prefix (url, "http://"));
  return 0;
}
