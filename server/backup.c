/* A backup is a container like a title's (docs/protocol.md 13.1), sealed under the master key; what is in it is the ledger as one file of SQLite, whichever
 * database it is kept in, with the other files of the state as rows of one more table. */
#include "server/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/sealed.h"
#include "server/files.h"
#include "server/master.h"

#define WORK ".backup"
#define LEDGER "ledger.sqlite"
#define MEDIA_TYPE "application/vnd.cantiga.backup"
#define ABOUT "backup.json"
#define VERSION 1
#define NAME_MAX_LENGTH 1024

void
cantiga_backup_clear (CantigaBackup *backup)
{
  g_clear_pointer (&backup->server, g_free);
  g_clear_pointer (&backup->name, g_free);
}

/* ---- the files beside the ledger ---- */

/* A file or a whole folder; what is not there is left out. */
static gboolean
gather_path (GHashTable *files, const char *folder, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) failure = NULL;
  g_autoptr (GDir) entries = g_dir_open (path, 0, NULL);
  const char *entry;
  char *text;
  gsize length;

  while (entries != NULL && (entry = g_dir_read_name (entries)) != NULL)
    {
      g_autofree char *below = g_build_filename (name, entry, NULL);

      if (!gather_path (files, folder, below, error))
        return FALSE;
    }
  if (entries != NULL)
    return TRUE;
  if (!g_file_get_contents (path, &text, &length, &failure))
    return g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_NOENT)
           || cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be read: %s.", path, failure->message);
  g_hash_table_insert (files, g_strdup (name), g_bytes_new_take (text, length));
  return TRUE;
}

static GBytes *
encode_about (const CantigaBackup *backup)
{
  g_autoptr (JsonObject) object = json_object_new ();

  json_object_set_int_member (object, "version", VERSION);
  json_object_set_string_member (object, "server", backup->server);
  json_object_set_string_member (object, "name", backup->name);
  json_object_set_int_member (object, "made", backup->made);
  json_object_set_int_member (object, "titles", backup->titles);
  json_object_set_int_member (object, "plays", (gint64)backup->plays);
  return cantiga_json_format (object);
}

static gboolean
put_in_all (CantigaState *state, const char *ledger, const CantigaBackup *backup, GError **error)
{
  static const char *const names[] = { "pki", "server.conf", "audit.log" };
  g_autoptr (GHashTable) files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (!gather_path (files, cantiga_state_get_folder (state), names[i], error))
      return FALSE;
  g_hash_table_insert (files, g_strdup (ABOUT), encode_about (backup));
  return cantiga_ledger_put_files (ledger, files, error);
}

static gboolean
decode_about (GBytes *text, CantigaBackup *ret_backup, GError **error)
{
  g_autoptr (JsonObject) object = cantiga_json_parse (g_bytes_get_data (text, NULL), g_bytes_get_size (text), error);
  gint64 version, made, titles, plays;
  const char *server, *name;

  if (object == NULL || !cantiga_json_get_int (object, "version", 1, G_MAXINT32, &version, error))
    return FALSE;
  if (version > VERSION)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "This backup was made by a newer program: update Cantiga.");
  if (!cantiga_json_get_text (object, "server", NAME_MAX_LENGTH, &server, error) || !cantiga_json_get_text (object, "name", NAME_MAX_LENGTH, &name, error)
      || !cantiga_json_get_int (object, "made", 0, G_MAXINT64, &made, error) || !cantiga_json_get_int (object, "titles", 0, G_MAXINT32, &titles, error)
      || !cantiga_json_get_int (object, "plays", 0, G_MAXINT64, &plays, error))
    return FALSE;
  cantiga_backup_clear (ret_backup);
  *ret_backup = (CantigaBackup){ g_strdup (server), g_strdup (name), made, (guint)titles, (guint64)plays };
  return TRUE;
}

/* Names of files of a state, and nothing that leads out of it. */
static gboolean
is_safe (const char *name)
{
  return (g_str_has_prefix (name, "pki/") || g_str_equal (name, "server.conf") || g_str_equal (name, "audit.log")) && strstr (name, "..") == NULL;
}

