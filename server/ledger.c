#include "server/ledger-private.h"

#include "core/aead.h"

#define ROW_KEY_LENGTH 32
#define NONCE_LENGTH CANTIGA_LEDGER_NONCE_LENGTH
#define TAG_LENGTH 16

static const char *const table_names[CANTIGA_N_TABLES] = {
  [CANTIGA_TABLE_TITLES] = "titles",
  [CANTIGA_TABLE_CARDS] = "cards",
  [CANTIGA_TABLE_PLAYERS] = "players",
  [CANTIGA_TABLE_CERTIFICATES] = "certificates",
  [CANTIGA_TABLE_INVITATIONS] = "invitations",
  [CANTIGA_TABLE_LICENCES] = "licences",
  [CANTIGA_TABLE_LEASES] = "leases",
  [CANTIGA_TABLE_PLAYS] = "plays",
  [CANTIGA_TABLE_HEAD] = "head",
  [CANTIGA_TABLE_IDS] = "ids",
  [CANTIGA_TABLE_RULES] = "rules",
  [CANTIGA_TABLE_MEMBERS] = "members",
  [CANTIGA_TABLE_FOLLOWED] = "followed",
  [CANTIGA_TABLE_CRL] = "crl",
};

/* ---- transactions ---- */

/* What seals with an old key must not write: a connection that was lost was made again, and meanwhile the master key may have become another one. */
static gboolean
check_connection (CantigaLedger *ledger, GError **error)
{
  guint connection = cantiga_sql_count_connections (ledger->sql);

  if (connection == ledger->connection)
    return TRUE;
  if (!cantiga_ledger_check_key (ledger, error))
    {
      cantiga_sql_rollback (ledger->sql);
      return FALSE;
    }
  ledger->connection = connection;
  return TRUE;
}

static CantigaTransaction *
begin (CantigaLedger *ledger, gboolean (*how) (CantigaSql *, GError **), GError **error)
{
  g_mutex_lock (&ledger->lock);
  ledger->knows_head = ledger->owes_head = FALSE;
  if (how (ledger->sql, error) && check_connection (ledger, error))
    return ledger;
  g_mutex_unlock (&ledger->lock);
  return NULL;
}

CantigaTransaction *
cantiga_ledger_read (CantigaLedger *ledger, GError **error)
{
  return begin (ledger, cantiga_sql_begin_reading, error);
}

CantigaTransaction *
cantiga_ledger_write (CantigaLedger *ledger, GError **error)
{
  return begin (ledger, cantiga_sql_begin_writing, error);
}

CantigaTransaction *
cantiga_ledger_write_ahead (CantigaLedger *ledger, GError **error)
{
  return begin (ledger, cantiga_sql_begin_writing_ahead, error);
}

gboolean
cantiga_transaction_commit (CantigaTransaction *transaction, GError **error)
{
  return cantiga_ledger_settle_head (transaction, error) && cantiga_sql_commit (transaction->sql, error);
}

void
cantiga_transaction_end (CantigaTransaction *transaction)
{
  cantiga_sql_rollback (transaction->sql);
  transaction->knows_head = transaction->owes_head = FALSE;
  g_mutex_unlock (&transaction->lock);
}

/* ---- rows ---- */

static CantigaLedgerKeys *
keys_of (CantigaLedger *ledger)
{
  return (gpointer)cantiga_secret_bytes (ledger->keys);
}

gboolean
cantiga_ledger_fail_damaged (CantigaTable table, GError **error)
{
  return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "A row of the ledger's %s is not what was written: restore the ledger from a backup.",
                            table_names[table]);
}

gboolean
cantiga_ledger_find (CantigaLedger *ledger, CantigaTable table, const CantigaBuffer *fields, CantigaId *ret_id, GError **error)
{
  guint8 mac[CANTIGA_HASH_LENGTH];

  if (!cantiga_hmac (CANTIGA_DIGEST_SHA256, &keys_of (ledger)->find[table], cantiga_buffer_bytes (fields), cantiga_buffer_length (fields), mac,
                     error))
    return FALSE;
  memcpy (ret_id->bytes, mac, sizeof ret_id->bytes);
  return TRUE;
}

