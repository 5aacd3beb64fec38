/* What went wrong, in the language of who reads it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Valid as long as error is. */
const char *cantiga_error_words_get (const GError *error);

G_END_DECLS
