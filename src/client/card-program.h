/* One run of cantiga-card, its two pipes, and one request at a time. Private to client/card.c. */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "core/secret.h"

G_BEGIN_DECLS

/* Signal "ended": by itself, not by cantiga_card_program_stop(). */
#define CANTIGA_TYPE_CARD_PROGRAM (cantiga_card_program_get_type ())
G_DECLARE_FINAL_TYPE (CantigaCardProgram, cantiga_card_program, CANTIGA, CARD_PROGRAM, GObject)

CantigaCardProgram *cantiga_card_program_start (const char *path, const char *const *modules, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ends it at once; a request under way fails. Freeing it instead lets it sign out of the cards first. */
void cantiga_card_program_stop (CantigaCardProgram *program);

/* Writes line, and then pin's bytes where there is one (taken over: wiped once they are written); reads one line. */
void cantiga_card_program_ask_async (CantigaCardProgram *program, GBytes *line, CantigaSecret *pin, GAsyncReadyCallback callback, gpointer user_data);
JsonObject *cantiga_card_program_ask_finish (CantigaCardProgram *program, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
