/* Tells the local network that this server is there: `_cantiga._tcp` by Avahi over D-Bus (docs/protocol.md 15). Thread: the one that made it, in its
 * thread-default main context; nothing in here waits. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _CantigaAnnouncer CantigaAnnouncer;

/* What there is to tell a person: a sentence. */
typedef void (*CantigaTold) (const char *sentence, gpointer user_data);

/* Announces name at address ("0.0.0.0:22684", "[::]:22684", a port that is bound already) until it is freed, and again whenever Avahi comes back.
 * A name that another server has gets a number. pin: SHA-256 of the authority's key, base64url. Where there is no Avahi, told is called once. */
CantigaAnnouncer *cantiga_announcer_new (const char *name, const char *pin, const char *address, gboolean pairing, CantigaTold told, gpointer user_data);
void cantiga_announcer_free (CantigaAnnouncer *announcer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaAnnouncer, cantiga_announcer_free)

/* Whether an invitation is open. */
void cantiga_announcer_set_pairing (CantigaAnnouncer *announcer, gboolean pairing);

G_END_DECLS
