/* A small listener for who watches the server: /healthz, /readyz, /metrics. No names leave here, and nothing is changed. Thread: the one of
 * cantiga_server_start(). */
#pragma once

#include "server/health.h"

G_BEGIN_DECLS

/* address: "127.0.0.1:22685"; ret_address: with the port that was picked; free with g_free(). */
CantigaMonitor *cantiga_monitor_new (CantigaServer *server, CantigaHealth *health, const char *address, char **ret_address,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_monitor_free (CantigaMonitor *monitor);

G_END_DECLS
