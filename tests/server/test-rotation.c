/* Another master key, and being killed on the way to it. What changes the disk is counted here: server and core are linked statically, so that this
 * program's own functions go before libc's, also for SQLite. */
#include "server/rotation.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/kdf.h"
#include "server/master.h"
#include "tests/server/ledger-fixture.h"
#include "tests/server/plays-fixture.h"
#include "tests/server/state-fixture.h"

/* Shared with the child: steps that were taken, before the new key became the valid one and after it, and at which it dies (0: at none). */
typedef struct
{
  gboolean is_new;
  guint taken[2];
  guint last[2];
} Steps;

static Steps *steps;

/* Whether it is the last one. */
static gboolean
step (void)
{
  return steps != NULL && ++steps->taken[steps->is_new] == steps->last[steps->is_new];
}

static void
die (void)
{
  syscall (SYS_kill, getpid (), SIGKILL);
}

/* Dies in the middle of it. */
static gssize
write_step (long number, int file, const guint8 *bytes, gsize length, off_t offset)
{
  if (step ())
    {
      syscall (number, file, bytes, length / 2, offset);
      die ();
    }
  return syscall (number, file, bytes, length, offset);
}

ssize_t
write (int file, const void *bytes, size_t length)
{
  return write_step (SYS_write, file, bytes, length, 0);
}

ssize_t
pwrite (int file, const void *bytes, size_t length, off_t offset)
{
  return write_step (SYS_pwrite64, file, bytes, length, offset);
}

/* What libpq sends. */
ssize_t
send (int file, const void *bytes, size_t length, int flags)
{
  if (step ())
    {
      syscall (SYS_sendto, file, bytes, length / 2, flags, NULL, 0);
      die ();
    }
  return syscall (SYS_sendto, file, bytes, length, flags, NULL, 0);
}

int
rename (const char *from, const char *to)
{
  if (step ())
    die ();
  if (steps != NULL && g_str_has_suffix (to, "/.rotated"))
    steps->is_new = TRUE;
  return (int)syscall (SYS_rename, from, to);
}

int
unlink (const char *path)
{
  if (step ())
    die ();
  return (int)syscall (SYS_unlink, path);
}

int
mkdir (const char *path, mode_t mode)
{
  if (step ())
    die ();
  return (int)syscall (SYS_mkdir, path, mode);
}

int
rmdir (const char *path)
{
  if (step ())
    die ();
  return (int)syscall (SYS_rmdir, path);
}

/* ---- a state with something of everything in it ---- */

#define MEDIA_LENGTH (CANTIGA_CHUNK_SIZE + 100)

typedef struct
{
  Place place;
  Fixture shared; /* path: the address of its ledger, if that is in PostgreSQL */
  X509 *card;
  CantigaId listener, title, play, licence;
  CantigaInvitation *invitation;
  guint events;
} Box;

static CantigaLedger *
open_ledger_of (const Box *box, CantigaState *state)
{
  g_autofree char *path = cantiga_state_dup_ledger (state, box->shared.path);
  g_autoptr (GError) error = NULL;
  CantigaLedger *ledger = cantiga_ledger_open (path, cantiga_state_get_master (state), &error);

  g_assert_no_error (error);
  return ledger;
}

static CantigaPki *
open_pki (CantigaState *state)
{
  g_autoptr (GError) error = NULL;
  CantigaPki *pki = cantiga_pki_open (state, NOW, &error);

  g_assert_no_error (error);
  return pki;
}

/* As cantigactl add makes it. */
static CantigaId
title_id_of (CantigaLedger *ledger, const char *file)
{
  g_autoptr (GError) error = NULL;
  guint8 hash[CANTIGA_HASH_LENGTH];
  CantigaId id;

  cantiga_sha256 (file, strlen (file), hash);
  g_assert_true (cantiga_title_id (cantiga_ledger_get_id_key (ledger), hash, &id, &error));
  g_assert_no_error (error);
  return id;
}

static void
seal (CantigaState *state, CantigaPki *pki, const CantigaId *id)
{
  g_autofree char *folder = cantiga_state_dup_path (state, "library");
  g_autofree guint8 *media = g_malloc0 (MEDIA_LENGTH);
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSealedWriter) writer = cantiga_sealed_writer_new (folder, id, MEDIA_LENGTH, cantiga_state_get_master (state), &error);
  g_autoptr (CantigaTitle) title = title_new (0, "Rosa das rosas");

  g_assert_no_error (error);
  g_assert_true (cantiga_sealed_writer_add (writer, media, CANTIGA_CHUNK_SIZE, &error));
  g_assert_true (cantiga_sealed_writer_add (writer, media, MEDIA_LENGTH - CANTIGA_CHUNK_SIZE, &error));
  g_assert_true (cantiga_sealed_writer_finish (writer, title->metadata, NULL, cantiga_pki_get_publisher (pki)->key, &error));
  g_assert_no_error (error);
}

