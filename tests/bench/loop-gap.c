/* Loaded before a program with a GLib main loop (LD_PRELOAD): how long its main thread was away from poll(), each time that was over a millisecond, a
 * line a time in $CANTIGA_GAPS: when it came back (monotonic) and for how long it was away, in seconds. $CANTIGA_GAPS_OF: the program's name; its
 * children are not measured. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TOLD_SECONDS 0.001

static double
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int
open_gaps (void)
{
  const char *path = getenv ("CANTIGA_GAPS");
  const char *program = getenv ("CANTIGA_GAPS_OF");

  if (path == NULL || program == NULL || strcmp (program, program_invocation_short_name) != 0)
    return -1;
  return open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

int
poll (struct pollfd *fds, nfds_t n, int timeout)
{
  static int (*real) (struct pollfd *, nfds_t, int);
  static int gaps = -2;
  static double back;
  int main_thread = getpid () == gettid ();
  int result, reason;

  if (real == NULL)
    *(void **)&real = dlsym (RTLD_NEXT, "poll");
  if (!main_thread)
    return real (fds, n, timeout);
  if (gaps == -2)
    gaps = open_gaps ();
  if (gaps >= 0 && back > 0 && now () - back > TOLD_SECONDS)
    dprintf (gaps, "%.6f %.6f\n", now (), now () - back);
  result = real (fds, n, timeout);
  reason = errno;
  back = now ();
  errno = reason;
  return result;
}
