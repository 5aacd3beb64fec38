#include "client/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "client/pem.h"
#include "core/wire.h"

#define ABOUT_FILE "server.json"
#define AUTHORITY_FILE "authority.pem"
#define TEXT_MAX 1024

/* ---- single steps ---- */

static gboolean
fail_errno (GError **error, const char *what, const char *path)
{
  return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be %s: %s.", path, what, g_strerror (errno));
}

gboolean
cantiga_folder_fsync (const char *folder, GError **error)
{
  int descriptor = g_open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  gboolean done = descriptor >= 0 && fsync (descriptor) == 0;

  if (!done)
    fail_errno (error, "written", folder);
  if (descriptor >= 0)
    close (descriptor);
  return done;
}

/* Temporary name, fsync, rename, fsync of the folder: GLib does all four. */
static gboolean
write_file (const char *folder, const char *name, GBytes *contents, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) reason = NULL;
  gsize length;
  const char *bytes = g_bytes_get_data (contents, &length);

  if (!g_file_set_contents_full (path, bytes, length, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, &reason))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be written: %s.", path, reason->message);
  return TRUE;
}

static GBytes *
read_file (const char *folder, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) reason = NULL;
  char *contents;
  gsize length;

  if (!g_file_get_contents (path, &contents, &length, &reason))
    {
      cantiga_fail_with (error, g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_NOENT) ? CANTIGA_ERROR_NOT_FOUND : CANTIGA_ERROR_CONFIGURATION,
                         "%s cannot be read: %s.", path, reason->message);
      return NULL;
    }
  return g_bytes_new_take (contents, length);
}

/* A pairing's folder holds files alone. */
static gboolean
remove_folder (const char *path, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  if (dir == NULL)
    return errno == ENOENT ? TRUE : fail_errno (error, "read", path);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      if (g_unlink (file) != 0 && errno != ENOENT)
        return fail_errno (error, "removed", file);
    }
  if (g_rmdir (path) != 0 && errno != ENOENT)
    return fail_errno (error, "removed", path);
  return TRUE;
}

static gboolean
rename_folder (const char *from, const char *to, GError **error)
{
  return g_rename (from, to) == 0 || fail_errno (error, "renamed", from);
}

/* Held while the folder changes: two players of one person must not undo each other. */
int
cantiga_folder_lock (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "lock", NULL);
  int descriptor = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  while (descriptor >= 0 && flock (descriptor, LOCK_EX) != 0)
    if (errno != EINTR)
      {
        close (descriptor);
        descriptor = -1;
      }
  if (descriptor < 0)
    fail_errno (error, "locked", path);
  return descriptor;
}

/* ---- a whole pairing takes another's place: old away, new in, old removed. A crash in between is ended by settle(). ---- */

static gboolean
settle (const char *folder, const char *server, GError **error)
{
  g_autofree char *path = g_build_filename (folder, server, NULL);
  g_autofree char *fresh = g_strconcat (path, ".new", NULL);
  g_autofree char *former = g_strconcat (path, ".old", NULL);

  if (!remove_folder (fresh, error))
    return FALSE;
  if (!g_file_test (former, G_FILE_TEST_IS_DIR))
    return TRUE;
  return g_file_test (path, G_FILE_TEST_IS_DIR) ? remove_folder (former, error) : rename_folder (former, path, error);
}

static gboolean
replace (const char *folder, const char *server, GError **error)
{
  g_autofree char *path = g_build_filename (folder, server, NULL);
  g_autofree char *fresh = g_strconcat (path, ".new", NULL);
  g_autofree char *former = g_strconcat (path, ".old", NULL);

  if (g_file_test (path, G_FILE_TEST_IS_DIR) && !rename_folder (path, former, error))
    return FALSE;
  return rename_folder (fresh, path, error) && cantiga_folder_fsync (folder, error) && remove_folder (former, error);
}

