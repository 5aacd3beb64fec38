/* cantigactl ledger: where it is, and moving it. */
#include "server/ctl.h"

#include <glib/gstdio.h>

#include "server/sql.h"

static gboolean
show_place (CantigaCtl *ctl, GError **error)
{
  g_autofree char *place = cantiga_state_dup_ledger (ctl->state, ctl->configuration->ledger);
  JsonObject *object = json_object_new ();
  gboolean shared = cantiga_sql_is_url (place);

  json_object_set_string_member (object, "database", shared ? "postgresql" : "sqlite");
  if (ctl->json)
    cantiga_ctl_print_object (json_object_ref (object));
  else
    cantiga_ctl_print ("The ledger is %s.", shared ? "in PostgreSQL, where [server] ledger says" : place);
  json_object_unref (object);
  return TRUE;
}

/* A file of the state that nobody uses while the ledger is elsewhere stays as it was before, beside the new one. */
static gboolean
set_aside (const char *place, GError **error)
{
  g_autofree char *aside = g_strconcat (place, ".before", NULL);

  if (cantiga_sql_is_url (place) || !g_file_test (place, G_FILE_TEST_EXISTS))
    return TRUE;
  return g_rename (place, aside) == 0
         || cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be set aside: look at its folder.", place);
}

/* Row by row, checked, in one transaction; the old one stays as it is. */
static gboolean
move (CantigaCtl *ctl, const char *to, GError **error)
{
  g_autofree char *from = cantiga_state_dup_ledger (ctl->state, ctl->configuration->ledger);
  g_autofree char *place = cantiga_sql_is_url (to) ? g_strdup (to) : cantiga_state_dup_path (ctl->state, "ledger.sqlite");

  if (!cantiga_sql_is_url (to) && !g_str_equal (to, "ledger.sqlite"))
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "The ledger moves to postgresql://…, or back to ledger.sqlite.");
  if (g_str_equal (from, place))
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "The ledger is there already.");
  if (!cantiga_state_lock_alone (ctl->state, error) || !set_aside (place, error)
      || !cantiga_ledger_copy (ctl->ledger, place, cantiga_state_get_master (ctl->state), error))
    return FALSE;
  if (cantiga_sql_is_url (to))
    cantiga_ctl_print ("The ledger is copied. Write ledger = %s into [server] of every server's configuration, then start them.", to);
  else
    cantiga_ctl_print ("The ledger is copied. Take ledger out of [server], then start the server.");
  return TRUE;
}

gboolean
cantiga_command_ledger (CantigaCtl *ctl, GError **error)
{
  static const char usage[] = "ledger [status | move postgresql://… | move ledger.sqlite]";
  const char *word = cantiga_ctl_get_argument (ctl, 0);
  gboolean status = word == NULL || g_str_equal (word, "status");

  if (!status && !g_str_equal (word, "move"))
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "Usage: cantigactl %s", usage);
  if (!cantiga_ctl_check_arguments (ctl, status ? 0 : 2, status ? 1 : 2, usage, error) || !cantiga_ctl_open (ctl, error))
    return FALSE;
  return status ? show_place (ctl, error) : move (ctl, ctl->arguments[1], error);
}
