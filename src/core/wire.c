#include "core/wire.h"

#include <math.h>
#include <string.h>

#include "core/scan.h"

/* ---- parse and format ---- */

static gsize
count_members (JsonNode *node)
{
  gsize n = 0;

  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObjectIter iter;
      JsonNode *member;

      json_object_iter_init (&iter, json_node_get_object (node));
      while (json_object_iter_next (&iter, NULL, &member))
        n += 1 + count_members (member);
    }
  else if (JSON_NODE_HOLDS_ARRAY (node))
    for (guint i = 0; i < json_array_get_length (json_node_get_array (node)); i++)
      n += count_members (json_array_get_element (json_node_get_array (node), i));
  return n;
}

JsonObject *
cantiga_json_parse (gconstpointer text, gsize length, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  gsize members;
  JsonNode *root;

  if (!cantiga_json_scan (text, length, CANTIGA_JSON_DEPTH_MAX, &members, error))
    return NULL;
  if (!json_parser_load_from_data (parser, text, (gssize)length, NULL) || (root = json_parser_get_root (parser)) == NULL
      || !JSON_NODE_HOLDS_OBJECT (root))
    {
      cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The message is not one JSON object.");
      return NULL;
    }
  /* json-glib keeps the last of two members of one name. */
  if (count_members (root) != members)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "A member stands in the message twice.");
      return NULL;
    }
  return json_node_dup_object (root);
}

GBytes *
cantiga_json_format (JsonObject *object)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (GString) text = g_string_new (NULL);

  json_node_set_object (root, object);
  json_generator_set_root (generator, root);
  json_generator_to_gstring (generator, text);
  /* json-glib escapes every control character but this one, which nobody's parser takes as it is. */
  g_string_replace (text, "\x1f", "\\u001f", 0);
  return g_string_free_to_bytes (g_steal_pointer (&text));
}

/* ---- what arrives ---- */

static gboolean
refuse (GError **error, const char *member, const char *what)
{
  return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The member “%s” %s.", member, what);
}

/* The member if it holds a value of just this type; json-glib would convert. */
static JsonNode *
get_value (JsonObject *object, const char *member, GType type, const char *what, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node == NULL)
    refuse (error, member, "is missing");
  else if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != type)
    refuse (error, member, what);
  else
    return node;
  return NULL;
}

static gboolean
is_text (JsonNode *node, gsize max)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING && strlen (json_node_get_string (node)) <= max;
}

gboolean
cantiga_json_get_text (JsonObject *object, const char *member, gsize max, const char **ret_text, GError **error)
{
  JsonNode *node = get_value (object, member, G_TYPE_STRING, "is not a string", error);

  if (node == NULL)
    return FALSE;
  if (!is_text (node, max))
    return refuse (error, member, "is too long");
  *ret_text = json_node_get_string (node);
  return TRUE;
}

gboolean
cantiga_json_get_int (JsonObject *object, const char *member, gint64 min, gint64 max, gint64 *ret_value, GError **error)
{
  JsonNode *node = get_value (object, member, G_TYPE_INT64, "is not a whole number", error);

  if (node == NULL)
    return FALSE;
  if (json_node_get_int (node) < min || json_node_get_int (node) > max)
    return refuse (error, member, "is out of its range");
  *ret_value = json_node_get_int (node);
  return TRUE;
}

gboolean
cantiga_json_get_number (JsonObject *object, const char *member, double min, double max, double *ret_value, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);
  gboolean whole = node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64;
  double value;

  if (!whole && get_value (object, member, G_TYPE_DOUBLE, "is not a number", error) == NULL)
    return FALSE;
  value = whole ? (double)json_node_get_int (node) : json_node_get_double (node);
  if (!isfinite (value) || value < min || value > max)
    return refuse (error, member, "is out of its range");
  *ret_value = value;
  return TRUE;
}

gboolean
cantiga_json_get_boolean (JsonObject *object, const char *member, gboolean *ret_value, GError **error)
{
  JsonNode *node = get_value (object, member, G_TYPE_BOOLEAN, "is neither true nor false", error);

  if (node == NULL)
    return FALSE;
  *ret_value = json_node_get_boolean (node);
  return TRUE;
}

gboolean
cantiga_json_get_id (JsonObject *object, const char *member, CantigaId *ret_id, GError **error)
{
  JsonNode *node = get_value (object, member, G_TYPE_STRING, "is not a string", error);

  if (node == NULL)
    return FALSE;
  return cantiga_id_parse (json_node_get_string (node), ret_id) || refuse (error, member, "is not an identifier");
}

