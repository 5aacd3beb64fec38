#include "server/ledger-private.h"

#define NAME_MAX_BYTES 1024
#define ANSWER_MAX (1024 * 1024)

/* request_hash and answer: NULL until it was used. */
typedef struct
{
  CantigaId id; /* of the row */
  gint64 expires;
  char *name;
  gboolean with_card;
  GBytes *request_hash;
  GBytes *answer;
} Invitation;

static void
invitation_clear (Invitation *invitation)
{
  g_free (invitation->name);
  g_clear_pointer (&invitation->request_hash, g_bytes_unref);
  g_clear_pointer (&invitation->answer, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Invitation, invitation_clear)

/* ---- rows ---- */

static CantigaBuffer *
plain_of_invitation (gint64 expires)
{
  CantigaBuffer *plain = cantiga_buffer_new ();

  cantiga_buffer_add_field_u64 (plain, (guint64)expires);
  return plain;
}

static GBytes *
seal_invitation (CantigaLedger *ledger, const Invitation *invitation, GError **error)
{
  g_autoptr (CantigaBuffer) plain = plain_of_invitation (invitation->expires);
  g_autoptr (JsonObject) object = json_object_new ();

  json_object_set_string_member (object, "name", invitation->name);
  json_object_set_boolean_member (object, "with_card", invitation->with_card);
  if (invitation->answer != NULL)
    {
      cantiga_json_set_gbytes (object, "request_hash", invitation->request_hash);
      cantiga_json_set_gbytes (object, "answer", invitation->answer);
    }
  return cantiga_ledger_seal_object (ledger, CANTIGA_TABLE_INVITATIONS, &invitation->id, plain, object, error);
}

static gboolean
decode_invitation (JsonObject *object, Invitation *invitation, GError **error)
{
  const char *name;

  if (!cantiga_json_get_text (object, "name", NAME_MAX_BYTES, &name, error)
      || !cantiga_json_get_boolean (object, "with_card", &invitation->with_card, error))
    return FALSE;
  invitation->name = g_strdup (name);
  if (!cantiga_json_has (object, "answer"))
    return TRUE;
  invitation->request_hash = cantiga_json_get_bytes (object, "request_hash", CANTIGA_HASH_LENGTH, CANTIGA_HASH_LENGTH, error);
  if (invitation->request_hash == NULL)
    return FALSE;
  invitation->answer = cantiga_json_get_bytes (object, "answer", 1, ANSWER_MAX, error);
  return invitation->answer != NULL;
}

static gboolean
read_invitation (CantigaLedger *ledger, CantigaStatement *statement, Invitation *invitation, CantigaSecret **ret_secret, GError **error)
{
  g_autoptr (CantigaBuffer) plain = NULL;
  g_autoptr (JsonObject) object = NULL;

  if (!cantiga_statement_get_id (statement, 0, &invitation->id, error))
    return FALSE;
  invitation->expires = cantiga_statement_get_int (statement, 1);
  plain = plain_of_invitation (invitation->expires);
  object = cantiga_ledger_open_object (ledger, CANTIGA_TABLE_INVITATIONS, &invitation->id, plain, statement, 3, error);
  if (object == NULL || !decode_invitation (object, invitation, error))
    return FALSE;
  *ret_secret = cantiga_ledger_open_secret (ledger, CANTIGA_TABLE_INVITATIONS, &invitation->id, statement, 2, error);
  return *ret_secret != NULL;
}

/* An invitation that is not past its time. CANTIGA_ERROR_INVITATION_REFUSED. */
static gboolean
load_invitation (CantigaLedger *ledger, const CantigaId *id, gint64 now, Invitation *invitation, CantigaSecret **ret_secret, GError **error)
{
  g_autoptr (CantigaStatement) statement
      = cantiga_sql_prepare (ledger->sql, "SELECT id, expires, secret, sealed FROM invitations WHERE id = ?1", error);
  CantigaStep step;
  CantigaId row;

  if (statement == NULL || !cantiga_ledger_find_by_ids (ledger, CANTIGA_TABLE_INVITATIONS, id, NULL, &row, error))
    return FALSE;
  cantiga_statement_bind_id (statement, 1, &row);
  step = cantiga_statement_step (statement, error);
  if (step == CANTIGA_STEP_DONE)
    return cantiga_fail (error, CANTIGA_ERROR_INVITATION_REFUSED);
  if (step == CANTIGA_STEP_FAILED || !read_invitation (ledger, statement, invitation, ret_secret, error))
    return FALSE;
  return invitation->expires > now || cantiga_fail (error, CANTIGA_ERROR_INVITATION_REFUSED);
}

static gboolean
was_used_for (const Invitation *invitation, const guint8 request_hash[CANTIGA_HASH_LENGTH])
{
  return invitation->answer != NULL && cantiga_bytes_equal (g_bytes_get_data (invitation->request_hash, NULL), request_hash, CANTIGA_HASH_LENGTH);
}

/* ---- the ledger's invitations ---- */

static gboolean
insert_invitation (CantigaLedger *ledger, const Invitation *invitation, CantigaSecret *secret, GError **error)
{
  g_autoptr (GBytes) sealed = seal_invitation (ledger, invitation, error);
  g_autoptr (GBytes) sealed_secret = NULL;
  g_autoptr (CantigaStatement) statement = NULL;

  if (sealed == NULL || (sealed_secret = cantiga_ledger_seal_secret (ledger, CANTIGA_TABLE_INVITATIONS, &invitation->id, secret, error)) == NULL)
    return FALSE;
  statement = cantiga_sql_prepare (ledger->sql, "INSERT INTO invitations (id, expires, secret, sealed) VALUES (?1, ?2, ?3, ?4)", error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, &invitation->id);
  cantiga_statement_bind_int (statement, 2, invitation->expires);
  cantiga_statement_bind_bytes (statement, 3, sealed_secret);
  cantiga_statement_bind_bytes (statement, 4, sealed);
  return cantiga_statement_run (statement, NULL, error);
}

gboolean
cantiga_ledger_add_invitation (CantigaLedger *ledger, const CantigaInvitation *invitation, const char *name, gboolean with_card, gint64 expires,
                               GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  g_auto (Invitation) row = { .expires = expires, .name = g_strdup (name), .with_card = with_card };

  return transaction != NULL && cantiga_ledger_find_by_ids (ledger, CANTIGA_TABLE_INVITATIONS, &invitation->id, NULL, &row.id, error)
         && insert_invitation (ledger, &row, invitation->secret, error) && cantiga_transaction_commit (transaction, error);
}

gboolean
cantiga_ledger_get_invitation (CantigaLedger *ledger, const CantigaId *id, const guint8 request_hash[32], gint64 now, CantigaSecret **ret_secret,
                               char **ret_name, GBytes **ret_answer, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);
  g_auto (Invitation) invitation = { 0 };
  g_autoptr (CantigaSecret) secret = NULL;

  if (transaction == NULL || !load_invitation (ledger, id, now, &invitation, &secret, error))
    return FALSE;
  /* docs/protocol.md 14.4: "The same request again within the invitation's time gets the same answer." */
  if (invitation.answer != NULL && !was_used_for (&invitation, request_hash))
    return cantiga_fail (error, CANTIGA_ERROR_INVITATION_REFUSED);
  *ret_secret = g_steal_pointer (&secret);
  *ret_name = g_steal_pointer (&invitation.name);
  *ret_answer = g_steal_pointer (&invitation.answer);
  return TRUE;
}

