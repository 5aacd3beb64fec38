#include "server/ledger-private.h"

#define NAME_MAX_BYTES 1024
#define SERIAL_MAX 128
#define KEY_ID_MAX 128

typedef struct
{
  CantigaPlayerRow row;
  gboolean first_card;
} Player;

static void
player_clear (Player *player)
{
  g_free (player->row.uuid);
  g_free (player->row.name);
  g_free (player->row.issuer);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Player, player_clear)

void
cantiga_player_row_free (CantigaPlayerRow *player)
{
  if (player == NULL)
    return;
  g_free (player->uuid);
  g_free (player->name);
  g_free (player->issuer);
  g_free (player);
}

/* ---- rows ---- */

static JsonObject *
encode_player (const Player *player)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "uuid", player->row.uuid);
  json_object_set_string_member (object, "name", player->row.name);
  json_object_set_int_member (object, "added", player->row.added);
  json_object_set_int_member (object, "expires", player->row.expires);
  if (player->row.issuer != NULL)
    json_object_set_string_member (object, "issuer", player->row.issuer);
  json_object_set_int_member (object, "revoked", player->row.revoked);
  json_object_set_boolean_member (object, "first_card", player->first_card);
  return object;
}

static gboolean
decode_player (JsonObject *object, Player *player, GError **error)
{
  const char *uuid, *name, *issuer = NULL;

  if (!cantiga_json_get_text (object, "uuid", CANTIGA_UUID_LENGTH, &uuid, error)
      || !cantiga_json_get_text (object, "name", NAME_MAX_BYTES, &name, error)
      || !cantiga_json_get_int (object, "added", G_MININT64, G_MAXINT64, &player->row.added, error)
      || !cantiga_json_get_int (object, "expires", G_MININT64, G_MAXINT64, &player->row.expires, error)
      || !cantiga_json_get_int (object, "revoked", G_MININT64, G_MAXINT64, &player->row.revoked, error)
      || !cantiga_json_get_boolean (object, "first_card", &player->first_card, error)
      || (cantiga_json_has (object, "issuer") && !cantiga_json_get_text (object, "issuer", KEY_ID_MAX, &issuer, error)))
    return FALSE;
  player->row.uuid = g_strdup (uuid);
  player->row.name = g_strdup (name);
  player->row.issuer = g_strdup (issuer);
  return TRUE;
}

static gboolean
read_player (CantigaLedger *ledger, CantigaStatement *statement, Player *player, GError **error)
{
  g_autoptr (JsonObject) object = NULL;
  CantigaId id, found;

  if (!cantiga_statement_get_id (statement, 0, &id, error))
    return FALSE;
  object = cantiga_ledger_open_object (ledger, CANTIGA_TABLE_PLAYERS, &id, NULL, statement, 1, error);
  if (object == NULL || !decode_player (object, player, error)
      || !cantiga_ledger_find_by_text (ledger, CANTIGA_TABLE_PLAYERS, player->row.uuid, &found, error))
    return FALSE;
  return cantiga_id_equal (&id, &found) || cantiga_ledger_fail_damaged (CANTIGA_TABLE_PLAYERS, error);
}

/* CANTIGA_ERROR_NOT_FOUND. player is empty on entry. */
static gboolean
load_player (CantigaLedger *ledger, const char *uuid, CantigaId *ret_id, Player *player, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT id, sealed FROM players WHERE id = ?1", error);
  CantigaStep step;

  if (statement == NULL || !cantiga_ledger_find_by_text (ledger, CANTIGA_TABLE_PLAYERS, uuid, ret_id, error))
    return FALSE;
  cantiga_statement_bind_id (statement, 1, ret_id);
  step = cantiga_statement_step (statement, error);
  if (step == CANTIGA_STEP_DONE)
    return cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "There is no such player: players list shows those that there are.");
  return step == CANTIGA_STEP_ROW && read_player (ledger, statement, player, error);
}

