#include "ui/error-words.h"

#include <glib/gi18n.h>

#include "core/error.h"

/* What was said in English may know more than the sentence of its code; but in another language that sentence can be read. */
const char *
cantiga_error_words_get (const GError *error)
{
  const char *sentence = error->domain == CANTIGA_ERROR ? cantiga_error_get_sentence ((CantigaError)error->code) : "";
  const char *translated = *sentence != '\0' ? _ (sentence) : sentence;

  return translated != sentence ? translated : error->message;
}
