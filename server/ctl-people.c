/* cantigactl invite, players. */
#include "server/ctl.h"

#include <string.h>
#include <unistd.h>

#include <qrencode.h>

#define INVITATION_SECONDS (15 * 60)

/* ---- invite ---- */

/* Two rows of modules in a line of half blocks, dark on light whatever the terminal's colours, with a quiet margin. */
static void
print_qr (const char *link)
{
  QRcode *code = QRcode_encodeString (link, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
  const int margin = 2;

  if (code == NULL)
    return;
  for (int y = -margin; y < code->width + margin; y += 2)
    {
      g_autoptr (GString) line = g_string_new ("\033[30;107m");

      for (int x = -margin; x < code->width + margin; x++)
        {
          gboolean inside = x >= 0 && x < code->width;
          gboolean upper = inside && y >= 0 && y < code->width && (code->data[y * code->width + x] & 1);
          gboolean lower = inside && y + 1 >= 0 && y + 1 < code->width && (code->data[(y + 1) * code->width + x] & 1);

          g_string_append (line, upper && lower ? "█" : upper ? "▀" : lower ? "▄" : " ");
        }
      g_print ("%s\033[0m\n", line->str);
    }
  QRcode_free (code);
}

static void
print_invitation (CantigaCtl *ctl, const char *link, gint64 expires)
{
  g_autofree char *until = cantiga_ctl_dup_time (expires);

  if (ctl->json)
    {
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "link", link);
      json_object_set_int_member (object, "expires", expires);
      cantiga_ctl_print_object (object);
      return;
    }
  if (isatty (STDOUT_FILENO))
    {
      print_qr (link);
      cantiga_ctl_print ("Good once, until %s. Paste it into the player, or let its camera see it:", until);
    }
  cantiga_ctl_print ("%s", link);
}

static char *
dup_default_url (CantigaCtl *ctl)
{
  const char *colon = strrchr (ctl->configuration->listen, ':');

  return g_strdup_printf ("http://%s:%s", g_get_host_name (), colon != NULL ? colon + 1 : "22684");
}

gboolean
cantiga_command_invite (CantigaCtl *ctl, GError **error)
{
  g_autoptr (CantigaInvitation) invitation = NULL;
  g_autofree char *url = NULL;
  const char *name;
  char *link;

  if (!cantiga_ctl_check_arguments (ctl, 0, 1, "invite [NAME] [--card] --url http://HOST:PORT", error) || !cantiga_ctl_open (ctl, error))
    return FALSE;
  name = cantiga_ctl_get_argument (ctl, 0) != NULL ? cantiga_ctl_get_argument (ctl, 0) : "player";
  url = ctl->url != NULL ? g_strdup (ctl->url) : dup_default_url (ctl);
  invitation = cantiga_invitation_new (url, cantiga_pki_get_authority (ctl->pki), error);
  if (invitation == NULL || !cantiga_ledger_add_invitation (ctl->ledger, invitation, name, ctl->with_card, ctl->now + INVITATION_SECONDS, error))
    return FALSE;
  link = cantiga_invitation_format (invitation);
  print_invitation (ctl, link, ctl->now + INVITATION_SECONDS);
  cantiga_link_free (link);
  return TRUE;
}

/* ---- players ---- */

static JsonObject *
encode_player (const CantigaPlayerRow *player)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "id", player->uuid);
  json_object_set_string_member (object, "name", player->name);
  json_object_set_int_member (object, "added", player->added);
  json_object_set_int_member (object, "expires", player->expires);
  json_object_set_int_member (object, "revoked", player->revoked);
  return object;
}

static void
print_player (const CantigaPlayerRow *player)
{
  g_autofree char *expires = cantiga_ctl_dup_time (player->expires);

  cantiga_ctl_print ("%s  until %s  %s%s", player->uuid, expires, player->name, player->revoked != 0 ? "  (revoked)" : "");
}

static gboolean
list_players (CantigaCtl *ctl, GError **error)
{
  g_autoptr (GPtrArray) players = cantiga_ledger_list_players (ctl->ledger, error);
  g_autoptr (JsonArray) array = json_array_new ();

  if (players == NULL)
    return FALSE;
  for (guint i = 0; i < players->len; i++)
    if (ctl->json)
      json_array_add_object_element (array, encode_player (g_ptr_array_index (players, i)));
    else
      print_player (g_ptr_array_index (players, i));
  if (ctl->json)
    cantiga_ctl_print_array (json_array_ref (array));
  else if (players->len == 0)
    g_printerr ("No players yet: cantigactl invite\n");
  return TRUE;
}

static gboolean
revoke_player (CantigaCtl *ctl, const char *words, GError **error)
{
  g_autoptr (GPtrArray) players = cantiga_ledger_list_players (ctl->ledger, error);
  CantigaPlayerRow *found = NULL;
  guint n = 0;

  for (guint i = 0; players != NULL && i < players->len; i++)
    {
      CantigaPlayerRow *player = g_ptr_array_index (players, i);

      if (!g_str_equal (player->name, words) && !(strlen (words) >= 8 && g_str_has_prefix (player->uuid, words)))
        continue;
      found = player;
      n++;
    }
  if (players == NULL)
    return FALSE;
  if (n != 1)
    return cantiga_fail_with (error, n == 0 ? CANTIGA_ERROR_NOT_FOUND : CANTIGA_ERROR_USAGE,
                              n == 0 ? "There is no player “%s”: look at the list." : "“%s” could be several players: give the identifier.", words);
  if (!cantiga_ledger_revoke_player (ctl->ledger, found->uuid, ctl->now, error))
    return FALSE;
  cantiga_ctl_print ("%s: revoked; it needs a new invitation.", found->name);
  return TRUE;
}

gboolean
cantiga_command_players (CantigaCtl *ctl, GError **error)
{
  static const char usage[] = "players [list | revoke PLAYER]";
  const char *word = cantiga_ctl_get_argument (ctl, 0);

  if (word == NULL || g_str_equal (word, "list"))
    return cantiga_ctl_check_arguments (ctl, 0, 1, usage, error) && cantiga_ctl_open (ctl, error) && list_players (ctl, error);
  if (g_str_equal (word, "revoke"))
    return cantiga_ctl_check_arguments (ctl, 2, 2, usage, error) && cantiga_ctl_open (ctl, error) && revoke_player (ctl, ctl->arguments[1], error);
  return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "Usage: cantigactl %s", usage);
}
