#include "server/import.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gio/gio.h>

#include "core/kdf.h"

#define TAGS_SECONDS_MAX 70
#define TAGS_OUTPUT_MAX (8 * 1024 * 1024)
#define TEXT_MAX 4096

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_MD_CTX, EVP_MD_CTX_free)

/* ---- the child that reads tags ---- */

static char *
find_tags_program (void)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = self != NULL ? g_path_get_dirname (self) : NULL;
  g_autofree char *beside = folder != NULL ? g_build_filename (folder, "cantiga-tags", NULL) : NULL;
  /* As the desktop player, which carries a server inside, finds it where both were built. */
  g_autofree char *built = folder != NULL ? g_canonicalize_filename ("../../server/cantiga-tags", folder) : NULL;

  if (g_getenv ("CANTIGA_TAGS") != NULL)
    return g_strdup (g_getenv ("CANTIGA_TAGS"));
  if (beside != NULL && g_file_test (beside, G_FILE_TEST_IS_EXECUTABLE))
    return g_steal_pointer (&beside);
  if (built != NULL && g_file_test (built, G_FILE_TEST_IS_EXECUTABLE))
    return g_steal_pointer (&built);
  return g_build_filename (CANTIGA_LIBEXECDIR, "cantiga-tags", NULL);
}

static gboolean
kill_tags_cb (gpointer child)
{
  g_subprocess_force_exit (child);
  return G_SOURCE_REMOVE;
}

typedef struct
{
  GMainLoop *loop;
  GBytes *output;
  GBytes *reason;
  GError *error;
} Conversation;

static void
conversation_ended_cb (GObject *child, GAsyncResult *result, gpointer user_data)
{
  Conversation *conversation = user_data;

  g_subprocess_communicate_finish (G_SUBPROCESS (child), result, &conversation->output, &conversation->reason, &conversation->error);
  g_main_loop_quit (conversation->loop);
}

/* Runs the child to its end, in a main context of our own with a clock: a parser that hangs is killed. */
static gboolean
run_tags (GSubprocess *child, GBytes **ret_output, GBytes **ret_reason, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) clock = g_timeout_source_new_seconds (TAGS_SECONDS_MAX);
  Conversation conversation = { 0 };

  g_main_context_push_thread_default (context);
  conversation.loop = g_main_loop_new (context, FALSE);
  g_source_set_callback (clock, kill_tags_cb, child, NULL);
  g_source_attach (clock, context);
  g_subprocess_communicate_async (child, NULL, NULL, conversation_ended_cb, &conversation);
  g_main_loop_run (conversation.loop);
  g_source_destroy (clock);
  g_main_loop_unref (conversation.loop);
  g_main_context_pop_thread_default (context);
  if (conversation.error != NULL)
    {
      g_propagate_error (error, conversation.error);
      return FALSE;
    }
  *ret_output = conversation.output;
  *ret_reason = conversation.reason;
  return TRUE;
}

static gboolean
fail_media (GError **error, const char *path, GBytes *reason)
{
  gsize length = 0;
  const char *bytes = reason != NULL ? g_bytes_get_data (reason, &length) : NULL;
  g_autofree char *text = g_utf8_make_valid (bytes != NULL ? bytes : "", (gssize)MIN (length, 500));
  g_autofree char *name = g_filename_display_name (path);

  g_strdelimit (text, "\n\r\t", ' ');
  g_strstrip (text);
  return cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "%s is not a media file that can be played: %s.", name,
                            *text != '\0' ? text : "its reader ended early");
}

static JsonObject *
read_tags (const char *path, GError **error)
{
  g_autofree char *program = find_tags_program ();
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autoptr (GSubprocess) child = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, error, program, absolute, NULL);
  g_autoptr (GBytes) output = NULL;
  g_autoptr (GBytes) reason = NULL;
  gsize length;
  const char *text;

  if (child == NULL || !run_tags (child, &output, &reason, error))
    return NULL;
  if (!g_subprocess_get_successful (child) || g_bytes_get_size (output) > TAGS_OUTPUT_MAX)
    {
      fail_media (error, path, reason);
      return NULL;
    }
  text = g_bytes_get_data (output, &length);
  return cantiga_json_parse (text, length, error);
}

