#include "client/store.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "loop.h"
#include "pki.h"

#define OTHER "0d6f5a8e-1111-4e0a-9d51-0d4f6d0a2222"
#define URL "http://10.0.0.2:22684"

/* One player's state, and what it is paired by. Keys are made once: RSA takes long. */
typedef struct
{
  char *folder;
  CantigaStore *store;
} Fixture;

static Pki *pki;
static GPtrArray *identities;

static CantigaStore *
open_store (const char *folder, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  cantiga_store_open_async (folder, NULL, loop_result_cb, &result);
  return cantiga_store_open_finish (loop_wait (&result), error);
}

static void
fixture_open (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&fixture->store);
  fixture->store = open_store (fixture->folder, &error);
  g_assert_no_error (error);
}

static void
fixture_set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->folder = folder_new ();
  fixture_open (fixture);
}

static void
fixture_tear_down (Fixture *fixture, gconstpointer unused)
{
  g_clear_object (&fixture->store);
  folder_free (fixture->folder);
}

static CantigaPaired *
keep_as (Fixture *fixture, const char *name, const char *url, const char *server, GPtrArray *all, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  cantiga_store_keep_async (fixture->store, name, url, server, pki->authority, all, NULL, loop_result_cb, &result);
  return cantiga_store_keep_finish (fixture->store, loop_wait (&result), error);
}

static CantigaPaired *
keep (Fixture *fixture, const char *name, const char *url, const char *server)
{
  g_autoptr (GError) error = NULL;
  CantigaPaired *paired = keep_as (fixture, name, url, server, identities, &error);

  g_assert_no_error (error);
  return paired;
}

static CantigaIdentity *
load (Fixture *fixture, CantigaPaired *paired, CantigaAuth auth, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  cantiga_store_load_identity_async (fixture->store, paired, auth, NULL, loop_result_cb, &result);
  return cantiga_store_load_identity_finish (fixture->store, loop_wait (&result), error);
}

static guint
mode_of (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  struct stat about;

  g_assert_cmpint (stat (path, &about), ==, 0);
  return about.st_mode & 0777;
}

static void
test_makes_private_folder (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *inner = g_build_filename (fixture->folder, "deep", "state", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaStore) store = open_store (inner, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (cantiga_store_get_path (store), ==, inner);
  g_assert_cmpuint (mode_of (inner, "."), ==, 0700);
  g_assert_cmpuint (g_list_model_get_n_items (cantiga_store_get_servers (store)), ==, 0);
}

static void
test_keeps_pairing (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) kept = keep (fixture, "Coro", URL, PKI_SERVER);
  g_autoptr (GError) error = NULL;
  CantigaPaired *found;

  fixture_open (fixture);
  found = cantiga_store_find (fixture->store, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (found != kept);
  g_assert_cmpstr (cantiga_paired_get_name (found), ==, "Coro");
  g_assert_cmpstr (cantiga_paired_get_url (found), ==, URL);
  g_assert_cmpstr (cantiga_paired_get_server (found), ==, PKI_SERVER);
  g_assert_cmpint (cantiga_paired_get_crl_number (found), ==, -1);
  g_assert_cmpint (X509_cmp (cantiga_paired_get_authority (found), pki->authority), ==, 0);
}

static void
test_keeps_identities (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) paired = keep (fixture, "Coro", URL, PKI_SERVER);

  fixture_open (fixture);
  for (guint i = 0; i < identities->len; i++)
    {
      CantigaIdentity *kept = identities->pdata[i];
      g_autoptr (GError) error = NULL;
      g_autoptr (CantigaIdentity) loaded = load (fixture, paired, kept->auth, &error);
      g_assert_no_error (error);
      g_assert_cmpint (EVP_PKEY_eq (loaded->key, kept->key), ==, 1);
      g_assert_true (g_bytes_equal (loaded->certificates->pdata[0], kept->certificates->pdata[0]));
    }
}

