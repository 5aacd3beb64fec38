/* cantigactl pki. */
#include "server/ctl.h"
#include "server/master.h"
#include "server/rotation.h"

/* ---- status ---- */

static JsonObject *
describe_certificate (const char *what, X509 *certificate)
{
  JsonObject *object = json_object_new ();
  g_autoptr (GBytes) der = cantiga_certificate_encode (certificate);
  g_autofree char *fingerprint = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, der);

  json_object_set_string_member (object, "what", what);
  json_object_set_string_member (object, "fingerprint", fingerprint);
  json_object_set_int_member (object, "from", cantiga_certificate_get_not_before (certificate));
  json_object_set_int_member (object, "until", cantiga_certificate_get_not_after (certificate));
  return object;
}

static gboolean
add_identity (JsonArray *array, const char *what, CantigaIdentity *identity, GError **error)
{
  g_autoptr (X509) leaf = cantiga_certificate_decode (g_ptr_array_index (identity->certificates, 0), error);

  if (leaf == NULL)
    return FALSE;
  json_array_add_object_element (array, describe_certificate (what, leaf));
  return TRUE;
}

static gboolean
describe_all (CantigaCtl *ctl, JsonArray *array, GError **error)
{
  json_array_add_object_element (array, describe_certificate ("authority", cantiga_pki_get_authority (ctl->pki)));
  if (cantiga_pki_get_older (ctl->pki) != NULL)
    json_array_add_object_element (array, describe_certificate ("old authority", cantiga_pki_get_authority (cantiga_pki_get_older (ctl->pki))));
  for (CantigaAuth auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      g_autofree char *what = g_strconcat ("server ", cantiga_auth_get_name (auth), NULL);

      if (!add_identity (array, what, cantiga_pki_get_identity (ctl->pki, auth), error))
        return FALSE;
    }
  return add_identity (array, "publisher", cantiga_pki_get_publisher (ctl->pki), error);
}

static void
print_certificate_cb (JsonArray *array, guint index, JsonNode *node, gpointer user_data)
{
  JsonObject *object = json_node_get_object (node);
  g_autofree char *until = cantiga_ctl_dup_time (json_object_get_int_member (object, "until"));
  g_autofree char *fingerprint = cantiga_ctl_dup_fingerprint (json_object_get_string_member (object, "fingerprint"));

  cantiga_ctl_print ("%-14s until %s", json_object_get_string_member (object, "what"), until);
  /* In two lines, as in the player's window: short enough for a terminal. */
  cantiga_ctl_print ("    %.*s", CANTIGA_FINGERPRINT_HALF, fingerprint);
  cantiga_ctl_print ("   %s", fingerprint + CANTIGA_FINGERPRINT_HALF);
}

/* Names of players that have no certificate of the newer authority, and are not revoked (char *). */
static GPtrArray *
list_waiting (CantigaCtl *ctl, GError **error)
{
  g_autoptr (GPtrArray) players = cantiga_ledger_list_players (ctl->ledger, error);
  g_autoptr (GPtrArray) waiting = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; players != NULL && i < players->len; i++)
    {
      const CantigaPlayerRow *player = g_ptr_array_index (players, i);

      if (player->revoked == 0 && player->expires > ctl->now && cantiga_pki_is_of_older (ctl->pki, player->issuer, player->expires))
        g_ptr_array_add (waiting, g_strdup (player->name));
    }
  return players != NULL ? g_steal_pointer (&waiting) : NULL;
}

static void
print_waiting (CantigaCtl *ctl, GPtrArray *waiting)
{
  if (ctl->json || cantiga_pki_get_older (ctl->pki) == NULL)
    return;
  if (waiting->len == 0)
    cantiga_ctl_print ("Every player has moved to the new authority: cantigactl pki retire-authority takes the old one away.");
  for (guint i = 0; i < waiting->len; i++)
    cantiga_ctl_print ("“%s” knows the old authority alone; it moves when it signs in next.", (const char *)waiting->pdata[i]);
}

static gboolean
status (CantigaCtl *ctl, GError **error)
{
  g_autoptr (JsonArray) array = json_array_new ();
  g_autoptr (GPtrArray) waiting = NULL;

  waiting = cantiga_ctl_open (ctl, error) && describe_all (ctl, array, error) ? list_waiting (ctl, error) : NULL;
  if (waiting == NULL)
    return FALSE;
  if (ctl->json)
    cantiga_ctl_print_array (json_array_ref (array));
  else
    json_array_foreach_element (array, print_certificate_cb, NULL);
  print_waiting (ctl, waiting);
  return TRUE;
}

/* ---- rotate ---- */

static gboolean
rotate (CantigaCtl *ctl, GError **error)
{
  if (!cantiga_ctl_open (ctl, error) || !cantiga_pki_rotate (ctl->state, ctl->now, error))
    return FALSE;
  cantiga_ctl_print ("The server has new keys, the old ones are revoked: restart cantiga-server now. Nobody needs to pair again.");
  return TRUE;
}

/* ---- another authority ---- */