static gboolean
write_file (const char *folder, const char *name, GBytes *bytes, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  gsize length = g_bytes_get_size (bytes);

  if (!is_safe (name))
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The backup holds a file that is not of a state (%s).", name);
  if (g_mkdir_with_parents (parent, 0700) != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be made: %s.", parent, g_strerror (errno));
  return cantiga_private_write (path, length > 0 ? g_bytes_get_data (bytes, NULL) : "", length, error);
}

/* Out of the ledger, into files beside it. */
static gboolean
take_out_all (const char *folder, CantigaBackup *ret_backup, GError **error)
{
  g_autofree char *ledger = g_build_filename (folder, LEDGER, NULL);
  g_autoptr (GHashTable) files = cantiga_ledger_take_files (ledger, error);
  GHashTableIter iter;
  gpointer name, bytes;

  if (files == NULL)
    return FALSE;
  if (!g_hash_table_contains (files, ABOUT))
    return cantiga_fail (error, CANTIGA_ERROR_DAMAGED);
  g_hash_table_iter_init (&iter, files);
  while (g_hash_table_iter_next (&iter, &name, &bytes))
    if (!(g_str_equal (name, ABOUT) ? decode_about (bytes, ret_backup, error) : write_file (folder, name, bytes, error)))
      return FALSE;
  return TRUE;
}

/* ---- sealed ---- */

static gboolean
fail_at (const char *path, const GError *failure, GError **error)
{
  return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be written (%s): choose a folder that the owner of the state can write to.", path,
                            failure->message);
}

static gboolean
add_chunks (CantigaSealedWriter *writer, GInputStream *stream, GError **error)
{
  g_autofree guint8 *chunk = g_malloc (CANTIGA_CHUNK_SIZE);
  gsize n;

  do
    if (!g_input_stream_read_all (stream, chunk, CANTIGA_CHUNK_SIZE, &n, NULL, error) || (n > 0 && !cantiga_sealed_writer_add (writer, chunk, n, error)))
      return FALSE;
  while (n == CANTIGA_CHUNK_SIZE);
  return TRUE;
}

static gboolean
finish_container (CantigaSealedWriter *writer, CantigaPki *pki, GError **error)
{
  g_autoptr (CantigaMetadata) metadata = cantiga_metadata_new ();

  g_free (metadata->name);
  metadata->name = g_strdup ("backup");
  g_free (metadata->type);
  metadata->type = g_strdup (MEDIA_TYPE);
  return cantiga_sealed_writer_finish (writer, metadata, NULL, cantiga_pki_get_publisher (pki)->key, error);
}

/* Seals the file at from into the folder of path, under a name of its own; free ret_made with g_free(). */
static gboolean
seal_into (const char *from, const char *folder, CantigaSecret *master, CantigaPki *pki, char **ret_made, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (from);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);
  g_autoptr (GFileInfo) info = stream != NULL ? g_file_input_stream_query_info (stream, G_FILE_ATTRIBUTE_STANDARD_SIZE, NULL, error) : NULL;
  g_autoptr (CantigaSealedWriter) writer = NULL;
  char text[CANTIGA_ID_TEXT_LENGTH];
  g_autofree char *name = NULL;
  CantigaId id;

  if (info == NULL)
    return FALSE;
  cantiga_id_new_random (&id);
  writer = cantiga_sealed_writer_new (folder, &id, (guint64)g_file_info_get_size (info), master, error);
  if (writer == NULL || !add_chunks (writer, G_INPUT_STREAM (stream), error) || !finish_container (writer, pki, error))
    return FALSE;
  name = g_strconcat (cantiga_id_format (&id, text), ".cantiga", NULL);
  *ret_made = g_build_filename (folder, name, NULL);
  return TRUE;
}

