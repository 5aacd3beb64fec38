#include "client/card-found.h"

#include "core/wire.h"

#define CARDS_MAX 64
#define TEXT_MAX 4096
#define CERTIFICATE_MAX (16 * 1024)
#define PIN_MAX 64

G_DEFINE_BOXED_TYPE (CantigaCardFound, cantiga_card_found, cantiga_card_found_ref, cantiga_card_found_unref)

CantigaCardFound *
cantiga_card_found_ref (CantigaCardFound *found)
{
  return g_atomic_rc_box_acquire (found);
}

static void
found_clear (gpointer box)
{
  CantigaCardFound *found = box;

  g_free (found->uri);
  g_free (found->name);
  g_free (found->label);
  g_free (found->token);
  g_clear_pointer (&found->certificate, g_bytes_unref);
}

void
cantiga_card_found_unref (CantigaCardFound *found)
{
  g_atomic_rc_box_release_full (found, found_clear);
}

static gboolean
parse_text (JsonObject *object, const char *member, char **ret_text, GError **error)
{
  const char *text;

  if (!cantiga_json_get_text (object, member, TEXT_MAX, &text, error))
    return FALSE;
  *ret_text = g_strdup (text);
  return TRUE;
}

static gboolean
parse_words (JsonObject *object, CantigaCardFound *found, GError **error)
{
  const char *kind, *state, *tries, *pin;

  if (!cantiga_json_get_text (object, "kind", TEXT_MAX, &kind, error) || !cantiga_json_get_text (object, "state", TEXT_MAX, &state, error)
      || !cantiga_json_get_text (object, "tries", TEXT_MAX, &tries, error) || !cantiga_json_get_text (object, "pin", TEXT_MAX, &pin, error))
    return FALSE;
  return (cantiga_card_kind_parse (kind, &found->kind) && cantiga_card_state_parse (state, &found->state)
          && cantiga_card_tries_parse (tries, &found->tries) && cantiga_card_pin_parse (pin, &found->pin))
         || cantiga_fail (error, CANTIGA_ERROR_MALFORMED);
}

static gboolean
parse_numbers (JsonObject *object, CantigaCardFound *found, GError **error)
{
  gint64 pin_min, pin_max;

  if (!cantiga_json_get_int (object, "not_after", G_MININT64, G_MAXINT64, &found->not_after, error)
      || !cantiga_json_get_int (object, "pin_min", 0, PIN_MAX, &pin_min, error)
      || !cantiga_json_get_int (object, "pin_max", pin_min, PIN_MAX, &pin_max, error))
    return FALSE;
  found->pin_min = (guint)pin_min;
  found->pin_max = (guint)pin_max;
  return TRUE;
}

static CantigaCardFound *
parse_found (JsonObject *object, GError **error)
{
  g_autoptr (CantigaCardFound) found = g_atomic_rc_box_new0 (CantigaCardFound);

  if (!parse_text (object, "uri", &found->uri, error) || !parse_text (object, "name", &found->name, error)
      || !parse_text (object, "label", &found->label, error) || !parse_text (object, "token", &found->token, error))
    return NULL;
  found->certificate = cantiga_json_get_bytes (object, "certificate", 1, CERTIFICATE_MAX, error);
  if (found->certificate == NULL || !parse_words (object, found, error) || !parse_numbers (object, found, error))
    return NULL;
  return g_steal_pointer (&found);
}

GPtrArray *
cantiga_card_found_parse_all (JsonObject *answer, GError **error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_card_found_unref);
  JsonArray *cards = cantiga_json_get_array (answer, "cards", CARDS_MAX, error);

  if (cards == NULL)
    return NULL;
  for (guint i = 0; i < json_array_get_length (cards); i++)
    {
      JsonNode *node = json_array_get_element (cards, i);
      CantigaCardFound *found = NULL;

      if (JSON_NODE_HOLDS_OBJECT (node))
        found = parse_found (json_node_get_object (node), error);
      else
        cantiga_fail (error, CANTIGA_ERROR_MALFORMED);
      if (found == NULL)
        return NULL;
      g_ptr_array_add (all, found);
    }
  return g_steal_pointer (&all);
}
