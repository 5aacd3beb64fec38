#include "tests/core/sealed-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE (2 * (gsize)CHUNK + 5)

static void
assert_folder_holds (Fixture *fixture, const char *path_or_null)
{
  g_autoptr (GPtrArray) names = list_folder (fixture);
  g_autofree char *name = path_or_null != NULL ? g_path_get_basename (path_or_null) : NULL;

  g_assert_cmpuint (names->len, ==, name != NULL ? 1 : 0);
  if (name != NULL)
    g_assert_cmpstr (g_ptr_array_index (names, 0), ==, name);
}

static CantigaSealedWriter *
writer_new (Fixture *fixture, guint8 number, gsize size)
{
  g_autoptr (GError) error = NULL;
  const CantigaId title = title_of (number);
  CantigaSealedWriter *writer = cantiga_sealed_writer_new (fixture->folder, &title, size, fixture->master, &error);

  g_assert_no_error (error);
  return writer;
}

static void
assert_hides (const char *path, const char *marker)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *bytes = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &bytes, &length, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (length, >, CANTIGA_SEALED_HEADER);
  g_assert_null (memmem (bytes, length, marker, strlen (marker)));
}

static void
assert_private (const char *path)
{
  GStatBuf status;

  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 07777, ==, 0600);
}

/* ---- what stands on the disk ---- */

static void
test_hidden (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *media = make_media (SIZE);
  g_autofree char *part = path_of (fixture, 1, ".cantiga.part");
  g_autofree char *path = NULL;

  {
    g_autoptr (CantigaSealedWriter) writer = writer_new (fixture, 1, SIZE);

    g_assert_true (cantiga_sealed_writer_add (writer, media, CHUNK, &error));
    assert_hides (part, "marker");
  }
  path = seal_title (fixture, 1, SIZE);
  assert_folder_holds (fixture, path);
  assert_hides (path, "marker");
  assert_hides (path, "Afonso");
  assert_hides (path, "audio/flac");
}

static void
test_private (Fixture *fixture, gconstpointer unused)
{
  mode_t mask = umask (0);
  g_autoptr (CantigaSealedWriter) writer = writer_new (fixture, 1, SIZE);
  g_autofree char *part = path_of (fixture, 1, ".cantiga.part");
  g_autofree char *path = seal_title (fixture, 2, SIZE);

  umask (mask);
  assert_private (part);
  assert_private (path);
}

