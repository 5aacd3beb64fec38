/* What the keeper allows whom: rules, and the groups that they speak of. */
#include "server/ledger-private.h"

#define TEXT_MAX 4096

/* ---- rules ---- */

void
cantiga_rule_free (CantigaRule *rule)
{
  if (rule == NULL)
    return;
  g_free (rule->title);
  g_free (rule->album);
  g_free (rule->card);
  g_free (rule->group);
  g_free (rule->validity);
  g_free (rule->renewal);
  g_free (rule);
}

CantigaRule *
cantiga_rule_new (void)
{
  CantigaRule *rule = g_new0 (CantigaRule, 1);

  rule->plays = rule->at_once = rule->allowed = -1;
  return rule;
}

/* One rule for whom and what it speaks of. */
static gboolean
find_rule (CantigaLedger *ledger, const CantigaRule *rule, CantigaId *ret_id, GError **error)
{
  const char *const words[] = { rule->title, rule->album, rule->card, rule->group };
  g_autoptr (CantigaBuffer) fields = cantiga_buffer_new ();

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      cantiga_buffer_add_field_u8 (fields, words[i] != NULL);
      cantiga_buffer_add_field_text (fields, words[i] != NULL ? words[i] : "");
    }
  return cantiga_ledger_find (ledger, CANTIGA_TABLE_RULES, fields, ret_id, error);
}

static void
encode_text (JsonObject *object, const char *member, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, member, text);
}

static JsonObject *
encode_rule (const CantigaRule *rule)
{
  JsonObject *object = json_object_new ();

  encode_text (object, "title", rule->title);
  encode_text (object, "album", rule->album);
  encode_text (object, "card", rule->card);
  encode_text (object, "group", rule->group);
  encode_text (object, "validity", rule->validity);
  encode_text (object, "renewal", rule->renewal);
  json_object_set_int_member (object, "plays", rule->plays);
  json_object_set_int_member (object, "at_once", rule->at_once);
  json_object_set_int_member (object, "allowed", rule->allowed);
  return object;
}

static gboolean
decode_text (JsonObject *object, const char *member, char **text, GError **error)
{
  const char *found;

  if (!cantiga_json_has (object, member))
    return TRUE;
  if (!cantiga_json_get_text (object, member, TEXT_MAX, &found, error))
    return FALSE;
  *text = g_strdup (found);
  return TRUE;
}

static gboolean
decode_number (JsonObject *object, const char *member, int *ret_number, GError **error)
{
  gint64 number;

  if (!cantiga_json_get_int (object, member, -1, G_MAXINT, &number, error))
    return FALSE;
  *ret_number = (int)number;
  return TRUE;
}

static gboolean
decode_rule (JsonObject *object, CantigaRule *rule, GError **error)
{
  return decode_text (object, "title", &rule->title, error) && decode_text (object, "album", &rule->album, error)
         && decode_text (object, "card", &rule->card, error) && decode_text (object, "group", &rule->group, error)
         && decode_text (object, "validity", &rule->validity, error) && decode_text (object, "renewal", &rule->renewal, error)
         && decode_number (object, "plays", &rule->plays, error) && decode_number (object, "at_once", &rule->at_once, error)
         && decode_number (object, "allowed", &rule->allowed, error);
}

static CantigaRule *
read_rule (CantigaLedger *ledger, CantigaStatement *statement, GError **error)
{
  g_autoptr (CantigaRule) rule = cantiga_rule_new ();
  g_autoptr (JsonObject) object = NULL;
  CantigaId found;

  if (!cantiga_statement_get_id (statement, 0, &rule->id, error))
    return NULL;
  object = cantiga_ledger_open_object (ledger, CANTIGA_TABLE_RULES, &rule->id, NULL, statement, 1, error);
  if (object == NULL || !decode_rule (object, rule, error) || !find_rule (ledger, rule, &found, error))
    return NULL;
  if (!cantiga_id_equal (&found, &rule->id))
    {
      cantiga_ledger_fail_damaged (CANTIGA_TABLE_RULES, error);
      return NULL;
    }
  return g_steal_pointer (&rule);
}

