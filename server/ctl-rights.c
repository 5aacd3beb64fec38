/* cantigactl rights, groups (docs/rights.md). */
#include "server/ctl.h"

#include <string.h>

#include "server/rights.h"

typedef struct
{
  GPtrArray *titles;
  GPtrArray *cards;
} Lists;

static void
lists_clear (Lists *lists)
{
  g_clear_pointer (&lists->titles, g_ptr_array_unref);
  g_clear_pointer (&lists->cards, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Lists, lists_clear)

static gboolean
lists_load (CantigaCtl *ctl, Lists *lists, GError **error)
{
  lists->titles = cantiga_ledger_list_titles (ctl->ledger, error);
  lists->cards = lists->titles != NULL ? cantiga_ledger_list_cards (ctl->ledger, error) : NULL;
  return lists->cards != NULL;
}

/* ---- rights ---- */

static char *
dup_title_words (const Lists *lists, const CantigaRule *rule)
{
  g_autofree char *name = NULL;
  CantigaId id;

  if (rule->title != NULL && cantiga_id_parse (rule->title, &id))
    {
      name = cantiga_ctl_dup_title_name (lists->titles, &id);
      return g_strdup_printf ("“%s”", name);
    }
  return rule->album != NULL ? g_strdup_printf ("album “%s”", rule->album) : g_strdup ("all titles");
}

static char *
dup_listener_words (const Lists *lists, const CantigaRule *rule)
{
  CantigaId id;

  if (rule->card != NULL && cantiga_id_parse (rule->card, &id))
    return cantiga_ctl_dup_card_name (lists->cards, &id);
  return rule->group != NULL ? g_strdup_printf ("group “%s”", rule->group) : g_strdup ("everybody");
}

static void
print_rule (const Lists *lists, const CantigaRule *rule)
{
  char id[CANTIGA_ID_TEXT_LENGTH];
  g_autofree char *titles = dup_title_words (lists, rule);
  g_autofree char *listeners = dup_listener_words (lists, rule);
  g_autoptr (GString) says = g_string_new (NULL);

  if (rule->allowed >= 0)
    g_string_append (says, rule->allowed > 0 ? "  allowed" : "  denied");
  if (rule->plays > 0)
    g_string_append_printf (says, "  %d plays", rule->plays);
  if (rule->validity != NULL)
    g_string_append_printf (says, "  for %s", rule->validity);
  if (rule->renewal != NULL)
    g_string_append_printf (says, "  renewal %s", rule->renewal);
  if (rule->at_once >= 0)
    g_string_append_printf (says, "  at %d at once", rule->at_once);
  cantiga_ctl_print ("%.8s  %s · %s:%s", cantiga_id_format (&rule->id, id), listeners, titles, says->str);
}

static void
set_text (JsonObject *object, const char *member, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, member, text);
  else
    json_object_set_null_member (object, member);
}

static void
set_number (JsonObject *object, const char *member, int number)
{
  if (number >= 0)
    json_object_set_int_member (object, member, number);
  else
    json_object_set_null_member (object, member);
}

static JsonObject *
encode_rule (const CantigaRule *rule)
{
  JsonObject *object = json_object_new ();

  cantiga_json_set_id (object, "id", &rule->id);
  set_text (object, "title", rule->title);
  set_text (object, "album", rule->album);
  set_text (object, "listener", rule->card);
  set_text (object, "group", rule->group);
  set_number (object, "plays", rule->plays);
  set_text (object, "validity", rule->validity);
  set_text (object, "renewal", rule->renewal);
  set_number (object, "at_once", rule->at_once);
  if (rule->allowed >= 0)
    json_object_set_boolean_member (object, "allowed", rule->allowed > 0);
  else
    json_object_set_null_member (object, "allowed");
  return object;
}