/* Never over a file that is there. */
static gboolean
seal (const char *from, const char *path, CantigaSecret *master, CantigaPki *pki, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *made = NULL;
  g_autoptr (GError) failure = NULL;

  if (!seal_into (from, folder, master, pki, &made, &failure))
    return fail_at (path, failure, error);
  if (g_file_test (path, G_FILE_TEST_EXISTS) || g_rename (made, path) != 0)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be written: %s.", path, g_strerror (errno));
      g_unlink (made);
      return FALSE;
    }
  return cantiga_folder_sync (folder, error);
}

static gboolean
unseal_chunks (CantigaSealed *sealed, GOutputStream *stream, GError **error)
{
  g_autofree guint8 *chunk = g_malloc (CANTIGA_CHUNK_SIZE + 16);

  for (guint64 i = 0; i < cantiga_sealed_get_chunks (sealed); i++)
    {
      gsize length;

      if (!cantiga_sealed_read_chunk (sealed, i, chunk, &length, error) || !g_output_stream_write_all (stream, chunk, length, NULL, NULL, error))
        return FALSE;
    }
  return g_output_stream_close (stream, NULL, error);
}

static CantigaSealed *
open_sealed (const char *path, CantigaSecret *master, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (CantigaSealed) sealed = cantiga_sealed_open (path, master, &failure);

  if (sealed != NULL && g_str_equal (cantiga_sealed_get_metadata (sealed)->type, MEDIA_TYPE))
    return g_steal_pointer (&sealed);
  if (sealed == NULL && !g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED))
    cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "%s cannot be read: %s", path, failure->message);
  else
    cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED,
                       "%s does not open: it is no backup, is damaged, or was made with another master key (--master FILE names a copy of that one).", path);
  return NULL;
}

/* The ledger, and the files beside it, into folder. */
static gboolean
unseal (const char *path, CantigaSecret *master, const char *folder, CantigaBackup *ret_backup, GError **error)
{
  g_autoptr (CantigaSealed) sealed = open_sealed (path, master, error);
  g_autofree char *ledger = g_build_filename (folder, LEDGER, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (ledger);
  g_autoptr (GFileOutputStream) stream = sealed != NULL ? g_file_create (file, G_FILE_CREATE_PRIVATE, NULL, error) : NULL;

  return stream != NULL && unseal_chunks (sealed, G_OUTPUT_STREAM (stream), error) && take_out_all (folder, ret_backup, error);
}

/* ---- create ---- */

/* The folder that it is prepared in, locked; what a run that was killed left behind goes. -1 on failure. */
static int
open_work (const char *work, GError **error)
{
  int lock;

  if (g_mkdir (work, 0700) != 0 && errno != EEXIST)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be made: %s.", work, g_strerror (errno));
      return -1;
    }
  lock = open (work, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (lock >= 0 && flock (lock, LOCK_EX | LOCK_NB) == 0)
    return lock;
  cantiga_fail_with (error, CANTIGA_ERROR_BUSY, "Another backup is being made: wait until that is done.");
  if (lock >= 0)
    close (lock);
  return -1;
}

static gboolean
count_rows (const char *copy, CantigaSecret *master, CantigaBackup *backup, GError **error)
{
  g_autoptr (CantigaLedger) ledger = cantiga_ledger_open (copy, master, error);

  return ledger != NULL && cantiga_ledger_count (ledger, &backup->titles, &backup->plays, error);
}

static gboolean
create_in (CantigaState *state, CantigaLedger *ledger, CantigaPki *pki, const char *work, const char *path, CantigaBackup *backup, GError **error)
{
  CantigaSecret *master = cantiga_state_get_master (state);
  g_autofree char *copy = g_build_filename (work, LEDGER, NULL);
  g_autofree char *log = g_strconcat (copy, "-wal", NULL);
  g_autofree char *shared = g_strconcat (copy, "-shm", NULL);

  g_unlink (copy);
  g_unlink (log);
  g_unlink (shared);
  return cantiga_ledger_copy (ledger, copy, master, error) && count_rows (copy, master, backup, error)
         && put_in_all (state, copy, backup, error) && seal (copy, path, master, pki, error);
}

gboolean
cantiga_backup_create (CantigaState *state, CantigaLedger *ledger, CantigaPki *pki, const char *path, gint64 now, CantigaBackup *ret_backup, GError **error)
{
  g_autofree char *work = cantiga_state_dup_path (state, WORK);
  gboolean created;
  int lock;

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "%s is there already: name a new file.", path);
  if ((lock = open_work (work, error)) < 0)
    return FALSE;
  cantiga_backup_clear (ret_backup);
  *ret_backup = (CantigaBackup){ .server = g_strdup (cantiga_pki_get_server (pki)), .name = g_strdup (cantiga_pki_get_name (pki)), .made = now };
  created = create_in (state, ledger, pki, work, path, ret_backup, error);
  if (!cantiga_folder_remove (work, created ? error : NULL))
    created = FALSE;
  close (lock);
  return created;
}

