#include "server/ledger-private.h"

#define NAME_MAX_BYTES 1024
#define CERTIFICATE_MAX 16384

void
cantiga_card_row_free (CantigaCardRow *card)
{
  if (card == NULL)
    return;
  g_free (card->name);
  g_clear_pointer (&card->certificate, g_bytes_unref);
  g_free (card);
}

CantigaCardStanding
cantiga_card_row_get_standing (const CantigaCardRow *card)
{
  return card->revoked != 0 ? CANTIGA_CARD_REVOKED : card->waiting != 0 ? CANTIGA_CARD_WAITS : CANTIGA_CARD_ENROLLED;
}

/* ---- rows ---- */

static JsonObject *
encode_card (const CantigaCardRow *card)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "name", card->name);
  cantiga_json_set_gbytes (object, "certificate", card->certificate);
  json_object_set_int_member (object, "added", card->added);
  json_object_set_int_member (object, "waiting", card->waiting);
  json_object_set_int_member (object, "revoked", card->revoked);
  return object;
}

static CantigaCardRow *
decode_card (const CantigaId *id, JsonObject *object, GError **error)
{
  g_autoptr (CantigaCardRow) card = g_new0 (CantigaCardRow, 1);
  const char *name;

  card->id = *id;
  if (!cantiga_json_get_text (object, "name", NAME_MAX_BYTES, &name, error)
      || !cantiga_json_get_int (object, "added", G_MININT64, G_MAXINT64, &card->added, error)
      || (cantiga_json_has (object, "waiting") && !cantiga_json_get_int (object, "waiting", G_MININT64, G_MAXINT64, &card->waiting, error))
      || !cantiga_json_get_int (object, "revoked", G_MININT64, G_MAXINT64, &card->revoked, error)
      || (card->certificate = cantiga_json_get_bytes (object, "certificate", 1, CERTIFICATE_MAX, error)) == NULL)
    return NULL;
  card->name = g_strdup (name);
  return g_steal_pointer (&card);
}

static CantigaCardRow *
read_card (CantigaLedger *ledger, CantigaStatement *statement, GError **error)
{
  g_autoptr (JsonObject) object = NULL;
  CantigaId id;

  if (!cantiga_statement_get_id (statement, 0, &id, error))
    return NULL;
  object = cantiga_ledger_open_object (ledger, CANTIGA_TABLE_CARDS, &id, NULL, statement, 1, error);
  return object != NULL ? decode_card (&id, object, error) : NULL;
}

gboolean
cantiga_ledger_load_card (CantigaLedger *ledger, const CantigaId *id, CantigaCardRow **ret_card, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT id, sealed FROM cards WHERE id = ?1", error);
  CantigaStep step;

  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, id);
  step = cantiga_statement_step (statement, error);
  *ret_card = step == CANTIGA_STEP_ROW ? read_card (ledger, statement, error) : NULL;
  return *ret_card != NULL || step == CANTIGA_STEP_DONE;
}

gboolean
cantiga_ledger_store_card (CantigaLedger *ledger, const CantigaCardRow *card, GError **error)
{
  g_autoptr (JsonObject) object = encode_card (card);
  g_autoptr (GBytes) sealed = cantiga_ledger_seal_object (ledger, CANTIGA_TABLE_CARDS, &card->id, NULL, object, error);
  g_autoptr (CantigaStatement) statement = NULL;

  if (sealed == NULL)
    return FALSE;
  statement = cantiga_sql_prepare (ledger->sql,
                                   "INSERT INTO cards (id, sealed) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed", error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, &card->id);
  cantiga_statement_bind_bytes (statement, 2, sealed);
  return cantiga_statement_run (statement, NULL, error);
}

gboolean
cantiga_ledger_find_card_id (CantigaLedger *ledger, GBytes *certificate, CantigaId *ret_id, GError **error)
{
  return cantiga_ledger_find_by_bytes (ledger, CANTIGA_TABLE_CARDS, certificate, ret_id, error);
}

static CantigaCardRow *
card_row_new (const CantigaId *id, X509 *certificate, gint64 now)
{
  CantigaCardRow *card = g_new0 (CantigaCardRow, 1);

  card->id = *id;
  card->name = cantiga_certificate_dup_name (certificate);
  card->certificate = cantiga_certificate_encode (certificate);
  card->added = now;
  return card;
}

gboolean
cantiga_ledger_insert_card (CantigaLedger *ledger, const CantigaId *id, X509 *certificate, gint64 now, GError **error)
{
  g_autoptr (CantigaCardRow) card = card_row_new (id, certificate, now);

  return cantiga_ledger_store_card (ledger, card, error);
}

/* ---- the ledger's cards ---- */

static gboolean
find_certificate (CantigaLedger *ledger, X509 *certificate, CantigaId *ret_id, GError **error)
{
  g_autoptr (GBytes) der = cantiga_certificate_encode (certificate);

  return cantiga_ledger_find_card_id (ledger, der, ret_id, error);
}

gboolean
cantiga_ledger_add_card (CantigaLedger *ledger, X509 *certificate, gint64 now, CantigaId *ret_id, gboolean *ret_new, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  g_autoptr (CantigaCardRow) card = NULL;
  CantigaId id;

  if (transaction == NULL || !find_certificate (ledger, certificate, &id, error) || !cantiga_ledger_load_card (ledger, &id, &card, error))
    return FALSE;
  if (card != NULL)
    card->waiting = card->revoked = 0;
  if (!(card != NULL ? cantiga_ledger_store_card (ledger, card, error) : cantiga_ledger_insert_card (ledger, &id, certificate, now, error))
      || !cantiga_transaction_commit (transaction, error))
    return FALSE;
  *ret_id = id;
  if (ret_new != NULL)
    *ret_new = card == NULL;
  return TRUE;
}

