/* cantigactl licences, plays. */
#include "server/ctl.h"

#include <string.h>

/* The lists that names are looked up in. */
typedef struct
{
  GPtrArray *titles;
  GPtrArray *cards;
  GPtrArray *licences;
} Lists;

static void
lists_clear (Lists *lists)
{
  g_clear_pointer (&lists->titles, g_ptr_array_unref);
  g_clear_pointer (&lists->cards, g_ptr_array_unref);
  g_clear_pointer (&lists->licences, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Lists, lists_clear)

static gboolean
lists_load (CantigaCtl *ctl, Lists *lists, GError **error)
{
  lists->titles = cantiga_ledger_list_titles (ctl->ledger, error);
  if (lists->titles == NULL)
    return FALSE;
  lists->cards = cantiga_ledger_list_cards (ctl->ledger, error);
  if (lists->cards == NULL)
    return FALSE;
  lists->licences = cantiga_ledger_list_licences (ctl->ledger, NULL, error);
  return lists->licences != NULL;
}

/* ---- licences ---- */

static JsonObject *
encode_licence (CantigaCtl *ctl, const Lists *lists, const CantigaLicenceRow *row)
{
  JsonObject *object = json_object_new ();
  g_autofree char *listener = cantiga_ctl_dup_card_name (lists->cards, &row->listener);
  g_autofree char *title = cantiga_ctl_dup_title_name (lists->titles, &row->title);

  cantiga_json_set_id (object, "id", &row->id);
  cantiga_json_set_id (object, "listener", &row->listener);
  json_object_set_string_member (object, "listener_name", listener);
  cantiga_json_set_id (object, "title", &row->title);
  json_object_set_string_member (object, "title_name", title);
  json_object_set_string_member (object, "state", cantiga_licence_get_state (&row->licence, FALSE, ctl->now));
  json_object_set_int_member (object, "plays_left", row->licence.plays_left);
  json_object_set_int_member (object, "made", row->licence.made);
  json_object_set_int_member (object, "expires", row->licence.expires);
  return object;
}

static void
print_licence (CantigaCtl *ctl, const Lists *lists, const CantigaLicenceRow *row)
{
  char id[CANTIGA_ID_TEXT_LENGTH];
  g_autofree char *listener = cantiga_ctl_dup_card_name (lists->cards, &row->listener);
  g_autofree char *title = cantiga_ctl_dup_title_name (lists->titles, &row->title);
  g_autofree char *expires = cantiga_ctl_dup_time (row->licence.expires);

  cantiga_ctl_print ("%.8s  %2u left  until %s  %s · %s  (%s)", cantiga_id_format (&row->id, id), row->licence.plays_left, expires, listener, title,
                     cantiga_licence_get_state (&row->licence, FALSE, ctl->now));
}

static gboolean
list_licences (CantigaCtl *ctl, const Lists *lists)
{
  g_autoptr (JsonArray) array = json_array_new ();

  for (guint i = 0; i < lists->licences->len; i++)
    if (ctl->json)
      json_array_add_object_element (array, encode_licence (ctl, lists, g_ptr_array_index (lists->licences, i)));
    else
      print_licence (ctl, lists, g_ptr_array_index (lists->licences, i));
  if (ctl->json)
    cantiga_ctl_print_array (json_array_ref (array));
  else if (lists->licences->len == 0)
    g_printerr ("No licences yet: they are made when somebody plays.\n");
  return TRUE;
}

static CantigaLicenceRow *
find_licence (const Lists *lists, const char *words, GError **error)
{
  CantigaLicenceRow *found = NULL;
  char id[CANTIGA_ID_TEXT_LENGTH];
  guint n = 0;

  for (guint i = 0; i < lists->licences->len && strlen (words) >= 8; i++)
    {
      CantigaLicenceRow *row = g_ptr_array_index (lists->licences, i);

      if (!g_str_has_prefix (cantiga_id_format (&row->id, id), words))
        continue;
      found = row;
      n++;
    }
  if (n == 1)
    return found;
  cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "There is no one licence “%s”: give the first 8 digits of its identifier, or more.", words);
  return NULL;
}

static gboolean
get_terms (CantigaCtl *ctl, guint *ret_plays, gint64 *ret_validity, GError **error)
{
  *ret_plays = ctl->configuration->policy.plays;
  *ret_validity = ctl->configuration->policy.validity;
  if (ctl->plays == 0 || ctl->plays < -1)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "--plays is a number from 1 on.");
  if (ctl->plays > 0)
    *ret_plays = (guint)ctl->plays;
  return ctl->validity == NULL || cantiga_duration_parse (ctl->validity, ret_validity, error);
}

static gboolean
put_licence (CantigaCtl *ctl, const CantigaId *listener, const CantigaId *title, GError **error)
{
  guint plays;
  gint64 validity;

  if (!get_terms (ctl, &plays, &validity, error) || !cantiga_ledger_put_licence (ctl->ledger, listener, title, plays, validity, ctl->now, error))
    return FALSE;
  cantiga_ctl_print ("%u plays left.", plays);
  return TRUE;
}