/* Neither part file nor sealed file is inherited by a program that is started meanwhile. */
static void
test_descriptors (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = seal_title (fixture, 1, SIZE);
  g_autoptr (CantigaSealed) sealed = open_title (fixture, path);
  g_autoptr (CantigaSealedWriter) writer = writer_new (fixture, 2, SIZE);
  guint found = 0;

  for (int descriptor = 0; descriptor < 256; descriptor++)
    {
      g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", descriptor);
      g_autofree char *target = g_file_read_link (link, NULL);

      if (target == NULL || !g_str_has_prefix (target, fixture->folder))
        continue;
      g_assert_cmpint (fcntl (descriptor, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
      found++;
    }
  /* The sealed file, the part file, the writer's folder. */
  g_assert_cmpuint (found, ==, 3);
}

static void
test_signed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *media = make_media (SIZE);
  g_autoptr (CantigaSealedWriter) writer = writer_new (fixture, 1, SIZE);
  g_autoptr (CantigaMetadata) metadata = make_metadata (FALSE);
  g_autofree char *path = path_of (fixture, 1, ".cantiga");
  g_autoptr (CantigaSealed) sealed = NULL;

  g_assert_true (add_all (writer, media, SIZE, &error));
  g_assert_true (cantiga_sealed_writer_finish (writer, metadata, NULL, fixture->publisher, &error));
  g_assert_no_error (error);
  sealed = open_title (fixture, path);
  g_assert_cmpmem (metadata->root, 32, cantiga_sealed_get_metadata (sealed)->root, 32);
  g_assert_true (g_bytes_equal (metadata->signature, cantiga_sealed_get_metadata (sealed)->signature));
  g_assert_null (cantiga_sealed_read_cover (sealed, &error));
  g_assert_no_error (error);
}

/* Whoever reads the old file goes on reading it. */
static void
test_replaces (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = seal_title (fixture, 1, SIZE);
  g_autoptr (CantigaSealed) old = open_title (fixture, path);
  g_autofree char *again = seal_title (fixture, 1, 100);
  g_autoptr (CantigaSealed) new = open_title (fixture, again);

  g_assert_cmpuint (cantiga_sealed_get_size (new), ==, 100);
  g_assert_cmpuint (cantiga_sealed_get_size (old), ==, SIZE);
  g_assert_true (cantiga_sealed_verify (old, NULL, NULL, &error));
  g_assert_no_error (error);
}

/* ---- writers that end early, and writers beside each other ---- */

static void
test_abandoned (Fixture *fixture, gconstpointer unused)
{
  g_autofree guint8 *media = make_media (SIZE);

  {
    g_autoptr (GError) error = NULL;
    g_autoptr (CantigaSealedWriter) writer = writer_new (fixture, 1, SIZE);

    g_assert_true (cantiga_sealed_writer_add (writer, media, CHUNK, &error));
  }
  assert_folder_holds (fixture, NULL);
}

static void
test_killed (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *part = path_of (fixture, 1, ".cantiga.part");
  g_autofree guint8 *media = make_media (SIZE);
  g_autofree char *path = NULL;
  pid_t child = fork ();
  int status;

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      const CantigaId title = title_of (1);
      CantigaSealedWriter *writer = cantiga_sealed_writer_new (fixture->folder, &title, SIZE, fixture->master, NULL);

      if (writer == NULL || !cantiga_sealed_writer_add (writer, media, CHUNK, NULL))
        _exit (1);
      raise (SIGKILL);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  assert_folder_holds (fixture, part);
  path = seal_title (fixture, 1, 100);
  assert_folder_holds (fixture, path);
  assert_private (path);
}

/* Neither followed nor written to, and said. */
static void
test_part_is_a_link (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *part = path_of (fixture, 1, ".cantiga.part");
  g_autofree char *elsewhere = path_of (fixture, 2, "");
  g_autofree char *text = NULL;
  const CantigaId title = title_of (1);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (elsewhere, "elsewhere", -1, NULL));
  g_assert_cmpint (symlink (elsewhere, part), ==, 0);
  g_assert_null (cantiga_sealed_writer_new (fixture->folder, &title, SIZE, fixture->master, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_LINKS);
  g_assert_nonnull (strstr (error->message, "the part file that was left behind"));
  g_assert_true (g_file_get_contents (elsewhere, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "elsewhere");
}

static void
test_second_writer (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *media = make_media (SIZE);
  g_autoptr (CantigaMetadata) metadata = make_metadata (FALSE);
  g_autoptr (CantigaSealedWriter) first = writer_new (fixture, 1, SIZE);
  g_autofree char *path = path_of (fixture, 1, ".cantiga");
  const CantigaId title = title_of (1);

  g_assert_null (cantiga_sealed_writer_new (fixture->folder, &title, SIZE, fixture->master, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_BUSY);
  g_clear_error (&error);
  g_assert_true (add_all (first, media, SIZE, &error));
  g_assert_true (cantiga_sealed_writer_finish (first, metadata, NULL, fixture->publisher, &error));
  g_assert_no_error (error);
  assert_folder_holds (fixture, path);
}

static gpointer
seal_often (gpointer user_data)
{
  Fixture *fixture = user_data;
  guint sealed = 0;

  for (guint turn = 0; turn < 50; turn++)
    {
      g_autoptr (GError) error = NULL;

      if (try_to_seal (fixture, 1, 100, &error))
        sealed++;
      else
        g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_BUSY);
    }
  return GUINT_TO_POINTER (sealed);
}

/* Many at once: some win, the others are told so, and what stands there at the end is whole. */
static void
test_crowd (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = path_of (fixture, 1, ".cantiga");
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSealed) sealed = NULL;
  GThread *threads[4];
  guint won = 0;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("writer", seal_often, fixture);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    won += GPOINTER_TO_UINT (g_thread_join (threads[i]));
  g_assert_cmpuint (won, >, 0);
  assert_folder_holds (fixture, path);
  sealed = open_title (fixture, path);
  g_assert_true (cantiga_sealed_verify (sealed, NULL, NULL, &error));
  g_assert_no_error (error);
}

/* ---- what a caller gets wrong ---- */

static void
test_sizes_refused (Fixture *fixture, gconstpointer unused)
{
  const guint64 sizes[] = { 0, (guint64)CANTIGA_CHUNKS_MAX * CHUNK + 1, G_MAXUINT64 };
  const CantigaId title = title_of (1);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (cantiga_sealed_writer_new (fixture->folder, &title, sizes[i], fixture->master, &error));
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MEDIA);
    }
  assert_folder_holds (fixture, NULL);
}

