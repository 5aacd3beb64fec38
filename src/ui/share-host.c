#include "ui/share-host.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

char *
cantiga_share_dup_own_host (void)
{
  struct ifaddrs *all = NULL;
  char *host = NULL;

  if (getifaddrs (&all) != 0)
    return g_strdup ("127.0.0.1");
  for (struct ifaddrs *each = all; each != NULL && host == NULL; each = each->ifa_next)
    {
      char text[INET_ADDRSTRLEN];

      if (each->ifa_addr == NULL || each->ifa_addr->sa_family != AF_INET || (each->ifa_flags & IFF_LOOPBACK) || !(each->ifa_flags & IFF_UP))
        continue;
      if (inet_ntop (AF_INET, &((struct sockaddr_in *)(gpointer)each->ifa_addr)->sin_addr, text, sizeof text) != NULL)
        host = g_strdup (text);
    }
  freeifaddrs (all);
  return host != NULL ? host : g_strdup ("127.0.0.1");
}
