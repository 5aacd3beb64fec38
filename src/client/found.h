/* A server that was found on the local network (docs/protocol.md 15). What it says of itself is not proved: pairing and sign-in prove it. Immutable to all
 * but the discovery that made it; its properties notify. Thread: main. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define CANTIGA_TYPE_FOUND (cantiga_found_get_type ())
G_DECLARE_FINAL_TYPE (CantigaFound, cantiga_found, CANTIGA, FOUND, GObject)

/* What there is to know of one. */
typedef struct
{
  char *name;       /* for people */
  char *host;       /* its name on the network, "box.local" */
  char *address;    /* numeric, IPv6 without brackets */
  guint16 port;
  char *pin;        /* SHA-256 of its authority's key, base64url, as in an invitation */
  gboolean pairing; /* an invitation of it is open */
} CantigaFoundFacts;

void cantiga_found_facts_clear (CantigaFoundFacts *facts);

CantigaFound *cantiga_found_new (const CantigaFoundFacts *facts);
void cantiga_found_update (CantigaFound *found, const CantigaFoundFacts *facts);

const char *cantiga_found_get_name (CantigaFound *found);
const char *cantiga_found_get_host (CantigaFound *found);
const char *cantiga_found_get_address (CantigaFound *found);
guint16 cantiga_found_get_port (CantigaFound *found);
const char *cantiga_found_get_pin (CantigaFound *found);
gboolean cantiga_found_get_pairing (CantigaFound *found);
/* "http://address:port". */
const char *cantiga_found_get_url (CantigaFound *found);

G_END_DECLS
