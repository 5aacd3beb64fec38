#include "core/wire.h"

/* Sentences of a peer that a person is shown. */
#define TITLE_MAX 500

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
