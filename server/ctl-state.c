/* cantigactl init, status, config. */
#include "server/authorities.h"
#include "server/ctl.h"

/* ---- init ---- */

gboolean
cantiga_command_init (CantigaCtl *ctl, GError **error)
{
  const char *name = ctl->name != NULL ? ctl->name : g_get_host_name ();

  if (!cantiga_ctl_check_arguments (ctl, 0, 0, "init [--name NAME]", error) || !cantiga_state_init (ctl->folder, name, ctl->now, error)
      || !cantiga_ctl_open (ctl, error))
    return FALSE;
  if (ctl->json)
    {
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "state", ctl->folder);
      json_object_set_string_member (object, "name", name);
      json_object_set_string_member (object, "server", cantiga_pki_get_server (ctl->pki));
      cantiga_ctl_print_object (object);
      return TRUE;
    }
  cantiga_ctl_print ("“%s” is ready in %s.", name, ctl->folder);
  cantiga_ctl_print ("Next: cantigactl add FOLDER, cantigactl invite --card, and start cantiga-server.");
  return TRUE;
}

/* ---- status ---- */

typedef struct
{
  const char *name;
  guint n;
} Count;

static gboolean
count_all (CantigaCtl *ctl, Count counts[5], GError **error)
{
  g_autoptr (GPtrArray) titles = cantiga_ledger_list_titles (ctl->ledger, error);
  g_autoptr (GPtrArray) cards = titles != NULL ? cantiga_ledger_list_cards (ctl->ledger, error) : NULL;
  g_autoptr (GPtrArray) players = cards != NULL ? cantiga_ledger_list_players (ctl->ledger, error) : NULL;
  g_autoptr (GPtrArray) licences = players != NULL ? cantiga_ledger_list_licences (ctl->ledger, NULL, error) : NULL;
  g_autoptr (GPtrArray) plays = licences != NULL ? cantiga_ledger_list_plays (ctl->ledger, error) : NULL;

  if (plays == NULL)
    return FALSE;
  counts[0] = (Count){ "titles", titles->len };
  counts[1] = (Count){ "cards", cards->len };
  counts[2] = (Count){ "players", players->len };
  counts[3] = (Count){ "licences", licences->len };
  counts[4] = (Count){ "plays", 0 };
  for (guint i = 0; i < plays->len; i++)
    counts[4].n += g_str_equal (((CantigaPlayRow *)g_ptr_array_index (plays, i))->event, "granted");
  return TRUE;
}

gboolean
cantiga_command_status (CantigaCtl *ctl, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  Count counts[5];

  if (!cantiga_ctl_check_arguments (ctl, 0, 0, "status", error) || !cantiga_ctl_open (ctl, error) || !count_all (ctl, counts, error))
    return FALSE;
  json_object_set_string_member (object, "name", cantiga_pki_get_name (ctl->pki));
  json_object_set_string_member (object, "server", cantiga_pki_get_server (ctl->pki));
  json_object_set_string_member (object, "listen", ctl->configuration->listen);
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    json_object_set_int_member (object, counts[i].name, counts[i].n);
  if (ctl->json)
    {
      if (!cantiga_ctl_tell_restored (ctl, object, error))
        return FALSE;
      cantiga_ctl_print_object (json_object_ref (object));
      return TRUE;
    }
  cantiga_ctl_print ("%s (%s), listens on %s", cantiga_pki_get_name (ctl->pki), ctl->folder, ctl->configuration->listen);
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    cantiga_ctl_print ("%6u %s", counts[i].n, counts[i].name);
  return cantiga_ctl_tell_restored (ctl, object, error);
}

/* ---- config ---- */

gboolean
cantiga_command_config (CantigaCtl *ctl, GError **error)
{
  const char *word = cantiga_ctl_get_argument (ctl, 0);
  g_autofree char *text = NULL;

  if (!cantiga_ctl_check_arguments (ctl, 0, 1, "config [show | check | template] [--config FILE]", error))
    return FALSE;
  if (g_strcmp0 (word, "template") == 0)
    {
      text = cantiga_config_format_template ();
      g_print ("%s", text);
      return TRUE;
    }
  if (word != NULL && !g_str_equal (word, "show") && !g_str_equal (word, "check"))
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "Usage: cantigactl config [show | check | template] [--config FILE]");
  if (!cantiga_ctl_open (ctl, error))
    return FALSE;
  if (word != NULL && g_str_equal (word, "check"))
    {
      g_autoptr (CantigaAuthorities) authorities = cantiga_authorities_new (ctl->state, ctl->configuration, error);

      if (authorities == NULL)
        return FALSE;
      cantiga_ctl_print ("The configuration is right.");
      return TRUE;
    }
  text = cantiga_config_format (ctl->configuration);
  g_print ("%s", text);
  return TRUE;
}