static gboolean
rotate_authority (CantigaCtl *ctl, GError **error)
{
  if (!cantiga_ctl_open (ctl, error) || !cantiga_pki_rotate_authority (ctl->state, ctl->now, error))
    return FALSE;
  cantiga_ctl_print ("There is a new authority: restart cantiga-server now, on every machine: until then it issues by the old one. Players move when they sign in next, "
                     "nobody needs to pair again. Invitations that are open are of the old one: make them anew.");
  return TRUE;
}

static gboolean
retire_authority (CantigaCtl *ctl, GError **error)
{
  g_autoptr (GPtrArray) waiting = cantiga_ctl_open (ctl, error) ? list_waiting (ctl, error) : NULL;

  if (waiting == NULL)
    return FALSE;
  if (cantiga_pki_get_older (ctl->pki) == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "There is no authority to retire: cantigactl pki rotate-authority makes a new one first.");
  if (waiting->len > 0 && !ctl->force)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION,
                              "%u %s not signed in since the new authority was made (cantigactl pki status): wait, or let them pair again later (--force).", waiting->len,
                              waiting->len == 1 ? "player has" : "players have");
  if (!cantiga_pki_retire_authority (ctl->state, error))
    return FALSE;
  cantiga_ctl_print ("The old authority is gone: restart cantiga-server now.");
  return TRUE;
}

/* ---- rotate-master ---- */

static CantigaSecret *
take_new_master (CantigaCtl *ctl, GError **error)
{
  if (ctl->new_master != NULL)
    return cantiga_master_read_or_make (ctl->new_master, error);
  if (cantiga_state_keeps_master (ctl->state))
    return cantiga_master_new ();
  cantiga_fail_with (error, CANTIGA_ERROR_USAGE,
                     "The master key is given from outside: name the file of the new one, which is made if it is not there (--new-master FILE).");
  return NULL;
}

static gboolean
check_is_new (CantigaCtl *ctl, CantigaSecret *new_master, GError **error)
{
  CantigaSecret *master = cantiga_state_get_master (ctl->state);

  return !cantiga_bytes_equal (cantiga_secret_bytes (master), cantiga_secret_bytes (new_master), cantiga_secret_length (master))
         || cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "%s holds the old master key: name a file that is not there, and a new one is made.",
                               ctl->new_master);
}

static void
print_left (CantigaCtl *ctl, GPtrArray *left)
{
  JsonArray *names = json_array_new ();
  JsonObject *object = json_object_new ();

  for (guint i = 0; i < left->len; i++)
    {
      json_array_add_string_element (names, left->pdata[i]);
      g_printerr ("cantigactl: left as it is, since it did not open before: library/%s\n", (const char *)left->pdata[i]);
    }
  json_object_set_array_member (object, "left", names);
  if (ctl->json)
    cantiga_ctl_print_object (json_object_ref (object));
  json_object_unref (object);
}

static void
print_done (CantigaCtl *ctl, const char *what)
{
  if (ctl->json)
    return;
  cantiga_ctl_print ("%s Backups from before open with the old one: keep it as long as them.", what);
  if (!cantiga_state_keeps_master (ctl->state))
    cantiga_ctl_print ("Give the server the new one in place of the old one before it starts.");
  if (ctl->configuration->ledger != NULL)
    cantiga_ctl_print ("Machines that share the ledger and have a state folder of their own: copy %s from this one to theirs before their servers start.",
                       cantiga_state_keeps_master (ctl->state) ? "library, pki and master.key" : "library and pki");
}

static gboolean
rotate_master (CantigaCtl *ctl, GError **error)
{
  g_autoptr (CantigaSecret) new_master = NULL;
  g_autoptr (GPtrArray) left = NULL;

  ctl->state = cantiga_state_open (ctl->folder, error);
  if (ctl->state == NULL || !cantiga_ctl_load_config (ctl, error))
    return FALSE;
  if (cantiga_state_finished_rotation (ctl->state))
    {
      print_done (ctl, "The change that was stopped half way is done: the new master key is valid.");
      return TRUE;
    }
  if (!cantiga_state_lock_alone (ctl->state, error) || (new_master = take_new_master (ctl, error)) == NULL || !check_is_new (ctl, new_master, error)
      || !cantiga_rotation_run (ctl->state, ctl->configuration->ledger, new_master, &left, error))
    return FALSE;
  print_left (ctl, left);
  print_done (ctl, "The master key is a new one.");
  return TRUE;
}

/* ---- the command ---- */

gboolean
cantiga_command_pki (CantigaCtl *ctl, GError **error)
{
  static const struct
  {
    const char *word;
    CantigaCommand command;
  } words[] = { { "status", status }, { "rotate", rotate }, { "rotate-authority", rotate_authority }, { "retire-authority", retire_authority },
              { "rotate-master", rotate_master } };
  static const char usage[] = "pki [status | rotate | rotate-authority | retire-authority [--force] | rotate-master [--new-master FILE]]";
  const char *word = cantiga_ctl_get_argument (ctl, 0);

  if (!cantiga_ctl_check_arguments (ctl, 0, 1, usage, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (words[i].word, word != NULL ? word : "status"))
      return words[i].command (ctl, error);
  return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "Usage: cantigactl %s", usage);
}
