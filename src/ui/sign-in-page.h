/* Signing in as it happens: seven rows, the PIN in the card's row, and a way on from each that fails. */
#pragma once

#include <adwaita.h>

#include "ui/visit.h"

G_BEGIN_DECLS

/* Signal "finished": signed in, and shown long enough. */
#define CANTIGA_TYPE_SIGN_IN_PAGE (cantiga_sign_in_page_get_type ())
G_DECLARE_FINAL_TYPE (CantigaSignInPage, cantiga_sign_in_page, CANTIGA, SIGN_IN_PAGE, GtkBox)

/* Shows visit from where it stands; who makes the page starts the visit. */
CantigaSignInPage *cantiga_sign_in_page_new (CantigaVisit *visit);

G_END_DECLS
