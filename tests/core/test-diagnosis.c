#include "core/diagnosis.h"

#include <string.h>

static CantigaDiagnosis *
create (void)
{
  CantigaDiagnosis *diagnosis = cantiga_diagnosis_new ();

  cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "one", NULL, "All %d are there.", 3);
  cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_WARN, "two", "Do this.", "Something could be better.");
  return diagnosis;
}

static void
test_encodes (void)
{
  g_autoptr (CantigaDiagnosis) diagnosis = create ();
  g_autoptr (JsonObject) object = cantiga_diagnosis_encode (diagnosis);
  JsonArray *checks = json_object_get_array_member (object, "checks");
  JsonObject *second = json_array_get_object_element (checks, 1);

  g_assert_true (json_object_get_boolean_member (object, "ok"));
  g_assert_cmpuint (json_array_get_length (checks), ==, 2);
  g_assert_true (json_object_get_null_member (json_array_get_object_element (checks, 0), "remedy"));
  g_assert_cmpstr (json_object_get_string_member (second, "check"), ==, "two");
  g_assert_cmpstr (json_object_get_string_member (second, "state"), ==, "warn");
  g_assert_cmpstr (json_object_get_string_member (second, "sentence"), ==, "Something could be better.");
  g_assert_cmpstr (json_object_get_string_member (second, "remedy"), ==, "Do this.");
}

static void
test_one_failure_fails_all (void)
{
  g_autoptr (CantigaDiagnosis) diagnosis = create ();
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = NULL;

  cantiga_fail_with (&error, CANTIGA_ERROR_DAMAGED, "It is broken.");
  cantiga_diagnosis_add_error (diagnosis, "three", "Mend it.", error);
  object = cantiga_diagnosis_encode (diagnosis);
  g_assert_false (json_object_get_boolean_member (object, "ok"));
  g_assert_cmpuint (cantiga_diagnosis_count (diagnosis, CANTIGA_FINDING_FAIL), ==, 1);
  g_assert_cmpstr (cantiga_diagnosis_get (diagnosis, 2)->sentence, ==, "It is broken.");
}

static void
test_formats (void)
{
  g_autoptr (CantigaDiagnosis) diagnosis = create ();
  g_autofree char *text = cantiga_diagnosis_format (diagnosis);

  g_assert_nonnull (strstr (text, "✓ one"));
  g_assert_nonnull (strstr (text, "! two"));
  g_assert_nonnull (strstr (text, "→ Do this.\n"));
  g_assert_true (g_str_has_suffix (text, "1 well, 1 to look at, 0 wrong\n"));
}

static void
test_hides_home (void)
{
  g_autoptr (CantigaDiagnosis) diagnosis = cantiga_diagnosis_new ();
  const char *home = g_get_home_dir ();
  g_autofree char *remedy = g_strdup_printf ("chmod 700 %s/cantiga", home);

  cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "home", remedy, "%s/cantiga is in %s.", home, home);
  g_assert_cmpstr (cantiga_diagnosis_get (diagnosis, 0)->sentence, ==, "~/cantiga is in ~.");
  g_assert_cmpstr (cantiga_diagnosis_get (diagnosis, 0)->remedy, ==, "chmod 700 ~/cantiga");
}

int
main (int argc, char **argv)
{
  g_setenv ("HOME", "/home/some-body", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/diagnosis/is-encoded-for-programs", test_encodes);
  g_test_add_func ("/diagnosis/fails-by-one-failure", test_one_failure_fails_all);
  g_test_add_func ("/diagnosis/is-formatted-for-people", test_formats);
  g_test_add_func ("/diagnosis/does-not-say-where-home-is", test_hides_home);
  return g_test_run ();
}
