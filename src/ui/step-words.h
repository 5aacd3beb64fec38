/* What the steps of signing in are called, found and failed at, in the language of the person (pure; no widgets). */
#pragma once

#include "client/session.h"
#include "core/card-state.h"

G_BEGIN_DECLS

/* Translated; static. */
const char *cantiga_step_words_get_title (CantigaStep step);
/* From the session's detail. Free with g_free(). */
char *cantiga_step_words_dup_found (CantigaStep step, const char *detail);
/* What failed. card: the card's state, for the card's step. Free with g_free(). */
char *cantiga_step_words_dup_failure (CantigaStep step, const GError *error, CantigaCardState card);
/* What to do about it; "" if the sentence says all. */
char *cantiga_step_words_dup_remedy (CantigaStep step, const GError *error, CantigaCardState card);

G_END_DECLS
