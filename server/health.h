/* Whether the server is well (its loops turn, its listener answers), and whether it is ready (ledger, keys, disk). Thread: the one of
 * cantiga_server_start(), in whose main context it looks every few seconds; the questions may be asked from there alone. */
#pragma once

#include "server/server-private.h"

G_BEGIN_DECLS

/* address: where the server listens. */
CantigaHealth *cantiga_health_new (CantigaServer *server, const char *address);
void cantiga_health_free (CantigaHealth *health);

/* ret_why: what is not, for a person; untouched if all is. */
gboolean cantiga_health_is_well (CantigaHealth *health, char **ret_why);
gboolean cantiga_health_is_ready (CantigaHealth *health, gint64 now, char **ret_why);
/* Bytes that are free where the state lies. */
guint64 cantiga_health_get_disk (CantigaHealth *health);

/* When the leaf of an identity ends, in seconds since 1970; 0 if it cannot be read. */
gint64 cantiga_health_get_end (CantigaIdentity *identity);

G_END_DECLS
