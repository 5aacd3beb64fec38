/* The master key (docs/protocol.md 13): where it comes from. Thread: any. */
#pragma once

#include "core/secret.h"

G_BEGIN_DECLS

#define CANTIGA_MASTER_NAME "master.key"

CantigaSecret *cantiga_master_new (void);
/* From now on this one is given from outside, by the program around (which keeps it in a keyring); copied. */
void cantiga_master_give (CantigaSecret *master);
/* 32 bytes. CANTIGA_ERROR_CONFIGURATION if they are not, or others can read them. */
CantigaSecret *cantiga_master_read (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same; where there is no such file, a new one with a new key is made. */
CantigaSecret *cantiga_master_read_or_make (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The one that is given from outside: systemd's credential `cantiga.master`; a file that CANTIGA_MASTER_KEY_FILE names; or CANTIGA_MASTER_KEY in the environment (base64), where nothing
 * is ever swapped to a disk. NULL without error (ret_given is FALSE): none is, the state keeps its own. */
CantigaSecret *cantiga_master_read_given (gboolean *ret_given, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