/* Tags are a stranger's words too: control characters and overlong ones do not get into the catalogue. */
static char *
clean_text (const char *text)
{
  char *cleaned = g_utf8_make_valid (text, -1);

  for (char *at = cleaned; *at != '\0'; at++)
    if ((guchar)*at < 0x20 || *at == 0x7f)
      *at = ' ';
  if (strlen (cleaned) > CANTIGA_METADATA_TEXT_MAX)
    *g_utf8_find_prev_char (cleaned, cleaned + CANTIGA_METADATA_TEXT_MAX + 1) = '\0';
  return g_strstrip (cleaned);
}

/* A file without a title is called by its name, without its ending. */
static char *
dup_name (const char *tagged, const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *display = g_filename_display_name (base);
  g_autofree char *name = clean_text (tagged);
  char *dot = strrchr (display, '.');

  if (*name != '\0')
    return g_steal_pointer (&name);
  if (dot != NULL && dot != display)
    *dot = '\0';
  return clean_text (display);
}

static CantigaMetadata *
decode_tags (JsonObject *tags, const char *path, GBytes **ret_cover, GError **error)
{
  g_autoptr (CantigaMetadata) metadata = cantiga_metadata_new ();
  const char *name, *artist, *album, *type;
  const char *cover_type = "";
  gint64 track, year;

  if (!cantiga_json_get_text (tags, "name", TEXT_MAX, &name, error) || !cantiga_json_get_text (tags, "artist", TEXT_MAX, &artist, error)
      || !cantiga_json_get_text (tags, "album", TEXT_MAX, &album, error) || !cantiga_json_get_text (tags, "type", 100, &type, error)
      || !cantiga_json_get_int (tags, "track", 0, G_MAXUINT32, &track, error) || !cantiga_json_get_int (tags, "year", 0, 9999, &year, error)
      || !cantiga_json_get_number (tags, "duration", 0, 1e9, &metadata->duration, error))
    return NULL;
  if (metadata->duration <= 0)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "%s does not tell how long it is: it may be cut short, or a recording of a live stream.", path);
      return NULL;
    }
  if (cantiga_json_has (tags, "cover"))
    {
      *ret_cover = cantiga_json_get_bytes (tags, "cover", 1, 4 * 1024 * 1024, error);
      if (*ret_cover == NULL || !cantiga_json_get_text (tags, "cover_type", 100, &cover_type, error))
        return NULL;
    }
  g_free (metadata->name);
  metadata->name = dup_name (name, path);
  g_free (metadata->artist);
  metadata->artist = clean_text (artist);
  g_free (metadata->album);
  metadata->album = clean_text (album);
  g_free (metadata->type);
  metadata->type = g_strdup (type);
  g_free (metadata->cover_type);
  metadata->cover_type = g_strdup (cover_type);
  metadata->track = (guint)track;
  metadata->year = (guint)year;
  return g_steal_pointer (&metadata);
}

/* ---- the file ---- */

typedef struct
{
  const CantigaImport *import;
  const char *path;
  int fd;
  guint64 size;
  guint8 *chunk;
} Source;

static void
source_clear (Source *source)
{
  if (source->fd >= 0)
    close (source->fd);
  g_free (source->chunk);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Source, source_clear)

