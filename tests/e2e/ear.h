/* What programs that listen to titles share: signing in with a card whose PIN is known, and waiting. */
#pragma once

#include "client/catalogue.h"

/* Turns the main loop until *result is there. */
GAsyncResult *ear_await (GAsyncResult **result);
/* The callback of a call whose result is kept: pass the address of a NULL pointer. */
void ear_done_cb (GObject *source, GAsyncResult *result, gpointer slot);
/* Signs in to the only server that state is paired with. */
CantigaSession *ear_sign_in (const char *state, const char *module, const char *pin, GError **error);
/* The catalogue, loaded. */
CantigaCatalogue *ear_load (CantigaSession *session, GError **error);