static gboolean
store_player (CantigaLedger *ledger, const CantigaId *id, const Player *player, GError **error)
{
  g_autoptr (JsonObject) object = encode_player (player);
  g_autoptr (GBytes) sealed = cantiga_ledger_seal_object (ledger, CANTIGA_TABLE_PLAYERS, id, NULL, object, error);
  g_autoptr (CantigaStatement) statement = NULL;

  if (sealed == NULL)
    return FALSE;
  statement = cantiga_sql_prepare (ledger->sql,
                                   "INSERT INTO players (id, sealed) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed", error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, id);
  cantiga_statement_bind_bytes (statement, 2, sealed);
  return cantiga_statement_run (statement, NULL, error);
}

/* ---- certificates ---- */

static CantigaBuffer *
plain_of_certificate (const CantigaId *player)
{
  CantigaBuffer *plain = cantiga_buffer_new ();

  cantiga_buffer_add_field (plain, player->bytes, sizeof player->bytes);
  return plain;
}

static gboolean
insert_serial (CantigaLedger *ledger, const CantigaId *player, const char *serial, GError **error)
{
  g_autoptr (CantigaBuffer) plain = plain_of_certificate (player);
  g_autoptr (GBytes) sealed = NULL;
  g_autoptr (CantigaStatement) statement = NULL;
  CantigaId id;

  if (!cantiga_ledger_find_by_text (ledger, CANTIGA_TABLE_CERTIFICATES, serial, &id, error))
    return FALSE;
  sealed = cantiga_ledger_seal_row (ledger, CANTIGA_TABLE_CERTIFICATES, &id, plain, serial, strlen (serial), error);
  if (sealed == NULL)
    return FALSE;
  statement = cantiga_sql_prepare (ledger->sql, "INSERT INTO certificates (id, player, sealed) VALUES (?1, ?2, ?3)", error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, &id);
  cantiga_statement_bind_id (statement, 2, player);
  cantiga_statement_bind_bytes (statement, 3, sealed);
  return cantiga_statement_run (statement, NULL, error);
}

static gboolean
insert_certificate (CantigaLedger *ledger, const CantigaId *player, X509 *certificate, GError **error)
{
  g_autofree char *serial = cantiga_certificate_dup_serial (certificate);

  return insert_serial (ledger, player, serial, error);
}

static char *
read_serial (CantigaLedger *ledger, CantigaStatement *statement, GError **error)
{
  g_autoptr (CantigaBuffer) plain = NULL;
  g_autoptr (GBytes) text = NULL;
  CantigaId id, player;

  if (!cantiga_statement_get_id (statement, 0, &id, error) || !cantiga_statement_get_id (statement, 1, &player, error))
    return NULL;
  plain = plain_of_certificate (&player);
  text = cantiga_ledger_open_row (ledger, CANTIGA_TABLE_CERTIFICATES, &id, plain, statement, 2, error);
  return text != NULL ? g_strndup (g_bytes_get_data (text, NULL), MIN (g_bytes_get_size (text), SERIAL_MAX)) : NULL;
}

static gboolean
insert_certificates (CantigaLedger *ledger, const CantigaId *id, Player *player, GPtrArray *leaves, GError **error)
{
  for (guint i = 0; i < leaves->len; i++)
    {
      X509 *leaf = g_ptr_array_index (leaves, i);

      player->row.expires = MAX (player->row.expires, cantiga_certificate_get_not_after (leaf));
      g_free (player->row.issuer);
      player->row.issuer = cantiga_certificate_dup_issuer_key_id (leaf);
      if (!insert_certificate (ledger, id, leaf, error))
        return FALSE;
    }
  return store_player (ledger, id, player, error);
}

/* ---- the ledger's players ---- */

static gboolean
take_player (CantigaLedger *ledger, const char *uuid, CantigaId *ret_id, Player *player, GError **error)
{
  return load_player (ledger, uuid, ret_id, player, error) && (player->row.revoked == 0 || cantiga_fail (error, CANTIGA_ERROR_CERTIFICATE_REFUSED));
}