static gboolean
source_open (Source *source, GError **error)
{
  g_autofree char *name = g_filename_display_name (source->path);
  struct stat found;

  source->fd = open (source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (source->fd < 0 || fstat (source->fd, &found) < 0)
    return cantiga_fail_with (error, errno == ENOENT ? CANTIGA_ERROR_NOT_FOUND : CANTIGA_ERROR_MEDIA, "%s cannot be read: %s.", name,
                              g_strerror (errno));
  if (!S_ISREG (found.st_mode) || found.st_size == 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "%s is %s.", name, S_ISREG (found.st_mode) ? "empty" : "not a file");
  source->size = (guint64)found.st_size;
  source->chunk = g_malloc (CANTIGA_CHUNK_SIZE);
  return TRUE;
}

/* A whole chunk, or what is left; 0 at the end. */
static gboolean
source_read (Source *source, guint64 at, gsize *ret_length, GError **error)
{
  gsize length = 0;

  while (length < CANTIGA_CHUNK_SIZE)
    {
      gssize n = pread (source->fd, source->chunk + length, CANTIGA_CHUNK_SIZE - length, (off_t)(at + length));

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "%s cannot be read: %s.", source->path, g_strerror (errno));
      if (n == 0)
        break;
      length += (gsize)n;
    }
  *ret_length = length;
  return TRUE;
}

/* Reads the file once from end to end: its SHA-256, and each chunk to writer if there is one. */
static gboolean
source_pass (Source *source, CantigaSealedWriter *writer, guint64 done_before, guint8 ret_hash[CANTIGA_HASH_LENGTH], GError **error)
{
  const CantigaImport *import = source->import;
  g_autoptr (EVP_MD_CTX) hash = EVP_MD_CTX_new ();
  gsize length = 0;

  if (hash == NULL || EVP_DigestInit_ex (hash, EVP_sha256 (), NULL) != 1)
    return cantiga_fail_crypto (error, "hashing a file");
  for (guint64 at = 0; at < source->size; at += length)
    {
      if (!source_read (source, at, &length, error))
        return FALSE;
      if (length != MIN (CANTIGA_CHUNK_SIZE, source->size - at))
        return cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "%s changed while it was read: add it when it is finished.", source->path);
      if (EVP_DigestUpdate (hash, source->chunk, length) != 1)
        return cantiga_fail_crypto (error, "hashing a file");
      if (writer != NULL && !cantiga_sealed_writer_add (writer, source->chunk, length, error))
        return FALSE;
      if (import->progress != NULL && !import->progress (source->path, done_before + at + length, 2 * source->size, import->user_data))
        {
          g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Stopped; what was added stays, the rest can be added again.");
          return FALSE;
        }
    }
  if (EVP_DigestFinal_ex (hash, ret_hash, NULL) != 1)
    return cantiga_fail_crypto (error, "hashing a file");
  return TRUE;
}

/* ---- the title ---- */

static CantigaTitle *
find_title (CantigaLedger *ledger, const CantigaId *id, GError **error)
{
  g_autoptr (GPtrArray) titles = cantiga_ledger_list_titles (ledger, error);

  for (guint i = 0; titles != NULL && i < titles->len; i++)
    {
      CantigaTitle *title = g_ptr_array_index (titles, i);

      if (cantiga_id_equal (&title->id, id))
        {
          CantigaTitle *copy = cantiga_title_new ();

          copy->id = title->id;
          copy->size = title->size;
          copy->chunks = title->chunks;
          copy->added = title->added;
          copy->cover = g_strdup (title->cover);
          g_clear_pointer (&copy->metadata, cantiga_metadata_free);
          copy->metadata = cantiga_metadata_copy (title->metadata);
          return copy;
        }
    }
  if (titles != NULL)
    cantiga_fail (error, CANTIGA_ERROR_TITLE_UNKNOWN);
  return NULL;
}

static CantigaTitle *
describe_title (const CantigaId *id, const Source *source, CantigaMetadata *metadata, GBytes *cover, gint64 now)
{
  CantigaTitle *title = cantiga_title_new ();

  title->id = *id;
  title->size = source->size;
  title->chunks = (source->size + CANTIGA_CHUNK_SIZE - 1) / CANTIGA_CHUNK_SIZE;
  title->added = now;
  if (cover != NULL)
    {
      g_autofree char *hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, cover);

      title->cover = g_strndup (hash, 16);
    }
  g_clear_pointer (&title->metadata, cantiga_metadata_free);
  title->metadata = metadata;
  return title;
}