static gboolean
settle_all (const char *folder, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  if (dir == NULL)
    return fail_errno (error, "read", folder);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *server = g_strndup (name, 36);
      gboolean left = g_str_has_suffix (name, ".new") || g_str_has_suffix (name, ".old");
      if (left && g_uuid_string_is_valid (server) && !settle (folder, server, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
cantiga_folder_prepare (const char *folder, GError **error)
{
  gboolean settled;
  int lock;

  if (g_mkdir_with_parents (folder, 0700) != 0)
    return fail_errno (error, "made", folder);
  if ((lock = cantiga_folder_lock (folder, error)) < 0)
    return FALSE;
  settled = settle_all (folder, error);
  close (lock);
  return settled;
}

/* ---- server.json ---- */

static GBytes *
encode_about (CantigaPaired *paired)
{
  g_autoptr (JsonObject) object = json_object_new ();

  json_object_set_string_member (object, "name", cantiga_paired_get_name (paired));
  json_object_set_string_member (object, "url", cantiga_paired_get_url (paired));
  json_object_set_string_member (object, "server", cantiga_paired_get_server (paired));
  json_object_set_int_member (object, "crl", cantiga_paired_get_crl_number (paired));
  json_object_set_int_member (object, "used", cantiga_paired_get_last_used (paired));
  return cantiga_json_format (object);
}

static CantigaPaired *
decode_about (GBytes *about, X509 *authority, GError **error)
{
  g_autoptr (JsonObject) object = cantiga_json_parse (g_bytes_get_data (about, NULL), g_bytes_get_size (about), error);
  const char *name, *url, *server;
  gint64 crl, used;

  if (object == NULL || !cantiga_json_get_text (object, "name", TEXT_MAX, &name, error)
      || !cantiga_json_get_text (object, "url", TEXT_MAX, &url, error) || !cantiga_json_get_text (object, "server", TEXT_MAX, &server, error)
      || !cantiga_json_get_int (object, "crl", -1, G_MAXINT64, &crl, error) || !cantiga_json_get_int (object, "used", 0, G_MAXINT64, &used, error))
    return NULL;
  return cantiga_paired_new (name, url, server, authority, crl, used);
}

static CantigaPaired *
read_paired (const char *folder, const char *server, GError **error)
{
  g_autofree char *path = g_build_filename (folder, server, NULL);
  g_autoptr (GBytes) pem = read_file (path, AUTHORITY_FILE, error);
  g_autoptr (X509) authority = pem != NULL ? cantiga_certificate_decode_any (pem, error) : NULL;
  g_autoptr (GBytes) about = authority != NULL ? read_file (path, ABOUT_FILE, error) : NULL;
  g_autoptr (CantigaPaired) paired = about != NULL ? decode_about (about, authority, error) : NULL;

  if (paired != NULL && g_strcmp0 (cantiga_paired_get_server (paired), server) != 0)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "it speaks of another server");
      return NULL;
    }
  return g_steal_pointer (&paired);
}

GPtrArray *
cantiga_folder_read (const char *folder, GError **ret_trouble, GError **error)
{
  g_autoptr (GPtrArray) servers = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GError) trouble = NULL;
  const char *name;

  if (dir == NULL)
    {
      fail_errno (error, "read", folder);
      return NULL;
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autoptr (GError) reason = NULL;
      CantigaPaired *paired = g_uuid_string_is_valid (name) ? read_paired (folder, name, &reason) : NULL;
      if (paired != NULL)
        g_ptr_array_add (servers, paired);
      else if (reason != NULL && trouble == NULL)
        cantiga_fail_with (&trouble, CANTIGA_ERROR_DAMAGED, "The pairing in %s/%s is damaged (%s): pair again with a new invitation.", folder, name,
                           reason->message);
    }
  *ret_trouble = g_steal_pointer (&trouble);
  return g_steal_pointer (&servers);
}

/* ---- identities ---- */

static char *
identity_file (CantigaAuth auth, const char *suffix)
{
  g_autofree char *kind = g_ascii_strdown (cantiga_auth_get_name (auth), -1);

  return g_strconcat ("player-", kind, suffix, NULL);
}

