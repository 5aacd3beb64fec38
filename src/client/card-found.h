/* Reads what cantiga-card says of a card. Private to client/card.c. */
#pragma once

#include <json-glib/json-glib.h>

#include "client/card.h"

G_BEGIN_DECLS

/* GPtrArray of CantigaCardFound. */
GPtrArray *cantiga_card_found_parse_all (JsonObject *answer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
