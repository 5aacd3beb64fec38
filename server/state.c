#include "server/state.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "server/files.h"
#include "server/ledger.h"
#include "server/master.h"
#include "server/pki.h"
#include "server/rotation.h"

/* A state is built in the first, which becomes the second by one rename once it is whole, and from there its parts are moved to their places. So a
 * run that was killed is either forgotten or finished by the next, and nothing is ever taken away that was in its place. */
#define BUILDING ".building"
#define READY ".ready"
/* Held shared by every program that has the state open, alone by one that changes the master key. */
#define LOCK ".lock"
/* Held by the one server whose ledger is in the state. */
#define SERVING ".serving"
/* A server that was killed is gone in a moment; this is how long the next one waits for that. */
#define SERVING_NAP_MICROSECONDS 50000
#define SERVING_NAPS_MAX 40

struct _CantigaState
{
  char *folder;
  int lock;
  int serving; /* -1: not ours */
  CantigaSecret *master;
  gboolean keeps_master;
  gboolean finished_rotation;
};

static CantigaState *
state_new (const char *folder)
{
  CantigaState *state = g_new0 (CantigaState, 1);

  state->lock = -1;
  state->serving = -1;
  state->folder = g_strdup (folder);
  return state;
}

/* ---- init ---- */

static const char *const parts[] = { "library", "pki", "ledger.sqlite-wal", "ledger.sqlite", CANTIGA_MASTER_NAME };

/* What may stand in a folder where a state is made. */
static gboolean
may_stand (const char *name)
{
  static const char *const names[] = { "server.conf", "lost+found", BUILDING, READY, LOCK, SERVING, NULL };

  return g_strv_contains (names, name);
}

static gboolean
is_part (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (g_str_equal (parts[i], name))
      return TRUE;
  return FALSE;
}

static gboolean
check_empty (const char *folder, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GDir) entries = g_dir_open (folder, 0, &failure);
  const char *name;

  if (entries == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be read: %s.", folder, failure->message);
  while ((name = g_dir_read_name (entries)) != NULL)
    {
      if (is_part (name))
        return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "There is one already in %s: nothing was changed.", folder);
      if (!may_stand (name))
        return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s holds other files (%s): choose an empty folder.", folder, name);
    }
  return TRUE;
}

