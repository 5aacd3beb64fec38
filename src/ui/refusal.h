/* Why a title cannot be played: a dialog for one that the person chose, a sentence for one that was passed over. */
#pragma once

#include <adwaita.h>

#include "client/title.h"

G_BEGIN_DECLS

/* Its response "sign-in" is the person's to choose. */
GtkWidget *cantiga_refusal_dialog_new (GtkWindow *parent, CantigaTitle *title, const GError *error);
/* Free with g_free(). */
char *cantiga_refusal_dup_sentence (CantigaTitle *title, const GError *error);

G_END_DECLS