static gboolean
grant_licence (CantigaCtl *ctl, const Lists *lists, GError **error)
{
  CantigaCardRow *card = cantiga_ctl_find_card (lists->cards, ctl->arguments[1], error);
  CantigaTitle *title = card != NULL ? cantiga_ctl_find_title (lists->titles, ctl->arguments[2], error) : NULL;

  return title != NULL && put_licence (ctl, &card->id, &title->id, error);
}

static gboolean
change_licence (CantigaCtl *ctl, const Lists *lists, const char *word, GError **error)
{
  CantigaLicenceRow *row = find_licence (lists, ctl->arguments[1], error);

  if (row == NULL)
    return FALSE;
  if (g_str_equal (word, "renew"))
    return put_licence (ctl, &row->listener, &row->title, error);
  if (g_str_equal (word, "revoke"))
    {
      if (!cantiga_ledger_revoke_licence (ctl->ledger, &row->id, ctl->now, error))
        return FALSE;
      cantiga_ctl_print ("Revoked: what is playing under it stops.");
    }
  else if (ctl->json)
    cantiga_ctl_print_object (encode_licence (ctl, lists, row));
  else
    print_licence (ctl, lists, row);
  return TRUE;
}

gboolean
cantiga_command_licences (CantigaCtl *ctl, GError **error)
{
  static const char usage[] = "licences [list | show LICENCE | grant CARD TITLE | renew LICENCE | revoke LICENCE] [--plays N] [--validity 7d]";
  const char *word = cantiga_ctl_get_argument (ctl, 0);
  gboolean list = word == NULL || g_str_equal (word, "list");
  gboolean grant = !list && g_str_equal (word, "grant");
  g_auto (Lists) lists = { 0 };

  if (!list && !grant && !g_str_equal (word, "show") && !g_str_equal (word, "renew") && !g_str_equal (word, "revoke"))
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "Usage: cantigactl %s", usage);
  if (!cantiga_ctl_check_arguments (ctl,
                                    list    ? 0
                                    : grant ? 3
                                            : 2,
                                    list    ? 1
                                    : grant ? 3
                                            : 2,
                                    usage, error)
      || !cantiga_ctl_open (ctl, error) || !lists_load (ctl, &lists, error))
    return FALSE;
  if (list)
    return list_licences (ctl, &lists);
  return grant ? grant_licence (ctl, &lists, error) : change_licence (ctl, &lists, word, error);
}

/* ---- plays ---- */

static JsonObject *
encode_play (const Lists *lists, const CantigaPlayRow *row)
{
  JsonObject *object = json_object_new ();
  g_autofree char *listener = cantiga_ctl_dup_card_name (lists->cards, &row->listener);
  g_autofree char *title = cantiga_ctl_dup_title_name (lists->titles, &row->title);

  json_object_set_int_member (object, "number", row->number);
  json_object_set_string_member (object, "event", row->event);
  json_object_set_int_member (object, "at", row->at);
  cantiga_json_set_id (object, "play", &row->play);
  cantiga_json_set_id (object, "listener", &row->listener);
  json_object_set_string_member (object, "listener_name", listener);
  cantiga_json_set_id (object, "title", &row->title);
  json_object_set_string_member (object, "title_name", title);
  json_object_set_string_member (object, "player", row->player);
  json_object_set_int_member (object, "plays_left", row->plays_left);
  return object;
}

static void
print_play (const Lists *lists, const CantigaPlayRow *row)
{
  g_autofree char *listener = cantiga_ctl_dup_card_name (lists->cards, &row->listener);
  g_autofree char *title = cantiga_ctl_dup_title_name (lists->titles, &row->title);
  g_autofree char *at = cantiga_ctl_dup_time (row->at);
  g_autofree char *may_return = cantiga_ctl_dup_may_return (row->plays_left);

  if (g_str_equal (row->event, "restored"))
    cantiga_ctl_print ("%6" G_GINT64_FORMAT "  %s  restored    out of a backup: %s", row->number, at, may_return);
  else
    cantiga_ctl_print ("%6" G_GINT64_FORMAT "  %s  %-10s  %s · %s  (%u left)", row->number, at, row->event, listener, title, row->plays_left);
}

gboolean
cantiga_command_plays (CantigaCtl *ctl, GError **error)
{
  g_auto (Lists) lists = { 0 };
  g_autoptr (GPtrArray) plays = NULL;
  g_autoptr (JsonArray) array = json_array_new ();
  const char *word = cantiga_ctl_get_argument (ctl, 0);

  if (!cantiga_ctl_check_arguments (ctl, 0, word != NULL && g_str_equal (word, "list") ? 1 : 0, "plays [list]", error)
      || !cantiga_ctl_open (ctl, error) || !lists_load (ctl, &lists, error))
    return FALSE;
  plays = cantiga_ledger_list_plays (ctl->ledger, error);
  if (plays == NULL)
    return FALSE;
  for (guint i = 0; i < plays->len; i++)
    if (ctl->json)
      json_array_add_object_element (array, encode_play (&lists, g_ptr_array_index (plays, i)));
    else
      print_play (&lists, g_ptr_array_index (plays, i));
  if (ctl->json)
    cantiga_ctl_print_array (json_array_ref (array));
  else if (plays->len == 0)
    g_printerr ("Nothing was played yet.\n");
  return TRUE;
}
