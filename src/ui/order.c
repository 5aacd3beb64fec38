#include "ui/order.h"

#include "core/secret.h"

typedef struct
{
  CantigaTitle *title; /* owned */
  guint number;        /* where it stands when nothing is shuffled; gaps do not matter */
} Entry;

struct _CantigaOrder
{
  GPtrArray *entries; /* Entry */
  gboolean shuffled;
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_object_unref (entry->title);
  g_free (entry);
}

CantigaOrder *
cantiga_order_new (void)
{
  CantigaOrder *order = g_new0 (CantigaOrder, 1);

  order->entries = g_ptr_array_new_with_free_func (entry_free);
  return order;
}

void
cantiga_order_free (CantigaOrder *order)
{
  g_ptr_array_unref (order->entries);
  g_free (order);
}

guint
cantiga_order_get_length (CantigaOrder *order)
{
  return order->entries->len;
}

static Entry *
entry_at (CantigaOrder *order, guint place)
{
  return g_ptr_array_index (order->entries, place);
}

CantigaTitle *
cantiga_order_get (CantigaOrder *order, guint place)
{
  return place < order->entries->len ? entry_at (order, place)->title : NULL;
}

/* Room in the numbers after those of the entries before place, so that what is put in there follows them also when nothing is shuffled any more. */
static guint
make_numbers (CantigaOrder *order, guint place, guint n)
{
  guint number = place > 0 ? entry_at (order, place - 1)->number + 1 : 0;

  for (guint i = 0; i < order->entries->len; i++)
    if (entry_at (order, i)->number >= number)
      entry_at (order, i)->number += n;
  return number;
}

void
cantiga_order_insert (CantigaOrder *order, guint place, GPtrArray *titles)
{
  guint number = make_numbers (order, place, titles->len);

  for (guint i = 0; i < titles->len; i++)
    {
      Entry *entry = g_new0 (Entry, 1);

      entry->title = g_object_ref (g_ptr_array_index (titles, i));
      entry->number = number + i;
      g_ptr_array_insert (order->entries, (int)(place + i), entry);
    }
}

void
cantiga_order_remove (CantigaOrder *order, guint place)
{
  g_ptr_array_remove_index (order->entries, place);
}

void
cantiga_order_clear (CantigaOrder *order)
{
  g_ptr_array_set_size (order->entries, 0);
  order->shuffled = FALSE;
}

/* A hand's order counts: unshuffled, it is the order from then on. */
void
cantiga_order_move (CantigaOrder *order, guint from, guint to)
{
  Entry *entry = g_ptr_array_steal_index (order->entries, from);

  g_ptr_array_insert (order->entries, (int)to, entry);
  if (order->shuffled)
    return;
  for (guint i = 0; i < order->entries->len; i++)
    entry_at (order, i)->number = i;
}

void
cantiga_order_swap (CantigaOrder *order, guint one, guint other)
{
  gpointer *entries = order->entries->pdata;
  gpointer kept = entries[one];

  entries[one] = entries[other];
  entries[other] = kept;
}

void
cantiga_order_shuffle (CantigaOrder *order, guint from)
{
  order->shuffled = TRUE;
  for (guint left = order->entries->len; left > from + 1; left--)
    {
      guint32 any;

      cantiga_random (&any, sizeof any);
      cantiga_order_swap (order, left - 1, from + any % (left - from));
    }
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  const Entry *one = *(const Entry *const *)a;
  const Entry *other = *(const Entry *const *)b;

  return one->number < other->number ? -1 : one->number > other->number;
}

guint
cantiga_order_unshuffle (CantigaOrder *order, guint place)
{
  Entry *entry = place < order->entries->len ? entry_at (order, place) : NULL;
  guint found;

  order->shuffled = FALSE;
  g_ptr_array_sort (order->entries, compare_numbers);
  return entry != NULL && g_ptr_array_find (order->entries, entry, &found) ? found : 0;
}
