/* How a title is found and where it stands: its words without case and accents, and its places in an order. Each is made once a title, when it is
 * first asked for. */
#pragma once

#include "client/title.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_TITLE_WORDS, /* name, artist and album, folded, a line each */
  CANTIGA_TITLE_NAME,  /* these three: as of g_utf8_collate_key(), compared byte by byte */
  CANTIGA_TITLE_ARTIST,
  CANTIGA_TITLE_ALBUM,
  CANTIGA_N_TITLE_KEYS
} CantigaTitleKey;

/* Borrowed from the title. */
const char *cantiga_title_key (CantigaTitle *title, CantigaTitleKey key);
/* Without case and accents: "CANÇÃO" is "cancao". Free with g_free(). */
char *cantiga_title_keys_fold (const char *text);
/* words: as of cantiga_title_keys_split(). Whether each of them is part of folded. */
gboolean cantiga_title_keys_match (const char *folded, const char *const *words);
/* What a person typed, as folded words. */
GStrv cantiga_title_keys_split (const char *text);

G_END_DECLS
