/* The number of the revocation list, for all servers that share the ledger: it rises when what is on the list changes, and not else, so that whichever
 * server shows its own list to a player, none is older than another's (docs/protocol.md 3.1). */
#include "server/ledger-private.h"

#define DIGEST_MAX 128

static const CantigaId crl_id = { { 0 } };

static gboolean
load_crl (CantigaLedger *ledger, gint64 *ret_number, char **ret_digest, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT sealed FROM crl", error);
  g_autoptr (JsonObject) object = NULL;
  const char *digest;
  CantigaStep step = statement != NULL ? cantiga_statement_step (statement, error) : CANTIGA_STEP_FAILED;

  *ret_number = 0;
  *ret_digest = NULL;
  if (step != CANTIGA_STEP_ROW)
    return step == CANTIGA_STEP_DONE;
  object = cantiga_ledger_open_object (ledger, CANTIGA_TABLE_CRL, &crl_id, NULL, statement, 0, error);
  if (object == NULL || !cantiga_json_get_int (object, "number", 0, G_MAXINT64, ret_number, error)
      || !cantiga_json_get_text (object, "digest", DIGEST_MAX, &digest, error))
    return FALSE;
  *ret_digest = g_strdup (digest);
  return TRUE;
}

static gboolean
store_crl (CantigaLedger *ledger, gint64 number, const char *digest, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (CantigaStatement) statement = NULL;
  g_autoptr (GBytes) sealed = NULL;

  json_object_set_int_member (object, "number", number);
  json_object_set_string_member (object, "digest", digest);
  sealed = cantiga_ledger_seal_object (ledger, CANTIGA_TABLE_CRL, &crl_id, NULL, object, error);
  if (sealed == NULL)
    return FALSE;
  statement = cantiga_sql_prepare (ledger->sql, "INSERT INTO crl VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET sealed = excluded.sealed", error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_bytes (statement, 1, sealed);
  return cantiga_statement_run (statement, NULL, error);
}

gboolean
cantiga_ledger_get_crl_number (CantigaLedger *ledger, gint64 *ret_number, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);
  g_autofree char *digest = NULL;

  return transaction != NULL && load_crl (ledger, ret_number, &digest, error);
}

/* Not below the time: players have seen numbers that were times. */
gboolean
cantiga_ledger_draw_crl_number (CantigaLedger *ledger, const char *digest, gint64 now, gint64 *ret_number, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  g_autofree char *before = NULL;
  gint64 number;

  if (transaction == NULL || !load_crl (ledger, &number, &before, error))
    return FALSE;
  if (g_strcmp0 (before, digest) != 0)
    {
      number = MAX (number + 1, now);
      if (!store_crl (ledger, number, digest, error) || !cantiga_transaction_commit (transaction, error))
        return FALSE;
    }
  *ret_number = number;
  return TRUE;
}

gboolean
cantiga_ledger_forget_crl (CantigaLedger *ledger, GError **error)
{
  return cantiga_sql_exec (ledger->sql, "DELETE FROM crl", error);
}

gboolean
cantiga_ledger_copy_crl (CantigaLedger *from, CantigaLedger *to, GError **error)
{
  g_autofree char *digest = NULL;
  gint64 number;

  return load_crl (from, &number, &digest, error) && (digest == NULL || store_crl (to, number, digest, error));
}
