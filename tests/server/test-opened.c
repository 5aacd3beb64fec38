/* Chunks that were opened before. What is read from the file again, and what is not, shows when the file is cut short meanwhile. */
#include "server/opened.h"

#include <unistd.h>

#include "tests/core/sealed-fixture.h"

#define SLOT (CHUNK + 4096)
#define CHUNKS 6

typedef struct
{
  Fixture sealed;
  char *path;
  CantigaOpenTitle title;
  CantigaOpened *opened;
} Place;

static void
place_set_up (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  set_up (&place->sealed, NULL);
  place->path = seal_title (&place->sealed, 1, (gsize)CHUNKS * CHUNK);
  place->title.sealed = open_title (&place->sealed, place->path);
  place->title.merkle = cantiga_sealed_read_merkle (place->title.sealed, &error);
  g_assert_no_error (error);
  /* A slot is a little more than a chunk. */
  place->opened = cantiga_opened_new (4 * SLOT);
  g_assert_cmpuint (cantiga_opened_get_room (place->opened), >=, 2);
}

static void
place_tear_down (Place *place, gconstpointer unused)
{
  cantiga_opened_free (place->opened);
  cantiga_sealed_unref (place->title.sealed);
  cantiga_merkle_free (place->title.merkle);
  g_free (place->path);
  tear_down (&place->sealed, NULL);
}

static void
assert_right (Place *place, guint64 index)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *media = make_media ((gsize)CHUNKS * CHUNK);
  CantigaOpenedChunk *chunk = cantiga_opened_take (place->opened, &place->title, index, &error);
  guint8 path[32 * CANTIGA_MERKLE_PATH_MAX];

  g_assert_no_error (error);
  g_assert_cmpuint (chunk->path_length, ==, cantiga_merkle_path (place->title.merkle, index, path));
  g_assert_cmpuint (chunk->text[0], ==, chunk->path_length);
  g_assert_cmpmem (chunk->text + 1, 32 * chunk->path_length, path, 32 * chunk->path_length);
  g_assert_cmpmem (chunk->text + 1 + 32 * chunk->path_length, chunk->length - 1 - 32 * chunk->path_length, media + index * CHUNK, CHUNK);
  cantiga_opened_give_back (place->opened, chunk);
}

static void
assert_lost (Place *place, guint64 index)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_opened_take (place->opened, &place->title, index, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_TITLE_DAMAGED);
}

static void
cut_file (Place *place)
{
  g_assert_cmpint (truncate (place->path, 200), ==, 0);
}

static void
test_read_once (Place *place, gconstpointer unused)
{
  assert_right (place, 3);
  assert_right (place, 0);
  cut_file (place);
  assert_right (place, 0);
  assert_right (place, 3);
  assert_lost (place, 1);
  /* What failed took nobody's place for good. */
  assert_right (place, 3);
}

static void
test_bounded (Place *place, gconstpointer unused)
{
  guint room = cantiga_opened_get_room (place->opened);

  g_assert_cmpuint (room, <, CHUNKS);
  for (guint i = 0; i <= room; i++)
    assert_right (place, i);
  cut_file (place);
  /* The one that was asked for longest ago went. */
  for (guint i = 1; i <= room; i++)
    assert_right (place, i);
  assert_lost (place, 0);
}

static void
test_swept (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaOpenedChunk *chunk = cantiga_opened_take (place->opened, &place->title, 0, &error);
  const guint8 *text = chunk->text;
  gsize length = chunk->length;

  /* On loan it stays. */
  for (guint i = 0; i < 4; i++)
    cantiga_opened_sweep (place->opened);
  g_assert_cmpuint (text[1], !=, 0);
  cantiga_opened_give_back (place->opened, chunk);
  assert_right (place, 0);
  cantiga_opened_sweep (place->opened);
  assert_right (place, 0);
  cantiga_opened_sweep (place->opened);
  cantiga_opened_sweep (place->opened);
  for (gsize i = 0; i < length; i++)
    g_assert_cmpuint (text[i], ==, 0);
  cut_file (place);
  assert_lost (place, 0);
}

/* More at once than there is room for. */
static void
test_all_on_loan (Place *place, gconstpointer unused)
{
  CantigaOpenedChunk *chunks[CHUNKS];
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < CHUNKS; i++)
    {
      chunks[i] = cantiga_opened_take (place->opened, &place->title, i, &error);
      g_assert_no_error (error);
    }
  for (guint i = 0; i < CHUNKS; i++)
    for (guint j = 0; j < i; j++)
      g_assert_true (chunks[i]->text != chunks[j]->text);
  for (guint i = 0; i < CHUNKS; i++)
    cantiga_opened_give_back (place->opened, chunks[i]);
  for (guint i = 0; i < CHUNKS; i++)
    assert_right (place, i);
}

/* The flags of the mapping that holds the address, as /proc/self/smaps tells them. */
static char *
dup_flags (gconstpointer address)
{
  g_autofree char *maps = NULL;
  g_auto (GStrv) lines = NULL;
  gboolean here = FALSE;

  g_assert_true (g_file_get_contents ("/proc/self/smaps", &maps, NULL, NULL));
  lines = g_strsplit (maps, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      guintptr from, until;

      if (sscanf (lines[i], "%" G_GINTPTR_MODIFIER "x-%" G_GINTPTR_MODIFIER "x ", &from, &until) == 2)
        here = (guintptr)address >= from && (guintptr)address < until;
      else if (here && g_str_has_prefix (lines[i], "VmFlags:"))
        return g_strconcat (lines[i] + strlen ("VmFlags:"), " ", NULL);
    }
  g_assert_not_reached ();
}

static void
test_locked (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  CantigaOpenedChunk *chunk = cantiga_opened_take (place->opened, &place->title, 0, &error);
  g_autofree char *flags = dup_flags (chunk->text);

  /* Locked, not in core dumps, not copied to children. */
  g_assert_nonnull (strstr (flags, " lo "));
  g_assert_nonnull (strstr (flags, " dd "));
  g_assert_nonnull (strstr (flags, " dc "));
  cantiga_opened_give_back (place->opened, chunk);
}

static void
test_no_room (Place *place, gconstpointer unused)
{
  cantiga_opened_free (place->opened);
  place->opened = cantiga_opened_new (0);
  g_assert_cmpuint (cantiga_opened_get_room (place->opened), ==, 0);
  for (guint i = 0; i < CHUNKS; i++)
    assert_right (place, i);
}

#define ADD(path, function) g_test_add ("/opened/" path, Place, NULL, place_set_up, function, place_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("a-chunk-is-read-once", test_read_once);
  ADD ("no-more-than-there-is-room-for", test_bounded);
  ADD ("what-nobody-asks-for-is-wiped", test_swept);
  ADD ("more-on-loan-than-there-is-room-for", test_all_on_loan);
  ADD ("its-memory-is-locked-and-not-dumped", test_locked);
  ADD ("without-room-each-chunk-is-read", test_no_room);
  return g_test_run ();
}
