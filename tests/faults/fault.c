/* Loaded before a program (LD_PRELOAD): its calls on files below one folder fail as a test says.
 *
 * CANTIGA_FAULT_UNDER: the folder. CANTIGA_FAULT: a file that says which, read at each call, so that it can be written while the program runs;
 * without it nothing fails, and calls are counted anew. It holds `CALL ERRNO FIRST LAST`: of the calls named CALL (read, write, sync, name, open,
 * size; or any), those from FIRST to LAST, counted from 1, fail with ERRNO. `CALL 0 0 0` only counts; with an ERRNO below 0 they wait as long as the
 * file is there. `pieces`: reads and writes move at most 1,000
 * bytes, and every other call is interrupted. CANTIGA_FAULT_SEEN: a file that gets a byte for each call that failed, or was counted.
 *
 * What cannot be loaded before: allocations are refused in tests/core/test-memory.c and tests/server/test-ledger-memory.c. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define AT_ONCE 1000

static unsigned calls;

/* ---- which calls ---- */

static bool
is_below (const char *path)
{
  const char *folder = getenv ("CANTIGA_FAULT_UNDER");
  size_t length = folder != NULL ? strlen (folder) : 0;

  return length > 0 && strncmp (path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static bool
is_file_below (int file)
{
  char link[64], path[4096];
  ssize_t length;

  snprintf (link, sizeof link, "/proc/self/fd/%d", file);
  length = syscall (SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
  if (length <= 0)
    return false;
  path[length] = '\0';
  return is_below (path);
}

static bool
is_path_below (int folder, const char *path)
{
  return path[0] == '/' || folder == AT_FDCWD ? is_below (path) : is_file_below (folder);
}

/* ---- what happens to them ---- */

typedef struct
{
  char call[16];
  int number;
  unsigned first, last;
  bool pieces;
} Order;

static bool
read_order (Order *order)
{
  const char *path = getenv ("CANTIGA_FAULT");
  char text[64] = "";
  int file = path != NULL ? (int)syscall (SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0) : -1;

  memset (order, 0, sizeof *order);
  if (file >= 0)
    {
      (void)!syscall (SYS_read, file, text, sizeof text - 1);
      syscall (SYS_close, file);
    }
  order->pieces = strncmp (text, "pieces", 6) == 0;
  if (order->pieces || sscanf (text, "%15s %d %u %u", order->call, &order->number, &order->first, &order->last) == 4)
    return true;
  __atomic_store_n (&calls, 0, __ATOMIC_RELAXED);
  return false;
}

static void
note (void)
{
  const char *path = getenv ("CANTIGA_FAULT_SEEN");
  int file = path != NULL ? (int)syscall (SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

  if (file < 0)
    return;
  (void)!syscall (SYS_write, file, ".", 1);
  syscall (SYS_close, file);
}

static bool
fail_with (int number)
{
  note ();
  errno = number;
  return true;
}

static bool
waits (Order *order)
{
  note ();
  while (read_order (order) && order->number < 0)
    usleep (5000);
  return false;
}

/* Whether the call fails; most: how many bytes it may move. */
static bool
fails (const char *call, size_t *most)
{
  Order order;
  unsigned at;

  if (!read_order (&order))
    return false;
  if (order.pieces)
    {
      if (most == NULL)
        return false;
      *most = *most < AT_ONCE ? *most : AT_ONCE;
      return __atomic_fetch_add (&calls, 1, __ATOMIC_RELAXED) % 2 == 0 && fail_with (EINTR);
    }
  if (strcmp (order.call, "any") != 0 && strcmp (order.call, call) != 0)
    return false;
  at = __atomic_add_fetch (&calls, 1, __ATOMIC_RELAXED);
  if (order.number < 0)
    return at >= order.first && at <= order.last && waits (&order);
  if (order.number == 0)
    note ();
  return order.number != 0 && at >= order.first && at <= order.last && fail_with (order.number);
}

#define ON_FILE(call, most)                                                                                                                          \
  do                                                                                                                                                 \
    {                                                                                                                                                \
      int before = errno;                                                                                                                            \
      if (is_file_below (file) && fails (call, most))                                                                                                \
        return -1;                                                                                                                                   \
      errno = before;                                                                                                                                \
    }                                                                                                                                                \
  while (0)

#define ON_PATH(call, folder, path)                                                                                                                  \
  do                                                                                                                                                 \
    {                                                                                                                                                \
      int before = errno;                                                                                                                            \
      if (is_path_below (folder, path) && fails (call, NULL))                                                                                        \
        return -1;                                                                                                                                   \
      errno = before;                                                                                                                                \
    }                                                                                                                                                \
  while (0)

/* ---- the calls ---- */

#define EXPORT __attribute__ ((visibility ("default")))

EXPORT ssize_t
read (int file, void *bytes, size_t length)
{
  ON_FILE ("read", &length);
  return syscall (SYS_read, file, bytes, length);
}

EXPORT ssize_t
pread (int file, void *bytes, size_t length, off_t offset)
{
  ON_FILE ("read", &length);
  return syscall (SYS_pread64, file, bytes, length, offset);
}

EXPORT ssize_t
pread64 (int file, void *bytes, size_t length, off64_t offset)
{
  ON_FILE ("read", &length);
  return syscall (SYS_pread64, file, bytes, length, offset);
}

EXPORT ssize_t
write (int file, const void *bytes, size_t length)
{
  ON_FILE ("write", &length);
  return syscall (SYS_write, file, bytes, length);
}

EXPORT ssize_t
pwrite (int file, const void *bytes, size_t length, off_t offset)
{
  ON_FILE ("write", &length);
  return syscall (SYS_pwrite64, file, bytes, length, offset);
}

EXPORT ssize_t
pwrite64 (int file, const void *bytes, size_t length, off64_t offset)
{
  ON_FILE ("write", &length);
  return syscall (SYS_pwrite64, file, bytes, length, offset);
}

EXPORT int
fsync (int file)
{
  ON_FILE ("sync", NULL);
  return (int)syscall (SYS_fsync, file);
}

EXPORT int
fdatasync (int file)
{
  ON_FILE ("sync", NULL);
  return (int)syscall (SYS_fdatasync, file);
}

EXPORT int
ftruncate (int file, off_t length)
{
  ON_FILE ("size", NULL);
  return (int)syscall (SYS_ftruncate, file, length);
}

EXPORT int
ftruncate64 (int file, off64_t length)
{
  ON_FILE ("size", NULL);
  return (int)syscall (SYS_ftruncate, file, length);
}

EXPORT int
rename (const char *old_name, const char *new_name)
{
  ON_PATH ("name", AT_FDCWD, new_name);
  return (int)syscall (SYS_renameat2, AT_FDCWD, old_name, AT_FDCWD, new_name, 0);
}

EXPORT int
renameat (int old_folder, const char *old_name, int new_folder, const char *new_name)
{
  ON_PATH ("name", new_folder, new_name);
  return (int)syscall (SYS_renameat2, old_folder, old_name, new_folder, new_name, 0);
}

EXPORT int
link (const char *old_name, const char *new_name)
{
  ON_PATH ("name", AT_FDCWD, new_name);
  return (int)syscall (SYS_linkat, AT_FDCWD, old_name, AT_FDCWD, new_name, 0);
}

EXPORT int
mkdir (const char *path, mode_t mode)
{
  ON_PATH ("name", AT_FDCWD, path);
  return (int)syscall (SYS_mkdirat, AT_FDCWD, path, mode);
}

static mode_t
mode_of (int flags, va_list arguments)
{
  return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg (arguments, mode_t) : 0;
}

#define OPEN(folder)                                                                                                                                 \
  va_list arguments;                                                                                                                                 \
  mode_t mode;                                                                                                                                       \
                                                                                                                                                     \
  ON_PATH ("open", folder, path);                                                                                                                    \
  va_start (arguments, flags);                                                                                                                       \
  mode = mode_of (flags, arguments);                                                                                                                 \
  va_end (arguments);                                                                                                                                \
  return (int)syscall (SYS_openat, folder, path, flags, mode)

EXPORT int
open (const char *path, int flags, ...)
{
  OPEN (AT_FDCWD);
}

EXPORT int
open64 (const char *path, int flags, ...)
{
  OPEN (AT_FDCWD);
}

EXPORT int
openat (int folder, const char *path, int flags, ...)
{
  OPEN (folder);
}

EXPORT int
openat64 (int folder, const char *path, int flags, ...)
{
  OPEN (folder);
}
