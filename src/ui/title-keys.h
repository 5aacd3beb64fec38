/* How a title is found and where it stands: its words without case and accents, and its places in an order. Made once a title, when first asked for.
 */
#pragma once

#include "client/title.h"

G_BEGIN_DECLS

/* All borrowed from the title. */
typedef struct
{
  char *words; /* name, artist and album, folded, a line each */
  char *name;  /* these three: as of g_utf8_collate_key(), compared byte by byte */
  char *artist;
  char *album;
} CantigaTitleKeys;

const CantigaTitleKeys *cantiga_title_keys (CantigaTitle *title);
/* Without case and accents: "CANÇÃO" is "cancao". Free with g_free(). */
char *cantiga_title_keys_fold (const char *text);
/* words: as of cantiga_title_keys_split(). Whether each of them is part of folded. */
gboolean cantiga_title_keys_match (const char *folded, const char *const *words);
/* What a person typed, as folded words. */
GStrv cantiga_title_keys_split (const char *text);

G_END_DECLS