gboolean
cantiga_ledger_has_open_invitation (CantigaLedger *ledger, gint64 now, gboolean *ret_open, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);
  g_autoptr (CantigaStatement) statement = NULL;
  CantigaStep step = CANTIGA_STEP_FAILED;
  gboolean open = FALSE;

  if (transaction == NULL)
    return FALSE;
  statement = cantiga_sql_prepare (ledger->sql, "SELECT id, expires, secret, sealed FROM invitations WHERE expires > ?1", error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_int (statement, 1, now);
  while (!open && (step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      g_auto (Invitation) invitation = { 0 };
      g_autoptr (CantigaSecret) secret = NULL;

      if (!read_invitation (ledger, statement, &invitation, &secret, error))
        return FALSE;
      open = invitation.answer == NULL;
    }
  if (step == CANTIGA_STEP_FAILED)
    return FALSE;
  *ret_open = open;
  return TRUE;
}

static gboolean
mark_used (CantigaLedger *ledger, const Invitation *invitation, GError **error)
{
  g_autoptr (GBytes) sealed = seal_invitation (ledger, invitation, error);
  g_autoptr (CantigaStatement) statement = NULL;

  if (sealed == NULL)
    return FALSE;
  statement = cantiga_sql_prepare (ledger->sql, "UPDATE invitations SET sealed = ?1 WHERE id = ?2", error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_bytes (statement, 1, sealed);
  cantiga_statement_bind_id (statement, 2, &invitation->id);
  return cantiga_statement_run (statement, NULL, error);
}

gboolean
cantiga_ledger_use_invitation (CantigaLedger *ledger, const CantigaId *id, const guint8 request_hash[32], const char *uuid, GPtrArray *leaves,
                               GBytes *answer, gint64 now, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  g_auto (Invitation) invitation = { 0 };
  g_autoptr (CantigaSecret) secret = NULL;

  if (transaction == NULL || !load_invitation (ledger, id, now, &invitation, &secret, error))
    return FALSE;
  if (invitation.answer != NULL)
    return cantiga_fail (error, CANTIGA_ERROR_INVITATION_REFUSED);
  invitation.request_hash = g_bytes_new (request_hash, CANTIGA_HASH_LENGTH);
  invitation.answer = g_bytes_ref (answer);
  return mark_used (ledger, &invitation, error)
         && cantiga_ledger_insert_player (ledger, uuid, invitation.name, invitation.with_card, leaves, now, error)
         && cantiga_transaction_commit (transaction, error);
}

gboolean
cantiga_ledger_drop_invitations (CantigaLedger *ledger, gint64 now, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "DELETE FROM invitations WHERE expires <= ?1", error);

  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_int (statement, 1, now);
  return cantiga_statement_run (statement, NULL, error);
}

gboolean
cantiga_ledger_verify_invitations (CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT id, expires, secret, sealed FROM invitations", error);
  CantigaStep step = CANTIGA_STEP_FAILED;

  while (statement != NULL && (step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      g_auto (Invitation) invitation = { 0 };
      g_autoptr (CantigaSecret) secret = NULL;

      if (!read_invitation (ledger, statement, &invitation, &secret, error))
        return FALSE;
    }
  return step == CANTIGA_STEP_DONE;
}

gboolean
cantiga_ledger_copy_invitations (CantigaLedger *from, CantigaLedger *to, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (from->sql, "SELECT id, expires, secret, sealed FROM invitations", error);
  CantigaStep step = CANTIGA_STEP_FAILED;

  while (statement != NULL && (step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      g_auto (Invitation) invitation = { 0 };
      g_autoptr (CantigaSecret) secret = NULL;

      if (!read_invitation (from, statement, &invitation, &secret, error) || !insert_invitation (to, &invitation, secret, error))
        return FALSE;
    }
  return step == CANTIGA_STEP_DONE;
}
