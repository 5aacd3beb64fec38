/* A title's stand in the queue. The same title may stand there more than once, and each stand is an object of its own: what lists show is told apart by
 * it, and so are MPRIS's tracks. Thread: main. */
#pragma once

#include "client/title.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_ENTRY (cantiga_entry_get_type ())
G_DECLARE_FINAL_TYPE (CantigaEntry, cantiga_entry, CANTIGA, ENTRY, GObject)

CantigaEntry *cantiga_entry_new (CantigaTitle *title);
CantigaTitle *cantiga_entry_get_title (CantigaEntry *entry);
/* No other entry of this program has or had it. */
guint64 cantiga_entry_get_serial (CantigaEntry *entry);

G_END_DECLS