gboolean
cantiga_ledger_find_by_text (CantigaLedger *ledger, CantigaTable table, const char *text, CantigaId *ret_id, GError **error)
{
  g_autoptr (CantigaBuffer) fields = cantiga_buffer_new ();

  cantiga_buffer_add_field_text (fields, text);
  return cantiga_ledger_find (ledger, table, fields, ret_id, error);
}

gboolean
cantiga_ledger_find_by_bytes (CantigaLedger *ledger, CantigaTable table, GBytes *bytes, CantigaId *ret_id, GError **error)
{
  g_autoptr (CantigaBuffer) fields = cantiga_buffer_new ();

  cantiga_buffer_add_field_bytes (fields, bytes);
  return cantiga_ledger_find (ledger, table, fields, ret_id, error);
}

gboolean
cantiga_ledger_find_by_ids (CantigaLedger *ledger, CantigaTable table, const CantigaId *first, const CantigaId *second, CantigaId *ret_id,
                            GError **error)
{
  g_autoptr (CantigaBuffer) fields = cantiga_buffer_new ();

  cantiga_buffer_add_field (fields, first->bytes, sizeof first->bytes);
  if (second != NULL)
    cantiga_buffer_add_field (fields, second->bytes, sizeof second->bytes);
  return cantiga_ledger_find (ledger, table, fields, ret_id, error);
}

/* docs/protocol.md 13.4: "bound to their place (table and key) by associated data". */
static CantigaBuffer *
place_of_row (CantigaTable table, const CantigaId *id, const CantigaBuffer *plain)
{
  CantigaBuffer *place = cantiga_buffer_new ();

  cantiga_buffer_add_field_text (place, table_names[table]);
  cantiga_buffer_add_field (place, id->bytes, sizeof id->bytes);
  if (plain != NULL)
    cantiga_buffer_add (place, cantiga_buffer_bytes (plain), cantiga_buffer_length (plain));
  return place;
}

/* Drawn for many at once, as to draw costs more than to seal; each is used once. */
static const guint8 *
take_nonce (CantigaLedger *ledger)
{
  if (ledger->nonces_left == 0)
    {
      cantiga_random (ledger->nonces, sizeof ledger->nonces);
      ledger->nonces_left = G_N_ELEMENTS (ledger->nonces);
    }
  return ledger->nonces[--ledger->nonces_left];
}

/* nonce || ciphertext || tag */
static GBytes *
seal (CantigaLedger *ledger, CantigaTable table, const CantigaBuffer *place, gconstpointer text, gsize length, GError **error)
{
  g_autofree guint8 *sealed = g_malloc (NONCE_LENGTH + length + TAG_LENGTH);

  memcpy (sealed, take_nonce (ledger), NONCE_LENGTH);
  if (!cantiga_gcm_seal (&keys_of (ledger)->row[table], sealed, cantiga_buffer_bytes (place), cantiga_buffer_length (place), text, length,
                         sealed + NONCE_LENGTH, error))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&sealed), NONCE_LENGTH + length + TAG_LENGTH);
}

GBytes *
cantiga_ledger_seal_row (CantigaLedger *ledger, CantigaTable table, const CantigaId *id, const CantigaBuffer *plain, gconstpointer text, gsize length,
                         GError **error)
{
  g_autoptr (CantigaBuffer) place = place_of_row (table, id, plain);

  return seal (ledger, table, place, text, length, error);
}

/* What does not open was changed; a failure for another reason says nothing about the row. */
static void
tell_unopened (CantigaTable table, GError *failure, GError **error)
{
  if (g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_FORGED))
    cantiga_ledger_fail_damaged (table, error);
  else
    g_propagate_error (error, g_error_copy (failure));
}

GBytes *
cantiga_ledger_open_row (CantigaLedger *ledger, CantigaTable table, const CantigaId *id, const CantigaBuffer *plain, CantigaStatement *statement,
                         guint column, GError **error)
{
  g_autoptr (CantigaBuffer) place = place_of_row (table, id, plain);
  gsize length;
  gconstpointer sealed = cantiga_statement_get_blob (statement, column, &length);
  g_autoptr (GError) failure = NULL;
  GBytes *text
      = cantiga_gcm_open_bytes (&keys_of (ledger)->row[table], cantiga_buffer_bytes (place), cantiga_buffer_length (place), sealed, length, &failure);

  if (text == NULL)
    tell_unopened (table, failure, error);
  return text;
}

