#include "server/pki.h"

#include <errno.h>

#include <glib/gstdio.h>
#include <openssl/pem.h>

#include "core/kdf.h"
#include "server/files.h"

#define DAY ((gint64)24 * 3600)
#define AUTHORITY_LIFE (3650 * DAY)
#define LEAF_LIFE (365 * DAY)
#define PLAYER_LIFE (90 * DAY) /* docs/protocol.md 14.6 */
#define CRL_LIFE (7 * DAY)
/* A clock that is a little behind is no reason to refuse a fresh certificate. */
#define BACKDATED 3600
#define NAME_MAX_CHARACTERS 64
#define PASSPHRASE_LENGTH 32
#define AUTHORITY "authority"
#define PUBLISHER "publisher"
#define OLD "old-"
/* Where another authority's files are prepared, in the state. */
#define WORK ".pki"

struct _CantigaPki
{
  char *folder;
  const char *prefix; /* of the files of its authority: "old-" for one that is being retired */
  CantigaPki *older;  /* the one that is being retired, or NULL */
  char *name;
  char *server;
  CantigaSecret *passphrase;
  X509 *authority;
  EVP_PKEY *authority_key;
  CantigaIdentity *identities[CANTIGA_N_AUTHS];
  CantigaIdentity *publisher;
  GStrv revoked; /* serials of the server's own leaves that were rotated out */
};

static const char *const leaf_names[CANTIGA_N_AUTHS]
    = { [CANTIGA_AUTH_RSA] = "server-rsa", [CANTIGA_AUTH_ECDSA] = "server-ecdsa", [CANTIGA_AUTH_EDDSA] = "server-eddsa" };

/* ---- files ---- */

static CantigaSecret *
derive_passphrase (CantigaSecret *master, GError **error)
{
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;
  g_auto (CantigaKey) derived = CANTIGA_KEY_INIT;
  char *text;
  CantigaSecret *passphrase;

  cantiga_key_set (&key, cantiga_secret_bytes (master), cantiga_secret_length (master));
  if (!cantiga_expand (CANTIGA_DIGEST_SHA256, &key, CANTIGA_LABEL_PASSPHRASE, NULL, PASSPHRASE_LENGTH, &derived, error))
    return NULL;
  text = cantiga_base64url_encode (derived.bytes, derived.length);
  passphrase = cantiga_secret_new_copy ((const guint8 *)text, strlen (text));
  cantiga_wipe (text, strlen (text));
  g_free (text);
  return passphrase;
}

static char *
dup_path (CantigaPki *pki, const char *name, const char *ending)
{
  g_autofree char *file = g_strconcat (name, ending, NULL);

  return g_build_filename (pki->folder, file, NULL);
}

static GBytes *
read_path (const char *path, GError **error)
{
  g_autoptr (GError) failure = NULL;
  char *text;
  gsize length;

  if (g_file_get_contents (path, &text, &length, &failure))
    return g_bytes_new_take (text, length);
  cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be read: %s.", path, failure->message);
  return NULL;
}

static gboolean
save_key (CantigaPki *pki, const char *name, EVP_PKEY *key, GError **error)
{
  g_autofree char *path = dup_path (pki, name, ".key");
  g_autoptr (GBytes) pem = cantiga_key_pair_encode (key, pki->passphrase, error);

  return pem != NULL && cantiga_private_write (path, g_bytes_get_data (pem, NULL), g_bytes_get_size (pem), error);
}

static EVP_PKEY *
load_key (CantigaPki *pki, const char *name, GError **error)
{
  g_autofree char *path = dup_path (pki, name, ".key");
  g_autoptr (GBytes) pem = NULL;
  EVP_PKEY *key;

  if (!cantiga_private_check (path, error) || (pem = read_path (path, error)) == NULL)
    return NULL;
  key = cantiga_key_pair_decode (pem, pki->passphrase, NULL);
  if (key == NULL)
    cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s does not open with this master key: restore both from one backup.", path);
  return key;
}