static void
play_something (Box *box, CantigaLedger *ledger)
{
  g_autoptr (GError) error = NULL;
  gboolean deleted;
  CantigaPlay play;

  for (guint i = 0; i < 2; i++)
    {
      cantiga_id_new_random (&box->play);
      g_assert_true (cantiga_ledger_grant_play (ledger, &three, &box->listener, &box->title, &box->play, PLAYER, DURATION, FALSE, NOW + i, &play,
                                                &deleted, &error));
      g_assert_true (cantiga_ledger_start_play (ledger, &box->listener, &box->play, NOW + i, &error));
    }
  g_assert_no_error (error);
}

static void
fill (Box *box, CantigaState *state)
{
  g_autoptr (CantigaLedger) ledger = open_ledger_of (box, state);
  g_autoptr (CantigaPki) pki = open_pki (state);
  Fixture of_ledger = { .ledger = ledger };
  g_autoptr (CantigaTitle) title = title_new (0, "Rosa das rosas");
  g_autoptr (CantigaInvitation) used = invite (&of_ledger, FALSE);
  g_autoptr (GError) error = NULL;
  CantigaId other;

  title->id = box->title = title_id_of (ledger, "a file");
  other = title_id_of (ledger, "a file whose row was removed");
  seal (state, pki, &title->id);
  seal (state, pki, &other);
  box->card = certificate_new ("ANA");
  box->invitation = invite (&of_ledger, TRUE);
  g_assert_true (cantiga_ledger_put_title (ledger, title, &error));
  g_assert_true (cantiga_ledger_add_card (ledger, box->card, NOW, &box->listener, NULL, &error));
  g_assert_true (use (&of_ledger, used, request, NOW, &error));
  g_assert_no_error (error);
  play_something (box, ledger);
}

static void
set_up (Box *box, gconstpointer unused)
{
  g_autoptr (CantigaState) state = NULL;

  place_set_up (&box->place, NULL);
  init (&box->place);
  if (get_postgresql () != NULL)
    make_schema (&box->shared);
  state = open_state (&box->place);
  fill (box, state);
}

static void
tear_down (Box *box, gconstpointer unused)
{
  X509_free (box->card);
  cantiga_invitation_free (box->invitation);
  if (box->shared.schema != NULL)
    drop_schema (&box->shared);
  g_free (box->shared.path);
  place_tear_down (&box->place, NULL);
}

/* ---- what must be so, whatever happened ---- */

static void
assert_library_opens (CantigaState *state)
{
  g_autofree char *path = cantiga_state_dup_path (state, "library");
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *name;
  guint n = 0;

  for (; (name = g_dir_read_name (folder)) != NULL; n++)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (CantigaSealed) sealed = cantiga_sealed_open (file, cantiga_state_get_master (state), &error);

      g_assert_no_error (error);
      g_assert_true (cantiga_sealed_verify (sealed, NULL, NULL, &error));
      g_assert_no_error (error);
    }
  g_assert_cmpuint (n, ==, 2);
}

static void
assert_ledger_is_the_same (const Box *box, CantigaLedger *ledger)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) plays = NULL;
  g_autoptr (GPtrArray) titles = NULL;
  g_autoptr (CantigaSecret) secret = NULL;
  g_autoptr (GBytes) answer = NULL;
  g_autofree char *name = NULL;
  CantigaId found, title = title_id_of (ledger, "a file");
  CantigaPlay play;
  gboolean deleted;

  assert_whole (ledger);
  g_assert_true (cantiga_id_equal (&title, &box->title));
  g_assert_true (cantiga_ledger_find_card (ledger, box->card, &found, &error));
  g_assert_true (cantiga_id_equal (&found, &box->listener));
  g_assert_true (cantiga_ledger_check_player (ledger, PLAYER, &error));
  g_assert_true (cantiga_ledger_get_invitation (ledger, &box->invitation->id, request, NOW, &secret, &name, &answer, &error));
  g_assert_cmpmem (cantiga_secret_bytes (secret), cantiga_secret_length (secret), cantiga_secret_bytes (box->invitation->secret), 32);
  /* The same play, asked for again: its window is open, and it costs nothing. */
  g_assert_true (cantiga_ledger_grant_play (ledger, &three, &box->listener, &box->title, &box->play, PLAYER, DURATION, FALSE, NOW + 60, &play,
                                            &deleted, &error));
  g_assert_cmpuint (play.plays_left, ==, 1);
  plays = cantiga_ledger_list_plays (ledger, &error);
  titles = cantiga_ledger_list_titles (ledger, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (plays->len, ==, 4);
  g_assert_cmpuint (titles->len, ==, 1);
}

