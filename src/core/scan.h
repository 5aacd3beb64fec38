/* What json-glib would let pass is refused before it parses: a scanner of JSON's words (RFC 8259), not a parser of its sentences. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether text is UTF-8 without NUL that consists of JSON's words alone (no comments, no hexadecimal numbers, no lone surrogates), is one bracketed whole that
 * begins with `{`, nested at most depth deep, with integers that fit gint64 and finite fractions. ret_members: how many members its objects have altogether,
 * so that the caller can see whether a parser dropped one that came twice. CANTIGA_ERROR_MALFORMED. */
gboolean cantiga_json_scan (const char *text, gsize length, guint depth, gsize *ret_members, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
