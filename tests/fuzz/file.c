#include "tests/fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

int
fuzz_file_open (const guint8 *bytes, gsize length, char path[64])
{
  int file = memfd_create ("fuzz", MFD_CLOEXEC);

  g_assert_cmpint (file, >=, 0);
  g_assert_cmpint (write (file, bytes, length), ==, (gssize)length);
  g_snprintf (path, 64, "/proc/self/fd/%d", file);
  return file;
}

void
fuzz_file_close (int file)
{
  close (file);
}
