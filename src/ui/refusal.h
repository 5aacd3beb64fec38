/* Why a title cannot be played: a dialog for one that the person chose, a sentence for one that was passed over, and what stays where it failed. */
#pragma once

#include <adwaita.h>

#include "client/session.h"
#include "ui/window.h"

G_BEGIN_DECLS

/* Shows the dialog over window; of a licence that is used up or ended, once the session (NULL for none) has told what became of it. answered is a handler
 * of AdwMessageDialog::response with object as its data: "sign-in" is the person's to choose. */
void cantiga_refusal_show (CantigaWindow *window, CantigaSession *session, CantigaTitle *title, const GError *error, GCallback answered,
                           gpointer object);
/* Free with g_free(). */
char *cantiga_refusal_dup_sentence (CantigaTitle *title, const GError *error);

/* What is so and what to do, for as long as it is (CantigaTitle:failure); NULL: nothing, or its licence's pill says it. Free with g_free(). */
char *cantiga_refusal_dup_reason (CantigaTitle *title);

G_END_DECLS