static gboolean
save_certificate (CantigaPki *pki, const char *name, X509 *certificate, GError **error)
{
  g_autofree char *prefixed = g_strconcat (pki->prefix, name, NULL);
  g_autofree char *path = dup_path (pki, prefixed, ".pem");
  BIO *memory = BIO_new (BIO_s_mem ());
  char *text = NULL;
  long length = 0;
  gboolean saved;

  if (memory != NULL && PEM_write_bio_X509 (memory, certificate) == 1)
    length = BIO_get_mem_data (memory, &text);
  saved = length > 0 ? cantiga_private_write (path, text, (gsize)length, error) : cantiga_fail_crypto (error, "writing a certificate");
  BIO_free (memory);
  return saved;
}

static X509 *
load_certificate (CantigaPki *pki, const char *name, GError **error)
{
  g_autofree char *prefixed = g_strconcat (pki->prefix, name, NULL);
  g_autofree char *path = dup_path (pki, prefixed, ".pem");
  g_autoptr (GBytes) file = read_path (path, error);

  return file != NULL ? cantiga_certificate_decode_any (file, error) : NULL;
}

/* ---- leaves ---- */

static X509 *
issue (CantigaPki *pki, EVP_PKEY *key, CantigaUsage usage, const char *name, const char *uuid, gint64 life, gint64 now, GError **error)
{
  gint64 not_after = MIN (now + life, cantiga_certificate_get_not_after (pki->authority));

  return cantiga_certificate_issue (pki->authority, pki->authority_key, key, usage, name, uuid, now - BACKDATED, not_after, error);
}

static X509 *
issue_and_save (CantigaPki *pki, const char *name, EVP_PKEY *key, CantigaUsage usage, gint64 life, gint64 now, GError **error)
{
  g_autoptr (X509) certificate = issue (pki, key, usage, pki->name, pki->server, life, now, error);

  return certificate != NULL && save_certificate (pki, name, certificate, error) ? g_steal_pointer (&certificate) : NULL;
}

static CantigaIdentity *
new_identity (EVP_PKEY *key, X509 *certificate, GError **error)
{
  g_autoptr (GPtrArray) chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  g_ptr_array_add (chain, cantiga_certificate_encode (certificate));
  return cantiga_identity_new (key, chain, error);
}

static gboolean
is_revoked (CantigaPki *pki, X509 *certificate)
{
  g_autofree char *serial = cantiga_certificate_dup_serial (certificate);

  return g_strv_contains ((const char *const *)pki->revoked, serial);
}

/* Past two thirds of its time; or revoked, or not the one of the key beside it: a rotation that was killed between two files leaves that. */
static gboolean
is_due (CantigaPki *pki, X509 *certificate, EVP_PKEY *key, gint64 now)
{
  gint64 from = cantiga_certificate_get_not_before (certificate);
  gint64 to = cantiga_certificate_get_not_after (certificate);

  return now >= from + (to - from) / 3 * 2 || is_revoked (pki, certificate) || EVP_PKEY_eq (X509_get0_pubkey (certificate), key) != 1;
}

static CantigaIdentity *
open_leaf (CantigaPki *pki, const char *name, gint64 now, GError **error)
{
  g_autoptr (EVP_PKEY) key = load_key (pki, name, error);
  g_autoptr (X509) certificate = NULL;

  if (key == NULL)
    return NULL;
  certificate = load_certificate (pki, name, NULL);
  if (certificate == NULL || is_due (pki, certificate, key, now))
    {
      g_clear_pointer (&certificate, X509_free);
      certificate = issue_and_save (pki, name, key, CANTIGA_USAGE_SERVER, LEAF_LIFE, now, error);
    }
  return certificate != NULL ? new_identity (key, certificate, error) : NULL;
}

