/* "1 s, doubled by each further failure up to 60 s … it is forgotten after a success or ten minutes" (docs/protocol.md 7). */
#include "server/throttle.h"

#define NOW 1800000000
#define HERE "192.0.2.1"

static void
assert_wait (CantigaThrottle *throttle, const char *address, gint64 now, guint seconds)
{
  g_assert_cmpuint (cantiga_throttle_get_wait (throttle, address, now), ==, seconds);
}

static void
test_grows (void)
{
  CantigaThrottle *throttle = cantiga_throttle_new ();
  gint64 now = NOW;

  assert_wait (throttle, HERE, now, 0);
  for (const guint *wait = (const guint[]){ 1, 2, 4, 8, 16, 32, 60, 60, 0 }; *wait != 0; wait++)
    {
      cantiga_throttle_failed (throttle, HERE, now);
      assert_wait (throttle, HERE, now, *wait);
      assert_wait (throttle, "192.0.2.2", now, 0);
      now += *wait - 1;
      assert_wait (throttle, HERE, now, 1);
      now++;
      assert_wait (throttle, HERE, now, 0);
    }
  cantiga_throttle_free (throttle);
}

static void
test_forgets (void)
{
  CantigaThrottle *throttle = cantiga_throttle_new ();

  cantiga_throttle_failed (throttle, HERE, NOW);
  cantiga_throttle_failed (throttle, HERE, NOW);
  cantiga_throttle_succeeded (throttle, HERE);
  assert_wait (throttle, HERE, NOW, 0);
  cantiga_throttle_failed (throttle, HERE, NOW);
  cantiga_throttle_failed (throttle, HERE, NOW);
  cantiga_throttle_sweep (throttle, NOW + 599);
  cantiga_throttle_failed (throttle, HERE, NOW + 599);
  assert_wait (throttle, HERE, NOW + 599, 4);
  cantiga_throttle_sweep (throttle, NOW + 599 + 600);
  cantiga_throttle_failed (throttle, HERE, NOW + 1200);
  assert_wait (throttle, HERE, NOW + 1200, 1);
  cantiga_throttle_free (throttle);
}

/* "a flood of them must not become a flood of memory": who comes after that is not slowed down, who was there still is. */
static void
test_flood (void)
{
  CantigaThrottle *throttle = cantiga_throttle_new ();

  cantiga_throttle_failed (throttle, HERE, NOW);
  for (guint i = 0; i < 65536; i++)
    {
      char address[24];

      g_snprintf (address, sizeof address, "10.%u.%u.1", i / 256, i % 256);
      cantiga_throttle_failed (throttle, address, NOW);
    }
  assert_wait (throttle, HERE, NOW, 1);
  assert_wait (throttle, "10.0.0.1", NOW, 1);
  assert_wait (throttle, "10.255.255.1", NOW, 0);
  cantiga_throttle_free (throttle);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/throttle/grows-with-each-failure", test_grows);
  g_test_add_func ("/throttle/forgets", test_forgets);
  g_test_add_func ("/throttle/remembers-so-many-addresses-and-no-more", test_flood);
  return g_test_run ();
}