static gboolean
write_certificates (const char *path, CantigaIdentity *identity, GError **error)
{
  g_autofree char *name = identity_file (identity->auth, ".pem");
  g_autoptr (GBytes) pem = cantiga_pem_encode (identity->certificates, error);

  return pem != NULL && write_file (path, name, pem, error);
}

static gboolean
write_key (const char *path, CantigaIdentity *identity, CantigaSecret *passphrase, GError **error)
{
  g_autofree char *name = identity_file (identity->auth, ".key");
  g_autoptr (GBytes) pem = cantiga_key_pair_encode (identity->key, passphrase, error);

  return pem != NULL && write_file (path, name, pem, error);
}

static gboolean
write_authority (const char *path, X509 *authority, GError **error)
{
  g_autoptr (GBytes) pem = cantiga_pem_encode_certificate (authority, error);

  return pem != NULL && write_file (path, AUTHORITY_FILE, pem, error);
}

static gboolean
write_paired (const char *path, CantigaPaired *paired, GPtrArray *identities, CantigaSecret *passphrase, GError **error)
{
  g_autoptr (GBytes) about = encode_about (paired);

  if (!write_file (path, ABOUT_FILE, about, error) || !write_authority (path, cantiga_paired_get_authority (paired), error))
    return FALSE;
  for (guint i = 0; i < identities->len; i++)
    if (!write_key (path, identities->pdata[i], passphrase, error) || !write_certificates (path, identities->pdata[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
write_fresh (const char *folder, CantigaPaired *paired, GPtrArray *identities, CantigaSecret *passphrase, GError **error)
{
  const char *server = cantiga_paired_get_server (paired);
  g_autofree char *fresh = g_strconcat (folder, G_DIR_SEPARATOR_S, server, ".new", NULL);

  if (!settle (folder, server, error))
    return FALSE;
  if (g_mkdir (fresh, 0700) != 0)
    return fail_errno (error, "made", fresh);
  return write_paired (fresh, paired, identities, passphrase, error);
}

/* The server's UUID names a folder: nothing else may. */
static gboolean
check_server (const char *server, GError **error)
{
  return g_uuid_string_is_valid (server) || cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The server's identity is not a UUID.");
}

gboolean
cantiga_folder_keep (const char *folder, CantigaPaired *paired, GPtrArray *identities, CantigaSecret *passphrase, GError **error)
{
  const char *server = cantiga_paired_get_server (paired);
  gboolean kept;
  int lock;

  if (!check_server (server, error) || (lock = cantiga_folder_lock (folder, error)) < 0)
    return FALSE;
  kept = write_fresh (folder, paired, identities, passphrase, error) && replace (folder, server, error);
  close (lock);
  return kept;
}

static gboolean
copy_files (const char *from, const char *to, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (from, 0, NULL);
  const char *name;

  if (dir == NULL)
    return fail_errno (error, "read", from);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autoptr (GBytes) bytes = read_file (from, name, error);

      if (bytes == NULL || !write_file (to, name, bytes, error))
        return FALSE;
    }
  return TRUE;
}

/* Beside the former one, with what is new in it. */
static gboolean
write_renewed (const char *folder, const char *server, X509 *authority, GPtrArray *identities, GError **error)
{
  g_autofree char *path = g_build_filename (folder, server, NULL);
  g_autofree char *fresh = g_strconcat (path, ".new", NULL);

  if (!settle (folder, server, error))
    return FALSE;
  if (g_mkdir (fresh, 0700) != 0)
    return fail_errno (error, "made", fresh);
  if (!copy_files (path, fresh, error) || (authority != NULL && !write_authority (fresh, authority, error)))
    return FALSE;
  for (guint i = 0; i < identities->len; i++)
    if (!write_certificates (fresh, identities->pdata[i], error))
      return FALSE;
  return TRUE;
}

gboolean
cantiga_folder_renew (const char *folder, const char *server, X509 *authority, GPtrArray *identities, GError **error)
{
  gboolean renewed;
  int lock = cantiga_folder_lock (folder, error);

  if (lock < 0)
    return FALSE;
  renewed = write_renewed (folder, server, authority, identities, error) && replace (folder, server, error);
  close (lock);
  return renewed;
}

static CantigaIdentity *
load_identity (const char *folder, const char *server, CantigaAuth auth, CantigaSecret *passphrase, X509 **ret_authority, GError **error)
{
  g_autofree char *path = g_build_filename (folder, server, NULL);
  g_autofree char *key_name = identity_file (auth, ".key");
  g_autofree char *pem_name = identity_file (auth, ".pem");
  g_autoptr (GBytes) key_pem = read_file (path, key_name, error);
  g_autoptr (GBytes) chain_pem = key_pem != NULL ? read_file (path, pem_name, error) : NULL;
  g_autoptr (GBytes) authority_pem = chain_pem != NULL ? read_file (path, AUTHORITY_FILE, error) : NULL;
  g_autoptr (X509) authority = authority_pem != NULL ? cantiga_certificate_decode_any (authority_pem, error) : NULL;
  g_autoptr (GPtrArray) certificates = authority != NULL ? cantiga_pem_decode (chain_pem, error) : NULL;
  g_autoptr (EVP_PKEY) key = certificates != NULL ? cantiga_key_pair_decode (key_pem, passphrase, error) : NULL;
  CantigaIdentity *identity = key != NULL ? cantiga_identity_new (key, certificates, error) : NULL;

  if (identity != NULL)
    *ret_authority = g_steal_pointer (&authority);
  return identity;
}

/* Not while another program puts renewed ones in their place. */
CantigaIdentity *
cantiga_folder_load_identity (const char *folder, const char *server, CantigaAuth auth, CantigaSecret *passphrase, X509 **ret_authority, GError **error)
{
  CantigaIdentity *identity;
  int lock = cantiga_folder_lock (folder, error);

  if (lock < 0)
    return NULL;
  identity = load_identity (folder, server, auth, passphrase, ret_authority, error);
  close (lock);
  return identity;
}

/* ---- what a session leaves behind ---- */

static gboolean
note (const char *folder, const char *server, gint64 crl_number, gint64 last_used, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (folder, server, NULL);
  g_autoptr (CantigaPaired) paired = read_paired (folder, server, error);
  g_autoptr (GBytes) about = NULL;

  if (paired == NULL)
    return FALSE;
  cantiga_paired_set_seen (paired, crl_number, last_used);
  if (name != NULL)
    cantiga_paired_set_name (paired, name);
  about = encode_about (paired);
  return write_file (path, ABOUT_FILE, about, error);
}

gboolean
cantiga_folder_note (const char *folder, const char *server, gint64 crl_number, gint64 last_used, const char *name, GError **error)
{
  gboolean noted;
  int lock = cantiga_folder_lock (folder, error);

  if (lock < 0)
    return FALSE;
  noted = note (folder, server, crl_number, last_used, name, error);
  close (lock);
  return noted;
}

/* Renamed first, so that a crash leaves no half of a pairing: settle() would put ".old" back, ".new" it removes. */
static gboolean
forget (const char *folder, const char *server, GError **error)
{
  g_autofree char *path = g_build_filename (folder, server, NULL);
  g_autofree char *fresh = g_strconcat (path, ".new", NULL);

  return settle (folder, server, error) && rename_folder (path, fresh, error) && cantiga_folder_fsync (folder, error) && remove_folder (fresh, error);
}

gboolean
cantiga_folder_forget (const char *folder, const char *server, GError **error)
{
  gboolean forgotten;
  int lock = cantiga_folder_lock (folder, error);

  if (lock < 0)
    return FALSE;
  forgotten = forget (folder, server, error);
  close (lock);
  return forgotten;
}