static gboolean
make_leaf (CantigaPki *pki, const char *name, CantigaAuth auth, CantigaUsage usage, gint64 life, gint64 now, GError **error)
{
  g_autoptr (EVP_PKEY) key = cantiga_key_pair_new (auth, error);
  g_autoptr (X509) certificate = NULL;

  if (key == NULL || !save_key (pki, name, key, error))
    return FALSE;
  certificate = issue_and_save (pki, name, key, usage, life, now, error);
  return certificate != NULL;
}

/* ---- create ---- */

static gboolean
check_name (const char *name, GError **error)
{
  gboolean fits = g_utf8_validate (name, -1, NULL) && *name != '\0' && g_utf8_strlen (name, -1) <= NAME_MAX_CHARACTERS;

  for (const char *at = name; fits && *at != '\0'; at = g_utf8_next_char (at))
    fits = !g_unichar_iscntrl (g_utf8_get_char (at));
  return fits
         || cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "A server's name has 1 to %d characters, none of them control characters.",
                               NAME_MAX_CHARACTERS);
}

static gboolean
make_authority (CantigaPki *pki, gint64 now, GError **error)
{
  pki->authority_key = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, error);
  if (pki->authority_key == NULL || !save_key (pki, AUTHORITY, pki->authority_key, error))
    return FALSE;
  pki->authority = cantiga_authority_issue (pki->authority_key, pki->name, now - BACKDATED, now + AUTHORITY_LIFE, error);
  return pki->authority != NULL && save_certificate (pki, AUTHORITY, pki->authority, error);
}

static CantigaPki *
pki_new (const char *folder, CantigaSecret *master, GError **error)
{
  g_autoptr (CantigaPki) pki = g_new0 (CantigaPki, 1);

  pki->folder = g_strdup (folder);
  pki->prefix = "";
  pki->passphrase = derive_passphrase (master, error);
  return pki->passphrase != NULL ? g_steal_pointer (&pki) : NULL;
}

