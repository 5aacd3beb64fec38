/* The writer and the reader of sealed files when the system fails them. The system's functions are put in between here: the core is linked
 * statically, so that this program's own go before libc's. */
#include "tests/core/sealed-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIZE (2 * (gsize)CHUNK + 5)
#define CHUNKS_END ((gint64)(CANTIGA_SEALED_HEADER + SIZE + 3 * TAG))

/* What the system does from now on; all zero: what it always does. */
static struct
{
  gint64 room;                                /* bytes that can still be written, and then ENOSPC; 0: no end */
  gsize most_at_once;                         /* bytes a call moves; 0: no bound */
  gboolean interrupted;                       /* every other call is interrupted */
  int fsync_file, fsync_folder, rename, read; /* errno */
} system_now;

static guint calls;

static gboolean
fail (int number)
{
  errno = number;
  return number != 0;
}

static gsize
at_once (gsize length)
{
  return system_now.most_at_once != 0 ? MIN (length, system_now.most_at_once) : length;
}

ssize_t
pwrite (int file, const void *bytes, size_t length, off_t offset)
{
  if (system_now.interrupted && calls++ % 2 == 0 && fail (EINTR))
    return -1;
  length = at_once (length);
  if (system_now.room != 0)
    {
      if (offset + (off_t)1 > system_now.room && fail (ENOSPC))
        return -1;
      length = MIN (length, (gsize)(system_now.room - offset));
    }
  return syscall (SYS_pwrite64, file, bytes, length, offset);
}

ssize_t
pread (int file, void *bytes, size_t length, off_t offset)
{
  if (system_now.interrupted && calls++ % 2 == 0 && fail (EINTR))
    return -1;
  if (fail (system_now.read))
    return -1;
  return syscall (SYS_pread64, file, bytes, at_once (length), offset);
}

int
fsync (int file)
{
  struct stat status;

  if (fail (fstat (file, &status) == 0 && S_ISDIR (status.st_mode) ? system_now.fsync_folder : system_now.fsync_file))
    return -1;
  return (int)syscall (SYS_fsync, file);
}

int
renameat (int old_folder, const char *old_name, int new_folder, const char *new_name)
{
  if (fail (system_now.rename))
    return -1;
  return (int)syscall (SYS_renameat2, old_folder, old_name, new_folder, new_name, 0);
}

static void
mend (void)
{
  memset (&system_now, 0, sizeof system_now);
}

/* ---- what must then be so ---- */

static void
assert_folder_empty (Fixture *fixture)
{
  g_autoptr (GPtrArray) names = list_folder (fixture);

  g_assert_cmpuint (names->len, ==, 0);
}

/* The title cannot be sealed, the error says why, and nothing of it is left. */
static void
assert_fails (Fixture *fixture, GIOErrorEnum code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (try_to_seal (fixture, 1, SIZE, &error));
  g_assert_error (error, G_IO_ERROR, (int)code);
  assert_folder_empty (fixture);
}

static void
assert_seals (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = seal_title (fixture, 1, SIZE);
  g_autoptr (CantigaSealed) sealed = NULL;

  mend ();
  sealed = open_title (fixture, path);
  g_assert_true (cantiga_sealed_verify (sealed, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_remove (path), ==, 0);
  assert_folder_empty (fixture);
}

/* How long the sealed file of these tests is. */
static gint64
measure (Fixture *fixture)
{
  g_autofree char *path = seal_title (fixture, 1, SIZE);
  GStatBuf status;

  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpint (g_remove (path), ==, 0);
  return status.st_size;
}

/* ---- no room ---- */

static void
test_full_disk (Fixture *fixture, gconstpointer unused)
{
  const gint64 whole = measure (fixture);
  const gint64 rooms[]
      = { 1, 127, 128, 129, CHUNK / 2, 128 + CHUNK, 128 + CHUNK + TAG, 2 * CHUNK, CHUNKS_END - 1, CHUNKS_END, CHUNKS_END + 1, whole - 29, whole - 1 };

  for (guint i = 0; i < G_N_ELEMENTS (rooms); i++)
    {
      system_now.room = rooms[i];
      assert_fails (fixture, G_IO_ERROR_NO_SPACE);
    }
  system_now.room = whole;
  assert_seals (fixture);
}

static void
limit_files (rlim_t length)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  limit.rlim_cur = MIN (length, limit.rlim_max);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

/* The same through the system itself, which writes what still fits and then refuses. */
static void
test_file_limit (Fixture *fixture, gconstpointer unused)
{
  const gint64 whole = measure (fixture);
  const gint64 limits[] = { 0, 1, 129, 128 + CHUNK, 128 + CHUNK + TAG + 1, CHUNKS_END - 1, CHUNKS_END, whole - 1 };
  void (*before) (int) = signal (SIGXFSZ, SIG_IGN);

  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean sealed;

      limit_files ((rlim_t)limits[i]);
      sealed = try_to_seal (fixture, 1, SIZE, &error);
      limit_files (RLIM_INFINITY);
      g_assert_false (sealed);
      g_assert_error (error, G_IO_ERROR, (int)g_io_error_from_errno (EFBIG));
      assert_folder_empty (fixture);
    }
  signal (SIGXFSZ, before);
  assert_seals (fixture);
}

