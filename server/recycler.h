/* Memory blocks of one size, used again: fresh ones of a chunk's size cost page faults at every chunk. Blocks are wiped by nobody: what is put in
 * them is wiped by who puts plain text there. Thread: any. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _CantigaRecycler CantigaRecycler;

/* A block on loan; it goes back when freed. */
typedef struct
{
  guint8 *bytes;
  CantigaRecycler *recycler;
} CantigaRecycled;

/* Keeps at most spare blocks of size bytes that nobody uses. */
CantigaRecycler *cantiga_recycler_new (gsize size, guint spare);
/* Blocks on loan keep it alive. */
void cantiga_recycler_unref (CantigaRecycler *recycler);
CantigaRecycled *cantiga_recycler_take (CantigaRecycler *recycler);
void cantiga_recycled_free (CantigaRecycled *recycled);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaRecycled, cantiga_recycled_free)
/* The first length bytes; the block goes back with the last reference. */
GBytes *cantiga_recycled_free_to_bytes (CantigaRecycled *recycled, gsize length);

G_END_DECLS