static GPtrArray *
load_rules (CantigaLedger *ledger, GError **error)
{
  g_autoptr (GPtrArray) rules = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_rule_free);
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT id, sealed FROM rules ORDER BY id", error);
  CantigaStep step = CANTIGA_STEP_FAILED;

  while (statement != NULL && (step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      CantigaRule *rule = read_rule (ledger, statement, error);

      if (rule == NULL)
        return NULL;
      g_ptr_array_add (rules, rule);
    }
  return step == CANTIGA_STEP_DONE ? g_steal_pointer (&rules) : NULL;
}

static gboolean
store_rule (CantigaLedger *ledger, const CantigaRule *rule, CantigaId *ret_id, GError **error)
{
  g_autoptr (JsonObject) object = encode_rule (rule);
  g_autoptr (CantigaStatement) statement = NULL;
  g_autoptr (GBytes) sealed = NULL;

  if (!find_rule (ledger, rule, ret_id, error)
      || (sealed = cantiga_ledger_seal_object (ledger, CANTIGA_TABLE_RULES, ret_id, NULL, object, error)) == NULL)
    return FALSE;
  statement = cantiga_sql_prepare (ledger->sql,
                                   "INSERT INTO rules (id, sealed) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed", error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, ret_id);
  cantiga_statement_bind_bytes (statement, 2, sealed);
  return cantiga_statement_run (statement, NULL, error);
}

static gboolean
raise_generation (CantigaLedger *ledger, GError **error)
{
  return cantiga_sql_exec (ledger->sql, "UPDATE rules_generation SET value = value + 1", error);
}

gboolean
cantiga_ledger_put_rule (CantigaLedger *ledger, const CantigaRule *rule, CantigaId *ret_id, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);

  return transaction != NULL && store_rule (ledger, rule, ret_id, error) && raise_generation (ledger, error)
         && cantiga_transaction_commit (transaction, error);
}

/* A row of a table that has ids. text: DELETE … WHERE id = ?1, a literal. */
static gboolean
delete_row (CantigaLedger *ledger, const char *text, const CantigaId *id, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, text, error);
  guint changed;

  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, id);
  return cantiga_statement_run (statement, &changed, error)
         && (changed == 1 || cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "There is no such rule or member: look at the list."));
}

gboolean
cantiga_ledger_remove_rule (CantigaLedger *ledger, const CantigaId *id, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);

  return transaction != NULL && delete_row (ledger, "DELETE FROM rules WHERE id = ?1", id, error) && raise_generation (ledger, error)
         && cantiga_transaction_commit (transaction, error);
}

GPtrArray *
cantiga_ledger_list_rules (CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);

  return transaction != NULL ? load_rules (ledger, error) : NULL;
}

/* ---- groups ---- */

void
cantiga_member_free (CantigaMember *member)
{
  if (member == NULL)
    return;
  g_free (member->group);
  g_free (member);
}

static gboolean
find_member (CantigaLedger *ledger, const char *group, const CantigaId *card, CantigaId *ret_id, GError **error)
{
  g_autoptr (CantigaBuffer) fields = cantiga_buffer_new ();

  cantiga_buffer_add_field_text (fields, group);
  cantiga_buffer_add_field (fields, card->bytes, sizeof card->bytes);
  return cantiga_ledger_find (ledger, CANTIGA_TABLE_MEMBERS, fields, ret_id, error);
}

static CantigaMember *
read_member (CantigaLedger *ledger, CantigaStatement *statement, GError **error)
{
  g_autoptr (CantigaMember) member = g_new0 (CantigaMember, 1);
  g_autoptr (JsonObject) object = NULL;
  CantigaId id, found;

  if (!cantiga_statement_get_id (statement, 0, &id, error))
    return NULL;
  object = cantiga_ledger_open_object (ledger, CANTIGA_TABLE_MEMBERS, &id, NULL, statement, 1, error);
  if (object == NULL || !decode_text (object, "group", &member->group, error) || !cantiga_json_get_id (object, "card", &member->card, error)
      || !find_member (ledger, member->group, &member->card, &found, error))
    return NULL;
  if (!cantiga_id_equal (&found, &id))
    {
      cantiga_ledger_fail_damaged (CANTIGA_TABLE_MEMBERS, error);
      return NULL;
    }
  return g_steal_pointer (&member);
}

