/* One line of what sharing shows: a listener, a card, or something that happened. Plain values, set once. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_SHARE_PEOPLE, /* of the log: what people did */
  CANTIGA_SHARE_REFUSAL,
  CANTIGA_SHARE_NOTICE,
} CantigaShareKind;

#define CANTIGA_TYPE_SHARE_ENTRY (cantiga_share_entry_get_type ())
G_DECLARE_FINAL_TYPE (CantigaShareEntry, cantiga_share_entry, CANTIGA, SHARE_ENTRY, GObject)

struct _CantigaShareEntry
{
  GObject parent_instance;

  char *id;
  char *name;   /* of who; the sentence, in the log */
  char *detail; /* what is heard; the last four of a card */
  gint64 at;    /* seconds since 1970 */
  CantigaShareKind kind;
  gboolean waits, revoked; /* cards */
};

/* All texts are copied, and may be NULL. */
CantigaShareEntry *cantiga_share_entry_new (const char *id, const char *name, const char *detail, gint64 at);

/* Puts entries (CantigaShareEntry) in the place of what store has; where they say the same, nothing is made anew under the pointer. */
void cantiga_share_entry_follow (GListStore *store, GPtrArray *entries);

G_END_DECLS
