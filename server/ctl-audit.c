/* cantigactl audit, and what cantigactl itself writes there. */
#include "server/audit.h"
#include "server/ctl.h"
#include "server/master.h"

#define MARK_LENGTH 16

static void
print_entry (CantigaCtl *ctl, guint number, const CantigaAuditEntry *entry)
{
  g_autofree char *at = cantiga_ctl_dup_time (entry->at);
  JsonObject *object;

  if (!ctl->json)
    {
      cantiga_ctl_print ("%u  %s  %s  %s%s%s", number, at, entry->who, entry->what, *entry->of != '\0' ? "  " : "", entry->of);
      return;
    }
  object = json_object_new ();
  json_object_set_int_member (object, "number", number);
  json_object_set_int_member (object, "at", entry->at);
  json_object_set_string_member (object, "who", entry->who);
  json_object_set_string_member (object, "what", entry->what);
  json_object_set_string_member (object, "of", entry->of);
  json_object_set_string_member (object, "hash", entry->hash);
  cantiga_ctl_print_object (object);
}

static void
print_verified (CantigaCtl *ctl, GPtrArray *entries)
{
  const CantigaAuditEntry *last = entries->len > 0 ? g_ptr_array_index (entries, entries->len - 1) : NULL;

  if (ctl->json)
    {
      JsonObject *object = json_object_new ();

      json_object_set_int_member (object, "entries", entries->len);
      json_object_set_string_member (object, "last", last != NULL ? last->hash : "");
      cantiga_ctl_print_object (object);
    }
  else if (last == NULL)
    cantiga_ctl_print ("The audit log is empty.");
  else
    cantiga_ctl_print ("%u %s, each follows from the one before; the last is %.*s.", entries->len, entries->len == 1 ? "entry" : "entries",
                       MARK_LENGTH, last->hash);
}

gboolean
cantiga_command_audit (CantigaCtl *ctl, GError **error)
{
  const char *word = cantiga_ctl_get_argument (ctl, 0);
  gboolean verify = g_strcmp0 (word, "verify") == 0;
  g_autoptr (CantigaAudit) audit = NULL;
  g_autoptr (GPtrArray) entries = NULL;

  if (!cantiga_ctl_check_arguments (ctl, 0, 1, "audit [list | verify]", error))
    return FALSE;
  if (word != NULL && !verify && !g_str_equal (word, "list"))
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "Usage: cantigactl audit [list | verify]");
  if (!cantiga_ctl_open (ctl, error))
    return FALSE;
  audit = cantiga_audit_new (ctl->state, ctl->ledger, error);
  entries = audit != NULL ? cantiga_audit_list (audit, error) : NULL;
  if (entries == NULL)
    return FALSE;
  if (verify)
    print_verified (ctl, entries);
  for (guint i = 0; i < entries->len && !verify; i++)
    print_entry (ctl, i + 1, g_ptr_array_index (entries, i));
  return TRUE;
}

/* ---- what the keeper does ---- */

/* Commands, and first words of commands, that change nothing. */
static gboolean
only_reads (const char *command, const char *word)
{
  static const char *const commands[] = { "audit", "config", "doctor", "list", "plays", "status", "verify", NULL };
  static const char *const grouped[] = { "backup", "cards", "groups", "ledger", "licences", "players", "pki", "rights", NULL };
  static const char *const words[] = { "authorities", "list", "show", "status", "verify", NULL };

  return g_strv_contains (commands, command) || (word == NULL ? g_strv_contains (grouped, command) : g_strv_contains (words, word));
}

/* The person behind sudo, where there is one. */
static char *
dup_keeper (void)
{
  const char *person = g_getenv ("SUDO_USER");

  return person != NULL ? g_strdup_printf ("keeper %s (as %s)", person, g_get_user_name ()) : g_strdup_printf ("keeper %s", g_get_user_name ());
}

/* After a change of a master key that is given from outside, the one that was given does not open the state any more. */
static gboolean
give_new_master (CantigaCtl *ctl, GError **error)
{
  g_autoptr (CantigaSecret) master = NULL;

  if (ctl->new_master == NULL)
    return TRUE;
  master = cantiga_master_read (ctl->new_master, error);
  if (master != NULL)
    cantiga_master_give (master);
  return master != NULL;
}

/* Some commands open less, or change what they opened. */
static gboolean
open_again (CantigaCtl *ctl, GError **error)
{
  if (ctl->ledger != NULL)
    return TRUE;
  if (!give_new_master (ctl, error))
    return FALSE;
  g_clear_pointer (&ctl->pki, cantiga_pki_free);
  g_clear_pointer (&ctl->state, cantiga_state_free);
  return cantiga_ctl_open (ctl, error);
}

gboolean
cantiga_ctl_note (CantigaCtl *ctl, const char *command, GError **error)
{
  const char *word = cantiga_ctl_get_argument (ctl, 0);
  g_autoptr (CantigaAudit) audit = NULL;
  g_autoptr (GError) failure = NULL;
  g_autofree char *who = NULL;
  g_autofree char *of = NULL;

  if (only_reads (command, word))
    return TRUE;
  who = dup_keeper ();
  of = g_strjoinv (" ", ctl->arguments);
  audit = open_again (ctl, &failure) ? cantiga_audit_new (ctl->state, ctl->ledger, &failure) : NULL;
  return (audit != NULL && cantiga_audit_add (audit, who, command, of, ctl->now, NULL, &failure))
         || cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "It is done, but could not be written down: %s", failure->message);
}
