#include "card/module.h"

#include <stdlib.h>

static CantigaModule *
module_new (CK_FUNCTION_LIST *functions)
{
  CantigaModule *module = g_new0 (CantigaModule, 1);

  module->functions = functions;
  module->path = p11_kit_module_get_filename (functions);
  module->kept = g_hash_table_new (NULL, NULL);
  return module;
}

/* p11-kit's trust module shows the system's authorities as tokens. */
static gboolean
module_is_for_trust (CK_FUNCTION_LIST *functions)
{
  char *policy = p11_kit_config_option (functions, "trust-policy");
  gboolean is = g_strcmp0 (policy, "yes") == 0;

  free (policy);
  return is;
}

static void
load_configured (GPtrArray *modules)
{
  CK_FUNCTION_LIST **configured = p11_kit_modules_load (NULL, 0);

  for (guint i = 0; configured != NULL && configured[i] != NULL; i++)
    if (!module_is_for_trust (configured[i]))
      g_ptr_array_add (modules, module_new (configured[i]));
}

GPtrArray *
cantiga_modules_load (const char *const *paths)
{
  GPtrArray *modules = g_ptr_array_new ();

  if (paths == NULL || paths[0] == NULL)
    load_configured (modules);
  for (guint i = 0; paths != NULL && paths[i] != NULL; i++)
    {
      CK_FUNCTION_LIST *functions = p11_kit_module_load (paths[i], 0);

      if (functions != NULL)
        g_ptr_array_add (modules, module_new (functions));
    }
  return modules;
}

static gboolean
module_start (CantigaModule *module)
{
  if (!module->started)
    module->started = p11_kit_module_initialize (module->functions) == CKR_OK;
  return module->started;
}

static void
module_finish (CantigaModule *module)
{
  g_hash_table_remove_all (module->kept);
  if (module->started)
    p11_kit_module_finalize (module->functions);
  module->started = FALSE;
}

void
cantiga_module_restart (CantigaModule *module)
{
  module_finish (module);
  module_start (module);
}

void
cantiga_modules_finish (GPtrArray *modules)
{
  for (guint i = 0; i < modules->len; i++)
    module_finish (g_ptr_array_index (modules, i));
}

static CK_RV
read_slots (CantigaModule *module, GArray **ret_slots)
{
  CK_ULONG n = 0;
  CK_RV rv = module->functions->C_GetSlotList (CK_FALSE, NULL, &n);
  g_autoptr (GArray) slots = NULL;

  if (rv != CKR_OK)
    return rv;
  /* A reader may be plugged in between the two calls. */
  n += 4;
  slots = g_array_sized_new (FALSE, TRUE, sizeof (CK_SLOT_ID), n);
  g_array_set_size (slots, n);
  rv = module->functions->C_GetSlotList (CK_FALSE, (CK_SLOT_ID *)(gpointer)slots->data, &n);
  if (rv != CKR_OK)
    return rv;
  g_array_set_size (slots, n);
  *ret_slots = g_steal_pointer (&slots);
  return CKR_OK;
}

/* A module that was started before pcscd, or outlived it, may never see a reader again. */
CK_RV
cantiga_module_get_slots (CantigaModule *module, GArray **ret_slots)
{
  g_autoptr (GArray) slots = NULL;
  gboolean fresh = !module->started;
  CK_RV rv = module_start (module) ? read_slots (module, &slots) : CKR_CRYPTOKI_NOT_INITIALIZED;

  if (!fresh && (rv != CKR_OK || slots->len == 0))
    {
      g_clear_pointer (&slots, g_array_unref);
      cantiga_module_restart (module);
      rv = module->started ? read_slots (module, &slots) : CKR_CRYPTOKI_NOT_INITIALIZED;
    }
  if (rv == CKR_OK)
    *ret_slots = g_steal_pointer (&slots);
  return rv;
}

CK_SESSION_HANDLE
cantiga_module_get_kept (CantigaModule *module, CK_SLOT_ID slot)
{
  return GPOINTER_TO_SIZE (g_hash_table_lookup (module->kept, GSIZE_TO_POINTER (slot)));
}

void
cantiga_module_keep (CantigaModule *module, CK_SLOT_ID slot, CK_SESSION_HANDLE session)
{
  g_hash_table_insert (module->kept, GSIZE_TO_POINTER (slot), GSIZE_TO_POINTER (session));
}

void
cantiga_module_drop (CantigaModule *module, CK_SLOT_ID slot)
{
  CK_SESSION_HANDLE session = cantiga_module_get_kept (module, slot);

  if (session == 0)
    return;
  g_hash_table_remove (module->kept, GSIZE_TO_POINTER (slot));
  module->functions->C_Logout (session);
  module->functions->C_CloseSession (session);
}

void
cantiga_module_check_kept (CantigaModule *module, CK_SLOT_ID slot)
{
  CK_SESSION_HANDLE session = cantiga_module_get_kept (module, slot);
  CK_SESSION_INFO info = { 0 };

  if (session == 0)
    return;
  if (module->functions->C_GetSessionInfo (session, &info) != CKR_OK || (info.state != CKS_RO_USER_FUNCTIONS && info.state != CKS_RW_USER_FUNCTIONS))
    cantiga_module_drop (module, slot);
}

gboolean
cantiga_rv_is_absence (CK_RV rv)
{
  return rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_SLOT_ID_INVALID;
}

gboolean
cantiga_rv_is_lost (CK_RV rv)
{
  switch (rv)
    {
    case CKR_GENERAL_ERROR:
    case CKR_DEVICE_ERROR:
    case CKR_SESSION_CLOSED:
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_CRYPTOKI_NOT_INITIALIZED:
      return TRUE;
    default:
      return cantiga_rv_is_absence (rv);
    }
}
