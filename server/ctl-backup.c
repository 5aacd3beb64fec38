/* cantigactl backup, and what is said of a ledger that came out of one. */
#include "server/backup.h"
#include "server/ctl.h"
#include "server/master.h"

/* ---- what is told ---- */

char *
cantiga_ctl_dup_may_return (guint plays)
{
  return plays == 0 ? g_strdup ("no play came back that is known of") : g_strdup_printf ("%u %s may have come back", plays, plays == 1 ? "play" : "plays");
}

gboolean
cantiga_ctl_tell_restored (CantigaCtl *ctl, JsonObject *object, GError **error)
{
  g_autofree char *time = NULL;
  g_autofree char *plays = NULL;
  guint may_return;
  gint64 at;

  if (!cantiga_ledger_get_restored (ctl->ledger, &at, &may_return, error))
    return FALSE;
  if (at == 0)
    return TRUE;
  json_object_set_int_member (object, "restored", at);
  json_object_set_int_member (object, "may_have_come_back", may_return);
  time = cantiga_ctl_dup_time (at);
  plays = cantiga_ctl_dup_may_return (may_return);
  if (!ctl->json)
    cantiga_ctl_print ("The ledger came out of a backup on %s: %s.", time, plays);
  return TRUE;
}

static JsonObject *
encode_backup (const CantigaBackup *backup)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "name", backup->name);
  json_object_set_string_member (object, "server", backup->server);
  json_object_set_int_member (object, "made", backup->made);
  json_object_set_int_member (object, "titles", backup->titles);
  json_object_set_int_member (object, "rows", (gint64)backup->plays);
  return object;
}

static void
print_backup (CantigaCtl *ctl, const char *what, const CantigaBackup *backup)
{
  g_autofree char *made = cantiga_ctl_dup_time (backup->made);

  if (ctl->json)
    cantiga_ctl_print_object (encode_backup (backup));
  else
    cantiga_ctl_print ("%s “%s” of %s: %u titles, %" G_GUINT64_FORMAT " rows of plays.", what, backup->name, made, backup->titles, backup->plays);
}

/* ---- create, verify ---- */

static gboolean
check_restoring_options (CantigaCtl *ctl, gboolean master, GError **error)
{
  if ((ctl->master != NULL && !master) || ctl->keep_plays)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "--master and --keep-plays are for backup restore.");
  return TRUE;
}

static gboolean
create (CantigaCtl *ctl, const char *path, GError **error)
{
  g_auto (CantigaBackup) backup = { 0 };

  if (!check_restoring_options (ctl, FALSE, error) || !cantiga_ctl_open (ctl, error)
      || !cantiga_backup_create (ctl->state, ctl->ledger, ctl->pki, path, ctl->now, &backup, error))
    return FALSE;
  print_backup (ctl, "Backed up", &backup);
  if (!ctl->json)
    cantiga_ctl_print ("Not in it, to be kept apart: the master key, and the files of library/, which are sealed already: copy them with any program.");
  return TRUE;
}

static CantigaSecret *
read_master (CantigaCtl *ctl, GError **error)
{
  if (ctl->master != NULL)
    return cantiga_master_read (ctl->master, error);
  ctl->state = cantiga_state_open (ctl->folder, error);
  return ctl->state != NULL
             ? cantiga_secret_new_copy (cantiga_secret_bytes (cantiga_state_get_master (ctl->state)), cantiga_secret_length (cantiga_state_get_master (ctl->state)))
             : NULL;
}

static gboolean
verify (CantigaCtl *ctl, const char *path, GError **error)
{
  g_auto (CantigaBackup) backup = { 0 };
  g_autoptr (CantigaSecret) master = NULL;

  if (!check_restoring_options (ctl, TRUE, error) || (master = read_master (ctl, error)) == NULL || !cantiga_backup_verify (path, master, &backup, error))
    return FALSE;
  print_backup (ctl, "It is whole:", &backup);
  return TRUE;
}

/* ---- restore ---- */

static guint
count_missing (CantigaCtl *ctl, GPtrArray *titles)
{
  guint missing = 0;

  for (guint i = 0; i < titles->len; i++)
    {
      char id[CANTIGA_ID_TEXT_LENGTH];
      g_autofree char *name = g_strconcat (cantiga_id_format (&((CantigaTitle *)titles->pdata[i])->id, id), ".cantiga", NULL);
      g_autofree char *path = g_build_filename (ctl->folder, "library", name, NULL);

      missing += !g_file_test (path, G_FILE_TEST_EXISTS);
    }
  return missing;
}

