#include "server/rights.h"

#include <string.h>

/* A rule with what it is compared by. */
typedef struct
{
  const CantigaRule *rule; /* borrowed of rules */
  CantigaId title, card;
  guint rank;
} Entry;

struct _CantigaRightsNow
{
  gatomicrefcount refs;
  GPtrArray *rules; /* CantigaRule */
  GArray *entries;  /* Entry, those of the lowest rank first */
  GHashTable *groups; /* CantigaId of a card → GPtrArray of names */
  GPtrArray *members; /* CantigaMember: what groups borrows */
  gboolean forbid_some;
};

struct _CantigaRights
{
  CantigaLedger *ledger;
  GMutex lock; /* of what follows */
  CantigaRightsNow *now;
  gint64 generation;
};

/* ---- loading ---- */

/* What is said of a person counts before what is said of a group, and that before what is said of everybody; of each, what is said of a title before what
 * is said of its album, and that before what is said of all. */
static guint
get_rank (const CantigaRule *rule)
{
  return (rule->card != NULL ? 6 : rule->group != NULL ? 3 : 0) + (rule->title != NULL ? 2 : rule->album != NULL ? 1 : 0);
}

static gint
compare_entries_cb (gconstpointer a, gconstpointer b)
{
  const Entry *first = a, *second = b;

  if (first->rank != second->rank)
    return first->rank < second->rank ? -1 : 1;
  return g_strcmp0 (first->rule->group, second->rule->group);
}

static void
add_rule (CantigaRightsNow *now, const CantigaRule *rule)
{
  Entry entry = { .rule = rule, .rank = get_rank (rule) };

  /* A rule is only ever written with whole identifiers: one that is not matches nobody. */
  if ((rule->title != NULL && !cantiga_id_parse (rule->title, &entry.title)) || (rule->card != NULL && !cantiga_id_parse (rule->card, &entry.card)))
    return;
  now->forbid_some = now->forbid_some || rule->allowed == 0;
  g_array_append_val (now->entries, entry);
}

static void
add_member (CantigaRightsNow *now, CantigaMember *member)
{
  GPtrArray *names = g_hash_table_lookup (now->groups, &member->card);

  if (names == NULL)
    {
      names = g_ptr_array_new ();
      g_hash_table_insert (now->groups, &member->card, names);
    }
  g_ptr_array_add (names, member->group);
}

static CantigaRightsNow *
load (CantigaRights *rights, GError **error)
{
  g_autoptr (GPtrArray) rules = cantiga_ledger_list_rules (rights->ledger, error);
  g_autoptr (GPtrArray) members = rules != NULL ? cantiga_ledger_list_members (rights->ledger, error) : NULL;
  CantigaRightsNow *now;

  if (members == NULL)
    return NULL;
  now = g_new0 (CantigaRightsNow, 1);
  g_atomic_ref_count_init (&now->refs);
  now->entries = g_array_new (FALSE, TRUE, sizeof (Entry));
  now->groups = g_hash_table_new_full (cantiga_id_hash, cantiga_id_equal_func, NULL, (GDestroyNotify)g_ptr_array_unref);
  for (guint i = 0; i < rules->len; i++)
    add_rule (now, g_ptr_array_index (rules, i));
  for (guint i = 0; i < members->len; i++)
    add_member (now, g_ptr_array_index (members, i));
  g_array_sort (now->entries, compare_entries_cb);
  now->rules = g_steal_pointer (&rules);
  now->members = g_steal_pointer (&members);
  return now;
}

void
cantiga_rights_now_unref (CantigaRightsNow *now)
{
  if (!g_atomic_ref_count_dec (&now->refs))
    return;
  g_array_unref (now->entries);
  g_hash_table_unref (now->groups);
  g_ptr_array_unref (now->rules);
  g_ptr_array_unref (now->members);
  g_free (now);
}

CantigaRights *
cantiga_rights_new (CantigaLedger *ledger)
{
  CantigaRights *rights = g_new0 (CantigaRights, 1);

  rights->ledger = ledger;
  g_mutex_init (&rights->lock);
  return rights;
}

void
cantiga_rights_free (CantigaRights *rights)
{
  g_clear_pointer (&rights->now, cantiga_rights_now_unref);
  g_mutex_clear (&rights->lock);
  g_free (rights);
}

/* With the lock held. The generation is read before the rules: one that is set in between is read again the next time. */
static gboolean
refresh (CantigaRights *rights, GError **error)
{
  CantigaRightsNow *now;
  gint64 generation;

  if (!cantiga_ledger_get_rules_generation (rights->ledger, &generation, error))
    return FALSE;
  if (rights->now != NULL && rights->generation == generation)
    return TRUE;
  now = load (rights, error);
  if (now == NULL)
    return FALSE;
  g_clear_pointer (&rights->now, cantiga_rights_now_unref);
  rights->now = now;
  rights->generation = generation;
  return TRUE;
}

CantigaRightsNow *
cantiga_rights_get (CantigaRights *rights, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&rights->lock);

  if (!refresh (rights, error))
    return NULL;
  g_atomic_ref_count_inc (&rights->now->refs);
  return rights->now;
}

/* ---- resolving ---- */

gboolean
cantiga_rule_apply (const CantigaRule *rule, CantigaPolicy *policy, GError **error)
{
  if ((rule->validity != NULL && !cantiga_validity_parse (rule->validity, policy, error))
      || (rule->renewal != NULL && !cantiga_renewal_parse (rule->renewal, policy, error)))
    return FALSE;
  if (rule->plays > 0)
    policy->plays = (guint)rule->plays;
  if (rule->at_once >= 0)
    policy->at_once = (guint)rule->at_once;
  return TRUE;
}

static gboolean
is_member (CantigaRightsNow *now, const CantigaId *card, const char *group)
{
  GPtrArray *names = g_hash_table_lookup (now->groups, card);

  for (guint i = 0; names != NULL && i < names->len; i++)
    if (g_str_equal (names->pdata[i], group))
      return TRUE;
  return FALSE;
}

static gboolean
matches (CantigaRightsNow *now, const Entry *entry, const CantigaId *listener, const CantigaId *title, const char *album)
{
  const CantigaRule *rule = entry->rule;

  return (rule->title == NULL || cantiga_id_equal (&entry->title, title)) && (rule->album == NULL || g_str_equal (rule->album, album))
         && (rule->card == NULL || cantiga_id_equal (&entry->card, listener))
         && (rule->group == NULL || is_member (now, listener, rule->group));
}

CantigaRight
cantiga_rights_resolve (CantigaRightsNow *now, const CantigaPolicy *policy, const CantigaId *listener, const CantigaId *title, const char *album)
{
  CantigaRight right = { .allowed = TRUE, .policy = *policy };
  guint decided = 0; /* the rank that said whether it is allowed */

  for (guint i = 0; i < now->entries->len; i++)
    {
      const Entry *entry = &g_array_index (now->entries, Entry, i);

      if (!matches (now, entry, listener, title, album))
        continue;
      /* Words were checked when they were written; a rule of a newer program that says what this one does not know says nothing. */
      (void)!cantiga_rule_apply (entry->rule, &right.policy, NULL);
      if (entry->rule->allowed < 0)
        continue;
      /* Of two that are as near, the one that forbids counts. */
      right.allowed = entry->rule->allowed > 0 && (right.allowed || entry->rank > decided);
      decided = entry->rank;
    }
  return right;
}

gboolean
cantiga_rights_forbid_some (CantigaRightsNow *now)
{
  return now->forbid_some;
}