gboolean
cantiga_pki_create (const char *folder, CantigaSecret *master, const char *name, gint64 now, GError **error)
{
  g_autoptr (CantigaPki) pki = NULL;

  if (!check_name (name, error) || (pki = pki_new (folder, master, error)) == NULL)
    return FALSE;
  pki->name = g_strdup (name);
  pki->server = g_uuid_string_random ();
  if (!make_authority (pki, now, error))
    return FALSE;
  for (CantigaAuth auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    if (!make_leaf (pki, leaf_names[auth], auth, CANTIGA_USAGE_SERVER, LEAF_LIFE, now, error))
      return FALSE;
  return make_leaf (pki, PUBLISHER, CANTIGA_AUTH_EDDSA, CANTIGA_USAGE_PUBLISHER, AUTHORITY_LIFE, now, error);
}

/* ---- open ---- */

static void
load_revoked (CantigaPki *pki)
{
  g_autofree char *path = dup_path (pki, "revoked", "");
  g_autofree char *text = NULL;

  /* There is no such file before the first rotation. */
  if (!g_file_get_contents (path, &text, NULL, NULL))
    text = g_strdup ("");
  pki->revoked = g_strsplit (g_strstrip (text), "\n", -1);
}

/* Keys of leaves and publisher are the same under either authority. */
static gboolean
open_authority (CantigaPki *pki, GError **error)
{
  g_autofree char *name = g_strconcat (pki->prefix, AUTHORITY, NULL);

  pki->authority_key = load_key (pki, name, error);
  pki->authority = pki->authority_key != NULL ? load_certificate (pki, AUTHORITY, error) : NULL;
  if (pki->authority == NULL)
    return FALSE;
  pki->name = cantiga_certificate_dup_name (pki->authority);
  return TRUE;
}

static gboolean
open_publisher (CantigaPki *pki, GError **error)
{
  g_autoptr (EVP_PKEY) key = load_key (pki, PUBLISHER, error);
  g_autoptr (X509) certificate = key != NULL ? load_certificate (pki, PUBLISHER, error) : NULL;

  if (certificate == NULL)
    return FALSE;
  pki->server = cantiga_certificate_dup_uuid (certificate);
  if (pki->server == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION,
                              "The publisher's certificate does not name the server: restore pki/ from a backup.");
  pki->publisher = new_identity (key, certificate, error);
  return pki->publisher != NULL;
}

static CantigaPki *
open_with_prefix (const char *folder, const char *prefix, CantigaSecret *master, GError **error)
{
  g_autoptr (CantigaPki) pki = pki_new (folder, master, error);

  if (pki != NULL)
    pki->prefix = prefix;

  /* The publisher's certificate says which server this is. */
  if (pki == NULL || !open_authority (pki, error) || !open_publisher (pki, error))
    return NULL;
  load_revoked (pki);
  return g_steal_pointer (&pki);
}

/* The older authority is there as long as its certificate is. */
static CantigaPki *
open_folder (const char *folder, CantigaSecret *master, GError **error)
{
  g_autoptr (CantigaPki) pki = open_with_prefix (folder, "", master, error);
  g_autofree char *old = pki != NULL ? dup_path (pki, OLD AUTHORITY, ".pem") : NULL;

  if (pki != NULL && g_file_test (old, G_FILE_TEST_EXISTS) && (pki->older = open_with_prefix (folder, OLD, master, error)) == NULL)
    return NULL;
  return g_steal_pointer (&pki);
}

static CantigaPki *
open_keys (CantigaState *state, GError **error)
{
  g_autofree char *folder = cantiga_state_dup_path (state, "pki");

  return open_folder (folder, cantiga_state_get_master (state), error);
}

char *
cantiga_pki_dup_server_of (const char *folder, CantigaSecret *master)
{
  g_autoptr (CantigaPki) pki = open_folder (folder, master, NULL);

  return pki != NULL ? g_strdup (pki->server) : NULL;
}

static gboolean
open_leaves (CantigaPki *pki, gint64 now, GError **error)
{
  for (CantigaAuth auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    if ((pki->identities[auth] = open_leaf (pki, leaf_names[auth], now, error)) == NULL)
      return FALSE;
  return pki->older == NULL || open_leaves (pki->older, now, error);
}

CantigaPki *
cantiga_pki_open (CantigaState *state, gint64 now, GError **error)
{
  g_autoptr (CantigaPki) pki = open_keys (state, error);

  return pki != NULL && open_leaves (pki, now, error) ? g_steal_pointer (&pki) : NULL;
}

/* ---- rotate ---- */

static gboolean
revoke_leaf (CantigaPki *pki, const char *name, GError **error)
{
  g_autofree char *path = dup_path (pki, "revoked", "");
  g_autoptr (X509) certificate = load_certificate (pki, name, error);
  g_autofree char *serial = certificate != NULL ? cantiga_certificate_dup_serial (certificate) : NULL;
  g_autofree char *before = NULL;
  g_autofree char *text = NULL;

  if (serial == NULL)
    return FALSE;
  if (!g_file_get_contents (path, &before, NULL, NULL))
    before = g_strdup ("");
  text = g_strconcat (before, serial, "\n", NULL);
  return cantiga_private_write (path, text, strlen (text), error);
}

gboolean
cantiga_pki_rotate (CantigaState *state, gint64 now, GError **error)
{
  g_autoptr (CantigaPki) pki = open_keys (state, error);

  if (pki == NULL)
    return FALSE;
  /* The older authority's certificates of these keys are issued anew when they are opened next. */
  for (CantigaAuth auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    if (!revoke_leaf (pki, leaf_names[auth], error) || (pki->older != NULL && !revoke_leaf (pki->older, leaf_names[auth], error)) || !make_leaf (pki, leaf_names[auth], auth, CANTIGA_USAGE_SERVER, LEAF_LIFE, now, error))
      return FALSE;
  return TRUE;
}

/* ---- another authority (docs/protocol.md 14.8) ---- */

static gboolean
copy_to_work (const char *from, const char *to, GError **error)
{
  return cantiga_folder_remove (to, error) && cantiga_folder_copy (from, to, error);
}

/* What there is becomes the older authority's. */
static gboolean
make_old (const char *folder, GError **error)
{
  static const char *const names[]
      = { AUTHORITY ".key", AUTHORITY ".pem", PUBLISHER ".pem", "server-rsa.pem", "server-ecdsa.pem", "server-eddsa.pem" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);
      g_autofree char *old_name = g_strconcat (OLD, names[i], NULL);
      g_autofree char *old = g_build_filename (folder, old_name, NULL);

      if (g_rename (path, old) != 0)
        return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be moved: %s.", path, g_strerror (errno));
    }
  return TRUE;
}

static gboolean
certify (CantigaPki *pki, const char *name, CantigaUsage usage, gint64 life, gint64 now, GError **error)
{
  g_autoptr (EVP_PKEY) key = load_key (pki, name, error);
  g_autoptr (X509) certificate = key != NULL ? issue_and_save (pki, name, key, usage, life, now, error) : NULL;

  return certificate != NULL;
}

static gboolean
make_new (const char *folder, CantigaPki *pki, CantigaSecret *master, gint64 now, GError **error)
{
  g_autoptr (CantigaPki) next = pki_new (folder, master, error);

  if (next == NULL)
    return FALSE;
  next->name = g_strdup (pki->name);
  next->server = g_strdup (pki->server);
  if (!make_authority (next, now, error) || !certify (next, PUBLISHER, CANTIGA_USAGE_PUBLISHER, AUTHORITY_LIFE, now, error))
    return FALSE;
  for (CantigaAuth auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    if (!certify (next, leaf_names[auth], CANTIGA_USAGE_SERVER, LEAF_LIFE, now, error))
      return FALSE;
  return TRUE;
}

gboolean
cantiga_pki_rotate_authority (CantigaState *state, gint64 now, GError **error)
{
  g_autoptr (CantigaPki) pki = open_keys (state, error);
  g_autofree char *work = cantiga_state_dup_path (state, WORK);

  if (pki == NULL)
    return FALSE;
  if (pki->older != NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION,
                              "The authority before this one is not retired yet: wait until every player has moved (cantigactl pki status), then cantigactl pki "
                              "retire-authority.");
  return copy_to_work (pki->folder, work, error) && make_old (work, error) && make_new (work, pki, cantiga_state_get_master (state), now, error)
         && cantiga_folder_sync (work, error) && cantiga_folder_exchange (work, pki->folder, error) && cantiga_folder_remove (work, error);
}

/* Its certificate first: without it the others are nobody's. */
gboolean
cantiga_pki_retire_authority (CantigaState *state, GError **error)
{
  static const char *const names[]
      = { AUTHORITY ".pem", AUTHORITY ".key", PUBLISHER ".pem", "server-rsa.pem", "server-ecdsa.pem", "server-eddsa.pem" };
  g_autofree char *folder = cantiga_state_dup_path (state, "pki");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = g_strconcat (OLD, names[i], NULL);
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_unlink (path) != 0 && errno != ENOENT)
        return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be removed: %s.", path, g_strerror (errno));
    }
  return cantiga_folder_sync (folder, error);
}

/* ---- another master key ---- */

static gboolean
copy_key (CantigaPki *from, CantigaPki *to, const char *name, GError **error)
{
  g_autoptr (EVP_PKEY) key = load_key (from, name, error);

  return key != NULL && save_key (to, name, key, error);
}

gboolean
cantiga_pki_copy_keys (const char *folder, CantigaSecret *master, const char *new_folder, CantigaSecret *new_master, GError **error)
{
  g_autoptr (CantigaPki) from = pki_new (folder, master, error);
  g_autoptr (CantigaPki) to = from != NULL ? pki_new (new_folder, new_master, error) : NULL;

  g_autofree char *old = g_build_filename (folder, OLD AUTHORITY ".key", NULL);

  if (to == NULL || !copy_key (from, to, AUTHORITY, error) || !copy_key (from, to, PUBLISHER, error)
      || (g_file_test (old, G_FILE_TEST_EXISTS) && !copy_key (from, to, OLD AUTHORITY, error)))
    return FALSE;
  for (CantigaAuth auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    if (!copy_key (from, to, leaf_names[auth], error))
      return FALSE;
  return TRUE;
}

/* ---- use ---- */

void
cantiga_pki_free (CantigaPki *pki)
{
  if (pki == NULL)
    return;
  cantiga_pki_free (pki->older);
  for (CantigaAuth auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    g_clear_pointer (&pki->identities[auth], cantiga_identity_unref);
  g_clear_pointer (&pki->publisher, cantiga_identity_unref);
  g_strfreev (pki->revoked);
  X509_free (pki->authority);
  EVP_PKEY_free (pki->authority_key);
  cantiga_secret_free (pki->passphrase);
  g_free (pki->server);
  g_free (pki->name);
  g_free (pki->folder);
  g_free (pki);
}

const char *
cantiga_pki_get_name (CantigaPki *pki)
{
  return pki->name;
}

const char *
cantiga_pki_get_server (CantigaPki *pki)
{
  return pki->server;
}

X509 *
cantiga_pki_get_authority (CantigaPki *pki)
{
  return pki->authority;
}

CantigaPki *
cantiga_pki_get_older (CantigaPki *pki)
{
  return pki->older;
}

gboolean
cantiga_pki_is_of_older (CantigaPki *pki, const char *issuer, gint64 expires)
{
  g_autofree char *older = pki->older != NULL ? cantiga_certificate_dup_key_id (pki->older->authority) : NULL;

  if (older != NULL && issuer != NULL)
    return g_str_equal (issuer, older);
  return pki->older != NULL && expires <= cantiga_certificate_get_not_before (pki->authority) + BACKDATED + PLAYER_LIFE;
}

CantigaIdentity *
cantiga_pki_get_identity (CantigaPki *pki, CantigaAuth auth)
{
  return pki->identities[auth];
}

CantigaIdentity *
cantiga_pki_get_publisher (CantigaPki *pki)
{
  return pki->publisher;
}

GPtrArray *
cantiga_pki_issue_player (CantigaPki *pki, EVP_PKEY *key, const char *name, const char *uuid, gint64 now, GError **error)
{
  g_autoptr (X509) certificate = issue (pki, key, CANTIGA_USAGE_PLAYER, name, uuid, PLAYER_LIFE, now, error);
  GPtrArray *chain;

  if (certificate == NULL)
    return NULL;
  chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_ptr_array_add (chain, cantiga_certificate_encode (certificate));
  return chain;
}

static void
add_serials (GStrvBuilder *builder, const char *const *serials)
{
  for (guint i = 0; serials[i] != NULL; i++)
    if (*serials[i] != '\0')
      g_strv_builder_add (builder, serials[i]);
}

static GStrv
gather_serials (CantigaPki *pki, const char *const *serials)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  add_serials (builder, serials);
  add_serials (builder, (const char *const *)pki->revoked);
  return g_strv_builder_end (builder);
}

static gint
compare_serials_cb (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

char *
cantiga_pki_dup_crl_digest (CantigaPki *pki, const char *const *serials)
{
  g_auto (GStrv) all = gather_serials (pki, serials);
  g_autofree char *text = NULL;

  qsort (all, g_strv_length (all), sizeof *all, compare_serials_cb);
  text = g_strjoinv (" ", all);
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
}

X509_CRL *
cantiga_pki_issue_crl (CantigaPki *pki, const char *const *serials, gint64 number, gint64 now, GError **error)
{
  g_auto (GStrv) all = gather_serials (pki, serials);

  return cantiga_crl_issue (pki->authority, pki->authority_key, number, (const char *const *)all, now, now + CRL_LIFE, error);
}
