/* A licence that is held, in whole sentences (pure; no widgets). Free with g_free(). */
#pragma once

#include "client/held-licence.h"

G_BEGIN_DECLS

/* What is left of it: "2 of 3 left". */
char *cantiga_held_words_dup_left (CantigaHeldLicence *licence);
/* The same as dots, full ones first: "●●○"; NULL where they would be too many to be counted with the eyes. */
char *cantiga_held_words_dup_dots (CantigaHeldLicence *licence);
/* "Ends Friday 27 November, 18:00", "Ended …", "Given back". */
char *cantiga_held_words_dup_end (CantigaHeldLicence *licence, gint64 now);
/* "Given on 20 November". */
char *cantiga_held_words_dup_made (CantigaHeldLicence *licence);
/* The last plays that counted: "Played yesterday 21:04 · on Monday 8:12"; NULL if there is none. */
char *cantiga_held_words_dup_heard (CantigaHeldLicence *licence, gint64 now);
/* Why it cannot be renewed; NULL if it can. */
char *cantiga_held_words_dup_renewal (CantigaHeldLicence *licence);

gboolean cantiga_held_words_is_open (CantigaHeldLicence *licence, gint64 now);
gboolean cantiga_held_words_ends_soon (CantigaHeldLicence *licence, gint64 now);

G_END_DECLS
