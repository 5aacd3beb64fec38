/* A server that this player is paired with, as it is kept in the state folder. Made and changed by store.c alone. Thread: main. */
#pragma once

#include <gio/gio.h>

#include "core/handshake.h"

G_BEGIN_DECLS

/* Properties (read-only): "name", "url", "server", "last-used" (seconds since 1970). */
#define CANTIGA_TYPE_PAIRED (cantiga_paired_get_type ())
G_DECLARE_FINAL_TYPE (CantigaPaired, cantiga_paired, CANTIGA, PAIRED, GObject)

/* What the server called itself when it was paired, or what the person calls it since. */
const char *cantiga_paired_get_name (CantigaPaired *paired);
/* "http://host:port". */
const char *cantiga_paired_get_url (CantigaPaired *paired);
/* The server's UUID, pinned. */
const char *cantiga_paired_get_server (CantigaPaired *paired);
/* Pinned; borrowed. */
X509 *cantiga_paired_get_authority (CantigaPaired *paired);
/* The highest revocation list seen; -1 for none. */
gint64 cantiga_paired_get_crl_number (CantigaPaired *paired);
gint64 cantiga_paired_get_last_used (CantigaPaired *paired);

/* For store.c and its tests. */
CantigaPaired *cantiga_paired_new (const char *name, const char *url, const char *server, X509 *authority, gint64 crl_number, gint64 last_used);
/* Another one that is pinned from now on. */
void cantiga_paired_set_authority (CantigaPaired *paired, X509 *authority);
void cantiga_paired_set_name (CantigaPaired *paired, const char *name);
void cantiga_paired_set_seen (CantigaPaired *paired, gint64 crl_number, gint64 last_used);

G_END_DECLS
