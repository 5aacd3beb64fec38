/* Who may be in the house: connections are counted in all and per address, for the whole server (docs/protocol.md 12). Any thread. */
#pragma once

#include "server/config.h"

G_BEGIN_DECLS

typedef struct _CantigaDoors CantigaDoors;
/* One connection, as far as it is counted. It keeps the doors alive; one thread at a time. */
typedef struct _CantigaVisitor CantigaVisitor;

/* config outlives the doors. */
CantigaDoors *cantiga_doors_new (const CantigaConfig *config);
CantigaDoors *cantiga_doors_ref (CantigaDoors *doors);
void cantiga_doors_unref (CantigaDoors *doors);
/* From now on; config outlives the doors. */
void cantiga_doors_set_config (CantigaDoors *doors, const CantigaConfig *config);
const CantigaConfig *cantiga_doors_get_config (CantigaDoors *doors);
/* One more will let visitors in: its number. */
guint cantiga_doors_add_worker (CantigaDoors *doors);
/* Whether whoever knocks now is sent away. */
gboolean cantiga_doors_are_full (CantigaDoors *doors);

typedef struct
{
  guint open;
  guint64 accepted;
  guint64 refused; /* closed unread */
  guint64 late;    /* cut at a deadline */
} CantigaDoorCounts;
void cantiga_doors_get_counts (CantigaDoors *doors, CantigaDoorCounts *ret_counts);
void cantiga_doors_note_refused (CantigaDoors *doors);
void cantiga_doors_note_late (CantigaDoors *doors);
/* Connections of an address that have not brought a whole request. */
guint cantiga_doors_count_silent (CantigaDoors *doors, const char *address);

/* One more connection from address, silent yet. worker: the number of the one that asks. instead: whose place it takes, which counts no more from then on; or NULL. NULL: past a limit, and nothing was done. */
CantigaVisitor *cantiga_doors_enter (CantigaDoors *doors, const char *address, guint worker, CantigaVisitor *instead);
void cantiga_visitor_leave (CantigaVisitor *visitor);
const char *cantiga_visitor_get_address (CantigaVisitor *visitor);
CantigaDoors *cantiga_visitor_get_doors (CantigaVisitor *visitor);
/* Whether it may stay with nothing to ask: no more than half of the places are taken, in all and of its address. */
gboolean cantiga_visitor_may_stay (CantigaVisitor *visitor);
/* Silent: no whole request of it is being answered. */
void cantiga_visitor_set_silent (CantigaVisitor *visitor, gboolean silent);
/* Of its address, as cantiga_doors_count_silent(); 0 once its place is taken. */
guint cantiga_visitor_count_silent (CantigaVisitor *visitor);

G_END_DECLS
