/* cantigactl: the keeper's tool. One table of commands; each command in the file of its kind. */
#include "server/ctl.h"

#include <locale.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/clean.h"

typedef enum
{
  OPTION_NAME = 1 << 0,
  OPTION_EXPORTABLE = 1 << 1,
  OPTION_URL = 1 << 2,
  OPTION_CARD = 1 << 3,
  OPTION_PLAYS = 1 << 4,
  OPTION_VALIDITY = 1 << 5,
  OPTION_CONFIG = 1 << 6,
  OPTION_NEW_MASTER = 1 << 7,
  OPTION_RULE = 1 << 8,
  OPTION_WATCH = 1 << 9,
  OPTION_MASTER = 1 << 10,
  OPTION_KEEP_PLAYS = 1 << 11,
  OPTION_FORCE = 1 << 12,
} OptionBits;

static const struct
{
  const char *name;
  CantigaCommand command;
  guint options; /* that it takes, beside --state and --json */
  const char *usage;
  const char *what;
} commands[] = {
  { "init", cantiga_command_init, OPTION_NAME, "init [--name NAME]", "make a new state: keys, ledger, library" },
  { "add", cantiga_command_add, OPTION_EXPORTABLE | OPTION_WATCH, "add FILE-OR-FOLDER… [--exportable] | add --watch FOLDER… [--exportable]",
    "seal media files into the library; --watch: follow folders until it is stopped" },
  { "list", cantiga_command_list, 0, "list", "the titles that are there" },
  { "remove", cantiga_command_remove, 0, "remove TITLE…", "take titles out, and their files away" },
  { "verify", cantiga_command_verify, 0, "verify", "open every sealed file and row" },
  { "invite", cantiga_command_invite, OPTION_URL | OPTION_CARD, "invite [NAME] [--card] --url http://HOST:PORT",
    "let one player in: a link, good once, for 15 minutes" },
  { "cards", cantiga_command_cards, 0, "cards [list | add CERTIFICATE… | approve CARD | revoke CARD | authorities]", "who may listen" },
  { "players", cantiga_command_players, 0, "players [list | revoke PLAYER]", "which players were let in" },
  { "licences", cantiga_command_licences, OPTION_PLAYS | OPTION_VALIDITY,
    "licences [list | show LICENCE | grant CARD TITLE | renew LICENCE | revoke LICENCE] [--plays N] [--validity 7d]", "who may still play what" },
  { "plays", cantiga_command_plays, 0, "plays", "what was played" },
  { "rights", cantiga_command_rights, OPTION_RULE | OPTION_PLAYS | OPTION_VALIDITY,
    "rights [list | set [--title T | --album A] [--listener CARD | --group G] [--plays N] [--validity 7d] [--renewal R] [--at-once N] "
    "[--allow | --deny] | remove RULE]",
    "who may hear what, how often, and at how many players at once" },
  { "groups", cantiga_command_groups, 0, "groups [list | add GROUP CARD… | remove GROUP CARD…]", "groups of cards, for rights" },
  { "ledger", cantiga_command_ledger, OPTION_CONFIG, "ledger [status | move postgresql://… | move ledger.sqlite] [--config FILE]",
    "where the ledger is; to another database and back, with the server stopped" },
  { "backup", cantiga_command_backup, OPTION_MASTER | OPTION_KEEP_PLAYS | OPTION_CONFIG,
    "backup create FILE | backup verify FILE [--master FILE] | backup restore FILE [--master FILE] [--keep-plays]",
    "ledger, keys and configuration in one sealed file, while the server goes on; back from it, with the server stopped. The master key and the library "
    "are not in it" },
  { "pki", cantiga_command_pki, OPTION_NEW_MASTER | OPTION_FORCE,
    "pki [status | rotate | rotate-authority | retire-authority [--force] | rotate-master [--new-master FILE]]",
    "keys and certificates, and until when; new keys for the server, a new authority, a new master key" },
  { "config", cantiga_command_config, OPTION_CONFIG, "config [show | check | template] [--config FILE]",
    "the configuration in force; whether it is right; a file to begin with" },
  { "audit", cantiga_command_audit, 0, "audit [list | verify]", "who did what; whether all of it is there, as it was written" },
  { "status", cantiga_command_status, 0, "status", "what is there, in a few lines" },
  { "doctor", cantiga_command_doctor, OPTION_CONFIG, "doctor [--config FILE]",
    "what is well, what is not, and what to type: keys and certificates, ledger and files, disk, port, memory, the reading of media, systemd; says "
    "nothing "
    "personal; ends with 1 if something is wrong" },
};

