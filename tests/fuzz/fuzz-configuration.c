/* server.conf: what is taken is written out whole and read to the same. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "server/config.h"

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  char path[64], again_path[64];
  int file = fuzz_file_open (bytes, length, path), again_file;
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaConfig) config = cantiga_config_load (path, TRUE, &error);
  g_autoptr (CantigaConfig) again = NULL;
  g_autofree char *written = NULL, *written_again = NULL;

  fuzz_file_close (file);
  if (config == NULL)
    {
      g_assert_nonnull (error);
      return 0;
    }
  written = cantiga_config_format (config);
  again_file = fuzz_file_open ((const guint8 *)written, strlen (written), again_path);
  again = cantiga_config_load (again_path, TRUE, &error);
  fuzz_file_close (again_file);
  g_assert_no_error (error);
  written_again = cantiga_config_format (again);
  g_assert_cmpstr (written_again, ==, written);
  return 0;
}
