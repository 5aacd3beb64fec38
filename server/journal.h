/* What cantiga-server says: to the journal with fields (PRIORITY, CANTIGA_TYPE, CANTIGA_ADDRESS, CANTIGA_ROUTE) where stderr is the journal, else
 * lines. Thread: any. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A sentence. priority: as in syslog.h. */
void cantiga_journal_tell (int priority, const char *sentence);
/* A refusal: at most 20 a second are written, the others are counted alone (/metrics). */
void cantiga_journal_refusal (const char *address, const char *path, const char *type, const char *detail);

G_END_DECLS
