#include "server/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/aead.h"
#include "core/kdf.h"
#include "core/wire.h"
#include "server/files.h"

#define TEXT_MAX 2048
/* In base64, with its newline: the longest line that cantiga_audit_add() writes is well below. */
#define LINE_MAX_LENGTH 32768

struct _CantigaAudit
{
  char *path;
  char *folder;
  CantigaSecret *key;
};

CantigaAudit *
cantiga_audit_new (CantigaState *state, CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaAudit) audit = g_new0 (CantigaAudit, 1);
  CantigaSecret *id_key = cantiga_ledger_get_id_key (ledger);
  g_auto (CantigaKey) from = CANTIGA_KEY_INIT;
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;

  cantiga_key_set (&from, cantiga_secret_bytes (id_key), cantiga_secret_length (id_key));
  if (!cantiga_expand (CANTIGA_DIGEST_SHA256, &from, CANTIGA_LABEL_AUDIT, NULL, 32, &key, error))
    return NULL;
  audit->key = cantiga_secret_new_copy (key.bytes, 32);
  audit->path = cantiga_state_dup_path (state, "audit.log");
  audit->folder = g_strdup (cantiga_state_get_folder (state));
  return g_steal_pointer (&audit);
}

void
cantiga_audit_free (CantigaAudit *audit)
{
  if (audit == NULL)
    return;
  cantiga_secret_free (audit->key);
  g_free (audit->path);
  g_free (audit->folder);
  g_free (audit);
}

void
cantiga_audit_entry_free (CantigaAuditEntry *entry)
{
  g_free (entry->who);
  g_free (entry->what);
  g_free (entry->of);
  g_free (entry->hash);
  g_free (entry);
}

/* ---- one entry ---- */

static void
set_text (JsonObject *object, const char *member, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  g_autofree char *cut = g_utf8_substring (valid, 0, MIN (g_utf8_strlen (valid, -1), TEXT_MAX / 4));

  json_object_set_string_member (object, member, cut);
}

/* A line without its newline. */
static char *
seal_entry (CantigaAudit *audit, const guint8 *before, JsonObject *object, GError **error)
{
  g_autoptr (GBytes) text = cantiga_json_format (object);
  g_autoptr (GBytes) sealed = NULL;
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;

  cantiga_key_set (&key, cantiga_secret_bytes (audit->key), 32);
  sealed = cantiga_gcm_seal_bytes (&key, before, CANTIGA_HASH_LENGTH, g_bytes_get_data (text, NULL), g_bytes_get_size (text), error);
  return sealed != NULL ? g_base64_encode (g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed)) : NULL;
}

static CantigaAuditEntry *
decode_entry (GBytes *text, GError **error)
{
  g_autoptr (JsonObject) object = cantiga_json_parse (g_bytes_get_data (text, NULL), g_bytes_get_size (text), error);
  const char *who, *what, *of;
  CantigaAuditEntry *entry;
  gint64 at;

  if (object == NULL || !cantiga_json_get_int (object, "at", 0, G_MAXINT64, &at, error)
      || !cantiga_json_get_text (object, "who", TEXT_MAX, &who, error) || !cantiga_json_get_text (object, "what", TEXT_MAX, &what, error)
      || !cantiga_json_get_text (object, "of", TEXT_MAX, &of, error))
    return NULL;
  entry = g_new0 (CantigaAuditEntry, 1);
  entry->at = at;
  entry->who = g_strdup (who);
  entry->what = g_strdup (what);
  entry->of = g_strdup (of);
  return entry;
}

static CantigaAuditEntry *
open_entry (CantigaAudit *audit, const guint8 *before, const char *line, GError **error)
{
  gsize length = 0;
  g_autofree guchar *sealed = g_base64_decode (line, &length);
  g_autofree char *again = g_base64_encode (sealed, length);
  g_autoptr (GBytes) text = NULL;
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;

  /* One way to write an entry alone: what is hashed is the line. */
  if (length == 0 || !g_str_equal (again, line))
    {
      cantiga_fail (error, CANTIGA_ERROR_DAMAGED);
      return NULL;
    }
  cantiga_key_set (&key, cantiga_secret_bytes (audit->key), 32);
  text = cantiga_gcm_open_bytes (&key, before, CANTIGA_HASH_LENGTH, sealed, length, error);
  return text != NULL ? decode_entry (text, error) : NULL;
}

