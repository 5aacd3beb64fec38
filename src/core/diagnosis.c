#include "core/diagnosis.h"

#include <string.h>

struct _CantigaDiagnosis
{
  GPtrArray *findings;
};

static const struct
{
  const char *name;
  const char *mark;
} states[] = {
  [CANTIGA_FINDING_OK] = { "ok", "✓" },
  [CANTIGA_FINDING_WARN] = { "warn", "!" },
  [CANTIGA_FINDING_FAIL] = { "fail", "✗" },
};

static void
finding_free (CantigaFinding *finding)
{
  g_free (finding->check);
  g_free (finding->sentence);
  g_free (finding->remedy);
  g_free (finding);
}

CantigaDiagnosis *
cantiga_diagnosis_new (void)
{
  CantigaDiagnosis *diagnosis = g_new0 (CantigaDiagnosis, 1);

  diagnosis->findings = g_ptr_array_new_with_free_func ((GDestroyNotify)finding_free);
  return diagnosis;
}

void
cantiga_diagnosis_free (CantigaDiagnosis *diagnosis)
{
  if (diagnosis == NULL)
    return;
  g_ptr_array_unref (diagnosis->findings);
  g_free (diagnosis);
}

/* A person's home says who they are. */
static char *
dup_without_home (const char *text)
{
  const char *home = g_get_home_dir ();
  g_auto (GStrv) parts = NULL;

  if (text == NULL || home == NULL || strlen (home) < 2)
    return g_strdup (text);
  parts = g_strsplit (text, home, -1);
  return g_strjoinv ("~", parts);
}

void
cantiga_diagnosis_add (CantigaDiagnosis *diagnosis, CantigaFindingState state, const char *check, const char *remedy, const char *format, ...)
{
  CantigaFinding *finding = g_new0 (CantigaFinding, 1);
  g_autofree char *sentence = NULL;
  va_list arguments;

  va_start (arguments, format);
  sentence = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  finding->state = state;
  finding->check = g_strdup (check);
  finding->sentence = dup_without_home (sentence);
  finding->remedy = dup_without_home (remedy);
  g_ptr_array_add (diagnosis->findings, finding);
}

void
cantiga_diagnosis_add_error (CantigaDiagnosis *diagnosis, const char *check, const char *remedy, const GError *error)
{
  cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, check, remedy, "%s", error->message);
}

guint
cantiga_diagnosis_get_n (const CantigaDiagnosis *diagnosis)
{
  return diagnosis->findings->len;
}

const CantigaFinding *
cantiga_diagnosis_get (const CantigaDiagnosis *diagnosis, guint index)
{
  return g_ptr_array_index (diagnosis->findings, index);
}

guint
cantiga_diagnosis_count (const CantigaDiagnosis *diagnosis, CantigaFindingState state)
{
  guint n = 0;

  for (guint i = 0; i < diagnosis->findings->len; i++)
    n += cantiga_diagnosis_get (diagnosis, i)->state == state;
  return n;
}

static JsonObject *
encode_finding (const CantigaFinding *finding)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "check", finding->check);
  json_object_set_string_member (object, "state", states[finding->state].name);
  json_object_set_string_member (object, "sentence", finding->sentence);
  if (finding->remedy != NULL)
    json_object_set_string_member (object, "remedy", finding->remedy);
  else
    json_object_set_null_member (object, "remedy");
  return object;
}

JsonObject *
cantiga_diagnosis_encode (const CantigaDiagnosis *diagnosis)
{
  JsonObject *object = json_object_new ();
  JsonArray *checks = json_array_new ();

  for (guint i = 0; i < diagnosis->findings->len; i++)
    json_array_add_object_element (checks, encode_finding (cantiga_diagnosis_get (diagnosis, i)));
  json_object_set_boolean_member (object, "ok", cantiga_diagnosis_count (diagnosis, CANTIGA_FINDING_FAIL) == 0);
  json_object_set_array_member (object, "checks", checks);
  return object;
}

char *
cantiga_diagnosis_format (const CantigaDiagnosis *diagnosis)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < diagnosis->findings->len; i++)
    {
      const CantigaFinding *finding = cantiga_diagnosis_get (diagnosis, i);

      g_string_append_printf (text, "%s %-16s %s\n", states[finding->state].mark, finding->check, finding->sentence);
      if (finding->remedy != NULL)
        g_string_append_printf (text, "  %-16s → %s\n", "", finding->remedy);
    }
  g_string_append_printf (text, "%u well, %u to look at, %u wrong\n", cantiga_diagnosis_count (diagnosis, CANTIGA_FINDING_OK),
                          cantiga_diagnosis_count (diagnosis, CANTIGA_FINDING_WARN), cantiga_diagnosis_count (diagnosis, CANTIGA_FINDING_FAIL));
  return g_string_free (text, FALSE);
}