/* A file that grew or shrank while it was read: chunks of the wrong length, too many, too few. */
static void
test_lengths_refused (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    gsize size;
    gsize lengths[3];
  } cases[] = {
    { SIZE, { CHUNK - 1 } },
    { SIZE, { CHUNK, CHUNK + 1 } },
    { SIZE, { CHUNK, CHUNK, 4 } },
    { SIZE, { CHUNK, CHUNK, 6 } },
    { CHUNK, { CHUNK, CHUNK } },
    { 100, { 100, 1 } },
    { 100, { 101 } },
    { 100, { 99 } },
  };
  g_autofree guint8 *media = make_media (SIZE);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (CantigaSealedWriter) writer = writer_new (fixture, 1, cases[i].size);
      gboolean good = TRUE;

      for (guint j = 0; good && cases[i].lengths[j] > 0; j++)
        good = cantiga_sealed_writer_add (writer, media, cases[i].lengths[j], &error);
      g_assert_false (good);
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MEDIA);
      assert_folder_holds (fixture, NULL);
    }
}

static void
test_unfinished (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *media = make_media (SIZE);
  g_autoptr (CantigaSealedWriter) writer = writer_new (fixture, 1, SIZE);
  g_autoptr (CantigaMetadata) metadata = make_metadata (FALSE);

  g_assert_true (cantiga_sealed_writer_add (writer, media, CHUNK, &error));
  g_assert_false (cantiga_sealed_writer_finish (writer, metadata, NULL, fixture->publisher, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MEDIA);
  g_assert_null (metadata->signature);
  assert_folder_holds (fixture, NULL);
  g_clear_error (&error);
  g_assert_false (cantiga_sealed_writer_add (writer, media, CHUNK, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MEDIA);
}

/* finish with this metadata and cover fails, says so with this code, and leaves nothing. */
static void
refuse_finish (Fixture *fixture, CantigaMetadata *metadata, GBytes *cover, CantigaError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSealedWriter) writer = writer_new (fixture, 1, 3);

  g_assert_true (cantiga_sealed_writer_add (writer, "abc", 3, &error));
  g_assert_false (cantiga_sealed_writer_finish (writer, metadata, cover, fixture->publisher, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
  assert_folder_holds (fixture, NULL);
}

static void
test_metadata_refused (Fixture *fixture, gconstpointer unused)
{
  static const char *const names[] = { "", "not UTF-8: \xff", "half a character: \xc3" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (CantigaMetadata) metadata = make_metadata (FALSE);

      g_free (metadata->name);
      metadata->name = g_strdup (names[i]);
      refuse_finish (fixture, metadata, NULL, CANTIGA_ERROR_MALFORMED);
    }
}

static void
test_covers_refused (Fixture *fixture, gconstpointer unused)
{
  g_autofree guint8 *bytes = g_malloc0 (CANTIGA_COVER_MAX + 1);
  g_autoptr (GBytes) large = g_bytes_new (bytes, CANTIGA_COVER_MAX + 1);
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) cover = make_cover ();
  g_autoptr (CantigaMetadata) with = make_metadata (TRUE);
  g_autoptr (CantigaMetadata) without = make_metadata (FALSE);

  refuse_finish (fixture, with, large, CANTIGA_ERROR_MEDIA);
  refuse_finish (fixture, with, empty, CANTIGA_ERROR_MEDIA);
  refuse_finish (fixture, with, NULL, CANTIGA_ERROR_MEDIA);
  refuse_finish (fixture, without, cover, CANTIGA_ERROR_MEDIA);
}

/* The longest texts that are allowed, in the form that takes most room in JSON, and the largest cover. */
static void
test_largest (Fixture *fixture, gconstpointer unused)
{
  g_autofree guint8 *bytes = g_malloc0 (CANTIGA_COVER_MAX);
  g_autoptr (GBytes) cover = g_bytes_new (bytes, CANTIGA_COVER_MAX);
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaMetadata) metadata = make_metadata (TRUE);
  g_autoptr (CantigaSealedWriter) writer = writer_new (fixture, 1, 3);
  g_autofree char *path = path_of (fixture, 1, ".cantiga");
  g_autoptr (CantigaSealed) sealed = NULL;

  g_free (metadata->name);
  g_free (metadata->artist);
  g_free (metadata->album);
  metadata->name = g_strnfill (CANTIGA_METADATA_TEXT_MAX, '\x01');
  metadata->artist = g_strnfill (CANTIGA_METADATA_TEXT_MAX, '\x1f');
  metadata->album = g_strnfill (CANTIGA_METADATA_TEXT_MAX, '"');
  g_assert_true (cantiga_sealed_writer_add (writer, "abc", 3, &error));
  g_assert_true (cantiga_sealed_writer_finish (writer, metadata, cover, fixture->publisher, &error));
  g_assert_no_error (error);
  sealed = open_title (fixture, path);
  g_assert_cmpstr (cantiga_sealed_get_metadata (sealed)->name, ==, metadata->name);
  g_assert_true (cantiga_sealed_verify (sealed, NULL, NULL, &error));
  g_assert_no_error (error);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/sealed-write/leaves-no-plain-text-on-the-disk", test_hidden);
  ADD ("/sealed-write/is-readable-by-its-owner-alone", test_private);
  ADD ("/sealed-write/lends-no-descriptor-to-other-programs", test_descriptors);
  ADD ("/sealed-write/gives-root-and-signature-back", test_signed);
  ADD ("/sealed-write/replaces-a-title-under-its-readers", test_replaces);
  ADD ("/sealed-write/leaves-nothing-when-it-is-freed-early", test_abandoned);
  ADD ("/sealed-write/leaves-a-part-file-when-killed-and-the-next-replaces-it", test_killed);
  ADD ("/sealed-write/follows-no-link-that-stands-for-a-part-file", test_part_is_a_link);
  ADD ("/sealed-write/refuses-a-second-writer-of-the-title", test_second_writer);
  ADD ("/sealed-write/stands-a-crowd-of-writers", test_crowd);
  ADD ("/sealed-write/refuses-sizes-that-cannot-be", test_sizes_refused);
  ADD ("/sealed-write/refuses-media-that-changes-while-it-is-read", test_lengths_refused);
  ADD ("/sealed-write/refuses-to-finish-early", test_unfinished);
  ADD ("/sealed-write/refuses-metadata-that-could-not-be-read", test_metadata_refused);
  ADD ("/sealed-write/refuses-covers-that-cannot-be", test_covers_refused);
  ADD ("/sealed-write/holds-the-largest-of-everything", test_largest);
  return g_test_run ();
}