gboolean
cantiga_ledger_admit_card (CantigaLedger *ledger, const CantigaId *id, GError **error)
{
  g_autoptr (CantigaCardRow) card = NULL;

  if (!cantiga_ledger_load_card (ledger, id, &card, error))
    return FALSE;
  if (card == NULL)
    return cantiga_fail (error, CANTIGA_ERROR_CARD_UNKNOWN);
  switch (cantiga_card_row_get_standing (card))
    {
    case CANTIGA_CARD_ENROLLED:
      return TRUE;
    case CANTIGA_CARD_WAITS:
      return cantiga_fail (error, CANTIGA_ERROR_CARD_WAITING);
    case CANTIGA_CARD_REVOKED:
    default:
      return cantiga_fail (error, CANTIGA_ERROR_CARD_REVOKED);
    }
}

gboolean
cantiga_ledger_find_card (CantigaLedger *ledger, X509 *certificate, CantigaId *ret_id, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);
  CantigaId id;

  if (transaction == NULL || !find_certificate (ledger, certificate, &id, error) || !cantiga_ledger_admit_card (ledger, &id, error))
    return FALSE;
  *ret_id = id;
  return TRUE;
}

static GPtrArray *
load_cards (CantigaLedger *ledger, GError **error)
{
  g_autoptr (GPtrArray) cards = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_card_row_free);
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT id, sealed FROM cards", error);
  CantigaStep step = CANTIGA_STEP_FAILED;

  while (statement != NULL && (step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      CantigaCardRow *card = read_card (ledger, statement, error);

      if (card == NULL)
        return NULL;
      g_ptr_array_add (cards, card);
    }
  return step == CANTIGA_STEP_DONE ? g_steal_pointer (&cards) : NULL;
}

GPtrArray *
cantiga_ledger_list_cards (CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);

  return transaction != NULL ? load_cards (ledger, error) : NULL;
}

/* ---- waiting for the keeper ---- */

static gboolean
count_waiting (CantigaLedger *ledger, guint *ret_n, GError **error)
{
  g_autoptr (GPtrArray) cards = load_cards (ledger, error);
  guint n = 0;

  for (guint i = 0; cards != NULL && i < cards->len; i++)
    n += cantiga_card_row_get_standing (cards->pdata[i]) == CANTIGA_CARD_WAITS;
  *ret_n = n;
  return cards != NULL;
}

gboolean
cantiga_ledger_note_card (CantigaLedger *ledger, X509 *certificate, gint64 now, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  g_autoptr (CantigaCardRow) there = NULL;
  g_autoptr (CantigaCardRow) card = NULL;
  guint n;
  CantigaId id;

  if (transaction == NULL || !find_certificate (ledger, certificate, &id, error) || !cantiga_ledger_load_card (ledger, &id, &there, error)
      || !count_waiting (ledger, &n, error))
    return FALSE;
  /* Another session of the same card was faster. */
  if (there != NULL)
    return TRUE;
  if (n >= CANTIGA_CARDS_WAITING_MAX)
    return cantiga_fail (error, CANTIGA_ERROR_CARD_UNKNOWN);
  card = card_row_new (&id, certificate, now);
  card->waiting = now;
  return cantiga_ledger_store_card (ledger, card, error) && cantiga_transaction_commit (transaction, error);
}

gboolean
cantiga_ledger_approve_card (CantigaLedger *ledger, const CantigaId *id, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  g_autoptr (CantigaCardRow) card = NULL;

  if (transaction == NULL || !cantiga_ledger_load_card (ledger, id, &card, error))
    return FALSE;
  if (card == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "There is no such card: cards list shows those that there are.");
  if (card->revoked != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CARD_REVOKED, "The card was revoked: enrol it again with cards add.");
  card->waiting = 0;
  return cantiga_ledger_store_card (ledger, card, error) && cantiga_transaction_commit (transaction, error);
}

gboolean
cantiga_ledger_revoke_card (CantigaLedger *ledger, const CantigaId *id, gint64 now, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  g_autoptr (CantigaCardRow) card = NULL;

  if (transaction == NULL || !cantiga_ledger_load_card (ledger, id, &card, error))
    return FALSE;
  if (card == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "There is no such card: cards list shows those that there are.");
  if (card->revoked == 0)
    card->revoked = now;
  return cantiga_ledger_store_card (ledger, card, error) && cantiga_transaction_commit (transaction, error);
}

gboolean
cantiga_ledger_verify_cards (CantigaLedger *ledger, GError **error)
{
  g_autoptr (GPtrArray) cards = load_cards (ledger, error);

  if (cards == NULL)
    return FALSE;
  for (guint i = 0; i < cards->len; i++)
    {
      const CantigaCardRow *card = g_ptr_array_index (cards, i);
      CantigaId id;

      if (!cantiga_ledger_find_card_id (ledger, card->certificate, &id, error))
        return FALSE;
      if (!cantiga_id_equal (&id, &card->id))
        return cantiga_ledger_fail_damaged (CANTIGA_TABLE_CARDS, error);
    }
  return TRUE;
}

gboolean
cantiga_ledger_copy_cards (CantigaLedger *from, CantigaLedger *to, GError **error)
{
  g_autoptr (GPtrArray) cards = load_cards (from, error);

  for (guint i = 0; cards != NULL && i < cards->len; i++)
    if (!cantiga_ledger_store_card (to, g_ptr_array_index (cards, i), error))
      return FALSE;
  return cards != NULL;
}
