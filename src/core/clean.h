/* What comes from strangers' files, certificates and servers, before it is written to a terminal. Thread: any. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* In its place: what would move the cursor (control characters, those of one byte and of two: ISO/IEC 6429) or turn the direction of what follows (Unicode's UAX 9: embeddings,
 * overrides, isolates) is spaces then, one a byte. Letters of all scripts stay. */
void cantiga_clean (char *text);

G_END_DECLS