GBytes *
cantiga_ledger_seal_object (CantigaLedger *ledger, CantigaTable table, const CantigaId *id, const CantigaBuffer *plain, JsonObject *object,
                            GError **error)
{
  g_autoptr (GBytes) text = cantiga_json_format (object);

  return cantiga_ledger_seal_row (ledger, table, id, plain, g_bytes_get_data (text, NULL), g_bytes_get_size (text), error);
}

JsonObject *
cantiga_ledger_open_object (CantigaLedger *ledger, CantigaTable table, const CantigaId *id, const CantigaBuffer *plain, CantigaStatement *statement,
                            guint column, GError **error)
{
  g_autoptr (GBytes) text = cantiga_ledger_open_row (ledger, table, id, plain, statement, column, error);

  return text != NULL ? cantiga_json_parse (g_bytes_get_data (text, NULL), g_bytes_get_size (text), error) : NULL;
}

static CantigaBuffer *
place_of_secret (CantigaTable table, const CantigaId *id)
{
  g_autoptr (CantigaBuffer) plain = cantiga_buffer_new ();

  cantiga_buffer_add_field_text (plain, "secret");
  return place_of_row (table, id, plain);
}

GBytes *
cantiga_ledger_seal_secret (CantigaLedger *ledger, CantigaTable table, const CantigaId *id, CantigaSecret *secret, GError **error)
{
  g_autoptr (CantigaBuffer) place = place_of_secret (table, id);

  return seal (ledger, table, place, cantiga_secret_bytes (secret), cantiga_secret_length (secret), error);
}

CantigaSecret *
cantiga_ledger_open_secret (CantigaLedger *ledger, CantigaTable table, const CantigaId *id, CantigaStatement *statement, guint column, GError **error)
{
  g_autoptr (CantigaBuffer) place = place_of_secret (table, id);
  g_autoptr (CantigaSecret) secret = NULL;
  g_autoptr (GError) failure = NULL;
  gsize length;
  const guint8 *sealed = cantiga_statement_get_blob (statement, column, &length);

  if (length < NONCE_LENGTH + TAG_LENGTH)
    {
      cantiga_ledger_fail_damaged (table, error);
      return NULL;
    }
  secret = cantiga_secret_new (length - NONCE_LENGTH - TAG_LENGTH);
  if (!cantiga_gcm_open (&keys_of (ledger)->row[table], sealed, cantiga_buffer_bytes (place), cantiga_buffer_length (place), sealed + NONCE_LENGTH,
                         length - NONCE_LENGTH, cantiga_secret_bytes (secret), &failure))
    {
      tell_unopened (table, failure, error);
      return NULL;
    }
  return g_steal_pointer (&secret);
}

/* ---- opening ---- */

/* A key for each table, of the master key (by which rows are sealed) or the id key (by which they are found). */
static gboolean
derive_keys (CantigaSecret *from, const char *label, CantigaKey keys[CANTIGA_N_TABLES], GError **error)
{
  g_auto (CantigaKey) key = CANTIGA_KEY_INIT;

  cantiga_key_set (&key, cantiga_secret_bytes (from), cantiga_secret_length (from));
  for (CantigaTable table = 0; table < CANTIGA_N_TABLES; table++)
    {
      g_autoptr (CantigaBuffer) context = cantiga_buffer_new ();

      cantiga_buffer_add_field_text (context, table_names[table]);
      if (!cantiga_expand (CANTIGA_DIGEST_SHA256, &key, label, context, ROW_KEY_LENGTH, &keys[table], error))
        return FALSE;
    }
  return TRUE;
}

/* ---- the id key (docs/protocol.md 13.6) ---- */

static const CantigaId ids_id = { { 0 } };