/* ---- verify ---- */

static gboolean
verify_in (const char *path, CantigaSecret *master, const char *folder, CantigaBackup *ret_backup, GError **error)
{
  g_autofree char *place = g_build_filename (folder, LEDGER, NULL);
  g_autofree char *keys = g_build_filename (folder, "pki", NULL);
  g_autoptr (CantigaLedger) ledger = NULL;
  g_autofree char *server = NULL;

  if (!unseal (path, master, folder, ret_backup, error))
    return FALSE;
  ledger = cantiga_ledger_open (place, master, error);
  if (ledger == NULL || !cantiga_ledger_verify (ledger, error))
    return FALSE;
  server = cantiga_pki_dup_server_of (keys, master);
  return g_strcmp0 (server, ret_backup->server) == 0
         || cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "%s: its keys do not open: make another backup.", path);
}

gboolean
cantiga_backup_verify (const char *path, CantigaSecret *master, CantigaBackup *ret_backup, GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("cantiga-backup-XXXXXX", error);
  gboolean verified = folder != NULL && verify_in (path, master, folder, ret_backup, error);

  return (folder == NULL || cantiga_folder_remove (folder, verified ? error : NULL)) && verified;
}

/* ---- restore ---- */

typedef struct
{
  const char *folder;
  const char *path;
  CantigaSecret *own;    /* the state's master key; NULL if there is none */
  gboolean given;        /* it is given from outside */
  CantigaSecret *master; /* the backup's */
  gboolean keep_plays;
  gint64 now;
  CantigaBackupRestored *restored;
} Restoring;

static char *
dup_in_place (const Restoring *restoring, const char *name)
{
  return g_build_filename (restoring->folder, name, NULL);
}

static gboolean
same_key (CantigaSecret *a, CantigaSecret *b)
{
  return a != NULL && cantiga_bytes_equal (cantiga_secret_bytes (a), cantiga_secret_bytes (b), cantiga_secret_length (a));
}

/* Keys in place of this very server are newer than the backup's, or the same: they stay, and with them the log that was written since. */
static gboolean
keep_newer (const Restoring *restoring, const char *building, GError **error)
{
  static const char *const names[] = { "audit.log", "server.conf" };
  g_autofree char *keys = g_build_filename (building, "pki", NULL);

  if (!restoring->restored->kept_keys)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *there = dup_in_place (restoring, names[i]);
      g_autofree char *ours = g_build_filename (building, names[i], NULL);

      if (g_file_test (there, G_FILE_TEST_EXISTS) && g_unlink (ours) != 0 && errno != ENOENT)
        return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be removed: %s.", ours, g_strerror (errno));
    }
  return cantiga_folder_remove (keys, error);
}

/* The master key of a box that changed it since stays in force; else the backup's is put there. */
static gboolean
take_master (const Restoring *restoring, const char *building, GError **error)
{
  g_autofree char *path = g_build_filename (building, CANTIGA_MASTER_NAME, NULL);

  if (restoring->restored->kept_keys || same_key (restoring->own, restoring->master))
    return TRUE;
  if (restoring->given)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION,
                              "The master key that is given to this state from outside is not the backup's: give it the one that --master names, then restore again.");
  restoring->restored->wrote_master = TRUE;
  return cantiga_private_write (path, cantiga_secret_bytes (restoring->master), cantiga_secret_length (restoring->master), error);
}

