/* One server seen by one interface and protocol, as Avahi tells it. Private to client/discovery.c. Everything in it is a stranger's. */
#pragma once

#include "client/found.h"

G_BEGIN_DECLS

typedef struct
{
  gint32 interface;
  gint32 protocol; /* 0: IPv4, 1: IPv6 */
  char *name;      /* of the service */
  char *domain;
  char *resolver;  /* object path; NULL until it is made */
  gboolean is_answered;
  gboolean is_resolved; /* facts are there, and fit to be shown */
  CantigaFoundFacts facts;
} CantigaSighting;

CantigaSighting *cantiga_sighting_new (gint32 interface, gint32 protocol, const char *name, const char *domain);
void cantiga_sighting_free (CantigaSighting *sighting);
/* texts: "aay", a TXT record. What is no server of ours, or cannot be reached by its address alone, is answered but not resolved. */
void cantiga_sighting_resolve (CantigaSighting *sighting, const char *host, const char *address, guint16 port, GVariant *texts);
/* Both resolved, same name, same pin. */
gboolean cantiga_sighting_is_of_same (const CantigaSighting *sighting, const CantigaSighting *other);

G_END_DECLS