gboolean
cantiga_ledger_admit_player (CantigaLedger *ledger, const char *uuid, GError **error)
{
  g_auto (Player) player = { 0 };
  CantigaId id;

  return take_player (ledger, uuid, &id, &player, error);
}

gboolean
cantiga_ledger_check_player (CantigaLedger *ledger, const char *uuid, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);

  return transaction != NULL && cantiga_ledger_admit_player (ledger, uuid, error);
}

gboolean
cantiga_ledger_insert_player (CantigaLedger *ledger, const char *uuid, const char *name, gboolean first_card, GPtrArray *leaves, gint64 now,
                              GError **error)
{
  g_auto (Player) player = { .row = { .uuid = g_strdup (uuid), .name = g_strdup (name), .added = now }, .first_card = first_card };
  CantigaId id;

  if (strlen (uuid) > CANTIGA_UUID_LENGTH)
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The player's identity is not a UUID.");
  /* The player is there before its certificates refer to it. */
  return cantiga_ledger_find_by_text (ledger, CANTIGA_TABLE_PLAYERS, uuid, &id, error) && store_player (ledger, &id, &player, error)
         && insert_certificates (ledger, &id, &player, leaves, error);
}

gboolean
cantiga_ledger_add_certificates (CantigaLedger *ledger, const char *uuid, GPtrArray *leaves, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  g_auto (Player) player = { 0 };
  CantigaId id;

  return transaction != NULL && take_player (ledger, uuid, &id, &player, error) && insert_certificates (ledger, &id, &player, leaves, error)
         && cantiga_transaction_commit (transaction, error);
}

gboolean
cantiga_ledger_load_player_name (CantigaLedger *ledger, const char *uuid, char **ret_name, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_auto (Player) player = { 0 };
  CantigaId id;

  *ret_name = NULL;
  if (load_player (ledger, uuid, &id, &player, &failure))
    *ret_name = g_steal_pointer (&player.row.name);
  else if (!g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  return TRUE;
}

char *
cantiga_ledger_dup_player_name (CantigaLedger *ledger, const char *uuid, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);
  char *name = NULL;

  return transaction != NULL && cantiga_ledger_load_player_name (ledger, uuid, &name, error) ? name : NULL;
}

static GPtrArray *
load_players (CantigaLedger *ledger, GError **error)
{
  g_autoptr (GPtrArray) players = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_player_row_free);
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT id, sealed FROM players", error);
  CantigaStep step = CANTIGA_STEP_FAILED;

  while (statement != NULL && (step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      g_auto (Player) player = { 0 };
      CantigaPlayerRow *row;

      if (!read_player (ledger, statement, &player, error))
        return NULL;
      row = g_new0 (CantigaPlayerRow, 1);
      *row = player.row;
      player.row.uuid = player.row.name = player.row.issuer = NULL;
      g_ptr_array_add (players, row);
    }
  return step == CANTIGA_STEP_DONE ? g_steal_pointer (&players) : NULL;
}

GPtrArray *
cantiga_ledger_list_players (CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);

  return transaction != NULL ? load_players (ledger, error) : NULL;
}

gboolean
cantiga_ledger_revoke_player (CantigaLedger *ledger, const char *uuid, gint64 now, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  g_auto (Player) player = { 0 };
  CantigaId id;

  if (transaction == NULL || !load_player (ledger, uuid, &id, &player, error))
    return FALSE;
  if (player.row.revoked == 0)
    player.row.revoked = now;
  return store_player (ledger, &id, &player, error) && cantiga_transaction_commit (transaction, error);
}

