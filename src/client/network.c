#include "client/network.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

static gboolean
leads_out (const struct ifaddrs *each)
{
  unsigned int running = IFF_UP | IFF_RUNNING;

  return each->ifa_addr != NULL && (each->ifa_addr->sa_family == AF_INET || each->ifa_addr->sa_family == AF_INET6)
         && (each->ifa_flags & running) == running && (each->ifa_flags & IFF_LOOPBACK) == 0;
}

/* Nobody is told that there is none because it could not be found out. */
gboolean
cantiga_network_is_there (void)
{
  struct ifaddrs *all;
  gboolean found = FALSE;

  if (getifaddrs (&all) != 0)
    return TRUE;
  for (const struct ifaddrs *each = all; each != NULL && !found; each = each->ifa_next)
    found = leads_out (each);
  freeifaddrs (all);
  return found;
}