static CantigaTitle *
seal_title (Source *source, const CantigaId *id, const guint8 hash[CANTIGA_HASH_LENGTH], gint64 now, GError **error)
{
  const CantigaImport *import = source->import;
  g_autofree char *folder = cantiga_state_dup_path (import->state, "library");
  g_autoptr (JsonObject) tags = read_tags (source->path, error);
  g_autoptr (GBytes) cover = NULL;
  g_autoptr (CantigaMetadata) metadata = tags != NULL ? decode_tags (tags, source->path, &cover, error) : NULL;
  g_autoptr (CantigaSealedWriter) writer = NULL;
  g_autoptr (CantigaTitle) title = NULL;
  guint8 again[CANTIGA_HASH_LENGTH];

  if (metadata == NULL)
    return NULL;
  metadata->exportable = import->exportable;
  writer = cantiga_sealed_writer_new (folder, id, source->size, cantiga_state_get_master (import->state), error);
  if (writer == NULL || !source_pass (source, writer, source->size, again, error))
    return NULL;
  if (!cantiga_bytes_equal (hash, again, CANTIGA_HASH_LENGTH))
    {
      cantiga_fail_with (error, CANTIGA_ERROR_MEDIA, "%s changed while it was read: add it when it is finished.", source->path);
      return NULL;
    }
  if (!cantiga_sealed_writer_finish (writer, metadata, cover, cantiga_pki_get_publisher (import->pki)->key, error))
    return NULL;
  title = describe_title (id, source, g_steal_pointer (&metadata), cover, now);
  return cantiga_ledger_put_title (import->ledger, title, error) ? g_steal_pointer (&title) : NULL;
}

CantigaTitle *
cantiga_import_file (const CantigaImport *import, const char *path, gint64 now, gboolean *ret_new, GError **error)
{
  g_auto (Source) source = { .import = import, .path = path, .fd = -1 };
  guint8 hash[CANTIGA_HASH_LENGTH];
  gboolean there = FALSE;
  CantigaId id;

  if (!source_open (&source, error) || !source_pass (&source, NULL, 0, hash, error)
      || !cantiga_title_id (cantiga_ledger_get_id_key (import->ledger), hash, &id, error)
      || !cantiga_ledger_has_title (import->ledger, &id, &there, error))
    return NULL;
  *ret_new = !there;
  return there ? find_title (import->ledger, &id, error) : seal_title (&source, &id, hash, now, error);
}

gboolean
cantiga_import_check (const char *path, GError **error)
{
  g_autoptr (JsonObject) tags = read_tags (path, error);

  return tags != NULL;
}

/* ---- folders ---- */

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char *const *)a, *(char *const *)b);
}

gboolean
cantiga_import_collect (const char *path, GPtrArray *paths, GError **error)
{
  g_autoptr (GDir) folder = NULL;
  g_autoptr (GPtrArray) names = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_ptr_array_add (paths, g_strdup (path));
      return TRUE;
    }
  folder = g_dir_open (path, 0, error);
  if (folder == NULL)
    return FALSE;
  names = g_ptr_array_new_with_free_func (g_free);
  while ((name = g_dir_read_name (folder)) != NULL)
    if (*name != '.')
      g_ptr_array_add (names, g_build_filename (path, name, NULL));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++)
    /* A link to a folder could lead round in a circle. */
    if (!(g_file_test (names->pdata[i], G_FILE_TEST_IS_SYMLINK) && g_file_test (names->pdata[i], G_FILE_TEST_IS_DIR))
        && !cantiga_import_collect (names->pdata[i], paths, error))
      return FALSE;
  return TRUE;
}
