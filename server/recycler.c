#include "server/recycler.h"

struct _CantigaRecycler
{
  gatomicrefcount refs;
  gsize size;
  guint spare;
  GMutex lock;
  GPtrArray *idle; /* CantigaRecycled, that nobody uses */
};

static void
block_free (gpointer block)
{
  CantigaRecycled *recycled = block;

  g_free (recycled->bytes);
  g_free (recycled);
}

CantigaRecycler *
cantiga_recycler_new (gsize size, guint spare)
{
  CantigaRecycler *recycler = g_new0 (CantigaRecycler, 1);

  g_atomic_ref_count_init (&recycler->refs);
  recycler->size = size;
  recycler->spare = spare;
  g_mutex_init (&recycler->lock);
  recycler->idle = g_ptr_array_new_with_free_func (block_free);
  return recycler;
}

void
cantiga_recycler_unref (CantigaRecycler *recycler)
{
  if (!g_atomic_ref_count_dec (&recycler->refs))
    return;
  g_ptr_array_unref (recycler->idle);
  g_mutex_clear (&recycler->lock);
  g_free (recycler);
}

CantigaRecycled *
cantiga_recycler_take (CantigaRecycler *recycler)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&recycler->lock);
  CantigaRecycled *recycled;

  g_atomic_ref_count_inc (&recycler->refs);
  if (recycler->idle->len > 0)
    return g_ptr_array_steal_index_fast (recycler->idle, recycler->idle->len - 1);
  recycled = g_new0 (CantigaRecycled, 1);
  recycled->bytes = g_malloc (recycler->size);
  recycled->recycler = recycler;
  return recycled;
}

void
cantiga_recycled_free (CantigaRecycled *recycled)
{
  CantigaRecycler *recycler = recycled->recycler;

  g_mutex_lock (&recycler->lock);
  if (recycler->idle->len < recycler->spare)
    g_ptr_array_add (recycler->idle, recycled);
  else
    block_free (recycled);
  g_mutex_unlock (&recycler->lock);
  cantiga_recycler_unref (recycler);
}

GBytes *
cantiga_recycled_free_to_bytes (CantigaRecycled *recycled, gsize length)
{
  g_assert (length <= recycled->recycler->size);
  return g_bytes_new_with_free_func (recycled->bytes, length, (GDestroyNotify)cantiga_recycled_free, recycled);
}