static void
print_lowered (const CantigaRestored *ledger)
{
  g_autofree char *plays = cantiga_ctl_dup_may_return (ledger->may_return);

  if (ledger->known)
    cantiga_ctl_print ("What was spent after the backup is known from the ledger that was in its place: %u licences lowered by %u plays; %s.", ledger->licences,
                       ledger->plays, plays);
  else if (ledger->may_return == 0)
    cantiga_ctl_print ("What was spent after the backup is not known: %u licences were lowered to nothing (%u plays). cantigactl licences renew gives plays anew.",
                       ledger->licences, ledger->plays);
  else
    cantiga_ctl_print ("What was spent after the backup is not known, and licences stay as the backup has them: up to %s.", plays);
}

static void
print_restored (CantigaCtl *ctl, const CantigaBackupRestored *restored, guint missing)
{
  print_backup (ctl, "Restored", &restored->backup);
  print_lowered (&restored->ledger);
  if (!restored->ledger.known)
    cantiga_ctl_print ("Cards and players that were revoked after the backup are not revoked in it: cantigactl audit says what was done since, where it is there.");
  cantiga_ctl_print (restored->kept_keys ? "Keys and certificates in place were this server's: they stayed." : "Keys and certificates are the backup's.");
  if (restored->wrote_master)
    cantiga_ctl_print ("The backup's master key was put into the state.");
  cantiga_ctl_print ("What was in their place is kept beside it (*.replaced.*).");
  if (missing > 0)
    cantiga_ctl_print ("The files of %u titles are not in library/: copy them back. cantigactl verify says which.", missing);
}

static void
print_json (const CantigaBackupRestored *restored, guint missing)
{
  JsonObject *object = encode_backup (&restored->backup);

  json_object_set_boolean_member (object, "known", restored->ledger.known);
  json_object_set_int_member (object, "licences_lowered", restored->ledger.licences);
  json_object_set_int_member (object, "plays_lowered", restored->ledger.plays);
  json_object_set_int_member (object, "may_have_come_back", restored->ledger.may_return);
  json_object_set_boolean_member (object, "kept_keys", restored->kept_keys);
  json_object_set_int_member (object, "files_missing", missing);
  cantiga_ctl_print_object (object);
}

/* Into a state of its own: a ledger in PostgreSQL is shared, and may be of other servers. */
static gboolean
check_configuration (CantigaCtl *ctl, GError **error)
{
  if (!cantiga_ctl_load_config (ctl, error))
    return FALSE;
  return ctl->configuration->ledger == NULL
         || cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION,
                               "A backup is restored into the state, and [server] ledger is elsewhere: take that line out, restore, look at it, and move the "
                               "ledger to an empty database (cantigactl ledger move postgresql://…).");
}

static gboolean
restore (CantigaCtl *ctl, const char *path, GError **error)
{
  CantigaBackupRestored restored = { 0 };
  g_autoptr (CantigaSecret) master = ctl->master != NULL ? cantiga_master_read (ctl->master, error) : NULL;
  g_autoptr (GPtrArray) titles = NULL;
  gboolean done;

  if ((ctl->master != NULL && master == NULL) || !check_configuration (ctl, error))
    return FALSE;
  done = cantiga_backup_restore (ctl->folder, path, master, ctl->keep_plays, ctl->now, &restored, error) && cantiga_ctl_open (ctl, error)
         && (titles = cantiga_ledger_list_titles (ctl->ledger, error)) != NULL;
  if (done && ctl->json)
    print_json (&restored, count_missing (ctl, titles));
  else if (done)
    print_restored (ctl, &restored, count_missing (ctl, titles));
  cantiga_backup_clear (&restored.backup);
  return done;
}

gboolean
cantiga_command_backup (CantigaCtl *ctl, GError **error)
{
  static const char usage[] = "backup create FILE | backup verify FILE [--master FILE] | backup restore FILE [--master FILE] [--keep-plays]";
  static const struct
  {
    const char *word;
    gboolean (*command) (CantigaCtl *ctl, const char *path, GError **error);
  } words[] = { { "create", create }, { "verify", verify }, { "restore", restore } };

  if (!cantiga_ctl_check_arguments (ctl, 2, 2, usage, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (ctl->arguments[0], words[i].word))
      return words[i].command (ctl, ctl->arguments[1], error);
  return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "Usage: cantigactl %s", usage);
}
