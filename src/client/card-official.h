/* The Portuguese State's own middleware, Autenticação.gov: the only module that knows the Citizen Cards made since June 2024. It registers itself
 * with nothing, so that whoever needs it has to be offered to. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define CANTIGA_CARD_OFFICIAL_URL "https://www.autenticacao.gov.pt/cc-aplicacao"

/* Its module, where it is installed; else NULL. Free with g_free(). */
char *cantiga_card_official_dup_path (void);
/* Whether a module's path is that of this one. */
gboolean cantiga_card_official_is (const char *path);
/* What to type to register the module at path with p11-kit for oneself. Free with g_free(). */
char *cantiga_card_official_dup_command (const char *path);
/* Does what the command does: $XDG_CONFIG_HOME/pkcs11/modules/autenticacao-gov.module. Modules that run already see it when they start again. */
void cantiga_card_official_register_async (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_card_official_register_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
