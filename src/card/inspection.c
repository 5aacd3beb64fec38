#include "card/inspection.h"

static void
inspected_free (CantigaInspected *inspected)
{
  g_free (inspected->description);
  cantiga_survey_free (inspected->survey);
  g_free (inspected);
}

/* Padded with blanks to its length, as PKCS#11 has it. */
static char *
dup_description (CantigaModule *module)
{
  CK_INFO info = { 0 };
  g_autofree char *text = NULL;

  if (module->functions->C_GetInfo (&info) != CKR_OK)
    return g_strdup ("");
  text = g_utf8_make_valid ((const char *)info.libraryDescription, (gssize)strnlen ((const char *)info.libraryDescription, sizeof info.libraryDescription));
  return g_strdup (g_strstrip (text));
}

static CantigaInspected *
inspect (CantigaModule *module)
{
  CantigaInspected *inspected = g_new0 (CantigaInspected, 1);
  g_autoptr (GArray) slots = NULL;

  inspected->module = module;
  inspected->starts = cantiga_module_get_slots (module, &slots) == CKR_OK;
  inspected->slots = slots != NULL ? slots->len : 0;
  inspected->description = inspected->starts ? dup_description (module) : g_strdup ("");
  inspected->survey = cantiga_survey_take_one (module);
  return inspected;
}

GPtrArray *
cantiga_inspect_modules (GPtrArray *modules)
{
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify)inspected_free);

  for (guint i = 0; i < modules->len; i++)
    g_ptr_array_add (all, inspect (g_ptr_array_index (modules, i)));
  return all;
}
