/* Loaded before a program (LD_PRELOAD): a disk that takes CANTIGA_DISK_MICROSECONDS for each flush, as consumers' disks do, where this machine's is quicker. For tests/bench/bench-ledger. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__ ((visibility ("default")))

EXPORT int fdatasync (int file);
EXPORT int fsync (int file);

static int
flush (long call, int file)
{
  const char *text = getenv ("CANTIGA_DISK_MICROSECONDS");
  struct timespec ends;
  int done;

  clock_gettime (CLOCK_MONOTONIC, &ends);
  ends.tv_nsec += (text != NULL ? atol (text) : 0) * 1000;
  ends.tv_sec += ends.tv_nsec / 1000000000;
  ends.tv_nsec %= 1000000000;
  done = (int)syscall (call, file);
  while (clock_nanosleep (CLOCK_MONOTONIC, TIMER_ABSTIME, &ends, NULL) != 0)
    ;
  return done;
}

int
fdatasync (int file)
{
  return flush (SYS_fdatasync, file);
}

int
fsync (int file)
{
  return flush (SYS_fsync, file);
}
