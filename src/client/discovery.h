/* Servers on the local network, by Avahi over D-Bus (docs/protocol.md 15). A GListModel of CantigaFound in the order in which they appeared; a server
 * that goes leaves the list. Asynchronous throughout. Thread: main.
 *
 * Properties: state. */
#pragma once

#include "client/found.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_DISCOVERY_SEARCHING, /* the first answers are still coming */
  CANTIGA_DISCOVERY_FOLLOWING, /* what is there is in the list; who comes and goes is followed */
  CANTIGA_DISCOVERY_ABSENT,    /* nobody here can search (no Avahi, no system bus); it searches as soon as somebody can */
  CANTIGA_N_DISCOVERY_STATES
} CantigaDiscoveryState;

#define CANTIGA_TYPE_DISCOVERY (cantiga_discovery_get_type ())
G_DECLARE_FINAL_TYPE (CantigaDiscovery, cantiga_discovery, CANTIGA, DISCOVERY, GObject)

/* Searches from now on, until it is let go of. */
CantigaDiscovery *cantiga_discovery_new (void);
CantigaDiscoveryState cantiga_discovery_get_state (CantigaDiscovery *discovery);

G_END_DECLS
