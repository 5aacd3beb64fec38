#include "core/suite.h"

#include "core/error.h"

static void
test_names (void)
{
  gsize n;
  const CantigaSuite *all = cantiga_suites_all (&n);

  g_assert_cmpuint (n, ==, 72);
  for (gsize i = 0; i < n; i++)
    {
      CantigaSuite parsed;

      g_assert_true (cantiga_suite_parse (cantiga_suite_get_name (&all[i]), &parsed));
      g_assert_cmpstr (cantiga_suite_get_name (&parsed), ==, cantiga_suite_get_name (&all[i]));
    }
}

static void
test_names_fit (void)
{
  gsize n;
  const CantigaSuite *all = cantiga_suites_all (&n);
  gsize longest = 0;

  for (gsize i = 0; i < n; i++)
    longest = MAX (longest, strlen (cantiga_suite_get_name (&all[i])));
  g_assert_cmpuint (longest, ==, strlen ("ECDH_ECDSA_CHACHA20_POLY1305_SHA512"));
  g_assert_cmpuint (longest, <=, CANTIGA_SUITE_NAME_MAX);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/suite/all-72-names-are-read-back", test_names);
  g_test_add_func ("/suite/names-fit-the-limit-of-3.3", test_names_fit);
  return g_test_run ();
}
