/* Which plays are of which licence. The plays themselves are found by listener and play alone; this index finds them by the licence's keyed hash, and can
 * be made anew from them. */
#include "server/ledger-private.h"

gboolean
cantiga_ledger_index_play (CantigaLedger *ledger, const CantigaId *licence, gint64 number, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "INSERT INTO heard (number, licence) VALUES (?1, ?2)", error);

  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_int (statement, 1, number);
  cantiga_statement_bind_id (statement, 2, licence);
  return cantiga_statement_gather (statement, error);
}

static gboolean
find_licence_of (CantigaLedger *ledger, const CantigaEvent *event, CantigaId *ret_licence, GError **error)
{
  return cantiga_ledger_find_by_ids (ledger, CANTIGA_TABLE_LICENCES, &event->listener, &event->title, ret_licence, error);
}

gboolean
cantiga_ledger_verify_heard (CantigaLedger *ledger, const CantigaEvent *granted, GError **error)
{
  g_autoptr (CantigaStatement) statement
      = cantiga_sql_prepare (ledger->sql, "SELECT number FROM heard WHERE licence = ?1 AND number = ?2", error);
  CantigaId licence;
  CantigaStep step;

  if (statement == NULL || !find_licence_of (ledger, granted, &licence, error))
    return FALSE;
  cantiga_statement_bind_id (statement, 1, &licence);
  cantiga_statement_bind_int (statement, 2, granted->number);
  step = cantiga_statement_step (statement, error);
  if (step == CANTIGA_STEP_DONE)
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED,
                              "The ledger's index of plays is wrong at row %" G_GINT64_FORMAT ": restore the ledger from a backup.", granted->number);
  return step == CANTIGA_STEP_ROW;
}

gboolean
cantiga_ledger_verify_n_heard (CantigaLedger *ledger, guint n, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT count (*) FROM heard", error);

  if (statement == NULL || cantiga_statement_step (statement, error) != CANTIGA_STEP_ROW)
    return FALSE;
  return cantiga_statement_get_int (statement, 0) == n
         || cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The ledger's index of plays has rows of no play: restore the ledger from a backup.");
}

/* ---- a ledger from before there was an index ---- */

static gboolean
index_event (const CantigaEvent *event, gpointer user_data, GError **error)
{
  CantigaLedger *ledger = user_data;
  CantigaId licence;

  if (event->kind != CANTIGA_EVENT_GRANTED)
    return TRUE;
  return find_licence_of (ledger, event, &licence, error) && cantiga_ledger_index_play (ledger, &licence, event->number, error);
}

static gboolean
has_rows (CantigaLedger *ledger, const char *text, gboolean *ret_has, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, text, error);
  CantigaStep step = statement != NULL ? cantiga_statement_step (statement, error) : CANTIGA_STEP_FAILED;

  *ret_has = step == CANTIGA_STEP_ROW;
  return step != CANTIGA_STEP_FAILED;
}

/* A ledger whose first licences were all given by the keeper, and none used, looks so too: its few rows are read in vain. */
static gboolean
lacks_index (CantigaLedger *ledger, gboolean *ret_lacks, GError **error)
{
  gboolean played, indexed;

  if (!has_rows (ledger, "SELECT number FROM plays LIMIT 1", &played, error)
      || !has_rows (ledger, "SELECT number FROM heard LIMIT 1", &indexed, error))
    return FALSE;
  *ret_lacks = played && !indexed;
  return TRUE;
}

static gboolean
look_for_index (CantigaLedger *ledger, gboolean *ret_lacks, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);

  return transaction != NULL && lacks_index (ledger, ret_lacks, error);
}

gboolean
cantiga_ledger_open_heard (CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = NULL;
  gboolean lacks;

  if (!look_for_index (ledger, &lacks, error))
    return FALSE;
  if (!lacks)
    return TRUE;
  transaction = cantiga_ledger_write (ledger, error);
  /* Looked for again: another program may have been faster. */
  if (transaction == NULL || !lacks_index (ledger, &lacks, error))
    return FALSE;
  return !lacks || (cantiga_ledger_each_event (ledger, index_event, ledger, error) && cantiga_transaction_commit (transaction, error));
}

/* ---- for listeners ---- */

static GArray *
find_numbers (CantigaLedger *ledger, const CantigaId *licence, guint limit, GError **error)
{
  g_autoptr (CantigaStatement) statement
      = cantiga_sql_prepare (ledger->sql, "SELECT number FROM heard WHERE licence = ?1 ORDER BY number DESC LIMIT ?2", error);
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (gint64));
  CantigaStep step = CANTIGA_STEP_FAILED;

  if (statement == NULL)
    return NULL;
  cantiga_statement_bind_id (statement, 1, licence);
  cantiga_statement_bind_int (statement, 2, limit);
  while ((step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      gint64 number = cantiga_statement_get_int (statement, 0);

      g_array_append_val (numbers, number);
    }
  return step == CANTIGA_STEP_DONE ? g_steal_pointer (&numbers) : NULL;
}

static const char *
state_of_event (CantigaEventKind kind)
{
  switch (kind)
    {
    case CANTIGA_EVENT_GRANTED:
    case CANTIGA_EVENT_STARTED:
      return "playing";
    case CANTIGA_EVENT_GIVEN_BACK:
      return "given-back";
    case CANTIGA_EVENT_REVOKED:
      return "revoked";
    default:
      return "heard";
    }
}

static gboolean
load_heard (CantigaLedger *ledger, gint64 number, CantigaHeard *ret_heard, GError **error)
{
  CantigaEvent granted, last;
  gboolean there;

  if (!cantiga_ledger_load_event (ledger, number, &granted, error)
      || !cantiga_ledger_last_event (ledger, &granted.key, &there, &last, error))
    return FALSE;
  ret_heard->play = granted.play;
  g_strlcpy (ret_heard->player, granted.player, sizeof ret_heard->player);
  ret_heard->at = granted.at;
  ret_heard->state = state_of_event (last.kind);
  ret_heard->until = last.kind > CANTIGA_EVENT_STARTED ? last.at : 0;
  return TRUE;
}

GArray *
cantiga_ledger_list_heard (CantigaLedger *ledger, const CantigaId *licence, guint limit, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);
  g_autoptr (GArray) numbers = transaction != NULL ? find_numbers (ledger, licence, limit, error) : NULL;
  g_autoptr (GArray) heard = g_array_new (FALSE, TRUE, sizeof (CantigaHeard));

  if (numbers == NULL)
    return NULL;
  g_array_set_size (heard, numbers->len);
  for (guint i = 0; i < numbers->len; i++)
    if (!load_heard (ledger, g_array_index (numbers, gint64, i), &g_array_index (heard, CantigaHeard, i), error))
      return NULL;
  return g_steal_pointer (&heard);
}