/* The state opens, also with other programs beside, and everything in it does. Returns its master key. */
static CantigaSecret *
assert_whole_state (const Box *box)
{
  g_autoptr (CantigaState) state = open_state ((Place *)&box->place);
  g_autoptr (CantigaState) beside = open_state ((Place *)&box->place);
  g_autoptr (CantigaLedger) ledger = open_ledger_of (box, state);
  g_autoptr (CantigaPki) pki = open_pki (state);
  CantigaSecret *master = cantiga_state_get_master (state);

  assert_library_opens (state);
  assert_ledger_is_the_same (box, ledger);
  g_assert_false (cantiga_rotation_is_ready (box->place.folder));
  return cantiga_secret_new_copy (cantiga_secret_bytes (master), cantiga_secret_length (master));
}

static gboolean
same (CantigaSecret *a, CantigaSecret *b)
{
  return cantiga_bytes_equal (cantiga_secret_bytes (a), cantiga_secret_bytes (b), 32);
}

/* ---- another key ---- */

static gboolean
rotate (const Box *box, CantigaSecret *new_master, GPtrArray **ret_left, GError **error)
{
  g_autoptr (CantigaState) state = cantiga_state_open (box->place.folder, error);

  return state != NULL && cantiga_state_lock_alone (state, error) && cantiga_rotation_run (state, box->shared.path, new_master, ret_left, error);
}

static void
test_everything_opens (Box *box, gconstpointer unused)
{
  g_autoptr (CantigaSecret) new_master = cantiga_master_new ();
  g_autoptr (CantigaSecret) before = assert_whole_state (box);
  g_autoptr (CantigaSecret) after = NULL;
  g_autoptr (GPtrArray) left = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (rotate (box, new_master, &left, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (left->len, ==, 0);
  after = assert_whole_state (box);
  g_assert_true (same (after, new_master));
  g_assert_false (same (after, before));
}

/* Identifiers stay what they are also the second time, when the id key is no longer the master key's. */
static void
test_again (Box *box, gconstpointer unused)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (CantigaSecret) new_master = cantiga_master_new ();
      g_autoptr (CantigaSecret) after = NULL;
      g_autoptr (GPtrArray) left = NULL;

      g_assert_true (rotate (box, new_master, &left, NULL));
      after = assert_whole_state (box);
      g_assert_true (same (after, new_master));
    }
}

