#include "server/throttle.h"

#define FIRST_DELAY 1
#define LONGEST_DELAY 60
#define FORGOTTEN_AFTER 600
/* More addresses than this are not remembered: a flood of them must not become a flood of memory. */
#define ADDRESSES_MAX 65536

typedef struct
{
  guint delay;
  gint64 failed_at;
} Failures;

struct _CantigaThrottle
{
  GMutex lock;
  GHashTable *addresses; /* owned text → Failures */
};

CantigaThrottle *
cantiga_throttle_new (void)
{
  CantigaThrottle *throttle = g_new0 (CantigaThrottle, 1);

  g_mutex_init (&throttle->lock);
  throttle->addresses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return throttle;
}

void
cantiga_throttle_free (CantigaThrottle *throttle)
{
  g_hash_table_unref (throttle->addresses);
  g_mutex_clear (&throttle->lock);
  g_free (throttle);
}

guint
cantiga_throttle_get_wait (CantigaThrottle *throttle, const char *address, gint64 now)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&throttle->lock);
  Failures *failures = g_hash_table_lookup (throttle->addresses, address);

  if (failures == NULL || failures->failed_at + failures->delay <= now)
    return 0;
  return (guint)(failures->failed_at + failures->delay - now);
}

void
cantiga_throttle_failed (CantigaThrottle *throttle, const char *address, gint64 now)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&throttle->lock);
  Failures *failures = g_hash_table_lookup (throttle->addresses, address);

  if (failures == NULL && g_hash_table_size (throttle->addresses) >= ADDRESSES_MAX)
    return;
  if (failures == NULL)
    {
      failures = g_new0 (Failures, 1);
      g_hash_table_insert (throttle->addresses, g_strdup (address), failures);
    }
  failures->delay = failures->delay == 0 ? FIRST_DELAY : MIN (failures->delay * 2, LONGEST_DELAY);
  failures->failed_at = now;
}

void
cantiga_throttle_succeeded (CantigaThrottle *throttle, const char *address)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&throttle->lock);

  g_hash_table_remove (throttle->addresses, address);
}

static gboolean
failures_is_old_cb (gpointer address, gpointer failures, gpointer now)
{
  return ((Failures *)failures)->failed_at + FORGOTTEN_AFTER <= *(gint64 *)now;
}

void
cantiga_throttle_sweep (CantigaThrottle *throttle, gint64 now)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&throttle->lock);

  g_hash_table_foreach_remove (throttle->addresses, failures_is_old_cb, &now);
}
