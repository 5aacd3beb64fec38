/* What the card's states are in the language of the person: a sentence, and what to do. */
#pragma once

#include "core/card-state.h"

G_BEGIN_DECLS

/* Translated; static. */
const char *cantiga_card_words_get_sentence (CantigaCardState state);
const char *cantiga_card_words_get_remedy (CantigaCardState state); /* "" if it is in the sentence */

G_END_DECLS
