/* The growing delay that a failed card proof costs its address (docs/protocol.md 7). Thread: any. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _CantigaThrottle CantigaThrottle;

CantigaThrottle *cantiga_throttle_new (void);
void cantiga_throttle_free (CantigaThrottle *throttle);

/* Seconds that address has to wait yet at now; 0 for none. */
guint cantiga_throttle_get_wait (CantigaThrottle *throttle, const char *address, gint64 now);
void cantiga_throttle_failed (CantigaThrottle *throttle, const char *address, gint64 now);
void cantiga_throttle_succeeded (CantigaThrottle *throttle, const char *address);
/* Forgets what is ten minutes old. */
void cantiga_throttle_sweep (CantigaThrottle *throttle, gint64 now);

G_END_DECLS