/* docs/protocol.md 13.4: "Private keys at rest: PKCS#8 with PBES2." */
static void
test_seals_keys (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) paired = keep (fixture, "Coro", URL, PKI_SERVER);
  static const char *const names[] = { "player-rsa.key", "player-ecdsa.key", "player-eddsa.key" };

  g_assert_cmpuint (mode_of (fixture->folder, "passphrase"), ==, 0600);
  g_assert_cmpuint (mode_of (fixture->folder, PKI_SERVER), ==, 0700);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (fixture->folder, PKI_SERVER, names[i], NULL);
      g_autofree char *pem = NULL;
      g_assert_true (g_file_get_contents (path, &pem, NULL, NULL));
      g_assert_nonnull (strstr (pem, "BEGIN ENCRYPTED PRIVATE KEY"));
      g_assert_cmpuint (mode_of (fixture->folder, PKI_SERVER "/server.json"), ==, 0600);
    }
}

static void
test_refuses_lost_passphrase (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) paired = keep (fixture, "Coro", URL, PKI_SERVER);
  g_autofree char *path = g_build_filename (fixture->folder, "passphrase", NULL);
  g_autoptr (GError) error = NULL, again = NULL;

  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_null (load (fixture, paired, CANTIGA_AUTH_ECDSA, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
  g_assert_null (keep_as (fixture, "Coro", URL, OTHER, identities, &again));
  g_assert_error (again, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

static void
test_refuses_open_passphrase (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) paired = keep (fixture, "Coro", URL, PKI_SERVER);
  g_autofree char *path = g_build_filename (fixture->folder, "passphrase", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_chmod (path, 0644), ==, 0);
  g_assert_null (load (fixture, paired, CANTIGA_AUTH_ECDSA, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
  g_assert_nonnull (strstr (error->message, "chmod 600"));
}

static void
test_makes_one_passphrase (Fixture *fixture, gconstpointer unused)
{
  enum
  {
    N = 8
  };
  GAsyncResult *results[N] = { NULL };
  g_autoptr (CantigaSecret) first = NULL;

  for (guint i = 0; i < N; i++)
    cantiga_keyring_load_async (fixture->folder, CANTIGA_KEYRING_FILE, TRUE, NULL, loop_result_cb, &results[i]);
  for (guint i = 0; i < N; i++)
    {
      g_autoptr (GAsyncResult) result = loop_wait (&results[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (CantigaSecret) passphrase = cantiga_keyring_load_finish (result, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (cantiga_secret_length (passphrase), ==, 43);
      if (first == NULL)
        first = g_steal_pointer (&passphrase);
      else
        g_assert_true (cantiga_bytes_equal (cantiga_secret_bytes (first), cantiga_secret_bytes (passphrase), 43));
    }
}

static void
test_replaces_whole (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) first = keep (fixture, "Coro", URL, PKI_SERVER);
  g_autoptr (GPtrArray) fewer = g_ptr_array_new ();
  g_autoptr (GError) error = NULL, missing = NULL;
  g_autoptr (CantigaPaired) second = NULL;
  g_autoptr (CantigaIdentity) identity = NULL;

  g_ptr_array_add (fewer, identities->pdata[CANTIGA_AUTH_EDDSA]);
  second = keep_as (fixture, "Coro novo", "http://10.0.0.3:22684", PKI_SERVER, fewer, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_list_model_get_n_items (cantiga_store_get_servers (fixture->store)), ==, 1);
  fixture_open (fixture);
  g_assert_cmpuint (g_list_model_get_n_items (cantiga_store_get_servers (fixture->store)), ==, 1);
  g_assert_cmpstr (cantiga_paired_get_name (cantiga_store_find (fixture->store, NULL, NULL)), ==, "Coro novo");
  identity = load (fixture, second, CANTIGA_AUTH_EDDSA, &error);
  g_assert_no_error (error);
  g_assert_null (load (fixture, second, CANTIGA_AUTH_RSA, &missing));
  g_assert_error (missing, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
}

static void
rename_in (Fixture *fixture, const char *from, const char *to)
{
  g_autofree char *source = g_build_filename (fixture->folder, from, NULL);
  g_autofree char *target = g_build_filename (fixture->folder, to, NULL);

  g_assert_cmpint (g_rename (source, target), ==, 0);
}

static gboolean
is_there (Fixture *fixture, const char *name)
{
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* Killed between the two renames of a replacement: the former pairing stands again. */
static void
test_survives_crash_between_renames (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) paired = keep (fixture, "Coro", URL, PKI_SERVER);
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaIdentity) identity = NULL;

  rename_in (fixture, PKI_SERVER, PKI_SERVER ".old");
  fixture_open (fixture);
  identity = load (fixture, cantiga_store_find (fixture->store, NULL, NULL), CANTIGA_AUTH_ECDSA, &error);
  g_assert_no_error (error);
  g_assert_false (is_there (fixture, PKI_SERVER ".old"));
}

static void
test_survives_crash_before_rename (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) paired = keep (fixture, "Coro", URL, PKI_SERVER);
  g_autoptr (CantigaPaired) other = keep (fixture, "Outro", URL, OTHER);

  rename_in (fixture, OTHER, PKI_SERVER ".new");
  fixture_open (fixture);
  g_assert_cmpuint (g_list_model_get_n_items (cantiga_store_get_servers (fixture->store)), ==, 1);
  g_assert_cmpstr (cantiga_paired_get_name (cantiga_store_find (fixture->store, NULL, NULL)), ==, "Coro");
  g_assert_false (is_there (fixture, PKI_SERVER ".new"));
}

static void
test_survives_crash_before_removal (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) paired = keep (fixture, "Coro", URL, PKI_SERVER);
  g_autoptr (CantigaPaired) other = keep (fixture, "Outro", URL, OTHER);

  rename_in (fixture, OTHER, PKI_SERVER ".old");
  fixture_open (fixture);
  g_assert_cmpstr (cantiga_paired_get_name (cantiga_store_find (fixture->store, NULL, NULL)), ==, "Coro");
  g_assert_false (is_there (fixture, PKI_SERVER ".old"));
}

static void
test_finds (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) one = keep (fixture, "Coro da S\303\211", "http://box.local:22684", PKI_SERVER);
  g_autoptr (CantigaPaired) two = keep (fixture, "Arquivo", "http://[fe80::1]:22684", OTHER);
  static const struct
  {
    const char *which;
    const char *name;
  } cases[] = {
    { "coro da s\303\251", "Coro da S\303\211" },
    { "http://box.local:22684", "Coro da S\303\211" },
    { "http://box.local:22684/", "Coro da S\303\211" },
    { "box.local:22684", "Coro da S\303\211" },
    { "BOX.local", "Coro da S\303\211" },
    { PKI_SERVER, "Coro da S\303\211" },
    { "[fe80::1]", "Arquivo" },
    { OTHER, "Arquivo" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      CantigaPaired *found = cantiga_store_find (fixture->store, cases[i].which, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (cantiga_paired_get_name (found), ==, cases[i].name);
    }
}

static void
test_says_what_it_does_not_find (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) none = NULL, unknown = NULL, two = NULL;
  g_autoptr (CantigaPaired) a = NULL, b = NULL;

  g_assert_null (cantiga_store_find (fixture->store, NULL, &none));
  g_assert_error (none, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
  a = keep (fixture, "Coro", URL, PKI_SERVER);
  b = keep (fixture, "coro", "http://10.0.0.9:22684", OTHER);
  g_assert_null (cantiga_store_find (fixture->store, "nowhere", &unknown));
  g_assert_error (unknown, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
  g_assert_null (cantiga_store_find (fixture->store, "CORO", &two));
  g_assert_error (two, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (two->message, "more than one"));
}

static void
note (Fixture *fixture, CantigaPaired *paired, gint64 crl_number, gint64 now)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  cantiga_store_note_async (fixture->store, paired, crl_number, now, NULL, loop_result_cb, &result);
  g_assert_true (cantiga_store_note_finish (fixture->store, loop_wait (&result), &error));
  g_assert_no_error (error);
}

static void
test_last_used_is_default (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) a = keep (fixture, "A", URL, PKI_SERVER);
  g_autoptr (CantigaPaired) b = keep (fixture, "B", URL, OTHER);
  gint64 now = pki->now + 1000;

  note (fixture, a, 3, now);
  g_assert_true (cantiga_store_find (fixture->store, NULL, NULL) == a);
  note (fixture, b, 3, now + 1);
  g_assert_true (cantiga_store_find (fixture->store, NULL, NULL) == b);
  fixture_open (fixture);
  g_assert_cmpstr (cantiga_paired_get_name (cantiga_store_find (fixture->store, NULL, NULL)), ==, "B");
}

/* docs/protocol.md 3.1: the list's number is "not below the highest one seen". */
static void
test_revocation_number_never_falls (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) paired = keep (fixture, "Coro", URL, PKI_SERVER);

  note (fixture, paired, 9, pki->now + 1);
  note (fixture, paired, 4, pki->now + 2);
  g_assert_cmpint (cantiga_paired_get_crl_number (paired), ==, 9);
  fixture_open (fixture);
  g_assert_cmpint (cantiga_paired_get_crl_number (cantiga_store_find (fixture->store, NULL, NULL)), ==, 9);
}

static void
count_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ++*(guint *)user_data;
}

/* A program that ends right after a session must not lose the list's number. */
static void
test_flush_waits_for_the_disk (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) paired = keep (fixture, "Coro", URL, PKI_SERVER);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  guint noted = 0;

  for (guint i = 0; i < 5; i++)
    cantiga_store_note_async (fixture->store, paired, 10 + i, pki->now + i, NULL, count_cb, &noted);
  cantiga_store_flush_async (fixture->store, NULL, loop_result_cb, &result);
  g_assert_true (cantiga_store_flush_finish (fixture->store, loop_wait (&result), &error));
  g_assert_no_error (error);
  g_assert_cmpuint (noted, ==, 5);
  fixture_open (fixture);
  g_assert_cmpint (cantiga_paired_get_crl_number (cantiga_store_find (fixture->store, NULL, NULL)), ==, 14);
}

static void
test_damaged_pairing_leaves_others (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) a = keep (fixture, "A", URL, PKI_SERVER);
  g_autoptr (CantigaPaired) b = keep (fixture, "B", URL, OTHER);
  g_autofree char *path = g_build_filename (fixture->folder, OTHER, "server.json", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "{\"name\":", -1, NULL));
  fixture_open (fixture);
  g_assert_cmpstr (cantiga_paired_get_name (cantiga_store_find (fixture->store, "A", NULL)), ==, "A");
  g_assert_null (cantiga_store_find (fixture->store, "B", &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED);
  g_assert_nonnull (strstr (error->message, OTHER));
}

