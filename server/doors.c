#include "server/doors.h"

#include <sys/resource.h>

/* Lives as long as a connection of it. */
typedef struct
{
  gint count;  /* with the doors' lock held */
  gint silent; /* atomic */
} Address;

struct _CantigaDoors
{
  gatomicrefcount refs;
  const CantigaConfig *config; /* borrowed, atomic */
  GMutex lock;
  guint limit;
  GArray *by_worker; /* guint: how many visitors each has */
  CantigaDoorCounts counts;
  GHashTable *by_address; /* owned text → Address */
};

struct _CantigaVisitor
{
  CantigaDoors *doors; /* owned */
  guint worker;
  char *address;
  Address *from; /* of the doors; NULL: a newcomer has the place, and this counts no more */
  gboolean is_silent;
};

/* ---- the doors ---- */

/* Half of the descriptors at most: files, the ledger and the rest of the program need theirs. */
static guint
limit_of_descriptors (guint wanted)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return wanted;
  return (guint)MIN ((rlim_t)wanted, MAX (limit.rlim_cur / 2, 8));
}

void
cantiga_doors_set_config (CantigaDoors *doors, const CantigaConfig *config)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);

  g_atomic_pointer_set (&doors->config, config);
  doors->limit = limit_of_descriptors (config->connections);
}

const CantigaConfig *
cantiga_doors_get_config (CantigaDoors *doors)
{
  return g_atomic_pointer_get (&doors->config);
}

CantigaDoors *
cantiga_doors_new (const CantigaConfig *config)
{
  CantigaDoors *doors = g_new0 (CantigaDoors, 1);

  g_atomic_ref_count_init (&doors->refs);
  g_mutex_init (&doors->lock);
  cantiga_doors_set_config (doors, config);
  doors->by_worker = g_array_new (FALSE, TRUE, sizeof (guint));
  doors->by_address = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return doors;
}

CantigaDoors *
cantiga_doors_ref (CantigaDoors *doors)
{
  g_atomic_ref_count_inc (&doors->refs);
  return doors;
}

void
cantiga_doors_unref (CantigaDoors *doors)
{
  if (!g_atomic_ref_count_dec (&doors->refs))
    return;
  g_hash_table_unref (doors->by_address);
  g_array_unref (doors->by_worker);
  g_mutex_clear (&doors->lock);
  g_free (doors);
}

/* With the lock held. An eighth of the places is shared out among the workers for good: else one could find the house full of another's visitors, who cannot be sent away by it, and let nobody in. */
static guint
kept_for_each_worker (CantigaDoors *doors)
{
  return doors->by_worker->len > 1 ? MAX (doors->limit / 8 / doors->by_worker->len, 1) : 0;
}

/* With the lock held. Of those shares, what nobody has taken yet. */
static guint
count_kept (CantigaDoors *doors)
{
  guint kept = kept_for_each_worker (doors);
  guint count = 0;

  for (guint i = 0; i < doors->by_worker->len; i++)
    count += kept - MIN (g_array_index (doors->by_worker, guint, i), kept);
  return count;
}

/* With the lock held, for who has its share already. */
static gboolean
is_full (CantigaDoors *doors)
{
  return doors->counts.open + count_kept (doors) >= doors->limit;
}

guint
cantiga_doors_add_worker (CantigaDoors *doors)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);

  g_array_set_size (doors->by_worker, doors->by_worker->len + 1);
  return doors->by_worker->len - 1;
}

gboolean
cantiga_doors_are_full (CantigaDoors *doors)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);

  return is_full (doors);
}

void
cantiga_doors_get_counts (CantigaDoors *doors, CantigaDoorCounts *ret_counts)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);

  *ret_counts = doors->counts;
}

void
cantiga_doors_note_refused (CantigaDoors *doors)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);

  doors->counts.refused++;
}

void
cantiga_doors_note_late (CantigaDoors *doors)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);

  doors->counts.late++;
}