/* ---- the last steps ---- */

static void
test_fsync (Fixture *fixture, gconstpointer unused)
{
  system_now.fsync_file = EIO;
  assert_fails (fixture, G_IO_ERROR_FAILED);
  system_now.fsync_file = ENOSPC;
  assert_fails (fixture, G_IO_ERROR_NO_SPACE);
}

static void
test_rename (Fixture *fixture, gconstpointer unused)
{
  system_now.rename = EACCES;
  assert_fails (fixture, G_IO_ERROR_PERMISSION_DENIED);
}

/* The file has its name already and is whole: the caller is told that it may not outlive a power cut, and no more. */
static void
test_fsync_folder (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = path_of (fixture, 1, ".cantiga");
  g_autoptr (CantigaSealed) sealed = NULL;
  g_autoptr (GPtrArray) names = NULL;

  system_now.fsync_folder = EIO;
  g_assert_false (try_to_seal (fixture, 1, SIZE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  names = list_folder (fixture);
  g_assert_cmpuint (names->len, ==, 1);
  sealed = open_title (fixture, path);
  g_assert_nonnull (sealed);
}

/* A failure while a title is sealed anew leaves the old file as it was. */
static void
test_old_file (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = seal_title (fixture, 1, 100);
  const int failures[] = { EIO, ENOSPC, EROFS };

  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (CantigaSealed) sealed = NULL;

      system_now.fsync_file = failures[i];
      g_assert_false (try_to_seal (fixture, 1, SIZE, &error));
      sealed = open_title (fixture, path);
      g_assert_cmpuint (cantiga_sealed_get_size (sealed), ==, 100);
    }
}

/* ---- no folder, no descriptors ---- */

static void
test_no_folder (Fixture *fixture, gconstpointer unused)
{
  const CantigaId title = title_of (1);
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_sealed_writer_new ("/nowhere/at all", &title, SIZE, fixture->master, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (cantiga_sealed_writer_new ("/dev/null", &title, SIZE, fixture->master, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
}

static void
test_no_descriptors (Fixture *fixture, gconstpointer unused)
{
  int next = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  struct rlimit before, limit;

  g_assert_cmpint (next, >=, 0);
  close (next);
  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  limit = before;
  /* Room for none, and for the folder alone. */
  for (int more = 0; more < 2; more++)
    {
      const CantigaId title = title_of (1);
      g_autoptr (GError) error = NULL;
      CantigaSealedWriter *writer;

      limit.rlim_cur = (rlim_t)(next + more);
      g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
      writer = cantiga_sealed_writer_new (fixture->folder, &title, SIZE, fixture->master, &error);
      g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);
      g_assert_null (writer);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES);
      assert_folder_empty (fixture);
    }
  assert_seals (fixture);
}

/* ---- a system that does its work in pieces ---- */

static void
test_pieces (Fixture *fixture, gconstpointer unused)
{
  static const gsize most[] = { 1000, 65536, 262143 };

  for (guint i = 0; i < G_N_ELEMENTS (most); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *path = NULL;
      g_autoptr (CantigaSealed) sealed = NULL;

      system_now.most_at_once = most[i];
      system_now.interrupted = TRUE;
      path = seal_title (fixture, 1, SIZE);
      sealed = open_title (fixture, path);
      g_assert_true (cantiga_sealed_verify (sealed, NULL, NULL, &error));
      g_assert_no_error (error);
    }
}

/* A disk that cannot be read is not a damaged file. */
static void
test_read_error (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = seal_title (fixture, 1, SIZE);
  g_autoptr (CantigaSealed) sealed = open_title (fixture, path);
  g_autofree guint8 *chunk = g_malloc (CHUNK + TAG);
  gsize length;

  system_now.read = EIO;
  g_assert_false (cantiga_sealed_read_chunk (sealed, 0, chunk, &length, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_null (cantiga_sealed_open (path, fixture->master, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
}

static void
mend_and_tear_down (Fixture *fixture, gconstpointer unused)
{
  mend ();
  tear_down (fixture, NULL);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, mend_and_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/sealed-faults/a-full-disk-leaves-nothing", test_full_disk);
  ADD ("/sealed-faults/a-file-limit-leaves-nothing", test_file_limit);
  ADD ("/sealed-faults/a-failed-fsync-leaves-nothing", test_fsync);
  ADD ("/sealed-faults/a-failed-rename-leaves-nothing", test_rename);
  ADD ("/sealed-faults/a-failed-fsync-of-the-folder-is-told", test_fsync_folder);
  ADD ("/sealed-faults/a-failure-leaves-the-old-file-as-it-was", test_old_file);
  ADD ("/sealed-faults/a-missing-folder-is-told", test_no_folder);
  ADD ("/sealed-faults/a-lack-of-descriptors-leaves-nothing", test_no_descriptors);
  ADD ("/sealed-faults/short-and-interrupted-calls-are-gone-on-with", test_pieces);
  ADD ("/sealed-faults/a-read-error-is-not-called-damage", test_read_error);
  return g_test_run ();
}
