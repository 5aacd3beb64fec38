/* Where others on this network reach this computer. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Its first IPv4 address that is not its own loop; "127.0.0.1" if there is none. Free with g_free(). */
char *cantiga_share_dup_own_host (void);

G_END_DECLS
