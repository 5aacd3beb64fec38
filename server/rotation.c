#include "server/rotation.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "core/sealed.h"
#include "server/files.h"
#include "server/ledger.h"
#include "server/master.h"
#include "server/pki.h"

#define ROTATING ".rotating"
#define ROTATED ".rotated"
/* Of a ledger in PostgreSQL: its address, and by what it is seen there that the new key is the valid one. */
#define MARK "ledger"
#define LIBRARY "library"
#define LEDGER "ledger.sqlite"
#define ENDING ".cantiga"

/* The content keys, wrapped anew: a title's identifier and its wrapped key, one after the other. */
#define WRAPPED "wrapped"
#define ENTRY_LENGTH (CANTIGA_ID_LENGTH + CANTIGA_WRAPPED_LENGTH)

static gboolean
fail_errno (const char *path, const char *what, GError **error)
{
  return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s %s: %s.", path, what, g_strerror (errno));
}

/* ---- prepare ---- */

typedef struct
{
  CantigaState *state;
  CantigaSecret *new_master;
  const char *url; /* of a ledger in PostgreSQL; NULL: it is in the state */
  char *folder;    /* where it is prepared */
  GByteArray *wrapped;
  GPtrArray *left;
} Rotation;

static void
rotation_clear (Rotation *rotation)
{
  g_free (rotation->folder);
  g_clear_pointer (&rotation->wrapped, g_byte_array_unref);
  g_clear_pointer (&rotation->left, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Rotation, rotation_clear)

static char *
dup_prepared (const Rotation *rotation, const char *name)
{
  return g_build_filename (rotation->folder, name, NULL);
}

static gboolean
make_folder (const char *path, GError **error)
{
  return g_mkdir (path, 0700) == 0 || fail_errno (path, "cannot be made", error);
}

/* docs/protocol.md 13.1: "One file a title, `<title id>.cantiga`". */
static char *
dup_file_name (const CantigaId *title)
{
  char id[CANTIGA_ID_TEXT_LENGTH];

  return g_strconcat (cantiga_id_format (title, id), ENDING, NULL);
}

static gboolean
rewrap_file (Rotation *rotation, const char *path, GError **error)
{
  CantigaSecret *master = cantiga_state_get_master (rotation->state);
  g_autoptr (CantigaSealed) sealed = cantiga_sealed_open (path, master, error);
  g_autofree char *name = sealed != NULL ? dup_file_name (cantiga_sealed_get_title (sealed)) : NULL;
  guint8 wrapped[CANTIGA_WRAPPED_LENGTH];

  if (sealed == NULL || !cantiga_sealed_rewrap (sealed, master, rotation->new_master, wrapped, error))
    return FALSE;
  if (!g_str_has_suffix (path, name))
    return cantiga_fail (error, CANTIGA_ERROR_DAMAGED);
  g_byte_array_append (rotation->wrapped, cantiga_sealed_get_title (sealed)->bytes, CANTIGA_ID_LENGTH);
  g_byte_array_append (rotation->wrapped, wrapped, sizeof wrapped);
  return TRUE;
}

/* A file that is damaged keeps nobody from changing the key: it is told, and can be restored from a backup with the key of that time. */
static gboolean
rewrap_or_leave (Rotation *rotation, const char *path, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (rewrap_file (rotation, path, &failure))
    return TRUE;
  if (!g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  g_ptr_array_add (rotation->left, g_path_get_basename (path));
  return TRUE;
}

static gboolean
rewrap_library (Rotation *rotation, GError **error)
{
  g_autofree char *path = cantiga_state_dup_path (rotation->state, LIBRARY);
  g_autofree char *journal = dup_prepared (rotation, WRAPPED);
  g_autoptr (GDir) folder = g_dir_open (path, 0, error);
  const char *name;

  if (folder == NULL)
    return FALSE;
  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      if (g_str_has_suffix (name, ENDING) && !rewrap_or_leave (rotation, file, error))
        return FALSE;
    }
  return cantiga_private_write (journal, rotation->wrapped->data, rotation->wrapped->len, error);
}

static gboolean
copy_ledger (Rotation *rotation, GError **error)
{
  g_autofree char *from = cantiga_state_dup_path (rotation->state, LEDGER);
  g_autofree char *to = dup_prepared (rotation, LEDGER);
  g_autoptr (CantigaLedger) ledger = cantiga_ledger_open (from, cantiga_state_get_master (rotation->state), error);

  return ledger != NULL && cantiga_ledger_copy (ledger, to, rotation->new_master, error);
}

static gboolean
copy_keys (Rotation *rotation, GError **error)
{
  g_autofree char *from = cantiga_state_dup_path (rotation->state, "pki");
  g_autofree char *to = dup_prepared (rotation, "pki");

  return make_folder (to, error) && cantiga_pki_copy_keys (from, cantiga_state_get_master (rotation->state), to, rotation->new_master, error);
}

static gboolean
write_master (Rotation *rotation, GError **error)
{
  g_autofree char *path = dup_prepared (rotation, CANTIGA_MASTER_NAME);

  return !cantiga_state_keeps_master (rotation->state)
         || cantiga_private_write (path, cantiga_secret_bytes (rotation->new_master), cantiga_secret_length (rotation->new_master), error);
}

/* From now on it is put in its place, by whoever comes. */
static gboolean
make_ready (Rotation *rotation, GError **error)
{
  g_autofree char *ready = cantiga_state_dup_path (rotation->state, ROTATED);

  if (!cantiga_folder_sync (rotation->folder, error))
    return FALSE;
  if (g_rename (rotation->folder, ready) != 0)
    return fail_errno (ready, "cannot be made", error);
  return cantiga_folder_sync (cantiga_state_get_folder (rotation->state), error);
}

/* … if the database then says that its part is done, too. */
static gboolean
ready_cb (const char *mark, gpointer user_data, GError **error)
{
  Rotation *rotation = user_data;
  g_autofree char *path = dup_prepared (rotation, MARK);
  g_autofree char *text = g_strconcat (rotation->url, "\n", mark, NULL);

  return cantiga_private_write (path, text, strlen (text), error) && make_ready (rotation, error);
}

static gboolean
change_ledger (Rotation *rotation, GError **error)
{
  g_autoptr (CantigaLedger) ledger = NULL;

  if (rotation->url == NULL)
    return copy_ledger (rotation, error) && make_ready (rotation, error);
  ledger = cantiga_ledger_open (rotation->url, cantiga_state_get_master (rotation->state), error);
  return ledger != NULL && cantiga_ledger_rekey (ledger, rotation->url, rotation->new_master, ready_cb, rotation, error);
}

gboolean
cantiga_rotation_run (CantigaState *state, const char *ledger, CantigaSecret *new_master, GPtrArray **ret_left, GError **error)
{
  g_auto (Rotation) rotation = { .state = state, .new_master = new_master, .url = ledger };
  gboolean finished;

  rotation.folder = cantiga_state_dup_path (state, ROTATING);
  rotation.wrapped = g_byte_array_new ();
  rotation.left = g_ptr_array_new_with_free_func (g_free);
  /* What a run that was killed left behind. */
  if (!cantiga_folder_remove (rotation.folder, error) || !make_folder (rotation.folder, error) || !rewrap_library (&rotation, error)
      || !copy_keys (&rotation, error) || !write_master (&rotation, error) || !change_ledger (&rotation, error)
      || !cantiga_rotation_finish (cantiga_state_get_folder (state), &finished, error))
    return FALSE;
  /* A database that forgets what it committed. */
  if (!finished)
    return cantiga_fail (error, CANTIGA_ERROR_INTERNAL);
  *ret_left = g_steal_pointer (&rotation.left);
  return TRUE;
}

/* ---- finish ---- */

/* Renames what is there; what is not was renamed before. */
static gboolean
put (const char *ready, const char *folder, const char *name, GError **error)
{
  g_autofree char *from = g_build_filename (ready, name, NULL);
  g_autofree char *to = g_build_filename (folder, name, NULL);

  return g_rename (from, to) == 0 || errno == ENOENT || fail_errno (to, "cannot be written", error);
}

static gboolean
put_keys (const char *ready, const char *folder, GError **error)
{
  g_autofree char *from = g_build_filename (ready, "pki", NULL);
  g_autofree char *to = g_build_filename (folder, "pki", NULL);
  g_autoptr (GDir) keys = g_dir_open (from, 0, NULL);
  const char *name;

  while (keys != NULL && (name = g_dir_read_name (keys)) != NULL)
    if (!put (from, to, name, error))
      return FALSE;
  return cantiga_folder_sync (to, error);
}

static gboolean
put_wrapped (const char *folder, const guint8 *entry, GError **error)
{
  CantigaId title;
  g_autofree char *path = NULL;
  g_autofree char *name = NULL;
  g_autoptr (GError) failure = NULL;

  memcpy (title.bytes, entry, CANTIGA_ID_LENGTH);
  name = dup_file_name (&title);
  path = g_build_filename (folder, LIBRARY, name, NULL);
  if (cantiga_sealed_put_wrapped (path, entry + CANTIGA_ID_LENGTH, &failure) || g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* The same bytes to the same place: a write that was torn is made whole by the next. */
static gboolean
put_all_wrapped (const char *ready, const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (ready, WRAPPED, NULL);
  g_autofree char *entries = NULL;
  gsize length;

  if (!g_file_get_contents (path, &entries, &length, error))
    return FALSE;
  for (gsize at = 0; at + ENTRY_LENGTH <= length; at += ENTRY_LENGTH)
    if (!put_wrapped (folder, (const guint8 *)entries + at, error))
      return FALSE;
  return TRUE;
}

/* The old ledger's log must not be taken for the new one's. */
static gboolean
put_ledger (const char *ready, const char *folder, GError **error)
{
  static const char *const logs[] = { LEDGER "-wal", LEDGER "-shm" };
  g_autofree char *from = g_build_filename (ready, LEDGER, NULL);

  if (!g_file_test (from, G_FILE_TEST_EXISTS))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (logs); i++)
    {
      g_autofree char *path = g_build_filename (folder, logs[i], NULL);

      if (g_unlink (path) != 0 && errno != ENOENT)
        return fail_errno (path, "cannot be removed", error);
    }
  return put (ready, folder, LEDGER, error);
}

gboolean
cantiga_rotation_is_ready (const char *folder)
{
  g_autofree char *ready = g_build_filename (folder, ROTATED, NULL);

  return g_file_test (ready, G_FILE_TEST_IS_DIR);
}

/* Where the ledger is in PostgreSQL, what was committed there decides. */
static gboolean
look_whether_valid (const char *ready, gboolean *ret_valid, GError **error)
{
  g_autofree char *path = g_build_filename (ready, MARK, NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GError) failure = NULL;

  *ret_valid = TRUE;
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  if (!g_file_get_contents (path, &text, NULL, error))
    return FALSE;
  lines = g_strsplit (text, "\n", 2);
  if (g_strv_length (lines) == 2 && cantiga_ledger_has_mark (lines[0], lines[1], ret_valid, &failure))
    return TRUE;
  return cantiga_fail_with (error, CANTIGA_ERROR_BUSY, "The master key was being changed, and whether it is the new one stands in the ledger's database: %s",
                            failure != NULL ? failure->message : path);
}

static gboolean
put_everything (const char *ready, const char *folder, GError **error)
{
  return put_all_wrapped (ready, folder, error) && put_ledger (ready, folder, error) && put_keys (ready, folder, error)
         && put (ready, folder, CANTIGA_MASTER_NAME, error) && cantiga_folder_sync (folder, error);
}

gboolean
cantiga_rotation_finish (const char *folder, gboolean *ret_finished, GError **error)
{
  g_autofree char *ready = g_build_filename (folder, ROTATED, NULL);
  g_autofree char *done = g_build_filename (folder, ROTATING, NULL);
  gboolean valid = FALSE;

  *ret_finished = FALSE;
  if (!cantiga_rotation_is_ready (folder))
    return TRUE;
  if (!look_whether_valid (ready, &valid, error) || (valid && !put_everything (ready, folder, error)))
    return FALSE;
  *ret_finished = valid;
  /* By its first name nobody asks for it: half of it removed is no harm. */
  if (g_rename (ready, done) != 0)
    return fail_errno (ready, "cannot be removed", error);
  return cantiga_folder_sync (folder, error) && cantiga_folder_remove (done, error);
}
