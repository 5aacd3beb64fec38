/* A title's licence in words, as the pill wears it (pure; no widgets). */
#pragma once

#include "client/title.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_SPENT_ELSEWHERE, /* nothing of it is spent now */
  CANTIGA_SPENT_NOW,       /* it plays */
} CantigaSpent;

typedef struct
{
  char *brief;       /* "" if there is nothing to say: no licence yet */
  char *whole;       /* the long form, also for the tooltip */
  const char *style; /* a class, or NULL */
  const char *icon;  /* NULL for none */
} CantigaLicenceWords;

void cantiga_licence_words_clear (CantigaLicenceWords *words);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CantigaLicenceWords, cantiga_licence_words_clear)

CantigaLicenceWords cantiga_licence_words (CantigaTitle *title, CantigaSpent spent, gint64 now);
/* How many of titles (CantigaTitle) can still be heard, and end within two days. */
guint cantiga_licence_words_count_ending (GListModel *titles, gint64 now);

G_END_DECLS