static GPtrArray *
load_members (CantigaLedger *ledger, GError **error)
{
  g_autoptr (GPtrArray) members = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_member_free);
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT id, sealed FROM members", error);
  CantigaStep step = CANTIGA_STEP_FAILED;

  while (statement != NULL && (step = cantiga_statement_step (statement, error)) == CANTIGA_STEP_ROW)
    {
      CantigaMember *member = read_member (ledger, statement, error);

      if (member == NULL)
        return NULL;
      g_ptr_array_add (members, member);
    }
  return step == CANTIGA_STEP_DONE ? g_steal_pointer (&members) : NULL;
}

static gboolean
store_member (CantigaLedger *ledger, const char *group, const CantigaId *card, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (CantigaStatement) statement = NULL;
  g_autoptr (GBytes) sealed = NULL;
  CantigaId id;

  json_object_set_string_member (object, "group", group);
  cantiga_json_set_id (object, "card", card);
  if (!find_member (ledger, group, card, &id, error)
      || (sealed = cantiga_ledger_seal_object (ledger, CANTIGA_TABLE_MEMBERS, &id, NULL, object, error)) == NULL)
    return FALSE;
  statement = cantiga_sql_prepare (ledger->sql, "INSERT INTO members (id, sealed) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING", error);
  if (statement == NULL)
    return FALSE;
  cantiga_statement_bind_id (statement, 1, &id);
  cantiga_statement_bind_bytes (statement, 2, sealed);
  return cantiga_statement_run (statement, NULL, error);
}

gboolean
cantiga_ledger_add_member (CantigaLedger *ledger, const char *group, const CantigaId *card, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);

  return transaction != NULL && store_member (ledger, group, card, error) && raise_generation (ledger, error)
         && cantiga_transaction_commit (transaction, error);
}

gboolean
cantiga_ledger_remove_member (CantigaLedger *ledger, const char *group, const CantigaId *card, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (ledger, error);
  CantigaId id;

  return transaction != NULL && find_member (ledger, group, card, &id, error)
         && delete_row (ledger, "DELETE FROM members WHERE id = ?1", &id, error) && raise_generation (ledger, error)
         && cantiga_transaction_commit (transaction, error);
}

GPtrArray *
cantiga_ledger_list_members (CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);

  return transaction != NULL ? load_members (ledger, error) : NULL;
}

/* ---- all of it ---- */

static gboolean
load_generation (CantigaLedger *ledger, gint64 *ret_generation, GError **error)
{
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (ledger->sql, "SELECT value FROM rules_generation", error);
  CantigaStep step = statement != NULL ? cantiga_statement_step (statement, error) : CANTIGA_STEP_FAILED;

  if (step == CANTIGA_STEP_DONE)
    return cantiga_ledger_fail_damaged (CANTIGA_TABLE_RULES, error);
  if (step == CANTIGA_STEP_ROW)
    *ret_generation = cantiga_statement_get_int (statement, 0);
  return step == CANTIGA_STEP_ROW;
}

gboolean
cantiga_ledger_get_rules_generation (CantigaLedger *ledger, gint64 *ret_generation, GError **error)
{
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_read (ledger, error);

  return transaction != NULL && load_generation (ledger, ret_generation, error);
}

gboolean
cantiga_ledger_verify_rules (CantigaLedger *ledger, GError **error)
{
  g_autoptr (GPtrArray) rules = load_rules (ledger, error);
  g_autoptr (GPtrArray) members = rules != NULL ? load_members (ledger, error) : NULL;

  return members != NULL;
}

gboolean
cantiga_ledger_copy_rules (CantigaLedger *from, CantigaLedger *to, GError **error)
{
  g_autoptr (GPtrArray) rules = load_rules (from, error);
  g_autoptr (GPtrArray) members = rules != NULL ? load_members (from, error) : NULL;

  if (members == NULL)
    return FALSE;
  for (guint i = 0; i < rules->len; i++)
    {
      CantigaRule *rule = g_ptr_array_index (rules, i);

      if (!store_rule (to, rule, &rule->id, error))
        return FALSE;
    }
  for (guint i = 0; i < members->len; i++)
    {
      const CantigaMember *member = g_ptr_array_index (members, i);

      if (!store_member (to, member->group, &member->card, error))
        return FALSE;
    }
  return raise_generation (to, error);
}