/* Looked at before it is decoded, so that nothing longer than max is ever allocated for it. */
static GBytes *
get_node_bytes (JsonNode *node, gsize min, gsize max)
{
  g_autoptr (GBytes) bytes = NULL;

  if (!is_text (node, max / 3 * 4 + 4))
    return NULL;
  bytes = cantiga_base64_decode (json_node_get_string (node));
  if (bytes == NULL || g_bytes_get_size (bytes) < min || g_bytes_get_size (bytes) > max)
    return NULL;
  return g_steal_pointer (&bytes);
}

GBytes *
cantiga_json_get_bytes (JsonObject *object, const char *member, gsize min, gsize max, GError **error)
{
  JsonNode *node = get_value (object, member, G_TYPE_STRING, "is not a string", error);
  GBytes *bytes = node != NULL ? get_node_bytes (node, min, max) : NULL;

  if (node != NULL && bytes == NULL)
    refuse (error, member, "is not Base64 of a length that the protocol allows");
  return bytes;
}

JsonArray *
cantiga_json_get_array (JsonObject *object, const char *member, guint max_items, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node == NULL)
    refuse (error, member, "is missing");
  else if (!JSON_NODE_HOLDS_ARRAY (node))
    refuse (error, member, "is not an array");
  else if (json_array_get_length (json_node_get_array (node)) > max_items)
    refuse (error, member, "has too many items");
  else
    return json_node_get_array (node);
  return NULL;
}

GPtrArray *
cantiga_json_get_bytes_list (JsonObject *object, const char *member, guint max_items, gsize max, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  JsonArray *array = cantiga_json_get_array (object, member, max_items, error);

  if (array == NULL)
    return NULL;
  if (json_array_get_length (array) == 0)
    {
      refuse (error, member, "is empty");
      return NULL;
    }
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      GBytes *bytes = get_node_bytes (json_array_get_element (array, i), 1, max);

      if (bytes == NULL)
        {
          refuse (error, member, "has an item that is not Base64 of a length that the protocol allows");
          return NULL;
        }
      g_ptr_array_add (list, bytes);
    }
  return g_steal_pointer (&list);
}

GStrv
cantiga_json_get_texts (JsonObject *object, const char *member, guint max_items, gsize max, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  JsonArray *array = cantiga_json_get_array (object, member, max_items, error);

  if (array == NULL)
    return NULL;
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *item = json_array_get_element (array, i);

      if (!is_text (item, max))
        {
          refuse (error, member, "has an item that is not a string of a length that the protocol allows");
          return NULL;
        }
      g_strv_builder_add (builder, json_node_get_string (item));
    }
  return g_strv_builder_end (builder);
}

JsonObject *
cantiga_json_get_object (JsonObject *object, const char *member, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node == NULL)
    refuse (error, member, "is missing");
  else if (!JSON_NODE_HOLDS_OBJECT (node))
    refuse (error, member, "is not an object");
  else
    return json_node_get_object (node);
  return NULL;
}

gboolean
cantiga_json_has (JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node != NULL && !JSON_NODE_HOLDS_NULL (node);
}

/* ---- what leaves ---- */

void
cantiga_json_set_bytes (JsonObject *object, const char *member, gconstpointer bytes, gsize length)
{
  g_autofree char *text = g_base64_encode (bytes, length);

  json_object_set_string_member (object, member, text);
}

void
cantiga_json_set_gbytes (JsonObject *object, const char *member, GBytes *bytes)
{
  gsize length;
  gconstpointer start = g_bytes_get_data (bytes, &length);

  cantiga_json_set_bytes (object, member, start, length);
}

void
cantiga_json_set_bytes_list (JsonObject *object, const char *member, GPtrArray *list)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < list->len; i++)
    {
      gsize length;
      gconstpointer start = g_bytes_get_data (g_ptr_array_index (list, i), &length);
      g_autofree char *text = g_base64_encode (start, length);

      json_array_add_string_element (array, text);
    }
  json_object_set_array_member (object, member, array);
}

void
cantiga_json_set_id (JsonObject *object, const char *member, const CantigaId *id)
{
  char text[CANTIGA_ID_TEXT_LENGTH];

  json_object_set_string_member (object, member, cantiga_id_format (id, text));
}

void
cantiga_json_set_texts (JsonObject *object, const char *member, const char *const *texts)
{
  JsonArray *array = json_array_new ();

  for (; *texts != NULL; texts++)
    json_array_add_string_element (array, *texts);
  json_object_set_array_member (object, member, array);
}