static gboolean
add_serials (CantigaLedger *ledger, const char *uuid, GStrvBuilder *serials, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT id, player, sealed FROM certificates WHERE player = ?1", error);
  CantigaStep step;
  CantigaId id;

  if (statement == NULL || !cantiga_ledger_find_by_text (ledger, CANTIGA_TABLE_PLAYERS, uuid, &id, error))
    return FALSE;
  cantiga_statement_bind_id (statement, 1, &id);
  while ((step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      g_autofree char *serial = read_serial (ledger, statement, error);

      if (serial == NULL)
        return FALSE;
      g_strv_builder_add (serials, serial);
    }
  return step == CANTIGA_STEP_DONE;
}

/* revoked_only: of revoked players; else of all. */
static GStrv
load_serials (CantigaLedger *ledger, gboolean revoked_only, GError **error)
{
  g_autoptr (GPtrArray) players = load_players (ledger, error);
  g_autoptr (GStrvBuilder) serials = g_strv_builder_new ();

  if (players == NULL)
    return NULL;
  for (guint i = 0; i < players->len; i++)
    {
      const CantigaPlayerRow *player = g_ptr_array_index (players, i);

      if ((player->revoked != 0 || !revoked_only) && !add_serials (ledger, player->uuid, serials, error))
        return NULL;
    }
  return g_strv_builder_end (serials);
}

GStrv
cantiga_ledger_list_revoked_serials (CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);

  return transaction != NULL ? load_serials (ledger, TRUE, error) : NULL;
}

gboolean
cantiga_ledger_verify_players (CantigaLedger *ledger, GError **error)
{
  g_auto (GStrv) serials = load_serials (ledger, FALSE, error);

  return serials != NULL;
}

/* ---- copy ---- */

static gboolean
copy_certificates (CantigaLedger *from, CantigaLedger *to, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (from->sql, "SELECT id, player, sealed FROM certificates", error);
  CantigaStep step = CANTIGA_STEP_FAILED;

  while (statement != NULL && (step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      g_autofree char *serial = read_serial (from, statement, error);
      CantigaId player;

      if (serial == NULL || !cantiga_statement_get_id (statement, 1, &player, error) || !insert_serial (to, &player, serial, error))
        return FALSE;
    }
  return step == CANTIGA_STEP_DONE;
}

gboolean
cantiga_ledger_copy_players (CantigaLedger *from, CantigaLedger *to, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (from->sql, "SELECT id, sealed FROM players", error);
  CantigaStep step = CANTIGA_STEP_FAILED;

  while (statement != NULL && (step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      g_auto (Player) player = { 0 };
      CantigaId id;

      if (!cantiga_statement_get_id (statement, 0, &id, error) || !read_player (from, statement, &player, error)
          || !store_player (to, &id, &player, error))
        return FALSE;
    }
  return step == CANTIGA_STEP_DONE && copy_certificates (from, to, error);
}

/* ---- the first card (14.5) ---- */

static gboolean
let_in (CantigaLedger *ledger, X509 *certificate, gint64 now, gboolean *ret_taken, CantigaId *ret_id, GError **error)
{
  g_autoptr (GBytes) der = cantiga_certificate_encode (certificate);
  g_autoptr (CantigaCardRow) card = NULL;

  if (!cantiga_ledger_find_card_id (ledger, der, ret_id, error) || !cantiga_ledger_load_card (ledger, ret_id, &card, error))
    return FALSE;
  /* A card that the keeper revoked does not come back by an invitation. */
  *ret_taken = card == NULL || card->revoked == 0;
  if (card == NULL)
    return cantiga_ledger_insert_card (ledger, ret_id, certificate, now, error);
  card->waiting = 0;
  return cantiga_ledger_store_card (ledger, card, error);
}

gboolean
cantiga_ledger_take_first_card (CantigaLedger *ledger, const char *uuid, X509 *certificate, gint64 now, gboolean *ret_taken, CantigaId *ret_id,
                                GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  g_auto (Player) player = { 0 };
  CantigaId id, card;
  gboolean taken;

  if (transaction == NULL || !take_player (ledger, uuid, &id, &player, error))
    return FALSE;
  if (!player.first_card)
    {
      *ret_taken = FALSE;
      return TRUE;
    }
  player.first_card = FALSE;
  if (!let_in (ledger, certificate, now, &taken, &card, error) || !store_player (ledger, &id, &player, error)
      || !cantiga_transaction_commit (transaction, error))
    return FALSE;
  *ret_taken = taken;
  if (taken)
    *ret_id = card;
  return TRUE;
}
