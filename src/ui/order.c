#include "ui/order.h"

#include "core/secret.h"

typedef struct
{
  CantigaEntry *entry; /* owned */
  guint number;        /* where it stands when nothing is shuffled; gaps do not matter */
} Stand;

struct _CantigaOrder
{
  GPtrArray *stands; /* Stand */
  gboolean shuffled;
};

static void
stand_free (gpointer data)
{
  Stand *stand = data;

  g_object_unref (stand->entry);
  g_free (stand);
}

CantigaOrder *
cantiga_order_new (void)
{
  CantigaOrder *order = g_new0 (CantigaOrder, 1);

  order->stands = g_ptr_array_new_with_free_func (stand_free);
  return order;
}

void
cantiga_order_free (CantigaOrder *order)
{
  g_ptr_array_unref (order->stands);
  g_free (order);
}

guint
cantiga_order_get_length (CantigaOrder *order)
{
  return order->stands->len;
}

static Stand *
stand_at (CantigaOrder *order, guint place)
{
  return g_ptr_array_index (order->stands, place);
}

CantigaEntry *
cantiga_order_get_entry (CantigaOrder *order, guint place)
{
  return place < order->stands->len ? stand_at (order, place)->entry : NULL;
}

CantigaTitle *
cantiga_order_get (CantigaOrder *order, guint place)
{
  CantigaEntry *entry = cantiga_order_get_entry (order, place);

  return entry != NULL ? cantiga_entry_get_title (entry) : NULL;
}

/* Room in the numbers after those of the entries before place, so that what is put in there follows them also when nothing is shuffled any more. */
static guint
make_numbers (CantigaOrder *order, guint place, guint n)
{
  guint number = place > 0 ? stand_at (order, place - 1)->number + 1 : 0;

  for (guint i = 0; i < order->stands->len; i++)
    if (stand_at (order, i)->number >= number)
      stand_at (order, i)->number += n;
  return number;
}

void
cantiga_order_insert (CantigaOrder *order, guint place, GPtrArray *titles)
{
  guint number = make_numbers (order, place, titles->len);

  for (guint i = 0; i < titles->len; i++)
    {
      Stand *stand = g_new0 (Stand, 1);

      stand->entry = cantiga_entry_new (g_ptr_array_index (titles, i));
      stand->number = number + i;
      g_ptr_array_insert (order->stands, (int)(place + i), stand);
    }
}

void
cantiga_order_remove (CantigaOrder *order, guint place)
{
  g_ptr_array_remove_index (order->stands, place);
}

void
cantiga_order_clear (CantigaOrder *order)
{
  g_ptr_array_set_size (order->stands, 0);
  order->shuffled = FALSE;
}

/* A hand's order counts: unshuffled, it is the order from then on. */
void
cantiga_order_move (CantigaOrder *order, guint from, guint to)
{
  Stand *stand = g_ptr_array_steal_index (order->stands, from);

  g_ptr_array_insert (order->stands, (int)to, stand);
  if (order->shuffled)
    return;
  for (guint i = 0; i < order->stands->len; i++)
    stand_at (order, i)->number = i;
}

void
cantiga_order_swap (CantigaOrder *order, guint one, guint other)
{
  gpointer *stands = order->stands->pdata;
  gpointer kept = stands[one];

  stands[one] = stands[other];
  stands[other] = kept;
}

void
cantiga_order_shuffle (CantigaOrder *order, guint from)
{
  order->shuffled = TRUE;
  for (guint left = order->stands->len; left > from + 1; left--)
    {
      guint32 any;

      cantiga_random (&any, sizeof any);
      cantiga_order_swap (order, left - 1, from + any % (left - from));
    }
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  const Stand *one = *(const Stand *const *)a;
  const Stand *other = *(const Stand *const *)b;

  return one->number < other->number ? -1 : one->number > other->number;
}

guint
cantiga_order_unshuffle (CantigaOrder *order, guint place)
{
  Stand *stand = place < order->stands->len ? stand_at (order, place) : NULL;
  guint found;

  order->shuffled = FALSE;
  g_ptr_array_sort (order->stands, compare_numbers);
  return stand != NULL && g_ptr_array_find (order->stands, stand, &found) ? found : 0;
}