static void
test_old_key_opens_nothing (Box *box, gconstpointer unused)
{
  g_autoptr (CantigaSecret) new_master = cantiga_master_new ();
  g_autoptr (CantigaSecret) old = assert_whole_state (box);
  g_autofree char *path = g_build_filename (box->place.folder, "master.key", NULL);
  g_autoptr (GPtrArray) left = NULL;
  g_autoptr (CantigaState) state = NULL;
  g_autofree char *ledger = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (rotate (box, new_master, &left, NULL));
  g_assert_true (cantiga_private_write (path, cantiga_secret_bytes (old), 32, NULL));
  state = open_state (&box->place);
  ledger = cantiga_state_dup_ledger (state, box->shared.path);
  g_assert_null (cantiga_ledger_open (ledger, old, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
  g_clear_error (&error);
  g_assert_null (cantiga_pki_open (state, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
}

/* docs/protocol.md 13.6: "bytes 36 to 95, and nothing else". */
static void
test_nothing_else_of_a_title_changes (Box *box, gconstpointer unused)
{
  g_autoptr (CantigaSecret) new_master = cantiga_master_new ();
  char id[CANTIGA_ID_TEXT_LENGTH];
  g_autofree char *name = g_strdup_printf ("library/%s.cantiga", cantiga_id_format (&box->title, id));
  g_autofree char *path = g_build_filename (box->place.folder, name, NULL);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr (GPtrArray) left = NULL;
  gsize length, length_after;

  g_assert_true (g_file_get_contents (path, &before, &length, NULL));
  g_assert_true (rotate (box, new_master, &left, NULL));
  g_assert_true (g_file_get_contents (path, &after, &length_after, NULL));
  g_assert_cmpmem (before, 36, after, 36);
  g_assert_cmpmem (before + 96, length - 96, after + 96, length_after - 96);
  g_assert_cmpint (memcmp (before + 36, after + 36, 60), !=, 0);
}

static void
test_damaged_title_is_left (Box *box, gconstpointer unused)
{
  g_autoptr (CantigaSecret) new_master = cantiga_master_new ();
  g_autofree char *path = g_build_filename (box->place.folder, "library", "00000000000000000000000000000000.cantiga", NULL);
  g_autoptr (GPtrArray) left = NULL;
  g_autoptr (CantigaSecret) after = NULL;
  g_autofree char *kept = NULL;

  g_assert_true (g_file_set_contents (path, "not sealed", -1, NULL));
  g_assert_true (rotate (box, new_master, &left, NULL));
  g_assert_cmpuint (left->len, ==, 1);
  g_assert_cmpstr (left->pdata[0], ==, "00000000000000000000000000000000.cantiga");
  g_assert_true (g_file_get_contents (path, &kept, NULL, NULL));
  g_assert_cmpstr (kept, ==, "not sealed");
  g_unlink (path);
  after = assert_whole_state (box);
}

/* ---- alone ---- */

static void
test_not_beside_another (Box *box, gconstpointer unused)
{
  g_autoptr (CantigaSecret) new_master = cantiga_master_new ();
  g_autoptr (CantigaSecret) before = assert_whole_state (box);
  g_autoptr (CantigaSecret) after = NULL;
  g_autoptr (CantigaState) server = open_state (&box->place);
  g_autoptr (GPtrArray) left = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (rotate (box, new_master, &left, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, "stop it first"));
  after = assert_whole_state (box);
  g_assert_true (same (after, before));
}

static void
test_nobody_else_meanwhile (Box *box, gconstpointer unused)
{
  g_autoptr (CantigaState) state = open_state (&box->place);
  g_autoptr (CantigaState) again = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (cantiga_state_lock_alone (state, &error));
  g_assert_null (cantiga_state_open (box->place.folder, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_BUSY);
  g_clear_pointer (&state, cantiga_state_free);
  again = open_state (&box->place);
}

/* ---- several machines, each with a state folder of its own ---- */

static void
test_not_beside_another_machine (Box *box, gconstpointer unused)
{
  g_autoptr (CantigaSecret) new_master = cantiga_master_new ();
  g_autoptr (CantigaSecret) before = assert_whole_state (box);
  g_autoptr (CantigaLedger) other = NULL;
  g_autoptr (CantigaSecret) after = NULL;
  g_autoptr (GPtrArray) left = NULL;
  g_autoptr (GError) error = NULL;

  other = cantiga_ledger_open (box->shared.path, before, &error);
  g_assert_no_error (error);
  g_assert_false (rotate (box, new_master, &left, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, "on every machine"));
  assert_whole (other);
  g_clear_pointer (&other, cantiga_ledger_free);
  after = assert_whole_state (box);
  g_assert_true (same (after, before));
}

/* A server whose connection was lost comes back with the old key: it would seal with it. */
static void
test_old_key_writes_nothing (Box *box, gconstpointer unused)
{
  g_autoptr (CantigaSecret) new_master = cantiga_master_new ();
  g_autoptr (CantigaSecret) before = assert_whole_state (box);
  g_autoptr (CantigaLedger) other = NULL;
  g_autoptr (CantigaTitle) title = title_new (9, "Sealed with the old key");
  g_autoptr (CantigaSecret) after = NULL;
  g_autoptr (GPtrArray) left = NULL;
  g_autoptr (GError) error = NULL;

  other = cantiga_ledger_open (box->shared.path, before, &error);
  g_assert_no_error (error);
  exec_at (box->shared.path, "SELECT pg_terminate_backend (pid, 10000) FROM pg_stat_activity WHERE pid <> pg_backend_pid () AND datname = current_database ()");
  g_assert_true (rotate (box, new_master, &left, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_false (cantiga_ledger_put_title (other, title, &error));
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
      g_assert_nonnull (strstr (error->message, "does not open with this master key"));
      g_clear_error (&error);
    }
  after = assert_whole_state (box);
  g_assert_true (same (after, new_master));
}

/* ---- killed ---- */

/* What a child costs: under a sanitizer a quarter of a second. */
#ifdef __SANITIZE_ADDRESS__
#define STRIDE 11
#else
#define STRIDE 3
#endif

/* In a child that dies as steps say; whether it did. */
static gboolean
rotate_and_die (const Box *box, CantigaSecret *new_master, const Steps *when)
{
  pid_t child;
  int status;

  *steps = *when;
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      g_autoptr (GPtrArray) left = NULL;

      _exit (rotate (box, new_master, &left, NULL) ? 0 : 1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  /* They are the child's alone. */
  memset (steps->last, 0, sizeof steps->last);
  g_assert_true (WIFSIGNALED (status) ? WTERMSIG (status) == SIGKILL : WEXITSTATUS (status) == 0);
  return WIFSIGNALED (status);
}

static void
start_counting (void)
{
  steps = mmap (NULL, sizeof *steps, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  g_assert_true (steps != MAP_FAILED);
}

static void
stop_counting (void)
{
  munmap (steps, sizeof *steps);
  steps = NULL;
}

/* Killed on the way from one key to the next: the key is the old one or the new one, and opens everything. Whether it was killed. */
static gboolean
kill_once (const Box *box, const Steps *when, CantigaSecret **key, guint *ret_stayed)
{
  g_autoptr (CantigaSecret) new_master = cantiga_master_new ();
  gboolean died = rotate_and_die (box, new_master, when);
  gboolean was_ready = steps->is_new;
  g_autoptr (CantigaSecret) after = assert_whole_state (box);
  gboolean is_new = same (after, new_master);

  g_assert_true (is_new || same (after, *key));
  g_assert_true (is_new || died);
  g_assert_true (was_ready || !is_new);
  /* In PostgreSQL it is the commit that counts, which comes after that. */
  g_assert_true (is_new || !was_ready || box->shared.path != NULL);
  *ret_stayed += is_new ? 0 : 1;
  cantiga_secret_free (*key);
  *key = g_steal_pointer (&after);
  return died;
}

static void
test_killed_before (Box *box, gconstpointer unused)
{
  g_autoptr (CantigaSecret) key = assert_whole_state (box);
  Steps when = { .last = { 1, 0 } };
  guint stayed = 0;

  start_counting ();
  while (kill_once (box, &when, &key, &stayed))
    when.last[0] += box->shared.path != NULL ? 2 * STRIDE + 1 : STRIDE;
  stop_counting ();
  g_test_message ("about %u steps", when.last[0]);
  g_assert_cmpuint (when.last[0], >, 40);
}

static void
test_killed_after (Box *box, gconstpointer unused)
{
  g_autoptr (CantigaSecret) key = assert_whole_state (box);
  Steps when = { .last = { 0, 1 } };
  guint stayed = 0;

  start_counting ();
  while (kill_once (box, &when, &key, &stayed))
    when.last[1]++;
  stop_counting ();
  g_test_message ("%u steps, in %u of them nothing had changed", when.last[1] - 1, stayed);
  g_assert_true ((stayed > 0) == (box->shared.path != NULL));
  g_assert_cmpuint (when.last[1], >, 12);
}

#define ADD(path, function) g_test_add ("/rotation/" path, Box, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  int failed;

  g_test_init (&argc, &argv, NULL);
  ADD ("everything-opens-with-the-new-key", test_everything_opens);
  ADD ("identifiers-stay-what-they-are-again-and-again", test_again);
  ADD ("the-old-key-opens-nothing", test_old_key_opens_nothing);
  ADD ("nothing-of-a-title-changes-but-its-wrapped-key", test_nothing_else_of_a_title_changes);
  ADD ("a-damaged-title-is-left-as-it-is", test_damaged_title_is_left);
  ADD ("does-not-run-beside-another-program", test_not_beside_another);
  ADD ("nobody-opens-the-state-meanwhile", test_nobody_else_meanwhile);
  if (get_postgresql () != NULL)
    {
      ADD ("nor-beside-a-server-of-another-machine", test_not_beside_another_machine);
      ADD ("a-server-that-comes-back-with-the-old-key-writes-nothing", test_old_key_writes_nothing);
    }
  ADD ("killed-before-it-is-valid-nothing-has-changed", test_killed_before);
  ADD ("killed-at-any-step-after-that-the-next-program-finishes", test_killed_after);
  failed = g_test_run ();
  drop_made ();
  return failed;
}