static char *
dup_hex (const guint8 *hash)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < CANTIGA_HASH_LENGTH; i++)
    g_string_append_printf (text, "%02x", hash[i]);
  return g_string_free (text, FALSE);
}

/* ---- the file ---- */

static gboolean
fail_file (CantigaAudit *audit, GError **error)
{
  return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "The audit log %s cannot be used: %s.", audit->path, g_strerror (errno));
}

/* The hash of the last whole line, and where the file ends after it: what a power cut left of a line is not there. */
static gboolean
read_end (CantigaAudit *audit, int fd, guint8 *ret_hash, off_t *ret_end, GError **error)
{
  g_autofree char *tail = g_malloc (LINE_MAX_LENGTH * 2);
  off_t size = lseek (fd, 0, SEEK_END);
  off_t start = MAX (size - LINE_MAX_LENGTH * 2, 0);
  gssize length = (gssize)(size - start);
  gssize end = 0, begin;

  if (size < 0 || !cantiga_read_all_at (fd, tail, (gsize)length, start))
    return fail_file (audit, error);
  for (end = length; end > 0 && tail[end - 1] != '\n';)
    end--;
  for (begin = end - 1; begin > 0 && tail[begin - 1] != '\n';)
    begin--;
  memset (ret_hash, 0, CANTIGA_HASH_LENGTH);
  if (end > 0)
    cantiga_sha256 (tail + begin, (gsize)(end - 1 - begin), ret_hash);
  *ret_end = start + end;
  return TRUE;
}

static gboolean
append_line (CantigaAudit *audit, int fd, JsonObject *object, char **ret_hash, GError **error)
{
  guint8 hash[CANTIGA_HASH_LENGTH];
  g_autofree char *line = NULL;
  g_autofree char *whole = NULL;
  off_t end = 0;

  if (!read_end (audit, fd, hash, &end, error))
    return FALSE;
  line = seal_entry (audit, hash, object, error);
  if (line == NULL)
    return FALSE;
  whole = g_strconcat (line, "\n", NULL);
  if (ftruncate (fd, end) != 0 || !cantiga_write_all_at (fd, whole, strlen (whole), end) || fdatasync (fd) != 0)
    return fail_file (audit, error);
  cantiga_sha256 (line, strlen (line), hash);
  if (ret_hash != NULL)
    *ret_hash = dup_hex (hash);
  return end > 0 || cantiga_folder_sync (audit->folder, error);
}

gboolean
cantiga_audit_add (CantigaAudit *audit, const char *who, const char *what, const char *of, gint64 now, char **ret_hash, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  int fd = open (audit->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  gboolean added;

  json_object_set_int_member (object, "at", now);
  set_text (object, "who", who);
  set_text (object, "what", what);
  set_text (object, "of", of);
  if (fd < 0)
    return fail_file (audit, error);
  /* One writer at a time, of whatever program; the lock goes with the descriptor. */
  added = flock (fd, LOCK_EX) == 0 ? append_line (audit, fd, object, ret_hash, error) : fail_file (audit, error);
  close (fd);
  return added;
}

GPtrArray *
cantiga_audit_list (CantigaAudit *audit, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_audit_entry_free);
  guint8 hash[CANTIGA_HASH_LENGTH] = { 0 };
  g_autofree char *text = NULL;
  g_autoptr (GError) failure = NULL;

  if (!g_file_get_contents (audit->path, &text, NULL, &failure) && !g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "The audit log cannot be read: %s.", failure->message);
      return NULL;
    }
  for (char *line = text, *end; line != NULL && (end = strchr (line, '\n')) != NULL; line = end + 1)
    {
      CantigaAuditEntry *entry;

      *end = '\0';
      entry = open_entry (audit, hash, line, NULL);
      if (entry == NULL)
        {
          cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED,
                             "Entry %u of the audit log does not follow from the one before: it was changed, or one is missing.", entries->len + 1);
          return NULL;
        }
      cantiga_sha256 (line, strlen (line), hash);
      entry->hash = dup_hex (hash);
      g_ptr_array_add (entries, entry);
    }
  return g_steal_pointer (&entries);
}
