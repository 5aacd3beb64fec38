#include "core/clean.h"

static void
assert_cleaned (const char *text, const char *expected)
{
  g_autofree char *cleaned = g_strdup (text);

  cantiga_clean (cleaned);
  g_assert_cmpstr (cleaned, ==, expected);
}

static void
test_letters_stay (void)
{
  static const char *const texts[] = { "", "Ondas do mar de Vigo", "João – «ﬁm»", "Плач Ярославны — 哀歌 🎵", "شعر\xe2\x80\x8c‎", "\xc2\xa0", "\xc2", "\xe2\x80", "\xff\xe9" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    assert_cleaned (texts[i], texts[i]);
}

static void
test_nothing_moves_the_cursor (void)
{
  assert_cleaned ("a\x1b[2Jb\r\n\tc\x7f", "a [2Jb   c ");
  assert_cleaned ("a\xc2\x9b" "2Jb\xc2\x80\xc2\x9f", "a  2Jb    ");
}

static void
test_nothing_turns_the_direction (void)
{
  assert_cleaned ("a\xe2\x80\xae" "b\xe2\x80\xaa\xe2\x81\xa6" "c\xe2\x81\xa9", "a   b      c   ");
  /* Their neighbours are dots and spaces. */
  assert_cleaned ("\xe2\x80\xa6\xe2\x80\xaf\xe2\x81\xaa", "\xe2\x80\xa6\xe2\x80\xaf\xe2\x81\xaa");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clean/letters-stay", test_letters_stay);
  g_test_add_func ("/clean/nothing-moves-the-cursor", test_nothing_moves_the_cursor);
  g_test_add_func ("/clean/nothing-turns-the-direction", test_nothing_turns_the_direction);
  return g_test_run ();
}
