/* PKCS#11 modules: loading, starting, starting over, and the sessions that stay signed in to a token. */
#pragma once

#include <glib.h>

#include "card/pkcs11.h"

G_BEGIN_DECLS

typedef struct
{
  CK_FUNCTION_LIST *functions;
  char *path;
  gboolean started;
  GHashTable *kept; /* CK_SLOT_ID → CK_SESSION_HANDLE, signed in */
} CantigaModule;

/* Those at paths, or where paths is empty those that p11-kit is configured with, without the ones that only hold authorities. What cannot be loaded
 * is left out. GPtrArray of CantigaModule, which live as long as the program. */
GPtrArray *cantiga_modules_load (const char *const *paths);
/* Signs out of every token and finishes every module. */
void cantiga_modules_finish (GPtrArray *modules);

/* Starts the module where that was not done yet. ret_slots: CK_SLOT_IDs, free with g_array_unref(). */
CK_RV cantiga_module_get_slots (CantigaModule *module, GArray **ret_slots) G_GNUC_WARN_UNUSED_RESULT;
/* Finishes and starts it: all its sessions are gone. */
void cantiga_module_restart (CantigaModule *module);

/* The session that stays signed in to the slot's token, 0 without one. */
CK_SESSION_HANDLE cantiga_module_get_kept (CantigaModule *module, CK_SLOT_ID slot);
void cantiga_module_keep (CantigaModule *module, CK_SLOT_ID slot, CK_SESSION_HANDLE session);
/* Signs out and closes the slot's kept session. */
void cantiga_module_drop (CantigaModule *module, CK_SLOT_ID slot);
/* Drops it if the token signed it out, or is another one. */
void cantiga_module_check_kept (CantigaModule *module, CK_SLOT_ID slot);

/* Whether the session is of no use any more. */
gboolean cantiga_rv_is_lost (CK_RV rv);
/* Whether it says that there is no token in the slot. */
gboolean cantiga_rv_is_absence (CK_RV rv);

G_END_DECLS
