#include "ui/order.h"

static GPtrArray *
make_titles (guint n)
{
  GPtrArray *titles = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (titles, g_object_new (CANTIGA_TYPE_TITLE, NULL));
  return titles;
}

static guint
count_in_place (CantigaOrder *order, GPtrArray *titles)
{
  guint n = 0;

  for (guint i = 0; i < titles->len; i++)
    n += cantiga_order_get (order, i) == g_ptr_array_index (titles, i);
  return n;
}

static void
test_shuffles_and_back (void)
{
  g_autoptr (CantigaOrder) order = cantiga_order_new ();
  g_autoptr (GPtrArray) titles = make_titles (100);
  CantigaTitle *at_seven;

  cantiga_order_insert (order, 0, titles);
  cantiga_order_shuffle (order, 1);
  g_assert_true (cantiga_order_get (order, 0) == g_ptr_array_index (titles, 0));
  g_assert_cmpuint (count_in_place (order, titles), <, 50);
  at_seven = cantiga_order_get (order, 7);
  g_assert_true (g_ptr_array_index (titles, cantiga_order_unshuffle (order, 7)) == at_seven);
  g_assert_cmpuint (count_in_place (order, titles), ==, 100);
}

/* What was put in behind a title while it was shuffled follows that title afterwards too. */
static void
test_keeps_what_came_while_shuffled (void)
{
  g_autoptr (CantigaOrder) order = cantiga_order_new ();
  g_autoptr (GPtrArray) titles = make_titles (20);
  g_autoptr (GPtrArray) more = make_titles (2);
  guint place;

  cantiga_order_insert (order, 0, titles);
  cantiga_order_shuffle (order, 0);
  cantiga_order_insert (order, 6, more);
  place = cantiga_order_unshuffle (order, 5);
  g_assert_cmpuint (cantiga_order_get_length (order), ==, 22);
  g_assert_true (cantiga_order_get (order, place + 1) == g_ptr_array_index (more, 0));
  g_assert_true (cantiga_order_get (order, place + 2) == g_ptr_array_index (more, 1));
}

static void
test_moves_and_removes (void)
{
  g_autoptr (CantigaOrder) order = cantiga_order_new ();
  g_autoptr (GPtrArray) titles = make_titles (4);

  cantiga_order_insert (order, 0, titles);
  cantiga_order_move (order, 0, 3);
  g_assert_true (cantiga_order_get (order, 3) == g_ptr_array_index (titles, 0));
  g_assert_true (cantiga_order_get (order, 0) == g_ptr_array_index (titles, 1));
  cantiga_order_shuffle (order, 0);
  cantiga_order_unshuffle (order, 0);
  g_assert_true (cantiga_order_get (order, 3) == g_ptr_array_index (titles, 0));
  cantiga_order_remove (order, 0);
  g_assert_true (cantiga_order_get (order, 0) == g_ptr_array_index (titles, 2));
  g_assert_null (cantiga_order_get (order, 3));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/order/shuffles-and-back", test_shuffles_and_back);
  g_test_add_func ("/order/keeps-what-came-while-shuffled", test_keeps_what_came_while_shuffled);
  g_test_add_func ("/order/moves-and-removes", test_moves_and_removes);
  return g_test_run ();
}