/* ---- the command line ---- */

static char *
dup_summary (void)
{
  GString *text = g_string_new ("Commands:\n");

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    g_string_append_printf (text, "  %s\n      %s\n", commands[i].usage, commands[i].what);
  return g_string_free (text, FALSE);
}

static gboolean
parse_options (CantigaCtl *ctl, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "state", 0, 0, G_OPTION_ARG_FILENAME, &ctl->folder, "The server's state (/var/lib/cantiga)", "FOLDER" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &ctl->json, "Write for programs", NULL },
    { "name", 0, 0, G_OPTION_ARG_STRING, &ctl->name, "The server's name", "NAME" },
    { "exportable", 0, 0, G_OPTION_ARG_NONE, &ctl->exportable, "Players may write these titles to files", NULL },
    { "watch", 0, 0, G_OPTION_ARG_NONE, &ctl->watch, "Follow these folders until stopped: what comes is added, what goes is removed", NULL },
    { "url", 0, 0, G_OPTION_ARG_STRING, &ctl->url, "Where players reach the server", "URL" },
    { "card", 0, 0, G_OPTION_ARG_NONE, &ctl->with_card, "The first card shown in that player is let in too", NULL },
    { "plays", 0, 0, G_OPTION_ARG_INT, &ctl->plays, "How many plays", "N" },
    { "validity", 0, 0, G_OPTION_ARG_STRING, &ctl->validity, "For how long: 30min, 12h, 7d, 4w", "TIME" },
    { "title", 0, 0, G_OPTION_ARG_STRING, &ctl->title, "A rule of this title", "TITLE" },
    { "album", 0, 0, G_OPTION_ARG_STRING, &ctl->album, "A rule of this album's titles", "ALBUM" },
    { "listener", 0, 0, G_OPTION_ARG_STRING, &ctl->listener, "A rule for this card", "CARD" },
    { "group", 0, 0, G_OPTION_ARG_STRING, &ctl->group, "A rule for the cards of this group", "GROUP" },
    { "renewal", 0, 0, G_OPTION_ARG_STRING, &ctl->renewal, "new-session, never, manual, or “after 30d”", "HOW" },
    { "at-once", 0, 0, G_OPTION_ARG_INT, &ctl->at_once, "At how many players at the same time; 0: no limit", "N" },
    { "allow", 0, 0, G_OPTION_ARG_NONE, &ctl->allow, "These titles are there for these listeners", NULL },
    { "deny", 0, 0, G_OPTION_ARG_NONE, &ctl->deny, "These titles are not there for these listeners", NULL },
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &ctl->config, "Another configuration file", "FILE" },
    { "master", 0, 0, G_OPTION_ARG_FILENAME, &ctl->master, "The master key that the backup was made with, if it is not the state's", "FILE" },
    { "keep-plays", 0, 0, G_OPTION_ARG_NONE, &ctl->keep_plays, "Licences stay as the backup has them, and how many plays may have come back is told", NULL },
    { "force", 0, 0, G_OPTION_ARG_NONE, &ctl->force, "Retire the old authority although players know no other: they must pair again", NULL },
    { "new-master", 0, 0, G_OPTION_ARG_FILENAME, &ctl->new_master, "The new master key, made if it is not there", "FILE" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &ctl->version, "Say which version this is", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("COMMAND… — keeps a Cantiga server");
  g_autofree char *summary = dup_summary ();

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, summary);
  return cantiga_parse_options (context, argc, argv, error);
}

static guint
options_given (const CantigaCtl *ctl)
{
  return (ctl->name != NULL ? OPTION_NAME : 0) | (ctl->exportable ? OPTION_EXPORTABLE : 0) | (ctl->watch ? OPTION_WATCH : 0) | (ctl->url != NULL ? OPTION_URL : 0)
         | (ctl->with_card ? OPTION_CARD : 0) | (ctl->plays != -1 ? OPTION_PLAYS : 0) | (ctl->validity != NULL ? OPTION_VALIDITY : 0)
         | (ctl->title != NULL || ctl->album != NULL || ctl->listener != NULL || ctl->group != NULL || ctl->renewal != NULL || ctl->at_once != -1
                    || ctl->allow || ctl->deny
                ? OPTION_RULE
                : 0)
         | (ctl->master != NULL ? OPTION_MASTER : 0) | (ctl->keep_plays ? OPTION_KEEP_PLAYS : 0) | (ctl->force ? OPTION_FORCE : 0) | (ctl->config != NULL ? OPTION_CONFIG : 0) | (ctl->new_master != NULL ? OPTION_NEW_MASTER : 0);
}

