#include "server/ctl.h"

#include <string.h>

#include "core/clean.h"

void
cantiga_ctl_print (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  /* Names come from strangers' certificates and files, and from command lines. */
  cantiga_clean (text);
  g_print ("%s\n", text);
}

static void
print_node (JsonNode *node)
{
  g_autofree char *text = json_to_string (node, FALSE);

  g_print ("%s\n", text);
  json_node_unref (node);
}

void
cantiga_ctl_print_object (JsonObject *object)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  print_node (node);
}

void
cantiga_ctl_print_array (JsonArray *array)
{
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  json_node_take_array (node, array);
  print_node (node);
}

char *
cantiga_ctl_dup_time (gint64 time)
{
  g_autoptr (GDateTime) date = time != 0 ? g_date_time_new_from_unix_local (time) : NULL;

  return date != NULL ? g_date_time_format (date, "%Y-%m-%d %H:%M") : g_strdup ("never");
}

char *
cantiga_ctl_dup_fingerprint (const char *digits)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; digits[i] != '\0'; i++)
    g_string_append_printf (text, i % 4 == 0 && i > 0 ? " %c" : "%c", g_ascii_toupper (digits[i]));
  return g_string_free (text, FALSE);
}

char *
cantiga_ctl_dup_duration (double seconds)
{
  guint whole = (guint)(seconds + 0.5);

  return g_strdup_printf ("%u:%02u", whole / 60, whole % 60);
}

/* An identifier, its first 8 digits or more, or the whole name. */
static gboolean
means (const char *words, const CantigaId *id, const char *name)
{
  char text[CANTIGA_ID_TEXT_LENGTH];

  cantiga_id_format (id, text);
  return g_str_equal (words, name) || (strlen (words) >= 8 && g_str_has_prefix (text, words));
}

static gboolean
fail_unless_one (guint n, const char *words, CantigaError unknown, GError **error)
{
  if (n == 0)
    return cantiga_fail_with (error, unknown, "There is no “%s”: look at the list.", words);
  if (n > 1)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "“%s” could be any of %u: give the identifier.", words, n);
  return TRUE;
}

CantigaTitle *
cantiga_ctl_find_title (GPtrArray *titles, const char *words, GError **error)
{
  CantigaTitle *found = NULL;
  guint n = 0;

  for (guint i = 0; i < titles->len; i++)
    {
      CantigaTitle *title = g_ptr_array_index (titles, i);

      if (!means (words, &title->id, title->metadata->name))
        continue;
      found = title;
      n++;
    }
  return fail_unless_one (n, words, CANTIGA_ERROR_TITLE_UNKNOWN, error) ? found : NULL;
}

CantigaCardRow *
cantiga_ctl_find_card (GPtrArray *cards, const char *words, GError **error)
{
  CantigaCardRow *found = NULL;
  guint n = 0;

  for (guint i = 0; i < cards->len; i++)
    {
      CantigaCardRow *card = g_ptr_array_index (cards, i);

      if (!means (words, &card->id, card->name))
        continue;
      found = card;
      n++;
    }
  return fail_unless_one (n, words, CANTIGA_ERROR_NOT_FOUND, error) ? found : NULL;
}

char *
cantiga_ctl_dup_title_name (GPtrArray *titles, const CantigaId *id)
{
  char text[CANTIGA_ID_TEXT_LENGTH];

  for (guint i = 0; i < titles->len; i++)
    {
      CantigaTitle *title = g_ptr_array_index (titles, i);

      if (cantiga_id_equal (&title->id, id))
        return g_strdup (title->metadata->name);
    }
  return g_strdup (cantiga_id_format (id, text));
}

char *
cantiga_ctl_dup_card_name (GPtrArray *cards, const CantigaId *id)
{
  char text[CANTIGA_ID_TEXT_LENGTH];

  for (guint i = 0; i < cards->len; i++)
    {
      CantigaCardRow *card = g_ptr_array_index (cards, i);

      if (cantiga_id_equal (&card->id, id))
        return g_strdup (card->name);
    }
  return g_strdup (cantiga_id_format (id, text));
}