gboolean
cantiga_ledger_set_id_key (CantigaLedger *ledger, CantigaSecret *id_key, GError **error)
{
  if (!derive_keys (id_key, CANTIGA_LABEL_FIND, keys_of (ledger)->find, error))
    return FALSE;
  g_clear_pointer (&ledger->id_key, cantiga_secret_free);
  ledger->id_key = cantiga_secret_new_copy (cantiga_secret_bytes (id_key), cantiga_secret_length (id_key));
  return TRUE;
}

gboolean
cantiga_ledger_store_id_key (CantigaLedger *ledger, GError **error)
{
  g_autoptr (GBytes) sealed = cantiga_ledger_seal_secret (ledger, CANTIGA_TABLE_IDS, &ids_id, ledger->id_key, error);
  g_autoptr (CantigaStatement) statement = NULL;

  if (sealed == NULL)
    return FALSE;
  statement = cantiga_sql_prepare (ledger->sql, "INSERT INTO ids VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET sealed = excluded.sealed", error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_bytes (statement, 1, sealed);
  return cantiga_statement_run (statement, NULL, error);
}

/* The one that was kept, or else the one that the master key gives. */
static CantigaSecret *
load_id_key (CantigaLedger *ledger, CantigaSecret *master, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);
  g_autoptr (CantigaStatement) statement = transaction != NULL ? cantiga_sql_prepare (ledger->sql, "SELECT sealed FROM ids", error) : NULL;
  CantigaStep step = statement != NULL ? cantiga_statement_step (statement, error) : CANTIGA_STEP_FAILED;

  if (step == CANTIGA_STEP_ROW)
    return cantiga_ledger_open_secret (ledger, CANTIGA_TABLE_IDS, &ids_id, statement, 0, error);
  return step == CANTIGA_STEP_DONE ? cantiga_id_key_new (master, error) : NULL;
}

static gboolean
open_id_key (CantigaLedger *ledger, CantigaSecret *master, GError **error)
{
  g_autoptr (CantigaSecret) id_key = load_id_key (ledger, master, error);

  return id_key != NULL && cantiga_ledger_set_id_key (ledger, id_key, error);
}

CantigaSecret *
cantiga_ledger_get_id_key (CantigaLedger *ledger)
{
  return ledger->id_key;
}

CantigaLedger *
cantiga_ledger_new (CantigaSql *sql, CantigaSecret *master, GError **error)
{
  g_autoptr (CantigaLedger) ledger = g_new0 (CantigaLedger, 1);

  g_mutex_init (&ledger->lock);
  g_mutex_init (&ledger->queue_lock);
  g_mutex_init (&ledger->flush_lock);
  g_queue_init (&ledger->waiting);
  g_cond_init (&ledger->stirred);
  ledger->keys = cantiga_secret_new (sizeof (CantigaLedgerKeys));
  ledger->sql = sql;
  if (sql == NULL || !derive_keys (master, CANTIGA_LABEL_ROW, keys_of (ledger)->row, error))
    return NULL;
  ledger->connection = cantiga_sql_count_connections (sql);
  return g_steal_pointer (&ledger);
}

CantigaLedger *
cantiga_ledger_open (const char *path, CantigaSecret *master, GError **error)
{
  g_autoptr (CantigaLedger) ledger = cantiga_ledger_new (cantiga_sql_open (path, error), master, error);

  if (ledger == NULL || !cantiga_ledger_migrate (ledger, error) || !cantiga_ledger_open_head (ledger, error) || !open_id_key (ledger, master, error) || !cantiga_ledger_open_heard (ledger, error)
      || !cantiga_ledger_open_leases (ledger, error))
    return NULL;
  ledger->url = cantiga_sql_is_far (ledger->sql) ? g_strdup (path) : NULL;
  return g_steal_pointer (&ledger);
}

void
cantiga_ledger_free (CantigaLedger *ledger)
{
  if (ledger == NULL)
    return;
  cantiga_secret_free (ledger->keys);
  cantiga_secret_free (ledger->id_key);
  cantiga_sql_free (ledger->sql);
  cantiga_sql_free (ledger->second);
  g_free (ledger->url);
  g_cond_clear (&ledger->stirred);
  g_mutex_clear (&ledger->flush_lock);
  g_mutex_clear (&ledger->queue_lock);
  g_mutex_clear (&ledger->lock);
  g_free (ledger);
}