static gboolean
run_command (CantigaCtl *ctl, int argc, char **argv, GError **error)
{
  if (argc < 2)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "A command is missing: cantigactl --help lists them.");
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      if (!g_str_equal (argv[1], commands[i].name))
        continue;
      if (options_given (ctl) & ~commands[i].options)
        return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "“%s” does not take one of these options: %s", argv[1], commands[i].usage);
      ctl->arguments = g_strdupv (argv + 2);
      return commands[i].command (ctl, error) && cantiga_ctl_note (ctl, commands[i].name, error);
    }
  return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "“%s” is not a command: cantigactl --help lists them.", argv[1]);
}

const char *
cantiga_ctl_get_argument (CantigaCtl *ctl, guint n)
{
  return n < g_strv_length (ctl->arguments) ? ctl->arguments[n] : NULL;
}

gboolean
cantiga_ctl_check_arguments (CantigaCtl *ctl, guint min, guint max, const char *usage, GError **error)
{
  guint n = g_strv_length (ctl->arguments);

  if (n < min || n > max)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "Usage: cantigactl %s", usage);
  return TRUE;
}

/* ---- stores ---- */

gboolean
cantiga_ctl_load_config (CantigaCtl *ctl, GError **error)
{
  g_autofree char *own = g_build_filename (ctl->folder, "server.conf", NULL);

  if (ctl->configuration != NULL)
    return TRUE;
  if (ctl->config != NULL)
    ctl->configuration = cantiga_config_load (ctl->config, TRUE, error);
  else
    ctl->configuration = cantiga_config_load (g_file_test (own, G_FILE_TEST_EXISTS) ? own : "/etc/cantiga/server.conf", FALSE, error);
  return ctl->configuration != NULL;
}

gboolean
cantiga_ctl_open (CantigaCtl *ctl, GError **error)
{
  g_autofree char *ledger = NULL;

  ctl->state = cantiga_state_open (ctl->folder, error);
  if (ctl->state == NULL || !cantiga_ctl_load_config (ctl, error))
    return FALSE;
  ctl->pki = cantiga_pki_open (ctl->state, ctl->now, error);
  if (ctl->pki == NULL)
    return FALSE;
  ledger = cantiga_state_dup_ledger (ctl->state, ctl->configuration->ledger);
  ctl->ledger = cantiga_ledger_open (ledger, cantiga_state_get_master (ctl->state), error);
  return ctl->ledger != NULL;
}

static void
ctl_clear (CantigaCtl *ctl)
{
  g_clear_pointer (&ctl->ledger, cantiga_ledger_free);
  g_clear_pointer (&ctl->pki, cantiga_pki_free);
  g_clear_pointer (&ctl->configuration, cantiga_config_free);
  g_clear_pointer (&ctl->state, cantiga_state_free);
  g_clear_pointer (&ctl->arguments, g_strfreev);
  g_free (ctl->folder);
  g_free (ctl->name);
  g_free (ctl->url);
  g_free (ctl->validity);
  g_free (ctl->config);
  g_free (ctl->new_master);
  g_free (ctl->master);
  g_free (ctl->title);
  g_free (ctl->album);
  g_free (ctl->listener);
  g_free (ctl->group);
  g_free (ctl->renewal);
}

static void
keep_to_oneself (void)
{
  const struct rlimit none = { 0, 0 };

  umask (077);
  (void)!setrlimit (RLIMIT_CORE, &none);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  CantigaCtl ctl = { .plays = -1, .at_once = -1, .now = g_get_real_time () / G_USEC_PER_SEC };
  CantigaExit code = CANTIGA_EXIT_DONE;

  setlocale (LC_ALL, "");
  keep_to_oneself ();
  if (!parse_options (&ctl, &argc, &argv, &error))
    code = CANTIGA_EXIT_USAGE;
  else if (ctl.version)
    g_print ("cantigactl " CANTIGA_VERSION "\n");
  else
    {
      if (ctl.folder == NULL)
        ctl.folder = g_strdup ("/var/lib/cantiga");
      if (!cantiga_ctl_become_owner (ctl.folder, &error) || !run_command (&ctl, argc, argv, &error))
        code = cantiga_error_to_exit (error);
    }
  if (error != NULL)
    {
      cantiga_clean (error->message);
      g_printerr ("cantigactl: %s\n", error->message);
    }
  ctl_clear (&ctl);
  return code;
}