static void
test_damaged_pairing_can_be_made_anew (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) a = keep (fixture, "A", URL, PKI_SERVER);
  g_autofree char *path = g_build_filename (fixture->folder, PKI_SERVER, "authority.pem", NULL);
  g_autoptr (CantigaPaired) again = NULL;

  g_assert_true (g_file_set_contents (path, "nothing", -1, NULL));
  fixture_open (fixture);
  again = keep (fixture, "A again", URL, PKI_SERVER);
  fixture_open (fixture);
  g_assert_cmpstr (cantiga_paired_get_name (cantiga_store_find (fixture->store, NULL, NULL)), ==, "A again");
}

static void
test_refuses_identity_that_is_a_path (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (keep_as (fixture, "Evil", URL, "../../etc", identities, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
}

static void
test_renews_certificates (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) paired = keep (fixture, "Coro", URL, PKI_SERVER);
  CantigaIdentity *former = identities->pdata[CANTIGA_AUTH_ECDSA];
  g_autoptr (GPtrArray) chain = pki_certify (pki, former->key, CANTIGA_USAGE_PLAYER, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaIdentity) renewed = cantiga_identity_new (former->key, chain, &error);
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (CantigaIdentity) loaded = NULL;

  g_ptr_array_add (all, renewed);
  cantiga_store_renew_async (fixture->store, paired, NULL, all, NULL, loop_result_cb, &result);
  g_assert_true (cantiga_store_renew_finish (fixture->store, loop_wait (&result), &error));
  loaded = load (fixture, paired, CANTIGA_AUTH_ECDSA, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (loaded->certificates->pdata[0], chain->pdata[0]));
  g_assert_false (g_bytes_equal (loaded->certificates->pdata[0], former->certificates->pdata[0]));
}

static void
test_forgets (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (CantigaPaired) paired = keep (fixture, "Coro", URL, PKI_SERVER);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  cantiga_store_forget_async (fixture->store, paired, NULL, loop_result_cb, &result);
  g_assert_true (cantiga_store_forget_finish (fixture->store, loop_wait (&result), &error));
  g_assert_cmpuint (g_list_model_get_n_items (cantiga_store_get_servers (fixture->store)), ==, 0);
  g_assert_false (is_there (fixture, PKI_SERVER));
}

static void
test_refuses_file_as_folder (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (fixture->folder, "file", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "", -1, NULL));
  g_assert_null (open_store (path, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
}

static void
test_cancelled_opening (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  cantiga_store_open_async (fixture->folder, cancellable, loop_result_cb, &result);
  g_assert_null (cantiga_store_open_finish (loop_wait (&result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
  int failed;

  g_test_init (&argc, &argv, NULL);
  pki = pki_new ();
  identities = pki_issue_all (pki, CANTIGA_USAGE_PLAYER, NULL);
  ADD ("/store/makes-a-private-folder", test_makes_private_folder);
  ADD ("/store/keeps-a-pairing", test_keeps_pairing);
  ADD ("/store/keeps-its-identities", test_keeps_identities);
  ADD ("/store/seals-its-keys", test_seals_keys);
  ADD ("/store/refuses-to-go-on-without-its-passphrase", test_refuses_lost_passphrase);
  ADD ("/store/refuses-a-passphrase-that-others-can-read", test_refuses_open_passphrase);
  ADD ("/store/makes-one-passphrase-however-many-ask", test_makes_one_passphrase);
  ADD ("/store/replaces-a-pairing-whole", test_replaces_whole);
  ADD ("/store/survives-a-crash-between-the-renames", test_survives_crash_between_renames);
  ADD ("/store/survives-a-crash-before-the-rename", test_survives_crash_before_rename);
  ADD ("/store/survives-a-crash-before-the-removal", test_survives_crash_before_removal);
  ADD ("/store/finds-by-name-address-and-identity", test_finds);
  ADD ("/store/says-what-it-does-not-find", test_says_what_it_does_not_find);
  ADD ("/store/takes-the-last-used-by-default", test_last_used_is_default);
  ADD ("/store/never-lowers-the-revocation-number", test_revocation_number_never_falls);
  ADD ("/store/flush-waits-for-the-disk", test_flush_waits_for_the_disk);
  ADD ("/store/a-damaged-pairing-leaves-the-others", test_damaged_pairing_leaves_others);
  ADD ("/store/a-damaged-pairing-can-be-made-anew", test_damaged_pairing_can_be_made_anew);
  ADD ("/store/refuses-an-identity-that-is-a-path", test_refuses_identity_that_is_a_path);
  ADD ("/store/renews-certificates", test_renews_certificates);
  ADD ("/store/forgets", test_forgets);
  ADD ("/store/refuses-a-file-in-its-place", test_refuses_file_as_folder);
  ADD ("/store/opening-can-be-cancelled", test_cancelled_opening);
  failed = g_test_run ();
  g_ptr_array_unref (identities);
  pki_free (pki);
  return failed;
}
