/* replay NAME FOLDER ROUNDS: a fuzz target without libFuzzer: everything in the corpus, and ROUNDS changes of its files in all, the same ones every time. TAP. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

/* One change: bits turned, bytes replaced, a part cut out, doubled or taken from another place. */
static void
change (GRand *chance, GByteArray *bytes)
{
  static const guint8 telling[] = { 0, 1, 0x7f, 0x80, 0xff, '"', '{', '}', '[', ']', '0', '9', '-', '.', '\\', '/', '%', '=' };
  guint at = (guint)g_rand_int_range (chance, 0, (gint)bytes->len + 1);
  guint length = (guint)g_rand_int_range (chance, 1, 9);
  guint8 byte = telling[g_rand_int_range (chance, 0, G_N_ELEMENTS (telling))];

  switch (at < bytes->len ? g_rand_int_range (chance, 0, 6) : 5)
    {
    case 0:
      bytes->data[at] ^= (guint8)(1 << g_rand_int_range (chance, 0, 8));
      break;
    case 1:
      bytes->data[at] = byte;
      break;
    case 2:
      g_byte_array_remove_range (bytes, at, MIN (length, bytes->len - at));
      break;
    case 3:
      g_byte_array_set_size (bytes, at);
      break;
    case 4:
      memset (bytes->data + at, byte, MIN (length, bytes->len - at));
      break;
    default:
      for (guint i = 0; i < length; i++)
        g_byte_array_append (bytes, &byte, 1);
      break;
    }
}

static void
replay (const guint8 *seed, gsize length, guint rounds)
{
  g_autoptr (GRand) chance = g_rand_new_with_seed ((guint32)length);

  LLVMFuzzerTestOneInput (seed, length);
  for (guint i = 0; i < rounds; i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();

      g_byte_array_append (bytes, seed, (guint)length);
      for (gint n = g_rand_int_range (chance, 1, 5); n > 0; n--)
        change (chance, bytes);
      LLVMFuzzerTestOneInput (bytes->data, bytes->len);
    }
}

static GPtrArray *
list_files (const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &error);
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
  return paths;
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) paths = NULL;
  guint rounds;

  g_assert_cmpint (argc, ==, 4);
  paths = list_files (argv[2]);
  rounds = (guint)g_ascii_strtoull (argv[3], NULL, 10) / MAX (paths->len, 1) + 1;
  for (guint i = 0; i < paths->len; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *seed = NULL;
      gsize length;

      g_assert_true (g_file_get_contents (paths->pdata[i], &seed, &length, &error));
      replay ((const guint8 *)seed, length, rounds);
    }
  LLVMFuzzerTestOneInput ((const guint8 *)"", 0);
  g_print ("1..1\n%s 1 - %s: %u files and what comes of changing them\n", paths->len > 0 ? "ok" : "not ok", argv[1], paths->len);
  return paths->len > 0 ? 0 : 1;
}
