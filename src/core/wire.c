#include "core/wire.h"

#include <math.h>
#include <string.h>

#include "core/scan.h"
#include "core/secret.h"

/* Sentences of a peer that a person is shown. */
#define TITLE_MAX 500

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
static GBytes *
decode_base64 (const char *text)
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
  return decode_base64 (padded->str);
}

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
  gsize length;
  char *text;

  json_node_set_object (root, object);
  json_generator_set_root (generator, root);
  text = json_generator_to_data (generator, &length);
  return g_bytes_new_take (text, length);
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
  bytes = decode_base64 (json_node_get_string (node));
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

/* ---- problems ---- */

static gboolean
is_on_wire (const GError *error)
{
  return error->domain == CANTIGA_ERROR && cantiga_error_get_type ((CantigaError)error->code) != NULL;
}

JsonObject *
cantiga_problem_create (const GError *error)
{
  JsonObject *problem = json_object_new ();
  CantigaError code = is_on_wire (error) ? (CantigaError)error->code : CANTIGA_ERROR_INTERNAL;

  json_object_set_string_member (problem, "type", cantiga_error_get_type (code));
  /* The sentence of an error that is not for the wire may hold a path: it stays here. */
  json_object_set_string_member (problem, "title", is_on_wire (error) ? error->message : cantiga_error_get_sentence (code));
  json_object_set_int_member (problem, "status", cantiga_error_get_status (code));
  return problem;
}

/* It is shown to a person, maybe in a terminal, and it may come from anybody (a bare 401). */
static gboolean
is_presentable (const char *title)
{
  if (*title == '\0')
    return FALSE;
  for (; *title != '\0'; title = g_utf8_next_char (title))
    if (g_unichar_iscntrl (g_utf8_get_char (title)))
      return FALSE;
  return TRUE;
}

gboolean
cantiga_problem_consume (JsonObject *problem, GError **error)
{
  const char *type = "";
  const char *title = "";
  gint64 status;
  CantigaError code;

  if (!cantiga_json_get_text (problem, "type", TITLE_MAX, &type, error) || !cantiga_json_get_int (problem, "status", 400, 599, &status, error))
    return FALSE;
  code = cantiga_error_from_type (type);
  if (cantiga_json_get_text (problem, "title", TITLE_MAX, &title, NULL) && is_presentable (title))
    return cantiga_fail_with (error, code, "%s", title);
  return cantiga_fail (error, code);
}

gboolean
cantiga_problem_is (JsonObject *object)
{
  return json_object_has_member (object, "status");
}

guint
cantiga_problem_get_status (const GError *error)
{
  return cantiga_error_get_status (is_on_wire (error) ? (CantigaError)error->code : CANTIGA_ERROR_INTERNAL);
}
