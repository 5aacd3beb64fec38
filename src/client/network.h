/* Whether this computer is on any network at all, however small: also one that leads nowhere else, which GNetworkMonitor takes for none. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* An interface that runs, has an address and is not the loopback. Asks the kernel; does not wait. Thread: any. */
gboolean cantiga_network_is_there (void);

G_END_DECLS
