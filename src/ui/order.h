/* The order in which titles are played: as they were put in, or shuffled. Places count from 0. Thread: main. */
#pragma once

#include "ui/entry.h"

G_BEGIN_DECLS

typedef struct _CantigaOrder CantigaOrder;

CantigaOrder *cantiga_order_new (void);
void cantiga_order_free (CantigaOrder *order);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaOrder, cantiga_order_free)

guint cantiga_order_get_length (CantigaOrder *order);
CantigaTitle *cantiga_order_get (CantigaOrder *order, guint place);
CantigaEntry *cantiga_order_get_entry (CantigaOrder *order, guint place);
/* titles (CantigaTitle) from place on; those that stand there move on. */
void cantiga_order_insert (CantigaOrder *order, guint place, GPtrArray *titles);
void cantiga_order_remove (CantigaOrder *order, guint place);
void cantiga_order_clear (CantigaOrder *order);
void cantiga_order_move (CantigaOrder *order, guint from, guint to);
/* Those from place on are shuffled; what stood before keeps its place. */
void cantiga_order_shuffle (CantigaOrder *order, guint from);
void cantiga_order_swap (CantigaOrder *order, guint one, guint other);
/* As they were put in again. Returns where the one at place stands then. */
guint cantiga_order_unshuffle (CantigaOrder *order, guint place);

G_END_DECLS
