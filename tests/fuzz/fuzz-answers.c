/* What the player is told: a JSON object as an item of the catalogue and of the licences, and as what the card's helper says; certificates in PEM; anything else as what somebody announces on the
 * local network, a text a line. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "client/card-found.h"
#include "client/held-licence.h"
#include "client/pem.h"
#include "client/sighting.h"
#include "client/title.h"
#include "core/wire.h"

static void
read_object (JsonObject *object)
{
  g_autoptr (CantigaTitle) title = cantiga_title_decode (object, NULL);
  g_autoptr (CantigaTitle) again = cantiga_title_decode (object, NULL);
  g_autoptr (CantigaHeldLicence) licence = cantiga_held_licence_decode (object, NULL);
  g_autoptr (CantigaHeldLicence) licence_again = cantiga_held_licence_decode (object, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) cards = cantiga_card_found_parse_all (object, &error);

  g_assert_true ((title == NULL) == (again == NULL) && (licence == NULL) == (licence_again == NULL));
  g_assert_true ((cards == NULL) == (error != NULL));
  if (title != NULL)
    cantiga_title_follow (title, again);
  if (licence != NULL)
    cantiga_held_licence_follow (licence, licence_again);
}

static void
read_announced (const char *text, gsize length)
{
  g_autofree char *copy = g_strndup (text, length);
  g_auto (GStrv) lines = g_strsplit (copy, "\n", 64);
  GVariantBuilder builder;
  g_autoptr (GVariant) texts = NULL;
  CantigaSighting *sighting = cantiga_sighting_new (1, 0, "Casa", "local");

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aay"));
  for (guint i = 0; lines[i] != NULL; i++)
    g_variant_builder_add_value (&builder, g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, lines[i], strlen (lines[i]), 1));
  texts = g_variant_ref_sink (g_variant_builder_end (&builder));
  cantiga_sighting_resolve (sighting, lines[0] != NULL && g_utf8_validate (lines[0], -1, NULL) ? lines[0] : "box.local", "192.168.1.10", 22684, texts);
  if (sighting->is_resolved)
    {
      g_assert_true (g_utf8_validate (sighting->facts.name, -1, NULL) && g_utf8_strlen (sighting->facts.name, -1) <= 64);
      g_assert_true (cantiga_sighting_is_of_same (sighting, sighting));
    }
  cantiga_sighting_free (sighting);
}

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  g_autoptr (JsonObject) object = cantiga_json_parse (bytes, length, NULL);
  g_autoptr (GBytes) pem = NULL;
  g_autoptr (GPtrArray) certificates = NULL;

  if (object != NULL)
    read_object (object);
  else if (length > 0 && bytes[0] == '-')
    {
      pem = g_bytes_new (bytes, length);
      certificates = cantiga_pem_decode (pem, NULL);
      g_assert_true (certificates == NULL || certificates->len > 0);
    }
  else
    read_announced ((const char *)bytes, length);
  return 0;
}
