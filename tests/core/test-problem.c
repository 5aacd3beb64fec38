#include "core/wire.h"

#include <string.h>

static void
test_problem (void)
{
  g_autoptr (GError) error = g_error_new (CANTIGA_ERROR, CANTIGA_ERROR_CARD_UNKNOWN, "Who is this?");
  g_autoptr (GError) consumed = NULL;
  g_autoptr (JsonObject) problem = cantiga_problem_create (error);
  g_autoptr (GBytes) formatted = cantiga_json_format (problem);
  g_autofree char *text = g_strndup (g_bytes_get_data (formatted, NULL), g_bytes_get_size (formatted));

  g_assert_cmpstr (text, ==, "{\"type\":\"/problems/card-unknown\",\"title\":\"Who is this?\",\"status\":401}");
  g_assert_true (cantiga_problem_is (problem));
  g_assert_cmpuint (cantiga_problem_get_status (error), ==, 401);
  g_assert_false (cantiga_problem_consume (problem, &consumed));
  g_assert_error (consumed, CANTIGA_ERROR, CANTIGA_ERROR_CARD_UNKNOWN);
  g_assert_cmpstr (consumed->message, ==, "Who is this?");
}

/* "Never a path, a stack, a key" (docs/protocol.md 11) */
static void
assert_internal (GQuark domain, int code)
{
  g_autoptr (GError) error = g_error_new_literal (domain, code, "/var/lib/cantiga/master.key cannot be read");
  g_autoptr (JsonObject) problem = cantiga_problem_create (error);

  g_assert_cmpstr (json_object_get_string_member (problem, "type"), ==, "/problems/internal");
  g_assert_cmpstr (json_object_get_string_member (problem, "title"), ==, cantiga_error_get_sentence (CANTIGA_ERROR_INTERNAL));
  g_assert_cmpint (json_object_get_int_member (problem, "status"), ==, 500);
  g_assert_cmpuint (cantiga_problem_get_status (error), ==, 500);
}

static void
test_problem_internal (void)
{
  assert_internal (CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED);
  assert_internal (CANTIGA_ERROR, CANTIGA_ERROR_CRYPTO);
  assert_internal (G_FILE_ERROR, G_FILE_ERROR_NOENT);
  assert_internal (G_FILE_ERROR, CANTIGA_ERROR_CARD_UNKNOWN);
}

/* What a person is shown of problems that come from anybody; message: NULL for the table's sentence. */
static const struct
{
  const char *text;
  CantigaError code;
  const char *message;
} problems[] = {
  { "{\"type\":\"/problems/slow-down\",\"title\":\"Wait.\",\"status\":429,\"extra\":[1]}", CANTIGA_ERROR_SLOW_DOWN, "Wait." },
  { "{\"type\":\"/problems/slow-down\",\"status\":429}", CANTIGA_ERROR_SLOW_DOWN, NULL },
  { "{\"type\":\"/problems/slow-down\",\"title\":\"\",\"status\":429}", CANTIGA_ERROR_SLOW_DOWN, NULL },
  { "{\"type\":\"/problems/slow-down\",\"title\":7,\"status\":429}", CANTIGA_ERROR_SLOW_DOWN, NULL },
  { "{\"type\":\"/problems/slow-down\",\"title\":\"\\u001b[2J\",\"status\":429}", CANTIGA_ERROR_SLOW_DOWN, NULL },
  { "{\"type\":\"/problems/from-the-future\",\"title\":\"%s %n\",\"status\":418}", CANTIGA_ERROR_INTERNAL, "%s %n" },
  { "{\"type\":\"/problems/slow-down\",\"title\":\"Wait.\"}", CANTIGA_ERROR_MALFORMED, "The member “status” is missing." },
  { "{\"type\":\"/problems/slow-down\",\"title\":\"Wait.\",\"status\":200}", CANTIGA_ERROR_MALFORMED, "The member “status” is out of its range." },
  { "{\"type\":\"/problems/slow-down\",\"title\":\"Wait.\",\"status\":\"429\"}", CANTIGA_ERROR_MALFORMED,
    "The member “status” is not a whole number." },
  { "{\"title\":\"Wait.\",\"status\":429}", CANTIGA_ERROR_MALFORMED, "The member “type” is missing." },
};

static void
test_problem_consume (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (problems); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) problem = cantiga_json_parse (problems[i].text, strlen (problems[i].text), &error);

      g_assert_no_error (error);
      g_assert_false (cantiga_problem_consume (problem, &error));
      g_assert_error (error, CANTIGA_ERROR, (int)problems[i].code);
      g_assert_cmpstr (error->message, ==, problems[i].message != NULL ? problems[i].message : cantiga_error_get_sentence (problems[i].code));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/problem/a-problem-keeps-its-code-and-sentence", test_problem);
  g_test_add_func ("/problem/a-problem-tells-nothing-of-the-inside", test_problem_internal);
  g_test_add_func ("/problem/a-problem-of-anybody-is-shown-with-care", test_problem_consume);
  return g_test_run ();
}