guint
cantiga_doors_count_silent (CantigaDoors *doors, const char *address)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);
  Address *from = g_hash_table_lookup (doors->by_address, address);

  return from != NULL ? (guint)g_atomic_int_get (&from->silent) : 0;
}

/* ---- visitors ---- */

/* With the lock held. */
static void
count_out (CantigaVisitor *visitor)
{
  CantigaDoors *doors = visitor->doors;

  doors->counts.open--;
  g_array_index (doors->by_worker, guint, visitor->worker)--;
  if (visitor->is_silent)
    g_atomic_int_add (&visitor->from->silent, -1);
  if (--visitor->from->count == 0)
    g_hash_table_remove (doors->by_address, visitor->address);
  visitor->from = NULL;
}

/* With the lock held. */
static gboolean
may_enter (CantigaDoors *doors, const char *address, guint worker, gboolean instead)
{
  gboolean has_share = g_array_index (doors->by_worker, guint, worker) >= kept_for_each_worker (doors);
  Address *from = g_hash_table_lookup (doors->by_address, address);
  const CantigaConfig *config = cantiga_doors_get_config (doors);

  return (instead || !has_share || !is_full (doors))
         && (from == NULL || (guint)from->count < config->connections_per_address || cantiga_config_is_proxy (config, address));
}

/* With the lock held. */
static Address *
address_of (CantigaDoors *doors, const char *address)
{
  Address *from = g_hash_table_lookup (doors->by_address, address);

  if (from == NULL)
    {
      from = g_new0 (Address, 1);
      g_hash_table_insert (doors->by_address, g_strdup (address), from);
    }
  return from;
}

CantigaVisitor *
cantiga_doors_enter (CantigaDoors *doors, const char *address, guint worker, CantigaVisitor *instead)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);
  CantigaVisitor *visitor;

  if (!may_enter (doors, address, worker, instead != NULL))
    return NULL;
  if (instead != NULL)
    {
      count_out (instead);
      doors->counts.refused++;
    }
  doors->counts.open++;
  doors->counts.accepted++;
  g_array_index (doors->by_worker, guint, worker)++;
  visitor = g_new0 (CantigaVisitor, 1);
  visitor->worker = worker;
  visitor->doors = cantiga_doors_ref (doors);
  visitor->address = g_strdup (address);
  visitor->from = address_of (doors, address);
  visitor->from->count++;
  visitor->is_silent = TRUE;
  g_atomic_int_inc (&visitor->from->silent);
  return visitor;
}

void
cantiga_visitor_leave (CantigaVisitor *visitor)
{
  g_mutex_lock (&visitor->doors->lock);
  if (visitor->from != NULL)
    count_out (visitor);
  g_mutex_unlock (&visitor->doors->lock);
  cantiga_doors_unref (visitor->doors);
  g_free (visitor->address);
  g_free (visitor);
}

const char *
cantiga_visitor_get_address (CantigaVisitor *visitor)
{
  return visitor->address;
}

CantigaDoors *
cantiga_visitor_get_doors (CantigaVisitor *visitor)
{
  return visitor->doors;
}

gboolean
cantiga_visitor_may_stay (CantigaVisitor *visitor)
{
  CantigaDoors *doors = visitor->doors;
  const CantigaConfig *config = cantiga_doors_get_config (doors);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&doors->lock);

  return visitor->from != NULL && doors->counts.open <= doors->limit / 2
         && ((guint)visitor->from->count <= config->connections_per_address / 2 || cantiga_config_is_proxy (config, visitor->address));
}

void
cantiga_visitor_set_silent (CantigaVisitor *visitor, gboolean silent)
{
  if (visitor->from != NULL && visitor->is_silent != silent)
    g_atomic_int_add (&visitor->from->silent, silent ? 1 : -1);
  visitor->is_silent = silent;
}

guint
cantiga_visitor_count_silent (CantigaVisitor *visitor)
{
  return visitor->from != NULL ? (guint)g_atomic_int_get (&visitor->from->silent) : 0;
}