static gboolean
list_rules (CantigaCtl *ctl, const Lists *lists, GError **error)
{
  g_autoptr (GPtrArray) rules = cantiga_ledger_list_rules (ctl->ledger, error);
  g_autoptr (JsonArray) array = json_array_new ();

  if (rules == NULL)
    return FALSE;
  for (guint i = 0; i < rules->len; i++)
    if (ctl->json)
      json_array_add_object_element (array, encode_rule (g_ptr_array_index (rules, i)));
    else
      print_rule (lists, g_ptr_array_index (rules, i));
  if (ctl->json)
    cantiga_ctl_print_array (json_array_ref (array));
  else if (rules->len == 0)
    g_printerr ("No rules yet: everybody with a card hears everything, as server.conf says.\n");
  return TRUE;
}

static gboolean
aim_rule (CantigaCtl *ctl, const Lists *lists, CantigaRule *rule, GError **error)
{
  char text[CANTIGA_ID_TEXT_LENGTH];
  const CantigaTitle *title;
  const CantigaCardRow *card;

  if ((ctl->title != NULL && ctl->album != NULL) || (ctl->listener != NULL && ctl->group != NULL))
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "A rule is of a title or an album, and for a listener or a group: give one of each.");
  if (ctl->title != NULL)
    {
      if ((title = cantiga_ctl_find_title (lists->titles, ctl->title, error)) == NULL)
        return FALSE;
      rule->title = g_strdup (cantiga_id_format (&title->id, text));
    }
  if (ctl->listener != NULL)
    {
      if ((card = cantiga_ctl_find_card (lists->cards, ctl->listener, error)) == NULL)
        return FALSE;
      rule->card = g_strdup (cantiga_id_format (&card->id, text));
    }
  rule->album = g_strdup (ctl->album);
  rule->group = g_strdup (ctl->group);
  return TRUE;
}

static gboolean
word_rule (CantigaCtl *ctl, CantigaRule *rule, GError **error)
{
  CantigaPolicy policy = CANTIGA_POLICY_DEFAULT;

  if (ctl->allow && ctl->deny)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "--allow and --deny are two different things: give one of them.");
  if (ctl->plays == 0 || ctl->plays < -1 || ctl->at_once < -1)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "--plays is a number from 1 on, --at-once one from 0 on.");
  rule->plays = ctl->plays;
  rule->at_once = ctl->at_once;
  rule->allowed = ctl->allow ? 1 : ctl->deny ? 0 : -1;
  rule->validity = g_strdup (ctl->validity);
  rule->renewal = g_strdup (ctl->renewal);
  if (rule->plays < 0 && rule->at_once < 0 && rule->allowed < 0 && rule->validity == NULL && rule->renewal == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE,
                              "The rule says nothing: give --plays, --validity, --renewal, --at-once, --allow or --deny.");
  return cantiga_rule_apply (rule, &policy, error);
}

static gboolean
set_rule (CantigaCtl *ctl, const Lists *lists, GError **error)
{
  g_autoptr (CantigaRule) rule = cantiga_rule_new ();

  if (!aim_rule (ctl, lists, rule, error) || !word_rule (ctl, rule, error) || !cantiga_ledger_put_rule (ctl->ledger, rule, &rule->id, error))
    return FALSE;
  if (ctl->json)
    cantiga_ctl_print_object (encode_rule (rule));
  else
    print_rule (lists, rule);
  return TRUE;
}

static gboolean
remove_rule (CantigaCtl *ctl, GError **error)
{
  const char *words = ctl->arguments[1];
  g_autoptr (GPtrArray) rules = cantiga_ledger_list_rules (ctl->ledger, error);
  const CantigaRule *found = NULL;
  char id[CANTIGA_ID_TEXT_LENGTH];
  guint n = 0;

  for (guint i = 0; rules != NULL && strlen (words) >= 8 && i < rules->len; i++)
    {
      const CantigaRule *rule = g_ptr_array_index (rules, i);

      if (!g_str_has_prefix (cantiga_id_format (&rule->id, id), words))
        continue;
      found = rule;
      n++;
    }
  if (rules == NULL)
    return FALSE;
  if (n != 1)
    return cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "There is no one rule “%s”: give the first 8 digits of its identifier, or more.", words);
  if (!cantiga_ledger_remove_rule (ctl->ledger, &found->id, error))
    return FALSE;
  cantiga_ctl_print ("Removed.");
  return TRUE;
}

