/* Which of several certificates a person has chosen, kept as its PKCS#11 URI in the state folder's file `card`. Thread: main; the file is read and
 * written asynchronously. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* NULL without an error: none was chosen, or what is there cannot be one. Free with g_free(). */
void cantiga_card_choice_load_async (const char *folder, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
char *cantiga_card_choice_load_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* In one step, mode 0600. */
void cantiga_card_choice_save_async (const char *folder, const char *uri, GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer user_data);
gboolean cantiga_card_choice_save_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