static gboolean
make_folder (const char *folder, GError **error)
{
  if (g_mkdir_with_parents (folder, 0700) != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be made: %s.", folder, g_strerror (errno));
  return TRUE;
}

static gboolean
make_private (const char *folder, GError **error)
{
  if (g_chmod (folder, 0700) != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be closed to others: %s.", folder, g_strerror (errno));
  return TRUE;
}

static gboolean
make_ledger (const char *building, CantigaSecret *master, GError **error)
{
  g_autofree char *path = g_build_filename (building, "ledger.sqlite", NULL);
  g_autoptr (CantigaLedger) ledger = cantiga_ledger_open (path, master, error);

  return ledger != NULL;
}

static gboolean
build (const char *building, const char *name, gint64 now, GError **error)
{
  g_autofree char *library = g_build_filename (building, "library", NULL);
  g_autofree char *pki = g_build_filename (building, "pki", NULL);
  g_autofree char *key = g_build_filename (building, CANTIGA_MASTER_NAME, NULL);
  g_autoptr (CantigaSecret) master = NULL;
  g_autoptr (GError) failure = NULL;
  gboolean given;

  master = cantiga_master_read_given (&given, &failure);
  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (!given)
    master = cantiga_master_new ();
  return make_folder (library, error) && make_folder (pki, error) && cantiga_pki_create (pki, master, name, now, error)
         && make_ledger (building, master, error)
         && (given || cantiga_private_write (key, cantiga_secret_bytes (master), cantiga_secret_length (master), error))
         && cantiga_folder_sync (building, error);
}

static gboolean
rename_if_there (const char *from, const char *to, GError **error)
{
  return g_rename (from, to) == 0 || errno == ENOENT
         || cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be moved to %s: %s.", from, to, g_strerror (errno));
}

/* What stands where a part goes is kept beside it. A ledger's log goes first: a new ledger must never be taken for its own. */
static gboolean
set_aside (const char *place, GError **error)
{
  g_autofree char *log = g_strconcat (place, "-wal", NULL);
  g_autofree char *aside = NULL;
  g_autofree char *log_aside = NULL;

  for (guint n = 1; aside == NULL || g_file_test (aside, G_FILE_TEST_EXISTS); n++)
    {
      g_free (aside);
      aside = g_strdup_printf ("%s.replaced.%u", place, n);
    }
  log_aside = g_strconcat (aside, "-wal", NULL);
  return rename_if_there (log, log_aside, error) && rename_if_there (place, aside, error);
}

/* Moves the parts of a state that is ready to their places; again and again, if need be. */
static gboolean
finish (const char *folder, GError **error)
{
  static const char *const moved[] = { "library", "pki", "ledger.sqlite-wal", "ledger.sqlite", CANTIGA_MASTER_NAME, "server.conf", "audit.log" };
  g_autofree char *ready = g_build_filename (folder, READY, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (moved); i++)
    {
      g_autofree char *from = g_build_filename (ready, moved[i], NULL);
      g_autofree char *to = g_build_filename (folder, moved[i], NULL);

      if (g_file_test (from, G_FILE_TEST_EXISTS) && g_file_test (to, G_FILE_TEST_EXISTS) && !set_aside (to, error))
        return FALSE;
      if (g_rename (from, to) != 0 && errno != ENOENT)
        return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be moved to its place: %s.", from, g_strerror (errno));
    }
  return cantiga_folder_sync (folder, error) && cantiga_folder_remove (ready, error);
}

static gboolean
finish_if_ready (const char *folder, GError **error)
{
  g_autofree char *ready = g_build_filename (folder, READY, NULL);

  return !g_file_test (ready, G_FILE_TEST_IS_DIR) || finish (folder, error);
}

/* Builds parts beside the state, and puts them in their place once they are whole. */
static gboolean
put_parts (const char *folder, CantigaStateBuild build_parts, gpointer user_data, GError **error)
{
  g_autofree char *building = g_build_filename (folder, BUILDING, NULL);
  g_autofree char *ready = g_build_filename (folder, READY, NULL);

  if (!make_private (folder, error) || !cantiga_folder_remove (building, error) || !make_folder (building, error)
      || !build_parts (building, user_data, error) || !cantiga_folder_sync (building, error))
    return FALSE;
  if (g_rename (building, ready) != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be made: %s.", ready, g_strerror (errno));
  return cantiga_folder_sync (folder, error) && finish (folder, error);
}

typedef struct
{
  const char *name;
  gint64 now;
} Making;

static gboolean
build_cb (const char *building, gpointer user_data, GError **error)
{
  const Making *making = user_data;

  return build (building, making->name, making->now, error);
}

static gboolean
init_locked (const char *folder, const char *name, gint64 now, GError **error)
{
  Making making = { name, now };

  return finish_if_ready (folder, error) && check_empty (folder, error) && put_parts (folder, build_cb, &making, error);
}

/* Keeps other programs that make or finish this state waiting, until the descriptor is closed. */
static int
lock_folder (const char *folder, GError **error)
{
  int descriptor = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (descriptor >= 0 && flock (descriptor, LOCK_EX) == 0)
    return descriptor;
  cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be opened: %s.", folder, g_strerror (errno));
  if (descriptor >= 0)
    close (descriptor);
  return -1;
}

/* Files made by another user than the folder's would not open for the server. */
static gboolean
check_owner (const char *folder, GError **error)
{
  GStatBuf status;
  const struct passwd *owner;

  if (g_stat (folder, &status) != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be read: %s.", folder, g_strerror (errno));
  if (status.st_uid == geteuid ())
    return TRUE;
  owner = getpwuid (status.st_uid);
  return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s belongs to another user: type sudo -u %s before the command.", folder,
                            owner != NULL ? owner->pw_name : "its owner");
}

gboolean
cantiga_state_init (const char *folder, const char *name, gint64 now, GError **error)
{
  gboolean made;
  int lock;

  if (!make_folder (folder, error) || !check_owner (folder, error) || (lock = lock_folder (folder, error)) < 0)
    return FALSE;
  made = init_locked (folder, name, now, error);
  close (lock);
  return made;
}

/* ---- open ---- */

static gboolean
open_master (CantigaState *state, GError **error)
{
  g_autofree char *path = cantiga_state_dup_path (state, CANTIGA_MASTER_NAME);
  g_autoptr (GError) failure = NULL;
  gboolean given;

  state->master = cantiga_master_read_given (&given, &failure);
  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  state->keeps_master = !given;
  if (!given)
    state->master = cantiga_master_read (path, error);
  return state->master != NULL;
}

static gboolean
has_entry (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

gboolean
cantiga_state_exists (const char *folder)
{
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (has_entry (folder, parts[i]))
      return TRUE;
  return has_entry (folder, READY);
}

/* What another program left half done: a state that was made, a master key that was changed. */
static gboolean
finish_other (const char *folder, gboolean *ret_rotated, GError **error)
{
  gboolean finished;
  int lock;

  if (!has_entry (folder, READY) && !cantiga_rotation_is_ready (folder))
    return TRUE;
  if ((lock = lock_folder (folder, error)) < 0)
    return FALSE;
  finished = finish_if_ready (folder, error) && cantiga_rotation_finish (folder, ret_rotated, error);
  close (lock);
  return finished;
}

static gboolean
check_state (const char *folder, GError **error)
{
  gboolean there = g_file_test (folder, G_FILE_TEST_IS_DIR);

  if (there && !check_owner (folder, error))
    return FALSE;
  if (!there || !cantiga_state_exists (folder))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "There is no state in %s: cantigactl init makes one.", folder);
  if (!has_entry (folder, "pki") && !has_entry (folder, READY))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "The state in %s is not whole (pki is missing): restore it from a backup.", folder);
  return cantiga_private_check (folder, error);
}

static int
open_lock (CantigaState *state, const char *name, GError **error)
{
  g_autofree char *path = cantiga_state_dup_path (state, name);
  int lock = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

  if (lock < 0)
    cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be opened: %s.", path, g_strerror (errno));
  return lock;
}

static gboolean
lock_shared (CantigaState *state, GError **error)
{
  state->lock = open_lock (state, LOCK, error);
  if (state->lock < 0)
    return FALSE;
  return flock (state->lock, LOCK_SH | LOCK_NB) == 0
         || cantiga_fail_with (error, CANTIGA_ERROR_BUSY, "The master key of %s is being changed: wait until that is done.", state->folder);
}

gboolean
cantiga_state_lock_alone (CantigaState *state, GError **error)
{
  return flock (state->lock, LOCK_EX | LOCK_NB) == 0
         || cantiga_fail_with (error, CANTIGA_ERROR_BUSY,
                               "The server, or another cantigactl, is at work in %s: stop it first (systemctl stop cantiga-server).", state->folder);
}

/* A state that does not open any more can be replaced as well: it is locked by its name alone. */
static gboolean
replace_locked (CantigaState *state, CantigaStateBuild build_parts, gpointer user_data, GError **error)
{
  state->lock = open_lock (state, LOCK, error);
  return state->lock >= 0 && cantiga_state_lock_alone (state, error) && finish_if_ready (state->folder, error)
         && cantiga_rotation_finish (state->folder, &state->finished_rotation, error)
         && (cantiga_state_exists (state->folder) || check_empty (state->folder, error))
         && put_parts (state->folder, build_parts, user_data, error);
}

gboolean
cantiga_state_replace (const char *folder, CantigaStateBuild build_parts, gpointer user_data, GError **error)
{
  g_autoptr (CantigaState) state = state_new (folder);
  gboolean replaced;
  int lock;

  if (!make_folder (folder, error) || !check_owner (folder, error) || (lock = lock_folder (folder, error)) < 0)
    return FALSE;
  replaced = replace_locked (state, build_parts, user_data, error);
  close (lock);
  return replaced;
}

gboolean
cantiga_state_lock_serving (CantigaState *state, GError **error)
{
  state->serving = open_lock (state, SERVING, error);
  if (state->serving < 0)
    return FALSE;
  for (guint naps = 0; flock (state->serving, LOCK_EX | LOCK_NB) != 0; naps++)
    {
      if (errno != EWOULDBLOCK && errno != EINTR)
        return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s/" SERVING " cannot be locked: %s.", state->folder, g_strerror (errno));
      if (naps >= SERVING_NAPS_MAX)
        return cantiga_fail_with (error, CANTIGA_ERROR_BUSY,
                                  "Another server is at work in %s: stop it first. Several servers share a ledger in PostgreSQL (cantigactl ledger move).",
                                  state->folder);
      g_usleep (SERVING_NAP_MICROSECONDS);
    }
  return TRUE;
}

CantigaState *
cantiga_state_open (const char *folder, GError **error)
{
  g_autoptr (CantigaState) state = state_new (folder);

  /* Who has the lock keeps others from changing the key: what is half done is of one that was killed. */
  if (!check_state (folder, error) || !lock_shared (state, error) || !finish_other (folder, &state->finished_rotation, error) || !open_master (state, error))
    return NULL;
  return g_steal_pointer (&state);
}

void
cantiga_state_free (CantigaState *state)
{
  if (state == NULL)
    return;
  if (state->lock >= 0)
    close (state->lock);
  if (state->serving >= 0)
    close (state->serving);
  g_free (state->folder);
  cantiga_secret_free (state->master);
  g_free (state);
}

const char *
cantiga_state_get_folder (CantigaState *state)
{
  return state->folder;
}

CantigaSecret *
cantiga_state_get_master (CantigaState *state)
{
  return state->master;
}

gboolean
cantiga_state_keeps_master (CantigaState *state)
{
  return state->keeps_master;
}

gboolean
cantiga_state_finished_rotation (CantigaState *state)
{
  return state->finished_rotation;
}

char *
cantiga_state_dup_path (CantigaState *state, const char *name)
{
  return g_build_filename (state->folder, name, NULL);
}

char *
cantiga_state_dup_ledger (CantigaState *state, const char *configured)
{
  return configured != NULL ? g_strdup (configured) : cantiga_state_dup_path (state, "ledger.sqlite");
}