gboolean
cantiga_command_rights (CantigaCtl *ctl, GError **error)
{
  static const char usage[] = "rights [list | set [--title T | --album A] [--listener CARD | --group G] WHAT… | remove RULE]";
  const char *word = cantiga_ctl_get_argument (ctl, 0);
  gboolean list = word == NULL || g_str_equal (word, "list"), set = !list && g_str_equal (word, "set");
  g_auto (Lists) lists = { 0 };

  if (!list && !set && !g_str_equal (word, "remove"))
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "Usage: cantigactl %s", usage);
  if (!cantiga_ctl_check_arguments (ctl, list ? 0 : set ? 1 : 2, list || set ? 1 : 2, usage, error) || !cantiga_ctl_open (ctl, error)
      || !lists_load (ctl, &lists, error))
    return FALSE;
  if (list)
    return list_rules (ctl, &lists, error);
  return set ? set_rule (ctl, &lists, error) : remove_rule (ctl, error);
}

/* ---- groups ---- */

static gint
compare_members_cb (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 ((*(const CantigaMember *const *)a)->group, (*(const CantigaMember *const *)b)->group);
}

static gboolean
list_members (CantigaCtl *ctl, const Lists *lists, GError **error)
{
  g_autoptr (GPtrArray) members = cantiga_ledger_list_members (ctl->ledger, error);
  g_autoptr (JsonArray) array = json_array_new ();

  if (members == NULL)
    return FALSE;
  g_ptr_array_sort (members, compare_members_cb);
  for (guint i = 0; i < members->len; i++)
    {
      const CantigaMember *member = g_ptr_array_index (members, i);
      g_autofree char *name = cantiga_ctl_dup_card_name (lists->cards, &member->card);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "group", member->group);
      cantiga_json_set_id (object, "card", &member->card);
      json_object_set_string_member (object, "name", name);
      json_array_add_object_element (array, object);
      if (!ctl->json)
        cantiga_ctl_print ("%s  %s", member->group, name);
    }
  if (ctl->json)
    cantiga_ctl_print_array (json_array_ref (array));
  else if (members->len == 0)
    g_printerr ("No groups yet: cantigactl groups add GROUP CARD…\n");
  return TRUE;
}

static gboolean
change_members (CantigaCtl *ctl, const Lists *lists, gboolean add, GError **error)
{
  const char *group = ctl->arguments[1];

  for (guint i = 2; ctl->arguments[i] != NULL; i++)
    {
      const CantigaCardRow *card = cantiga_ctl_find_card (lists->cards, ctl->arguments[i], error);

      if (card == NULL
          || !(add ? cantiga_ledger_add_member (ctl->ledger, group, &card->id, error)
                   : cantiga_ledger_remove_member (ctl->ledger, group, &card->id, error)))
        return FALSE;
      cantiga_ctl_print ("%s: %s %s", group, card->name, add ? "is in" : "is out");
    }
  return TRUE;
}

gboolean
cantiga_command_groups (CantigaCtl *ctl, GError **error)
{
  static const char usage[] = "groups [list | add GROUP CARD… | remove GROUP CARD…]";
  const char *word = cantiga_ctl_get_argument (ctl, 0);
  gboolean list = word == NULL || g_str_equal (word, "list"), add = !list && g_str_equal (word, "add");
  g_auto (Lists) lists = { 0 };

  if (!list && !add && !g_str_equal (word, "remove"))
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "Usage: cantigactl %s", usage);
  if (!cantiga_ctl_check_arguments (ctl, list ? 0 : 3, list ? 1 : G_MAXUINT, usage, error) || !cantiga_ctl_open (ctl, error)
      || !lists_load (ctl, &lists, error))
    return FALSE;
  return list ? list_members (ctl, &lists, error) : change_members (ctl, &lists, add, error);
}