/* Under the key that is in force from now on. */
static gboolean
rewrite_ledger (const Restoring *restoring, const char *place, GError **error)
{
  g_autofree char *again = g_strconcat (place, ".again", NULL);
  g_autoptr (CantigaLedger) ledger = cantiga_ledger_open (place, restoring->master, error);

  if (ledger == NULL || !cantiga_ledger_copy (ledger, again, restoring->own, error))
    return FALSE;
  g_clear_pointer (&ledger, cantiga_ledger_free);
  return g_rename (again, place) == 0 || cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be written: %s.", place, g_strerror (errno));
}

static gboolean
restore_ledger (const Restoring *restoring, const char *building, GError **error)
{
  g_autofree char *place = g_build_filename (building, LEDGER, NULL);
  g_autofree char *there = dup_in_place (restoring, LEDGER);
  gboolean other_key = restoring->restored->kept_keys && !same_key (restoring->own, restoring->master);
  g_autoptr (CantigaLedger) before = NULL;
  g_autoptr (CantigaLedger) ledger = NULL;

  if (other_key && !rewrite_ledger (restoring, place, error))
    return FALSE;
  if (restoring->own != NULL && g_file_test (there, G_FILE_TEST_EXISTS))
    before = cantiga_ledger_open (there, restoring->own, NULL);
  ledger = cantiga_ledger_open (place, other_key ? restoring->own : restoring->master, error);
  return ledger != NULL && cantiga_ledger_restore (ledger, before, restoring->keep_plays, restoring->now, &restoring->restored->ledger, error)
         && cantiga_ledger_verify (ledger, error);
}

static gboolean
make_library (const Restoring *restoring, const char *building, GError **error)
{
  g_autofree char *there = dup_in_place (restoring, "library");
  g_autofree char *path = g_build_filename (building, "library", NULL);

  return g_file_test (there, G_FILE_TEST_IS_DIR) || g_mkdir (path, 0700) == 0
         || cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be made: %s.", path, g_strerror (errno));
}

static gboolean
build_cb (const char *building, gpointer user_data, GError **error)
{
  Restoring *restoring = user_data;
  g_autofree char *keys = dup_in_place (restoring, "pki");
  g_autofree char *server = NULL;

  if (!unseal (restoring->path, restoring->master, building, &restoring->restored->backup, error))
    return FALSE;
  server = restoring->own != NULL ? cantiga_pki_dup_server_of (keys, restoring->own) : NULL;
  restoring->restored->kept_keys = g_strcmp0 (server, restoring->restored->backup.server) == 0;
  return restore_ledger (restoring, building, error) && keep_newer (restoring, building, error) && take_master (restoring, building, error)
         && make_library (restoring, building, error);
}

gboolean
cantiga_backup_restore (const char *folder, const char *path, CantigaSecret *master, gboolean keep_plays, gint64 now, CantigaBackupRestored *ret_restored,
                        GError **error)
{
  g_autofree char *place = g_build_filename (folder, CANTIGA_MASTER_NAME, NULL);
  g_autoptr (GError) failure = NULL;
  gboolean given;
  g_autoptr (CantigaSecret) own = cantiga_master_read_given (&given, &failure);
  Restoring restoring = { .folder = folder, .path = path, .keep_plays = keep_plays, .now = now, .restored = ret_restored };

  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (own == NULL && g_file_test (place, G_FILE_TEST_EXISTS) && (own = cantiga_master_read (place, error)) == NULL)
    return FALSE;
  restoring.own = own;
  restoring.given = given;
  restoring.master = master != NULL ? master : own;
  if (restoring.master == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "A backup opens with the master key, which is not in it: name a copy of that (--master FILE).");
  *ret_restored = (CantigaBackupRestored){ 0 };
  return cantiga_state_replace (folder, build_cb, &restoring, error);
}
