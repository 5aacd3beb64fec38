/* cantigactl doctor: what is in the state folder. */
#include <string.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

#include "server/ctl-doctor.h"
#include "server/files.h"

#define DAY (24 * 3600)
#define SOON_DAYS 30

/* ---- folder and files ---- */

/* Counts what others can read; the sealed titles may be read by anybody, but the folder above keeps them out. */
static void
count_open (const char *folder, guint *n)
{
  g_autoptr (GDir) entries = g_dir_open (folder, 0, NULL);
  const char *name;

  while (entries != NULL && (name = g_dir_read_name (entries)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      GStatBuf status;

      if (g_lstat (path, &status) != 0)
        continue;
      if (S_ISDIR (status.st_mode) && !g_str_equal (name, "library") && !g_str_equal (name, "card-authorities"))
        count_open (path, n);
      else if (S_ISREG (status.st_mode) && (status.st_mode & 077) != 0
               && (g_str_has_suffix (name, ".key") || g_str_has_prefix (name, "ledger.sqlite")))
        (*n)++;
    }
}

gboolean
cantiga_doctor_check_state (CantigaCtl *ctl, CantigaDiagnosis *diagnosis)
{
  g_autofree char *remedy = g_strdup_printf ("chmod -R go= %s", ctl->folder);
  g_autoptr (GError) error = NULL;
  guint n = 0;

  if (!g_file_test (ctl->folder, G_FILE_TEST_IS_DIR) || !cantiga_state_exists (ctl->folder))
    {
      cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "state", "cantigactl init, or --state FOLDER if it is elsewhere.",
                             "There is no state in %s.", ctl->folder);
      return FALSE;
    }
  count_open (ctl->folder, &n);
  if (!cantiga_private_check (ctl->folder, &error))
    cantiga_diagnosis_add_error (diagnosis, "state", remedy, error);
  else if (n > 0)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "state", remedy, "%u of the state's keys and ledger files can be read by others.", n);
  else
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "state", NULL, "The state is in %s, and nobody else can read it.", ctl->folder);
  return error == NULL && n == 0;
}

/* ---- certificates ---- */

static X509 *
read_certificate (const char *folder, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GBytes) bytes = NULL;
  char *text;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, error))
    return NULL;
  bytes = g_bytes_new_take (text, length);
  return cantiga_certificate_decode_any (bytes, error);
}

static void
check_certificate (CantigaCtl *ctl, CantigaDiagnosis *diagnosis, const char *name)
{
  g_autofree char *folder = g_build_filename (ctl->folder, "pki", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) certificate = read_certificate (folder, name, &error);
  gboolean leaf = g_str_has_prefix (name, "server");
  const char *remedy
      = leaf ? "systemctl restart cantiga-server: it issues its own certificates anew." : "Make a new state, and invite the players again.";
  gint64 days;

  if (certificate == NULL)
    {
      cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "certificates", "Restore the state from a backup.", "pki/%s cannot be read.", name);
      return;
    }
  days = (cantiga_certificate_get_not_after (certificate) - ctl->now) / DAY;
  if (cantiga_certificate_get_not_after (certificate) <= ctl->now)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "certificates", remedy, "The certificate pki/%s is past its end.", name);
  else if (cantiga_certificate_get_not_before (certificate) > ctl->now)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "certificates", "Set this computer's clock.", "The certificate pki/%s is not valid yet.",
                           name);
  else if (days < SOON_DAYS)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_WARN, "certificates", remedy, "The certificate pki/%s ends in %" G_GINT64_FORMAT " days.", name,
                           days);
  else
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "certificates", NULL, "pki/%s is good for %" G_GINT64_FORMAT " days.", name, days);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

/* Before they are opened, which issues the server's own anew. */
void
cantiga_doctor_check_certificates (CantigaCtl *ctl, CantigaDiagnosis *diagnosis)
{
  g_autofree char *folder = g_build_filename (ctl->folder, "pki", NULL);
  g_autoptr (GDir) entries = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (entries != NULL && (name = g_dir_read_name (entries)) != NULL)
    if (g_str_has_suffix (name, ".pem"))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++)
    check_certificate (ctl, diagnosis, g_ptr_array_index (names, i));
}

/* ---- ledger and library ---- */

void
cantiga_doctor_check_ledger (CantigaCtl *ctl, CantigaDiagnosis *diagnosis)
{
  g_autoptr (GError) error = NULL;

  if (cantiga_ledger_check (ctl->ledger, &error))
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "ledger", NULL, "The ledger is whole (“cantigactl verify” opens every row of it).");
  else
    cantiga_diagnosis_add_error (diagnosis, "ledger", "Stop the server, and restore the ledger from a backup.", error);
}

/* Takes the names of titles that have a file out of strays; returns how many have none. */
static guint
count_missing (CantigaCtl *ctl, GPtrArray *titles, GHashTable *strays)
{
  guint missing = 0;

  for (guint i = 0; i < titles->len; i++)
    {
      const CantigaTitle *title = g_ptr_array_index (titles, i);
      char id[CANTIGA_ID_TEXT_LENGTH];
      g_autofree char *name = g_strconcat (cantiga_id_format (&title->id, id), ".cantiga", NULL);

      missing += !g_hash_table_remove (strays, name);
    }
  return missing;
}

static GHashTable *
list_files (CantigaCtl *ctl)
{
  GHashTable *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *folder = cantiga_state_dup_path (ctl->state, "library");
  g_autoptr (GDir) entries = g_dir_open (folder, 0, NULL);
  const char *name;

  while (entries != NULL && (name = g_dir_read_name (entries)) != NULL)
    g_hash_table_add (names, g_strdup (name));
  return names;
}

void
cantiga_doctor_check_library (CantigaCtl *ctl, CantigaDiagnosis *diagnosis)
{
  g_autoptr (GHashTable) strays = list_files (ctl);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) titles = cantiga_ledger_list_titles (ctl->ledger, &error);
  guint missing, n;

  if (titles == NULL)
    {
      cantiga_diagnosis_add_error (diagnosis, "library", "Stop the server, and restore the ledger from a backup.", error);
      return;
    }
  missing = count_missing (ctl, titles, strays);
  n = g_hash_table_size (strays);
  if (missing > 0)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "library",
                           "cantigactl verify names them: restore their files, or take them out with “cantigactl remove” and add them again.",
                           "%u of %u titles have no file in the library.", missing, titles->len);
  else if (titles->len == 0)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_WARN, "library", "cantigactl add FOLDER", "The library is empty.");
  else
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "library", NULL, "All %u titles have their files.", titles->len);
  if (n > 0)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_WARN, "library",
                           "Unless files are being added now: add the same files again, or remove what is in library/ and in no list.",
                           "%u files in the library belong to no title.", n);
}
