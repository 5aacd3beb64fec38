#include "client/player-private.h"

/* A player whose sound began at second 42 of its title, when its pipeline had run for 7; the clock stands at time. */
static double
find_place (GstClockTime time)
{
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (CantigaPlayer) player = NULL;
  double place;

  g_object_set (sink, "sync", TRUE, NULL);
  player = cantiga_player_new (sink, NULL);
  g_assert_nonnull (player);
  player->flow = CANTIGA_FLOW_FLOWING;
  player->seek = CANTIGA_SEEK_NONE;
  player->stretch.start = 42;
  player->stretch.base = 7 * GST_SECOND;
  gst_element_set_start_time (player->pipeline, time);
  place = cantiga_player_get_position (player);
  player->flow = CANTIGA_FLOW_NONE;
  return place;
}

static void
test_place_goes_with_the_clock (void)
{
  g_assert_cmpfloat_with_epsilon (find_place (7 * GST_SECOND), 42, 0.001);
  g_assert_cmpfloat_with_epsilon (find_place (9 * GST_SECOND), 44, 0.001);
}

/* A sound system whose clock stands below zero after a seek must not put the title at its end: the next one would be begun, and paid for. */
static void
test_nonsense_is_where_it_was_put (void)
{
  g_assert_cmpfloat_with_epsilon (find_place (5 * GST_SECOND), 42, 0.001);
  g_assert_cmpfloat_with_epsilon (find_place ((GstClockTime)(-3 * GST_SECOND)), 42, 0.001);
  g_assert_cmpfloat_with_epsilon (find_place (GST_CLOCK_TIME_NONE), 42, 0.001);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/player-time/goes-with-the-clock", test_place_goes_with_the_clock);
  g_test_add_func ("/player-time/nonsense-is-where-it-was-put", test_nonsense_is_where_it_was_put);
  return g_test_run ();
}
